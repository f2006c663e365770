# The commands of this project; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STANCE := $(BIN)/stance
TORCH := torch==2.13.0
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
BRIEFING := docs/examples/harbour-talks.md
REAL := ../shared/realtext/dev.jsonl
TRIED := rules tfidf frozen average minilm
EXPLAINED := tfidf rules

.DEFAULT_GOAL := help
.PHONY: help env demo test long base check format leaderboard curve ablation frontier benchmarks behaviour evidence prevalence datasheet screenshots splitters clean forget

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# torch first: a CPU build where the index has one, and nothing later replaces it
$(VENV)/.ready: pyproject.toml
	@test -x $(BIN)/python || { echo "making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing cautious-hope with its train, spark, audit and dev extras (a few minutes the first time)"
	@$(PIP) install $(TORCH)
	@$(PIP) install -e '.[train,spark,audit,dev]'
	@touch $@

env: $(VENV)/.ready  ## make .venv with everything in it

demo: env  ## score a briefing with the released model, then train one and track it
	@echo; echo "1. Score a briefing that no training has seen, with the released model"
	@$(STANCE) score $(BRIEFING) -o outputs/harbour-talks.jsonl --report outputs/harbour-talks.html
	@echo; echo "2. Train MiniLM on the labelled sentences, tracked in MLflow"
	@$(STANCE) train models/minilm.yaml
	@echo; echo "Where things are"
	@echo "  scores   outputs/harbour-talks.jsonl, and to read: outputs/harbour-talks.html"
	@echo "  model    models/trained/minilm (released ones: stance models ls)"
	@echo "  runs     mlflow.db, artifacts in mlartifacts/"
	@echo; echo "What to type next"
	@echo "  source $(BIN)/activate"
	@echo "  stance score YOUR-BRIEFING.txt     score a text of your own (also .pdf, .docx); a folder with -o"
	@echo "  stance train models/average.yaml   train another recipe, then: stance compare"
	@echo "  stance ui                          the same in the MLflow UI on http://127.0.0.1:5000"

# Two processes, each on half of the cores; a file's tests stay together, and share what they train.
test: env  ## run the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile

long: env  ## the long runs of the suite at full size: 200 kills of each kind, lines of 100 MB
	@STANCE_KILLS=200 STANCE_HOSTILE_LINE=100000000 $(BIN)/python -m pytest -m long

base:  ## score with each released model from a fresh base install, which has no torch, and time a start
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && $(PYTHON) -m venv "$$scratch/venv" && \
	"$$scratch/venv/bin/python" -m pip --disable-pip-version-check --quiet install . && \
	cp $(BRIEFING) $(wildcard ../shared/texts/statement.txt) "$$scratch" && cd "$$scratch" && \
	! venv/bin/python -c "import torch" 2>/dev/null && venv/bin/stance models verify && \
	for model in accurate fast; do for text in *.md *.txt; do if test -f "$$text"; then \
	venv/bin/stance score "$$text" --model $$model --json > rows.jsonl && \
	echo "$$model: $$(wc -l < rows.jsonl) sentences of $$text" || exit 1; fi; done; \
	printf '%s' "$$model: stance score one.txt, from start to end, in ms:"; cp $(notdir $(BRIEFING)) one.txt; \
	for run in 1 2 3 4 5; do begun=$$(date +%s%N); venv/bin/stance score one.txt --model $$model > /dev/null 2>&1; \
	printf ' %s' "$$((($$(date +%s%N) - begun) / 1000000))"; done; echo; rm one.txt; done

check: env  ## format, lint, types and architecture rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/test_architecture.py

format: env  ## format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

leaderboard: env  ## every recipe and peer at three seeds: experiments/leaderboard.md and the README's table
	@$(STANCE) experiment run experiments/peers.yaml

curve: env  ## what more labels would bring: experiments/learning-curve.md and the README's table
	@$(STANCE) experiment run experiments/learning-curve.yaml
	@$(STANCE) experiment run experiments/learning-curve-before.yaml

ablation: env  ## what each training option is worth: experiments/ablation.md
	@$(STANCE) experiment run experiments/ablation.yaml

frontier: env  ## what accuracy costs in speed and size: experiments/frontier.md and the README's figure (a quiet machine)
	@$(STANCE) experiment run experiments/frontier.yaml

benchmarks: env  ## how quickly a batch scores, beside other programs: experiments/benchmarks/scoring.md and the README's table (a quiet machine)
	@$(STANCE) experiment run experiments/benchmarks/scoring.yaml

models/trained/%/manifest.json: models/%.yaml | env
	@test -f $@ || $(STANCE) train $<

behaviour: env $(TRIED:%=models/trained/%/manifest.json)  ## what our trained recipes do on the behavioural cases: experiments/behaviour.md and the README's table
	@$(STANCE) evaluate $(TRIED:%=models/trained/%) --behaviour -o experiments/behaviour.md

evidence: env $(EXPLAINED:%=models/trained/%/manifest.json)  ## do the words named as evidence carry the decisions: experiments/evidence.md
	@$(STANCE) evaluate accurate fast $(EXPLAINED:%=models/trained/%) --evidence -o experiments/evidence.md

prevalence: env  ## how far the released models' shares are from the true ones: experiments/prevalence.md
	@$(STANCE) evaluate accurate fast --prevalence $(addprefix --data ,$(wildcard $(REAL))) -o experiments/prevalence.md

datasheet: env  ## write the datasheet's figures from the labels
	@$(STANCE) labels datasheet

screenshots: env  ## make the README's pictures anew, from a real report and real runs (needs Chromium; some minutes)
	@$(BIN)/python tests/browser/screenshots.py

splitters: env  ## compare sentence splitters on tests/data/boundaries.jsonl
	@$(PIP) install sentencex syntok pysbd blingfire spacy
	@$(BIN)/python tests/compare_splitters.py

clean:  ## remove caches; keep .venv, models and runs
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist

forget:  ## remove what long trainings keep to go on with (fits, judgements, checkpoints); gigabytes
	@rm -rf .cache/weights .cache/judgements .cache/distillation
