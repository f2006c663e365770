"""Everything named becomes items, each file once, in one order, and what cannot be read is named."""

import io
import json
import os
import socket
import sys
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.scoring.archives import read_item
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.inputs import find_items
from pipeline.scoring.items import Failure, Item, Passed, path_of

PROSE = "The envoys met at noon. They agreed on little."


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, content=PROSE):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def find(*named, **more):
    return list(find_items(named, TableOptions(), **more))


def places(*named, **more):
    found = find(*named, **more)
    assert not [one for one in found if isinstance(one, Failure)]
    return [one.place for one in found if isinstance(one, Item)]


def failures(*named, **more):
    return [one for one in find(*named, **more) if isinstance(one, Failure)]


def only_failure(*named):
    (failure,) = find(*named)
    assert isinstance(failure, Failure) and failure.hint
    return failure


def test_folder_is_walked_by_name_and_the_rest_is_counted():
    for name in ("north/b.txt", "north/a.md", "north/deep/er/c.HTML", "north/x.jpg", "north/y.jpg", "north/README"):
        write(name)
    *items, passed = find("north")
    assert [one.place for one in items] == ["north/a.md", "north/b.txt", "north/deep/er/c.HTML"]
    assert all(one.id == one.place for one in items)
    assert passed == Passed({".jpg": 2, "without extension": 1})
    assert passed.said == "3 files of other kinds passed over (.jpg 2, without extension 1)"


def test_hidden_files_and_folders_are_left_out_and_counted_unless_named():
    for name in ("north/.git/a.txt", "north/.b.txt", "north/c.txt"):
        write(name)
    assert [one.place for one in find("north")[:-1]] == ["north/c.txt"]
    assert find("north")[-1] == Passed({}, hidden=2)
    assert places("north/.git", "north/.b.txt") == ["north/.git/a.txt", "north/.b.txt"]


def test_places_of_two_folders_differ_and_open_the_file():
    write("north/a.txt", "north")
    write("south/a.txt", "south")
    found = find("south/", "./north")
    assert [one.place for one in found] == ["south/a.txt", "north/a.txt"]
    assert [read_item(one) for one in found] == [b"south", b"north"]


def test_each_file_comes_once_however_often_it_is_named():
    write("north/a.txt")
    os.link("north/a.txt", "north/same.txt")
    Path("north/link.txt").symlink_to("a.txt")
    assert places("north/a.txt", "north", "north/../north", "north/*.txt") == ["north/a.txt"]


def test_links_are_followed_and_loops_end():
    write("far/b.txt")
    write("north/a.txt")
    Path("north/further").symlink_to("../far")
    Path("north/up").symlink_to("..")
    assert places("north") == ["north/a.txt", "north/further/b.txt"]


def test_links_that_lead_nowhere_are_failures_and_the_walk_goes_on():
    write("north/z.txt")
    Path("north/a.txt").symlink_to("gone.txt")
    Path("north/self.txt").symlink_to("self.txt")
    first, second, item = find("north")
    assert "not there" in first.reason and "back to itself" in second.reason
    assert item.place == "north/z.txt"


def test_the_output_folder_is_never_walked():
    write("north/a.txt")
    write("north/out/rows.jsonl", "{}")
    assert places("north", outside=[Path("north/out")]) == ["north/a.txt"]
    (failure,) = find("north/out", outside=[Path("north/out").resolve()])
    assert "output folder" in failure.reason


@pytest.mark.parametrize("pattern", ["north/*.txt", "n?rth/a.txt", "**/a.txt", "[m-o]orth/**/a*"])
def test_patterns_that_the_shell_left_are_expanded(pattern):
    write("north/a.txt")
    write("north/.hidden/a.txt")
    Path("north/loop").symlink_to(".")
    Path("north/loop2").symlink_to(".")
    assert places(pattern) == ["north/a.txt"]


def test_pattern_without_a_match_and_one_that_is_a_name():
    assert "fits this pattern" in only_failure("*.txt").reason
    write("a[1].txt")
    assert places("a[1].txt") == ["a[1].txt"]
    assert "pattern" in only_failure("a**/b.txt").reason


