"""`chunkproof serve`: cases over real HTTP, for anybody's client.

Prints the base URL of every case, one line each, and serves until it is interrupted. Every piece
is one write and one HTTP chunk. A request without `"stream": true` is answered with the case's
twin, where it has one.
"""

from __future__ import annotations

import json
from argparse import Namespace, RawDescriptionHelpFormatter
from itertools import pairwise
from threading import Event
from typing import TYPE_CHECKING

from chunkproof_conformance.cli.cuts import add_cut_options
from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.interrupts import terminated_is_interrupted
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.parser import Parser, factor, port

if TYPE_CHECKING:
    from chunkproof_conformance.cases.cassette import Case
    from chunkproof_conformance.connect.replay import Served

ENDS = ("eof", "reset", "short-length", "no-last-chunk")


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(
        prog="chunkproof serve",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--case", action="append", default=[], metavar="ID", help="may be repeated (every case)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=port, default=0, help="port (any that is free)")
    add_cut_options(parser)
    parser.add_argument(
        "--speed",
        type=factor,
        default=0.0,
        metavar="X",
        help="1: the recorded timing, 10: ten times as fast, 0: at once (0)",
    )
    parser.add_argument("--end", choices=ENDS, help="how the response ends (as recorded)")
    parser.add_argument("--gzip", action="store_true", help="with content-encoding: gzip")
    parser.add_argument("--json", action="store_true", help="one JSON object: case id -> base URL")
    return parser


def run(options: Namespace) -> int:
    """Serve until interrupted. Raises: CommandError."""
    need("run", "yaml", "h11")
    from chunkproof_conformance.cases.cassette import CassetteError
    from chunkproof_conformance.cases.index import case_ids, load_case
    from chunkproof_conformance.connect.replay import ReplayServer

    server = ReplayServer(options.host, options.port)
    try:
        with terminated_is_interrupted():
            cases = [load_case(case_id) for case_id in options.case or case_ids()]
            nonces = {case.id: server.add(response_of(case, options)) for case in cases}
            server.start()
            urls = {case_id: server.base_url(nonce) for case_id, nonce in nonces.items()}
            lines = (f"{case_id}  {url}" for case_id, url in urls.items())
            print(json.dumps(urls) if options.json else "\n".join(lines), flush=True)
            Event().wait()
    except CassetteError as error:
        raise CommandError(str(error)) from error
    except BrokenPipeError:  # whoever was to read the addresses has gone: no fault of the port
        raise
    except OSError as error:
        where = f"{options.host}:{options.port}"
        raise CommandError(f"cannot listen on {where}: {error.strerror or error}") from error
    except KeyboardInterrupt:
        return 0
    finally:
        server.stop()
    return 0


def response_of(case: Case, options: Namespace) -> Served:
    """The case as it is to be served. Raises: CommandError."""
    from dataclasses import replace

    from chunkproof_conformance.connect.replay import served
    from chunkproof_conformance.run.plan import stream_of
    from chunkproof_conformance.synth.cuts import every

    recorded = options.cuts is None and not options.every
    cuts = case.cuts if recorded else options.cuts or ()
    if options.every:
        cuts = every(len(case.body), options.every)
    try:
        response = served(stream_of(case, cuts))
    except ValueError as error:
        raise CommandError(f"{case.id}: {error}") from error
    if options.speed > 0 and recorded:
        times = [0.0, *(ms / 1000 / options.speed for _, ms in case.key.pieces)]
        response = replace(
            response, delays=tuple(later - earlier for earlier, later in pairwise(times))
        )
    if options.end:
        response = replace(response, end=options.end)
    twin = case.twin_exchange
    plain = (twin.status, "application/json", twin.response_body) if twin else None
    return replace(response, gzip=options.gzip, plain=plain)
