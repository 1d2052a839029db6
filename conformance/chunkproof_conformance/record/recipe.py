"""What every recipe does with a server that runs: ask its scenarios, keep one cassette for each.

A recipe knows how its server is installed, given a scripted model and started; what it asks, and
what is known of each answer, is data. Rows follow from the bytes; rules, profiles and strength
are a person's judgement, and so is a truth: its values are typed, their places are looked up.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import openai

from chunkproof_conformance.cases.cassette import CassetteError, write_cassette
from chunkproof_conformance.cases.import_recording import ORDINARY
from chunkproof_conformance.cases.key import CassetteKey, Provenance, Truth
from chunkproof_conformance.cases.redact import Redacted, redact
from chunkproof_conformance.cases.secrets import Secrets
from chunkproof_conformance.oracles.propose import propose
from chunkproof_conformance.oracles.truth import TruthError, check
from chunkproof_conformance.oracles.wire import read_scalars, unescape
from chunkproof_conformance.record import claims, puppet
from chunkproof_conformance.record.agreement import agreement
from chunkproof_conformance.record.cassette import pieces_of, to_cassette, wire_of
from chunkproof_conformance.record.exchange import End
from chunkproof_conformance.record.session import RecordError, Recording, record
from chunkproof_conformance.record.stated import NOTE, maybe_truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from chunkproof_conformance.cases.cassette import Exchange
    from chunkproof_conformance.cases.key import Profile, Setup, Strength
    from chunkproof_conformance.cases.wire_view import WireView
    from chunkproof_conformance.record.exchange import Exchange as Recorded

DONE: Final = b"data: [DONE]\n\n"
UNNOTICED: Final = frozenset({"twin agrees", "no twin"})


@dataclass(frozen=True)
class Scenario:
    """One case to record."""

    id: str
    title: str
    script: str
    """Name in `puppet.SCRIPTS`: what the model says; empty where no model of ours speaks."""
    rules: Sequence[str]
    profiles: Sequence[Profile] = ("lenient",)
    strength: Strength = "should"
    request: Mapping[str, Any] = field(default_factory=dict)
    """Beside model, messages and temperature, which it may replace."""
    leave_after: int | None = None
    """Close the stream after this many network reads."""
    twin: bool = True
    """Ask for it too; off where the stream is not the whole answer."""
    truth: Mapping[str, Any] | None = None
    """Where no other oracle reads a whole stream: what the wire says, as `oracles.propose` wants
    it. The id of a call, new with every answer, is a pattern."""
    note: str | None = None


@dataclass(frozen=True)
class Cleaning:
    """What a server tells of its machine, and how it is taken out by who knows its shape."""

    clean: Callable[[Exchange], Exchange]
    """Changes no length; the same value becomes the same everywhere."""
    says: str
    """The redaction, as the cassette names it."""


@dataclass(frozen=True)
class Served:
    """A server that answers: where, and who it is."""

    base_url: str
    model: str
    """As requests name it."""
    server: str
    version: str
    setup: Setup = "server"
    upstream: str | None = None
    """Behind a proxy: server and version, or `script (<wire>)`."""
    weights: Literal["scripted", "random", "trained"] | None = "scripted"
    api_key: str = "none"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent beside the client's own, never written."""
    cleaning: Cleaning | None = None
    """Before the search for secrets of any kind."""
    relays: Callable[[Mapping[str, Any], bytes], bool] | None = None
    """Whether a body is what a scripted upstream says to the request: then nothing was recorded."""


def request_of(scenario: Scenario, served: Served) -> dict[str, Any]:
    """The arguments of `chat.completions.create`, without `stream`."""
    messages = [{"role": "user", "content": f"play:{scenario.script} Go ahead."}]
    common = {"model": served.model, "messages": messages, "temperature": 0}
    return {**common, **scenario.request}


def truth_of(scenario: Scenario, wire: WireView, end: End) -> tuple[Truth | None, str | None]:
    """The typed truth with its byte ranges, or one stated for a cut stream, and the note to it.

    Where a stream is cut depends on the network, so nobody can type what came before.
    Raises: TruthError if the wire differs from what was typed.
    """
    if scenario.truth is not None:
        proposed = propose(with_ids(scenario.truth, wire.body), wire.body)
        check(proposed, wire.body)
        return msgspec.convert(proposed, Truth), None
    if end is End.EOF:
        return None, None
    if (stated := maybe_truth(wire.body, end.value, wire.status)) is None:
        raise TruthError(f"{end.value}, and no truth of it can be stated")
    return stated, NOTE


