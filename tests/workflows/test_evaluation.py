"""Gold files are read whole or refused with every fault; a model is judged on what was read."""

import json

import numpy as np
import pytest

from pipeline.decisions.review import Review
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import ConfigError, LabelError, ModelError, StanceError
from pipeline.workflows.evaluation import GoldRecord, evaluate, judge_review, read_gold


def codebook(choice="any", names=("optimism", "caution")):
    labels = [{"name": name, "short": name[:4], "definition": "…"} for name in names]
    return Codebook(name="test", version="1.0.0", unit="sentence", choice=choice, labels=labels)


class KeywordModel:
    """Find a label where its first four letters are in the text."""

    def __init__(self, book):
        self.codebook = book
        self.thresholds = (None if book.exclusive else 0.5,) * len(book.names)
        self.review = None

    def predict_proba(self, sentences):
        assert isinstance(sentences, list)
        return np.array([[0.9 if name[:4] in text else 0.1 for name in self.codebook.names] for text in sentences])

    def decide(self, probabilities):
        return (probabilities >= 0.5).astype(np.int8)


@pytest.fixture
def write(tmp_path):
    def write(*records):
        path = tmp_path / "gold.jsonl"
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return path

    return write


def test_labels_come_in_codebook_order_and_text_collapsed(write):
    path = write(
        {"text": " Hope,\n and  fear. ", "labels": ["caution", "optimism"], "doc": "a"}, {"text": "x", "labels": []}
    )
    assert read_gold(path, codebook()) == [
        GoldRecord("Hope, and fear.", ("optimism", "caution"), "a"),
        GoldRecord("x", (), None),
    ]


def test_slices_are_the_string_keys_that_sort_sentences_into_kinds(write):
    records = [
        {
            "text": f"t{number}",
            "labels": [],
            "doc": f"d{number % 3}",
            "source": "sotu" if number % 2 else "un",
            "genre": "speech" if number < 50 else None,
            "id": f"s{number}",  # names the sentence
            "start": number,  # no string
            "mixed": "a" if number % 2 else 1,
            "topic": f"topic {number % 51}",  # 51 values
        }
        for number in range(120)
    ]
    del records[0]["source"]
    gold = read_gold(write(*records), codebook())
    assert set(gold[0].slices) == {"source", "genre"}
    assert gold[0].slices == {"source": "", "genre": "speech"}
    assert gold[60].slices == {"source": "un", "genre": ""}


def test_a_key_that_never_repeats_is_an_id_even_in_a_small_file(write):
    rows = [{"text": "t", "labels": [], "id": f"s{number}", "genre": "news"} for number in range(5)]
    assert read_gold(write(*rows), codebook())[0].slices == {"genre": "news"}


def test_fifty_values_are_still_a_slice(write):
    gold = read_gold(write(*[{"text": "t", "labels": [], "topic": f"{n % 50}"} for n in range(100)]), codebook())
    assert len({record.slices["topic"] for record in gold}) == 50


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"labels": []}, 'no "text"; the record has: labels'),
        ({"text": "", "labels": []}, "\"text\" is ''"),
        ({"text": " \t", "labels": []}, '"text" is'),
        ({"text": 5, "labels": []}, '"text" is 5'),
        ({"text": "x"}, 'no "labels"; the record has: text'),
        ({"text": "x", "labels": "optimism"}, "must be a list"),
        ({"text": "x", "labels": ["optimsm"]}, "did you mean 'optimism'?"),
        ({"text": "x", "labels": [], "doc": 7}, '"doc" is 7'),
    ],
)
def test_a_fault_names_file_and_line_and_how_to_go_on(write, record, says):
    path = write({"text": "good", "labels": ["optimism"]}, "", record)
    with pytest.raises(LabelError) as caught:
        read_gold(path, codebook())
    assert caught.value.message.startswith(f"{path}, line 3: ")
    assert says in caught.value.message
    assert caught.value.hint


def test_all_faults_come_at_once(write):
    path = write(
        {"text": "x"}, {"text": "ok", "labels": []}, {"text": 1, "labels": []}, {"text": "x", "labels": ["hope"]}
    )
    with pytest.raises(LabelError) as caught:
        read_gold(path, codebook())
    first, *lines = caught.value.message.split("\n")
    assert first == f"{path}: 3 faults"
    assert [line.split(":")[0] for line in lines] == ["  - line 1", "  - line 3", "  - line 4"]
    assert len(caught.value.hint.split("\n")) == 3


