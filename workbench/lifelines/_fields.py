"""
Gaussian fields in which near sites are alike: correlation exp(-3 h / range) at distance h.

Up to `DENSE` sites the field is exact, by a Cholesky factor of the correlations. Beyond, it is made of random
waves: the spectrum of an exponential correlation in the plane is a bivariate Cauchy distribution, so waves
with such wave numbers and normal amplitudes [1]_ give a field whose every value is normal and whose
correlation is right on average over blocks, each of which draws waves of its own. Its cost grows with sites
times waves, not with sites cubed, and a site's values do not depend on which other sites there are (in
degrees: as long as they centre on the same whole degree).

References
----------
.. [1] A. Rahimi and B. Recht (2007), Random features for large-scale kernel machines, NIPS 20; for fields of
   ground motion the same is known as the spectral method of M. Shinozuka and G. Deodatis (1991), Applied
   Mechanics Reviews 44.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from workbench.errors import BadParameter
from workbench.lifelines._sites import Sites

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats
    from workbench.simulation import Streams

DENSE = 4_000
WAVES = 256
BLOCK = 256
Method = Literal["auto", "cholesky", "waves"]


@dataclass(frozen=True, eq=False)
class NormalField:
    """
    Standard normal values at sites, correlated by distance.

    Parameters
    ----------
    sites
        Where.
    range_km
        Distance at which the correlation has fallen to exp(-3), about 0.05; 0 for independent values.
    method
        "cholesky" (exact), "waves" (any number of sites), or "auto".
    """

    sites: Sites
    range_km: float
    method: Method = "auto"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.range_km) and self.range_km >= 0):
            raise BadParameter(f"`range_km` is a distance of 0 or more, not {self.range_km}.")
        if self.method not in ("auto", "cholesky", "waves"):
            raise BadParameter(f"`method` is 'auto', 'cholesky' or 'waves', not '{self.method}'.")

    def block(self, number: int, rows: int, streams: Streams) -> Floats:
        """
        First rows of a block of `BLOCK` samples, always the same whatever else is asked for.

        Parameters
        ----------
        number
            Which block, from 0.
        rows
            How many of its samples, up to `BLOCK`.
        streams
            Randomness.

        Returns
        -------
        values
            Shape (rows, sites).
        """
        draw = streams.generator("field", number)
        if self.range_km > 0 and (self.method == "waves" or (self.method == "auto" and self._count > DENSE)):
            east, north = self._waves(number, streams)
            a = draw.standard_normal((rows, 2 * WAVES))
            values = a[:, ::2] @ east + a[:, 1::2] @ north
        else:
            z = draw.standard_normal((self._count, BLOCK))[
                :, :rows
            ].T  # a site more at the end moves no other
            values = z if self.range_km == 0 else z @ self._factor.T
        return np.asarray(values[:, self._places], float)

    @property
    def _count(self) -> int:
        return len(self._unique.x)

    @cached_property
    def _distinct(self) -> tuple[Sites, np.ndarray]:
        points = np.column_stack([self.sites.x, self.sites.y])
        _, first, back = np.unique(points, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(
            first
        )  # sites in the order in which they came, so that those added at the end move none
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        kept = first[order]
        return Sites(self.sites.x[kept], self.sites.y[kept], self.sites.geographic), place[back.ravel()]

    @property
    def _unique(self) -> Sites:
        return self._distinct[0]

    @property
    def _places(self) -> np.ndarray:
        return self._distinct[1]

    @cached_property
    def _factor(self) -> Floats:
        """Lower Cholesky factor; exp(-c h) is a correlation on the plane and on the sphere alike."""
        correlation = np.exp(-3.0 * self._unique.distances_km() / self.range_km)
        correlation[np.diag_indices(self._count)] += 1e-10  # sites a hair apart
        return np.asarray(np.linalg.cholesky(correlation), float)

    def _waves(self, number: int, streams: Streams) -> tuple[Floats, Floats]:
        """Cosines and sines of the waves of a block at the sites, each of shape (waves, sites)."""
        draw = streams.generator("waves", number)
        cauchy = draw.standard_normal((WAVES, 2)) / np.abs(draw.standard_normal((WAVES, 1)))
        turns = (3.0 / self.range_km / (2 * np.pi)) * cauchy @ self._unique.plane_km().T
        # cosines of single precision within one turn are several times as fast, and good to 1e-6
        phase = (2 * np.pi * (turns - np.rint(turns))).astype(np.float32)
        scale = np.sqrt(1.0 / WAVES)
        return np.cos(phase) * scale, np.sin(phase) * scale
