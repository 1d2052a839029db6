"""Token counts for servers that send none: the formulas of Letta 0.10.0.

Text such as `<|endoftext|>` is text and counts as such. Counting text never raises: where
tiktoken or its ranks are missing the count is an estimate, and says so.
Source of the formulas: OpenAI cookbook, "How to count tokens with tiktoken", with the
constants of gpt-4-0613.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DEFAULT_ENCODING: Final = "cl100k_base"
_CHARACTERS_A_TOKEN: Final = 4


class TokenCounter(Protocol):
    """Counts the tokens of a text; bring your own for another tokenizer."""

    @property
    def is_estimate(self) -> bool:
        """The counts may differ from the model's own."""
        ...

    def count(self, text: str) -> int:
        """Return the number of tokens, 0 or more."""
        ...


class CharacterCounter:
    """A token for every four characters begun: what is left where nothing else is known."""

    @property
    def is_estimate(self) -> bool:
        return True

    def count(self, text: str) -> int:
        return -(-len(text) // _CHARACTERS_A_TOKEN)


class TiktokenCounter:
    """Counts with one of tiktoken's encodings."""

    def __init__(self, encoding: Any, *, is_estimate: bool = False) -> None:
        """encoding: a `tiktoken.Encoding`. is_estimate: it is not the model's own."""
        self._is_estimate = is_estimate
        self._encoding = encoding

    @property
    def is_estimate(self) -> bool:
        return self._is_estimate

    def count(self, text: str) -> int:
        return len(self._encoding.encode_ordinary(text))


@lru_cache(maxsize=64)
def token_counter(model: str = "gpt-4") -> TokenCounter:
    """Return a counter for a model; never raises.

    A model tiktoken does not know is counted with cl100k_base, as an estimate; without
    tiktoken, or where it cannot get its ranks, by characters. That answer is remembered.
    """
    try:
        import tiktoken  # noqa: PLC0415 -- optional, and dear to import
        import tiktoken.model  # noqa: PLC0415
    except ImportError:
        return CharacterCounter()
    try:
        name, is_known = tiktoken.model.encoding_name_for_model(model), True
    except KeyError:
        name, is_known = DEFAULT_ENCODING, False
    try:
        return TiktokenCounter(tiktoken.get_encoding(name), is_estimate=not is_known)
    except Exception:  # noqa: BLE001 -- whatever keeps the ranks away: network, proxy, disk, hash
        return CharacterCounter()


def num_tokens_from_messages(messages: Iterable[Mapping[str, Any]], counter: TokenCounter) -> int:
    """Return the tokens of a prompt: 3 a message, its values, 1 for a name, 3 for the answer.

    Raises: ValueError for a value that is no string (content as a list of parts), or a call
    that is no dict.
    """
    total = 3
    for message in messages:
        total += 3
        for key, value in message.items():
            if key == "tool_calls" and isinstance(value, list):
                total += num_tokens_from_tool_calls(value, counter)
            elif value is not None:
                if not isinstance(value, str):
                    raise ValueError(f"Message has non-string value: {key} with value: {value}")
                total += counter.count(value)
            if key == "name":
                total += 1
    return total


def num_tokens_from_tool_calls(calls: Sequence[Any], counter: TokenCounter) -> int:
    """Return the tokens of a message's calls: their texts, 2 for each but the id, 12 a list.

    Raises: ValueError for a call that is no dict, KeyError for one without its members.
    """
    total = 12
    for call in calls:
        if not isinstance(call, dict):
            raise ValueError(f"Unknown tool call type: {type(call)}")  # noqa: TRY004 -- as 0.10.0
        function = call["function"]
        total += counter.count(call["id"])
        for text in (call["type"], function["name"], function["arguments"]):
            total += 2 + counter.count(text)
    return total


def num_tokens_from_functions(functions: Iterable[Mapping[str, Any]], counter: TokenCounter) -> int:
    """Return the tokens of the tools offered.

    Name and description; 11 for a function that has `properties`, even none; per property
    its name and fields; 12 once. Raises: KeyError without `name` or `description`.
    """
    total = 12
    for function in functions:
        total += counter.count(function["name"])
        description = function["description"]
        if isinstance(description, str):
            total += counter.count(description)
        properties = (function.get("parameters") or {}).get("properties")
        if properties is None:
            continue
        total += 11
        for name, fields in properties.items():
            total += counter.count(name)
            total += sum(_field(field, value, counter) for field, value in fields.items())
    return total


def _field(name: str, value: Any, counter: TokenCounter) -> int:
    """Return the tokens of one field of a property's schema; those not named here are free.

    What is no text where 0.10.0 wanted one (it raised a TypeError) counts as none.
    """
    if name in {"type", "description"}:
        return 2 + _text(value, counter)
    if name == "enum":
        return sum(3 + counter.count(str(item)) for item in value) - 3
    if name == "items":
        return 2 + _text(value.get("type") if isinstance(value, dict) else None, counter)
    if name == "default":
        return 2 + counter.count(str(value))
    return 0


def _text(value: Any, counter: TokenCounter) -> int:
    """Return the tokens of a text, or of several types at once: joined by a comma."""
    if isinstance(value, list):
        value = ",".join(map(str, value))
    return counter.count(value) if isinstance(value, str) else 0
