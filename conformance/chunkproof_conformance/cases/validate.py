"""Whether a cassette is what it says: every check that can be made without its author.

Schema, hash and pieces are checked as it is read; then its claims, its truth and its oracle,
secrets, and that stock vcrpy replays it to the official client, stream and twin in both orders.
A check that cannot be made here (vcrpy missing) is said to be left out, never passed over.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import msgspec

from chunkproof.rules import RULES
from chunkproof_conformance.cases import document, traits
from chunkproof_conformance.cases.cassette import CassetteError, load_cassette
from chunkproof_conformance.cases.expected import EXPECTED, expected_by_oracle
from chunkproof_conformance.cases.redact import findings, public_address
from chunkproof_conformance.cases.rows import ROWS
from chunkproof_conformance.cases.secrets import Secrets
from chunkproof_conformance.oracles import truth
from chunkproof_conformance.oracles.verdict import NoOracle, OraclesDiffer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from chunkproof_conformance.cases.cassette import Case

REPLAY_NEEDS: Final = ("vcr", "openai")


MAX_SAID: Final = 2_000
"""Characters of one problem: what is wrong may be as long as the cassette."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a case: which check found it, and what."""

    case: str
    check: str
    what: str


@dataclass(frozen=True)
class Validation:
    """What was checked and what was found."""

    cases: int
    problems: tuple[Problem, ...]
    left_out: tuple[str, ...] = ()
    """Checks that could not be made, with the reason."""


@dataclass(frozen=True)
class Checks:
    """How to check. expected: where the expected files are that belong to these cassettes."""

    secrets: Secrets = field(default_factory=Secrets)
    expected: Path | None = None
    replay: bool = True
    """Whether to ask stock vcrpy too; it takes most of the time."""

    @property
    def without_replay(self) -> str | None:
        """Why it is left out, where it is."""
        if not self.replay:
            return "replay: not asked for"
        missing = [name for name in REPLAY_NEEDS if not find_spec(name)]
        return f"replay: needs {' and '.join(missing)}" if missing else None


def cassettes_in(folder: Path) -> list[Path]:
    """The cassette files of a corpus folder, in the order of their ids; a file is one itself."""
    # What is neither (a pipe, a device) is named as it is, so that reading can say what is wrong.
    is_folder = folder.is_dir()
    return sorted(folder.glob("*/*.yaml")) if is_folder else [folder] * folder.exists()


def validate(
    paths: Iterable[Path],
    checks: Checks,
    progress: Callable[[str], None] = lambda _: None,
) -> Validation:
    """Check these cassettes; one that cannot be read stops no other."""
    problems: list[Problem] = []
    ids: Counter[str] = Counter()
    bodies: dict[tuple[str, str, int], str] = {}
    count = 0
    for path in paths:
        count += 1
        expected_id = f"{path.parent.name}/{path.stem}"
        progress(expected_id)
        try:
            case = load_cassette(path, expected_id=expected_id)
        except CassetteError as error:
            problems.append(Problem(expected_id, "read", f"{error.what}; {error.remedy}"))
            continue
        ids[case.id] += 1
        same = bodies.setdefault((case.key.sha256, case.key.end, case.stream.status), case.id)
        if same != case.id:
            problems.append(Problem(case.id, "distinct", f"the same body as {same}"))
        problems += problems_of(path, case, checks)
    problems += [Problem(i, "unique", f"{n} cases of this id") for i, n in ids.items() if n > 1]
    left_out = checks.without_replay
    return Validation(count, tuple(problems), (left_out,) if left_out else ())


def problems_of(path: Path, case: Case, checks: Checks) -> Iterator[Problem]:
    """Everything wrong with one case, and with the file it was read from."""
    found: dict[str, Callable[[], Iterable[str]]] = {
        "claims": lambda: _claims(case),
        "provenance": lambda: _provenance(case),
        "request": lambda: _request(case),
        "address": lambda: _address(case),
        "truth": lambda: _truth(case),
        "oracle": lambda: _oracle(case, checks.expected),
        "secret": lambda: _secrets(path, case, checks.secrets),
        "replay": lambda: () if checks.without_replay else _replay(path, case),
    }
    for check, whats in found.items():
        try:
            for what in whats():
                yield Problem(case.id, check, _shortened(what))
        except Exception as error:  # noqa: BLE001 - a strange file must not hide the others
            yield Problem(case.id, check, f"the check stumbled: {type(error).__name__}: {error}")


def _shortened(what: str) -> str:
    return what if len(what) <= MAX_SAID else f"{what[:MAX_SAID]}… ({len(what):,} characters)"


