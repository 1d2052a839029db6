"""Every dialect by name, read off the modules of this package."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth import dialects as package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.synth.dialect import Dialect

VENDORS: Final[Mapping[str, tuple[Dialect, ...]]] = {
    module.name: import_module(f"{package.__name__}.{module.name}").DIALECTS
    for module in pkgutil.iter_modules(package.__path__)
    if module.name != "catalogue"
}
"""By the module's name."""

DIALECTS: Final[Mapping[str, Dialect]] = {
    dialect.name: dialect for variants in VENDORS.values() for dialect in variants
}
"""By the dialect's own name; the first of a vendor bears the vendor's."""
