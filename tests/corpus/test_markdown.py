"""Markdown gives up its plain text, block by block."""

from pipeline.corpus.markdown import markdown_blocks
from pipeline.ground.records import BlockKind

SOURCE = """---
title: The river
---

# Water for *two* countries

The [joint commission](https://example.org/c) met on **Monday**, and
its chair spoke of `progress`.[^1] It was a start&mdash;no more.  
The rest is silence.

![A bridge at dusk](bridge.jpg)

An ![icon](i.png) inline picture <b>goes</b>.

The parties should:

- open the gates
  in May;
- publish figures
    1. of the flow
    2. of the loss

> We will not sign.
>
> We will wait.

| Side | Gates |
| --- | --- |
| East | 4 |

```python
print("no prose")
```

<div class="note">A <em>note</em> in a box.</div>

<!-- nothing -->

Second heading
--------------

[^1]: He used the word twice.
"""  # noqa: W291 - two spaces at the end of a line are a hard break


def _blocks(source: str) -> list[tuple[BlockKind, str]]:
    text, blocks = markdown_blocks(source)
    return [(block.kind, text[block.start : block.end]) for block in blocks]


def test_every_kind_of_block():
    assert _blocks(SOURCE) == [
        (BlockKind.FRONT_MATTER, "title: The river"),
        (BlockKind.HEADING, "Water for two countries"),
        (
            BlockKind.PARAGRAPH,
            "The joint commission met on Monday, and its chair spoke of progress. It was a start—no more. "
            "The rest is silence.",
        ),
        (BlockKind.CAPTION, "A bridge at dusk"),
        (BlockKind.PARAGRAPH, "An  inline picture goes."),
        (BlockKind.PARAGRAPH, "The parties should:"),
        (BlockKind.ITEM, "open the gates in May;"),
        (BlockKind.ITEM, "publish figures"),
        (BlockKind.ITEM, "of the flow"),
        (BlockKind.ITEM, "of the loss"),
        (BlockKind.QUOTE, "We will not sign."),
        (BlockKind.QUOTE, "We will wait."),
        (BlockKind.TABLE, "Side | Gates | East | 4"),
        (BlockKind.CODE, 'print("no prose")'),
        (BlockKind.PARAGRAPH, "A note in a box."),
        (BlockKind.HEADING, "Second heading"),
        (BlockKind.PARAGRAPH, "He used the word twice."),
    ]


def test_text_is_the_blocks_joined():
    text, blocks = markdown_blocks(SOURCE)
    assert text == "\n\n".join(text[block.start : block.end] for block in blocks)


def test_line_ends_change_nothing():
    assert markdown_blocks(SOURCE.replace("\n", "\r\n")) == markdown_blocks(SOURCE)


def test_rule_at_the_start_is_no_front_matter():
    assert _blocks("---\n\nThe talks went on.\n") == [(BlockKind.PARAGRAPH, "The talks went on.")]


def test_indented_code():
    assert _blocks("    x = 1\n") == [(BlockKind.CODE, "x = 1")]
