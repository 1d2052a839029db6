"""The data of a frame to payloads: chunk, done, ignored or malformed. Rules PAY-1 to PAY-14.

`PayloadReader.read` walks the Payloads table top down; the first row that fits counts.
"""

from __future__ import annotations

import json
import math
import re
from enum import Enum
from typing import Any, Final, NamedTuple

import msgspec

from chunkproof.ending import maybe_error
from chunkproof.errors import UsageError

MAX_DEPTH: Final = 256
"""Nesting of arrays and objects; the interpreter's own limit differs by version and stack."""

MAX_RAW: Final = 1_000
"""Code points of an unreadable payload that an error keeps."""

_AROUND: Final = " \t\r"
_SPACE: Final = _AROUND + "\n"
"""What is nothing, also on several `data` lines."""

_MAX_PLAIN: Final = 64 * 1024
"""Bytes of a payload that are read and written again at little cost."""

_ESCAPED_COLON: Final = re.compile(rb"\\u003[aA]")
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
_encode: Final = msgspec.json.Encoder().encode
_PING: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")


class Kind(Enum):
    """What a payload is to the parser."""

    CHUNK = "chunk"
    DONE = "done"
    IGNORED = "ignored"
    MALFORMED = "malformed"


class Payload(NamedTuple):
    """One payload. `value` is the JSON value where it was read."""

    kind: Kind
    value: Any = None
    repairs: tuple[str, ...] = ()
    problem: str = ""
    """Why it is malformed: a sentence."""
    rule: str = ""
    raw: str = ""
    has_surrogates: bool = False
    """The text holds escapes of surrogates, of which some may be alone."""


class MalformedPayloadError(ValueError):
    """The text is not JSON as this parser reads it. Internal: becomes a Payload."""

    def __init__(self, problem: str, rule: str) -> None:
        super().__init__(problem, rule)
        self.problem = problem
        self.rule = rule


class PayloadReader:
    """Reads the data of frames; holds the JSON decoders, which are dear to make."""

    def __init__(self) -> None:
        self._notes: list[str] = []
        hooks: dict[str, Any] = {
            "object_pairs_hook": self._unique,
            "parse_constant": self._constant,
            "parse_float": self._float,
        }
        # From the strict one to the tolerant one; the later ones only read what is unusual.
        self._decoders = (
            json.JSONDecoder(**hooks),
            json.JSONDecoder(parse_int=self._int, **hooks),
            json.JSONDecoder(parse_int=self._int, strict=False, **hooks),
        )

    def read(self, data: bytes) -> list[Payload]:
        """Return the payloads of a frame's data, in order; almost always one."""
        value = maybe_plain_object(data)
        if value is not None:
            return [Payload(Kind.CHUNK, value)]
        repairs: tuple[str, ...] = ()
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode("utf-8", "replace")
            repairs = ("invalid-utf8",)
        text = text.strip(_AROUND)
        plain = None if text.startswith('{"') else _read_plain(text)
        if plain is not None:
            return [plain._replace(repairs=repairs + plain.repairs)]
        try:
            payload = self._read_value(text)
        except MalformedPayloadError as error:
            several = self._read_several(text)
            if several is not None:
                repairs += ("blank-line-missing",)
                return [Payload(Kind.IGNORED, repairs=repairs), *several]
            return [_malformed(error, text, repairs)]
        return [payload._replace(repairs=repairs + payload.repairs)] if repairs else [payload]

    def read_value(self, value: Any) -> Payload:
        """Return the payload that a JSON value is, by the rows for its text.

        So NaN, infinities, halves of pairs and deep nesting mean what they mean in bytes.
        Raises: UsageError if it is no JSON value.
        """
        try:
            text = json.dumps(value)
        except RecursionError:
            problem = "nested deeper than the caller's stack lets it be read"
            return _malformed(MalformedPayloadError(problem, "PAY-13"), "", ())
        except (TypeError, ValueError) as error:
            raise UsageError(f"no JSON value: {error}") from error
        plain = maybe_plain_object(text.encode())
        if plain is not None:
            return Payload(Kind.CHUNK, plain)
        try:
            return self._read_value(text)
        except MalformedPayloadError as error:
            return _malformed(error, text, ())

    def _read_value(self, text: str) -> Payload:
        value = self.read_json(text)
        payload = classify(value)
        has_surrogates = "\\ud" in text or "\\uD" in text
        if not (self._notes or has_surrogates or payload.kind is Kind.MALFORMED):
            return payload
        return payload._replace(
            repairs=(*sorted(set(self._notes)), *payload.repairs),
            raw=text[:MAX_RAW],
            has_surrogates=has_surrogates,
        )

    def read_json(self, text: str) -> Any:
        """Return the JSON value of a text; lone surrogate escapes stay as they are.

        Raises: MalformedPayloadError.
        """
        check_depth(text)
        problem = ""
        for decoder in self._decoders:
            self._notes.clear()
            try:
                value = decoder.decode(text)
            except json.JSONDecodeError as error:
                problem = problem or f"not JSON ({error.msg} at code point {error.pos})"
            except ValueError:  # an integer of over 4,300 digits: the next decoder reads it
                continue
            except RecursionError:
                problem = "the caller's stack leaves no room to read it"
                raise MalformedPayloadError(problem, "PAY-13") from None
            else:
                if not decoder.strict:
                    self._notes.append("control-character")
                return value
        raise MalformedPayloadError(problem, "PAY-10")

    def _read_several(self, text: str) -> list[Payload] | None:
        """Return one payload a line if each line is an object or [DONE], else None."""
        lines = [line for line in (raw.strip(_AROUND) for raw in text.split("\n")) if line]
        if len(lines) < 2 or not all(line == "[DONE]" or line[0] == "{" for line in lines):
            return None
        try:
            return [
                Payload(Kind.DONE) if line == "[DONE]" else self._read_value(line) for line in lines
            ]
        except MalformedPayloadError:
            return None

    def _unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            self._notes.append("duplicate-key")
        return members

    def _constant(self, _: str) -> None:
        self._notes.append("non-finite-number")

    def _float(self, digits: str) -> float | None:
        value = float(digits)
        if math.isfinite(value):
            return value
        self._constant(digits)
        return None

    def _int(self, digits: str) -> int | None:
        try:
            return int(digits)
        except ValueError:  # Python could not write it again either
            self._constant(digits)
            return None


