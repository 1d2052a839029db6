"""`chunkproof list`: the cases of the corpus, one line each."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.parser import Parser

if TYPE_CHECKING:
    from argparse import Namespace


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(prog="chunkproof list", description=__doc__)
    parser.add_argument(
        "-k", action="append", default=[], metavar="PATTERN", help="part of a case id, or a glob"
    )
    parser.add_argument("--profile", action="append", default=[], help="only cases of this profile")
    parser.add_argument(
        "--strength", action="append", default=[], choices=("must", "should", "choice", "info")
    )
    parser.add_argument("--json", action="store_true", help="a JSON list on stdout")
    return parser


def run(options: Namespace) -> int:
    """Print them. Raises: CommandError."""
    need("run", "yaml")
    from chunkproof_conformance.cases.cassette import CassetteError
    from chunkproof_conformance.run.job import chosen_cases
    from chunkproof_conformance.run.plan import Selection, SelectionError
    from chunkproof_conformance.run.report import facts_of

    try:
        selection = Selection(tuple(options.k), tuple(options.profile), tuple(options.strength))
        cases = [facts_of(case) for case in chosen_cases(selection)]
    except (CassetteError, SelectionError) as error:
        raise CommandError(str(error)) from error
    if options.json:
        listed = [
            {
                "id": case.id,
                "title": case.title,
                "strength": case.rank.strength,
                "profiles": list(case.rank.profiles),
                "rules": list(case.rules),
                "origin": case.origin,
            }
            for case in cases
        ]
        json.dump(listed, sys.stdout, indent=1, ensure_ascii=False)
        print()
        return 0
    width = max((len(case.id) for case in cases), default=0)
    for case in cases:
        print(f"{case.id:<{width}}  {case.rank.strength:<6}  {case.title}")
    print(f"{len(cases)} cases", file=sys.stderr)
    return 0
