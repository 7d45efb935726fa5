"""Which fragility curve each asset has under a hazard, and what hardening makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines.fragility import (
    Curve,
    Curves,
    FixedProbability,
    FragilityCurve,
    read_fragility_table,
    shipped_curves,
)
from workbench.lifelines.model import Bools, Floats

Kind = Literal["earthquake", "flood", "wind", "age"]
STURDY, INVENTED = "sturdy", "invented"
TAKES: dict[str, tuple[str, ...]] = {
    "earthquake": ("pga_g", "pgv_cm_s"),
    "flood": ("depth_m",),
    "wind": ("gust_m_s",),
    "age": ("age_y",),
}
"""Measures of each hazard."""
WIND = Curves(
    {
        "line_in_wind": FragilityCurve(
            55.0, 0.20, "gust_m_s", "invented round numbers, for demonstration only"
        ),
        "station_in_wind": FragilityCurve(
            70.0, 0.25, "gust_m_s", "invented round numbers, for demonstration only"
        ),
    }
)
ELECTRIC = ("substation", "power_plant")
"""How the classes of what stands on electrical equipment begin."""
EDGES: dict[str, dict[str, str]] = {
    "earthquake": {
        "pipe": "pipe_ductile",
        "cable": "pipe_ductile",
        "fibre": "pipe_ductile",
        "line": "distribution_circuit",
        "transformer": "substation_low_voltage",
        "pump": "pump_station",
        "compressor": "pump_station",
        "regulator": "pump_station",
    },
    "flood": dict.fromkeys(("pump", "compressor", "transformer"), "electrical_equipment_flooded"),
    "wind": {"line": "line_in_wind"},
    "age": {"pipe": "pipe_ageing", "pump": "pump_wearing", "compressor": "pump_wearing"},
}
"""Class of an edge by its kind, where its own says nothing of the hazard."""
SOURCES = {"power": "substation_medium_voltage", "telecom": "substation_low_voltage"}


@dataclass(frozen=True)
class Strengthened:
    """
    A curve of assets that bear several times as much: medians times the factor.

    Parameters
    ----------
    curve
        Before.
    factor
        How many times as much; infinite for assets that never fail.
    """

    curve: Curve
    factor: float

    @property
    def measure(self) -> str:
        """Intensity it takes."""
        return self.curve.measure

    @property
    def per_km(self) -> bool:
        """Whether it depends on the length."""
        return self.curve.per_km

    @property
    def source(self) -> str:
        """Where the curve before stands."""
        return self.curve.source

    def probability(self, x: Floats, length_km: Floats | None = None) -> Floats:
        """Probability of failing at intensities `x`, in their shape."""
        return self.curve.probability(np.asarray(x, float) / self.factor, length_km)


def strengthened(curves: Curves, factor: float | None) -> Curves:
    """Curves of hardened assets; None never fails."""
    if factor is None:
        return Curves({name: FixedProbability(0.0, one.source) for name, one in curves.items()})
    return Curves({name: Strengthened(one, factor) for name, one in curves.items()})


def curves_of(path: str | None) -> Curves:
    """Curves shipped with the workbench, those for wind, and over them the user's own."""
    known = shipped_curves() | WIND
    return known if path is None else known | read_fragility_table(path)


def classed(system: InterdependentSystem, hazard: Kind, curves: Curves) -> InterdependentSystem:
    """
    Give every asset a class with a curve for the hazard.

    An asset keeps its own class where the curve takes what the hazard gives. In an earthquake its own class
    stands even where it never fails ("sturdy"), as the tables mean it; null takes a default by what it is.
    Under other hazards the class tells what an asset is made of: stations with electrical equipment and pump
    stations are touched by water, overhead lines and stations by wind, pipes and pumps by age.

    Returns
    -------
    system
        The same networks, `fragility_class` filled in; "sturdy" where the hazard does not touch an asset.
    """
    layers = {}
    for name, network in system.layers.items():
        nodes = [
            _of_node(hazard, curves, network, own, kind)
            for own, kind in network.nodes.select("fragility_class", "kind").iter_rows()
        ]
        edges = [
            _own(hazard, curves, own) or EDGES[hazard].get(kind or "", STURDY)
            for own, kind in network.edges.select("fragility_class", "kind").iter_rows()
        ]
        made = [pl.lit(pl.Series("fragility_class", each, pl.String)) for each in (nodes, edges)]
        layers[name] = network.with_columns([made[0]], [made[1]])
    return InterdependentSystem(layers, system.dependencies)


def _own(hazard: Kind, curves: Curves, own: str | None) -> str | None:
    """Its own class, where that speaks of the hazard; an unknown one is left for the refusal to name."""
    if own is None:
        return None
    if hazard == "earthquake":
        return own
    return own if own in curves and curves[own].measure in TAKES[hazard] else None


def _of_node(hazard: Kind, curves: Curves, network: LifelineNetwork, own: str | None, kind: str) -> str:
    if stated := _own(hazard, curves, own):
        return stated
    if hazard == "earthquake":
        if kind == "storage":
            return "tank"
        return SOURCES.get(network.system, "pump_station") if kind == "source" else STURDY
    electric = own is not None and own.startswith(ELECTRIC)
    if hazard == "flood":
        if electric:
            return "electrical_equipment_flooded"
        return "infrastructure_flooded" if own == "pump_station" else STURDY
    return "station_in_wind" if hazard == "wind" and electric else STURDY


class Fragilities:
    """
    Chances of failing of assets with a class each, over and over: `damage_probability` without its checks.

    Parameters
    ----------
    system
        With a class for every asset.
    curves
        By class.
    """

    def __init__(self, system: InterdependentSystem, curves: Curves) -> None:
        self.size = system.size
        column = np.concatenate(
            [
                frame["fragility_class"].to_numpy()
                for network in system.layers.values()
                for frame in (network.nodes, network.edges)
            ]
        )
        lengths = np.concatenate(
            [
                part
                for network in system.layers.values()
                for part in (np.full(network.n, np.nan), network.arrays.length_m / 1000)
            ]
        )
        self._groups = []
        for name in np.unique(column):
            which = np.flatnonzero(column == name)
            self._groups.append((which, curves[name], lengths[which] if curves[name].per_km else None))

    def probability(
        self, intensities: Mapping[str, Floats], strength: float = 1.0, only: Bools | None = None
    ) -> Floats:
        """
        Chance that each asset fails.

        Parameters
        ----------
        intensities
            By measure, shape (events, assets).
        strength
            How many times as much as its curve says every asset bears.
        only
            Assets asked for, shape (assets,); the others come out as 0.
        """
        rows = len(next(iter(intensities.values())))
        found = np.zeros((rows, self.size))
        for which, curve, lengths in self._groups:
            wanted = slice(None) if only is None else only[which]
            at = which[wanted]
            if not len(at):
                continue
            values = (
                intensities[curve.measure][:, at] / strength if curve.measure else np.zeros((rows, len(at)))
            )
            found[:, at] = curve.probability(values, None if lengths is None else lengths[wanted])
        return found


def invented(system: InterdependentSystem, curves: Curves) -> tuple[str, ...]:
    """Classes in use whose curves are made up, by name."""
    used = {
        name
        for network in system.layers.values()
        for frame in (network.nodes, network.edges)
        for name in frame["fragility_class"].unique()
    }
    return tuple(sorted(name for name in used if name in curves and curves[name].source.startswith(INVENTED)))
