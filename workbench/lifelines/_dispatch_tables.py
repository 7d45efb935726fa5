"""What was seen of a scenario, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from workbench.lifelines._dispatch_model import HOUR_S

if TYPE_CHECKING:
    from workbench.lifelines._dispatch_run import Seen


def summary(name: str, seen: Seen, tanks: list[str], cost: Any) -> pl.DataFrame:
    """One row of the comparison."""
    length = seen.length_s
    wanted, served = float(seen.wanted @ length), float(seen.served @ length)
    power = seen.kw.sum(axis=1)
    prices = np.array([cost(at + by) - cost(at) for at, by in zip(seen.time_s, length, strict=True)])
    low = np.unravel_index(int(seen.full.argmin()), seen.full.shape) if tanks else None
    during = length > 0
    energy = float(power @ length) / HOUR_S
    known = during & np.isfinite(seen.todini)
    return pl.DataFrame(
        {
            "scenario": [name],
            "served_share": [served / wanted if wanted > 0 else 1.0],
            "unserved_m3": [max(0.0, wanted - served)],
            "low_pressure_h": [float(length[seen.people_low > 0].sum()) / HOUR_S],
            "people_low": [float(seen.people_low[during].max(initial=0.0))],
            "people_h_low": [float(seen.people_low @ length) / HOUR_S],
            "lowest_tank": pl.Series([tanks[int(low[1])] if low else None], dtype=pl.String),
            "lowest_full": pl.Series([float(seen.full[low]) if low else None], dtype=pl.Float64),
            "lowest_level_m": pl.Series([float(seen.level_m[low]) if low else None], dtype=pl.Float64),
            "empty_tank_h": [float(length[seen.empty.any(axis=1)].sum()) / HOUR_S],
            "energy_kwh": [energy],
            "cost": [float(power @ prices)],
            "kwh_per_m3": pl.Series([energy / served if served > 0 else None], dtype=pl.Float64),
            "fire_served_share": pl.Series(
                [None if np.isnan(seen.fire_served) else seen.fire_served], dtype=pl.Float64
            ),
            "todini": pl.Series(
                [float(np.average(seen.todini[known], weights=length[known])) if known.any() else None],
                dtype=pl.Float64,
            ),
            "unbalanced_h": [float(length[seen.unbalanced].sum()) / HOUR_S],
        }
    )


def steps(seen: Seen) -> pl.DataFrame:
    """One row per hydraulic step."""
    return pl.DataFrame(
        {
            "time_h": seen.time_s / HOUR_S,
            "length_h": seen.length_s / HOUR_S,
            "wanted_m3s": seen.wanted,
            "served_m3s": seen.served,
            "people_low": seen.people_low,
            "power_kw": seen.kw.sum(axis=1),
            "todini": seen.todini,
            "unbalanced": seen.unbalanced,
        }
    )


def tank_levels(seen: Seen, tanks: list[str]) -> pl.DataFrame:
    """One row per step and tank."""
    count = len(seen.time_s)
    return pl.DataFrame(
        {
            "time_h": np.repeat(seen.time_s / HOUR_S, len(tanks)),
            "id": pl.Series(tanks * count, dtype=pl.String),
            "level_m": seen.level_m.ravel(),
            "full": seen.full.ravel(),
        }
    )
