"""Coverage-guided fuzzing with atheris, which is no requirement of the tests.

    python -m venv fuzz-venv && fuzz-venv/bin/pip install atheris -e '.[run]'
    fuzz-venv/bin/python -m tests.fuzz.harness sse -max_total_time=600 -rss_limit_mb=2048

The first argument is a target of `targets.py`, the others are libFuzzer's.
"""

import sys
from importlib import import_module


def main() -> None:
    """Fuzz one target until libFuzzer has enough, or something is wrong."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]  # see the head of this module

    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["chunkproof", "chunkproof_conformance"]):
        targets = import_module("tests.fuzz.targets").TARGETS
    atheris.Setup(sys.argv, targets[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