@pytest.mark.parametrize(
    ("name", "hint"), [("a.xlsx", "a.csv"), ("a.jpg", "a.txt"), ("a.tar.gz", "unpack"), ("noext", "noext.txt")]
)
def test_file_of_another_kind_that_was_named_is_a_failure(name, hint):
    write(name)
    failure = only_failure(name)
    assert "extension" in failure.reason and hint in failure.hint


def test_absent_names():
    assert only_failure("gone/a.txt").reason == "no such file or folder"
    assert "empty name" in only_failure("").reason
    assert "null byte" in only_failure("a\0b").reason
    assert "too long" in only_failure("x" * 300 + ".txt").reason


def test_odd_names_open_travel_as_json_and_read_as_one_line():
    names = [
        b"line\nbreak.txt",
        b"caf\xe9.txt",
        b"-rf.txt",
        b"   .txt",
        b"100%41.txt",
        b"back\\slash.txt",
        b"n" * 250 + b".txt",
    ]
    names += ["\u202egnp.txt".encode(), "\u200b.txt".encode(), b"a.zip!b.txt"]
    for name in names:
        Path("odd").mkdir(exist_ok=True)
        with open(os.path.join(b"odd", name), "wb") as stream:  # noqa: PTH118, PTH123 - bytes are no Path
            stream.write(name)
    found = find("odd")
    assert len({one.place for one in found}) == len(names)
    for one in found:
        again = Item(**json.loads(json.dumps(asdict(one), ensure_ascii=False).encode("utf-8")))
        again = Item(**{**asdict(again), "members": tuple(again.members)})
        assert again == one and one.place.isprintable() and one.name.isprintable()
        assert os.fsencode(path_of(again).name) == read_item(again)
    assert r"odd/line\nbreak.txt" in {one.place for one in found}


def test_pipes_sockets_and_devices_are_never_opened(here):
    write("north/z.txt")
    os.mkfifo("north/a.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("north/b.txt")
        Path("north/c.txt").symlink_to("/dev/zero")
        found = find("north")
    assert ["named pipe" in found[0].reason, "socket" in found[1].reason, "device" in found[2].reason] == [True] * 3
    assert found[3].place == "north/z.txt"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_unreadable_folder_is_a_failure_and_the_walk_goes_on():
    write("north/a/b.txt")
    write("north/c.txt")
    Path("north/a").chmod(0)
    first, second = find("north")
    Path("north/a").chmod(0o755)
    assert "permission denied" in first.reason and second.place == "north/c.txt"


def test_standard_input_is_decoded_by_the_rules_for_plain_text(monkeypatch):
    def pipe(raw):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))

    pipe(PROSE.encode("utf-16"))
    (item,) = find("-", "-")
    assert item.place == item.id == f"stdin-{sha256(PROSE.encode()).hexdigest()[:12]}" and item.text == PROSE
    pipe(b"Another text.")
    assert find("-")[0].place not in ("stdin", item.place)
    pipe(b"\xff\xff\xff")
    assert only_failure("-").place == "stdin"
    pipe(b"")
    assert "empty" in only_failure("-").reason


NAMES = st.text(st.sampled_from("ab._ \n\u202eé%\\!#"), min_size=1, max_size=6).filter(
    lambda one: one not in (".", "..")
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=st.lists(st.lists(NAMES, min_size=1, max_size=4), max_size=12))
def test_any_tree_gives_every_file_once_in_the_same_order_twice(tree, tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    written = set()
    for parts in tree:
        path = root.joinpath(*parts[:-1], f"{parts[-1]}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
        if not any(part.startswith(".") for part in path.relative_to(root).parts):
            written.add(path)
    found = [one for one in find(str(root)) if not isinstance(one, Passed)]
    assert {path_of(one) for one in found} == written
    assert len({one.place for one in found}) == len(found) == len(written)
    assert found == [one for one in find(str(root)) if not isinstance(one, Passed)]
