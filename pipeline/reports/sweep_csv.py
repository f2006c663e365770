"""Write the trials of a sweep for machines."""

from typing import TYPE_CHECKING, Any

from pipeline.reports.tables import csv_table
from pipeline.workflows.spec import BASE
from pipeline.workflows.sweep_settings import short_value

if TYPE_CHECKING:
    from pipeline.workflows.sweep import Swept
    from pipeline.workflows.sweep_spec import Sweep
    from pipeline.workflows.sweep_study import Trial

MADE = ("code_version", "machine", "date")


def sweep_csv(spec: "Sweep", swept: "Swept") -> str:
    """Write every trial in the order they were run, the recipe as it is first, as trial 0."""
    part = "fold" if spec.folds else "epoch"
    most = max(len(trial.values) for trial in [swept.base, *swept.trials])
    columns = ["trial", "state", spec.metric, *spec.search, *(f"{part}_{number + 1}" for number in range(most))]
    columns += ["test_macro_f1", "test_macro_f1_low", "test_macro_f1_high", "seconds", "run", *MADE, "reason"]
    rows = [_row(spec, trial, part, swept) for trial in [swept.base, *swept.trials]]
    return csv_table(columns, rows)


def _row(spec: "Sweep", trial: "Trial", part: str, swept: "Swept") -> dict[str, str | int | float | None]:
    tested = {0: BASE, swept.chosen.number: "chosen"}.get(trial.number)
    test = swept.test[tested].as_dict() if tested else {}
    ends = {"value": "test_macro_f1", "low": "test_macro_f1_low", "high": "test_macro_f1_high"}
    return {
        "trial": trial.number,
        "state": trial.state,
        spec.metric: trial.value,
        **{name: _exact(value) for name, value in trial.settings.items()},
        **{f"{part}_{number}": value for number, value in enumerate(trial.values, start=1)},
        **{ends[end]: value for end, value in test.items()},
        "seconds": trial.seconds,
        "run": trial.run,
        **{key: trial.made_by[key] for key in MADE},
        "reason": " ".join(trial.reason.split()),
    }


def _exact(value: Any) -> str | int | float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else short_value(value)
