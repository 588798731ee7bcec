# The tasks of this project. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-wheel check format docs sample bench clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## serve the sample blog, with a correspondent who goes on writing
	@$(BIN)/python scripts/demo.py

test: $(VENV)/.test ## run the fast tests
	@# A file's tests run in one process, so that its fixtures are made once.
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not slow"

test-slow: $(VENV)/.test ## run the slow tests
	$(BIN)/python -m pytest -n $(JOBS) -m slow

test-wheel: $(BIN)/python ## run the fast tests against the built wheel, without src/
	@JOBS=$(JOBS) scripts/test_wheel.sh $(BIN)/python

check: $(VENV)/.check ## lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.check ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.run ## refresh docs/command-line.md and docs/settings.md
	$(BIN)/python scripts/reference.py

sample: $(VENV)/.run ## publish the sample blog again
	$(BIN)/liveblog publish --full

bench: $(VENV)/.run $(VENV)/.peers ## measure beside others (an hour, 25 GB, root for apt)
	$(BIN)/python benchmarks/run.py

clean: ## delete all that can be made again
	rm -rf $(VENV) .liveblog .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Each stamp says which dependencies the virtual environment holds.
$(BIN)/python:
ifdef UV
	uv venv --quiet --python $(PYTHON) $(VENV)
else
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "liveblog needs Python 3.11 or newer; name one: make demo PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "No virtual environment could be made. On Debian: apt install python3-venv" >&2; exit 1; }
endif

ifdef UV
INSTALL = VIRTUAL_ENV=$(CURDIR)/$(VENV) uv pip install --quiet
else
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517
endif
# Older versions of pip do not know dependency groups.
GROUP = $(BIN)/python -c 'import tomllib, sys; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"][sys.argv[1]]))'

$(VENV)/.run: pyproject.toml | $(BIN)/python
	@echo "Installing liveblog into $(VENV) …"
	@$(INSTALL) -e .
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.run
	@$(GROUP) test > $(VENV)/test.txt
	@echo "Installing what the tests need …"
	@$(INSTALL) -r $(VENV)/test.txt
	@touch $@

# The programs that are measured beside liveblog, and liveblog installed as users install it.
PACKAGES = chromium git hugo libnginx-mod-nchan nginx-light wrk
PEERS = $(VENV)/peers
$(VENV)/.peers: pyproject.toml $(shell find src -name '*.py' -o -name '*.html') | $(BIN)/python
	@dpkg -s $(PACKAGES) >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq --no-install-recommends $(PACKAGES); }
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check jrnl 'pelican[markdown]'
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps .
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check '.[fast]'
	@npm install --silent --no-fund --no-audit --prefix $(PEERS) @11ty/eleventy lighthouse
	@touch $@

$(VENV)/.check: pyproject.toml $(VENV)/.test
	@$(GROUP) check > $(VENV)/check.txt
	@$(INSTALL) -r $(VENV)/check.txt
	@touch $@