def test_a_line_that_is_no_json_comes_after_the_faults_before_it(write):
    path = write({"text": "x"}, "{broken", {"text": "unread"})
    with pytest.raises(LabelError) as caught:
        read_gold(path, codebook())
    assert "2 faults" in caught.value.message
    assert "line 2: not JSON" in caught.value.message
    with pytest.raises(ConfigError, match="line 1: not JSON"):
        read_gold(write("{broken"), codebook())


def test_twenty_faults_are_shown_and_the_rest_counted(write):
    with pytest.raises(LabelError) as caught:
        read_gold(write(*[{"text": "x"}] * 25), codebook())
    assert "25 faults" in caught.value.message
    assert caught.value.message.count('no "labels"') == 20
    assert caught.value.message.endswith("… and 5 more")
    assert len(caught.value.hint.split("\n")) == 1


def test_an_empty_file_and_a_missing_one_are_errors(write, tmp_path):
    with pytest.raises(LabelError, match="holds no sentence"):
        read_gold(write("", "  "), codebook())
    with pytest.raises(StanceError, match="no such file"):
        read_gold(tmp_path / "absent.jsonl", codebook())


def test_an_exclusive_codebook_wants_one_label(write):
    with pytest.raises(LabelError, match="line 2: 0 labels"):
        read_gold(write({"text": "a", "labels": ["caution"]}, {"text": "b", "labels": []}), codebook("one"))


def records(doc=True):
    texts = [("optimism here", ("optimism",)), ("caution here", ("caution",)), ("nothing", ("optimism",)), ("none", ())]
    return [
        GoldRecord(text, labels, f"d{n % 2}" if doc else None, {"source": "s"})
        for n, (text, labels) in enumerate(texts * 2)
    ]


def test_evaluate_judges_what_the_model_decides():
    book = codebook()
    report, judged = evaluate(KeywordModel(book), records(), book, resamples=100)
    assert report.labels["optimism"].recall == 0.5
    assert report.labels["caution"].f1.value == 1
    assert report.exact_match.value == 0.75
    assert (report.sentences, report.documents) == (8, 2)
    assert report.labels["caution"].threshold == 0.5
    assert report.slices["source"]["s"].n == 8
    assert judged.texts[0] == "optimism here"
    assert judged.gold.dtype == np.int8
    assert not any("doc" in note and "name no" in note for note in report.notes)


def test_a_review_is_judged_where_the_model_has_one():
    book, model = codebook(), KeywordModel(codebook())
    _, judged = evaluate(model, records(), book, resamples=20)
    assert judge_review(model, judged) is None
    model.review = Review(error=0.1, error_absent=(0.1, 0.1), lowest=(0.1, 0.2), highest=(0.5, 0.5))
    selective = judge_review(model, judged, resamples=20)
    assert selective.labels["optimism"].carriers.value == 1  # what is missed is marked
    assert (selective.kept, selective.labels["caution"].kept) == (0.25, 1)


def test_sentences_without_document_stand_alone_and_are_noted():
    book = codebook()
    report, judged = evaluate(KeywordModel(book), [*records(doc=False), *records()], book, resamples=100)
    assert report.documents == 8 + 2
    assert len(set(judged.groups)) == 10
    assert any('8 of 16 sentences name no "doc"' in note for note in report.notes)


@pytest.mark.parametrize("other", [codebook("one"), codebook(names=("caution", "optimism")), codebook(names=("x",))])
def test_a_model_for_other_labels_is_refused(other):
    with pytest.raises(ModelError, match="was trained for"):
        evaluate(KeywordModel(other), records(), codebook())


def test_exclusive_codebook_is_judged_as_such():
    book = codebook("one")
    gold = [record for record in records() if record.labels and record.text != "nothing"]
    report, judged = evaluate(KeywordModel(book), gold, book, resamples=100)
    assert judged.exclusive
    assert report.micro_f1.value == report.exact_match.value == 1
    assert report.labels["optimism"].threshold is None
