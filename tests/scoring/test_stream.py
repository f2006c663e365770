"""Sentences go to the model in windows, each once, while the next documents are read."""

import numpy as np
import pytest

from pipeline.corpus.readers import read_text
from pipeline.corpus.reading import read
from pipeline.scoring import stream
from pipeline.scoring.items import Failure, Item
from pipeline.scoring.reader import Read
from pipeline.scoring.stream import score_stream

WORDS = ["The talks bring peace.", "The army should strike.", "Nothing else was said of it.", "Envoys left the town."]


def document(number: int, *sentences: str) -> Read:
    reading = read(read_text(" ".join(sentences), f"d{number}"))
    assert len(reading.sentences) == len(sentences)
    return Read(Item(f"d{number}", f"d{number}.txt"), "0" * 64, reading)


@pytest.fixture
def asked(predictor, monkeypatch):
    """Log what is read, begun and gathered; a text is begun with its window."""
    log, really = [], type(predictor).begin_raw

    def begin(self, texts):
        log.append(("begun", *texts))
        pending = really(self, texts)

        def gather():
            log.append(("gathered", *texts))
            return pending()

        return gather

    monkeypatch.setattr(type(predictor), "begin_raw", begin)
    return log


def begun(log) -> list[str]:
    return [text for what, *texts in log if what == "begun" for text in texts]


def test_each_sentence_is_computed_once_and_every_document_gets_its_rows(predictor, asked, monkeypatch):
    monkeypatch.setattr(stream, "WINDOW", 3)
    documents = [document(n, *(WORDS[(n + k) % len(WORDS)] for k in range(1 + n % 3))) for n in range(20)]
    found = list(score_stream(predictor, documents))
    assert sorted(begun(asked)) == sorted(WORDS)
    assert [one.read for one in found] == documents
    for one in found:
        alone = predictor.judge(one.read.reading)
        assert one.scored.predictions == alone.predictions and one.scored.profile == alone.profile


def test_white_space_makes_no_other_sentence_and_another_letter_does(predictor, asked):
    texts = ["The talks bring peace.", "The talks  bring\npeace.", "The talks bring peace!"]
    list(score_stream(predictor, [document(n, text) for n, text in enumerate(texts)]))
    assert begun(asked) == [texts[0], texts[2]]


def test_what_was_met_long_ago_is_computed_again_so_that_memory_stays_flat(predictor, asked, monkeypatch):
    monkeypatch.setattr(stream, "WINDOW", 1)
    monkeypatch.setattr(stream, "REMEMBERED", 1)
    order = [WORDS[n] for n in (0, 0, 1, 2, 3, 0)]
    found = list(score_stream(predictor, [document(n, text) for n, text in enumerate(order)]))
    assert begun(asked)[:1] == [WORDS[0]] and begun(asked).count(WORDS[0]) == 2 and len(found) == 6
    rows = [list(one.scored.predictions[0].probabilities.values()) for one in found]
    assert np.array_equal(rows[0], rows[5])


def test_windows_are_begun_and_documents_read_before_earlier_ones_are_gathered(predictor, asked, monkeypatch):
    monkeypatch.setattr(stream, "WINDOW", 1)

    def reading():
        for number in range(12):
            asked.append(("read", number))
            yield document(number, f"The envoy of harbour {number} left.")

    found = list(score_stream(predictor, reading()))
    under_way, most, read_meanwhile = 0, 0, 0
    for what, *_ in asked:
        under_way += {"begun": 1, "gathered": -1}.get(what, 0)
        most = max(most, under_way)
        read_meanwhile += what == "read" and under_way > 0
    assert most == stream.UNDER_WAY and read_meanwhile >= 10
    assert [one.read.item.place for one in found] == [f"d{number}" for number in range(12)]


def test_a_failure_keeps_its_place_and_holds_nothing_up(predictor, monkeypatch):
    monkeypatch.setattr(stream, "LONGEST_LINE", 4)
    taken = []

    def reading():
        yield document(0, WORDS[0])
        for number in range(20):
            taken.append(number)
            yield Failure(f"f{number}", "cannot be read")
        yield document(1, WORDS[1])

    stages = score_stream(predictor, reading())
    first = next(stages)
    assert first.read.item.place == "d0" and len(taken) < 20  # not held until all has been read
    places = [one.place if isinstance(one, Failure) else one.read.item.place for one in stages]
    assert places == [*(f"f{number}" for number in range(20)), "d1"]
