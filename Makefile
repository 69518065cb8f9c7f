# make run    build and start the kiosk in its demo world (installs what is missing)
# make test   every test (installs what is missing)
# make help   the rest

SHELL := /bin/bash
.DEFAULT_GOAL := help
# One tag set for everything: another one compiles OpenCV's and Fyne's cgo again.
TAGS := gocv_specific_modules,gocv_videoio,x11
GO = $(shell .ci/setup --go)
GOBUILD = $(GO) build -trimpath -tags $(TAGS)
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
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/kioskctl ./cmd/kioskctl

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
	$(GO) test -race -short -timeout 10m ./sync/guard/... ./sync/outbox/... ./sync/audit/... ./camera ./camera/wedge ./ui/flow ./cmd/internal/engine
race: ## the race detector over all of sync, camera and ui/flow
	$(GO) test -race -timeout 60m ./sync/... ./camera/... ./ui/flow/... ./cmd/internal/engine
