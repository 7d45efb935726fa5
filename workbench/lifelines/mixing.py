"""
New links on new routes, mixed with doubling, so that every site has the availability promised.

    mix = mix_for(network, u, links, 0.9995, costs=costs, streams=Streams(42))
    mix.links, mix.doubling.chosen, mix.cost

Each step takes the link or the doubling that takes away most of what sites lack to the promise for its cost,
a link by the estimate of `workbench.lifelines.new_links`; then the network is judged anew with it, states and
all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._columns import framed
from workbench.lifelines._doubling import NONE, Case, Doubling
from workbench.lifelines.availability import AvailabilityModel, availability_model
from workbench.lifelines.model import LifelineNetwork
from workbench.lifelines.new_links import estimated

if TYPE_CHECKING:
    from workbench.lifelines._strata import Numbers
    from workbench.lifelines.model import Floats
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
        What is doubled beside them, with what each step gives once the links are there; assets of the network
        as it was keep their numbers.
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
        Links that could be built: `id`, `u`, `v`, `cost` (above 0) and `unavailability` of each; further
        columns go into the edges of the network.
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
    taken: list[int] = []
    doubled: list[int] = []
    case = work.case(taken)
    spent = 0.0
    while len(taken) + len(doubled) < most:
        u = case.doubled(doubled)
        link, by_link = work.best_link(case, u, taken, budget - spent)
        left = np.setdiff1d(case.candidates, doubled)
        left = left[case.cost[left] <= budget - spent + 1e-9]
        asset, by_asset = work.best_asset(case, u, left) if case.lack(u) > NONE else (None, 0.0)
        if link is not None and by_link > by_asset:
            taken.append(link)
            spent += float(links["cost"][link])
            case = work.case(taken)
        elif asset is not None:
            doubled.append(asset)
            spent += float(case.cost[asset])
        else:
            break
    if case.lack(case.doubled(doubled)) <= NONE:
        doubled = work.spared(case, doubled)
        lack = case.lack(case.doubled(doubled), forgive=False)
        for one in sorted(taken, key=lambda i: -float(links["cost"][i])):
            rest = [other for other in taken if other != one]
            again = work.case(rest)
            if again.lack(again.doubled(doubled), forgive=False) <= lack + NONE:
                taken, case = rest, again
    told = case.told(doubled)
    cost = told.cost + float(links["cost"].gather(taken).sum())
    return Mix(_rows(links, taken), told, case.model.network, case.model, cost)


def built(network: LifelineNetwork, links: pl.DataFrame) -> LifelineNetwork:
    """
    Network with new links after its other edges.

    Parameters
    ----------
    network
        The network.
    links
        As for `mix_for`; what they cost and how often they are down is left out.
    """
    if links.is_empty():
        return network
    own = links.drop("cost", "unavailability", strict=False)
    edges = pl.concat([network.edges, own], how="diagonal_relaxed")
    return LifelineNetwork(network.system, network.nodes, edges, network.flow_unit, network.geographic)


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
        ends = network.node_index
        pairs = links.select("u", "v").rows()
        lost = [one for pair in pairs for one in pair if one not in ends]
        if lost:
            raise UnknownName(f"node of the {network.system} network", str(lost[0]), ends)
        self.ends = [(ends[u], ends[v]) for u, v in pairs]

    def case(self, chosen: list[int]) -> Case:
        """The question of what to double once some links are built."""
        network = built(self.network, _rows(self.links, chosen))
        u = np.concatenate([self.u, self.share[chosen]])
        price = np.concatenate([self.price, np.ones(len(chosen))])
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

    def best_link(self, case: Case, u: Floats, taken: list[int], money: float) -> tuple[int | None, float]:
        """The link that takes away most for its cost by the estimate, and how much."""
        gains = estimated(case, u, self.ends, self.share)
        cost = self.links["cost"].cast(pl.Float64).to_numpy()
        worth = np.where(cost <= money + 1e-9, gains / cost, 0.0)
        worth[taken] = 0.0
        if not len(worth) or worth.max() <= NONE:
            return None, 0.0
        best = int(np.argmax(worth))
        return best, float(worth[best])

    def spared(self, case: Case, doubled: list[int]) -> list[int]:
        """Doublings without those that are not needed, the dearest taken out first."""
        lack = case.lack(case.doubled(doubled), forgive=False)
        for one in sorted(doubled, key=lambda a: (-case.cost[a], -doubled.index(a))):
            rest = [other for other in doubled if other != one]
            if case.lack(case.doubled(rest), forgive=False) <= lack + NONE:
                doubled = rest
        return doubled


def _rows(links: pl.DataFrame, chosen: list[int]) -> pl.DataFrame:
    """Some rows, in their order."""
    return links.select(pl.all().gather(pl.Series(chosen, dtype=pl.UInt32)))
