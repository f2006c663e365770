"""Read what the pages of a Parquet file say of their size, before any is unpacked: the footer may say what it likes.

A page is preceded by a struct in Thrift's compact protocol (parquet-format, `PageHeader`).
"""

from typing import Any, BinaryIO

_WINDOWS = (2**10, 2**16, 2**24)  # bytes read to find a header in; statistics make it long, and Arrow stops at 16 MiB
_UNPACKED, _PACKED = 2, 3  # fields of a header: bytes of its page
_BYTE, _TEXT, _STRUCT = 3, 8, 12  # kinds of fields
_FLAGS, _NUMBERS = (1, 2), (4, 5, 6)
_DEEPEST, _LONGEST_NUMBER = 8, 10


def largest_page(stream: BinaryIO, chunk: Any) -> int:
    """Give the most bytes that a page of a column chunk takes, packed or unpacked; 0 where it has no page.

    What Arrow allocates for a page, and the longest cell in it, are no larger than that.

    Raises:
        ValueError: a page's header cannot be read.
    """
    place, dictionary = chunk.data_page_offset, chunk.dictionary_page_offset
    if dictionary is not None and 0 < dictionary < place:
        place = dictionary
    end, largest = place + chunk.total_compressed_size, 0
    while place < end:
        length, unpacked, packed = _header(stream, place)
        largest = max(largest, unpacked, packed)
        place += length + packed
    return largest


def _header(stream: BinaryIO, place: int) -> tuple[int, int, int]:
    """Give the length of the header at a place, and the bytes of its page, unpacked and packed."""
    for size in _WINDOWS:
        stream.seek(place)
        header = _Header(stream.read(size))
        try:
            found = header.numbers()
        except IndexError:  # it goes on behind what was read
            continue
        unpacked, packed = found.get(_UNPACKED, -1), found.get(_PACKED, -1)
        if unpacked >= 0 and packed >= 0:
            return header.at, unpacked, packed
        break
    raise ValueError(f"no page's header at byte {place:,}")


class _Header:
    """The bytes of a header, read from the front; `IndexError` where they end too soon."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.at = 0

    def numbers(self, depth: int = 0) -> dict[int, int]:
        """Read a struct to its end; give its whole numbers by field."""
        if depth > _DEEPEST:
            raise ValueError("a page's header is nested too deeply")
        found, field = {}, 0
        while head := self._byte():
            kind, step = head & 0x0F, head >> 4
            field = field + step if step else self._number()
            if kind in _NUMBERS:
                found[field] = self._number()
            elif kind == _STRUCT:
                self.numbers(depth + 1)
            else:
                self._skip(kind)
        return found

    def _skip(self, kind: int) -> None:
        if kind in _FLAGS:  # whose value is their kind
            return
        if kind not in (_BYTE, _TEXT):
            raise ValueError(f"a page's header has a field of kind {kind}, which none has")
        length = self._varint() if kind == _TEXT else 1
        self.at += length
        if self.at > len(self._raw):
            raise IndexError

    def _byte(self) -> int:
        byte = self._raw[self.at]
        self.at += 1
        return byte

    def _varint(self) -> int:
        value = 0
        for place in range(_LONGEST_NUMBER):
            byte = self._byte()
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                return value
        raise ValueError("a page's header has a number without an end")

    def _number(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
