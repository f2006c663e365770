"""Write a model card in Markdown: what the model is, how to use it, its figures, its limits, what made it.

The sections follow Mitchell et al. 2019, *Model Cards for Model Reporting*; the front matter that of the Hugging Face
Hub. Whatever can be computed is computed; what stays fixed is the frame around it.
"""

import shlex
from pathlib import Path

import yaml

from pipeline.ground.codebook import Codebook
from pipeline.inference.manifest import OnnxSpec
from pipeline.judging.records import Report
from pipeline.reports import card_origin as origin
from pipeline.reports.card_figures import (
    behaviour_section,
    figures_section,
    real_section,
    speed_section,
)
from pipeline.reports.card_limits import limits_section
from pipeline.reports.card_parity import parity_section
from pipeline.reports.tables import interval
from pipeline.workflows.card import MARK, Card

SHELVES = ("released", "trained")
LIBRARY = "cautious-hope"
OUT_OF_SCOPE = (
    "No single sentence decides anything about a person, a government or an organisation.",
    "It predicts no event: it says how a text speaks, neither whether the text is right nor what will happen.",
    "It was made for English; other languages, machine translation and transcripts of speech are untried.",
    "It was made for diplomatic prose: statements, briefings, explainers, addresses. What it says of social media, news"
    " reports, fiction or party politics is untried.",
)


def card_markdown(card: Card) -> str:
    """Lay out the whole card; the same folder and labels give the same bytes."""
    parts = [
        front_matter(card),
        f"# {_title(card)}",
        f"{MARK} {typed_name(card.folder)}`; do not edit.",
        what_it_is(card),
        _use(card),
        _intended(card),
        _labels(card.manifest.codebook),
        figures_section(card),
        real_section(card),
        behaviour_section(card),
        speed_section(card),
        parity_section(card),
        limits_section(card),
        origin.origin_section(card),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def front_matter(card: Card) -> str:
    """Write the YAML block that the Hugging Face Hub reads."""
    manifest = card.manifest
    base = [encoder.hub for encoder in origin.encoders_of(origin.node_of(manifest.recipe)) if encoder.hub]
    tags = ["text-classification", *(["multi-label"] if not manifest.codebook.exclusive else []), "stance", "diplomacy"]
    value = {
        "license": "apache-2.0",
        "language": ["en"],
        "library_name": LIBRARY,
        "pipeline_tag": "text-classification",
        "tags": [*tags, *(["onnx"] if isinstance(manifest.scorer, OnnxSpec) else [])],
        **({"base_model": base} if base else {}),
        "metrics": ["f1", "precision", "recall", "average_precision", "brier_score"],
        "model-index": [{"name": manifest.id, "results": _results(card)}],
    }
    return "---\n" + yaml.safe_dump(value, sort_keys=False, allow_unicode=True) + "---"


def _results(card: Card) -> list[dict[str, object]]:
    """List the macro-F1 of each set of sentences as the Hub wants it."""
    codebook = card.manifest.codebook
    sets: list[tuple[str, Report]] = [(f"{codebook.name} {codebook.version}, test documents", card.report)]
    if card.real:
        sets.append((f"{card.real.file}, other people's sentences", card.real.report))
    return [
        {
            "task": {"type": "text-classification"},
            "dataset": {"name": name, "type": codebook.name},
            "metrics": [{"type": "f1", "name": "macro-F1", "value": round(report.macro_f1.value, 3)}],
        }
        for name, report in sets
    ]


def _title(card: Card) -> str:
    return f"{card.folder.resolve().name}: {', '.join(card.manifest.codebook.names)} in diplomatic prose"


def place_of(folder: Path) -> str:
    """Name a model folder as its users see it: from the project's root where it is on a shelf, else by its name."""
    parts = folder.resolve().parts
    on_shelf = len(parts) > 2 and parts[-3] == "models" and parts[-2] in SHELVES
    return "/".join(parts[-3:]) if on_shelf else parts[-1]


def typed_name(folder: Path) -> str:
    """Write a model's name as it is typed."""
    return shlex.quote(folder.resolve().name)


def what_it_is(card: Card) -> str:
    """Say in a paragraph what the model does, what it is made of, how large and how good it is."""
    manifest = card.manifest
    book = manifest.codebook
    names = origin.listed([f"`{name}`" for name in book.names])
    choice = f"exactly one of {names}" if book.exclusive else f"any subset of {names}; it may carry none of them"
    made = origin.described(origin.node_of(manifest.recipe))
    runs = "It is an ONNX graph and runs without torch; its" if isinstance(manifest.scorer, OnnxSpec) else "Its"
    said = [
        f"**{manifest.id}** reads English diplomatic prose sentence by sentence: a sentence carries {choice}.",
        f"It is {made}. {runs} files take {manifest.size / 1e6:.1f} MB.",
        f"Macro-F1 is {interval(card.report.macro_f1)} on {_size(card.report)} held out from training"
        + (f", {interval(card.real.report.macro_f1)} on {_size(card.real.report)} of other people" if card.real else "")
        + " (95 % intervals in brackets).",
    ]
    return " ".join(said)


def _size(report: Report) -> str:
    return f"{report.sentences:,} sentences of {report.documents:,} document{'s' * (report.documents != 1)}"


def _use(card: Card) -> str:
    name, place = typed_name(card.folder), place_of(card.folder)
    said = (
        "Each sentence gets its labels, the probability of each label and, where the model has learned to tell, which"
        " labels deserve a human eye. Scoring needs the base install only, which has no torch."
        f" `stance models verify {name}` checks the files."
    )
    return f"""## Use

```
stance score briefing.txt --model {name}
```

```python
from pipeline.predict import Predictor

predictor = Predictor.load("{place}")
predictor.predict(["A pause, even a short one, could give mediators the space they have lacked."])
```

{said}"""


def _intended(card: Card) -> str:
    names = origin.listed([f"`{name}`" for name in card.manifest.codebook.names])
    use = (
        f"Analysts who read many statements and briefings use it to find {names}, to see how a text divides among"
        " them, and to compare texts of one kind. It is good for figures over many sentences; of a single sentence"
        " it says: read this one."
    )
    return f"## Intended use\n\n{use}\n\n### Out of scope\n\n" + "\n".join(f"- {line}" for line in OUT_OF_SCOPE)


def _labels(codebook: Codebook) -> str:
    lines = [f"- `{label.name}`: {' '.join(label.definition.split())}" for label in codebook.labels]
    choice = "exactly one" if codebook.exclusive else "any subset"
    return "\n".join(
        [
            "## Labels",
            "",
            f"Codebook {codebook.name} {codebook.version}; a {codebook.unit} carries {choice}.",
            "",
            *lines,
        ]
    )
