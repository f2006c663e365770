"""A student learns from a teacher on labelled and unlabelled text; what was done is not done again."""

import json
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny import codebook_of, finetuned_learner, tiny_sentences, write_recipe

from pipeline.ground.errors import ConfigError
from pipeline.ground.files import sha256_of
from pipeline.inference.scorers import OnnxScorer
from pipeline.learning import resume
from pipeline.learning.checkpoints import write_tensors
from pipeline.learning.distilled import DistilledEstimator
from pipeline.learning.estimators import build
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.fitness import check_recipe
from pipeline.learning.forward import logits_and_vectors
from pipeline.learning.learners import FinetunedLearner
from pipeline.learning.recipes import load_recipe
from pipeline.learning.seeds import weights_cache


@pytest.fixture
def folder(tmp_path, encoder_folder):
    """Make a folder of recipes: a teacher of two seeds, and unlabelled text for a student."""
    models = tmp_path / "models"
    write_recipe(models / "one.yaml", finetuned_learner(encoder_folder, epochs=4, patience=4))
    write_recipe(models / "teacher.yaml", {"kind": "seeds", "member": "one.yaml", "fits": 2})
    lines = [
        json.dumps({"doc": f"d{i}", "text": text.replace("talks", "meetings")})
        for i, (_, text) in enumerate(tiny_sentences())
    ]
    (tmp_path / "more.jsonl").write_text("\n".join(lines) + "\n")
    return models


@pytest.fixture
def student(folder, encoder_folder, setting, halves):
    """Build a student's estimator with changes to its recipe."""
    file = folder.parent / "more.jsonl"

    def make(**changes):
        learner = {
            "kind": "distilled",
            "teacher": "teacher.yaml",
            "encoder": {"kind": "folder", "path": str(encoder_folder)},
            "unlabelled": {"sources": [{"kind": "file", "path": str(file), "sha256": sha256_of(file)}]},
            "max_length": 32,
            "epochs": 3,
            "batch_size": 8,
            "learning_rate": 0.01,
            "head_learning_rate": 0.05,
            "weight_decay": 0.0,
            "warmup": 0.1,
            "dropout": 0.1,
            "gold_weight": 0.5,
            "precision": "float32",
            "checkpoint_minutes": 1e-9,
        } | changes
        recipe = load_recipe(write_recipe(folder / "student.yaml", learner, learn_from="validation"))
        train, _ = halves()
        return build(recipe, replace(setting(), base=folder, known=train.texts))

    return make


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


AS_ACCURATE = {"start": "soup", "freeze": "embeddings", "encoder_dropout": 0.0, "precision": "bfloat16"}
AS_FAST = {"embedding_weight": 1.0, "labelled_copies": 2, "precision": "bfloat16"}


@pytest.mark.parametrize("shape", [{}, AS_ACCURATE, AS_FAST], ids=["plain", "accurate", "fast"])
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


def test_vectors_of_the_teacher_can_be_learned_too(student, halves, monkeypatch):
    train, validation = halves()
    seen = []
    loss = DistilledEstimator._loss

    def watched(self, lessons, ids, batch, projection):
        if projection is not None:
            with torch.no_grad():
                seen.append((projection, lessons))
        return loss(self, lessons, ids, batch, projection)

    monkeypatch.setattr(DistilledEstimator, "_loss", watched)
    fitted = student(embedding_weight=1.0, epochs=8).fit(train, validation)
    projection, lessons = seen[-1]
    ids = fitted._tokenised(lessons.texts)
    with torch.no_grad():
        _, states = logits_and_vectors(fitted._network, ids, fitted._pad_id, "float32")
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


def test_a_recipes_hash_depends_on_its_members_members(folder, encoder_folder):
    learner = {"kind": "seeds", "member": "one.yaml", "fits": 2}
    before = load_recipe(write_recipe(folder / "teacher.yaml", learner)).hash
    write_recipe(folder / "one.yaml", finetuned_learner(encoder_folder, epochs=5))
    assert load_recipe(folder / "teacher.yaml").hash != before


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
    monkeypatch.setattr(FinetunedEstimator, "logits_and_vectors", lambda *_: pytest.fail("judged again"))
    student(epochs=2, learning_rate=0.02, embedding_weight=1.0).fit(*halves())


def test_the_teacher_is_fitted_at_its_own_seed(student, folder, halves):
    one = student(epochs=1)
    one._setting.seed = 99
    one.fit(*halves())
    assert set(one.facts["teacher"]["fits"]) == {"seed-3", "seed-1003"}
    assert all(fit["seconds"] > 0 and fit["code_version"] for fit in one.facts["teacher"]["fits"].values())


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
