# `make demo` runs the main job on SQLite, `make test` passes the tests. Both do all their own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help
SETUP := conformance-tests/setup

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

.PHONY: demo
demo: wasm web ## Start everything with synthetic people and show where to look
	cargo run --locked --bin outreach -- demo

.PHONY: test
test: wasm web-check browser-setup peers-setup postgres-setup fmt locks clippy deny example-plugins example-plugins-test rust-build browser-test rust-test ## Run every check and test

.PHONY: wasm
wasm: ## Make sure the wasm32-wasip2 target is there
	@$(SETUP)/wasm-target

.PHONY: web
web: gateway/web/dist/index.html ## Build the console

gateway/web/node_modules: gateway/web/package.json gateway/web/package-lock.json
	cd gateway/web && npm ci --no-audit --no-fund
	@touch $@

gateway/web/dist/index.html: gateway/web/node_modules $(shell find gateway/web -path '*/node_modules' -prune -o -path '*/dist' -prune -o -type f -print 2>/dev/null)
	cd gateway/web && npm run build
	@touch $@

.PHONY: web-check
web-check: web ## Lint, types and tests of the console
	cd gateway/web && npm run check

.PHONY: browser-setup
browser-setup: conformance-tests/browser/node_modules
	@$(SETUP)/chromium

conformance-tests/browser/node_modules: conformance-tests/browser/package.json conformance-tests/browser/package-lock.json
	cd conformance-tests/browser && npm ci --no-audit --no-fund
	@touch $@

.PHONY: peers-setup
peers-setup: conformance-tests/peers/medplum/node_modules conformance-tests/validators/node_modules conformance-tests/fhir-examples/node_modules

conformance-tests/fhir-examples/node_modules: conformance-tests/fhir-examples/package.json conformance-tests/fhir-examples/package-lock.json
	cd conformance-tests/fhir-examples && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

conformance-tests/peers/medplum/node_modules: conformance-tests/peers/medplum/package.json conformance-tests/peers/medplum/package-lock.json
	cd conformance-tests/peers/medplum && npm ci --no-audit --no-fund
	@touch $@

conformance-tests/validators/node_modules: conformance-tests/validators/package.json conformance-tests/validators/package-lock.json
	cd conformance-tests/validators && npm ci --no-audit --no-fund
	@touch $@

.PHONY: peers
peers: peers-setup ## Install the peer that takes long to build: Helios HFS, beside which the tests and benches then run
	cargo install helios-hfs --version 0.2.7 --locked --no-default-features --features R4,sqlite,subscriptions --root conformance-tests/peers/hfs

.PHONY: postgres-setup
postgres-setup:
	@$(SETUP)/postgresql

.PHONY: example-plugins
example-plugins: wasm ## Build a vendor's plugins in Rust, JavaScript and Python
	@examples/plugins/build

.PHONY: example-plugins-test
example-plugins-test: ## The plugin libraries for JavaScript and Python, and the plugins written with them, natively
	@examples/plugins/test

.PHONY: fmt
fmt: ## Check the formatting
	cargo fmt --all -- --check

.PHONY: locks
locks: ## Check that the lock file of the fuzz targets, which no other check reads, is as their manifests say
	cargo metadata --locked --format-version 1 --manifest-path conformance-tests/fuzz/Cargo.toml >/dev/null

.PHONY: clippy
clippy: wasm web ## Lint the Rust code; a warning is an error
	cargo clippy --locked --workspace --all-targets -- -D warnings

.PHONY: deny
deny: ## Check licences, bans and sources of all dependencies
	@$(SETUP)/deny

.PHONY: rust-build
rust-build: wasm web
	cargo build --locked --workspace --bins --tests

.PHONY: browser-test
browser-test: rust-build browser-setup ## The console and the patient pages in a real browser
	cd conformance-tests/browser && node --test --test-reporter=spec .

.PHONY: rust-test
rust-test: rust-build peers-setup postgres-setup example-plugins ## All Rust tests, on both databases
	@$(SETUP)/rust-tests

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZ_SECONDS (60)
	conformance-tests/fuzz/run

.PHONY: nightly
nightly: rust-build postgres-setup fuzz ## The long forms: a sync killed 1,000 times on each database, 10,000 generated plugins, all fuzz targets
	OUTREACH_KILLS=$${OUTREACH_KILLS:-1000} cargo test --locked -p conformance-tests --test it -- --nocapture again_and_again
	OUTREACH_COMPONENTS=$${OUTREACH_COMPONENTS:-10000} cargo test --locked -p gateway-plugin-host --test it -- --nocapture components_that_chance_makes

.PHONY: bench
bench: wasm web ## Measure, beside peers and limits in the same run
	cargo bench --locked -p gateway-store -p gateway-plugin-host

.PHONY: clean
clean: ## Remove everything that was built
	cargo clean
	rm -rf gateway/web/dist gateway/web/node_modules conformance-tests/browser/node_modules conformance-tests/peers/medplum/node_modules conformance-tests/validators/node_modules conformance-tests/fhir-examples/node_modules examples/plugins/built examples/plugins/tools/node_modules examples/plugins/tools/venv .demo
