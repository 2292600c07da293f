# One gate for people and for .ci/run. Needs make (3.81 will do) and Python 3.11
# or newer with venv; everything else is put into .venv/, nothing outside it.
# Settings:  make test PYTHON=python3.13   make demo LINE=1.0   make demo PORT=8002

.NOTPARALLEL:
.DELETE_ON_ERROR:

# The Python named by the user, else the first on the PATH that is new enough.
# Each is run to find out: a version manager's name need not lead to a Python.
ifndef PYTHON
PYTHON := $(shell for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$name; break; fi; done)
endif
ifeq ($(strip $(PYTHON)),)
$(error Python 3.11 or newer is needed, and there is none on the PATH. Name one: make PYTHON=/path/to/python3.11)
endif
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; v = sys.version_info; print("%d.%d" % v[:2] if v >= (3, 11) else "")' 2>/dev/null)
ifeq ($(PYTHON_VERSION),)
$(error $(PYTHON) is not a Python 3.11 or newer that runs)
endif

# The Datasette lines that are served and tested, and how each takes metadata.yml:
# the 1.0 line reads settings and queries only from -c (docs/decisions.md).
LINES := 0.65 1.0
LINE ?= 0.65
DATASETTE_0.65 := datasette~=0.65.5
DATASETTE_1.0 := datasette==1.0a41
EXTRAS_0.65 := test,lint
EXTRAS_1.0 := test
# The oldest Datasette of each line that is supported (pages/compat/version.py).
OLDEST_0.65 := datasette==0.65.5
OLDEST_1.0 := datasette==1.0a39
METADATA_0.65 := -m metadata.yml
METADATA_1.0 := -m metadata.yml -c metadata.yml
ifeq ($(filter $(LINE),$(LINES)),)
$(error LINE is one of: $(LINES))
endif

# How large the archive of `make bench` is; DuckDB is what it compares with.
ARTICLES ?= 10000
DOCUMENTS := README.md docs/archives.md docs/cli.md docs/records.md docs/search.md docs/tables.md docs/package-index.md
PORT ?= 8001
VENVS := .venv/$(PYTHON_VERSION)
SITE := $(VENVS)/$(LINE)/bin/python -m datasette
# Tools that do not depend on the line run on the stable one.
TOOLS := $(VENVS)/0.65/bin/python

.PHONY: help demo test oldest wheel lint docs demo-db shots bench bench-related bench-related-scale fuzz crash load matrix clean $(LINES:%=test-%) $(LINES:%=browser-%) $(LINES:%=matrix-%) $(LINES:%=oldest-%)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 12

demo: $(VENVS)/$(LINE)/.ready ## serve the demo newsroom on http://127.0.0.1:8001 (LINE=1.0 for Datasette 1.0, PORT=... for another port)
	@echo "The demo newsroom, on Datasette $(LINE): http://127.0.0.1:$(PORT)"
	@$(SITE) serve demo.db $(METADATA_$(LINE)) --port $(PORT)

test: lint $(LINES:%=test-%) ## lint, then run all tests on both Datasette lines

# Four at once, on two cores too: much of a test waits for a server or a browser.
# The plugins that ours is tried beside are not needed where PYTEST names the tests.
$(LINES:%=test-%): test-%: $(VENVS)/%/.tools browser-% $(if $(PYTEST),,$(VENVS)/%/plugins/.ready)
	@printf '\n== Tests: Datasette %s, Python %s\n' $* $(PYTHON_VERSION)
	@$(VENVS)/$*/bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(PYTEST)

$(LINES:%=browser-%): browser-%: $(VENVS)/%/.tools
	@$(VENVS)/$*/bin/python tests/support/browser.py

lint: $(VENVS)/0.65/.tools ## check style (ruff), types (mypy) and the generated parts of the documents (cog)
	@printf '\n== Lint\n'
	@$(TOOLS) -m ruff check .
	@$(TOOLS) -m ruff format --check --output-format=concise .
	@$(TOOLS) -m mypy
	@$(TOOLS) -m cogapp -I docs --verbosity=1 --check --check-fail-msg='Run: make docs' $(DOCUMENTS)

docs: $(VENVS)/0.65/.tools ## write the generated parts of the documents
	@$(TOOLS) -m cogapp -I docs --verbosity=1 -r $(DOCUMENTS)

demo-db: $(VENVS)/0.65/.ready ## draw the missing images in demo/ and make demo.db again from it
	@$(TOOLS) demo/make_images.py
	@rm -rf build/demo && mkdir -p build/demo
	@$(TOOLS) -m datasette newsfeed import build/demo/demo.db demo
	@$(TOOLS) -m datasette newsfeed prepare --force build/demo/demo.db demo.db

# With the oldest version of each library that pyproject.toml allows (tests/support/oldest.py).
oldest: $(LINES:%=oldest-%) ## run the tests with the oldest libraries that pyproject.toml allows, on both lines

$(LINES:%=oldest-%): oldest-%: $(VENVS)/oldest-%/.ready
	@printf '\n== Tests with the oldest libraries: %s, Python %s\n' '$(OLDEST_$*)' $(PYTHON_VERSION)
	@$(VENVS)/oldest-$*/bin/python -m pytest -n 4 --dist loadfile -m 'not browser' $(PYTEST)

wheel: $(VENVS)/0.65/.ready ## build the source distribution and the wheel into dist/
	@rm -rf dist
	@$(TOOLS) -m pip install --quiet --disable-pip-version-check build
	@$(TOOLS) -m build

shots: browser-$(LINE) ## take the pictures of the README again (needs Chrome or Chromium)
	@$(VENVS)/$(LINE)/bin/python tests/support/shots.py

