PYTHON ?= python3

# ---- build: what `sam deploy` takes to the cloud; SAM lives in an environment of its own
SAM_VERSION := 1.170.0

.PHONY: build
build: .venv-sam/sam-$(SAM_VERSION)
	@.venv-sam/bin/python -m local.build

.venv-sam/sam-$(SAM_VERSION):
	$(PYTHON) -m venv --clear .venv-sam
	.venv-sam/bin/pip install --quiet --disable-pip-version-check aws-sam-cli==$(SAM_VERSION)
	@touch $@
