# Every verb of the project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
UV := .uv/bin/uv
DEMO := var/demo
# A year and a quarter before the sample's own day: what the trend's older quarters and the
# dashboards' comparisons need.
EARLIER := 2024-08-15 2025-05-15

# A small protected site of its own, with the accounts that are to be signed in with.
DOORS := var/demo-access
DOORS_STORE = --access $(DOORS)/access.db --audit $(DOORS)/audit
PORT := 8000
# More options of `make lab`, such as LAB='--no-browser --port 9000'.
LAB :=

.PHONY: help setup outputs demo demo-now demo-extract demo-access demo-access-site test test-fast test-fallback soak docs quarto-check check installed lab clean machine faults attack frozen references

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

$(UV): .ci/uv.txt
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Installing python3-venv, which Debian ships apart from Python"; \
	  apt-get update -qq && apt-get install -y -qq python3-venv; }
	@python3 -m venv .uv
	@.uv/bin/pip install --quiet --disable-pip-version-check -r .ci/uv.txt
	@touch $(UV)

.venv/.synced: $(UV) uv.lock pyproject.toml
	@echo "Creating the environment from uv.lock"
	@UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen --quiet --compile-bytecode --extra lab --extra serve --extra cluster --extra postgres --extra occupations --python "$$(command -v python3)"
	@touch .venv/.synced

setup: .venv/.synced outputs ## Create the environment from the lock file

# The filter runs in each working tree's own environment, and before there is one with Python alone.
STRIP = if [ -x .venv/bin/nbstripout ]; then .venv/bin/nbstripout --keep-id; else python3 .ci/outputs.py; fi
outputs: ## Keep outputs of notebooks out of commits, in a git checkout
	@if git rev-parse --git-dir >/dev/null 2>&1; then git config filter.nbstripout.clean '$(STRIP)'; fi

demo: setup ## Make the sample state, as of today and before, and publish it
	@mkdir -p $(DEMO)
	@$(MAKE) --silent --jobs 2 --output-sync=target demo-now $(EARLIER:%=demo-before-%)
	@$(PY) publish.py build --extract "$$(cat $(DEMO)/now.txt)" --store $(DEMO)/snapshots --period PY2024Q4 --site $(DEMO)/site \
	  --packed $(foreach day,$(EARLIER),--earlier "$$(cat $(DEMO)/before-$(day).txt)")
	@echo
	@echo "The site is in $(DEMO)/site. To look at it:"
	@echo "  $(PY) publish.py serve --unprotected --site $(DEMO)/site"
	@echo "then open http://127.0.0.1:8000/PY2024Q4/state/index.html (unprotected preview)"

demo-now: demo-extract
	@$(PY) publish.py snapshot --extract $(DEMO)/extract --store $(DEMO)/snapshots > $(DEMO)/now.txt

# The same state on an earlier day, kept as a snapshot whose folder the text file names.
demo-before-%: demo-extract-%
	@$(PY) publish.py snapshot --extract $(DEMO)/before-$* --store $(DEMO)/snapshots > $(DEMO)/before-$*.txt

# Apart from the snapshots: six steps keep two cores busier than three.
demo-extract:
	@$(PY) publish.py sample --out $(DEMO)/extract --seed 7

demo-extract-%:
	@$(PY) publish.py sample --out $(DEMO)/before-$* --seed 7 --as-of $*

demo-access-site: setup
	@mkdir -p $(DOORS)
	@$(PY) publish.py sample --out $(DOORS)/extract --seed 7 --scale 0.05
	@$(PY) publish.py snapshot --extract $(DOORS)/extract --store $(DOORS)/snapshots > $(DOORS)/now.txt
	@$(PY) publish.py build --extract "$$(cat $(DOORS)/now.txt)" --period PY2024Q4 --site $(DOORS)/site \
	  --only state --only lwia/01 --only lwia/02

demo-access: setup demo-access-site ## Publish a small sample and serve it protected, with three sign-ins to try
	@$(PY) publish.py access export roster --snapshot "$$(cat $(DOORS)/now.txt)" --out $(DOORS)/roster.json \
	  --taken "$$(date -u +%Y-%m-%dT%H:%M:%S)"
	@$(PY) publish.py access import $(DOORS)/roster.json $(DOORS_STORE)
	@echo "Sign in as one of these (made-up accounts; the passwords are new with every start):"
	@for user in state1 admin01 planner1001; do \
	  password=$$(head -c 12 /dev/urandom | base64); \
	  $(PY) publish.py access create $$user --local $(DOORS_STORE) <<< "$$password" || exit; \
	  echo "  $$user  $$password"; \
	done
	@$(PY) publish.py serve --site $(DOORS)/site --port $(PORT) $(DOORS_STORE)

