"""A table that lost, gained or moved rows is scored again into the same folder: no row is there twice, none is lost."""

import json
import zipfile
from pathlib import Path

import pytest
from scoring.archives_of_text import contents, read_here, run

from pipeline.scoring.row_numbers import RowNumbers, row_of
from pipeline.workflows import archive

OPEN = 'id,text\nr1,"The talks of r1 bring peace."\nr2,"never closed\nr3,x\nr4,x\n'


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(archive, "read_items", read_here)
    return tmp_path


def write(name, ids):
    """Write a table of one row for each id; an empty id is a blank line."""
    texts = {one: f"The talks of {one} bring peace. The fleet must strike in {one}." for one in ids}
    if name.endswith(".jsonl"):
        rows = "".join(json.dumps({"id": one, "text": texts[one]}) + "\n" if one else "\n" for one in ids)
    else:
        rows = "id,text\n" + "".join(f'{one},"{texts[one]}"\n' for one in ids)
    if name.endswith(".zip"):
        with zipfile.ZipFile(name, "w") as packed:
            packed.writestr("t.csv", rows)
        return
    Path(name).write_text(rows)


def score(predictor, place, *named, output="out"):
    return run(predictor, place, place / output, named=named)


def held(place):
    """Give the id of each document in the folder, by place."""
    rows = [json.loads(row) for row in contents(place / "out")["documents"]]
    return {row["path"]: row["doc"] for row in rows}


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "d.zip"])
@pytest.mark.parametrize(
    ("after", "new", "gone"),
    [
        (["r2", "r3", "r4"], 3, 1),
        (["r1", "r2"], 0, 2),
        (["r4"], 1, 3),
        (["r2", "r1", "r3", "r4"], 2, 0),
        (["r0", "r1", "r2", "r3", "r4"], 5, 0),
    ],
)
def test_rows_that_moved_are_scored_anew_and_those_beyond_the_end_leave(place, predictor, name, after, new, gone):
    write(name, ["r1", "r2", "r3", "r4"])
    score(predictor, place, name)
    write(name, after)
    again = score(predictor, place, name)
    assert (again.new_documents, again.left_out, again.documents) == (new, gone, len(after))
    score(predictor, place, name, output="anew")
    assert contents(place / "out") == contents(place / "anew")
    assert sorted(held(place).values()) == sorted(after)
    last = score(predictor, place, name)
    assert (last.new_documents, last.left_out) == (0, 0)


def test_a_blank_line_among_json_lines_is_no_row(place, predictor):
    write("t.jsonl", ["r1", "r2", "r3"])
    score(predictor, place, "t.jsonl")
    write("t.jsonl", ["r1", "", "", "r2", "r3"])
    assert score(predictor, place, "t.jsonl").left_out == 2
    assert held(place) == {"t.jsonl#1": "r1", "t.jsonl#4": "r2", "t.jsonl#5": "r3"}


def test_a_table_without_rows_holds_none(place, predictor):
    write("t.csv", ["r1", "r2"])
    write("u.csv", ["u1"])
    score(predictor, place, "t.csv", "u.csv")
    write("t.csv", [])
    assert score(predictor, place, "t.csv", "u.csv").left_out == 2
    assert held(place) == {"u.csv#1": "u1"}


@pytest.mark.parametrize("content", [OPEN, OPEN.replace('"never closed', "one,two,three"), "id,words\nr1,x\n", None])
def test_what_may_not_be_all_of_a_table_costs_none_of_its_rows(place, predictor, content):
    write("t.csv", ["r1", "r2", "r3", "r4", "r5"])
    write("u.csv", ["u1"])
    score(predictor, place, "t.csv", "u.csv")
    if content is None:
        (place / "t.csv").unlink()
    else:
        (place / "t.csv").write_text(content)
    again = score(predictor, place, "t.csv", "u.csv")
    assert again.left_out == 0 and again.failed >= 1
    assert {"t.csv#1", "t.csv#5", "u.csv#1"} <= set(held(place))


def test_a_table_that_is_not_named_keeps_its_rows(place, predictor):
    write("t.csv", ["r1", "r2"])
    write("u.csv", ["u1", "u2"])
    score(predictor, place, "t.csv", "u.csv")
    write("t.csv", ["r2"])
    write("u.csv", ["u2"])
    assert score(predictor, place, "u.csv").left_out == 1
    assert held(place) == {"t.csv#1": "r1", "t.csv#2": "r2", "u.csv#1": "u2"}


def test_an_interrupted_run_drops_nothing_and_the_next_one_does(place, predictor, monkeypatch):
    def interrupted(items, *rest):
        for number, one in enumerate(read_here(items)):
            if number == 2:
                raise KeyboardInterrupt
            yield one

    write("t.csv", ["r1", "r2", "r3", "r4"])
    score(predictor, place, "t.csv")
    write("t.csv", ["r2", "r3", "r4"])
    monkeypatch.setattr(archive, "read_items", interrupted)
    with pytest.raises(KeyboardInterrupt):
        score(predictor, place, "t.csv")
    assert set(held(place).values()) >= {"r3", "r4"} and "t.csv#4" in held(place)
    monkeypatch.setattr(archive, "read_items", read_here)
    assert score(predictor, place, "t.csv").left_out == 1
    assert held(place) == {"t.csv#1": "r2", "t.csv#2": "r3", "t.csv#3": "r4"}


def test_numbers_without_a_row_are_those_between_and_beyond():
    numbers = RowNumbers()
    for number in (2, 3, 7):
        numbers.meet(number)
    assert [list(numbers.missing(highest)) for highest in (0, 1, 5, 9)] == [[], [1], [1, 4, 5], [1, 4, 5, 6, 8, 9]]


@pytest.mark.parametrize(
    ("place", "known"),
    [
        ("t.csv#12", ("t.csv", 12)),
        ("d.zip!a#1.csv#3", ("d.zip!a#1.csv", 3)),
        ("a#3.txt", ("a#3.txt", 0)),
        ("a.txt", ("a.txt", 0)),
        ("t.csv#²", ("t.csv#²", 0)),
        (f"t.csv#{'9' * 5000}", (f"t.csv#{'9' * 5000}", 0)),
    ],
)
def test_a_place_names_a_row_or_none(place, known):
    assert row_of(place) == known
