# make help says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/sh
TOOL = go tool -modfile=tools/go.mod
FUZZ ?= 1m
RUN ?=

# No C compiler is needed, nor used where there is one: what is built is the same everywhere, and built once.
export CGO_ENABLED = 0

.PHONY: help
help: ## what there is to make
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /\1|/' | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'

.PHONY: run
run: ## the server for development, on SQLite and with an inbox (RUN="--listen 127.0.0.1:9000")
	go run ./cmd/thimble dev $(RUN)

.PHONY: build
build: ## build/thimble, one static file
	go build -o build/thimble ./cmd/thimble

.PHONY: test
test: ## all Go tests on SQLite and PostgreSQL, and a moment of every fuzz target
	tools/need postgresql curl openssl
	go test -timeout 30m ./...
	tools/fuzz 2000x

.PHONY: e2e
e2e: build ## the Node SDK and a real browser against the built binary
	tools/need node chromium
	cd test/sdk && npm ci --no-audit --no-fund --loglevel error && npm test
	THIMBLE_BINARY=$(CURDIR)/build/thimble go test -tags e2e -count 1 -timeout 10m ./test/browser/...

.PHONY: check
check: lint ## linters, and the tests again under the race detector
	tools/need postgresql gcc curl openssl
	CGO_ENABLED=1 go test -race -timeout 60m ./...

.PHONY: lint
lint: ## the linters alone: gofumpt, vet, staticcheck, golangci-lint, deadcode
	@unformatted=$$($(TOOL) gofumpt -l .) || exit 1; \
		[ -z "$$unformatted" ] || { echo "not gofumpt's form (make fmt):"; echo "$$unformatted"; exit 1; }
	go vet -tags e2e ./...
	$(TOOL) staticcheck -tags e2e ./...
	$(TOOL) golangci-lint run --build-tags e2e ./...
	@dead=$$($(TOOL) deadcode -test -tags e2e ./...) || exit 1; \
		[ -z "$$dead" ] || { echo "not even a test calls:"; echo "$$dead"; exit 1; }

.PHONY: fmt
fmt: ## gofumpt's form for all Go files
	$(TOOL) gofumpt -w .

.PHONY: golden
golden: ## write the golden files and deps.txt anew; read the difference before you commit it
	go test $$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' --exclude-dir=node_modules . | xargs -n1 dirname | sort -u) -update

.PHONY: fuzz
fuzz: ## every fuzz target for a while (FUZZ=1m each)
	tools/fuzz $(FUZZ)

.PHONY: bench
bench: ## the load driver: throughput, latency, CPU, round trips, beside floors of the same run (BENCH=flags)
	tools/need postgresql
	go run ./test/bench $(BENCH)

.PHONY: clean
clean: ## remove what was built
	rm -rf build test/sdk/node_modules
