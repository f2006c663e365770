"""Blocks between markers: replaced whole, the rest untouched, a missing marker named."""

import pytest

from pipeline.ground.errors import ConfigError
from pipeline.reports.markers import replace_block

PAGE = "before\n<!-- table:start -->\nold\n<!-- table:end -->\nafter\n"


def test_a_block_is_replaced_and_the_rest_stays(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    assert replace_block(page, "table", "| new |") is True
    assert page.read_text() == PAGE.replace("old", "| new |")
    assert replace_block(page, "table", "| new |") is False


def test_a_missing_marker_is_named(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("no markers here\n")
    with pytest.raises(ConfigError, match=r"page\.md: no block 'table'") as caught:
        replace_block(page, "table", "new")
    assert "<!-- table:start -->" in caught.value.hint