machine:
	@PATH=$$PATH:/usr/sbin; missing=""; \
	for name in chromium faketime nginx wrk; do \
	  command -v $$name >/dev/null || missing="$$missing $${name/#nginx/nginx-light}"; \
	done; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	test -z "$$missing" || { \
	  echo "Installing from Debian, for the tests:$$missing"; \
	  apt-get update -qq && apt-get install -y -qq $$missing; }

faults: setup ## A fault at every durable call, each write too, of switches, builds and snapshots
	@IPATS_FAULTS=every $(PY) -m pytest -rP tests/site/test_whole_builds.py

attack: setup machine ## Attack both servers: every figure of access, 100,000 hostile requests
	@mkdir -p var && set -o pipefail; $(PY) -m pytest -n 0 -s -m "attack or not attack" tests/access tests/attack \
	  tests/site/test_adversity.py tests/site/test_faults.py tests/site/test_whole_builds.py | tee var/attack.txt; status=$$?; \
	echo "The figures$$([ $$status = 0 ] || echo ', not all: tests failed')"; \
	grep -oE 'F[0-9]+( [a-z]+)*: .*' var/attack.txt | sort -V -u; exit $$status

# The checks run beside the tests, and what they say comes last.
test: setup machine ## Set up and pass everything
	@mkdir -p var; $(MAKE) --silent check > var/check.txt 2>&1 & checked=$$!; \
	$(PY) -m pytest; status=$$?; wait $$checked || status=1; cat var/check.txt; exit $$status

test-fallback: setup machine ## All that runs notebooks, with ordinary kernels in place of forks
	@IPATS_ENGINE=kernel $(PY) -m pytest -rs -m "not attack" tests/engine tests/notebooks tests/end_to_end tests/site tests/attack

soak: setup machine ## What the suite states once, on every transport and with every notebook
	@$(PY) -m pytest -m soak

docs: setup ## Renew the pages of docs/ that are made from the code
	@$(PY) docs/generate.py

quarto-check: setup ## Render the sample's state, an LWIA and a planner by the Quarto that is here
	@$(PY) -m pytest -n 0 -m quarto tests/site/test_quarto_rendered.py

frozen: setup ## Compare the demo's figures with the frozen ones, cell by cell
	@$(PY) -m tests.frozen compare $(DEMO)/site PY2024Q4

references: setup ## Keep what each notebook shows on the sample, and print each changed number
	@$(PY) -m tests.notebooks.references

test-fast: setup ## The rules by hand-worked examples only
	@$(PY) -m pytest tests/spec

check: setup ## Format, lint, types, imports: all failures together
	@failed=0; \
	.venv/bin/ruff format --check . || failed=1; \
	.venv/bin/ruff check . || failed=1; \
	.venv/bin/mypy || failed=1; \
	.venv/bin/lint-imports || failed=1; \
	exit $$failed

# The interpreters to try; one that is missing is left out.
PYTHONS := python3.11 python3.12 python3.13 python3.14
installed: setup ## Install the wheel with every Python at hand, and publish with it
	@rm -rf var/installed && .venv/bin/hatchling build --target wheel --directory var/installed >/dev/null
	@cd var/installed && tried=; for python in $(PYTHONS); do \
	  version=$$($$python -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue; \
	  ../../$(UV) venv --quiet --python $$python $$version && \
	  ../../$(UV) pip install --quiet --python $$version/bin/python "$$(echo *.whl)" && \
	  $$version/bin/ipats init $$version/own && \
	  $$version/bin/ipats sample --out extract --scale 0.05 && \
	  (cd $$version/own && ../bin/ipats build --extract ../../extract --period PY2024Q4 --site site --only lwia/90) && \
	  echo "Python $$version: published" && tried=1 || exit; \
	done; \
	test -n "$$tried" || { echo "None of these is here: $(PYTHONS)"; exit 1; }

lab: setup ## Open the notebooks in JupyterLab
	@IPATS='$(CURDIR)/$(PY) $(CURDIR)/publish.py' .venv/bin/jupyter lab notebooks \
	  --LabApp.extra_labextensions_path='$(CURDIR)/ipats_lib/lab' $(LAB)

clean: ## Remove everything that can be made again
	rm -rf .venv .uv var build *.egg-info
