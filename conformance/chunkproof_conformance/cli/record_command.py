"""`chunkproof record`: ask a server for every scenario and keep the answers as cassettes.

Each scenario is asked as a stream and once more without streaming, through the official client.
The key comes from the environment and is never written; secrets are taken out byte for byte.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chunkproof_conformance.cli.extras import need
from chunkproof_conformance.cli.main import CommandError
from chunkproof_conformance.cli.parser import Parser, seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chunkproof_conformance.cases.secrets import Secrets
    from chunkproof_conformance.record.campaign import Campaign, Outcome
    from chunkproof_conformance.record.origin import Origin
    from chunkproof_conformance.record.scenarios import Scenario

KEY_VARIABLE = "OPENAI_API_KEY"
WEIGHTS = ("scripted", "random", "trained")
SETUPS = ("server", "proxy-over-server", "proxy-over-script")
LIMIT_MEMBERS = ("max_tokens", "max_completion_tokens")


def pair(text: str) -> tuple[str, str]:
    """`NAME=VALUE`."""
    name, sign, value = text.partition("=")
    if not (sign and name.strip()):
        raise ArgumentTypeError(f"{text!r} is no NAME=VALUE")
    return name.strip(), value


def arguments() -> Parser:
    """The options of the command."""
    parser = Parser(
        prog="chunkproof record",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--base-url", metavar="URL", help="as the client takes it: https://.../v1")
    parser.add_argument(
        "--model", metavar="NAME", help="(default: the only one, or a small one that is listed)"
    )
    parser.add_argument(
        "--scenarios", default="all", metavar="NAMES", help="all, or names with commas (all)"
    )
    parser.add_argument("--list", action="store_true", help="list the scenarios and stop")
    parser.add_argument(
        "--out", type=Path, default=Path("recordings"), metavar="DIR", help="(recordings)"
    )
    parser.add_argument("--force", action="store_true", help="record again what is there")
    who = parser.add_argument_group("who answers (read from the server where it says so)")
    who.add_argument("--server", metavar="NAME", help="the program, as its makers write it")
    who.add_argument("--server-version", metavar="V")
    who.add_argument("--setup", choices=SETUPS, default="server", help="(server)")
    who.add_argument("--weights", choices=WEIGHTS, help="what the model is, where you know it")
    who.add_argument(
        "--upstream", metavar="TEXT", help="behind a proxy: server and version, or script (WIRE)"
    )
    asked = parser.add_argument_group("what is sent")
    asked.add_argument(
        "--key-env", default=KEY_VARIABLE, metavar="VAR", help=f"holds the key ({KEY_VARIABLE})"
    )
    asked.add_argument(
        "--header-env", action="append", default=[], type=pair, metavar="NAME=VAR",
        help="send the header NAME with the value of VAR; may be repeated",
    )  # fmt: skip
    asked.add_argument(
        "--prompt", action="append", default=[], type=pair, metavar="SCENARIO=TEXT",
        help="another user message; may be repeated",
    )  # fmt: skip
    asked.add_argument("--limit-member", choices=LIMIT_MEMBERS, help="how tokens are limited")
    asked.add_argument(
        "--omit", action="append", default=[], metavar="MEMBER", help="such as temperature"
    )
    parser.add_argument(
        "--secret-env", action="append", default=[], metavar="VAR",
        help="also take out the value of VAR; variables named like keys are taken out anyway",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=seconds, default=60.0, metavar="S", help="seconds without a byte (60)"
    )
    parser.add_argument("--json", action="store_true", help="a JSON list on stdout")
    return parser


def run(options: Namespace) -> int:
    """Record; 0 if nothing failed and something is there. Raises: CommandError."""
    if options.list:
        return _list(as_json=options.json)
    if not options.base_url:
        raise CommandError("whom to ask? give --base-url URL")
    need("record", "yaml", "openai", "httpx", "httpx2")
    from chunkproof_conformance.record.campaign import KeyRefused, State
    from chunkproof_conformance.record.campaign import run as record_all

    scenarios = _chosen(options.scenarios)
    campaign = _campaign(options)
    said = f"{campaign.origin.server} ({campaign.origin.version}), model {campaign.model}"
    _writable(options.out)
    print(f"recording {said}", file=sys.stderr)
    outcomes: list[Outcome] = []
    try:
        for outcome in record_all(campaign, scenarios):
            outcomes.append(outcome)
            place = f"[{len(outcomes):>2}/{len(scenarios)}]"
            line = f"{place} {outcome.scenario}: {outcome.state}: {outcome.says}"
            print(line, file=sys.stderr, flush=True)
    except KeyRefused as error:
        raise CommandError(_wanted_key(options.key_env, error.why)) from error
    except KeyboardInterrupt:
        print("interrupted; what was recorded is there", file=sys.stderr)
    _print(outcomes, options.out, as_json=options.json)
    states = {outcome.state for outcome in outcomes}
    there = states & {State.RECORDED, State.KEPT}
    whole = len(outcomes) == len(scenarios)
    return 0 if whole and there and State.FAILED not in states else 1


def _writable(out: Path) -> None:
    """Make the folder before anything is asked, and maybe paid. Raises: CommandError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        why = error.strerror or error
        raise CommandError(f"--out {out} cannot be written to ({why}); name another") from error


