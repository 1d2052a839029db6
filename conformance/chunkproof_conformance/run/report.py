"""Everything one run found out: values only, for every kind of report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from shlex import quote
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from chunkproof_conformance.judge.attribution import finding
from chunkproof_conformance.judge.profiles import Rank, is_required, reached
from chunkproof_conformance.judge.verdicts import RED, Kind, worst

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chunkproof_conformance.cases.cassette import Case
    from chunkproof_conformance.judge.observation import Implementation, Level
    from chunkproof_conformance.judge.profiles import Reached
    from chunkproof_conformance.run.runner import Row

Origin: TypeAlias = Literal[
    "server", "proxy-over-server", "proxy-over-script", "synthesised", "derived", "imported"
]
"""Provenance as every count is split: the first three are recorded."""

ORIGINS: Final[tuple[Origin, ...]] = get_args(Origin)
Tally: TypeAlias = "Kind | Literal['not represented']"
"""What a case counts as. A pass that leaves out a declared member is no plain pass."""

RECORDED: Final = ORIGINS[:3]
OPENAI_HOST: Final = "api.openai.com"


@dataclass(frozen=True)
class CaseFacts:
    """What reports say of a case."""

    id: str
    title: str
    rank: Rank
    rules: tuple[str, ...]
    origin: Origin
    from_openai: bool
    """Recorded from OpenAI's own API."""


def facts_of(case: Case, *, scored: bool = True) -> CaseFacts:
    """The facts of a case. A recorded one without a named setup is a server's."""
    key = case.key
    kind = key.provenance.kind
    recorded = kind == "recorded"
    return CaseFacts(
        case.id,
        key.title,
        Rank(key.strength, tuple(key.profiles), tuple(key.request_needs), scored),
        tuple(key.rules),
        (key.provenance.setup or "server") if kind == "recorded" else kind,
        recorded and f"//{OPENAI_HOST}/" in case.stream.uri,
    )


@dataclass(frozen=True)
class ImplementationRun:
    """The rows of one implementation. `spec`: the `-i` value that repeats it."""

    spec: str
    implementation: Implementation
    rows: tuple[Row, ...]
    seconds: float
    stale: tuple[str, ...] = ()
    """Entries of its list of known failures that speak of no run."""
    stderr: str = ""
    """The end of what its program wrote there."""
    started: bool = True
    """Whether it has said who it is; else every row is the same error."""
    again: tuple[str, ...] = ()
    """Words of the command line on which its verdicts depend, such as `--timeout 2`."""


@dataclass(frozen=True)
class Report:
    """One run. `finished`: False where it was cut short, by --fail-fast or an interrupt."""

    cases: tuple[CaseFacts, ...]
    runs: tuple[ImplementationRun, ...]
    finished: bool = True
    date: str = ""
    """The day of the run, YYYY-MM-DD: a finding names it beside the version."""
    requirements: str = ""
    """The requirement set by which cases were scored."""

    def case(self, case_id: str) -> CaseFacts:
        """The facts of a case that was run."""
        return next(facts for facts in self.cases if facts.id == case_id)


@dataclass(frozen=True)
class ProfileLine:
    """One profile of one implementation: how far it got, and its cases by verdict and origin."""

    profile: str
    reached: Reached
    required: int
    """Cases that decide it."""
    counts: dict[Origin, dict[Tally, int]]
    """A case counts once, with the worst verdict of its levels."""


def profile_lines(report: Report, run: ImplementationRun) -> list[ProfileLine]:
    """One line per profile that any case has, in the order of first appearance by name."""
    profiles = sorted({profile for case in report.cases for profile in case.rank.profiles})
    # The plain ones first, deviations last: the order in which people read the table.
    profiles.sort(key=lambda name: (name != "core", name == "lenient"))
    return [_line(profile, report, run) for profile in profiles]


def _line(profile: str, report: Report, run: ImplementationRun) -> ProfileLine:
    claimed = run.implementation.profiles
    cases = {case.id: case for case in report.cases if profile in case.rank.profiles}
    required = {name for name, case in cases.items() if is_required(case.rank, run.implementation)}
    per_level: dict[Level, list[Kind]] = {}
    per_case: dict[str, list[Row]] = {}
    for row in run.rows:
        if row.case in cases:
            per_case.setdefault(row.case, []).append(row)
        if row.case in required:
            per_level.setdefault(row.level, []).append(row.verdict.kind)
    counts: dict[Origin, dict[Tally, int]] = {}
    for name, rows in per_case.items():
        kind = _tally(rows)
        tally = counts.setdefault(cases[name].origin, {})
        tally[kind] = tally.get(kind, 0) + 1
    return ProfileLine(profile, reached(profile, claimed, per_level), len(required), counts)


