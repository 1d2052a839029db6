"""Scenarios that reach a scripted upstream through a real proxy.

The proxy is real and so is what it does to the stream; the words are our script's. A body that
is the script's own, byte for byte, shows nothing of the proxy and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from chunkproof_conformance.record.recipe import Scenario
from chunkproof_conformance.record.scenarios import PING, TIME, WEATHER
from chunkproof_conformance.record.servers.scripted import wires
from chunkproof_conformance.record.servers.scripted.answers import ALOUD, answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chunkproof_conformance.cases.key import Profile, Strength

WireName = Literal["openai", "anthropic", "gemini"]
BEGINNING: Final = "Hello wörld 👋,"
"""What comes of the text of the script before a stream goes wrong."""
HALF: Final = '{"city": "'
"""And of the arguments of a call."""
ONE_CALL: Final[Mapping[str, Any]] = {"tools": [WEATHER]}
TWO_CALLS: Final[Mapping[str, Any]] = {"tools": [WEATHER, TIME]}
BARE_CALL: Final[Mapping[str, Any]] = {"tools": [PING]}
THINKING: Final[Mapping[str, Any]] = {
    "max_tokens": 2048,
    "extra_body": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
}
"""Anthropic's member, which the proxies hand on."""


@dataclass(frozen=True)
class Proxied:
    """One case, and the road to its upstream."""

    case: Scenario
    wire: WireName
    """What the upstream speaks."""
    model: str = "script"
    """As the upstream knows it; its end chooses what goes wrong there."""
    provider: str = ""
    """The vendor that the proxy takes the upstream for, where it is not the wire's own."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the proxy's own, to choose how it works."""


def case(
    case_id: str,
    title: str,
    rules: Sequence[str],
    profiles: Sequence[Profile] = ("lenient",),
    strength: Strength = "should",
    *,
    request: Mapping[str, Any] | None = None,
    twin: bool = True,
    truth: Mapping[str, Any] | None = None,
    note: str | None = None,
) -> Scenario:
    """A case behind a proxy: no model of ours speaks there, the script does."""
    return Scenario(
        case_id,
        title,
        "",
        rules,
        profiles,
        strength,
        request or asking(),
        twin=twin,
        truth=truth,
        note=note,
    )


def asking(**members: Any) -> dict[str, Any]:
    """A request of the script: what `members` say, and else the shortest of its texts."""
    return {"messages": [{"role": "user", "content": "Say hello."}], **members}


def aloud(**members: Any) -> dict[str, Any]:
    """A request that is answered with text before its calls."""
    return asking(messages=[{"role": "user", "content": f"{ALOUD} Then do it."}], **members)


def is_relayed(request: Mapping[str, Any], body: bytes) -> bool:
    """Whether this body, or its beginning, is what the script itself sends to this request.

    Only OpenAI's wire can be handed on as it is: to the others the request is a foreign one.
    """
    said = b"".join(wires.OPENAI.stream({**request, "stream": True}, answer(dict(request))))
    whole, ended = said.removesuffix(b"data: [DONE]\n\n"), body.removesuffix(b"data: [DONE]\n\n")
    ended = ended.removesuffix(wires.OPENAI.error_frame)
    return bool(ended) and whole.startswith(ended)


def chosen(scenarios: Iterable[Proxied], cases: Iterable[Scenario]) -> list[Proxied]:
    """Those of the scenarios whose cases are among these."""
    ids = {case.id for case in cases}
    return [scenario for scenario in scenarios if scenario.case.id in ids]
