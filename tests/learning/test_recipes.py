"""Every recipe loads, explains itself and names the command that runs it."""

import re

import pytest
import yaml
from tiny import ROOT, TFIDF, write_recipe

from pipeline.ground.errors import ConfigError
from pipeline.learning.recipes import load_recipe
from pipeline.workflows.spec import load_spec

RECIPES = sorted((ROOT / "models").glob("*.yaml"))
RUN_PEER = re.compile(r"stance experiment run experiments/[a-z-]+\.yaml")  # a peer has no model folder to train into
SPECS = sorted((ROOT / "experiments").glob("*.yaml"))


def test_there_are_recipes_to_test():
    assert len(RECIPES) >= 5 and len(SPECS) >= 1


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_loads_under_the_name_of_its_file(path):
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    assert re.fullmatch(r"[0-9a-f]{16}", recipe.hash)


@pytest.mark.parametrize("path", RECIPES + SPECS, ids=lambda path: path.stem)
def test_its_head_says_why_how_and_what_it_needs(path):
    head = path.read_text(encoding="utf-8").split("name:")[0].splitlines()
    verb = "train" if path.parent.name == "models" else "experiment run"
    said = dict(re.fullmatch(r"# (\w+): +(\S.*)", line).groups() for line in head if re.match(r"# \w+: ", line))
    assert list(said) == ["Purpose", "Run", "Needs"]
    peer = "kind: peer" in path.read_text(encoding="utf-8")
    assert said["Run"] == f"stance {verb} {path.relative_to(ROOT)}" or (peer and RUN_PEER.fullmatch(said["Run"]))


def test_recipes_are_told_apart_by_hash():
    assert len({load_recipe(path).hash for path in RECIPES}) == len(RECIPES)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_an_experiment_loads_with_its_recipes(path):
    spec, recipes = load_spec(path, ROOT / "models")
    of = {"ablation": lambda: ("base", *spec.variants), "frontier": tuple, "sweep": lambda: ("base",)}
    named = of.get(spec.kind, lambda: spec.recipes)()
    assert tuple(recipes) == named and spec.name == path.stem


def test_the_seed_is_no_part_of_the_hash_and_every_other_choice_is(tmp_path):
    recipe = load_recipe(write_recipe(tmp_path / "a.yaml"))
    assert recipe.model_copy(update={"seed": 99}).hash == recipe.hash
    assert load_recipe(write_recipe(tmp_path / "a.yaml", TFIDF | {"c": 11.0})).hash != recipe.hash
    assert load_recipe(write_recipe(tmp_path / "a.yaml", folds=4)).hash != recipe.hash


def test_every_fault_of_a_recipe_is_named_at_once(tmp_path):
    path = tmp_path / "bad.yaml"
    learner = {**TFIDF, "sublnear": True, "c": -1}
    learner.pop("sublinear")
    recipe = {"name": "Bad Name", "learner": learner, "decisons": {}, "seed": "x"}
    path.write_text(yaml.safe_dump(recipe))
    with pytest.raises(ConfigError) as caught:
        load_recipe(path)
    lines = caught.value.message.splitlines()
    assert lines[0] == f"{path}: 7 faults"
    starts = (
        "name: ",
        "learner.sublinear: missing",
        "learner.c: ",
        "learner.sublnear: ",
        "decisions: missing",
        "seed: ",
    )
    for start in (*starts, "decisons: unknown key; did you mean 'decisions'?"):
        assert sum(line.startswith(f"  - {start}") for line in lines) == 1, start
    assert any(line.endswith("unknown key; did you mean 'sublinear'?") for line in lines)


def test_an_encoder_of_unknown_kind_is_named_by_its_path(tmp_path):
    learner = {"kind": "frozen", "encoder": {"kind": "packge"}, "max_length": 32, "c": 1.0, "class_weight": "none"}
    with pytest.raises(ConfigError, match=r"learner.encoder.kind: 'packge'; did you mean 'package'\?"):
        load_recipe(write_recipe(tmp_path / "a.yaml", learner))


def test_ngrams_that_run_backwards_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"word_ngrams: .* must rise within 1 to 8"):
        load_recipe(write_recipe(tmp_path / "a.yaml", TFIDF | {"word_ngrams": [3, 1]}))


def average(tmp_path, *members):
    return write_recipe(tmp_path / "average.yaml", {"kind": "average", "members": list(members)})


def test_an_average_carries_its_members_along(tmp_path):
    write_recipe(tmp_path / "a.yaml")
    write_recipe(tmp_path / "b.yaml", {"kind": "prior"})
    recipe = load_recipe(average(tmp_path, "a.yaml", "b.yaml"))
    assert list(recipe.members) == ["a", "b"]
    assert set(recipe.described["members"]) == {"a", "b"}
    write_recipe(tmp_path / "a.yaml", TFIDF | {"c": 3.0})
    assert load_recipe(tmp_path / "average.yaml").hash != recipe.hash


def test_an_average_with_a_missing_member_names_it_and_what_is_there(tmp_path):
    write_recipe(tmp_path / "a.yaml")
    with pytest.raises(ConfigError, match=r"learner.members: no recipe 'absent.yaml' beside it") as caught:
        load_recipe(average(tmp_path, "a.yaml", "absent.yaml"))
    assert "a.yaml, average.yaml" in caught.value.hint


def test_an_average_of_averages_is_refused(tmp_path):
    write_recipe(tmp_path / "a.yaml")
    with pytest.raises(ConfigError, match=r"'average.yaml' is an average itself"):
        load_recipe(average(tmp_path, "a.yaml", "average.yaml"))


def test_an_average_of_one_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"learner.members: "):
        load_recipe(average(tmp_path, "a.yaml"))


def test_a_member_named_twice_would_weigh_once_and_is_refused(tmp_path):
    write_recipe(tmp_path / "a.yaml")
    write_recipe(tmp_path / "b.yaml")
    with pytest.raises(ConfigError, match=r"learner.members: 'a.yaml' is the second named 'a'"):
        load_recipe(average(tmp_path, "a.yaml", "b.yaml", "a.yaml"))


def test_two_members_of_one_name_are_refused(tmp_path):
    write_recipe(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").write_text((tmp_path / "a.yaml").read_text().replace("c: 10.0", "c: 3.0"))
    with pytest.raises(ConfigError, match=r"learner.members: 'b.yaml' is the second named 'a'"):
        load_recipe(average(tmp_path, "a.yaml", "b.yaml"))
