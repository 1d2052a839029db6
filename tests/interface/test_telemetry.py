"""Time to the first token: a span event, and a histogram where opentelemetry is installed."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from chunkproof.interface import context_attributes, telemetry
from tests.interface.streams import MODEL, Stream, as_sdk, finish, interface, run_stream, text

STARTED = 1_000_000_000


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    """What the histogram of this test recorded."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr("opentelemetry.metrics.get_meter", provider.get_meter)
    telemetry._maybe_histogram.cache_clear()
    yield reader
    telemetry._maybe_histogram.cache_clear()
    provider.shutdown()


def points(reader: InMemoryMetricReader) -> list[tuple[str, str, HistogramDataPoint]]:
    data = reader.get_metrics_data()
    return [
        (metric.name, str(metric.unit), point)
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
        if isinstance(point, HistogramDataPoint)
    ]


def read(*span: Any, now: int = STARTED + 12_999_999) -> None:
    stream = Stream(map(as_sdk, [text("a"), text("b"), finish("stop")]))
    run_stream(stream, interface(clock_ns=lambda: now), *span)


@pytest.mark.parametrize(("now", "elapsed"), [(12_999_999, 12), (0, 0), (-1, -1)])
def test_the_first_chunk_is_told_to_the_span(
    reader: InMemoryMetricReader, now: int, elapsed: int
) -> None:
    """Once, in whole ms rounded down; a clock set back gives a negative time."""
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        read(span, STARTED, now=STARTED + now)
    (event,) = span.events  # type: ignore[attr-defined]  # the SDK's span has them
    name = "openai_time_to_first_token_ms"
    assert (event.name, dict(event.attributes)) == (name, {name: elapsed})


def test_the_histogram_has_the_context_and_the_model(reader: InMemoryMetricReader) -> None:
    """Name, unit and attributes as in 0.10.0; the context's own dict is never written."""
    mine = {"agent.id": "a"}
    token = context_attributes.set(mine)
    span = TracerProvider().get_tracer("t").start_span("s")
    read(span, STARTED)
    context_attributes.reset(token)
    ((name, unit, point),) = points(reader)
    assert (name, unit, point.count, point.sum) == ("hist_ttft_ms", "ms", 1, 12)
    assert dict(point.attributes or {}) == {"agent.id": "a", "model.name": MODEL}
    assert mine == {"agent.id": "a"}
    assert dict(context_attributes.get()) == {}


@pytest.mark.parametrize("span", [(), (None, STARTED), (object(), None)])
def test_without_a_span_and_a_start_nothing_is_told(
    reader: InMemoryMetricReader, span: tuple[Any, ...]
) -> None:
    read(*span)
    assert points(reader) == []


def test_nothing_of_it_is_required() -> None:
    """Without opentelemetry and tiktoken the interface works, and a span still hears."""
    code = """
import asyncio, sys
sys.modules["opentelemetry"] = sys.modules["tiktoken"] = None
from chunkproof.interface import OpenAIStreamingInterface

class Stream:
    async def __aenter__(self): return self
    async def __aexit__(self, *_): pass
    async def __aiter__(self):
        yield {"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]}

class Span:
    def add_event(self, name, attributes=None): print(name)

async def main():
    made = OpenAIStreamingInterface(is_openai_proxy=True)
    async for message in made.process(Stream(), Span(), 0):
        print(message.content)
    print(made.fallback_output_tokens, made.fallback_is_estimate)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["openai_time_to_first_token_ms", "hi", "1", "True"]
