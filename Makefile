# Two commands do everything: `make app` and `make test`. Both may be called again and again.
.POSIX:
.PHONY: app test lint types install install-dev chromium lock benchmarks demo clean

PYTHON = python3
BIN = .venv/bin

app: .venv/installed
	@$(BIN)/streamlit run app.py

test: .venv/installed-dev chromium lint types
	@$(BIN)/python -m pytest

lint: .venv/installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/installed-dev
	@$(BIN)/mypy

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "M3 Explorer needs Python 3.11 or later: say which with 'make PYTHON=python3.12'."; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "No virtual environment could be made: on Debian and Ubuntu install python3-venv."; exit 1; }

.venv/installed: .venv/bin/python requirements.txt
	@echo "Installing requirements.txt into .venv (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	@touch $@

# The browser tests drive Debian's chromium; they skip, and say so, where there is none.
chromium:
	@if command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then :; \
	elif command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	elif command -v apt-get >/dev/null 2>&1 && command -v sudo >/dev/null 2>&1; then \
	  sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else echo "No chromium here: install Chromium or Chrome and put it on the PATH to run the browser tests."; fi

# The exact set that the tests last passed with. torch's CPU build is named by its version alone.
lock: .venv/installed-dev
	@$(BIN)/python -m pip freeze --disable-pip-version-check | sed 's/^\(torch==[^+]*\)+.*/\1/' >requirements.lock

benchmarks: .venv/installed
	@$(BIN)/python -m benchmarks --out benchmarks.json

# The run that the app opens with on a fresh machine; the same bytes on the same type of CPU.
demo: .venv/installed
	@$(BIN)/python -m demo

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
