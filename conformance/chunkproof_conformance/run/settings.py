"""`[tool.chunkproof]` of a project's pyproject.toml, so that `chunkproof run` needs no options.

    [tool.chunkproof]
    implementations = ["cmd:./adapter"]
    known-failures = "known-failures.txt"      # or {"cmd:./adapter" = "known-failures.txt"}
    flaky = ["tools/some-case:*"]
    requirements = "2026.12"
    timeout = 10.0
    jobs = 2

Paths are read from the folder of that file. What stands on the command line wins.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pathlib import Path


class SettingsError(ValueError):
    """Settings that cannot be used: what is wrong, and where."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What a project says about how it is judged."""

    implementations: list[str] = []
    known_failures: str | dict[str, str] | None = None
    flaky: list[str] = []
    requirements: str | None = None
    timeout: float | None = None
    jobs: int | None = None

    def list_of(self, spec: str) -> str | None:
        """The list of known failures of an implementation."""
        if isinstance(self.known_failures, dict):
            return self.known_failures.get(spec)
        return self.known_failures


def load_settings(folder: Path) -> Settings:
    """The settings of `folder/pyproject.toml`; the defaults where it says nothing.

    Raises: SettingsError.
    """
    path = folder / "pyproject.toml"
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path.name} cannot be read: {error}") from error
    try:
        return msgspec.convert(document.get("tool", {}).get("chunkproof", {}), Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"[tool.chunkproof] in {path.name}: {error}") from error
