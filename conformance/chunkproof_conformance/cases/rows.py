"""The catalogue of wire hazards that cases point at: `rows.json`, read once."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that goes wrong, or must not."""

    id: str
    section: str
    """One letter: W wire, D done, J chunk JSON, R role and content, T tool calls, Z reasoning,
    Q refusal, F finish, U usage, E errors, L logprobs, M several choices, A other modalities,
    K connection, C client."""
    says: str
    level: Literal["MUST", "SHOULD", "MAY"]
    frequency: Literal["A", "B", "C", "D"]
    """A: several providers, or seen at a large one. B: two or more independent reports.
    C: one or two. D: rare, or derived."""
    source: str
    """Who says so, joined with `+`: N a norm (WHATWG, RFC 8259), D the vendor's documentation,
    W seen in recordings, I issue reports, S follows from the byte level or from the others."""
    why_no_case: str | None = None
    """What no body can show: the reason, and what stands instead of a case."""


_TABLE: Final = Path(__file__).with_name("rows.json")

ROWS: Final[dict[str, Row]] = {
    row.id: row for row in msgspec.json.decode(_TABLE.read_bytes(), type=list[Row])
}
