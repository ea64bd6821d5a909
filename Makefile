# One command each on a fresh clone, with Python 3.10 or newer, make and git. Each works twice.

PYTHON ?= python3
BIN := .venv/bin
CODE := engine $(wildcard cockpit)
# Tests wait for processes more than they compute.
WORKERS ?= 4
RULES := $(foreach rule,arrows budgets light python38,tests/house/test_$(rule).py)
export PIP_DISABLE_PIP_VERSION_CHECK = 1

# Everything the environment is made from. It holds absolute paths, so where it stands is one of its inputs.
INPUTS := $(firstword $(shell { cat pyproject.toml constraints.txt; $(PYTHON) -c 'import sys; print(sys.version, sys.base_prefix)'; pwd; } 2>/dev/null | cksum))
LAPTOP := .venv/laptop-$(INPUTS)
TRAIN := .venv/train-$(INPUTS)
VENV := .venv/made-$(INPUTS)
PIP := $(BIN)/pip install -c constraints.txt
# Where builds of torch without CUDA are, for machines without a GPU; empty: whatever pip is set up to prefer.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
QUIET ?= -q

.DEFAULT_GOAL := help
.PHONY: help venv train run test check bench soak screens release-check constraints

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

venv: $(VENV) ## set up .venv; made again when its inputs change

train: $(TRAIN) ## as far as the demo needs it

# A stamp comes last: an installation that was cut off is done again. Nothing is compiled ahead: a screen opens sooner.
$(LAPTOP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	    { echo '$(PYTHON) is missing or older than 3.10. Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo '$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv' >&2; exit 2; }
	$(PYTHON) -m venv --clear .venv
	$(PIP) -q --no-compile setuptools
	$(PIP) -q --no-compile --no-build-isolation -e .
	@touch $@

# torch comes first and by itself: its exact version accepts whichever build of it, CPU or CUDA, pip is set up to prefer.
# An index that does not answer in a moment is done without.
$(TRAIN): $(LAPTOP)
	@if [ -n '$(TORCH_INDEX)' ] && ! ls /dev/nvidia0 >/dev/null 2>&1 && \
	    $(BIN)/python -c "from urllib.request import urlopen; urlopen('$(TORCH_INDEX)/', timeout=3)" 2>/dev/null; \
	then near='--extra-index-url $(TORCH_INDEX)'; fi; set -x; $(PIP) $(QUIET) --no-compile $$near torch==2.13.0
	$(PIP) $(QUIET) --no-compile --no-build-isolation -e '.[train]'
	@touch $@

$(VENV): $(TRAIN)
	$(PIP) $(QUIET) --no-compile --no-build-isolation -e '.[train,gcp,publish,serve,dev]'
	@touch $@

# With a terminal the cockpit opens at once, on a recording, and installs the rest in view.
run: $(LAPTOP) ## train the demo, here and now, and watch it
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/python -m cockpit demo --install '$(MAKE) QUIET= train'; \
	else $(MAKE) train && $(BIN)/cockpit demo; fi

test: $(VENV) ## run the tests
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not alone" tests
	$(BIN)/python -m pytest -q -m alone tests/cockpit

check: $(VENV) ## format, lint, types, arrows between modules, size budgets
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict $(CODE)
	$(BIN)/python -m pytest -q $(RULES)

bench: $(VENV) ## print the benchmarks
	$(BIN)/python -m tests.bench

soak: $(VENV) ## run every count the project promises: an hour or two
	$(BIN)/python -m tests.soak

screens: $(VENV) ## draw the README's pictures anew, from the recordings
	$(BIN)/python -m tests.screens

release-check: $(VENV) ## build sdist and wheel, install them bare, run the demo from them
	$(BIN)/python -m tests.release

constraints: ## pin every version, for every Python at once; a line removed from the file is resolved anew
	tools=$$(mktemp -d) && trap "rm -rf $$tools" EXIT && \
	$(PYTHON) -m pip install -q --target $$tools uv && \
	PYTHONPATH=$$tools $(PYTHON) -m uv pip compile -q --universal --python-version 3.10 --all-extras \
	    --no-annotate --no-header pyproject.toml -o constraints.txt
