"""`chunkproof fuzz`: streams nobody wrote down, through every law.

One -i: the laws over that implementation. Several: also where they say different things of a
stream. Each find is printed once, shrunk to a small stream and the smallest cut, with a command
that repeats it. Exit 1 if anything was found.
"""

from __future__ import annotations

import base64
import sys
import zlib
from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.parser import Parser, positive, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chunkproof_conformance.connect.adapter import Entry
    from chunkproof_conformance.connect.connections import Connection
    from chunkproof_conformance.laws.fuzz import Progress
    from chunkproof_conformance.laws.law import Law, Violation
    from chunkproof_conformance.laws.subject import Subject

AROUND = 40
"""Bytes shown on each side of a cut."""


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(
        prog="chunkproof fuzz",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-i", "--implementation", action="append", required=True, metavar="IMPL",
        help="as for `chunkproof run`; may be repeated",
    )  # fmt: skip
    parser.add_argument("--seconds", type=seconds, metavar="S", help="time budget (30)")
    parser.add_argument("--examples", type=positive, metavar="N", help="streams to draw")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed, the same")
    parser.add_argument(
        "--law", action="append", default=[], metavar="PART", help="part of a law's name"
    )
    parser.add_argument(
        "--dialect", action="append", metavar="NAME", help="only streams of this dialect"
    )
    parser.add_argument(
        "--database", type=Path, default=Path(".hypothesis/chunkproof"), metavar="DIR",
        help="where finds are kept for the next time (.hypothesis/chunkproof)",
    )  # fmt: skip
    parser.add_argument(
        "--body", type=_body, metavar="BASE64", help="only this body: repeats a find"
    )
    parser.add_argument("--save", type=Path, metavar="DIR", help="write each find as a cassette")
    parser.add_argument(
        "--timeout", type=seconds, default=10.0, metavar="S", help="seconds per stream (10)"
    )
    parser.add_argument("--laws", action="store_true", help="only list the laws")
    return parser


