"""A published curve says the same in Markdown, CSV, README and terminal, and draws a sound figure."""

import csv
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from growing import SPEC as GROWING
from tiny import TFIDF, write_labels, write_recipe

from pipeline.ground.errors import ConfigError
from pipeline.ground.paths import Project
from pipeline.judging.curve import Curve, Line, Trial, study
from pipeline.judging.curve_figure import draw_curves, to_svg
from pipeline.judging.records import Judged
from pipeline.reports.curve import publish_curve
from pipeline.reports.curve_words import ASSUMED, in_words, sentence
from pipeline.workflows.spec import load_spec

SIZES = {0.1: 120, 0.25: 300, 0.5: 610, 1.0: 1220}
SPEC = GROWING | {"seeds": [3, 4, 5], "shares": list(SIZES), "without": ["odd"], "expect": [500, 2000], "publish": True}
MADE = {
    "recipe_hash": "0123456789abcdef",
    "data_fingerprint": "fedcba9876543210",
    "code_version": "0.1.0+abc",
    "machine": "a machine of four cores",
    "date": "2026-11-23",
    "seconds": "75",
}


def trial(seed: int, share: float, wrong: float, labels=("hawk", "dove")) -> Trial:
    rng = np.random.default_rng(0)
    gold = (rng.random((600, len(labels))) < 0.35).astype(np.int8)
    flips = np.random.default_rng([seed, 1]).random(gold.shape) < wrong
    predicted = np.where(flips, 1 - gold, gold).astype(np.int8)
    groups = tuple(f"doc-{n % 24:02}" for n in range(600))
    judged = Judged(
        gold=gold,
        probabilities=predicted.astype(float),
        predicted=predicted,
        groups=groups,
        texts=tuple(map(str, range(600))),
        labels=labels,
        thresholds=(0.5,) * len(labels),
        slices={"source": tuple("even" if n % 2 else "odd" for n in range(600))},
    )
    return Trial(seed, share, SIZES[share] + seed, 10, judged)


def line(recipe: str = "words", wrong=(0.4, 0.27, 0.19, 0.14), labels=("hawk", "dove"), expect=(500, 2000)) -> Line:
    grid = [trial(s, share, rate, labels) for s in (3, 4, 5) for share, rate in zip(SIZES, wrong, strict=True)]
    return Line(recipe, study(grid, expect, resamples=200), MADE)


def curve(*lines: Line) -> Curve:
    return Curve(lines or (line(),), ("hawk", "dove"), 600, 24)


@pytest.fixture
def place(tmp_path):
    write_labels(tmp_path / "labels")
    write_recipe(tmp_path / "models" / "words.yaml", TFIDF)
    (tmp_path / "experiments").mkdir()
    (tmp_path / "README.md").write_text("# T\n<!-- learning-curve:start -->\n<!-- learning-curve:end -->\nend\n")
    return tmp_path


def publish(root, found: Curve, **changes):
    path = root / "experiments" / "grow.yaml"
    path.write_text(yaml.safe_dump(SPEC | changes))
    spec, _ = load_spec(path, root / "models")
    return publish_curve(path, spec, found, Project(root))


def tables(markdown: str) -> list[list[list[str]]]:
    """Read every table of a Markdown file as rows of cells, its head first."""
    blocks = re.findall(r"(?:^\|.*\n)+", markdown, flags=re.M)
    rows = [[[cell.strip() for cell in row.strip("|").split("|")] for row in block.splitlines()] for block in blocks]
    return [[table[0], *table[2:]] for table in rows]


def shown(row: dict[str, str], value: str, low: str, high: str, style: str = ".3f") -> str:
    return f"{float(row[value]):{style}} [{float(row[low]):{style}}, {float(row[high]):{style}}]"


def test_markdown_and_csv_say_the_same(place):
    _, written = publish(place, curve())
    assert [path.name for path in written] == ["grow.md", "grow.csv", "grow.svg", "README.md"]
    markdown = written[0].read_text()
    rows = list(csv.DictReader(written[1].read_text().splitlines()))
    by_share, by_source, expected, makers = tables(markdown)
    measured = {(r["figure"], float(r["share"])): r for r in rows if r["row"] == "measured"}
    assert len(measured) == 5 * len(SIZES)
    for table in (by_share, by_source):
        head, *body = table
        assert len(body) == len(SIZES)
        for cells in body:
            for figure, cell in zip(head[3:], cells[3:], strict=True):
                row = measured[figure, float(cells[0])]
                assert cell == shown(row, "value", "low", "high") and cells[1] == f"{float(row['sentences']):,.0f}"
    assert by_share[0][3:] == ["macro-F1", "hawk", "dove"] and by_source[0][3:] == ["even", "odd"]
    gains = {(r["figure"], int(float(r["sentences"]) - 1224)): r for r in rows if r["row"] == "expected"}
    assert len(gains) == 10 and expected[0][2:4] == ["+500", "+2,000"]
    for cells in expected[1:]:
        for more, cell in zip((500, 2000), cells[2:4], strict=True):
            row = gains[cells[0], more]
            assert cell == shown(row, "gain", "gain_low", "gain_high", "+.3f")
            now = float(row["value"]) - float(row["gain"])
            assert float(cells[1]) == pytest.approx(now, abs=6e-4) and float(row["value"]) <= 1
    assert makers[1][1:4] == ["`0123456789abcdef`", "`fedcba9876543210`", "`0.1.0+abc`"]
    for words in ("by `stance experiment run experiments/grow.yaml`", "go without odd", ASSUMED, "a machine of four"):
        assert words in markdown, words
    for key in ("question", "hypothesis", "stopping_rule"):
        assert SPEC[key] in markdown


