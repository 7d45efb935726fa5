"""
New links that could be built, and what each would do for the availability of sites.

    links = near_links(network, sites, reach_m=4000)      # who lies near whom, and how far by road

A link that closes a chain into a ring makes all of the chain doubly served at once. What it gives is
estimated from the chains of assets that it joins: along the ring it makes, a site is cut off only when both
ways are. `workbench.lifelines.mixing` chooses among such links.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter
from workbench.lifelines._blocks import ROOT, Blocks, blocks_of
from workbench.lifelines._given import number, whole

if TYPE_CHECKING:
    from workbench.lifelines._doubling import Case
    from workbench.lifelines._strata import Numbers
    from workbench.lifelines.model import Floats, LifelineNetwork


def near_links(
    network: LifelineNetwork,
    sites: Numbers,
    *,
    reach_m: float,
    nearest: int = 6,
    winding: float = 1.3,
) -> pl.DataFrame:
    """
    Links that could be built from sites to nodes near them.

    Parameters
    ----------
    network
        The network; x and y in metres.
    sites
        Nodes to begin at, by number.
    reach_m
        Longest link, in metres along its route.
    nearest
        At most so many links from each site, the nearest first; those of two sites to each other count for
        both.
    winding
        Length of a route over the straight line.

    Returns
    -------
    links
        `id`, `u`, `v` (ids of nodes), `length_m`, shortest first. Two nodes with an edge between them
        already, and nodes without a place, are left out.

    Raises
    ------
    BadParameter
        Places are in degrees, or a number is out of its bounds.
    """
    if network.geographic:
        raise BadParameter("The places of nodes are degrees: give them in metres to look for new links.")
    reach = number("reach_m", reach_m, above=0) / number("winding", winding, least=1)
    whole("nearest", nearest, 1)
    tree = need("scipy.spatial", "The search for new links").cKDTree
    a, n = network.arrays, network.n
    at = network.nodes.select(pl.col("x", "y").fill_null(np.nan)).to_numpy().astype(float)
    known = np.flatnonzero(np.isfinite(at).all(axis=1) & network.intact[:n])
    begins = np.intersect1d(np.asarray(sites, np.int64), known)
    joined = {(min(i, j), max(i, j)) for i, j in zip(a.u.tolist(), a.v.tolist(), strict=True)}
    found: dict[tuple[int, int], float] = {}
    if len(begins):
        most = min(len(known), 4 * nearest + 8)
        far, place = tree(at[known]).query(at[begins], k=most, distance_upper_bound=reach)
        for i, row, others in zip(
            begins, far.reshape(len(begins), -1), place.reshape(len(begins), -1), strict=True
        ):
            taken = 0
            for length, one in zip(row, others, strict=True):
                if taken == nearest or not np.isfinite(length):
                    break
                j = int(known[one])
                pair = (min(int(i), j), max(int(i), j))
                if j != i and pair not in joined:
                    found[pair] = float(length) * winding
                    taken += 1
    ids = network.nodes["id"].to_list()
    rows = sorted((length, ids[i], ids[j]) for (i, j), length in found.items())
    return pl.DataFrame(
        {
            "id": [f"new {u} {v}" for _, u, v in rows],
            "u": [u for _, u, _ in rows],
            "v": [v for _, _, v in rows],
            "length_m": [length for length, _, _ in rows],
        },
        schema={"id": pl.String, "u": pl.String, "v": pl.String, "length_m": pl.Float64},
    )


def estimated(case: Case, u: Floats, ends: list[tuple[int, int]], share: Floats) -> Floats:
    """
    What each link would take away of what sites lack, to second order.

    Parameters
    ----------
    case
        The question of what to double.
    u
        Unavailability of each asset, shape (assets,).
    ends, share
        Nodes of each link, and its own unavailability.
    """
    model = case.model
    blocks = blocks_of(model.network)
    loss = -np.log(np.maximum(model.passed(u), 1e-300))
    tree = _Tree(blocks, loss, model.sites)
    dark = model.unavailable(u)
    lack = case.lacks(dark, forgive=False)
    gains = np.zeros(len(ends))
    for at, (s, t) in enumerate(ends):
        ways = tree.ways(s, t)
        if ways is None:
            continue
        first, second, top = ways
        ring = float(loss[first].sum() + loss[second].sum() + share[at])
        for way in (first, second):
            inner = (0, 0)
            for one in way:
                above = tree.sum[one] - loss[one] - top
                for span, own in ((tree.span(one), loss[one]), (tree.block(one), 0.0)):
                    sites, inner = tree.within(span, inner), span
                    sites = sites[lack[sites] > 0]
                    saved = above * max(1 - (ring - above - own), 0.0)
                    if len(sites) and saved > 0:
                        after = 1 - (1 - dark[sites]) * np.exp(saved)
                        gains[at] += float(lack[sites].sum() - case.lacks(after, sites, forgive=False).sum())
    return gains


class _Tree:
    """Assets by what they hang from, with the sites below each."""

    def __init__(self, blocks: Blocks, loss: Floats, sites: Numbers) -> None:
        self.above = blocks.above
        size = len(self.above)
        self.part = np.full(size, -1, np.int64)
        for number_, block in enumerate(blocks.blocks):
            self.part[block.members] = number_
        below: dict[int, list[int]] = {}
        for one in np.argsort(self.part, kind="stable").tolist():  # those of a block side by side
            below.setdefault(int(self.above[one]), []).append(one)
        place = {int(node): i for i, node in enumerate(sites)}
        self.sum, self.first, self.last = np.zeros(size), np.zeros(size, np.int64), np.zeros(size, np.int64)
        order: list[int] = []
        stack = [(one, False) for one in reversed(below.get(ROOT, []))]
        while stack:
            one, done = stack.pop()
            if done:
                self.last[one] = len(order)
                continue
            top = int(self.above[one])
            self.sum[one] = loss[one] + (self.sum[top] if top >= 0 else 0.0)
            self.first[one] = len(order)
            if one in place:
                order.append(place[one])
            stack.append((one, True))
            stack += [(other, False) for other in reversed(below.get(one, []))]
        self.order = np.array(order, np.int64)
        self.blocks = [
            (int(self.first[block.members].min()), int(self.last[block.members].max()))
            for block in blocks.blocks
        ]

    def span(self, one: int) -> tuple[int, int]:
        """Where the sites below an asset, itself among them, lie in the order."""
        return int(self.first[one]), int(self.last[one])

    def block(self, one: int) -> tuple[int, int]:
        """Where those of its whole block lie; of itself where it has one way only."""
        part = int(self.part[one])
        return self.span(one) if part < 0 else self.blocks[part]

    def within(self, span: tuple[int, int], inner: tuple[int, int]) -> Numbers:
        """Sites of a span, by place, without those of an inner one."""
        first, last = span
        if inner == (0, 0):
            return self.order[first:last]
        return np.concatenate([self.order[first : inner[0]], self.order[inner[1] : last]])

    def ways(self, s: int, t: int) -> tuple[list[int], list[int], float] | None:
        """Assets from each of two nodes up to where their chains meet, and the sum from there on."""
        if self.above[s] < ROOT or self.above[t] < ROOT:
            return None
        first, one = [], s
        while one >= 0:
            first.append(one)
            one = int(self.above[one])
        up = {asset: at for at, asset in enumerate(first)}
        second, one = [], t
        while one >= 0 and one not in up:
            second.append(one)
            one = int(self.above[one])
        if one >= 0:
            return first[: up[one]], second, float(self.sum[one])
        return first, second, 0.0
