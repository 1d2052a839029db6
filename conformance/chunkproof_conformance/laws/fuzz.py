"""Fuzzing: streams from the strategies, through every law, until the budget is spent.

Hypothesis draws and shrinks. A round ends with its first new find, shrunk for that find alone;
the next round lets known ones pass, so distinct bugs come out one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from chunkproof_conformance import strategies
from chunkproof_conformance.connect.adapter import Stream
from chunkproof_conformance.connect.in_process import NotRunError
from chunkproof_conformance.laws.cutting import random_of
from chunkproof_conformance.laws.law import Law, Violation
from chunkproof_conformance.laws.meaning import difference, place, result
from chunkproof_conformance.laws.subject import CrashError, Subject, body_of
from chunkproof_conformance.synth.cuts import pieces_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chunkproof_conformance.synth.message import Message

ROUND: Final = 200
"""Examples drawn before another round begins with another seed."""
SLOW: Final = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
"""What Hypothesis would rather not see: streams are large, and some dialects refuse a message."""
AT_ONCE: Final = 8
"""Rewrites that one stream is put through; more streams find more than more rewrites."""
DISAGREEMENT: Final = "disagreement"
"""The name of the law of several implementations."""
SHRINKING: Final = 20.0
"""Seconds that shrinking one find may take beyond the budget."""


@dataclass(frozen=True)
class Budget:
    """When to stop: after so many seconds, or so many examples, whichever is first."""

    seconds: float | None = None
    examples: int | None = None


@dataclass
class Progress:
    """How far a run is."""

    began: float = field(default_factory=monotonic)
    examples: int = 0
    checks: int = 0
    """Laws that were asked, all streams together."""
    finds: int = 0
    stopped: str | None = None
    """Why nothing more is asked of the parser, where that is so."""

    @property
    def seconds(self) -> float:
        return monotonic() - self.began

    def is_over(self, budget: Budget) -> bool:
        """Whether the budget is spent, or the parser is given up."""
        if self.stopped is not None:
            return True
        too_long = budget.seconds is not None and self.seconds >= budget.seconds
        return too_long or (budget.examples is not None and self.examples >= budget.examples)


class _FoundError(AssertionError):
    """A new find: it ends the round, and Hypothesis shrinks it."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation.law, violation.kind)
        self.violation = violation


class _Bug(NamedTuple):
    """law: the one that showed it. key: what tells it from others."""

    law: str
    key: tuple[str, str]


class _Found(NamedTuple):
    bug: _Bug
    violation: Violation


class Drawn(NamedTuple):
    """A stream, and the message it was made of, where it is one that nothing happened to."""

    stream: Stream
    message: Message | None


_KINDS: Final = ("whole", "whole", "whole", "faulty", "garbage")


@st.composite
def inputs(draw: st.DrawFn, dialects: Sequence[str] | None = None) -> Drawn:
    """Whole streams most of the time; some with a fault in them; some that are none at all.

    The fault is drawn last: so a stream becomes whole again where the fault has no part in a find.
    """
    kind = draw(st.sampled_from(_KINDS))
    if kind == "garbage":
        return Drawn(_uncut(draw(strategies.garbage())), None)
    made = draw(strategies.streams(dialects=dialects))
    if kind == "whole":
        return Drawn(_uncut(made.body), made.message)
    return Drawn(_uncut(draw(strategies.faults())(made.body)), None)


def _uncut(body: bytes) -> Stream:
    return Stream(pieces_at(body, ()))


