"""
Five years of outages: each asset works for a while, fails, is mended, and works again.

Time between failures is exponential, or Weibull where assets wear (pumps); the process of what wears began
long before the register, so that its rate is steady. Time to repair is lognormal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from data_samples.lifelines import city
from data_samples.lifelines.city import Borough
from workbench.simulation import Streams

SPREAD = 0.6
"""Standard deviation of the logarithm of a time to repair."""
PLANNED_A_YEAR, PLANNED_H = 0.2, 6.0
CAUSES = (("wear", 0.5), ("third_party", 0.25), ("weather", 0.14), ("overload", 0.06), ("unknown", 0.05))
SYSTEMS = ("gas", "oil", "power", "telecom", "water")
RETIRED = "W000-P99"
"""A main that failed and was then taken out: incidents know it, edges do not."""
SCHEMA: dict[str, Any] = {
    "incident_id": pl.String,
    "system": pl.String,
    "asset_id": pl.String,
    "started": pl.Datetime("us"),
    "restored": pl.Datetime("us"),
    "cause": pl.String,
}


@dataclass(frozen=True)
class Rate:
    """Failures a year of an asset or kilometre, mean hours to repair, shape of the time between failures."""

    a_year: float
    mttr_h: float
    per_km: bool = False
    shape: float = 1.0
    planned: bool = False


RATES = {
    "pump": Rate(0.9, 14.0, shape=1.6, planned=True),
    "pump_station": Rate(0.25, 9.0, planned=True),
    "tank": Rate(0.05, 30.0, planned=True),
    "trunk_main": Rate(0.06, 26.0, per_km=True),
    "inlet_main": Rate(0.10, 16.0, per_km=True),
    "distribution_main": Rate(0.12, 9.0, per_km=True),
    "service_main": Rate(0.30, 6.0, per_km=True),
    "switchyard": Rate(0.06, 5.0, planned=True),
    "substation": Rate(0.12, 4.0, planned=True),
    "transformer": Rate(0.08, 60.0, planned=True),
    "hv_line": Rate(0.04, 8.0, per_km=True),
    "feeder": Rate(0.09, 3.5, per_km=True),
    "regulator_station": Rate(0.15, 5.0, planned=True),
    "gas_main": Rate(0.05, 7.0, per_km=True),
    "hp_gas_main": Rate(0.02, 20.0, per_km=True),
    "oil_pipeline": Rate(0.03, 36.0, per_km=True),
    "exchange": Rate(0.25, 3.0, planned=True),
    "cabinet": Rate(0.20, 5.0),
    "backbone_fibre": Rate(0.12, 8.0, per_km=True),
    "access_fibre": Rate(0.15, 6.0, per_km=True),
}
"""By class of asset; invented, of the size that utilities report."""
HOURS = (city.OBSERVED[1] - city.OBSERVED[0]).days * 24.0


def table(borough: Borough, nodes: pl.DataFrame, edges: pl.DataFrame, streams: Streams) -> pl.DataFrame:
    """Incidents of the assets of a borough, by the time at which they began."""
    columns = ["system", "asset_class", "asset_id", "length_m"]
    assets = pl.concat(
        [
            nodes.rename({"node_id": "asset_id"}).with_columns(length_m=pl.lit(0.0)).select(columns),
            edges.rename({"edge_id": "asset_id"}).select(columns),
        ]
    )
    parts = []
    for name, rate in RATES.items():
        own = assets.filter(pl.col("asset_class") == name)
        if len(own):
            draw = streams.generator("incidents", name, borough.number)
            parts += _failures(own, rate, draw)
            parts += _planned(own, draw) if rate.planned else []
    found = pl.concat(parts) if parts else pl.DataFrame(schema={"asset_id": pl.String})
    if borough.planted:
        found = pl.concat([found, _retired()])
    found = found.sort("started", "asset_id", "restored")
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5)
    return found.with_columns(incident_id=pl.format(f"I{borough.number + 1:03d}-{{}}", number)).select(
        pl.col(name).cast(kind) for name, kind in SCHEMA.items()
    )


def registers() -> pl.DataFrame:
    """From when to when each register is complete."""
    rows = [(system, *city.OBSERVED) for system in SYSTEMS]
    return pl.DataFrame(rows, ("system", "observed_from", "observed_to"), orient="row")


def _failures(own: pl.DataFrame, rate: Rate, draw: np.random.Generator) -> list[pl.DataFrame]:
    each = rate.a_year * (own["length_m"].to_numpy() / 1000 if rate.per_km else np.ones(len(own)))
    mean = city.YEAR_H / np.maximum(each, 1e-9)
    before = 0.0 if rate.shape == 1 else 4 * float(mean.max())
    expected = (HOURS + before) / float(mean.min())
    count = math.ceil(expected + 7 * math.sqrt(expected) + 8)
    size = (len(own), count)
    works = draw.weibull(rate.shape, size) * (mean / math.gamma(1 + 1 / rate.shape))[:, None]
    mends = np.exp(draw.normal(math.log(rate.mttr_h) - SPREAD**2 / 2, SPREAD, size))
    restored = np.cumsum(works + mends, axis=1) - before
    if restored[:, -1].min() < HOURS:
        raise AssertionError("the draws do not last to the end of the register")
    started = restored - mends
    asset, which = np.nonzero((started >= 0) & (started < HOURS))
    cause = draw.choice([name for name, _ in CAUSES], len(asset), p=[share for _, share in CAUSES])
    return [_rows(own, asset, started[asset, which], mends[asset, which], cause.tolist())]


def _planned(own: pl.DataFrame, draw: np.random.Generator) -> list[pl.DataFrame]:
    counts = draw.poisson(PLANNED_A_YEAR * HOURS / city.YEAR_H, len(own))
    asset = np.repeat(np.arange(len(own)), counts)
    started, long = draw.uniform(0, HOURS, len(asset)), draw.uniform(0.5, 1.5, len(asset)) * PLANNED_H
    return [_rows(own, asset, started, long, ["planned"] * len(asset))]


def _rows(
    own: pl.DataFrame, asset: np.ndarray, started: np.ndarray, hours: np.ndarray, cause: list[str]
) -> pl.DataFrame:
    """Incidents to the minute; what is not over by the end of the register has no time of restoration."""
    begins = np.floor(started * 60)
    ends = np.maximum(np.ceil((started + hours) * 60), begins + 1)
    origin = pl.lit(datetime.combine(city.OBSERVED[0], datetime.min.time())).cast(pl.Datetime("us"))
    chosen = own[asset.astype(np.int64)].select("system", "asset_id")
    return chosen.with_columns(
        pl.Series("_begins", begins.astype(np.int64)),
        pl.Series("_ends", ends.astype(np.int64)),
        pl.Series("cause", cause, pl.String),
    ).select(
        "system",
        "asset_id",
        (origin + pl.duration(minutes="_begins")).alias("started"),
        pl.when(pl.col("_ends") < HOURS * 60).then(origin + pl.duration(minutes="_ends")).alias("restored"),
        "cause",
    )


def _retired() -> pl.DataFrame:
    times = [
        (datetime(2021, 7, 4, 3, 20), datetime(2021, 7, 4, 15, 5)),
        (datetime(2022, 1, 9, 22), datetime(2022, 1, 11)),
    ]
    rows = [("water", RETIRED, begin, end, "wear") for begin, end in times]
    return pl.DataFrame(
        rows,
        schema={name: kind for name, kind in SCHEMA.items() if name != "incident_id"},
        orient="row",
    )
