"""A specification is listed, shown, and refused with all its faults at once."""

import ablating
import pytest
import yaml
from small import SPEC, run
from tiny import ROOT, TFIDF, distilled_learner, finetuned_learner, write_recipe

from pipeline.ground.errors import ConfigError
from pipeline.workflows.spec import load_spec, make_variant


def test_the_listing_shows_each_specification_and_a_faulty_one_with_its_fault(place, stance):
    (place / "experiments" / "broken.yaml").write_text(yaml.safe_dump(SPEC | {"sedes": [1]}))
    code, out, _ = stance("experiment", "ls")
    assert code == 0 and "small.yaml" in out and "Do words beat" in out
    assert "broken.yaml" in out and "faulty" in out and "did you mean" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


def test_show_counts_the_steps_done_and_names_those_to_do(place, stance):
    code, out, _ = stance("experiment", "show", "experiments/small.yaml")
    assert code == 0 and "0 of 6 steps" in out and SPEC["hypothesis"] in out
    run(place)
    assert "6 of 6 steps" in stance("experiment", "show", "experiments/small.yaml")[1]
    write_recipe(place / "models" / "words.yaml", TFIDF | {"c": 0.1}, learn_from="validation")
    out = stance("experiment", "show", "experiments/small.yaml")[1]
    assert "3 of 6 steps" in out and "words: train, seed 3; loso, seed 3; cv, seed 3" in out and "floor:" not in out


def test_validation_runs_nothing_and_names_unknown_recipes_all_at_once(place, stance):
    code, out, _ = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 0 and out.split() == [
        "small.yaml",
        "comparison,",
        "2",
        "recipes,",
        "1",
        "seed",
        *SPEC["question"].split(),
    ]
    spec = SPEC | {"recipes": ["flor.yaml", "words.yaml", "worts.yaml"]}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    for verb in ("validate", "run"):
        code, _, err = stance("experiment", verb, "experiments/small.yaml")
        assert code == 2 and "2 unknown recipe(s)" in err
        assert "'flor.yaml'; did you mean 'floor.yaml'?" in err and "'worts.yaml'; did you mean 'words.yaml'?" in err
    assert not (place / "mlflow.db").exists() and not (place / "experiments" / "results").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipes": ["words.yaml", "words.yaml"]}, "recipes: named twice: words.yaml"),
        ({"seeds": [3, 3]}, "seeds: named twice: 3"),
        ({"seeds": [-1]}, "seeds.0: "),
        ({"cross_validation": 2}, "cross_validation: one fold trains"),
    ],
)
def test_a_specification_that_would_run_in_vain_is_refused(place, stance, change, said):
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC | change))
    code, _, err = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 2 and said in err


def test_two_recipes_of_one_name_are_refused(place, stance):
    (place / "models" / "words.yaml").write_text((place / "models" / "floor.yaml").read_text())
    code, _, err = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 2 and "two recipes are named 'floor'" in err


def test_all_faults_of_a_specification_and_its_recipes_come_at_once(place, stance):
    (place / "models" / "words.yaml").write_text((place / "models" / "words.yaml").read_text() + "sead: 3\n")
    spec = {key: value for key, value in SPEC.items() if key != "question"}
    spec |= {"stoping_rule": "x", "recipes": ["flor.yaml", "words.yaml"]}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    code, _, err = stance("experiment", "run", "experiments/small.yaml")
    assert code == 2
    for said in ("did you mean 'stopping_rule'", "question: missing", "did you mean 'floor.yaml'", "sead: unknown key"):
        assert said in err, err


@pytest.mark.parametrize("kind", [None, "comparisom"])
def test_a_kind_that_is_none_is_answered_with_those_there_are(place, stance, kind):
    spec = {key: value for key, value in SPEC.items() if key != "kind"} | ({"kind": kind} if kind else {})
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    code, _, err = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 2 and "kind: " in err and ("did you mean 'comparison'" in err if kind else "learning-curve" in err)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"recipes": 5}, "recipes: "), ({"recipes": "words.yaml"}, "recipes: "), ({"kind": ["comparison"]}, "kind: ")],
)
def test_a_value_of_another_type_is_one_fault_and_no_traceback(place, stance, change, said):
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC | change))
    code, _, err = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 2 and said in err and err.count("\n  - ") == 1
    assert stance("experiment", "ls")[0] == 0


