# Needs python3 (3.11 or newer), make and git; everything else goes into .venv by itself.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/bin
OUT ?= runs
BRIEF_ARGS ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=

set-up = @$(or $(PYTHON),$(error No Python 3.11 or newer was found: install one, or name it with make PYTHON=/path/to/python3)) tools/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help brief test lint lab notebooks bench doctor lock clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

brief: ## make both traffic briefs from the shipped sample in runs/, print the paths of page and PDF (OUT=, BRIEF_ARGS=)
	$(set-up) brief
	@for decision in traffic.congestion traffic.crowding; do \
		page=$$($(BIN)/workbench brief $$decision --out $(OUT) $(BRIEF_ARGS)) || exit; \
		echo "$$page"; pdf=$${page%.*}.pdf; if [ "$$pdf" != "$$page" ] && [ -e "$$pdf" ]; then echo "$$pdf"; fi; \
	done

test: ## run the tests (PYTEST_ARGS="-n auto -m 'not spark'")
	$(set-up) dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: ## check style, types and layers
	$(set-up) dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lab: ## open the notebooks in JupyterLab, on this machine only
	$(set-up) lab
	$(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --ServerApp.root_dir=notebooks

notebooks: ## run every notebook again and keep its normalised outputs
	$(set-up) all
	$(BIN)/python tools/notebooks.py

bench: ## compare with what a user would pick instead (BENCH_ARGS=)
	$(set-up) all
	$(BIN)/python benchmarks/tables.py $(BENCH_ARGS)
	$(BIN)/python benchmarks/simulation.py
	$(BIN)/python benchmarks/lifelines.py

doctor: ## show engines, versions, Java, memory and fonts
	$(set-up) base
	@$(BIN)/workbench doctor

lock: ## make requirements/*.txt again from pyproject.toml (needs uv; UPGRADE=1 for the newest versions)
	@$(or $(PYTHON),$(error No Python 3.11 or newer was found)) tools/lock.py $(if $(UPGRADE),--upgrade)

clean: ## remove .venv, tools and caches; runs/ stays
	rm -rf .venv .tools build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
