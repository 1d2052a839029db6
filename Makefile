# The only things a machine needs beforehand: make, and Python 3.11 or later (PYTHON=...).
# Everything else lands in .venv, from requirements.lock, at the first call that needs it.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
PYTEST_ARGS ?=
BENCH_ARGS ?=
RUN_ARGS ?=
PYTHONS ?= python3.11 python3.12 python3.13

.DEFAULT_GOAL := help
.PHONY: help run test test-all test-versions bench bench-interface lint format lock readme clean

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(INSTALLED) ## judge the reference and the official client over the corpus
	@$(BIN)/chunkproof run $(RUN_ARGS)

test: $(INSTALLED) ## the fast tests; what needs a missing tool is skipped with a reason
	@$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

test-all: lint ## lint, then every test; a skip for a missing tool is a failure
	@CHUNKPROOF_NO_SKIPS=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

test-versions: ## the fast tests under several interpreters: PYTHONS="python3.12 /path/to/python3.13"
	@set -e; for python in $(PYTHONS); do \
	    version=$$($$python -c 'import platform; print(platform.python_version())'); \
	    echo "== Python $$version"; \
	    $(MAKE) --no-print-directory test PYTHON=$$python VENV=build/venv-$$version; \
	done

bench: $(INSTALLED) ## speed and memory of reference and harness, beside a floor and the official client
	@$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

bench-interface: $(INSTALLED) ## the same of the agent interface: BENCH_ARGS="--letta PYTHON" beside the old class
	@$(BIN)/python -m tests.benchmarks.interface $(BENCH_ARGS)

lint: $(INSTALLED) ## ruff, mypy and pyright
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright --pythonpath $(BIN)/python

format: $(INSTALLED) ## let ruff put the code in order
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

lock: ## write requirements.lock anew (needs uv); every later install follows it
	@uv pip compile pyproject.toml -o requirements.lock -q --universal --python-version 3.11 \
	    --all-extras --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" $(LOCK_ARGS)

readme: $(INSTALLED) ## write the generated parts of README.md and docs anew
	@$(BIN)/python -m tests.readme

clean: ## remove what make made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(INSTALLED): $(LOCKED) pyproject.toml
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(LOCKED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "chunkproof needs Python 3.11 or later as '$(PYTHON)': make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; \
	    exit 2; }
	@echo "Setting up $(VENV) from requirements.lock (once) ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@
