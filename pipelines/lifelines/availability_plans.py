"""The options: what each doubles, builds or mends faster, and the network that it leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pipelines.lifelines.availability_choice import LEVELS, Choice, Costs, chance_of, with_doubled, within
from workbench.lifelines.availability import AvailabilityModel, availability_model
from workbench.lifelines.criticality import betweenness, n_minus_1
from workbench.lifelines.mixing import mix_for
from workbench.lifelines.new_links import near_links

if TYPE_CHECKING:
    from pipelines.lifelines.availability import AvailabilityParameters
    from pipelines.lifelines.availability_rates import Rates
    from workbench.lifelines import LifelineNetwork
    from workbench.lifelines.model import Floats
    from workbench.simulation import Streams

HIGH = 0.9
"""Quantile of the loads at which states are drawn, so that worse draws of the rates are weighed well."""
SMALL = 500_000
"""Nodes times edges up to which betweenness is worked out for comparison."""
BEGINNINGS, NEAREST = 200, 6
"""Sites from which new links are looked for, those that lack most, and links from each."""


@dataclass(frozen=True, eq=False)
class Plan:
    """
    One option.

    Attributes
    ----------
    chosen
        Assets doubled, by number.
    rates
        Rates of the network that it leaves.
    training, model
        States of that network: those that choices are made on, and those that judge.
    cost
        Of all that is doubled or built.
    factor
        Repair times, as a share of today's.
    links
        New links: `id`, `u`, `v`, `length_m`, `cost`, `asset_class`; None where none is built.
    """

    chosen: tuple[int, ...]
    rates: Rates
    training: AvailabilityModel
    model: AvailabilityModel
    cost: float
    factor: float = 1.0
    links: pl.DataFrame | None = None

    def unavailability(self, loads: Floats, common_cause: float | Floats) -> Floats:
        """
        Unavailability of each asset.

        Parameters
        ----------
        loads
            Of each class, shape (rows, classes).
        common_cause
            Share of failures that take both of two, one or shape (rows, 1).

        Returns
        -------
        unavailability
            Shape (rows, assets).
        """
        return with_doubled(self.rates.unavailability(loads * self.factor), self.chosen, common_cause)

    @property
    def count(self) -> int:
        """Assets doubled and links built."""
        return len(self.chosen) + (0 if self.links is None else self.links.height)


def plans_of(
    plain: Plan,
    choice: Choice,
    costs: Costs,
    loads: Floats,
    p: AvailabilityParameters,
    streams: Streams,
) -> dict[str, Plan]:
    """
    Make the options.

    Parameters
    ----------
    plain
        Doing nothing.
    choice
        What to double.
    costs
        What doubling costs.
    loads
        Draws of the load of each class that choices are made on, shape (draws, classes).
    p
        The parameters.
    streams
        Randomness of new states.

    Returns
    -------
    plans
        "none"; "repair" (faster); where something is doubled "double" (the choice), "mixed" (new links with
        doublings, where places are known and it does something), and for the same money "n1" (first those
        that cut off most people alone) and "between" (first those on most shortest paths; on small networks).
    """
    network = plain.model.network
    plans = {"none": plain, "repair": replace(plain, factor=p.repair_factor)}
    if not choice.chosen and not choice.beyond.any():
        return plans
    money = float(costs.each[list(choice.chosen)].sum())
    plans["double"] = replace(plain, chosen=choice.chosen, cost=money)
    mixed = _mixed(plain, choice, costs, loads, p, streams) if p.new_links else None
    if mixed is not None:
        plans["mixed"] = mixed
    orders = {
        "n1": n_minus_1(network, solver="connectivity").sort(
            ["people_lost", "lost", "asset"], descending=[True, True, False]
        )
    }
    if network.n * network.m <= SMALL:
        orders["between"] = betweenness(network)
    for name, order in orders.items():
        chosen = within(order["asset"].to_numpy(), costs, money)
        plans[name] = replace(plain, chosen=chosen, cost=float(costs.each[list(chosen)].sum()))
    return plans


def plan_of(
    network: LifelineNetwork, rates: Rates, loads: Floats, p: AvailabilityParameters, streams: Streams
) -> Plan:
    """Draw the states of a network, in which nothing is doubled."""
    high = rates.unavailability(np.maximum(np.quantile(loads, HIGH, axis=0), rates.mean))
    training, model = (
        availability_model(network, high, streams=streams.child(name), samples=p.samples)
        for name in ("choose", "judge")
    )
    return Plan((), rates, training, model, cost=0.0)


def _mixed(
    plain: Plan, choice: Choice, costs: Costs, loads: Floats, p: AvailabilityParameters, streams: Streams
) -> Plan | None:
    """New links with doublings, for ever worse rates until the promise is kept with the chance wanted."""
    network, rates = plain.model.network, plain.rates
    links = candidate_links(plain, costs, p)
    if links.is_empty():
        return None
    number = np.array([rates.classes.index(one) for one in links["asset_class"]], np.int64)
    km = links["length_m"].to_numpy() / 1000
    best: Plan | None = None
    best_chance = -1.0
    for level in (None, *LEVELS):
        load = rates.mean if level is None else np.quantile(loads, level, axis=0)
        own = load[number] * np.where(rates.by_km[number], km, 1.0)
        mix = mix_for(
            network,
            rates.unavailability(load),
            links.with_columns(unavailability=own / (1 + own)),
            p.promise,
            streams=streams.child("mix"),
            costs=costs.each,
            candidates=costs.candidates,
            common_cause=p.common_cause,
            budget=p.budget or np.inf,
            most=p.most,
            samples=p.samples,
        )
        longer = rates.with_links(mix.links["asset_class"].to_list(), mix.links["length_m"].to_numpy() / 1000)
        plan = replace(
            plan_of(mix.network, longer, loads, p, streams),
            chosen=mix.doubling.chosen,
            cost=mix.cost,
            links=mix.links,
        )
        chance = chance_of(plan.training, plan.unavailability(loads, p.common_cause), ~mix.doubling.beyond, p)
        if chance > best_chance:
            best, best_chance = plan, chance
        if chance >= choice.wanted or plan.count >= p.most:
            break
    return best if best is not None and best.links is not None and best.links.height else None


def candidate_links(plain: Plan, costs: Costs, p: AvailabilityParameters) -> pl.DataFrame:
    """
    Links that could be built from sites that lack most, each of a class that both of its ends have already.

    Returns
    -------
    links
        `id`, `u`, `v`, `length_m`, `asset_class`, `kind`, `capacity`, `cost`; none where no place is known.
    """
    model, network = plain.model, plain.model.network
    dark = model.unavailable(plain.rates.unavailability(plain.rates.mean))
    order = np.argsort(-dark, kind="stable")
    lacking = order[dark[order] > 1 - p.promise][:BEGINNINGS]
    if network.geographic or not len(lacking):
        return pl.DataFrame()
    links = near_links(
        network, model.sites[lacking], reach_m=1000 * p.reach_km, nearest=NEAREST, winding=p.winding
    )
    kinds = _kinds(network, costs, p)
    at = _classes_at(network)
    rows = []
    for row in links.iter_rows(named=True):
        both = at.get(row["u"], set()) & at.get(row["v"], set())
        able = sorted(both, key=lambda one: (-kinds[one]["capacity"], one))
        if able:
            like = kinds[able[0]]
            capacity = like["capacity"] if np.isfinite(like["capacity"]) else None
            cost = max(like["per_km"] * row["length_m"] / 1000, 1.0)
            rows.append(
                {**row, "asset_class": able[0], "kind": like["kind"], "capacity": capacity, "cost": cost}
            )
    return pl.DataFrame(rows)


def _kinds(network: LifelineNetwork, costs: Costs, p: AvailabilityParameters) -> dict[str, dict[str, Any]]:
    """Kind, median capacity and cost of a kilometre of each class of undirected links."""
    stated = costs.stated[network.n :]
    frame = network.edges.with_columns(
        pl.Series("_cost", np.where(stated, costs.each[network.n :], np.nan)).fill_nan(None),
        pl.Series("_km", np.where(stated, np.nan_to_num(network.arrays.length_m) / 1000, 0.0)),
    ).filter(pl.col("in_service") & ~pl.col("directed"))
    found = {}
    for name, own in frame.group_by("asset_class", maintain_order=True):
        km, cost = float(own["_km"].sum()), float(own["_cost"].sum())
        capacity = own["capacity"].fill_null(np.inf).median()
        kind = own["kind"].drop_nulls()
        found[str(name[0])] = {
            "kind": kind[0] if len(kind) else None,
            "capacity": float(np.inf if capacity is None else capacity),  # type: ignore[arg-type]
            "per_km": cost / km if km > 0 and cost > 0 else p.cost_per_km,
        }
    return found


def _classes_at(network: LifelineNetwork) -> dict[str, set[str]]:
    """Classes of the undirected links at each node."""
    found: dict[str, set[str]] = {}
    own = network.edges.filter(pl.col("in_service") & ~pl.col("directed"))
    for u, v, name in own.select("u", "v", "asset_class").iter_rows():
        found.setdefault(u, set()).add(name)
        found.setdefault(v, set()).add(name)
    return found
