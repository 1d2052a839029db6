"""Every scenario against one server: asked, cleaned, judged by its bytes, and written.

One scenario that fails loses no other, and nothing that is there is overwritten unless asked.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import openai

from chunkproof_conformance.cases.cassette import Case, CassetteError, Exchange, write_cassette
from chunkproof_conformance.cases.expected import expected_by_oracle
from chunkproof_conformance.cases.key import CassetteKey, Provenance
from chunkproof_conformance.cases.redact import redact, redacted_text
from chunkproof_conformance.oracles.verdict import NoOracle
from chunkproof_conformance.record.agreement import agreement, contradicts
from chunkproof_conformance.record.cassette import pieces_of, to_cassette, wire_of
from chunkproof_conformance.record.claims import NEEDS, claims, is_plain
from chunkproof_conformance.record.origin import REFUSED_KEY
from chunkproof_conformance.record.scenarios import NOT_ABOUT_THE_REQUEST
from chunkproof_conformance.record.session import RecordError, record
from chunkproof_conformance.record.stated import NOTE, maybe_truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chunkproof_conformance.cases.key import Setup, Truth
    from chunkproof_conformance.cases.secrets import Secrets
    from chunkproof_conformance.cases.wire_view import WireView
    from chunkproof_conformance.record.exchange import Exchange as Recorded
    from chunkproof_conformance.record.origin import Origin
    from chunkproof_conformance.record.scenarios import Scenario
    from chunkproof_conformance.record.session import Recording

AGREES: Final = "twin agrees"


class State(StrEnum):
    """What became of a scenario."""

    RECORDED = "recorded"
    KEPT = "kept"
    """A cassette of its name was there: nothing was asked."""
    NOT_SHOWN = "not shown"
    """The server answered, but not what the scenario is for: nothing was written."""
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """What became of one scenario, for people and machines."""

    scenario: str
    case: str
    state: State
    says: str


@dataclass(frozen=True)
class Campaign:
    """Where, whom and how to ask."""

    base_url: str
    model: str
    origin: Origin
    out: Path
    secrets: Secrets
    api_key: str = "none"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request; never written."""
    setup: Setup = "server"
    weights: Literal["scripted", "random", "trained"] | None = None
    """What the model was, where the person said it."""
    upstream: str | None = None
    """Behind a proxy: server and version, or `script (<wire>)`."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    """Other user messages, by scenario."""
    limit_member: str = "max_tokens"
    omitted: frozenset[str] = frozenset()
    """Request members not to send unless a scenario is about them."""
    force: bool = False
    timeout: float = 60
    """Seconds without a byte."""

    def case_id(self, scenario: Scenario) -> str:
        """The id, and the path, of the scenario's case."""
        return f"{scenario.feature}/{self.origin.slug}-{scenario.variant}"

    def request(self, scenario: Scenario) -> dict[str, Any]:
        """The arguments of `chat.completions.create`, without `stream`."""
        prompt = self.prompts.get(scenario.name, scenario.prompt)
        common = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            self.limit_member: scenario.limit,
        }
        kept = {name: value for name, value in common.items() if name not in self.omitted}
        return {**kept, **scenario.request}


class KeyRefused(RecordError):  # noqa: N818 - as NotReached
    """The server wants another key, or one at all: no scenario would fare better."""


