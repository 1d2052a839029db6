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

    @property
    def seconds(self) -> float:
        return monotonic() - self.began

    def is_over(self, budget: Budget) -> bool:
        """Whether the budget is spent."""
        too_long = budget.seconds is not None and self.seconds >= budget.seconds
        return too_long or (budget.examples is not None and self.examples >= budget.examples)


class _FoundError(AssertionError):
    """A new find: it ends the round, and Hypothesis shrinks it."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation.law, violation.kind)
        self.violation = violation


class Drawn(NamedTuple):
    """A stream, and the message it was made of, where it is one that nothing happened to."""

    stream: Stream
    message: Message | None


def inputs(dialects: Sequence[str] | None = None) -> st.SearchStrategy[Drawn]:
    """Whole streams most of the time; some with a fault in them; some that are none at all."""
    made = strategies.streams(dialects=dialects)
    whole = made.map(lambda one: (one.body, one.message))
    faulty = st.builds(lambda fault, one: (fault(one.body), None), strategies.faults(), made)
    bodies = whole | whole | faulty | strategies.garbage().map(lambda body: (body, None))
    return bodies.map(lambda one: Drawn(Stream(pieces_at(one[0], ())), one[1]))


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

    def round(
        self, source: st.SearchStrategy[Drawn], number: int, database: Path | None
    ) -> Violation | None:
        """One round; its find, shrunk, or None."""
        only: list[tuple[str, str]] = []
        smallest: list[Violation] = []
        deadline = (self.budget.seconds or 1e9) + SHRINKING

        @seed(number)
        @settings(
            max_examples=ROUND,
            deadline=None,
            database=DirectoryBasedExampleDatabase(database) if database else None,
            suppress_health_check=SLOW,
            phases=(Phase.reuse, Phase.generate, Phase.shrink),
            print_blob=False,
            report_multiple_bugs=False,
        )
        @given(source)
        def one_round(drawn: Drawn) -> None:
            if not only and self.state.is_over(self.budget):
                return
            if only and self.state.seconds > deadline:
                return
            self.state.examples += 1
            violation = self.first(drawn, only[0] if only else None)
            if violation is not None:
                only[:] = [(violation.law, violation.kind)]
                if not smallest or len(violation.body) <= len(smallest[0].body):
                    smallest[:] = [violation]
                raise _FoundError(violation)
            self.progress(self.state)

        try:
            one_round()
        except Exception:
            if not smallest:
                raise
        if not smallest:
            return None
        self.known.add((smallest[0].law, smallest[0].kind))
        return smallest[0]

    def first(self, drawn: Drawn, only: tuple[str, str] | None) -> Violation | None:
        """The first violation that is new; while shrinking, of the one kind alone."""
        stream, body = drawn.stream, body_of(drawn.stream)
        asked = some(self.laws, stream) if only is None else self.laws
        for law in asked:
            if only is not None and law.name != only[0]:
                continue
            self.state.checks += 1
            for violation in law(self.subject, stream):
                key = (violation.law, violation.kind)
                if key == only or (only is None and key not in self.known):
                    is_true = law.keeps_message or violation.body == body
                    return replace(violation, message=drawn.message if is_true else None)
        return None


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
        (first, one), *others = subjects.items()
        try:
            truth = shown(one, stream, left_out)
            for name, other in others:
                what = difference(truth, shown(other, stream, left_out))
                if what:
                    kind = f"{name}{place(what)}"
                    yield Violation(
                        "disagreement", f"{first} and {name}: {what}", body_of(stream), kind=kind
                    )
        except CrashError as error:
            yield Violation("disagreement", str(error), body_of(stream), kind="crash", crash=True)

    return Law("disagreement", "All implementations say the same.", check)


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
