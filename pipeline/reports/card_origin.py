"""Say in a model card what made the model: recipe, encoders, teacher, labels, unlabelled text, files, licences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.corpus.splits import PARTS
from pipeline.judging.parity import EARLIER
from pipeline.reports.requantised import AGAIN, HOW, PACKED_ANEW, graph_from, repacked_from
from pipeline.reports.tables import markdown_table

if TYPE_CHECKING:
    from pipeline.workflows.card import Card

WEIGHTS = "model.safetensors"
KNOWN = {  # sha256 of official weights: their id on the Hub, their licence
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db": (
        "sentence-transformers/all-MiniLM-L6-v2",
        "Apache-2.0",
    ),
    "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658": (
        "sentence-transformers/all-mpnet-base-v2",
        "Apache-2.0",
    ),
}
Node = Mapping[str, Any]  # a learner as the manifest's recipe holds it, its members under "members"


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder: `name` for a reader, `hub` its id on the Hub where that is known."""

    name: str
    hub: str | None
    licence: str | None


def node_of(recipe: Node) -> Node:
    """Give a recipe's learner with its members."""
    return {**recipe.get("learner", {}), "members": recipe.get("members", {})}


def encoder_of(setting: Node) -> Encoder:
    """Identify an encoder, by the hash of its weights where that is stated."""
    known = KNOWN.get(setting.get("sha256", {}).get(WEIGHTS, ""))
    if known:
        return Encoder(known[0].rpartition("/")[2], *known)
    if setting["kind"] == "hub":
        licence = next((licence for hub, licence in KNOWN.values() if hub == setting["id"]), None)
        return Encoder(setting["id"], setting["id"], licence)
    return Encoder(str(setting.get("package") or setting.get("folder") or "a local encoder"), None, None)


def encoders_of(node: Node) -> list[Encoder]:
    """List the encoders whose weights the model holds, once each; a teacher's are not in it."""
    found = [encoder_of(node["encoder"])] if node.get("encoder") else []
    inner = [] if node.get("kind") == "distilled" else list(node.get("members", {}).values())
    return list(dict.fromkeys([*found, *(encoder for member in inner for encoder in encoders_of(member))]))


def teacher_of(node: Node) -> Node | None:
    """Give the teacher of a distilled model."""
    return next(iter(node["members"].values()), None) if node.get("kind") == "distilled" else None


def described(node: Node) -> str:
    """Say in some words what a learner is."""
    return _WORDS.get(node.get("kind", ""), _unknown)(node)


def _unknown(node: Node) -> str:
    return f"a model of kind {node.get('kind', 'unknown')}"


def _finetuned(node: Node) -> str:
    stages = [
        word
        for key, word in (("masked", "masked-language training"), ("contrastive", "contrastive training"))
        if node.get(key)
    ]
    after = f" after {listed(stages)}" if stages else ""
    return f"{encoder_of(node['encoder']).name} fine-tuned end to end{after}{_altered(node)}"


def _distilled(node: Node) -> str:
    teacher = teacher_of(node)
    taught = f": {described(teacher)}" if teacher else ""
    begun = _STARTS.get(node.get("start", "encoder"), "")
    what = f"the probabilities{_layers(node)} of a teacher{_altered(node)}"
    return f"{encoder_of(node['encoder']).name} that{begun} learned {what}{taught}"


def _layers(node: Node) -> str:
    """Name the layers of its teacher that a student was drawn to."""
    layers = [str(pair[1]) for pair in (node.get("layers") or {}).get("pairs", [])]
    return f" and layer{'s' * (len(layers) > 1)} {listed(layers)}" if layers else ""


def _altered(node: Node) -> str:
    settings = node.get("augment")
    return f", also on altered copies of sentences that carry {listed(settings['labels'])}" if settings else ""


def _seeds(node: Node) -> str:
    member = next(iter(node.get("members", {}).values()), None)
    of = described(member) if member else "one recipe"
    return f"the mean of {node['fits']} fits, each at a seed of its own, of {of}"


def _average(node: Node) -> str:
    return f"the mean of {listed([described(member) for member in node.get('members', {}).values()])}"


_STARTS = {
    "teacher": " began with the weights of its teacher's first fit and",
    "soup": " began with the mean of its teacher's weights and",
}
_WORDS = {
    "prior": lambda node: "a floor: every sentence gets the label shares of the training",
    "rules": lambda node: "a set of patterns written by hand",
    "tfidf": lambda node: "a logistic regression on TF-IDF of words and character n-grams",
    "frozen": lambda node: f"a logistic regression on sentence embeddings of {encoder_of(node['encoder']).name}",
    "finetuned": _finetuned,
    "distilled": _distilled,
    "seeds": _seeds,
    "average": _average,
}


