"""Every file is read as what it is, and every fault says what is wrong, what is allowed, and how to go on."""

import codecs
import os
from pathlib import Path

import pytest

from pipeline.corpus.readers import EXTENSIONS, read_document, read_text
from pipeline.ground.errors import DocumentError

PROSE = "The envoys met at noon. They agreed on little, but they agreed to meet again.\n"


def _write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def _fault(path: Path, **options: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read_document(path, **options)
    assert caught.value.hint, "every fault says how to go on"
    assert str(path) in caught.value.message
    return caught.value


BINARY = (".pdf", ".docx", ".docm", ".eml")  # each has tests of its own


@pytest.mark.parametrize("extension", [one for one in EXTENSIONS if one not in BINARY])
def test_reads_every_extension(tmp_path, extension):
    source = f"<html><body><article><p>{PROSE * 4}</p></article></body></html>" if "ht" in extension else PROSE
    document = read_document(_write(tmp_path, f"accord{extension}", source))
    assert document.id == "accord"
    assert document.path.endswith(extension)
    assert "They agreed on little" in document.text
    assert all(0 <= block.start < block.end <= len(document.text) for block in document.blocks)


def test_id_can_be_given(tmp_path):
    assert read_document(_write(tmp_path, "a.txt", PROSE), doc_id="river").id == "river"


def test_extension_is_read_in_any_case(tmp_path):
    assert read_document(_write(tmp_path, "A.TXT", PROSE)).text == PROSE


def test_text_is_kept_as_it_is(tmp_path):
    source = PROSE.replace("\n", "\r\n") + "\r\n\r\n" + PROSE
    assert read_document(_write(tmp_path, "a.txt", source)).text == source


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_honoured_and_no_text(tmp_path, encoding):
    assert read_document(_write(tmp_path, "a.txt", PROSE.encode(encoding))).text == PROSE


def test_mark_is_no_text_when_utf8_is_asked_for(tmp_path):
    path = _write(tmp_path, "a.txt", codecs.BOM_UTF8 + PROSE.encode())
    assert read_document(path, encoding="utf-8").text == PROSE


def test_missing_file(tmp_path):
    assert "no such file" in _fault(tmp_path / "none.txt").message


def test_folder_names_a_file_in_it(tmp_path):
    inside = _write(tmp_path, "accord.md", PROSE)
    fault = _fault(tmp_path)
    assert "is a folder" in fault.message
    assert f"stance sentences {inside}" in fault.hint


@pytest.mark.parametrize("content", ["", " \n\t\r\n"])
def test_empty_file(tmp_path, content):
    assert "empty" in _fault(_write(tmp_path, "a.txt", content)).message


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", bytes(range(1, 9)) * 20])
def test_binary_file(tmp_path, content):
    assert "binary" in _fault(_write(tmp_path, "a.txt", content)).message


def test_binary_file_is_not_decoded_by_a_lenient_encoding(tmp_path):
    assert "binary" in _fault(_write(tmp_path, "a.txt", b"ab\0\0cd"), encoding="latin-1").message


def test_unknown_extension_lists_the_allowed_ones(tmp_path):
    fault = _fault(_write(tmp_path, "a.odt", PROSE))
    assert "'.odt'" in fault.message
    assert "libreoffice --headless --convert-to docx" in fault.hint
    assert all(extension in fault.message for extension in EXTENSIONS)


def test_wrong_encoding_names_byte_offset_and_line(tmp_path):
    text = "The talks went on.\nThe café was shut, as was the théâtre, and the garçon had gone to a fête.\n"
    path = _write(tmp_path, "a.txt", text.encode("cp1252"))
    fault = _fault(path)
    assert "byte 0xe9 at offset 26, line 2" in fault.message
    assert "--encoding" in fault.hint
    assert "iconv -f" in fault.hint
    assert read_document(path, encoding="windows-1252").text == text


def test_wrong_encoding_asked_for(tmp_path):
    assert "not ascii" in _fault(_write(tmp_path, "a.txt", "café"), encoding="ascii").message


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "hex", "undefined", "punycode", "utf-7"])
def test_unknown_encoding(tmp_path, name):
    fault = _fault(_write(tmp_path, "a.txt", PROSE), encoding=name)
    assert f"unknown encoding {name!r}" in fault.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permission_denied(tmp_path):
    path = _write(tmp_path, "a.txt", PROSE)
    path.chmod(0)
    assert "permission denied" in _fault(path).message


def test_permission_denied_is_said(tmp_path, monkeypatch):
    path = _write(tmp_path, "a.txt", PROSE)

    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    fault = _fault(path)
    assert "permission denied" in fault.message
    assert "chmod" in fault.hint


def test_text_in_memory():
    document = read_text(PROSE, "note")
    assert (document.id, document.text, len(document.blocks)) == ("note", PROSE, 1)
    with pytest.raises(DocumentError, match="empty"):
        read_text("  \n")