def test_validation_asks_the_labels_too(place, stance):
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC | {"behaviour": True}))
    code, _, err = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 2 and "behaviour" in err


ABLATION = ablating.SPEC | {"variants": {"plain": {"class_weight": "none"}}}


def write_ablation(place, **changes):
    spec = {key: value for key, value in (ABLATION | changes).items() if value is not None}
    (place / "experiments" / "try.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    return place / "experiments" / "try.yaml"


def test_an_ablation_is_listed_checked_and_shown(place, stance):
    path = write_ablation(place)
    for arguments in (("ls",), ("validate", path)):
        code, out, _ = stance("experiment", *arguments)
        assert code == 0 and "try.yaml  ablation, 1 variant, 2 folds, 1 seed" in out
    code, out, _ = stance("experiment", "show", path)
    assert code == 0 and "0 of 4 steps" in out and "plain: 2 folds, seed 3" in out and "words.yaml" in out
    assert not (place / "mlflow.db").exists()


def test_the_specifications_of_this_repository_are_sound():
    paths = sorted((ROOT / "experiments").glob("*.yaml"))
    kinds = [load_spec(path, ROOT / "models")[0].kind for path in paths]
    assert {"comparison", "learning-curve", "ablation", "frontier"} <= set(kinds)


def test_every_fault_of_every_variant_comes_at_once_and_names_it(place, stance):
    variants = {
        "plain": {"class_weigth": "none", "c": -1},
        "odd": {"kind": "frozen"},
        "same": {"c": TFIDF["c"]},
        "base": {"c": 1.0},
        "flat": 3,
        "Bad Name": {"c": 2.0},
    }
    write_ablation(place, variants=variants, folds=1, question=None, metric="f1")
    code, _, err = stance("experiment", "validate", "experiments/try.yaml")
    assert code == 2
    for said in (
        "question: missing", "folds: ", "metric: ", "variants.flat: ", "Bad Name",
        "variants.plain: 2 faults", "learner.class_weigth: unknown key; did you mean 'class_weight'?", "learner.c: ",
        "variants.odd: 1 fault\n  - kind: 'frozen', and the base is 'tfidf'",
        "variants.same: the same settings as 'base'", "variants.base: the recipe as it is has the name 'base'",
    ):  # fmt: skip
        assert said in err, (said, err)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipe": "word.yaml"}, "recipe: 'word.yaml'; did you mean 'words.yaml'?"),
        ({"recipe": 5}, "recipe: "),
        ({"variants": {}}, "variants: "),
        ({"variants": ["plain"]}, "variants: "),
        ({"recipe": "pair.yaml"}, "recipe: 'pair.yaml' (kind average) is built of other recipes"),
        ({"recipe": "fits.yaml"}, "recipe: 'fits.yaml' (kind seeds) is built of other recipes"),
        ({"recipe": "guest.yaml"}, "recipe: 'guest.yaml' (kind peer) is another tool's"),
        ({"kind": None}, "kind: missing; allowed: comparison, learning-curve, ablation"),
        ({"kind": "ablatoin"}, "kind: 'ablatoin'; did you mean 'ablation'?"),
        ({"seeds": [3, 3]}, "seeds: named twice: 3"),
    ],
)
def test_an_ablation_that_cannot_be_run_is_refused_with_one_fault(place, stance, encoder_folder, change, said):
    peer = {"kind": "peer", "program": "spacy", "requirements": ["./nowhere.whl"]}
    settings = {"optimize": "efficiency", "max_steps": 20, "patience": 20, "eval_frequency": 10}
    write_recipe(place / "models" / "guest.yaml", peer | {"settings": settings}, learn_from="validation")
    average = {"kind": "average", "members": ["floor.yaml", "words.yaml"]}
    write_recipe(place / "models" / "pair.yaml", average, learn_from="validation")
    write_recipe(place / "models" / "one.yaml", finetuned_learner(encoder_folder), learn_from="validation")
    seeds = {"kind": "seeds", "member": "one.yaml", "fits": 2}
    write_recipe(place / "models" / "fits.yaml", seeds, learn_from="validation")
    write_ablation(place, **change)
    code, _, err = stance("experiment", "validate", "experiments/try.yaml")
    assert code == 2 and said in err and "Traceback" not in err
    assert err.count("error: ") == 1 and sum(line.startswith("  - ") for line in err.splitlines()) <= 1


