"""What is damaged, the orders compared, and what each loses on the same simulated days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.districts import zones_of
from pipelines.lifelines.hardening_loss import PeopleServed
from pipelines.lifelines.losses import Losses
from pipelines.lifelines.network import city
from pipelines.lifelines.places import Places
from pipelines.lifelines.restoration_event import Event, event_of
from pipelines.lifelines.restoration_model import Repairs
from pipelines.lifelines.restoration_orders import CHOSEN, REPORT, bound_of, orders_of
from pipelines.lifelines.restoration_quick import Quick
from pipelines.lifelines.undamaged import Undamaged, undamaged
from workbench._text import Text
from workbench.decisions import Outcome, Samples, Verdict, rank
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.crews import CrewPlan, CrewRun
from workbench.lifelines.model import Floats, Ints
from workbench.lifelines.recovery import DesiredRecovery, judge
from workbench.lifelines.restoration import RepairProblem
from workbench.simulation import Experiment, Runs, Streams

if TYPE_CHECKING:
    from pipelines.lifelines.restoration import RestorationParameters
    from workbench.domains import Measures

SURE, LIKELY = 0.9, 0.7
LEVELS = (0.5, 0.9, 1.0)
LOST = Outcome("lost", "service-days", Text("Service-days lost", "损失的服务人日"), "less")
DAY = 24.0
LONG = 100
"""Times the work of all repairs together, hours after which loss counts no more: never reached."""


@dataclass(frozen=True, eq=False)
class Case:
    """
    What was found.

    Attributes
    ----------
    p
        The parameters.
    system, places, before
        The networks, what assets are called and where they lie, and who lacks a service before it.
    event
        What was damaged.
    problem
        What is repaired by whom, with people as weights of service.
    quick
        The same, measured quickly.
    orders
        Places among the damaged assets by option, without that of report, which differs from day to day.
    model, runs
        Crews at work, and every option on the same days.
    verdict
        Options ranked by service-days lost.
    recommended
        The optimised order, unless another is surely better.
    more
        The recommended order with one more crew: services lost, service-days by run and pool.
    bound
        Service-days that no order goes below with the mean repair times, without batteries.
    told
        The recommended order day by day.
    goals
        Desired recovery times, judged; None where no system that is here has any.
    zones
        Districts of the data.
    """

    p: RestorationParameters
    system: InterdependentSystem
    places: Places
    before: Undamaged
    event: Event
    problem: RepairProblem
    quick: Quick
    orders: dict[str, Ints]
    model: Repairs
    runs: Runs
    verdict: Verdict
    recommended: str
    more: dict[str, Floats]
    bound: float
    told: list[CrewRun]
    goals: pl.DataFrame | None
    zones: tuple[str, ...]

    @property
    def streams(self) -> Streams:
        """Randomness of the record."""
        return Streams(self.p.seed).child("restoration")

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options, that of report first."""
        return self.verdict.names

    @cached_property
    def lost(self) -> Floats:
        """Service-days lost by run and option."""
        return self.runs.pairs("lost_service_h") / DAY

    def of(self, option: str) -> Floats:
        """Service-days that an option loses, by run."""
        return np.asarray(self.lost[:, self.options.index(option)])

    def saved(self, option: str) -> Floats:
        """Service-days that an option saves against the order of report, by run."""
        return self.of(REPORT) - self.of(option)

    @property
    def order(self) -> Ints:
        """Damaged assets by number, in the order recommended."""
        if self.recommended == REPORT:
            return self.event.damaged
        return self.problem.damaged[self.orders[self.recommended]]

    @cached_property
    def times(self) -> pl.DataFrame:
        """When each repair is begun and ended as recommended: `run`, `asset`, `start_d`, `end_d`, `crew`."""
        return pl.concat(
            told.repairs.select(
                pl.lit(run).alias("run"),
                pl.col("asset").cast(pl.Int64),
                (pl.col("start_h") / DAY).alias("start_d"),
                (pl.col("end_h") / DAY).alias("end_d"),
                "crew",
            )
            for run, told in enumerate(self.told)
        )

    def typical(self, option: str) -> float:
        """Service-days lost with the mean repair times, without batteries; of report, over many orders."""
        if option != REPORT:
            return self.quick.total(self.orders[option]) / DAY
        days = [self.model.sample(Streams(self.p.seed, run)) for run in range(self.p.replications)]
        every = [self.quick.total(np.argsort(day.report, kind="stable").astype(np.int32)) for day in days]
        return float(np.mean(every)) / DAY


