"""A page stands by itself, and what it shows cannot run."""

import re

import pytest
from jinja2 import UndefinedError

from pipeline.ground.files import is_ours
from pipeline.pages.shell import environment, render_page

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def template(monkeypatch):
    """Add a template of three lines beside the real ones."""
    from jinja2 import ChoiceLoader, DictLoader

    text = (
        '{% extends "base.html.j2" %}{% block title %}{{ said }}{% endblock %}'
        '{% block body %}<p title="{{ said }}">{{ said }}</p>{% endblock %}'
    )
    made = environment()
    monkeypatch.setattr(made, "loader", ChoiceLoader([DictLoader({"tiny.html.j2": text}), made.loader]))
    return "tiny.html.j2"


def test_what_it_is_given_is_escaped_everywhere(template):
    page = render_page(template, said=HOSTILE)
    assert "<script" not in page and "<img" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3


def test_its_policy_allows_no_request_and_no_script(template):
    page = render_page(template, said="x")
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert "default-src &#39;none&#39;" in policy and "script-src &#39;none&#39;" in policy
    assert "http" not in policy and "unsafe-inline" not in policy.partition("style-src")[0]


def test_a_misspelt_name_is_an_error(template):
    with pytest.raises(UndefinedError):
        render_page(template)


def test_a_page_of_ours_is_known_and_another_is_not(template, tmp_path):
    (tmp_path / "ours.html").write_text(render_page(template, said="x"))
    (tmp_path / "theirs.html").write_text("<html><p>cautious-hope</p></html>")
    assert is_ours(tmp_path / "ours.html") and is_ours(tmp_path / "ours.html", "tiny")
    assert not is_ours(tmp_path / "ours.html", "report")
    assert not is_ours(tmp_path / "theirs.html") and not is_ours(tmp_path / "absent.html")
