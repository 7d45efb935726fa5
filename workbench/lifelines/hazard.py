"""
How strong a hazard is at every asset: earthquakes with correlated shaking, wind, age, and given targets.

    quake = Earthquake(magnitude=6.5, x=-90.1, y=35.2, depth_km=10)
    shaking = intensity_field(system, quake, relation="boore_atkinson_2008_pga", samples=1000,
    streams=Streams(1)) shaking.block(0, 256)          # 256 samples at a time, an `Intensity` of shape (256,
    assets)

Two sites near each other shake alike. Sampling them independently leaves the mean loss where it is and hides
the bad days, so an earthquake has one deviation for the whole event and a field of deviations within it [1]_.

References
----------
.. [1] N. Jayaram and J. W. Baker (2009), Correlation model for spatially distributed ground-motion
   intensities, Earthquake Engineering and Structural Dynamics 38(15), 1687-1708.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import BadParameter
from workbench.lifelines._fields import BLOCK, Method, NormalField
from workbench.lifelines._given import whole
from workbench.lifelines._measures import MEASURES, Intensity
from workbench.lifelines._shaking import RELATIONS, relation_of
from workbench.lifelines._sites import sites_of
from workbench.lifelines._threats import Storm, age_of, targeted, wind_field
from workbench.lifelines.model import Floats, LifelineNetwork
from workbench.lifelines.system import InterdependentSystem

if TYPE_CHECKING:
    from workbench.simulation import Streams

ILLUSTRATIVE_TAU, ILLUSTRATIVE_PHI = 0.3, 0.5
"""Standard deviations of relations whose source gives none: round numbers, not published ones."""


@dataclass(frozen=True, kw_only=True)
class Earthquake:
    """
    An earthquake as a point.

    Parameters
    ----------
    magnitude
        Moment magnitude, 3 to 9.5.
    x, y
        Epicentre in the coordinates of the networks: degrees where they are geographic, else metres.
    depth_km
        Depth of the focus.
    """

    magnitude: float
    x: float
    y: float
    depth_km: float

    def __post_init__(self) -> None:
        if not 3 <= self.magnitude <= 9.5:
            raise BadParameter(f"An earthquake has a magnitude from 3 to 9.5, not {self.magnitude}.")
        if not (np.isfinite(self.x) and np.isfinite(self.y)):
            raise BadParameter(f"The epicentre ({self.x}, {self.y}) is not a point.")
        if not 0 <= self.depth_km <= 700:
            raise BadParameter(f"`depth_km` is from 0 to 700, not {self.depth_km}.")


@dataclass(frozen=True, eq=False)
class Shaking:
    """
    Samples of the ground motion of an earthquake at every asset, made block by block.

    Attributes
    ----------
    measure
        "pga_g" or "pgv_cm_s", or as the user named it.
    median
        At each asset, shape (assets,).
    tau, phi
        Standard deviations between and within events of the natural logarithm.
    samples
        How many.
    illustrative
        Whether tau and phi are round numbers of this library rather than given or published ones.
    source
        Where the median comes from.
    """

    measure: str
    median: Floats
    tau: float
    phi: float
    samples: int
    illustrative: bool
    source: str
    _field: NormalField
    _streams: Streams

    def block(self, start: int, stop: int) -> Intensity:
        """Samples from `start` up to `stop`, shape (stop - start, assets)."""
        if not 0 <= start <= stop <= self.samples:
            raise BadParameter(f"Samples {start} to {stop} are not among the {self.samples}.")
        between = self._streams.generator("between events").standard_normal(stop)[start:]
        parts = []
        for number in range(start // BLOCK, -(-stop // BLOCK)):
            first = number * BLOCK
            values = self._field.block(number, min(stop - first, BLOCK), self._streams)
            parts.append(values[max(start - first, 0) :])
        within = np.concatenate(parts) if parts else np.empty((0, len(self.median)))
        return Intensity(self.measure, self.median * np.exp(self.tau * between[:, None] + self.phi * within))

    def all(self) -> Intensity:
        """Every sample at once, shape (samples, assets); 8 bytes each."""
        return self.block(0, self.samples)


def median_intensity(
    system: InterdependentSystem | LifelineNetwork,
    earthquake: Earthquake,
    *,
    relation: str = "boore_atkinson_2008_pga",
    vs30: float = 760.0,
) -> Intensity:
    """
    Median ground motion at every asset.

    Parameters
    ----------
    system
        Networks with coordinates.
    earthquake
        The event.
    relation
        Attenuation relation, one of `RELATIONS`.
    vs30
        Mean shear-wave velocity of the upper 30 m of ground, m/s, for relations that use it.

    Returns
    -------
    median
        Shape (assets,).

    Raises
    ------
    UnknownName
        No relation has that name.
    BadParameter
        Assets without a place; vs30 out of 100 to 2000.
    """
    if not 100 <= vs30 <= 2000:
        raise BadParameter(f"`vs30` is a velocity from 100 to 2000 m/s, not {vs30}.")
    found = relation_of(relation)
    distance = sites_of(InterdependentSystem.of(system)).distance_km(earthquake.x, earthquake.y)
    return Intensity(found.measure, found.median(earthquake.magnitude, distance, earthquake.depth_km, vs30))


def intensity_field(
    system: InterdependentSystem | LifelineNetwork,
    earthquake: Earthquake | None = None,
    *,
    relation: str = "boore_atkinson_2008_pga",
    median: Intensity | None = None,
    vs30: float = 760.0,
    tau: float | None = None,
    phi: float | None = None,
    range_km: float = 25.0,
    samples: int,
    streams: Streams,
    method: Method = "auto",
) -> Shaking:
    """
    Samples of ground motion: median x exp(tau z + phi e).

    There is one z an event, and e is correlated by distance h as exp(-3 h / range_km).

    Parameters
    ----------
    system
        Networks with coordinates.
    earthquake
        The event; may be left out where `median` is given.
    relation
        Attenuation relation, one of `RELATIONS`.
    median
        Median at every asset, in place of a relation: from a ShakeMap, say.
    vs30
        See `median_intensity`.
    tau, phi
        Standard deviations between and within events; None for those of the relation, and where its source
        has none for round numbers (0.3 and 0.5), which are marked as illustrative.
    range_km
        Range of the correlation: Jayaram and Baker (2009) give 8.5 to 40.7 km for peak acceleration, the
        latter where ground conditions come in clusters, and 25.7 km at a period of 1 s. 0 for independent
        sites.
    samples
        How many.
    streams
        Randomness; sample s is the same however many there are. Fields of two measures from the same streams
        move together, as acceleration and velocity of one event mostly do; give a child of the streams to one
        of them for fields that do not.
    method
        How the field is made: "cholesky" (exact), "waves" (any number of sites) or "auto" (the first up to
        4,000 sites).

    Returns
    -------
    shaking
        Blocks of samples on demand.

    Raises
    ------
    BadParameter
        Neither an earthquake nor a median, standard deviations below 0, assets without a place.
    UnknownName
        No relation has that name.
    """
    networks = InterdependentSystem.of(system)
    whole("samples", samples, 1)
    illustrative, source = False, "given"
    if median is None:
        if earthquake is None:
            raise BadParameter("Give an earthquake, or the median intensity at every asset.")
        found = relation_of(relation)
        source = found.source
        median = median_intensity(networks, earthquake, relation=relation, vs30=vs30)
        illustrative = (tau is None and found.tau is None) or (phi is None and found.phi is None)
        tau, phi = found.tau if tau is None else tau, found.phi if phi is None else phi
    else:
        illustrative = tau is None or phi is None
        if median.values.shape != (networks.size,):
            raise BadParameter(
                f"The median needs one value for each of {networks.size:,} assets, not {median.values.shape}."
            )
    tau = ILLUSTRATIVE_TAU if tau is None else tau
    phi = ILLUSTRATIVE_PHI if phi is None else phi
    if not (tau >= 0 and phi >= 0 and np.isfinite(tau + phi)):
        raise BadParameter(f"Standard deviations are 0 or more, not tau {tau} and phi {phi}.")
    normal = NormalField(sites_of(networks), range_km, method)
    return Shaking(
        median.measure,
        median.values,
        tau,
        phi,
        samples,
        illustrative,
        source,
        normal,
        streams.child("shaking"),
    )


__all__ = [
    "MEASURES",
    "RELATIONS",
    "Earthquake",
    "Intensity",
    "Shaking",
    "Storm",
    "age_of",
    "intensity_field",
    "median_intensity",
    "targeted",
    "wind_field",
]
