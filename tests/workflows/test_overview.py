"""The page of a run holds the figures of its report, shows every sentence as text, and leaves out what is not there."""

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html
from mlflow import MlflowClient
from tiny import write_labels, write_recipe

from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import split_corpus
from pipeline.ground.records import Evidence, WordWeight
from pipeline.inference.evidence import phrases
from pipeline.judging.errors_table import worst_errors
from pipeline.judging.lengths import length_of
from pipeline.judging.report import judge
from pipeline.learning.recipes import load_recipe
from pipeline.predict import Predictor
from pipeline.workflows.judged import judge_examples
from pipeline.workflows.notes import bounded
from pipeline.workflows.overview import overview_of, page_of, shown_errors

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def page_of_run(workshop, name) -> html.HtmlElement:
    client = MlflowClient(tracking_uri=workshop.uri)
    path = Path(client.download_artifacts(getattr(workshop, name).run_id, "overview.html"))
    return html.document_fromstring(path.read_text(encoding="utf-8"))


def rows_of(page, where: str) -> dict[str, list[str]]:
    """Read a table: its first cell names the row."""
    rows = page.xpath(f"//table[{where}]/tbody/tr")
    return {row[0].text_content(): [cell.text_content() for cell in row[1:]] for row in rows}


@pytest.mark.parametrize("name", ["tiny", "small"])
def test_it_holds_the_figures_of_the_report(workshop, name):
    page, report = page_of_run(workshop, name), getattr(workshop, name).test
    tiles = {div[0].text_content(): div[1].text_content() for div in page.find_class("tiles")[0]}
    macro = report.macro_f1
    assert tiles["Macro-F1"].split() == [f"{macro.value:.3f}", f"{macro.low:.3f}", "to", f"{macro.high:.3f}"]
    rows = rows_of(page, "@class='figures'")
    assert list(rows) == list(report.labels) == ["hawk", "dove"]
    for label, scores in report.labels.items():
        f1, _, *rest = rows[label]
        assert f1 == f"{scores.f1.value:.3f}"
        shown = (scores.precision, scores.recall, scores.average_precision, scores.brier, scores.ece)
        assert rest == [*(f"{value:.3f}" for value in shown), str(scores.support), f"{scores.threshold:.2f}"]
        [said] = page.xpath("//img[contains(@alt, 'Average precision')]/@alt")
        assert f"{label} {scores.average_precision:.3f}" in said


def test_it_shows_slices_by_source_genre_and_length(workshop):
    page, trained = page_of_run(workshop, "tiny"), workshop.tiny
    lengths = [length_of(text) for text in trained.judged.texts]
    for kind, values in (trained.test.slices | {"length": set(lengths)}).items():
        assert set(rows_of(page, f"@data-kind='{kind}'")) == set(values)
    for name, cells in rows_of(page, "@data-kind='length'").items():
        assert cells[0] == str(lengths.count(name))
    for name, scores in trained.test.slices["genre"].items():
        assert rows_of(page, "@data-kind='genre'")[name][2] == f"{scores.macro_f1:.3f}"


def test_only_what_trains_in_epochs_shows_them(workshop):
    client = MlflowClient(tracking_uri=workshop.uri)
    points = client.get_metric_history(workshop.small.run_id, "val_macro_ap")
    best = max(points, key=lambda point: (point.value, -point.step))
    [said] = page_of_run(workshop, "small").xpath("//section[@aria-labelledby='epochs']//img/@alt")
    assert f"over {len(points)} epochs" in said and f"{best.value:.3f} in epoch {best.step}" in said
    assert not page_of_run(workshop, "tiny").xpath("//section[@aria-labelledby='epochs']")


def test_it_names_what_made_the_run_and_asks_for_nothing(workshop):
    page, manifest = page_of_run(workshop, "tiny"), workshop.tiny.manifest
    facts = {div[0].text_content(): div[1].text_content() for div in page.find_class("facts")[0]}
    assert manifest.recipe_hash in facts["recipe"] and manifest.data_fingerprint in facts["labels"]
    assert facts["code"] == manifest.code_version and facts["machine"] == manifest.facts["machine"]
    assert facts["test"].startswith(f"{manifest.facts['sentences']['test']} sentences of ")
    assert (facts["model"], facts["run"]) == (manifest.id, workshop.tiny.run_id)
    assert "kind: tfidf" in page.find(".//pre").text
    asked = page.xpath("//@src | //link/@href")
    assert len(asked) >= 5 and all(one.startswith("data:image/png;base64,") for one in asked)


@pytest.fixture
def stage(workshop):
    """Give what a page is made of, for a recipe whose decisions are all turned round."""
    labels = workshop.root / "labels"
    corpus = load_corpus(labels)
    split = split_corpus(corpus, labels)
    judged = judge_examples(Predictor.load(workshop.tiny.folder), split.test)
    wrong = replace(judged, predicted=1 - judged.gold)
    return load_recipe(workshop.root / "models" / "tiny.yaml"), corpus, split, wrong


