"""How often assets fail and how long they are mended, by class, with what is not known of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.lifelines.availability_register import YEAR_H
from workbench.errors import UnknownName
from workbench.lifelines import LifelineNetwork
from workbench.lifelines.model import Floats

if TYPE_CHECKING:
    from pipelines.lifelines.availability import AvailabilityParameters
    from workbench.domains import Measures
    from workbench.simulation import Streams

JEFFREYS = 0.5
"""Failures added by the prior of Jeffreys for a rate: a class without a failure is not perfect."""
SUPPOSED = 4.0
"""Rates without a register are taken to be as uncertain as if they came from so many failures."""
COUNTS = {"failures": 0, "repaired": 0, "repair_h": 0.0}


@dataclass(frozen=True, eq=False)
class Rates:
    """
    Failure rates and repair times of a network by class.

    Attributes
    ----------
    classes
        Names of the classes.
    of
        Class of each asset, by number, shape (assets,).
    size
        Kilometres of each asset where its class fails by length, else 1, shape (assets,).
    by_km
        Whether each class fails by length.
    shape, per
        Gamma law of the failures a year of one asset or one kilometre: shape, and years of assets or
        kilometres, shape (classes,).
    repairs, hours
        Inverse gamma law of the mean hours to repair: shape, and scale, shape (classes,).
    frame
        What it rests on: one row per class with `source` ("register", "given", "supposed").
    unknown
        Failures in the register of assets that the tables do not know.
    """

    classes: list[str]
    of: NDArray[np.int64]
    size: Floats
    by_km: NDArray[np.bool_]
    shape: Floats
    per: Floats
    repairs: Floats
    hours: Floats
    frame: pl.DataFrame
    unknown: int

    @property
    def mean(self) -> Floats:
        """Mean load of each class: failures a year times hours to repair, over the hours of a year."""
        return np.asarray(self.shape / self.per * self.hours / (self.repairs - 1) / YEAR_H)

    def draw(self, draws: int, streams: Streams) -> tuple[Floats, Floats]:
        """
        Draw what the rates may truly be.

        Returns
        -------
        failures, hours
            Failures a year of one asset or kilometre, and mean hours to repair, shape (draws, classes).
        """
        failures, hours = np.empty((draws, len(self.classes))), np.empty((draws, len(self.classes)))
        for at, name in enumerate(self.classes):
            generator = streams.generator("rates", name)
            failures[:, at] = generator.gamma(self.shape[at], 1 / self.per[at], draws)
            hours[:, at] = self.hours[at] / generator.gamma(self.repairs[at], 1.0, draws)
        return failures, hours

    def with_links(self, classes: list[str], km: Floats) -> Rates:
        """Rates once links of some classes and lengths stand after all other assets."""
        of = np.array([self.classes.index(one) for one in classes], np.int64)
        size = np.where(self.by_km[of], km, 1.0)
        return replace(self, of=np.concatenate([self.of, of]), size=np.concatenate([self.size, size]))

    def unavailability(self, load: Floats) -> Floats:
        """
        Share of time that each asset is down.

        Parameters
        ----------
        load
            Of each class, failures a year times hours to repair over the hours of a year, shape (rows,
            classes) or (classes,).
        """
        each = load[..., self.of] * self.size
        return np.asarray(each / (1 + each))


def rates_of(
    measures: Measures,
    network: LifelineNetwork,
    p: AvailabilityParameters,
    counts: pl.DataFrame | None = None,
) -> Rates:
    """
    Work out the rates of a network.

    Parameters
    ----------
    measures
        With the measure `incident_rates` where incidents were given.
    network
        The network, with `asset_class` of nodes and edges.
    p
        Rates of classes that are given, or supposed where there is no register.
    counts
        Failures and repairs by class where not those of the measure, with `years` that they were counted.

    Raises
    ------
    UnknownName
        A rate is given for a class that the network does not have.
    """
    assets = _assets(network)
    known = sorted(assets["asset_class"].unique().to_list())
    for name in p.rates or {}:
        if name not in known:
            raise UnknownName(f"class of the {network.system} network", name, known)
    table = _table(measures, network.system, assets, counts)
    table = table.sort("asset_class")
    rows, supposed = [], _supposed(p)
    total_h, total = float(table["repair_h"].sum()), float(table["repaired"].sum())
    pooled = total_h / total if total > 0 else p.repair_h
    for row in table.iter_rows(named=True):
        given = (p.rates or {}).get(row["asset_class"])
        seen = row["years"] is not None and row["years"] > 0
        if given is not None or not seen:
            rate, hours = (given.failures, given.hours) if given is not None else supposed[row["by_km"]]
            laws = (SUPPOSED, SUPPOSED / rate, SUPPOSED + 1, SUPPOSED * hours)
        else:
            amount = row["km"] if row["by_km"] else row["assets"]
            laws = (
                row["failures"] + JEFFREYS,
                amount * row["years"],
                row["repaired"] + 2.0,
                row["repair_h"] + pooled,
            )
        source = "given" if given is not None else "register" if seen else "supposed"
        rows.append({**row, "source": source, **dict(zip(("a", "b", "c", "d"), laws, strict=True))})
    frame = pl.DataFrame(rows)
    number = {name: at for at, name in enumerate(frame["asset_class"])}
    by_km = frame["by_km"].to_numpy().astype(bool)
    of = np.array([number[one] for one in assets["asset_class"]], np.int64)
    shape, per, repairs, scale = (frame[name].to_numpy().astype(float) for name in ("a", "b", "c", "d"))
    return Rates(
        frame["asset_class"].to_list(),
        of,
        np.where(by_km[of], assets["km"].fill_null(0.0).to_numpy(), 1.0),
        by_km,
        shape,
        per,
        repairs,
        scale,
        frame.drop("a", "b", "c", "d"),
        _unknown(measures, network.system),
    )


def _assets(network: LifelineNetwork) -> pl.DataFrame:
    """Class and kilometres of every asset, nodes first; null where it has no length."""
    km = network.edges.select("asset_class", (pl.col("length_m") / 1000).alias("km"))
    return pl.concat([network.nodes.select("asset_class", pl.lit(None, pl.Float64).alias("km")), km])


def _table(
    measures: Measures, system: str, assets: pl.DataFrame, counts: pl.DataFrame | None
) -> pl.DataFrame:
    """Assets, lengths, years observed, failures and repairs by class."""
    table = assets.group_by("asset_class").agg(
        pl.len().alias("assets"),
        pl.col("km").sum(),
        (pl.col("km").is_not_null() & (pl.col("km") > 0)).all().alias("by_km"),
    )
    if counts is not None:
        return table.join(counts, on="asset_class", how="left")
    if not (measures.has("incidents") and measures.has("registers")):
        none = [pl.lit(value).alias(name) for name, value in COUNTS.items()]
        return table.with_columns(pl.lit(None, pl.Float64).alias("years"), *none)
    known = measures["incident_rates"].filter(
        (pl.col("system") == system) & pl.col("asset_class").is_not_null()
    )
    seen = known.select(
        "asset_class",
        (pl.col("asset_years") / pl.col("assets")).alias("years"),
        "failures",
        pl.col("repaired").cast(pl.Float64),
        (pl.col("mttr_h").fill_null(0.0) * pl.col("repaired")).alias("repair_h"),
    )
    filled = [pl.col(name).fill_null(value) for name, value in COUNTS.items()]
    return table.join(seen, on="asset_class", how="left").with_columns(*filled)


def _unknown(measures: Measures, system: str) -> int:
    if not (measures.has("incidents") and measures.has("registers")):
        return 0
    lost = measures["incident_rates"].filter((pl.col("system") == system) & pl.col("asset_class").is_null())
    return int(lost["failures"].sum())


def _supposed(p: AvailabilityParameters) -> dict[bool, tuple[float, float]]:
    """Failures a year and hours to repair where there is no register: by length, and by asset."""
    return {True: (p.failures_per_km, p.repair_h), False: (p.failures_per_node, p.repair_h)}
