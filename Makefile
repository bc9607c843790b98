# `make demo` and `make test` need nothing but Python ≥ 3.11: they make their own environment in .venv.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: help
help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Ids in the sample events that look like secrets and are none.
NO_SECRETS := a1b2c3d4e5|"carillon-callback-token"|"(eventID|md5OfBody|receiptHandle)":

# ---- environment
.PHONY: setup
setup: $(VENV)/.ready  ## Make the environment that all other targets use

$(VENV)/.ready: pyproject.toml layers/core/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Carillon needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing Carillon's environment into $(VENV) (once, a minute or two) …"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --editable '.[local,test,check,console]'
	@touch $@

# ---- the two commands of the README
.PHONY: demo up test quick check format faults bench attacks fuzz-api
demo: $(VENV)/.ready  ## Run the two-minute tour on the laptop cloud; it checks itself
	@$(PY) -m local demo

test: $(VENV)/.ready  ## Run all tests
	@$(PY) -m pytest --numprocesses 3 --no-loadscope-reorder

up: $(VENV)/.ready  ## Keep the laptop cloud running and print how to log in
	@$(PY) -m local up

quick: $(VENV)/.ready  ## Run the tests that take no time
	@$(PY) -m pytest -m 'not slow'

check: $(VENV)/.ready  ## Lint, types, import rules, security linters
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy layers/core/carillon functions local benchmarks
	@$(VENV)/bin/lint-imports --config pyproject.toml
	@$(VENV)/bin/bandit --quiet --recursive --configfile pyproject.toml layers/core functions
	@git ls-files -z | xargs -0 -n 200 -P 2 $(VENV)/bin/detect-secrets-hook --no-verify --exclude-files vectors.json --exclude-lines '$(NO_SECRETS)'

format: $(VENV)/.ready  ## Rewrite the code in the house's format
	@$(VENV)/bin/ruff check --fix-only .
	@$(VENV)/bin/ruff format .

attacks: $(VENV)/.ready  ## Run every named attack, then remove controls one at a time
	@$(PY) -m pytest tests/attacks -s
	@$(PY) -m tests.attacks.without

# Schemathesis lives in an environment of its own; `make fuzz-api EXAMPLES=200` for a long run.
SCHEMATHESIS_VERSION := 4.32.5
EXAMPLES ?= 20

fuzz-api: $(VENV)/.ready .venv-fuzz/schemathesis-$(SCHEMATHESIS_VERSION)  ## Fuzz the laptop cloud's API by its own description
	@$(PY) -m local.fuzz $(EXAMPLES)

.venv-fuzz/schemathesis-$(SCHEMATHESIS_VERSION):
	$(PYTHON) -m venv --clear .venv-fuzz
	.venv-fuzz/bin/pip install --quiet --disable-pip-version-check schemathesis==$(SCHEMATHESIS_VERSION)
	@touch $@

bench: $(VENV)/.ready  ## Measure claims a second; ratios are what counts
	@$(PY) -m benchmarks.tick

# ---- chaos: what takes minutes and so is no part of `make test`
.PHONY: chaos mutations
chaos: $(VENV)/.ready  ## Kill workers for a minute while 200 runs execute; all must succeed
	@$(PY) -m local chaos --runs 200 --seconds 60

mutations: $(VENV)/.ready  ## Take safeguards away one by one; a named test must notice each
	@$(PY) -m tests.faults.mutations

.PHONY: targets
targets: $(VENV)/.ready  ## Let every kind of target end in every way on the laptop cloud, and print the table
	@$(PY) -m tests.e2e.outcomes

.PHONY: bench-seal rights
bench-seal: .venv-seal/ready  ## Measure sealing beside the AWS Encryption SDK and a JOSE library
	@PYTHONPATH=.:layers/core .venv-seal/bin/python -m benchmarks.seal

# ---- fuzz: not part of `make test`; `make fuzz RUNS=10000000` takes minutes
RUNS ?= 1000000

.PHONY: fuzz
fuzz: .venv-atheris/ready  ## Feed the decoders of sealed bytes with coverage-guided inputs
	@PYTHONPATH=.:layers/core .venv-atheris/bin/python -m tests.fuzz.decoders -runs=$(RUNS) -max_len=2048 .venv-atheris/corpus

.venv-atheris/ready:
	$(PYTHON) -m venv --clear .venv-atheris
	.venv-atheris/bin/pip install --quiet --disable-pip-version-check atheris==3.0.0 cryptography==50.0.2
	@touch $@

.venv-seal/ready: layers/core/requirements.txt
	$(PYTHON) -m venv --clear .venv-seal
	.venv-seal/bin/pip install --quiet --disable-pip-version-check -r layers/core/requirements.txt \
		aws-encryption-sdk==4.0.7 joserfc==1.8.0
	@touch $@

rights: $(VENV)/.ready  ## Play a day of a stack and print who may do what, and who did it
	@PYTHONPATH=.:layers/core:functions $(PY) -m tests.template.least_privilege

# ---- build: what `sam deploy` takes to the cloud; SAM lives in an environment of its own
SAM_VERSION := 1.170.0

.PHONY: build
build: .venv-sam/sam-$(SAM_VERSION)  ## Validate and build with SAM, without Docker or credentials
	@.venv-sam/bin/python -m local.build

.venv-sam/sam-$(SAM_VERSION):
	$(PYTHON) -m venv --clear .venv-sam
	.venv-sam/bin/pip install --quiet --disable-pip-version-check aws-sam-cli==$(SAM_VERSION)
	@touch $@

# ---- faults: `make faults SEEDS=10000 POINTS=all PAIRS=1000` for a long run, `FIRST=17 SEEDS=1 POINTS=none` to replay a seed
SEEDS ?= 500
FIRST ?= 0
PAIRS ?= 100
POINTS ?= each

faults: $(VENV)/.ready  ## Attack the protocol: kill at every call, play seeds, search the model's states
	@$(PY) -m tests.faults --first $(FIRST) --seeds $(SEEDS) --pairs $(PAIRS) --points $(POINTS)

# ---- what happens after three days without a tick
.PHONY: outage
outage: $(VENV)/.ready  ## Simulate a three-day outage over 1,000 schedules and account for every fire time
	@$(PY) -m tests.faults.outage
