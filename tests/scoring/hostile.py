"""Lay out a folder of hostile inputs, each with its reason, for tests that run all of them through everything."""

import gzip
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scoring import hostile_archives as archives
from scoring import hostile_pdfs as pdfs
from scoring.hostile_archives import LAUGHS, PROSE, mail, packed
from scoring.hostile_parquet import bomb

LINE = 5_000_000  # bytes of the one-line files; 100_000_000 shows more and takes longer
_PAGE = b"<html><body><article>%s</article></body></html>"
_LONG = b"<p>" + PROSE * 5 + b"</p>"


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file by its name, why it is hostile, and its bytes, or how it is planted where bytes are not all."""

    name: str
    why: str
    make: bytes | Callable[[], bytes] | None = None
    plant: Callable[[Path], None] | None = None


def hostile_corpus(folder: Path, *, line: int = LINE) -> list[Path]:
    """Make all hostile inputs in a folder, in the order of `hostile_inputs`; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for one in hostile_inputs(line):
        path = folder / one.name
        if one.plant:
            one.plant(path)
        else:
            path.write_bytes(one.make if isinstance(one.make, bytes) else one.make())
        made.append(path)
    return made


def hostile_inputs(line: int = LINE) -> list[Hostile]:
    return [*_texts(line), *_pages(), *_tables(line), *_pdfs(), *_archives(), *_words_and_mails(), *_names()]


def _aliases() -> bytes:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(["---", *lines, "title: *a9", "---", "", PROSE.decode()]).encode()


