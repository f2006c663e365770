"""Members of archives are items; what is hostile or damaged is named, and the rest goes on."""

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from pipeline.ground.errors import DocumentError
from pipeline.scoring import archives
from pipeline.scoring.archives import read_item
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.inputs import find_items
from pipeline.scoring.items import Failure, Item, Passed
from pipeline.scoring.opened import LARGEST
from pipeline.scoring.reader import FIELDS
from pipeline.scoring.reading_child import answer
from pipeline.scoring.spark_rows import read_through

PROSE = b"The envoys met at noon. They agreed on little."


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def packed(members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def find(raw, name="drop.zip"):
    Path(name).write_bytes(raw)
    return list(find_items([name], TableOptions()))


def patched(raw, old, new, count=-1):
    assert old in raw
    return raw.replace(old, new, count)


def test_members_are_items_in_their_order_and_are_read_back():
    found = find(packed([("south/b.txt", b"b"), ("a.md", b"a"), ("south/", b""), ("x.jpg", b"x"), (".h.txt", b"h")]))
    assert [one.place for one in found[:-1]] == ["drop.zip!south/b.txt", "drop.zip!a.md"]
    assert [one.name for one in found[:-1]] == ["b.txt", "a.md"]
    assert [read_item(one) for one in found[:-1]] == [b"b", b"a"]
    assert found[-1] == Passed({".jpg": 1}, hidden=1)


def test_nested_archives_to_depth_three():
    raw = packed([("c.txt", PROSE)])
    for name in ("three.zip", "two.zip"):
        raw = packed([(name, raw), ("beside.txt", PROSE)])
    first, *_ = found = find(raw)
    assert first.place == "drop.zip!two.zip!three.zip!c.txt"
    assert [read_item(one) for one in found] == [PROSE] * 3
    deep, *others = find(packed([("one.zip", raw), ("z.txt", PROSE)]))
    assert isinstance(deep, Failure) and "nested deeper than 3" in deep.reason
    assert [one.place for one in others][-1] == "drop.zip!z.txt"


def test_tables_in_archives_become_rows():
    (item,) = find(packed([("t.csv", b"id,text\nx,Hello there.\n")]))
    assert (item.place, item.id, item.text) == ("drop.zip!t.csv#1", "x", "Hello there.")


def test_bombs_are_refused_by_what_they_declare_and_what_they_give(monkeypatch):
    bomb, item = find(packed([("bomb.txt", bytes(5 * 2**20)), ("a.txt", PROSE)]))
    assert "zip bomb" in bomb.reason and read_item(item) == PROSE
    raw = packed([("bomb.txt", bytes(5 * 2**20))])
    lying = patched(raw, struct.pack("<L", 5 * 2**20), struct.pack("<L", 10))
    (item,) = find(lying)
    with pytest.raises(DocumentError, match="damaged in the archive"):
        read_item(item)
    monkeypatch.setattr(archives, "MOST_BYTES", 100)
    found = find(packed([(f"{number}.txt", PROSE) for number in range(4)]))
    assert [type(one) for one in found] == [Item, Item, Failure, Failure]


def test_members_too_large_are_refused_without_unpacking():
    raw = packed([("a.txt", PROSE)], zipfile.ZIP_STORED)
    (failure,) = find(
        patched(raw, struct.pack("<LL", len(PROSE), len(PROSE)), struct.pack("<LL", LARGEST, LARGEST + 1))
    )
    assert f"{LARGEST:,}" in failure.reason


def test_overlapping_members_are_refused():
    raw = bytearray(packed([("a.txt", PROSE), ("b.txt", PROSE), ("c.txt", PROSE)], zipfile.ZIP_STORED))
    second = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 4)
    raw[second + 42 : second + 46] = struct.pack("<L", 0)  # b lies where a lies
    first, again, item = find(bytes(raw))
    assert "another member's" in first.reason and "another member's" in again.reason
    assert item.place == "drop.zip!c.txt"


def test_too_many_members(monkeypatch):
    raw = packed([(f"{number}.txt", b"") for number in range(archives.MOST_MEMBERS + 1)], zipfile.ZIP_STORED)
    (failure,) = find(raw)
    assert f"more than {archives.MOST_MEMBERS:,} members" in failure.reason
    monkeypatch.setattr(archives, "_DIRECTORY", 100_000)
    assert "directory is longer" in find(raw)[0].reason


