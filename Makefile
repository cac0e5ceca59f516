# The two commands: `make demo` and `make test`. Everything else is for convenience.
# All of them set up .venv first, once; after that they work offline.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
STAMP := $(VENV)/.installed

.PHONY: help setup system browser demo test test-anywhere lint lab formgrader golden bench clean

help:  ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(STAMP)  ## make .venv and install the kit with its tested versions

$(STAMP): pyproject.toml constraints.txt | system
	@echo "== setting up $(VENV) (once; needs the package index)"
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=python3.12 ...")'
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all]'
	@touch $@

system:  ## install the system packages that are missing (as root, on Debian or Ubuntu)
	@PYTHON=$(PYTHON) tools/install_system_packages

browser: ## the same, and the browser that the tests look with
	@PYTHON=$(PYTHON) tools/install_system_packages --with-browser

demo: $(STAMP)  ## release lab 1, grade a small class, print the marks and why
	$(BIN)/grader demo

test: $(STAMP) browser  ## lint, types, all tests, coverage (JOBS=2)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term-missing:skip-covered --cov-fail-under=85

test-anywhere: $(STAMP)  ## the tests as if on other machines (hours; ARGS=--list says which)
	$(BIN)/python tools/test_anywhere.py $(ARGS)

lint: $(STAMP)  ## lint and format in place
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lab: $(STAMP)  ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir=notebooks

formgrader: $(STAMP)  ## open the demo's course in formgrader
	cd build/demo && ../../$(BIN)/jupyter lab

golden: $(STAMP)  ## check the stored cases against the reference
	$(BIN)/grader golden --check

clean:  ## remove what can be made again (not .venv)
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
