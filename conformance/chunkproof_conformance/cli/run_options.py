"""The options of `chunkproof run`; several commands share the first ones."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Final

from chunkproof_conformance.cli.cuts import add_cut_options
from chunkproof_conformance.cli.outputs import FORMATS, output
from chunkproof_conformance.cli.parser import Parser, count, positive, seconds

LEVELS: Final = ("framing", "final", "sequence", "exact", "timely", "messages")
STRENGTHS: Final = ("must", "should", "choice", "info")


def add_implementation_options(parser: Parser, default: str) -> None:
    """Who is judged, and how its runs are guarded."""
    parser.add_argument(
        "-i",
        "--implementation",
        action="append",
        metavar="IMPL",
        help="py:module:factory, cmd:PROGRAM ARGS, http:PROGRAM ARGS or impl:NAME; may be repeated "
        f"(default: {default})",
    )
    parser.add_argument("--timeout", type=seconds, metavar="S", help="seconds per stream (10)")
    parser.add_argument(
        "--start-timeout", type=seconds, metavar="S", help="seconds to start and say who it is (60)"
    )
    parser.add_argument(
        "-j",
        "--jobs",
        type=positive,
        metavar="N",
        help="cases at a time, each in a process of its own (1: in this one)",
    )
    parser.add_argument(
        "--validate",
        action="store_true",
        help="hold every message to and from a program against its schema",
    )
    parser.add_argument(
        "--known-failures",
        type=Path,
        metavar="FILE",
        help="its list of known failures; see `chunkproof baseline`",
    )


def run_parser(description: str | None) -> Parser:
    """All options of the command."""
    parser = Parser(
        prog="chunkproof run",
        description=description,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_implementation_options(parser, "impl:reference, impl:openai-chunks, impl:openai-stream")
    parser.add_argument(
        "-k",
        action="append",
        default=[],
        metavar="PATTERN",
        help="a case id, part of one, or a glob",
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        metavar="DIR",
        help="judge over these cassettes, as record writes them, instead of our corpus",
    )
    parser.add_argument("--profile", action="append", default=[], help="only cases of this profile")
    parser.add_argument("--strength", action="append", default=[], choices=STRENGTHS)
    parser.add_argument("--level", action="append", default=[], choices=LEVELS)
    add_cut_options(parser)
    parser.add_argument(
        "--flaky",
        action="append",
        default=[],
        metavar="CASE:LEVEL",
        help="a glob; what fits is shown and neutral, whatever it does",
    )
    parser.add_argument(
        "--requirements",
        metavar="SET",
        help="score by this requirement set (the newest), or `latest` for every case",
    )
    parser.add_argument(
        "--failures", type=count, default=3, metavar="N", help="failures shown in full (3)"
    )
    parser.add_argument(
        "--fail-fast", action="store_true", help="stop at the first failure that is required"
    )
    parser.add_argument("--json", action="store_true", help="the same as -o json")
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        type=output,
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(FORMATS)}; may be repeated",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a JSONL report, a line as it is judged"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the report of a run that was killed"
    )
    return parser
