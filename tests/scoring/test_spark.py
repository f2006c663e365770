"""Spark gives the rows that one machine gives, from real executors, and names what it cannot read."""

import csv
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny import ROOT

from pipeline.cli.score_spark import _place
from pipeline.corpus.readers import parse_document
from pipeline.corpus.reading import read
from pipeline.ground.errors import DocumentError, StanceError
from pipeline.ground.progress import Progress
from pipeline.predict import Predictor
from pipeline.scoring import spark_tables
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.inputs import find_items
from pipeline.scoring.items import Item
from pipeline.scoring.rows import flat_columns, flat_document_columns, sentence_rows
from pipeline.scoring.spark import SparkRequest, score_with_spark
from pipeline.workflows.archive import ArchiveRequest, score_archive

FAST = ROOT / "models" / "released" / "fast"
ROWS = 2_000
WHO = ["The envoy", "Our harbour master", "A ministry official", "The two delegations", "The river commission"]
SAID = ["said that", "warned that", "hoped that", "repeated that", "would not rule out that"]
WHAT = ["the ferry line could reopen", "the talks may fail", "all sides must act at once", "the dam was inspected"]
WHEN = ["before spring.", "within a year.", "after the vote.", "despite the storm.", "if funds are found."]


def errors(out: Path) -> dict[str, dict[str, str]]:
    return {row["place"]: row for row in map(json.loads, (out / "errors.jsonl").read_text().splitlines())}


def invented(number: int, rng: random.Random) -> dict[str, object]:
    sentences = [f"{rng.choice(WHO)} {rng.choice(SAID)} {rng.choice(WHAT)} {rng.choice(WHEN)}" for _ in range(3)]
    text = "\n\n".join([" ".join(sentences[: rng.choice([1, 1, 2])]), *sentences[2 : rng.choice([2, 2, 3])]])
    title = None if number % 3 else f"Note {number}"
    return {
        "id": f"note-{number}",
        "body": text,
        "date": f"2026-{number % 12 + 1:02}-03",
        "title": title,
        "page": number,
    }


def rows_here(table: Path, model: Path, options: TableOptions, output: Path) -> tuple[list[dict], list[dict]]:
    """Score a table with the local engine."""
    score_archive(Predictor.load(model), ArchiveRequest((str(table),), output, options=options), Progress())
    return pq.read_table(output / "sentences").to_pylist(), pq.read_table(output / "documents").to_pylist()


def assert_same(found: list[dict], expected: list[dict]) -> None:
    """Compare rows: equal but for the last decimal of a probability, which another order of adding may turn."""
    assert len(found) == len(expected)
    assert sum(one == other for one, other in zip(found, expected, strict=True)) >= 0.999 * len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one == {key: pytest.approx(v, abs=1.1e-4) if isinstance(v, float) else v for key, v in other.items()}


@pytest.mark.slow
@pytest.mark.skipif(not (FAST / "manifest.json").is_file(), reason="no model 'fast' is released here")
def test_two_executors_give_the_rows_that_one_process_gives(ask, session, tmp_path):
    rng = random.Random(7)
    rows = [invented(number, rng) for number in range(ROWS)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "notes.parquet", row_group_size=300)
    options = TableOptions(text_column="body")
    sentences, documents = rows_here(tmp_path / "notes.parquet", FAST, options, tmp_path / "local")
    session.conf.set("spark.sql.files.maxPartitionBytes", "16k")  # so that the table is read in several pieces
    result = ask(tmp_path / "notes.parquet", FAST, columns=options)
    found = pq.read_table(tmp_path / "out" / "sentences"), pq.read_table(tmp_path / "out" / "documents")
    assert_same(found[0].to_pylist(), sentences)
    assert_same(found[1].to_pylist(), documents)
    assert len(sentences) > 1.2 * ROWS and len(documents) == ROWS
    labels = Predictor.load(FAST).classes_
    assert tuple(found[0].column_names) == flat_columns(labels)
    assert tuple(found[1].column_names) == flat_document_columns(labels)
    assert (result.sentences, result.documents, result.failures) == (len(sentences), ROWS, 0)
    assert (tmp_path / "out" / "errors.jsonl").read_text() == ""
    assert session.read.parquet(str(tmp_path / "notes.parquet")).rdd.getNumPartitions() > 3
    session.conf.unset("spark.sql.files.maxPartitionBytes")
    executors = session.sparkContext._jsc.sc().statusStore().executorList(True)
    tasks = {executors.apply(i).id(): executors.apply(i).completedTasks() for i in range(executors.size())}
    assert len([name for name, done in tasks.items() if name != "driver" and done >= 2]) == 2, tasks