def with_ids(draft: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """The draft with each pattern of a call's id replaced by the id of the wire that it fits.

    Ids are taken in the order in which they first stand there. Raises: TruthError.
    """
    seen = dict.fromkeys(
        unescape(body, [(scalar.start, scalar.end)])
        for scalar in read_scalars(body)
        if scalar.is_string and "tool_calls" in scalar.path and scalar.path[-1] == "id"
    )
    left = list(seen)

    def known(segment: Mapping[str, Any]) -> dict[str, Any]:
        pattern = segment.get("id")
        if not isinstance(pattern, re.Pattern):
            return dict(segment)
        if not (left and pattern.fullmatch(left[0])):
            raise TruthError(f"no id like {pattern.pattern}, but {left[:1]}")
        return {**segment, "id": left.pop(0)}

    choices = [
        {**choice, "segments": [known(segment) for segment in choice.get("segments", [])]}
        for choice in draft.get("choices", [])
    ]
    return {**draft, "choices": choices}


def key_of(
    scenario: Scenario, served: Served, recording: Recording, stream: Exchange, day: str
) -> CassetteKey:
    """The cassette's key but for its hash and what the twin adds.

    stream: the exchange as it is written. Raises: TruthError.
    """
    wire = wire_of(recording.stream, stream)
    truth, note = truth_of(scenario, wire, recording.stream.end)
    return CassetteKey(
        id=scenario.id,
        title=scenario.title,
        profiles=list(scenario.profiles),
        strength=scenario.strength,
        rules=list(scenario.rules),
        rows=claims.rows(wire),
        provenance=Provenance(
            kind="recorded",
            setup=served.setup,
            server=served.server,
            version=served.version,
            upstream=served.upstream,
            weights=served.weights,
            recorder=f"chunkproof record, openai {openai.__version__}",
            recorded_on=day,
            note="; ".join(filter(None, (scenario.note, note))) or None,
        ),
        pieces=pieces_of(recording.stream),
        end=recording.stream.end.value,
        sha256="0" * 64,
        request_needs=sorted(json.loads(stream.request_body).keys() - ORDINARY),
        script={"says": puppet.SCRIPTS[scenario.script]} if scenario.script else None,
        truth=truth,
    )


def record_one(scenario: Scenario, served: Served, out: Path, day: str) -> str:
    """Record one scenario, write its cassette, return what to tell the person.

    A twin that says something else is kept and each difference noted: it is a finding about the
    server. Of a twin that was refused only the status is noted.
    Raises: RecordError, TruthError, CassetteError.
    """
    request = request_of(scenario, served)
    recording = record(
        served.base_url,
        request,
        api_key=served.api_key,
        headers=served.headers,
        twin=scenario.twin,
        leave_after=scenario.leave_after,
    )
    if served.relays and served.relays(request, recording.stream.body):
        raise RecordError(scenario.id, "the body is the upstream's own: synthesised, not recorded")
    stream = published(recording.stream, served)
    key = key_of(scenario, served, recording, stream.exchange, day)
    twin, said = None, "no twin"
    if recording.twin is not None:
        if (status := recording.twin.response.status) < 400:
            twin = published(recording.twin, served)
            said = compared(key, stream.exchange, twin.exchange)
        else:
            said = f"the twin got status {status}"
    sentences = (*stream.sentences, *(twin.sentences if twin else ()))
    key = msgspec.structs.replace(noted(key, said), redactions=list(dict.fromkeys(sentences)))
    write_cassette(out, key, stream.exchange, twin.exchange if twin else None)
    size = f"{len(stream.exchange.response_body):,} bytes in {len(key.pieces)} reads"
    return f"{size}, {key.end}, {said}"


def published(exchange: Recorded, served: Served) -> Redacted:
    """The exchange as it may be published, and what was taken out."""
    kept = to_cassette(exchange)
    cleaned = served.cleaning.clean(kept) if served.cleaning else kept
    redacted = redact(cleaned, Secrets())
    if served.cleaning and cleaned != kept:
        return Redacted(redacted.exchange, (*redacted.sentences, served.cleaning.says))
    return redacted


def compared(key: CassetteKey, stream: Exchange, twin: Exchange) -> str:
    """What stream and twin, as they are written, say of one another.

    A stream that nobody's truth tells is read as if it ended with `[DONE]`, where that is all it
    lacks: its twin will speak for it, and must be heard first.
    """
    body = stream.response_body
    stated = None if key.truth is None else msgspec.to_builtins(key.truth)
    lacks_done = stated is None and b"data: [DONE]" not in body
    return agreement(key.id, body + DONE * lacks_done, twin.response_body, stated)


def noted(key: CassetteKey, said: str) -> CassetteKey:
    """The key with what was said of the twin in its note, unless there is nothing to notice."""
    if said in UNNOTICED:
        return key
    note = "; ".join(filter(None, (key.provenance.note, said)))
    return msgspec.structs.replace(
        key, provenance=msgspec.structs.replace(key.provenance, note=note)
    )


def record_each(scenarios: Iterable[Scenario], served: Served, out: Path) -> dict[str, str]:
    """Record them all to `out`; returns failures by id. One that fails loses no other."""
    return record_pairs(((scenario, served) for scenario in scenarios), out)


def record_pairs(pairs: Iterable[tuple[Scenario, Served]], out: Path) -> dict[str, str]:
    """The same, each scenario with where it is asked: a proxy has many upstreams."""
    day = dt.datetime.now(dt.UTC).date().isoformat()
    failures: dict[str, str] = {}
    for scenario, served in pairs:
        try:
            print(f"{scenario.id}: {record_one(scenario, served, out, day)}", flush=True)  # noqa: T201
        except (RecordError, CassetteError, TruthError) as error:
            failures[scenario.id] = str(error)
    return failures


def parser(server: str) -> argparse.ArgumentParser:
    """The options that all recipes have."""
    made = argparse.ArgumentParser(description=f"Record {server} with a scripted model.")
    made.add_argument("--out", type=Path, required=True, help="corpus folder to write to")
    made.add_argument("--python", type=Path, help="interpreter that has the server installed")
    made.add_argument("--force", action="store_true", help="overwrite cassettes")
    made.add_argument("ids", nargs="*", help="scenarios; all of them if none is named")
    return made


def wanted(scenarios: Iterable[Scenario], options: argparse.Namespace) -> list[Scenario]:
    """The scenarios that the options ask for and that are not there yet."""
    return [
        scenario
        for scenario in scenarios
        if (not options.ids or scenario.id in options.ids)
        and (options.force or not (options.out / f"{scenario.id}.yaml").exists())
    ]


def ended(failures: Mapping[str, str]) -> int:
    """The exit status, the failures told: 0 if there were none, else 1."""
    for name, why in failures.items():
        print(f"{name}: {why}", file=sys.stderr)  # noqa: T201
    return 1 if failures else 0
