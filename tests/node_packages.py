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


def node_root() -> Path:
    """Return a folder with the packages that the Node adapters drive."""
    return installed(SOURCE, TARGET)


@cache
def installed(source: Path, target: Path) -> Path:
    """Return target with the packages of source's lock; skips, or fails, without them.

    The package manager needs its registry once; afterwards the folder is used as it is.
    """
    lock = (source / "package-lock.json").read_bytes()
    done = target / "node_modules" / ".chunkproof-lock.json"
    if not done.is_file() or done.read_bytes() != lock:
        target.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, target / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        npm = subprocess.run(command, cwd=target, capture_output=True, text=True, check=False)
        if npm.returncode != 0:
            if tools.skips_are_failures():
                pytest.fail(f"npm ci: {npm.stderr[-500:]}", pytrace=False)
            pytest.skip("npm cannot install the packages of the lock")
        done.write_bytes(lock)
    return target


def locked_versions() -> dict[str, str]:
    """Return the version of every package in the lock, by its name."""
    packages = json.loads((SOURCE / "package-lock.json").read_bytes())["packages"]
    return {
        path.rpartition("node_modules/")[2]: package["version"]
        for path, package in packages.items()
        if path
    }
