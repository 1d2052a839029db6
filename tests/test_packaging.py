"""What is shipped: built as a release is built, installed into an environment that has nothing.

The environments are made without a network: what the wheel itself declares as its
requirements, and nothing more, is taken over from the environment that runs the tests.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

from tests.benchmarks.bars import WHEEL_BYTES

ROOT: Final = Path(__file__).parent.parent
STREAM: Final = (
    b'data: {"id":"c1","choices":[{"index":0,"delta":{"role":"assistant","content":"hi"}}]}\n\n'
    b'data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)


def succeed(command: list[str], cwd: Path | None = None) -> None:
    """Run a command; fail with what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"


def build(source: Path, target: str, directory: Path) -> Path:
    """Build source into directory with the backend of pyproject.toml; target: wheel or sdist."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(directory)]
    succeed(command, cwd=source)
    (built,) = directory.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


def members(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def requirements_of(lines: list[str], extra: str) -> Iterator[Requirement]:
    """Yield the requirements among lines that hold here, with one extra ("" for none)."""
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement


def closure(wheel: Path, extra: str) -> set[str]:
    """Return the distributions the wheel asks for, directly and through others."""
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    declared = metadata.PathDistribution(zipfile.Path(wheel, name.removesuffix("METADATA")))
    return closure_from(list(requirements_of(declared.requires or [], extra)))


def closure_of(name: str) -> set[str]:
    """Return a distribution and all that it asks for here."""
    return closure_from([Requirement(name)])


def closure_from(waiting: list[Requirement]) -> set[str]:
    found: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        for wanted in requirement.extras | {""}:
            if (requirement.name.lower(), wanted) not in found:
                found.add((requirement.name.lower(), wanted))
                lines = metadata.distribution(requirement.name).requires or []
                waiting += requirements_of(lines, wanted)
    return {name for name, _ in found}


class Environment:
    """An environment with the wheel, what it requires, and nothing else."""

    def __init__(self, directory: Path, wheel: Path, extra: str = "") -> None:
        venv.create(directory, with_pip=False, symlinks=True)
        self.bin = directory / "bin"
        self._outside = directory / "elsewhere"
        self._outside.mkdir()
        (packages,) = directory.glob("lib/python3*/site-packages")
        for name in closure(wheel, extra):
            copy_distribution(name, packages)
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python")]
        succeed([*pip, "install", "--no-index", "--no-deps", "-qq", str(wheel)])
        succeed([*pip, "check"])

    def run(self, *command: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a command of the environment, far away from the checkout and its settings."""
        program, *arguments = command
        return subprocess.run(
            [str(self.bin / program), *arguments],
            input=stdin,
            cwd=self._outside,
            env={"PATH": str(self.bin), "NO_COLOR": "1", "COLUMNS": "100"},
            capture_output=True,
            check=False,
        )


def copy_distribution(name: str, packages: Path) -> None:
    """Copy an installed distribution into another site-packages, scripts left behind."""
    source = metadata.distribution(name)
    for file in source.files or ():
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        target = packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(str(file.locate()), target)


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("bare"), wheel)


@pytest.fixture(scope="module")
def with_run(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("run"), wheel, "run")


