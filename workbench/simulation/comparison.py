"""What runs say about scenarios: means with intervals, and differences day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import BadParameter
from workbench.simulation.intervals import holm, paired_difference, t_interval

if TYPE_CHECKING:
    import polars as pl

    from workbench.simulation.runs import Runs


def summarise(runs: Runs, outcomes: list[str], level: float) -> pl.DataFrame:
    """Mean of each scenario with its t interval; see `Runs.summary`."""
    import numpy as np
    import polars as pl

    failed = dict(runs.errors.group_by("scenario").len().iter_rows())
    rows: list[dict[str, Any]] = []
    for outcome in outcomes:
        for scenario in runs.scenarios:
            values = runs.values(outcome, scenario)
            usable = values[np.isfinite(values)]
            errors = failed.get(scenario, 0)
            row: dict[str, Any] = {
                "outcome": outcome,
                "unit": runs.units[outcome],
                "scenario": scenario,
                "n": len(usable),
                "mean": float(usable[0]) if len(usable) == 1 else None,
                "errors": errors,
                "missing": len(values) - errors - len(usable),
            }
            if len(usable) >= 2:
                row |= _interval(t_interval(usable, level=level))
            rows.append(row)
    numbers = dict.fromkeys(("mean", "half_width", "low", "high", "sd"), pl.Float64)
    texts = dict.fromkeys(("outcome", "unit", "scenario"), pl.String)
    return pl.DataFrame(
        rows, schema={**texts, "n": pl.Int64, **numbers, "errors": pl.Int64, "missing": pl.Int64}
    )


def compare(runs: Runs, outcome: str, baseline: str, level: float, allow_errors: bool) -> pl.DataFrame:
    """Difference of each scenario from a baseline; see `Runs.compare`."""
    import polars as pl

    rows: list[dict[str, Any]] = []
    for scenario in runs.scenarios:
        if scenario == baseline:
            continue
        table = runs.pairs(outcome, [scenario, baseline], allow_errors=allow_errors)
        if len(table) < 2:
            raise BadParameter(
                f"'{scenario}' and '{baseline}' have {outcome} together on {len(table)} days: "
                "run more replications (2 at least)."
            )
        found = paired_difference(table[:, 0], table[:, 1], level=level)
        interval = _interval(found.interval)
        row = {"scenario": scenario, "unit": runs.units[outcome], "n": found.interval.n}
        row |= {"difference": interval.pop("mean"), **interval, "p": found.p}
        row |= {"correlation": found.correlation, "variance_ratio": found.variance_ratio}
        rows.append({**row, "left_out": runs.replications - found.interval.n})
    for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row |= {"p_holm": p, "clear": p <= 1 - level}
    numbers = dict.fromkeys(("difference", "half_width", "low", "high", "sd", "p", "p_holm"), pl.Float64)
    ratios = dict.fromkeys(("correlation", "variance_ratio"), pl.Float64)
    names = {"scenario": pl.String, "unit": pl.String, "n": pl.Int64}
    schema = {**names, **numbers, "clear": pl.Boolean, **ratios, "left_out": pl.Int64}
    return pl.DataFrame(rows, schema=schema)


def _interval(one: Any) -> dict[str, float]:
    return {"mean": one.mean, "half_width": one.half_width, "low": one.low, "high": one.high, "sd": one.sd}
