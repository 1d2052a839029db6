"""What an implementation says of itself when it starts, before it is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import msgspec

from chunkproof_conformance.cases.index import cards, load_case
from chunkproof_conformance.cases.key import Profile
from chunkproof_conformance.connect.in_process import AdapterError
from chunkproof_conformance.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from chunkproof_conformance.cases.card import Card
    from chunkproof_conformance.connect.connections import Connection
    from chunkproof_conformance.judge.observation import Implementation


def introduced(connection: Connection) -> Implementation:
    """Start the implementation and hold what it says of itself against the corpus.

    Its names come back as text that any terminal and any file can hold.
    Raises: AdapterError, also for a claim that cannot be held; AdapterTimeoutError.
    """
    who = connection.start()
    unknown = next((name for name in who.profiles if name not in get_args(Profile)), None)
    if unknown is not None:
        known = ", ".join(get_args(Profile))
        raise AdapterError(f"claims the profile {unknown!r}; there are {known}")
    missing = maybe_missing(who, cards(), lambda case_id: load_case(case_id).key.request_needs)
    if missing is not None:
        raise AdapterError(missing)
    return msgspec.structs.replace(
        who,
        name=printable(who.name),
        version=printable(who.version),
        note=None if who.note is None else printable(who.note),
    )


def maybe_missing(
    who: Implementation, corpus: Sequence[Card], needs_of: Callable[[str], Collection[str]]
) -> str | None:
    """A profile that it claims without what every must-case of it needs beside, in a sentence.

    Nothing would be required of it there, so that it could neither reach the profile nor miss it.
    needs_of: case id -> the request members that its answer needs.
    """

    def lacking(card: Card) -> Sequence[str]:
        profiles = [f"the profile {name}" for name in card.profiles if name not in who.profiles]
        members = who.cannot_request.intersection(needs_of(card.id)) if who.cannot_request else ()
        return [*profiles, *(f"the request member {name}" for name in sorted(members))]

    musts = [card for card in corpus if card.strength == "must"]
    for profile in who.profiles:
        of_profile = [card for card in musts if profile in card.profiles]
        if of_profile and all(map(lacking, of_profile)):
            fewest = min((lacking(card) for card in of_profile), key=len)
            return f"claims the profile {profile}, but not what it needs: {', '.join(fewest)}"
    return None
