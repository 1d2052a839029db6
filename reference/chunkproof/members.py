"""The members of JSON objects, read by the kind they should have; what is of another is kept.

Absent and null are the same. A known member of the wrong JSON kind is as absent, kept as
extra and noted (rule ENV-6); one that is not known is kept (rule ENV-7).
"""

from __future__ import annotations

from typing import Any

from chunkproof.values import clean, escape, maybe_digits, read_integer


class MemberReader:
    """Reads members of an object that stands at `path`, and collects what there is to say."""

    __slots__ = ("_has_surrogates", "extras", "repairs")

    def __init__(self, *, has_surrogates: bool) -> None:
        self._has_surrogates = has_surrogates
        self.extras: list[tuple[str, Any]] = []
        self.repairs: list[str] = []

    def clean(self, value: Any) -> Any:
        """Return a value that is kept as it is, made encodable (rule TXT-4)."""
        if not self._has_surrogates:
            return value
        cleaned = clean(value)
        if cleaned != value:
            self.repairs.append("surrogate-lone")
        return cleaned

    def keep(self, path: str, value: Any) -> None:
        self.extras.append((path, self.clean(value)))

    def keep_unknown(self, path: str, value: dict[str, Any], known: frozenset[str]) -> None:
        if known.issuperset(value):
            return
        for name, member in value.items():
            if name not in known and member is not None:
                name = name if name.isascii() else self.clean(name)  # noqa: PLW2901 - TXT-4
                self.keep(f"{path}/{escape(name)}", member)

    def wrong(self, path: str, value: Any) -> None:
        self.repairs.append("wrong-type")
        self.keep(path, value)

    def string(self, path: str, owner: dict[str, Any], name: str) -> str:
        """Return a string that is kept as it is; "" where there is none."""
        value = owner.get(name)
        if value is None or (type(value) is str and value.isascii()):
            return value or ""
        return str(self.clean(self.fragment(path, owner, name)))

    def fragment(self, path: str, owner: dict[str, Any], name: str) -> str:
        """Return a string of a channel, surrogate halves and all; "" where there is none."""
        value = owner.get(name)
        if isinstance(value, str):
            return value
        if value is not None:
            self.wrong(f"{path}/{name}", value)
        return ""

    def array(self, path: str, owner: dict[str, Any], name: str) -> list[Any]:
        value = owner.get(name)
        if isinstance(value, list):
            return value
        if value is not None:
            self.wrong(f"{path}/{name}", value)
        return []

    def objects(self, path: str, owner: dict[str, Any], name: str) -> list[dict[str, Any]]:
        """Return the objects of a list; what is none of them is as absent (ENV-6)."""
        items = self.array(path, owner, name)
        objects = [item for item in items if isinstance(item, dict)]
        if len(objects) < len(items):
            for position, item in enumerate(items):
                if not isinstance(item, dict) and item is not None:
                    self.wrong(f"{path}/{name}/{position}", item)
        return objects

    def mapping(self, path: str, owner: dict[str, Any], name: str) -> dict[str, Any]:
        value = owner.get(name)
        if isinstance(value, dict):
            return value
        if value is not None:
            self.wrong(f"{path}/{name}", value)
        return {}

    def integer(self, path: str, owner: dict[str, Any], name: str) -> int | None:
        value = owner.get(name)
        if value is None or type(value) is int:
            return value
        number = read_integer(value)
        if number is None:
            self.wrong(f"{path}/{name}", value)
        return number

    def index(self, path: str, owner: dict[str, Any]) -> int | None:
        """Return an index of 0 or more, a negative one as it is, None for anything else."""
        value = owner.get("index")
        if type(value) is int:
            return value
        number = maybe_digits(value)
        if number is None:
            return self.integer(path, owner, "index")
        self.repairs.append("index-string")
        return number
