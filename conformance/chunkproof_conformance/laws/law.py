"""What a law is, and what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from chunkproof_conformance.connect.adapter import SkippedRunError
from chunkproof_conformance.laws.subject import CrashError, Subject, body_of

if TYPE_CHECKING:
    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.synth.message import Message


@dataclass(frozen=True)
class Violation:
    """One way in which a stream breaks a law.

    what: a sentence; two finds with the same law and `kind` are one bug. body, cuts: what to
    hand over to see it again. crash: the parser gave no answer at all.
    """

    law: str
    what: str
    body: bytes
    cuts: tuple[int, ...] = ()
    kind: str = ""
    crash: bool = False
    origin: bytes = b""
    """The stream the law was asked about; `body` may be a rewriting or a part of it."""
    message: Message | None = None
    """What `body` says, where it is known: its truth."""


Broken: TypeAlias = Iterator[Violation]
Check: TypeAlias = "Callable[[Subject, Stream], Broken]"


@dataclass(frozen=True)
class Law:
    """A law: a check that yields what breaks it, nothing where all is well or n/a.

    needs_live: says something only of a parser that can be fed by hand. contested: rests on
    a rule marked as a choice. keeps_message: what it does to a stream leaves true what the
    stream was made to say.
    """

    name: str
    what: str
    check: Check = field(repr=False)
    needs_live: bool = False
    contested: bool = False
    keeps_message: bool = False

    def __call__(self, subject: Subject, stream: Stream) -> Broken:
        """What breaks the law; no answer at all is one more way to break it.

        A stream that the subject cannot be given breaks none.
        """
        body = body_of(stream)
        try:
            for violation in self.check(subject, stream):
                yield replace(violation, origin=body)
        except SkippedRunError:
            return
        except CrashError as error:
            what = f"no answer: {error}"
            given = (error.body, error.cuts, error.kind)
            yield Violation(self.name, what, *given, crash=True, origin=body)


def law(name: str, *, needs_live: bool = False) -> Callable[[Check], Law]:
    """Make a law of a check; its docstring is what the law says."""

    def make(check: Check) -> Law:
        what = (check.__doc__ or "").strip().split("\n\n", maxsplit=1)[0]
        return Law(name, " ".join(what.split()), check, needs_live)

    return make
