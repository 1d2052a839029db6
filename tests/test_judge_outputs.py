"""Audio and annotations at the level final: judged where a case is about them, and nowhere else."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pytest

from chunkproof_conformance.cases.expected import read_expected
from chunkproof_conformance.cases.index import case_ids, load_case
from chunkproof_conformance.judge.diff import Difference
from chunkproof_conformance.judge.expectation import Expectation
from chunkproof_conformance.judge.levels import ContradictionError, judge
from chunkproof_conformance.judge.observation import Observation, ObservedAudio, ObservedChoice

SPOKEN: Final = ObservedAudio("audio_1", "AAECAwQF", "Good morning", 1790003600)
CITED: Final = ({"type": "url_citation", "url_citation": {"title": "one"}}, "two")


@dataclass
class Said:
    """What the truth says of one choice, and what a library showed of it."""

    audio: ObservedAudio | None = SPOKEN
    annotations: tuple[Any, ...] = CITED

    def observation(self, outcome: Any = "complete") -> Observation:
        choice = ObservedChoice(0, finish_reason="stop" if outcome == "complete" else None)
        said = {"audio": self.audio, "annotations": self.annotations}
        return Observation(outcome, choices=(msgspec.structs.replace(choice, **said),))


def truth(**members: Any) -> Expectation:
    choice = {"index": 0, "finish_reason": "stop", **members}
    final = {"outcome": "complete", "choices": [choice]}
    return msgspec.convert({"case": "audio/x-y", "oracle": "truth", "final": final}, Expectation)


BOTH: Final = truth(audio=msgspec.to_builtins(SPOKEN), annotations=list(CITED))


def differences(expected: Expectation, seen: Observation, *blind: str) -> tuple[Difference, ...]:
    judgement = judge("final", expected, seen, frozenset(blind))
    assert judgement is not None
    return judgement.differences


def test_all_that_was_said_passes() -> None:
    assert differences(BOTH, Said().observation()) == ()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/choices/0/audio/id", Said(msgspec.structs.replace(SPOKEN, id="audio_1audio_1"))),
        ("/choices/0/audio/data", Said(msgspec.structs.replace(SPOKEN, data="AwQF"))),
        ("/choices/0/audio/transcript", Said(msgspec.structs.replace(SPOKEN, transcript=None))),
        ("/choices/0/audio/expires_at", Said(msgspec.structs.replace(SPOKEN, expires_at=1))),
        ("/choices/0/audio/id", Said(None)),
        ("/choices/0/annotations/1", Said(annotations=CITED[:1])),
        ("/choices/0/annotations/1", Said(annotations=(CITED[0], CITED[0], "two"))),
        ("/choices/0/annotations/0", Said(annotations=())),
    ],
)
def test_what_is_lost_changed_or_doubled_is_a_difference(path: str, said: Said) -> None:
    """An id said twice is one id; the last piece alone is not the whole; none is not one."""
    assert differences(BOTH, said.observation())[0].path == path


def test_a_case_that_is_not_about_them_does_not_judge_them() -> None:
    """A member that the truth leaves out is anybody's own affair."""
    assert differences(truth(), Said().observation()) == ()


def test_a_library_without_a_place_for_them_is_neither_right_nor_wrong() -> None:
    """Declared is shown; and what is declared must then not be reported."""
    nothing = Said(None, ()).observation()
    judgement = judge("final", BOTH, nothing, frozenset({"audio", "annotations"}))
    assert judgement is not None
    assert judgement.differences == ()
    assert judgement.not_represented == ("annotations", "audio")
    with pytest.raises(ContradictionError):
        judge("final", BOTH, Said().observation(), frozenset({"audio"}))


def test_an_exception_may_leave_them_half_said() -> None:
    """What was seen before it must be the beginning of the truth."""
    answer = truth(audio=msgspec.to_builtins(SPOKEN), annotations=list(CITED))
    half = Said(ObservedAudio("audio_1", "AAEC", None), CITED[:1])
    assert [found.path for found in differences(answer, half.observation("failed"))] == ["/outcome"]
    wrong = Said(ObservedAudio("audio_1", "BBBB"), CITED[1:])
    assert "/choices/0/audio/data" in {
        found.path for found in differences(answer, wrong.observation("failed"))
    }


@pytest.mark.parametrize("profile", ["audio", "annotations", "legacy-functions"])
def test_the_profile_has_required_cases(profile: str) -> None:
    """A profile without any would never be reached by anybody."""
    required = [
        case.id
        for case_id in case_ids()
        if profile in (case := load_case(case_id)).key.profiles and case.key.strength == "must"
    ]
    assert len(required) >= 2


@pytest.mark.parametrize("member", ["audio", "annotations"])
def test_cases_of_the_profile_expect_the_member_and_no_others_do(member: str) -> None:
    for case_id in case_ids():
        said = any(member in choice for choice in read_expected(case_id)["final"]["choices"])
        assert said == (member in load_case(case_id).key.profiles), case_id
