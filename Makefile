# Kedergi on a fresh machine. Needs Python 3.11 or newer and make (GNU, 3.81 or newer), nothing else.
# Everything goes into .venv; installing is repeated only when pyproject.toml or constraints.txt change.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTHON ?=
PYTHONS := $(if $(PYTHON),$(PYTHON),python3.14 python3.13 python3.12 python3.11 python3 python)

.PHONY: help up test dev lint bench words python
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:  ## this list
	@awk -F ':.*  ## ' '/^[a-z]+:.*  ## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

up: $(VENV)/.up  ## prober and pages on http://127.0.0.1:8733; make up ARGS="--accept-risks"
	@$(BIN)/kedergi up $(ARGS)

test: $(VENV)/.dev  ## the tests; make test ARGS="-k words"
	@$(BIN)/pytest $(ARGS)

dev: $(VENV)/.dev  ## installs what up and test need, runs nothing
	@:

lint: $(VENV)/.dev  ## style, types and the direction of imports
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.dev  ## the benchmarks: figures, no part of the tests
	@$(BIN)/pytest -m bench $(or $(ARGS),tests/bench)

# What marks a word is said in server/pages/tongue.py.
MARKS := $(addprefix -k ,say sense:1c,2 count:1,2 tell tell_count:1,2 N_ P_:1,2 C_:1c,2 later)
words: $(VENV)/.dev  ## the catalogues of server/i18n: new words into the .po files, the .mo files anew
	@$(BIN)/pybabel -q extract -F pyproject.toml $(MARKS) --no-location --omit-header -o $(VENV)/words.pot .
	@$(BIN)/pybabel -q update -i $(VENV)/words.pot -d server/i18n -D kedergi -w 100 --no-fuzzy-matching --ignore-obsolete \
		--ignore-pot-creation-date
	@$(BIN)/pybabel -q compile -d server/i18n -D kedergi

python:  ## the Python that .venv would be made with; another one: make up PYTHON=python3.12
	@$(find_python); echo "$$found"

# Sets $found to the newest Python that fits and can make a venv; without one, says what is missing and ends.
# Each candidate is run, because a name on PATH may be a shim with nothing behind it.
define find_python
found=; bare=; \
for python in $(PYTHONS); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	if "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then found=$$python; break; fi; \
	bare=$${bare:-$$python}; \
done; \
if [ -z "$$found" ] && [ -n "$$bare" ]; then \
	echo "Kedergi found $$bare, but its venv module is missing or incomplete: install it" \
		"(Debian, Ubuntu: apt install python3-venv) and run make again." >&2; \
	exit 1; \
elif [ -z "$$found" ]; then \
	echo "Kedergi needs Python 3.11 or newer, and there is none on PATH: install one" \
		"(Debian, Ubuntu: apt install python3 python3-venv) and run make again." >&2; \
	exit 1; \
fi
endef

# $(call install,WHAT). A .venv made by uv, or one whose making was interrupted, has no pip yet.
define install
rm -f $@
echo "Installing into $(VENV); the first time takes about a minute."
$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '$(1)'
endef

# Phony, and so made anew, also when there is one that does not run: the system's Python was replaced.
ifneq ($(shell $(BIN)/python -c 'print("runs")' 2>/dev/null),runs)
.PHONY: $(BIN)/python
endif
$(BIN)/python:
	@$(find_python); "$$found" -m venv --clear $(VENV)

$(VENV)/.up: pyproject.toml constraints.txt $(BIN)/python
	@$(call install,.)
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(BIN)/python
	@$(call install,.[dev])
	@touch $(VENV)/.up $@
