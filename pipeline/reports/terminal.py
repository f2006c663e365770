"""Lay out a comparison for a terminal of 80 columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.ground.codebook import Codebook
from pipeline.reports.standings import average
from pipeline.reports.tables import interval

if TYPE_CHECKING:
    from pipeline.workflows.comparison import Compared, Row

WIDTH = 80


def terminal_table(compared: "Compared", codebook: Codebook) -> str:
    """Lay out what there is room for: macro-F1, each label's F1, calibration, sources left out, seconds."""
    widest = max(len(recipe) for recipe in compared.recipes)
    labels = "  ".join(f"{label.short[:4]:>4}" for label in codebook.labels)
    lines = [f"{'':{widest}}  {'test macro-F1':20}  at 0.5  {labels}    ECE   away  train s"]
    for recipe in compared.recipes:
        of = compared.of(recipe)
        if of:
            lines.append(f"{recipe:{widest}}  {interval(compared.macro_f1[recipe]):20}  {_cells(of, codebook)}")
        else:
            reason = next(row.failed for row in compared.rows if row.recipe == recipe)
            lines.append(f"{recipe:{widest}}  not run: {' '.join(reason.split())}"[:WIDTH])
    return "\n".join(lines)


def _cells(of: "Sequence[Row]", codebook: Codebook) -> str:
    f1 = "  ".join(f"{average(of, f'f1_{name}'):4.2f}" for name in codebook.names)
    ece = float(np.mean([average(of, f"ece_{name}") for name in codebook.names]))
    away = average(of, "loso_macro_f1")
    left_out = "    –" if np.isnan(away) else f"{away:.3f}"
    seconds = min(row.figures["train_seconds"] for row in of)
    return f"{average(of, 'macro_f1_half'):6.3f}  {f1}  {ece:.3f}  {left_out}  {seconds:7.0f}"