def _body(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ArgumentTypeError("not base64") from None


def run(options: Namespace) -> int:
    """Fuzz, print and say whether anything was found. Raises: CommandError."""
    need("fuzz", "hypothesis")
    need("run", "yaml")
    from chunkproof_conformance.connect.in_process import AdapterError, AdapterTimeoutError

    laws = _laws(options.law)
    if options.laws:
        for law in laws:
            print(f"{law.name:<32} {law.what}")
        return 0
    with ExitStack() as stack:
        try:
            subjects, blind = _subjects(options, stack)
        except (AdapterError, AdapterTimeoutError) as error:
            raise CommandError(f"an implementation does not start: {error}") from error
        asked = _asked(laws, subjects, blind, options)
        count = 0
        for violation in _violations(next(iter(subjects.values())), asked, options):
            count += 1
            _report(violation, options)
            if options.save is not None:
                print(f"  saved as {_save(violation, options.save)}")
    return 1 if count else 0


def _asked(
    laws: Sequence[Law],
    subjects: Mapping[str, Subject],
    blind: Mapping[str, frozenset[str]],
    options: Namespace,
) -> list[Law]:
    """The laws of one implementation; of several that they agree, and what was named beside it."""
    from chunkproof_conformance.laws.fuzz import disagreement

    if len(subjects) == 1:
        return list(laws)
    return [disagreement(subjects, blind), *(laws if options.law else ())]


def _laws(parts: Sequence[str]) -> list[Law]:
    """The laws asked for; of all, growth is left out: it takes seconds for each stream."""
    from chunkproof_conformance.laws.catalogue import EVERY_LAW

    exact = [EVERY_LAW[part] for part in parts if part in EVERY_LAW]
    if parts and len(exact) == len(parts):
        return exact
    found = [
        law
        for law in EVERY_LAW.values()
        if (any(part in law.name for part in parts) if parts else law.name != "growth")
    ]
    if not found:
        raise CommandError("no law has a name like that; see `chunkproof fuzz -i IMPL --laws`")
    return found


def _subjects(
    options: Namespace, stack: ExitStack
) -> tuple[dict[str, Subject], dict[str, frozenset[str]]]:
    """Every implementation, started, and the members it has no place for; `stack` stops them."""
    from chunkproof_conformance.connect.connections import connect
    from chunkproof_conformance.connect.in_process import ConnectionSpecError
    from chunkproof_conformance.laws.subject import reference
    from chunkproof_conformance.run.runner import stop_quietly

    subjects: dict[str, Subject] = {}
    blind: dict[str, frozenset[str]] = {}
    try:
        for spec in options.implementation:
            if spec == "impl:reference":
                subjects[spec], blind[spec] = reference(), frozenset()
                continue
            connection = connect(spec, timeout=options.timeout)
            stack.callback(stop_quietly, connection)
            implementation = connection.start()
            subjects[spec] = _subject(connection, implementation.input)
            blind[spec] = frozenset(map(str, implementation.not_represented))
    except ConnectionSpecError as error:
        raise CommandError(str(error)) from error
    return subjects, blind


def _subject(connection: Connection, enters_at: Entry) -> Subject:
    """A connection as the subject of laws; what lies below where it enters is read for it."""
    from chunkproof_conformance.connect.layers import entering
    from chunkproof_conformance.laws.subject import Subject

    return Subject(lambda stream: connection.run(entering(stream, enters_at)))


def _violations(subject: Subject, laws: Sequence[Law], options: Namespace) -> Iterator[Violation]:
    from chunkproof_conformance.connect.adapter import Stream
    from chunkproof_conformance.laws.fuzz import Budget, fuzz
    from chunkproof_conformance.synth.cuts import pieces_at

    if options.body is not None:
        stream = Stream(pieces_at(options.body, ()))
        yield from (found for law in laws for found in law(subject, stream))
        return
    seconds = options.seconds
    if seconds is None and options.examples is None:
        seconds = 30.0
    last: list[Progress] = []
    shown = [0.0]

    def progress(state: Progress) -> None:
        last[:] = [state]
        if sys.stderr.isatty() and state.seconds - shown[0] > 1:
            shown[0] = state.seconds
            print(f"\r{_figures(state, laws)}", end="", file=sys.stderr)

    try:
        yield from fuzz(
            subject,
            laws,
            Budget(seconds, options.examples),
            seed_=options.seed,
            dialects=options.dialect,
            database=_kept(options),
            progress=progress,
        )
    except ValueError as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
    if last:
        print(f"\n{_figures(last[0], laws)}", file=sys.stderr)
        if last[0].stopped:
            print(f"given up: {last[0].stopped}", file=sys.stderr)


def _kept(options: Namespace) -> Path:
    """A folder for these implementations and laws: what passes with others is not mended."""
    words = "\0".join((*options.implementation, "", *options.law))
    folder: Path = options.database / f"{zlib.crc32(words.encode()):08x}"
    return folder


def _figures(state: Progress, laws: Sequence[Law]) -> str:
    rate = state.examples / max(state.seconds, 1e-3)
    return (
        f"{state.examples:,} examples, {rate:.0f} per second, {state.checks:,} checks of "
        f"{len(laws)} laws, {state.finds} distinct finds"
    )


def _report(violation: Violation, options: Namespace) -> None:
    """The find, its bytes with a caret at the first cut, and how to see it again."""
    print(f"\n{violation.law}: {violation.what}")
    for line in pictured(violation.body, violation.cuts):
        print(f"  {line}")
    specs = " ".join(f"-i {quote(spec)}" for spec in options.implementation)
    body = base64.b64encode(violation.origin).decode()
    law = "" if violation.law == "disagreement" else f"--law {violation.law} "
    print(f"  again: chunkproof fuzz {specs} {law}--body {body}")


def pictured(body: bytes, cuts: Iterable[int]) -> list[str]:
    """The body, or what stands around its first cut, escaped, with a caret under each cut."""
    places = sorted(cuts)
    start = max(0, places[0] - AROUND) if places else 0
    end = min(len(body), places[-1] + AROUND) if places else min(len(body), 16 * AROUND)
    end = min(end, start + 8 * AROUND) if places else end
    text, carets = "", ""
    for at in range(start, end):
        if at in places:
            carets = carets.ljust(len(text)) + "^"
        text += repr(body[at : at + 1])[2:-1]
    lines = [f"{len(body)} bytes" + (f", cut at {places}" if places else "") + ":", text]
    return [*lines, carets] if carets else lines


def _save(violation: Violation, folder: Path) -> Path:
    """Write the find as a cassette, cut where it matters, with its truth where it is known."""
    from chunkproof_conformance.cases.cassette import CassetteError, write_cassette
    from chunkproof_conformance.laws.kept import case_of

    case, unread = case_of(violation)
    try:
        path = write_cassette(folder, case.key, case.stream)
    except CassetteError as error:
        raise CommandError(f"the find cannot be written: {error}") from error
    except OSError as error:
        raise CommandError(f"cannot write to {folder}: {error.strerror}") from error
    if unread is not None:
        print(f"no oracle reads {path}: {unread}; write its `truth:` by hand", file=sys.stderr)
    return path
