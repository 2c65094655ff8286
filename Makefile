# The front door. `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run test quick check fix gen bench load kill sim fuzz canary malformed schemathesis sbom demo screenshots

TABLETS ?= 2000
N ?= 500
SEED ?= 1
VILLAGES ?= 4
OUT ?= data/township
SECONDS ?= 60
EXAMPLES ?= 5

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Sets up what is missing and starts the demo (HEADLESS=1, PORT=, DATA=, VILLAGES=, DAYS=)
	@HEADLESS='$(HEADLESS)' PORT='$(PORT)' DATA='$(DATA)' VILLAGES='$(if $(filter file,$(origin VILLAGES)),,$(VILLAGES))' DAYS='$(DAYS)' scripts/run.sh

test: ## Everything that proves the product; ends with "N passed, N failed"
	@scripts/test.py

quick: ## Format, the small crates and the components; before a commit
	cargo fmt --all --check
	cargo test --quiet -p ids -p domain -p protocol -p office
	@scripts/setup.sh run
	npm --prefix ui run --silent test

check: ## fmt, clippy, deny, machete, tidy, eslint, vue-tsc, generated files
	@scripts/setup.sh check
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features zoufang-tests/bench --locked --quiet -- -D warnings
	cargo xtask gen --check
	cargo xtask tidy
	target/tools/bin/cargo-machete
	target/tools/bin/cargo-deny --log-level error check bans licenses sources
	npm --prefix ui run --silent lint
	npm --prefix ui exec -- vue-tsc --noEmit --project ui/tsconfig.json

fix: ## Formats and applies safe suggestions
	cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged --quiet
	cargo fmt --all
	npm --prefix ui run --silent lint -- --fix

gen: ## Writes generated files: constants, TypeScript types
	cargo xtask gen

bench: ## Speed against limits and rivals, in one run
	@npm --prefix tests/rivals install --silent --no-audit --no-fund --omit=optional
	cargo run --quiet --release --package zoufang-tests --features bench --bin zoufang-bench

load: ## Thousands of tablets against the real server (TABLETS=, SECONDS=)
	@cargo run --quiet --release --package zoufang-tests --features bench --bin zoufang-load -- \
	  --tablets $(TABLETS) --seconds $(SECONDS)

kill: ## Kills a saving process N times; nothing called saved may be missing
	@cargo build --quiet --package zoufang-tests --bin zoufang-kill
	@$${CARGO_TARGET_DIR:-target}/debug/zoufang-kill --rounds $(N)

sim: ## Plays N schedules of the simulator from SEED on; every failing seed is printed (TRACE=1)
	@cargo build --quiet --package zoufang-tests --bin zoufang-sim
	@$${CARGO_TARGET_DIR:-target}/debug/zoufang-sim --schedules $(N) --seed $(SEED) $(if $(TRACE),--trace)

fuzz: ## libFuzzer over the parsers (TARGET= one of them, SECONDS= each)
	@scripts/fuzz.sh '$(TARGET)' '$(SECONDS)'

canary: ## Unique strings through the whole journey; none may stand in the open in what is left (SEED=)
	@cargo build --quiet --package zoufang-tests --bin zoufang-canary
	@$${CARGO_TARGET_DIR:-target}/debug/zoufang-canary --seed $(SEED)

malformed: ## Sends N malformed requests to the real server, from SEED on (20000 unless N= says otherwise)
	@cargo build --quiet --package zoufang-tests --bin zoufang-malformed
	@$${CARGO_TARGET_DIR:-target}/debug/zoufang-malformed --requests $(if $(filter file,$(origin N)),20000,$(N)) --seed $(SEED)

schemathesis: ## Lets schemathesis ask the real server what its OpenAPI says may be asked (SEED=, EXAMPLES= a route)
	@scripts/setup.sh schemathesis
	@cargo build --quiet --package zoufang-tests --bin zoufang-described
	@SEED='$(SEED)' EXAMPLES='$(EXAMPLES)' tests/schemathesis/ask.py

sbom: ## What app and server are made of, as CycloneDX lists under target/sbom
	@scripts/sbom.sh

demo: ## Writes a made-up township with its ledgers (VILLAGES=, SEED=, OUT=)
	cargo xtask demo --villages $(VILLAGES) --seed $(SEED) --out $(OUT)

screenshots: ## Runs the journeys and renews the pictures under docs/screenshots
	scripts/test.py setup ui-build build browser window
	for picture in docs/screenshots/*.png; do cp "target/screenshots/$${picture##*/}" "$$picture"; done
