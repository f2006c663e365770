"""A Parquet file is read in bounded memory, whatever its bytes say; what cannot be is one failure with a way out."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from scoring.hostile_parquet import SIZE, bomb
from tiny import ROOT

from pipeline.scoring import parquet
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.items import Failure, Item
from pipeline.scoring.parquet_pages import largest_page
from pipeline.scoring.tables import table_items
from pipeline.workflows.archive import ArchiveRequest, count_items

LIMITED = """
import resource, sys
from pathlib import Path
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.tables import table_items
import pyarrow.parquet
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with Path(sys.argv[1]).open("rb") as stream:
    found = list(table_items(stream, "t.parquet", "t.parquet", TableOptions()))
print([one.reason for one in found], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, sep="\\n")
"""


def written(columns, **options):
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer, **options)
    return buffer.getvalue()


def rows(raw, **options):
    return list(table_items(io.BytesIO(raw), "t.parquet", "t.parquet", TableOptions(**options)))


def test_a_cell_of_a_gigabyte_and_a_half_is_refused_and_not_unpacked(tmp_path):
    (tmp_path / "bomb.parquet").write_bytes(bomb())
    assert (tmp_path / "bomb.parquet").stat().st_size < 60_000
    told = pyarrow.parquet.read_metadata(tmp_path / "bomb.parquet").row_group(0).column(0)
    assert told.total_uncompressed_size < 60_000
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "bomb.parquet")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    reasons, megabytes = done.stdout.splitlines()
    assert f"pages of {SIZE:,} bytes; at most {parquet.MOST:,}" in reasons and int(megabytes) < 100


def test_rows_in_pages_too_large_are_one_failure_and_the_others_are_read(monkeypatch):
    texts = ["They met."] * 3 + ["They parted. " * 100] * 3 + ["They met again."] * 2
    raw = written({"text": texts}, row_group_size=3, use_dictionary=False)
    monkeypatch.setattr(parquet, "MOST", 1000)
    found = rows(raw)
    assert [one.place for one in found] == [f"t.parquet#{number}" for number in (1, 2, 3, 4, 7, 8)]
    assert [type(one) for one in found] == [Item, Item, Item, Failure, Item, Item]
    assert "rows 4 to 6 lie in pages of" in found[3].reason and "row_group_size" in found[3].hint


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_pages_are_found_as_they_were_written(version, dictionary, compression):
    long = [f"{number} They met at noon. " * 200 for number in range(100)]
    raw = written(
        {"text": [*long, *long]},
        data_page_version=version,
        use_dictionary=dictionary,
        compression=compression,
        data_page_size=200_000,
        write_batch_size=10,
    )
    chunk = pyarrow.parquet.ParquetFile(io.BytesIO(raw)).metadata.row_group(0).column(0)
    dictionary_page = sum(len(one) + 4 for one in long)
    found = largest_page(io.BytesIO(raw), chunk)
    assert found == dictionary_page if dictionary else 200_000 <= found < 250_000


def test_few_rows_are_held_where_a_dictionary_makes_every_row_long(monkeypatch):
    raw = written({"text": ["They met at noon. " * 10_000] * 500})
    assert len(raw) < 50_000
    monkeypatch.setattr(parquet, "HELD", 2**20)
    pool = pyarrow.default_memory_pool()
    before = pool.bytes_allocated()
    found = table_items(io.BytesIO(raw), "t.parquet", "t.parquet", TableOptions())
    assert next(found).place == "t.parquet#1"
    assert pool.bytes_allocated() - before < 3 * 2**20
    assert sum(1 for _ in found) == 499


def test_a_cell_too_long_is_told_before_it_is_a_string(monkeypatch):
    monkeypatch.setattr(parquet, "LONGEST", 5)
    for texts in (pyarrow.array(["They met.", "x" * 21]), pyarrow.array(["They met.", "x" * 21]).dictionary_encode()):
        first, second = rows(written({"text": texts}))
        assert isinstance(first, Item) and isinstance(second, Failure)
        assert "the text is longer than 5 characters" in second.reason


def test_columns_of_lists_are_refused_by_their_type():
    (failure,) = rows(written({"text": ["They met."], "source": [["a", "b"]]}))
    assert "'source' holds list" in failure.reason and "--source-column" in failure.hint


def test_names_that_are_no_utf8_are_damage():
    raw = written({"text": ["They met."], "note": ["x"]}, store_schema=False)
    (failure,) = rows(raw.replace(b"note", b"\xff\xfe\xfd\xfc"))
    assert isinstance(failure, Failure) and "damaged" in failure.reason and failure.hint


def test_a_date_in_an_unknown_time_zone_costs_its_row():
    when = pyarrow.array([0], pyarrow.timestamp("s", tz="Mars/Olympus"))
    (failure,) = rows(written({"text": ["They met."], "date": when}))
    assert isinstance(failure, Failure) and failure.place == "t.parquet#1" and "Mars/Olympus" in failure.reason


def test_every_single_byte_may_be_wrong():
    raw = written({"id": [1, 2], "text": ["They met.", "They parted."]}, store_schema=False)
    assert len(raw) < 1500
    outcomes = set()
    for place in range(len(raw)):
        for one in rows(raw[:place] + bytes([raw[place] ^ 0xFF]) + raw[place + 1 :]):
            assert isinstance(one, Item) or (one.reason and one.hint)
            outcomes.add(type(one))
    assert outcomes == {Item, Failure}


def test_rows_are_counted_without_unpacking_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    raw = bytearray(written({"text": ["They met."] * 5}))
    raw[4:30] = bytes(26)
    assert [type(one) for one in rows(bytes(raw))] == [Failure]
    Path("t.parquet").write_bytes(raw)
    Path("bad.parquet").write_bytes(raw[:50])
    Path("t.csv").write_text("text\na\nb\n")
    with zipfile.ZipFile("t.zip", "w") as archive:
        archive.writestr("t.parquet", bytes(raw))
        archive.writestr("a.txt", "They met.")
    assert count_items(ArchiveRequest((".",), Path("out"))) == 5 + 1 + 2 + 5 + 1
