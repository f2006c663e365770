"""A frontier says the same in Markdown, CSV, README and terminal, and its figure lies beside them."""

import csv
from xml.etree import ElementTree

import pytest
import yaml
from tiny import write_labels

from pipeline.ground.paths import Project
from pipeline.ground.records import Estimate
from pipeline.judging.frontier import Point, Speed, fronts_of
from pipeline.reports.experiment import publish_result
from pipeline.reports.frontier import finding, size_of, speed_of
from pipeline.workflows.frontier import Charted, Row
from pipeline.workflows.spec import load_spec

SPEC = {
    "kind": "frontier",
    "question": "What does accuracy cost?",
    "hypothesis": "Time.",
    "models": ["best", "light", "a-name-longer-than-its-column", "gone"],
    "repeats": 3,
}
MADE = {"machine": "a machine", "date": "2026-11-24", "code_version": "0.1.0+abc"}
MADE |= {"data_fingerprint": "fedcba9876543210", "splits": "0123456789abcdef"}


def row(name, f1, speed, megabytes, taken="", notes=()) -> Row:
    labels = {label: Estimate(f1, f1 - 0.1, f1 + 0.1) for label in ("hawk", "dove")}
    point = Point(name, Estimate(f1, f1 - 0.05, f1 + 0.04), Speed(speed, speed * 0.9, speed * 1.1), megabytes, taken)
    made = {"recipe_hash": f"{name}-hash", "seed": "7", "date": "2026-11-23", "machine": "another"}
    made |= {} if taken else {"model": f"{name}-1234"}
    ece = {"hawk": 0.02, "dove": 0.04}
    return Row(name, point, labels, ece, None if taken else 0.0123, made, tuple(notes))


ROWS = (
    row("best", 0.88, 9.5, 1440.0),
    row("a-name-longer-than-its-column", 0.8, 5.0, 1500.0, notes=["Judged on | others."]),
    row("light", 0.6, 400_000.0, 0.0146),
    row("guest", 0.5, 900_000.0, 3.0, "2026-11-23"),
    Row("gone", reason="not here; make it:\nstance train models/gone.yaml, and a good deal more that fits no line"),
)
CHARTED = Charted(ROWS, fronts_of([row.point for row in ROWS if row.point]), 794, 41, MADE)


@pytest.fixture
def place(tmp_path):
    write_labels(tmp_path / "labels")
    (tmp_path / "experiments").mkdir()
    (tmp_path / "README.md").write_text("# T\n<!-- cost:start -->\n<!-- cost:end -->\nend\n")
    return tmp_path


def publish(root, charted=CHARTED):
    path = root / "experiments" / "cost.yaml"
    path.write_text(yaml.safe_dump(SPEC))
    spec, _ = load_spec(path, root / "models")
    return publish_result(path, spec, charted, Project(root))


def test_every_form_says_the_same(place):
    text, written = publish(place)
    assert [path.name for path in written] == ["cost.md", "cost.csv", "cost.svg", "README.md"]
    markdown, readme = written[0].read_text(), written[3].read_text()
    rows = {cells["name"]: cells for cells in csv.DictReader(written[1].read_text().splitlines())}
    assert list(rows) == [row.name for row in ROWS]
    shown = dict(zip(rows, text.splitlines()[1:], strict=False))
    for name, cells in rows.items():
        if cells["left_out"]:
            continue
        f1 = "{} [{}, {}]".format(*(f"{float(cells[f'macro_f1{end}']):.3f}" for end in ("", "_low", "_high")))
        speed = speed_of(float(cells["sentences_per_second"]))
        for place_, shape in ((markdown, f"| `{name}` | {f1} |"), (readme, f"| `{name}`"), (shown[name], f1)):
            assert shape in place_ and speed in place_ and size_of(float(cells["megabytes"])) in place_
        fronts = [front for front in ("speed", "size") if cells[f"front_{front}"] == "yes"]
        assert shown[name].partition(f"{size_of(float(cells['megabytes']))} ")[2].rstrip("†") == " ".join(fronts)
        assert float(cells["mean_ece"]) == pytest.approx(0.03) and float(cells["f1_dove"]) == float(cells["macro_f1"])
        assert cells["recipe_hash"] in markdown
    assert rows["best"]["front_speed"] == rows["light"]["front_size"] == "yes"
    assert rows["guest"]["front_speed"] == "no" and rows["guest"]["from_leaderboard"] == "yes"
    assert (rows["guest"]["machine"], rows["guest"]["timed"]) == ("another", "2026-11-23")
    assert (rows["best"]["machine"], rows["best"]["timed"]) == ("a machine", "2026-11-24")


def test_the_markdown_asks_explains_and_says_what_is_left_out(place):
    _, written = publish(place)
    markdown = written[0].read_text()
    for words in (
        "`stance experiment run experiments/cost.yaml`", SPEC["question"], SPEC["hypothesis"], "](cost.svg)",
        "median of 3 rounds", "794 test sentences of 41 documents", "leaderboard, 2026-11-23", "this run",
        "- `gone`: not here; make it: stance train models/gone.yaml", "Judged on \\| others.", "| 0.012 |",
    ):  # fmt: skip
        assert words in markdown, words
    lines = [line for line in markdown.split("A machine")[0].splitlines() if line.startswith("| `")]
    assert len({line.count("|") - line.count("\\|") for line in lines[:5]}) == 1
    assert "nan" not in markdown
    root = ElementTree.fromstring(written[2].read_text())  # noqa: S314 - our own figure
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_the_terminal_gets_eighty_columns(place):
    text, _ = publish(place)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80 and len(lines) == 2 + len(ROWS)
    assert "a-name-longer-t…" in text and "gone             not here; make it: stance train" in text
    assert lines[-1].startswith("† from the leaderboard")


def test_the_readme_shows_figure_and_table_where_it_has_a_block(place):
    _, written = publish(place)
    readme = written[-1].read_text()
    assert readme.startswith("# T\n<!-- cost:start -->\n![") and readme.endswith("<!-- cost:end -->\nend\n")
    assert "(experiments/cost.svg)" in readme and "(experiments/cost.md)" in readme
    assert "| `guest`† |" in readme and "`gone`" not in readme
    (place / "README.md").write_text("# T\n")
    assert len(publish(place)[1]) == 3 and (place / "README.md").read_text() == "# T\n"


def test_the_finding_says_what_times_of_another_day_would_change():
    said = finding(CHARTED)
    assert "macro-F1 and speed: `best`, `light`." in said and "and size: `best`, `guest`" not in said
    assert said.endswith("taken on another day, `guest` would be on the front of speed, too.")
    better = row("rival", 0.9, 20.0, 2000.0, "2026-11-23")
    rows = (better, *ROWS)
    charted = Charted(rows, fronts_of([one.point for one in rows if one.point]), 794, 41, MADE)
    assert finding(charted).endswith("`rival`, `guest` would be on the front of speed, and `best` would not.")
    alone = Charted(ROWS[:1], fronts_of([ROWS[0].point]), 794, 41, MADE)
    assert finding(alone) == "On the front of macro-F1 and speed: `best`. On the front of macro-F1 and size: `best`."


@pytest.mark.parametrize(
    ("write", "value", "said"),
    [(speed_of, 9.49, "9.5"), (speed_of, 1020.4, "1,020"), (size_of, 0.0146, "0.015"), (size_of, 1440.0, "1,440.0")],
)
def test_small_figures_do_not_read_as_nothing(write, value, said):
    assert write(value) == said
