"""Events drawn, a choice made on some of them, and every option judged on the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.dates import last_day
from pipelines.lifelines.hardening_choice import METHODS, Means, choose, costs_of, frequency, worth_a_look
from pipelines.lifelines.hardening_classes import classed, curves_of
from pipelines.lifelines.hardening_hazard import Hazard
from pipelines.lifelines.hardening_loss import PeopleLoss
from pipelines.lifelines.hardening_samples import Sampled, halves, sampled
from pipelines.lifelines.losses import Losses
from pipelines.lifelines.network import city
from pipelines.lifelines.places import Places
from pipelines.lifelines.undamaged import Undamaged, undamaged
from workbench._text import Text
from workbench.decisions import Outcome, Samples, Verdict, rank, resample_ratio
from workbench.errors import DataRejected
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.fragility import Curves
from workbench.lifelines.model import Floats
from workbench.simulation import Streams

if TYPE_CHECKING:
    from pipelines.lifelines.hardening import HardeningParameters
    from workbench.domains import Measures

SURE, LIKELY = 0.9, 0.7
SHOWN_OTHERS = 5
SMALL = 1_000_000
"""Nodes times edges, over all networks, up to which betweenness is worked out for comparison."""
LOST = Outcome("lost", "persons", Text("Services lost in an event", "单次事件失去的服务"), "less")


@dataclass(frozen=True, eq=False)
class Case:
    """
    What was found.

    Attributes
    ----------
    p
        The parameters.
    system, places, before
        The networks with a class for every asset, their names, and who lacks a service before anything fails.
    curves
        By class, as assets are.
    hazard
        The events.
    loss
        Share of services lost in a state.
    train, test
        Samples that the choice is made on, and that judge.
    candidates
        Assets that can be hardened and fail less then, in some sample of those chosen on.
    contenders
        Those looked at closely.
    means
        Places, money and costs.
    options
        Assets that each option hardens; those that would harden the same as an earlier one are left out.
    lost
        Share of services lost in each sample that judges, shape (samples, options).
    most
        The same, were all candidates hardened, shape (samples,).
    verdict
        Options ranked by services lost on the events that judge.
    recommended
        The greedy choice, unless another option is surely better by a difference that matters.
    chance
        How often each asset is chosen when events are drawn again.
    year
        Of the data.
    """

    p: HardeningParameters
    system: InterdependentSystem
    places: Places
    before: Undamaged
    curves: Curves
    hazard: Hazard
    loss: PeopleLoss
    train: Sampled
    test: Sampled
    candidates: tuple[int, ...]
    contenders: tuple[int, ...]
    means: Means
    options: dict[str, tuple[int, ...]]
    lost: Floats
    most: Floats
    verdict: Verdict
    recommended: str
    chance: dict[int, float]
    year: int

    @property
    def streams(self) -> Streams:
        """Randomness of the record."""
        return Streams(self.p.seed).child("hardening")

    @property
    def chosen(self) -> tuple[int, ...]:
        """The assets recommended."""
        return self.options[self.recommended]

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """Assets chosen, and those that would most often take their places."""
        rest = [one for one in self.chance if one not in self.chosen]
        rest.sort(key=lambda one: (-self.chance[one], one))
        return (*self.chosen, *rest[:SHOWN_OTHERS])

    @cached_property
    def alone(self) -> Floats:
        """Share lost in each sample with each of those shown hardened alone, shape (samples, shown)."""
        return np.stack([self.loss(self.test.with_hardened([one])) for one in self.shown], axis=1)

    @cached_property
    def otherwise(self) -> Floats:
        """Share lost with each of those shown left out of the choice, or put in, shape (samples, shown)."""
        columns = []
        for one in self.shown:
            others = [each for each in self.chosen if each != one]
            columns.append(
                self.loss(self.test.with_hardened(others if one in self.chosen else [*others, one]))
            )
        return np.stack(columns, axis=1)

    @cached_property
    def events(self) -> Floats:
        """By event: the options, everything hardened, then those shown alone and otherwise; shares lost."""
        return self.test.by_event(np.hstack([self.lost, self.most[:, None], self.alone, self.otherwise]))

    @cached_property
    def draws(self) -> Floats:
        """Means of `events` over events drawn again, shape (resamples, columns)."""
        streams, rows = self.streams.child("judge"), self.events
        return resample_ratio(rows, np.ones_like(rows), streams=streams, resamples=self.p.resamples)

    def column(self, name: str) -> int:
        """Column of `events` of an option, or of everything hardened ("all")."""
        return len(self.options) if name == "all" else list(self.options).index(name)

    def saved(self, name: str, than: str = "none") -> tuple[float, Floats]:
        """Mean share of services that an option saves against another, and its draws."""
        one, other = self.column(than), self.column(name)
        mean = self.events.mean(axis=0)
        return float(mean[one] - mean[other]), self.draws[:, one] - self.draws[:, other]

    def apart(self, first: str, second: str) -> bool:
        """Whether the interval of the difference of two options leaves out 0."""
        _, drawn = self.saved(first, second)
        low, high = np.quantile(drawn, [0.025, 0.975])
        return bool(low > 0 or high < 0)

    @property
    def cost(self) -> float | None:
        """Cost of the assets recommended; None where one is not known."""
        found = float(self.means.costs[list(self.chosen)].sum())
        return found if np.isfinite(found) else None


def case_of(measures: Measures, p: HardeningParameters) -> Case:
    """
    Draw events, choose, and judge.

    Parameters
    ----------
    measures
        With the tables of the networks.
    p
        Which hazard, what can be spent.

    Raises
    ------
    DataRejected
        Nobody is served, or nothing that can be hardened fails under the hazard.
    BadParameter
        A class without a curve, or assets without a place, an elevation or a year that the hazard needs.
    """
    curves, plain = curves_of(p.curves), city(measures)
    system = classed(plain, p.hazard, curves)
    before = undamaged(Losses(system, through_others=p.through_others, solver=p.solver))
    streams, year = Streams(p.seed).child("hardening"), p.age_year or year_of(system, measures)
    loss = PeopleLoss(system, solver=p.solver, through_others=p.through_others)
    hazard = Hazard(system, p, p.events, streams.child("hazard"), year=year)
    everything = sampled(system, curves, p, hazard.intensities(), streams)
    train, test = halves(everything, p)
    costs = costs_of(system)
    candidates = candidates_of(train, costs, hazard)
    means = Means(p.k, p.budget, costs if np.isfinite(costs).any() else np.full(system.size, np.nan))
    contenders = worth_a_look(loss, train, candidates, p.contenders)
    options = options_of(loss, train, candidates, contenders, means, streams)
    if not options["chosen"]:
        raise DataRejected(
            f"Nothing that can be hardened within the means saves any service in this {p.hazard}: raise `k`, "
            "`budget` or `factor` (empty: a hardened asset never fails), or give more assets a `harden_cost`."
        )
    lost = np.stack([loss(test.with_hardened(one)) for one in options.values()], axis=1)
    by_event = test.by_event(lost) * loss.people
    verdict = rank(
        Samples.paired({LOST.name: by_event}, tuple(options)),
        LOST,
        delta=p.close * float(by_event[:, 0].mean()),
        sure=SURE,
        likely=LIKELY,
        streams=streams.child("rank"),
    )
    beaten = verdict.of(verdict.p_within, "chosen") <= 1 - SURE
    best = verdict.best
    recommended = best if beaten and best is not None and best != "none" else "chosen"
    chance = frequency(
        loss,
        train,
        candidates if recommended == "central" else contenders,
        means,
        METHODS[recommended],
        refits=p.refits,
        streams=streams.child("refits"),
    )
    return Case(
        p,
        system,
        Places(system),
        before,
        curves,
        hazard,
        loss,
        train,
        test,
        candidates,
        contenders,
        means,
        options,
        lost,
        loss(test.with_hardened(candidates)),
        verdict,
        recommended,
        chance,
        year,
    )


def year_of(system: InterdependentSystem, measures: Measures) -> int:
    """Year of the newest asset; of the last day of the data where none says when it was built."""
    built = [
        frame["install_year"].max()
        for network in system.layers.values()
        for frame in (network.nodes, network.edges)
        if "install_year" in frame.columns
    ]
    known = [one for one in built if isinstance(one, int)]
    return max(known, default=last_day(measures).year)


def candidates_of(train: Sampled, costs: Floats, hazard: Hazard) -> tuple[int, ...]:
    """Assets that can be hardened and fail less often then; where no cost is known, all can be."""
    helped = (train.hardened & ~train.up).any(axis=0)
    if np.isfinite(costs).any():
        helped &= np.isfinite(costs)
    found = np.flatnonzero(helped)
    if not len(found):
        raise DataRejected(
            f"In none of the events does anything fail that can be hardened against this {hazard.kind}: make "
            "it stronger, or check `fragility_class` and `harden_cost` of the tables 'nodes' and 'edges'."
        )
    return tuple(int(one) for one in found)


def small(system: InterdependentSystem) -> bool:
    """Whether betweenness takes seconds rather than minutes."""
    return sum(one.n * one.m for one in system.layers.values()) <= SMALL


def options_of(
    loss: PeopleLoss,
    train: Sampled,
    candidates: tuple[int, ...],
    contenders: tuple[int, ...],
    means: Means,
    streams: Streams,
) -> dict[str, tuple[int, ...]]:
    """Choose each option on the same samples; the first is to harden nothing."""
    options: dict[str, tuple[int, ...]] = {"none": ()}
    for name, method in METHODS.items():
        if name == "central" and not small(loss.system):
            continue
        known = contenders if name in ("chosen", "rule") else candidates
        found = choose(loss, train, known, means, method, streams=streams.child(name))
        if name == "chosen" or set(found) not in [set(one) for one in options.values()]:
            options[name] = found
    return options
