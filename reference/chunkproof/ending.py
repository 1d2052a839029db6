"""How a stream ends: finish reasons, errors, outcome. Rules FIN, ERR and END, as tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chunkproof.result import ErrorInfo

if TYPE_CHECKING:
    from chunkproof.events import Outcome


class FinishStep(NamedTuple):
    """A choice's finish reason after one more came."""

    reason: str
    is_new: bool
    repair: str = ""


def next_finish(known: str, reason: str) -> FinishStep:
    """Return the finish reason that counts. "" is none.

    | known | then           | counts         | repair          | rule  |
    |-------|----------------|----------------|-----------------|-------|
    | any   | none, equal    | known          |                 | FIN-1 |
    | none  | any            | the new one    |                 | FIN-1 |
    | any   | content_filter | content_filter |                 | FIN-4 |
    | any   | error          | known          |                 | FIN-5 |
    | any   | another        | known          | finish-conflict | FIN-3 |

    The reason `error` fails the stream, wherever it comes (FIN-5).
    """
    if not reason or reason == known:
        return FinishStep(known, is_new=False)
    if not known:
        return FinishStep(reason, is_new=True)
    if reason == "content_filter":
        return FinishStep(reason, is_new=True)
    return FinishStep(known, is_new=False, repair="" if reason == "error" else "finish-conflict")


class Found(NamedTuple):
    """An error that the stream speaks of, and by which rule it is one."""

    error: ErrorInfo
    rule: str


def maybe_error(value: dict[str, Any]) -> Found | None:
    """Return the error of a chunk object, None if it has none (rules ERR-1, ERR-2, ERR-4)."""
    error = value.get("error")
    if error:
        rule = "ERR-4" if value.get("choices") else "ERR-1"
        return Found(describe_error(error, value), rule)
    if value.get("object") == "error":
        return Found(describe_error(value, {}), "ERR-2")
    if value.get("choices") is not None:
        return None
    says = isinstance(value.get("message"), str) or isinstance(value.get("detail"), str)
    named = any(value.get(name) is not None for name in ("code", "status", "type"))
    if says and named:
        return Found(describe_error(value, {}), "ERR-2")
    return None


def describe_error(error: Any, around: dict[str, Any]) -> ErrorInfo:
    """Return message, type and code of an error in any of the shapes that were seen.

    error: the value of `error`, or a flat error object. around: the object it stands in.
    """
    if isinstance(error, str):
        code = _scalar(around.get("code"))
        kind = around.get("type")
        return ErrorInfo(error, kind if isinstance(kind, str) else None, code)
    if isinstance(error, dict):
        if isinstance(error.get("error"), (dict, str)) and error["error"]:
            return describe_error(error["error"], error)
        names = ("message", "detail", "details", "msg", "reason")
        texts = [text for name in names if isinstance(text := error.get(name), str) and text]
        kind = error.get("type")
        code = next(
            (error[name] for name in ("code", "status") if error.get(name) is not None), None
        )
        message = texts[0] if texts else around.get("message")
        return ErrorInfo(
            message if isinstance(message, str) else _shown(error),
            kind if isinstance(kind, str) else None,
            _scalar(code),
        )
    return ErrorInfo(_shown(error), None, None)


def _shown(error: Any) -> str:
    """Return a sentence about an error that has none of its own: the start of its JSON."""
    return f"an error without a message: {json.dumps(error, ensure_ascii=False)}"[:500]


def _scalar(code: Any) -> str | int | None:
    return code if isinstance(code, (str, int)) and not isinstance(code, bool) else None


class Seen(NamedTuple):
    """What a stream showed by the time it ended."""

    error: bool
    """Said by the stream or by the transport."""
    choices: bool
    """A choice was opened."""
    finished: bool
    """Every opened choice has a finish reason, or its audio its expiry (END-11)."""
    done: bool


class Ending(NamedTuple):
    """The outcome, its rule, and the repair it took."""

    outcome: Outcome
    rule: str
    repair: str = ""
    why: str = ""
    """For an incomplete stream: a sentence."""


_NO_CHOICE: Final = "the stream ended without a choice"
_CUT: Final = "the stream ended before a finish reason and before [DONE]"


def end_of(seen: Seen) -> Ending:
    """Return how the stream ended: the first row that fits.

    | error | choices | finished | done | outcome    | repair         | rule  |
    |-------|---------|----------|------|------------|----------------|-------|
    | yes   |         |          |      | failed     |                | END-1 |
    |       | none    |          |      | incomplete |                | END-8 |
    |       |         | yes      | yes  | complete   |                | END-2 |
    |       |         | yes      | no   | complete   | done-missing   | END-3 |
    |       |         | no       | yes  | complete   | finish-missing | END-4 |
    |       |         | no       | no   | incomplete |                | END-5 |

    A transport error before `[DONE]` is an error of the stream (END-6).
    """
    if seen.error:
        return Ending("failed", "END-1")
    if not seen.choices:
        return Ending("incomplete", "END-8", why=_NO_CHOICE)
    if seen.finished:
        return Ending(
            "complete", "END-2" if seen.done else "END-3", "" if seen.done else "done-missing"
        )
    if seen.done:
        return Ending("complete", "END-4", "finish-missing")
    return Ending("incomplete", "END-5", why=_CUT)
