"""`stance score A B -o FILE`: several documents go the way of folders; what needs them at hand is bounded."""

import json

import pytest
from lxml import html

from pipeline.cli import score_archive


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_several_documents_become_the_rows_that_a_folder_would_hold(desk, score, monkeypatch):
    monkeypatch.setattr("pipeline.scoring.reader.read_here", lambda *_, **__: pytest.fail("read in this process"))
    code, out, err = score("north/a.md", "south/a.md", "-o", "all.jsonl")
    assert code == 0 and out == "" and "wrote 4 sentences to all.jsonl" in err
    assert score("north/a.md", "south/a.md", "-o", "scores", "--format", "jsonl")[0] == 0
    assert rows(desk / "all.jsonl") == rows(desk / "scores" / "sentences" / "part-00000.jsonl")
    assert [row["doc"] for row in rows(desk / "all.jsonl")] == ["north/a.md"] * 2 + ["south/a.md"] * 2


def test_one_document_stays_at_hand_however_often_it_is_named(desk, score):
    code, out, _ = score("north/a.md", "north/a.md", "-o", "one.jsonl")
    assert code == 0 and "The talks bring peace." in out
    assert [row["doc"] for row in rows(desk / "one.jsonl")] == ["a", "a"]


def test_failures_that_are_not_shown_are_listed_beside_the_file(desk, score):
    names = [f"{number}.md" for number in range(7)]
    code, _, err = score("north/a.md", *names, "-o", "all.jsonl")
    assert code == 2 and err.count("error: ") == 5 and "… and 2 more" in err
    assert "7 documents could not be read; all are listed in all.jsonl.errors.jsonl" in err
    assert [row["place"] for row in rows(desk / "all.jsonl.errors.jsonl")] == names
    code, _, err = score("north/a.md", "south/a.md", "-o", "all.jsonl")
    assert code == 0 and not (desk / "all.jsonl.errors.jsonl").exists()


def test_one_document_removes_the_list_of_a_run_before(desk, score):
    assert score("north/a.md", "absent.md", "-o", "all.jsonl")[0] == 2 and (desk / "all.jsonl.errors.jsonl").exists()
    assert score("north/a.md", "-o", "all.jsonl")[0] == 0 and not (desk / "all.jsonl.errors.jsonl").exists()


def test_a_document_that_is_called_like_the_list_is_left_as_it_is(desk, score):
    (desk / "all.jsonl.errors.jsonl").write_text('{"text": "mine"}\n')
    code, _, err = score("all.jsonl.errors.jsonl", "north/a.md", "-o", "all.jsonl")
    assert code == 2 and "all.jsonl.errors.jsonl is one of the documents; it is left as it is" in err
    assert rows(desk / "all.jsonl.errors.jsonl") == [{"text": "mine"}]


def test_a_report_beside_the_file_holds_what_could_be_read(desk, score):
    code, _, err = score("north/a.md", "south/a.md", "absent.md", "-o", "all.csv", "--report", "page.html")
    assert code == 2 and "absent.md" in err and "wrote the report of 2 documents to page.html" in err
    assert [one.text for one in html.parse("page.html").getroot().find_class("path")] == ["north/a.md", "south/a.md"]


@pytest.mark.parametrize("option", ["--evidence", "--adapt-priors"])
def test_what_needs_the_documents_at_hand_takes_a_bounded_number(desk, score, monkeypatch, option):
    assert score("north/a.md", "south/a.md", "-o", "all.jsonl", option)[0] == 0
    (desk / "all.jsonl").unlink()
    monkeypatch.setattr(score_archive, "AT_HAND", 1)
    code, out, err = score("north/a.md", "south/a.md", "-o", "all.jsonl", option)
    assert code == 2 and out == "" and f"{option} takes at most 1 documents" in err and "these are 2" in err
    assert f"leave out {option}" in err and not (desk / "all.jsonl").exists()


@pytest.mark.parametrize("named", [("north/a.md", "south/a.md"), ("north",)])
def test_what_is_not_at_hand_is_not_printed(desk, score, named):
    code, out, err = score(*named, "-o", "all.jsonl", "--json")
    assert code == 2 and out == "" and "--json prints what is at hand" in err and not (desk / "all.jsonl").exists()


def test_rows_that_left_a_table_are_told(desk, score):
    (desk / "t.csv").write_text("text\nPeace is near.\nThe fleet must strike.\n")
    assert score("t.csv", "-o", "scores")[0] == 0
    (desk / "t.csv").write_text("text\nPeace is near.\n")
    code, _, err = score("t.csv", "-o", "scores")
    assert code == 0 and "nothing new to score: 1 document in scores unchanged" in err
    assert "left out 1 row that no table has any more" in err and "scores holds 1 document, 1 sentence" in err
