"""The npm packages that tests need: of their locks, each installed once."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import chunkproof_conformance.implementations
from tests import tools

ROOT: Final = Path(__file__).parent.parent
SOURCE: Final = Path(chunkproof_conformance.implementations.__path__[0]) / "node"
TARGET: Final = ROOT / "build" / "node"
PATIENCE: Final = 240
"""Seconds for npm: less than a test may take, so that the test says what is wrong."""


def node_root() -> Path:
    """Return a folder with the packages that the Node adapters drive."""
    return installed(SOURCE, TARGET)


def installed(source: Path, target: Path) -> Path:
    """Return target with the packages of source's lock; skips, or fails, without them.

    The package manager needs its registry once; afterwards the folder is used as it is.
    """
    problem = _problem(source, target)
    if problem and tools.skips_are_failures():
        pytest.fail(f"npm ci: {problem}", pytrace=False)
    if problem:
        pytest.skip("npm cannot install the packages of the lock")
    return target


@cache
def _problem(source: Path, target: Path) -> str:
    """Install them where that is still to be done; the end of what npm says if it cannot."""
    lock = (source / "package-lock.json").read_bytes()
    done = target / "node_modules" / ".chunkproof-lock.json"
    if not done.is_file() or done.read_bytes() != lock:
        target.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, target / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
        try:
            subprocess.run(
                command, cwd=target, capture_output=True, text=True, check=True, timeout=PATIENCE
            )
        except subprocess.CalledProcessError as error:
            return str(error.stderr)[-500:] or "it says nothing"
        except subprocess.TimeoutExpired:
            return f"not done within {PATIENCE} s"
        done.write_bytes(lock)
    return ""


def locked_versions() -> dict[str, str]:
    """Return the version of every package in the lock, by its name."""
    packages = json.loads((SOURCE / "package-lock.json").read_bytes())["packages"]
    return {
        path.rpartition("node_modules/")[2]: package["version"]
        for path, package in packages.items()
        if path
    }
