"""`chunkproof list`: the cases of the corpus, one line each.

The summary, split by where the bytes come from, goes to standard error.
"""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from typing import TYPE_CHECKING, Any

from chunkproof_conformance.cli.case_options import add_case_options, chosen_cards
from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.parser import Parser
from chunkproof_conformance.printable import printable

if TYPE_CHECKING:
    from argparse import Namespace

    from chunkproof_conformance.cases.card import Card


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(
        prog="chunkproof list",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_case_options(parser)
    parser.add_argument("--json", action="store_true", help="a JSON list on stdout")
    return parser


def run(options: Namespace) -> int:
    """Print them. Raises: CommandError."""
    need("run", "yaml")
    from chunkproof_conformance.cases.selection import summary

    chosen, cards = chosen_cards(options)
    if options.json:
        json.dump([_listed(card) for card in chosen], sys.stdout, indent=1, ensure_ascii=False)
        print()
    else:
        width = max((len(card.id) for card in chosen), default=0)
        for card in chosen:
            line = f"{card.id:<{width}}  {card.strength:<6}  {card.origin:<17}  {card.title}"
            print(printable(line))
    print(summary(chosen, len(cards)), file=sys.stderr)
    return 0


def _listed(card: Card) -> dict[str, Any]:
    import msgspec

    shown: dict[str, Any] = msgspec.to_builtins(card)
    return {**shown, "origin": card.origin, "sender": card.sender}
