"""`stance score … --report`: where the page goes, what it never replaces, and that no score is lost over it."""

import json

import pytest
from lxml import html

from pipeline.cli import console, score_report
from pipeline.ground.files import is_ours
from pipeline.ground.progress import Progress
from pipeline.predict import Predictor
from pipeline.workflows import briefing

TEXT = "The talks bring peace. The fleet must strike now.\n"


@pytest.fixture
def desk(desk):
    """Put a third briefing on the desk."""
    (desk / "b.md").write_text(f"# Harbour\n\n{TEXT}")
    return desk


def titles(path):
    return [one.get("id") for one in html.parse(path).findall(".//article")]


def test_a_page_is_named_by_its_document(desk, score):
    code, out, err = score("b.md", "--report")
    assert code == 0 and "The talks bring peace." in out
    assert "wrote the report of 1 document to b-report.html" in err
    assert is_ours(desk / "b-report.html") and titles("b-report.html") == ["d1"]


def test_several_documents_share_a_page(desk, score):
    code, _, err = score("north/a.md", "--report", "south/a.md", "b.md")
    assert code == 0 and "wrote the report of 3 documents to stance-report.html" in err
    assert titles("stance-report.html") == ["d1", "d2", "d3"]
    paths = [one.text for one in html.parse("stance-report.html").getroot().find_class("path")]
    assert paths == ["north/a.md", "south/a.md", "b.md"]


@pytest.mark.parametrize(
    ("words", "page"),
    [
        (("--report", "b.md"), "b-report.html"),
        (("--report", "page.html", "b.md"), "page.html"),
        (("b.md", "--report=PAGE.HTM"), "PAGE.HTM"),
    ],
)
def test_a_word_after_it_is_a_page_only_where_it_ends_like_one(desk, score, words, page):
    code, _, err = score(*words)
    assert code == 0 and f"wrote the report of 1 document to {page}" in err
    assert [path.name for path in desk.iterdir() if path.suffix.lower() in (".html", ".htm")] == [page]


def test_a_report_is_replaced_and_any_other_file_is_not(desk, score):
    for _ in range(2):
        assert score("b.md", "--report", "page.html")[0] == 0
    (desk / "mine.html").write_text("<p>mine</p>")
    code, out, err = score("b.md", "--report", "mine.html")
    assert code == 2 and out == "" and "mine.html is there already and is no report of ours" in err
    assert "hint: name another file: --report mine-stance.html" in err
    assert (desk / "mine.html").read_text() == "<p>mine</p>"


def test_scores_are_shown_and_written_where_the_report_cannot_be(desk, score):
    (desk / "b-report.html").write_text("mine")
    code, out, err = score("b.md", "-o", "b.jsonl", "--json", "--report")
    assert code == 2 and "b-report.html is there already" in err
    assert len(out.splitlines()) == len((desk / "b.jsonl").read_text().splitlines()) == 2
    (desk / "wall").write_text("")
    code, out, err = score("b.md", "--json", "--report", "wall/page.html")
    assert code == 2 and "cannot write the report wall/page.html" in err and len(out.splitlines()) == 2


def test_a_folder_of_scores_and_a_report_go_together(desk, score):
    code, _, err = score(".", "-o", "scores", "--report", "page.html")
    assert code == 0, err
    assert (desk / "scores" / "sentences").is_dir() and titles("page.html") == ["d1", "d2", "d3"]
    code, _, err = score(".", "-o", "scores", "--report", "page.html")
    assert code == 0 and "nothing to do: 3 documents" in err and titles("page.html") == ["d1", "d2", "d3"]


def test_reports_in_a_folder_are_no_documents(desk, score):
    score("b.md", "--report")
    code, out, err = score(".", "--report", "all.html")
    assert code == 0 and titles("all.html") == ["d1", "d2", "d3"] and "b-report" not in out
    assert ".html 1" in err


def test_what_cannot_be_read_is_named_and_the_rest_is_reported(desk, score):
    code, _, err = score("b.md", "absent.md", "--report")
    assert code == 2 and "no such file: absent.md" in err and titles("b-report.html") == ["d1"]
    code, _, err = score("absent.md", "--report")
    assert code == 2 and "no report" in err and not (desk / "stance-report.html").exists()


