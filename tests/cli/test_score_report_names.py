"""`stance score … --report`: names that collide, lead nowhere or are too long, and documents named twice."""

import json
import os

import pytest
from lxml import html

from pipeline.predict import Predictor

TEXT = "The talks bring peace. The fleet must strike now.\n"


@pytest.fixture
def desk(desk):
    """Put links that lead back to themselves on the desk."""
    for name in ("loop.md", "loop.html", "loop.jsonl"):
        (desk / name).symlink_to(name)
    return desk


def paths(page):
    return [one.text for one in html.parse(page).getroot().find_class("path")]


@pytest.mark.parametrize(
    "words",
    [("--report", "loop.html"), ("--report", f"{'n' * 490}.html"), ("-o", "loop.jsonl"), ("-o", f"{'n' * 490}.jsonl")],
)
def test_what_can_never_be_written_is_refused_before_any_work(desk, score, words):
    code, out, err = score("north/a.md", *words)
    assert code == 2 and out == "" and f"cannot write {words[1]}: " in err and "hint: " in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_folder_that_nobody_may_enter_is_named(desk, score):
    (desk / "shut").mkdir(mode=0)
    code, out, err = score("north/a.md", "--report", "shut/page.html")
    assert code == 2 and out == "" and "cannot write shut/page.html: Permission denied" in err


def test_a_document_that_leads_nowhere_does_not_keep_the_others_from_the_page(desk, score):
    long = f"{'n' * 490}.md"
    code, _, err = score("north/a.md", "loop.md", long, "--report", "page.html")
    assert code == 2 and "loop.md" in err and long in err and "wrote the report of 1 document to page.html" in err
    code, _, err = score("north/a.md", "loop.md", "-o", "a.jsonl")
    assert code == 2 and "loop.md" in err and "wrote 2 sentences" in err
    assert score("north/a.md", "loop.md", "-o", "a.jsonl")[0] == 2  # the file is there now, and is compared with them


@pytest.mark.parametrize("letter", ["n", "é"])
def test_a_long_name_is_cut_to_fit(desk, score, letter):
    name = letter * (245 // len(letter.encode()))
    (desk / f"{name}.md").write_text(TEXT)
    code, out, _ = score(f"{name}.md", "--report")
    [page] = desk.glob("*-report.html")
    assert code == 0 and out and name.startswith(page.name.removesuffix("-report.html")) and len(page.name) > 100
    assert score("north/a.md", "--report", f"{'n' * 250}.html")[0] == 0


def test_documents_of_one_name_keep_a_report_each(desk, score):
    for _ in range(2):
        assert "to a-report.html" in score("north/a.md", "--report")[2]
        assert "to a-report-2.html" in score("./south/a.md", "--report")[2]
    assert "to a-report.html" in score(str(desk / "north" / "a.md"), "--report")[2]
    assert "to a-report-2.html" in score("south", "--report")[2]
    assert paths("a-report-2.html") == ["south/a.md"]
    assert score("south/a.md", "--report", "a-report.html")[0] == 0 and paths("a-report.html") == ["south/a.md"]


def test_reports_of_several_documents_do_not_replace_each_other(desk, score):
    (desk / "b.md").write_text(TEXT)
    assert "to stance-report.html" in score("north/a.md", "b.md", "--report")[2]
    assert "to stance-report-2.html" in score("south/a.md", "b.md", "--report")[2]
    assert "to stance-report.html" in score("b.md", "north/a.md", "--report")[2]


@pytest.mark.parametrize(
    ("words", "places"),
    [
        (("north", "north/a.md"), ["north/a.md"]),
        (("north/a.md", "north", "south"), ["north/a.md", "south/a.md"]),
        (("north/a.md", "north/*.md", "./north/a.md"), ["north/a.md"]),
        (("north", "north/"), ["north/a.md"]),
    ],
)
def test_a_document_named_twice_is_one(desk, score, words, places):
    code, _, err = score(*words, "--report", "page.html")
    assert code == 0 and paths("page.html") == places, err


def test_an_empty_folder_beside_documents_is_still_named(desk, score):
    (desk / "empty").mkdir()
    code, _, err = score("north/a.md", "empty", "--report", "page.html")
    assert code == 2 and "nothing to score in empty" in err and paths("page.html") == ["north/a.md"]


@pytest.mark.parametrize("more", [(), ("-o", "scores")])
def test_earlier_reports_among_the_names_are_no_documents(desk, score, more):
    assert score("north/a.md", "--report")[0] == 0
    for names in (("a-report.html",), ("a-report.html", "page.html")):
        code, _, err = score("north/a.md", *names, *more, "--report=page.html")
        assert code == 0 and paths("page.html") == ["north/a.md"] and "passed over" in err


def test_a_report_named_alone_is_scored(desk, score):
    score("north/a.md", "--report")
    code, out, err = score("a-report.html", "--json")
    assert code == 0 and json.loads(out.splitlines()[0])["text"] and "passed over" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "y.html", "--report", "y.html"), "y.html is named for the scores and for the report"),
        (("--report", "p.html", "--report"), "--report is given twice"),
        (("--report=p.html", "--report=q.html"), "--report is given twice"),
        (("--evidence", "-o", "e.csv"), "--evidence is written as JSON lines"),
    ],
)
def test_options_that_do_not_go_together_say_why(desk, score, words, said):
    code, out, err = score("north/a.md", *words)
    assert code == 2 and out == "" and said in err and not list(desk.glob("[!l]*.html"))


def test_words_asked_for_beside_a_report_are_those_of_the_page(desk, score):
    code, _, _ = score("north/a.md", "--evidence", "-o", "e.csv", "--report", "page.html")
    assert code == 0 and (desk / "e.csv").is_file() and paths("page.html") == ["north/a.md"]


def test_words_are_sought_once_for_rows_and_page(desk, score, monkeypatch):
    calls = []
    explain = Predictor.explain

    def counted(self, texts, labels):
        calls.append(texts)
        return explain(self, texts, labels)

    monkeypatch.setattr(Predictor, "explain", counted)
    code, out, _ = score("north/a.md", "--json", "--evidence", "--report", "page.html")
    assert code == 0 and len(calls) == 1 and json.loads(out.splitlines()[0])["evidence"]
    assert html.parse("page.html").getroot().xpath("//*[@data-word]")
    assert score("north/a.md", "--evidence", "--report", "page.html")[0] == 0 and len(calls) == 2


def test_an_overview_of_a_run_is_never_replaced(desk, score):
    text = '<!doctype html><meta name="generator" content="cautious-hope overview">'
    (desk / "overview.html").write_text(text)
    code, _, err = score("north/a.md", "--report", "overview.html")
    assert code == 2 and "is no report of ours" in err and (desk / "overview.html").read_text() == text
