"""The mutation score as text, as a page of the documentation, and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chunkproof_conformance.laws.mutants.catalogue import MUTANTS

if TYPE_CHECKING:
    from chunkproof_conformance.laws.score import MutantScore, Score

SHOWN: Final = 3
"""Cases and laws named for each mutant."""

_INTRODUCTION: Final = """\
# Mutants

A case is worth what it notices. Each mutant below is the reference parser, wrong in one way
that was seen in the wild; the cases of the corpus and the laws are run over each. This page is
what `chunkproof mutants --markdown` prints; a test holds it to that.

Cases of contested rules fail nobody and are left out. Byte by byte a case is handed over only
up to 2,000 bytes; otherwise as recorded and in one piece. A mutant is rare where fewer than a
quarter of the cases notice it.
"""


def table(score: Score) -> str:
    """One line a mutant, then the sums."""
    lines = [
        f"{one.name:<24} {len(one.cases):>4} cases {len(one.laws):>3} laws  {_some(one)}"
        for one in score.mutants
    ]
    return "\n".join([*lines, "", *(f"{name}: {value}" for name, value in sums(score))])


def sums(score: Score) -> list[tuple[str, str]]:
    """The figures of the score, by name."""
    killed = len(score.mutants) - len(score.survivors)
    other = killed - len(score.crash_only)
    return [
        ("mutants noticed", f"{killed} of {len(score.mutants)}"),
        ("noticed by more than a crash", str(other)),
        ("noticed by a case", str(sum(bool(one.cases) for one in score.mutants))),
        ("noticed by a law", str(sum(bool(one.laws) for one in score.mutants))),
        ("survivors", ", ".join(score.survivors) or "none"),
        ("laws that notice none", ", ".join(score.idle_laws) or "none"),
        (
            "must-cases that notice no rare mutant",
            f"{len(score.weak_cases)} of {len(score.must)}"
            + "".join(f"\n  {name}" for name in score.weak_cases),
        ),
    ]


def page(score: Score) -> str:
    """The page of the documentation."""
    rows = [
        f"| `{one.name}` | {MUTANTS[one.name].what} | {MUTANTS[one.name].seen} "
        f"| {len(one.cases)} | {_some_cases(one)} | {_some_laws(one)} |"
        for one in score.mutants
    ]
    head = ["| mutant | what it does wrong | seen | cases | such as | laws |",
            "|---|---|---|---|---|---|"]  # fmt: skip
    figures = [f"- {name}: {value}" for name, value in sums(score)]
    kills = score.kills_of_laws()
    laws = [f"| `{name}` | {kills[name]} |" for name in score.laws]
    return "\n".join(
        [
            _INTRODUCTION,
            f"{len(score.cases)} cases, {len(score.laws)} laws.",
            "",
            *figures,
            "",
            *head,
            *rows,
            "",
            "## How many mutants each law notices",
            "",
            "| law | mutants |",
            "|---|---|",
            *laws,
        ]
    )


def machine(score: Score) -> dict[str, Any]:
    """The whole score as JSON value."""
    return {
        "mutants": {
            one.name: {
                "cases": [kill.by for kill in one.cases],
                "laws": [kill.by for kill in one.laws],
                "by_crash_alone": one.by_crash_alone,
            }
            for one in score.mutants
        },
        "survivors": score.survivors,
        "idle_laws": score.idle_laws,
        "weak_cases": score.weak_cases,
    }


def _some(one: MutantScore) -> str:
    names = [kill.by for kill in (*one.cases[:2], *one.laws[:2])]
    return ", ".join(names) or "SURVIVES"


def _some_cases(one: MutantScore) -> str:
    return ", ".join(f"`{kill.by}`" for kill in one.cases[:SHOWN])


def _some_laws(one: MutantScore) -> str:
    more = f" and {len(one.laws) - SHOWN} more" if len(one.laws) > SHOWN else ""
    return ", ".join(f"`{kill.by}`" for kill in one.laws[:SHOWN]) + more
