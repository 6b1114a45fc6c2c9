# Every target sets up what it needs: `make app` and `make test` work on a fresh machine with Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
export EMOVIZ_DATA
# Where a machine forbids bytecode, every process that a test starts would compile what it imports once more.
unexport PYTHONDONTWRITEBYTECODE
# Two torch processes that each take all cores are slower than one after the other; numba would set torch's threads, too.
TEST := OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 $(BIN)/python -m pytest

.PHONY: app test test-fast lint browser results docs clean

app: .venv/app
	@$(BIN)/python -m emoviz app

# Two of the four drive browsers, and wait more than they compute.
test: .venv/dev browser
	$(TEST) -n 4

test-fast: .venv/dev
	$(TEST) -n 2 -m "not slow and not browser and not corpora"

# Every figure under results/ and the tables of docs/results.md, from EMOVIZ_DATA; what was done before an interruption is kept.
results: .venv/app
	OMP_NUM_THREADS=1 $(BIN)/python -m emoviz results --make --renew docs/results.md

# The site, in site/: open site/index.html, or `python -m http.server -d site` where its search shall work, too.
docs: .docs-venv/made
	.docs-venv/bin/python tools/site.py
	NO_MKDOCS_2_WARNING=1 .docs-venv/bin/mkdocs build --strict --quiet -f build/mkdocs.yml

.docs-venv/made: requirements-docs.txt
	$(PYTHON) -m venv .docs-venv
	.docs-venv/bin/python -m pip install --quiet -r requirements-docs.txt
	@touch $@

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# The browser tests drive Debian's Chromium; without it they are skipped, and say so.
browser:
	@command -v chromium >/dev/null || { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } \
	  >/dev/null 2>&1 || echo "Chromium is not installed, so the browser tests will be skipped."

.venv/app: requirements.txt constraints.txt
	@$(PYTHON) tools/set_up.py requirements.txt
	@touch $@

.venv/dev: requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) tools/set_up.py requirements-dev.txt
	@touch $@ .venv/app

clean:
	rm -rf .venv .docs-venv site build .pytest_cache .mypy_cache .ruff_cache .hypothesis
