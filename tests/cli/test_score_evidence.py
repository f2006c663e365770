"""`stance score --evidence` names the words in JSON lines, and nowhere that it would be too slow or has no place."""

import json

import pytest
from tiny import tiny_sentences

from pipeline.inference.evidence import phrases
from pipeline.predict import Predictor

TEXT = "The fleet must strike “now”,\nand with missiles. The envoys want peace talks and a treaty.\n\nRain fell."


@pytest.fixture
def shop(workshop, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.txt").write_text(" ".join(text for _, text in tiny_sentences()[:6]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["tiny", "small"])
def model(request, workshop):
    return getattr(workshop, request.param).folder


def test_json_lines_name_the_words_that_carried_each_label(shop, stance, model):
    code, out, err = stance("score", "a.txt", "b.txt", "--model", model, "--json", "--evidence")
    assert code == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    predictor = Predictor.load(model)
    found = predictor.explain([row["text"] for row in rows])
    assert sum(len(row["evidence"]) for row in rows) > 2
    for row, expected in zip(rows, found, strict=True):
        assert [one["label"] for one in row["evidence"]] == row["labels"]
        for one, evidence in zip(row["evidence"], expected, strict=True):
            assert one["method"] == evidence.method and len(one["words"]) == len(phrases(evidence))
            assert all(row["text"][word["start"] : word["end"]] == word["text"] for word in one["words"])
    assert any(one["words"] for row in rows for one in row["evidence"])


def test_it_is_off_by_default_and_the_same_in_a_file(shop, stance, model):
    _, plain, _ = stance("score", "a.txt", "--model", model, "--json")
    assert all("evidence" not in json.loads(line) for line in plain.splitlines())
    _, out, _ = stance("score", "a.txt", "--model", model, "--json", "--evidence")
    assert stance("score", "a.txt", "--model", model, "--evidence", "-o", "rows.jsonl")[0] == 0
    written = (shop / "rows.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in written] == [json.loads(line) for line in out.splitlines()]
    assert len(written) == len(plain.splitlines()) == 3


@pytest.mark.parametrize("output", ["scores", "rows.csv", "rows.parquet"])
def test_beside_a_report_it_goes_with_any_output(shop, stance, workshop, output):
    model = ("--model", workshop.tiny.folder)
    code, _, err = stance("score", "a.txt", "b.txt", "-o", output, "--report", "page.html", "--evidence", *model)
    assert code == 0, err
    assert "data-word" in (shop / "page.html").read_text() and (shop / output).exists()
    stance("score", "a.txt", "b.txt", "-o", f"plain-{output}", *model)
    if output != "scores":
        assert (shop / output).read_bytes() == (shop / f"plain-{output}").read_bytes()


def test_rows_that_are_printed_with_it_want_a_place_for_words(shop, stance, workshop):
    words = ("a.txt", "-o", "rows.csv", "--json", "--report", "page.html", "--evidence")
    code, out, err = stance("score", *words, "--model", workshop.tiny.folder)
    assert code == 2 and out == "" and "--evidence is written as JSON lines: add --json, or -o FILE.jsonl" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a.txt",), "--evidence is written as JSON lines: add --json, or -o FILE.jsonl"),
        (("a.txt", "-o", "scores"), "--evidence is written as JSON lines"),
        (("a.txt", "-o", "scores", "--format", "jsonl"), "--evidence is written as JSON lines"),
        (("a.txt", "-o", "rows.csv", "--json"), "--evidence is written as JSON lines"),
        (("a.txt", "-o", "scores", "--engine", "spark"), "--evidence is not for --engine spark"),
        ((".", "-o", "rows.jsonl"), "too slow for an archive; it takes plain documents"),
    ],
)
def test_elsewhere_it_is_refused(shop, stance, workshop, arguments, said):
    code, out, err = stance("score", *arguments, "--model", workshop.tiny.folder, "--evidence")
    assert code == 2 and out == "" and said in err
    assert not list(shop.glob("rows*")) and not (shop / "scores").exists()
