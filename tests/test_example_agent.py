"""The example with an agent framework: installed as a project would, its tests and its adapter run.

The framework is the real one, in the version that the example pins; `build/examples` keeps it. It
is installed beside our wheel, so that this also shows that neither minds the other's requirements.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from chunkproof_conformance.judge.verdicts import Kind
from chunkproof_conformance.run.job import Job, chosen_cases, run_job
from chunkproof_conformance.run.plan import Selection
from chunkproof_conformance.run.runner import RunOptions
from tests import tools
from tests.test_packaging import build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunkproof_conformance.run.runner import Row

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).parent.parent
EXAMPLE: Final = ROOT / "examples" / "pydantic-ai"
TARGET: Final = ROOT / "build" / "examples" / "pydantic-ai"
PLAIN: Final = "text/llama-cpp-python-plain"
HALF: Final = "end/generic-no-done-no-finish"


def python(*words: str, cwd: Path = EXAMPLE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TARGET / "bin" / "python"), *words],
        cwd=cwd,
        env={"PATH": f"{TARGET / 'bin'}:/usr/bin:/bin", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


def pip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(TARGET / "bin" / "python"), *words],
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The pinned packages, installed once, and our wheel of now.

    The package manager needs its index once; where it cannot have it this skips, or fails.
    """
    pins = (EXAMPLE / "requirements.txt").read_bytes()
    done = TARGET / "requirements.txt"
    if not done.is_file() or done.read_bytes() != pins:
        shutil.rmtree(TARGET, ignore_errors=True)
        venv.create(TARGET, with_pip=False, symlinks=True)
        asked = ("install", "-qq", "--disable-pip-version-check", "--require-hashes")
        installed = pip(*asked, "-r", "requirements.txt")
        if installed.returncode != 0:
            if tools.skips_are_failures():
                pytest.fail(installed.stderr[-500:], pytrace=False)
            pytest.skip("pip cannot install what the example pins")
        done.write_bytes(pins)
    wheel = build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))
    ours = ("install", "-qq", "--no-deps", "--no-index", "--force-reinstall", str(wheel))
    assert pip(*ours).returncode == 0


def test_the_plugin_and_the_framework_agree_on_every_requirement() -> None:
    checked = pip("check")
    assert checked.returncode == 0, checked.stdout


def test_the_pins_are_hashed_and_name_no_address() -> None:
    text = (EXAMPLE / "requirements.txt").read_text("utf-8")
    assert "://" not in text
    entries = re.findall(r"^[a-z0-9-]+(?:\[[a-z,]+\])?==(?:.*\\\n)+", text, re.MULTILINE)
    assert len(entries) > 20
    assert all("--hash=sha256:" in text.partition(entry)[2][:90] for entry in entries)


def test_the_agents_own_tests_pass() -> None:
    """Three fixtures, one test per case; and one fault of the framework, expected to fail."""
    done = python("-m", "pytest", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    passed, xfailed = re.findall(r"(\d+) (?:passed|xfailed)", last)
    assert int(passed) > 10
    assert xfailed == "1"
    assert set(re.findall(r"\d+ ([a-z]+)", last)) <= {"passed", "xfailed", "in"}


def test_the_adapter_is_judged_by_pytest_in_the_same_environment() -> None:
    """As the settings of the example say it, its interpreter is the one on the path."""
    words = ("--chunkproof-impl", "cmd:python adapter.py", "-k", f"{PLAIN} or {HALF}")
    done = python("-m", "pytest", "-p", "no:cacheprovider", "-q", "-rA", *words)
    assert done.returncode == 1, done.stdout + done.stderr
    judged_here = "chunkproof[cmd:python adapter.py]::"
    assert f"FAILED {judged_here}{HALF}[final]" in done.stdout
    for level in ("final", "sequence"):
        assert f"PASSED {judged_here}{PLAIN}[{level}]" in done.stdout


def judged(cases: Sequence[str]) -> list[Row]:
    spec = f"cmd:{TARGET / 'bin' / 'python'} {EXAMPLE / 'adapter.py'}"
    report = run_job(Job((spec,), RunOptions()), chosen_cases(Selection(tuple(cases))))
    (run,) = report.runs
    asked = (EXAMPLE / "requirements.in").read_text("utf-8")
    (pinned,) = re.findall(r"^pydantic-ai-slim.*==(\S+)", asked, re.MULTILINE)
    assert run.implementation.version == f"pydantic-ai-slim {pinned}"
    return list(run.rows)


def test_the_adapter_reads_good_streams_however_they_are_cut() -> None:
    rows = judged([PLAIN, "tools/vllm-two-calls", "reasoning/llama-server-before-text"])
    assert len({row.case for row in rows}) == 3
    shown = {row.verdict.kind for row in rows if row.level in {"final", "sequence"}}
    assert shown == {Kind.PASS}


def test_the_adapter_finds_the_finish_reason_that_nobody_sent() -> None:
    """The page shows it: `stop`, and complete, of a stream that just ends."""
    final = next(row for row in judged([HALF]) if row.level == "final")
    paths = {one.path: one.got for one in final.verdict.differences}
    assert paths == {"/outcome": "complete", "/choices/0/finish_reason": "stop"}
