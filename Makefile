# make serve   run a registry on http://127.0.0.1:5000, kept in ./entrepot-data
# make test    every test, the live ones with real clients too (as root on Debian it installs them)
# make check   formatting, lint, types, floors
#
# Each makes .venv when it is not there. Options: make serve ARGS="--port 5001", make test ARGS="tests/values -x".

.DELETE_ON_ERROR:
.PHONY: serve test check format docs pictures bench lock clean

BIN := .venv/bin
# Tests side by side; raise it on a larger machine.
JOBS ?= 2
ARGS ?=
PAGES := errors permissions metrics commands exit-codes registry-api management-api

serve: .venv/runtime.stamp
	$(BIN)/entrepot serve $(ARGS)

test: .venv/dev.stamp
	tools/test-packages
	$(BIN)/pytest --numprocesses $(JOBS) --dist loadgroup $(ARGS)

check: .venv/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/dev.stamp
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

# Pages that are printed from the code.
docs: .venv/runtime.stamp
	$(BIN)/entrepot config reference > docs/reference/settings.md
	$(BIN)/entrepot config example > docs/reference/entrepot.toml
	for page in $(PAGES); do $(BIN)/entrepot reference $$page > docs/reference/$$page.md || exit 1; done

# Pictures of every page of the console, to be looked at.
pictures: .venv/dev.stamp
	tools/test-packages
	$(BIN)/python -m tests.live.console.pictures docs/images $(ARGS)

bench: .venv/dev.stamp
	tools/test-packages
	$(BIN)/python -m bench $(ARGS)

lock: .venv/dev.stamp
	UV=$(BIN)/uv tools/lock $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
	find src tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/runtime.stamp: requirements.lock pyproject.toml tools/venv
	tools/venv runtime

.venv/dev.stamp: requirements-dev.lock pyproject.toml tools/venv
	tools/venv dev