def test_a_folder_is_read_in_the_executors_and_bad_documents_are_named(ask, shares, tmp_path, monkeypatch):
    folder = tmp_path / "drop [1]"
    (folder / "north").mkdir(parents=True)
    texts = {f"north/{number:02}.txt": f"Talk number {number} went on. Nobody left the hall." for number in range(12)}
    texts["page.md"] = "# Harbour\n\nThe harbour opened again. Ships came in.\n"
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "binary.txt").write_bytes(b"\x00\x01\x02\x03")
    (folder / "empty.txt").write_text("  \n")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    listed = [
        *find_items([str(folder)], TableOptions()),
        Item("gone.txt", "gone.txt", id="gone", path=str(tmp_path / "gone.txt")),
    ]
    monkeypatch.setattr(spark_tables, "find_items", lambda *_: iter(listed))
    result = ask(folder, shares, form="jsonl", parts=5)
    parts = sorted((tmp_path / "out" / "sentences").glob("part-*.json"))
    rows = [json.loads(line) for part in parts for line in part.read_text().splitlines()]
    predictor, expected = Predictor.load(shares), []
    for item in listed:
        if isinstance(item, Item) and item.place.removeprefix(f"{folder}/") in texts:
            document = parse_document(Path(item.place), Path(item.place).read_bytes(), doc_id=item.id)
            scored = predictor.judge(read(replace(document, path=item.place)))
            expected += sentence_rows(scored)
    assert rows == expected and len(parts) > 1
    assert {row["doc"] for row in rows} == {f"{folder}/{name}" for name in texts}
    assert all(
        row["review"] is None and row["unsure"] is None and row["probabilities"]["dove"] == 0.1235 for row in rows
    )
    assert (result.documents, result.failures) == (13, 3)
    said = {place.removeprefix(f"{folder}/"): row for place, row in errors(tmp_path / "out").items()}
    assert sorted(said) == ["binary.txt", "empty.txt", "gone.txt"]
    assert said["binary.txt"]["reason"].startswith("a binary file") and set(said["gone.txt"]) == {
        "place",
        "reason",
        "hint",
    }
    assert "an executor finds no" in said["gone.txt"]["reason"] and "shared file system" in said["gone.txt"]["hint"]


def test_bad_rows_of_a_csv_table_are_named_by_their_number(ask, shares, tmp_path):
    lines = [
        "id,text,date",
        'a,"He said ""wait"", and left.\nThen it rained.",2026-02-01',
        "b,too few",
        "",
        "c,,2026-02-03",
    ]
    lines += ["d,Fine words.,2026-02-04,too many", ",No name here.,2026-02-05", "=f,-1 was read.,"]
    (tmp_path / "it's.csv").write_bytes("\n".join([*lines, "e,Caf\xe9 closed.,x"]).encode("latin-1"))
    result = ask(tmp_path / "it's.csv", shares, form="csv", parts=1)
    [part] = (tmp_path / "out" / "sentences").glob("part-*.csv")
    with part.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["doc"], row["text"]) for row in rows] == [
        ("a", 'He said "wait", and left.'),
        ("a", "Then it rained."),
        (f"{tmp_path}/it's.csv#5", "No name here."),
        ("'=f", "'-1 was read."),
    ]
    assert rows[0]["labels"] == "hawk" and rows[0]["review"] == "" and float(rows[0]["p_hawk"]) == 0.75
    said = errors(tmp_path / "out")
    assert {place.rsplit("#", 1)[1]: row["reason"].split()[0] for place, row in said.items()} == {
        "2": "the",
        "3": "the",
        "4": "the",
        "7": "the",
    }
    assert "cells than the header" in said[f"{tmp_path}/it's.csv#2"]["reason"]
    assert "empty" in said[f"{tmp_path}/it's.csv#3"]["reason"]
    assert "no characters of its encoding" in said[f"{tmp_path}/it's.csv#7"]["reason"]
    assert result.failures == 4


