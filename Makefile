# Two commands: `make run` shows the platform at work, `make test` tests it. Only Python >= 3.11 and make are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# One more than the two cores that this is made for: many tests wait for a server or for a process to end.
JOBS ?= 3

.PHONY: run test test-all bench torture audit docs clean

run: $(VENV)/installed
	$(BIN)/caspian-env run --demo

test: $(VENV)/tested
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow"

test-all: $(VENV)/tested
	$(BIN)/python -m pytest -n $(JOBS)

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("caspian-env needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/tested: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	touch $@

bench: $(VENV)/tested
	$(BIN)/python -m tests.benchmarks.catalog_speed --out docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks.nothing_new --out docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks.grids --out docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks.reports --out docs/benchmarks.md

torture: $(VENV)/tested
	$(BIN)/python -m tests.torture.fuzz --inputs 100000
	$(BIN)/python -m tests.torture.load
	$(BIN)/python -m tests.torture.load --postgres

# Asks the database of the Python packaging authority which tested versions have a known weakness; needs the network.
audit: $(VENV)/tested
	$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/python -m pip_audit --requirement constraints.txt --no-deps --disable-pip

docs: $(VENV)/tested
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html docs docs/_site

clean:
	rm -rf $(VENV) dist docs/_site