def fuzz(
    subject: Subject,
    laws: Sequence[Law],
    budget: Budget,
    *,
    seed_: int = 0,
    dialects: Sequence[str] | None = None,
    database: Path | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[Violation]:
    """The distinct finds, each shrunk, as they come.

    seed_: the same seed finds the same, given the same budget of examples. database: where
    Hypothesis keeps what it found, to begin with it the next time.
    """
    run = _Run(subject, laws, budget, progress)
    number = 0
    while not run.state.is_over(budget):
        violation = run.round(inputs(dialects), seed_ + number, database)
        number += 1
        if violation is not None:
            run.state.finds += 1
            progress(run.state)
            yield violation


class _Kept(DirectoryBasedExampleDatabase):
    """What was found, for the next run.

    Hypothesis takes out what fails no more; here a find that is known in this run fails no more
    either, so it is told when what passes is really mended.
    """

    def __init__(self, path: Path, *, forgets: bool) -> None:
        super().__init__(path)
        self.forgets = forgets

    def delete(self, key: bytes, value: bytes) -> None:
        if self.forgets:
            super().delete(key, value)


class _Run:
    """One run: what was found so far, and how far it is."""

    def __init__(
        self,
        subject: Subject,
        laws: Sequence[Law],
        budget: Budget,
        progress: Callable[[Progress], None],
    ) -> None:
        self.subject = subject
        self.laws = laws
        self.budget = budget
        self.progress = progress
        self.state = Progress()
        self.known: set[tuple[str, str]] = set()
        """The keys of what was found."""

    def round(
        self, source: st.SearchStrategy[Drawn], number: int, database: Path | None
    ) -> Violation | None:
        """One round; its find, shrunk, or None."""
        only: list[_Bug] = []
        smallest: list[Violation] = []
        kept = _Kept(database, forgets=not self.known) if database else None

        # `seed` takes the database away from what stands below it.
        @settings(
            max_examples=ROUND,
            deadline=None,
            database=kept,
            suppress_health_check=SLOW,
            phases=(Phase.reuse, Phase.generate, Phase.shrink),
            print_blob=False,
            report_multiple_bugs=False,
        )
        @seed(number)
        @given(source)
        def one_round(drawn: Drawn) -> None:
            if self._shrunk_enough() if only else self.state.is_over(self.budget):
                if isinstance(kept, _Kept):
                    kept.forgets = False  # what is not looked at any more is not mended
                return
            self.state.examples += 1
            found = self.first(drawn, only[0] if only else None)
            if found is not None:
                only[:] = [found.bug]
                smallest[:] = [found.violation]  # Hypothesis tries nothing that is not plainer
                raise _FoundError(found.violation)
            self.progress(self.state)

        try:
            one_round()
        except Exception:
            if not smallest:
                raise
        if not smallest:
            return None
        self.known.add(only[0].key)
        return smallest[0]

    def _shrunk_enough(self) -> bool:
        """Whether no more time is spent on one find."""
        late = (self.budget.seconds or 1e9) + SHRINKING
        return self.state.stopped is not None or self.state.seconds > late

    def first(self, drawn: Drawn, only: _Bug | None) -> _Found | None:
        """The first violation that is new; while shrinking, of the one kind alone."""
        try:
            return next(self._found(drawn, only), None)
        except NotRunError as error:
            self.state.stopped = str(error)
            return None

    def _found(self, drawn: Drawn, only: _Bug | None) -> Iterator[_Found]:
        stream, body = drawn.stream, body_of(drawn.stream)
        for law in some(self.laws, stream) if only is None else self.laws:
            if only is not None and law.name != only.law:
                continue
            self.state.checks += 1
            for violation in law(self.subject, stream):
                bug = _Bug(law.name, self._key(violation))
                if bug == only or (only is None and bug.key not in self.known):
                    is_true = law.keeps_message or violation.body == body
                    message = drawn.message if is_true else None
                    yield _Found(bug, replace(violation, message=message))

    def _key(self, violation: Violation) -> tuple[str, str]:
        """What tells its bug from others: the law, and what kind of difference.

        A parser that has no answer to a stream breaks every law with it: that is one bug.
        """
        if violation.crash and violation.law != DISAGREEMENT:
            try:
                self.subject.read(_uncut(violation.origin), violation.origin)
            except (CrashError, NotRunError):
                return "", violation.kind
        return violation.law, violation.kind


def some(laws: Sequence[Law], stream: Stream) -> list[Law]:
    """The general laws, and a few of the rewrites, other ones for other streams."""
    rewrites = [law for law in laws if law.name.startswith("rewrite:")]
    chosen = random_of(body_of(stream)).sample(rewrites, min(AT_ONCE, len(rewrites)))
    return [law for law in laws if law not in rewrites or law in chosen]


# --- several implementations


def disagreement(subjects: Mapping[str, Subject], blind: Mapping[str, frozenset[str]]) -> Law:
    """The law that all these implementations say the same of a stream.

    blind: members an implementation has no place for; they are compared by nobody.
    """
    left_out = frozenset().union(*blind.values())

    def check(_: Subject, stream: Stream) -> Iterator[Violation]:
        body = body_of(stream)
        said: dict[str, dict[str, Any]] = {}
        for name, subject in subjects.items():
            try:
                said[name] = shown(subject, stream, left_out)
            except CrashError as error:
                what, kind = f"{name}: no answer: {error}", f"{name} {error.kind}"
                yield Violation(DISAGREEMENT, what, body, kind=kind, crash=True)
        first = next(iter(said), "")
        for name, other in said.items():
            what = difference(said[first], other) or ""
            if what:
                kind = f"{name}{place(what)}"
                yield Violation(DISAGREEMENT, f"{first} and {name}: {what}", body, kind=kind)

    return Law(DISAGREEMENT, "All implementations say the same.", check)


def shown(subject: Subject, stream: Stream, left_out: frozenset[str]) -> dict[str, Any]:
    """What all can show: outcome, text channels, finish reasons, calls by name and arguments."""
    seen = result(subject.read(stream, body_of(stream)))
    choices = {}
    for index, choice in (seen["choices"] or {}).items():
        kept: dict[str, Any] = {
            name: choice.get(name)
            for name in ("text", "reasoning", "refusal", "finish_reason")
            if name not in left_out
        }
        if "tool_calls" not in left_out:
            kept["calls"] = [
                [call.get("name") or "", call.get("arguments") or ""]
                for call in choice.get("tool_calls") or ()
            ]
        if any(kept.values()):
            choices[index] = kept
    return {"outcome": seen["outcome"], "choices": choices}
