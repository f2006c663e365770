"""Keep the house in order: imports one way, small files and functions, one door that prints and exits."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import ROOT

PACKAGE = ROOT / "pipeline"
FILES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FILE = 300, 50, 130
SHADOWING = {"datasets", "evaluate", "mlflow", "types", "logging", "utils", "transformers", "torch"}


def trees() -> list[tuple[Path, ast.Module]]:
    found = [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in FILES]
    assert len(found) > 50
    return found


def test_imports_go_one_way_and_heavy_ones_have_one_importer():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout and "6 kept" in result.stdout


def test_files_are_short():
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES + TESTS}
    assert len(sizes) > 60
    assert {path: size for path, size in sizes.items() if size > LONGEST_FILE} == {}
    assert sorted(sizes.values())[len(sizes) // 2] <= MEDIAN_FILE


def test_functions_are_short():
    functions = [
        (f"{path.name}:{node.name}", node.end_lineno - node.lineno + 1)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert len(functions) > 200
    assert [name for name, size in functions if size > LONGEST_FUNCTION] == []
    assert sorted(size for _, size in functions)[len(functions) // 2] <= 15


def test_only_the_cli_prints_or_exits():
    offences = []
    for path, tree in trees():
        if path.is_relative_to(PACKAGE / "cli"):
            continue
        for node in ast.walk(tree):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            raised = ast.unparse(node.exc) if isinstance(node, ast.Raise) and node.exc else ""
            if name in ("print", "sys.exit", "exit", "quit", "click.echo") or raised.startswith("SystemExit"):
                offences.append(f"{path.name}:{node.lineno}")
    assert offences == []


def test_no_pickle_on_any_path():
    words = ("import pickle", "joblib", "cloudpickle", "allow_pickle=True", "torch.load(", "dill")
    hits = [f"{path.name}: {word}" for path in FILES for word in words if word in path.read_text(encoding="utf-8")]
    assert hits == []


def test_nothing_happens_at_import():
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.If, ast.Expr)
    odd = []
    for path, tree in trees():
        for node in tree.body:
            call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            if path.name != "__main__.py" and (not isinstance(node, allowed) or call):
                rebuild = call and ast.unparse(node).endswith(".model_rebuild()")
                odd += [] if rebuild else [f"{path.name}:{node.lineno}"]
    assert odd == []


def test_module_names_shadow_no_library():
    assert [path.name for path in FILES if path.stem in SHADOWING] == []


def test_top_level_holds_what_was_agreed():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    tops = {line.split("/")[0] for line in tracked.stdout.splitlines()}
    agreed = {"pyproject.toml", "README.md", "pipeline", "labels", "models", "experiments", "tests"}
    agreed |= {"docs", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile"}
    assert {top for top in tops if not top.startswith(".")} <= agreed
    nouns = [line for line in tracked.stdout.splitlines() if line.split("/")[0] in ("labels", "models", "experiments")]
    assert nouns and [line for line in nouns if line.endswith(".py")] == []
