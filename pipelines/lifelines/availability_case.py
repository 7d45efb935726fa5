"""One network with its rates drawn, what is chosen to be doubled, and what every option leaves unserved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.availability_choice import Choice, Costs, choose, kept, with_doubled
from pipelines.lifelines.availability_plans import Plan, plan_of, plans_of
from pipelines.lifelines.availability_rates import Rates, rates_of
from pipelines.lifelines.availability_register import YEAR_H, Register, register_of
from pipelines.lifelines.network import city
from pipelines.lifelines.places import Places
from workbench.decisions.standing import Standing, standing
from workbench.errors import DataRejected
from workbench.lifelines import Finding, InterdependentSystem, LifelineNetwork, check
from workbench.lifelines.availability import AvailabilityModel, availability_model
from workbench.lifelines.criticality import n_minus_1
from workbench.lifelines.doubling import YEAR_MIN, Doubling, steps_of
from workbench.lifelines.mixing import built
from workbench.simulation import Streams

if TYPE_CHECKING:
    from pipelines.lifelines.availability import AvailabilityParameters
    from workbench.domains import Measures
    from workbench.lifelines.model import Bools, Floats

SMALL = 3000
"""Assets up to which what is not carried is told for each new link."""
TRAINING = 400
"""Draws of the rates that the choice is made on; others judge it."""


@dataclass(frozen=True, eq=False)
class Case:
    """
    What was found.

    Attributes
    ----------
    p
        The parameters.
    system, layer
        The networks, and the name of the one that is judged.
    places
        Names and places of assets.
    rates, register
        Rates by class, and the register they come from; None where there is none.
    costs
        What doubling costs.
    choice
        What to double.
    options
        What each option does, by name; see `plans_of`.
    loads
        Draws of the load of each class that judge the options, shape (draws, classes).
    dark
        Share of time that each site is unserved, by option, shape (draws, sites).
    capacity
        What the loss of each asset alone takes off what can flow, worst first.
    findings
        What is odd about the network.
    """

    p: AvailabilityParameters
    system: InterdependentSystem
    layer: str
    places: Places
    rates: Rates
    register: Register | None
    costs: Costs
    choice: Choice
    options: dict[str, Plan]
    loads: Floats
    dark: dict[str, Floats]
    capacity: pl.DataFrame
    findings: tuple[Finding, ...]

    @property
    def network(self) -> LifelineNetwork:
        """The network that is judged."""
        return self.system.layers[self.layer]

    @property
    def model(self) -> AvailabilityModel:
        """States of the network as it is, that choices are judged on."""
        return self.options["none"].model

    @property
    def training(self) -> AvailabilityModel:
        """States of the network as it is, that the choice is made on."""
        return self.options["none"].training

    @cached_property
    def best(self) -> str:
        """The option recommended: new cables where they keep the promise as surely for less."""
        if "mixed" in self.options:
            new, old = (self.chance(one) for one in ("mixed", "double"))
            cheaper = not self.choice.chosen or self.options["mixed"].cost <= self.options["double"].cost
            if (cheaper and new >= min(old, self.p.sure)) or (old < self.p.sure and new > old):
                return "mixed"
        return "double" if self.choice.chosen else "none"

    @property
    def streams(self) -> Streams:
        """Randomness of the record."""
        return Streams(self.p.seed).child("availability")

    @cached_property
    def uncarried(self) -> dict[str, float]:
        """Minutes a year of the mean demand that single failures leave beyond capacities, by option."""
        found = {}
        for name, plan in self.options.items():
            losses = self.capacity
            if plan.links is not None and plan.links.height:
                losses = n_minus_1(plan.model.network, solver="flow")
            u = plan.unavailability(self.rates.mean[None], self.p.common_cause)[0]
            found[name] = _expected(losses, u)
        return found

    @cached_property
    def weights(self) -> Floats:
        """Share of the people at each site; of the sites where nobody is counted."""
        people = self.network.arrays.people[self.model.sites]
        return people / people.sum() if people.sum() > 0 else np.full(len(people), 1 / len(people))

    @cached_property
    def people(self) -> float:
        """People at the sites."""
        return float(self.network.arrays.people[self.model.sites].sum())

    @cached_property
    def minutes(self) -> Floats:
        """Minutes a year without service of the mean inhabitant, shape (draws, options)."""
        return np.stack([one @ self.weights for one in self.dark.values()], axis=1) * YEAR_MIN

    @cached_property
    def standing(self) -> Standing:
        """Where the options stand by those minutes, over the draws."""
        return standing(self.minutes)

    @cached_property
    def within_reach(self) -> Bools:
        """Whether some doubling brings each site to the promise at the mean rates."""
        return np.asarray(~self.choice.beyond)

    def kept_at(self, option: str) -> Bools:
        """Whether each site keeps the promise in each draw, shape (draws, sites)."""
        return kept(self.dark[option], self.p.promise)

    def chance(self, option: str, *, all_sites: bool = True) -> float:
        """Chance that the promise is kept at every site; or at those that can have it."""
        found = self.kept_at(option)
        return float((found if all_sites else found[:, self.within_reach]).all(axis=1).mean())

    def asset(self, one: int) -> int:
        """Number in the system of an asset of the network."""
        return self.system.offsets[self.layer] + int(one)

    @cached_property
    def mean_load(self) -> Floats:
        """Unavailability of each asset at the mean rates."""
        return self.rates.unavailability(self.rates.mean)

    @cached_property
    def everything_doubled(self) -> Floats:
        """The same, were all doubled that can be."""
        return with_doubled(self.mean_load, tuple(self.costs.candidates.tolist()), self.p.common_cause)

    @cached_property
    def chance_at_most(self) -> float:
        """Chance that every site keeps the promise, were all doubled that can be."""
        u = self.rates.unavailability(self.loads)
        u = with_doubled(u, tuple(self.costs.candidates.tolist()), self.p.common_cause)
        return float(kept(self.model.unavailable_many(u), self.p.promise).all(axis=1).mean())

    def with_links(self, links: pl.DataFrame, chosen: tuple[int, ...]) -> tuple[Floats, float | None]:
        """
        Judge the network at the mean rates once some links stand and some assets are doubled.

        Returns
        -------
        dark
            Share of time that each site is unserved, shape (sites,).
        uncarried
            As `uncarried`; None for networks that are too large to try it for each link.
        """
        plain = self.options["none"]
        network, rates = built(plain.model.network, links), plain.rates
        if links.height:
            rates = rates.with_links(links["asset_class"].to_list(), links["length_m"].to_numpy() / 1000)
        u = rates.unavailability(rates.mean)
        model = availability_model(network, u, streams=self.streams.child("judge"), samples=self.p.samples)
        u = with_doubled(u, chosen, self.p.common_cause)
        small = network.size <= SMALL
        uncarried = _expected(n_minus_1(network, solver="flow"), u) if small else None
        return model.unavailable(u), uncarried

    @cached_property
    def steps(self) -> Doubling:
        """What each doubling gives at the mean rates, on states that the choice was not made on."""
        return steps_of(
            self.model,
            self.p.promise,
            list(self.choice.chosen),
            unavailability=self.mean_load,
            costs=self.costs.each,
            common_cause=self.p.common_cause,
        )


def case_of(measures: Measures, p: AvailabilityParameters) -> Case:
    """
    Draw the rates, choose what to double, and see what every option leaves unserved.

    Parameters
    ----------
    measures
        With the tables of the networks, and of incidents where there are any.
    p
        Which network, what promise.

    Raises
    ------
    DataRejected
        The network is not in the data, or has no site.
    BadNetwork
        It has no source.
    """
    system = city(measures)
    layer = _layer(system, p.system)
    network = system.layers[layer]
    findings = check(network)
    rates, streams = rates_of(measures, network, p), Streams(p.seed).child("availability")
    loads = {name: drawn(rates, count, streams.child(name)) for name, count in _counts(p).items()}
    costs = Costs(network, p)
    plain = plan_of(network, rates, loads["choose"], p, streams)
    choice = choose(plain.training, rates, loads["choose"], costs, p)
    options = plans_of(plain, choice, costs, loads["choose"], p, streams)
    dark = {
        name: plan.model.unavailable_many(
            plan.unavailability(loads["judge"], p.common_cause), resample=streams.child("judge")
        )
        for name, plan in options.items()
    }
    capacity = n_minus_1(network, solver="flow")
    return Case(
        p,
        system,
        layer,
        Places(system),
        rates,
        register_of(measures, network),
        costs,
        choice,
        options,
        loads["judge"],
        dark,
        capacity,
        findings,
    )


def _expected(losses: pl.DataFrame, u: Floats) -> float:
    """Minutes a year that single failures cost the mean demand."""
    return float(u[losses["asset"].to_numpy()] @ losses["lost_share"].to_numpy()) * YEAR_MIN


def drawn(rates: Rates, count: int, streams: Streams) -> Floats:
    """Draws of the load of each class: failures a year times hours to repair, over the hours of a year."""
    failures, hours = rates.draw(count, streams)
    return np.asarray(failures * hours / YEAR_H)


def _counts(p: AvailabilityParameters) -> dict[str, int]:
    return {"choose": TRAINING, "judge": p.resamples}


def _layer(system: InterdependentSystem, wanted: str) -> str:
    for name, network in system.layers.items():
        if network.system == wanted:
            if not (network.arrays.demand > 0).any():
                raise DataRejected(
                    f"No node of the {wanted} network has a demand, so there is no site to serve: give the "
                    "demand of its sites."
                )
            return name
    known = ", ".join(sorted({network.system for network in system.layers.values()}))
    raise DataRejected(
        f"There is no {wanted} network in the data, which hold {known}: change the parameter `system`."
    )
