"""`chunkproof COMMAND`: finds the command and gives it the rest of the line.

A command is a module beside this one with `arguments() -> ArgumentParser` and
`run(options) -> int`, imported only when it is asked for: `chunkproof --help` imports none.
Exit codes: 0 conforms (or done), 1 does not, 2 wrong usage or an error of the harness.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = {
    "run": "judge implementations over the corpus and print the verdict table",
    "baseline": "write an implementation's list of known failures",
    "list": "list the cases of the corpus",
    "show": "show one case: its wire, piece by piece, and what is expected of it",
    "export": "write the cases as plain files, for a parser in any language",
    "record": "ask a server for every scenario and keep its answers as cassettes",
    "validate": "check that cassettes are what they say they are",
    "serve": "replay cases over HTTP, for anybody's client",
    "parse": "parse a stream and show its events on the pieces they came from",
    "fuzz": "put streams nobody wrote down through every law",
    "mutants": "measure cases and laws on parsers that are wrong in one way each",
}
WRONG_USAGE: Final = 2


class CommandError(Exception):
    """Something the user can mend, said in one sentence; exit code 2."""


def usage() -> str:
    """The text of `chunkproof --help`."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join([
        "usage: chunkproof COMMAND [options]",
        "",
        "Is your stream parser chunkproof? Judges parsers of OpenAI-style streamed chat",
        "completions over recorded streams, cut anywhere.",
        "",
        "commands:",
        *lines,
        "",
        "`chunkproof COMMAND --help` shows a command's options, `--version` the version.",
        "Exit codes: 0 conforms, 1 does not, 2 wrong usage or an error of the harness.",
    ])  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never raises for wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {"-h", "--help"}:
        print(usage(), file=sys.stdout if words else sys.stderr)
        return 0 if words else WRONG_USAGE
    if words[0] == "--version":
        from importlib.metadata import version

        print(f"chunkproof {version('chunkproof')}")
        return 0
    name = words[0]
    if name not in COMMANDS:
        return _refuse(f"there is no command {name!r}; there are {', '.join(COMMANDS)}")
    try:
        command = import_module(f"chunkproof_conformance.cli.{name}_command")
        return int(command.run(command.arguments().parse_args(words[1:])))
    except CommandError as error:
        return _refuse(str(error))
    except SystemExit as end:  # argparse: 0 after --help, 2 after a wrong option
        return end.code if isinstance(end.code, int) else WRONG_USAGE
    except BrokenPipeError:  # the reader went away, as in `chunkproof list | head`
        _close_stdout()
        return 0
    except KeyboardInterrupt:
        return _refuse("interrupted")


def _refuse(sentence: str) -> int:
    from chunkproof_conformance.printable import printable

    # What is wrong may quote a stranger's file.
    print(f"chunkproof: {printable(sentence)}", file=sys.stderr)
    return WRONG_USAGE


def _close_stdout() -> None:
    """Let the interpreter's own flush at exit find nothing to write."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
