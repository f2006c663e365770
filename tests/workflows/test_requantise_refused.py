"""What `stance models quantise` refuses: another recipe, other documents, a model in the way; nothing is touched."""

import errno
import os
import shutil

import pytest
import yaml
from requantising import ROWS, STATIC, asked, bytes_of
from tiny import distilled_learner, finetuned_learner, write_recipe

from pipeline.ground.files import write_json
from pipeline.inference.manifest import AverageSpec, read_manifest, write_manifest
from pipeline.learning.recipes import load_recipe


@pytest.fixture
def small(quantising):
    return quantising / "models" / "trained" / "small"


def rewrite(folder, **changes):
    write_json(folder / "manifest.json", read_manifest(folder).model_copy(update=changes).model_dump(mode="json"))


def test_another_recipe_is_refused(quantising, quantise):
    path = quantising / "models" / "small.yaml"
    recipe = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(recipe | {"decisions": recipe["decisions"] | {"calibration": "none"}}))
    code, out, err = quantise()
    assert code == 2 and out == "" and "they differ in decisions\n" in err and "Traceback" not in err
    path.write_text(yaml.safe_dump({key: value for key, value in recipe.items() if key != "quantise"}))
    code, _, err = quantise()
    assert code == 2 and "does not say how to quantise" in err
    assert not (quantising / "models" / "trained" / "again").exists()


def test_a_recipe_that_is_named_and_has_changed_is_told_by_its_file(quantising, small, encoder_folder, stance):
    models = quantising / "models"
    write_recipe(models / "one.yaml", finetuned_learner(encoder_folder), learn_from="validation")
    teacher = {"kind": "seeds", "member": "one.yaml", "fits": 2}
    write_recipe(models / "teacher.yaml", teacher, learn_from="validation")
    learner = distilled_learner(encoder_folder, "teacher.yaml", quantising / "more.jsonl")
    path = asked(write_recipe(models / "student.yaml", learner, learn_from="validation"), STATIC)
    rewrite(small, recipe=load_recipe(path).described)
    quantise = ("models", "quantise", "small", "--recipe", "models/student.yaml", "-o", "again")
    write_recipe(models / "one.yaml", finetuned_learner(encoder_folder, epochs=9), learn_from="validation")
    code, _, err = stance(*quantise)
    assert code == 2 and "they differ in models/one.yaml (a recipe it names)\n" in err
    write_recipe(models / "teacher.yaml", teacher | {"fits": 3}, learn_from="validation")
    code, _, err = stance(*quantise)
    assert code == 2
    assert "they differ in models/teacher.yaml (a recipe it names), models/one.yaml (a recipe it names)\n" in err


def test_a_graph_that_cannot_be_quantised_so_is_left_as_it_is(quantising, small, quantise):
    before = bytes_of(small.parent)
    for settings, said in (
        (ROWS, "quantised already (matrices int8-rows, embeddings int8)"),
        (STATIC | {"reduce_range": False}, "wants another reduce_range"),
        (STATIC | {"embeddings": "float32"}, "wants another embeddings"),
    ):
        asked(quantising / "models" / "small.yaml", settings)
        code, _, err = quantise()
        assert code == 2 and said in err and "stance train models/small.yaml" in err
    assert bytes_of(small.parent) == before and len(before) > 4


@pytest.mark.parametrize("part", ["validation", "test"])
def test_other_held_out_documents_are_refused_by_their_part(quantising, quantise, stance, part):
    assert stance("labels", "split")[0] == 0
    split = quantising / "labels" / "splits.yaml"
    parts = yaml.safe_load(split.read_text())
    parts["train"][0], parts[part][0] = parts[part][0], parts["train"][0]
    split.write_text(yaml.safe_dump(parts))
    code, _, err = quantise()
    assert code == 2 and f"the {part} documents here are not those held out" in err
    assert not (quantising / "models" / "trained" / "again").exists()


def test_a_manifest_that_does_not_name_its_test_documents_is_refused_for_that(small, quantise):
    facts = read_manifest(small).facts
    rewrite(small, facts={name: fact for name, fact in facts.items() if name != "test_documents"})
    code, _, err = quantise()
    assert code == 2 and "does not say which test documents were held out" in err and "validation" not in err


def test_no_model_is_replaced(small, quantise):
    for name in ("other", "broken"):
        shutil.copytree(small, small.with_name(name))
    (small.with_name("broken") / "manifest.json").write_text("{")
    before, model = bytes_of(small.parent), read_manifest(small).id
    for name, said in (
        ("small", "models/trained/small is the model's own folder; nothing is replaced"),
        ("other", f"models/trained/other holds the model {model} already; nothing is replaced"),
        ("broken", "models/trained/broken holds a model (manifest.json) already; nothing is replaced"),
    ):
        code, _, err = quantise("-o", f"models/trained/{name}")
        assert code == 2 and said in err and "name another folder with -o" in err
        assert bytes_of(small.parent) == before


def test_a_folder_that_is_no_model_is_not_replaced(small, quantise):
    small.with_name("again").mkdir()
    (small.with_name("again") / "diary.txt").write_text("mine")
    code, _, err = quantise()
    assert code == 2 and "no model folder; it would be replaced" in err
    assert "hint: name another place with -o, or move what is there" in err
    assert (small.with_name("again") / "diary.txt").read_text() == "mine"


def test_a_full_disk_is_said_and_nothing_is_left(small, quantise, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", full)
    code, _, err = quantise()
    assert code == 2 and "cannot write models/trained/again: No space left on device" in err
    assert "hint: check the folder and its space" in err and "Traceback" not in err
    assert [path.name for path in small.parent.iterdir()] == ["small"]


def test_a_model_of_words_has_no_graph(quantising, small, stance, workshop):
    shutil.copytree(workshop.tiny.folder, small.with_name("words"))
    code, _, err = stance("models", "quantise", "words", "--recipe", "models/small.yaml", "-o", "again")
    assert code == 2 and "models/trained/words has no graph" in err


@pytest.mark.parametrize("kind", ["average", "seeds"])
def test_a_model_of_several_is_told_by_its_kind(small, stance, workshop, kind):
    several, words = small.with_name("several"), workshop.tiny
    shutil.copytree(words.folder, several / "members" / "words")
    shutil.copy(words.folder / "decisions.json", several)
    learner = {"recipe": words.manifest.recipe | {"learner": {"kind": kind}}}
    scorer = {"scorer": AverageSpec(members={"words": words.manifest.scorer})}
    write_manifest(several, words.manifest.model_copy(update=learner | scorer))
    code, _, err = stance("models", "quantise", "several", "--recipe", "models/small.yaml", "-o", "again")
    assert code == 2 and f"is of kind {kind}, whose members' graphs are not quantised" in err
