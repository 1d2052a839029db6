"""The rules of the house: who may import whom, what stays empty, what no file may name."""

import ast
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

import grimp
import pytest

ROOT: Final = Path(__file__).parent.parent
REFERENCE, HARNESS, CORPUS = "chunkproof", "chunkproof_conformance", "chunkproof_cassettes"
WITH_ASYNC: Final = ("chunkproof.drivers", "chunkproof.interface")
"""The modules of the reference that may wait, read a clock or know a network."""

OUTSIDE_WORLD: Final = frozenset({
    "asyncio", "anyio", "concurrent", "contextvars", "datetime", "http", "httpx", "httpx2",
    "logging", "multiprocessing", "openai", "os", "pathlib", "queue", "random", "requests",
    "sched", "secrets", "select", "selectors", "signal", "socket", "socketserver", "ssl",
    "subprocess", "tempfile", "threading", "time", "trio", "urllib", "uuid",
})  # fmt: skip
"""Clocks, networks, files, chance and other threads: a sans-IO core knows none of them."""

LONG_MODULE: Final = 600
"""Lines."""


@pytest.mark.parametrize("ci", ["", "true"])
def test_chance_has_no_say_in_ci(ci: str) -> None:
    """There every run draws the same examples, and knows none of an earlier one; elsewhere new."""
    code = (
        "from tests import conftest; from hypothesis import settings as s;"
        "print(s.default.derandomize, s.default.database is None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "CI": ci},
    )  # fmt: skip
    assert done.stdout.split() == (["True", "True"] if ci else ["False", "False"])


@cache
def imports() -> grimp.ImportGraph:
    """Return the graph of all imports that happen at run time, outside packages included."""
    return grimp.build_graph(
        REFERENCE,
        HARNESS,
        CORPUS,
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


def inside(package: str) -> set[str]:
    return {package, *imports().find_descendants(package)}


def core() -> set[str]:
    """Return the modules of the reference below its drivers and its agent interface."""
    return {name for name in inside(REFERENCE) if not name.startswith(WITH_ASYNC)}


def outgoing(modules: set[str]) -> Iterator[tuple[str, str]]:
    """Yield (importer, imported) for every direct import that modules make."""
    for importer in sorted(modules):
        for imported in sorted(imports().find_modules_directly_imported_by(importer)):
            yield importer, imported


def top(module: str) -> str:
    return module.partition(".")[0]


def test_the_reference_imports_nothing_of_ours() -> None:
    """The parser stands alone: no harness, no corpus."""
    found = [pair for pair in outgoing(inside(REFERENCE)) if top(pair[1]) in {HARNESS, CORPUS}]
    assert not found


def test_the_corpus_is_data() -> None:
    """The package of cassettes imports nothing at all."""
    assert not list(outgoing(inside(CORPUS)))


def test_no_oracle_reaches_the_reference() -> None:
    """What says the right answer never asks the parser, not even through other modules."""
    oracles = f"{HARNESS}.oracles"
    chains = [
        imports().find_shortest_chain(importer=oracle, imported=module)
        for oracle in inside(oracles)
        for module in inside(REFERENCE)
    ]
    assert not [chain for chain in chains if chain]


def test_the_core_knows_no_outside_world() -> None:
    """Below drivers and interface: no clock, network, file, log, chance or thread."""
    assert not [pair for pair in outgoing(core()) if top(pair[1]) in OUTSIDE_WORLD]


def test_the_core_needs_msgspec_alone() -> None:
    """`pip install chunkproof` brings msgspec, and the parser asks for nothing else."""
    allowed = {REFERENCE, "msgspec", *sys.stdlib_module_names}
    assert not [pair for pair in outgoing(core()) if top(pair[1]) not in allowed]


def test_the_core_does_not_reach_up() -> None:
    """Drivers and the agent interface stand on the core, never under it.

    The package itself and `__main__` may name them: that is where names are exported.
    """
    below = core() - {REFERENCE, f"{REFERENCE}.__main__"}
    assert not [pair for pair in outgoing(below) if pair[1].startswith(WITH_ASYNC)]


def test_no_modules_import_each_other() -> None:
    """Not even through others: every module can be read, and loaded, before those above it."""
    graph = imports()
    ours = {module for package in (REFERENCE, HARNESS, CORPUS) for module in inside(package)}
    below = {module: graph.find_modules_directly_imported_by(module) & ours for module in ours}
    TopologicalSorter(below).prepare()  # raises CycleError, which names them


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def module_name(path: Path, folder: str) -> str:
    parts = path.relative_to(ROOT / folder).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_async_lives_in_drivers_and_interface_alone() -> None:
    """The rest of the reference has no `async` and no `await`."""
    waiting = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("reference")
        if not module_name(path, "reference").startswith(WITH_ASYNC)
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, waiting)
    ]
    assert not found


