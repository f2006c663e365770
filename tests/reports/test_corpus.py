"""The summary of a labels folder shows names as they are."""

import dataclasses
import io

from rich.console import Console

from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import split_corpus
from pipeline.reports.corpus import corpus_summary


def test_square_brackets_in_a_source_are_shown_as_they_are(labels):
    corpus = load_corpus(labels)
    split = split_corpus(corpus, labels)
    corpus = dataclasses.replace(corpus, annotations={"br[/b]": corpus.annotations["tiny"]})
    stream = io.StringIO()
    Console(file=stream, width=80, color_system=None).print(corpus_summary(corpus, split))
    assert "br[/b]" in stream.getvalue()