def _texts(line: int) -> list[Hostile]:
    return [
        Hostile("empty.txt", "no byte at all", b""),
        Hostile("blank.txt", "white space alone", b" \n\t\r\n" * 9),
        Hostile("mark-only.txt", "a byte-order mark and nothing behind it", b"\xef\xbb\xbf"),
        Hostile("nul.txt", "nothing but NUL", bytes(1000)),
        Hostile("controls.txt", "terminal escapes that could repaint the screen", b"\x1b[2J\x1b]0;owned\x07" + PROSE),
        Hostile("mixed.txt", "UTF-8 and Windows-1252 in one file", "Grüße. ".encode() + "Café. ".encode("cp1252")),
        Hostile("cut-utf8.txt", "ends within a character", PROSE + b"\xe2\x82"),
        Hostile("utf16-no-mark.txt", "UTF-16 without a mark looks binary", PROSE.decode().encode("utf-16-le")),
        Hostile("one-line.txt", "one line without an end", lambda: PROSE * (line // len(PROSE))),
        Hostile("one-word.txt", "one word without an end, for tokenizers", lambda: b"a" * line),
        Hostile("letters.txt", "200,000 sentences of one letter", lambda: b"A. " * 200_000),
        Hostile("superscripts.txt", "notes without end behind a stop", f"Peace.{'¹' * 5000}x is near.".encode()),
        Hostile("capitals.txt", "one word of capitals, as a speaker's name is", b"A" * 5000 + b" said so."),
        Hostile("aliases.md", "nine lines of YAML that stand for a billion values", _aliases()),
        Hostile("punctuation.txt", "nothing but punctuation", b"?!...;:-" * 5000),
        Hostile("combining.txt", "1 MB of combining marks on one letter", lambda: ("a" + "\u0301" * 500_000).encode()),
        Hostile("zero-width.txt", "zero-width characters within words", "\u200b".join(PROSE.decode()).encode()),
        Hostile("right-to-left.txt", "overrides that turn the text round", f"\u202e{PROSE.decode()}\u202c".encode()),
        Hostile("newlines.txt", "a million empty lines", lambda: b"\n" * 1_000_000 + PROSE),
        Hostile("gzip.txt", "gzip under the name of a text", gzip.compress(PROSE * 50)),
        Hostile("quotes.md", "10,000 quotations within each other", lambda: b">" * 10_000 + PROSE),
        Hostile("brackets.md", "brackets that slow parsers square", lambda: b"[" * 20_000 + PROSE),
        Hostile("open-fence.md", "a code fence that is never closed", b"```\n" + PROSE),
    ]


def _pages() -> list[Hostile]:
    laughs = b'<?xml version="1.0"?><!DOCTYPE html [' + LAUGHS + b"]>"
    outside = b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    return [
        Hostile("deep.html", "100,000 levels", lambda: _PAGE % (b"<div>" * 100_000 + _LONG + b"</div>" * 100_000)),
        Hostile("script.html", "script and style alone", b"<html><script>var a = 1;</script><style>a{}</style></html>"),
        Hostile("laughs.xhtml", "entities that grow to a terabyte", laughs + _PAGE % (b"<p>&l11;</p>" + _LONG)),
        Hostile("outside.xhtml", "an entity that reads a file", outside + _PAGE % (b"<p>&x;</p>" + _LONG)),
        Hostile("charset.html", "declares an encoding it has not", b'<meta charset="utf-16">' + _PAGE % _LONG),
        Hostile("comment.html", "a comment that is never closed", b"<html><body><!-- " + _LONG),
        Hostile("attribute.html", "1 MB of attribute", lambda: _PAGE % (b'<p title="' + b"x" * 10**6 + b'">' + _LONG)),
        Hostile("nul.html", "NUL within tags", _PAGE % _LONG.replace(b"<p>", b"<\0p>")),
    ]


def _tables(line: int) -> list[Hostile]:
    parquet = _parquet()
    cells = [b"=cmd|' /C calc'!A0", b"@SUM(1+1)", b"+1", b"-1+cmd"]
    return [
        Hostile("formulas.csv", "cells that a spreadsheet would run", b"text\n" + b"\n".join(cells) + b"\n"),
        Hostile("open-quote.csv", "a quote that is never closed", b'id,text\n1,"' + PROSE + b"\n2,x\n" * 1000),
        Hostile("columns.csv", "100,000 columns", lambda: b"text" + b",x" * 10**5 + b"\n" + b"a," * 10**5 + b"a\n"),
        Hostile("nul.csv", "NUL in cells", b"text\na\0b\n\0\0\n" + PROSE + b"\n"),
        Hostile("ragged.csv", "too few cells and too many", b"id,text\n1\n1,2,3\n1,fine text\n"),
        Hostile("mixed.csv", "each row in another encoding", b"text\ncaf\xe9\n" + "café\n".encode()),
        Hostile("cell.csv", "one cell without an end", lambda: b'text\n"' + PROSE * (line // len(PROSE)) + b'"\n'),
        Hostile("no-text.csv", "no column of text", b"a,b\n1,2\n"),
        Hostile(
            "deep.jsonl", "arrays nested 100,000 deep", lambda: b'{"text": ' + b"[" * 10**5 + b"]" * 10**5 + b"}\n"
        ),
        Hostile("surrogates.jsonl", "half a surrogate pair", b'{"text": "a \\ud800 b"}\n{"text": "fine text"}\n'),
        Hostile(
            "kinds.jsonl", "no objects, no strings", b'[]\n3\nnull\n"a"\n{"text": 3}\n{"text": null}\n{"text": {}}\n'
        ),
        Hostile("digits.jsonl", "a number Python refuses", b'{"text": "a", "id": ' + b"9" * 10_000 + b"}\n"),
        Hostile("one-line.jsonl", "one record without an end", lambda: b'{"text": "' + b"a" * line),
        Hostile("cut.parquet", "ends before its end", parquet[: len(parquet) // 2]),
        Hostile("flipped.parquet", "damaged in the middle", parquet[:20] + bytes(40) + parquet[60:]),
        Hostile("named.parquet", "no Parquet at all", b"PAR1" + PROSE + b"PAR1"),
        Hostile("bomb.parquet", "one cell of 1.5 GB in 46 kB, of which the footer says nothing", bomb),
        Hostile("sheet.xlsx", "a spreadsheet, which is not read", packed([("xl/workbook.xml", b"<workbook/>")])),
    ]


def _parquet() -> bytes:
    import pyarrow
    import pyarrow.parquet

    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"text": [PROSE.decode()] * 100}), buffer)
    return buffer.getvalue()


def _pdfs() -> list[Hostile]:
    return [
        Hostile("header.pdf", "a header and nothing behind it", b"%PDF-1.7\n%%EOF\n"),
        Hostile("no.pdf", "plain text under the name of a PDF", PROSE),
        Hostile("cut.pdf", "ends in the middle", pdfs.good()[:300]),
        Hostile("password.pdf", "wants a password", pdfs.encrypted),
        Hostile("loop.pdf", "a page tree that holds itself", pdfs.page_tree_loop),
        Hostile("pages.pdf", "10,000 references to one page", pdfs.ten_thousand_times_one_page),
        Hostile("depth.pdf", "a page tree 3,000 levels deep", pdfs.page_tree_depth),
        Hostile("objects.pdf", "an object stream packed twice, 100 MB unpacked", pdfs.object_stream_bomb),
        Hostile("content.pdf", "a page whose drawing unpacks to 20 MB", pdfs.content_bomb),
        Hostile(
            "form.pdf",
            "a form that draws itself twice; pypdfium2 5.15.2 had not ended after a minute",
            pdfs.form_that_draws_itself,
        ),
        Hostile("xref.pdf", "a table of places that is its own forerunner", pdfs.xref_loop),
        Hostile("length.pdf", "a stream that claims to be a gigabyte", pdfs.lying_length),
        Hostile("arrays.pdf", "arrays 50,000 deep", pdfs.deep_arrays),
        Hostile("script.pdf", "a script that runs when opened", pdfs.script_that_runs_on_opening),
        Hostile("vast.pdf", "a page wider than numbers go", pdfs.vast_page),
        Hostile("scan.pdf", "a picture without text", pdfs.picture_only),
        Hostile("picture.pdf", "a picture of four exapixels", pdfs.vast_picture),
        Hostile("glyphs.pdf", "glyphs without letters", pdfs.glyphs_without_letters),
    ]


def _archives() -> list[Hostile]:
    names = ["../../../etc/passwd.txt", "/etc/passwd.txt", "..\\..\\windows.txt", "a/./b/../../../c.txt", "nul\0.txt"]
    return [
        Hostile("flat.zip", "50 MB of zeros", archives.flat_bomb),
        Hostile("bzip2.zip", "a method that unpacks a million to one", lambda: archives.flat_bomb(method=12)),
        Hostile("lzma.zip", "another such method", lambda: archives.flat_bomb(method=14)),
        Hostile("nested.zip", "5 levels of 8 archives each", lambda: archives.nested(5, archives.flat_bomb(10**6), 8)),
        Hostile("overlap.zip", "2,000 members share their bytes", archives.overlapping),
        Hostile("lying.zip", "declares ten bytes and holds a million", archives.lying_size),
        Hostile("password.zip", "wants a password", archives.encrypted),
        Hostile("paths.zip", "names that lead out", packed([(name, PROSE) for name in names])),
        Hostile("twice.zip", "two members of one name", archives.twice_the_same_name),
        Hostile("checksum.zip", "one member changed after packing", archives.bad_checksum),
        Hostile("link.zip", "a member that is a link", archives.link_member),
        Hostile("cut.zip", "ends before its directory", archives.flat_bomb(1000)[:60]),
        Hostile("many.zip", "20,000 empty members", lambda: packed((f"{one}.txt", b"") for one in range(20_000))),
    ]


def _words_and_mails() -> list[Hostile]:
    boundary = b"Content-Type: multipart/mixed; boundary=never\n"
    return [
        Hostile("laughs.docx", "entities that grow to a terabyte", archives.word_entity_bomb),
        Hostile("outside.docx", "an entity that reads a file", archives.word_outside_entity),
        Hostile("macros.docx", "macros under the name of a plain document", archives.word_macros),
        Hostile("macros.docm", "macros", archives.word_macros),
        Hostile("parts.docx", "its text is missing", archives.word_without_its_text),
        Hostile("bomb.docx", "100 MB of spaces", archives.word_bomb),
        Hostile("deep.docx", "tables 50,000 deep", archives.word_depth),
        Hostile("old.docx", "a Word 97 or encrypted file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)),
        Hostile("cut.docx", "ends in the middle", archives.word_macros()[:200]),
        Hostile("boundary.eml", "a boundary that never comes", mail(PROSE, boundary)),
        Hostile("nested.eml", "200 multiparts within each other", archives.mail_nested),
        Hostile("letters.eml", "200 letters within each other", archives.mail_in_mail),
        Hostile("charset.eml", "an unknown encoding", mail(PROSE, b"Content-Type: text/plain; charset=klingon\n")),
        Hostile("base64.eml", "base64 that is none", mail(b"!!!=a", b"Content-Transfer-Encoding: base64\n")),
        Hostile("header.eml", "1 MB of one header", lambda: mail(PROSE, b"X-Long: " + b"a" * 10**6 + b"\n")),
        Hostile("binary.eml", "no letter at all", bytes(range(256)) * 9),
    ]


def _names() -> list[Hostile]:
    def link(target: str) -> Callable[[Path], None]:
        return lambda path: path.symlink_to(target)

    def folder_loop(path: Path) -> None:
        path.mkdir()
        (path / "again").symlink_to(".")
        (path / "up").symlink_to("..")

    def deep(path: Path) -> None:
        inside = path.joinpath(*["d"] * 200)
        inside.mkdir(parents=True)
        (inside / "a.txt").write_bytes(PROSE)

    return [
        Hostile("line\nbreak.txt", "a line break in its name", PROSE),
        Hostile("-o.txt", "looks like an option", PROSE),
        Hostile("n" * 250 + ".txt", "as long as names may be", PROSE),
        Hostile(os.fsdecode(b"caf\xe9.txt"), "a name that is no UTF-8", PROSE),
        Hostile("   .txt", "a name of spaces", PROSE),
        Hostile("\u202etxt.exe.txt", "a name that reads backwards", PROSE),
        Hostile("*.txt", "a name that is a pattern", PROSE),
        Hostile("$(reboot).txt", "a name that a shell would run", PROSE),
        Hostile("100%2e.txt", "a name with percent signs", PROSE),
        Hostile("a.zip!b.txt", "a file that is called like a member", PROSE),
        Hostile("folder.txt", "a folder called like a file", plant=lambda path: path.mkdir()),
        Hostile("dangling.txt", "a link to nothing", plant=link("gone")),
        Hostile("self.txt", "a link to itself", plant=link("self.txt")),
        Hostile("zero.txt", "a link to a device without an end", plant=link("/dev/zero")),
        Hostile("loop", "a folder with links to itself and upwards", plant=folder_loop),
        Hostile("deep", "200 folders within each other", plant=deep),
        Hostile("pipe.txt", "a pipe that nobody writes to", plant=lambda path: os.mkfifo(path)),
    ]
