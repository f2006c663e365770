"""The tables of `stance score`: whole in 80 columns, readable without colour, true to the predictions."""

import dataclasses
import io

import pytest
from rich.console import Console
from tiny import ROOT

from pipeline.corpus.readers import read_text
from pipeline.corpus.reading import read
from pipeline.ground.codebook import load_codebook
from pipeline.ground.records import Prediction, Profile, ScoredDocument
from pipeline.reports.scores import document_table, profiles_table
from pipeline.scoring.rows import sentence_rows

CODEBOOK = load_codebook(ROOT / "labels")
TEXT = "The envoys met twice in Varo. Both sides should publish the map. Without monitors the truce may not hold."
LABELS = [(), ("recommendation",), ("caution", "recommendation")]


@pytest.fixture
def scored():
    reading = read(read_text(TEXT, "varo"))
    predictions = tuple(
        Prediction(s.text, labels, {name: 0.91 if name in labels else 0.123456 for name in CODEBOOK.names})
        for s, labels in zip(reading.sentences, LABELS, strict=True)
    )
    return ScoredDocument(
        reading, predictions, Profile(3, {"optimism": 0, "caution": 1, "recommendation": 2}, 1), "m-1"
    )


def text_of(renderable, width=80):
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, highlight=False).print(renderable)
    return stream.getvalue()


def test_the_table_fits_eighty_columns_and_says_what_it_means_without_colour(scored):
    shown = text_of(document_table(scored, CODEBOOK))
    lines = shown.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert shown.count("● 91") == 3
    row = next(line for line in lines if "publish the map" in line)
    assert row.split()[:4] == ["2", "12", "12", "●"]
    assert " ".join(shown.split()).count("Without monitors the truce may not hold.") == 1


def test_the_profile_counts_what_the_sentences_carry(scored):
    shown = text_of(document_table(scored, CODEBOOK))
    assert "recommendation  2 of 3  67%" in shown
    assert "none            1 of 3  33%" in shown


def test_several_documents_show_one_profile_each(scored):
    shown = text_of(profiles_table([scored, scored], CODEBOOK))
    assert shown.count("varo") == 2 and "67%" in shown


def test_rows_slice_back_to_their_sentences(scored):
    rows = list(sentence_rows(scored))
    assert len(rows) == 3
    for row, labels in zip(rows, LABELS, strict=True):
        assert scored.reading.document.text[row["start"] : row["end"]] == row["text"]
        assert row["labels"] == list(labels)
        assert row["probabilities"]["optimism"] == 0.1235


def test_square_brackets_are_shown_as_they_are(scored):
    labels = tuple(
        label.model_copy(update={"short": f"{label.short[:2]}[/]"}) if number else label
        for number, label in enumerate(CODEBOOK.labels)
    )
    book = CODEBOOK.model_copy(update={"labels": labels})
    document = dataclasses.replace(scored.reading.document, path="br[/b].md")
    named = dataclasses.replace(scored, reading=dataclasses.replace(scored.reading, document=document))
    for shown in (text_of(document_table(named, book)), text_of(profiles_table([named, scored], book))):
        assert "br[/b].md" in shown and all(label.short in shown for label in labels)