def listed(words: Sequence[str]) -> str:
    """Join words as prose does."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1] if words else "") if part)


def origin_section(card: "Card") -> str:
    """Lay out what made the model, its files, and the licences."""
    parts = ["## What made it", _facts(card), _teacher(card), _labelled(card), _unlabelled(card), _files(card)]
    return "\n\n".join(part for part in [*parts, _licences(card)] if part)


def _facts(card: "Card") -> str:
    manifest = card.manifest
    rows = [
        ["model", f"`{manifest.id}`"],
        ["recipe", f"`{manifest.name}`, hash `{manifest.recipe_hash}`"],
        ["seed", str(manifest.seed)],
        ["data fingerprint", f"`{manifest.data_fingerprint}`"],
        ["codebook", f"{manifest.codebook.name} {manifest.codebook.version}"],
        ["code version", f"`{manifest.code_version}`"],
        ["made", manifest.created],
        *_requantised(card),
        ["machine", manifest.facts.get("machine", "not recorded")],
        ["manifest format", str(manifest.format)],
    ]
    return (
        left_table(["fact", "value"], rows)
        + "\n\nThe recipe stands whole in `manifest.json`; `stance models show` prints it."
    )


def _requantised(card: "Card") -> list[list[str]]:
    """Say from which model the graph was quantised without a training, and whether that one was quantised, too."""
    said, moved = graph_from(card.manifest.facts, "`"), repacked_from(card.manifest.facts, "`")
    rows = [[AGAIN if (card.parity or {}).get(EARLIER) else HOW, said]] if said else []
    return [*rows, *([["graph", f"{PACKED_ANEW}, {moved}"]] if moved else [])]


def _teacher(card: "Card") -> str:
    node = node_of(card.manifest.recipe)
    teacher = teacher_of(node)
    if teacher is None:
        return ""
    names = listed([encoder.name for encoder in encoders_of(teacher)])
    share = node["gold_weight"]
    return (
        f"### Teacher\n\nRecipe `{node['teacher']}`: {described(teacher)}; weights of {names}, trained on the same"
        f" training documents. Of a labelled sentence's target, {share:g} is its labels and the rest the teacher's"
        " probability (Hinton et al. 2015)."
    )


def _labelled(card: "Card") -> str:
    rows = [[row.name, *(f"{row.sentences[part]:,}" for part in PARTS), row.licence] for row in card.sources]
    total = [f"{sum(row.sentences[part] for row in card.sources):,}" for part in PARTS]
    table = markdown_table(["source", *PARTS, "licence of the text"], [*rows, ["all", *total, ""]])
    return (
        "### Labelled sentences\n\nDivided by document, near-duplicates together; a text that is absent counts 0. The"
        f" datasheet of the labels says how they were made.\n\n{table}"
    )


def _unlabelled(card: "Card") -> str:
    counts = card.manifest.facts.get("unlabelled")
    if counts is None:
        return ""
    files = {name: sha for name, sha in _source_hashes(node_of(card.manifest.recipe)) if sha}
    rows = [[name, f"{count:,}", f"`{files[name]}`" if name in files else "–"] for name, count in counts.items()]
    print_of = card.manifest.facts.get("unlabelled_fingerprint", "")
    table = left_table(["source", "sentences", "sha256 of the file"], rows or [["none", "0", "–"]])
    absent = card.manifest.facts.get("unlabelled_absent", [])
    lacked = f"\n\nNamed by the recipe, and absent when the model was made: {listed(absent)}." if absent else ""
    copies = card.manifest.facts.get("altered_copies", {}).get("unlabelled", 0)
    altered = f"\n\nAltered copies of these, which the table does not count: {copies:,}." if copies else ""
    return (
        "### Unlabelled sentences\n\nLearned from beside the labelled ones, without anything that repeats a labelled"
        f" sentence or comes from a held-out document. Fingerprint of all of them: `{print_of}`.\n\n{table}"
        f"{altered}{lacked}"
    )


def _source_hashes(node: Node) -> list[tuple[str, str]]:
    """List the unlabelled sources a recipe names, each with the hash of its file."""
    settings = [part["unlabelled"] for part in (node, node.get("masked") or {}) if part.get("unlabelled")]
    found = [
        (source["path"].rpartition("/")[2].rpartition(".")[0] if "path" in source else source["kind"], source)
        for setting in settings
        for source in setting["sources"]
    ]
    inner = [pair for member in node.get("members", {}).values() for pair in _source_hashes(member)]
    return [(name, source.get("sha256", "")) for name, source in found] + inner


def _files(card: "Card") -> str:
    rows = [[f"`{name}`", f"{entry.size:,}", f"`{entry.sha256}`"] for name, entry in card.manifest.files.items()]
    table = markdown_table(["file", "bytes", "sha256"], rows)
    return (
        f"### Files\n\nBeside them, `manifest.json` lists these and this card by hash; no file is a pickle.\n\n{table}"
    )


def _licences(card: "Card") -> str:
    node = node_of(card.manifest.recipe)
    inside = encoders_of(node)
    teacher = teacher_of(node)
    outside = [encoder for encoder in (encoders_of(teacher) if teacher else []) if encoder not in inside]
    lines = ["Model, code and labels: Apache-2.0."]
    lines += [f"Encoder {e.hub or e.name}: {e.licence or 'licence not known here; ask its makers'}." for e in inside]
    lines += [f"Teacher's encoder {e.hub or e.name} (not in this folder): {e.licence or 'not known'}." for e in outside]
    if "unlabelled" in card.manifest.facts:
        lines.append("The unlabelled texts belong to their authors; no text of theirs is in this folder.")
    return "### Licences\n\n" + "\n".join(f"- {line}" for line in lines)


def left_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table of words, every column to the left."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
