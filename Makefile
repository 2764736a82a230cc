# Two commands: `make run` serves the app, `make test` runs every check and test. Both make .venv when it is
# missing and install only when a requirements file has changed, so that a second run starts in seconds.
PYTHON ?= python3.11
PORT ?= 8501
BIN := .venv/bin
USER_STAMP := .venv/.installed
TEST_STAMP := .venv/.installed-for-tests

.PHONY: run test

run: $(USER_STAMP)
	@$(BIN)/streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT)

test: $(TEST_STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy core
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.e2e.browser
	@$(BIN)/pytest

$(BIN)/python:
	$(PYTHON) -m venv .venv

$(USER_STAMP): requirements.txt | $(BIN)/python
	$(BIN)/pip install -r requirements.txt
	@touch $@

$(TEST_STAMP): requirements-dev.txt $(USER_STAMP)
	$(BIN)/pip install -r requirements-dev.txt
	@touch $@
