"""A Word file gives up its text as it stands with all changes accepted, each paragraph by its style."""

import io
import zipfile
from datetime import datetime

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pdfs import CLOSING, MIDDLE, OPENING, blocks, parsed, sentences

from pipeline.corpus import word as reader
from pipeline.ground.errors import DocumentError
from pipeline.ground.records import BlockKind

NAME = "accord.docx"


def _saved(document) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _with(xml: str) -> bytes:
    """Make a file of one paragraph with these runs."""
    document = docx.Document()
    document.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')}>{xml}</w:p>"))
    return _saved(document)


def _repacked(raw: bytes, change) -> bytes:
    """Write the parts of a file anew, each as `change(name, content)` gives it; None leaves one out."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return stream.getvalue()


@pytest.fixture(scope="module")
def report() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Terms of the Truce"
    document.core_properties.created = datetime(2018, 3, 9)
    document.sections[0].header.paragraphs[0].text = "Basin Review"
    document.add_paragraph("Water for Two Countries", style="Title")
    document.add_heading("What each side wants", 1)
    document.add_paragraph(f"{OPENING} {MIDDLE}")
    document.add_paragraph("open the gates of the upper dam;", style="List Bullet")
    document.add_paragraph("publish the figures of the flow.", style="List Number 2")
    document.add_paragraph("We will not sign a text of this kind.", style="Intense Quote")
    document.add_paragraph("A bridge over the Orla at dusk.", style="Caption")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ("Gate", "State", "North", "open"), strict=True):
        cell.text = text
    document.add_paragraph(CLOSING)
    return _saved(document)


def test_kinds(report):
    document = parsed(report, NAME)
    assert blocks(document, BlockKind.HEADING) == ["Water for Two Countries", "What each side wants"]
    assert blocks(document, BlockKind.PARAGRAPH) == [f"{OPENING} {MIDDLE}", CLOSING]
    assert blocks(document, BlockKind.ITEM) == ["open the gates of the upper dam;", "publish the figures of the flow."]
    assert blocks(document, BlockKind.QUOTE) == ["We will not sign a text of this kind."]
    assert blocks(document, BlockKind.CAPTION) == ["A bridge over the Orla at dusk."]
    assert blocks(document, BlockKind.TABLE) == ["Gate | State | North | open"]
    assert "Basin Review" not in document.text
    assert {one.page for one in document.blocks} == {None}


def test_title_and_date(report):
    document = parsed(report, NAME)
    assert (document.title, document.date) == ("Terms of the Truce", "2018-03-09")


def test_what_nobody_filled_in_is_no_title_and_no_date():
    document = docx.Document()
    document.add_heading("What each side wants", 1)
    document.add_paragraph(OPENING)
    raw = _saved(document)
    found = parsed(raw, NAME)
    assert (found.title, found.date) == ("What each side wants", "")
    without = _repacked(
        raw, lambda name, content: None if name == "docProps/core.xml" else _without_core(name, content)
    )
    found = parsed(without, "2018-03.docx")
    assert (found.title, found.date) == ("What each side wants", "2018-03")


def _without_core(name: str, content: bytes) -> bytes:
    if name != "_rels/.rels":
        return content
    head, _, rest = content.partition(b"<Relationship ")
    kept = [b"<Relationship " + one for one in rest.split(b"<Relationship ") if b"core-properties" not in one]
    joined = head + b"".join(kept)
    return joined if joined.endswith(b"</Relationships>") else joined + b"</Relationships>"


CHANGES = """<w:r><w:t xml:space="preserve">The gates </w:t></w:r>
<w:del w:id="1" w:author="a"><w:r><w:delText>may not </w:delText></w:r></w:del>
<w:ins w:id="2" w:author="a"><w:r><w:t xml:space="preserve">will </w:t></w:r></w:ins>
<w:moveFrom w:id="3"><w:r><w:t>never </w:t></w:r></w:moveFrom>
<w:moveTo w:id="4"><w:r><w:t>soon</w:t></w:r></w:moveTo>
<w:r><w:footnoteReference w:id="7"/></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t> secretly</w:t></w:r>
<w:hyperlink><w:r><w:t xml:space="preserve"> o</w:t></w:r></w:hyperlink><w:r><w:softHyphen/><w:t>pen</w:t></w:r>
<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText></w:r>
<w:r><w:br/><w:t>the</w:t><w:tab/><w:t>cease</w:t><w:noBreakHyphen/><w:t>fire.</w:t></w:r>"""


def test_insertions_are_kept_and_deletions_notes_fields_and_hidden_text_left_out():
    assert parsed(_with(CHANGES), NAME).text == "The gates will soon open the cease-fire."


def test_content_controls_and_text_boxes_are_read_once():
    box = (
        '<w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        "<mc:Choice Requires='wps'><w:drawing><w:txbxContent><w:p><w:r><w:t>A box beside it.</w:t></w:r></w:p>"
        "</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>A box beside it."
        "</w:t></w:r></w:p></w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
        "<w:sdt><w:sdtContent><w:r><w:t>The talks went on.</w:t></w:r></w:sdtContent></w:sdt>"
    )
    assert parsed(_with(box), NAME).text == "The talks went on.\n\nA box beside it."


def test_a_table_that_lays_out_prose_is_prose():
    document = docx.Document()
    table = document.add_table(1, 1)
    table.cell(0, 0).text = f"{OPENING} {MIDDLE}"
    table.cell(0, 0).add_paragraph(CLOSING)
    assert [one.text for one in sentences(_saved(document), NAME).sentences] == [OPENING, MIDDLE, CLOSING]


def test_a_file_with_macros_is_read_and_its_macros_are_not(report):
    macros = b"application/vnd.ms-word.document.macroEnabled.main+xml"
    plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    raw = _repacked(report, lambda name, content: content.replace(plain, macros))
    assert parsed(raw, "accord.docm").text == parsed(report, NAME).text


def _fault(raw: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parsed(raw, NAME)
    assert caught.value.message.startswith(NAME) and caught.value.hint
    return caught.value


def test_no_archive_and_an_archive_of_something_else(report):
    assert "no zip archive" in _fault(b"The talks went on.").message
    assert "no zip archive" in _fault(report[: len(report) // 2]).message
    other = _repacked(report, lambda name, content: content if not name.startswith("word/") else None)
    assert "not a Word file" in _fault(other).message


@pytest.mark.parametrize("part", ["word/document.xml", "[Content_Types].xml", "_rels/.rels", "word/styles.xml"])
def test_a_missing_or_broken_part(report, part):
    missing = _repacked(report, lambda name, content: None if name == part else content)
    assert "damaged Word file" in _fault(missing).message
    broken = _repacked(report, lambda name, content: content[:40] if name == part else content)
    assert "damaged Word file" in _fault(broken).message


def test_old_and_encrypted_files_are_told_apart():
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)
    assert "libreoffice --headless --convert-to docx" in _fault(old).hint
    assert "encrypted" in _fault(old + "EncryptedPackage".encode("utf-16-le")).message


def test_a_file_without_text(report):
    assert "holds no text" in _fault(_saved(docx.Document())).message


@pytest.mark.parametrize(("limit", "said"), [("MAX_UNPACKED", "MiB in all"), ("MAX_XML", "MiB in one part of text")])
def test_a_file_that_unpacks_to_too_much(report, monkeypatch, limit, said):
    monkeypatch.setattr(reader, limit, 1000)
    assert said in _fault(report).message


def test_a_bomb_is_not_unpacked(report, monkeypatch):
    bomb = _repacked(report, lambda name, content: content + b" " * 30_000_000 * (name == "word/document.xml"))
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    assert "times its size, and at most 200 times is read" in _fault(bomb).message


def _with_entities(raw: bytes, declared: str, used: bytes) -> bytes:
    def change(name: str, content: bytes) -> bytes:
        if name != "word/document.xml":
            return content
        start, mark, rest = content.partition(b"?>")
        return start + mark + declared.encode() + rest.replace(b"What each side wants", used)

    return _repacked(raw, change)


def test_a_bomb_of_entities_is_damage(report):
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    raw = _with_entities(report, f'<!DOCTYPE w [<!ENTITY l0 "ha">{lol}]>', b"What &l8; wants")
    assert "damaged Word file" in _fault(raw).message


def test_no_other_file_is_read_through_an_entity(report):
    raw = _with_entities(report, f'<!DOCTYPE w [<!ENTITY x SYSTEM "file://{__file__}">]>', b"What &x; each side wants")
    text = parsed(raw, NAME).text
    assert "What" in text and "test_no_other_file" not in text