def _claims(case: Case) -> Iterator[str]:
    key = case.key
    if not key.rules:
        yield "it names no rule"
    if unknown := sorted(set(key.rows) - ROWS.keys()):
        yield f"unknown rows {', '.join(unknown)}"
    if unshown := sorted(set(traits.unshown(case)) & ROWS.keys()):
        yield f"its bytes do not show {', '.join(unshown)}"
    contested = [rule for rule in key.rules if RULES[rule].contested]
    if contested and key.strength not in {"choice", "info"}:
        yield f"{key.strength}, but {', '.join(contested)} is contested"


def _provenance(case: Case) -> Iterator[str]:
    origin = case.key.provenance
    if origin.kind != "recorded":
        if origin.setup is not None:
            yield f"{origin.kind}, but it names the setup of a recording"
        return
    for name in ("setup", "server", "version", "recorder", "recorded_on"):
        if not getattr(origin, name):
            yield f"recorded, but it does not say its {name}"
    if (origin.upstream is None) != (origin.setup == "server"):
        yield f"the setup is {origin.setup}, the upstream {origin.upstream}"


def _request(case: Case) -> Iterator[str]:
    try:
        request = case.request
    except (ValueError, RecursionError) as error:
        yield f"the request is not JSON as we read it: {error}"
        return
    if not isinstance(request, dict):
        yield "the request is no JSON object"
    elif request.get("stream") is not True:
        yield "the first request asks for no stream"


def _address(case: Case) -> Iterator[str]:
    exchanges = [case.stream, *([case.twin_exchange] if case.twin_exchange else [])]
    for exchange in exchanges:
        if not _is_public(exchange.uri):
            yield f"{exchange.uri} is no public address"
    if len({(exchange.method, exchange.uri) for exchange in exchanges}) > 1:
        yield "stream and twin have different addresses"


def _is_public(uri: str) -> bool:
    try:
        return public_address(uri) == uri
    except ValueError:  # no address at all
        return False


def _truth(case: Case) -> Iterator[str]:
    if case.key.truth is None:
        return
    try:
        truth.check(msgspec.to_builtins(case.key.truth), case.body)
    except truth.TruthError as error:
        yield str(error)


def _oracle(case: Case, expected: Path | None) -> Iterator[str]:
    """The oracle speaks, and says what the expected file says, where there is one."""
    try:
        said = expected_by_oracle(case)
    except (NoOracle, OraclesDiffer) as refusal:
        yield str(refusal)
        return
    if expected is None:
        return
    try:
        stored = msgspec.json.decode((expected / f"{case.id}.json").read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        yield f"its expected file: {error}"
        return
    if stored != msgspec.json.decode(msgspec.json.encode(said)):
        yield f"the oracle {said['oracle']} now says something else than the expected file"


def _secrets(path: Path, case: Case, secrets: Secrets) -> Iterator[str]:
    told: set[str] = set()
    for name, data in _places(case):
        for what in sorted({finding.what for finding in findings(data, secrets)}):
            told.add(what)
            yield f"{what} {name}"
    text = document.read_file(path).decode(errors="replace")
    for what in sorted({found.what for found in secrets.find(text)} - told):
        yield f"{what} in a comment or a member that nobody reads"


def _places(case: Case) -> Iterator[tuple[str, bytes]]:
    """Everything of a cassette that came from outside."""
    for label, exchange in (("stream", case.stream), ("twin", case.twin_exchange)):
        if exchange is None:
            continue
        yield f"in the {label}'s request", exchange.request_body
        yield f"in the {label}'s response", exchange.response_body
        yield f"in the {label}'s address", exchange.uri.encode()
        for side, headers in (
            ("request", exchange.request_headers),
            ("response", exchange.response_headers),
        ):
            for header, values in headers.items():
                line = "\n".join(f"{header}: {value}" for value in values)
                yield f"in the {label}'s {side} header {header}", line.encode()
    yield "in the key", msgspec.json.encode(case.key)


def _replay(path: Path, case: Case) -> Iterator[str]:
    from chunkproof_conformance.cases.replay import replay_problems  # noqa: PLC0415 - needs vcrpy

    if any(_request(case)) or any(_address(case)):
        yield "not tried: no client is given such a request or address"
        return
    yield from replay_problems(path, case)


def corpus_checks(*, secrets: Secrets | None = None) -> Checks:
    """The checks for our own corpus, whose expected files are in the package."""
    return Checks(secrets=secrets or Secrets(), expected=EXPECTED)
