"""
How available service is at each site.

    model = availability_model(network, unavailability, streams=Streams(42))
    model.availability()                    # of each site, with its interval
    model.unavailable(other)                # had assets another unavailability, from the same states
    model.changes(doubled(u), u)            # had one asset after the other

Assets fail and are mended independently of each other; a site is served while a path of working assets
leads to it from a working source. The network is cut into blocks [1]_: what a site cannot do without counts
exactly, and only within blocks, where there is a choice of ways, must states be tried. There they are counted
by how many assets are down at once: all of them where they are few, else a sample of each number (stratified
sampling [2]_, [3]_). Another unavailability of an asset gives the same states other weights, so that every
change is judged on the same states (common random numbers).

References
----------
.. [1] C. J. Colbourn (1987), The Combinatorics of Network Reliability, Oxford University Press.
.. [2] V. O. K. Li and J. A. Silvester (1984), Performance analysis of networks with unreliable components,
   IEEE Transactions on Communications 32 (enumeration of the most probable states).
.. [3] W. G. Cochran (1977), Sampling Techniques, chapter 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._blocks import blocks_of
from workbench.lifelines._shares import shares_of
from workbench.lifelines._strata import Numbers, States, try_states
from workbench.lifelines.model import Bools, Floats, LifelineNetwork

if TYPE_CHECKING:
    from workbench.simulation import Streams

AT_ONCE = 32
"""Unavailabilities weighed at a time."""
LEAST_SAMPLES = 100
Z = 1.959963984540054


@dataclass(frozen=True, eq=False)
class AvailabilityModel:
    """
    A network whose assets fail, with the states that have been tried.

    Attributes
    ----------
    network
        The network.
    unavailability
        Share of time each asset is down at which states were drawn, shape (assets,); 0 for what is out of
        service.
    sites
        Nodes with a demand, by number.
    never
        Whether no path leads to a site even when all works, shape (sites,).
    chains
        Assets that each site needs one after the other, sparse (sites, assets).
    states
        What was tried where there is a choice of ways.
    """

    network: LifelineNetwork
    unavailability: Floats
    sites: Numbers
    never: Bools
    chains: Any
    states: States

    def unavailable(self, unavailability: Floats | None = None) -> Floats:
        """
        Share of time that each site is unserved, shape (sites,).

        Parameters
        ----------
        unavailability
            Of each asset, where not that of the model; from 0 to below 1. The further it lies above that of
            the model, the less exact is what comes from sampled states.
        """
        return np.asarray(self.unavailable_many(self._checked(unavailability)[None])[0])

    def unavailable_many(self, unavailability: Floats, *, resample: Streams | None = None) -> Floats:
        """
        Share of time that each site is unserved, for many unavailabilities at once.

        Parameters
        ----------
        unavailability
            Of each asset, shape (rows, assets).
        resample
            Where given, sampled states are weighed anew for each row, so that rows differ by chance of
            sampling as well.

        Returns
        -------
        unavailable
            Shape (rows, sites).
        """
        given = np.asarray(unavailability, float)
        if given.ndim != 2:
            raise BadParameter(f"Give rows of unavailabilities, shape (rows, assets), not {given.shape}.")
        found = np.empty((len(given), len(self.sites)))
        for first in range(0, len(given), AT_ONCE):
            u = self._checked(given[first : first + AT_ONCE])
            weights = self.states.weights(u)
            if resample is not None:
                self.states.again(weights, resample, first)
            found[first : first + AT_ONCE] = self._served(self._passed(u, weights))
        return 1 - found

    def availability(self, unavailability: Floats | None = None) -> pl.DataFrame:
        """
        Availability of each site, with its interval.

        Returns
        -------
        sites
            `id`, `people`, `availability`, `low`, `high` (95 %, of sampling and of what was not tried),
            worst first.
        """
        u = self._checked(unavailability)[None]
        weights = self.states.weights(u)
        passed = self._passed(u, weights)
        mean, variance = self._served(passed)[0], self.states.variance(weights[0])
        relative = np.divide(variance, passed[0] ** 2, out=np.zeros_like(variance), where=passed[0] > 0)
        half = Z * mean * np.sqrt(self.chains @ relative)
        nodes = self.network.nodes[self.sites]
        return pl.DataFrame(
            {
                "id": nodes["id"],
                "people": nodes["people"],
                "availability": mean,
                "low": np.clip(mean - half - self.states.rest, 0, 1),
                "high": np.clip(mean + half, 0, 1),
            }
        ).sort("availability", "id")

    def changes(self, changed: Floats, unavailability: Floats | None = None) -> Any:
        """
        What one asset after the other does to the sites when its unavailability is changed.

        Parameters
        ----------
        changed
            Unavailability of each asset when it is the one changed, shape (assets,).
        unavailability
            Of the assets that are not changed; that of the model where not given.

        Returns
        -------
        changes
            Share of time unserved after less before, sparse (assets, sites).
        """
        sparse = need("scipy.sparse", "The availability of sites")
        old, new = self._checked(unavailability), self._checked(changed)
        weights = self.states.weights(old[None])
        passed = self._passed(old[None], weights)
        failed = np.divide(new, old, out=np.zeros_like(old), where=old > 0)
        working = (1 - new) / (1 - old)
        weighed = self.states.cut_off.multiply(weights[0][:, None]).tocsr()
        cut, both = weighed.sum(axis=0), (self.states.down.T @ weighed).tocsr()
        asset = np.repeat(np.arange(self.network.size), np.diff(both.indptr))
        more = (failed - working)[asset] * both.data + (working - 1)[asset] * cut[both.indices]
        share = -more / np.maximum(passed[0][both.indices], 1e-300)
        around = sparse.csr_array((share, both.indices, both.indptr), shape=both.shape)
        alone = sparse.diags_array(working - 1).tocsr()
        served = self._served(passed)[0]
        return ((around + alone) @ self.chains.T).multiply(-served[None]).tocsr()

    def weak_points(self, site: str, unavailability: Floats | None = None) -> pl.DataFrame:
        """
        What keeps a site from being served.

        Parameters
        ----------
        site
            Its id.
        unavailability
            Of each asset, where not that of the model.

        Returns
        -------
        weak_points
            For each asset that the site cannot do without: `asset` (number), `own` (share of time it is down
            itself), `ways` (share of time it is up and none of its ways works); the greatest sum first.

        Raises
        ------
        UnknownName
            No site has the id.
        """
        ids = self.network.nodes["id"].gather(self.sites).to_list()
        if site not in ids:
            raise UnknownName("site", site, ids)
        u, passed = self._checked(unavailability), self.passed(unavailability)
        chain = self.chains[[ids.index(site)]].indices
        ways = np.maximum(1 - u[chain] - passed[chain], 0.0)
        order = np.argsort(-(u[chain] + ways), kind="stable")
        return pl.DataFrame({"asset": chain[order], "own": u[chain][order], "ways": ways[order]})

    def passed(self, unavailability: Floats | None = None) -> Floats:
        """
        Chance that each asset is up, and reached within its block; shape (assets,).

        Parameters
        ----------
        unavailability
            Of each asset, where not that of the model.
        """
        u = self._checked(unavailability)[None]
        return np.asarray(self._passed(u, self.states.weights(u))[0])

    def _checked(self, unavailability: Floats | None) -> Floats:
        """Check unavailabilities, one row or many."""
        if unavailability is None:
            return self.unavailability
        u = np.where(self.network.intact, shares_of(self.network, unavailability), 0.0)
        new = (u > 0) & (self.unavailability == 0)
        if new.any():
            first = self.network.asset_ids[int(np.argwhere(new)[0][-1])]
            raise BadParameter(
                f"'{first}' never fails in this model, and has an unavailability above 0 here: make the "
                "model with it."
            )
        return u

    def _passed(self, u: Floats, weights: Floats) -> Floats:
        """Chance that each asset is up, and reached if the entry of its block is; shape (rows, assets)."""
        return np.asarray(np.clip(1 - u - (self.states.cut_off.T @ weights.T).T, 0.0, 1.0))

    def _served(self, passed: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            served = np.exp((self.chains @ np.log(passed).T).T)
        return np.asarray(np.where(self.never, 0.0, served))


def availability_model(
    network: LifelineNetwork, unavailability: Floats, *, streams: Streams, samples: int = 4000
) -> AvailabilityModel:
    """
    Try the states of a network in which some of its assets are down.

    Parameters
    ----------
    network
        The network; its sites are the nodes with a demand.
    unavailability
        Share of time each asset is down, shape (assets,), from 0 to below 1: mean time to repair over mean
        time between failures, both from working to working.
    streams
        Randomness of the states that are sampled.
    samples
        States tried for each number of assets down at once that is sampled, in each block.

    Returns
    -------
    model
        What was tried.

    Raises
    ------
    BadParameter
        The unavailability has another shape or lies outside 0 to 1, or the network has no site.
    EngineMissing
        Numba, NetworkX or SciPy is not installed.
    """
    from workbench.lifelines.solvers.connectivity import Connectivity

    sparse = need("scipy.sparse", "The availability of sites")
    u = np.where(network.intact, shares_of(network, np.ravel(unavailability)), 0.0)
    sites = np.flatnonzero(network.arrays.demand > 0)
    if not len(sites):
        raise BadParameter(
            f"No node of the {network.system} network has a demand: there is no site to serve."
        )
    if samples < LEAST_SAMPLES:
        raise BadParameter(f"samples is {samples}: give {LEAST_SAMPLES} or more.")
    never = ~Connectivity(network).served_many(network.intact[None])[0, sites]
    blocks = blocks_of(network)
    chains = [blocks.chain(int(one)) for one in sites]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in chains])])
    needed = np.array([asset for one in chains for asset in one], np.int64)
    through = np.zeros(network.size, bool)
    through[needed] = True
    states = try_states(network, u, blocks.blocks, through, samples=samples, streams=streams)
    table = sparse.csr_array((np.ones(len(needed)), needed, starts), shape=(len(sites), network.size))
    return AvailabilityModel(network, u, sites, never, table, states)
