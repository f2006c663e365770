"""Write small PDF files of our own invention for tests."""

from collections.abc import Callable
from pathlib import Path

from fpdf import FPDF

from pipeline.corpus.readers import parse_document
from pipeline.corpus.reading import read
from pipeline.ground.records import BlockKind, Document, Reading

OPENING = "The envoys met at noon and agreed on little, but they agreed to meet again when the harvest was in."
MIDDLE = "Neither side can afford another dry summer, and both of them have said so to whoever would listen to them."
CLOSING = "If the gates stay shut until May, the fields on the eastern bank will be lost, and so may be the talks."
SENTENCES = (OPENING, MIDDLE, CLOSING)


class Book(FPDF):
    """A5 pages with a running head, alternating left and right, and a page number."""

    def __init__(self, head: Callable[[int], str] = lambda number: "", foot: str = "", size: float = 10) -> None:
        super().__init__(format=(148, 210))
        self._head, self._foot, self.body = head, foot, size
        self.set_auto_page_break(True, margin=22)
        self.add_page()
        self.set_font("Times", size=size)

    def header(self) -> None:
        self.set_font("Times", size=8)
        self.cell(0, 4, self._head(self.page_no()), new_x="LMARGIN", new_y="NEXT")
        self.ln(6)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("Times", size=8)
        self.cell(0, 4, self._foot.format(self.page_no()), align="C")

    def heading(self, text: str) -> None:
        self.set_font("Times", style="B", size=self.body + 4)
        self.multi_cell(0, 8, text, new_x="LMARGIN", new_y="NEXT")
        self.set_font("Times", size=self.body)

    def prose(self, text: str) -> None:
        self.set_font("Times", size=self.body)
        self.multi_cell(0, 5, text, new_x="LMARGIN", new_y="NEXT")
        self.ln(3)

    def raw(self) -> bytes:
        return bytes(self.output())


def parsed(raw: bytes, name: str = "accord.pdf") -> Document:
    """Read the bytes; prove that every block and sentence slices back."""
    document = parse_document(Path(name), raw)
    assert all(0 <= one.start < one.end <= len(document.text) for one in document.blocks)
    reading = read(document, allow_none=True)
    assert all(document.text[one.start : one.end] == one.text for one in (*reading.sentences, *reading.skipped))
    return document


def sentences(raw: bytes, name: str = "accord.pdf") -> Reading:
    """Read the bytes through."""
    return read(parsed(raw, name))


def blocks(document: Document, kind: BlockKind) -> list[str]:
    """List the texts of a kind."""
    return [document.text[one.start : one.end] for one in document.blocks if one.kind is kind]
