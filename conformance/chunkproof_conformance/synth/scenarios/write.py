"""Write the cassettes of all scenarios: `python -m chunkproof_conformance.synth.scenarios.write`.

A cassette that is there already with the same content is left alone. A case id is never given
to another stream: see `cassettes/README.md`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chunkproof_conformance.cases.cassette import dump_cassette
from chunkproof_conformance.cases.index import CORPUS
from chunkproof_conformance.synth.scenarios.catalogue import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path


def write_all(folder: Path) -> list[str]:
    """Write what is new or changed; the ids of what was written."""
    written = []
    for case_id, scenario in SCENARIOS.items():
        path = folder / f"{case_id}.yaml"
        text = dump_cassette(scenario.key(), scenario.exchange())
        if not path.is_file() or path.read_bytes() != text.encode():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            written.append(case_id)
    return written


if __name__ == "__main__":
    for case_id in write_all(CORPUS):
        sys.stdout.write(f"{case_id}\n")
