"""Repair times, crews, weights and travel times as a repair problem holds them; what cannot be is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._given import each, number, whole
from workbench.lifelines._sites import Sites, sites_of
from workbench.lifelines.model import Floats, Ints
from workbench.lifelines.system import InterdependentSystem

if TYPE_CHECKING:
    from workbench.lifelines._repair_problem import RepairProblem

MOST_CREWS = 10_000
MOST_PERIODS = 1_000_000


def travel_times(
    system: InterdependentSystem, assets: Ints, speed_kmh: float, depot: tuple[float, float] | None
) -> Floats:
    """Hours between the depot and the sites of assets, shape (assets + 1, assets + 1)."""
    speed = number("speed_kmh", speed_kmh, above=0)
    every = sites_of(system)
    sites = Sites(every.x[assets], every.y[assets], every.geographic)
    hours = np.zeros((len(assets) + 1, len(assets) + 1))
    if len(assets):
        hours[1:, 1:] = sites.distances_km() / speed
    if depot is not None and len(assets):
        x, y = number("depot", depot[0]), number("depot", depot[1])
        hours[0, 1:] = hours[1:, 0] = sites.distance_km(x, y) / speed
    return hours


def durations(problem: RepairProblem) -> Floats:
    """Hours of each repair."""
    system, damaged, given = problem.system, problem.damaged, problem.repair_h
    if given is None:
        frames = [frame for one in system.layers.values() for frame in (one.nodes, one.edges)]
        days = np.concatenate([frame["repair_days"].fill_null(np.nan).to_numpy() for frame in frames])
        hours = 24.0 * days[damaged]
    elif isinstance(given, Mapping):
        every = np.full(system.size, np.nan)
        for key, value in sorted(given.items(), key=lambda item: item[0] is not None):
            which = slice(None) if key is None else system.asset(*key)
            every[which] = number(f"repair_h of {key}", value)
        hours = every[damaged]
    else:
        hours = each("repair_h", given, system.size, "assets")[damaged]
    bad = ~(np.isfinite(hours) & (hours > 0))
    if bad.any():
        names = system.assets[damaged[bad][:5]].select("layer", "id").rows()
        shown = ", ".join(f"'{name}' ({layer})" for layer, name in names)
        raise BadParameter(
            f"{int(bad.sum())} damaged assets have no repair time above 0 ({shown}): give `repair_h`, or "
            "`repair_days` in the networks."
        )
    if hours.sum() / problem.period_h > MOST_PERIODS:
        raise BadParameter(
            f"Repairs take more than {MOST_PERIODS:,} periods of {problem.period_h:g} h: give longer ones."
        )
    return np.asarray(hours, float)


def pools(problem: RepairProblem) -> tuple[Ints, Ints, tuple[str, ...]]:
    """Pool of each damaged asset, pool of each crew, and names of the crews."""
    layers = list(problem.system.layers)
    layer_of = problem.system.assets["layer"].to_list()
    of = [layer_of[i] for i in problem.damaged.tolist()]
    if not isinstance(problem.crews, Mapping):
        count = whole("crews", problem.crews, 1, MOST_CREWS)
        names = tuple(f"crew {i + 1}" for i in range(count))
        return np.zeros(len(of), np.int32), np.zeros(count, np.int32), names
    for layer, count in problem.crews.items():
        if layer not in layers:
            raise UnknownName("layer of the system", str(layer), layers)
        whole(f"crews of {layer}", count, 0, MOST_CREWS)
    for layer in dict.fromkeys(of):
        if not problem.crews.get(layer):
            raise BadParameter(
                f"{of.count(layer)} damaged assets of {layer} have no crew: give the layer at least one."
            )
    crews = [
        (i, f"{layer} {k + 1}") for i, layer in enumerate(layers) for k in range(problem.crews.get(layer, 0))
    ]
    pool = np.array([layers.index(one) for one in of], np.int32)
    return pool, np.array([i for i, _ in crews], np.int32), tuple(name for _, name in crews)


def weights_of(problem: RepairProblem) -> Floats:
    layers = list(problem.system.layers)
    if problem.weights is None:
        return np.full(len(layers), 1.0 / len(layers))
    for name in problem.weights:
        if name not in layers:
            raise UnknownName("layer of the system", str(name), layers)
    weight = np.array([number(f"weight of {one}", problem.weights.get(one, 0.0), least=0) for one in layers])
    if not weight.any():
        raise BadParameter("The weights of all layers are 0: give one of them a weight.")
    return weight