def _chosen(names: str) -> Sequence[Scenario]:
    from chunkproof_conformance.record.scenarios import BY_NAME, SCENARIOS

    if names == "all":
        return SCENARIOS
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in BY_NAME]:
        raise CommandError(f"no scenario {', '.join(unknown)}; there are {', '.join(BY_NAME)}")
    return [BY_NAME[name] for name in wanted]


def _campaign(options: Namespace) -> Campaign:
    """Who is asked, how. Asks the server for its models first. Raises: CommandError."""
    from chunkproof_conformance.cases.redact import PUBLIC_HOSTS
    from chunkproof_conformance.cases.secrets import Secrets
    from chunkproof_conformance.record.campaign import Campaign
    from chunkproof_conformance.record.scenarios import BY_NAME

    if (options.setup == "server") != (options.upstream is None):
        raise CommandError("--setup and --upstream belong together")
    if unknown := [name for name, _ in options.prompt if name not in BY_NAME]:
        raise CommandError(f"--prompt: no scenario {', '.join(unknown)}")
    key, headers = os.environ.get(options.key_env), _headers(options.header_env)
    host = urlsplit(options.base_url).hostname or ""
    if not key and not headers and host in PUBLIC_HOSTS:
        raise CommandError(f"{options.key_env} is not set, and {host} answers nobody without a key")
    secrets = Secrets.of(
        os.environ, [options.key_env, *options.secret_env], [key or "", *headers.values()]
    )
    who, model = _who(options, key or "none", headers, secrets)
    # The vendor's newer models refuse the older member; most other servers know that one alone.
    newer = host == "api.openai.com"
    return Campaign(
        base_url=options.base_url,
        model=model,
        origin=who,
        out=options.out,
        secrets=secrets,
        api_key=key or "none",
        headers=headers,
        setup=options.setup,
        upstream=options.upstream,
        weights=options.weights,
        prompts=dict(options.prompt),
        limit_member=options.limit_member or LIMIT_MEMBERS[newer],
        omitted=frozenset(options.omit),
        force=options.force,
        timeout=options.timeout,
    )


def _headers(asked: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The values of `--header-env` by header. Raises: CommandError."""
    if missing := [variable for _, variable in asked if variable not in os.environ]:
        raise CommandError(f"--header-env: {', '.join(missing)} is not set")
    return {name: os.environ[variable] for name, variable in asked}


def _who(
    options: Namespace, key: str, headers: dict[str, str], secrets: Secrets
) -> tuple[Origin, str]:
    """Who answers, and the model to ask for. Raises: CommandError."""
    from chunkproof_conformance.cases.redact import redacted_text
    from chunkproof_conformance.record.origin import (
        NotReached,
        OriginError,
        ask_models,
        model_of,
        origin,
    )

    try:
        answered = ask_models(options.base_url, key, headers)
    except NotReached as error:
        raise CommandError(str(error)) from error
    try:
        who = origin(options.base_url, answered, options.server, options.server_version)
        return who, model_of(answered, options.model)
    except OriginError as error:
        if answered.refusal is None:
            raise CommandError(str(error)) from error
        said, _ = redacted_text(answered.refusal, secrets)
        raise CommandError(_wanted_key(options.key_env, said)) from error


def _wanted_key(variable: str, said: str) -> str:
    """What to do about a status 401, and what the server said."""
    if variable in os.environ:
        return f"the server refused the key of {variable}; it said: {said}"
    return (
        f"the server wants a key; set {variable}, or name another with --key-env; it said: {said}"
    )


def _list(*, as_json: bool) -> int:
    need("record", "yaml", "openai", "httpx", "httpx2")
    from chunkproof_conformance.record.scenarios import SCENARIOS

    if as_json:
        listed = [
            {"name": item.name, "title": item.title, "wanted": item.wanted.value}
            for item in SCENARIOS
        ]
        print(json.dumps(listed, indent=1, ensure_ascii=False))
        return 0
    for item in SCENARIOS:
        print(f"{item.name:<20} {item.title}")
    return 0


def _print(outcomes: list[Outcome], out: Path, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([vars(outcome) for outcome in outcomes], indent=1, ensure_ascii=False))
        return
    for outcome in outcomes:
        if outcome.state in {"recorded", "kept"}:
            print(out / f"{outcome.case}.yaml")
    counted = [(state, sum(o.state == state for o in outcomes)) for state in _STATES]
    print(", ".join(f"{n} {state}" for state, n in counted if n), file=sys.stderr)


_STATES = ("recorded", "kept", "not shown", "failed")
