"""A model card is measured, written into the folder that it describes, and never stops the model from loading."""

import json
import shutil
from dataclasses import replace

import pytest
import yaml
from tiny import tiny_sentences, write_labels

from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import split_corpus
from pipeline.ground.errors import LabelError, ModelError, StanceError
from pipeline.ground.files import sha256_of, write_json
from pipeline.inference.manifest import Manifest, read_manifest, unlisted_files, verify_files
from pipeline.judging.lengths import length_of
from pipeline.judging.report import judge
from pipeline.learning.tfidf import TfidfEstimator
from pipeline.predict import Predictor
from pipeline.reports.card import card_markdown
from pipeline.reports.tables import interval
from pipeline.tracking.store import Tracker
from pipeline.workflows import card as workflow
from pipeline.workflows.card import CARD, REAL, keep_card, measure_card
from pipeline.workflows.evaluation import evaluate, read_gold
from pipeline.workflows.facts import documents_tested, training_facts
from pipeline.workflows.judged import judge_examples
from pipeline.workflows.training import Order, train

REAL_ROWS = [
    {"text": "The marshals will burn every granary in Ostrel.", "labels": ["hawk"], "doc": "x", "source": "post"},
    {"text": "Let the envoys of Ostrel sit down with us tomorrow.", "labels": ["dove"], "doc": "y", "source": "post"},
    {"text": "The granary in Ostrel was built of grey stone.", "labels": [], "doc": "z", "source": "gazette"},
]


@pytest.fixture
def labels(workshop):
    return workshop.root / "labels"


@pytest.fixture
def folder(workshop, tmp_path):
    """Copy a TF-IDF model that may be changed."""
    return shutil.copytree(workshop.tiny.folder, tmp_path / "models" / "trained" / "tiny")


@pytest.fixture
def real(tmp_path):
    path = tmp_path / "real.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in REAL_ROWS))
    return path


def write_card(folder, labels, real=None) -> Manifest:
    card = measure_card(folder, labels, real)
    return keep_card(card, card_markdown(card))


def files_of(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_figures_are_those_of_judge(folder, labels):
    predictor = Predictor.load(folder)
    judged = judge_examples(predictor, split_corpus(load_corpus(labels), labels).test)
    wanted = judge(judged)
    card = measure_card(folder, labels)
    assert replace(card.report, slices=wanted.slices) == wanted
    assert card.report.slices["source"] == wanted.slices["source"]
    by_length = card.report.slices["length"]
    assert sum(part.n for part in by_length.values()) == len(judged.texts)
    assert by_length["up to 10 words"].n == sum(len(text.split()) <= 10 for text in judged.texts)
    text = card_markdown(card)
    for figure in (wanted.macro_f1, wanted.micro_f1, wanted.exact_match):
        assert f" | {interval(figure)} |" in text
    for name, scores in wanted.labels.items():
        cells = [f"{scores.precision:.3f}", f"{scores.recall:.3f}", interval(scores.f1)]
        cells += [f"{value:.3f}" for value in (scores.average_precision, scores.brier, scores.ece, scores.threshold)]
        assert f"| {name} | {scores.support} | {' | '.join(cells)} |" in text


def test_lengths_have_no_gap():
    assert [length_of(" ".join(["w"] * words)) for words in (1, 10, 11, 20, 21, 30, 31)] == [
        "up to 10 words",
        "up to 10 words",
        "11 to 20 words",
        "11 to 20 words",
        "21 to 30 words",
        "21 to 30 words",
        "31 words or more",
    ]


def test_a_card_written_again_is_the_same_and_so_is_the_model(folder, labels):
    before = read_manifest(folder)
    manifest = write_card(folder, labels)
    first = files_of(folder)
    assert write_card(folder, labels) == manifest == read_manifest(folder)
    assert files_of(folder) == first
    assert manifest.id == before.id and manifest.facts == before.facts and manifest.metrics == before.metrics
    assert manifest.files[CARD].sha256 == sha256_of(folder / CARD)
    assert {name: entry for name, entry in manifest.files.items() if name != CARD} == before.files
    verify_files(folder, manifest)
    assert unlisted_files(folder, manifest) == []
    assert Predictor.load(folder).predict(["Talks bring peace."])


def test_other_peoples_figures_are_kept_without_their_text(folder, labels, real):
    manifest = write_card(folder, labels, real)
    predictor = Predictor.load(folder)
    report, _ = evaluate(predictor, read_gold(real, predictor.codebook), predictor.codebook)
    text = (folder / CARD).read_text()
    assert f"| macro-F1 | {interval(report.macro_f1)} |" in text.split("## Figures on other people's sentences")[1]
    assert sha256_of(real) in text and "No fit, threshold or stopping point used it." in text
    assert "| gazette | 1 | 1 |" in text and f"| `{REAL}` |" in text
    for row in REAL_ROWS:
        assert all(row["text"] not in (folder / name).read_text() for name in (CARD, REAL, "manifest.json"))
    first = files_of(folder)
    real.unlink()
    assert write_card(folder, labels) == manifest
    assert files_of(folder) == first


def test_only_sources_are_kept_of_what_other_people_say_of_their_sentences(folder, labels, real):
    rows = [row | {"title": "a headline of theirs"} for row in REAL_ROWS]
    real.write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_card(folder, labels, real)
    assert "headline" not in (folder / REAL).read_text() + (folder / CARD).read_text()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "The granary stands."}', 'line 2: no "labels"'),
        ('{"text": "The granary', "line 2: not JSON"),
        ('{"text": "The granary stands.", "labels": ["owl"]}', "line 2: unknown label 'owl'"),
    ],
)
def test_other_peoples_sentences_without_labels_or_malformed_are_refused_by_line(folder, labels, real, line, said):
    real.write_text(json.dumps(REAL_ROWS[0]) + "\n" + line + "\n")
    before = files_of(folder)
    with pytest.raises(StanceError) as caught:
        measure_card(folder, labels, real)
    assert str(real) in caught.value.message and said in caught.value.message and caught.value.hint
    assert files_of(folder) == before


