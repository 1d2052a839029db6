"""The verdict table for people, with rich. Made for `WIDTH` columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Final, TypeAlias

from rich.console import Group
from rich.measure import Measurement
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from chunkproof_conformance.implementations.reproduction import RUN_BY
from chunkproof_conformance.judge.diff import aligned
from chunkproof_conformance.judge.profiles import is_required
from chunkproof_conformance.judge.verdicts import RED, Kind
from chunkproof_conformance.run.plan import MAX_HTTP_CUTS
from chunkproof_conformance.run.report import (
    ORIGINS,
    RECORDED,
    Standing,
    failures,
    finding_of,
    in_words,
    origin_counts,
    profile_lines,
    repeat_command,
    reservations,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType

    from chunkproof_conformance.run.report import (
        CaseFacts,
        ImplementationRun,
        Origin,
        ProfileLine,
        Report,
        Tally,
    )
    from chunkproof_conformance.run.runner import Row

Column: TypeAlias = "tuple[str, Sequence[Origin]]"
"""A heading, and whose cases are counted below it."""

HEADINGS: Final[dict[Origin, str]] = {
    "server": "real\nserver",
    "proxy-over-server": "proxy over\nserver",
    "proxy-over-script": "proxy over\nscript",
    "synthesised": "synthe-\nsised",
    "derived": "derived",
    "imported": "imported",
}
SIGNS: Final[dict[Tally, tuple[str, str]]] = {
    Kind.PASS: ("✓", "green"),
    "not represented": ("○", "green"),
    Kind.FAIL: ("✗", "bold red"),
    Kind.CHOICE: ("◇", "cyan"),
    Kind.KNOWN_FAILURE: ("k", "yellow"),
    Kind.STALE: ("s", "bold red"),
    Kind.FLAKY: ("~", "yellow"),
    Kind.SKIPPED: ("-", "dim"),
    Kind.ERROR: ("!", "bold red"),
    Kind.TIMEOUT: ("⏱", "bold red"),
    Kind.HARNESS_ERROR: ("H", "bold magenta"),
    Kind.NOT_AVAILABLE: ("·", "dim"),
}
LEGEND: Final[dict[Tally, str]] = {
    Kind.PASS: "pass",
    "not represented": "passes; has no place for a member (declared)",
    Kind.CHOICE: "choice, never wrong",
    Kind.FAIL: "fail",
    Kind.ERROR: "error of the adapter",
    Kind.TIMEOUT: "timeout",
    Kind.HARNESS_ERROR: "error of the harness",
    Kind.SKIPPED: "skipped",
    Kind.NOT_AVAILABLE: "n/a",
    Kind.KNOWN_FAILURE: "known failure",
    Kind.STALE: "stale",
    Kind.FLAKY: "flaky",
}
"""What each sign means, in the order in which they are explained; those that occur are."""

REACHED_STYLE: Final = {"none": "bold red", "n/a": "dim", "not claimed": "dim"}
NOTHING_REQUIRED: Final = "nothing required was judged"
INDENTED: Final = (0, 0, 0, 2)
WIDTH: Final = 100
UNBOUNDED: Final = 1000
"""Columns: more than any table has."""

SHOWN_IN_FULL: Final = 3
SHOWN_TRACE: Final = 8
"""Lines of where an adapter broke."""

LONG_NAME: Final = 48
"""Characters: a program that does not start has no name but its command line."""

LONG_OPTION: Final = 120
"""Characters of cuts that a line to be copied does without."""

LISTED: Final = 4
"""Cases of one finding that are listed one by one; of more, how many."""


def report_table(report: Report, *, in_full: int = SHOWN_IN_FULL) -> RenderableType:
    """The whole report. in_full: failures per implementation shown with their difference."""
    parts: list[RenderableType] = []
    for run in report.runs:
        parts += [_heading(report, run), Padding(_profiles(report, run), INDENTED)]
        parts += _failures(report, run, in_full)
        parts += [
            Text(f"  s stale entry of the list of known failures: {pattern}", "bold red")
            for pattern in run.stale
        ]
        parts.append(Text())
    parts += _summary(report)
    parts.append(_legend(report))
    parts.append(_provenance(report))
    if not report.finished:
        parts.append(Text("This run was cut short; the table shows what was judged.", "bold red"))
    return Group(*parts)


def _heading(report: Report, run: ImplementationRun) -> RenderableType:
    who = run.implementation
    note = f"{who.note}; " if who.note else ""
    if who.input in {"frames", "chunks"}:
        note += f"given {who.input}: the layers below are the reference's; "
    if who.input == "http":
        note += f"over HTTP, bodies cut at no more than {MAX_HTTP_CUTS} places; "
    return Group(
        *_reached(report, run), Padding(Text(f"{note}{run.seconds:.1f} s", style="dim"), INDENTED)
    )


def _reached(report: Report, run: ImplementationRun) -> Iterator[RenderableType]:
    """Who it is, whether it conforms, and the level of each profile it claims."""
    title = Text.assemble(
        (_clipped(run.implementation.name, LONG_NAME), "bold"),
        (f"  {run.implementation.version}", "cyan"),
        "  ",
        _standing(report, run),
    )
    levels = " · ".join(
        f"{line.profile}\N{NO-BREAK SPACE}{line.reached}"
        for line in profile_lines(report, run)
        if line.reached not in {"not claimed", "n/a"}
    )
    yield Rule(title, align="left", style="dim")
    yield Padding(Unbroken(levels, "bold") if levels else NOTHING_REQUIRED, INDENTED)


@dataclass(frozen=True)
class Unbroken:
    """A text on as many lines as it takes; rich alone would break it at no-break spaces too."""

    text: str
    style: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        lines = wrap(self.text, options.max_width, break_on_hyphens=False)
        yield Text("\n".join(lines).replace("\N{NO-BREAK SPACE}", " "), self.style)


def _standing(report: Report, run: ImplementationRun) -> Text:
    found = standing(report, run)
    if found is Standing.CONFORMS:
        style = "bold yellow" if reservations(report, run) else "bold green"
    else:
        style = "bold red" if found is Standing.FAILS else "bold yellow"
    return Text(in_words(report, run), style=style)


def _profiles(report: Report, run: ImplementationRun) -> RenderableType:
    """Profiles down, provenance across; on a narrow screen all that is recorded is one column."""
    there = origin_counts(report.cases)
    wide: list[Column] = [
        (HEADINGS[origin], [origin])
        for origin in ORIGINS
        if there[origin] or origin in {*RECORDED, "synthesised"}
    ]
    narrow: list[Column] = [("recorded", RECORDED), *wide[len(RECORDED) :]]
    lines = profile_lines(report, run)
    return FirstThatFits(_profile_table(lines, wide), _profile_table(lines, narrow))


@dataclass(frozen=True)
class FirstThatFits:
    """The wide table where the screen has room for it, else the narrow one."""

    wide: Table
    narrow: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table]:
        natural = Measurement.get(console, options.update(width=UNBOUNDED), self.wide).maximum
        yield self.wide if natural <= options.max_width else self.narrow


def _profile_table(lines: Iterable[ProfileLine], columns: Sequence[Column]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("profile", no_wrap=True, vertical="bottom")
    table.add_column("level", no_wrap=True)
    table.add_column("re-\nquired", justify="right", no_wrap=True)
    for heading, _ in columns:
        table.add_column(heading, no_wrap=True)
    for line in lines:
        claimed = line.reached != "not claimed"
        table.add_row(
            Text(line.profile, style="" if claimed else "dim"),
            Text(line.reached, style=REACHED_STYLE.get(line.reached, "bold green")),
            Text(str(line.required), style="" if line.required else "dim"),
            *(_cell(line, origins) for _, origins in columns),
        )
    return table


def _cell(line: ProfileLine, origins: Iterable[Origin]) -> Text:
    counts: Counter[Tally] = Counter()
    for origin in origins:
        counts.update(line.counts.get(origin, {}))
    if not counts:
        return Text(".", style="dim")
    shown = [
        Text(f"{counts[kind]}{sign}", style=style)
        for kind, (sign, style) in SIGNS.items()
        if kind in counts
    ]
    return Text(" ").join(shown)


def _failures(report: Report, run: ImplementationRun, in_full: int) -> list[RenderableType]:
    """The first failure of each finding in full, then every finding with its cases."""
    found = failures(report, run)
    if not found:
        return []
    firsts: dict[str, tuple[CaseFacts, Row]] = {}
    for pair in found:
        firsts.setdefault(_finding(*pair), pair)
    parts: list[RenderableType] = [Text()]
    for case, row in list(firsts.values())[:in_full]:
        required = is_required(case.rank, run.implementation)
        parts += [*_in_full(case, run, row, required=required), Text()]
    parts += _by_finding(found, run, report.date)
    return parts


def _finding(case: CaseFacts, row: Row) -> str:
    """The finding in one line; for an error or a timeout, what is said of it."""
    return finding_of(case, row) or f"{row.verdict.kind}: {_clipped(row.verdict.detail, 80)}"


def _in_full(
    case: CaseFacts, run: ImplementationRun, row: Row, *, required: bool
) -> Iterator[RenderableType]:
    sign, style = SIGNS[row.verdict.kind]
    weight = _weight(case, required=required)
    yield Text.assemble((f"  {sign} ", style), (case.id, "bold"), f"  {row.level}  ", weight)
    yield Padding(Group(*_what_happened(case, row)), (0, 0, 0, 4))
    # One line however long it is: it is there to be copied.
    command = repeat_command(run, row)
    yield Text(f"    $ {command}", style="dim", no_wrap=True, overflow="ignore")
    name = run.spec.removeprefix("impl:")
    if name in RUN_BY:
        option = f" {row.plan.option}" if 0 < len(row.plan.option) < LONG_OPTION else ""
        script = f"    $ chunkproof show {row.case} --script {name}{option} | {RUN_BY[name]}"
        yield Text(script, style="dim", no_wrap=True, overflow="ignore")


def _what_happened(case: CaseFacts, row: Row) -> Iterator[RenderableType]:
    verdict = row.verdict
    yield Text(_finding(case, row))
    yield Text(f"case: {case.title}", style="dim")
    for difference in verdict.differences[:1]:
        more = len(verdict.differences) - 1
        yield Text.assemble((difference.path, "dim"), f"  and {more} more" if more else "")
        expected, got = aligned(difference.expected, difference.got)
        yield Text.assemble(("expected  ", "dim"), (expected, "green"))
        yield Text.assemble(("got       ", "dim"), (got, "red"))
        if difference.why:
            yield Padding(Text(difference.why[:160], style="dim"), (0, 0, 0, 10))
    if verdict.detail:  # of an error, whose end is a program's stderr; or what is stale
        yield Text(_clipped(verdict.detail, 600), style="red")
    for line in verdict.trace.splitlines()[-SHOWN_TRACE:]:
        yield Text(line, style="dim", no_wrap=True, overflow="ellipsis")
    if row.cutting_matters:
        yield Text(f"only when {_clipped(row.plan.name, 60)}; in one piece it passes", "yellow")
        for line in row.around or ():
            yield Text(line, no_wrap=True, overflow="ignore")


def _weight(case: CaseFacts, *, required: bool) -> Text:
    words = case.rank.strength if required else f"{case.rank.strength}, not required here"
    return Text(words, style="bold red" if required else "dim")


def _clipped(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _by_finding(
    found: list[tuple[CaseFacts, Row]], run: ImplementationRun, date: str
) -> Iterator[RenderableType]:
    """Every finding with its first cases; what decides most required cases comes first."""
    by_finding: dict[str, list[tuple[CaseFacts, Row]]] = {}
    for pair in found:
        by_finding.setdefault(_finding(*pair), []).append(pair)

    def weight(said: str) -> tuple[int, int, str]:
        return (-_required(by_finding[said], run), -len(by_finding[said]), said)

    who = f"{run.implementation.name} {run.implementation.version}"
    when = f" ({date})" if date else ""
    counts = {
        "required": _required(found, run),
        "only when cut": sum(row.cutting_matters for _, row in found),
    }
    yield Text.assemble(
        (f"  {who}{when}: {len(found)} case{'s' * (len(found) != 1)}", "bold"),
        *(f", {count} {what}" for what, count in counts.items() if count),
    )
    for said in sorted(by_finding, key=weight):
        cases = by_finding[said]
        head = Table.grid(padding=(0, 1, 0, 0))
        head.add_row("  [bold red]✗", Text(said, style="bold"))
        yield head
        alike = len({row.verdict.message for _, row in cases}) == 1
        listed = cases if len(cases) <= LISTED else cases[: 1 if alike else LISTED - 1]
        yield from (_case_line(case, run, row) for case, row in listed)
        if rest := cases[len(listed) :]:
            required = _required(rest, run)
            more = f"      and {len(rest)} more" + (f", {required} required" if required else "")
            yield Text(more, style="dim")


def _case_line(case: CaseFacts, run: ImplementationRun, row: Row) -> Text:
    line = Text(f"      {case.id}", no_wrap=True, overflow="ellipsis")
    line.append("  required" if is_required(case.rank, run.implementation) else "", style="red")
    return line.append(f"  {_seen(row)}", style="dim")


def _required(cases: list[tuple[CaseFacts, Row]], run: ImplementationRun) -> int:
    return sum(is_required(case.rank, run.implementation) for case, _ in cases)


def _seen(row: Row) -> str:
    """What was seen, as short as it gets."""
    if not row.verdict.differences:
        return row.verdict.detail
    first = row.verdict.differences[0]
    if first.why:
        return f"{first.path}: {first.why}"
    expected, got = (_clipped(value, 26) for value in aligned(first.expected, first.got))
    return f"{first.path}: {got}, not {expected}"


def _summary(report: Report) -> Iterator[RenderableType]:
    """Profiles down, implementations across; of one, its levels once more if they scrolled away."""
    if not report.runs:
        return
    if len(report.runs) == 1:
        if failures(report, report.runs[0]):
            yield from _reached(report, report.runs[0])
            yield Text()
        return
    lines = [{line.profile: line for line in profile_lines(report, run)} for run in report.runs]
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column("level reached", style="dim", header_style="dim")
    for run in report.runs:
        table.add_column(run.implementation.name)
    for profile in lines[0]:
        reached = [per_run[profile].reached for per_run in lines]
        cells = [Text(level, style=REACHED_STYLE.get(level, "bold green")) for level in reached]
        table.add_row(profile, *cells)
    yield Rule(style="dim")
    yield Padding(table, (0, 0, 1, 2))


def _legend(report: Report) -> Unbroken:
    """The signs that occur in the tables."""
    seen = {
        kind
        for run in report.runs
        for line in profile_lines(report, run)
        for counts in line.counts.values()
        for kind in counts
    }
    words = [f"{SIGNS[kind][0]} {said}" for kind, said in LEGEND.items() if kind in seen]
    return Unbroken("  ".join(one.replace(" ", "\N{NO-BREAK SPACE}") for one in words), "dim")


def _provenance(report: Report) -> Text:
    counts = origin_counts(report.cases)
    recorded = sum(counts[origin] for origin in RECORDED)
    from_openai = sum(case.from_openai for case in report.cases)
    line = Text.assemble(
        (f"{len(report.cases)} cases", "bold"),
        f": recorded {recorded} (real server generating {counts['server']}, "
        f"real proxy over a real server {counts['proxy-over-server']}, "
        f"real proxy over a scripted upstream {counts['proxy-over-script']}), "
        f"synthesised {counts['synthesised']}, derived {counts['derived']}, "
        f"imported {counts['imported']}. ",
        (f"Recorded from api.openai.com: {from_openai}.", "bold"),
    )
    unscored = sum(not case.rank.scored for case in report.cases)
    if report.requirements and unscored:
        line.append(f" {unscored} later than requirement set {report.requirements}: not scored.")
    judged = sum(len(run.rows) for run in report.runs)
    red = sum(row.verdict.kind in RED for run in report.runs for row in run.rows)
    line.append(f" {judged} verdicts, {red} red.", style="dim")
    return line
