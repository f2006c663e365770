"""A report is written where the user says, and replaces nothing that the command did not write."""

import pytest

from pipeline.ground.errors import StanceError
from pipeline.reports.output import refuse_output, write_output


def refused(path, ours=True) -> str:
    with pytest.raises(StanceError) as caught:
        refuse_output(path, lambda _: ours, "stance x")
    assert caught.value.hint
    return caught.value.message


def test_what_the_command_wrote_may_be_replaced_and_nothing_else(tmp_path):
    path = tmp_path / "a.md"
    refuse_output(path, lambda _: False, "stance x")
    path.write_text("mine")
    refuse_output(path, lambda there: there.read_text() == "mine", "stance x")
    assert "was not made by `stance x`; it is left as it is" in refused(path, ours=False)
    (tmp_path / "folder.md").mkdir()
    assert "was not made by" in refused(tmp_path / "folder.md")


@pytest.mark.parametrize("place", ["/proc/x/a.md", "file/a.md", "file/b/a.md", "link/a.md", f"{'x' * 300}.md"])
def test_a_place_that_cannot_be_written_is_told_before_and_after(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("file")
    path = tmp_path / place
    assert "cannot write" in refused(path)
    with pytest.raises(StanceError, match="cannot write"):
        write_output(path, "text")


def test_a_link_to_itself_cannot_be_written(tmp_path):
    (tmp_path / "loop.md").symlink_to("loop.md")
    assert "cannot write" in refused(tmp_path / "loop.md")


def test_asking_leaves_nothing_and_writing_makes_the_folders(tmp_path):
    path = tmp_path / "new" / "folder" / "a.md"
    refuse_output(path, lambda _: False, "stance x")
    assert list(tmp_path.iterdir()) == []
    write_output(path, "text")
    assert path.read_text() == "text"


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "a.md").symlink_to(tmp_path / "real" / "b.md")
    refuse_output(tmp_path / "a.md", lambda _: False, "stance x")
    write_output(tmp_path / "a.md", "text")
    assert (tmp_path / "a.md").is_symlink() and (tmp_path / "real" / "b.md").read_text() == "text"
