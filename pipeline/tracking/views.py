"""Save a view of an experiment's runs: which columns the table of the MLflow UI shows, in which order.

MLflow 3 shows no metric until a person chooses some; what they choose can be saved under *Views*, as a tag of the
experiment. This writes such a tag (the form that MLflow 3.17's own *Save as new view* writes).
"""

import base64
import json
import zlib
from collections.abc import Sequence

KEY = "figures"
NAME = "Figures"
TAG = f"mlflow.sharedViewState.{KEY}"


def view_tag(columns: Sequence[str], now: float) -> str:
    """Give the value of the tag; the first of `columns` sorts the runs; `now` in seconds.

    Columns are metrics; a setting is written `params.NAME`, a tag `tags.NAME`.
    """
    shown = [_column(name) for name in columns]
    state = {
        "searchFilter": "",
        "orderByKey": shown[0],
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": shown,
        "columnOrder": shown,
        "columnWidths": {},
        "runsHiddenMode": "FIRST_10_RUNS",
        "viewMaximized": False,
        "runListHidden": False,
        "isAccordionReordered": False,
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
        "groupBy": None,
        "groupsExpanded": {},
        "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
    }
    packed = base64.b64encode(zlib.compress(json.dumps(state, separators=(",", ":")).encode())).decode()
    written = {"name": NAME, "createdAt": int(now * 1000), "updatedAt": int(now * 1000), "state": f"deflate;{packed}"}
    return json.dumps(written, separators=(",", ":"))


def _column(name: str) -> str:
    """Write a column as the UI does, with its kind before it."""
    for kind in ("params", "tags"):
        if name.startswith(f"{kind}."):
            return f"{kind}.`{name.removeprefix(f'{kind}.')}`"
    return f"metrics.`{name}`"
