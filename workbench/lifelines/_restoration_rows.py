"""What must hold within one period of a repair plan, as rows of a linear programme."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from workbench.lifelines._dependency_rules import rules_of, settle
from workbench.lifelines._repair_problem import RepairProblem
from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork


class Programme:
    """Variables and rows of a linear programme, added one block after the other."""

    def __init__(self) -> None:
        self.size = self.height = 0
        self.offset = 0.0
        self._bounds: list[tuple[Floats, Floats, Floats]] = []
        self._sides: list[tuple[Floats, Floats]] = []
        self._terms: list[tuple[Ints, Ints, Floats]] = []

    def variables(self, low: ArrayLike, high: ArrayLike, cost: float = 0.0) -> Ints:
        """Add a block of variables; returns their numbers."""
        least, most = np.broadcast_arrays(np.asarray(low, float), np.asarray(high, float))
        self._bounds.append((least, most, np.full(len(most), cost)))
        self.size += len(most)
        return np.arange(self.size - len(most), self.size, dtype=np.int32)

    def rows(
        self, count: int, terms: list[tuple[Ints, Ints, ArrayLike]], least: ArrayLike, most: ArrayLike
    ) -> None:
        """Add a block of rows; each term is rows of the block, variables and factors."""
        for row, column, factor in terms:
            self._terms.append(
                (self.height + row, column, np.broadcast_to(np.asarray(factor, float), row.shape))
            )
        sides = [np.broadcast_to(np.asarray(side, float), (count,)) for side in (least, most)]
        self._sides.append((sides[0], sides[1]))
        self.height += count

    def at_most(self, left: Ints, right: Ints, factor: ArrayLike, sign: float = 1.0) -> None:
        """Add `sign` x left <= factor x right, one row a pair."""
        row = np.arange(len(left), dtype=np.int32)
        self.rows(len(left), [(row, left, sign), (row, right, -np.asarray(factor, float))], -np.inf, 0.0)

    @property
    def bounds(self) -> tuple[Floats, Floats, Floats]:
        """Least, most and cost of the variables."""
        low, high, cost = (np.concatenate(parts) for parts in zip(*self._bounds, strict=True))
        return low, high, cost

    @property
    def sides(self) -> tuple[Floats, Floats]:
        """Least and most of the rows."""
        least, most = (np.concatenate(parts) for parts in zip(*self._sides, strict=True))
        return least, most

    @property
    def terms(self) -> tuple[Ints, Ints, Floats]:
        """Row, variable and factor of what is not 0."""
        row, column, factor = (np.concatenate(parts) for parts in zip(*self._terms, strict=True))
        return row, column, factor


def one_period(problem: RepairProblem) -> Programme:
    """
    Write down one period: first w, whether each damaged asset is repaired, then all that follows from it.

    Parameters
    ----------
    problem
        What is damaged.

    Returns
    -------
    programme
        Its cost plus its offset is what is lost in the period. Only what can change is a variable: what works
        although nothing is repaired yet always does, and a layer of which nothing is down is left out.
    """
    system, rules = problem.system, rules_of(problem.system, None)
    begins, ends = settle(rules, np.stack([problem.up, system.intact]), "greatest")[0]
    programme = Programme()
    repaired = programme.variables(np.zeros(len(problem.damaged)), 1.0)
    changing = np.flatnonzero(ends & ~begins)
    works = np.full(system.size, -1, np.int32)
    works[changing] = programme.variables(np.zeros(len(changing)), 1.0)
    useful = works[problem.damaged] >= 0
    programme.at_most(works[problem.damaged[useful]], repaired[useful], 1.0)
    bounds = np.append(rules.begins, len(rules.kept))
    for depender, every, begin, end in zip(
        rules.depender.tolist(), rules.every.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True
    ):
        dependees = rules.dependee[begin:end]
        waiting = works[dependees[~begins[dependees]]]
        waiting = waiting[waiting >= 0]
        if works[depender] < 0 or (not every and begins[dependees].any()):
            continue
        own = np.full(len(waiting), works[depender], np.int32)
        if every:
            programme.at_most(own, waiting, 1.0)
        else:
            zeros = np.zeros(len(waiting), np.int32)
            programme.rows(1, [(zeros[:1], own[:1], 1.0), (zeros, waiting, -1.0)], -np.inf, 0.0)
    for i, (layer, network) in enumerate(system.layers.items()):
        start = system.offsets[layer]
        part = works[start : start + network.size]
        if problem.intact_service[i] > 0 and problem.weight[i] > 0 and (part >= 0).any():
            possible = system.layer_state(layer, ends)
            _flow(
                programme,
                network,
                part,
                possible,
                problem.intact_service[i],
                problem.weight[i],
                problem.limited[i],
            )
    return programme


def _flow(
    programme: Programme,
    network: LifelineNetwork,
    works: Ints,
    possible: Bools,
    intact: float,
    weight: float,
    limited: bool,
) -> None:
    """Add the flow of a layer, in shares of what it serves intact; unlimited where only connections count."""
    a, n = network.arrays, network.n
    demand = a.demand / intact
    total = float(demand.sum())
    room = np.minimum(a.capacity / intact, total) if limited else np.where(a.capacity > 0, total, 0.0)
    supply = np.minimum(a.supply / intact, total) if limited else np.where(a.supply > 0, total, 0.0)
    nodes, ends = possible[:n], possible[n:]
    edges = np.flatnonzero(ends & nodes[a.u] & nodes[a.v] & (room > 0)).astype(np.int32)
    sources = np.flatnonzero(nodes & (supply > 0)).astype(np.int32)
    sinks = np.flatnonzero(nodes & (demand > 0)).astype(np.int32)
    u, v, room, both = a.u[edges], a.v[edges], room[edges], ~a.directed[edges]
    flow = programme.variables(np.where(both, -room, 0.0), room)
    given = programme.variables(np.zeros(len(sources)), supply[sources])
    lacks = programme.variables(np.zeros(len(sinks)), demand[sinks], weight)
    for gate in (works[n + edges], works[u], works[v]):
        shut = gate >= 0
        programme.at_most(flow[shut], gate[shut], room[shut])
        programme.at_most(flow[shut & both], gate[shut & both], room[shut & both], -1.0)
    shut = works[sources] >= 0
    programme.at_most(given[shut], works[sources[shut]], supply[sources[shut]])
    shut = works[sinks] >= 0
    row, wanted = np.arange(int(shut.sum()), dtype=np.int32), demand[sinks[shut]]
    programme.rows(
        len(row), [(row, lacks[shut], 1.0), (row, works[sinks[shut]], wanted)], wanted, np.inf
    )  # what does not work is served nothing
    programme.rows(
        n,
        [(u, flow, -1.0), (v, flow, 1.0), (sources, given, 1.0), (sinks, lacks, 1.0)],
        np.where(nodes, demand, 0.0),
        np.where(nodes, demand, 0.0),
    )
    programme.offset += weight * (float(demand[~nodes].sum()) - (total - 1.0))
