"""What a distillation finished is read back, by all it depends on; what was cut short goes on."""

import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from tiny import finetuned_learner

from pipeline.learning import resume
from pipeline.learning.checkpoints import write_tensors
from pipeline.learning.estimators import build
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.learners import FinetunedLearner
from pipeline.learning.recipes import load_recipe
from pipeline.learning.seeds import weights_cache

AS_ACCURATE = {"start": "soup", "freeze": "embeddings", "encoder_dropout": 0.0, "precision": "bfloat16"}
AS_FAST = {"embedding_weight": 1.0, "labelled_copies": 2, "precision": "bfloat16"}
ALTERED = {"augment": {"labels": ["hawk"], "copies": 2, "delete": 0.2, "swap": 0.2, "unlabelled": 0.4}}
LAYERS = AS_FAST | {"layers": {"weight": 1.0, "pairs": [[1, 2]]}}
SHAPES = {"plain": {}, "accurate": AS_ACCURATE, "fast": AS_FAST, "layers": LAYERS, "altered": LAYERS | ALTERED}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_killed_distillation_goes_on_from_its_checkpoint_and_ends_the_same(
    student, folder, halves, monkeypatch, shape
):
    train, validation = halves()
    student = partial(student, **shape)
    whole = student().fit(train, validation)
    for file in (folder.parent / ".cache" / "distillation").rglob("student.safetensors"):
        file.unlink()
    writes = iter(range(100))
    write = resume.Checkpoint.write

    def killed(self, place, **last):
        write(self, place, **last)
        if next(writes) == 7:
            raise KeyboardInterrupt

    monkeypatch.setattr(resume.Checkpoint, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        student().fit(train, validation)
    monkeypatch.setattr(resume.Checkpoint, "write", write)
    fits, starts = [], []
    monkeypatch.setattr(FinetunedEstimator, "_train", lambda *_: fits.append(1))
    restore = resume.Checkpoint.restore
    monkeypatch.setattr(resume.Checkpoint, "restore", lambda self: starts.append(restore(self)) or starts[-1])
    again = student().fit(train, validation)
    assert fits == []  # both teachers' weights were kept
    assert (starts[0].epoch, starts[0].batch) != (1, 0)
    assert [h["train_loss"] for h in again.history] == pytest.approx([h["train_loss"] for h in whole.history])
    assert np.array_equal(again.predict_proba(validation.texts), whole.predict_proba(validation.texts))


def test_a_damaged_checkpoint_is_no_checkpoint(student, folder, halves):
    train, validation = halves()
    whole = student().fit(train, validation).predict_proba(validation.texts)
    (file,) = (folder.parent / ".cache" / "distillation").rglob("student.safetensors")
    file.write_bytes(file.read_bytes()[:2000])
    assert np.array_equal(student().fit(train, validation).predict_proba(validation.texts), whole)


def test_a_student_that_was_trained_before_is_read_back(student, halves):
    train, validation = halves()
    whole = student().fit(train, validation).predict_proba(validation.texts)
    said, again = [], student()
    again._setting.progress.say = said.append
    assert np.array_equal(again.fit(train, validation).predict_proba(validation.texts), whole)
    assert any("trained before" in line for line in said) and not any("going on" in line for line in said)


def test_a_fit_that_cannot_be_kept_is_used_all_the_same(folder, setting, halves):
    recipe = load_recipe(folder / "teacher.yaml")
    train, validation = halves()
    (folder.parent / ".cache").write_text("a file where a folder is wanted")
    said, one = [], build(recipe, replace(setting(), base=folder))
    for member in one.members.values():
        member._setting.progress.say = said.append
    one.fit(train, validation)
    assert sum("the fit is used, and not kept" in line for line in said) == 2
    assert one.predict_proba(validation.texts).shape == validation.targets.shape


def test_other_labels_or_settings_are_another_distillation(student, folder, halves):
    train, validation = halves()
    student(epochs=1).fit(train, validation)
    student(epochs=2).fit(train, validation)
    student(epochs=2).fit(replace(train, targets=1 - train.targets), validation)
    assert len(list((folder.parent / ".cache" / "distillation").iterdir())) == 3


def test_seeds_average_their_members_and_keep_their_weights(folder, setting, halves, monkeypatch):
    train, validation = halves()
    recipe = load_recipe(folder / "teacher.yaml")
    fitted = build(recipe, replace(setting(), base=folder)).fit(train, validation)
    found = fitted.predict_proba(validation.texts)
    alone = [member.predict_proba(validation.texts) for member in fitted.members.values()]
    assert not np.allclose(*alone) and np.allclose(found, np.mean(alone, axis=0))
    assert len(list(weights_cache(folder).glob("*.safetensors"))) == 2
    monkeypatch.setattr(FinetunedEstimator, "_train", lambda *_: pytest.fail("a kept fit was repeated"))
    again = build(recipe, replace(setting(), base=folder)).fit(train, validation)
    assert np.array_equal(again.predict_proba(validation.texts), found)


def test_weights_of_another_shape_under_the_same_name_are_fitted_anew(folder, setting, halves):
    recipe, told = load_recipe(folder / "teacher.yaml"), replace(setting(), base=folder)
    first = build(recipe, told).fit(*halves()).predict_proba(["Talks."])
    for file in weights_cache(folder).glob("*.safetensors"):
        write_tensors(file, "fit", {"other": torch.zeros(1)}, {"history": [], "facts": {}})
    assert np.array_equal(build(recipe, told).fit(*halves()).predict_proba(["Talks."]), first)


def test_a_fit_is_named_by_everything_it_depends_on(folder, encoder_folder, setting, halves, tmp_path):
    train, validation = halves()
    home = tmp_path / "own-encoder"
    shutil.copytree(encoder_folder, home)
    learner = FinetunedLearner(**finetuned_learner(home))
    told = replace(setting(), base=folder)

    def name(told=told, train=train, **changes):
        return FinetunedEstimator(learner.model_copy(update=changes), told).fit_hash(train, validation)

    names = [
        name(),
        name(epochs=9),
        name(replace(told, seed=4)),
        name(replace(told, threads=2)),
        name(train=replace(train, unsure=np.ones(len(train.texts), dtype=bool))),
        name(train=replace(train, targets=1 - train.targets)),
    ]
    config = home / "config.json"
    config.write_text(config.read_text() + "\n")
    names.append(name())
    assert len(set(names)) == len(names)
    assert name() == names[-1]


def test_two_students_of_one_teacher_share_its_judgements(student, halves, monkeypatch):
    student(epochs=1).fit(*halves())
    monkeypatch.setattr(FinetunedEstimator, "states", lambda *_: pytest.fail("judged again"))
    student(epochs=2, learning_rate=0.02, embedding_weight=1.0).fit(*halves())


def test_the_teacher_is_fitted_at_its_own_seed(student, folder, halves):
    one = student(epochs=1)
    one._setting.seed = 99
    one.fit(*halves())
    assert set(one.facts["teacher"]["fits"]) == {"seed-3", "seed-1003"}
    assert all(fit["seconds"] > 0 and fit["code_version"] for fit in one.facts["teacher"]["fits"].values())
