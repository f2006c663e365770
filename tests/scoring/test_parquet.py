"""A Parquet file is read whatever its bytes say; what cannot be is one failure with a way out."""

import io

import pyarrow
import pyarrow.parquet

from pipeline.scoring.columns import TableOptions
from pipeline.scoring.items import Failure, Item
from pipeline.scoring.tables import table_items


def written(columns, **options):
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer, **options)
    return buffer.getvalue()


def rows(raw, **options):
    return list(table_items(io.BytesIO(raw), "t.parquet", "t.parquet", TableOptions(**options)))


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
