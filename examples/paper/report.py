"""The table (Markdown) and the numbers (JSON) of what is finished."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paper import practice
from paper.figures import draw
from paper.protocol import Check, Claim, Run, mean_of
from paper.runner import results_of, write_json

HEADER = ("| | claim | published | check | ours | band | |", "|---|---|---|---|---|---|---|")


def write_report(name: str, claims: Sequence[Claim], runs: Sequence[Run], out: Path) -> Path:
    """OUT/NAME: table.md, results.json and the figures, of the runs that are finished."""
    results = {name: summary(result) for name, result in results_of(runs, out).items()}
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    text = body(claims, runs, results)
    (folder / "table.md").write_text(text, encoding="utf-8")
    write_json(folder / "results.json", results)
    print(text)
    print(f"written to {folder}: table.md, results.json", *draw(results, folder), sep=", ")
    return folder


def body(claims: Sequence[Claim], runs: Sequence[Run], results: dict[str, Any]) -> str:
    """All tables."""
    return "\n".join(filter(None, (table(claims, results), grids(results) or runs_table(runs, results))))


def publish(report: Path, folder: Path) -> None:
    """Copy a report's numbers and figures to folder/results/NAME, and its tables into the page there that has a place
    for them: between <!-- NAME --> and <!-- /NAME -->."""
    name = report.name
    target = folder / "results" / name
    target.mkdir(parents=True, exist_ok=True)
    for path in (report / "results.json", *report.glob("*.png")):
        shutil.copy(path, target)
    tables = (report / "table.md").read_text(encoding="utf-8")
    for page in folder.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        if mark:
            _, end, after = rest.partition(f"<!-- /{name} -->")
            page.write_text(f"{before}{mark}\n{tables}\n{end}{after}", encoding="utf-8")


def summary(result: dict[str, Any]) -> dict[str, Any]:
    """Without the epochs at which nothing was measured."""
    return result | {"history": [row for row in result.get("history", ()) if "test_error" in row]}


def value_of(check: Check, results: dict[str, Any]) -> float | None:
    """None if a run that it needs is not finished."""
    try:
        return check.value(results)
    except KeyError:
        return None


def holds(check: Check, value: float) -> bool:
    return check.low <= value <= check.high


def table(claims: Sequence[Claim], results: dict[str, Any]) -> str:
    """One row for each check: published, ours, the band, and whether it holds."""
    if not any(claim.checks for claim in claims):
        return ""
    rows = list(HEADER)
    for claim in claims:
        for number, check in enumerate(claim.checks):
            value = value_of(check, results)
            first = (claim.id, claim.what, claim.published) if number == 0 else ("", "", "")
            rows.append("| " + " | ".join((*first, check.what, "not run" if value is None else f"{value:.4g}",
                                           band(check), verdict(check, value))) + " |")
    return "\n".join(rows) + "\n"


def band(check: Check) -> str:
    low, high = f"{check.low:g}", f"{check.high:g}"
    if check.low == -float("inf"):
        text = f"at most {high}"
    elif check.high == float("inf"):
        text = f"at least {low}"
    else:
        text = f"{low} to {high}"
    return text if check.target is None else f"{text}; target {check.target:g}"


def verdict(check: Check, value: float | None) -> str:
    if value is None:
        return ""
    if not holds(check, value):
        return "**missed**"
    return "accepted" if check.target is None or value <= check.target else "accepted, target missed"


def runs_table(runs: Sequence[Run], results: dict[str, Any]) -> str:
    """Test errors by group of seeds, with mean and spread, and the time."""
    rows = ["| run | seeds | measured | mean | standard deviation | CPU minutes |", "|---|---|---|---|---|---|"]
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if run.name in results and any(isinstance(results[run.name][name], float) for name in run.measures):
            groups.setdefault(run.name.removesuffix(f"-{run.seed}"), []).append(run)
    for name, group in groups.items():
        quantity = group[0].measures[0]
        values = [results[run.name][quantity] for run in group]
        spread = f"{statistics.stdev(values):.3f}" if len(values) > 1 else ""
        minutes = sum(results[run.name]["cpu_seconds"] for run in group) / 60
        rows.append(f"| {name} | {', '.join(str(run.seed) for run in group)} | {quantity.replace('_', ' ')}: "
                    f"{', '.join(f'{value:.4g}' for value in values)} | {statistics.mean(values):.4g} | {spread} | "
                    f"{minutes:.1f} |")
    return "\n".join(rows) + "\n"


def grid(name: str, rows: Sequence[Any], columns: Sequence[Any], cell: Any, results: dict[str, Any]) -> str:
    """A table of mean errors; cell(row, column) gives the runs of a cell. Empty if one is not finished."""
    if not all(run.name in results for row in rows for column in columns for run in cell(row, column)):
        return ""
    lines = [f"| {name} | " + " | ".join(map(str, columns)) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        cells = []
        for column in columns:
            test, train = (mean_of(results, cell(row, column), quantity) for quantity in practice.BOTH)
            cells.append(f"{test:.2f} ({train:.2f})")
        name = ", ".join(map(str, row)) if isinstance(row, tuple) else row
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def grids(results: dict[str, Any]) -> str:
    """The tables of practice: test error (training error), %, means over seeds."""
    p, what = practice, ("error, %",)
    return "\n".join(filter(None, (
        grid("width / rate", p.WIDTHS, p.RATES, lambda width, rate: p.BALANCE[width, rate], results),
        grid("images / rate", p.SIZES, (0, .5), lambda images, rate: p.NUMBER[images, rate], results),
        grid("epochs / rate", p.EPOCHS, (0, .5), lambda epochs, rate: p.PATIENCE[epochs, rate], results),
        grid("rates: input, hidden, hidden, output", tuple(p.PLACES), what, lambda rates, _: p.PLACES[rates], results),
        grid("convolutions", tuple(p.CONVOLUTIONS), what, lambda name, _: p.CONVOLUTIONS[name], results))))
