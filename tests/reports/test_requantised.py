"""Of a graph that no training made, the card and `stance models show` say where it comes from."""

from pipeline.inference.manifest import REPACKED, REQUANTISED
from pipeline.reports.requantised import graph_from, repacked_from

FACT = {"from": "small-1", "date": "2026-11-26", "code_version": "0.1.0+abc"}
SAID = "from `small-1`, on 2026-11-26, by code `0.1.0+abc`"


def test_each_way_is_told_apart_and_neither_is_silent():
    assert graph_from({}) == repacked_from({}) == ""
    assert (graph_from({REQUANTISED: FACT}, "`"), repacked_from({REQUANTISED: FACT}, "`")) == (SAID, "")
    assert (graph_from({REPACKED: FACT}, "`"), repacked_from({REPACKED: FACT}, "`")) == ("", SAID)


def test_the_released_model_written_anew_says_so(stance):
    code, out, err = stance("models", "show", "accurate")
    assert code == 0 and "written anew, number by number the same, from accurate-7304e592" in " ".join(out.split()), err
