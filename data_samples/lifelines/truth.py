"""
What the lifelines sample hides, worked out from the good rows without any measure of the workbench.

Two kinds of truth stand side by side: `process`, the numbers the generator was given, and `realised`, what
came out of the dice, exact to the row. A measure must find the second; a decision should find the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from data_samples.lifelines import city, incidents
from data_samples.lifelines.city import Borough, zone_id
from data_samples.made import KeptTruth, figure
from data_samples.traffic.planted import BadRow


@dataclass(frozen=True, kw_only=True)
class Truth(KeptTruth):
    """
    The truth of one sample.

    Parameters
    ----------
    seed, scale, zone, dates
        How the sample was made.
    rows
        By table: rows in the files, of them good, of them bad.
    city
        Assets and peak demand by system, and people.
    weak_spots
        Planted assets of the first borough: what each is, and the people without each service when it alone
        is lost, in its own network and with all that leans on it.
    water
        By zone of the first borough: what leaks, and the water balance and the least night flow as realised.
    overload
        The planted transformer: rating and load as realised.
    out_of_range
        Every run of readings out of range of the first borough.
    incidents
        By class of asset: the rates that the generator was given, and what came out.
    bad_rows
        Every planted bad row.
    """

    seed: int
    scale: float
    zone: str
    dates: list[str]
    rows: dict[str, dict[str, int]]
    city: dict[str, Any]
    weak_spots: list[dict[str, Any]]
    water: list[dict[str, Any]]
    overload: dict[str, Any]
    out_of_range: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    bad_rows: list[BadRow]


def water(borough: Borough, tables: dict[str, pl.DataFrame], leak: list[float]) -> list[dict[str, Any]]:
    """Balance of the week and least night flow of each zone, from whole arrays of minutes."""
    found = []
    for place in range(borough.zones):
        name = zone_id(borough.zone(place))
        meters = tables["sensors"].filter((pl.col("zone_id") == name) & (pl.col("boundary") == "inlet"))
        minutes = np.stack([_minutes(tables["readings"], one) for one in meters["sensor_id"].sort()])
        used = tables["demands"].filter((pl.col("zone_id") == name) & (pl.col("system") == "water"))
        hour = ((used["timestamp"] - city.MONDAY).dt.total_minutes() // 60).to_numpy()
        metered, billed = (np.full(city.DAYS * 24, np.nan) for _ in range(2))
        metered[hour] = used["metered"].to_numpy()
        billed[hour] = used["billed"].fill_null(np.nan).to_numpy()
        with np.errstate(invalid="ignore"):
            hourly = minutes.reshape(len(minutes), -1, 60)
            known = ~np.isnan(hourly)
            flow = (np.where(known, hourly, 0).sum(2) / known.sum(2)).sum(0)
        whole = ~np.isnan(flow + metered + billed)
        supplied, paid = (float(one[whole].sum() * 3600) for one in (flow, billed))
        found.append(
            {
                "zone_id": name,
                "process_leak": figure(leak[place]),
                "hours": int(whole.sum()),
                "supplied_m3": figure(supplied),
                "billed_m3": figure(paid),
                "non_revenue_share": figure(1 - paid / supplied),
                "night_flow": [figure(one) for one in _night_flow(minutes.sum(axis=0))],
            }
        )
    return found


def _minutes(readings: pl.DataFrame, sensor: str) -> np.ndarray:
    own = readings.filter(pl.col("sensor_id") == sensor)
    values = np.full(city.DAYS * 1440, np.nan)
    values[(own["timestamp"] - city.MONDAY).dt.total_minutes().to_numpy()] = own["value"].to_numpy()
    return values


def _night_flow(net: np.ndarray) -> list[float]:
    """Least mean over the windows of an hour that lie in 02:00 to 04:00, by day."""
    least = []
    for day in net.reshape(-1, 1440):
        windows = np.lib.stride_tricks.sliding_window_view(day[120:240], 60)
        known = (~np.isnan(windows)).sum(axis=1)
        least.append(float(np.nanmean(windows[known >= 50], axis=1).min()))
    return least


def overload(borough: Borough, tables: dict[str, pl.DataFrame]) -> dict[str, Any]:
    """Load over rating of the planted transformer."""
    if not borough.has(city.OVERLOADED):
        return {}
    sensor = f"S{city.OVERLOADED + 1:03d}-X1"
    row = tables["sensors"].row(by_predicate=pl.col("sensor_id") == sensor, named=True)
    load = tables["readings"].filter(pl.col("sensor_id") == sensor)["value"].to_numpy() / row["rating"]
    return {
        "asset_id": row["asset_id"],
        "sensor_id": sensor,
        "rating": row["rating"],
        "readings": len(load),
        "mean": figure(load.mean()),
        "p95": figure(np.quantile(load, 0.95)),
        "peak": figure(load.max()),
        "overloaded": int((load > 1).sum()),
    }


def out_of_range(tables: dict[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """Runs of readings beyond a limit, found reading by reading."""
    found: list[dict[str, Any]] = []
    limits = tables["sensors"].filter(pl.col("low").is_not_null() | pl.col("high").is_not_null())
    for sensor in limits.sort("sensor_id").iter_rows(named=True):
        low, high = sensor["low"], sensor["high"]
        before, run = None, None
        own = tables["readings"].filter(pl.col("sensor_id") == sensor["sensor_id"]).sort("timestamp")
        for when, value in own.select("timestamp", "value").iter_rows():
            side = (
                "high"
                if high is not None and value > high
                else "low"
                if low is not None and value < low
                else ""
            )
            follows = before is not None and (when - before).total_seconds() <= 900
            if not (run is not None and follows and run["side"] == side):
                run = None
                if side:
                    run = {"sensor_id": sensor["sensor_id"], "side": side, "start": str(when)}
                    run |= {"end": str(when), "readings": 0, "worst": value}
                    found.append(run)
            if run is not None:
                worse = max if side == "high" else min
                run |= {
                    "end": str(when),
                    "readings": run["readings"] + 1,
                    "worst": worse(run["worst"], value),
                }
            before = when
    return found


def incident_counts(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Assets, kilometres, failures and hours by class, of some boroughs."""
    lengths = {"length_m": pl.lit(0.0)}
    nodes = tables["nodes"].with_columns(**lengths).rename({"node_id": "asset_id"})
    assets = pl.concat(
        [
            one.select("system", "asset_class", "asset_id", "length_m")
            for one in (nodes, tables["edges"].rename({"edge_id": "asset_id"}))
        ]
    )
    register_end = pl.lit(city.OBSERVED[1]).cast(pl.Datetime("us"))
    rows = tables["incidents"].join(assets, on=["system", "asset_id"], how="left")
    failed, back = pl.col("cause") != "planned", pl.col("restored").is_not_null()
    hours = (pl.col("restored") - pl.col("started")).dt.total_minutes() / 60
    found = rows.group_by("system", "asset_class").agg(
        failures=failed.sum().cast(pl.Int64),
        planned=(~failed).sum().cast(pl.Int64),
        repaired=(failed & back).sum().cast(pl.Int64),
        repair_h=hours.filter(failed & back).sum(),
    )
    down = (
        rows.filter(failed)
        .with_columns(end=pl.col("restored").fill_null(register_end))
        .sort("asset_id", "started", "end")
        .with_columns(until=pl.col("end").cum_max().shift(1).over("asset_id"))
        .with_columns(begin=pl.max_horizontal("started", "until"))
        .group_by("system", "asset_class")
        .agg(down_h=((pl.col("end") - pl.col("begin")).dt.total_minutes() / 60).clip(0).sum())
    )
    counts = assets.group_by("system", "asset_class").agg(
        assets=pl.len().cast(pl.Int64), length_km=pl.col("length_m").sum() / 1000
    )
    keys = ["system", "asset_class"]
    whole = counts.join(found, keys, "full", coalesce=True, nulls_equal=True)
    return whole.join(down, keys, "left", nulls_equal=True).fill_null(0)


def incident_truth(counts: pl.DataFrame) -> list[dict[str, Any]]:
    """Process and outcome of each class that fails."""
    sums = counts.group_by("system", "asset_class").sum().sort("system", "asset_class", nulls_last=True)
    found = []
    for row in sums.iter_rows(named=True):
        rate = incidents.RATES.get(row["asset_class"])
        process: dict[str, Any] = {}
        if rate:
            process = {
                "per": "km" if rate.per_km else "asset",
                "failures_per_year": rate.a_year,
                "mttr_h": rate.mttr_h,
                "weibull_shape": rate.shape,
            }
        keys = ("system", "asset_class", "assets", "failures", "planned", "repaired")
        figures = {key: figure(row[key]) for key in ("length_km", "repair_h", "down_h")}
        found.append({key: row[key] for key in keys} | figures | {"process": process})
    return found
