"""Students are ablated with teachers they share; what made them names their steps, and what cannot be is said first."""

import pytest
from ablating import kept, prepare, run
from tiny import ROOT, distilled_learner, finetuned_learner, write_recipe

from pipeline.ground.errors import ConfigError
from pipeline.ground.files import hash_json
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.reports.ablation import _legend
from pipeline.workflows.ablation import Ablated, ablation_steps

LAYERS = {"layers": {"weight": 1.0, "pairs": [[1, 2]]}}
COPIES = {"augment": {"labels": ["hawk"], "copies": 1, "delete": 0.1, "swap": 0.1, "unlabelled": 0.3}}


@pytest.fixture
def place(lab, encoder_folder):
    """Stand in a project of a student and its teacher, `models/student.yaml` and `one.yaml`."""
    teacher = finetuned_learner(encoder_folder, epochs=2, patience=2)
    write_recipe(lab / "models" / "one.yaml", teacher, learn_from="validation")
    learner = distilled_learner(encoder_folder, "one.yaml", lab / "more.jsonl", epochs=1)
    write_recipe(lab / "models" / "student.yaml", learner, learn_from="validation")
    return lab


@pytest.fixture
def fitted(monkeypatch) -> list:
    """Count the teachers that are fitted."""
    seen, train = [], FinetunedEstimator._train
    monkeypatch.setattr(FinetunedEstimator, "_train", lambda *given: seen.append(given) or train(*given))
    return seen


def ablate(root, **changes):
    return run(root, **({"recipe": "student.yaml", "variants": {"layers": LAYERS}} | changes))


def names(root, **changes) -> set[str]:
    """Name the files of all steps."""
    spec, recipes, bench = prepare(root, **({"recipe": "student.yaml", "variants": {"layers": LAYERS}} | changes))
    return {bench.path(step).name for step in ablation_steps(spec, recipes, bench)}


def test_variants_of_a_student_share_the_teachers_of_their_folds(place, fitted):
    found, trained, listener = ablate(place, variants={"layers": LAYERS, "copies": COPIES})
    assert len(trained) == 6 and len(fitted) == 2, "a teacher for each fold, and for all variants"
    assert len({row.figures["macro_ap"] for row in found.rows}) == 3 and found.students
    assert sum(line.startswith("altered copies: ") for line in listener.said) == 2


def test_force_fits_teachers_and_students_anew_and_variants_share_the_new_ones(place, fitted):
    def cached():
        return {path: path.stat().st_mtime_ns for path in (place / ".cache").rglob("*.safetensors")}

    ablate(place)
    before = cached()
    assert {path.parts[len(place.parts) + 1] for path in before} == {"weights", "judgements", "distillation"}
    _, trained, listener = ablate(place, force=True)
    assert len(trained) == 4 and len(fitted) == 4
    after = cached()
    assert after.keys() == before.keys() and [path for path in before if after[path] <= before[path]] == []
    said = " ".join(listener.said)
    assert said.count("fitted before") == 2 and "trained before" not in said and "going on" not in said


def test_another_seed_of_the_teacher_makes_other_steps(place):
    before, path = names(place), place / "models" / "one.yaml"
    path.write_text(path.read_text().replace("seed: 3", "seed: 4"))
    assert len(before) == 4 and names(place).isdisjoint(before)


def test_unlabelled_text_that_is_absent_makes_other_steps(place):
    before, path = names(place), place / "more.jsonl"
    path.rename(place / "away.jsonl")
    assert names(place).isdisjoint(before)
    (place / "away.jsonl").rename(path)
    assert names(place) == before


def test_steps_of_other_recipes_are_named_as_before(place):
    spec, recipes, bench = prepare(place)
    step = ablation_steps(spec, recipes, bench)[0]
    everything = step.inputs | {"recipe": recipes["base"].hash, "seed": 3, "kind": "fold-1-of-2"}
    everything |= {"data": bench.corpus.fingerprint, "splits": bench.split_hash}
    assert bench.path(step).name == f"words-seed3-fold-1-of-2-{hash_json(everything, 12)}.json"


def test_the_legend_says_of_students_whose_seconds_hold_the_teachers(place):
    spec, _, _ = prepare(place)
    of_students, of_others = (
        _legend(spec, Ablated((), 0, 0, students)).partition("- *Training s per fold*")[2] for students in (True, False)
    )
    assert "the variant that first needed it" in " ".join(of_students.split()) and of_students.startswith(of_others)
    for name, said in (("ablation-distilled", of_students), ("ablation", of_others)):
        assert f"{said}\n\n" in (ROOT / "experiments" / f"{name}.md").read_text(encoding="utf-8")


def test_a_student_of_a_teacher_that_reads_neighbours_is_refused_before_anything(place, encoder_folder):
    teacher = finetuned_learner(encoder_folder, context="neighbours")
    write_recipe(place / "models" / "one.yaml", teacher, learn_from="validation")
    with pytest.raises(ConfigError, match="one reads neighbouring sentences"):
        ablate(place, variants={"still": {"warmup": 0.2}})
    assert not (place / "experiments" / "results").exists()


@pytest.mark.parametrize("act", [ablate, names], ids=["run", "show"])
def test_layers_that_are_not_there_are_said_with_their_variant_before_anything(place, act):
    deep = {"layers": {"weight": 1.0, "pairs": [[1, 9]]}}
    said = r"try: deep: learner\.layers\.pairs: layer 9 of the teacher is asked for, and its encoder has 2"
    with pytest.raises(ConfigError, match=said) as caught:
        act(place, variants={"layers": LAYERS, "deep": deep})
    assert "counted from 1" in caught.value.hint and not (place / "experiments" / "results").exists()


def test_an_encoder_that_is_not_there_makes_only_its_variant_drop_out(place):
    lost = LAYERS | {"encoder": {"path": str(place / "nowhere")}}
    found, trained, _ = ablate(place, variants={"lost": lost})
    assert len(kept(place)) == 2 and trained == ["base seed 3, fold-1-of-2", "base seed 3, fold-2-of-2"]
    assert [row.variant for row in found.rows] == ["base", "lost"] and "no encoder in" in found.rows[1].failed


def test_an_encoder_that_would_have_to_be_fetched_is_read_by_a_run_alone(place, monkeypatch):
    asked = []
    monkeypatch.setattr("pipeline.learning.nearness.count_layers", lambda encoder, *_: asked.append(encoder.kind) or 2)
    far = {"layers": {"weight": 1.0, "pairs": [[3, 1]]}, "encoder": {"kind": "hub", "id": "owl/owl-base"}}
    assert len(names(place, variants={"far": far})) == 4 and asked == []
    with pytest.raises(ConfigError, match=r"far: learner\.layers\.pairs: layer 3 of the student"):
        ablate(place, variants={"far": far})
    assert asked == ["hub", "folder"]
