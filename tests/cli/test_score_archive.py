"""`stance score` over folders, tables, archives and pipes: what it writes, what it says, how it ends."""

import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile

import pyarrow.parquet as pq
import pytest
from fpdf import FPDF

TEXT = "The talks bring peace. The fleet must strike now.\n"


@pytest.fixture
def desk(workshop, tmp_path, monkeypatch):
    """Stand in a folder with a model and a few briefings of several kinds."""
    shutil.copytree(workshop.tiny.folder, tmp_path / "model")
    drop = tmp_path / "drop"
    (drop / "north").mkdir(parents=True)
    (drop / "a.txt").write_text(TEXT)
    (drop / "north" / "b.md").write_text(f"# Harbour\n\n{TEXT}")
    (drop / "note.jpg").write_bytes(b"\xff\xd8")
    (drop / "rows.csv").write_text('id,text,date\nr1,"The talks bring peace.",9 March 2018\nr2,,\n')
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.multi_cell(0, 8, TEXT.strip())
    pdf.output(str(drop / "c.pdf"))
    with zipfile.ZipFile(drop / "d.zip", "w") as archive:
        archive.writestr("inner/e.txt", TEXT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_of_everything_becomes_two_tables_and_a_list_of_errors(desk, stance):
    code, out, err = stance("score", "drop", "-o", "scores", "--model", "model")
    assert code == 2 and out == ""
    assert "scored 5 documents, 9 sentences" in err and "1 file of other kinds passed over (.jpg 1)" in err
    assert "error: drop/rows.csv#2: line 3: the text is empty" in err and "scores/errors.jsonl" in err
    rows = pq.read_table("scores/sentences").to_pylist()
    assert {row["path"] for row in rows} == {
        *("drop/a.txt", "drop/c.pdf", "drop/d.zip!inner/e.txt", "drop/north/b.md", "drop/rows.csv#1"),
    }
    assert {row["page"] for row in rows if row["path"] == "drop/c.pdf"} == {1}
    documents = {row["path"]: row for row in pq.read_table("scores/documents").to_pylist()}
    assert documents["drop/rows.csv#1"]["date"] == "2018-03-09" and documents["drop/rows.csv#1"]["doc"] == "r1"
    assert documents["drop/north/b.md"]["title"] == "Harbour" and documents["drop/a.txt"]["sentences"] == 2
    (error,) = (desk / "scores" / "errors.jsonl").read_text().splitlines()
    assert json.loads(error)["place"] == "drop/rows.csv#2"


def test_a_second_run_says_that_there_is_nothing_to_do(desk, stance):
    stance("score", "drop/a.txt", "drop/c.pdf", "-o", "scores", "--model", "model")
    code, _, err = stance("score", "drop/a.txt", "drop/c.pdf", "-o", "scores", "--model", "model")
    assert code == 0 and "nothing to do: 2 documents in scores unchanged since scored" in err
    code, _, err = stance("score", "drop/a.txt", "-o", "scores", "--model", "model", "--force")
    assert code == 0 and "scores holds 1 document, 2 sentences" in err


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_file_is_named_by_its_ending(desk, stance, form):
    code, _, err = stance("score", "drop/d.zip", "-o", f"all.{form}", "--model", "model")
    assert code == 0 and f"wrote 2 sentences to all.{form}" in err
    assert sorted(path.name for path in desk.iterdir()) == sorted([f"all.{form}", "drop", "model"])


def test_a_cell_that_a_spreadsheet_would_run_is_made_text(desk, stance):
    (desk / "evil.csv").write_text('id,text\n"=1+1","=cmd|\' /C calc\'!A0 is no peace."\n"@x","\tThe talks go on."\n')
    code, _, err = stance("score", "evil.csv", "-o", "safe.csv", "--model", "model")
    assert code == 0, err
    raw = (desk / "safe.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    cells = [cell for row in csv.reader(io.StringIO(raw.decode("utf-8-sig"))) for cell in row]
    assert "'=1+1" in cells and any(cell.startswith("'=cmd|") for cell in cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))] == []


def test_standard_input_is_a_document(desk):
    command = [sys.executable, "-m", "pipeline", "score", "-", "--model", "model", "--json"]
    ended = subprocess.run(command, input=TEXT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    sentences = [json.loads(line)["text"] for line in ended.stdout.splitlines()]
    assert sentences == ["The talks bring peace.", "The fleet must strike now."]


def test_standard_input_is_scored_into_a_folder_too(desk):
    command = [sys.executable, "-m", "pipeline", "score", "-", "--model", "model", "-o", "scores"]
    ended = subprocess.run(command, input=TEXT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0 and "scored 1 document, 2 sentences" in ended.stderr, ended.stderr


def test_a_folder_without_output_prints_one_profile_each(desk, stance):
    code, out, err = stance("score", "drop", "--model", "model")
    assert code == 2 and "rows.csv#2" in err
    assert all(name in out for name in ("drop/a.txt", "drop/c.pdf", "drop/north/b.md"))
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("drop", "-o", "scores.xlsx"), "the ending '.xlsx' is none of .parquet, .jsonl, .csv"),
        (("drop", "-o", "scores.csv", "--format", "jsonl"), "scores.csv is csv, and --format says jsonl"),
        (("drop", "--format", "csv"), "--format is for the tables that -o names"),
        (("drop", "--force"), "--force is for the folder that -o names"),
        (("drop", "-o", "scores", "--json"), "--json prints, and -o FOLDER does not"),
        (("drop", "-o", "scores", "--adapt-priors"), "--adapt-priors needs the shares of all documents"),
        (("drop", "--engine", "spark"), "--engine spark writes a folder"),
        (("drop", "-o", "scores", "--master", "local[2]"), "--master is for --engine spark"),
        (("drop/rows.csv", "-o", "scores", "--text-column", "txt"), "no column is called 'txt'"),
        (("nowhere/", "-o", "scores"), "no such file"),
        (("drop/a.txt", "-o", "drop"), "drop holds other files"),
    ],
)
def test_what_cannot_be_is_said_and_leaves_nothing(desk, stance, words, said):
    before = sorted(desk.rglob("*"))
    code, out, err = stance("score", *words, "--model", "model")
    assert code == 2 and said in err and out == ""
    assert "Traceback" not in err
    left = [path for path in sorted(desk.rglob("*")) if path not in before and path.parts[-1] != "scores"]
    assert [path for path in left if "scores" not in path.parts] == []
