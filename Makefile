# make run    build and start the kiosk in its demo world (installs what is missing)
# make test   every test (installs what is missing)
# make help   the rest

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
# One tag set for everything: another one compiles OpenCV's and Fyne's cgo again.
TAGS := gocv_specific_modules,gocv_videoio,x11
GO = $(shell .ci/setup --go)
# No -trimpath: with it nothing that the tests compiled is used again.
GOBUILD = $(GO) build -tags $(TAGS)
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X shlkiosk/cmd/internal/cli.Version=$(VERSION)

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup setup-test
setup:
	@.ci/setup
setup-test:
	@.ci/setup --test

.PHONY: run
run: setup build ## build and start the kiosk in its demo world; without a display it walks through it by itself
	@bin/kiosk demo $(ARGS)

.PHONY: build
build: setup ## bin/kiosk and bin/kioskctl
	@mkdir -p bin
	$(GOBUILD) -ldflags '$(LDFLAGS)' -o bin/kiosk ./cmd/kiosk
	CGO_ENABLED=0 $(GO) build -ldflags '$(LDFLAGS)' -o bin/kioskctl ./cmd/kioskctl

.PHONY: test
test: setup-test ## every test
	$(GO) test -tags $(TAGS) -timeout 20m ./...

.PHONY: vet
vet: ## go vet and gofmt
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt -w on these"; exit 1; }
	$(GO) vet -tags $(TAGS) ./...

.PHONY: clean
clean: ## what was built and written
	rm -rf bin demo-out screens-out

.PHONY: lint
lint: ## staticcheck with our tags
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 -tags $(TAGS) ./...

.PHONY: race-short race
race-short: ## the race detector over what has goroutines, short
	$(GO) test -race -short -timeout 10m ./sync/guard ./sync/shl ./sync/shc ./sync/ktc ./sync/outbox/... ./sync/audit/... ./camera ./camera/wedge ./ui/flow ./cmd/internal/engine
race: ## the race detector over all of sync, camera and ui/flow
	$(GO) test -race -timeout 60m ./sync/... ./camera/... ./ui/flow/... ./cmd/internal/engine

# Measurements. Peers are asked in the same run where there are peers.

.PHONY: bench-preview
bench-preview: setup-test build ## five minutes of preview in the real window: pictures a second, processor, memory
	env -u DISPLAY bin/kiosk demo --preview $(or $(PREVIEW),5m) --size 1280x800 --out screens-out/preview

.PHONY: bench-window
bench-window: setup-test build ## the real window from outside: start, touch, language, preview, on a virtual display
	BENCH_WINDOW=$(CURDIR)/bin/kiosk $(GO) test -count=1 -tags $(TAGS) -v -run TestBenchWindow ./cmd/kiosk

.PHONY: bench bench-qr bench-receiver bench-import bench-match bench-ledger
bench: bench-receiver bench-import bench-ledger bench-match bench-qr ## every measurement

bench-qr: setup-test ## the reader beside its peers; the table goes into the README
	$(GO) run ./camera/qr/bench -corpus ../shared/corpus/qr -readme README.md

bench-receiver: .interop/node_modules/.ready ## decrypt, inflate, parse beside the bare cost
	SHL_BENCH=1 $(GO) test -count=1 -v -run Cost ./sync/shl ./sync/ktc
	$(GO) test -run '^$$' -bench . -benchmem ./sync/shl

bench-import: ## 20, 600 and 5,000 resources beside the same transaction by hand
	INTAKE_BENCH=1 $(GO) test -count=1 -run TestBenchImport -v ./sync/intake

bench-match: ## the matcher beside Medplum's rules and the CMS reference engine
	sh sync/match/testdata/bench-match.sh

bench-ledger: ## commits beside the bare fsync; 10,000 records
	$(GO) test -run '^$$' -bench . ./sync/outbox

# Long work.

.PHONY: faults fuzz screens test-screens golden flow-deep lint-all interop test-real
faults: ## kill loops, full disks, flipped bits, outages; prints the table (long; FAULTS=short for seconds)
	FAULTS=$(or $(FAULTS),long) $(GO) test -count=1 -timeout 120m -p 1 -run Faults -v ./sync/outbox ./sync/vault ./sync/audit ./cmd/internal/faults | $(GO) run ./cmd/internal/faults/table

FUZZTIME ?= 60s
fuzz: ## every fuzz target for FUZZTIME (default 60s)
	@for p in $$($(GO) list ./config ./sync/... ./camera/... ./ui/words); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p 2>/dev/null | grep '^Fuzz'); do \
	    echo "== $$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s $$p || exit 1; \
	  done; done

interop: .interop/node_modules/.ready ## against implementations that are not ours (npm); said plainly where npm is missing
	INTEROP=1 $(GO) test -count=1 -run 'Interop|Medplum|Peer' -v ./sync/shl ./sync/shc ./sync/intake | grep -vE '^(=== |    --- PASS)'

# The peers are pinned; a machine without npm goes on, and the tests say that
# they were skipped.
.interop/node_modules/.ready:
	@mkdir -p .interop/node_modules
	@if command -v npm >/dev/null; then \
	  npm install --silent --no-fund --no-audit --prefix .interop kill-the-clipboard@1.1.0 jose@6.2.18 && touch $@; \
	else echo "INTEROP NOT RUN: npm is not installed"; fi

screens: setup-test ## every screen as a picture and contact sheets, in screens-out (7 minutes; SCREENS_ONLY=vi_light_200 narrows it)
	@mkdir -p screens-out
	SCREENS_OUT=$(CURDIR)/screens-out $(GO) test -count=1 -tags $(TAGS) -timeout 90m ./ui/patient ./ui/staff -run TestScreens

test-screens: setup-test ## every screen at every size in every language on every display, and against its golden picture (8 minutes)
	SCREENS_FULL=1 $(GO) test -count=1 -tags $(TAGS) -timeout 90m ./ui/patient ./ui/staff

golden: setup-test ## write the golden contact sheets anew, after looking at what changed
	SCREENS_GOLDEN=write $(GO) test -count=1 -tags $(TAGS) -timeout 60m ./ui/patient ./ui/staff -run Golden

flow-deep: ## the flow's invariants, deep
	$(GO) test -count=1 ./ui/flow -rapid.checks=2000

lint-all: ## golangci-lint with the rules of .golangci.yml
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run

test-real: ## imports against a real server: FHIR_BASE and credentials, see sync/intake
	$(GO) test -count=1 -run TestRealServer -v ./sync/intake
