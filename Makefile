# Openstall. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
DATA ?= ./data
WEB_SOURCES := $(shell find web/apps web/packages web/scripts -type f -not -path '*/node_modules/*' 2>/dev/null) web/package.json web/package-lock.json
GO_SOURCES := $(shell find cmd internal web/embed.go -type f 2>/dev/null) go.mod go.sum
# The front end and the Go packages are made beside each other.
MAKEFLAGS += -j2

.PHONY: help run build dev test e2e bench soak docs demo clean

help: ## what there is
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: bin/openstall ## the demo market on http://localhost:8080, made on the first start
	@exec ./bin/openstall serve --demo --data $(DATA)

build: bin/openstall ## one self-contained binary: bin/openstall

dev: web/node_modules/.stamp ## Go rebuilt on change and Vite, behind http://localhost:5173
	@node scripts/dev.mjs --data $(DATA)

test: ## everything: Go, stores on two engines, front end, lint, stories in a browser
	@node scripts/test.mjs

e2e: bin/openstall ## stories in a browser only
	@node scripts/test.mjs e2e

bench: bin/openstall ## figures, as a table and as JSON in bench/results
	@scripts/deps.sh test
	@go run ./bench

soak: bin/openstall ## the long versions: 100 kills of a working market, 50,000 histories, 50,000 cuts of the power
	@scripts/deps.sh test
	@go run ./bench/kill
	@go test -timeout 30m ./internal/sim -run TestHistories -sim.histories=50000
	@go test -timeout 60m ./internal/sim -run 'TestPowerCuts$$' -sim.cuts=50000

docs: ## generated documents: schema, OpenAPI, problems, plan picture, TypeScript types
	go test ./tools/gendocs -update
	cd web && npm run types

clean: ## forget what was built; data stays
	rm -rf bin web/dist/shop web/dist/console web/node_modules/.stamp .cache/compiled .cache/tools

bin/openstall: $(GO_SOURCES) web/dist/.stamp .cache/compiled
	@echo "building bin/openstall"
	@CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $@ ./cmd/openstall

.cache/tools:
	@scripts/deps.sh run
	@mkdir -p $(@D) && touch $@

.cache/compiled: go.mod go.sum | .cache/tools
	@scripts/compile.sh
	@touch $@

web/node_modules/.stamp: web/package.json web/package-lock.json | .cache/tools
	@echo "installing front-end packages"
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/.stamp: web/node_modules/.stamp $(WEB_SOURCES)
	@echo "building the front end"
	@cd web && for app in shop console; do npm run --silent build -w @openstall/$$app -- --logLevel error || exit 1; done
	@cd web && node scripts/compress.mjs
	@touch $@
