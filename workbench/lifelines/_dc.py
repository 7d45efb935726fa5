"""What direct-current calculations share: susceptances, phase shifts, islands with slack, injections."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from workbench._need import need
from workbench.lifelines.errors import BadNetwork

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork

SHOWN = 5


def susceptances(network: LifelineNetwork) -> Floats:
    """
    Susceptance of each edge, MW/rad; 0 where an edge out of service has none.

    Raises
    ------
    BadNetwork
        The edges have no such column, or one in service has none, or 0.
    """
    remedy = "give it in MW/rad (base MVA / x per unit), as `read_matpower` does, or serve by 'flow'"
    if "susceptance" not in network.edges.columns:
        raise BadNetwork(network.system, [f"the edges have no column 'susceptance': {remedy}"])
    given = network.edges["susceptance"]
    if not given.dtype.is_numeric():
        raise BadNetwork(
            network.system, [f"edge column 'susceptance' holds {given.dtype}, not numbers: {remedy}"]
        )
    values = given.cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
    lost = ~np.isfinite(values) | (values == 0)
    wrong = lost & network.arrays.in_service
    if wrong.any():
        edges = named(network.edges["id"].filter(wrong).to_list())
        raise BadNetwork(network.system, [f"there is no susceptance, or 0, at the edges {edges}: {remedy}"])
    values[lost] = 0.0
    return values


def shifts(network: LifelineNetwork) -> Floats:
    """Phase shift of each edge, rad, from its column `shift_deg`; 0 without."""
    if "shift_deg" not in network.edges.columns:
        return np.zeros(network.m)
    given: Floats = network.edges["shift_deg"].cast(pl.Float64).fill_null(0.0).to_numpy()
    return np.deg2rad(given)


def optional(network: LifelineNetwork, column: str) -> Floats | None:
    """Column of the nodes as numbers, 0 where empty; None where there is no such column."""
    if column not in network.nodes.columns:
        return None
    return network.nodes[column].cast(pl.Float64).fill_null(0.0).to_numpy()


def named(ids: list[str]) -> str:
    """Some ids, and how many more."""
    shown = ", ".join(f"'{one}'" for one in ids[:SHOWN])
    return shown + (f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else "")


@dataclass(frozen=True, eq=False)
class Grid:
    """
    A power network in a state, ready to be solved.

    Parameters
    ----------
    network
        Which network.
    up
        Whether each asset works, shape (assets,), checked.
    """

    network: LifelineNetwork
    up: Bools

    @cached_property
    def nodes(self) -> Bools:
        """Whether each node works."""
        return self.up[: self.network.n]

    @cached_property
    def open(self) -> Bools:
        """Whether each edge works, and the nodes at its ends."""
        a = self.network.arrays
        return np.asarray(self.up[self.network.n :] & self.nodes[a.u] & self.nodes[a.v])

    @cached_property
    def susceptance(self) -> Floats:
        """Of each edge, MW/rad, 0 where it is not open."""
        return np.where(self.open, susceptances(self.network), 0.0)

    @cached_property
    def island(self) -> Ints:
        """Number of the island of each node, -1 where it is down."""
        from workbench.lifelines.checks import components

        label = np.where(self.nodes, components(self.network, self.open), -1)
        _, found = np.unique(label, return_inverse=True)
        return np.asarray(found - int((label < 0).any()), np.int32)

    @cached_property
    def source(self) -> Bools:
        """Whether a node works and can make up a balance: a source, or the slack named in the file."""
        named_so = _zero(optional(self.network, "slack"), self.network.n) > 0
        return np.asarray(self.nodes & (self.network.arrays.source | named_so))

    @cached_property
    def reference(self) -> Ints:
        """Node of each island whose angle is 0: the slack of the file, else the greatest source."""
        named_so = _zero(optional(self.network, "slack"), self.network.n)
        rank = np.lexsort((np.arange(self.network.n), -self.network.arrays.supply, -named_so))
        rank = rank[self.nodes[rank]]
        _, first = np.unique(self.island[rank], return_index=True)
        return np.asarray(rank[first], np.int32)

    @cached_property
    def sourced(self) -> Bools:
        """Whether each island has a node that can make up its balance."""
        found = np.zeros(len(self.reference), bool)
        found[self.island[self.source]] = True
        return found

    def by_island(self, values: Floats) -> Floats:
        """Sum of a quantity of nodes over each island."""
        return np.asarray(
            np.bincount(self.island[self.nodes], values[self.nodes], len(self.reference)), float
        )

    def spread(self, values: Any) -> Any:
        """Value of its island for each node; zero, or False, where it is down."""
        found = np.zeros(self.network.n, values.dtype)
        found[self.nodes] = values[self.island[self.nodes]]
        return found

    def scheduled(self) -> Floats:
        """
        Fed in at each node, MW: as the file schedules, else the sources of an island share what it draws.

        Raises
        ------
        BadNetwork
            Nothing is scheduled and a source has no limit, so that there is no telling how they share.
        """
        a = self.network.arrays
        drawn = a.demand + _zero(optional(self.network, "shunt_mw"), self.network.n)
        given = optional(self.network, "generation")
        if given is None:
            supply = np.where(self.source, a.supply, 0.0)
            endless = np.isinf(supply)
            if endless.any():
                ids = named(self.network.nodes["id"].filter(endless).to_list())
                raise BadNetwork(
                    self.network.system,
                    [f"the sources {ids} have no limit, so how sources share is not known: give injections"],
                )
            whole = self.by_island(supply)
            part = np.divide(self.by_island(drawn), whole, out=np.zeros(len(whole)), where=whole > 0)
            given = supply * self.spread(part)
        return np.where(self.nodes, given - drawn, 0.0)

    @cached_property
    def incidence(self) -> Any:
        """Sparse, shape (edges, nodes): 1 where an edge begins and -1 where it ends."""
        need("scipy.sparse", "Power flow")
        from scipy.sparse import csr_array

        a, m = self.network.arrays, self.network.m
        rows, ones = np.tile(np.arange(m), 2), np.ones(m)
        return csr_array(
            (np.concatenate([ones, -ones]), (rows, np.concatenate([a.u, a.v]))), shape=(m, self.network.n)
        )

    @cached_property
    def solved(self) -> tuple[Any, Ints]:
        """Factors of the susceptance matrix without the references, and the nodes that are left."""
        from scipy.sparse import diags_array
        from scipy.sparse.linalg import splu

        kept = self.nodes.copy()
        kept[self.reference] = False
        left = np.flatnonzero(kept).astype(np.int32)
        matrix = (self.incidence.T @ diags_array(self.susceptance) @ self.incidence).tocsc()[left][:, left]
        try:
            return (splu(matrix.tocsc()) if len(left) else None), left
        except RuntimeError as error:
            raise BadNetwork(
                self.network.system,
                ["the susceptances cancel out, so that no flow is determined: check their signs"],
            ) from error


def _zero(values: Floats | None, n: int) -> Floats:
    return np.zeros(n) if values is None else values
