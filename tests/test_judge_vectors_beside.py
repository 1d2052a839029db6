"""Would the vectors notice a comparison of frames, of time or of messages that is wrong in one way?

The same question for the other levels is asked beside the vectors themselves.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final

import pytest
from msgspec.structs import replace

from chunkproof import events as ev
from chunkproof_conformance.judge import framing, levels, messages, timely
from chunkproof_conformance.judge.comparison import Judgement
from chunkproof_conformance.judge.diff import Difference
from chunkproof_conformance.judge.expectation import ExpectedFrame
from chunkproof_conformance.judge.observation import Observation
from tests import test_judge_vectors as vectors


def on(change: Callable[..., Any]) -> Callable[[Any], Any]:
    """The real function after a change of what it is given, or of all but `edges`."""
    return lambda real: lambda *given: real(*change(*given[:2]), *given[2:])


def with_frames(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Each frame that was shown changed."""

    def changed(truth: Any, seen: Observation) -> Any:
        frames = seen.frames and tuple(map(change, seen.frames))
        return truth, replace(seen, frames=frames)

    return on(changed)


def of_truth(change: Callable[[str], str]) -> Callable[[Any], Any]:
    """Each payload that is expected changed."""
    return on(lambda truth, seen: ([replace(one, data=change(one.data)) for one in truth], seen))


def done_excuses(real: Callable[..., Any]) -> Callable[..., Any]:
    """With `[DONE]` at the end any number of frames may be missing."""

    def excused(truth: Any, seen: Observation) -> Any:
        has_done = bool(truth) and truth[-1].data == framing.DONE
        return real(truth[: len(seen.frames or ())] if has_done else truth, seen)

    return excused


def without_repairs(expected: Any, seen: Observation) -> Any:
    """The repairs taken out, and as many numbers at the end."""
    events = tuple(event for event in seen.events or () if not isinstance(event, ev.Repair))
    after = seen.after and seen.after[: len(events)]
    return expected, replace(seen, events=events, after=after) if seen.events else seen


def each_alone(real: Callable[..., Any]) -> Callable[..., Any]:
    """Every late event is named."""

    def timely_each(expected: Any, seen: Observation, edges: Any) -> Any:
        judgement = real(expected, seen, edges)
        after = seen.after or ()
        if judgement is None or not judgement.differences:
            return judgement
        alone = [tuple(n * (at == i) for i, n in enumerate(after)) for at in range(len(after))]
        runs = [real(expected, replace(seen, after=one), edges) for one in alone]
        return Judgement(tuple(one for run in runs for one in run.differences))

    return timely_each


def never_early(real: Callable[..., Any]) -> Callable[..., Any]:
    def exactly(expected: Any, seen: Observation, edges: Any) -> Any:
        judgement = real(expected, seen, edges)
        if judgement is None or judgement.differences:
            return judgement
        pieces = [1 + sum(edge < due for edge in edges) for due in expected.due]
        after = [n for _, n in zip(seen.events or (), seen.after or (), strict=True)]
        early = [at for at, (n, due) in enumerate(zip(after, pieces, strict=False)) if n < due]
        return Judgement(tuple(Difference(f"/{at}", "", "", "early") for at in early[:1]))

    return exactly


def only_if_counts_differ(real: Callable[..., Any]) -> Callable[..., Any]:
    """A wrong event is let pass, a lost one is not."""
    return lambda truth, seen: (
        Judgement(()) if len(truth) == len(seen.events or ()) else real(truth, seen)
    )


def without(*members: str) -> Callable[[Any], Any]:
    """Messages without these members, expected or seen."""

    def stripped(entries: Any) -> Any:
        return [{name: one[name] for name in one if name not in members} for one in entries]

    return on(lambda expected, seen: (stripped(expected), stripped(seen)))


def every_member(expected: Any, seen: Any) -> Any:
    """Members that nobody expects are expected to be absent."""
    extra = {name for one in seen for name in one} - {"segment"}
    return [{**dict.fromkeys(extra), **one} for one in expected], seen


def as_json(entries: Any) -> Any:
    """White space in JSON does not count."""
    return [
        {**one, "text": one["text"].replace(" ", "")} if one.get("text") else one for one in entries
    ]


def empty_counts(_: Any) -> Callable[..., Any]:
    def strict(expected: Any, seen: Any) -> Any:
        said = [{**one, "text": one["text"] or ""} if "text" in one else one for one in seen]
        return Judgement(tuple(messages._differences(expected, messages.joined(said))))

    return strict


def one_kind_is_one(real: Callable[..., Any]) -> Callable[..., Any]:
    """All text of a kind is one, whatever stands between."""

    def anywhere(entries: Any) -> Any:
        kinds = [one["kind"] for one in entries]
        return real(sorted(entries, key=lambda one: kinds.index(one["kind"])))

    return anywhere


def calls_joined(real: Callable[..., Any]) -> Callable[..., Any]:
    """Of neighbouring calls the last one is left."""

    def last_call(entries: Any) -> Any:
        kinds = [*(one["kind"] for one in entries), None][1:]
        return real(
            [
                one
                for one, behind in zip(entries, kinds, strict=True)
                if one["kind"] != "tool_call" or behind != "tool_call"
            ]
        )

    return last_call


