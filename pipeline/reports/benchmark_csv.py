"""Write every figure of a benchmark as rows: section, who, what, value with its range, unit."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.judging.benchmark import Contest, Spread
from pipeline.reports.benchmark_tables import comparisons, exponent, share_of_limit
from pipeline.reports.tables import csv_table
from pipeline.workflows.benchmark_spec import Benchmark

if TYPE_CHECKING:
    from pipeline.workflows.benchmark import Measured

COLUMNS = ("section", "name", "figure", "value", "low", "high", "unit", "note", "date", "machine", "code_version")
Row = dict[str, str | int | float | None]


def benchmark_csv(spec: Benchmark, measured: "Measured") -> str:
    """Write all sections that ran; `low` and `high` are the range over rounds."""
    made: Row = {key: measured.made_by[key] for key in ("date", "machine", "code_version")}
    rows = [*_throughput(spec, measured), *_growth(measured), *_briefing(measured), *_limit(measured)]
    return csv_table(COLUMNS, [made | row for row in rows])


def _row(section: str, name: str, figure: str, value: Spread | float | None, unit: str, note: str = "") -> Row:
    cells: Row = {"section": section, "name": name, "figure": figure, "unit": unit, "note": note}
    if isinstance(value, Spread):
        return cells | {"value": value.value, "low": value.low, "high": value.high}
    return cells | {"value": value}


def _throughput(spec: Benchmark, measured: "Measured") -> Iterator[Row]:
    for one in measured.contests:
        yield from _contest(one)
    for versus in comparisons(spec, measured):
        note = "" if versus.bar is None else f"wanted {versus.bar:g}: {'met' if versus.met else 'not met'}"
        yield _row("throughput", versus.name, "stance_times_as_quick", versus.ratio, "ratio", note)


def _contest(one: Contest) -> Iterator[Row]:
    if one.reason:
        yield _row("throughput", one.name, "left_out", None, "", " ".join(one.reason.split()))
        return
    yield _row("throughput", one.name, "sentences", one.sentences, "sentences", "; ".join(one.notes))
    yield _row("throughput", one.name, "speed", one.speed, "sentences/s")
    yield _row("throughput", one.name, "peak_memory", Spread.over(one.peaks), "bytes")
    if one.startups:
        yield _row("throughput", one.name, "start_up", Spread.over(one.startups), "s")


def _growth(measured: "Measured") -> Iterator[Row]:
    for one in measured.grown:
        figures = {
            "sentences": (one.sentences, "sentences"),
            "wall": (one.wall, "s"),
            "cpu": (one.cpu, "s"),
            "speed": (one.sentences / one.wall, "sentences/s"),
            "peak_memory": (one.peak, "bytes"),
            "output": (one.written, "bytes"),
        }
        for figure, (value, unit) in figures.items():
            row = _row("growth", str(one.rows), figure, value, unit)
            yield row | {"date": one.date, "code_version": one.code_version}
    slope = exponent(measured)
    if slope is not None:
        yield _row("growth", "two largest", "exponent", slope, "")


def _briefing(measured: "Measured") -> Iterator[Row]:
    for one in measured.briefed:
        if one.reason:
            yield _row("briefing", one.model, "left_out", None, "", " ".join(one.reason.split()))
            continue
        yield _row("briefing", one.model, "one_command", Spread.over(one.cold), "s")
        yield _row("briefing", one.model, "in_batch", one.each, "s", f"{one.copies} copies")


def _limit(measured: "Measured") -> Iterator[Row]:
    limits = measured.limits
    if limits is None:
        return
    if limits.reason:
        yield _row("limit", "", "left_out", None, "", " ".join(limits.reason.split()))
        return
    for limit in limits.kinds:
        for shape, rate in limit.shapes.items():
            yield _row("limit", limit.kind, shape, rate, "FLOP/s")
        yield _row("limit", limit.kind, "together", limit.whole, "FLOP/s")
        yield _row("limit", limit.kind, "speed", limits.sentences_per_second(limit), "sentences/s")
    yield _row("limit", "", "tokens", limits.tokens, "tokens a sentence")
    yield _row("limit", "", "operations", limits.operations, "FLOP a sentence")
    share = share_of_limit(measured)
    if share is not None:
        yield _row("limit", "int8", "share_reached", share, "")
