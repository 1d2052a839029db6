"""`chunkproof show CASE`: one case.

Where it comes from, the request, the wire piece by piece with the events that the reference
reads, and what its oracle expects.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.cli.case_options import add_corpus_option
from chunkproof_conformance.cli.cuts import add_cut_options
from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.parser import Parser

if TYPE_CHECKING:
    from argparse import Namespace

    from chunkproof_conformance.cases.cassette import Case


IMPLEMENTATIONS: Final = (
    "openai-chunks",
    "openai-stream",
    "openai-node-chunks",
    "openai-node-stream",
    "ai-sdk-openai",
    "ai-sdk-compatible",
)
"""Those that a script can be written for; named here so that `--help` imports nothing."""


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(prog="chunkproof show", description=__doc__)
    parser.add_argument("case", metavar="CASE", help="a case id; `chunkproof list` shows all")
    add_corpus_option(parser)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--json", action="store_true", help="all of it as a JSON object")
    group.add_argument(
        "--raw", action="store_true", help="the body alone, byte for byte (for `chunkproof parse`)"
    )
    group.add_argument(
        "--script",
        metavar="NAME",
        choices=IMPLEMENTATIONS,
        help="a script of this library and the bytes alone, to see a finding without us: "
        f"{', '.join(IMPLEMENTATIONS)}",
    )
    add_cut_options(parser)
    return parser


def run(options: Namespace) -> int:
    """Print it. Raises: CommandError."""
    need("run", "yaml")
    from chunkproof_conformance.cases.cassette import CassetteError
    from chunkproof_conformance.cases.index import load_in

    try:
        case = load_in(options.corpus, options.case)
    except CassetteError as error:
        raise CommandError(str(error)) from error
    if options.script:
        print(_script(case, options), end="")
        return 0
    if options.cuts is not None or options.every:
        raise CommandError("--cuts and --every say how a --script hands the bytes over")
    if options.raw:
        sys.stdout.buffer.write(case.body)
        return 0
    from chunkproof_conformance.cli.case_view import CaseView

    view = CaseView.of(case, _expected(case, ours=options.corpus is None))
    if options.json:
        print(json.dumps(view.to_dict(), indent=1, ensure_ascii=False))
        return 0
    for line in view.lines():
        print(line)
    return 0


def _script(case: Case, options: Namespace) -> str:
    """Raises: CommandError."""
    from chunkproof_conformance.implementations.reproduction import script
    from chunkproof_conformance.run.plan import stream_of
    from chunkproof_conformance.synth.cuts import every

    cuts = case.cuts if options.cuts is None else options.cuts
    if options.every:
        cuts = every(len(case.body), options.every)
    try:
        return script(f"{case.id}: {case.key.title}", options.script, stream_of(case, cuts))
    except ValueError as error:
        raise CommandError(f"{case.id}: {error}") from error


def _expected(case: Case, *, ours: bool) -> dict[str, Any] | None:
    """The expected file of our case; of somebody's, what its oracle says now."""
    from chunkproof_conformance.cases.expected import expected_by_oracle, read_expected
    from chunkproof_conformance.oracles.verdict import NoOracle, OraclesDiffer

    try:
        return read_expected(case.id) if ours else expected_by_oracle(case)
    except (FileNotFoundError, NoOracle, OraclesDiffer):
        return None
