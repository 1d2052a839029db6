"""`[tool.chunkproof]` of a project's pyproject.toml, so that `chunkproof run` needs no options.

    [tool.chunkproof]
    implementations = ["cmd:./adapter"]
    known-failures = "known-failures.txt"      # or {"cmd:./adapter" = "known-failures.txt"}
    flaky = ["tools/some-case:*"]
    requirements = "2026.12"
    timeout = 10.0                             # seconds per stream
    start-timeout = 60.0                       # seconds to say who it is
    jobs = 2

Paths are read from the folder of that file. What stands on the command line wins.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

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
    timeout: Annotated[float, Meta(gt=0, le=86_400)] | None = None
    start_timeout: Annotated[float, Meta(gt=0, le=86_400)] | None = None
    jobs: Annotated[int, Meta(ge=1)] | None = None

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
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path.name} cannot be read: {error}") from error
    tool = document.get("tool", {})
    try:
        return msgspec.convert(
            tool.get("chunkproof", {}) if isinstance(tool, dict) else {}, Settings
        )
    except msgspec.ValidationError as error:
        known = f"; there are {', '.join(Settings.__struct_encode_fields__)}"
        remedy = known if "unknown field" in str(error) else ""
        raise SettingsError(f"[tool.chunkproof] in {path.name}: {error}{remedy}") from error