def test_the_wheel_holds_the_three_packages_whole(wheel: Path) -> None:
    """Every module, schema, cassette and expected file, and nothing beside them."""
    sources = {
        str(path.relative_to(ROOT / folder))
        for folder, package in (
            ("reference", "chunkproof"),
            ("conformance", "chunkproof_conformance"),
            ("cassettes", "chunkproof_cassettes"),
        )
        for path in (ROOT / folder / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    shipped = {name for name in members(wheel) if ".dist-info/" not in name}
    assert shipped == sources
    assert {"chunkproof/py.typed", "chunkproof_conformance/py.typed"} <= shipped
    assert any(name.startswith("chunkproof_conformance/expected/") for name in shipped)
    assert any(name.startswith("chunkproof_cassettes/") and ".yaml" in name for name in shipped)


def test_the_wheel_is_small(wheel: Path) -> None:
    """With the whole corpus and its expected files it is downloaded in a moment."""
    assert wheel.stat().st_size < WHEEL_BYTES


def test_the_wheel_names_both_licences(wheel: Path) -> None:
    """Apache-2.0 for the code and CC0-1.0 for the data, both as full texts."""
    licences = {name.partition("/licenses/")[2] for name in members(wheel) if "/licenses/" in name}
    assert licences == {"LICENSE", "cassettes/chunkproof_cassettes/LICENSE"}


def test_the_sdist_builds_the_same_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    """Whoever builds from the sdist gets the same files as from the repository."""
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert members(build(source, "wheel", tmp_path)) == members(wheel)


def test_the_sdist_can_test_itself(sdist: Path) -> None:
    """Distributors run the tests from the sdist: whatever the tests read travels along."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"Makefile", "requirements.lock", "tests/conftest.py", "docs/SPEC.md"} <= names
    assert {"action.yml", "examples/first-try/adapter.py", "CHANGELOG.md"} <= names


def test_the_parser_needs_msgspec_alone(bare: Environment, wheel: Path) -> None:
    """`pip install chunkproof` is enough to parse."""
    assert closure(wheel, "") == {"msgspec"}
    done = bare.run("chunkproof", "parse", "--json", "-", stdin=STREAM)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["result"]["outcome"] == "complete"


@pytest.mark.parametrize("command", [(), ("parse",), ("run",)])
def test_help_needs_no_extra(bare: Environment, command: tuple[str, ...]) -> None:
    """`--help` says what a command does even where it could not run."""
    done = bare.run("chunkproof", *command, "--help")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"usage: chunkproof")


def test_run_without_its_extra_says_what_to_install(bare: Environment) -> None:
    """One sentence, no traceback, exit code 2."""
    done = bare.run("chunkproof", "run")
    message = done.stderr.decode().strip()
    assert (done.returncode, done.stdout) == (2, b"")
    assert "chunkproof[run]" in message
    assert "\n" not in message


OWN = """
import pytest

pytestmark = pytest.mark.chunkproof("text/llama-cpp-python-plain")

def test_expected(chunkproof_case, chunkproof_expected):
    assert chunkproof_expected["case"] == chunkproof_case.id

def test_transport(chunkproof_transport):
    chunkproof_transport()

def test_replay(chunkproof_replay):
    chunkproof_replay()
"""


@pytest.mark.slow
def test_the_plugin_needs_pytest_msgspec_and_yaml_alone(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """`pip install 'chunkproof[pytest]'` fights nobody's pins: it brings no client and no server.

    What a fixture needs besides is said by the fixture.
    """
    asked = closure(wheel, "pytest") - {"msgspec", "pyyaml"}
    assert asked == closure_of("pytest")
    with_pytest = Environment(tmp_path_factory.mktemp("pytest"), wheel, "pytest")
    judged = with_pytest.run(
        *("python", "-m", "pytest", "-p", "no:cacheprovider", "-q"),
        *("--chunkproof-impl", "impl:reference", "-k", "llama-cpp-python-plain"),
    )
    assert (judged.returncode, b"4 passed" in judged.stdout) == (0, True), judged.stdout.decode()
    path = tmp_path / "test_own.py"
    path.write_text(OWN, encoding="utf-8")
    own = with_pytest.run("python", "-m", "pytest", "-p", "no:cacheprovider", str(path))
    said = own.stdout.decode()
    assert "1 passed" in said
    assert "a transport needs httpx2 or httpx" in said
    assert "chunkproof_replay needs h11" in said


@pytest.mark.slow
def test_run_judges_the_corpus_from_inside_the_wheel(with_run: Environment) -> None:
    """With the extra `run`, and no checkout near, the reference passes the shipped corpus."""
    done = with_run.run("chunkproof", "run", "-i", "impl:reference")
    assert done.returncode == 0, done.stderr.decode()
    assert b"reference" in done.stdout


@pytest.mark.slow
def test_fuzzing_needs_its_own_extra_alone(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What the sentence says to install is enough: nobody is sent from one extra to the next."""
    with_fuzz = Environment(tmp_path_factory.mktemp("fuzz"), wheel, "fuzz")
    done = with_fuzz.run("chunkproof", "fuzz", "-i", "impl:reference", "--examples", "2")
    assert done.returncode == 0, done.stderr.decode()
