"""Tools a test may need and this machine may lack: how to find them."""

import importlib.util
import os
import shutil
from typing import Final

NO_SKIPS: Final = "CHUNKPROOF_NO_SKIPS"
"""Set to 1 (as `make test-all` does), a missing tool is a failure, not a skip."""

_EXECUTABLES: Final = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "chrome"),
}
"""Names an executable goes by, where they are not just the tool's own name."""


def is_present(tool: str) -> bool:
    """Return whether a tool is there: an executable on PATH, or `module:NAME` to import."""
    if tool.startswith("module:"):
        return importlib.util.find_spec(tool.removeprefix("module:")) is not None
    return any(shutil.which(name) for name in _EXECUTABLES.get(tool, (tool,)))


def skips_are_failures() -> bool:
    return os.environ.get(NO_SKIPS, "") not in {"", "0"}
