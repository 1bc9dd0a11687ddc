# Everything starts here. Needs Python 3.11 or newer and make; nothing else.
#   make demo PORT=9000        make test ARGS="tests/merchants -k feed"        make season MINUTES=5

# Containers like to set it; every process below us would compile two thousand modules anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && exit; \
	done; echo python3)
BIN := .venv/bin/python
EMBEDDED := $(BIN) -m alliance.embedded
DJANGO := ALLIANCE_ENV=test $(BIN) -W ignore::RuntimeWarning manage.py
ARGS ?=
SOURCES := alliance merchants affiliates campaigns commissions aiassist tests bench manage.py

.DEFAULT_GOAL := help
.PHONY: help setup demo reset season shell test check lint format types contracts bench lock clean nightly

help: ## This list
	@echo "Taoke Alliance"
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: ## Virtual environment, locked packages, translations (the others do it by themselves)
	@$(PYTHON) alliance/embedded/bootstrap.py

demo: setup ## The whole alliance with data in it, until Ctrl-C (PORT=8000)
	@exec $(EMBEDDED) demo

reset: setup ## Remove the demo's data; the next demo makes it anew
	@$(EMBEDDED) forget

season: setup ## 618 played in minutes, then settled and checked (MINUTES=3 VISITORS=2000 SEED=618)
	@exec $(BIN) -m alliance.season $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(VISITORS),--visitors $(VISITORS)) $(if $(SEED),--seed $(SEED))

shell: setup ## Django's shell on the demo's data
	@exec $(EMBEDDED) run -- $(BIN) manage.py shell

test: check ## Lint, types, contracts, then all tests (ARGS="tests/merchants -k feed")
	@exec $(EMBEDDED) test -- $(ARGS)

nightly: setup ## Proof of the books at length, with other choices each time (an hour)
	@MODEL_MACHINES=1000 $(EMBEDDED) test -- tests/proof -q
	@$(BIN) -m tests.kill --rounds 200
	@$(BIN) -m tests.mutants --workers 2

check: lint types contracts ## Everything that reads the code without running it
	@$(DJANGO) makemigrations --check --dry-run

lint: setup
	@$(BIN) -m ruff check $(SOURCES)
	@$(BIN) -m ruff format --check --quiet $(SOURCES) || \
		{ echo "Not formatted as agreed: run make format"; exit 1; }

types: setup
	@ALLIANCE_ENV=test $(BIN) -m mypy

contracts: setup
	@$(BIN) -c "from importlinter.cli import lint_imports_command as main; main()" --no-logo

format: setup ## Format the code and repair what can be repaired
	@$(BIN) -m ruff check --fix $(SOURCES)
	@$(BIN) -m ruff format $(SOURCES)

bench: setup ## Measurements, each against its baseline (ARGS="redirect --small")
	@exec $(EMBEDDED) run --fresh -- $(BIN) -m bench $(ARGS)

lock: setup ## Write the lock files anew from pyproject.toml
	@$(BIN) -m uv pip compile pyproject.toml --extra embedded --group dev --universal \
		--python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate \
		-q -o requirements.lock
	@$(BIN) -m uv pip compile pyproject.toml --universal --python-version 3.11 \
		--generate-hashes --no-header --no-emit-index-url --no-annotate -q \
		-c requirements.lock -o requirements-production.lock

clean: ## Remove all that make has made: environment, demo data, caches
	@test ! -x $(BIN) || $(EMBEDDED) forget
	@rm -rf .venv .state .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis \
		staticfiles test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
