"""The tables of `stance score`: whole in 80 columns, readable without colour, true to the predictions."""

import dataclasses
import io

import pytest
from rich.console import Console
from tiny import ROOT

from pipeline.corpus.readers import read_text
from pipeline.corpus.reading import read
from pipeline.ground.codebook import load_codebook
from pipeline.ground.records import Estimate, Prediction, Prevalence, Profile, ScoredDocument
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


@pytest.fixture
def marked(scored):
    unsure = [(), ("caution",), ("optimism", "recommendation")]
    predictions = tuple(dataclasses.replace(p, unsure=u) for p, u in zip(scored.predictions, unsure, strict=True))
    return dataclasses.replace(scored, predictions=predictions, profile=dataclasses.replace(scored.profile, review=2))


def test_what_deserves_a_look_has_a_question_mark_and_is_counted(marked, scored):
    shown = text_of(document_table(marked, CODEBOOK))
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    row = next(line for line in lines if "publish the map" in line)
    assert row.split()[:5] == ["2", "12", "12?", "●", "91"]
    assert "● 91?" in next(line for line in lines if "Without monitors" in line)
    assert "? one that deserves a look" in shown and "to review       2 of 3  67%" in shown
    assert "?" not in text_of(document_table(scored, CODEBOOK)) and "to review" not in text_of(
        document_table(scored, CODEBOOK)
    )
    assert "review" in text_of(profiles_table([marked, scored], CODEBOOK)).splitlines()[0]
    assert text_of(profiles_table([marked, scored], CODEBOOK)).splitlines()[2].rstrip().endswith("–")


def test_rows_say_what_deserves_a_look_and_null_where_the_model_cannot_tell(marked, scored):
    rows = list(sentence_rows(marked))
    assert [row["review"] for row in rows] == [False, True, True]
    assert [row["unsure"] for row in rows] == [[], ["caution"], ["optimism", "recommendation"]]
    assert all(row["review"] is None and row["unsure"] is None for row in sentence_rows(scored))


def test_rows_say_the_label_shares_they_were_adapted_to(scored):
    assert all("priors" not in row for row in sentence_rows(scored))
    adapted = dataclasses.replace(scored, priors={"optimism": 0.123456, "caution": 0.2, "recommendation": 0.3})
    assert {row["priors"]["optimism"] for row in sentence_rows(adapted)} == {0.1235}


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


def test_corrected_shares_stand_below_the_profile_with_their_intervals(scored):
    known, unknown = Estimate(0.221, 0.094, 0.377), None
    shares = [
        Prevalence("optimism", 3, 0.0, known),
        Prevalence("caution", 3, 0.33, unknown),
        Prevalence("recommendation", 3, 0.67, Estimate(0.5)),
    ]
    last = text_of(document_table(scored, CODEBOOK, shares)).splitlines()[-1].rstrip()
    assert last == "corrected for error rates: optimism 22% [9–38], recommendation 50%"
    several = text_of(profiles_table([scored, scored], CODEBOOK, shares))
    assert "corrected for error rates, all documents together: optimism 22% [9–38]" in several
    assert "corrected" not in text_of(document_table(scored, CODEBOOK, [Prevalence("caution", 30, 0.33, None)]))


def test_too_few_sentences_to_correct_are_called_so(scored):
    told = text_of(document_table(scored, CODEBOOK, [Prevalence("caution", 3, 0.33, None)])).splitlines()[-1]
    assert told.strip() == "too few sentences to allow for error rates: fewer than 10"
