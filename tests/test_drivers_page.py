"""The page about drivers: every example runs, and prints what the page says."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.loopback import Reply, serve
from tests.wire import DONE, stop, text

PAGE: Final = Path(__file__).parent.parent / "docs" / "drivers.md"
EXAMPLES: Final = re.findall(
    r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL
)
ADDRESS: Final = "http://localhost:8000/v1"
HELLO: Final = text("Hello, ")
ANSWER: Final = [HELLO, text("world"), stop(), DONE]


def test_every_example_is_run() -> None:
    """No block without its output, none without a server to talk to."""
    assert len(EXAMPLES) == PAGE.read_text("utf-8").count("```python")
    assert all(code.count(ADDRESS) == 1 for code, _ in EXAMPLES)


@pytest.mark.parametrize(("code", "output"), EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_the_page_tells_the_truth(
    code: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where an example sets a timeout, the server says only half of its answer."""
    reply = Reply([HELLO], "hold") if "TimeoutError" in code else Reply(ANSWER)
    with serve(reply) as server:
        exec(compile(code.replace(ADDRESS, server.url), PAGE.name, "exec"), {})
    assert capsys.readouterr().out == output
