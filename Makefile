# Two commands set up everything from nothing but Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOGETHER := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test check-all docs pictures bench bench-large example schema clean

$(BIN)/subsidy: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[report]"
	touch $@

$(VENV)/.dev: $(BIN)/subsidy
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

$(VENV)/.docs: $(BIN)/subsidy
	$(BIN)/python -m pip install --quiet --editable ".[docs,browser]"
	touch $@

demo: $(BIN)/subsidy
	$(BIN)/subsidy budget examples/xian/roster --schedule cn/xian/elderly-care --year 2023 --proceed

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest $(TOGETHER)

check-all: test $(VENV)/.docs
	$(BIN)/subsidy test
	CHECK_ALL=1 $(BIN)/pytest $(TOGETHER) $(shell grep -l 'THOROUGH\|CHECK_ALL' tests/test_*.py) tests/test_sql_operations.py

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --config-file mkdocs.yml
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --config-file mkdocs.en.yml

pictures: $(BIN)/subsidy
	$(BIN)/python docs/pictures/make.py

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.bench

bench-large: $(VENV)/.dev
	$(BIN)/python -m benchmarks.checks
	$(BIN)/python -m benchmarks.intake
	$(BIN)/python -m benchmarks.explain_cells
	$(BIN)/python -m benchmarks.large
	$(BIN)/python -m benchmarks.ledger
	$(BIN)/python -m benchmarks.spark

example: $(BIN)/subsidy
	$(BIN)/python examples/xian/generate.py

schema: $(BIN)/subsidy
	$(BIN)/python -m subsidy.report.generated docs

clean:
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis
