"""An ablation tries each variant on every fold once, reads no test sentence, and tells what each is worth."""

import csv
import errno
import json
import os
from pathlib import Path

import pytest
import yaml
from ablating import kept, prepare, run
from lxml import html
from mlflow import MlflowClient
from tiny import TFIDF, finetuned_learner, write_recipe

from pipeline.corpus.splits import Split
from pipeline.ground.errors import ConfigError, EncoderError, SplitError
from pipeline.workflows import ablation
from pipeline.workflows.ablation import run_ablation
from pipeline.workflows.experiment import progress_of

TURNS = [f"{name} seed 3, fold-{fold}-of-2" for name in ("base", "plain", "stiff") for fold in (1, 2)]


@pytest.fixture
def place(lab):
    return lab


def test_every_fold_is_trained_once_and_a_variant_keeps_its_folds_when_renamed_or_made_the_base(place):
    first, trained, _ = run(place)
    assert trained == TURNS and len(kept(place)) == 6
    assert first.rows[0].variant == "base" and first.rows[0].worth.ap_gain is None
    scores = [row.worth.macro_ap.value for row in first.rows[1:]]
    assert scores == sorted(scores, reverse=True) and {row.variant for row in first.rows} == {"base", "plain", "stiff"}
    again, trained, said = run(place)
    assert trained == [] and again == first and set(TURNS) <= set(said.skipped)
    renamed, trained, _ = run(place, variants={"unweighted": {"class_weight": "none"}})
    assert trained == [] and renamed.rows[1].figures == next(r for r in first.rows if r.variant == "plain").figures
    write_recipe(place / "models" / "words.yaml", TFIDF | {"class_weight": "none"}, learn_from="validation")
    taken, trained, _ = run(place, variants={"balanced": {"class_weight": "balanced"}})
    assert trained == [] and taken.rows[1].figures == first.rows[0].figures
    _, trained, _ = run(place, variants={"balanced": {"class_weight": "balanced"}}, folds=3)
    assert len(trained) == 6
    _, trained, _ = run(place, variants={"balanced": {"class_weight": "balanced"}}, force=True)
    assert len(trained) == 4


def test_a_killed_ablation_goes_on_where_it_stopped(place, monkeypatch):
    build, begun = ablation.build, []

    def killed_at_the_fourth(*arguments):
        begun.append(arguments)
        if len(begun) == 4:
            raise KeyboardInterrupt
        return build(*arguments)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ablation, "build", killed_at_the_fourth)
        run(place)
    before = kept(place)
    assert len(before) == 3
    state = progress_of(*prepare(place))
    assert [step.name for step in state.done] == TURNS[:3] and [step.name for step in state.to_do] == TURNS[3:]
    resumed, trained, _ = run(place)
    assert trained == TURNS[3:] and before.items() <= kept(place).items()
    whole, _, _ = run(place, force=True)
    assert [(row.variant, row.worth) for row in whole.rows] == [(row.variant, row.worth) for row in resumed.rows]


def test_answers_are_of_held_out_sentences_by_document_and_span_and_test_is_not_read(place):
    spec, recipes, bench = prepare(place)
    test_docs = {example.doc for example in bench.split.test}
    bench.split = Split(bench.split.train, bench.split.validation, ())
    run_ablation(spec, recipes, bench)
    by_fold = [json.loads(path.read_text()) for path in sorted(kept(place))]
    spans = {f"{e.doc}:{e.start}-{e.end}" for e in bench.split.train}
    base = [set(result["answers"]) for result in by_fold]
    assert len(base) == 6 and all(answers < spans for answers in base)
    halves = {frozenset(answers) for answers in base}
    assert len(halves) == 2 and set.union(*map(set, halves)) == spans and not frozenset.intersection(*halves)
    docs = [{key.rpartition(":")[0] for key in half} for half in halves]
    assert not docs[0] & docs[1] and not (docs[0] | docs[1]) & test_docs


def test_answers_outlive_another_order_of_files_and_not_another_doubt(place):
    first, _, _ = run(place)
    path = place / "labels" / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": yaml.safe_load(path.read_text())["sources"][::-1]}))
    again, trained, _ = run(place)
    assert trained == [] and [row.worth for row in again.rows] == [row.worth for row in first.rows]
    _, _, bench = prepare(place)
    doc = bench.split.train[0].doc
    for path in (place / "labels" / "annotations").glob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        lines = [json.dumps(row | ({"unsure": True} if row["doc"] == doc else {})) for row in rows]
        path.write_text("\n".join(lines) + "\n")
    assert len(run(place)[1]) == 6, "smoothing reads what the data's fingerprint leaves out"


def test_unlabelled_text_must_repeat_no_document_that_is_held_out(place, monkeypatch):
    settings = []
    build = ablation.build
    monkeypatch.setattr(ablation, "build", lambda recipe, setting: settings.append(setting) or build(recipe, setting))
    spec, recipes, bench = prepare(place)
    run_ablation(spec, recipes, bench)
    everything, train = ({e.doc for e in part} for part in (bench.corpus.examples, bench.split.train))
    first, second = (setting.held_out for setting in settings[:2])
    assert first & second == everything - train and first | second == everything
    assert set(settings[0].known) == {e.text for e in bench.corpus.examples}


