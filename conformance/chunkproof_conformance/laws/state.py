"""Whether two parsers hold the same, all the way down.

Values are compared by value, objects member by member, functions by what they are and what
they are bound to. Places where state could hide from this (closures, files, threads) have none
in a parser without input or output. How a type is compared is worked out once: this runs after
every cut.
"""

from __future__ import annotations

from functools import partial
from json import JSONDecoder
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Seen: TypeAlias = set[tuple[int, int]]
_How: TypeAlias = "Callable[[Any, Any, _Seen], bool]"
_PLAIN: Final[frozenset[type]] = frozenset(
    {str, bytes, bytearray, int, float, bool, type(None), set, frozenset, complex}
)
_STATELESS: Final = (JSONDecoder, type(vars(JSONDecoder())["scan_once"]))
"""Made once of options and hooks, and never changed; what the hooks fill, their owners hold."""
_HOWS: Final[dict[type, _How]] = {}
"""Type -> how two of it are compared."""


def same_state(one: Any, other: Any) -> bool:
    """Whether these two hold the same; see the head of this module."""
    return _same(one, other, set())


def _same(one: Any, other: Any, seen: _Seen) -> bool:
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in _PLAIN:
        return bool(one == other)
    if (id(one), id(other)) in seen:
        return True
    seen.add((id(one), id(other)))
    how = _HOWS.get(kind)
    if how is None:
        how = _HOWS[kind] = _how(kind)
    return how(one, other, seen)


def _how(kind: type) -> _How:
    """How two values of a type are compared."""
    if issubclass(kind, (*_PLAIN,)) or issubclass(kind, FunctionType | BuiltinFunctionType | type):
        return _by_value
    if issubclass(kind, list | tuple):
        return _items
    if issubclass(kind, dict):
        return _mapping
    if issubclass(kind, partial):
        return _partial
    if issubclass(kind, MethodType):
        return _method
    if issubclass(kind, _STATELESS):
        return _always
    names = _slots(kind)
    if names or (hasattr(kind, "__dict__") and kind.__dictoffset__):
        return partial(_object, names)
    return _by_value  # of a kind that shows nothing: no more is known than what it says itself


def _slots(kind: type) -> tuple[str, ...]:
    """The names of what its objects hold beside their `__dict__`."""
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    names: list[str] = []
    for base in kind.__mro__:
        slots = getattr(base, "__slots__", ())
        names += (slots,) if isinstance(slots, str) else slots
    return tuple(name for name in names if name not in {"__dict__", "__weakref__"})


def _by_value(one: Any, other: Any, _: _Seen) -> bool:
    return bool(one == other)


def _always(_one: Any, _other: Any, _: _Seen) -> bool:
    return True


def _items(one: Sequence[Any], other: Sequence[Any], seen: _Seen) -> bool:
    return len(one) == len(other) and all(
        a is b or _same(a, b, seen) for a, b in zip(one, other, strict=True)
    )


def _mapping(one: dict[Any, Any], other: dict[Any, Any], seen: _Seen) -> bool:
    """In the same order too."""
    if list(one) != list(other):
        return False
    for name, value in one.items():
        if value is not other[name] and not _same(value, other[name], seen):
            return False
    return True


def _partial(one: Any, other: Any, seen: _Seen) -> bool:
    parts = ((one.func, one.args, one.keywords), (other.func, other.args, other.keywords))
    return _same(*parts, seen)


def _method(one: Any, other: Any, seen: _Seen) -> bool:
    return one.__func__ is other.__func__ and _same(one.__self__, other.__self__, seen)


def _object(names: tuple[str, ...], one: Any, other: Any, seen: _Seen) -> bool:
    for name in names:
        left, right = getattr(one, name, None), getattr(other, name, None)
        if left is right:
            continue
        if type(left) in _PLAIN:
            if type(left) is not type(right) or left != right:
                return False
        elif not _same(left, right, seen):
            return False
    members: Any = getattr(one, "__dict__", None)
    return members is None or _mapping(members, other.__dict__, seen)
