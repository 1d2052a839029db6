"""`chunkproof mutants`: how well the cases and the laws tell a wrong parser from the right one.

Every mutant is the reference parser, wrong in one way that was seen in the wild. The command
runs each over every case and every law, and prints which of them notice. Exit 1 if a mutant
goes unnoticed.
"""

from __future__ import annotations

import json
import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.parser import Parser, positive

if TYPE_CHECKING:
    from chunkproof_conformance.laws.score import Score


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(
        prog="chunkproof mutants",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-k", action="append", default=[], metavar="PART", help="part of a mutant's name"
    )
    parser.add_argument("--list", action="store_true", help="only name the mutants")
    parser.add_argument("--jobs", type=positive, default=1, metavar="N", help="processes (1)")
    parser.add_argument("--markdown", action="store_true", help="the page of the documentation")
    parser.add_argument("--json", action="store_true", help="a JSON object on stdout")
    return parser


def run(options: Namespace) -> int:
    """Measure and print; 1 if a mutant survives. Raises: CommandError."""
    need("run", "yaml")
    from chunkproof_conformance.laws.mutants.catalogue import MUTANTS

    names = [name for name in MUTANTS if not options.k or any(part in name for part in options.k)]
    if not names:
        raise CommandError("no mutant has a name like that; see `chunkproof mutants --list`")
    if options.list:
        for name in names:
            print(f"{name:<24} {MUTANTS[name].what} ({MUTANTS[name].seen})")
        return 0
    score = _score(names, options.jobs)
    from chunkproof_conformance.reports import mutation

    if options.json:
        json.dump(mutation.machine(score), sys.stdout, indent=1)
        print()
    else:
        print(mutation.page(score) if options.markdown else mutation.table(score))
    return 1 if score.survivors else 0


def _score(names: list[str], jobs: int) -> Score:
    from chunkproof_conformance.laws.score import judged_cases, score_mutant, score_of

    if jobs == 1:
        found = []
        for number, name in enumerate(names, 1):
            print(f"\r{number}/{len(names)} {name:<30}", end="", file=sys.stderr)
            found.append(score_mutant(name))
        print(file=sys.stderr)
        return score_of(found, judged_cases())
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs) as pool:
        return score_of(pool.map(score_mutant, names), judged_cases())
