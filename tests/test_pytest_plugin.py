"""The pytest plugin: what it costs who does not use it, and what it gives who does."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.metadata import entry_points
from pathlib import Path

import httpcore2  # noqa: F401 -- see below
import pytest

import chunkproof_conformance

# Imported by the outer session: an inner one forgets what it imported itself. Modules in C cannot
# be imported twice, and httpx2 would know no exception of a second httpcore2.
import chunkproof_conformance.connect.replay
import chunkproof_conformance.connect.replay_transport
import chunkproof_conformance.implementations.reference.adapter
import chunkproof_conformance.pytest_items

pytest_plugins = ["pytester"]

MODULE = "chunkproof_conformance.pytest_plugin"
MISBEHAVING = Path(__file__).parent / "misbehaving.py"
IS_INSTALLED = any(point.value == MODULE for point in entry_points(group="pytest11"))
USE = () if IS_INSTALLED else ("-p", MODULE)

COST = f"""
import sys, time
zero = time.process_time()  # a busy machine is slow, not wrong
import pytest
before = set(sys.modules)
began = time.process_time()
import {MODULE}
seconds, of_pytest = time.process_time() - began, began - zero
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
foreign = new - set(sys.stdlib_module_names) - {{"chunkproof_conformance"}}
print(seconds, seconds / of_pytest, sorted(foreign))
print(sorted(name for name in sys.modules if name.startswith("chunkproof")))
"""


def test_who_does_not_use_it_pays_nothing() -> None:
    """Under 5 ms, the best of five; nothing outside the standard library and pytest.

    On a machine that is slow in everything: under a fiftieth of what pytest itself takes.
    """
    best = share = 9.0
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", COST], capture_output=True, text=True, check=True
        )
        first, modules = done.stdout.splitlines()
        seconds, part, foreign = first.split(" ", 2)
        best, share = min(best, float(seconds)), min(share, float(part))
        assert foreign == "[]"
        assert modules == f"['chunkproof_conformance', '{MODULE}']"
    assert best < 0.005 or share < 0.02


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(*USE, "-p", "no:cacheprovider", *words)


def test_an_implementation_is_collected_by_case_and_level(pytester: pytest.Pytester) -> None:
    words = ("--chunkproof-impl", "impl:reference", "-k", "llama-cpp-python-plain", "-v")
    result = run(pytester, *words)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*text/llama-cpp-python-plain*final*PASSED*"])


def test_a_required_failure_fails_and_says_how_to_repeat_it(pytester: pytest.Pytester) -> None:
    spec = f"cmd:{sys.executable} {MISBEHAVING} well"
    result = run(pytester, "--chunkproof-impl", spec, "-k", "llama-cpp-python-plain")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*/choices/0/text*", "*expected*", "*got*", "*chunkproof run -i *"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


ITEMS = ("--chunkproof-impl", f"cmd:{sys.executable} {MISBEHAVING} well")
"""Right about nothing, at level final alone; its cases are required of it."""


def test_last_failed_runs_what_failed(pytester: pytest.Pytester) -> None:
    """`--lf`, from one session to the next."""
    words = (*ITEMS, "-k", "llama-cpp-python-plain or generic-bom")
    first = pytester.runpytest_inprocess(*USE, *words)
    failed = first.parseoutcomes()["failed"]
    assert failed == 2
    again = pytester.runpytest_inprocess(*USE, *ITEMS, "--lf")
    assert again.parseoutcomes()["failed"] == failed
    assert again.parseoutcomes()["deselected"] > 100


def test_the_first_failure_stops_where_it_is_told_to(pytester: pytest.Pytester) -> None:
    """`-x`."""
    result = run(pytester, *ITEMS, "-k", "text/llama-cpp-python", "-x")
    result.assert_outcomes(failed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["*stopping after 1 failures*"])


def test_junit_names_case_and_level(pytester: pytest.Pytester) -> None:
    """`--junitxml`."""
    run(pytester, *ITEMS, "-k", "llama-cpp-python-plain", "--junitxml=r.xml")
    (point,) = ET.parse(pytester.path / "r.xml").getroot().iter("testcase")
    assert point.get("name") == "text/llama-cpp-python-plain[final]"
    (failure,) = point.iter("failure")
    assert "/choices/0/text" in (failure.get("message") or "")


@pytest.mark.slow
def test_items_run_on_several_workers(pytester: pytest.Pytester) -> None:
    """`-n 2`: every worker has a connection of its own, and collects the same."""
    words = ("--chunkproof-impl", "impl:reference", "-k", "text/llama-", "-n", "2")
    outcomes = run(pytester, *words).parseoutcomes()
    assert outcomes["passed"] > 10
    assert not {"failed", "errors"} & set(outcomes)


def test_a_known_failure_is_expected(pytester: pytest.Pytester) -> None:
    known = pytester.makefile(".txt", known="text/llama-cpp-python-plain:final | /choices/0/text")
    spec = f"cmd:{sys.executable} {MISBEHAVING} well"
    words = ("--chunkproof-impl", spec, "-k", "llama-cpp-python-plain")
    result = run(pytester, *words, "--chunkproof-known-failures", str(known))
    result.assert_outcomes(xfailed=1)


BAD = f"cmd:{sys.executable} {MISBEHAVING} {{}}"


@pytest.mark.parametrize(
    ("words", "says_what"),
    [
        (["impl:nobody"], "no implementation"),
        ([BAD.format("crashes-at-start")], "no licence found"),
        (["impl:reference", "--chunkproof-timeout", "0"], "seconds, more than 0"),
        (
            [BAD.format("hangs-at-start"), "--chunkproof-start-timeout", "0.3"],
            "no answer to `start` within 0.3 s",
        ),
        ([BAD.format("claims-nothing")], "claims no profile"),
        (
            [BAD.format("claims-what-there-is-not")],
            "claims the profile 'tols'",
        ),
        (["impl:reference", "--chunkproof-known-failures", "gone"], "gone cannot be read"),
        (["impl:reference", "--chunkproof-known-failures", "."], ". cannot be read"),
    ],
)
def test_what_cannot_be_judged_is_wrong_usage(
    words: list[str], says_what: str, pytester: pytest.Pytester
) -> None:
    result = run(pytester, "--chunkproof-impl", *words)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{says_what}*"])


OWN = """
import httpx2
import pytest

