# Rightsdesk: `make` lists the targets. Everything local needs only Go and Node.js (npm).

# Everything is built with the same flags: the Microsoft Graph SDK takes minutes to compile, and
# other flags would compile it again.
export GOFLAGS := -trimpath
export CGO_ENABLED := 0

MIN_GO := 1.26
MIN_NODE := 20
SDK_HINT := the first build compiles the Microsoft Graph SDK: about 3 minutes on two cores, cached after
PROGRESS := dist/bin/progress
AZURITE := infra/local/node_modules/.installed

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format bench package e2e clean require app race

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: require $(PROGRESS) $(AZURITE) ## install Azurite, the storage emulator (the other targets do it by themselves)

run: setup app ## start the local world and stream its logs; PORT=7071, RESET=1 starts empty, HOST=func uses Core Tools
	@exec dist/bin/world

test: setup ## run all tests, then those of packages without the Graph SDK under the race detector
	@$(PROGRESS) -hint "$(SDK_HINT)" "compile everything" go build ./...
	@# -vet=off: go test's own vet wants facts about all of the SDK. make lint vets what can be vetted.
	go test -vet=off -count=1 -timeout 10m ./...
	@$(MAKE) --no-print-directory race

# The race detector needs cgo, and so another build of every package. It therefore runs only where
# no SDK is among the dependencies. The local world's programs are left out, too: they are processes
# that talk by HTTP, and starting them takes most of their tests' time.
race: require
	@if ! command -v $$(go env CC) >/dev/null; then \
		echo "==> no race detector: it needs a C compiler ($$(go env CC)), which is not installed"; \
	else \
		echo "==> tests under the race detector"; \
		CGO_ENABLED=1 go test -race -short -vet=off -count=1 -timeout 10m \
			$$(go run ./infra/lint -list-free | grep -v /infra/); \
	fi

lint: require $(PROGRESS) dist/tools/.built ## check format, go vet, staticcheck, and that no machine's path or registry is in a file
	@go run ./infra/lint

format: require dist/tools/.built ## format every Go file that is written by hand
	@dist/tools/gofumpt -l -w functions infra shared

bench: setup app ## measure against raw storage calls in one run
	go run ./infra/local/bench $(BENCH_FLAGS)

package: require ## make dist/app and the reproducible dist/app.zip for linux/amd64
	@go run ./infra/local/packager

e2e: setup app ## kill, restart and throttle everything and count what came out; E2E_FLAGS="--bulk 50 --single 10 --kills 6"
	go run ./infra/local/e2e $(E2E_FLAGS)

clean: ## remove what was built and the local state
	rm -rf dist .local

# dist/app and the programs of the local world.
app: require $(PROGRESS)
	@go run ./infra/local/packager -app-only
	@$(PROGRESS) "build the local world" sh -ec 'for p in tenant devhost; do go build -o dist/bin/$$p ./infra/local/$$p/cmd; done; go build -o dist/bin/world ./infra/local/world'

require:
	@command -v go >/dev/null || { echo "Go $(MIN_GO) or later is needed and not on PATH: see https://go.dev/dl"; exit 1; }
	@v=$$(go env GOVERSION 2>/dev/null | sed 's/^go//'); \
	[ "$$(printf '%s\n%s\n' "$(MIN_GO)" "$$v" | sort -V | head -n 1)" = "$(MIN_GO)" ] || \
		{ echo "Go $(MIN_GO) or later is needed; this is $$(GOTOOLCHAIN=local go version 2>&1 | head -n 1): see https://go.dev/dl"; exit 1; }

$(PROGRESS): $(wildcard infra/local/progress/*.go infra/local/progress/cmd/*.go) | require
	@go build -o $@ ./infra/local/progress/cmd

$(AZURITE): infra/local/package-lock.json infra/local/.npmrc | require $(PROGRESS)
	@command -v node >/dev/null && command -v npm >/dev/null || \
		{ echo "Node.js $(MIN_NODE) or later with npm is needed for Azurite, the storage emulator: see https://nodejs.org"; exit 1; }
	@[ "$$(node -p 'parseInt(process.versions.node)')" -ge $(MIN_NODE) ] || \
		{ echo "Node.js $(MIN_NODE) or later is needed; this is $$(node --version): see https://nodejs.org"; exit 1; }
	@$(PROGRESS) "install Azurite" npm ci --prefix infra/local --loglevel=error
	@touch $@

dist/tools/.built: infra/tools/go.mod infra/tools/go.sum | $(PROGRESS)
	@$(PROGRESS) "build the lint tools" go build -C infra/tools -o ../../dist/tools/ honnef.co/go/tools/cmd/staticcheck mvdan.cc/gofumpt
	@touch $@