def test_more_than_a_page_can_hold_is_refused_before_any_work(desk, score, monkeypatch):
    monkeypatch.setattr(score_report, "AT_HAND", 2)
    code, _, err = score(".", "-o", "scores", "--report")
    assert code == 2 and "a report holds at most 2 documents" in err and "hint: name fewer" in err
    assert not (desk / "scores").exists()
    code, out, err = score("north/a.md", "south/a.md", "b.md", "--json", "--report")
    assert code == 2 and "these are 3" in err and out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("b.md", "--report=page.txt"), "--report names an .html file, and 'page.txt' is none"),
        (("b.md", "--no-evidence"), "--no-evidence is for --report"),
        (("b.md", "-o", "out", "--engine", "spark", "--report"), "--engine spark scores where they lie"),
        (("b.md", "--report", "north.html"), "north.html is a folder, and a report is a file"),
        (("--report", "page.html"), "Missing argument"),
        (("-", "-o", "scores", "--report"), "standard input is read once"),
    ],
)
def test_what_cannot_be_is_said(desk, score, words, said):
    (desk / "north.html").mkdir()
    code, out, err = score(*words)
    assert code == 2 and out == "" and said in err and "Traceback" not in err
    assert not (desk / "scores").exists() and not (desk / "out").exists()


def test_a_report_that_was_a_document_is_left_as_it_is(desk, score):
    score("b.md", "--report", "page.html")
    before = (desk / "page.html").read_bytes()
    code, _, err = score("page.html", "--report=page.html")
    assert code == 2 and "page.html is one of the documents" in err
    assert (desk / "page.html").read_bytes() == before


def test_the_figures_on_the_page_are_those_that_are_printed(desk, score):
    _, out, _ = score("b.md", "--json", "--report")
    rows = [json.loads(line) for line in out.splitlines()]
    page = html.parse("b-report.html")
    for number, row in enumerate(rows, 1):
        shown = [float(one.get("data-p")) for one in page.findall(f".//tr[@id='d1-f{number}']/td[@data-p]")]
        assert shown == pytest.approx([row["probabilities"][name] for name in ("hawk", "dove")], abs=1e-4), row


def test_words_that_carried_a_label_are_shown_unless_unwanted_or_too_many(desk, score, monkeypatch):
    assert (
        score("b.md", "--report", "with.html")[0] == score("b.md", "--report", "without.html", "--no-evidence")[0] == 0
    )
    page = html.parse("with.html").getroot()
    shown = {one.text for one in page.xpath("//*[@data-word]")}
    assert shown and all(word in TEXT for word in shown) and page.find_class("w")
    assert "exactly what the model adds up" in page.find_class("foot")[0].text_content()
    bare = html.parse("without.html").getroot()
    assert bare.find_class("w") == [] and "asked for without them" in bare.find_class("foot")[0].text_content()
    monkeypatch.setattr(briefing, "MOST", 1)
    score("b.md", "--report", "long.html")
    long = html.parse("long.html").getroot()
    assert "at most 1 sentences, and these documents have 2" in long.find_class("foot")[0].text_content()


class Watched(Progress):
    """Know whether the bar is up."""

    shown: list["Watched"] = []  # noqa: RUF012

    def __init__(self):
        self.up = False
        self.shown.append(self)

    def stage(self, name, total=0):
        self.up = True

    def close(self):
        self.up = False


@pytest.mark.parametrize("method", ["judge", "explain"])
def test_an_interruption_while_a_report_is_made_leaves_the_terminal_clean(desk, score, monkeypatch, method):
    assert score("b.md", "-o", "scores")[0] == 0  # what is scored already is not scored again

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Watched, "shown", [])
    monkeypatch.setattr(Predictor, method, interrupted)
    monkeypatch.setattr(console, "terminal_progress", Watched)
    assert score("b.md", "-o", "scores", "--report", "page.html")[0] == 130
    assert Watched.shown and not any(one.up for one in Watched.shown)
