"""What is left out of a comparison that nobody chose is counted."""

import pytest

from pipeline.tracking.runs import RunRecord
from pipeline.workflows.runs import MOST, newest_runs


def records(count: int) -> list[RunRecord]:
    return [
        RunRecord(f"{n:032x}", f"r{n}", "lab", "FINISHED", "2026", "", {}, {"recipe": f"r{n}", "model_id": f"m{n}"}, {})
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (0, []),
        (1, [("1 older recipe of 'lab' is left out", "name it")]),
        (2, [("2 older recipes of 'lab' are left out", "name them")]),
    ],
)
def test_older_recipes_are_left_out_and_counted(left, said):
    kept, notices = newest_runs(records(MOST + left), None)
    assert len(kept) == MOST and [(one.message, one.hint) for one in notices] == said
