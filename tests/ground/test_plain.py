"""Words of others stand on one line and drive no terminal."""

import pytest

from pipeline.ground.plain import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("words seed 3", "words seed 3"),
        ("\x1b]0;owned\x07\x1b[2Jwords", "]0;owned[2Jwords"),
        ("\x9b2Jwords\x00", "2Jwords"),
        (" two\n\n# lines\tand\u2028more ", "two # lines and more"),
        ("safe\u202egpj.exe", "safegpj.exe"),
        ("größer 和平", "größer 和平"),
        ("\x1b\x1b", ""),
    ],
)
def test_a_text_is_put_on_one_line_without_signs_that_do_something(text, shown):
    assert plain(text) == shown
