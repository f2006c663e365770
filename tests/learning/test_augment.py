"""Altered copies of sentences: how they differ, what they teach, and that nothing else moves."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from tiny import codebook_of, finetuned_learner, write_recipe

from pipeline.ground.config import parse_config
from pipeline.ground.errors import ConfigError
from pipeline.learning import finetuned, stages
from pipeline.learning.augment import altered_copies, carriers, copies_to_judge
from pipeline.learning.augment_settings import Augment, DistilledAugment
from pipeline.learning.estimators import build
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.fitness import check_recipe
from pipeline.learning.learners import FinetunedLearner
from pipeline.learning.losses import positive_weights
from pipeline.learning.recipes import Recipe, load_recipe

TEXT = "the envoys met again on Monday and spoke of peace in the old town"
WORDS = TEXT.split()
HAWK = {"labels": ["hawk"], "copies": 2, "delete": 0.2, "swap": 0.2}


def settings(**changes) -> Augment:
    return Augment(**(HAWK | changes))


def copies(texts, seed=3, **changes) -> list[str]:
    return altered_copies(texts, np.ones(len(texts), dtype=bool), settings(**changes), seed).texts


def test_swaps_keep_every_word_and_leaving_out_keeps_their_order():
    swapped = copies([TEXT], copies=20, delete=0.0)
    assert all(Counter(one.split()) == Counter(WORDS) and one != TEXT for one in swapped)
    assert max(sum(a != b for a, b in zip(one.split(), WORDS, strict=True)) for one in swapped) == 4  # two swaps of 14
    shorter = copies([TEXT], copies=20, swap=0.0)
    for one in shorter:
        rest = iter(WORDS)
        assert 0 < len(one.split()) < len(WORDS) and all(word in rest for word in one.split())
    assert len(set(shorter)) > 10


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_words_are_left_out_as_often_as_was_asked(share):
    sentences = [" ".join(f"w{i}-{j}" for j in range(40)) for i in range(20)]
    left = np.mean([len(one.split()) / 40 for one in copies(sentences, copies=20, delete=share, swap=0.0)])
    assert left == pytest.approx(1 - share, abs=0.02)


def test_one_word_stays_at_least_and_one_word_alone_stays_what_it_is():
    assert set(copies(["Peace now!"], copies=20, delete=0.5, swap=0.0)) == {"Peace", "now!"}
    assert copies(["Peace", ""]) == ["Peace", "Peace", "", ""]
    assert set(copies(["Peace now!"], copies=20, delete=0.0, swap=0.01)) == {"now! Peace"}  # one swap at least


@pytest.mark.parametrize("way", ["delete", "swap"])
def test_a_copy_that_can_differ_is_drawn_until_it_does(way):
    texts = [" ".join([*WORDS[: 1 + number % 6], f"again{number}"]) for number in range(60)]
    texts += [f"{'no ' * 30}war{number}" for number in range(20)]
    made = copies(texts, copies=3, **({"delete": 0.0, "swap": 0.0} | {way: 0.01}))
    for copy, text in zip(made, np.repeat(texts, 3).tolist(), strict=True):
        missing = Counter(text.split()) - Counter(copy.split())
        assert copy != text and Counter(copy.split()) <= Counter(text.split())
        assert (missing.total() > 0) is (way == "delete")


def test_one_word_again_and_again_is_shortened_or_stays():
    said = "no no no"
    assert set(copies([said], copies=20, delete=0.01, swap=0.0)) <= {"no no", "no"}
    assert copies([said], copies=1, delete=0.0, swap=0.5) == [said]


def test_copies_hang_on_seed_and_sentence_and_not_on_what_stands_beside_it():
    alone = copies([TEXT])
    assert copies(["Another one entirely, of some words.", TEXT])[2:] == alone
    assert copies([TEXT], seed=4) != alone
    assert copies([TEXT], copies=5)[:2] == alone


def test_copies_are_made_of_what_carries_a_named_label():
    book, gold = codebook_of("any"), np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
    chosen = carriers(gold, settings(), book)
    assert chosen.tolist() == [True, False, True, False]
    assert altered_copies([TEXT] * 4, chosen, settings(), 3).sources.tolist() == [0, 0, 2, 2]
    assert carriers(gold, settings(labels=["hawk", "dove"]), book).tolist() == [True, True, True, False]


def test_unlabelled_sentences_get_copies_where_the_teacher_is_sure_enough():
    book, gold = codebook_of("any"), np.array([[1, 0], [0, 1]])
    judged = np.array([[0.6, 0.0], [0.59, 0.99], [0.9, 0.9]])
    texts = [f"{TEXT} {number}" for number in range(5)]
    for unlabelled, sources in ((None, [0, 0]), (0.6, [0, 0, 2, 2, 4, 4])):
        made = copies_to_judge(texts, gold, judged, DistilledAugment(**HAWK, unlabelled=unlabelled), book, 3)
        assert made.sources.tolist() == sources and made.among(2).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"delete": 0.0, "swap": 0.0}, "delete and swap are both 0"),
        ({"delete": 0.6}, "less than or equal to 0.5"),
        ({"copies": 0}, "greater than or equal to 1"),
        ({"labels": []}, "at least 1 item"),
        ({"labels": ["hawk", "dove", "hawk"]}, "label named twice: hawk"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_settings_that_make_no_sense_are_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        settings(**changes)


def recipe(encoder_folder, **changes) -> Recipe:
    value = {
        "name": "one",
        "learner": finetuned_learner(encoder_folder, **changes),
        "decisions": {"learn_from": "validation", "calibration": "sigmoid", "objective": "macro-f1"},
        "seed": 3,
    }
    return parse_config(value, Recipe, "one.yaml")


def test_without_copies_a_recipes_hash_is_as_it_was(encoder_folder):
    plain = recipe(encoder_folder)
    assert recipe(encoder_folder, augment=None).hash == plain.hash and "augment" not in plain.described["learner"]
    assert recipe(encoder_folder, augment=HAWK).hash != plain.hash


def test_copies_do_not_go_with_neighbours(encoder_folder):
    with pytest.raises(ConfigError, match="augment does not go with `context: neighbours`"):
        recipe(encoder_folder, augment=HAWK, context="neighbours")


@pytest.mark.parametrize("choice", ["any", "one"])
def test_a_label_that_there_is_not_is_refused_with_the_nearest_one(encoder_folder, choice):
    check_recipe(recipe(encoder_folder, augment=HAWK), codebook_of(choice))
    wrong = recipe(encoder_folder, augment=HAWK | {"labels": ["dove", "hawl"]})
    with pytest.raises(ConfigError, match=r"one: augment\.labels: unknown label 'hawl'; did you mean 'hawk'") as error:
        check_recipe(wrong, codebook_of(choice))
    assert "has: hawk, dove" in str(error.value.hint)


@pytest.fixture
def estimator(encoder_folder, setting):
    """Make an unfitted estimator of one epoch."""

    def make(choice="any", **changes):
        learner = finetuned_learner(encoder_folder, epochs=1, patience=1, **changes)
        return FinetunedEstimator(FinetunedLearner(**learner), setting(choice))

    return make


@pytest.mark.parametrize("choice", ["any", "one"])
def test_copies_are_trained_on_with_their_sentences_targets(estimator, halves, monkeypatch, choice):
    train, validation = halves(choice)
    smoothing = {"smoothing": {"unsure": 0.3}} if choice == "any" else {}
    train = replace(train, unsure=np.arange(len(train.texts)) % 2 == 0)
    one, seen = estimator(choice, augment=HAWK, **smoothing), []
    epoch = FinetunedEstimator._epoch
    monkeypatch.setattr(FinetunedEstimator, "_epoch", lambda self, *args: seen.append(args[:3]) or epoch(self, *args))
    one.fit(train, validation)
    ((batches, ids, targets),) = seen
    rows = [i for i in np.flatnonzero(train.targets[:, 0]) for _ in range(2)]
    assert len(rows) > 10 and len(ids) == len(train.texts) + len(rows)
    assert sorted(i for batch in batches for i in batch) == list(range(len(ids)))
    assert np.array_equal(targets[len(train.texts) :], one._targets(train)[rows])
    assert np.array_equal(targets[: len(train.texts)], one._targets(train))
    made = altered_copies(train.texts, train.targets[:, 0] > 0, settings(), 3)
    assert ids[len(train.texts) :] == one._tokenised(made.texts, None)
    assert one.facts["altered_copies"] == {"labelled": len(rows), "unlabelled": 0}


def test_each_fit_of_several_makes_copies_of_its_own(folder, encoder_folder, setting, halves, monkeypatch):
    write_recipe(folder / "one.yaml", finetuned_learner(encoder_folder, epochs=1, patience=1, augment=HAWK))
    made = []
    monkeypatch.setattr(finetuned, "altered_copies", lambda *given: made.append(altered_copies(*given)) or made[-1])
    teacher = build(load_recipe(folder / "teacher.yaml"), replace(setting(), base=folder))
    fitted = teacher.fit(*halves())
    first, second = made
    assert np.array_equal(first.sources, second.sources) and len(first.texts) > 10
    assert sum(a == b for a, b in zip(first.texts, second.texts, strict=True)) < len(first.texts) / 4
    for fit in fitted.facts["fits"].values():
        assert fit["altered_copies"] == {"labelled": len(first.texts), "unlabelled": 0}


def test_copies_change_what_is_learned_and_are_the_same_each_time(estimator, halves):
    train, validation = halves()
    plain, altered, again = (
        estimator(**changes).fit(train, validation).predict_proba(validation.texts)
        for changes in ({}, {"augment": HAWK}, {"augment": HAWK})
    )
    assert not np.allclose(plain, altered, atol=1e-4)
    assert np.array_equal(altered, again)


def test_class_weights_are_those_of_the_sentences_without_copies(estimator, halves, monkeypatch):
    train, validation = halves()
    seen = []
    loss = FinetunedEstimator._loss
    monkeypatch.setattr(FinetunedEstimator, "_loss", lambda self, targets: seen.append(loss(self, targets)) or seen[-1])
    estimator(augment=HAWK).fit(train, validation)
    assert torch.equal(seen[0]._weights, positive_weights(train.targets, "root"))


def test_a_stage_before_fine_tuning_sees_no_copies(estimator, halves, monkeypatch):
    train, validation = halves()
    stage = {"max_length": 32, "epochs": 1, "batch_size": 8, "learning_rate": 0.003, "weight_decay": 0.0, "warmup": 0.0}
    seen = []
    tokenise = stages.tokenise
    monkeypatch.setattr(stages, "tokenise", lambda *args: seen.append(args[1]) or tokenise(*args))
    estimator(augment=HAWK, contrastive=stage | {"temperature": 0.1, "background": 0.5}).fit(train, validation)
    assert seen == [train.texts]
