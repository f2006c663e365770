"""An archive is scored once: what is unchanged is left alone, what changed is replaced, what failed is listed."""

import io
import json
import os
import sys

import pytest
from scoring.archives_of_text import contents, read_here, run, write_archive

from pipeline.ground.errors import StanceError
from pipeline.ground.progress import Progress
from pipeline.scoring.formats import FORMATS
from pipeline.scoring.rows import flatten, sentence_rows
from pipeline.scoring.store import Store
from pipeline.workflows import archive
from pipeline.workflows.archive import ArchiveRequest, score_archive, score_to_file


@pytest.fixture(autouse=True)
def quick_reader(monkeypatch):
    monkeypatch.setattr(archive, "read_items", read_here)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_archive(tmp_path / "in")
    return tmp_path


@pytest.mark.parametrize("form", FORMATS)
def test_a_second_run_does_nothing_and_a_changed_document_is_replaced(place, predictor, form):
    first = run(predictor, place / "in", place / "out", form=form)
    assert (first.new_documents, first.failed, first.unchanged) == (24, 2, 0)
    before, stamps = contents(place / "out"), {p: p.stat().st_mtime_ns for p in (place / "out").rglob("part-*")}
    assert len(stamps) > 6
    again = run(predictor, place / "in", place / "out", form=form)
    assert (again.new_documents, again.unchanged, again.documents) == (0, 24, 24)
    assert {p: p.stat().st_mtime_ns for p in (place / "out").rglob("part-*")} == stamps
    (place / "in" / "brief-05.txt").write_text("Peace is near. The fleet must wait.")
    (place / "in" / "new.txt").write_text("The talks bring peace.")
    third = run(predictor, place / "in", place / "out", form=form)
    assert (third.new_documents, third.unchanged, third.documents) == (2, 23, 25)
    run(predictor, place / "in", place / "anew", form=form)
    assert contents(place / "out") == contents(place / "anew") != before


def test_rows_are_those_of_the_predictor_with_page_and_paragraph(place, predictor):
    (place / "one.txt").write_text("Talks bring peace.\n\nThe fleet must strike now. Peace may fail.\n")
    run(predictor, place, place / "out", named=("one.txt",))
    rows = [json.loads(row) for row in contents(place / "out")["sentences"]]
    scored = predictor.predict_document(place / "one.txt")
    expected = [
        flatten(row, predictor.classes_) | {"doc": "one.txt", "path": "one.txt"} for row in sentence_rows(scored)
    ]
    assert sorted(rows, key=lambda row: row["index"]) == expected
    assert [row["paragraph"] for row in expected] == [1, 2, 2] and {row["page"] for row in expected} == {None}


