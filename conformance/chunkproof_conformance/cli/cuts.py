"""The options that cut a body, alike in every command."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

from chunkproof_conformance.synth.cuts import parse_cuts

if TYPE_CHECKING:
    from argparse import ArgumentParser


def cuts(text: str) -> tuple[int, ...]:
    """`3,17`, or `none` for one piece."""
    if text == "none":
        return ()
    try:
        return parse_cuts(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is no list of ascending byte offsets; write 3,17 or none"
        ) from None


def step(text: str) -> int:
    """A number of bytes, 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no number of bytes; write 1 or more")
    return int(text)


def add_cut_options(parser: ArgumentParser) -> None:
    """Add `--cuts` and `--every`, of which one may be given."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--cuts", type=cuts, metavar="3,17", help="cut at these byte offsets; none: one piece"
    )
    group.add_argument("--every", type=step, metavar="N", help="cut after every N bytes")
