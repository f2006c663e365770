"""A student learns from altered copies, too; its teacher says what they still are."""

from dataclasses import replace

import numpy as np
import pytest
from tiny import codebook_of, finetuned_learner, write_recipe

from pipeline.ground.errors import ConfigError
from pipeline.learning import distilled
from pipeline.learning import lessons as lessons_module
from pipeline.learning.augment import altered_copies
from pipeline.learning.augment_settings import Augment
from pipeline.learning.distilled import DistilledEstimator
from pipeline.learning.estimators import build
from pipeline.learning.fitness import check_recipe
from pipeline.learning.recipes import load_recipe

HAWK = {"labels": ["hawk"], "copies": 2, "delete": 0.2, "swap": 0.2}
HAWKISH = HAWK | {"unlabelled": 0.4}


@pytest.fixture
def lessons(student, halves, monkeypatch):
    """Give what a student would learn from."""

    def give(train=None, **changes):
        seen = []
        monkeypatch.setattr(DistilledEstimator, "_train", lambda _, lessons, *__: seen.append(lessons))
        own, validation = halves()
        student(**changes).fit(train or own, validation)
        return seen[0]

    return give


def test_copies_of_labelled_sentences_mix_in_their_labels(lessons, halves, folder, setting):
    train, validation = halves()
    plain, altered = lessons(), lessons(augment=HAWK)
    hawkish = train.targets[:, 0] > 0
    made = altered_copies(train.texts, hawkish, Augment(**HAWK), 3)
    n = len(plain.texts)
    assert altered.texts == plain.texts + made.texts and len(made.texts) > 10
    assert np.array_equal(altered.targets[:n], plain.targets)
    teacher = build(load_recipe(folder / "teacher.yaml"), replace(setting(), base=folder)).fit(train, validation)
    judged = teacher.predict_proba(made.texts)
    assert np.allclose(altered.targets[n:], 0.5 * train.targets[made.sources] + 0.5 * judged, atol=1e-4)


def test_copies_of_unlabelled_sentences_are_what_the_teacher_says_they_are(lessons, halves):
    train, _ = halves()
    plain = lessons(gold_weight=1.0, augment=HAWK)
    more = lessons(gold_weight=1.0, augment=HAWKISH)
    n, originals = len(plain.texts), len(lessons().texts)
    assert more.texts[:n] == plain.texts and np.array_equal(more.targets[:n], plain.targets)
    likely = np.flatnonzero(plain.targets[len(train.texts) : originals, 0] >= 0.4) + len(train.texts)
    assert 0 < len(likely) < originals - len(train.texts)
    assert len(more.texts) == n + 2 * len(likely)
    words = [set(plain.texts[i].split()) for i in np.repeat(likely, 2)]
    assert all(set(copy.split()) <= original for copy, original in zip(more.texts[n:], words, strict=True))
    assert not np.isin(more.targets[n:], (0, 1)).any()


def test_copies_come_round_as_their_sentences_do_and_have_vectors_of_their_own(lessons, halves):
    train, _ = halves()
    once, thrice = (lessons(augment=HAWKISH, embedding_weight=1.0, labelled_copies=turns) for turns in (1, 3))
    labelled = [text for text, row in zip(train.texts, train.targets, strict=True) if row[0]]
    assert len(thrice.texts) == len(once.texts) + 2 * len(train.texts) + 2 * 2 * len(labelled)
    assert len(once.vectors) == len(once.targets) == len(once.texts)
    assert len(np.unique(once.vectors, axis=0)) == len(set(once.texts))


def test_what_was_judged_without_copies_is_not_judged_again(student, halves, monkeypatch, folder):
    monkeypatch.setattr(lessons_module, "CHUNK", 25)
    train, validation = halves()
    student(epochs=1).fit(train, validation)
    before = {path.name for path in (folder.parent / ".cache" / "judgements").iterdir()}
    seen = []
    judge = distilled.FinetunedEstimator.states
    monkeypatch.setattr(
        distilled.FinetunedEstimator,
        "states",
        lambda self, texts, *more: seen.extend(texts) or judge(self, texts, *more),
    )
    student(epochs=1, augment=HAWK).fit(train, validation)
    made = altered_copies(train.texts, train.targets[:, 0] > 0, Augment(**HAWK), 3).texts
    assert seen == made * 2  # by each of both teachers
    assert before < {path.name for path in (folder.parent / ".cache" / "judgements").iterdir()}


