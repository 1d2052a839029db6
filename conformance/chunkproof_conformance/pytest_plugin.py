"""The pytest plugin: an implementation judged as pytest items, and fixtures to replay cases.

    pytest --chunkproof-impl cmd:./adapter       one item per case and level
    @pytest.mark.chunkproof("text/*")            a test per case, with the fixture chunkproof_case

Every pytest run of whoever has chunkproof installed imports this module: it imports nothing but
the standard library and pytest until an option or a fixture of ours is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chunkproof_conformance.cases.cassette import Case


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chunkproof", "judge a stream parser with chunkproof")
    group.addoption(
        "--chunkproof-impl",
        action="append",
        default=[],
        metavar="IMPL",
        help="collect one item per case and level of this implementation: py:module:factory, "
        "cmd:PROGRAM ARGS, http:PROGRAM ARGS or impl:NAME; may be repeated",
    )
    group.addoption(
        "--chunkproof-timeout", type=float, default=10.0, metavar="S", help="seconds per stream"
    )
    group.addoption(
        "--chunkproof-start-timeout",
        type=float,
        default=60.0,
        metavar="S",
        help="seconds to start and say who it is",
    )
    group.addoption(
        "--chunkproof-known-failures", metavar="FILE", help="the list of `chunkproof baseline`"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "chunkproof(*patterns, profile=..., strength=...): the cases of chunkproof_case, by part "
        "of an id or glob",
    )


@pytest.hookimpl(tryfirst=True)  # before -k, -m and --lf choose among the items
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    if session.config.getoption("chunkproof_impl"):
        from chunkproof_conformance.pytest_items import collect  # noqa: PLC0415 -- only when used

        items += collect(session)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "chunkproof_case" not in metafunc.fixturenames:
        return
    from chunkproof_conformance.run.job import chosen_cases  # noqa: PLC0415
    from chunkproof_conformance.run.plan import Selection, SelectionError  # noqa: PLC0415

    mark = metafunc.definition.get_closest_marker("chunkproof")
    patterns, wanted = (mark.args, mark.kwargs) if mark else ((), {})
    try:
        selection = Selection(
            tuple(patterns), _several(wanted.get("profile")), _several(wanted.get("strength"))
        )
    except SelectionError as error:
        raise pytest.UsageError(f"chunkproof: {error}") from error
    cases = chosen_cases(selection)
    if not cases:
        raise pytest.UsageError(f"no case of chunkproof fits {patterns or wanted}")
    metafunc.parametrize("chunkproof_case", cases, ids=[case.id for case in cases], indirect=True)


def _several(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


@pytest.fixture
def chunkproof_case(request: pytest.FixtureRequest) -> Case:
    """One case of the corpus: its id, body, pieces, request and key."""
    case: Case = request.param
    return case


@pytest.fixture
def chunkproof_expected(chunkproof_case: Case) -> dict[str, Any]:
    """What every parser must make of the case: its expected file. `final` is the answer."""
    from chunkproof_conformance.cases.expected import read_expected  # noqa: PLC0415

    expected: dict[str, Any] = read_expected(chunkproof_case.id)
    return expected


@pytest.fixture
def chunkproof_transport(chunkproof_case: Case) -> Callable[..., Any]:
    """`chunkproof_transport(cuts=None, library=None)`: a transport that answers with the case."""

    def make(cuts: Sequence[int] | None = None, library: Any = None) -> Any:
        from chunkproof_conformance.connect.replay_transport import (  # noqa: PLC0415
            chunkproof_transport,
        )

        return chunkproof_transport(chunkproof_case, cuts, library=library)

    return make


@pytest.fixture
def chunkproof_replay(
    chunkproof_case: Case, _chunkproof_server: Any
) -> Iterator[Callable[..., str]]:
    """`chunkproof_replay(cuts=None)`: a base URL where any client finds the case, over HTTP."""
    from chunkproof_conformance.connect.replay import served  # noqa: PLC0415
    from chunkproof_conformance.run.plan import stream_of  # noqa: PLC0415

    nonces: list[str] = []

    def serve(cuts: Sequence[int] | None = None) -> str:
        chosen = chunkproof_case.cuts if cuts is None else tuple(cuts)
        nonces.append(_chunkproof_server.add(served(stream_of(chunkproof_case, chosen))))
        url: str = _chunkproof_server.base_url(nonces[-1])
        return url

    yield serve
    for nonce in nonces:
        _chunkproof_server.remove(nonce)


@pytest.fixture(scope="session")
def _chunkproof_server() -> Iterator[Any]:
    try:
        from chunkproof_conformance.connect.replay import ReplayServer  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        pytest.fail(f"chunkproof_replay needs {missing.name}: install it", pytrace=False)

    server = ReplayServer()
    server.start()
    yield server
    server.stop()
