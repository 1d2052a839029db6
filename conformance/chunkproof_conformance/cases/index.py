"""The corpus: case ids come from paths, bodies are read when asked for."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import chunkproof_cassettes
from chunkproof_conformance.cases.card import Card, card_of, read_card
from chunkproof_conformance.cases.cassette import Case, CassetteError, load_cassette

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS: Final = Path(chunkproof_cassettes.__file__).parent
_ID: Final = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")


@lru_cache(maxsize=1)
def case_ids() -> tuple[str, ...]:
    """Every case id, sorted; opens no cassette."""
    return tuple(sorted(f"{path.parent.name}/{path.stem}" for path in CORPUS.glob("*/*.yaml")))


@lru_cache(maxsize=1)
def cards() -> tuple[Card, ...]:
    """The card of every case, in the order of `case_ids`; decodes no body.

    Raises: CassetteError.
    """
    return tuple(read_card(CORPUS / f"{case_id}.yaml") for case_id in case_ids())


def cards_in(folder: Path | None) -> tuple[Card, ...]:
    """The same for a folder of somebody's cassettes, which are read whole; None: our corpus.

    Raises: CassetteError.
    """
    if folder is None:
        return cards()
    return tuple(card_of(load_in(folder, case_id).key) for case_id in ids_in(folder))


def ids_in(folder: Path) -> tuple[str, ...]:
    """Every case id of a folder, sorted; opens no cassette. Raises: CassetteError."""
    if not folder.is_dir():
        raise CassetteError(str(folder), "no such folder", "name one that record has written")
    ids = tuple(sorted(f"{path.parent.name}/{path.stem}" for path in folder.glob("*/*.yaml")))
    if not ids:
        raise CassetteError(str(folder), "no cassettes", "they are <feature>/<case>.yaml in it")
    return ids


def load_in(folder: Path | None, case_id: str) -> Case:
    """Read one case of a folder; None: of our corpus. Raises: CassetteError."""
    if folder is None:
        return load_case(case_id)
    if not _ID.fullmatch(case_id) or not (path := folder / f"{case_id}.yaml").exists():
        raise CassetteError(case_id, f"no such case in {folder}", "`chunkproof list` shows all")
    return load_cassette(path, expected_id=case_id)


def load_case(case_id: str) -> Case:
    """Read one case of the corpus. Raises: CassetteError, also for an id it does not have."""
    # An id is a slug, so it never leaves the corpus folder.
    if not _ID.fullmatch(case_id) or not (path := CORPUS / f"{case_id}.yaml").is_file():
        raise CassetteError(case_id, "no such case", "`chunkproof list` shows all")
    return load_cassette(path, expected_id=case_id)


def iter_cases() -> Iterator[Case]:
    """Every case in the order of `case_ids`, read one at a time."""
    for case_id in case_ids():
        yield load_case(case_id)
