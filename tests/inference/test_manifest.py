"""A model folder is whole and unchanged, or it is refused with a path and a way out."""

import json
import shutil

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.ground.errors import ModelError
from pipeline.inference.manifest import (
    AverageSpec,
    Manifest,
    OnnxSpec,
    PriorSpec,
    needed_files,
    read_manifest,
    write_manifest,
)
from pipeline.inference.shelf import latest_model
from pipeline.predict import Predictor


@pytest.fixture
def folder(workshop, tmp_path):
    """Copy a TF-IDF model folder that may be damaged."""
    return shutil.copytree(workshop.tiny.folder, tmp_path / "model")


def refusal(folder) -> str:
    with pytest.raises(ModelError) as caught:
        Predictor.load(folder)
    assert caught.value.hint and str(folder) in caught.value.message
    return caught.value.message


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_copied_folder_says_what_the_original_says(workshop, folder):
    texts = ["Talks bring peace.", "Strike the depots."]
    original, copy = Predictor.load(workshop.tiny.folder), Predictor.load(folder)
    assert np.array_equal(original.predict_proba(texts), copy.predict_proba(texts))
    assert original.manifest == copy.manifest


def test_a_manifest_written_is_the_manifest_read(folder):
    manifest = read_manifest(folder)
    assert write_manifest(folder, manifest) == manifest == read_manifest(folder)
    assert Manifest.model_validate(manifest.model_dump(mode="json")) == manifest


def test_every_file_but_the_manifest_is_listed(workshop):
    for trained in (workshop.tiny, workshop.small):
        listed = set(trained.manifest.files)
        there = {path.name for path in trained.folder.iterdir()}
        assert listed == there - {"manifest.json"} and len(listed) == 3


