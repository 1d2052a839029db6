"""An adapter program of the standard library alone that misbehaves in one named way.

`python misbehaving.py MODE [FILE]`; the mode `well` does not. It knows nothing of chat
completions: it reports one choice whose text is the body, so that a test can see which bytes
came. FILE is where a process writes its id, for tests that look whether it has gone; and
FILE.hangs is where it writes it once more as it begins to hang.
"""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

MODE = sys.argv[1]
NOTE = sys.argv[2] if len(sys.argv) > 2 else os.devnull


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def say(**members: Any) -> None:
    write(json.dumps(members) + "\n")


def note(pid: int, path: str = NOTE) -> None:
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(f"{pid}\n")


def hang() -> None:
    if len(sys.argv) > 2:
        note(os.getpid(), f"{NOTE}.hangs")
    time.sleep(600)


def implementation() -> dict[str, Any]:
    levels = ["final", "sequence", "exact"] if MODE == "lies-about-levels" else ["final"]
    profiles = ["core", "tools", "parallel-tools", "choices", "lenient"]
    if MODE == "claims-what-there-is-not":
        profiles = ["tols"]
    if MODE == "claims-nothing":
        profiles = []
    name = f"{MODE}-{os.getpid()}" if MODE == "becomes-another" else MODE
    return {"name": name, "version": "1", "levels": levels, "profiles": profiles}


def observation(body: bytes, cuts: list[int]) -> dict[str, Any]:
    edges = [0, *cuts, len(body)]
    pieces = [body[start:end] for start, end in pairwise(edges)]
    text = b"|".join(pieces).decode("utf-8", "replace")
    choice = {"index": 0, "text": text, "finish_reason": "stop"}
    return {"outcome": "complete", "choices": [choice]}


def flood() -> None:
    """1 GB without one line end."""
    block = "x" * (1 << 20)
    for _ in range(1024):
        write(block)


def fork_a_child_that_stays() -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
    note(subprocess.Popen([sys.executable, "-c", code]).pid)


def has_answered(seq: int, runs: int) -> bool:
    """What is done instead of, or before, the answer to a run; whether that was all."""
    match MODE:
        case "crashes-at-run-2" if runs == 2:
            sys.stderr.write("it is all too much\n")
            os._exit(3)
        case "becomes-another" if runs == 2:
            os._exit(3)
        case "killed-at-run-2" if runs == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        case "hangs" if runs == 2:
            hang()
        case "hangs-always":
            time.sleep(600)
        case "floods" if runs == 2:
            flood()
        case "floods-stderr":
            sys.stderr.write("y" * (8 << 20))
        case "invalid-json":
            write("{not json\n")
        case "not-a-message":
            write("[1, 2]\n")
        case "wrong-seq":
            say(seq=seq + 1, observation=observation(b"", []))
        case "half-a-line":
            write('{"seq": 1, "obs')
            time.sleep(600)
        case "half-a-line-and-exit":
            write('{"seq": 1, "obs')
            sys.exit(0)
        case "nested-too-deep":
            deep = "[" * 100_000 + "]" * 100_000
            choices = f'[{{"index": 0, "annotations": {deep}}}]'
            seen = f'{{"outcome": "complete", "choices": {choices}}}'
            write(f'{{"seq": {seq}, "observation": {seen}}}\n')
            return True
        case "nested-too-deep-in-json":
            write("[" * 100_000 + "]" * 100_000 + "\n")
        case "binary":
            sys.stdout.buffer.write(b"\xfe\xff\x00\n")
            sys.stdout.flush()
        case "prints":
            print("debug: got a stream")  # noqa: T201 -- the misbehaviour
        case "answers-twice":
            say(seq=seq, observation=observation(b"", []))
        case "dies-of-sigterm-in-a-run":
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(600)
        case "misspelt":
            say(seq=seq, observation={"outcome": "complete", "choises": []})
        case "breaks":
            say(seq=seq, broken={"message": "ValueError: mine", "traceback": "..."})
            return True
        case "skips":
            say(seq=seq, skipped="cannot read this", issue="https://example.org/1")
            return True
    return False


def main() -> None:
    note(os.getpid())
    if MODE == "crashes-at-start":
        sys.exit("no licence found")
    if MODE == "hangs-at-start":
        time.sleep(600)
    if MODE == "ignores-sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if MODE == "forks":
        fork_a_child_that_stays()
    body = b""
    runs = 0
    for line in sys.stdin:
        command = json.loads(line)
        match command["cmd"]:
            case "start":
                say(protocol=1, implementation=implementation())
            case "load":
                body = base64.b64decode(command["body"])
                say(stream=command["stream"])
            case "run":
                runs += 1
                if not has_answered(command["seq"], runs):
                    say(seq=command["seq"], observation=observation(body, command["cuts"]))
            case "stop":
                break
    if MODE in {"ignores-sigterm", "stays"}:
        time.sleep(600)


if __name__ == "__main__":
    main()
