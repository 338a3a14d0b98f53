# `make` alone lists what there is. Everything is installed into .venv, from requirements.lock and nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo doctor explain verify clean-work audit test test-long slurm-test test-tools lint bench docs lock

# Modules of a cluster set these, and then other packages come before those of .venv.
unexport PYTHONPATH PYTHONHOME

# The first of these that runs, is of a supported version and has venv; or name one: make demo PYTHON=/path/to/python3.12
PYTHONS = $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
RUN = .venv/bin/python -m

# What tests check results with: Debian packages, and a package of npm.
TEST_TOOLS = dicom3tools chromium poppler-utils
# What slurm-test needs; packages of Debian as well.
SLURM = slurm-wlm munge
AXE_CORE = 4.14.1

help:  ## this list
	@echo "make TARGET, where TARGET is one of"
	sed -nE 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/p' Makefile | expand -t 16

demo: .venv/installed  ## run the workflow on the built-in demo
	@$(RUN) snakemake --cores all
	echo "The report is $$PWD/results/report/report.html"

doctor: .venv/installed  ## what is there and what is missing; make doctor CONFIG="config/cdd_cesm.yaml mine.yaml"
	@PYTHONPATH=workflow/scripts $(RUN) mammoflow.doctor $(if $(CONFIG),--config $(CONFIG))

explain: .venv/installed  ## why would each job run? runs nothing; make explain CONFIG="config/cdd_cesm.yaml mine.yaml"
	@PYTHONPATH=workflow/scripts $(RUN) mammoflow.explain $(if $(CONFIG),--config $(CONFIG))

test: .venv/installed  ## run all tests but the long; some of them: make test ARGS="tests/test_tables.py -k read"
	@$(RUN) pytest -m "not long and not slurm" $(ARGS)

test-long: .venv/installed  ## run the tests that take minutes each: other tasks, real images, what every change costs
	@$(RUN) pytest -m long $(ARGS)

verify: .venv/installed  ## are all results still what the run left? compares every file with its recorded hash
	@PYTHONPATH=workflow/scripts $(RUN) mammoflow.verify

clean-work: .venv/installed  ## free disk: remove what is kept in results/work and the last run does not name
	@PYTHONPATH=workflow/scripts $(RUN) mammoflow.clean_work

audit: .venv/installed  ## ask the package index for known vulnerabilities of every locked package
	@.venv/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock -r requirements-uv.lock

# In namespaces of its own: no network but loopback, a private /etc/slurm, and nothing that outlives it.
slurm-test: .venv/installed  ## run every stage on a SLURM of one node, which is installed, started and taken down
	@without() { echo "SLURM is not tested: $$1" >&2; exit 1; }
	if [ "$$(id -u)" = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo
	else without "only root can install and start it"; fi
	[ ! -e /etc/slurm/slurm.conf ] || without "this machine has one of its own, /etc/slurm/slurm.conf"
	if [ ! -x /usr/sbin/slurmctld ] || [ ! -x /usr/sbin/slurmd ] || [ ! -x /usr/sbin/munged ]; then
	    command -v apt-get >/dev/null || without "there is no apt-get here"
	    echo "Installing $(SLURM)"
	    { $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive \
	        apt-get install -qq --yes --no-install-recommends $(SLURM) >/dev/null; } || without "apt-get failed"
	fi
	apart="$$sudo unshare --mount --net --pid --fork --kill-child --mount-proc"
	$$apart mount -t tmpfs slurm /etc/slurm || without "this machine allows no namespaces"
	$$apart env PATH="$$PATH:/usr/sbin" bash -c \
	    'mount -t tmpfs slurm /etc/slurm; "$$@"; exit $$?' \
	    slurm $(RUN) pytest -m slurm -n 0 -p no:cacheprovider tests/slurm $(ARGS)

lint: .venv/installed  ## check style and types of everything
	@$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) snakefmt --check Snakefile rules
	$(RUN) snakemake --lint

