"""The generated parts of docs/laws.md; `python -m tests.laws.page` writes them anew."""

import re
from pathlib import Path
from typing import Final

from chunkproof_conformance.laws.agent import AGENT
from chunkproof_conformance.laws.catalogue import GENERAL
from chunkproof_conformance.synth.rewrites.catalogue import REWRITES

PAGE: Final = Path(__file__).parents[2] / "docs" / "laws.md"


def general() -> str:
    """A table of the general laws."""
    rows = [f"| `{law.name}` | {law.what} |" for law in GENERAL]
    return "\n".join(["| law | what it says |", "|---|---|", *rows])


def agent() -> str:
    """A table of the laws of an agent interface."""
    rows = [f"| `{law.name}` | {law.what} |" for law in AGENT]
    return "\n".join(["| law | what it says |", "|---|---|", *rows])


def rewrites() -> str:
    """A table of the rewrites; contested ones are marked."""
    rows = [
        f"| `{one.name}` | {one.what} | {one.invariant.value}{' (choice)' * one.contested} "
        f"| {', '.join(one.rows)} |"
        for one in REWRITES.values()
    ]
    head = ["| rewrite | what it does | keeps | hazards |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def written(text: str) -> str:
    """The page with its generated parts as they should be."""
    parts = {"general": general(), "agent": agent(), "rewrites": rewrites()}
    for name, part in parts.items():
        mark = f"<!-- {name} -->"
        head, tail = text.split(mark)
        tail = re.sub(r"\A\n\|.*?<!-- end -->", "", tail, flags=re.DOTALL)
        text = f"{head}{mark}\n{part}\n<!-- end -->{tail}"
    return text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
