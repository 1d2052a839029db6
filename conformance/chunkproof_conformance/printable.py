"""Text of strangers on a terminal: nothing in it moves the cursor or changes the title."""

from __future__ import annotations


def printable(text: str, *, keep: str = "") -> str:
    """The text with everything escaped that is no print; the characters in `keep` stay."""
    return "".join(
        char
        if char.isprintable() or char in keep
        else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
