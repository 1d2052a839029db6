"""Every dialect by name, read off the modules of this package."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth import dialects as package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.synth.dialect import Dialect

_MODULES: Final = frozenset(module.name for module in pkgutil.iter_modules(package.__path__))


def _vendors() -> dict[str, tuple[Dialect, ...]]:
    """`openai_legacy` belongs to `openai`, as that is a module too."""
    found: dict[str, tuple[Dialect, ...]] = {}
    for name in sorted(_MODULES - {"catalogue"}):
        vendor = name.partition("_")[0]
        vendor = vendor if vendor in _MODULES else name
        found[vendor] = (
            *found.get(vendor, ()),
            *import_module(f"{package.__name__}.{name}").DIALECTS,
        )
    return found


VENDORS: Final[Mapping[str, tuple[Dialect, ...]]] = _vendors()
"""By the vendor: the module's name, or what stands before its first underscore."""

DIALECTS: Final[Mapping[str, Dialect]] = {
    dialect.name: dialect for variants in VENDORS.values() for dialect in variants
}
"""By the dialect's own name; the first of a vendor bears the vendor's."""
