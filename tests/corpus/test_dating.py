"""Dates are found where a name or a field states them, and nowhere else."""

import pytest

from pipeline.corpus.dating import date_in_name, iso_date


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("2018-03-09.pdf", "2018-03-09"),
        ("accord-2018-03-09-final.pdf", "2018-03-09"),
        ("20180309_statement.txt", "2018-03-09"),
        ("statement_20180309", "2018-03-09"),
        ("2018_03.txt", "2018-03"),
        ("river talks 2018.03.09.docx", "2018-03-09"),
        ("9 March 2018.docx", "2018-03-09"),
        ("briefing of 9th_march_2018 (final).eml", "2018-03-09"),
        ("March 9, 2018.md", "2018-03-09"),
        ("sept-2018.html", "2018-09"),
        ("2018 Sep 09.html", "2018-09-09"),
        ("review 2018.txt", "2018"),
        ("2018.txt", "2018"),
        ("29 February 2020.txt", "2020-02-29"),
    ],
)
def test_a_date_in_a_name(name, date):
    assert date_in_name(name) == date


@pytest.mark.parametrize(
    "name",
    [
        "accord.txt",
        "1834.txt",
        "resolution 2231.txt",
        "document-123456789.pdf",
        "2016-2018.pdf",
        "9 march.txt",
        "version 3.2018a.txt",
        "03-09-18.txt",
        "",
    ],
)
def test_no_date_in_a_name(name):
    assert date_in_name(name) == ""


@pytest.mark.parametrize(("name", "date"), [("2018-13-45.txt", "2018"), ("29 February 2019.txt", "2019-02")])
def test_of_an_impossible_day_what_is_possible_stays(name, date):
    assert date_in_name(name) == date


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("D:20180309101500+01'00'", "2018-03-09"),
        ("D:2018", "2018"),
        ("D:201803", "2018-03"),
        ("2018-03-09T10:15:00Z", "2018-03-09"),
        ("2018-03-09 10:15", "2018-03-09"),
        ("2018-03", "2018-03"),
        ("2018", "2018"),
        ("9 March 2018", "2018-03-09"),
        ("D:00000000000000", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_a_date_in_a_field(text, date):
    assert iso_date(text) == date
