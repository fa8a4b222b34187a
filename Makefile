# What one does here. Everything is set up on the way: a fresh machine needs Python 3.11 to 3.14 and make.
PYTHON ?= python3
BIN := .venv/bin
# Packages of Node that tests use.
NODE_PACKAGES := tests/system/console_walk/html_check tests/web/hooks/reference
export PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Every process that is started compiles all of our modules where this is set.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run shell test interop fuzz check bench docs lock clean

help:  ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run.done  ## start the demo: store, database, worker, web and a demo vendor (PORT=9000: on ports 9000 to 9002)
	@$(BIN)/session-status up --by-make $(if $(PORT),--port $(PORT))

shell: export SESSION_STATUS_DATA_FOLDER ?= $(CURDIR)/data
shell: .venv/run.done  ## open a shell in which `session-status` is found
	@echo "session-status is on the PATH here, and works on the demo in $$SESSION_STATUS_DATA_FOLDER from any folder. Type exit to leave."
	@unset MAKEFLAGS MFLAGS MAKELEVEL; PATH="$(CURDIR)/$(BIN):$$PATH" "$${SHELL:-/bin/sh}" || :

test: .venv/test.done  ## pass the tests, on real parts
	.ci/machine chromium postgresql headers xmlsec1 curl nginx systemd debugpython node
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(NODE_PACKAGES:%=%/node_modules/.package-lock.json); fi
	$(BIN)/python -m pytest -n auto $(ARGS)

interop: .venv/test.done  ## log in, in a browser, at identity providers written by others (installs them)
	.ci/machine chromium xmlsec1 curl simplesamlphp node
	npm ci --prefix tests/system/interop/providers/samlp --no-audit --no-fund --silent
	INTEROP=1 $(BIN)/python -m pytest tests/system/interop $(ARGS)

fuzz: .venv/test.done  ## look for scripts that CPython does not survive: ARGS="--minutes 30 --seed 1"
	.ci/machine debugpython
	$(BIN)/python -m tests.attacks.fuzz $(ARGS)

check: .venv/test.done  ## lint, format, types, architecture, docs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_docs.py

bench: .venv/bench.done  ## measure, write benchmarks/results.json and the table in benchmarks/README.md
	$(BIN)/python -m benchmarks $(ARGS)

docs: .venv/run.done  ## write the reference pages again from the code
	$(BIN)/python docs/reference.py

lock: .venv/test.done  ## resolve the dependencies again (versions and hashes, no addresses)
	$(BIN)/python -m pip install --quiet uv
	@for part in run test bench; do \
	  if [ $$part = run ]; then inputs="requirements/build.in"; else inputs="--extra $$part -c requirements/run.txt"; fi; \
	  if [ $$part = test ]; then inputs="requirements/build.in $$inputs"; fi; \
	  $(BIN)/uv pip compile pyproject.toml $$inputs --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --quiet -o requirements/$$part.txt; done

clean:  ## remove what was made here, except the demo's data
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/python:
	.ci/machine venv
	$(PYTHON) -m venv .venv

.venv/run.done: .venv/bin/python requirements/run.txt pyproject.toml
	@echo "Installing what it needs into .venv. This takes a minute or two, the first time."
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test.done: .venv/run.done requirements/test.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/test.txt
	@touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	npm ci --prefix $* --no-audit --no-fund --silent

.venv/bench.done: .venv/test.done requirements/bench.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/bench.txt
	@touch $@
