# `make run` serves the app, `make gradio` the Gradio page, `make check` runs the quick checks before a commit,
# `make test` runs every check and test. Each makes .venv when it is missing and installs only when a requirements file
# has changed, so that a second run starts in seconds.
PYTHONS := python3.13 python3.12 python3.11 python3
BIN := .venv/bin
VENV := .venv/pyvenv.cfg
USER_STAMP := .venv/.installed
TEST_STAMP := .venv/.installed-for-tests

# A name on the PATH may be a shim that starts no Python, and Debian's python3 may lack what makes an environment:
# each is tried, and the first that is recent enough and can make one is taken.
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
COMPLETE := import ensurepip, venv; $(RECENT)
PYTHON ?= $(shell for name in $(PYTHONS); do $$name -c '$(COMPLETE)' >/dev/null 2>&1 && echo $$name && break; done)

.PHONY: run gradio check test lint anew
.DELETE_ON_ERROR:

run: $(USER_STAMP)
	@$(BIN)/streamlit run app.py --server.address 127.0.0.1 --server.port $(or $(PORT),8501)

gradio: $(USER_STAMP)
	@$(BIN)/python gradio_app.py --port $(or $(PORT),7860)

# One thread a process: these tests are small, and threads that wait for a busy core would take most of the time. The
# tests of a file stay in one process, where they share servers and nets; those of a browser, few and long, not last.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

check: lint
	@$(PYTEST) -q -m "not slow" --durations=5 --durations-min=2

test: lint
	@$(BIN)/python -m tests.e2e.browser
	@$(PYTEST)

lint: $(TEST_STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy core
	@$(BIN)/lint-imports

$(VENV):
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or later that can make a virtual environment was found (tried" \
	  "$(PYTHONS)): install one from https://www.python.org/downloads (on Debian and Ubuntu with the package" \
	  "python3-venv), or name yours, as in: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c '$(RECENT)' || { echo "$(PYTHON) does not run as Python 3.11 or later: name another by PYTHON=..." \
	  "or leave that out to take the newest of $(PYTHONS)" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv

# An environment whose Python is gone or older than 3.11 is made anew.
ifneq ($(wildcard $(VENV)),)
ifneq ($(shell $(BIN)/python -c '$(RECENT)' >/dev/null 2>&1 && echo good),good)
$(VENV): anew
anew:
	@echo ".venv has no Python 3.11 or later that runs any more: it is made anew."
endif
endif

$(USER_STAMP): requirements.txt $(VENV)
	$(BIN)/python -m pip install -r requirements.txt
	@touch $@

$(TEST_STAMP): requirements-dev.txt $(USER_STAMP)
	$(BIN)/python -m pip install -r requirements-dev.txt
	@touch $@