def test_encrypted_and_oddly_packed_members():
    raw = bytearray(packed([("a.txt", PROSE), ("b.txt", PROSE)]))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    first, second = find(bytes(raw))
    assert "password" in first.reason and read_item(second) == PROSE
    for method, number in ((zipfile.ZIP_BZIP2, "12"), (zipfile.ZIP_LZMA, "14")):
        (failure,) = find(packed([("a.txt", PROSE)], method))
        assert f"method {number}" in failure.reason


def test_names_that_lead_out_are_read_and_spelled_so_that_they_lead_nowhere():
    names = ["../../etc/passwd.txt", "/etc/a.txt", "..\\..\\w.txt", "a/../../b.txt", "new\nline.txt"]
    found = find(packed([(name, name.encode()) for name in names]))
    assert [read_item(one).decode() for one in found] == names
    for one in found:
        inside = one.place.removeprefix("drop.zip!")
        target = os.path.normpath(os.path.join("/safe", inside))  # noqa: PTH118 - what a careless caller might do
        assert target.startswith("/safe/") and one.place.isprintable()
    assert len({one.place for one in found}) == len(names)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_names_stand_for_the_last():
    first, second = find(packed([("a.txt", b"old"), ("a.txt", b"new")]))
    assert isinstance(first, Failure) and first.place != second.place
    assert read_item(second) == b"new"


def test_bad_checksum_and_truncated_data_are_said_when_read():
    raw = packed([("a.txt", PROSE), ("b.txt", PROSE)], zipfile.ZIP_STORED)
    first, second = find(patched(raw, b"envoys", b"convoy", 1))
    with pytest.raises(DocumentError, match=r"drop.zip!a.txt: damaged in the archive \(Bad CRC"):
        read_item(first)
    assert read_item(second) == PROSE


@pytest.mark.parametrize("cut", [0, 1, 30, 60, 100])
def test_cut_archives(cut):
    (failure,) = find(packed([("a.txt", PROSE)])[:cut])
    assert "archive" in failure.reason and failure.hint


def test_every_single_byte_may_be_wrong():
    raw = packed([("a.txt", PROSE), ("b/c.zip", packed([("d.txt", PROSE)]))])
    for place in range(len(raw)):
        for one in find(raw[:place] + bytes([raw[place] ^ 0xFF]) + raw[place + 1 :]):
            if isinstance(one, Item):
                try:
                    read_item(one)
                except DocumentError as error:
                    assert error.hint


def test_names_in_other_encodings():
    raw = packed([("xxxx.txt", PROSE)])
    assert find(patched(raw, b"xxxx", "éé".encode()))[0].place == "drop.zip!éé.txt"
    assert find(patched(raw, b"xxxx", b"\x81\x82\x83\xff"))[0].place.isprintable()
    marked = bytearray(packed([("éé.txt", PROSE)]))
    (failure,) = find(patched(bytes(marked), "éé".encode(), b"\xff\xff\xff\xff"))
    assert "UTF-8" in failure.reason


def test_files_are_read_within_bounds(monkeypatch):
    Path("a.txt").write_bytes(PROSE)
    (item,) = find_items(["a.txt"], TableOptions())
    monkeypatch.setattr(archives, "LARGEST", 10)
    with pytest.raises(DocumentError, match="longer than 10 bytes"):
        read_item(item)
    Path("a.txt").unlink()
    os.mkfifo("a.txt")
    with pytest.raises(DocumentError, match="named pipe"):
        read_item(item)
    Path("a.txt").unlink()
    with pytest.raises(DocumentError, match="no such file"):
        read_item(item)


def test_a_date_in_a_name_is_of_the_members_own_name():
    inner = packed([("2014-04-04.txt", PROSE), ("notes.txt", PROSE)])
    members = ("minutes.txt", "2018-03-09.txt", "north/2017-01-02.txt", "2019/notes.txt")
    raw = packed([*((name, PROSE) for name in members), ("inner-2015-05-05.zip", inner)])
    found = find(raw, "export-2026-11-25.zip")
    dates = ["", "2018-03-09", "2017-01-02", "", "2014-04-04", ""]
    assert [read_through(one).document.date for one in found] == dates
    asked = [{"item": {name: getattr(one, name) for name in FIELDS}, "encoding": None} for one in found]
    assert [answer(one)["reading"]["date"] for one in asked] == dates
