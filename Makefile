# Two commands matter on a fresh machine: `make up` and `make test`. They need Python 3.11, make and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed is remembered by a file that is newer than its lock, so that a second start takes no time.
# A line for every ten packages of a lock shows that pip is at work; its warnings and errors are shown as they are.
PROGRESS = /^Collecting / && ++count % 10 == 0 { print "  fetched " count " of at most " all " packages"; fflush() } \
  /^Installing collected packages/ { print "  installing " count " packages"; fflush() } \
  /^pip failed$$/ { exit 1 }
install = { $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes --no-deps $(2) \
  --requirement $(1) || echo "pip failed"; } | awk -v all="$$(grep -c '^[a-z].*==' $(1))" '$(PROGRESS)'
LINK = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
# Scripts in .venv name their interpreter by its whole path: a checkout that was moved, or copied, builds its own anew.
MOVED := $(shell test -L $(VENV) || test ! -e $(BIN)/cbp || \
  grep -qF -e "!$$(pwd -P)/" -e " $$(pwd -P)/" -e "\"$$(pwd -P)/" $(BIN)/cbp || echo yes)
# A page is replaced once it is written whole: what fails, or is interrupted, leaves it as it was.
page = trap 'rm -f $@.new' EXIT; $(BIN)/python -m $(1) > $@.new && mv $@.new $@
# An option of a command, where its variable stands on make's own command line: PORT may mean something else outside.
option = $(if $(filter command,$(origin $(1))),$(2) '$($(1))')

# Python keeps the bytecode that it makes, whatever the surroundings say: commands and tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install up compile check test test-fast bytecode lint types docs bench faults lock format clean
# Pages that are written anew each time: what they are made from is most of the project.
.PHONY: docs/diagnostics.md docs/metrics.md docs/openapi.json docs/policies docs/reach.md
.DEFAULT_GOAL := help

help:  ## show what each command does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

ifdef MOVED
.PHONY: $(VENV)/.embedded
endif
$(VENV)/.embedded: requirements/embedded.txt pyproject.toml
	@$(if $(MOVED),echo "$(VENV) was built in another folder"; rm -rf $(VENV))
	@echo "building $(VENV) from requirements/embedded.txt"
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit(f"cbp needs Python 3.11 or later; {sys.executable} is {sys.version.split()[0]}: make PYTHON=python3.11")'
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(call install,requirements/embedded.txt)
	@echo "  installing cbp itself"
	@$(LINK)
	@touch $@

$(VENV)/.test: $(VENV)/.embedded requirements/test.txt
	@echo "adding requirements/test.txt to $(VENV)"
	@$(call install,requirements/test.txt)
	@touch $@

# The library of OPA that tests compare the embedded engine with: locked by hand, see the file.
$(VENV)/.opa: $(VENV)/.test requirements/opa.txt
	@echo "adding requirements/opa.txt to $(VENV)"
	@$(call install,requirements/opa.txt,--ignore-requires-python)
	@touch $@

install: $(VENV)/.embedded  ## build .venv, with cbp in it

up: $(VENV)/.embedded  ## compile, judge, and start the API and its servers until Ctrl-C (PORT=9000, ENVIRONMENT=staging)
	@exec $(BIN)/cbp up $(call option,PORT,--port) $(call option,ENVIRONMENT,--environment)

compile: $(VENV)/.embedded  ## compile spec/ and environments/ into generated/
	@$(BIN)/cbp compile

check: $(VENV)/.embedded  ## everything that a pull request must satisfy, without writing a file
	@$(BIN)/cbp verify

test: $(VENV)/.opa  ## every test, lint, types and layer contracts
	@$(MAKE) --no-print-directory --jobs=2 lint types bytecode
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal --durations=10

test-fast: $(VENV)/.test  ## the tests that start no server and no process, in about a minute
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal --durations=10 -m "not slow"

# What pytest makes of each module of tests is made once, while mypy runs, and not by each of its workers.
bytecode: $(VENV)/.test
	@found=$$($(BIN)/python -m pytest --collect-only -qq 2>&1) || { echo "$$found"; exit 1; }

lint: $(VENV)/.test  ## formatting, lint and layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

types: $(VENV)/.test  ## mypy, strict, over the tests too
	@$(BIN)/mypy

format: $(VENV)/.test  ## rewrite the Python files in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: docs/diagnostics.md docs/metrics.md docs/openapi.json docs/policies docs/reach.md  ## write the pages that are generated; docs/reach.md takes a minute

docs/diagnostics.md: $(VENV)/.embedded
	@$(call page,compiler.diagnostics.catalogue)

docs/metrics.md: $(VENV)/.embedded
	@$(call page,compiler.metrics_page)

docs/openapi.json: $(VENV)/.embedded
	@$(call page,runtime.http.openapi)

docs/policies: $(VENV)/.embedded
	@$(BIN)/cbp policy docs

docs/reach.md: $(VENV)/.embedded
	@$(call page,compiler.reach tests/project)

bench: $(VENV)/.embedded  ## measure the compiler and the API on this machine, and print a table (docs/benchmarks.md)
	@$(BIN)/python -m benchmarks

faults: $(VENV)/.test  ## break the servers, the network and the workers under load, and write docs/reliability.md
	@$(BIN)/python -m tests.faults docs/reliability.md

lock:  ## resolve the locks anew (requirements/*.txt: hashed, without an index host)
	@$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/python -m pip install --quiet --upgrade pip \
	  && $(VENV)-lock/bin/python -m pip install --quiet --group lock
	@set -e; compile="$(VENV)-lock/bin/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --custom-compile-command 'make lock'"; \
	$$compile --output-file requirements/runtime.txt; \
	$$compile --extra compiler --constraints requirements/runtime.txt --output-file requirements/compiler.txt; \
	$$compile --extra compiler --extra embedded --group build --constraints requirements/compiler.txt \
	  --output-file requirements/embedded.txt; \
	$$compile --all-extras --group build --constraints requirements/embedded.txt --output-file requirements/test.txt
	@rm -rf $(VENV)-lock

clean:  ## remove .venv and every cache
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .cbp build *.egg-info
