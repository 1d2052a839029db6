"""Time to the first token: a span event, and a histogram if opentelemetry is installed.

The histogram's attributes are those of the current context (`context_attributes`) and the
model's name, in a new dict each time: what one request adds no other request sees.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

SPAN_EVENT: Final = "openai_time_to_first_token_ms"
HISTOGRAM: Final = "hist_ttft_ms"
_NANOSECONDS: Final = 1_000_000

context_attributes: ContextVar[Mapping[str, Any]] = ContextVar(
    "chunkproof_attributes",
    default=MappingProxyType({}),
)
"""Attributes of the metrics of this context; set it per request. The default is read-only."""


class Span(Protocol):
    """What is asked of a span: `opentelemetry.trace.Span` has it."""

    def add_event(self, name: str, attributes: Any = None) -> object: ...


def record_first_token(span: Span, model: str | None, *, started_ns: int, now_ns: int) -> None:
    """Say when the first chunk came, in whole ms, rounded down.

    started_ns, now_ns: one clock, `time.time_ns()`; a clock set back gives a negative time.
    """
    elapsed = (now_ns - started_ns) // _NANOSECONDS
    span.add_event(name=SPAN_EVENT, attributes={SPAN_EVENT: elapsed})
    histogram = _maybe_histogram()
    if histogram is not None:
        attributes = {**context_attributes.get(), "model.name": model or ""}
        histogram.record(elapsed, attributes)


@cache
def _maybe_histogram() -> Any:
    """Return the instrument, None where opentelemetry is not installed."""
    try:
        from opentelemetry import metrics  # noqa: PLC0415 -- optional
    except ImportError:
        return None
    return metrics.get_meter("chunkproof").create_histogram(
        HISTOGRAM, unit="ms", description="Histogram for the Time to First Token (ms)"
    )