def run(campaign: Campaign, scenarios: Iterable[Scenario]) -> Iterator[Outcome]:
    """Record every scenario, one outcome each, as they come.

    Raises: KeyRefused, at the first question alone: a later one that is refused is a matter of
    that scenario.
    """
    is_let_in = False
    for scenario in scenarios:
        case_id = campaign.case_id(scenario)

        def outcome(
            state: State, says: str, name: str = scenario.name, case: str = case_id
        ) -> Outcome:
            return Outcome(name, case, state, says)

        if not campaign.force and (campaign.out / f"{case_id}.yaml").exists():
            yield outcome(State.KEPT, "it is there; --force records it again")
            continue
        try:
            yield outcome(*_record_one(campaign, scenario))
        except KeyRefused as error:
            if not is_let_in:
                raise
            yield outcome(State.FAILED, str(error))
        except OSError as error:
            where = campaign.out / f"{case_id}.yaml"
            yield outcome(State.FAILED, f"{where} cannot be written: {error.strerror or error}")
        except (RecordError, CassetteError, openai.OpenAIError) as error:
            yield outcome(State.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - a bug of ours must not lose the others
            yield outcome(State.FAILED, f"{type(error).__name__}: {error}")
        is_let_in = True


def _record_one(campaign: Campaign, scenario: Scenario) -> tuple[State, str]:
    recording = record(
        campaign.base_url,
        campaign.request(scenario),
        api_key=campaign.api_key,
        headers=campaign.headers,
        leave_after=scenario.leave_after,
        timeout=campaign.timeout,
    )
    said = _refusal(recording.stream, campaign.secrets)
    if recording.stream.response.status == REFUSED_KEY:
        raise KeyRefused(campaign.base_url, said)
    if recording.stream.response.status in NOT_ABOUT_THE_REQUEST:
        return State.FAILED, f"{said}; ask again later, what is there is kept"
    if 300 <= recording.stream.response.status < 400:
        return State.FAILED, said
    stream = redact(to_cassette(recording.stream), campaign.secrets)
    again, why_not = _twin(recording, campaign.secrets)
    twin = redact(to_cassette(again), campaign.secrets) if again else None
    sentences = (*stream.sentences, *(twin.sentences if twin else ()))
    wire = wire_of(recording.stream, stream.exchange)
    if not scenario.wanted.is_shown(wire):
        return State.NOT_SHOWN, f"wanted: {scenario.wanted.value}; got {said or _summary(wire)}"
    asked_again = twin.exchange if twin else f"no twin: {why_not}"
    case = _case(campaign, scenario, recording.stream, stream.exchange, asked_again)
    key = msgspec.structs.replace(case.key, redactions=list(dict.fromkeys(sentences)))
    case = replace(case, key=key)
    write_cassette(campaign.out, case.key, case.stream, case.twin_exchange)
    return State.RECORDED, f"{_summary(wire)}; {_twin_says(case, why_not)}; {_oracle(case)}"


def _refusal(answer: Recorded, secrets: Secrets) -> str:
    """What a server says instead of an answer, without secrets; empty where it answers."""
    status = answer.response.status
    if status < 300:
        return ""
    elsewhere = [value for name, value in answer.response.headers if name == "location"]
    if elsewhere:
        address = elsewhere[0].partition("?")[0].removesuffix("/chat/completions")
        return f"status {status}: it sends us elsewhere; give --base-url {address}"
    said, _ = redacted_text(" ".join(answer.body.decode(errors="replace").split()), secrets)
    return f"status {status}: {said[:200]}"


def _twin(recording: Recording, secrets: Secrets) -> tuple[Recorded | None, str]:
    """The twin, or why there is none: an answer about our hurry is none."""
    twin = recording.twin
    if twin is not None and twin.response.status in NOT_ABOUT_THE_REQUEST:
        return None, _refusal(twin, secrets)
    return twin, recording.why_no_twin


def _summary(wire: WireView) -> str:
    status = "" if wire.status == 200 else f"status {wire.status}, "
    return f"{status}{len(wire.body):,} bytes in {len(wire.pieces)} reads, {wire.end}"


def _case(
    campaign: Campaign,
    scenario: Scenario,
    recorded: Recorded,
    stream: Exchange,
    asked_again: Exchange | str,
) -> Case:
    """The case; `asked_again` is the twin, or why there is none."""
    wire = wire_of(recorded, stream)
    twin, compared = (None, asked_again) if isinstance(asked_again, str) else (asked_again, "")
    truth = maybe_truth(stream.response_body, recorded.end.value, stream.status)
    case_id = campaign.case_id(scenario)
    if twin is not None:
        stated = None if truth is None else msgspec.to_builtins(truth)
        compared = agreement(case_id, stream.response_body, twin.response_body, stated)
    speaks_alone = truth is None and not is_plain(stream.response_body)
    if twin is not None and speaks_alone and contradicts(twin.response_body, wire):
        twin, compared = None, "the twin said something else and is not kept"
    said = claims(wire, truth, twin_agrees=compared == AGREES)
    key = CassetteKey(
        id=case_id,
        title=scenario.title + _how_it_ended(scenario, wire, truth),
        profiles=said.profiles,
        strength=said.strength,
        rules=said.rules,
        rows=said.rows,
        provenance=_provenance(
            campaign,
            [
                campaign.origin.known_by,
                *([] if compared == AGREES or wire.end != "eof" else [compared]),
                *([NOTE] if truth is not None else []),
            ],
        ),
        pieces=pieces_of(recorded),
        end=recorded.end.value,
        sha256="0" * 64,  # set where the cassette is written
        request_needs=sorted(NEEDS & campaign.request(scenario).keys()),
        truth=truth,
    )
    return Case(key, stream, twin)


def _how_it_ended(scenario: Scenario, wire: WireView, truth: Truth | None) -> str:
    """What a title adds for a stream that did not end as the scenario says."""
    if wire.end == "client-closed" and scenario.leave_after is None:
        return "; it did not end, and we left"
    if wire.end in {"reset", "short-length"}:
        return "; the connection broke" if wire.end == "reset" else "; the connection was cut"
    if truth is None or wire.end == "client-closed" or truth.outcome == "failed":
        return ""
    return {"END-3": "; no [DONE]", "END-4": "; no finish reason"}.get(
        truth.because, "; it ends in the middle" if truth.outcome == "incomplete" else ""
    )


def _provenance(campaign: Campaign, notes: list[str]) -> Provenance:
    origin = campaign.origin
    return Provenance(
        kind="synthesised" if origin.is_scripted else "recorded",
        setup=None if origin.is_scripted else campaign.setup,
        server=origin.server,
        version=origin.version,
        upstream=campaign.upstream,
        weights=campaign.weights,
        recorder=f"chunkproof record, openai {openai.__version__}",
        recorded_on=dt.datetime.now(dt.UTC).date().isoformat(),
        note="; ".join(notes),
    )


def _twin_says(case: Case, why_not: str) -> str:
    if case.twin is None:
        return f"no twin: {why_not}" if why_not else "no twin"
    stated = None if case.key.truth is None else msgspec.to_builtins(case.key.truth)
    if case.key.end != "eof":
        return "twin recorded, of the whole answer"
    return agreement(case.id, case.body, case.twin, stated)


def _oracle(case: Case) -> str:
    """Which oracle gives the expectation, or that a person must."""
    try:
        return f"oracle: {expected_by_oracle(case)['oracle']}"
    except NoOracle:
        return "no oracle reads it: its truth must be written by hand"