def test_a_row_whose_date_or_title_changed_is_scored_anew(place, predictor):
    rows = [{"id": f"r{number}", "text": "Peace is near.", "date": "2026-01-01"} for number in range(4)]
    (place / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(predictor, place, place / "out", named=("t.jsonl",))
    rows[2]["date"] = "2026-02-02"
    (place / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    again = run(predictor, place, place / "out", named=("t.jsonl",))
    assert (again.new_documents, again.unchanged, again.documents) == (1, 3, 4)
    dates = sorted(json.loads(row)["date"] for row in contents(place / "out")["documents"])
    assert dates == ["2026-01-01"] * 3 + ["2026-02-02"]


def test_errors_are_listed_with_reason_and_way_on(place, predictor):
    run(predictor, place / "in", place / "out")
    errors = [json.loads(line) for line in contents(place / "out")["errors"]]
    assert [error["place"] for error in errors] == [str(place / "in" / name) for name in ("broken.txt", "empty.txt")]
    assert all(error["reason"] and error["hint"] for error in errors)
    (place / "in" / "broken.txt").write_text("Peace is near.")
    (place / "in" / "empty.txt").unlink()
    assert run(predictor, place / "in", place / "out").failed == 0
    assert not (place / "out" / "errors.jsonl").exists()


def test_a_folder_of_something_else_or_of_other_scores_is_left_alone(place, predictor):
    (place / "mine").mkdir()
    (place / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(StanceError, match=r"mine holds other files \(thesis.txt\)"):
        run(predictor, place / "in", place / "mine")
    assert [path.name for path in (place / "mine").iterdir()] == ["thesis.txt"]
    run(predictor, place / "in", place / "out")
    with pytest.raises(StanceError, match="made otherwise: rows 'parquet' there, 'csv' now"):
        run(predictor, place / "in", place / "out", form="csv")
    assert run(predictor, place / "in", place / "out", form="csv", force=True).new_documents == 24
    assert {path.suffix for path in (place / "out" / "sentences").iterdir()} == {".csv"}


def test_force_removes_scores_and_nothing_else(place, predictor):
    run(predictor, place / "in", place / "out")
    (place / "out" / "documents" / "mine.pdf").write_bytes(b"%PDF")
    run(predictor, place / "in", place / "out", force=True)
    assert (place / "out" / "documents" / "mine.pdf").exists()
    (place / "project" / "documents").mkdir(parents=True)
    (place / "project" / "run.json").write_text('{"mine": 1}')
    with pytest.raises(StanceError, match="holds other files"):
        run(predictor, place / "in", place / "project", force=True)
    with pytest.raises(StanceError, match="nothing to score"):
        run(predictor, place / "in", place / "out", named=("project",), force=True)
    assert contents(place / "out")["sentences"]


def test_scores_told_from_another_folder_are_left_alone(place, predictor, monkeypatch):
    run(predictor, place / "in", place / "out", named=("in",))
    monkeypatch.chdir(place / "in")
    with pytest.raises(StanceError, match=r"from '.*' there, '.*/in' now"):
        run(predictor, place / "in", place / "out", named=(".",))


def test_a_file_holds_only_what_was_named_for_it(place, predictor, monkeypatch):
    def interrupted(items, *rest):
        for number, one in enumerate(read_here(items)):
            if number == 20:
                raise KeyboardInterrupt
            yield one

    monkeypatch.setattr(archive, "read_items", interrupted)
    request = ArchiveRequest(("in",), place / "all.jsonl", "jsonl", part=12)
    with pytest.raises(KeyboardInterrupt):
        score_to_file(predictor, request, Progress())
    assert (place / ".all.jsonl.parts").is_dir()
    monkeypatch.setattr(archive, "read_items", read_here)
    (place / "right.txt").write_text("Peace is near.")
    score_to_file(predictor, ArchiveRequest(("right.txt",), place / "all.jsonl", "jsonl"), Progress())
    assert [json.loads(line)["path"] for line in (place / "all.jsonl").read_text().splitlines()] == ["right.txt"]
    assert not (place / ".all.jsonl.parts").exists()


def test_two_runs_never_write_to_one_folder(place, predictor, monkeypatch):
    said = []

    def in_between(items, *rest):
        with pytest.raises(StanceError, match="written by another run") as caught:
            run(predictor, place / "in", place / "out")
        said.append(caught.value.hint)
        yield from read_here(items)

    monkeypatch.setattr(archive, "read_items", in_between)
    assert score_archive(predictor, ArchiveRequest(("in",), place / "out"), Progress()).new_documents == 24
    assert len(said) == 1


def test_a_full_disk_costs_nothing_that_was_finished(place, predictor, monkeypatch):
    whole = run(predictor, place / "in", place / "whole")
    calls = []

    def full(source, target):
        calls.append(target)
        if len(calls) == 7:
            raise OSError(28, "No space left on device")
        return replace(source, target)

    replace = os.replace
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StanceError, match=r"No space left on device; [1-9][0-9]* documents with"):
        run(predictor, place / "in", place / "out")
    monkeypatch.setattr(os, "replace", replace)
    rest = run(predictor, place / "in", place / "out")
    assert 0 < rest.unchanged < 24 and rest.documents == whole.documents
    assert contents(place / "out") == contents(place / "whole")


@pytest.mark.parametrize("form", FORMATS)
def test_one_file_holds_what_the_folder_would(place, predictor, form):
    run(predictor, place / "in", place / "out", form=form)
    request = ArchiveRequest((str(place / "in"),), place / f"all.{form}", form, part=12)
    result = score_to_file(predictor, request, Progress())
    assert result.failed == 2 and not list(place.glob(".*"))
    (place / "joined" / "sentences").mkdir(parents=True)
    (place / "joined" / "documents").mkdir()
    (place / f"all.{form}").rename(place / "joined" / "sentences" / f"all.{form}")
    assert contents(place / "joined")["sentences"] == contents(place / "out")["sentences"]


def test_an_interruption_keeps_what_is_at_hand(place, predictor, monkeypatch):
    def interrupted(items, *rest):
        for number, one in enumerate(read_here(items)):
            if number == 20:
                raise KeyboardInterrupt
            yield one

    monkeypatch.setattr(archive, "read_items", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(predictor, place / "in", place / "out", part=10_000)
    monkeypatch.setattr(archive, "read_items", read_here)
    assert run(predictor, place / "in", place / "out").documents == 24


def test_an_interruption_while_a_part_is_written_doubles_nothing(place, predictor, monkeypatch):
    run(predictor, place / "in", place / "whole")
    adds = []

    def add(self, batch):
        write(self, batch)
        adds.append(len(batch))
        if len(adds) == 2:
            raise KeyboardInterrupt  # after the record is there

    write = Store.add
    monkeypatch.setattr(Store, "add", add)
    with pytest.raises(KeyboardInterrupt):
        run(predictor, place / "in", place / "out")
    monkeypatch.setattr(Store, "add", write)
    run(predictor, place / "in", place / "out")
    assert contents(place / "out") == contents(place / "whole") and len(adds) == 2


def pipe(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_each_text_on_standard_input_has_a_place_of_its_own(place, predictor, monkeypatch):
    results = []
    for text in ("Peace is near.", "The fleet must strike.", "Peace is near."):
        pipe(monkeypatch, text)
        results.append(run(predictor, place, place / "out", named=("-",)))
    assert [(one.new_documents, one.unchanged, one.documents) for one in results] == [(1, 0, 1), (1, 0, 2), (0, 1, 2)]
    documents = [json.loads(row) for row in contents(place / "out")["documents"]]
    assert [one["path"] for one in documents] == [f"stdin-{one['text_sha256'][:12]}" for one in documents]


def test_a_file_holds_no_text_that_was_piped_to_a_run_before(place, predictor, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    request = ArchiveRequest(("-",), place / "all.jsonl", "jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(archive, "join_files", full)
        pipe(monkeypatch, "Peace is near.")
        with pytest.raises(StanceError, match="the scores are safe in"):
            score_to_file(predictor, request, Progress())
    pipe(monkeypatch, "The fleet must strike.")
    score_to_file(predictor, request, Progress())
    assert [json.loads(line)["text"] for line in request.output.read_text().splitlines()] == ["The fleet must strike."]


def test_what_a_file_lacks_is_listed_beside_it_until_it_can_be_read(place, predictor):
    request = ArchiveRequest(("in",), place / "all.jsonl", "jsonl")
    listed = place / "all.jsonl.errors.jsonl"
    for names in (["broken.txt", "empty.txt"], ["empty.txt"], []):
        score_to_file(predictor, request, Progress())
        found = [json.loads(line)["place"] for line in listed.read_text().splitlines()] if listed.exists() else []
        assert found == [f"in/{name}" for name in names]
        (place / "in" / (names or ["gone.txt"])[0]).unlink(missing_ok=True)
    assert not listed.exists()


def test_the_list_of_errors_is_no_document(place, predictor):
    request = ArchiveRequest((".",), place / "all.jsonl", "jsonl")
    for _ in range(2):
        result = score_to_file(predictor, request, Progress())
        assert (result.failed, result.documents) == (2, 24)


def test_a_list_of_errors_lies_where_a_link_leads(place, predictor):
    (place / "far").mkdir()
    (place / "all.jsonl").symlink_to(place / "far" / "all.jsonl")
    score_to_file(predictor, ArchiveRequest(("in",), place / "all.jsonl", "jsonl"), Progress())
    assert sorted(path.name for path in (place / "far").iterdir()) == ["all.jsonl", "all.jsonl.errors.jsonl"]