@pytest.mark.parametrize("name", ["weights.npz", "vocabulary.json", "decisions.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert f"{folder / name} is missing" in refusal(folder)


@pytest.mark.parametrize("name", ["weights.npz", "vocabulary.json", "decisions.json"])
def test_a_truncated_file_is_named_with_both_sizes(folder, name):
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    message = refusal(folder)
    assert f"{folder / name} has {len(whole) // 2} bytes" in message and f"says {len(whole)}" in message


@pytest.mark.parametrize("name", ["weights.npz", "vocabulary.json", "decisions.json"])
def test_a_file_changed_by_one_bit_is_named(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    assert f"{folder / name} has changed" in refusal(folder)


@pytest.mark.parametrize("number", [2, 0, "1", None])
def test_another_format_is_refused_by_number(folder, number):
    edit(folder / "manifest.json", format=number)
    assert f"format {number!r}, and this version of stance reads format 1" in refusal(folder)


@pytest.mark.parametrize(
    ("content", "said"), [("{", "line 1: not JSON"), ("[]", "format None"), ('{"format": 1}', "name: Field required")]
)
def test_a_manifest_that_is_none_is_refused(folder, content, said):
    (folder / "manifest.json").write_text(content)
    assert said in refusal(folder)


def test_a_manifest_of_another_shape_is_refused_by_field(folder):
    edit(folder / "manifest.json", scorer={"kind": "tfidf"})
    assert "scorer.tfidf.word_ngrams" in refusal(folder)


def test_a_folder_without_a_manifest_is_no_model(folder):
    (folder / "manifest.json").unlink()
    assert "is not a model folder: it holds no manifest.json" in refusal(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    assert "does not exist" in refusal(tmp_path / "nowhere")


def test_a_file_where_a_folder_is_meant_is_named(folder):
    assert "is a file, and a model is a folder" in refusal(folder / "weights.npz")


def test_decisions_for_other_labels_are_refused(folder):
    edit(folder / "decisions.json", labels=["dove", "hawk"])
    write_manifest(folder, read_manifest(folder))
    assert "decisions are for ('dove', 'hawk'), the model for ('hawk', 'dove')" in refusal(folder)


def test_decisions_of_another_shape_are_refused(folder):
    edit(folder / "decisions.json", calibration="magic")
    write_manifest(folder, read_manifest(folder))
    assert "decisions.json: " in refusal(folder)


def test_decisions_that_the_manifest_does_not_list_are_refused(folder):
    manifest = read_manifest(folder)
    files = {name: entry for name, entry in manifest.files.items() if name != "decisions.json"}
    (folder / "manifest.json").write_text(manifest.model_copy(update={"files": files}).model_dump_json())
    assert "decisions.json is not in the manifest" in refusal(folder)


@pytest.mark.parametrize(
    ("name", "content"), [("weights.npz", b"PK\x03\x04 no archive"), ("weights.npz", b""), ("vocabulary.json", b"{}")]
)
def test_files_that_do_not_fit_together_are_refused_even_where_the_manifest_lists_them(folder, name, content):
    (folder / name).write_bytes(content)
    write_manifest(folder, read_manifest(folder))
    assert "do not fit together" in refusal(folder)


def test_a_graph_that_onnxruntime_cannot_load_is_refused(workshop, tmp_path):
    folder = shutil.copytree(workshop.small.folder, tmp_path / "model")
    (folder / "model.onnx").write_bytes(b"no graph")
    write_manifest(folder, read_manifest(folder))
    assert "model.onnx: onnxruntime cannot load it" in refusal(folder)


def test_a_model_is_named_by_its_files(folder, workshop):
    before = read_manifest(folder)
    assert before.id == workshop.tiny.manifest.id and before.id.startswith("tiny-")
    edit(folder / "decisions.json", objective="another")
    assert write_manifest(folder, before).id != before.id


def test_the_model_trained_last_is_found(workshop, tmp_path):
    for name, created in (("a", "2026-01-01"), ("b", "2026-03-01"), ("c", "2026-02-01"), (".b.half", "2027-01-01")):
        folder = shutil.copytree(workshop.tiny.folder, tmp_path / name)
        edit(folder / "manifest.json", created=f"{created}T00:00:00+00:00")
    assert latest_model(tmp_path) == (tmp_path / "b", [])


def test_an_empty_shelf_says_how_to_fill_it(tmp_path):
    with pytest.raises(ModelError, match="no model in") as caught:
        latest_model(tmp_path)
    assert "stance train" in caught.value.hint


def test_an_unreadable_folder_is_passed_over_and_said(workshop, tmp_path):
    for name in ("old", "good"):
        shutil.copytree(workshop.tiny.folder, tmp_path / name)
    edit(tmp_path / "old" / "manifest.json", format=0, created="2099-01-01")
    model, notices = latest_model(tmp_path)
    assert model == tmp_path / "good"
    assert len(notices) == 1 and f"{tmp_path / 'old' / 'manifest.json'}: format 0" in notices[0].message
    shutil.rmtree(tmp_path / "good")
    with pytest.raises(ModelError, match=r"passed over: .*format 0") as caught:
        latest_model(tmp_path)
    assert "stance train" in caught.value.hint


@pytest.mark.parametrize("kind", ["tiny", "small"])
def test_every_file_the_scorer_reads_must_be_listed(workshop, tmp_path, kind):
    folder = shutil.copytree(getattr(workshop, kind).folder, tmp_path / "model")
    manifest = read_manifest(folder)
    needed = needed_files(manifest.scorer)
    assert len(needed) == 2
    for name in needed:
        files = {key: entry for key, entry in manifest.files.items() if key != name}
        (folder / "manifest.json").write_text(manifest.model_copy(update={"files": files}).model_dump_json())
        assert f"{folder / name} is not in the manifest" in refusal(folder)


def test_the_files_of_members_are_needed_in_their_folders():
    members = {"floor": PriorSpec(probabilities=(0.5,)), "net": OnnxSpec(max_length=8)}
    nested = AverageSpec(members={"inner": AverageSpec(members=members)})
    within = "members/inner/members/net"
    assert needed_files(nested) == [f"{within}/model.onnx", f"{within}/tokenizer.json"]


def test_decisions_for_another_choice_are_refused(folder):
    edit(folder / "decisions.json", choice="one")
    write_manifest(folder, read_manifest(folder))
    assert "decisions are for choice 'one', the model for 'any'" in refusal(folder)


def test_a_prior_has_one_probability_for_each_label(folder):
    prior = {"kind": "prior", "probabilities": [0.5, 0.3, 0.2]}
    for scorer in (prior, {"kind": "average", "members": {"floor": prior}}):
        edit(folder / "manifest.json", scorer=scorer)
        assert "3 prior probabilities for 2 labels" in refusal(folder)


def test_an_encoder_that_reads_next_to_nothing_is_refused():
    with pytest.raises(ValidationError, match="greater than or equal to 8"):
        OnnxSpec(max_length=7)


def test_a_scorer_with_another_number_of_columns_is_refused(folder):
    with np.load(folder / "weights.npz") as arrays:
        wide = {name: np.concatenate([a, a[:1]]) if "idf" not in name else a for name, a in arrays.items()}
    np.savez(folder / "weights.npz", **wide)
    write_manifest(folder, read_manifest(folder))
    assert "the scorer gives 3 columns, and the codebook has 2 labels" in refusal(folder)
