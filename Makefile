# What a person types. Each command first makes .venv from the lock in envs/, if it is not there yet.

CONFIG ?= config/config.yaml
CORES ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
PYTHON ?= python3
ARGS ?=
# auto: containers where Apptainer is found, else .venv. yes or no decide it.
CONTAINERS ?= auto

# Which PyTorch: the config's cuda.
LOCK := envs/venv$(shell sed -n "s/^cuda:[^a-z]*cu128.*/-cu128/p" "$(CONFIG)" 2>/dev/null).txt
# The stamp's name holds the lock's checksum: another lock asks for another stamp, and so for a new .venv.
READY := .venv/ready-$(shell cksum $(LOCK) | cut -d ' ' -f 1)
# Without user site-packages, .venv holds what the lock says and nothing else.
IN_VENV := PATH="$(CURDIR)/.venv/bin:$(CURDIR)/.apptainer/bin:$$PATH" PYTHONNOUSERSITE=1
# A person sees pip's progress, a log only its errors.
PROGRESS := $(shell [ -t 2 ] || echo -qq)
SNAKEMAKE = use=$$($(IN_VENV) containers/chosen.sh "$(CONTAINERS)") && \
  $(IN_VENV) snakemake --configfile "$(CONFIG)" $$use

.DEFAULT_GOAL := help
.PHONY: help results plan test bench lock

help:  ## list these commands
	@echo "usage: make COMMAND [CONFIG=config/config.yaml] [CORES=$(CORES)] [CONTAINERS=auto|yes|no] [ARGS='...'] [PYTHON=python3]"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1         \2/; s/^\(  .\{8\}\) */\1/p' $(firstword $(MAKEFILE_LIST))

results: $(READY)  ## run the study of CONFIG on CORES cores, to its tables, figures and report.html (ARGS: Snakemake's)
	@$(SNAKEMAKE) --cores $(CORES) $(ARGS)

plan: $(READY)  ## say what make results would take and run, and run nothing (ARGS: Snakemake's)
	@$(IN_VENV) PYTHONPATH=workflow python -m depth2seg plan --config "$(CONFIG)"
	@$(SNAKEMAKE) --quiet rules host reason --dry-run $(ARGS)

test: $(READY)  ## run the tests (ARGS: pytest's)
	@$(IN_VENV) python -m pytest $(ARGS)

bench: $(READY)  ## time training steps against a plain PyTorch loop, packing against Pillow (ARGS: see python -m depth2seg bench --help)
	@$(IN_VENV) PYTHONPATH=workflow python -m depth2seg bench $(ARGS)

lock:  ## lock envs/*.in to envs/*.txt anew (needs uv)
	envs/lock.sh

# The stamp comes last, so that an interrupted installation is begun again and never taken for a finished one.
$(READY): $(LOCK)
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: '$(PYTHON)' is missing or older than Python 3.11." \
	    "Install a newer one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: '$(PYTHON)' has no venv. Install it (Debian, Ubuntu: apt install python3-venv)," \
	    "or name a Python that has it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making .venv from $(LOCK); the first time this downloads some gigabytes"
	@rm -rf .venv
	@"$(PYTHON)" -m venv .venv
	@.venv/bin/python -m pip install --no-deps --require-hashes --requirement $(LOCK) $(PROGRESS)
	@touch $@
