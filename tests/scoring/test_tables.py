"""Each row of a table is an item; a bad row is named by its line, and the others are kept."""

import io
import tracemalloc

import pyarrow
import pyarrow.parquet
import pytest

from pipeline.scoring import columns, lines
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.dates import iso_date
from pipeline.scoring.inputs import find_items
from pipeline.scoring.items import Failure, Item
from pipeline.scoring.tables import table_items


def rows(content, name="t.csv", **options):
    raw = content if isinstance(content, bytes) else content.encode("utf-8")
    return list(table_items(io.BytesIO(raw), name, name, TableOptions(**options)))


def texts(found):
    assert not [one for one in found if isinstance(one, Failure)]
    return [one.text for one in found]


def only_failure(found):
    (failure,) = found
    assert isinstance(failure, Failure) and failure.hint
    return failure


def parquet(table, **options):
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(table), buffer, **options)
    return buffer.getvalue()


def test_row_becomes_an_item_with_all_that_its_columns_say():
    content = "doc,Date,Source,Title,Text\nx1,3 March 2024,Embassy,On rivers,They met.\n,,,,They parted.\n"
    first, second = rows(content)
    assert first == Item(
        "t.csv#1", "t.csv", "x1", text="They met.", title="On rivers", date="2024-03-03", source="Embassy"
    )
    assert (second.place, second.id, second.date) == ("t.csv#2", "t.csv#2", "")


def test_named_columns_win_and_an_absent_one_is_told_with_the_nearest():
    content = "text,speech,when\nno,They met.,2024\n"
    (item,) = rows(content, text_column="speech", date_column="when")
    assert (item.text, item.date) == ("They met.", "2024")
    failure = only_failure(rows(content, text_column="speach"))
    assert "text, speech, when" in failure.reason and "did you mean 'speech'?" in failure.hint
    assert "its columns: a, b" in only_failure(rows("a,b\n1,2\n")).reason
    assert "stands twice" in only_failure(rows("text,text\n1,2\n")).reason


def test_defaults_follow_their_order_in_any_case():
    assert texts(rows("Body,SENTENCE\nb,s\n")) == ["s"]


def test_our_own_output_is_not_scored_again():
    assert "earlier run" in only_failure(rows("text,model,text_sha256\na,b,c\n")).reason


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_delimiter_and_mark_are_found(delimiter, encoding):
    content = f"id{delimiter}text\r\nx{delimiter}Grüße, all; of | you\r\n"
    cell = '"Grüße, all; of | you"'
    found = rows(content.replace("Grüße, all; of | you", cell).encode(encoding))
    assert texts(found) == ["Grüße, all; of | you"] and found[0].id == "x"


def test_tsv_is_cut_by_tabs_alone():
    assert texts(rows("a,b\ttext\n1,2\tYes, and no.\n", "t.tsv")) == ["Yes, and no."]


def test_quoted_cells_hold_line_breaks_and_ragged_rows_are_named():
    found = rows('id,text\na,"one\n\ntwo"\n\nb,c,d\ne\nf,last\n')
    assert [type(one) for one in found] == [Item, Failure, Failure, Item]
    assert found[0].text == "one\n\ntwo"
    assert found[1].place == "t.csv#2" and found[1].reason.startswith("line 6: 3 cells, and the header has 2")
    assert found[3].place == "t.csv#4"


def test_open_quote_is_told_and_what_it_swallowed_is_no_text():
    found = rows('id,text\na,one\nb,"two\nc,three\nd,four\n')
    assert [one.text for one in found[:-1]] == ["one"]
    assert "line 3" in found[-1].reason and "never closed" in found[-1].reason


def test_bad_cells_cost_their_row_alone():
    content = b"id,text\na,caf\xe9\nb,nul\0nul\nc, \nd,good\n"
    found = rows(content)
    assert [one.place for one in found] == ["t.csv#1", "t.csv#2", "t.csv#3", "t.csv#4"]
    assert ["encoding" in found[0].reason, "NUL" in found[1].reason, "empty" in found[2].reason] == [True] * 3
    assert found[0].reason.startswith("line 2:") and found[3].text == "good"
    assert rows(content, encoding="windows-1252")[0].text == "café"


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("", {}, "empty"),
        ("\n\n", {}, "empty"),
        ("text\na\n".encode("utf-16-le"), {}, "NUL"),
        ("text\na\n", {"encoding": "klingon"}, "unknown encoding"),
        (b"\xff\xfet\0e\0x", {}, "UTF-16"),
        (",".join(f"c{number}" for number in range(100_000)) + "\n", {}, "and 99,980 more"),
    ],
)
def test_tables_that_are_none(content, options, said):
    assert said in only_failure(rows(content, **options)).reason


