# `make paper` and `make test` need Python 3.11 or newer, pip, make and git; they set up .venv themselves.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt

.PHONY: help paper starter-models test compiled lint types imports docs picture clean

help:
	@echo "make paper    set up and run a session of all strategies, models and ensembles on a simulated market"
	@echo "make starter-models  train the models that it trades with anew"
	@echo "make test     set up and run the tests"
	@echo "make compiled install the compiled build into .venv-compiled; it needs a C compiler"
	@echo "make lint     ruff: rules and format"
	@echo "make types    mypy, strict"
	@echo "make imports  the direction of imports"
	@echo "make docs     write the generated reference pages anew"
	@echo "make picture  make the picture of the terminal UI anew"

paper: $(VENV)/.ready-to-run
	@$(BIN)/papertape -q models import models/
	@echo "The market is simulated, and an edge is planted in it for the models to find. Real markets have no such edge."
	@$(BIN)/papertape run models/line-up.toml
	@echo
	@echo "papertape is $(BIN)/papertape here; \`. $(BIN)/activate\` puts it on the path"

starter-models: $(VENV)/.ready-to-run
	@PATH="$(abspath $(BIN)):$$PATH" models/train.sh

test: $(VENV)/.ready-to-develop
	@$(BIN)/papertape features compile
	$(BIN)/python -m pytest -n auto

# The tests run against it too: .venv-compiled/bin/python -m pytest -n auto tests
compiled:
	@$(MAKE) --no-print-directory VENV=.venv-compiled .venv-compiled/bin/python
	@echo "Compiling papertape and installing it into .venv-compiled (about a minute and a half)"
	@HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 .venv-compiled/bin/python -m pip install -qq --disable-pip-version-check -c constraints.txt '.[dev,postgres]'

lint: $(VENV)/.ready-to-develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready-to-develop
	$(BIN)/mypy

imports: $(VENV)/.ready-to-develop
	$(BIN)/lint-imports

docs: $(VENV)/.ready-to-develop
	$(BIN)/python docs/generate.py

picture: $(VENV)/.ready-to-develop
	$(BIN)/python docs/picture.py

clean:
	rm -rf $(VENV) .venv-compiled dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@echo "Making the environment $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "papertape needs Python 3.11 or newer, this is %d.%d: make PYTHON=python3.11 ..." % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV)

# Rebuilt when the project's requirements change; the development set holds all that a run needs. torch is installed
# from PyPI, where the build for Linux brings CUDA; PyTorch's own index has a smaller one for processors alone.
$(VENV)/.ready-to-run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing papertape with its models into $(VENV) (about a minute)"
	@$(INSTALL) -e '.[ml]'
	@touch $@

$(VENV)/.ready-to-develop: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing papertape and what its tests need into $(VENV) (about a minute)"
	@$(INSTALL) -e '.[dev,postgres]'
	@touch $@ $(VENV)/.ready-to-run
