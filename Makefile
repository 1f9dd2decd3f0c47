# What a developer does here; `make` alone lists it.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
# The packages in which goroutines share memory.
CONCURRENT = ./internal/parallel ./internal/autodiff ./internal/kernel ./pkg/datasets/... ./pkg/learning/... ./pkg/models/... ./pkg/experiment/...

.DEFAULT_GOAL := help
.PHONY: help build test race lint bench audio audio-sweep demo generate cover ci

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /	/' | expand -t 12

build: ## build bin/snnctl
	CGO_ENABLED=0 go build -trimpath -o bin/snnctl ./cmd/snnctl

test: ## run all tests
	go test ./...

race: ## run the tests of concurrent code under the race detector
	go test -race -short $(CONCURRENT)

lint: ## gofmt, go vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'not formatted; run: gofmt -w .'; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

bench: build ## time a training step of lsnn-smnist on this machine
	bin/snnctl bench lsnn

audio: build ## compare compress audio with Opus, AAC, MP3 and Codec2, where they are installed
	go run ./benchmarks/audiocodecs

audio-sweep: build ## train the codec with rising penalties and its baselines for equal steps, into sweep/
	go run ./benchmarks/audiosweep --out sweep

demo: build ## train the store-recall experiment of 1803.09574, about a minute
	bin/snnctl train lsnn-store-recall

generate: ## write the assembly kernels anew
	go generate ./internal/kernel

cover: ## write cover.out, and print the coverage of each package
	go test -coverprofile=cover.out ./...
	go tool cover -func=cover.out | tail -1

ci: ## what is run for each change
	.ci/run
