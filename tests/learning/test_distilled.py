"""A student learns from a teacher on labelled and unlabelled text; what was done is not done again."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny import codebook_of, finetuned_learner, write_recipe

from pipeline.ground.errors import ConfigError
from pipeline.inference.graph import OnnxScorer
from pipeline.learning.distilled import DistilledEstimator
from pipeline.learning.estimators import build
from pipeline.learning.fitness import check_recipe
from pipeline.learning.forward import states_of
from pipeline.learning.recipes import load_recipe


def test_the_student_comes_to_say_what_the_teacher_says(student, folder, encoder_folder, setting, halves, tmp_path):
    write_recipe(folder / "one.yaml", finetuned_learner(encoder_folder, epochs=10, patience=10))
    train, validation = halves()
    teacher = build(load_recipe(folder / "teacher.yaml"), replace(setting(), base=folder)).fit(train, validation)
    fitted = student(epochs=10, gold_weight=0.0).fit(train, validation)
    assert isinstance(fitted, DistilledEstimator)
    wanted, found = teacher.predict_proba(validation.texts), fitted.predict_proba(validation.texts)
    assert np.ptp(wanted) > 0.5  # the teacher tells sentences apart
    assert np.corrcoef(wanted.ravel(), found.ravel())[0, 1] > 0.8
    assert fitted.facts["unlabelled"]["more"] > 10
    target = tmp_path / "saved"
    target.mkdir()
    scorer = OnnxScorer(fitted.save(target), target, exclusive=False)
    assert np.allclose(scorer.score(validation.texts), found, atol=1e-4)


def test_labelled_sentences_carry_their_labels_by_gold_weight(student, halves, monkeypatch):
    train, validation = halves()
    seen = []
    monkeypatch.setattr(DistilledEstimator, "_train", lambda _, lessons, *__: seen.append(lessons))
    for weight, copies in ((1.0, 1), (0.0, 3)):
        student(gold_weight=weight, labelled_copies=copies).fit(train, validation)
    n = len(train.texts)
    assert np.array_equal(seen[0].targets[:n], train.targets)
    assert not np.array_equal(seen[1].targets[:n], train.targets)
    assert len(seen[1].texts) == len(seen[0].texts) + 2 * n
    assert seen[1].texts[-n:] == list(train.texts)


def test_vectors_of_the_teacher_can_be_learned_too(student, halves, monkeypatch):
    train, validation = halves()
    seen = []
    loss = DistilledEstimator._loss

    def watched(self, lessons, ids, batch, projections):
        seen.append((projections["projection"], lessons))
        return loss(self, lessons, ids, batch, projections)

    monkeypatch.setattr(DistilledEstimator, "_loss", watched)
    fitted = student(embedding_weight=1.0, epochs=8).fit(train, validation)
    projection, lessons = seen[-1]
    ids = fitted._tokenised(lessons.texts)
    with torch.no_grad():
        states = states_of(fitted._network, ids, fitted._pad_id, "float32").vectors
        found = projection(torch.from_numpy(states.astype(np.float32))).numpy()
    right, wrong = (cosine(found, other) for other in (lessons.vectors, np.roll(lessons.vectors, 7, axis=0)))
    assert right > wrong + 0.02  # each sentence's vector lies nearest its own


def cosine(a, b):
    b = b.astype(np.float32)
    return float(((a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).mean())


def test_a_student_may_start_from_its_teacher(student, halves):
    train, validation = halves()
    first = [
        student(start=start, epochs=1, learning_rate=1e-9, head_learning_rate=1e-9).fit(train, validation)
        for start in ("encoder", "teacher")
    ]
    assert first[1].history[0]["train_loss"] < first[0].history[0]["train_loss"]


def test_a_student_may_start_from_the_mean_of_its_teachers_weights(student, halves, folder):
    train, validation = halves()
    still = {"epochs": 1, "learning_rate": 1e-9, "head_learning_rate": 1e-9, "weight_decay": 0.0}
    started = student(start="soup", **still).fit(train, validation)
    kept = [load_file(path) for path in sorted((folder.parent / ".cache" / "weights").iterdir())]
    assert len(kept) == 2
    for name, weight in started._network.state_dict().items():
        mean = (kept[0][name].double() + kept[1][name].double()) / 2
        assert torch.allclose(weight.double(), mean, atol=1e-6), name
    assert any(not torch.allclose(kept[0][name], kept[1][name], atol=1e-3) for name in kept[0])


@pytest.mark.parametrize("start", ["teacher", "soup"])
def test_a_student_with_another_encoder_cannot_start_from_its_teacher(student, tmp_path, start):
    other = {"kind": "folder", "path": str(tmp_path / "other")}
    with pytest.raises(ConfigError, match=f"start: {start} needs a student with the teacher's encoder"):
        student(start=start, encoder=other)


def test_an_absent_text_source_is_said_and_the_rest_is_learned(student, folder, halves):
    gone = {"kind": "file", "path": "absent.jsonl", "sha256": "0" * 64}
    said = []
    one = student(unlabelled={"sources": [gone]}, epochs=1)
    one._setting.progress.say = said.append
    one.fit(*halves())
    assert any("absent.jsonl" in line and "left out" in line for line in said)
    assert one.facts["unlabelled"] == {} and one.facts["unlabelled_absent"] == ["absent"]


def test_without_the_labelled_sentences_a_distillation_refuses(student, halves):
    one = student()
    one._setting.known = ()
    with pytest.raises(ConfigError, match="only where every labelled sentence is known"):
        one.fit(*halves())


@pytest.mark.parametrize(
    ("learner", "said"),
    [
        (
            {"kind": "seeds", "member": "one.yaml", "fits": 1},
            "learner.fits: input should be greater than",
        ),
        ({"kind": "seeds", "member": "teacher.yaml", "fits": 2}, "'teacher.yaml' is of kind seeds"),
        ({"kind": "seeds", "member": "gone.yaml", "fits": 2}, "learner.member: no recipe 'gone.yaml' beside it"),
    ],
)
def test_a_seeds_recipe_that_cannot_be_is_refused(folder, learner, said):
    with pytest.raises(ConfigError, match=said):
        load_recipe(write_recipe(folder / "bad.yaml", learner))


def test_a_teacher_that_is_an_average_is_not_told_to_name_its_members(student, folder):
    write_recipe(folder / "words.yaml")
    write_recipe(folder / "pair.yaml", {"kind": "average", "members": ["one.yaml", "words.yaml"]})
    with pytest.raises(ConfigError, match=r"learner\.teacher: 'pair\.yaml' is of kind average$") as caught:
        student(teacher="pair.yaml")
    assert caught.value.hint == "allowed kinds: finetuned, seeds"


def test_a_recipes_hash_depends_on_its_members_members(folder, encoder_folder):
    learner = {"kind": "seeds", "member": "one.yaml", "fits": 2}
    before = load_recipe(write_recipe(folder / "teacher.yaml", learner)).hash
    write_recipe(folder / "one.yaml", finetuned_learner(encoder_folder, epochs=5))
    assert load_recipe(folder / "teacher.yaml").hash != before


def test_a_teacher_that_reads_neighbours_is_refused(student, folder, encoder_folder):
    write_recipe(folder / "one.yaml", finetuned_learner(encoder_folder, context="neighbours"))
    student()
    recipe = load_recipe(folder / "student.yaml")
    with pytest.raises(ConfigError, match="one reads neighbouring sentences, and scoring gives"):
        check_recipe(recipe, codebook_of("any"))


def test_a_codebook_of_one_label_each_is_refused(student, folder):
    student()
    with pytest.raises(ConfigError, match="student: kind distilled is for codebooks where any subset"):
        check_recipe(load_recipe(folder / "student.yaml"), codebook_of("one"))
