"""What may not stand in a cassette: secrets by name, secrets by their look, and machines.

A named secret is a value the person who records has (an environment variable, the key in use).
The patterns know what vendors' keys and ids look like; they find those of strangers too.
"""

from __future__ import annotations

import base64
import re
import string
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from chunkproof_conformance.cases.spelling import halves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SHORTEST: Final = 8
"""Characters; a shorter value is no secret, and would be found in ordinary text."""
SHORTEST_BEGINNING: Final = 6
"""Characters of a named secret at the end of a text that was cut inside it."""

SECRET_NAMES: Final = re.compile(
    r"(?i)(?<![a-z])(api)?_?keys?(?![a-z])|token|secret|passwo?r?d|credential|cookie|bearer"
    r"|organi[sz]ation|(?<![a-z])(org|project|account|tenant)_?id|^hostname$"
)
"""Environment variables whose values are secrets, by their names."""

PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    "an API key": re.compile(
        r"(?<![A-Za-z0-9])(?:sk-(?=[\w*-]{0,200}[\dA-Z*])[\w*-]{8,}|sk_(?:live|test)_\w{8,}"
        r"|(?:xai-|gsk_|hf_|r8_|pplx-|nvapi-|fw_|csk-|sess-|tgp_v1_)(?=[\w-]{0,200}\d)[\w-]{12,}"
        r"|AIza[\w-]{8,}|(?:gh[opsu]_|github_pat_|glpat-|xox[abprs]-)(?=[\w-]{0,200}\d)[\w-]{8,}"
        r"|(?:AKIA|ASIA)(?=[A-Z]{0,20}\d)[0-9A-Z]{8,})"
        r"|(?i:api[-_]?key)[\"'\s:=]{1,10}(?=[\w-]{0,200}\d)[\w-]{16,}"
    ),
    "a bearer token": re.compile(r"\b[Bb]earer\s{1,5}(?=\S{0,400}\d)[A-Za-z0-9._~+/=-]{8,}"),
    "a signed token": re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
    "a private key": re.compile(
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
        r".*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
        re.DOTALL,
    ),
    "a cookie": re.compile(r"(?i)\bset-cookie:[^\n]+|\b__cf_bm=[\w.-]+|\b_cfuvid=[\w.-]+"),
    "an organisation, project or account": re.compile(
        r"(?<![A-Za-z0-9])(?:org-|proj_|user-|acct_)(?=[A-Za-z]{0,100}\d)[A-Za-z0-9]{12,}"
        r"|(?<=\bft:)[\w.-]{1,100}:[\w-]{1,100}:[\w:-]*"  # a fine-tuned model names its owner
    ),
    "a request id": re.compile(
        r"(?<![A-Za-z0-9])req_(?=[A-Za-z]{0,100}\d)[A-Za-z0-9]{10,}"
        r"|(?<=request id )[0-9a-f-]{16,}|(?<=request ID )[0-9a-f-]{16,}"
    ),
    "a secret in an address": re.compile(
        r"(?i)(?<=[?&])(?:api[-_]?key|key|token|access_token|sig|signature)=[^&\s\"'\\]{8,}"
        r"|(?<=://)[^/@\s\"']{1,200}:[^/@\s\"']{1,200}(?=@)"
    ),
    "a path of a machine": re.compile(
        r"(?<![\w.:/])/(?:work|root|home|tmp|usr|opt|var|etc|mnt|srv|Users)/[\w.@+-][\w./@+-]*"
        r"|\b[A-Z]:(?:\\|/){1,8}Users(?:\\|/){1,8}[\w.@+-]+"
    ),
    "a platform of a machine": re.compile(
        r"\b(?:Linux|Darwin|macOS|Windows)-\d[\w.+-]*|\b(?:x86_64|aarch64)\b[\w.-]*"
        r"|\bglibc\d[\d.]*|\b\d[\w.]{0,40}-generic\b"
    ),
    "an internal host": re.compile(
        r"\b(?:127(?:\.\d{1,3}){3}|10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2})(?::\d+)?\b"
        r"|\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.(?:internal|corp|lan)\b(?::\d+)?"
    ),
}
"""What -> its look, in text with all escapes resolved.

Everything that can fail late is bounded: a hostile text must not take quadratic time.
"""

PRIVATE_MEMBERS: Final = frozenset({
    "api_key", "access_token", "client_secret", "password", "request_id", "requestId",
    "x_request_id", "trace_id", "session_id", "organization", "organization_id", "org_id",
    "project_id", "account_id", "tenant_id", "user_id",
})  # fmt: skip
"""Members of a JSON body whose strings are taken out whatever they look like."""

_IS_NONE: Final = re.compile(r"^x+$|^[a-z]+[-_]0123456789")
"""What was taken out already, and ids that are plainly made up: `req_0123456789`."""


@dataclass(frozen=True)
class Found:
    """A secret in a text, by character positions."""

    what: str
    start: int
    end: int


@dataclass(frozen=True)
class Secrets:
    """What to look for: named values beside the patterns."""

    values: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, environment: Mapping[str, str], names: Iterable[str] = (), more: Iterable[str] = ()
    ) -> Secrets:
        """The values of variables that `names` lists, or whose names sound secret, and `more`."""
        named = set(names)
        values = [
            value
            for name, value in environment.items()
            if name in named or SECRET_NAMES.search(name)
        ]
        listed = {value.strip() for value in (*values, *more)}
        return cls(tuple(sorted(value for value in listed if len(value) >= SHORTEST)))

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """Each value as it is, percent-encoded, in UTF-8 bytes, and in base64; longest first.

        All in lower case.
        """
        found = {_lowered(spelling) for value in self.values for spelling in _spellings(value)}
        return tuple(sorted(found, key=lambda text: (-len(text), text)))

    def find(self, text: str) -> Iterator[Found]:
        """Every secret in the text; they may overlap. Astral characters stand as two halves.

        Named ones in upper or lower case, however they were given.
        """
        lowered = _lowered(text)
        for value in self.spellings:
            start = lowered.find(value)
            while start >= 0:
                yield Found("a named secret", start, start + len(value))
                start = lowered.find(value, start + 1)
            if found := _beginning_at_the_end(lowered, value):
                yield found
        for what, pattern in PATTERNS.items():
            for match in pattern.finditer(text):
                if not _IS_NONE.search(match[0]):
                    yield Found(what, match.start(), match.end())


_CAPITALS: Final = {ord(letter): letter.lower() for letter in string.ascii_uppercase}


def _lowered(text: str) -> str:
    """The text with small letters for A to Z; `str.lower` makes two characters of some others."""
    return text.translate(_CAPITALS)


def _beginning_at_the_end(text: str, value: str) -> Found | None:
    """The longest beginning of the value that the text ends with."""
    for length in range(len(value) - 1, SHORTEST_BEGINNING - 1, -1):
        if text.endswith(value[:length]):
            return Found("a named secret", len(text) - length, len(text))
    return None


def _spellings(value: str) -> Iterator[str]:
    data = value.encode("utf-8", "surrogateescape")
    yield halves(value)
    yield quote(data, safe="")
    yield data.decode("latin-1")
    for shift in range(3):
        # Base64 of a text that holds the value: three ways to fall into groups of three bytes;
        # the first and last characters depend on the neighbours and are left off.
        coded = base64.b64encode(bytes(shift) + data)[(0, 2, 3)[shift] :].decode()
        kept = coded.rstrip("=")[: -1 if (shift + len(data)) % 3 else None]
        if len(kept) >= SHORTEST:
            yield kept
            yield kept.replace("+", "-").replace("/", "_")
