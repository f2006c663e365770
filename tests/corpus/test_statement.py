"""The first real input: a statement saved from the web holds 31 sentences, however it was saved."""

import html
import textwrap
from collections import Counter
from pathlib import Path

import pytest

from pipeline.corpus.normalise import normal_words
from pipeline.corpus.reading import read_path
from pipeline.ground.records import Reading, SkipReason

STATEMENT = Path(__file__).parents[2].parent / "shared" / "texts" / "statement.txt"
pytestmark = pytest.mark.skipif(
    not STATEMENT.is_file(), reason=f"the statement is not ours to ship; put it at {STATEMENT}"
)


@pytest.fixture(scope="module")
def source() -> str:
    return STATEMENT.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read_path(STATEMENT)


def _normal(reading: Reading) -> list[list[str]]:
    return [normal_words(one.text) for one in reading.sentences]


def test_thirty_one_sentences(reading):
    assert len(reading.sentences) == 31
    assert all(one.text == reading.document.text[one.start : one.end] for one in reading.sentences)
    assert not [one.text for one in reading.sentences if one.text.rstrip(".").endswith("U.S")]


def test_what_is_skipped_and_why(reading):
    assert Counter(one.reason for one in reading.skipped) == {
        SkipReason.TITLE: 5,
        SkipReason.CAPTION: 1,
        SkipReason.KICKER: 1,
        SkipReason.PULL_QUOTE: 2,
        SkipReason.SUBSCRIPTION: 2,
    }


def _wrapped(source: str) -> str:
    lines = "\n".join("\n".join(textwrap.wrap(line, 72)) for line in source.split("\n"))
    return lines.translate(str.maketrans("‘’“”", "''\"\""))


def _markdown(source: str) -> str:
    blocks = [
        block for group in source.split("\n\n") for block in ([group] if "." in group[-2:] else group.split("\n"))
    ]
    return "\n\n".join(f"# {block}" if len(block) < 60 else block for block in blocks if block.strip())


def _page(source: str) -> str:
    """Put the text into a page with everything a publisher puts around it."""
    head, *body = [html.escape(block) for block in source.strip().split("\n\n")]
    lines = head.split("\n")
    caption, kicker, title = lines[-2], lines[-1], body.pop(0)
    pulled = {block for block in body if sum(block[:60] in other for other in body) > 1 and len(block) < 200}
    inner = "\n".join(
        f'<aside class="pull-quote"><p>{block}</p></aside>' if block in pulled else f"<p>{block}</p>"
        for block in body[:-2]
    )
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>
    <nav><ul>{"".join(f'<li><a href="/{n}">{line}</a></li>' for n, line in enumerate(lines[:4]))}</ul></nav>
    <header><p class="kicker">{kicker}</p><h1>{title}</h1></header><main><article>
    <figure><img src="a.jpg" alt=""><figcaption>{caption}</figcaption></figure>
    {inner}
    <div class="newsletter"><h2>{body[-2]}</h2><p>{body[-1]}</p>
    <form><input type="email"><button>Go</button></form></div>
    </article></main><footer><p>© 2018 The publisher. All rights reserved.</p></footer></body></html>"""


VARIANTS = {
    "wrapped.txt": _wrapped,
    "crlf.txt": lambda source: source.replace("\n", "\r\n"),
    "both.txt": lambda source: _wrapped(source).replace("\n", "\r\n"),
    "headings.md": _markdown,
    "page.html": _page,
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_same_sentences_however_it_was_saved(name, source, reading, tmp_path):
    path = tmp_path / name
    path.write_bytes(VARIANTS[name](source).encode("utf-8"))
    assert _normal(read_path(path)) == _normal(reading)
