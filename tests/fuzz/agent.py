"""Streams of agents, whose calls think and speak, and what a client must be told of them."""

import json
from typing import Any, Final

from hypothesis import strategies as st

from chunkproof.interface import OpenAIStreamingInterface
from chunkproof_conformance import strategies
from chunkproof_conformance.judge.messages import Entry, joined, judge_messages
from chunkproof_conformance.laws.agent import tell
from chunkproof_conformance.oracles.messages import OPTIONS, expect_messages
from chunkproof_conformance.synth.message import Call, Message, joined_halves

SPEECH_TOOL: Final = "send_message"
SPEECH: Final = strategies.texts().map(joined_halves)
"""Without lone halves of pairs: they wait for their other half, also past what follows."""
NAMES: Final = st.sampled_from((SPEECH_TOOL, "look", "send_messages"))
ARGUMENTS: Final = strategies.tool_arguments(keys=("thinking", "message"), depth=9, length=300)


def agent_messages(says: Any = strategies.FEATURES) -> st.SearchStrategy[Message]:
    """Messages whose calls have thoughts among their arguments, or speak, or both."""
    return strategies.messages(says=says, speech=SPEECH, names=NAMES, arguments=ARGUMENTS)


def agent_streams() -> st.SearchStrategy[strategies.Streamed]:
    """Streams of such messages. Shrinks to one short thing said."""
    return strategies.streams(messages=agent_messages)


def can_be_told(message: Message) -> bool:
    """Whether the oracle knows what a client is told: an error is its own exception, and a half
    of a pair that stays alone comes out later than it was said."""
    parts = [part.text for choice in message.choices for part in choice.segments]
    return message.failure is None and all(joined_halves(text) == text for text in parts)


def untrue(message: Message, chunks: list[dict[str, Any]]) -> str | None:
    """What a client is told that the message does not say, in words; None where all is true."""
    expected = expect_messages(message)
    for name, speaks in OPTIONS.items():
        told = tell(OpenAIStreamingInterface, chunks, use_assistant_message=speaks)
        seen = [_shown(entry) for entry in told.entries]
        found = judge_messages(expected[name], seen).differences
        if found and not (_waits(message, speaks=speaks) and _same(expected[name], joined(seen))):
            return f"{name}: {found[0]}"
    return None


def _shown(entry: Entry) -> Entry:
    return {name: value for name, value in entry.items() if name != "call"}


def _waits(message: Message, *, speaks: bool) -> bool:
    """Whether a call before the last is told at the end of the stream.

    Calls never close, so one that speaks to the user is known to have nothing to say only then.
    """
    choice = next(one for one in message.choices if one.index == 0)
    early = [part for part in choice.segments if isinstance(part, Call)][:-1]
    return speaks and any(
        call.name == SPEECH_TOOL and not isinstance(json.loads(call.arguments).get("message"), str)
        for call in early
    )


def _same(one: list[Entry], other: list[Entry]) -> bool:
    """Whether they are the same but for their order."""
    return sorted(map(json.dumps, one)) == sorted(map(json.dumps, other))
