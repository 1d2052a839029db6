"""A law for each rewrite: what it must not change, it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chunkproof_conformance.laws.cutting import random_of
from chunkproof_conformance.laws.ending import invented, is_part, runnable
from chunkproof_conformance.laws.law import Broken, Law, Violation
from chunkproof_conformance.laws.meaning import as_it_is, difference, look_at, meaning, place
from chunkproof_conformance.laws.subject import Subject, body_of
from chunkproof_conformance.synth.rewrites.rewrite import Invariant

if TYPE_CHECKING:
    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.judge.observation import Observation
    from chunkproof_conformance.synth.rewrites.rewrite import Rewrite


def name_of(rewrite: Rewrite) -> str:
    """The name of a rewrite's law."""
    return f"rewrite:{rewrite.name}"


def law_of(rewrite: Rewrite) -> Law:
    """The law that a rewrite changes nothing but what its invariant lets change."""

    def check(subject: Subject, stream: Stream) -> Broken:
        body = body_of(stream)
        if not body:
            return
        rewritten = rewrite(body, random_of(body))
        if rewritten is None:
            return
        before, after = subject.read(stream, body), subject.read(stream, rewritten)
        look = look_at(body, before) if subject.open is None else as_it_is
        what = broken_by(rewrite, look(before), look(after))
        if what:
            yield Violation(name_of(rewrite), what, rewritten, kind=place(what))

    what = f"{rewrite.what}: {rewrite.invariant.value}"
    keeps = rewrite.invariant is not Invariant.ERROR
    return Law(name_of(rewrite), what, check, contested=rewrite.contested, keeps_message=keeps)


def broken_by(rewrite: Rewrite, before: Observation, after: Observation) -> str | None:
    """How the invariant is broken, in words; None where it holds."""
    if rewrite.invariant is not Invariant.ERROR:
        options = {"ignores_extras": rewrite.ignores_extras}
        one, other = (meaning(seen, rewrite.invariant, **options) for seen in (before, after))
        return difference(one, other)
    if after.outcome == "complete":
        return "/outcome: complete"
    call = runnable(after)
    if call is not None:
        return f"/runnable: {call}"
    found = invented(before, after, is_part)
    return f"/invented: {found}" if found else None
