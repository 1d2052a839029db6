"""Make cassettes of recordings: a body file and beside it a JSON file of what was measured.

`python -m chunkproof_conformance.cases.import_recording RECORDINGS PLAN CASSETTES` reads the
folder RECORDINGS, the YAML list PLAN (see `PlannedCase`) and writes into the folder CASSETTES.
Nothing is made up here: what a recording does not say (how the transport ended, say) is
noted in the provenance.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from chunkproof_conformance.cases.cassette import CassetteError, Exchange, write_cassette
from chunkproof_conformance.cases.key import (
    CassetteKey,
    Profile,
    Provenance,
    Strength,
    TransportEnd,
    Truth,
)

URI: Final = "http://localhost/v1/chat/completions"
KEPT_HEADERS: Final = ("content-type", "server")
REDACTIONS: Final = (
    "the server's host and port are `localhost`",
    f"of the response headers only {' and '.join(KEPT_HEADERS)} are kept",
)
ORDINARY: Final = frozenset({"model", "messages", "stream", "max_tokens", "temperature", "seed"})
"""Request members that any client can send."""
ENDS: Final[dict[str, TransportEnd]] = {
    "peer closed connection without sending complete message body": "short-length",
    "Connection reset by peer": "reset",
}


class PlannedCase(msgspec.Struct, forbid_unknown_fields=True):
    """One line of the plan: which recording, and what it shows."""

    recording: str
    """Path under the folder of recordings, without suffix."""
    id: str
    title: str
    profiles: list[Profile]
    strength: Strength
    rules: list[str]
    rows: list[str]
    provenance: Provenance
    truth: Truth | None = None


def transport_end(recording: dict[str, Any]) -> tuple[TransportEnd, str | None]:
    """How the transport ended, and what to note where the recorder did not look."""
    if "transport_error" not in recording:
        return "eof", "how the transport ended was not recorded"
    error = recording["transport_error"]
    if error is None:
        return "eof", None
    for sign, end in ENDS.items():
        if sign in error:
            return end, None
    raise CassetteError(recording["scenario"], f"unknown transport error {error!r}", "name it")


def read_pieces(recording: dict[str, Any]) -> list[tuple[int, float]]:
    """Offset and ms of each network read; recorders kept them in two shapes."""
    if "chunks" in recording:
        return [(offset, round(seconds * 1000, 1)) for seconds, offset, _ in recording["chunks"]]
    reads = recording["chunks_ms_len"]
    offsets = accumulate((length for _, length in reads), initial=0)
    return [(offset, round(ms, 1)) for (ms, _), offset in zip(reads, offsets, strict=False)]


def read_exchange(recording: dict[str, Any], body: bytes) -> Exchange:
    """The recording as one HTTP exchange, without what differs by machine."""
    headers: dict[str, list[str]] = {}
    for name, value in recording["headers"]:
        if name.lower() in KEPT_HEADERS:
            headers.setdefault(name.lower(), []).append(value)
    request = json.dumps(recording["request"], ensure_ascii=False, separators=(",", ":"))
    return Exchange(
        method="POST",
        uri=URI,
        request_headers={"content-type": ["application/json"]},
        request_body=request.encode(),
        status=recording["status"],
        reason="OK" if recording["status"] == 200 else "",
        response_headers=headers,
        response_body=body,
    )


def import_recording(planned: PlannedCase, recordings: Path) -> tuple[CassetteKey, Exchange]:
    """The key and the exchange of one planned case."""
    body = recordings.joinpath(f"{planned.recording}.sse").read_bytes()
    recording = json.loads(recordings.joinpath(f"{planned.recording}.json").read_bytes())
    end, note = transport_end(recording)
    notes = [text for text in (planned.provenance.note, note) if text]
    key = CassetteKey(
        id=planned.id,
        title=planned.title,
        profiles=planned.profiles,
        strength=planned.strength,
        rules=planned.rules,
        rows=planned.rows,
        provenance=msgspec.structs.replace(planned.provenance, note="; ".join(notes) or None),
        pieces=read_pieces(recording),
        end=end,
        sha256=hashlib.sha256(body).hexdigest(),
        request_needs=sorted(recording["request"].keys() - ORDINARY),
        truth=planned.truth,
        redactions=list(REDACTIONS),
    )
    return key, read_exchange(recording, body)


def main(argv: list[str] | None = None) -> int:
    """Import every planned case; returns 2 if one failed, after trying all."""
    parser = argparse.ArgumentParser(description="make cassettes of recordings")
    parser.add_argument("recordings", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("cassettes", type=Path)
    options = parser.parse_args(argv)
    plan = msgspec.convert(yaml.safe_load(options.plan.read_text()), list[PlannedCase])
    failures = 0
    for planned in plan:
        try:
            write_cassette(options.cassettes, *import_recording(planned, options.recordings))
        except (CassetteError, OSError) as error:
            failures += 1
            sys.stderr.write(f"{error}\n")
    sys.stderr.write(f"{len(plan) - failures} of {len(plan)} imported\n")
    return 2 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
