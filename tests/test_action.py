"""`action.yml` and the workflow of docs/ci.md: valid, and run the way a runner runs them.

There is no runner here. What one does with a composite action is little and documented: inputs
into the steps' environment, each `run` as a file given to `bash --noprofile --norc -eo pipefail`,
a few variables and files. The environments are fresh, and installed from this checkout.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from chunkproof_conformance.reports.lines import is_whole, read_lines
from tests import tools
from tests.test_packaging import build

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "ci.md"
ACTION: Final[dict[str, Any]] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
MISBEHAVING: Final = ROOT / "tests" / "misbehaving.py"


def workflow() -> str:
    """The workflow that the page tells people to add."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return str(text)


def shell_adapter() -> str:
    """The smallest adapter there is, of the same page."""
    (text,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return str(text)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ("vendor.github-actions", (ROOT / "action.yml").read_text("utf-8")),
        ("vendor.github-workflows", workflow()),
    ],
)
def test_it_obeys_the_published_schema(schema: str, text: str, tmp_path: Path) -> None:
    """The schemas that GitHub's editors use, as check-jsonschema carries them."""
    path = tmp_path / "file.yml"
    path.write_text(text, encoding="utf-8")
    program = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_has_no_more_than_twelve_lines() -> None:
    assert len(workflow().splitlines()) <= 12


def test_every_input_is_used_and_every_one_used_is_there() -> None:
    steps = json.dumps(ACTION["runs"]["steps"])
    assert set(re.findall(r"\$\{\{ inputs\.([a-z-]+) \}\}", steps)) == set(ACTION["inputs"])


@dataclass
class Runner:
    """A runner's machine: a python on the path, a workspace, and the files it gives to steps."""

    folder: Path
    wheels: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        venv.create(self.folder / "python", with_pip=True, symlinks=True)
        for name in ("temp", "workspace"):
            (self.folder / name).mkdir()
        kept = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PIP_", "SSL_", "REQUESTS_", "HOME", "LANG"))
        }
        self.env = {
            **kept,
            "PATH": f"{self.folder / 'python' / 'bin'}:/usr/bin:/bin",
            "PIP_FIND_LINKS": str(self.wheels),  # chunkproof itself, as if it were released
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def summary(self) -> Path:
        return self.folder / "temp" / "summary.md"

    def run(
        self, script: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """One step with `shell: bash`."""
        path = self.folder / "temp" / "step.sh"
        path.write_text(script, encoding="utf-8")
        self.summary.touch()
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(path)],
            cwd=self.workspace,
            env={**self.env, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, script: str, env: dict[str, str] | None = None) -> None:
        """A step that needs the package index; skips, or fails, where that cannot be had."""
        done = self.run(script, env)
        if done.returncode != 0:
            if tools.skips_are_failures():
                pytest.fail(done.stderr[-500:], pytrace=False)
            pytest.skip("pip cannot install what the step asks for")

    def step(self, number: int, **inputs: str) -> tuple[str, dict[str, str]]:
        """The script of a step of the action, and its environment for these inputs."""
        step = ACTION["runs"]["steps"][number]
        assert step["shell"] == "bash"
        given = {name: one["default"] for name, one in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        names = {name: value.removeprefix("${{ inputs.") for name, value in step["env"].items()}
        return step["run"], {name: given[one.removesuffix(" }}")] for name, one in names.items()}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheels")).parent


@pytest.fixture(scope="module")
def runner(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """One on which the first step of the action has run."""
    made = Runner(tmp_path_factory.mktemp("runner"), wheels)
    made.install(*made.step(0))
    return made


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_action_is_green_where_the_implementation_conforms(runner: Runner) -> None:
    """The table in the log, the summary in its file, the report in the workspace; no annotation."""
    done = runner.run(*runner.step(1, implementation="impl:reference"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "reference" in done.stdout
    assert "::" not in done.stdout
    assert "✅ conforms" in runner.summary.read_text("utf-8")
    lines, _ = read_lines((runner.workspace / "chunkproof.jsonl").read_bytes())
    assert is_whole(lines)
    assert lines[0]["specs"] == ["impl:reference"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_action_is_red_and_annotates_where_it_does_not(runner: Runner) -> None:
    """Settings of the project take the place of the inputs that are empty."""
    spec = f"cmd:{sys.executable} {MISBEHAVING} crashes-at-start"
    settings = f"[tool.chunkproof]\nimplementations = ['{spec}']\n"
    (runner.workspace / "pyproject.toml").write_text(settings, encoding="utf-8")
    done = runner.run(*runner.step(1, report="red.jsonl", jobs="1"))
    (runner.workspace / "pyproject.toml").unlink()
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"^::error ", done.stdout, re.MULTILINE)
    assert "does not conform" in runner.summary.read_text("utf-8")
    assert (runner.workspace / "red.jsonl").is_file()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_action_passes_every_input_on(runner: Runner) -> None:
    """Wrong values come back as wrong usage, each in its sentence."""
    for inputs, says_what in (
        ({"implementation": "cmd:./missing"}, "no program './missing'"),
        ({"known_failures": "gone.txt"}, "gone.txt"),
        ({"requirements": "1999.01"}, "1999.01"),
        ({"jobs": "0"}, "'0' is no number"),
        ({"report": "no/such/folder.jsonl"}, "no/such/folder.jsonl"),
    ):
        done = runner.run(*runner.step(1, **{"implementation": "impl:reference", **inputs}))
        assert done.returncode == 2, done.stdout + done.stderr
        assert says_what in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_action_installs_a_release_where_one_is_named(wheels: Path, tmp_path: Path) -> None:
    made = Runner(tmp_path / "r", wheels)
    made.env["PIP_NO_DEPS"] = "1"  # what it needs is installed by the other tests
    (name,) = (path.name for path in wheels.glob("*.whl"))
    made.install(*made.step(0, version=f"=={name.split('-')[1]}"))
    found = made.run('"$RUNNER_TEMP/chunkproof/bin/chunkproof" --version')
    assert found.stdout.startswith("chunkproof ")
    refused = made.run(*made.step(0, version="==99.99"))
    assert refused.returncode != 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_lines_of_the_page_judge_the_adapter_of_the_page(wheels: Path, tmp_path: Path) -> None:
    """Every `run` of the workflow, over the shell script: it reads nothing, so it is red."""
    made = Runner(tmp_path / "r", wheels)
    adapter = made.workspace / "adapter"
    adapter.write_text(shell_adapter(), encoding="utf-8")
    adapter.chmod(0o755)
    (job,) = yaml.safe_load(workflow())["jobs"].values()
    install, judge = [step["run"] for step in job["steps"] if "run" in step]
    made.install(install)
    done = made.run(judge)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "does not conform" in done.stdout
    assert "does not conform" in made.summary.read_text("utf-8")
