"""Expected files: written by oracles alone, one for each case, no file of any other kind.

The one test that writes (`pytest tests/test_expected.py --snapshot-update`) takes every case at
once: where cases are tests of their own, syrupy deletes the file of one that was filtered out or
skipped. The file of a case that was removed goes with its cassette, by hand.
"""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from chunkproof_conformance.cases.cassette import Case
from chunkproof_conformance.cases.expected import EXPECTED, expected_by_oracle, read_expected
from chunkproof_conformance.cases.index import case_ids, iter_cases
from chunkproof_conformance.oracles import transcript, truth, twin
from chunkproof_conformance.oracles.frames import NotPlain
from chunkproof_conformance.snapshots import EventsExtension, format_json

SCHEMA = Path(EXPECTED).parent / "schemas" / "expected.schema.json"


# syrupy warns that a snapshot is not named after its test; ours are named after their case.
@pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot name")
def test_expected_files_say_what_the_oracles_say(snapshot: SnapshotAssertion) -> None:
    """Every expectation is made before the first one is compared, so none can be left out."""
    expectations = {case.id: expected_by_oracle(case) for case in iter_cases()}
    stored = snapshot.use_extension(EventsExtension)
    wrong = [name for name, value in expectations.items() if stored(name=name) != value]
    for name in wrong[:1]:
        assert stored(name=name) == expectations[name]
    assert not wrong


def test_cases_and_expected_files_match_one_to_one() -> None:
    """No case without a file, no file without a case, nothing else in the folder."""
    files = {path.relative_to(EXPECTED).as_posix() for path in EXPECTED.rglob("*.*")}
    assert files == {f"{case_id}.json" for case_id in case_ids()}


def test_every_expected_file_obeys_the_schema() -> None:
    """Other implementations read these files by their schema."""
    schema = json.loads(SCHEMA.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for case_id in case_ids():
        validator.validate(read_expected(case_id))
        assert read_expected(case_id)["case"] == case_id


def test_every_truth_shows_all_of_the_body_and_nothing_else() -> None:
    """Each value stands where the truth says, and no content of the body is left over."""
    checked = 0
    for case in iter_cases():
        if case.key.truth is not None:
            truth.check(stated(case), case.body)
            checked += 1
    assert checked >= 25


def test_only_a_role_may_stand_in_a_truth_without_bytes() -> None:
    """Nothing is invented: a value that no byte shows is a role filled in by a rule."""
    for case in iter_cases():
        if case.key.truth is not None:
            assert all(where.endswith(", role") for where in truth.unshown(stated(case)))
            assert not truth.unshown(stated(case)) or "ENV-2" in case.key.rules


def test_a_truth_is_written_only_where_the_transcript_reader_refuses() -> None:
    """A plain stream needs no person: two oracles for one stream would hide a mistake."""
    for case in iter_cases():
        if case.key.truth is not None and case.key.end == "eof":
            with pytest.raises(NotPlain):
                transcript.read_transcript(case.body)


def test_twins_agree_with_what_was_read_off_the_stream_or_are_noted() -> None:
    """Where they differ the twin is a finding about the server, and its cassette says so.

    Of a stream that was left, or refused, the twin says more, or nothing.
    """
    for case in iter_cases():
        if case.twin is not None and case.key.end == "eof" and case.stream.status < 400:
            expected = twin.expect(case.twin, case.body)
            other = expected_by_oracle(case)
            if other["oracle"] != "twin":
                found = twin.differences(expected, other)
                note = case.key.provenance.note or ""
                assert not found or f"twin differs: {'; '.join(found)}" in note, case.id


def test_a_readable_file_holds_the_same_value() -> None:
    """The layout of expected files is for people; the value does not depend on it."""
    value = {"long": ["x" * 40, {"y": ["z" * 60, 1.5, None]}], "short": [], "ü": "\u2028"}
    assert json.loads(format_json(value)) == value


def stated(case: Case) -> dict[str, Any]:
    """The truth of a case as plain JSON values."""
    value: dict[str, Any] = msgspec.to_builtins(case.key.truth)
    return value
