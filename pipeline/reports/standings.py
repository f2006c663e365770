"""Write what lies behind a leaderboard: differences, conventions, sources, capabilities, makers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.ground.codebook import Codebook
from pipeline.reports.tables import interval, markdown_table

if TYPE_CHECKING:
    from pipeline.judging.compare import Difference
    from pipeline.workflows.comparison import Compared, Row


def difference_tables(compared: "Compared") -> str:
    """Write macro-F1 of row minus column for every pair, best first, and the undecided pairs with intervals."""
    names = sorted(compared.macro_f1, key=lambda name: -compared.macro_f1[name].value)
    if len(names) < 2:
        return ""
    found = {(d.a, d.b): d for d in compared.differences}
    rows = []
    for row in names[:-1]:
        cells = [_difference(found, row, column) if names.index(column) > names.index(row) else "" for column in names]
        rows.append([f"`{row}`", *cells[1:]])
    said = (
        "Macro-F1 on test of the row's recipe minus the column's, means over seeds, by paired bootstrap of documents"
        " and seeds.\n**Bold**: stands among all pairs (Holm, 5 %). *Plain with star*: its own 95 % interval leaves out"
        " 0, but not among all pairs.\nPlain: not told apart by this test set."
    )
    close = [d for d in compared.differences if not d.real]
    lines = [f"- `{d.a}` − `{d.b}`: {interval(d.estimate, sign=True)}" for d in close]
    listed = "\n\nNot real among all pairs, with intervals:\n\n" + "\n".join(lines) if lines else ""
    return f"{said}\n\n{markdown_table(['', *(f'`{n}`' for n in names[1:])], rows)}{listed}"


def _difference(found: "dict[tuple[str, str], Difference]", row: str, column: str) -> str:
    turned = (row, column) not in found
    difference = found[column, row] if turned else found[row, column]
    value = -difference.estimate.value if turned else difference.estimate.value
    text = f"{value:+.3f}"
    if difference.real:
        return f"**{text}**"
    low, high = difference.estimate.low, difference.estimate.high
    return f"{text}*" if low is not None and high is not None and (low > 0 or high < 0) else text


def convention_table(compared: "Compared", codebook: Codebook) -> str:
    """Write F1 with learned thresholds on calibrated probabilities, and at 0.5 on raw ones; ECE of both."""
    heads = ["recipe", "macro-F1, ours", "at 0.5"]
    heads += [f"{name}, {which}" for name in codebook.names for which in ("ours", "0.5")]
    heads += ["mean ECE, calibrated", "raw", "macro-F1, SD over seeds"]
    rows = []
    for recipe in compared.macro_f1:
        of = compared.of(recipe)
        cells = [f"`{recipe}`", f"{average(of, 'macro_f1'):.3f}", f"{average(of, 'macro_f1_half'):.3f}"]
        for name in codebook.names:
            cells += [f"{average(of, f'f1_{name}'):.2f}", f"{average(of, f'f1_half_{name}'):.2f}"]
        for kind in ("ece", "ece_raw"):
            cells.append(f"{np.mean([average(of, f'{kind}_{name}') for name in codebook.names]):.3f}")
        values = [row.figures["macro_f1"] for row in of]
        cells.append(_spread(values))
        rows.append(cells)
    return markdown_table(heads, rows) if rows else ""


def _spread(values: list[float]) -> str:
    """Give the standard deviation over seeds; where nothing is drawn by seed, say so."""
    if len(values) < 2:
        return "one seed"
    return "uses no seed" if len(set(values)) == 1 else f"{np.std(values, ddof=1):.3f}"


def average(rows: "Sequence[Row]", figure: str) -> float:
    """Average a figure over the seeds that have it; NaN where none has."""
    values = [row.figures[figure] for row in rows if figure in row.figures]
    return float(np.mean(values)) if values else float("nan")


def away_table(compared: "Compared", codebook: Codebook) -> str:
    """Write macro-F1 and each label's F1 on every source left out."""
    held = [row for row in compared.rows if any(part.startswith("loso/") for part in row.parts)]
    sources = list(dict.fromkeys(part for row in held for part in row.parts if part.startswith("loso/")))
    if not sources:
        return ""
    names = ["macro_f1", *(f"f1_{name}" for name in codebook.names)]
    rows = []
    for recipe in dict.fromkeys(row.recipe for row in held):
        cells = [f"`{recipe}`"]
        for source in sources:
            figures = [row.parts[source] for row in held if row.recipe == recipe and source in row.parts]
            macro, *labels = (float(np.mean([part[name] for part in figures])) for name in names)
            cells.append(f"{macro:.3f} ({' '.join(f'{value:.2f}' for value in labels)})")
        rows.append(cells)
    said = f"Macro-F1 on the whole source, in brackets F1 of {', '.join(codebook.names)}."
    heads = [source.removeprefix("loso/") for source in sources]
    return f"{said}\n\n{markdown_table(['recipe', *heads], rows)}\n\n{_home_table(held, sources)}"


