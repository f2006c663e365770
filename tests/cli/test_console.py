"""Results come out whole: brackets kept, no columns lost in a pipe, and a quiet end where the pipe is closed."""

import json
import shutil
import subprocess
import sys

import pytest
from tiny import apart, run_apart, tiny_sentences, write_labels

PROSE = "Talks remain the better road for everyone. The fleet must answer force with force."


@pytest.fixture(scope="module")
def place(workshop, tmp_path_factory):
    """Make a project with a model, files named oddly, and a text of more than a pipe holds."""
    root = tmp_path_factory.mktemp("console")
    write_labels(root / "labels")
    shutil.copytree(workshop.tiny.folder, root / "models" / "trained" / "tiny")
    (root / "br[").mkdir()
    for name in ("br[/b].md", "br[b].md", ":smile:.txt"):
        (root / name).write_text(PROSE)
    (root / "long.txt").write_text("\n\n".join([PROSE] * 1500))
    gold = [{"text": text, "labels": [kind] if kind in ("hawk", "dove") else []} for kind, text in tiny_sentences()]
    (root / "gold.jsonl").write_text("".join(json.dumps(record) + "\n" for record in gold))
    return root


def test_brackets_and_colons_in_file_names_are_shown_as_they_are(place):
    for files in (("br[/b].md", "br[b].md", ":smile:.txt"), ("br[/b].md",), ("br[b].md",)):
        result = run_apart(place, "score", *files)
        assert result.returncode == 0, result.stderr
        assert all(file in result.stdout for file in files)


def test_a_pipe_has_eighty_columns_whatever_the_terminal(place):
    arguments = ("evaluate", "models/trained/tiny", "--data", "gold.jsonl")
    narrow, plain = (run_apart(place, *arguments, COLUMNS=columns) for columns in ("60", "80"))
    assert narrow.returncode == 0 and narrow.stdout == plain.stdout
    header = next(line for line in narrow.stdout.splitlines() if line.startswith("label"))
    assert header.split()[-2:] == ["gold", "cut"]


@pytest.mark.parametrize("arguments", [("score", "long.txt", "--json"), ("score", "long.txt")])
def test_a_closed_pipe_ends_the_command_quietly(place, arguments):
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=place,
        env=apart(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(timeout=120) in (0, 141)  # CPython may drop one long write without a word
    assert "Traceback" not in said and "BrokenPipe" not in said and "rror" not in said


def test_a_model_folder_of_another_format_does_not_stop_scoring(place, tmp_path):
    root = shutil.copytree(place, tmp_path / "place")
    old = shutil.copytree(root / "models" / "trained" / "tiny", root / "models" / "trained" / "old")
    manifest = json.loads((old / "manifest.json").read_text())
    (old / "manifest.json").write_text(json.dumps(manifest | {"format": 0}))
    result = run_apart(root, "score", "br[b].md", "--json")
    assert result.returncode == 0 and len(result.stdout.splitlines()) == 2
    assert "passed over: " in result.stderr and "old/manifest.json: format 0" in result.stderr
