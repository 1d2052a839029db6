"""Cases as the files of an export: paths and bytes, nothing written yet."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

import chunkproof_conformance
from chunkproof.rules import RULES
from chunkproof_conformance.cases.expected import EXPECTED, expected_by_oracle
from chunkproof_conformance.cases.export.shapes import (
    ExportedCase,
    ExportedFile,
    Manifest,
    RowSays,
    RuleSays,
    schemas,
)
from chunkproof_conformance.cases.index import CORPUS
from chunkproof_conformance.cases.rows import ROWS
from chunkproof_conformance.judge import observation
from chunkproof_conformance.run.requirements import scored_ids, set_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chunkproof_conformance.cases.cassette import Case

MANIFEST: Final = "manifest.json"
"""The file that is written last."""

_FILES: Final = Path(__file__).with_name("files")
_PACKAGE: Final = Path(chunkproof_conformance.__path__[0])


def contents(cases: Iterable[Case], *, ours: bool = True) -> dict[str, bytes]:
    """Every file of an export of these cases by its path, the manifest last.

    ours: they are of our corpus, whose expected files are in the package; else their oracles
    are asked. Raises: oracles.verdict.NoOracle.
    """
    suite = set_names()[-1]
    scored = scored_ids(suite) if ours else frozenset[str]()
    files = dict(_common())
    ids = []
    for case in cases:
        ids.append(case.id)
        files |= _of_case(case, scored=case.id in scored, ours=ours)
    files = dict(sorted(files.items()))
    files[MANIFEST] = _json(_manifest(suite, ids, files))
    return files


def _common() -> Iterator[tuple[str, bytes]]:
    """What every export has, whatever its cases."""
    for path in _FILES.iterdir():
        yield path.name, path.read_bytes()
    yield "LICENSE", (CORPUS / "LICENSE").read_bytes()
    yield "vectors.json", (_PACKAGE / "judge" / "vectors.json").read_bytes()
    rules = {rule.id: RuleSays(rule.title, rule.contested) for rule in RULES.values()}
    yield "rules.json", _json(dict(sorted(rules.items())))
    rows = {row.id: RowSays(row.says, row.level) for row in ROWS.values()}
    yield "rows.json", _json(dict(sorted(rows.items())))
    expected = (_PACKAGE / "schemas" / "expected.schema.json").read_bytes()
    yield "schemas/expected.schema.json", expected
    yield "schemas/observation.schema.json", _json(observation.json_schema())
    for name, schema in schemas().items():
        yield f"schemas/{name}.schema.json", _json(schema)


def _of_case(case: Case, *, scored: bool, ours: bool) -> dict[str, bytes]:
    folder = f"cases/{case.id}"
    expected = (
        (EXPECTED / f"{case.id}.json").read_bytes() if ours else _json(expected_by_oracle(case))
    )
    return {
        f"{folder}/stream.sse": case.body,
        f"{folder}/case.json": _json(exported(case, scored=scored)),
        f"{folder}/expected.json": expected,
    }


def exported(case: Case, *, scored: bool) -> ExportedCase:
    """What `case.json` says."""
    key = case.key
    return ExportedCase(
        id=key.id,
        title=key.title,
        profiles=key.profiles,
        strength=key.strength,
        scored=scored,
        rules=key.rules,
        rows=key.rows,
        provenance=key.provenance,
        redactions=key.redactions,
        request=case.request,
        request_needs=key.request_needs,
        status=case.stream.status,
        headers=dict(case.stream.response_headers),
        size=len(case.body),
        sha256=key.sha256,
        pieces=key.pieces,
        end=key.end,
    )


def _manifest(suite: str, ids: list[str], files: Mapping[str, bytes]) -> Manifest:
    listed = {
        path: ExportedFile(len(data), hashlib.sha256(data).hexdigest())
        for path, data in files.items()
    }
    return Manifest(version("chunkproof"), suite, ids, listed)


def _json(value: Any) -> bytes:
    """Indented, the same on every machine, lone surrogates escaped."""
    text = json.dumps(msgspec.to_builtins(value), indent=1, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"
