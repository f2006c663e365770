"""A record of re-readings says what is, names what decided, and is refused where it does not."""

import json

import pytest
from tiny import ROOT

from pipeline.corpus.audits import read_audits
from pipeline.corpus.load import load_corpus
from pipeline.ground.errors import LabelError
from pipeline.reports.datasheet import audit_table, changes_table


def write_record(labels, *changes):
    """Write records on the first tiny sentences, each with its changes; return the corpus and the sentences."""
    corpus = load_corpus(labels)
    first = next(iter(corpus.annotations.values()))
    records = [
        {
            "doc": annotation.doc,
            "start": annotation.start,
            "end": annotation.end,
            "sha256": annotation.sha256,
            "found_by": ["cleanlab"],
            "before": list(annotation.labels),
            "reread": list(annotation.labels),
            "after": list(annotation.labels),
        }
        | change
        for annotation, change in zip(first, changes, strict=False)
    ]
    (labels / "audit").mkdir(exist_ok=True)
    (labels / "audit" / "one.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return corpus


def labels_of(labels, number):
    return list(next(iter(load_corpus(labels).annotations.values()))[number].labels)


def other(names):
    return [name for name in ("hawk", "dove") if name not in names]


def test_a_record_counts_what_was_read_again_and_what_came_of_it(labels):
    now = labels_of(labels, 1)
    changed = {"before": other(now), "reread": now, "ruling": "a bird of peace"}
    kept = {"reread": other(labels_of(labels, 2)), "ruling": "a bird of prey", "found_by": ["control"]}
    corpus = write_record(labels, {}, changed, kept)
    records = read_audits(corpus, labels)
    assert [(r.adjudicated, r.changed) for r in records] == [(False, False), (True, True), (True, False)]
    rows = audit_table(corpus, records).splitlines()
    assert rows[2:] == [
        "| tiny | cleanlab | 2 | 1 | 1 | 9.5% to 90.5% |",
        "| tiny | control | 1 | 1 | 0 | 0.0% to 79.3% |",
    ]
    on, off = (sum(name in now for name in ("hawk", "dove")), sum(name not in now for name in ("hawk", "dove")))
    cells = [int(cell) for cell in changes_table(corpus, records).splitlines()[2].strip("|").split("|")[1:]]
    assert (sum(cells[::2]), sum(cells[1::2])) == (on, off)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": 3}, "no labelled sentence of"),
        ({"sha256": "0" * 16}, "no labelled sentence of"),
        ({"after": ["hawk", "dove"], "reread": ["hawk", "dove"], "ruling": "x"}, "the label of now is"),
        ({"reread": ["hawk", "dove"]}, "no `ruling` says what decided"),
        ({"before": ["hawk", "dove"], "reread": ["hawk", "dove"]}, "both readings agree, and `after` differs"),
        ({"before": ["hawkish"]}, "hawkish"),
        ({"found_by": "cleanlab"}, "`found_by` must be a list"),
    ],
)
def test_a_record_that_does_not_hold_is_refused_with_its_line(labels, change, said):
    assert len(labels_of(labels, 0)) < 2
    corpus = write_record(labels, change, {})
    with pytest.raises(LabelError, match=r"one\.jsonl, line 1") as caught:
        read_audits(corpus, labels)
    assert said in caught.value.message and "line 2" not in caught.value.message


def test_all_faults_of_a_record_come_at_once(labels):
    corpus = write_record(labels, {"start": 3}, {}, {"before": ["hawkish"]})
    with pytest.raises(LabelError) as caught:
        read_audits(corpus, labels)
    assert "line 1" in caught.value.message and "line 3" in caught.value.message


def test_a_later_reading_of_a_sentence_stands_over_an_earlier_one(labels):
    now = labels_of(labels, 0)
    corpus = write_record(labels, {"reread": other(now), "after": other(now), "ruling": "at first"})
    later = (labels / "audit" / "one.jsonl").read_text().replace(json.dumps(other(now)), "[]")
    record = json.loads(later) | {"before": other(now), "reread": now, "after": now, "ruling": "on second thoughts"}
    (labels / "audit" / "two.jsonl").write_text(json.dumps(record) + "\n")
    assert [r.ruling for r in read_audits(corpus, labels)] == ["at first", "on second thoughts"]


def test_labels_without_an_audit_have_no_record(labels):
    assert read_audits(load_corpus(labels), labels) == []


def test_the_audit_in_the_repository_agrees_with_the_labels():
    corpus = load_corpus(ROOT / "labels")
    records = read_audits(corpus, ROOT / "labels")
    read = {(r.doc, r.start) for r in records}
    assert {(a.doc, a.start) for a in corpus.annotations["sotu"]} <= read, "every sentence of sotu was read again"
    assert sum("cleanlab" in r.found_by for r in records) > 500 and any(r.found_by == ("control",) for r in records)
    assert all(r.ruling for r in records if r.adjudicated)
