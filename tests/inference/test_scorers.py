"""What is saved scores as what was fitted, in any order and any batch."""

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linear import fitted
from tiny import tiny_sentences

from pipeline.ground.machine import THREADS
from pipeline.inference.graph import OnnxScorer, batch_by_tokens, pad
from pipeline.inference.manifest import AverageSpec, OnnxSpec, PriorSpec
from pipeline.inference.scorers import PriorScorer, begin, load_scorer

WORDS = sorted({word.strip(".,") for _, text in tiny_sentences() for word in text.split()})
TEXTS = st.lists(st.text() | st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), min_size=1, max_size=5)
SENTENCES = [text for _, text in tiny_sentences()] * 2  # more than two batches


@pytest.fixture(scope="module", params=["any", "one"])
def tfidf(request, tmp_path_factory):
    return fitted(tmp_path_factory.mktemp("tfidf"), request.param)


@settings(deadline=None, max_examples=60)
@given(texts=TEXTS)
def test_tfidf_scores_as_the_estimator_it_was_saved_from(tfidf, texts):
    estimator, scorer = tfidf
    assert np.allclose(scorer.score(texts), estimator.predict_proba(texts), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "changes", [{"sublinear": False}, {"word_ngrams": [1, 1], "char_ngrams": [3, 3]}, {"min_count": 2}]
)
def test_every_setting_of_tfidf_is_carried_along(tmp_path, changes):
    estimator, scorer = fitted(tmp_path, "any", **changes)
    default, _ = fitted(tmp_path, "any")
    assert np.allclose(scorer.score(SENTENCES), estimator.predict_proba(SENTENCES), atol=1e-6, rtol=0)
    assert not np.allclose(scorer.score(SENTENCES), default.predict_proba(SENTENCES), atol=1e-3)


def test_a_text_of_unknown_words_gets_the_intercept(tfidf):
    _, scorer = tfidf
    assert np.array_equal(scorer.score(["zzz 北京"]), scorer.score(["§§§"]))


@pytest.fixture(scope="module")
def onnx(workshop) -> OnnxScorer:
    return OnnxScorer(workshop.small.manifest.scorer, workshop.small.folder, exclusive=False)


def test_the_order_of_texts_does_not_change_their_rows(onnx):
    rows = onnx.score(SENTENCES)
    order = np.random.default_rng(1).permutation(len(SENTENCES))
    assert np.allclose(onnx.score([SENTENCES[i] for i in order]), rows[order], atol=1e-6, rtol=0)
    assert np.ptp(rows, axis=0).min() > 0.1


def test_scoring_one_by_one_gives_the_rows_of_batches_in_two_threads(onnx, workshop, monkeypatch):
    monkeypatch.setenv(THREADS, "2")  # the tests' own processes may have a single core each
    two = OnnxScorer(workshop.small.manifest.scorer, workshop.small.folder, exclusive=False)
    alone = np.vstack([onnx.score([text]) for text in SENTENCES[:48]])
    assert np.allclose(alone, two.score(SENTENCES)[:48], atol=1e-6, rtol=0)


def test_what_is_begun_is_what_is_scored(onnx):
    pending = [begin(onnx, SENTENCES[first : first + 7]) for first in range(0, len(SENTENCES), 7)]
    assert np.allclose(np.concatenate([one() for one in pending]), onnx.score(SENTENCES), atol=1e-6, rtol=0)


@given(lengths=st.lists(st.integers(1, 128), max_size=60), budget=st.integers(1, 600))
def test_batches_hold_each_text_once_within_the_budget(lengths, budget):
    batches = list(batch_by_tokens(lengths, budget))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget for batch in batches)


def test_padding_to_a_long_neighbour_changes_nothing(onnx):
    short = "Peace."
    assert np.allclose(onnx.score([short]), onnx.score([short, " ".join(WORDS[:30])])[:1], atol=1e-6, rtol=0)


def test_a_text_longer_than_the_model_reads_is_cut_and_not_refused(onnx):
    long = " ".join(WORDS * 20)
    assert onnx.score([long, ""]).shape == (2, 2)
    assert np.array_equal(onnx.score([long]), onnx.score([long + " peace"]))


def test_the_pads_of_a_batch_are_masked():
    arrays = pad([[5, 6, 7], [8]], pad_id=9)
    assert arrays["input_ids"].tolist() == [[5, 6, 7], [8, 9, 9]]
    assert arrays["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


def test_an_average_is_the_mean_of_its_members(workshop, tmp_path):
    members = {"words": workshop.tiny, "vectors": workshop.small}
    for name, trained in members.items():
        shutil.copytree(trained.folder, tmp_path / "members" / name)
    specs = {name: trained.manifest.scorer for name, trained in members.items()}
    specs["floor"] = PriorSpec(probabilities=(0.25, 0.75))
    average = load_scorer(AverageSpec(members=specs), tmp_path, exclusive=False).score(SENTENCES)
    parts = [load_scorer(t.manifest.scorer, t.folder, exclusive=False).score(SENTENCES) for t in members.values()]
    parts.append(np.tile([0.25, 0.75], (len(SENTENCES), 1)))
    assert np.allclose(average, sum(parts) / 3, atol=1e-12)
    assert not np.allclose(parts[0], parts[1], atol=0.05)


def test_the_prior_says_the_same_of_everything():
    assert PriorScorer(PriorSpec(probabilities=(0.1, 0.4))).score(["a", "b"]).tolist() == [[0.1, 0.4]] * 2


def test_an_exclusive_onnx_model_sums_to_one(workshop):
    spec = workshop.small.manifest.scorer
    assert isinstance(spec, OnnxSpec)
    exclusive = OnnxScorer(spec, workshop.small.folder, exclusive=True)
    assert np.allclose(exclusive.score(SENTENCES).sum(axis=1), 1)
    assert np.array_equal(exclusive.logits(SENTENCES[:3]).argmax(axis=1), exclusive.score(SENTENCES[:3]).argmax(axis=1))
