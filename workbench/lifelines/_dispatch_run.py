"""A scenario run in EPANET, and what is seen of it at every hydraulic step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines.solvers import _epanet_library as codes
from workbench.lifelines.solvers._epanet_links import Control, put, take_away
from workbench.lifelines.solvers._epanet_runs import DOUBTFUL

if TYPE_CHECKING:
    from workbench.lifelines.dispatch import WaterScenario
    from workbench.lifelines.model import Bools, Floats, Ints
    from workbench.lifelines.solvers._epanet import Project
    from workbench.lifelines.solvers._epanet_runs import Runner

_LOW_M = 0.01  # a pressure is low from here below the required one
_EMPTY_M = 1e-3


@dataclass(frozen=True, eq=False)
class Seen:
    """
    A scenario, step by step.

    Attributes
    ----------
    time_s, length_s
        Beginning and length of each step, shape (steps,).
    wanted, served
        Demand, m3/s.
    people_low
        People where the pressure is below the required one, or none.
    kw
        Power of the pumps, shape (steps, pumps).
    level_m, full
        Level of each tank above its bottom, and how full that is between its levels, shape (steps, tanks).
    empty
        Whether each tank is at its least level.
    todini
        Index of resilience.
    unbalanced
        Whether EPANET found no balance.
    fire_served
        Share of the wanted water that the nodes of fires get while these burn; NaN without a fire.
    """

    time_s: Floats
    length_s: Floats
    wanted: Floats
    served: Floats
    people_low: Floats
    kw: Floats
    level_m: Floats
    full: Floats
    empty: Bools
    todini: Floats
    unbalanced: Bools
    fire_served: float


@dataclass(eq=False)
class Outage:
    """A pump that is off for part of the run, whatever its controls say in between."""

    link: int
    from_s: int
    to_s: int
    pattern: float
    timers: list[Control]
    taken: list[Control] = field(default_factory=list)


def watch(runner: Runner, up: Bools, scenario: WaterScenario) -> Seen:
    """
    Run a state and see what happens.

    Parameters
    ----------
    runner
        Of the scenario's input file.
    up
        Whether each asset of the network works.
    scenario
        Its outages and fires.
    """
    project = runner.project
    reached = runner.prepare(up)
    off = [_outage(project, scenario.name, name, *hours) for name, hours in scenario.outages.items()]
    _switch(project, off, 0)
    tanks = np.flatnonzero(project.node_types == codes.TANK).astype(np.int32)
    pumps = np.flatnonzero(project.link_types == codes.PUMP).astype(np.int32)
    bottom, least = project.nodes(codes.ELEVATION, tanks), project.nodes(codes.LEAST_LEVEL, tanks)
    crowd = np.zeros(project.n)
    crowd[runner.nodes] = runner.network.arrays.people
    burning = _burning(runner, scenario)
    fire = np.zeros(2)
    elevation = project.nodes(codes.ELEVATION)

    def read() -> tuple[Floats, ...]:
        return (
            project.nodes(codes.DEFICIT, runner.taps),
            project.nodes(codes.HEAD),
            project.nodes(codes.DEMAND),
            project.links(codes.FLOW),
            project.links(codes.POWER_KW, pumps),
        )

    rows = []
    for at, length, warning, (short, head, demand, flow, kw) in project.steps(read):
        wanted = runner.wanted_at(at)
        given = np.where(reached[runner.taps], np.clip(wanted - short, 0.0, wanted), 0.0)
        for tap, begin, end in burning:
            fire += length * (begin <= at < end) * np.array([given[tap], wanted[tap]])
        pressure = np.where(reached, head - elevation, -np.inf)
        low = crowd[pressure < runner.physics.required_m - _LOW_M].sum()
        index = _todini(project, head, demand, flow, elevation + runner.physics.required_m)
        level = head[tanks] - bottom
        rows.append((at, length, wanted.sum(), given.sum(), low, index, warning in DOUBTFUL, kw, level))
        _switch(project, off, at + length)
    columns = list(zip(*rows, strict=True))
    level = np.array(columns[8]).reshape(len(rows), len(tanks))
    usable = _full(project, tanks, level)
    plain = [np.array(each, np.float64) for each in columns[:6]]
    return Seen(
        plain[0], plain[1], plain[2], plain[3], plain[4],
        np.array(columns[7]).reshape(len(rows), len(pumps)), level, usable, level <= least + _EMPTY_M,
        plain[5], np.array(columns[6], bool), float(fire[0] / fire[1]) if fire[1] > 0 else np.nan,
    )  # fmt: skip


def _burning(runner: Runner, scenario: WaterScenario) -> list[tuple[int, int, int]]:
    """Taps of fires, each with its beginning and end in s."""
    taps = {runner.project.node_ids[node]: i for i, node in enumerate(runner.taps)}
    return [
        (taps[one.node], round(3600 * one.from_h), round(3600 * one.to_h))
        for one in scenario.fires
        if one.node in taps
    ]


def _outage(project: Project, scenario: str, name: str, from_h: float, to_h: float) -> Outage:
    pumps = np.flatnonzero(project.link_types == codes.PUMP)
    known = {project.link_ids[i]: int(i) for i in pumps}
    if name not in known:
        raise UnknownName("pump", name, known)
    link = known[name]
    if project.ruled[link]:
        raise BadParameter(
            f"Scenario '{scenario}': a rule governs pump '{name}', so that its outage cannot be told apart: "
            "give it a schedule in `pumps` with 0 for those hours."
        )
    begin, end = round(3600 * from_h), round(3600 * to_h)
    speed = float(project.links(codes.SETTING, [link])[0])
    pattern = float(project.links(codes.PATTERN, [link])[0])
    timers = [Control(codes.TIMER, link + 1, speed_, 0, at) for speed_, at in ((0.0, begin), (speed, end))]
    project.altered = True
    for one in timers:
        put(project.epanet, one)
    return Outage(link, begin, end, pattern, timers)


def _switch(project: Project, outages: list[Outage], now_s: int) -> None:
    """Take controls away where an outage begins now, and put them back where one ends."""
    for one in outages:
        if one.from_s == now_s:
            taken = take_away(project.epanet, {one.link + 1})
            one.taken = [each for each in taken if each not in one.timers]
            for timer in one.timers:
                put(project.epanet, timer)
            project.epanet.set_link(one.link, codes.PATTERN, 0.0)
        if one.to_s == now_s:
            for each in one.taken:
                put(project.epanet, each)
            project.epanet.set_link(one.link, codes.PATTERN, one.pattern)


def _todini(project: Project, head: Floats, demand: Floats, flow: Floats, wanted_head: Floats) -> float:
    """
    Power left over at the nodes, as a share of what could at most be lost on the way.

    Todini (2000), Looped water distribution networks design using a resilience index based heuristic
    approach, Urban Water 2. What tanks give or take is counted with what reservoirs give.
    """
    junction = ~project.fixed_head
    drawn = np.where(junction, np.maximum(demand, 0.0), 0.0)
    surplus, needed = float(drawn @ head), float(drawn @ wanted_head)
    fed = -float(np.where(project.fixed_head, demand, 0.0) @ head)
    pumps = project.link_types == codes.PUMP
    lifted = float(flow[pumps] @ np.abs(head[project.v[pumps]] - head[project.u[pumps]]))
    most = fed + lifted - needed
    return (surplus - needed) / most if most > 0 else np.nan


def _full(project: Project, tanks: Ints, level: Floats) -> Floats:
    """How full each tank is between its levels, by level."""
    least = project.nodes(codes.LEAST_LEVEL, tanks)
    most = project.nodes(codes.MOST_LEVEL, tanks)
    return np.asarray(np.clip((level - least) / np.maximum(most - least, 1e-9), 0.0, 1.0))
