"""Nothing is half-written, and a fault in a file names its line."""

import hashlib
import json
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ground import files
from pipeline.ground.errors import ConfigError, StanceError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner, max_size=3)
)
RECORDS = st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=5)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@given(records=RECORDS)
def test_records_survive_the_way_to_a_file_and_back(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("records") / "a.jsonl"
    files.write_jsonl(path, records)
    assert [record for _, record in files.read_jsonl(path)] == records


def test_line_separators_inside_a_text_do_not_cut_the_line(tmp_path):
    record = {"text": "one\u2028two\u0085three\x0bfour\r\nfive"}
    (tmp_path / "a.jsonl").write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8", newline="")
    assert [found for _, found in files.read_jsonl(tmp_path / "a.jsonl")] == [record]


def test_blank_lines_count_but_hold_nothing(tmp_path):
    (tmp_path / "a.jsonl").write_text('\n{"a": 1}\n\n   \n{"b": 2}')
    assert list(files.read_jsonl(tmp_path / "a.jsonl")) == [(2, {"a": 1}), (5, {"b": 2})]


@pytest.mark.parametrize(
    ("bad", "said"), [("{oops", "not JSON"), ("[1]", "a JSON list"), ("3", "a JSON int"), ('"x"', "a JSON str")]
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path, bad, said):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"a": 1}}\n\n{bad}\n')
    with pytest.raises(ConfigError) as caught:
        list(files.read_jsonl(path))
    assert f"{path}, line 3: " in caught.value.message and said in caught.value.message and caught.value.hint


def test_json_that_is_broken_is_named_by_line(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{\n"a": 1,\n"b" 2\n}')
    with pytest.raises(ConfigError, match="line 3: not JSON"):
        files.read_json(path)


def test_a_byte_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b'{"name": "caf\xe9"}')
    with pytest.raises(ConfigError) as caught:
        files.read_json(path)
    assert f"{path}: not UTF-8 (byte 0xe9 at position 13)" in caught.value.message and "iconv" in caught.value.hint


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (r'{"text": "half \ud800 a pair"}', r"\ud800 is half a surrogate pair"),
        (r'{"\uDC00": 1}', r"\udc00 is half a surrogate pair"),
        ('{"text": ' + DEEP, "nested too deeply"),
    ],
)
def test_a_record_that_cannot_be_used_names_file_and_line(tmp_path, line, said):
    path = tmp_path / "a.jsonl"
    path.write_text(r'{"text": "both \ud83d\ude00 halves"}' + f"\n{line}\n")
    records = files.read_jsonl(path)
    assert next(records) == (1, {"text": "both 😀 halves"})
    with pytest.raises(ConfigError) as caught:
        next(records)
    assert f"{path}, line 2: " in caught.value.message and said in caught.value.message and caught.value.hint


def test_json_nested_too_deeply_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(DEEP)
    with pytest.raises(ConfigError, match="nested too deeply") as caught:
        files.read_json(path)
    assert str(path) in caught.value.message and caught.value.hint


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert files.read_json(tmp_path / "a.json") == {"a": 1}


def test_what_is_absent_or_a_folder_is_named(tmp_path):
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(StanceError, match=str(path)) as caught:
            files.read_bytes(path)
        assert caught.value.hint


def test_the_hash_of_a_value_does_not_know_the_order_of_its_keys():
    assert files.hash_json({"a": 1, "b": [1, 2]}) == files.hash_json({"b": [1, 2], "a": 1})
    assert files.hash_json({"a": [1, 2]}) != files.hash_json({"a": [2, 1]})
    assert len(files.hash_json({}, 12)) == 12


def test_the_hash_of_a_file_is_the_hash_of_its_text(tmp_path):
    files.write_text(tmp_path / "a.txt", "détente\n")
    assert files.sha256_of(tmp_path / "a.txt") == files.hash_text("détente\n")


@pytest.mark.parametrize("size", [0, 1, files.BLOCK, 2 * files.BLOCK + 7])
def test_a_hash_is_of_the_whole_file(tmp_path, size):
    content = b"de" * size
    (tmp_path / "a.bin").write_bytes(content)
    assert files.sha256_of(tmp_path / "a.bin") == hashlib.sha256(content).hexdigest()


def test_a_write_that_fails_keeps_the_old_file_and_leaves_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk"):
        patch.setattr(files.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk")))
        files.write_text(path, "new")
    assert path.read_text() == "old" and names_in(tmp_path) == ["a.txt"]


def test_records_that_fail_half_way_keep_the_old_file(tmp_path):
    path = tmp_path / "a.jsonl"
    files.write_jsonl(path, [{"old": 1}])

    def records():
        yield {"new": 1}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_jsonl(path, records())
    assert path.read_text() == '{"old": 1}\n' and names_in(tmp_path) == ["a.jsonl"]


def test_a_folder_appears_whole_with_missing_parents(tmp_path):
    target = tmp_path / "deep" / "model"
    with files.whole_folder(target) as staging:
        (staging / "a").write_text("1")
        assert not target.exists()
    assert names_in(target) == ["a"] and names_in(target.parent) == ["model"]


def test_what_a_killed_run_left_goes_after_a_day(tmp_path):
    target = tmp_path / "model[1]"
    old, young, other = (tmp_path / name for name in (".model[1].abc", ".model[1].def", ".model1.abc"))
    for folder in (old, young, other):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, (time.time() - 2 * files.DAY,) * 2)
    with files.whole_folder(target):
        pass
    assert names_in(tmp_path) == [".model1.abc", ".model[1].def", "model[1]"]


def test_a_new_folder_replaces_the_old_one_whole(tmp_path):
    target = tmp_path / "model"
    target.mkdir()
    (target / "old").write_text("1")
    with files.whole_folder(target) as staging:
        (staging / "new").write_text("2")
        assert names_in(target) == ["old"]
    assert names_in(target) == ["new"] and names_in(tmp_path) == ["model"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("older", [True, False])
def test_a_folder_that_fails_leaves_nothing_but_the_old_one(tmp_path, failure, older):
    target = tmp_path / "model"
    if older:
        target.mkdir()
        (target / "old").write_text("1")
    with pytest.raises(failure), files.whole_folder(target) as staging:
        (staging / "sub").mkdir()
        (staging / "sub" / "half").write_text("2")
        raise failure
    assert names_in(tmp_path) == (["model"] if older else [])
    assert not older or names_in(target) == ["old"]


def test_a_rename_that_fails_puts_the_old_folder_back(tmp_path, monkeypatch):
    target = tmp_path / "model"
    target.mkdir()
    (target / "old").write_text("1")
    rename = files.os.replace
    calls = []

    def second_fails(*paths):
        calls.append(paths)
        if len(calls) == 2:
            raise OSError("no room")
        rename(*paths)

    monkeypatch.setattr(files.os, "replace", second_fails)
    with pytest.raises(OSError, match="no room"), files.whole_folder(target) as staging:
        (staging / "new").write_text("2")
    assert len(calls) == 3 and names_in(target) == ["old"] and names_in(tmp_path) == ["model"]