def case_of(measures: Measures, p: RestorationParameters, *, workers: int = 1) -> Case:
    """
    Find what is damaged, plan, simulate and judge.

    Parameters
    ----------
    measures
        With the tables of the networks.
    p
        Which event, which crews.
    workers
        Processes that simulate; results do not depend on them.

    Raises
    ------
    BadParameter
        Damaged assets without a repair time or a crew, or that are not in the data.
    DataRejected
        Nothing is damaged, or nobody is served.
    """
    system = city(measures)
    streams = Streams(p.seed).child("restoration")
    before = undamaged(Losses(system))
    event, problem = planned(system, p, event_of(system, p, streams))
    quick = Quick(problem)
    orders = orders_of(quick, p)
    zones = zones_of(system)
    listed = tuple(np.searchsorted(problem.damaged, event.damaged).tolist()) if event.listed else None
    horizon = LONG * float(problem.duration_h.sum() + 1)
    model = Repairs(problem, horizon_h=horizon, cv=p.cv, zones=zones, listed=listed)
    plans = {REPORT: CrewPlan(order=REPORT)} | {
        name: CrewPlan(order=named(problem, order)) for name, order in orders.items()
    }
    runs = Experiment(model, plans, seed=p.seed).run(p.replications, workers=workers)
    lost = runs.pairs("lost_service_h") / DAY
    verdict = rank(
        Samples.paired({LOST.name: lost}, tuple(plans)),
        LOST,
        delta=p.close * float(lost[:, 0].mean()),
        sure=SURE,
        likely=LIKELY,
        streams=streams.child("rank"),
    )
    best = verdict.best
    recommended = best if best is not None and verdict.separated else CHOSEN
    told = [
        model.simulate(plans[recommended], model.sample(Streams(p.seed, run)))
        for run in range(p.replications)
    ]
    return Case(
        p,
        system,
        Places(system),
        before,
        event,
        problem,
        quick,
        orders,
        model,
        runs,
        verdict,
        recommended,
        one_more(model, plans[recommended], p, workers),
        bound_of(quick, p) / DAY,
        told,
        goals_of(problem, runs, recommended, p),
        zones,
    )


def planned(
    system: InterdependentSystem, p: RestorationParameters, event: Event
) -> tuple[Event, RepairProblem]:
    """The damage that is planned for, at most as much as asked, and the problem of its repair."""
    solvers = {name: PeopleServed(network) for name, network in system.layers.items()}
    first = RepairProblem(system, event.up, crews=1, repair_h=1.0, solver=solvers, period_h=p.period_h)
    people = dict(zip(system.layers, first.intact_service.tolist(), strict=True))
    drawn, up = first.damaged, event.up
    if len(drawn) > p.most:
        alone = np.repeat(system.intact[None], len(drawn), axis=0)
        alone[np.arange(len(drawn)), drawn] = False
        matters = replace(first, weights=people).lost(alone)
        kept = drawn[np.sort(np.argsort(-np.round(matters, 6), kind="stable")[: p.most])]
        up = system.intact.copy()
        up[kept] = False
    crews = p.crews_of
    if isinstance(crews, dict):
        crews = {name: crews[network.system] for name, network in system.layers.items()}
    problem = RepairProblem(
        system, up, crews=crews, solver=solvers, weights=people, period_h=p.period_h
    ).with_travel(p.speed_kmh)
    listed = [one for one in event.damaged.tolist() if one in set(problem.damaged.tolist())]
    beside = [one for one in problem.damaged.tolist() if one not in set(listed)]
    ordered = np.array([*listed, *beside], np.int32)
    return replace(event, up=problem.up, damaged=ordered, drawn=len(drawn)), problem


def named(problem: RepairProblem, order: Ints) -> tuple[tuple[str, str], ...]:
    """An order of places among the damaged assets as layers and ids."""
    rows = problem.system.assets[problem.damaged[order]].select("layer", "id").rows()
    return tuple((str(layer), str(name)) for layer, name in rows)


def one_more(model: Repairs, plan: CrewPlan, p: RestorationParameters, workers: int) -> dict[str, Floats]:
    """Service-days lost by run with one more crew in each pool that has work; "" is the pool of all."""
    problem = model.problem
    if isinstance(problem.crews, Mapping):
        layers = list(problem.system.layers)
        busy = [layers[pool] for pool in sorted(set(problem.pool.tolist()))]
        more = {name: replace(plan, crews={**problem.crews, name: problem.crews[name] + 1}) for name in busy}
    else:
        more = {"all": replace(plan, crews=problem.crews + 1)}
    found = Experiment(model, more, seed=p.seed).run(p.replications, workers=workers)
    lost = found.pairs("lost_service_h") / DAY
    return {name: lost[:, at] for at, name in enumerate(more)}


def goals_of(
    problem: RepairProblem, runs: Runs, option: str, p: RestorationParameters
) -> pl.DataFrame | None:
    """Desired recovery times of the systems that are here, held against those simulated."""
    goals, times = [], {}
    for layer, network in problem.system.layers.items():
        for level, hours in zip(LEVELS, p.goals.get(network.system, ()), strict=False):
            goals.append(DesiredRecovery(layer=layer, share=level, within_h=hours, chance=p.wanted))
            found = runs.values(f"{layer}_h{level * 100:.0f}", option)
            times[layer, level] = np.where(np.isnan(found), np.inf, found)
    return judge(goals, times) if goals else None
