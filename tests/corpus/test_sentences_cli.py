"""`stance sentences` puts data on stdout, all else on stderr, and meets bad input with a message and a hint."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.sentences import command
from pipeline.corpus.readers import read_document

SOURCE = """# Water for Two Countries

The commission met on Monday. It put off the question of payment until the new figures are known to both capitals.

Read more
"""


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "accord.md"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def _run(*arguments: object):
    return CliRunner().invoke(command, [str(one) for one in arguments], catch_exceptions=False)


def _stance(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "pipeline", "sentences", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_sentences_are_numbered_and_wrapped(file):
    result = _run(file)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["1", "The", "commission", "met", "on", "Monday.", "(25-54)"]
    assert all(len(line) <= 80 for line in lines)
    assert "Water" not in result.stdout
    assert "2 sentences; skipped: 1 title, 1 navigation" in result.stderr


def test_skipped_are_shown_in_place(file):
    result = _run(file, "--show-skipped")
    assert result.stdout.index("[title] Water") < result.stdout.index("The commission")
    assert result.stdout.index("The commission") < result.stdout.index("[navigation] Read more")


def test_json(file):
    result = _run(file, "--json")
    found = json.loads(result.stdout)
    text = read_document(file).text
    assert list(found) == ["doc", "sha256", "sentences", "skipped"]
    assert found["doc"] == "accord"
    assert found["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert [one["index"] for one in found["sentences"]] == [0, 1]
    assert {one["reason"] for one in found["skipped"]} == {"title", "navigation"}
    for one in (*found["sentences"], *found["skipped"]):
        assert text[one["start"] : one["end"]] == one["text"]
    assert result.stderr == ""


def test_text_is_exactly_what_offsets_index_into(tmp_path):
    path = tmp_path / "a.txt"
    source = "The café opened.\r\n\r\nIt closed again.\r\n".encode()
    path.write_bytes(source)
    assert _run(path, "--text").stdout_bytes == source


def test_encoding(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("The café opened.".encode("cp1252"))
    assert "café" in _run(path, "--encoding", "cp1252").stdout


def test_show_skipped_helps_where_there_is_no_prose(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Read more\n", encoding="utf-8")
    result = _run(path, "--show-skipped")
    assert result.exit_code == 0
    assert "[navigation] Read more" in result.stdout


def test_help_ends_in_its_example():
    text = _run("--help").stdout
    assert "stance sentences briefing.md --show-skipped" in text.replace("\n", " ")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.txt", None, "no such file"),
        ("empty.txt", b"", "empty"),
        ("a.odt", b"PK", "'.odt'"),
        ("a.pdf", b"%PDF-1.7", "cut short"),
        ("a.txt", b"\0\1\2", "binary"),
        ("a.txt", b"caf\xe9 talks went on.", "byte 0xe9"),
        ("a.txt", b"Read more\n", "no running prose"),
        ("a.html", b"<html></html>", "no main text"),
    ],
)
def test_bad_input_exits_2_with_a_hint(tmp_path, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    result = _stance(path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert said in result.stderr
    assert "hint: " in result.stderr
    assert "Traceback" not in result.stderr


def test_through_the_door(file):
    result = _stance(file, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    assert len(json.loads(result.stdout)["sentences"]) == 2


def test_json_and_text_exclude_each_other(file):
    result = _stance(file, "--json", "--text")
    assert result.returncode == 2
    assert "exclude each other" in result.stderr
