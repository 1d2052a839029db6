"""Mutants of payloads, errors and the end."""

from __future__ import annotations

import re
from typing import Any, Final

from chunkproof.ending import Ending
from chunkproof.payload import Kind, Payload
from chunkproof.sse import SseDecoder
from chunkproof_conformance.laws.mutants.mutant import Wrap, mutant, replaced

_MALFORMED: Final = Payload(Kind.MALFORMED, problem="not JSON", rule="PAY-10")


def _on_data(change: Any) -> Wrap:
    """Give payloads for the data of some frames; None leaves a frame to the original."""

    def wrap(read: Any) -> Any:
        def mutated(self: Any, data: bytes) -> Any:
            found = change(data)
            return read(self, data) if found is None else found

        return mutated

    return wrap


def _empty_fails(data: bytes) -> list[Payload] | None:
    return None if data.strip() else [_MALFORMED]


def _null_fails(data: bytes) -> list[Payload] | None:
    return [_MALFORMED] if data.strip() in {b"null", b"{}"} else None


def _done_anywhere(data: bytes) -> list[Payload] | None:
    return [Payload(Kind.DONE)] if b"[DONE]" in data else None


def _done_exact(data: bytes) -> list[Payload] | None:
    is_other = b"[DONE]" in data[:8] and data != b"[DONE]"
    return [_MALFORMED] if is_other else None


def _compact_only(data: bytes) -> list[Payload] | None:
    """A search for `"content":"` instead of a JSON reader."""
    loose = re.search(rb'"(content|arguments)"\s+:|"(content|arguments)":\s+"', data)
    return [Payload(Kind.IGNORED)] if loose else None


def _in_order(data: bytes) -> list[Payload] | None:
    """A search for the delta after its choice's index."""
    delta, index = data.find(b'"delta"'), data.find(b'"index"')
    return [Payload(Kind.IGNORED)] if 0 <= delta < index else None


def _unescaped_names(data: bytes) -> list[Payload] | None:
    return [Payload(Kind.IGNORED)] if rb"\u0063" in data else None


def _on_payload(kind: Kind, act: Any) -> Wrap:
    """Do something else with payloads of a kind."""

    def wrap(take: Any) -> Any:
        def mutated(self: Any, payload: Payload) -> None:
            if payload.kind is kind:
                act(self, payload)
            else:
                take(self, payload)

        return mutated

    return wrap


def _nothing(*_: Any) -> None:
    pass


def _note_done(self: Any, _: Payload) -> None:
    self.done_was_seen = True


def _end_with_done(end: Any) -> Any:
    def mutated(self: Any, *, is_done: bool) -> None:
        end(self, is_done=is_done or getattr(self, "done_was_seen", False))

    return mutated


def _end_with_stop(end: Any) -> Any:
    def mutated(self: Any, *, is_done: bool) -> None:
        for choice in self._choices.values():
            if not choice.finish_reason:
                choice.finish("stop")
        end(self, is_done=is_done)

    return mutated


def _outcome(change: Any) -> Wrap:
    """Change the ending, given what was seen."""

    def wrap(end_of: Any) -> Any:
        return lambda seen: change(seen, end_of(seen))

    return wrap


def _always_complete(_: Any, ending: Ending) -> Ending:
    return Ending("complete", "END-3") if ending.outcome == "incomplete" else ending


def _done_needed(seen: Any, ending: Ending) -> Ending:
    return ending if seen.done or seen.error else Ending("incomplete", "END-5", why="no [DONE]")


def _error_forgiven(seen: Any, ending: Ending) -> Ending:
    return Ending("complete", "END-2") if seen.error and seen.done else ending


def _only_errors(fits: Any) -> Wrap:
    """Know errors of some shapes alone."""

    def wrap(maybe_error: Any) -> Any:
        return lambda value: maybe_error(value) if fits(value) else None

    return wrap


def _plain_error_frame(frame: Any) -> Any:
    return lambda self, data, _event: frame(self, data, "")


def _no_transport_error(close: Any) -> Any:
    return lambda self, _error: close(self, None)


def _late(feed: Any) -> Any:
    def mutated(self: Any, data: bytes) -> Any:
        self.kept = [*getattr(self, "kept", []), *feed(self, data)]
        return []

    return mutated


def _late_close(close: Any) -> Any:
    def mutated(self: Any, error: Any = None) -> Any:
        events = close(self, error)
        return [*getattr(self, "kept", []), *events]

    return mutated


def _again(feed: Any) -> Any:
    """Look through all bytes so far at every piece, as `buffer += piece; split(buffer)` does."""

    def mutated(self: Any, data: bytes) -> Any:
        self.buffer = getattr(self, "buffer", b"") + data
        SseDecoder().feed(self.buffer)
        return feed(self, data)

    return mutated