@pytest.mark.chunkproof("text/llama-cpp-python-*", strength="must")
def test_replay(chunkproof_case, chunkproof_transport, chunkproof_replay):
    ask = {"stream": True}
    with httpx2.Client(transport=chunkproof_transport(cuts=(3, 17))) as client:
        assert client.post("http://x/v1", json=ask).content == chunkproof_case.body
    url = chunkproof_replay()
    assert httpx2.post(url + "/chat/completions", json=ask).content == chunkproof_case.body
"""


def test_fixtures_replay_cases_in_a_projects_own_tests(pytester: pytest.Pytester) -> None:
    """One test per case that the mark names."""
    pytester.makepyfile(OWN)
    outcomes = run(pytester).parseoutcomes()
    assert outcomes["passed"] > 1
    assert set(outcomes) == {"passed"}


def test_the_page_on_frameworks_shows_the_example_as_it_is() -> None:
    """And names every fixture there is."""
    root = Path(__file__).parent.parent
    page = (root / "docs" / "frameworks.md").read_text("utf-8")
    files = (root / "examples" / "pydantic-ai").glob("*.py")
    sources = [path.read_text("utf-8") for path in files]
    shown = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(shown) >= 3
    assert not [block for block in shown if not any(block in source for source in sources)]
    plugin = Path(chunkproof_conformance.__path__[0], "pytest_plugin.py").read_text("utf-8")
    fixtures = set(re.findall(r"^def (chunkproof_\w+)\(", plugin, re.MULTILINE))
    assert len(fixtures) == 4
    assert fixtures == set(re.findall(r"^\| `(chunkproof_\w+)", page, re.MULTILINE))


def test_a_mark_with_a_profile_that_is_none_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(OWN.replace('strength="must"', 'profile="Core"'))
    result = run(pytester)
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*no profile 'Core'; there are core,*"])


def test_a_mark_that_names_no_case_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(OWN.replace("llama-cpp-python-*", "no-such"))
    result = run(pytester)
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*no case of chunkproof fits*"])
