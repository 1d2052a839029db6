"""The table on the terminal, the figures as JSON, the plot as PNG and SVG."""

import json
import platform
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from rich.console import Console
from rich.table import Table

from tests.benchmarks import bars
from tests.benchmarks.bars import Measurement
from tests.benchmarks.growth import Curve

mpl.use("Agg")


def show(console: Console, measurements: Sequence[Measurement]) -> None:
    """Print the table."""
    table = Table(title=f"chunkproof, one core, CPython {platform.python_version()}")
    for heading in ("", "what", "measured", "bar", "detail"):
        table.add_column(heading, justify="right" if heading in {"measured", "bar"} else "left")
    for before, line in zip([None, *measurements], measurements, strict=False):
        if before is not None and before.group != line.group:
            table.add_section()
        verdict = "[green]pass[/]" if line.holds else "[bold red]fail[/]"
        sign = ">=" if line.at_least else "<="
        if line.bar is None:
            verdict, bar = "", line.unit
        else:
            bar = f"{sign} {line.bar:.2f} {line.unit}"
        table.add_row(verdict, line.name, f"{line.value:.2f}", bar, line.detail)
    console.print(table)


def write_json(path: Path, measurements: Sequence[Measurement], curves: Sequence[Curve]) -> None:
    """Write all figures; times are CPU seconds."""
    figures = {
        "python": platform.python_version(),
        "measurements": [{**line._asdict(), "holds": line.holds} for line in measurements],
        "curves": [
            {"name": curve.name, "unit": curve.unit, "exponent": curve.exponent}
            | {"points": [point._asdict() for point in curve.points]}
            for curve in curves
        ],
    }
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def plot(directory: Path, measurements: Sequence[Measurement], curves: Sequence[Curve]) -> None:
    """Write bench.png and bench.svg: shares of the floor with their bars, growth as log-log."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
    shares = [line for line in measurements if line.unit == "of the floor"]
    names = [line.name.partition(":")[0] for line in shares]
    left.barh(names, [line.value for line in shares], color="#4c78a8")
    for row, line in enumerate(shares):
        if line.bar is not None:
            left.plot([line.bar, line.bar], [row - 0.4, row + 0.4], color="#e45756", linewidth=2)
        left.text(line.value + 0.01, row, f"{line.value:.2f}", va="center")
    left.set(
        xlim=(0, max(line.value for line in shares) + 0.15) if shares else None,
        xlabel="share of the floor's speed (red: the bar)",
    )
    left.set_title("Bytes to events and result")
    left.invert_yaxis()
    for curve in curves:
        sizes = [point.size for point in curve.points]
        label = f"{curve.name}: {curve.exponent:.2f}"
        right.loglog(sizes, [point.seconds for point in curve.points], marker="o", label=label)
    right.set(xlabel="text deltas, or characters of arguments", ylabel="CPU seconds")
    right.set_title(f"Growth (bar: exponent <= {bars.GROWTH})")
    right.grid(visible=True, which="major", alpha=0.3)
    if curves:
        right.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
    for suffix in ("png", "svg"):
        figure.savefig(directory / f"bench.{suffix}", dpi=120)
    plt.close(figure)
