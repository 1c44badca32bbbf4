# Set-up from nothing, checks, tests, demo. Needs python3, git and make; `PYTHON=python3.12 make test` works.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 4

.PHONY: demo test check lint cover bench schemas clean

demo: $(READY)
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python example-repo/demo.py

test: $(READY)
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pytest -n $(JOBS) -q

check: lint cover test

# every branch of what judges
cover: $(READY)
	$(BIN)/python -m pytest -n $(JOBS) -q tests/unit tests/test_catalogue.py tests/test_laws.py \
	  --cov=dvc_labelmeta.model --cov=dvc_labelmeta.checks --cov=dvc_labelmeta.stats --cov=dvc_labelmeta.diff \
	  --cov-branch --cov-fail-under=100

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python tests/benchmarks/run.py

schemas: $(READY)
	$(BIN)/python tests/write_schemas.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache example-repo/build

$(READY): pyproject.toml
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@
