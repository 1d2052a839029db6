"""Saying what to install, before anything is imported that may not be there."""

from __future__ import annotations

from importlib.util import find_spec

from chunkproof_conformance.cli.main import CommandError


def need(extra: str, *modules: str) -> None:
    """Raises: CommandError, where one of these modules is not installed."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        names = " and ".join([", ".join(missing[:-1]), missing[-1]] if missing[1:] else missing)
        raise CommandError(
            f"this command needs {names}, which `pip install 'chunkproof[{extra}]'` brings"
        )
