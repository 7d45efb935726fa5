"""Runs as a notebook shows them."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.simulation.runs import Runs


def as_html(runs: Runs) -> str:
    """Means of all scenarios and outcomes with their 95% intervals."""
    head = "".join(f"<th>{html.escape(name)} ({html.escape(unit)})</th>" for name, unit in runs.units.items())
    cells = {(row["scenario"], row["outcome"]): row for row in runs.summary().iter_rows(named=True)}
    body = "".join(
        f"<tr><th>{html.escape(scenario)}</th>"
        + "".join(f"<td>{_shown(cells[scenario, outcome])}</td>" for outcome in runs.units)
        + "</tr>"
        for scenario in runs.scenarios
    )
    return (
        f"<table><caption>{html.escape(repr(runs))}; means with 95% intervals</caption>"
        f"<thead><tr><th>scenario</th>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _shown(row: Mapping[str, Any]) -> str:
    failed = f" <small>({row['errors']} failed)</small>" if row["errors"] else ""
    mean, half = row["mean"], row["half_width"]
    if mean is None:
        return f"&ndash;{failed}"
    if not half:
        return f"{mean:.6g}{failed}"
    decimals = min(12, max(0, 1 - math.floor(math.log10(half))))
    return f"{mean:.{decimals}f} &plusmn; {half:.{decimals}f}{failed}"
