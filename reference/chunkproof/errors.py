"""Errors are types: whose fault it is, fields for programs, a sentence for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chunkproof.events import AnyEvent


class ChunkproofError(Exception):
    """Base of every error this package raises on purpose."""


class UsageError(ChunkproofError):
    """Our caller did something the contract rules out."""


class ParseError(ChunkproofError):
    """The peer sent what `strict=True` does not forgive.

    repair, rule: names of the closed lists. offset: bytes of the body up to the end of the
    frame, None where the input was not bytes. frame: number of the frame, from 1.
    events: what the same `feed` had already found, in order.
    """

    def __init__(
        self,
        repair: str,
        rule: str,
        offset: int | None,
        frame: int,
        events: tuple[AnyEvent, ...] = (),
    ) -> None:
        super().__init__(repair, rule, offset, frame, events)  # keeps the error picklable
        self.repair = repair
        self.rule = rule
        self.offset = offset
        self.frame = frame
        self.events = events

    def __str__(self) -> str:
        where = f"frame {self.frame}"
        if self.offset is not None:
            where += f", before byte {self.offset}"
        return f"{where} needs the repair {self.repair} (rule {self.rule}); strict forgives none"
