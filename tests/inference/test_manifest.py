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
    unlisted_files,
    verify_files,
    write_manifest,
)
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


@pytest.mark.parametrize("number", [0, "1", None, True])
def test_another_format_is_refused_by_number(folder, number):
    edit(folder / "manifest.json", format=number)
    assert f"format {number!r}, and this version of stance reads format 1" in refusal(folder)


def hint(folder) -> str:
    with pytest.raises(ModelError) as caught:
        Predictor.load(folder)
    return caught.value.hint


def test_a_newer_format_says_up_to_which_we_read_and_to_upgrade(folder):
    edit(folder / "manifest.json", format=2)
    assert refusal(folder).endswith("format 2, and this version of stance reads up to 1")
    assert "upgrade" in hint(folder) and "stance train" not in hint(folder)


@pytest.mark.parametrize(("name", "key"), [("manifest.json", "licence"), ("decisions.json", "mood")])
def test_a_key_of_a_newer_version_says_to_upgrade(folder, name, key):
    edit(folder / name, **{key: "unheard of"})
    if name == "decisions.json":
        write_manifest(folder, read_manifest(folder))
    assert f"{folder / name}: unknown key {key}; a newer stance may have written it" in refusal(folder)
    assert "upgrade" in hint(folder)


def test_a_manifest_cut_short_anywhere_is_refused(folder):
    whole = (folder / "manifest.json").read_bytes()
    for size in (0, 1, len(whole) // 3, len(whole) - 3):
        (folder / "manifest.json").write_bytes(whole[:size])
        assert "manifest.json, line " in refusal(folder) and "damaged or cut short" in refusal(folder)


def test_a_manifest_that_is_no_text_is_refused(folder):
    (folder / "manifest.json").write_bytes(b"\xff\xfe\x00" * 20)
    assert "not UTF-8" in refusal(folder) and "damaged or cut short" in refusal(folder)


def test_a_released_folder_says_how_to_get_it_back(folder, tmp_path, monkeypatch):
    fast = shutil.copytree(folder, tmp_path / "models" / "released" / "fast")
    accurate = shutil.copytree(folder, tmp_path / "models" / "released" / "accurate")
    for one in (fast, accurate):
        (one / "weights.npz").write_bytes(b"")
    assert f"git -C {accurate.parent} checkout -- accurate" in hint(accurate)
    monkeypatch.chdir(tmp_path)
    assert "git checkout -- models/released/accurate\n" in hint(accurate)
    shutil.rmtree(accurate)
    with pytest.raises(ModelError, match="does not exist") as caught:
        read_manifest(accurate)
    assert "git checkout -- models/released/accurate" in caught.value.hint
    assert "stance score FILE --fast or --model DIR" in hint(accurate)
    assert "--fast" not in hint(fast) and "stance score FILE --model DIR" in hint(fast)
    (folder / "weights.npz").write_bytes(b"")
    assert "stance train" in hint(folder) and "git" not in hint(folder)


def test_a_damaged_model_of_the_installed_package_says_to_install_again(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.inference.manifest.packaged_models", lambda: tmp_path)
    (folder / "manifest.json").unlink()
    assert "pip install --force-reinstall" in hint(folder) and "git" not in hint(folder)


def test_files_that_the_manifest_does_not_list_do_no_harm(folder):
    (folder / "notes").mkdir()
    (folder / "notes" / "mine.txt").write_text("read me")
    assert Predictor.load(folder).predict(["Talks bring peace."])
    assert unlisted_files(folder, read_manifest(folder)) == ["notes/mine.txt"]


def test_a_file_that_cannot_be_looked_at_is_named(folder):
    manifest = read_manifest(folder)
    name = "a" * 300
    listed = manifest.model_copy(update={"files": manifest.files | {name: manifest.files["decisions.json"]}})
    with pytest.raises(ModelError, match="cannot be read") as caught:
        verify_files(folder, listed)
    assert name in caught.value.message


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


def test_a_card_is_verified_and_leaves_the_name_of_the_model_as_it_is(folder):
    before = read_manifest(folder)
    (folder / "MODEL_CARD.md").write_text("# tiny\n")
    (folder / "parity.json").write_text("{}\n")
    carded = write_manifest(folder, before)
    assert carded.id == before.id and set(carded.files) == {*before.files, "MODEL_CARD.md", "parity.json"}
    assert Predictor.load(folder).manifest == carded
    (folder / "MODEL_CARD.md").write_text("# tinY\n")
    assert f"{folder / 'MODEL_CARD.md'} has changed" in refusal(folder)


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
    decisions = json.loads((folder / "decisions.json").read_text()) | {"choice": "one"}
    decisions.pop("review", None)  # it is for a choice, too, and would be refused first
    (folder / "decisions.json").write_text(json.dumps(decisions))
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
