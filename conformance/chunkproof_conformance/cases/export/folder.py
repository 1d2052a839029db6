"""Writing an export into a folder, without harm to what is there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from chunkproof_conformance.cases.export.contents import MANIFEST
from chunkproof_conformance.cases.export.shapes import Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class ExportError(Exception):
    """A folder that cannot be written to: which, why, and what to do."""


def write(folder: Path, files: Mapping[str, bytes], *, force: bool = False) -> int:
    """Write the files and return how many there are; the manifest last. Raises: ExportError.

    A folder that holds anything is left alone without `force`. With it, our files are written
    anew, and those that an earlier export wrote, that nobody has changed since, and that are no
    longer in, are removed. Nothing else is touched, and no link is followed out of the folder.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise ExportError(f"{folder} is no folder; name a new or an empty one")
        if folder.exists() and any(folder.iterdir()) and not force:
            raise ExportError(f"{folder} is not empty; --force writes into it all the same")
        folder.mkdir(parents=True, exist_ok=True)
        _remove_former(folder, files)
        for name, data in files.items():
            path = _inside(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        where = error.filename or folder
        raise ExportError(f"{where} cannot be written: {error.strerror or error}") from error
    return len(files)


def _inside(folder: Path, name: str) -> Path:
    """Where a file belongs. Raises: ExportError where a link leads out of the folder."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ExportError(f"{path} is a link out of the folder; take it away")
    return path


def _remove_former(folder: Path, files: Mapping[str, bytes]) -> None:
    """Remove what an earlier export left, its manifest first: without one it is not whole."""
    manifest = folder / MANIFEST
    try:
        former = msgspec.json.decode(manifest.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return
    manifest.unlink()
    for name, file in former.files.items():
        if name in files:
            continue
        path = _inside(folder, name)  # a manifest is a file like any other: it may lie
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256:
            path.unlink()
            _remove_if_empty(path.parent, folder)


def _remove_if_empty(directory: Path, folder: Path) -> None:
    while directory != folder and not any(directory.iterdir()):
        directory.rmdir()
        directory = directory.parent
