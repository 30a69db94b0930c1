# What a person types. Knobs are environment variables: HOST PORT DATA_DIR DATABASE_URL BASE_URL (README.md lists all).
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test bench lint screenshots clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run:  ## Start the production server (first run: installs, migrates, loads the demo) and print the links
	@PYTHON="$(PYTHON)" scripts/install.sh requirements.txt
	@exec $(BIN)/python -m eventsvc.serve

test:  ## Run every test: guards, Python on SQLite and on PostgreSQL, node, real server, real browser
	@PYTHON="$(PYTHON)" scripts/install.sh --tools requirements-dev.txt
	@exec $(BIN)/python scripts/test.py

bench:  ## Measure our server beside a floor made by hand (half an hour; QUICK=1: two minutes); writes bench.json
	@PYTHON="$(PYTHON)" scripts/install.sh --bench requirements.txt
	@exec $(BIN)/python -m bench $(if $(QUICK),--quick) $(ARGS)

lint:  ## Run the guards alone (a few seconds)
	@PYTHON="$(PYTHON)" scripts/install.sh requirements-dev.txt
	@exec $(BIN)/python -m pytest -q tests/guards

screenshots:  ## Take the README's pictures anew from a fresh demo (needs Chromium)
	@PYTHON="$(PYTHON)" scripts/install.sh requirements-dev.txt
	@$(BIN)/python scripts/screenshots.py

clean:  ## Remove .venv and caches; never touches DATA_DIR
	@rm -rf .venv .pytest_cache .hypothesis test-artifacts
