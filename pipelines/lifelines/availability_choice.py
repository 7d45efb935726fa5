"""Which assets to double: for ever worse rates until the promise is kept with the chance wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.lifelines.doubling import Doubling, double_for, doubled, least_cost

if TYPE_CHECKING:
    from pipelines.lifelines.availability import AvailabilityParameters
    from pipelines.lifelines.availability_rates import Rates
    from workbench.lifelines import LifelineNetwork
    from workbench.lifelines.availability import AvailabilityModel
    from workbench.lifelines.model import Bools, Floats

LEVELS = (0.6, 0.75, 0.85, 0.93, 0.98)
"""Quantiles of the load of each class for which a choice is made, after that for the mean."""
Z_ONE_SIDED = 1.645
SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Choice:
    """
    What to double.

    Attributes
    ----------
    chosen
        Assets by number in the network, in their order.
    plain
        What would be chosen at the mean rates, with what each step gives.
    bound
        Cost below which nothing keeps the promise at the mean rates.
    chance
        Chance that the promise is kept where it can be, over the draws it was chosen on.
    wanted
        The chance asked of those draws: above what is wanted by the error of their number.
    """

    chosen: tuple[int, ...]
    plain: Doubling
    bound: float
    chance: float
    wanted: float

    @property
    def beyond(self) -> Bools:
        """Whether no doubling brings a site to the promise at the mean rates."""
        return self.plain.beyond


class Costs:
    """
    What doubling costs, and what can be doubled.

    Parameters
    ----------
    network
        The network.
    p
        Costs where the tables have none, and which parts can be doubled.
    """

    def __init__(self, network: LifelineNetwork, p: AvailabilityParameters) -> None:
        km = np.nan_to_num(network.arrays.length_m / 1000)
        flat = np.where(km > 0, np.maximum(km * p.cost_per_km, 1.0), p.cost_per_node)
        supposed = np.concatenate([np.full(network.n, p.cost_per_node), flat])
        stated = np.full(network.size, np.nan)
        if p.table_costs:
            columns = [
                frame["harden_cost"].cast(float).to_numpy() if "harden_cost" in frame.columns else None
                for frame in (network.nodes, network.edges)
            ]
            stated = np.concatenate(
                [
                    np.full(count, np.nan) if column is None else column
                    for column, count in zip(columns, (network.n, network.m), strict=True)
                ]
            )
        self.stated: Bools = stated > 0
        self.each: Floats = np.where(self.stated, np.nan_to_num(stated), supposed)
        node = np.arange(network.size) < network.n
        able = network.intact & {"both": np.ones_like(node), "links": ~node, "nodes": node}[p.parts]
        self.candidates: NDArray[np.int64] = np.flatnonzero(able)


def choose(
    model: AvailabilityModel, rates: Rates, loads: Floats, costs: Costs, p: AvailabilityParameters
) -> Choice:
    """
    Choose assets to double.

    Parameters
    ----------
    model
        The states that the choice is made on.
    rates
        Rates by class.
    loads
        Draws of the load of each class, shape (draws, classes).
    costs
        What doubling costs.
    p
        The promise, the chance wanted, and how much may be done.
    """
    u = rates.unavailability(rates.mean)
    plain = _doubling(model, u, costs, p)
    bound = least_cost(
        model,
        p.promise,
        unavailability=u,
        costs=costs.each,
        candidates=costs.candidates,
        common_cause=p.common_cause,
    )
    drawn = rates.unavailability(loads)
    wanted = min(1.0, p.sure + Z_ONE_SIDED * float(np.sqrt(p.sure * (1 - p.sure) / len(drawn))))
    best, chance = list(plain.chosen), _chance(model, drawn, list(plain.chosen), plain.beyond, p)
    for level in LEVELS:
        if chance >= wanted or len(best) >= p.most:
            break
        found = _doubling(model, rates.unavailability(np.quantile(loads, level, axis=0)), costs, p)
        again = _chance(model, drawn, list(found.chosen), plain.beyond, p)
        if again > chance:
            best, chance = list(found.chosen), again
    if chance >= wanted:
        best, chance = _spared(model, u, drawn, best, plain.beyond, costs, p, wanted)
    return Choice(tuple(best), plain, bound, chance, wanted)


def within(order: NDArray[np.int64], costs: Costs, money: float) -> tuple[int, ...]:
    """Assets in an order, as long as each can be doubled with what is left of the money."""
    able, found, left = set(costs.candidates.tolist()), [], money
    for one in order.tolist():
        if one in able and costs.each[one] <= left + SLACK:
            found.append(one)
            left -= float(costs.each[one])
    return tuple(found)


def with_doubled(u: Floats, chosen: tuple[int, ...], common_cause: float | Floats) -> Floats:
    """Unavailability of assets, shape (..., assets), once some are doubled."""
    found, at = u.copy(), list(chosen)
    found[..., at] = doubled(found[..., at], common_cause)
    return found


def kept(dark: Floats, promise: float) -> Bools:
    """Whether each site keeps the promise."""
    return np.asarray(dark <= (1 - promise) * (1 + SLACK))


def _doubling(model: AvailabilityModel, u: Floats, costs: Costs, p: AvailabilityParameters) -> Doubling:
    return double_for(
        model,
        p.promise,
        unavailability=u,
        costs=costs.each,
        candidates=costs.candidates,
        common_cause=p.common_cause,
        budget=p.budget or np.inf,
        most=p.most,
    )


def chance_of(model: AvailabilityModel, drawn: Floats, at: Bools, p: AvailabilityParameters) -> float:
    """
    Share of draws in which the promise is kept at some sites.

    Parameters
    ----------
    model
        The network and its states.
    drawn
        Unavailability of each asset, shape (draws, assets).
    at
        Which sites, shape (sites,).
    p
        The promise.
    """
    return float(kept(model.unavailable_many(drawn)[:, at], p.promise).all(axis=1).mean())


def _chance(
    model: AvailabilityModel, drawn: Floats, chosen: list[int], beyond: Bools, p: AvailabilityParameters
) -> float:
    return chance_of(model, with_doubled(drawn, tuple(chosen), p.common_cause), ~beyond, p)


def _spared(
    model: AvailabilityModel,
    mean: Floats,
    drawn: Floats,
    chosen: list[int],
    beyond: Bools,
    costs: Costs,
    p: AvailabilityParameters,
    wanted: float,
) -> tuple[list[int], float]:
    """Take out, the dearest first, what the chance wanted does not need."""
    chance = _chance(model, drawn, chosen, beyond, p)
    for one in sorted(chosen, key=lambda a: (-costs.each[a], -chosen.index(a))):
        rest = [other for other in chosen if other != one]
        if _chance(model, mean[None], rest, beyond, p) < 1:  # the mean tells at once that most draws fail
            continue
        again = _chance(model, drawn, rest, beyond, p)
        if again >= wanted:
            chosen, chance = rest, again
    return chosen, chance
