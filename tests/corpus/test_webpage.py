"""A web page gives up its article, and keeps its menus to itself."""

import logging
from pathlib import Path

import pytest

from pipeline.corpus.readers import read_document
from pipeline.corpus.reading import read
from pipeline.ground.errors import DocumentError
from pipeline.ground.records import BlockKind

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>River talks resume | Basin Watch</title></head><body>
<div id="cookie" class="cookie-banner"><p>We use cookies to improve your visit.</p><button>Accept all</button></div>
<nav><ul><li><a href="/">Home</a></li><li><a href="/about">About us</a></li></ul></nav>
<header><p class="kicker">Briefing / Rivers 6 minutes</p><h1>River talks resume</h1>
<p class="byline">By Mira Lund</p></header>
<main><article>
<p>The two governments will meet again in April. Both have reason to be careful.</p>
<figure><img src="a.jpg" alt="A bridge"><figcaption>A bridge over the Orla at dusk. Jan Hovel / AFP</figcaption>
</figure>
<p>The announcement came after eleven months of silence between the capitals. It was welcomed by farmers on both
banks, who had watched the <a href="/w">water level</a> fall for <em>two</em> seasons.<br>Nobody had asked them.</p>
<aside class="pull-quote"><p>Neither side can afford another dry summer.</p></aside>
<h2>What each side wants</h2>
<p>The upstream government wants payment for the water it stores. Neither side can afford another dry summer. The
downstream government wants a guaranteed flow.</p>
<p>The mediators of the talks should:</p>
<ul><li>publish the figures on which the talks are based</li><li>invite the farmers to the second round
<ul><li>and pay for their travel from the common fund</li></ul></li></ul>
<blockquote><p>We will not sign a text that leaves our fields dry.</p></blockquote>
<ol><li>First, the dam must stay open in May.</li><li>Second, both ministries should share their data.</li></ol>
<p>If the second round fails, the dispute may outlast both governments. There is still time to avoid that.</p>
<div class="newsletter"><h3>Subscribe to our newsletter</h3><form><input type="email"><button>Go</button></form></div>
</article>
<section class="related"><h2>Related content</h2><ul><li><a href="/x">Dams and diplomacy</a></li></ul></section></main>
<footer><p>© 2026 Basin Watch. All rights reserved.</p></footer></body></html>
"""

SENTENCES = [
    "The two governments will meet again in April.",
    "Both have reason to be careful.",
    "The announcement came after eleven months of silence between the capitals.",
    "It was welcomed by farmers on both banks, who had watched the water level fall for two seasons.",
    "Nobody had asked them.",
    "The upstream government wants payment for the water it stores.",
    "Neither side can afford another dry summer.",
    "The downstream government wants a guaranteed flow.",
    "The mediators of the talks should:",
    "publish the figures on which the talks are based",
    "invite the farmers to the second round",
    "and pay for their travel from the common fund",
    "We will not sign a text that leaves our fields dry.",
    "First, the dam must stay open in May.",
    "Second, both ministries should share their data.",
    "If the second round fails, the dispute may outlast both governments.",
    "There is still time to avoid that.",
]


def _save(folder: Path, source: str, encoding: str = "utf-8") -> Path:
    path = folder / "page.html"
    path.write_bytes(source.encode(encoding))
    return path


def test_article_and_nothing_else(tmp_path):
    reading = read(read_document(_save(tmp_path, PAGE)))
    assert [one.text for one in reading.sentences] == SENTENCES


def test_kinds(tmp_path):
    document = read_document(_save(tmp_path, PAGE))
    kinds = {document.text[block.start : block.end]: block.kind for block in document.blocks}
    assert kinds["What each side wants"] is BlockKind.HEADING
    assert kinds["and pay for their travel from the common fund"] is BlockKind.ITEM
    assert kinds["We will not sign a text that leaves our fields dry."] is BlockKind.QUOTE


def test_page_of_nested_boxes(tmp_path):
    """Pages without article or main are common; the prose must still be found, in order."""
    boxes = "".join(f'<div class="row"><div class="col"><p>{sentence}</p></div></div>' for sentence in SENTENCES)
    menu = '<div class="menu"><a href="/">Home</a> <a href="/a">Archive</a></div>'
    source = f"<html><body><div>{menu}<div class='content'>{boxes}</div></div></body></html>"
    text = read_document(_save(tmp_path, source)).text
    places = [text.find(sentence) for sentence in SENTENCES]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1252">', "cp1252"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">', "cp1252"),
        ('<meta charset="koi8-r">', "koi8-r"),
        ("", "utf-8"),
        ("", "utf-16"),
    ],
)
def test_declared_charset_is_honoured(tmp_path, head, encoding):
    word = "Мир" if encoding == "koi8-r" else "café" if encoding != "cp1252" else "“café”"
    body = f"<article><p>{word} talks went on. {' '.join(SENTENCES)}</p></article>"
    source = f"<html><head>{head}</head><body>{body}</body></html>"
    assert word in read_document(_save(tmp_path, source, encoding)).text


@pytest.mark.parametrize("charset", ["hex", "undefined", "punycode", "utf-16", "UTF-16LE", "utf-32", "klingon"])
def test_a_declared_charset_that_cannot_be_is_read_as_utf8(tmp_path, charset):
    body = f"<article><p>The café talks went on. {' '.join(SENTENCES)}</p></article>"
    source = f'<html><head><meta charset="{charset}"></head><body>{body}</body></html>'
    assert "The café talks went on." in read_document(_save(tmp_path, source)).text


def test_xhtml_with_declaration(tmp_path):
    body = f"<article><p>{' '.join(SENTENCES)}</p></article>"
    source = f'<?xml version="1.0" encoding="utf-8"?><html><body>{body}</body></html>'
    assert SENTENCES[0] in read_document(_save(tmp_path, source)).text


@pytest.mark.parametrize("source", ["<html><body></body></html>", "<html><body><form><input></form></body></html>"])
def test_page_without_main_text(tmp_path, source, caplog, capfd):
    with caplog.at_level(logging.DEBUG), pytest.raises(DocumentError, match="no main text") as caught:
        read_document(_save(tmp_path, source))
    assert "page.txt" in caught.value.hint
    assert not [record for record in caplog.records if record.name.split(".")[0] in ("trafilatura", "htmldate")]
    assert capfd.readouterr() == ("", "")
