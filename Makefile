# The commands of this project. `make demo` and `make test` need nothing but Python 3.11+, git and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
UV := .uv/bin/uv
READY := $(VENV)/.ready

.PHONY: help demo ui test fast kernel check format bench fuzz clean

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(UV):
	@echo "fetching uv $(UV_VERSION)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	@$(PYTHON) -m venv .uv
	@.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): $(UV) pyproject.toml uv.lock
	@$(UV) sync --locked --compile-bytecode --extra demo --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

demo: $(READY)  ## run the whole loop on the recordings in demo/ and show what came out
	@$(BIN)/tomking demo

ui: $(READY)  ## the Dagster UI on the demonstration instance, http://127.0.0.1:3000
	@test -f demo/instance/tomking.toml || $(BIN)/tomking demo
	@$(BIN)/tomking --config demo/instance ui

test: $(READY)  ## every test, with branch coverage
	@rm -f .coverage .coverage.*
	@$(BIN)/pytest -n auto --dist worksteal --cov --cov-report= && $(BIN)/coverage report --format=total | xargs printf 'branch coverage %s %%\n'

fast: $(READY)  ## all but the long and the integration tests, under two minutes
	@HYPOTHESIS_PROFILE=quick $(BIN)/pytest -n auto --dist worksteal -m "not slow and not integration and not browser"

kernel: $(READY)  ## the kernel's tests under the numpy versions of LEAN's image and of older engines
	@for numpy in 1.24.2 1.26.4; do \
	  if $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
	    echo "numpy $$numpy"; \
	    PYTHONPATH=.:algorithm $(UV) run --no-project --isolated --python $(BIN)/python --with numpy==$$numpy \
	      --with pytest --with hypothesis --with tzdata pytest -q --noconftest -p no:cacheprovider tests/kernel || exit 1; \
	  else echo "numpy $$numpy: needs Python 3.11, which LEAN runs; skipped"; fi; \
	done

check: $(READY)  ## what CI checks besides the tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy algorithm/main.py algorithm/tomking pipelines warehouse migrations tests
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/dg check defs

format: $(READY)  ## put the code in form
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: $(READY)  ## measured speed, as ratios within one run
	@$(BIN)/python -m tests.benchmarks

SECONDS_EACH ?= 60
fuzz: $(READY)  ## hostile bytes against every parser, SECONDS_EACH=60
	@$(UV) sync --locked --quiet --extra demo --group fuzz
	@$(BIN)/python -m tests.fuzz all --seconds $(SECONDS_EACH)

clean:  ## remove what the commands above made
	@rm -rf .venv .uv demo/instance
