"""What a training keeps is whole, of its kind, or absent."""

import os

import pytest
import torch

from pipeline.ground.errors import StanceError
from pipeline.learning.checkpoints import read_tensors, write_tensors


def test_tensors_that_are_written_are_read_back_and_anything_else_reads_as_nothing(tmp_path):
    path = tmp_path / "one.safetensors"
    assert read_tensors(path, "fit") is None
    write_tensors(path, "fit", {"a": torch.arange(3)}, {"epoch": 2})
    tensors, facts = read_tensors(path, "fit")
    assert tensors["a"].tolist() == [0, 1, 2] and facts == {"epoch": 2}
    assert read_tensors(path, "checkpoint") is None
    path.write_bytes(b"nothing of the kind")
    assert read_tensors(path, "fit") is None
    assert [p.name for p in tmp_path.iterdir()] == ["one.safetensors"]


def test_what_was_written_before_a_time_reads_as_nothing(tmp_path):
    path = tmp_path / "one.safetensors"
    write_tensors(path, "fit", {"a": torch.arange(3)}, {})
    os.utime(path, (1000, 1000))
    assert read_tensors(path, "fit", since=1000.0) is not None
    assert read_tensors(path, "fit", since=1000.5) is None


def test_a_full_disk_is_said_and_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "one.safetensors"
    write_tensors(path, "fit", {"a": torch.arange(3)}, {})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.learning.checkpoints.save_file", full)
    with pytest.raises(StanceError, match=r"cannot write .*one.safetensors .*No space left") as caught:
        write_tensors(path, "fit", {"a": torch.arange(4)}, {})
    assert "goes on from here" in caught.value.hint
    assert read_tensors(path, "fit")[0]["a"].tolist() == [0, 1, 2]
    assert [p.name for p in tmp_path.iterdir()] == ["one.safetensors"]