def test_variants_are_merged_key_by_key_unless_they_name_another_kind(place, encoder_folder):
    learner = finetuned_learner(encoder_folder, smoothing={"everywhere": 0.1}, loss={"kind": "focal", "gamma": 2.0})
    write_recipe(place / "models" / "deep.yaml", learner, learn_from="validation")
    asymmetric = {"kind": "asymmetric", "gamma_positive": 0.0, "gamma_negative": 4.0, "margin": 0.05}
    variants = {
        "unsure": {"smoothing": {"unsure": 0.2}},
        "sharper": {"loss": {"gamma": 3.0}},
        "asymmetric": {"loss": asymmetric},
    }
    spec, recipes = load_spec(write_ablation(place, recipe="deep.yaml", variants=variants), place / "models")
    assert spec.name == "try" and list(recipes) == ["base", "unsure", "sharper", "asymmetric"]
    learners = {name: recipe.model_dump(mode="json")["learner"] for name, recipe in recipes.items()}
    assert learners["unsure"]["smoothing"] == {"everywhere": 0.1, "unsure": 0.2}
    assert (
        learners["sharper"]["loss"] == {"kind": "focal", "gamma": 3.0} and learners["asymmetric"]["loss"] == asymmetric
    )
    assert recipes["base"].hash != recipes["sharper"].hash and recipes["sharper"].decisions == recipes["base"].decisions
    with pytest.raises(ConfigError, match=r"here: 1 fault\n  - learner.loss.gama: unknown key; did you mean 'gamma'"):
        make_variant(recipes["base"], {"loss": {"gama": 3.0}}, "here", place / "models")


@pytest.fixture
def school(place, encoder_folder):
    """Write a student and two that may teach it, the second with another encoder."""
    for name, folder in (("one", encoder_folder), ("other", place / "elsewhere")):
        write_recipe(place / "models" / f"{name}.yaml", finetuned_learner(folder), learn_from="validation")
    learner = distilled_learner(encoder_folder, "one.yaml", place / "more.jsonl")
    write_recipe(place / "models" / "student.yaml", learner, learn_from="validation")
    return place / "models"


def test_variants_of_a_student_keep_its_teacher_or_name_another(place, school):
    variants = {"nearer": {"embedding_weight": 1.0}, "taught": {"teacher": "other.yaml"}}
    _, recipes = load_spec(write_ablation(place, recipe="student.yaml", variants=variants), school)
    assert {name: list(recipe.members) for name, recipe in recipes.items()} == {
        "base": ["one"], "nearer": ["one"], "taught": ["other"],
    }  # fmt: skip
    assert recipes["nearer"].members == recipes["base"].members and len({r.hash for r in recipes.values()}) == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"teacher": "on.yaml"}, "variants.odd: learner.teacher: no recipe 'on.yaml' beside it"),
        ({"teacher": "words.yaml"}, "variants.odd: learner.teacher: 'words.yaml' is of kind tfidf"),
        ({"teacher": "other.yaml", "start": "soup"}, "variants.odd: learner.start: soup needs a student with the"),
    ],
)
def test_a_variant_of_a_student_that_cannot_be_is_refused(place, school, stance, changes, said):
    write_ablation(place, recipe="student.yaml", variants={"odd": changes})
    code, _, err = stance("experiment", "validate", "experiments/try.yaml")
    assert code == 2 and said in " ".join(err.split())
