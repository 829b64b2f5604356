# What people and CI run. Each target sets up what it needs (tests/setup.sh).

.DEFAULT_GOAL := help
.PHONY: help .venv demo test lint bench soak docs pictures zipapp clean

# Arguments for pytest: make test ARGS='tests/test_refs.py -x'
ARGS ?=
# How long make soak takes: an hour, or a night.
SOAK_MINUTES ?= 60
# How large the world of make bench is: a number, or lab.
SCALE ?= 1
SETUP = @sh tests/setup.sh
BIN = .venv/bin

help: ## Say what each target does
	@sed -n 's/^\([a-z.]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

.venv: ## Make .venv with explog and the tools for working on it
	$(SETUP) dev

demo: ## Show explog at work on a small log and two repositories
	$(SETUP) git emacs run
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/demo/run

test: ## Run all tests, of Python, of Emacs Lisp and end to end
	$(SETUP) git emacs magit makeinfo patch ps mount slurm postgresql dev
	@$(BIN)/python -m pytest $(ARGS)

lint: ## Check style, types, compilation and docstrings
	$(SETUP) emacs magit package-lint dev
	@status=0; \
	$(BIN)/ruff check || status=1; \
	$(BIN)/ruff format --check || status=1; \
	$(BIN)/mypy || status=1; \
	"$${EMACS:-emacs}" -Q --batch -l tests/elisp/init.el -l tests/lint.el elisp/*.el || status=1; \
	exit $$status

bench: ## Measure explog and what else there is, and print the ratios; SCALE=lab for 1,000,000 commits
	$(SETUP) git emacs dev
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/bench/run --scale $(SCALE)

soak: ## Commit, edit and kill for SOAK_MINUTES, and look for what was lost
	$(SETUP) git dev
	@cd tests && ../$(BIN)/python -m soak $(SOAK_MINUTES)

docs: ## Build the manual: build/docs/explog.info and explog.html
	$(SETUP) emacs makeinfo
	@"$${EMACS:-emacs}" -Q --batch -l docs/build.el build/docs

pictures: ## Make the pictures of the README anew
	$(SETUP) git emacs magit dev
	@cd tests && ../$(BIN)/python -m e2e.pictures

zipapp: ## Build dist/explog-run.pyz: explog run in one file, for a cluster
	@"$${PYTHON:-python3}" server/zipapp_run.py dist/explog-run.pyz

clean: ## Remove all that the other targets made
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find server tests -name __pycache__ -prune -exec rm -rf {} +
	find elisp tests -name '*.elc' -exec rm -f {} +