def test_each_error_stands_between_the_sentences_beside_it(stage):
    recipe, corpus, split, judged = stage
    page = html.document_fromstring(page_of(recipe, "", corpus, split, judged, {}, {}))
    items = page.find_class("errors")[0].findall("li")
    assert len(items) == min(30, 2 * len(split.test)) and len(items) > 5
    for item, error in zip(items, worst_errors(judged), strict=False):
        document = [e.text for e in sorted(corpus.examples, key=lambda e: e.start) if e.doc == error.document]
        place = document.index(error.text)
        around = document[max(place - 1, 0) : place + 2]
        assert item.find_class("quoted")[0].text_content().strip() == " ".join(around)
        assert item.find_class("verdict")[0].find("b").text == error.label


def test_evidence_marks_its_words_and_is_passed_over_where_it_does_not_fit(stage):
    _, corpus, _, judged = stage
    [error, *_] = worst_errors(judged, 1)
    spans = ((0, 3, 5.0), (2, 5, 9.0), (7, 9, 4.5), (12, 10_000, 3.0), (13, 14, -8.0))
    evidence = Evidence(error.label, "exact", tuple(WordWeight(*span) for span in spans))
    [shown] = shown_errors([error], corpus.examples, {(error.document, error.text, error.label): evidence})
    assert [piece for piece in shown.pieces if piece[1]] == [(error.text[0:3], 5 / 9), (error.text[7:9], 0.5)]
    assert "".join(text for text, _ in shown.pieces) == error.text and shown.marked
    [bare] = shown_errors([error], corpus.examples, {})
    assert bare.pieces == [(error.text, 0.0)] and not bare.marked


@pytest.mark.parametrize("name", ["tiny", "small"])
def test_the_words_that_carried_a_wrong_decision_are_marked(workshop, name):
    trained = getattr(workshop, name)
    predictor, errors = Predictor.load(trained.folder), worst_errors(trained.judged, 30)
    items = page_of_run(workshop, name).find_class("errors")[0].findall("li")
    assert len(items) == len(errors) > 0
    for item, error in zip(items, errors, strict=True):
        [[evidence]] = predictor.explain([error.text], [[error.label]])
        expected = [error.text[word.start : word.end] for word in phrases(evidence)]
        assert [mark.text for mark in item.iter("mark")] == expected
        assert bool(expected) == (evidence.method in item.text_content())


def test_a_hostile_sentence_is_shown_and_not_run(stage):
    recipe, corpus, split, judged = stage
    texts = (HOSTILE, *judged.texts[1:])
    slices = judged.slices | {"source": (HOSTILE,) * len(texts)}
    page = page_of(recipe, HOSTILE, corpus, split, replace(judged, texts=texts, slices=slices), {}, {"note": HOSTILE})
    read = html.document_fromstring(page)
    assert not list(read.iter("script")) and not read.xpath("//@*[starts-with(name(), 'on')]")
    assert HOSTILE in read.find_class("errors")[0].text_content()
    assert all(image.get("src").startswith("data:") for image in read.iter("img"))


def test_an_exclusive_codebook_has_a_page_without_thresholds(project, stance):
    write_labels(project / "labels", "one")
    code, _, err = stance("train", "models/tiny.yaml")
    assert code == 0, err
    client = MlflowClient(tracking_uri=f"sqlite:///{project / 'mlflow.db'}")
    [run] = client.search_runs([client.get_experiment_by_name("training").experiment_id])
    page = html.document_fromstring(Path(client.download_artifacts(run.info.run_id, "overview.html")).read_text())
    rows = rows_of(page, "@class='figures'")
    assert list(rows) == ["hawk", "dove", "other"] and {cells[-1] for cells in rows.values()} == {"–"}
    assert page.xpath("//img[contains(@alt, 'on the diagonal')]")


def test_a_label_without_gold_sentences_has_dashes_and_a_note(stage):
    recipe, corpus, split, judged = stage
    gold = judged.gold.copy()
    gold[:, 1] = 0
    bare = replace(judged, gold=gold, predicted=gold)
    page = html.document_fromstring(page_of(recipe, "", corpus, split, bare, {}, {}))
    assert rows_of(page, "@class='figures'")["dove"][4] == "–"
    [said] = page.xpath("//img[contains(@alt, 'Average precision')]/@alt")
    assert "dove no gold sentence" in said
    assert any("dove: no sentence has this label" in note.text for note in page.find_class("notes")[0])
    assert not page.find_class("errors") and "No decision is wrong." in page.text_content()
    assert judge(bare).labels["dove"].average_precision is None and bounded(judge(bare).macro_f1)


def test_the_page_can_be_made_again_from_what_was_trained(workshop):
    labels, trained = workshop.root / "labels", workshop.tiny
    corpus = load_corpus(labels)
    recipe = load_recipe(write_recipe(workshop.root / "models" / "tiny.yaml"))
    again = overview_of(trained, recipe, "", corpus, split_corpus(corpus, labels), [])
    kept = page_of_run(workshop, "tiny")
    assert html.document_fromstring(again).xpath("//img/@src") == kept.xpath("//img/@src")
