"""Where the two engines might part: what Spark reads and writes is what the local engine reads and writes."""

import codecs
import csv
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.ground.errors import DocumentError
from pipeline.ground.progress import Progress
from pipeline.predict import Predictor
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.formats import BLANK, FORMULA, safe_cell
from pipeline.scoring.items import Item
from pipeline.scoring.spark import _cell
from pipeline.scoring.spark_rows import SENTENCE
from pipeline.scoring.spark_tables import find_spark_items
from pipeline.scoring.tables import table_items
from pipeline.workflows.archive import ArchiveRequest, score_archive

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")  # here we call it ourselves


@pytest.fixture
def both(ask, shares, tmp_path):
    """Score a table with either engine; give what each wrote: rows of sentences and documents, places of errors."""

    def run(table, form):
        here = ArchiveRequest((str(table),), tmp_path / "here", form=form)
        score_archive(Predictor.load(shares), here, Progress())
        ask(table, shares, form=form)
        return [written(tmp_path / "here", form), written(tmp_path / "out", form)]

    return run


def written(folder, form):
    kinds = {kind: sorted((folder / kind).glob("part-*")) for kind in ("sentences", "documents")}
    found = {kind: [row for part in parts for row in rows_of(part, form)] for kind, parts in kinds.items()}
    lines = (folder / "errors.jsonl").read_text().splitlines()
    return found | {"errors": [json.loads(line)["place"].rsplit("#")[1] for line in lines]}


def rows_of(part, form):
    if form == "parquet":
        return pq.read_table(part).to_pylist()
    if form == "jsonl":
        return [json.loads(line) for line in part.read_text(encoding="utf-8").splitlines()]
    assert part.read_bytes().startswith(codecs.BOM_UTF8)
    with part.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_csv_table_gives_the_cells_of_the_local_engine(both, tmp_path):
    rows = [
        'a;\ufeff=HYPERLINK(1);"One word\r\nor two. Then it rained."',
        "\x02=1+1;\u200b=2+2;A lost \ufffd stands here.",
        "c;;caf\udce9 closed.",
        "",
        '"d\re";\u200b \ufeff＠now;-1 was read. ',
        "=f;\x02 ;All \u201cis\u201d well.",
    ]
    raw = "\r\n".join(["\ufeffid;title;text", *rows, ""])
    (tmp_path / "t.csv").write_bytes(raw.encode("utf-8", "surrogateescape"))
    here, spark = both(tmp_path / "t.csv", "csv")
    assert spark == here and spark["errors"] == ["3"]
    told = [(row["doc"], row["title"]) for row in spark["documents"]]
    assert told == [
        ("a", "'\ufeff=HYPERLINK(1)"),
        ("\x02=1+1", "'\u200b=2+2"),
        ("d\re", "'\u200b \ufeff＠now"),
        ("'=f", "\x02"),
    ]
    assert spark["sentences"][0]["text"] == "One word\r\nor two." and "\ufffd" in spark["sentences"][2]["text"]


def test_a_cell_is_written_as_python_writes_it(session):
    texts = [before + mark + "1" for mark in (*FORMULA, "a", "'") for before in ("", *BLANK, BLANK, "\x02", "b")]
    frame = session.createDataFrame([(one,) for one in texts], "x string")
    assert [row[0] for row in frame.selectExpr(_cell("x", "string")).collect()] == [*map(safe_cell, texts)]
    shares = [0.0, 0.0001, 0.0009, 0.1235, 0.3, 0.9999, 1.0]
    frame = session.createDataFrame([(one,) for one in shares], "x double")
    assert [row[0] for row in frame.selectExpr(_cell("x", "double")).collect()] == [*map(str, shares)]


def test_json_lines_are_nested_and_a_bad_or_blank_line_is_what_it_is_here(both, tmp_path):
    lines = [
        b'{"text": "cut',
        b"",
        b" \t",
        b"[1]",
        b'{"text": "The bridge holds. It was built well.", "id": 7, "note": "caf\xe9"}',
        b'{"text": "caf\xe9"}',
        b"\xa0",
        b'{"text": "The last.", "title": "T"}',
    ]
    (tmp_path / "t.jsonl").write_bytes(b"\r\n".join([*lines, b""]))
    here, spark = both(tmp_path / "t.jsonl", "jsonl")
    assert spark == here and spark["errors"] == ["1", "4", "6", "7"]
    assert [list(row) for row in spark["sentences"]] == [list(row) for row in here["sentences"]]
    assert spark["sentences"][0]["probabilities"] == {"hawk": 0.75, "dove": 0.1235}
    assert spark["documents"][0]["counts"] == {"hawk": 2, "dove": 0} and "n_hawk" not in spark["documents"][0]