bench: .venv/installed  ## measure speed, as ratios to a peer or a limit; benchmarks/README.md has figures
	@# -P: beside each other they would hide modules of Python, such as statistics.
	for benchmark in benchmarks/*.py; do echo "$$benchmark"; .venv/bin/python -P "$$benchmark"; done

docs: .venv/installed  ## make the pages of docs/ again that follow from the code
	@PYTHONPATH=workflow/scripts $(RUN) mammoflow.references

lock: .venv/installed  ## requirements.in changed: make requirements.lock again, then install
	@.venv/bin/uv pip compile --quiet requirements.in --output-file requirements.lock
	$(MAKE) --no-print-directory .venv/installed

test-tools:  ## install what some tests are skipped without: Debian packages, and axe-core with npm
	@missing=
	for package in $(TEST_TOOLS) $$(command -v npm >/dev/null || echo npm); do
	    state=$$(dpkg-query --show --showformat '$${db:Status-Status}' "$$package" 2>/dev/null || true)
	    [ "$$state" = installed ] || missing="$$missing $$package"
	done
	without() {
	    echo "Not installed:$$1 ($$2). Skipped without dicom3tools: the checks of the demo's DICOM files; without" \
	        "chromium: tests/test_browser.py; without poppler-utils: its test of paper; without axe-core, which npm" \
	        "installs: its test of accessibility" >&2
	    exit 1
	}
	if [ -n "$$missing" ]; then
	    command -v apt-get >/dev/null || without "$$missing" "there is no apt-get here"
	    if [ "$$(id -u)" = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo
	    else without "$$missing" "only root can install them"; fi
	    echo "Installing$$missing"
	    { $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive \
	        apt-get install -qq --yes --no-install-recommends $$missing >/dev/null; } || without "$$missing" "apt-get failed"
	fi
	version=$$(sed -n 's/^  "version": "\(.*\)",$$/\1/p' node_modules/axe-core/package.json 2>/dev/null || true)
	[ "$$version" != $(AXE_CORE) ] || exit 0
	echo "Installing axe-core $(AXE_CORE) into node_modules"
	npm install --no-save --silent --no-audit --no-fund --prefix . axe-core@$(AXE_CORE) >/dev/null \
	    || without " axe-core" "npm failed"

# The stamp comes last: an installation that was killed is begun anew.
.venv/installed: requirements.lock requirements-uv.lock
	@if [ "$$(uname -sm)" != "Linux x86_64" ]; then
	    echo "mammoflow runs on Linux on x86_64; this is $$(uname -sm)" >&2; exit 1
	fi
	if [ ! -e .venv/installed ]; then
	    python= seen=
	    for candidate in $(PYTHONS); do
	        version=$$("$$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
	        case "$$version" in
	            3.11 | 3.12 | 3.13) ;;
	            *) seen="$${seen:+$$seen, }$$candidate ($$version)"; continue ;;
	        esac
	        if "$$candidate" -c 'import venv, ensurepip' 2>/dev/null; then python=$$candidate; break; fi
	        seen="$${seen:+$$seen, }$$candidate without venv (on Debian: package python$$version-venv)"
	    done
	    if [ -z "$$python" ]; then
	        echo "mammoflow needs Python 3.11, 3.12 or 3.13; found $${seen:-none}" >&2; exit 1
	    fi
	    echo "Installing into .venv with $$python ($$version); the first time this fetches several gigabytes"
	    "$$python" -m venv --clear .venv
	fi
	rm -f .venv/installed
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	# uv does not read the configuration of pip: hand over a hospital's own index and its certificate.
	settings=$$($(RUN) pip config list)
	configured() {
	    for level in :env: install global; do
	        value=$$(sed -n "s/^$$level\.$$1='\(.*\)'$$/\1/p" <<< "$$settings")
	        if [ -n "$$value" ]; then echo "$$value"; return; fi
	    done
	}
	index=$$(configured index-url); certificate=$$(configured cert)
	[ -z "$$index" ] || export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"
	[ -z "$$certificate" ] || export SSL_CERT_FILE="$${SSL_CERT_FILE:-$$certificate}"
	here=$$PWD
	# From /, because the settings in pyproject.toml are those of the lock, not of this Python. Compiled at once, because
	# jobs of a cluster may not be able to write into .venv, and would compile every library anew.
	(cd / && "$$here/.venv/bin/uv" pip install --quiet --compile-bytecode --python "$$here/.venv/bin/python" \
	    --require-hashes -r "$$here/requirements.lock")
	touch .venv/installed
