# Each command does all the set-up it needs; see README.md.
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE  # without bytecode each of the many processes compiles everything again
CRUDCTL := .venv/bin/crudctl
PY := .venv/bin/python
PYTEST := $(PY) -m pytest -n 3 --dist loadscope --no-loadscope-reorder
COMPILE = $(PY) -m compileall -qq -j 0 .venv/lib || true  # pip takes one processor for it; templates do not compile
MIRROR = TF_PLUGIN_DIR="$$(scripts/find-provider-mirror)"
STARTED := [ -e .local/stack.json ] || [ -d .local/state ]

.PHONY: up down clean test check lint types infra web workflows contract unit stack-tests browser-tests fuzz torture audit screenshots lock demo-release demo-rollback docs recording

up: .venv/.ready  ## the whole stack on this machine
	@$(MIRROR) $(CRUDCTL) up

down:  ## stop it; `make up` starts it again with its data
	@if $(STARTED); then $(MAKE) .venv/.ready && $(CRUDCTL) down; else echo "The local stack is not running."; fi

clean:  ## stop it and delete its data, the build and the virtual environment
	@if $(STARTED); then $(MAKE) .venv/.ready && $(CRUDCTL) clean --yes; fi
	@rm -rf .venv build web/dist web/node_modules tests/clients/node_modules tests/oracles/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis src/*.egg-info

test: .venv/.ready-oracles  ## every check and every test
	@$(MAKE) -j2 check
	@$(PYTEST)

unit: .venv/.ready-dev build/functions.zip  ## the tests that need no stack: about a minute
	@$(PYTEST) -q tests/unit tests/contract tests/runbook tests/workflows

stack-tests: .venv/.ready-dev .venv/.ready-oracles build/functions.zip  ## the tests on a local stack and on an emulated account
	@$(PYTEST) tests/api tests/backup tests/clients tests/history tests/hostile tests/own tests/new tests/emulator tests/local tests/deploy tests/operate tests/oracles tests/people tests/release

browser-tests: .venv/.ready-dev build/functions.zip  ## the web app in a real browser
	@$(PYTEST) tests/e2e

fuzz: .venv/.ready-dev build/functions.zip  ## thousands of requests made from the contract, also along its links: minutes
	@$(PY) -m pytest -q -s tests/fuzz

torture: .venv/.ready-dev .venv/.ready-aws .venv/.ready-load build/functions.zip  ## the promises of docs/reliability.md and docs/security.md on a very bad day; writes the figures there: the longest of all
	@$(PY) -m pytest -q tests/torture/test_overload.py; overload=$$?; \
	  $(PYTEST) -v tests/torture --ignore tests/torture/test_overload.py && exit $$overload

check: lint types infra web workflows  ## all checks that need no running stack

lint: .venv/.ready-dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: .venv/.ready-dev build/functions.zip
	@$(PY) -m mypy

infra: .venv/.ready-dev build/functions.zip
	@$(MIRROR) GOGC=400 $(CRUDCTL) check-infra  # Terraform takes a third less CPU, and more memory

web: .venv/.ready-dev build/functions.zip
	@$(CRUDCTL) check-web
	@scripts/find-chromium >/dev/null

workflows: .venv/.ready-dev
	@.venv/bin/zizmor --offline --quiet --persona=pedantic --config .github/zizmor.yml .github

contract: .venv/.ready  ## fails where the contract breaks clients of origin/main and keeps its major version
	@if git rev-parse -q --verify origin/main >/dev/null; then $(CRUDCTL) contract-changes origin/main; \
	else echo "There is no origin/main to compare the contract with."; fi

audit: .venv/.ready-dev build/functions.zip  ## known vulnerabilities and misconfigurations; asks the package registries
	@.venv/bin/pip-audit --require-hashes --disable-pip -r requirements.txt -r requirements-dev.txt -r requirements-docs.txt -r requirements-aws.txt -r requirements-load.txt -r requirements-oracles.txt -r requirements-peers.txt
	@for folder in web tests/clients tests/oracles bench/peers/node; do (cd $$folder && npm audit --audit-level=high) || exit 1; done
	@$(MAKE) .venv/.ready-scan && .venv/scan/bin/checkov --config-file .github/checkov.yml

screenshots: .venv/.ready-dev  ## take the README's pictures again
	@SCREENSHOTS=1 $(PY) -m pytest -q tests/e2e/test_looks.py -k readme

docs: .venv/.ready-docs  ## build the documentation site; a dead link or anchor fails it
	@.venv/docs/bin/python scripts/build_docs.py
	@echo "The site is in build/docs/site. To read it: python3 -m http.server --directory build/docs/site"

recording: up  ## record the README's terminal session again; takes over a minute
	@$(PY) scripts/record_demo.py docs/images/demo-rollback.svg make demo-rollback

build/functions.zip: .venv/.ready contract/openapi.yaml $(shell find src/functions src/crudctl -name "*.py")
	@$(CRUDCTL) package

demo-release: up  ## watch a healthy version reach all users, on the local stack
	@$(CRUDCTL) demo release

FAULT ?= exceptions
demo-rollback: up  ## watch a bad one being rolled back; FAULT=exceptions, 5xx, latency, malformed or timeouts
	@$(CRUDCTL) demo rollback --fault $(FAULT)

lock: .venv/.ready-dev  ## pin what pyproject.toml asks for, with hashes, for every platform
	@for set in requirements requirements-dev requirements-scan requirements-docs requirements-aws requirements-load requirements-oracles requirements-peers; do \
	  .venv/bin/uv pip compile -q --cache-dir build/uv --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-annotate --upgrade --custom-compile-command "make lock" $$( case $$set in *-dev) echo "--group dev pyproject.toml";; *-scan) echo "--group scan";; *-docs) echo "--group docs";; *-aws) echo "--group aws";; *-load) echo "--group load";; *-oracles) echo "--group oracles";; *-peers) echo "--group peers";; *) echo pyproject.toml;; esac ) \
	    -o $$set.txt || exit 1; \
	done

# Tools that pin packages of their own, each in an environment of its own.
.venv/.ready-scan .venv/.ready-docs .venv/.ready-load .venv/.ready-aws .venv/.ready-oracles .venv/.ready-peers: .venv/.ready-%: .venv/.made requirements-%.txt
	@echo "Installing requirements-$*.txt"
	@$(PY) -m venv --clear .venv/$*
	@.venv/$*/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-$*.txt
	@touch $@

# AWS's runtime client for Node is compiled, with g++, cmake and autotools; without them the bench does without Node.
.venv/.ready-peers-node: .venv/.made bench/peers/node/package-lock.json
	@echo "Installing bench/peers/node"
	@mkdir -p .venv/peers-node && cp bench/peers/node/package.json bench/peers/node/package-lock.json bench/peers/node/.npmrc .venv/peers-node
	@npm --prefix .venv/peers-node ci --loglevel=error
	@touch $@

# A stamp, not .venv/bin/python: that is a link to an interpreter that must not be modified.
.venv/.made:
	@python=$$(scripts/find-python) && echo "Making .venv with $$("$$python" --version)" && "$$python" -m venv --clear .venv
	@touch $@

.venv/.ready: .venv/.made requirements.txt pyproject.toml
	@echo "Installing the dependencies"
	@$(PY) -m pip install -qq --disable-pip-version-check --no-compile --require-hashes -r requirements.txt
	@$(COMPILE)
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/.ready-dev: .venv/.ready requirements-dev.txt
	@echo "Installing the test dependencies"
	@$(PY) -m pip install -qq --disable-pip-version-check --no-compile --require-hashes -r requirements-dev.txt
	@$(COMPILE)
	@touch $@
