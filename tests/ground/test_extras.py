"""A missing part of the install is named with the command that brings it."""

import sys

import pytest

from pipeline.ground.errors import MissingExtra
from pipeline.ground.extras import need


def test_what_is_there_passes():
    need("json", "train", "stance evaluate")


def test_what_is_not_there_is_named():
    with pytest.raises(MissingExtra) as caught:
        need("no_such_module_here", "train", "stance train")
    assert caught.value.message == "stance train needs no_such_module_here"
    assert caught.value.hint == "pip install 'cautious-hope[train]'"


def test_a_broken_install_tells_why(tmp_path, monkeypatch):
    (tmp_path / "broken_module_here.py").write_text("import absent_dependency_here\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtra, match=r"needs broken_module_here \(No module named 'absent_dependency_here'\)"):
        need("broken_module_here", "train", "stance train")


def test_scikit_learn_goes_by_the_name_pip_knows(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtra, match="needs scikit-learn"):
        need("sklearn", "train", "stance evaluate")