def test_labelled_sentences_are_not_other_peoples(folder, labels, real):
    known = next(text for _, text in tiny_sentences() if len(text.split()) >= 6)
    real.write_text(json.dumps(REAL_ROWS[0]) + "\n" + json.dumps({"text": known.upper(), "labels": []}) + "\n")
    with pytest.raises(LabelError, match=r"1 of 2 sentences are labelled sentences as well.* sentence 2 "):
        measure_card(folder, labels, real)


def test_a_faulty_file_of_other_people_takes_nothing_from_a_card_edited_by_hand(folder, labels, real):
    write_card(folder, labels, real)
    (folder / CARD).write_text((folder / CARD).read_text() + "By hand.\n")
    kept = read_manifest(folder)
    real.write_text('{"text": "No labels."}\n')
    with pytest.raises(LabelError):
        measure_card(folder, labels, real)
    assert read_manifest(folder) == kept
    again = write_card(folder, labels)
    assert REAL in again.files and "None: no sentences" not in (folder / CARD).read_text()


def test_figures_that_the_manifest_does_not_list_are_never_passed_over(folder, labels, real):
    listed = write_card(folder, labels, real)
    without = {name: entry for name, entry in listed.files.items() if name != REAL}
    write_json(folder / "manifest.json", listed.model_copy(update={"files": without}).model_dump(mode="json"))
    with pytest.raises(ModelError, match="the manifest does not list it") as refused:
        measure_card(folder, labels)
    assert "--real FILE" in refused.value.hint
    assert REAL in write_card(folder, labels, real).files


@pytest.mark.parametrize("name", ["weights.npz", "decisions.json", "vocabulary.json"])
def test_a_damaged_folder_is_refused(folder, labels, name):
    (folder / name).write_bytes((folder / name).read_bytes()[:-7])
    before = files_of(folder)
    with pytest.raises(ModelError, match=f"{name} has"):
        measure_card(folder, labels)
    assert files_of(folder) == before


def test_a_card_changed_by_hand_is_written_again(folder, labels):
    manifest = write_card(folder, labels)
    whole = (folder / CARD).read_text()
    (folder / CARD).write_text(whole + "and it is the best of all\n")
    assert write_card(folder, labels) == manifest and (folder / CARD).read_text() == whole
    (folder / CARD).unlink()
    assert write_card(folder, labels) == manifest and (folder / CARD).read_text() == whole


def test_a_card_of_another_hand_is_left_alone(folder, labels):
    (folder / CARD).write_text("# My model\n")
    with pytest.raises(ModelError, match="was not made by `stance models card`"):
        measure_card(folder, labels)
    assert (folder / CARD).read_text() == "# My model\n"


def test_figures_of_another_model_are_refused(folder, labels, real):
    write_card(folder, labels, real)
    kept = json.loads((folder / REAL).read_text())
    other = json.dumps(kept | {"model": "owl-00000000"})
    (folder / REAL).write_text(other)
    manifest = read_manifest(folder)
    entry = {"sha256": sha256_of(folder / REAL), "size": len(other)}
    value = manifest.model_dump(mode="json")
    (folder / "manifest.json").write_text(json.dumps(value | {"files": value["files"] | {REAL: entry}}))
    with pytest.raises(ModelError, match="about the model owl-00000000") as caught:
        measure_card(folder, labels)
    assert "--real FILE" in caught.value.hint
    assert write_card(folder, labels, real).files[REAL] == manifest.files[REAL]


