"""Values that are shown by their `repr` wherever a failing test prints them."""

from __future__ import annotations

from typing import Any


class Brief:
    """A dataclass with a `repr` of its own.

    Hypothesis and IPython ask for this method, and take a dataclass apart where there is none:
    the templates of one dialect are two screens.
    """

    def _repr_pretty_(self, printer: Any, _cycle: object) -> None:
        printer.text(repr(self))