def _no_pairs(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


PAYLOAD: Final = (
    mutant(
        "empty-data-fails",
        "reads the empty payload as JSON",
        "copilot-api#88; 18 of 18 parsers (measured)",
        ("payload:PayloadReader.read", _on_data(_empty_fails)),
    ),
    mutant(
        "null-fails",
        "fails at `data: null`",
        "hermes-agent#80822, autogen#7",
        ("payload:PayloadReader.read", _on_data(_null_fails)),
    ),
    mutant(
        "json-by-search",
        "finds the text by searching for it as one server spells it",
        "shell and embedded clients",
        ("payload:PayloadReader.read", _on_data(_compact_only)),
    ),
    mutant(
        "members-in-order",
        "takes members to come in one order",
        "streaming JSON readers without look-ahead",
        ("payload:PayloadReader.read", _on_data(_in_order)),
    ),
    mutant(
        "names-not-unescaped",
        "compares member names as they are spelt",
        "RFC 8259, section 8.3",
        ("payload:PayloadReader.read", _on_data(_unescaped_names)),
    ),
    mutant(
        "malformed-skipped",
        "goes on after a frame that is not JSON as if nothing were",
        "glued frames: Z.AI, Ollama reports",
        ("stream:StreamParser._payload", _on_payload(Kind.MALFORMED, _nothing)),
    ),
    mutant(
        "done-inside-text",
        "ends wherever a frame holds `[DONE]`",
        "naive `in` checks",
        ("payload:PayloadReader.read", _on_data(_done_anywhere)),
    ),
    mutant(
        "done-spelt-exactly",
        "takes `[DONE]` with a space after it for JSON",
        "sage-wiki#78",
        ("payload:PayloadReader.read", _on_data(_done_exact)),
    ),
    mutant(
        "read-after-done",
        "reads on after `[DONE]`",
        "AI SDK (measured), openai-python#3510",
        ("stream:StreamParser._payload", _on_payload(Kind.DONE, _note_done)),
        ("stream:StreamParser._end", _end_with_done),
    ),
    mutant(
        "done-required",
        "calls a finished answer incomplete without `[DONE]`",
        "opencodex#1170, llmgateway#1901",
        ("stream:end_of", _outcome(_done_needed)),
    ),
    mutant(
        "truncated-is-complete",
        "calls a stream that breaks off complete",
        "1,320 of 1,320 cuts in openai-python (measured)",
        ("stream:end_of", _outcome(_always_complete)),
    ),
    mutant(
        "stop-invented",
        "says `stop` where the stream said nothing",
        "litellm, pydantic-ai (measured)",
        ("stream:StreamParser._end", _end_with_stop),
    ),
    mutant(
        "error-then-done",
        "calls a failed stream complete because `[DONE]` came",
        "litellm#40578",
        ("stream:end_of", _outcome(_error_forgiven)),
    ),
    mutant(
        "errors-swallowed",
        "does not look for errors in payloads",
        "litellm#32086, llama.cpp#14566",
        ("stream:maybe_error", replaced(lambda _: None)),
    ),
    mutant(
        "error-text-ignored",
        "knows errors that are objects alone",
        "nativ#195",
        ("stream:maybe_error", _only_errors(lambda v: not isinstance(v.get("error"), str))),
    ),
    mutant(
        "error-flat-ignored",
        "knows errors inside an `error` member alone",
        "old vLLM, FastChat (measured: 7 parsers)",
        ("stream:maybe_error", _only_errors(lambda value: value.get("error"))),
    ),
    mutant(
        "error-beside-choices",
        "does not look for an error in a chunk with choices",
        "cline#4398, AI SDK .chat (measured)",
        ("stream:maybe_error", _only_errors(lambda value: "choices" not in value)),
    ),
    mutant(
        "error-event-ignored",
        "treats `event: error` as any other",
        "openai-python#2796, litellm (measured)",
        ("stream:StreamParser._frame", _plain_error_frame),
    ),
    mutant(
        "reset-is-end",
        "takes a broken connection for the end",
        "openai-python#2065",
        ("stream:StreamParser._close", _no_transport_error),
    ),
    mutant(
        "buffered",
        "says everything at the end",
        "proxies and middleware that buffer",
        ("stream:StreamParser.feed", _late),
        ("stream:StreamParser.close", _late_close),
    ),
    mutant(
        "read-again",
        "looks through the whole body at every piece",
        "langchain-core tool chunks: quadratic (measured)",
        ("stream:StreamParser.feed", _again),
    ),
    mutant(
        "pair-split-lost",
        "makes U+FFFD of each half of a pair cut in two",
        "all seven Python parsers (measured) return halves",
        (
            "channel:Channel.mend",
            replaced(lambda _self, fragment, _repairs: _no_pairs(fragment)),
        ),
    ),
    mutant(
        "raw-text-refused",
        "takes JSON for ASCII",
        "readers that decode bytes as ASCII and drop the rest",
        (
            "payload:PayloadReader.read",
            lambda read: lambda self, data: read(self, data.decode("ascii", "ignore").encode()),
        ),
    ),
    mutant(
        "pairs-not-joined",
        "decodes the escapes of a pair one by one",
        "hand-written JSON readers",
        (
            "payload:PayloadReader.read",
            lambda read: lambda self, data: read(self, _broken_pairs(data)),
        ),
    ),
)


def _broken_pairs(data: bytes) -> bytes:
    return re.sub(rb"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}", b"??", data)