def test_labels_of_another_scheme_are_refused(folder, tmp_path):
    with pytest.raises(ModelError, match="its labels are hawk, dove") as caught:
        measure_card(folder, write_labels(tmp_path / "one", "one"))
    assert "--labels" in caught.value.hint


def test_other_labels_and_other_test_documents_are_doubted_aloud(folder, labels, tmp_path):
    assert measure_card(folder, labels).doubts == ()
    own = shutil.copytree(labels, tmp_path / "own")
    path = own / "annotations" / "tiny.jsonl"
    first, *rest = [json.loads(line) for line in path.read_text().splitlines()]
    changed = [first | {"labels": ["dove"] if first["labels"] == ["hawk"] else ["hawk"]}, *rest]
    path.write_text("".join(json.dumps(row) + "\n" for row in changed))
    split = split_corpus(load_corpus(labels), labels)
    docs = {part: sorted({e.doc for e in getattr(split, part)}) for part in ("train", "validation", "test")}
    turned = {"seed": 1, "shares": [0.7, 0.15, 0.15], **docs, "test": docs["validation"], "validation": docs["test"]}
    (own / "splits.yaml").write_text(yaml.safe_dump(turned))
    card = measure_card(folder, own)
    assert len(card.doubts) == 2 and "not those the model was trained with" in card.doubts[0]
    assert all(f"- {doubt}" in card_markdown(card) for doubt in card.doubts)


def test_an_interrupted_card_leaves_a_model_that_loads(folder, labels, real, monkeypatch):
    write_card(folder, labels)
    card = measure_card(folder, labels, real)
    wrote = workflow.write_text

    def fail(path, text):
        if path.name == CARD:
            raise OSError(28, "No space left on device")
        wrote(path, text)

    monkeypatch.setattr(workflow, "write_text", fail)
    with pytest.raises(StanceError, match="No space left"):
        keep_card(card, "a new card")
    assert Predictor.load(folder).predict(["Talks bring peace."])
    monkeypatch.undo()
    assert set(write_card(folder, labels, real).files) > {CARD, REAL}


def test_a_training_keeps_its_facts(workshop):
    facts = read_manifest(workshop.tiny.folder).facts
    labels = workshop.root / "labels"
    split = split_corpus(load_corpus(labels), labels)
    assert "cores" in facts["machine"]
    assert facts["sentences"] == {part: len(getattr(split, part)) for part in ("train", "validation", "test")}
    assert facts["test_documents"] == documents_tested(split) != documents_tested(replace(split, test=split.train))
    assert training_facts({"unlabelled": {"sotu": 3}}, split) | {"rates": facts["rates"]} == facts | {
        "unlabelled": {"sotu": 3}
    }


def test_what_an_estimator_learned_beside_weights_is_a_fact(project, monkeypatch):
    monkeypatch.setattr(TfidfEstimator, "facts", {"unlabelled": {"sotu": 3}}, raising=False)
    train(Order(project / "models" / "tiny.yaml", project / "labels", project / "out"), Tracker(project))
    facts = read_manifest(project / "out").facts
    assert facts["unlabelled"] == {"sotu": 3} and "machine" in facts


def test_a_manifest_without_facts_is_written_as_before(folder):
    manifest = read_manifest(folder).model_copy(update={"facts": {}})
    assert "facts" not in manifest.model_dump(mode="json")
    assert Manifest.model_validate(manifest.model_dump(mode="json")) == manifest


def test_the_command_writes_the_card_and_says_where(workshop, folder, real, stance, monkeypatch):
    shutil.copytree(workshop.root / "labels", folder.parents[2] / "labels")
    monkeypatch.chdir(folder.parents[2])
    code, out, err = stance("models", "card", "tiny", "--real", real)
    assert code == 0 and out == "" and f"wrote models/trained/tiny/{CARD}" in err and "other people's" in err
    assert stance("models", "verify", "tiny")[0] == 0
    real.write_text('{"text": "Hush."}\n')
    code, _, err = stance("models", "card", "tiny", "--real", real)
    assert code == 2 and 'line 1: no "labels"' in err and "hint: " in err
    code, _, err = stance("models", "card", "tinny")
    assert code == 2 and "did you mean 'tiny'?" in err
