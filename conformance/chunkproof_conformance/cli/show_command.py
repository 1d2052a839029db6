"""`chunkproof show CASE`: one case, its wire piece by piece, and what is expected of it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.parser import Parser
from chunkproof_conformance.cli.printable import printable

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from chunkproof_conformance.cases.cassette import Case


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(prog="chunkproof show", description=__doc__)
    parser.add_argument("case", metavar="CASE", help="a case id; `chunkproof list` shows all")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--json", action="store_true", help="key and expectation as JSON")
    group.add_argument(
        "--raw", action="store_true", help="the body alone, byte for byte (for `chunkproof parse`)"
    )
    group.add_argument(
        "--script",
        choices=("openai-chunks", "openai-stream"),
        help="a Python script of this client and the bytes alone, to see a finding without us",
    )
    return parser


def run(options: Namespace) -> int:
    """Print it. Raises: CommandError."""
    need("run", "yaml")
    import msgspec

    from chunkproof_conformance.cases.cassette import CassetteError
    from chunkproof_conformance.cases.expected import read_expected
    from chunkproof_conformance.cases.index import load_case

    try:
        case = load_case(options.case)
    except CassetteError as error:
        raise CommandError(str(error)) from error
    if options.script:
        from chunkproof_conformance.implementations.openai_reproduction import reproduction
        from chunkproof_conformance.run.plan import stream_of

        title = f"{case.id}: {case.key.title}"
        print(reproduction(title, options.script, stream_of(case, case.cuts)), end="")
        return 0
    if options.raw:
        sys.stdout.buffer.write(case.body)
        return 0
    try:
        expected: Any = read_expected(case.id)
    except FileNotFoundError:
        expected = None
    if options.json:
        shown = {"key": msgspec.to_builtins(case.key), "expected": expected}
        print(json.dumps(shown, indent=1, ensure_ascii=False))
        return 0
    for line in lines_of(case, expected):
        print(line)
    return 0


def lines_of(case: Case, expected: Any) -> Iterator[str]:
    """The case as people read it."""
    from chunkproof.rules import RULES

    key = case.key
    yield f"{key.id}: {key.title}"
    yield f"  strength {key.strength}, profiles {', '.join(key.profiles)}"
    provenance = key.provenance
    parts = (provenance.kind, provenance.setup, provenance.server, provenance.version)
    upstream = f" over {provenance.upstream}" if provenance.upstream else ""
    yield f"  {' '.join(part for part in parts if part)}{upstream}"
    for rule in key.rules:
        yield f"  {rule}: {RULES[rule].title}"
    yield f"  end: {key.end}; {len(case.body)} bytes in {len(case.pieces)} pieces"
    yield ""
    offset = 0
    for number, (piece, (_, ms)) in enumerate(zip(case.pieces, key.pieces, strict=True), 1):
        yield f"piece {number}  at byte {offset}, {ms:g} ms"
        offset += len(piece)
        yield from (f"  {line}" for line in _readable(piece).split("\n"))
    yield ""
    if expected is None:
        yield "no expected file"
        return
    yield f"expected (oracle: {expected['oracle']})"
    yield json.dumps(expected["final"], indent=2, ensure_ascii=False)


def _readable(piece: bytes) -> str:
    """Text as it is, line feeds as lines, everything else that is no print escaped."""
    return printable(piece.decode("utf-8", "backslashreplace"), keep="\n")
