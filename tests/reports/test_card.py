"""A model card has every section, says what is absent, and names what is weak."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tiny import ROOT, write_labels, write_recipe

from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import split_corpus
from pipeline.decisions.review import Review
from pipeline.judging.parity import parity
from pipeline.judging.records import SliceScores
from pipeline.judging.selective import selective_scores
from pipeline.judging.verdicts import BehaviourReport, CapabilityScores, Shift, Tally
from pipeline.predict import Predictor
from pipeline.reports.card import card_markdown, place_of
from pipeline.reports.card_figures import speed_section
from pipeline.reports.card_limits import limits_section
from pipeline.reports.card_origin import origin_section
from pipeline.reports.card_parity import parity_section
from pipeline.reports.tables import interval
from pipeline.tracking.store import Tracker
from pipeline.workflows.card import RealFigures, measure_card, who_made
from pipeline.workflows.judged import judge_examples
from pipeline.workflows.training import Order, train

SECTIONS = [
    "## Use",
    "## Intended use",
    "### Out of scope",
    "## Labels",
    "## Figures on our test documents",
    "### By source",
    "### By length",
    "### Calibration, thresholds and base rates",
    "### What marks for review cost",
    "## Figures on other people's sentences",
    "## Behaviour",
    "## Speed and size",
    "## Quantisation",
    "## Limits",
    "## What made it",
    "### Labelled sentences",
    "### Files",
    "### Licences",
]
MINILM = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MPNET = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"


def finetuned(sha256: str) -> dict:
    encoder = {"kind": "package", "package": "a-wheel", "folder": "f", "sha256": {"model.safetensors": sha256}}
    return {"kind": "finetuned", "encoder": encoder}


DISTILLED = {
    "name": "fast",
    "learner": finetuned(MINILM)
    | {
        "kind": "distilled",
        "teacher": "ensemble.yaml",
        "gold_weight": 0.3,
        "unlabelled": {
            "sources": [
                {"kind": "sotu", "from_year": 1945},
                {"kind": "file", "path": "../unlabelled/speeches.jsonl", "sha256": "ab" * 32},
            ]
        },
    },
    "members": {
        "ensemble": {
            "kind": "seeds",
            "member": "mpnet.yaml",
            "fits": 3,
            "members": {"mpnet": finetuned(MPNET)},
        }
    },
}


@pytest.fixture(scope="module")
def card(workshop):
    return measure_card(workshop.small.folder, workshop.root / "labels")


@pytest.fixture(scope="module")
def on_test(workshop):
    """Judge the same model on its test sentences."""
    labels = workshop.root / "labels"
    return judge_examples(Predictor.load(workshop.small.folder), split_corpus(load_corpus(labels), labels).test)


def with_manifest(card, **changes):
    return replace(card, manifest=card.manifest.model_copy(update=changes))


def front_matter(card) -> dict:
    _, head, _ = card_markdown(card).split("---\n", 2)
    return yaml.safe_load(head)


def test_every_section_is_there_once_and_in_order(card):
    lines = card_markdown(card).splitlines()
    assert [line for line in lines if line.startswith("##")] == SECTIONS
    assert "" in lines and "None" not in card_markdown(card).replace("None: no sentences", "")


def test_the_front_matter_is_the_hubs(card):
    head = front_matter(card)
    assert (head["license"], head["language"], head["library_name"]) == ("apache-2.0", ["en"], "cautious-hope")
    assert "onnx" in head["tags"] and "f1" in head["metrics"] and "base_model" not in head
    [result] = head["model-index"][0]["results"]
    assert result["metrics"][0]["value"] == round(card.report.macro_f1.value, 3)
    known = with_manifest(card, recipe=DISTILLED)
    assert front_matter(known)["base_model"] == ["sentence-transformers/all-MiniLM-L6-v2"]


def test_what_made_it_is_named_whole(card):
    manifest, text = card.manifest, origin_section(card)
    for words in (manifest.recipe_hash, manifest.data_fingerprint, manifest.code_version, manifest.created):
        assert words in text
    assert manifest.facts["machine"] in text and f"| seed | {manifest.seed} |" in text
    for name, entry in manifest.files.items():
        assert f"| `{name}` | {entry.size:,} | `{entry.sha256}` |" in text
    sentences = manifest.facts["sentences"]
    assert f"| all | {sentences['train']} | {sentences['validation']} | {sentences['test']} |  |" in text
    assert "### Teacher" not in text and "### Unlabelled" not in text


def test_a_teacher_and_what_was_distilled_from_are_named(card):
    facts = card.manifest.facts | {"unlabelled": {"sotu": 27000, "speeches": 41}, "unlabelled_fingerprint": "f" * 16}
    text = origin_section(with_manifest(card, recipe=DISTILLED, facts=facts))
    assert "Recipe `ensemble.yaml`: the mean of 3 fits, each at a seed of its own, of all-mpnet-base-v2" in text
    assert "| sotu | 27,000 | – |" in text and f"| speeches | 41 | `{'ab' * 32}` |" in text and "f" * 16 in text
    assert "Encoder sentence-transformers/all-MiniLM-L6-v2: Apache-2.0." in text
    assert "Teacher's encoder sentence-transformers/all-mpnet-base-v2 (not in this folder): Apache-2.0." in text
    assert "no text of theirs is in this folder" in text


def test_a_source_that_was_absent_is_named(card):
    facts = card.manifest.facts | {"unlabelled": {"sotu": 41}, "unlabelled_absent": ["speeches"]}
    text = origin_section(with_manifest(card, recipe=DISTILLED, facts=facts))
    assert "absent when the model was made: speeches." in text


def test_altered_copies_of_unlabelled_sentences_are_told_beside_the_table(card):
    facts = card.manifest.facts | {"unlabelled": {"sotu": 41}, "altered_copies": {"labelled": 9, "unlabelled": 1234}}
    text = origin_section(with_manifest(card, recipe=DISTILLED, facts=facts))
    assert "| sotu | 41 | – |\n\nAltered copies of these, which the table does not count: 1,234." in text
    none = {"altered_copies": {"labelled": 9, "unlabelled": 0}}
    for few in (facts | none, card.manifest.facts | {"unlabelled": {"sotu": 41}}):
        assert "Altered copies" not in origin_section(with_manifest(card, recipe=DISTILLED, facts=few))


def test_the_time_of_a_teachers_fits_stands_beside_that_of_the_last_run(card):
    facts = card.manifest.facts | {"teacher": {"fits": {"seed-1": {"seconds": 30.2}, "seed-2": {"seconds": 1200.0}}}}
    text = speed_section(with_manifest(card, facts=facts))
    assert "| the teacher's fits | 30 + 1,200 s |" in text and "| last training run |" in text


def test_nothing_quantised_is_said_and_so_is_a_comparison_that_is_not_there(card):
    assert "Nothing was quantised" in parity_section(card)
    asked = with_manifest(
        card, recipe=card.manifest.recipe | {"quantise": {"matrices": "int8-rows", "finer": ["a", "b"], "keep": []}}
    )
    assert "(matrices int8-rows, finer a and b), and no comparison" in parity_section(asked)


def test_what_quantising_cost_is_shown_as_it_was_judged(card, on_test):
    turned = replace(on_test, predicted=1 - on_test.predicted)
    found = parity(on_test, turned, 100)
    value = found.as_dict() | {"settings": {"matrices": "int8-rows", "reduce_range": True, "block_size": None}}
    text = parity_section(replace(card, parity=value))
    assert "(matrices int8-rows, reduce_range true)" in text and "on 8 test sentences, each with" in text
    for name, one in found.labels.items():
        cost = interval(one.cost, 2, sign=True)
        assert f"| {name} | 0.0000 | 0.0000 | 100.0% | {one.f1_before:.3f} | {one.f1_after:.3f} | {cost} |" in text
    said = f"| {found.macro_before:.3f} | {found.macro_after:.3f} | {interval(found.cost, 2, sign=True)} |"
    assert f"| macro | – | – | – {said}" in text
    out_of_fold = card.decisions.model_copy(update={"learned_from": "out-of-fold"})
    assert "each with" not in parity_section(replace(card, parity=value, decisions=out_of_fold))


def test_steps_of_quantising_are_shown_in_turn_with_what_they_cost_together(card, on_test):
    turned = replace(on_test, predicted=1 - on_test.predicted)
    first = parity(on_test, turned, 100).as_dict() | {"settings": {"matrices": "int8-rows"}}
    second = parity(turned, turned, 100).as_dict() | {"settings": {"matrices": "int8-static"}, "earlier": [first]}
    text = parity_section(replace(card, parity=second))
    before, after = first["macro_f1"]["before"], second["macro_f1"]["after"]
    assert f"macro-F1 {before:.3f} as trained, {after:.3f} as shipped, a cost of {100 * (before - after):+.2f}" in text
    assert text.index("Step 1 (matrices int8-rows)") < text.index("Step 2 (matrices int8-static)")
    assert text.count("| macro | – | – | – |") == 2 and "2 steps" in text and "neurons" not in text
    second["settings"] |= {"neurons_pruned": 1344, "neurons_left": 7872}
    for pruned in (second, {key: value for key, value in second.items() if key != "earlier"}):
        said = parity_section(replace(card, parity=pruned))
        assert said.count("1,344 of the 9,216 inner neurons of the feed-forward blocks were taken out") == 1
        assert "int8-static)" in said
    odd = parity_section(replace(card, parity=second | {"earlier": "none"}))
    assert "Before: the graph as trained" in odd and "Step 1" not in odd


def test_a_comparison_of_another_shape_is_listed(card):
    value = {"sentences": 794, "macro_f1": {"float": 0.81234}, "gap": {"value": 0.1, "low": 0.0, "high": 0.2}}
    text = parity_section(replace(card, parity=value))
    assert "| sentences | 794 |" in text and "| macro f1, float | 0.8123 |" in text
    assert "| gap | 0.100 [0.000, 0.200] |" in text


def behaviour(passed: int) -> BehaviourReport:
    shift = Shift(4, {"hawk": 0.02, "dove": 0.04}, {"hawk": 0.1, "dove": 0.31})
    names = CapabilityScores(Tally(10, 10), {}, shift, 0.05)
    negation = CapabilityScores(Tally(10, passed), {}, None, None)
    return BehaviourReport(Tally(20, 10 + passed), {}, {"country_names": names, "negation": negation}, ())


def test_behaviour_is_told_by_capability(card):
    assert "have no behavioural suite" in card_markdown(card)
    text = card_markdown(replace(card, behaviour=behaviour(6)))
    assert "| country_names | 10 | 10 | 100% | 0.030 | 0.31 | 0.05, met |" in text
    assert "| negation | 10 | 6 | 60% | – | – | – |" in text and "| all | 20 | 16 | 80% |" in text
    assert "fewer than 70% of their cases passed: negation (6 of 10)." in text
    text = limits_section(replace(card, behaviour=behaviour(7)))
    assert "fewer than 70%" not in text and "Every capability" in text


def test_the_weakest_label_source_and_length_are_limits(card):
    label = min(card.report.labels, key=lambda name: card.report.labels[name].f1.value)
    text = limits_section(card)
    assert f"Weakest label on the test documents: `{label}`, F1 " in text
    assert "Weakest source" not in text and "Weakest length" not in text  # there is one of each
    parts = {"a": SliceScores(9, 2, 0.6, {}), "b": SliceScores(8, 2, 0.5, {}), "c": SliceScores(7, 2, None, {})}
    several = replace(card, report=replace(card.report, slices={"source": parts, "length": parts}))
    for kind in ("source", "length"):
        said = f"Weakest {kind} on the test documents: b, macro-F1 0.500 on 8 sentences."
        assert said in limits_section(several)
    assert "no more than 32 word pieces are read" in text


def test_a_label_given_too_often_on_other_peoples_sentences_is_named(card):
    scores = card.report.labels["hawk"]
    often = replace(scores, precision=0.5, recall=0.75, support=40)
    even = replace(scores, precision=0.8, recall=0.75, support=40)
    report = replace(card.report, labels={"hawk": often, "dove": even})
    real = RealFigures(model="m", file="f.jsonl", sha256="0" * 64, report=report)
    text = limits_section(replace(card, real=real))
    said = "`hawk` is given 1.50 times as often as it is true (50% of those given are wrong, 25% of the true ones are"
    assert said in text and "`dove` is given" not in text


def test_a_swing_that_the_mean_hides_is_a_limit(card):
    assert "In `country_names` a probability moves by up to 0.31" in limits_section(
        replace(card, behaviour=behaviour(9))
    )


def test_who_made_the_labels_is_what_their_datasheet_says(card):
    assert "No datasheet says who made the labels." in limits_section(card)
    said = limits_section(replace(card, made="**Nobody checked.** See the [codebook](CODEBOOK.md)."))
    assert "“**Nobody checked.** See the codebook.”" in said
    ours = who_made(ROOT / "labels")
    assert "large language model" in ours and "review" in ours and "\n" not in ours


def test_marks_for_review_are_judged_where_the_model_has_them(card, on_test):
    review = Review(error=0.1, error_absent=(0.1, 0.05), lowest=(0.4, 0.4), highest=(0.6, 0.6))
    selective = selective_scores(on_test, review)
    text = card_markdown(replace(card, review=selective))
    assert f"{1 - selective.kept:.0%} of the test sentences have a mark" in text
    assert f"| hawk | {selective.labels['hawk'].kept:.1%} |" in text and "| 0.950 |" in text
    assert "marks nothing for review" in card_markdown(replace(card, review=None))


def test_priors_are_shown_beside_the_shares_of_the_test(card):
    decisions = card.decisions.model_copy(update={"priors": (0.25, 0.5)})
    text = card_markdown(replace(card, decisions=decisions))
    share = card.report.labels["hawk"].support / card.report.sentences
    assert f"| hawk | 25.0% | {share:.1%} |" in text and "--adapt-priors" in text
    without = card.decisions.model_copy(update={"priors": None})
    assert "--adapt-priors" not in card_markdown(replace(card, decisions=without))


def test_an_exclusive_scheme_has_no_threshold_and_a_card_all_the_same(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    labels = write_labels(tmp_path / "labels", "one")
    recipe = write_recipe(tmp_path / "models" / "floor.yaml", {"kind": "prior"}, learn_from="validation")
    folder = tmp_path / "models" / "trained" / "floor"
    train(Order(recipe, labels, folder), Tracker(tmp_path))
    text = card_markdown(measure_card(folder, labels))
    assert "carries exactly one of `hawk`, `dove` and `other`" in text and "| – |" in text
    assert "multi-label" not in text and "onnx" not in text


def test_a_model_on_a_shelf_is_named_from_the_root(tmp_path):
    assert place_of(Path("/x/models/released/fast")) == "models/released/fast"
    assert place_of(tmp_path / "fast") == "fast"
