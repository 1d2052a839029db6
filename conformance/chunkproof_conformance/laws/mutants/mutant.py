"""What a mutant is: a few functions of the reference replaced for as long as it runs."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Wrap: TypeAlias = "Callable[[Any], Any]"


@dataclass(frozen=True)
class Patch:
    """One replacement. target: `module:name` or `module:Class.name` inside the reference.

    wrap: the original -> what stands in its place.
    """

    target: str
    wrap: Wrap

    @contextmanager
    def applied(self) -> Iterator[None]:
        module, _, path = self.target.partition(":")
        *owners, name = path.split(".")
        owner = reduce(getattr, owners, import_module(f"chunkproof.{module}"))
        original = owner.__dict__[name]
        setattr(owner, name, self.wrap(original))
        try:
            yield
        finally:
            setattr(owner, name, original)


def replaced(value: Any) -> Wrap:
    """A wrap that does not look at the original."""
    return lambda _: value


_SLOW = (
    Patch("stream:maybe_skeleton", replaced(lambda *_: None)),
    Patch("sse:SseDecoder._plain_frames", replaced(lambda *_: False)),
)
"""The two fast paths, which say the same as the whole way, off: a mutation is met every time."""


@dataclass(frozen=True)
class Mutant:
    """The reference, wrong in one way.

    what: the mistake, in words. seen: where it was met in the wild. fast: the fast paths stay.
    """

    name: str
    what: str
    seen: str
    patches: tuple[Patch, ...]
    fast: bool = False

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Every parser made or fed inside is this mutant. Not for several threads at once."""
        with ExitStack() as stack:
            for patch in (*(() if self.fast else _SLOW), *self.patches):
                stack.enter_context(patch.applied())
            yield


def mutant(
    name: str, what: str, seen: str, *patches: tuple[str, Wrap], fast: bool = False
) -> Mutant:
    """A mutant of (target, wrap) pairs."""
    return Mutant(name, what, seen, tuple(Patch(*patch) for patch in patches), fast)