def test_other_copies_are_another_distillation_even_of_the_same_settings(student, folder, halves, monkeypatch):
    student(epochs=1, augment=HAWK).fit(*halves())
    made = distilled.copies_to_judge

    def otherwise(*args):
        copies = made(*args)
        return replace(copies, texts=copies.texts[::-1])

    monkeypatch.setattr(distilled, "copies_to_judge", otherwise)
    student(epochs=1, augment=HAWK).fit(*halves())
    assert len(list((folder.parent / ".cache" / "distillation").iterdir())) == 2


def test_copies_have_the_layers_of_their_own_words(lessons, halves, folder, setting):
    taught = lessons(augment=HAWKISH, layers={"weight": 1.0, "pairs": [[1, 1], [2, 2]]})
    assert taught.layers.shape[:2] == (len(taught.texts), 2)
    assert len(np.unique(taught.layers[:, 0], axis=0)) == len(set(taught.texts))
    n = len(lessons().texts)
    assert len(taught.texts) > n + 10
    teacher = build(load_recipe(folder / "teacher.yaml"), replace(setting(), base=folder)).fit(*halves())
    first, second = (
        member.states(taught.texts[n:], "float32", (1, 2)).layers.astype(np.float32)
        for member in teacher.members.values()
    )
    assert np.allclose(taught.layers[n:], first, atol=5e-3)
    assert not np.allclose(taught.layers[n:], second, atol=5e-3)


def test_how_many_copies_there_were_is_kept(student, lessons, halves):
    train, _ = halves()
    labelled = 2 * int((train.targets[:, 0] > 0).sum())
    everything = len(lessons(augment=HAWKISH).texts) - len(lessons().texts)
    one = student(augment=HAWKISH).fit(*halves())
    assert one.facts["altered_copies"] == {"labelled": labelled, "unlabelled": everything - labelled}
    assert everything > labelled > 0 and "altered_copies" not in student().fit(*halves()).facts


def test_without_any_sentence_of_the_labels_a_student_learns_as_before(lessons, halves):
    train, _ = halves()
    bare = replace(train, targets=train.targets * np.array([0, 1], dtype=np.int8))
    altered, plain = lessons(bare, augment=HAWK), lessons(bare)
    assert altered.texts == plain.texts and np.array_equal(altered.targets, plain.targets)


def test_a_students_label_that_there_is_not_is_refused(student, folder):
    student(augment=HAWK | {"labels": ["hawkish"]})
    with pytest.raises(ConfigError, match=r"student: augment\.labels: unknown label 'hawkish'; did you mean 'hawk'"):
        check_recipe(load_recipe(folder / "student.yaml"), codebook_of("any"))


def test_a_teachers_label_that_there_is_not_is_refused(student, folder, encoder_folder):
    write_recipe(folder / "one.yaml", finetuned_learner(encoder_folder, augment=HAWK | {"labels": ["dov"]}))
    student(augment=HAWK)
    with pytest.raises(ConfigError, match=r"one: augment\.labels: unknown label 'dov'; did you mean 'dove'"):
        check_recipe(load_recipe(folder / "student.yaml"), codebook_of("any"))


def test_a_students_hash_is_as_it_was_without_copies(student, folder):
    student()
    plain = load_recipe(folder / "student.yaml")
    assert "augment" not in plain.described["learner"]
    student(augment=HAWK)
    assert load_recipe(folder / "student.yaml").hash != plain.hash
    with pytest.raises(ConfigError, match="unlabelled"):
        student(augment=HAWK | {"unlabelled": 1.0})
