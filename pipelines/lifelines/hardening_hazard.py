"""Events of a hazard: how strong each is at every asset, as it is set and as it might be otherwise."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.hardening_classes import TAKES
from pipelines.lifelines.places import middle_of
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.flood import flood_depth, read_asc, read_flood_areas
from workbench.lifelines.hazard import (
    RELATIONS,
    Earthquake,
    Intensity,
    Storm,
    age_of,
    intensity_field,
    median_intensity,
    wind_field,
)
from workbench.lifelines.model import Floats, Ints
from workbench.simulation import Streams

if TYPE_CHECKING:
    from pipelines.lifelines.hardening import HardeningParameters

KM = 1000.0
RELATION = {"pga_g": "boore_atkinson_2008_pga", "pgv_cm_s": "boore_atkinson_2008_pgv"}


class Hazard:
    """
    Events of one hazard.

    Parameters
    ----------
    system
        Networks with coordinates; those of a flood with elevations or a map, those of age with years.
    p
        What the hazard is.
    events
        How many.
    streams
        Randomness; event e is the same however many there are.
    year
        In which ages are taken.
    """

    def __init__(
        self,
        system: InterdependentSystem,
        p: HardeningParameters,
        events: int,
        streams: Streams,
        *,
        year: int,
    ) -> None:
        self.system, self.p, self.events, self.year, self.streams = system, p, events, year, streams
        self.kind = p.hazard
        self._residuals: dict[float, dict[str, Floats]] = {}

    @property
    def severity(self) -> float:
        """What says how strong it is: magnitude, level (or metres above the map), gust; 1 for age."""
        p = self.p
        level = 0.0 if p.flood_map else p.level_m
        return {"earthquake": p.magnitude, "flood": level, "wind": p.gust_m_s, "age": 1.0}[self.kind]

    @property
    def relation(self) -> str:
        """Where its medians stand, in words; empty for other hazards than earthquakes."""
        return RELATIONS[RELATION["pga_g"]].source if self.kind == "earthquake" else ""

    def intensities(
        self,
        severity: float | None = None,
        *,
        east_km: float = 0.0,
        range_km: float | None = None,
        events: Ints | None = None,
    ) -> list[Intensity]:
        """
        How strong the events are.

        Parameters
        ----------
        severity
            In place of that set, in its unit; for age times what it is.
        east_km
            How far the centre lies further east.
        range_km
            Range of the correlation in place of that set.
        events
            Which events, by number; all by default.

        Returns
        -------
        intensities
            One for each measure of the hazard, shape (events, assets).
        """
        strong = self.severity if severity is None else severity
        which: Ints | slice = slice(None) if events is None else events
        if self.kind == "earthquake":
            x, y = self._centre(east_km)
            quake = Earthquake(magnitude=strong, x=x, y=y, depth_km=self.p.depth_km)
            residual = self._residual(self.p.range_km if range_km is None else range_km)
            made = []
            for measure in TAKES["earthquake"]:
                median = median_intensity(
                    self.system, quake, relation=RELATION[measure], vs30=self.p.vs30
                ).values
                made.append(Intensity(measure, median * residual[measure][which]))
            return made
        if self.kind == "flood":
            return [Intensity("depth_m", np.maximum(self._ground + strong + self._shift[which], 0.0))]
        if self.kind == "wind":
            x, y = self._centre(east_km)
            storm = Storm(x=x, y=y, max_gust_m_s=strong, radius_km=self.p.radius_km)
            gust = wind_field(self.system, storm).values
            return [Intensity("gust_m_s", gust * np.exp(self.p.gust_sd * self._normal[which])[:, None])]
        rows = len(np.arange(self.events)[which])
        return [Intensity("age_y", np.repeat(self._age[None] * strong, rows, axis=0))]

    def _centre(self, east_km: float) -> tuple[float, float]:
        east, north = self.p.centre
        if self.p.absolute:
            return east + KM * east_km, north
        x, y = middle_of(self.system)
        return x + KM * (east + east_km), y + KM * north

    def _residual(self, range_km: float) -> dict[str, Floats]:
        """Shaking over its median by measure, exp(tau z + phi e) with one z and e, shape (events, assets)."""
        if range_km not in self._residuals:
            within = self._deviations(phi=1.0, range_km=range_km)
            between = self._deviations(tau=1.0)[:, :1]  # the same at every site
            relations = {measure: RELATIONS[RELATION[measure]] for measure in TAKES["earthquake"]}
            self._residuals[range_km] = {
                measure: np.exp((one.tau or 0.0) * between + (one.phi or 0.0) * within)
                for measure, one in relations.items()
            }
        return self._residuals[range_km]

    def _deviations(self, *, tau: float = 0.0, phi: float = 0.0, range_km: float = 0.0) -> Floats:
        field = intensity_field(
            self.system,
            median=Intensity("deviation", np.ones(self.system.size)),
            tau=tau,
            phi=phi,
            range_km=range_km,
            samples=self.events,
            streams=self.streams,
        )
        return np.log(field.all().values)

    @cached_property
    def _normal(self) -> Floats:
        """What moves a whole event, shape (events,)."""
        return np.asarray(self.streams.generator("events").standard_normal(self.events))

    @cached_property
    def _shift(self) -> Floats:
        return np.asarray(self.p.level_sd_m * self._normal)[:, None]

    @cached_property
    def _ground(self) -> Floats:
        """What is added to the level to have a depth, shape (assets,); far below 0 where it stays dry."""
        if self.p.flood_map is None:
            return -self._elevation
        path = Path(self.p.flood_map)
        water = read_asc(path) if path.suffix.lower() == ".asc" else read_flood_areas(path)
        depth = flood_depth(self.system, water, outside="dry").values
        return np.where(depth > 0, depth, -np.inf)

    @cached_property
    def _elevation(self) -> Floats:
        """Height of each asset, an edge at its lower end; NaN where it is not known."""
        parts = []
        for network in self.system.layers.values():
            nodes = network.nodes
            if "elevation_m" in nodes.columns:
                high = nodes["elevation_m"].cast(pl.Float64).fill_null(np.nan).to_numpy()
            else:
                high = np.full(network.n, np.nan)
            a = network.arrays
            parts += [high, np.minimum(high[a.u], high[a.v])]
        return np.concatenate(parts)

    @cached_property
    def _age(self) -> Floats:
        return age_of(self.system, year=self.year, column="install_year").values
