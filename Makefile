# Short forms for the tox environments. All that is needed is make and Python 3.11 or later:
# the first use puts tox into .venv, and tox installs the rest into .tox.
#
#   make test PYTHON=python3.12      another interpreter
#   make test ARGS="-k front -x"     arguments for the tool behind the target

PYTHON ?= python3
ARGS ?=
# Nothing at all without ARGS: after a bare `--` tox takes the arguments as given, empty, and not its own.
PASSED_ON := $(if $(strip $(ARGS)),-- $(ARGS))
TOX := .venv/bin/tox

.DEFAULT_GOAL := help
.PHONY: help test test-all lint types oldest reading front bench clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: $(TOX)  ## run the tests, without the slow ones
	$(TOX) run -e py $(PASSED_ON)

test-all: $(TOX)  ## run all tests, the slow ones included
	$(TOX) run -e all $(PASSED_ON)

lint: $(TOX)  ## check style and format
	$(TOX) run -e lint

types: $(TOX)  ## check types
	$(TOX) run -e types $(PASSED_ON)

oldest: $(TOX)  ## test with the oldest versions that pyproject.toml allows, on Python 3.11
	$(TOX) run -e oldest $(PASSED_ON)

reading: $(TOX)  ## test that stored sessions are read without torch and timm, on Python 3.11
	$(TOX) run -e reading $(PASSED_ON)

front: $(TOX)  ## measure the paper's networks briefly, draw their front, and write their page
	$(TOX) run -e front $(PASSED_ON)

bench: $(TOX)  ## time the benchmark suites: make bench ARGS="--networks levit --threads 1,2 --batch 1 --budget 3m"
	$(TOX) run -e bench $(PASSED_ON)

clean:  ## remove what these targets made, except results
	rm -rf .venv .tox .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks build *.egg-info
	find bench tests tools suites -name __pycache__ -type d -prune -exec rm -rf {} +

# An interpreter named by the caller replaces the one that .venv was made with; otherwise .venv stays as it is.
MADE_WITH := $(shell cat .venv/.made-with 2>/dev/null)
ifneq ($(origin PYTHON),file)
ifneq ($(MADE_WITH),$(PYTHON))
$(TOX): another-interpreter
.PHONY: another-interpreter
another-interpreter:
endif
endif

$(TOX): constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than Python 3.11. Name a newer one: make $(or $(MAKECMDGOALS),test) PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(if $(MADE_WITH),--clear) .venv || { \
	  echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt tox
	@touch $(TOX) && echo "$(PYTHON)" > .venv/.made-with
