"""What is run: which cases, at which levels, cut in which ways. Deterministic."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from chunkproof_conformance.cases.key import Profile, Strength
from chunkproof_conformance.connect.adapter import ENDS, Stream
from chunkproof_conformance.synth.cuts import every, pieces_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from chunkproof_conformance.cases.cassette import Case

MAX_BYTEWISE: Final = 64 * 1024
"""Bodies above this many bytes are not handed over byte by byte unless asked for."""

MAX_HTTP_CUTS: Final = 255
"""Pieces over a socket, less one: each is a write that is waited for."""

Cutting: TypeAlias = Literal["recorded", "whole"] | int | tuple[int, ...]
"""As recorded; in one piece; after every so many bytes; at these offsets."""

DEFAULT_CUTTINGS: Final[tuple[Cutting, ...]] = ("recorded", "whole", 1)


@dataclass(frozen=True)
class CutPlan:
    """One way to cut a body. `option` is what repeats it on the command line."""

    name: str
    option: str
    cuts: tuple[int, ...]


def cut_plans(case: Case, cuttings: Iterable[Cutting] = DEFAULT_CUTTINGS) -> list[CutPlan]:
    """The ways to cut this case, without the ones that come to the same.

    Offsets beyond the body are left out. Byte by byte is left out over `MAX_BYTEWISE`, where
    it stands beside other ways.
    """
    length = len(case.body)
    cuttings = tuple(cuttings)
    plans: dict[tuple[int, ...], CutPlan] = {}
    for cutting in cuttings:
        if cutting == 1 and length > MAX_BYTEWISE and len(cuttings) > 1:
            continue
        plan = _plan(case, cutting)
        plans.setdefault(plan.cuts, plan)
    return list(plans.values())


def _plan(case: Case, cutting: Cutting) -> CutPlan:
    length = len(case.body)
    if cutting == "recorded":
        return CutPlan("as recorded", "", case.cuts)
    if cutting == "whole":
        return explicit_plan(())
    if isinstance(cutting, int):
        name = "byte by byte" if cutting == 1 else f"every {cutting} bytes"
        return CutPlan(name, f"--every {cutting}", every(length, cutting))
    return explicit_plan(cut for cut in cutting if isinstance(cut, int) and cut < length)


def sampled(plan: CutPlan, most: int = MAX_HTTP_CUTS) -> CutPlan:
    """The plan with at most so many of its cuts, the same ones every time.

    They are spread over all of them by the golden ratio, so that they come to lie at every place
    of a line and of a character, which a fixed step would not.
    """
    if len(plan.cuts) <= most:
        return plan
    # Knuth, The Art of Computer Programming, vol. 3, 6.4: multiples of it fill the unit evenly.
    ratio = (5**0.5 - 1) / 2
    numbers = {int(len(plan.cuts) * (number * ratio % 1)) for number in range(1, most + 1)}
    cuts = tuple(plan.cuts[number] for number in sorted(numbers))
    return CutPlan(f"{plan.name}, at {len(cuts)} of its places", plan.option, cuts)


def explicit_plan(cuts: Iterable[int]) -> CutPlan:
    """A plan of these offsets; of none, the body in one piece."""
    offsets = tuple(cuts)
    if not offsets:
        return CutPlan("in one piece", "--cuts none", ())
    text = ",".join(map(str, offsets))
    return CutPlan(f"cut at {text}", f"--cuts {text}", offsets)


LONG_OPTION: Final = 120
"""Characters of cuts that a line to be copied does without."""


def shrunk_plan(plan: CutPlan, cuts: tuple[int, ...]) -> CutPlan:
    """The plan of the smallest cuts that were found in another.

    Where they are too many to be written down, that other plan repeats them: it is shrunk anew.
    """
    smallest = explicit_plan(cuts)
    if len(smallest.option) <= LONG_OPTION:
        return smallest
    return CutPlan(f"cut at {len(cuts)} places", plan.option, cuts)


def stream_of(case: Case, cuts: tuple[int, ...]) -> Stream:
    """The case as an adapter gets it: no name, no expectation."""
    headers = tuple(
        (name, value)
        for name, values in case.stream.response_headers.items()
        if name in _HEADERS_KEPT
        for value in values
    )
    needs = {name: case.request[name] for name in case.key.request_needs if name in case.request}
    return Stream(
        pieces=pieces_at(case.body, cuts),
        end=ENDS[case.key.end],
        status=case.stream.status,
        headers=headers or Stream.headers,
        request=needs,
    )


_HEADERS_KEPT: Final = frozenset({"content-type", "retry-after", "x-request-id"})
"""Bodies are stored decoded: lengths and encodings of the wire no longer fit them."""


class SelectionError(ValueError):
    """A profile or strength that no case can have: which, and what there is."""


@dataclass(frozen=True)
class Selection:
    """Which cases are run. Empty members select all. Raises on making: SelectionError.

    patterns: parts of an id, or globs over the whole id; a case that fits one is in.
    """

    patterns: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    strengths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for what, names, known in (
            ("profile", self.profiles, get_args(Profile)),
            ("strength", self.strengths, get_args(Strength)),
        ):
            unknown = next((name for name in names if name not in known), None)
            if unknown is not None:
                raise SelectionError(f"no {what} {unknown!r}; there are {', '.join(known)}")

    def ids(self, known: Sequence[str]) -> list[str]:
        """Those of the ids that the patterns let in; the cases need not be read for it.

        A pattern that is an id means that case alone, also where others begin with it.
        """
        exact = set(self.patterns).intersection(known)
        loose = [pattern for pattern in self.patterns if pattern not in exact]
        return [
            case_id
            for case_id in known
            if not self.patterns
            or case_id in exact
            or any(pattern in case_id or fnmatchcase(case_id, pattern) for pattern in loose)
        ]

    def has(self, profiles: Collection[str], strength: str) -> bool:
        """Whether a case of these profiles and this strength is in."""
        return (not self.profiles or not set(self.profiles).isdisjoint(profiles)) and (
            not self.strengths or strength in self.strengths
        )
