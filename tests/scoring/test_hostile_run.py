"""Every hostile input is scored or reported, within bounds, and nothing outside the output folder is written."""

import json
import os
import resource
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from scoring.archives_of_text import contents
from scoring.hostile import hostile_corpus

from pipeline.cli.score_reading import read_named
from pipeline.ground.errors import StanceError
from pipeline.ground.progress import Progress
from pipeline.predict import Predictor
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.inputs import find_items
from pipeline.scoring.items import Failure, Item
from pipeline.workflows.archive import ArchiveRequest, score_archive

LINE = int(os.environ.get("STANCE_HOSTILE_LINE", "1000000"))  # bytes of the longest line; `make long` takes 100 MB
MINUTES, MEGABYTES = 6, 1_000
pytestmark = pytest.mark.long


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Tell every file by size and time of change."""
    found = {}
    for path in folder.rglob("*"):
        facts = path.lstat()
        found[os.fsencode(path).hex()] = (facts.st_size, facts.st_mtime_ns)
    return found


@pytest.mark.timeout(900)
def test_a_hostile_corpus_is_scored_or_reported(workshop, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    names = hostile_corpus(tmp_path / "in", line=LINE)
    assert len(names) >= 60
    monkeypatch.chdir(tmp_path)
    for variable in ("HOME", "TMPDIR"):  # of the reading process, too
        (tmp_path / variable).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable))
    before, peak = listing(tmp_path / "in"), _peak()
    places = {one.place for one in find_items(["in"], TableOptions()) if isinstance(one, Item | Failure)}
    began = time.monotonic()
    predictor = Predictor.load(workshop.tiny.folder)
    result = score_archive(predictor, ArchiveRequest(("in",), Path("out"), seconds=15), Progress())
    assert time.monotonic() - began < 60 * MINUTES
    assert _peak() - peak < MEGABYTES
    assert listing(tmp_path / "in") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["HOME", "TMPDIR", "in", "out"]
    assert listing(tmp_path / "HOME") == listing(tmp_path / "TMPDIR") == {}
    found = contents(Path("out"))
    scored = {json.loads(row)["path"] for row in found["documents"]}
    failed = [json.loads(row) for row in found["errors"]]
    assert scored | {one["place"] for one in failed} == places and not scored & {one["place"] for one in failed}
    assert result.documents == len(scored) > 10 and result.failed == len(failed) > 60
    assert all(one["reason"].strip() and "Traceback" not in one["reason"] for one in failed)


@pytest.mark.timeout(900)
def test_each_hostile_file_named_by_itself_is_read_or_refused(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    names = hostile_corpus(tmp_path / "in", line=LINE)
    monkeypatch.chdir(tmp_path / "in")
    before, peak, began, read, refused = listing(tmp_path / "in"), _peak(), time.monotonic(), 0, 0
    for name in names:
        try:
            readings, faults = read_named([name.name], asdict(TableOptions()), seconds=15)
        except StanceError as error:  # more documents than can be shown, or none of them
            readings, faults = [], [error]
        read, refused = read + bool(readings), refused + bool(faults)
        assert (readings or faults) and all(fault.message and fault.hint for fault in faults), name
    assert time.monotonic() - began < 60 * MINUTES and _peak() - peak < MEGABYTES
    assert read > 10 and refused > 60 and listing(tmp_path / "in") == before


def _peak() -> float:
    """Give the most megabytes this process ever held; what other tests needed before is subtracted."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
