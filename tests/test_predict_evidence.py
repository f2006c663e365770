"""`Predictor.explain` gives spans of the sentences as they came, for the labels they were predicted to carry."""

import numpy as np
import pytest
from tiny import codebook_of, tiny_sentences

from pipeline.decisions.decisions import logit
from pipeline.inference.evidence import LINEAR, OCCLUSION
from pipeline.inference.evidence_words import Words
from pipeline.predict import Predictor

SENTENCES = [text for _, text in tiny_sentences()]
ODD = [
    "“Deploy—the  missiles”,\n\the said…  strike!",
    "Strike now 👩‍🚀 with missiles 👍!",
    "The cafe\u0301 and the caf\u00e9 want peace talks.",
    "\u200f«يجب» peace ‏نعمل.",
    "Missile-strikes—well-armed.",
    "İstanbul wants ΣΑΣ missiles.",
    "Missiles",
    "—",
    "",
    " \n ",
]


@pytest.fixture(scope="module", params=["tiny", "small"])
def predictor(request, workshop) -> Predictor:
    return Predictor.load(getattr(workshop, request.param).folder)


def test_by_default_it_explains_the_labels_that_are_predicted(predictor):
    found = predictor.explain(SENTENCES)
    assert [tuple(e.label for e in row) for row in found] == [one.labels for one in predictor.predict(SENTENCES)]
    assert sum(map(len, found)) > 10 and found == predictor.explain(iter(SENTENCES))


@pytest.mark.parametrize("text", ODD)
def test_spans_are_words_of_odd_text_as_it_was_given(predictor, text):
    [row] = predictor.explain([text], [predictor.classes_])
    assert [one.label for one in row] == ["hawk", "dove"]
    for one in row:
        assert tuple((word.start, word.end) for word in one.words) == Words.of(text).spans
        assert all(isinstance(word.weight, float) and np.isfinite(word.weight) for word in one.words)


def test_occlusion_is_in_calibrated_log_odds(workshop):
    predictor = Predictor.load(workshop.small.folder)
    text = "The fleet must strike."
    [(dove,)] = predictor.explain([text], [["dove"]])
    full, least = logit(predictor.predict_proba([text, "The must strike."]))[:, predictor.classes_.index("dove")]
    assert dove.method == OCCLUSION and dove.words[1].weight == pytest.approx(full - least, abs=1e-5)


def test_the_weights_of_words_sum_to_the_logit_of_a_linear_model(workshop):
    predictor = Predictor.load(workshop.tiny.folder)
    scorer = predictor._scorer
    for row, logits in zip(predictor.explain(ODD, [["hawk", "dove"]] * len(ODD)), scorer.logits(ODD), strict=True):
        sums = [sum(word.weight for word in one.words) for one in row]
        assert np.allclose(sums, logits - scorer.intercept, atol=1e-9) and row[0].method == LINEAR


def test_labels_that_do_not_fit_are_refused(predictor):
    with pytest.raises(ValueError, match="1 rows of labels for 2 sentences"):
        predictor.explain(["A.", "B."], [["hawk"]])
    with pytest.raises(ValueError, match=r"of sentence 0 are .*'eagle'.*a list from hawk, dove is expected"):
        predictor.explain(["A."], [["eagle"]])
    with pytest.raises(ValueError, match="of sentence 0 are 'hawk'"):
        predictor.explain(["A."], ["hawk"])
    with pytest.raises(TypeError, match="got one string"):
        predictor.explain("A.")
    assert predictor.explain([]) == [] and predictor.codebook.names == codebook_of("any").names