def test_a_variant_that_fails_drops_its_row_and_the_base_stops_the_run(place, monkeypatch, stance):
    build = ablation.build

    def fails(variants):
        def made(recipe, setting):
            if recipe.learner.class_weight in variants:
                raise EncoderError("its encoder is lost")
            return build(recipe, setting)

        return made

    monkeypatch.setattr(ablation, "build", fails(["none"]))
    found, trained, said = run(place)
    assert [row.variant for row in found.rows] == ["base", "stiff", "plain"] and found.rows[2].worth is None
    assert "plain drops out: its encoder is lost" in said.said and trained == TURNS[:3] + TURNS[4:]
    assert "plain  not run: its encoder is lost" in stance("experiment", "run", "experiments/try.yaml")[1]
    markdown = (place / "experiments" / "try.md").read_text()
    assert "| not run: its encoder is lost |" in markdown and "- `plain`: its encoder is lost" in markdown
    rows = list(csv.DictReader((place / "experiments" / "try.csv").read_text().splitlines()))
    assert rows[2]["failed"] == "its encoder is lost" and not rows[2]["macro_ap"] and rows[1]["macro_ap_gain"]
    monkeypatch.setattr(ablation, "build", fails(["balanced"]))
    with pytest.raises(EncoderError, match="its encoder is lost"):
        run(place, force=True)


def test_an_answer_that_cannot_be_written_is_said_and_what_was_done_is_kept(place, monkeypatch, stance):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run(place)
    monkeypatch.setattr("pipeline.reports.ablation.write_text", full)
    code, _, err = stance("experiment", "run", "experiments/try.yaml")
    assert code == 2 and "cannot be written beside experiments/try.yaml: No space left on device" in " ".join(
        err.split()
    )
    assert "what was done is kept" in " ".join(err.split()) and len(kept(place)) == 6


def test_too_many_folds_are_refused_before_anything_is_trained(place):
    with pytest.raises(SplitError, match="try: 20 folds need 20 independent documents"):
        run(place, folds=20)
    assert not (place / "experiments" / "results").exists()


def test_copies_for_a_label_that_there_is_not_are_refused_before_anything_is_trained(place, encoder_folder):
    write_recipe(place / "models" / "small.yaml", finetuned_learner(encoder_folder), learn_from="validation")
    variants = {"copies": {"augment": {"labels": ["hawc"], "copies": 1, "delete": 0.1, "swap": 0.1}}}
    with pytest.raises(ConfigError, match=r"try: copies: augment\.labels: unknown label 'hawc'; did you mean 'hawk'"):
        run(place, recipe="small.yaml", variants=variants)
    assert not kept(place)


def test_a_tiny_encoder_is_ablated_with_its_epochs_and_its_neighbours(place, encoder_folder, monkeypatch):
    from pipeline.learning.finetuned import FinetunedEstimator

    write_recipe(place / "models" / "deep.yaml", finetuned_learner(encoder_folder, epochs=2), learn_from="validation")
    asked, answer = [], FinetunedEstimator.predict_proba

    def watched(self, texts, neighbours=None):
        asked.append(sum(bool(before or after) for before, after in neighbours))
        return answer(self, texts, neighbours)

    monkeypatch.setattr(FinetunedEstimator, "predict_proba", watched)
    variants = {"focal": {"loss": {"kind": "focal", "gamma": 2.0}}, "context": {"context": "neighbours"}}
    found, trained, _ = run(place, recipe="deep.yaml", variants=variants)
    assert len(trained) == 6 and len(asked) == 6 and all(number > 0 for number in asked)
    assert len({row.figures["macro_ap"] for row in found.rows}) == 3, "each option changes what is learned"
    results = [json.loads(path.read_text()) for path in kept(place)]
    assert all(len(result["history"]) == 2 and result["seconds"] > 0 for result in results)
    client = MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")
    history = client.get_metric_history(found.rows[0].made_by[3]["run"], "val_macro_ap")
    assert [point.step for point in history] == [1, 2]
    page = html.document_fromstring(page_of(place, found.rows[0].made_by[3]["run"]))
    assert [img for img in page.xpath("//section[@aria-labelledby='epochs']//img/@alt") if "over 2 epochs" in img]


def page_of(place, run_id):
    client = MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")
    return Path(client.download_artifacts(run_id, "overview.html")).read_text(encoding="utf-8")


def test_a_variant_has_a_page_judged_on_its_folds(place):
    found, _, _ = run(place)
    for row in found.rows:
        page = html.document_fromstring(page_of(place, row.made_by[3]["run"]))
        tiles = {div[0].text_content(): div[1].text_content() for div in page.find_class("tiles")[0]}
        assert tiles["Macro-F1"].split()[0] == f"{row.figures['macro_f1']:.3f}"
        said = page.text_content()
        assert (
            f"{found.sentences:,} training sentences of {found.documents:,} documents" in said and "(2 folds)" in said
        )
        [thresholds] = page.xpath("//section[@aria-labelledby='thresholds']//img/@alt")
        assert thresholds.endswith("each fold has its own.")
