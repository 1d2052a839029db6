"""`chunkproof export DIR`: the cases as plain files, for a parser in any language.

Per case `cases/<feature>/<case>/` with `stream.sse` (the bytes), `case.json` and `expected.json`;
beside them JSON Schemas, vectors that check a comparison, a README that explains everything, and
a test in TypeScript that runs a parser over it all.
"""

from __future__ import annotations

import sys
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from chunkproof_conformance.cli.case_options import add_case_options, chosen_cards
from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.parser import Parser

if TYPE_CHECKING:
    from argparse import Namespace


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(
        prog="chunkproof export",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new or an empty folder")
    add_case_options(parser)
    parser.add_argument(
        "--force",
        action="store_true",
        help="write into a folder that holds something; what is not ours there stays",
    )
    return parser


def run(options: Namespace) -> int:
    """Write them. Raises: CommandError."""
    need("run", "yaml")
    from chunkproof_conformance.cases.cassette import CassetteError
    from chunkproof_conformance.cases.export.contents import contents
    from chunkproof_conformance.cases.export.folder import ExportError, write
    from chunkproof_conformance.cases.index import load_in
    from chunkproof_conformance.cases.selection import summary
    from chunkproof_conformance.oracles.verdict import NoOracle, OraclesDiffer

    chosen, cards = chosen_cards(options)
    if not chosen:
        raise CommandError("no case fits the options; see `chunkproof list`")
    try:
        cases = (load_in(options.corpus, card.id) for card in chosen)
        files = contents(cases, ours=options.corpus is None)
        count = write(options.folder, files, force=options.force)
    except (CassetteError, NoOracle, OraclesDiffer, ExportError) as error:
        raise CommandError(str(error)) from error
    print(f"{summary(chosen, len(cards))}; {count} files in {options.folder}", file=sys.stderr)
    return 0