# The long forms of what `make test` tries a few times of: docs/trust.md.
fuzz: browser-$(LINE) ## thousands of made-up and hostile records, every attack on every page, all permissions
	@$(VENVS)/$(LINE)/bin/python -m pytest --long -n 2 --dist loadfile tests/importing/test_round_trip.py tests/security/test_hostile_records.py tests/pages/test_parameters.py tests/security/test_permissions.py tests/browser/test_hostile_browser.py tests/pages/test_feeds.py tests/security/test_hostile.py tests/pages/test_listing.py tests/pages/test_sight.py tests/browser/test_accessibility.py tests/pages/test_facets.py tests/pages/test_facet_numbers.py tests/security/test_cost.py tests/pages/test_page_cache.py tests/security/test_damaged.py $(PYTEST)

crash: $(VENVS)/$(LINE)/.tools ## kill each command hundreds of times, fill the disk, lock the database, read the site meanwhile
	@$(VENVS)/$(LINE)/bin/python -m pytest --long -n 2 --dist loadfile tests/security/test_crash.py tests/importing/test_import_series.py tests/images/test_fetch.py $(PYTEST)

matrix: $(LINES:%=matrix-%) ## every page beside each of some fifteen other plugins and beside all, both orders of loading, both lines

$(LINES:%=matrix-%): matrix-%: $(VENVS)/%/plugins/.ready browser-%
	@printf '\n== Other plugins: Datasette %s\n' $*
	@$(VENVS)/$*/bin/python -m pytest --long -n 2 tests/pages/test_other_plugins.py $(PYTEST)

load: $(VENVS)/$(LINE)/.tools ## 50 readers for five minutes while an import runs, beside plain Datasette
	@$(VENVS)/$(LINE)/bin/python -m pytest --long tests/security/test_load.py -s $(PYTEST)

bench: $(LINES:%=$(VENVS)/%/.ready) ## make an archive of ARTICLES=10000 records, measure its import, and its pages on both Datasette lines
	@mkdir -p build/bench
	@$(VENVS)/0.65/bin/python benchmarks/archive.py build/bench/$(ARTICLES) $(ARTICLES)
	@$(VENVS)/0.65/bin/python -m pip install --quiet --disable-pip-version-check markdown-to-sqlite
	@$(VENVS)/0.65/bin/python benchmarks/imports.py build/bench/$(ARTICLES) --workers 2 $(if $(filter 10000,$(ARTICLES)),--others --relate)
	@$(VENVS)/0.65/bin/python benchmarks/rows.py build/bench/$(ARTICLES).db $(ARTICLES)
	@for line in $(LINES); do \
		$(VENVS)/$$line/bin/python -m pip install --quiet --disable-pip-version-check duckdb && \
		$(VENVS)/$$line/bin/python benchmarks/pages.py build/bench/$(ARTICLES).db || exit 1; done

bench-related: $(VENVS)/0.65/.ready ## how well stories and similar articles are found, beside four known ways
	@$(VENVS)/0.65/bin/python -m pip install --quiet --disable-pip-version-check scikit-learn datasketch
	@$(VENVS)/0.65/bin/python benchmarks/related/bench_related.py $(wildcard ../shared/stories-labelled/*.json)

bench-related-scale: $(VENVS)/0.65/.ready ## what `newsfeed relate` costs at 10,000 and 100,000 articles
	@$(VENVS)/0.65/bin/python benchmarks/related/bench_scale.py 10000 100000

clean: ## remove .venv/, build/ and caches
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# One environment a Python version and Datasette line, made anew when what it
# holds may have changed. `.ready` serves the site, `.tools` adds what tests need.
$(VENVS)/%/.ready: pyproject.toml setup.py Makefile
	@printf '\n== Setting up Datasette %s, Python %s\n' $* $(PYTHON_VERSION)
	@rm -rf $(@D)
	@$(PYTHON) -m venv $(@D) || { rm -rf $(@D); echo '$(PYTHON) cannot make a virtual environment: install its venv module (on Debian: python3-venv)' >&2; exit 1; }
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[all]' '$(DATASETTE_$*)'
	@touch $@

$(VENVS)/%/.tools: $(VENVS)/%/.ready
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS_$*)]' '$(DATASETTE_$*)'
	@touch $@

$(VENVS)/oldest-%/.ready: pyproject.toml setup.py Makefile tests/support/oldest.py
	@printf '\n== Setting up %s with the oldest libraries, Python %s\n' '$(OLDEST_$*)' $(PYTHON_VERSION)
	@rm -rf $(@D)
	@$(PYTHON) -m venv $(@D)
	@$(PYTHON) tests/support/oldest.py > $(@D)/oldest.txt
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(@D)/oldest.txt --editable '.[test]' '$(OLDEST_$*)'
	@touch $@

# The other plugins, in an environment above that of the line: it sees the packages there, pip
# counts them as installed, and changes none. So the tests' own Datasette loads none of them.
PURELIB := import sysconfig; print(sysconfig.get_path("purelib"))
$(VENVS)/%/plugins/.ready: tests/support/other_plugins/%.txt $(VENVS)/%/.tools
	@printf '\n== Setting up other plugins for Datasette %s, Python %s\n' $* $(PYTHON_VERSION)
	@rm -rf $(@D)
	@$(PYTHON) -m venv $(@D)
	@below=$$($(VENVS)/$*/bin/python -c '$(PURELIB)') && above=$$($(@D)/bin/python -c '$(PURELIB)') && \
		echo "import site; site.addsitedir('$$below')" > "$$above/line.pth"
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/support/other_plugins/$*.txt '$(DATASETTE_$*)'
	@touch $@

.PRECIOUS: $(VENVS)/%/.ready $(VENVS)/%/.tools $(VENVS)/%/plugins/.ready
