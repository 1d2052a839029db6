"""Coverage-guided fuzzing with atheris, which is no requirement of the tests.

    python -m venv fuzz-venv && fuzz-venv/bin/pip install atheris -e '.[run]'
    fuzz-venv/bin/python -m tests.fuzz.harness sse FOLDER -max_total_time=600 -rss_limit_mb=2048

The first argument is a target of `targets.py`, the second a folder that keeps the inputs worth
keeping: a new one is filled with seeds of the corpus. The others are libFuzzer's.
"""

import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Fuzz one target until libFuzzer has enough, or something is wrong."""
    atheris = import_module("atheris")  # it has no types
    name, folder = sys.argv.pop(1), Path(sys.argv[1])
    with atheris.instrument_imports(include=["chunkproof", "chunkproof_conformance"]):
        targets = import_module("tests.fuzz.targets").TARGETS
        plant = import_module("tests.fuzz.seeds").plant
    if not folder.exists():
        plant(name, folder)
    atheris.Setup(sys.argv, targets[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
