"""Linear heads say what scikit-learn's own models say, and stand where a label never or always does."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from pipeline.decisions.decisions import sigmoid, softmax
from pipeline.learning.linear import fit_head

RNG = np.random.default_rng(8)
FEATURES = RNG.normal(size=(120, 5))
SCORES = FEATURES @ RNG.normal(size=(5, 4))
CLASSES = SCORES.argmax(axis=1)
ANY = (SCORES + RNG.normal(size=SCORES.shape) > 0).astype(int)


def one_hot(classes: np.ndarray, count: int) -> np.ndarray:
    return np.eye(count, dtype=int)[classes]


def chances(features, targets, *, exclusive, balanced=True):
    head = fit_head(features, targets, exclusive=exclusive, c=2.0, balanced=balanced, seed=0)
    assert head.coef.shape == (targets.shape[1], 5) and head.intercept.shape == (targets.shape[1],)
    scores = FEATURES @ head.coef.T + head.intercept
    return softmax(scores) if exclusive else sigmoid(scores)


@pytest.mark.parametrize("balanced", [True, False])
def test_each_label_gets_the_probabilities_of_its_own_model(balanced):
    found = chances(FEATURES, ANY, exclusive=False, balanced=balanced)
    weight = "balanced" if balanced else None
    assert found.shape == (120, 4)
    for column in range(4):
        model = LogisticRegression(C=2.0, class_weight=weight, solver="liblinear", random_state=0, max_iter=1000)
        expected = model.fit(FEATURES, ANY[:, column]).predict_proba(FEATURES)[:, 1]
        assert np.allclose(found[:, column], expected, atol=1e-10)


@pytest.mark.parametrize("balanced", [True, False])
def test_an_exclusive_head_gets_the_probabilities_of_one_model_over_all(balanced):
    found = chances(FEATURES, one_hot(CLASSES, 4), exclusive=True, balanced=balanced)
    model = LogisticRegression(C=2.0, class_weight="balanced" if balanced else None, max_iter=2000)
    assert np.allclose(found, model.fit(FEATURES, CLASSES).predict_proba(FEATURES), atol=1e-10)


def test_sparse_and_dense_features_give_the_same_head():
    dense = chances(FEATURES, ANY, exclusive=False)
    assert np.allclose(dense, chances(csr_matrix(FEATURES), ANY, exclusive=False), atol=1e-6)


@pytest.mark.parametrize(("value", "share"), [(0, 1 / 122), (1, 121 / 122)])
def test_a_label_that_never_or_always_stands_gets_its_smoothed_share(value, share):
    targets = ANY.copy()
    targets[:, 1] = value
    found = chances(FEATURES, targets, exclusive=False)
    assert np.allclose(found[:, 1], share)
    assert np.allclose(found[:, [0, 2, 3]], chances(FEATURES, ANY, exclusive=False)[:, [0, 2, 3]])


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 3)])
def test_two_classes_get_the_probabilities_of_their_own_model(pair):
    classes = np.where(SCORES[:, 0] > 0, pair[1], pair[0])
    found = chances(FEATURES, one_hot(classes, 4), exclusive=True)
    expected = LogisticRegression(C=2.0, class_weight="balanced", max_iter=2000).fit(FEATURES, classes)
    assert np.allclose(found[:, pair], expected.predict_proba(FEATURES), atol=2e-4)
    assert found.sum(axis=1) == pytest.approx(1)


def test_a_class_never_seen_stays_near_zero_and_disturbs_nobody():
    classes = np.where(CLASSES == 2, 0, CLASSES)
    assert set(classes) == {0, 1, 3}
    found = chances(FEATURES, one_hot(classes, 4), exclusive=True)
    expected = LogisticRegression(C=2.0, class_weight="balanced", max_iter=2000).fit(FEATURES, classes)
    assert found[:, 2].max() < 1e-3
    assert np.allclose(found[:, [0, 1, 3]], expected.predict_proba(FEATURES), atol=1e-3)


def test_where_one_class_alone_was_seen_it_is_always_said():
    found = chances(FEATURES, one_hot(np.full(120, 2), 4), exclusive=True)
    assert (found.argmax(axis=1) == 2).all() and found[:, 2].min() > 0.999
