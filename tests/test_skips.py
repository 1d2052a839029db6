"""A tool that is missing: a skip with a reason, and a failure where nothing may be skipped."""

import pytest

from tests.tools import NO_SKIPS, is_present

pytest_plugins = ["pytester"]

NEEDY = """
import pytest

@pytest.mark.needs({tool!r})
def test_needy():
    pass
"""


@pytest.fixture
def run_needy(pytester: pytest.Pytester) -> "RunNeedy":
    return RunNeedy(pytester)


class RunNeedy:
    """Runs, in a session of its own, one test that needs a tool."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, tool: str) -> pytest.RunResult:
        self._pytester.makeini("[pytest]\nmarkers = needs(tool)\n")
        self._pytester.makepyfile(NEEDY.format(tool=tool))
        return self._pytester.runpytest_inprocess("-rs", "-p", "tests.conftest")


def test_a_missing_tool_skips_with_its_name(
    run_needy: RunNeedy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NO_SKIPS, raising=False)
    result = run_needy("no-such-tool")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*needs no-such-tool*"])


def test_a_missing_tool_is_a_failure_where_nothing_may_be_skipped(
    run_needy: RunNeedy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make test-all` sets this, so that no check is lost in silence."""
    monkeypatch.setenv(NO_SKIPS, "1")
    result = run_needy("no-such-tool")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no-such-tool is missing*"])


@pytest.mark.parametrize("no_skips", ["", "1"])
def test_a_tool_that_is_there_is_used(
    run_needy: RunNeedy, monkeypatch: pytest.MonkeyPatch, no_skips: str
) -> None:
    monkeypatch.setenv(NO_SKIPS, no_skips)
    run_needy("module:pytest").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("tool", "present"),
    [("sh", True), ("no-such-tool", False), ("module:json", True), ("module:no_such", False)],
)
def test_tools_are_programs_on_the_path_or_modules(tool: str, present: bool) -> None:
    assert is_present(tool) is present