def test_bad_json_lines_are_named_by_their_line_and_a_uri_serves(ask, session, shares, tmp_path):
    good = {"text": "The bridge holds. It was built well.", "doc": 7}
    bad = ["not json", "[1]", '{"doc": "x"}', '{"text": 3}', '{"text": "half \\ud83d"}']
    (tmp_path / "in.jsonl").write_text("\n".join([json.dumps(good), "", *bad, json.dumps(good)]) + "\n")
    request = SparkRequest(shares, (tmp_path / "in.jsonl").as_uri(), (tmp_path / "there").as_uri())
    result = score_with_spark(request, lambda _: None)
    assert (result.sentences, result.documents, result.failures) == (4, 2, len(bad))
    rows = pq.read_table(tmp_path / "there" / "documents").to_pylist()
    assert [(row["doc"], row["sentences"], row["n_hawk"], row["share_dove"]) for row in rows] == [("7", 2, 2, 0.0)] * 2
    assert sorted(errors(tmp_path / "there")) == [
        f"{(tmp_path / 'in.jsonl').as_uri()}#{number}" for number in range(3, 8)
    ]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_missing_column_is_named_before_anything_is_scored(ask, shares, tmp_path, kind):
    table = tmp_path / f"t.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"titel": ["a"], "words": ["b"]}), table)
    else:
        table.write_text("titel,words\na,b\n" if kind == "csv" else '{"titel": "a", "words": "b"}\n')
    with pytest.raises(DocumentError, match="no column is called 'title'; its columns: titel, words") as caught:
        ask(table, shares, columns=TableOptions(text_column="words", title_column="title"))
    assert str(table) in caught.value.message and "titel" in caught.value.hint
    with pytest.raises(DocumentError, match="no column is called text") as caught:
        ask(table, shares)
    assert "--text-column" in caught.value.hint and not (tmp_path / "out").exists()


def test_what_cannot_be_scored_or_written_is_refused(ask, shares, tmp_path):
    (tmp_path / "empty").mkdir()
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "numbers.parquet")
    (tmp_path / "one.txt").write_text("A text.")
    faults = {
        "absent": "no such file",
        "empty": "nothing in it",
        "numbers.parquet": "of type bigint",
        "one.txt": "a table",
    }
    for name, said in faults.items():
        with pytest.raises(DocumentError, match=said) as caught:
            ask(tmp_path / name, shares)
        assert name in caught.value.message and caught.value.hint
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    with pytest.raises(StanceError, match="is there already"):
        ask(tmp_path / "one.txt", shares)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_the_session_of_the_caller_is_used_and_left_open(session, tmp_path, shares):
    (tmp_path / "a.jsonl").write_text('{"text": "All is well."}\n')
    said: list[str] = []
    request = SparkRequest(shares, str(tmp_path / "a.jsonl"), str(tmp_path / "out"), master="local[1]")
    assert score_with_spark(request, said.append).sentences == 1
    assert said[0] == f"Spark session of the caller at {session.sparkContext.master}; local[1] is not used"
    assert session.range(3).count() == 3 and "pyspark" in sys.modules


@pytest.mark.parametrize(("broken", "code"), [(False, 0), (True, 2)])
def test_the_command_scores_a_folder_with_spark(session, shares, stance, tmp_path, broken, code):
    folder = tmp_path / "drop"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"Talk number {number} went on. Nobody left the hall.")
    if broken:
        (folder / "binary.txt").write_bytes(b"\x00\x01")
    done = stance("score", folder, "--engine", "spark", "--model", shares, "-o", tmp_path / "out", "--format", "jsonl")
    assert done[0] == code, done
    assert "scored 3 documents, 6 sentences, with shares-" in done[2]
    assert ("1 documents could not be read" in done[2]) == broken
    parts = (tmp_path / "out" / "sentences").glob("part-*.json")
    assert sum(len(part.read_text().splitlines()) for part in parts) == 6


@pytest.mark.parametrize(
    ("typed", "place"), [("hdfs://host/scores", "hdfs://host/scores"), ("out/scores", "out/scores")]
)
def test_a_place_on_a_cluster_keeps_its_slashes(typed, place):
    assert _place(Path(typed)) == place
