"""
New links on new routes, mixed with doubling, so that every site has the availability promised.

    links = near_links(network, sites, reach_m=4000)      # who lies near whom, and how far by road
    mix = mix_for(network, u, links, 0.9995, costs=costs, streams=Streams(42))

A link that closes a chain into a ring makes all of the chain doubly served at once, where doubling goes asset by
asset. What a link gives is estimated from the chains of assets that it joins: along the ring it makes, a site is cut
off only when both ways are. Each step takes the link or the doubling that takes away most of what sites lack to the
promise for its cost; then the network is judged anew with it, states and all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from workbench.errors import BadParameter
from workbench.lifelines._blocks import ROOT, Blocks, blocks_of
from workbench.lifelines._columns import framed
from workbench.lifelines._doubling import NONE, Case, Doubling
from workbench.lifelines._given import need, number, whole
from workbench.lifelines._strata import Numbers
from workbench.lifelines.availability import AvailabilityModel, availability_model
from workbench.lifelines.model import Floats, LifelineNetwork

if TYPE_CHECKING:
    from workbench.simulation import Streams

COLUMNS = ("id", "u", "v", "cost", "unavailability")


@dataclass(frozen=True, eq=False)
class Mix:
    """
    New links and doublings together.

    Attributes
    ----------
    links
        The links chosen, with all columns they were given with, in the order in which they were chosen.
    doubling
        What is doubled beside them, with what each step gives once the links are there; assets of the network as
        it was keep their numbers.
    network
        The network with the links.
    model
        Its availability.
    cost
        Of links and doublings.
    """

    links: pl.DataFrame
    doubling: Doubling
    network: LifelineNetwork
    model: AvailabilityModel
    cost: float

    @property
    def reached(self) -> bool:
        """Whether the promise is kept at every site."""
        return self.doubling.reached


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
        `id`, `u`, `v` (ids of nodes), `length_m`, shortest first. Two nodes with an edge between them already,
        and nodes without a place, are left out.

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


def mix_for(
    network: LifelineNetwork,
    unavailability: Floats,
    links: pl.DataFrame,
    promise: float,
    *,
    streams: Streams,
    costs: Floats | None = None,
    candidates: Numbers | None = None,
    common_cause: float = 0.1,
    budget: float = np.inf,
    most: int = 50,
    samples: int = 4000,
) -> Mix:
    """
    Choose new links and assets to double, until every site has the availability promised.

    Parameters
    ----------
    network, unavailability
        The network, and the share of time each asset is down.
    links
        Links that could be built: `id`, `u`, `v`, `cost` (above 0) and `unavailability` of each; further columns
        go into the edges of the network.
    promise, costs, candidates, common_cause, budget
        As for `double_for`.
    streams, samples
        As for `availability_model`.
    most
        At most so many links and assets together.

    Returns
    -------
    mix
        What was chosen, once what is not needed was taken out again, doublings first.

    Raises
    ------
    BadParameter
        A link has no cost above 0 or no share of time, the promise is no share, or a cost is not above 0.
    """
    work = _Work(network, unavailability, links, promise, streams, costs, candidates, common_cause, samples)
    built: list[int] = []
    doubled: list[int] = []
    case = work.case(built)
    spent = 0.0
    while len(built) + len(doubled) < most:
        u = case.doubled(doubled)
        if case.lack(u) <= NONE:
            break
        link, by_link = work.best_link(case, u, built, budget - spent)
        left = np.setdiff1d(case.candidates, doubled)
        left = left[case.cost[left] <= budget - spent + 1e-9]
        asset, by_asset = work.best_asset(case, u, left)
        if link is not None and by_link > by_asset:
            built.append(link)
            spent += float(links["cost"][link])
            case = work.case(built)
        elif asset is not None:
            doubled.append(asset)
            spent += float(case.cost[asset])
        else:
            break
    if case.lack(case.doubled(doubled)) <= NONE:
        doubled = work.spared(case, doubled)
        for one in sorted(built, key=lambda i: -float(links["cost"][i])):
            rest = [other for other in built if other != one]
            again = work.case(rest)
            if again.lack(again.doubled(doubled)) <= NONE:
                built, case = rest, again
    told = case.told(doubled)
    cost = told.cost + float(links["cost"].gather(built).sum())
    return Mix(links[built], told, case.model.network, case.model, cost)


class _Work:
    """What is asked again and again while links are chosen."""

    def __init__(
        self,
        network: LifelineNetwork,
        unavailability: Floats,
        links: pl.DataFrame,
        promise: float,
        streams: Streams,
        costs: Floats | None,
        candidates: Numbers | None,
        common_cause: float,
        samples: int,
    ) -> None:
        framed(links, "links")
        missing = [name for name in COLUMNS if name not in links.columns]
        if missing:
            raise BadParameter(f"The links have no column {', '.join(missing)}: give {', '.join(COLUMNS)}.")
        cost, share = (links[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in COLUMNS[3:])
        bad = ~((cost > 0) & np.isfinite(cost) & (share >= 0) & (share < 1))
        if bad.any():
            first = links["id"][int(np.flatnonzero(bad)[0])]
            raise BadParameter(
                f"The link '{first}' needs a cost above 0 and a share of time from 0 to below 1."
            )
        self.network, self.u, self.links, self.share = (
            network,
            np.asarray(unavailability, float),
            links,
            share,
        )
        self.promise, self.common, self.samples, self.streams = promise, common_cause, samples, streams
        self.price = np.ones(network.size) if costs is None else np.asarray(costs, float)
        self.able = np.arange(network.size) if candidates is None else np.asarray(candidates, np.int64)
        ends = {one: i for i, one in enumerate(network.nodes["id"].to_list())}
        self.ends = [(ends[u], ends[v]) for u, v in links.select("u", "v").iter_rows()]

    def case(self, built: list[int]) -> Case:
        """The question of what to double once some links are built."""
        network, u, price = self.network, self.u, self.price
        if built:
            own = self.links[built].drop("cost", "unavailability")
            edges = pl.concat([network.edges, own], how="diagonal_relaxed")
            network = LifelineNetwork(
                network.system, network.nodes, edges, network.flow_unit, network.geographic
            )
            u = np.concatenate([u, self.share[built]])
            price = np.concatenate([price, np.ones(len(built))])
        model = availability_model(network, u, streams=self.streams, samples=self.samples)
        return Case(model, self.promise, None, price, self.able, self.common)

    def best_asset(self, case: Case, u: Floats, left: Numbers) -> tuple[int | None, float]:
        """The asset to double that takes away most for its cost, and how much."""
        best = case.best(u, left)
        if best is None:
            return None, 0.0
        after = u.copy()
        after[best] = case.twice[best]
        return best, (case.lack(u) - case.lack(after)) / float(case.cost[best])

    def best_link(self, case: Case, u: Floats, built: list[int], money: float) -> tuple[int | None, float]:
        """The link that takes away most for its cost by the estimate, and how much."""
        gains = estimated(case, u, self.ends, self.share)
        cost = self.links["cost"].cast(pl.Float64).to_numpy()
        worth = np.where(cost <= money + 1e-9, gains / cost, 0.0)
        worth[built] = 0.0
        if not len(worth) or worth.max() <= NONE:
            return None, 0.0
        best = int(np.argmax(worth))
        return best, float(worth[best])

    def spared(self, case: Case, doubled: list[int]) -> list[int]:
        """Doublings without those that are not needed, the dearest taken out first."""
        for one in sorted(doubled, key=lambda a: (-case.cost[a], -doubled.index(a))):
            rest = [other for other in doubled if other != one]
            if case.lack(case.doubled(rest)) <= NONE:
                doubled = rest
        return doubled


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
    lack = case.lacks(dark)
    gains = np.zeros(len(ends))
    for at, (s, t) in enumerate(ends):
        ways = tree.ways(s, t)
        if ways is None:
            continue
        first, second, top = ways
        whole_ = float(loss[first].sum() + loss[second].sum() + share[at])
        for way in (first, second):
            inner: tuple[int, int] = (0, 0)
            for one in way:
                above = tree.sum[one] - loss[one] - top
                rest = whole_ - above - loss[one]
                saved = above * max(1 - rest, 0.0)
                outer = tree.span(one)
                sites = (
                    np.concatenate([tree.order[outer[0] : inner[0]], tree.order[inner[1] : outer[1]]])
                    if inner != (0, 0)
                    else tree.order[outer[0] : outer[1]]
                )
                inner = outer
                sites = sites[lack[sites] > 0]
                if len(sites) and saved > 0:
                    after = 1 - (1 - dark[sites]) * np.exp(saved)
                    gains[at] += float(lack[sites].sum() - case.lacks(after, sites).sum())
    return gains


class _Tree:
    """Assets by what they hang from, with the sites below each."""

    def __init__(self, blocks: Blocks, loss: Floats, sites: Numbers) -> None:
        self.above = blocks.above
        below: dict[int, list[int]] = {}
        for one, top in enumerate(self.above.tolist()):
            below.setdefault(top, []).append(one)
        place = {int(node): i for i, node in enumerate(sites)}
        size = len(self.above)
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

    def span(self, one: int) -> tuple[int, int]:
        """Where the sites below an asset, itself among them, lie in the order."""
        return int(self.first[one]), int(self.last[one])

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