def maybe_plain_object(data: bytes) -> dict[str, Any] | None:
    """Return the value of a plain JSON object; None: it must be read with tolerance.

    Plain is what the strict decoder takes, so that no value needs a repair. It does not see
    duplicate keys; the colons show them: each name has one, all others stand in strings, and
    written again the value has fewer of them if a member was dropped.
    """
    if not data.startswith(b'{"') or len(data) > _MAX_PLAIN:
        return None
    if len(data) > 2 * MAX_DEPTH and data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        return None  # it may be too deep
    if b"\\" in data and _ESCAPED_COLON.search(data):
        return None
    try:
        value = _decode(data)
        again = _encode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return value if again.count(b":") == data.count(b":") else None


def classify(value: Any) -> Payload:
    """Return the payload that a JSON value is: the rows of the table below the text ones."""
    if isinstance(value, dict):
        return Payload(Kind.CHUNK, value) if value else Payload(Kind.IGNORED)
    if value is None:
        return Payload(Kind.IGNORED)
    if isinstance(value, str):
        return Payload(Kind.MALFORMED, value, problem=f"a JSON string: {value}", rule="PAY-7")
    if isinstance(value, list) and value and isinstance(value[0], dict) and maybe_error(value[0]):
        return Payload(Kind.MALFORMED, value[0], problem="a list of errors", rule="PAY-7")
    return Payload(Kind.IGNORED, value, repairs=("payload-not-an-object",))


def _read_plain(text: str) -> Payload | None:
    """Return the payload of a text that needs no JSON reader, else None."""
    if text == "[DONE]":
        return Payload(Kind.DONE)
    if not text.strip(_SPACE) or text in {"null", "{}"}:
        return Payload(Kind.IGNORED)
    if text.startswith(":"):
        return Payload(Kind.IGNORED, repairs=("comment-as-data",))
    is_word = _PING.fullmatch(text) and not _NUMBER.fullmatch(text)
    if is_word or text.lower() == "[done]":
        return Payload(Kind.IGNORED, repairs=("ping-as-data",))
    return None


def _malformed(error: MalformedPayloadError, text: str, repairs: tuple[str, ...]) -> Payload:
    return Payload(
        Kind.MALFORMED,
        repairs=repairs,
        problem=f"{error.problem}: {text[:200]}",
        rule=error.rule,
        raw=text[:MAX_RAW],
    )


def check_depth(text: str) -> None:
    """Raise MalformedPayloadError if arrays and objects nest deeper than MAX_DEPTH."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            problem = f"nested deeper than {MAX_DEPTH} levels"
            raise MalformedPayloadError(problem, "PAY-13")