def _tally(rows: list[Row]) -> Tally:
    """The worst verdict of a case's levels."""
    kind = rows[worst(row.verdict for row in rows)].verdict.kind
    blind = any(row.verdict.not_represented for row in rows)
    return "not represented" if kind is Kind.PASS and blind else kind


def failures(report: Report, run: ImplementationRun) -> list[tuple[CaseFacts, Row]]:
    """The lowest red row of every case, required cases first, then by strength and id."""
    facts = {case.id: case for case in report.cases}
    found: dict[str, Row] = {}
    for row in run.rows:
        if row.verdict.kind in RED:
            found.setdefault(row.case, row)
    pairs = [(facts[name], row) for name, row in found.items()]
    order = {"must": 0, "should": 1, "choice": 2, "info": 3}
    return sorted(
        pairs,
        key=lambda pair: (
            not is_required(pair[0].rank, run.implementation),
            order[pair[0].rank.strength],
            pair[0].id,
        ),
    )


def required_ids(report: Report, run: ImplementationRun) -> frozenset[str]:
    """The cases that are required of the implementation."""
    who = run.implementation
    return frozenset(case.id for case in report.cases if is_required(case.rank, who))


NOT_REQUIRED: Final = frozenset({Kind.FAIL, Kind.ERROR, Kind.TIMEOUT})
"""Red verdicts that are held against nobody where the case is not required."""


def conforms(report: Report, run: ImplementationRun) -> bool:
    """Whether no required case has a red verdict at any level that was judged.

    A stale entry of its list counts whatever the case: the list is no longer true.
    """
    facts = {case.id: case for case in report.cases}
    return not run.stale and not any(
        row.verdict.kind is Kind.STALE
        or (row.verdict.kind in RED and is_required(facts[row.case].rank, run.implementation))
        for row in run.rows
    )


class Standing(StrEnum):
    """What can be said of an implementation after a run."""

    CONFORMS = "conforms"
    FAILS = "does not conform"
    NOTHING_REQUIRED = "nothing required was judged"
    """Profiles not claimed, cases that are not must, levels it cannot show, skips, and no more."""
    NOTHING = "nothing was judged"


def standing(report: Report, run: ImplementationRun) -> Standing:
    """Whether it conforms; and where nothing was judged that decides it, that instead."""
    if not conforms(report, run):
        return Standing.FAILS
    judged = {row.case for row in run.rows if row.verdict.kind not in _SILENT}
    if not judged:
        return Standing.NOTHING
    decided = judged & required_ids(report, run)
    return Standing.CONFORMS if decided else Standing.NOTHING_REQUIRED


_SILENT: Final = frozenset({Kind.NOT_AVAILABLE, Kind.SKIPPED})


def reservations(report: Report, run: ImplementationRun) -> str:
    """What "conforms" leaves out, in words: required verdicts that are no pass; "" for nothing.

    Known failures count whatever the case: somebody has written them down.
    """
    required = required_ids(report, run)
    kinds = [row.verdict.kind for row in run.rows if row.case in required]
    known = sum(row.verdict.kind is Kind.KNOWN_FAILURE for row in run.rows)
    counts = {
        f"known failure{'s' * (known != 1)}": known,
        "flaky": kinds.count(Kind.FLAKY),
        "skipped": kinds.count(Kind.SKIPPED),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def in_words(report: Report, run: ImplementationRun) -> str:
    """The standing, with its reservations where it conforms."""
    found = standing(report, run)
    left_out = reservations(report, run) if found is Standing.CONFORMS else ""
    return f"{found}, but for {left_out}" if left_out else str(found)


def harness_errors(runs: Iterable[ImplementationRun]) -> list[Row]:
    """The rows that are our fault."""
    return [row for run in runs for row in run.rows if row.verdict.kind is Kind.HARNESS_ERROR]


def origin_counts(cases: Iterable[CaseFacts]) -> dict[Origin, int]:
    """How many cases of every origin, those without any included."""
    counts = dict.fromkeys(ORIGINS, 0)
    for case in cases:
        counts[case.origin] += 1
    return counts


def finding_of(case: CaseFacts, row: Row) -> str:
    """Which rule this red row is about; "" where it shows no difference: an error, a timeout."""
    if not row.verdict.differences:
        return ""
    first = row.verdict.differences[0]
    return finding(first, case.rules, only_when_cut=row.cutting_matters)


def repeat_command(run: ImplementationRun, row: Row) -> str:
    """The one line that repeats this verdict."""
    words = ["chunkproof run", f"-i {quote(run.spec)}", *map(quote, run.again)]
    words += [f"-k {row.case}", f"--level {row.level}"]
    return " ".join([*words, row.plan.option] if row.plan.option else words)
