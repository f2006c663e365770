"""Write the tables of a benchmark, one for each section."""

from typing import TYPE_CHECKING

from pipeline.judging.benchmark import Contest, Spread, Versus, compare_speeds, growth_exponent
from pipeline.reports.tables import markdown_table
from pipeline.workflows.benchmark_spec import Benchmark

if TYPE_CHECKING:
    from pipeline.workflows.benchmark import Measured

OURS = "stance"
LIMIT = "int8"  # what our matrices are multiplied in


def speed_of(value: float) -> str:
    """Write a figure with decimals only where it is small."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def spread(found: Spread, style: str = "") -> str:
    """Write a median and its range."""
    median, low, high = (
        format(value, style) if style else speed_of(value) for value in (found.value, found.low, found.high)
    )
    return f"{median} [{low}–{high}]"


def ours(measured: "Measured") -> Spread | None:
    """Give our speed; None where it was not measured."""
    return next((one.speed for one in measured.contests if one.name == OURS and one.speeds), None)


def comparisons(spec: Benchmark, measured: "Measured") -> tuple[Versus, ...]:
    """Compare us with every other contestant that has figures."""
    mine = [one for one in measured.contests if one.name == OURS and one.speeds]
    others = [one for one in measured.contests if one.name != OURS]
    bars = {str(name): bar for name, bar in spec.throughput.bars.items()}
    return compare_speeds(mine[0], others, bars) if mine else ()


def exponent(measured: "Measured") -> float | None:
    """Give the exponent of growth; None where there are not two sizes."""
    return growth_exponent(measured.grown) if len(measured.grown) > 1 else None


def share_of_limit(measured: "Measured") -> float | None:
    """Give our speed as a share of what int8 products allow; None where one of the two was not measured."""
    mine, limits = ours(measured), measured.limits
    found = [limit for limit in limits.kinds if limit.kind == LIMIT] if limits else []
    return mine.value / limits.sentences_per_second(found[0]) if mine and limits and found else None


def throughput_table(spec: Benchmark, measured: "Measured") -> str:
    """Write contestants in the order of the specification."""
    ratios = {versus.name: versus for versus in comparisons(spec, measured)}
    heads = ["contestant", "n", "sentences/s", "start-up s", "peak memory MB", "stance is … times as quick", "wanted"]
    rows = []
    for one in measured.contests:
        if one.reason:
            rows.append([f"`{one.name}`", "–", "left out", "", "", "", ""])
            continue
        versus = ratios.get(one.name)
        startup = spread(Spread.over(one.startups)) if one.startups else "included"
        peak = spread(Spread.over([peak / 1e6 for peak in one.peaks]))
        ratio = spread(versus.ratio, ".3g") if versus else "–"
        speed = "; ".join([spread(one.speed), *one.notes])
        rows.append([f"`{one.name}`", f"{one.sentences:,}", speed, startup, peak, ratio, _wanted(one, versus)])
    return markdown_table(heads, rows)


def _wanted(contest: Contest, versus: Versus | None) -> str:
    if versus is None or versus.bar is None:
        return "–"
    return f"{versus.bar:g}: {'met' if versus.met else 'not met'}"


def growth_table(measured: "Measured") -> str:
    """Write what the whole command took on each table."""
    heads = ["rows", "sentences", "wall s", "CPU s", "sentences/s", "peak memory MB", "output MB", "date"]
    return markdown_table(
        heads,
        [
            [
                f"{one.rows:,}",
                f"{one.sentences:,}",
                speed_of(one.wall),
                speed_of(one.cpu),
                speed_of(one.sentences / one.wall),
                f"{one.peak / 1e6:,.0f}",
                speed_of(one.written / 1e6),
                one.date,
            ]
            for one in measured.grown
        ],
    )


def briefing_table(measured: "Measured") -> str:
    """Write what one document takes."""
    heads = ["model", "one command, s", "one in a batch, s", "sentences/s there"]
    return markdown_table(
        heads,
        [
            [
                f"`{one.model}`",
                spread(Spread.over(one.cold)),
                f"{one.each:.3g}",
                speed_of(one.sentences / one.batch),
            ]
            for one in measured.briefed
            if one.cold
        ],
    )


def limit_table(measured: "Measured") -> str:
    """Write what the matrix units do, and how many sentences that would be."""
    limits = measured.limits
    if limits is None or not limits.kinds:
        return ""
    mine = ours(measured)
    shapes = list(limits.kinds[0].shapes)
    heads = ["numbers", *(f"GFLOP/s {shape}" for shape in shapes), "together", "sentences/s at the limit", "stance"]
    rows = []
    for limit in limits.kinds:
        possible = limits.sentences_per_second(limit)
        rates = [speed_of(limit.shapes[shape].value / 1e9) for shape in shapes]
        whole = Spread(*(value / 1e9 for value in (limit.whole.value, limit.whole.low, limit.whole.high)))
        share = f"{mine.value / possible:.0%}" if mine else "–"
        rows.append([limit.kind, *rates, spread(whole), speed_of(possible), share])
    return markdown_table(heads, rows)
