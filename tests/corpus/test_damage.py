"""Whatever happens to its bytes, a document is read or refused with a hint; nothing else is raised."""

import io
import random
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import docx
import pytest
from pdfs import CLOSING, MIDDLE, OPENING, Book

from pipeline.corpus.readers import EXTENSIONS, parse_document
from pipeline.corpus.reading import read
from pipeline.ground.errors import DocumentError

ROUNDS = 40


def _pdf() -> bytes:
    book = Book(lambda number: "Basin Review", "{}")
    book.heading("Water for Two Countries")
    for _ in range(12):
        book.prose(f"{OPENING} {MIDDLE} {CLOSING}")
    return book.raw()


def _word() -> bytes:
    document = docx.Document()
    document.add_heading("Water for Two Countries", 1)
    document.add_paragraph(f"{OPENING} {MIDDLE}")
    document.add_table(1, 2).cell(0, 0).text = "Gate"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _mail() -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"], message["Date"] = "a@example.org", "Détente", "Fri, 09 Mar 2018 23:30:00 +0100"
    message.set_content(f"{OPENING} “{MIDDLE}”\n\n> {CLOSING}\n")
    message.add_alternative(f"<p>{OPENING}</p><p>{MIDDLE}</p>", subtype="html")
    return bytes(message)


PAGE = f"""<html><head><title>Water</title><meta name='date' content='2018-03-09'></head>
<body><p>{OPENING * 3}</p></body></html>"""
SOURCES: dict[str, Callable[[], bytes]] = {
    ".txt": lambda: f"Water\n\n{OPENING} {MIDDLE}\n- {CLOSING}".encode(),
    ".md": lambda: (
        f"---\ntitle: Water\ndate: 2018-03-09\n---\n# Water\n\n{OPENING}\n\n| a | b |\n|---|---|\n| c | d |".encode()
    ),
    ".html": PAGE.encode,
    ".pdf": _pdf,
    ".docx": _word,
    ".eml": _mail,
}


def test_every_kind_is_tried():
    assert {one for one in EXTENSIONS if one not in (".text", ".markdown", ".htm", ".xhtml", ".docm")} == set(SOURCES)


def _tried(raw: bytes, name: str) -> bool:
    """Read bytes; tell whether they were read, and prove that spans slice back or that the refusal helps."""
    try:
        reading = read(parse_document(Path(name), raw), allow_none=True)
    except DocumentError as error:
        assert error.hint and name in error.message
        return False
    text = reading.document.text
    assert all(text[one.start : one.end] == one.text for one in (*reading.sentences, *reading.skipped))
    text.encode("utf-8")
    return True


def _flipped(raw: bytes, draw: random.Random, letters: range = range(256)) -> bytes:
    changed = bytearray(raw)
    for _ in range(draw.choice((1, 3, 20))):
        changed[draw.randrange(len(raw))] = draw.choice(letters)
    return bytes(changed)


@pytest.mark.parametrize("kind", SOURCES)
def test_cut_and_flipped_bytes(kind, capfd):
    raw, draw = SOURCES[kind](), random.Random(kind)
    assert _tried(raw, f"accord{kind}")
    outcomes = [_tried(raw[: draw.randrange(1, len(raw))], f"accord{kind}") for _ in range(ROUNDS)]
    outcomes += [_tried(_flipped(raw, draw), f"accord{kind}") for _ in range(ROUNDS)]
    assert len(outcomes) == 2 * ROUNDS
    assert capfd.readouterr() == ("", "")


def test_flipped_bytes_within_the_parts_of_a_word_file():
    raw, draw = _word(), random.Random(11)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told = ("word/document.xml", "word/styles.xml", "docProps/core.xml", "[Content_Types].xml", "_rels/.rels")
    outcomes = []
    for _ in range(ROUNDS):
        stream, hit = io.BytesIO(), draw.choice(told)
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, _flipped(content, draw, range(97, 123)) if name == hit else content)
        outcomes.append(_tried(stream.getvalue(), "accord.docx"))
    assert True in outcomes and False in outcomes
