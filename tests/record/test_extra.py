"""`pip install 'chunkproof[record]'` is enough to record, to validate, and for nothing more."""

from pathlib import Path

import pytest

from chunkproof_conformance.record.servers.scripted.server import serving
from tests.test_packaging import ROOT, Environment, build


@pytest.fixture(scope="module")
def with_record(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    wheel = build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))
    return Environment(tmp_path_factory.mktemp("record"), wheel, "record")


@pytest.mark.slow
def test_the_extra_brings_all_that_recording_and_validating_need(
    with_record: Environment, tmp_path: Path
) -> None:
    """From the installed wheel, far from the checkout."""
    with serving() as url:
        done = with_record.run("chunkproof", "record", "--base-url", url, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr.decode()
    assert len(list(tmp_path.glob("*/*.yaml"))) == len(done.stdout.splitlines()) == 18
    done = with_record.run("chunkproof", "validate", str(tmp_path))
    assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()
    assert b"left out" not in done.stderr
