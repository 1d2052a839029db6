"""What of an observation must be equal: views of growing looseness, and their difference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from msgspec.structs import replace

from chunkproof import events as ev
from chunkproof_conformance.synth.rewrites.rewrite import Invariant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chunkproof_conformance.judge.observation import Observation

Json = dict[str, Any]
_TEXTS: Final = (ev.Text, ev.Reasoning, ev.Refusal)


def everything(seen: Observation) -> Json:
    """All that was reported: what two readings of the same bytes must share."""
    shown = result(seen)
    if seen.events is not None:
        shown["events"] = [msgspec.to_builtins(event) for event in seen.events]
    return shown


Look: TypeAlias = "Callable[[Observation], Observation]"
"""How observations are looked at before they are compared."""


def look_at(body: bytes, seen: Observation) -> Look:
    """How to look at what is compared with this reading of the body.

    An error's message that the stream does not say is the parser's own: it may name bytes,
    lines and pieces. That there is one counts then, not its words.
    """
    message = seen.error and seen.error.message
    text = body.decode("utf-8", "replace")
    spelt = [json.dumps(message or "", ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)]
    return hushed if message and not any(one in text for one in spelt) else as_it_is


def as_it_is(seen: Observation) -> Observation:
    """All of it."""
    return seen


def hushed(seen: Observation) -> Observation:
    """The same without the words of its error."""
    if seen.error is None:
        return seen
    events = seen.events and tuple(
        replace(event, message="...") if isinstance(event, ev.Error) else event
        for event in seen.events
    )
    return replace(seen, error=replace(seen.error, message="..."), events=events)


def result(seen: Observation) -> Json:
    """The level final of it: outcome, choices, usage, and whose error it was."""
    choices = None
    if seen.choices is not None:
        choices = {
            str(choice.index): {
                name: value or None for name, value in msgspec.to_builtins(choice).items()
            }
            for choice in seen.choices
        }
    return {
        "outcome": seen.outcome,
        "error": seen.error and seen.error.message,
        "choices": choices,
        "usage": msgspec.to_builtins(seen.usage),
    }


def meaning(seen: Observation, invariant: Invariant, *, ignores_extras: bool = False) -> Json:
    """What this invariant keeps; repairs and offsets never."""
    shown = result(seen)
    if seen.events is None or invariant is Invariant.MESSAGE:
        return shown
    left_out: tuple[type[ev.Event], ...] = (ev.Repair, ev.Extra) if ignores_extras else (ev.Repair,)
    events = [event for event in seen.events if not isinstance(event, left_out)]
    if invariant is Invariant.EQUAL:
        # Which chunk came first may be a matter of the rewrite: `start` says only what it said.
        plain = [without_offset(event) for event in events if not isinstance(event, ev.Start)]
        return {**shown, "events": plain}
    return {**shown, "coalesced": coalesced(events)}


def without_offset(event: ev.AnyEvent) -> Json:
    """An event as JSON value, without the place where it was said."""
    said: Json = msgspec.to_builtins(event)
    said.pop("offset")
    return said


def coalesced(events: Iterable[ev.AnyEvent]) -> Json:
    """Per choice what it said in order, neighbours joined; beside it what belongs to none."""
    choices: dict[int, list[Json]] = {}
    usages, extras = [], {}
    for event in events:
        if isinstance(event, ev.Usage):
            usages.append(without_offset(event))
        elif isinstance(event, ev.Extra):
            extras[event.path] = event.value
        elif not isinstance(event, ev.Start | ev.End | ev.Error | ev.Repair):
            said = without_offset(event)
            _join(choices.setdefault(said["choice"], []), said)
    return {"choices": choices, "usages": usages, "extras": extras}


def _join(entries: list[Json], said: Json) -> None:
    """Append, or join with the last entry of the same channel or call."""
    growing = {"text", "reasoning", "refusal"}
    last = entries[-1] if entries else {}
    is_same = last.get("event") == said["event"] and last.get("call") == said.get("call")
    if is_same and said["event"] in growing:
        last["text"] += said["text"]
    elif is_same and said["event"] == "tool_arguments":
        last["fragment"] += said["fragment"]
    else:
        entries.append(said)


def difference(one: Any, other: Any, path: str = "") -> str | None:
    """Where two JSON values first differ, in words; None where they are equal."""
    if one == other:
        return None
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            found = difference(one.get(name), other.get(name), f"{path}/{name}")
            if found:
                return found
    if isinstance(one, list) and isinstance(other, list):
        for number in range(max(len(one), len(other))):
            left, right = _at(one, number), _at(other, number)
            found = difference(left, right, f"{path}/{number}")
            if found:
                return found
    return f"{path or '/'}: {_short(one)} became {_short(other)}"


def _at(items: Sequence[Any], number: int) -> Any:
    return items[number] if number < len(items) else None


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 160 else f"{text[:157]}..."


def place(what: str) -> str:
    """The kind of a difference: its path without numbers, to tell one bug from another."""
    return "/".join(
        part for part in what.split(":", maxsplit=1)[0].split("/") if not part.isdigit()
    )
