"""Every scenario by its case id, read off the modules of this package."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Final

from chunkproof_conformance.synth import scenarios as package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chunkproof_conformance.synth.scenario import Scenario

SCENARIOS: Final[Mapping[str, Scenario]] = {
    made.id: made
    for module in pkgutil.iter_modules(package.__path__)
    if module.name not in {"catalogue", "write"}
    for made in import_module(f"{package.__name__}.{module.name}").SCENARIOS
}
