"""JUnit XML: a suite per implementation, a test case per case and level.

A known failure is skipped with its reason, as CI systems have no word for it; so are a failure that
is not required, which must turn no build red, n/a, and a flaky run. A contested case passes and
shows the choice in its output. Whether the implementation conforms stands in the suite's
properties: no count of tests says it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from chunkproof_conformance.judge.diff import aligned
from chunkproof_conformance.judge.verdicts import Kind
from chunkproof_conformance.run.report import (
    NOT_REQUIRED,
    repeat_command,
    required_ids,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from chunkproof_conformance.run.report import ImplementationRun, Report
    from chunkproof_conformance.run.runner import Row

FAILURES: Final = frozenset({Kind.FAIL, Kind.STALE})
ERRORS: Final = frozenset({Kind.ERROR, Kind.TIMEOUT, Kind.HARNESS_ERROR})
SKIPPED: Final = frozenset({Kind.SKIPPED, Kind.NOT_AVAILABLE, Kind.KNOWN_FAILURE, Kind.FLAKY})
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped: control characters and lone surrogates."""


def junit_xml(report: Report) -> str:
    """The document, indented."""
    root = ET.Element("testsuites", name="chunkproof")
    for run in report.runs:
        root.append(_suite(report, run))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(report: Report, run: ImplementationRun) -> ET.Element:
    required = required_ids(report, run)
    tags = [_tag(row, required) for row in run.rows]
    who = run.implementation
    suite = ET.Element(
        "testsuite",
        name=_text(f"{who.name} {who.version}"),
        tests=str(len(tags) + len(run.stale)),
        failures=str(tags.count("failure") + len(run.stale)),
        errors=str(tags.count("error")),
        skipped=str(tags.count("skipped")),
        time=f"{run.seconds:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="standing", value=str(standing(report, run)))
    for row, tag in zip(run.rows, tags, strict=True):
        suite.append(_case(run, row, tag))
    for pattern in run.stale:
        case = ET.SubElement(suite, "testcase", classname="known failures", name=_text(pattern))
        ET.SubElement(case, "failure", message="stale: the entry speaks of no run")
    if run.stderr:
        ET.SubElement(suite, "system-err").text = _text(run.stderr)
    return suite


def _tag(row: Row, required: Collection[str]) -> str:
    """What a verdict is in JUnit's words; "" for a pass."""
    kind = row.verdict.kind
    if kind in SKIPPED or (kind in NOT_REQUIRED and row.case not in required):
        return "skipped"
    if kind in FAILURES:
        return "failure"
    return "error" if kind in ERRORS else ""


def _case(run: ImplementationRun, row: Row, tag: str) -> ET.Element:
    verdict = row.verdict
    name = f"{row.case}:{row.level}"
    case = ET.Element("testcase", classname=_text(run.implementation.name), name=name)
    message = _text(f"{verdict.kind}: {verdict.message}" if verdict.message else str(verdict.kind))
    if tag == "skipped":
        is_red = verdict.kind in FAILURES | ERRORS
        said = f"not required: {message}" if is_red else message
        element = ET.SubElement(case, tag, message=said)
        if is_red:
            element.text = _text("\n".join(_story(run, row)))
    elif tag:
        element = ET.SubElement(case, tag, message=message, type=str(verdict.kind))
        element.text = _text("\n".join(_story(run, row)))
    elif verdict.kind is Kind.CHOICE:
        ET.SubElement(case, "system-out").text = message
    return case


def _story(run: ImplementationRun, row: Row) -> list[str]:
    lines = []
    for difference in row.verdict.differences:
        expected, got = aligned(difference.expected, difference.got)
        lines += [difference.path, f"expected  {expected}", f"got       {got}"]
    lines += row.verdict.trace.splitlines()
    if row.cutting_matters:
        lines += [f"only when {row.plan.name}", *(row.around or ())]
    return [*lines, f"$ {repeat_command(run, row)}"]


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
