"""Title and date: what a document says of itself, and failing that the date in its name; hints that can be followed."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.corpus.readers import parse_document
from pipeline.ground.errors import DocumentError

PROSE = "The envoys met at noon. They agreed on little, but they agreed to meet again.\n"
HEAD = '<title>River talks resume</title><meta property="article:published_time" content="2026-03-04T10:00:00Z">'


def _facts(name: str, source: str) -> tuple[str, str]:
    document = parse_document(Path(name), source.encode())
    return document.title, document.date


@pytest.mark.parametrize(
    ("name", "source", "facts"),
    [
        ("a.txt", PROSE, ("", "")),
        ("2018-03-09.txt", PROSE, ("", "2018-03-09")),
        ("a.md", PROSE, ("", "")),
        ("a.md", f"# Water for *two* countries\n\n{PROSE}", ("Water for two countries", "")),
        (
            "2018-03.md",
            f"---\ntitle: The river\ndate: 2019-05-06\n---\n# Water\n\n{PROSE}",
            ("The river", "2019-05-06"),
        ),
        ("2018-03.md", f"---\ntitle: The river\n---\n# Water\n\n{PROSE}", ("The river", "2018-03")),
        ("a.md", f"---\ndate: 6 May 2019\n---\n{PROSE}", ("", "2019-05-06")),
        ("a.md", f'---\ntitle: "Half \\ud800 a pair"\n---\n{PROSE}', ("Half ? a pair", "")),
        ("a.md", f"---\ndate: 2019-02-30\n---\n{PROSE}", ("", "")),
        ("a.md", f"---\n[: {{\n---\n{PROSE}", ("", "")),
        ("a.md", f"---\njust text\n---\n{PROSE}", ("", "")),
        ("a.html", f"<head>{HEAD}</head><article><p>{PROSE * 4}</p></article>", ("River talks resume", "2026-03-04")),
        ("9 March 2018.html", f"<html><body><article><p>{PROSE * 4}</p></article></body></html>", ("", "2018-03-09")),
    ],
)
def test_title_and_date(name, source, facts):
    assert _facts(name, source) == facts


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a.doc", "libreoffice --headless --convert-to docx a.doc"),
        ("two words.rtf", "libreoffice --headless --convert-to docx 'two words.rtf'"),
        ("a.odt", "libreoffice --headless --convert-to docx a.odt"),
        ("a.epub", "pandoc a.epub -t markdown -o a.md"),
        ("a.msg", "msgconvert a.msg"),
        ("a.log", "cp a.log a.txt"),
    ],
)
def test_kinds_that_are_not_read_come_with_a_way_to_convert_them(name, hint):
    with pytest.raises(DocumentError) as caught:
        parse_document(Path(name), b"anything")
    assert hint in caught.value.hint


@pytest.mark.parametrize(("start", "kind"), [(b"%PDF-1.7\n\0", ".pdf"), (b"PK\x03\x04\0", ".docx")])
def test_a_file_by_the_wrong_name_is_told_its_name(start, kind):
    with pytest.raises(DocumentError, match="a binary file") as caught:
        parse_document(Path("a.txt"), start)
    assert f"mv a.txt a{kind}" in caught.value.hint


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.pdf", "a.docx", "a.eml"])
def test_no_bytes_are_an_empty_file(name):
    with pytest.raises(DocumentError, match="the file is empty"):
        parse_document(Path(name), b"")


def test_bytes_out_of_an_archive_need_no_file():
    document = parse_document(Path("drop.zip!north/2018-03-09.txt"), PROSE.encode(), doc_id="north")
    assert (document.id, document.path, document.date) == ("north", "drop.zip!north/2018-03-09.txt", "2018-03-09")


def test_reading_a_text_loads_none_of_the_libraries_for_other_kinds(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(PROSE)
    code = (
        "import sys; from pathlib import Path; from pipeline.corpus.readers import read_document;"
        f"read_document(Path({str(path)!r}));"
        "print([one for one in ('pypdfium2', 'docx', 'email.parser', 'trafilatura', 'yaml') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("front", "source"),
    [
        ("source: The  Littoral Desk", "The Littoral Desk"),
        ("source: 4", "4"),
        ('source: "A \\ud800 desk"', "A ? desk"),
        ("source:", ""),
        ("title: The river", ""),
    ],
)
def test_front_matter_names_the_source(front, source):
    assert parse_document(Path("a.md"), f"---\n{front}\n---\n{PROSE}".encode()).source == source


@pytest.mark.parametrize(
    ("told", "facts"),
    [
        ('"headline": "River talks", "datePublished": "2018-03-09"', ("River talks", "2018-03-09")),
        ('"headline": ["River", "talks"], "datePublished": "2018-03-09"', ("", "2018-03-09")),
        ('"headline": {"@value": "River talks"}', ("", "")),
        ('"headline": 7, "datePublished": ["2018-03-09"]', ("", "")),
    ],
)
def test_facts_of_a_page_that_are_no_strings_are_none(told, facts):
    data = f'{{"@context": "https://schema.org", "@type": "NewsArticle", {told}}}'
    head = f'<head><script type="application/ld+json">{data}</script></head>'
    assert _facts("a.html", f"<html>{head}<body><article><p>{PROSE * 4}</p></article></body></html>") == facts