def test_the_readme_gets_a_short_table_of_the_same_figures(place):
    _, written = publish(place, curve())
    readme = written[-1].read_text()
    [table] = tables(readme)
    expected = tables(written[0].read_text())[2]
    assert readme.startswith("# T\n<!-- learning-curve:start -->\n| figure") and readme.endswith("end -->\nend\n")
    assert [row[0] for row in table] == ["figure", "macro-F1", "hawk", "dove"]
    assert [row[2:] for row in table[1:]] == [row[2:4] for row in expected[1:4]]
    assert "experiments/grow.md" in readme and "3 seeds (3, 4, 5)" in readme
    several = publish(place, curve(line("one"), line("two")))[1][-1].read_text()
    assert [row[0] for row in tables(several)[0]] == ["macro-F1", "`one`", "`two`"]


def test_an_unpublished_curve_leaves_the_readme_alone_and_a_readme_without_block_is_told(place):
    before = (place / "README.md").read_text()
    _, written = publish(place, curve(), publish=False)
    assert (place / "README.md").read_text() == before and len(written) == 3
    for path in written:
        path.unlink()
    (place / "README.md").write_text("# T\n")
    with pytest.raises(ConfigError, match="no block 'learning-curve'"):
        publish(place, curve())
    assert not (place / "experiments" / "grow.md").exists()


@pytest.mark.parametrize("recipes", [1, 2])
def test_the_terminal_gets_eighty_columns(place, recipes):
    text, _ = publish(place, curve(*[line(f"recipe-{n}") for n in range(recipes)]), publish=False)
    rows = text.splitlines()
    assert max(map(len, rows)) <= 80 and len(rows) > 12
    assert sum(row.startswith("0.25 ") for row in rows) == recipes
    for name in ("macro-F1", "hawk", "even", "+500 sentences", "+2,000 sentences"):
        assert name in text
    value = line().study.tracks[0].values[-1]
    assert f"{value.value:.3f} {value.low:.3f}–{value.high:.3f}" in text


def test_many_labels_are_stacked_in_eighty_columns(place):
    names = [f"label-{n}" for n in range(9)]
    codebook = yaml.safe_load((place / "labels" / "codebook.yaml").read_text())
    codebook["labels"] = [{"name": name, "short": f"l{n}", "definition": name} for n, name in enumerate(names)]
    (place / "labels" / "codebook.yaml").write_text(yaml.safe_dump(codebook))
    found = Curve((line(labels=tuple(names)),), tuple(names), 600, 24)
    text, _ = publish(place, found)
    assert max(map(len, text.splitlines())) <= 80
    assert all(f"F1 l{n}" in text and name in text for n, name in enumerate(names))


def test_the_figure_is_sound_and_the_same_each_time(place):
    lines = (line("one"), line("two", wrong=(0.45, 0.4, 0.38, 0.37)))
    first, again = (to_svg(draw_curves(lines)) for _ in range(2))
    assert first == again
    root = ElementTree.fromstring(first)  # noqa: S314 - our own figure, written a line above
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and "nan" not in first.lower().split()
    panels = [part for part in root.iter() if re.fullmatch(r"axes_\d+", part.get("id", ""))]
    assert len(panels) == 5
    for color in ("#0072b2", "#d55e00"):
        assert color in first.lower()
    assert not re.search(r"\d{4}-\d{2}-\d{2}|Matplotlib v", first)


def test_words_say_what_an_expectation_is_worth():
    rising = line().study.tracks[0]
    assert in_words(rising) == "+500: a gain by the law; +2,000: a gain by the law, extrapolated far"
    flat = line(wrong=(0.2,) * 4)
    assert in_words(flat.study.tracks[0]).startswith("no gain: the curve is flat")
    assert "is flat: more sentences of the same making promise no gain" in sentence(flat)
    doubtful = replace(rising.expectations[0], gain=replace(rising.expectations[0].gain, low=0.0))
    track = replace(rising, expectations=(doubtful,))
    assert in_words(track) == "not told apart from no gain"
    prophet = replace(rising, missed=0.4)
    assert "missed the last share by more" in in_words(prophet)
    unknown = replace(track, expectations=(replace(doubtful, gain=replace(doubtful.gain, low=None, high=None)),))
    assert in_words(unknown) == "no interval can be given"
