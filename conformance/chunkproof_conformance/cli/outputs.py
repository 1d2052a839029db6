"""`-o FORMAT[=FILE]`: the outputs of one run, as many as one likes."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from chunkproof_conformance.cli.main import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chunkproof_conformance.run.report import Report

FORMATS: Final = ("table", "json", "junit", "markdown", "github", "badge", "tap")


class Output(NamedTuple):
    """One output; file None is standard output."""

    format: str
    file: Path | None


def output(text: str) -> Output:
    """`junit=report.xml`, or `markdown` for standard output."""
    name, _, file = text.partition("=")
    if name not in FORMATS:
        raise ArgumentTypeError(f"{name!r} is no format; there are {', '.join(FORMATS)}")
    return Output(name, Path(file) if file and file != "-" else None)


def refuse_unwritable(outputs: Iterable[Output]) -> None:
    """Before anything runs: a long run must not end in a file that cannot be.

    Raises: CommandError.
    """
    for file in (one.file for one in outputs if one.file):
        if file.is_dir():
            raise CommandError(f"{file} cannot be written: it is a folder")
        if not file.parent.is_dir():
            raise CommandError(f"{file} cannot be written: there is no folder {file.parent}")
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            raise CommandError(f"{file} cannot be written: no permission")


def write_outputs(
    report: Report, outputs: Iterable[Output], *, in_full: int, files: Mapping[str, str]
) -> None:
    """Write every one. The table goes to standard output where nothing else does.

    files: per connection the file that annotations point to. Raises: CommandError.
    """
    wanted = list(outputs)
    if all(one.file for one in wanted):
        wanted.insert(0, Output("table", None))
    for one in wanted:
        if one.format == "table" and one.file is None:
            _print_table(report, in_full)
            continue
        text = _text(one.format, report, in_full, files)
        if one.file is None:
            sys.stdout.write(text)
            continue
        try:
            with one.file.open("a" if one.format == "markdown" else "w", encoding="utf-8") as file:
                file.write(text)  # a CI summary is a file that several steps append to
        except OSError as error:
            raise CommandError(f"{one.file} cannot be written: {error.strerror}") from error


def _print_table(report: Report, in_full: int) -> None:
    from rich.console import Console

    from chunkproof_conformance.reports.table import WIDTH, report_table

    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDTH  # rich takes 80 where there is no terminal, as in CI
    console.print(report_table(report, in_full=in_full), crop=False)


def _text(name: str, report: Report, in_full: int, files: Mapping[str, str]) -> str:
    # Each is imported only where it is asked for.
    match name:
        case "json":
            from chunkproof_conformance.reports.machine import report_object

            return json.dumps(report_object(report), indent=1) + "\n"
        case "junit":
            from chunkproof_conformance.reports.junit import junit_xml

            return junit_xml(report)
        case "markdown":
            from chunkproof_conformance.reports.markdown import markdown

            return markdown(report)
        case "github":
            from chunkproof_conformance.reports.annotations import workflow_commands

            return "".join(f"{line}\n" for line in workflow_commands(report, files))
        case "badge":
            from chunkproof_conformance.reports.badge import badge

            return json.dumps(badge(report), ensure_ascii=False) + "\n"
        case "tap":
            from chunkproof_conformance.reports.tap import tap_lines

            return "".join(f"{line}\n" for line in tap_lines(report))
        case _:
            return _table_text(report, in_full)


def _table_text(report: Report, in_full: int) -> str:
    from io import StringIO

    from rich.console import Console

    from chunkproof_conformance.reports.table import WIDTH, report_table

    console = Console(file=StringIO(), width=WIDTH, highlight=False)
    with console.capture() as captured:
        console.print(report_table(report, in_full=in_full), crop=False)
    return captured.get()