def test_cells_of_parquet_that_are_no_strings_are_told_as_here(both, tmp_path):
    noon = datetime(2024, 3, 1, 23, 30, tzinfo=UTC)
    table = {
        "id": [12345678.0, None, 2.5e16, 0.1],
        "text": pa.array([b"They met.", b"They left.", b"caf\xe9", b"All is well."]).view(pa.string()),
        "title": pa.array([True, False, None, True]),
        "date": pa.array([noon, None, None, noon.replace(hour=0)], pa.timestamp("us", "UTC")),
        "source": pa.array([0.1, None, 1.0, 1e10], pa.float32()),
    }
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    here, spark = both(tmp_path / "t.parquet", "parquet")
    assert spark == here and spark["errors"] == ["3"]
    assert [row["doc"] for row in spark["documents"]] == ["12345678.0", f"{tmp_path}/t.parquet#2", "0.1"]
    assert [row["date"] for row in spark["documents"]] == ["2024-03-01", "", "2024-03-01"]


def read(session, path, **options):
    """Read a table's rows in the executors: the place of each, and its text or None."""
    items = find_spark_items(session, str(path), TableOptions(**options), 1)
    types = ", ".join(f"`{name}` {kind}" for name, kind in SENTENCE.items())
    return [(row.place, row.text) for row in items.frame.mapInArrow(items.reader, types).collect()]


@pytest.mark.parametrize(
    ("name", "said", "encoding", "options"),
    [
        ("bars.csv", "id|text\na|Café – closed.\nb|x|y\n", "cp1252", {"encoding": "windows-1252"}),
        ("tabs.csv", "\n id \t text \r\na\tYes, and no.\r\n", "utf-8", {}),
        ("tabs.tsv", "a,b\ttext\n1,2\tYes, and no.\n", "utf-8", {}),
        ("wide.csv", "id;text\na;Grüße.\n", "utf-16", {}),
        ("old.csv", "id,text\ra,Yes.\rb,No.\r", "utf-8", {}),
        ("twice.csv", "Text,text\nFirst.,Second.\n", "utf-8", {}),
        ("lines.csv", '"an\nid",text\na,Yes.\n', "utf-8", {"id_column": "an\nid"}),
        ("latin.jsonl", '{"text": "Café – closed."}\n', "cp1252", {"encoding": "windows-1252"}),
        ("mark.jsonl", '{"text": "Café."}\n', "utf-8-sig", {}),
        ("none.jsonl", '{"text": "cut\n[1]\n\n', "utf-8", {}),
    ],
    ids=lambda value: value if str(value).endswith(("csv", "tsv", "jsonl")) else "",
)
def test_tables_are_read_as_here(session, tmp_path, name, said, encoding, options):
    raw = said.encode(encoding)
    (tmp_path / name).write_bytes(raw)
    with (tmp_path / name).open("rb") as stream:
        here = list(table_items(stream, name, f"{tmp_path}/{name}", TableOptions(**options)))
    expected = [(one.place, one.text if isinstance(one, Item) else None) for one in here]
    assert read(session, tmp_path / name, **options) == expected and expected


def test_files_of_a_table_must_agree(session, tmp_path):
    folder = tmp_path / "t.csv"
    folder.mkdir()
    (folder / "part [1] %20.csv").write_text("id;text\na;One.\n")
    (folder / "part-2.csv").write_text("id;text\nb;Two.\n")
    (folder / "part-3.csv").write_text("")
    assert sorted(text for _, text in read(session, folder)) == ["One.", "Two."]
    (folder / "part-3.csv").write_text("text;id\nThree.;c\n")
    with pytest.raises(DocumentError, match="not all the same columns, delimiter") as caught:
        read(session, folder)
    assert str(folder) in caught.value.message and caught.value.hint


@pytest.mark.parametrize(
    ("name", "encoding", "said"),
    [
        ("t.csv", "klingon", "unknown encoding 'klingon'"),
        ("t.csv", "hz", "Spark reads no table in hz"),
        ("t.csv", "cp500", "Spark reads no table in cp500"),
        ("t.jsonl", "utf-16-le", "Spark reads no JSON lines in utf-16-le"),
    ],
)
def test_an_encoding_that_spark_cannot_cut_is_refused(session, tmp_path, name, encoding, said):
    (tmp_path / name).write_text('text\n"a"\n')
    with pytest.raises(DocumentError, match=said) as caught:
        read(session, tmp_path / name, encoding=encoding)
    assert caught.value.hint