@pytest.mark.parametrize("package", [HARNESS, f"{HARNESS}/cli"])
def test_the_way_to_the_command_line_and_the_plugin_is_empty(package: str) -> None:
    """`--help` and every pytest run import these packages: they must cost nothing."""
    assert (ROOT / "conformance" / package / "__init__.py").read_bytes() == b""


@pytest.mark.parametrize("folder", ["reference", "conformance", "cassettes"])
def test_source_folders_hold_packages_only(folder: str) -> None:
    """A module directly in a source folder would be importable here and missing in the wheel."""
    assert not list((ROOT / folder).glob("*.py"))


def test_every_package_has_an_init_file() -> None:
    """A folder of modules without `__init__.py` is seen by no import rule above.

    Recipes for servers are scripts that run in environments of their own.
    """
    missing = {
        path.parent
        for folder in ("reference", "conformance", "cassettes")
        for path in sources(folder)
        if not (path.parent / "__init__.py").exists()
        and "servers" not in path.relative_to(ROOT).parts
    }
    assert not missing


@cache
def tracked_files() -> tuple[Path, ...]:
    """Return the files under version control; skips where this is no checkout."""
    listed = subprocess.run(  # the arguments are ours
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def is_recording(path: Path) -> bool:
    """Return whether a file holds what some server said; its words are not ours."""
    return path.is_relative_to(ROOT / "cassettes") and path.suffix == ".yaml"


MACHINE: Final = re.compile(
    r"(?:^|[^A-Za-z0-9_./-])/(?:home|root|work|farm|opt|mnt|tmp/[a-z])/"  # a folder of one machine
    r"|pypi\.org|pythonhosted\.org|registry\.npmjs|(?:index|registry)-url ?="  # where packages lie
)


@pytest.mark.parametrize(
    "text", ["see /" + "work/main", "cd /" + "root/.cache", "https://pypi" + ".org/simple"]
)
def test_the_search_for_machine_names_finds_them(text: str) -> None:
    assert MACHINE.search(text)


def test_no_file_names_a_machine_or_a_registry() -> None:
    """The project is the same everywhere: no path of somebody's machine, no package host."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in tracked_files()
        if not is_recording(path)
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        if MACHINE.search(line)
    ]
    assert not found


def test_the_lock_names_no_address_and_hashes_everything() -> None:
    """Every requirement is pinned and hashed, so the place it comes from does not matter."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    entries = [entry for entry in re.split(r"\n(?=[a-z0-9])", text) if not entry.startswith("#")]
    assert len(entries) > 10
    assert not [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]


@pytest.mark.filterwarnings("default::UserWarning")
def test_modules_are_short() -> None:
    """A long module is probably two; this only says so."""
    for folder in ("reference", "conformance", "tests"):
        for path in sources(folder):
            lines = path.read_text(encoding="utf-8").count("\n")
            if lines > LONG_MODULE:
                warnings.warn(f"{path.relative_to(ROOT)} has {lines} lines", stacklevel=1)


def test_the_changelog_has_an_entry_for_this_version() -> None:
    """Keep a Changelog: the version in pyproject.toml, or the part that is not yet released."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    assert version
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{version[1]}]" in changelog or "## [Unreleased]" in changelog


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("LICENSE", "Apache License\n                           Version 2.0, January 2004"),
        ("cassettes/chunkproof_cassettes/LICENSE", "CC0 1.0 Universal"),
    ],
)
def test_code_and_corpus_carry_their_own_licence(path: str, sentence: str) -> None:
    """Apache-2.0 for the code, CC0-1.0 for the data."""
    assert sentence in (ROOT / path).read_text(encoding="utf-8")
