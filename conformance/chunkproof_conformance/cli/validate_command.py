"""`chunkproof validate`: whether cassettes are what they say they are.

Checks schema, hash and pieces, claims and provenance, truth and oracle, secrets, and that stock
vcrpy replays stream and twin in both orders. Without a folder the corpus itself is checked.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.parser import Parser
from chunkproof_conformance.printable import printable


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(
        prog="chunkproof validate",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        metavar="DIR",
        help="corpus folders, as record writes them, or cassettes of one",
    )
    parser.add_argument("--no-replay", action="store_true", help="leave vcrpy out: faster")
    parser.add_argument("--json", action="store_true", help="a JSON object on stdout")
    return parser


def run(options: Namespace) -> int:
    """Check them; 0 if nothing is wrong, 1 if something is. Raises: CommandError."""
    need("record", "yaml")
    from dataclasses import asdict

    from chunkproof_conformance.cases.expected import EXPECTED
    from chunkproof_conformance.cases.index import CORPUS
    from chunkproof_conformance.cases.secrets import Secrets
    from chunkproof_conformance.cases.validate import Checks, cassettes_in, validate

    paths: list[Path] = []
    for folder in options.folders or [CORPUS]:
        found_there = cassettes_in(folder)
        if not folder.exists():
            raise CommandError(f"no such file or folder: {folder}")
        if not found_there:
            raise CommandError(f"{folder} holds no cassettes: they are <feature>/<case>.yaml in it")
        paths += found_there
    secrets = Secrets.of(os.environ)
    checks = Checks(secrets, expected=None if options.folders else EXPECTED)
    if options.no_replay:
        checks = Checks(checks.secrets, checks.expected, replay=False)
    found = validate(paths, checks, _progress)
    if options.json:
        print(json.dumps(asdict(found), indent=1, ensure_ascii=False))
    else:
        for problem in found.problems:
            print(printable(f"{problem.case}: {problem.check}: {problem.what}"))
    for left_out in found.left_out:
        print(f"left out: {left_out}", file=sys.stderr)
    print(f"{found.cases} cassettes, {len(found.problems)} problems", file=sys.stderr)
    return 1 if found.problems else 0


def _progress(case_id: str) -> None:
    """The case under way, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{printable(case_id)}", end="\r", file=sys.stderr, flush=True)
