"""The options that choose cases, alike in `list` and `export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chunkproof_conformance.cli.main import CommandError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _ArgumentGroup
    from collections.abc import Sequence

    from chunkproof_conformance.cases.card import Card


def add_case_options(parser: ArgumentParser) -> None:
    """Each may be repeated: the same one widens, different ones narrow."""
    group = parser.add_argument_group(
        "which cases", "each may be repeated and be a glob; different ones narrow each other"
    )
    for option, metavar, says in (
        ("-k", "PATTERN", "part of a case id, or a glob"),
        ("--profile", "NAME", "what a parser must claim"),
        ("--strength", "NAME", "must, should, choice or info"),
        ("--dialect", "NAME", "rendered in this dialect, or sent by this server"),
        ("--provenance", "NAME", "recorded, or one setup of it; synthesised, derived, imported"),
        ("--row", "ID", "shows this wire hazard"),
        ("--rule", "ID", "rests on this rule of docs/SPEC.md"),
    ):
        group.add_argument(option, action="append", default=[], metavar=metavar, help=says)
    add_corpus_option(group)


def add_corpus_option(parser: ArgumentParser | _ArgumentGroup) -> None:
    """Add `--corpus`."""
    parser.add_argument(
        "--corpus",
        type=Path,
        metavar="DIR",
        help="these cassettes, as record writes them, instead of our corpus",
    )


def chosen_cards(options: Namespace) -> tuple[list[Card], Sequence[Card]]:
    """The cards that are in, and all there are. Raises: CommandError."""
    from chunkproof_conformance.cases.cassette import CassetteError
    from chunkproof_conformance.cases.index import cards_in
    from chunkproof_conformance.cases.selection import Filter, UnknownValueError, senders_of

    wanted = Filter(
        tuple(options.k),
        tuple(options.profile),
        tuple(options.strength),
        tuple(options.dialect),
        tuple(options.provenance),
        tuple(options.row),
        tuple(options.rule),
    )
    try:
        cards = cards_in(options.corpus)
        wanted.refuse_unknown(senders_of(cards))
    except (CassetteError, UnknownValueError) as error:
        raise CommandError(str(error)) from error
    return [card for card in cards if wanted.has(card)], cards
