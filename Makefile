# KUDOS: two commands on a fresh machine, `make demo` and `make test`; `make` alone prints this help.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long lint format unit contract integration e2e bench docs lock up down clean

help: ## print this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## create .venv with kudos in it

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("KUDOS needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar on --constraint constraints.txt --editable '.[all,test]'
	@touch $@

demo: setup ## install, start everything locally, play a season, show the dashboard's address
	$(BIN)/kudos demo

test: setup ## install, run every test
	$(BIN)/python -m pytest -m 'not long' -n 2 --no-loadscope-reorder

test-long: setup ## what is too long for every change
	$(BIN)/python -m pytest -m long

lint: setup ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## let ruff format and mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit contract integration e2e: setup ## the tests of one folder
	$(BIN)/python -m pytest tests/$@ -m 'not long'

bench: setup ## measure speed and memory, and keep the table in docs/benchmarks.md
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m benchmarks.answers

docs: setup ## generate the documents that are made from the code
	$(BIN)/kudos docs docs

lock: setup ## write constraints.txt anew from what is installed
	$(BIN)/python -m pip freeze --exclude-editable | grep -v '@' > constraints.txt

up: setup ## start everything locally
	$(BIN)/kudos local

down: ## stop what `make up` started
	$(BIN)/kudos local --stop

clean: ## remove what was installed and made, but no data
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