def wordy(real: Callable[..., Any]) -> Callable[..., Any]:
    """The comparison goes on behind another order."""

    def on_and_on(expected: Any, seen: Any) -> Any:
        yield from real(expected, seen)
        if any(one["kind"] != other["kind"] for one, other in zip(expected, seen, strict=False)):
            yield from real(expected[len(seen) :], [])

    return on_and_on


WRONG: Final[dict[str, tuple[Any, str, Callable[[Any], Any]]]] = {
    "[DONE] is a frame like others": (framing, "DONE", lambda _: "nothing"),
    "[DONE] excuses the frames before it": (
        levels,
        "judge_framing",
        done_excuses,
    ),
    "[DONE] must be shown": (
        levels,
        "judge_framing",
        lambda real: (
            lambda truth, seen: (
                real((*truth, ExpectedFrame("more", "")), seen)
                if seen.frames is not None and len(seen.frames) < len(truth)
                else real(truth, seen)
            )
        ),
    ),
    "any frame may come at the end": (
        levels,
        "judge_framing",
        on(
            lambda truth, seen: (
                truth,
                replace(seen, frames=seen.frames and seen.frames[: len(truth)]),
            )
        ),
    ),
    "frames are trimmed": (levels, "judge_framing", of_truth(lambda one: one.strip())),
    "lines are joined with nothing": (
        levels,
        "judge_framing",
        of_truth(lambda one: one.replace("\n", "")),
    ),
    "types are not looked at": (
        levels,
        "judge_framing",
        with_frames(lambda one: replace(one, event=None)),
    ),
    "a type that is not shown is none": (
        levels,
        "judge_framing",
        with_frames(lambda one: replace(one, event=one.event or "")),
    ),
    "message is a type of its own": (
        levels,
        "judge_framing",
        with_frames(lambda one: replace(one, event="x" if one.event == "message" else one.event)),
    ),
    "no frames shown are no frames": (
        levels,
        "judge_framing",
        on(lambda truth, seen: (truth, replace(seen, frames=seen.frames or ()))),
    ),
    "no frames are none shown": (
        levels,
        "judge_framing",
        on(lambda truth, seen: (truth, replace(seen, frames=seen.frames or None))),
    ),
    "nothing is late": (
        levels,
        "judge_timely",
        on(
            lambda expected, seen: (
                expected,
                replace(seen, after=seen.after and (0,) * len(seen.after)),
            )
        ),
    ),
    "the end is not late": (
        levels,
        "judge_timely",
        lambda real: (
            lambda expected, seen, edges: real(
                expected,
                replace(seen, after=seen.after and tuple(min(n, len(edges)) for n in seen.after)),
                edges,
            )
        ),
    ),
    "early is a fault": (levels, "judge_timely", never_early),
    "a frame at the edge is due with the next piece": (
        timely,
        "bisect_left",
        lambda _: bisect_right,
    ),
    "a frame behind the edge was due with the piece before": (
        timely,
        "bisect_left",
        lambda real: lambda edges, due: real(edges, due - 1),
    ),
    "every late event is named": (levels, "judge_timely", each_alone),
    "a wrong event may be in time": (timely, "judge_exact", only_if_counts_differ),
    "repairs shift the numbers": (levels, "judge_timely", on(without_repairs)),
    "pieces that nobody counted are none": (
        levels,
        "judge_timely",
        on(
            lambda expected, seen: (
                expected,
                seen if seen.after else replace(seen, after=(0,) * len(seen.events or ())),
            )
        ),
    ),
    "every event is due with its own delta": (
        levels,
        "judge_timely",
        on(
            lambda expected, seen: (
                replace(expected, due=(*expected.due[:1], *(due - 10 for due in expected.due[1:]))),
                seen,
            )
        ),
    ),
    "pieces of messages stay apart": (messages, "joined", lambda _: list),
    "segments are not looked at": (levels, "judge_messages", without("segment")),
    "all of a kind is one": (messages, "joined", one_kind_is_one),
    "calls are joined": (messages, "joined", calls_joined),
    "an empty piece is a message": (levels, "judge_messages", empty_counts),
    "ids are not looked at": (levels, "judge_messages", without("id")),
    "names are not looked at": (levels, "judge_messages", without("name")),
    "reasons are not looked at": (levels, "judge_messages", without("reason")),
    "texts are not looked at": (messages, "_differences", without("text")),
    "what nobody expects is judged": (levels, "judge_messages", on(every_member)),
    "white space in arguments does not count": (
        levels,
        "judge_messages",
        on(lambda expected, seen: (as_json(expected), as_json(seen))),
    ),
    "a lost message is nothing": (
        messages,
        "_differences",
        on(lambda expected, seen: (expected[: len(seen)], seen)),
    ),
    "one too many is nothing": (
        messages,
        "_differences",
        on(lambda expected, seen: (expected, seen[: len(expected)])),
    ),
    "behind another order it goes on": (messages, "_differences", wordy),
    "an option changes nothing": (
        vectors,
        "judge",
        lambda real: (
            lambda *given, option: real(*given, option=option and "use_assistant_message=false")
        ),
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_comparison_of_frames_time_or_messages_that_is_wrong_is_noticed(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, broken = WRONG[what]
    monkeypatch.setattr(where, name, broken(getattr(where, name)))
    assert vectors.wrongly_judged()