def test_very_long_lines_are_refused_within_bounds(monkeypatch):
    for module in (columns, lines):
        monkeypatch.setattr(module, "LONGEST", 1000)
    found = rows('{"text": "a"}\n{"text": "' + "b" * 5000 + '"}\n{"text": "c"}\n', "t.jsonl")
    assert [one.place for one in found] == ["t.jsonl#1", "t.jsonl#2", "t.jsonl#3"]
    assert "longer than 1,000" in found[1].reason and found[2].text == "c"
    exact = '{"text": "' + "b" * (1001 - 13) + '"}\n'
    assert [type(one) for one in rows(exact + '{"text": "c"}\n', "t.jsonl")] == [Failure, Item]
    first, failure = rows("text\na\n" + "b" * 5000 + "\nc\n")
    assert first.text == "a" and failure.place == "t.csv" and "line 3" in failure.reason
    assert "longer" in only_failure(rows("text" * 500)).reason
    many = "id,text\n" + '"' + "x\n" * 900 + '","y"\n'
    assert "longer" in only_failure(rows(many)).reason


def test_json_lines_are_read_on_past_bad_ones():
    bad = [b"{", b"[1]", b'{"text": 3}', b'{"text": "\\ud800"}', b'{"other": "x"}', b'{"text": "\xff"}']
    bad += [b"[" * 100_000, b"9" * 5000, b'{"text": "a", "id": [1]}', b'{"text": "a\\u0000"}']
    raw = b'\xef\xbb\xbf{"text": "first", "id": 7}\r\n\n' + b"\n".join(bad) + b'\n{"id": null, "text": "last"}'
    found = rows(raw, "t.ndjson")
    assert [type(one) for one in found] == [Item] + [Failure] * len(bad) + [Item]
    assert (found[0].text, found[0].id, found[-1].text) == ("first", "7", "last")
    assert all(f"line {number}" in one.reason for number, one in enumerate(found[1:-1], 3))
    assert found[-1].place == found[-1].id == f"t.ndjson#{len(bad) + 3}"


def test_parquet_rows_and_their_types():
    import datetime

    table = {
        "id": [1, 2, None],
        "text": pyarrow.array(["They met.", None, "They left."]).dictionary_encode(),
        "date": [datetime.date(2024, 3, 1), None, None],
        "vector": [[0.0] * 9] * 3,
    }
    first, second, third = rows(parquet(table), "t.parquet")
    assert (first.id, first.text, first.date) == ("1", "They met.", "2024-03-01")
    assert isinstance(second, Failure) and second.place == "t.parquet#2"
    assert third.id == "t.parquet#3"


def test_parquet_that_cannot_be_read():
    raw = parquet({"text": ["They met."] * 1000})
    for cut in (0, 3, 20, len(raw) // 2, len(raw) - 1):
        assert "damaged" in only_failure(rows(raw[:cut], "t.parquet")).reason
    assert "no column is called" in only_failure(rows(parquet({"a": ["x"]}), "t.parquet")).reason
    assert "int64" in only_failure(rows(parquet({"text": [1]}), "t.parquet")).reason
    flipped = bytearray(raw)
    flipped[10:40] = bytes(30)
    assert any(isinstance(one, Failure) for one in rows(bytes(flipped), "t.parquet"))
    broken = rows(raw.replace(b"They met.", b"They \xff\xff\xff\xff"), "t.parquet")
    assert broken and all(isinstance(one, Failure) for one in broken)


def test_tables_in_folders_and_named_ones_are_streamed(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("text\n")
        stream.writelines(f"Sentence {number} of a table that goes on and on.\n" for number in range(20_000))
    assert path.stat().st_size > 900_000
    tracemalloc.start()
    count = sum(isinstance(one, Item) for one in find_items([str(tmp_path), str(path)], TableOptions()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000 and peak < 300_000


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2024", "2024"),
        ("2024-05", "2024-05"),
        ("2024-05-06T10:00:00Z", "2024-05-06"),
        ("20240506", "2024-05-06"),
        ("6 May 2024", "2024-05-06"),
        ("May 6, 2024", "2024-05-06"),
        ("06.05.2024", "2024-05-06"),
        ("2024/05/06", "2024-05-06"),
        ("05/06/2024", "05/06/2024"),
        ("1710121512123", "1710121512123"),
        ("spring", "spring"),
        (" ", ""),
    ],
)
def test_dates_are_iso_where_they_mean_one_day(said, meant):
    assert iso_date(said) == meant
