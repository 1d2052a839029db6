"""The generated parts of README.md and of pages in docs/; `make readme` writes them anew.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`. Nothing in it is typed
by hand: it is what the commands print, and what the corpus says of itself.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from chunkproof.rules import RULES
from chunkproof_conformance.cases.index import iter_cases
from chunkproof_conformance.cli.main import COMMANDS
from tests import corpus_pages

ROOT: Final = Path(__file__).parent.parent
README: Final = ROOT / "README.md"
CLI_PAGE: Final = ROOT / "docs" / "cli.md"
PARSE_PAGE: Final = ROOT / "docs" / "parse.md"
JUDGING_PAGE: Final = ROOT / "docs" / "judging.md"
CUT_CALL: Final = "tools/llama-server-cut-by-length"
FIRST_TRY: Final = "cmd:python examples/first-try/adapter.py"
FIRST_CASE: Final = "text/llama-server-plain"
_PART: Final = re.compile(r"(<!-- generated: ([a-z-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

RECORDED: Final = (
    ("server", "a real server, generating"),
    ("proxy-over-server", "a real proxy over a real server"),
    ("proxy-over-script", "a real proxy over a scripted upstream"),
)
OTHERS: Final = (
    ("synthesised", "rendered from an abstract message in a vendor's dialect"),
    ("derived", "a named change to another case"),
    ("imported", "another recorder's file"),
)


@cache
def printed(*arguments: str, stdin: str = "", code: int = 0) -> str:
    """Return what `chunkproof` prints on stdout, without colours, 100 columns wide.

    code: the exit code it must end with. `python` is this interpreter.
    """
    command = [
        sys.executable,
        "-c",
        "from chunkproof_conformance.cli.main import main; import sys; sys.exit(main())",
    ]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*command, *arguments],
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb", "PATH": path},
        cwd=ROOT,
        input=stdin.encode(),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode != code:
        raise RuntimeError(f"chunkproof {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout.decode()


def fenced(text: str) -> str:
    lines = (line.rstrip() for line in text.strip("\n").splitlines())
    return "```text\n" + "\n".join(lines) + "\n```\n"


def verdicts() -> str:
    """Return the summary that ends the output of `chunkproof run`: levels, legend, counts."""
    blocks = re.split(r"\n *\n", printed("run"))
    (levels,) = (block for block in blocks if re.match(r"─+\n  level reached ", block))
    return fenced(f"{levels.strip()}\n\n{blocks[-1]}")


def first_failure() -> str:
    """Return what a run says of the parser that everybody writes first: one failure, whole."""
    shell = f"$ chunkproof run -i '{FIRST_TRY}' -k {FIRST_CASE}"
    blocks = re.split(r"\n *\n", printed("run", "-i", FIRST_TRY, "-k", FIRST_CASE, code=1))
    (failure,) = (block for block in blocks if f"✗ {FIRST_CASE}  " in block)
    return fenced(f"{shell}\n...\n{failure}")


def findings() -> str:
    """Return a table of the required cases that go wrong, by rule and implementation."""
    specs = (FIRST_TRY, "impl:openai-chunks", "impl:openai-stream")
    options = [word for spec in specs for word in ("-i", spec)]
    report = json.loads(printed("run", "--json", *options, code=1))
    judged = report["implementations"]
    counts = [Counter(_required_findings(report, one)) for one in judged]
    found = [rule for rule in RULES if any(count[rule] for count in counts)]
    rules = sorted(found, key=lambda rule: -sum(count[rule] for count in counts))
    rows = [
        f"| rule | {' | '.join(one['name'] for one in judged)} |",
        f"|---|{'---:|' * len(judged)}",
        *(
            f"| [{rule}]({_anchor(rule)}): {RULES[rule].title} | "
            + " | ".join(str(count[rule] or "") for count in counts)
            + " |"
            for rule in rules
        ),
    ]
    wrong = sum(_is_red(one) for one in judged[0]["verdicts"])
    cut = sum(bool(one.get("cutting_matters")) for one in judged[0]["verdicts"])
    said = (
        f"Of all {len(report['cases'])} cases, required or not, `{judged[0]['name']}` gets {wrong} "
        f"wrong; handed over in one piece, it reads {cut} of these well."
    )
    return "\n".join([*rows, "", *wrap(said, 100)]) + "\n"


def _required_findings(report: dict[str, Any], judged: dict[str, Any]) -> Iterator[str]:
    """The rule of the first difference of each required case that is red, at its lowest level."""
    firsts: dict[str, str] = {}
    for verdict in filter(_is_red, judged["verdicts"]):
        firsts.setdefault(verdict["case"], verdict["finding"].split()[2])
    for case, rule in firsts.items():
        facts = report["cases"][case]
        if facts["strength"] == "must" and set(facts["profiles"]) <= set(judged["profiles"]):
            yield rule


def _is_red(verdict: dict[str, Any]) -> bool:
    return bool(verdict["verdict"] == "fail")


def _anchor(rule: str) -> str:
    """Where docs/SPEC.md has this rule: the heading as GitHub names it."""
    return f"docs/SPEC.md#{slug(f'{rule}: {RULES[rule].title}')}"


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def verdict_tables() -> str:
    """Return the table of each implementation as `chunkproof run` prints it, without times."""
    blocks = re.split(r"\n *\n", printed("run"))
    tables = [block for block in blocks if re.match(r"\S.*  \S.* ─+\n", block)]
    return fenced(re.sub(r"; \d+\.\d+ s *$", "", "\n\n".join(tables), flags=re.MULTILINE))


def provenance() -> str:
    """Return the counts of the corpus, split by where the bytes come from."""
    kinds: Counter[str] = Counter()
    setups: Counter[str | None] = Counter()
    from_openai = 0
    for case in iter_cases():
        origin = case.key.provenance
        kinds[origin.kind] += 1
        if origin.kind == "recorded":
            setups[origin.setup] += 1
            from_openai += origin.server == "api.openai.com"
    if unknown := set(setups) - {name for name, _ in RECORDED}:
        raise RuntimeError(f"recorded cases of an unknown setup: {unknown}")
    rows = [
        "| provenance | cases |",
        "|---|---:|",
        *(f"| recorded: {words} | {setups[name]} |" for name, words in RECORDED),
        f"| recorded from api.openai.com | {from_openai} |",
        *(f"| {name}: {words} | {kinds[name]} |" for name, words in OTHERS),
    ]
    return "\n".join(rows) + "\n"


def timeline() -> str:
    """Return what `chunkproof parse` shows of a call that the token limit cuts in half."""
    body = printed("show", CUT_CALL, "--raw")
    shell = f"$ chunkproof show {CUT_CALL} --raw | chunkproof parse --every 300"
    return fenced(f"{shell}\n{printed('parse', '--every', '300', stdin=body)}")


def help_pages() -> str:
    """Return the help of the program and of every command, one section each."""
    pages = (f"## chunkproof {name}\n\n{fenced(printed(name, '--help'))}" for name in COMMANDS)
    return "\n".join([fenced(printed("--help")), *pages])


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "verdicts": verdicts,
    "findings": findings,
    "first-failure": first_failure,
    "verdict-tables": verdict_tables,
    "provenance": provenance,
    "help": lambda: fenced(printed("--help")),
    "timeline": timeline,
    "help-pages": help_pages,
    "rows-without-case": corpus_pages.rows_without_case,
    "rules-without-case": corpus_pages.rules_without_case,
    "dialects": corpus_pages.dialects,
}


def parts(page: Path) -> dict[str, str]:
    """Return the generated parts of a page as they stand there, by name."""
    text = page.read_text(encoding="utf-8")
    return {match[2]: match[3] for match in _PART.finditer(text)}


def regenerated(text: str) -> str:
    """Return the text with every generated part made anew."""
    return _PART.sub(lambda match: match[1] + PARTS[match[2]]() + match[4], text)


def main() -> None:
    for page in (README, CLI_PAGE, PARSE_PAGE, JUDGING_PAGE, corpus_pages.UNTESTED_PAGE):
        page.write_text(regenerated(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
