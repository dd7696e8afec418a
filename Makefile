# The commands of the project. `make up` and `make test` set up all they need.
.PHONY: up cluster test fast lint format bench chaos messages setup setup-dev clean

setup:
	@deploy/setup

setup-dev:
	@deploy/setup dev

up: setup
	@.venv/bin/python deploy/up.py

cluster:
	@deploy/setup cluster
	@.venv/bin/python deploy/cluster.py

test: setup-dev
	@.venv/bin/python -m tests.run

fast: setup-dev
	@.venv/bin/python -m pytest -q -n 2 -m "not slow and not browser" tests

lint: setup-dev
	@deploy/lint

format: setup-dev
	@.venv/bin/ruff check -q --fix . ; .venv/bin/ruff format -q .

bench: setup-dev
	@.venv/bin/python -m bench $(if $(QUICK),--quick) $(if $(SEED),--seed $(SEED))

chaos: setup-dev
	@.venv/bin/python -m bench.chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(if $(MODE),--mode $(MODE))

# Collects what can be translated into locale/de; the new entries are then to be filled in.
messages: setup-dev
	@.venv/bin/python manage.py makemessages -l de --no-obsolete --no-location -i .venv -i tests -i bench -i coasty_local >/dev/null
	@.venv/bin/python manage.py makemessages -l de -d djangojs --no-obsolete --no-location -i .venv -i tests -i bench -i coasty_local >/dev/null

clean:
	rm -rf .venv .data .pytest_cache .ruff_cache .mypy_cache .import_linter_cache bench/out