def _home_table(held: "Sequence[Row]", sources: Sequence[str]) -> str:
    """Write what leaving a source out costs: on the source's test documents, with it in training and without."""
    rows = []
    for recipe in dict.fromkeys(row.recipe for row in held):
        cells = [f"`{recipe}`"]
        for source in sources:
            home = f"source/{source.removeprefix('loso/')}/macro_f1"
            of = [row for row in held if row.recipe == recipe and source in row.parts and home in row.figures]
            pairs = [(row.figures[home], row.parts[source].get("test_macro_f1")) for row in of]
            known = [(there, away) for there, away in pairs if away is not None]
            there, away = (float(np.mean(column)) for column in zip(*known, strict=True)) if known else (0.0, 0.0)
            cells.append(f"{there:.3f} → {away:.3f} ({away - there:+.3f})" if known else "–")
        rows.append(cells)
    said = (
        "The same on the source's test documents alone: trained with the source → without it (difference), same seed."
    )
    return f"{said}\n\n{markdown_table(['recipe', *(s.removeprefix('loso/') for s in sources)], rows)}"


def behaviour_table(compared: "Compared") -> str:
    """Write the share of cases passed by capability, mean over seeds, and the shifts that have a bar."""
    rows = [row for row in compared.rows if row.behaviour is not None]
    recipes = list(dict.fromkeys(row.recipe for row in rows))
    if not rows or rows[0].behaviour is None:
        return ""
    first = rows[0].behaviour
    lines = []
    for name, scores in first.capabilities.items():
        rates = [f"{average(compared.of(recipe), f'behaviour/{name}/pass_rate'):.0%}" for recipe in recipes]
        lines.append([name.replace("_", " "), str(scores.total.cases), *rates])
    lines.append(["all", str(first.total.cases)])
    lines[-1] += [f"{average(compared.of(recipe), 'behaviour/pass_rate'):.0%}" for recipe in recipes]
    for name, scores in first.capabilities.items():
        if scores.bar is not None:
            shifts = [f"{average(compared.of(recipe), f'behaviour/{name}/mean_shift'):.3f}" for recipe in recipes]
            lines.append([f"mean shift of a probability, {name.replace('_', ' ')} (bar {scores.bar:g})", "", *shifts])
    return markdown_table(["capability", "cases", *(f"`{recipe}`" for recipe in recipes)], lines)


def made_table(compared: "Compared") -> str:
    """Name exactly what made each row."""
    heads = ["recipe", "seed", "recipe hash", "data", "splits", "code", "date", "MLflow run"]
    rows = []
    for row in compared.rows:
        if not row.failed:
            m = row.made_by
            made = (m["recipe_hash"], m["data_fingerprint"], m["splits"], m["code_version"], m["date"], m["run"][:8])
            rows.append([row.recipe, str(row.seed), *(f"`{value}`" for value in made)])
    note = (
        "The code named trained the model; figures from sources left out may come from earlier or later code, since a"
        "\nstep is done again only where recipe, seed, labels or splits change."
    )
    return f"{markdown_table(heads, rows)}\n\n{note}"
