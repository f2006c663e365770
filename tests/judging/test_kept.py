"""What a run answered is read back as it was kept, and two runs are paired only where they judged the same."""

import json

import numpy as np
import pytest
from pydantic import ValidationError
from tiny import codebook_of

from pipeline.ground.records import Example
from pipeline.judging.kept import KeptAnswers, keep, why_not_paired
from pipeline.judging.records import Judged

CODEBOOK = codebook_of("any")
GOLD = [("hawk",), (), ("hawk", "dove"), ("dove",)]


def kept(*, gold=GOLD, texts=("One.", "Two.", "Three.", "Four."), fingerprint="f" * 16, backwards=False) -> KeptAnswers:
    examples = [
        Example(f"doc-{n % 2}", "tiny", "column", 10 * n, 10 * n + 5, text, labels)
        for n, (text, labels) in enumerate(zip(texts, gold, strict=True))
    ]
    if backwards:
        examples.reverse()
    probabilities = np.array([[0.1 * (n + 1), 0.123456789] for n in range(len(texts))])
    judged = Judged(
        gold=CODEBOOK.encode([example.labels for example in examples]),
        probabilities=probabilities[::-1] if backwards else probabilities,
        predicted=np.ones((len(texts), 2), dtype=np.int8),
        groups=tuple(example.doc for example in examples),
        texts=tuple(example.text for example in examples),
        labels=CODEBOOK.names,
        thresholds=(0.5, 0.4),
    )
    return keep("test", judged, examples, CODEBOOK, fingerprint, "tiny-12345678")


def test_answers_come_back_as_they_were_kept_and_hold_no_text():
    answers = kept()
    written = answers.model_dump_json()
    assert KeptAnswers.model_validate_json(written) == answers
    assert not any(word in written for word in ("One.", "Three."))
    judged = answers.as_judged()
    assert judged.groups == ("doc-0", "doc-0", "doc-1", "doc-1") and judged.slices["source"] == ("tiny",) * 4
    assert judged.gold.tolist() == [[1, 0], [1, 1], [0, 0], [0, 1]] and judged.thresholds == (0.5, 0.4)
    assert judged.probabilities[:, 0].tolist() == [0.1, 0.3, 0.2, 0.4] and judged.probabilities[0, 1] == 0.123457


def test_the_order_of_the_labels_files_does_not_matter():
    assert kept(backwards=True) == kept()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"gold": [("dove",), (), ("hawk", "dove"), ()]}, "other gold labels on 2 of 4 sentences of test"),
        ({"texts": ("One.", "Two.", "Three.", "Five.")}, "3 sentences of test are the same, 1 only the first"),
        ({"texts": ("One.", "Two.", "Three."), "gold": GOLD[:3]}, "1 only the first was judged on, 0 only the second"),
        ({"fingerprint": "0" * 16}, ""),
    ],
)
def test_what_differs_is_said(other, said):
    found = why_not_paired(kept(), kept(**other))
    assert said in found and bool(found) == bool(said)
    assert why_not_paired(kept(), kept(**other | {"fingerprint": "0" * 16})).endswith("0)" if said else "")


def test_other_labels_are_said():
    turned = KeptAnswers.model_validate(kept().model_dump(mode="json") | {"labels": ("dove", "hawk")})
    assert why_not_paired(kept(), turned) == "other labels: any of hawk, dove and any of dove, hawk"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"format": 2}, "Input should be 1"),
        ({"extra": 1}, "Extra inputs"),
        ({"thresholds": [0.5]}, "1 thresholds for 2 labels"),
        ({"labels": ["hawk", "owl"]}, "unknown label 'dove'"),
        ({"sentences": []}, "at least 1 item"),
    ],
)
def test_damage_is_refused(damage, said):
    with pytest.raises(ValidationError, match=said):
        KeptAnswers.model_validate_json(json.dumps(kept().model_dump(mode="json") | damage))


@pytest.mark.parametrize(
    ("damage", "said"),
    [({"probabilities": [0.5]}, "1 probabilities for 2 labels"), ({"probabilities": [0.5, 1.5]}, "less than or equal")],
)
def test_damage_of_one_sentence_is_refused(damage, said):
    value = kept().model_dump(mode="json")
    value["sentences"][1] |= damage
    with pytest.raises(ValidationError, match=said):
        KeptAnswers.model_validate_json(json.dumps(value))
    value["sentences"][1] = value["sentences"][0]
    with pytest.raises(ValidationError, match="a sentence stands here twice"):
        KeptAnswers.model_validate_json(json.dumps(value))
