"""A YAML file is read as a strict record, or every fault in it is named at once."""

from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from pipeline.ground.config import Strict, did_you_mean, load_config, parse_config, read_yaml
from pipeline.ground.errors import ConfigError, StanceError


class Cat(Strict):
    kind: Literal["cat"]
    lives: int = Field(ge=1, le=9)


class Dog(Strict):
    kind: Literal["dog"]
    tricks: tuple[str, ...] = ()


class Room(Strict):
    size: int
    colour: str = "white"


class House(Strict):
    name: str
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    rooms: tuple[Room, ...] = ()


GOOD = {"name": "Mill", "pet": {"kind": "cat", "lives": 9}, "rooms": [{"size": 3}]}


def faults_of(value: object) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(value, House, "house.yaml")
    assert caught.value.hint
    return caught.value.message


def test_a_good_file_is_read_and_cannot_change(tmp_path):
    (tmp_path / "house.yaml").write_text("name: Mill\npet: {kind: dog, tricks: [sit]}\n")
    house = load_config(tmp_path / "house.yaml", House)
    assert house == House(name="Mill", pet=Dog(kind="dog", tricks=("sit",)))
    with pytest.raises(ValidationError):
        house.name = "Barn"


def test_a_record_survives_the_way_to_json_and_back():
    house = parse_config(GOOD, House, "here")
    assert parse_config(house.model_dump(mode="json"), House, "there") == house


def test_every_fault_is_named_at_once_with_its_path_and_a_suggestion():
    message = faults_of(
        {"nme": "Mill", "pet": {"kind": "cat", "live": 9}, "rooms": [{"size": 3}, {"size": 2, "color": "red"}]}
    )
    lines = message.splitlines()
    assert lines[0] == "house.yaml: 5 faults"
    assert sorted(lines[1:]) == [
        "  - name: missing",
        "  - nme: unknown key; did you mean 'name'?",
        "  - pet.live: unknown key; did you mean 'lives'?",
        "  - pet.lives: missing",
        "  - rooms.1.color: unknown key; did you mean 'colour'?",
    ]


def test_a_word_like_no_key_lists_what_is_allowed():
    assert "xyz: unknown key; allowed: name, pet, rooms" in faults_of(GOOD | {"xyz": 1})


def test_a_wrong_tag_of_a_union_is_named_with_the_nearest():
    assert "pet.kind: 'cta'; did you mean 'cat'?" in faults_of(GOOD | {"pet": {"kind": "cta"}})
    assert "pet.kind: 'parrot'; allowed: cat, dog" in faults_of(GOOD | {"pet": {"kind": "parrot"}})


def test_a_missing_tag_of_a_union_is_named():
    assert "pet.kind: missing" in faults_of(GOOD | {"pet": {"lives": 9}})


@pytest.mark.parametrize("tag", [3, None, True, ["cat"]])
def test_a_tag_that_is_no_word_is_a_fault_and_no_crash(tag):
    assert "pet" in faults_of(GOOD | {"pet": {"kind": tag}})


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": 7}, "name: "),
        ({"name": ["Mill"]}, "name: "),
        ({"pet": {"kind": "cat", "lives": "many"}}, "pet.lives: "),
        ({"pet": {"kind": "cat", "lives": 10}}, "pet.lives: "),
        ({"pet": "cat"}, "pet: "),
        ({"rooms": [{"size": 2.5}]}, "rooms.0.size: "),
        ({"rooms": {"size": 2}}, "rooms: "),
    ],
)
def test_a_wrong_type_is_named_with_its_path_and_value(change, where):
    message = faults_of(GOOD | change)
    assert message.startswith("house.yaml: 1 fault\n")
    assert f"  - {where}" in message and "(got " in message


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "holds nothing"), ("# only a comment\n", "holds nothing"), ("- a\n- b\n", "a list"), ("word", "a str")],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path, content, said):
    path = tmp_path / "house.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path, House)
    assert str(path) in caught.value.message and said in caught.value.message and caught.value.hint


@pytest.mark.parametrize(
    ("content", "line"), [("name: Mill\npet: {kind: cat\nrooms: []\n", 3), ("a: b: c\n", 1), ("name: 'open\n", 2)]
)
def test_what_is_not_yaml_is_named_with_its_line(tmp_path, content, line):
    path = tmp_path / "house.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path, House)
    assert f"{path}, line {line}, column " in caught.value.message and caught.value.hint


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"name: \x07\n", b"name: caf\xe9\n"])
def test_a_binary_file_or_wrong_encoding_is_refused_by_name(tmp_path, content):
    path = tmp_path / "house.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path, House)
    assert str(path) in caught.value.message and caught.value.hint


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()], ids=["absent", "folder"])
def test_a_file_that_is_not_there_or_is_a_folder_is_named(tmp_path, make):
    path = tmp_path / "house.yaml"
    make(path)
    with pytest.raises(StanceError) as caught:
        load_config(path, House)
    assert str(path) in caught.value.message and caught.value.hint


@given(st.text(min_size=1, max_size=12).filter(lambda key: key not in GOOD))
def test_no_unknown_key_passes(key):
    assert f"  - {key}: unknown key; " in faults_of(GOOD | {key: 1})


@given(st.sampled_from(["threshold", "objective", "calibration"]), st.data())
def test_a_word_with_one_letter_lost_finds_its_way_back(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    allowed = ["threshold", "objective", "calibration", "floor"]
    assert did_you_mean(word[:at] + word[at + 1 :], allowed) == f"did you mean {word!r}?"


def test_a_key_given_twice_is_refused_with_its_line(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text("name: a\nseed: 1\nname: b\n")
    with pytest.raises(ConfigError, match=r"line 3.*the key 'name' stands here twice"):
        read_yaml(path)
    path.write_text("base: &base {a: 1}\nother:\n  <<: *base\n  a: 2\n")
    assert read_yaml(path)["other"] == {"a": 2}
