"""The pages about the corpus: their generated parts, and the way their examples are run.

A block ```python NAME.py is a file; a block ```console holds commands and what they print, where
`...` stands for anything. Both happen in order, in one empty folder for each page.
"""

import contextlib
import fnmatch
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from chunkproof.rules import RULES
from chunkproof_conformance.cases.index import cards
from chunkproof_conformance.cases.rows import ROWS
from chunkproof_conformance.cli.main import main
from chunkproof_conformance.synth.dialects.catalogue import DIALECTS

DOCS: Final = Path(__file__).parent.parent / "docs"
UNTESTED_PAGE: Final = DOCS / "untested.md"
PAGES: Final = tuple(DOCS / f"{name}.md" for name in ("dialects", "cases", "disputes", "export"))

RULE_REASONS: Final[Mapping[str, str]] = {
    "SSE-15": "A frame beyond the cap is 64 MiB long; the parser's own tests send it.",
}
"""Rules that no case rests on, and why."""

_BLOCK: Final = re.compile(r"^```(python (\S+\.py)|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def rows_without_case() -> str:
    """Return the rows that no case shows, each with its reason."""
    listed = [
        f"- `{row.id}`. {row.says}. *{row.why_no_case}*"
        for row in ROWS.values()
        if row.why_no_case is not None
    ]
    shown = len(ROWS) - len(listed)
    head = f"Of {len(ROWS)} hazards in the catalogue {shown} have a case. The others:"
    return "\n".join([head, "", *listed]) + "\n"


def rules_without_case() -> str:
    """Return the rules that no case rests on, each with its reason."""
    used = {rule for card in cards() for rule in card.rules}
    listed = [
        f"- {rule.id}: {rule.title}. *{RULE_REASONS[rule.id]}*"
        for rule in RULES.values()
        if rule.id not in used
    ]
    return "\n".join([f"Of {len(RULES)} rules:", "", *listed] if listed else ["None."]) + "\n"


def dialects() -> str:
    """Return every dialect, by how well it is known."""
    words = {
        "captured": "from recorded streams that others published",
        "documented": "from the vendor's documentation",
        "reported": "from issue reports alone",
    }
    lines = ["| known | dialects |", "|---|---|"]
    for fidelity, what in words.items():
        names = sorted(one.name for one in DIALECTS.values() if one.fidelity == fidelity)
        lines.append(f"| {fidelity}: {what} | {', '.join(names)} |")
    return "\n".join(lines) + "\n"


class Step(NamedTuple):
    """One thing a page does: write a file, or run a command."""

    file: str
    """Its name, or "" for a command."""
    text: str
    """The file's content, or the command."""
    output: str
    """What the page shows."""


def steps(page: Path) -> Iterator[Step]:
    """Yield the page's files and commands in order."""
    for match in _BLOCK.finditer(page.read_text("utf-8")):
        if match[2]:
            yield Step(match[2], match[3], "")
            continue
        for one in re.split(r"^\$ ", match[3], flags=re.MULTILINE)[1:]:
            command, _, output = one.partition("\n")
            yield Step("", command, output)


def printed(command: str) -> str:
    """Run a command of a page in the working directory, and return what it prints on stdout.

    Raises: RuntimeError where it fails.
    """
    program, *words = shlex.split(command)
    if program == "chunkproof":
        raw = io.BytesIO()  # some commands write bytes
        out = io.TextIOWrapper(raw, "utf-8", write_through=True)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as err:
            code = main(words)
        if code:
            raise RuntimeError(f"{command}: {code}: {err.getvalue()}{raw.getvalue().decode()}")
        return raw.getvalue().decode()
    if program == "ls":
        return "".join(f"{name}\n" for name in sorted(path.name for path in Path(*words).iterdir()))
    if program != "python":
        raise RuntimeError(f"{command}: nobody knows how to run it")
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr}")
    return done.stdout


def is_as_shown(shown: str, got: str) -> bool:
    """Return whether the output is the one shown; `...` stands for anything."""
    escaped = re.sub(r"([\[\]*?])", r"[\1]", shown.strip("\n")).replace("...", "*")
    lines = "\n".join(line.rstrip() for line in got.strip("\n").splitlines())
    return fnmatch.fnmatchcase(lines, escaped)
