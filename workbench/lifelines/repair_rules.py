"""
Orders of repair that are found quickly: reverse greedy, greedy, random, and the rules that crews are given.

Greedy asks what a repair gains now. Where a substation is of no use before its line and its exchange are
back, no single repair gains anything, and greedy walks blindly; reverse greedy asks from the other end what
can wait, with everything else working, and is not blind there. With one crew and assets whose services simply
add up, both are Smith's rule, service per hour of repair, which is best [1]_.

References
----------
.. [1] W. E. Smith (1956), Various optimizers for single-stage production, Naval Research Logistics Quarterly
   3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._repair_problem import RepairProblem
from workbench.lifelines.model import Floats, Ints

if TYPE_CHECKING:
    from workbench.simulation import Streams

Rule = Literal["importance", "shortest", "demand", "people"]
TIE = 1e-12


def reverse_greedy(problem: RepairProblem) -> Ints:
    """
    Put last what is least missed while all else works, then what is least missed before it, and so on.

    Parameters
    ----------
    problem
        What is damaged.

    Returns
    -------
    order
        Damaged assets by number. What is missed is service per hour of repair; of those missed alike, the one
        that takes longest is last.
    """
    left = np.arange(len(problem.damaged))
    up, order = problem.system.intact.copy(), []
    while len(left):
        states = np.repeat(up[None], len(left), axis=0)
        states[np.arange(len(left)), problem.damaged[left]] = False
        lost = problem.lost(states) - problem.lost(up[None])
        place = _first(lost / problem.duration_h[left], -problem.duration_h[left])
        order.append(left[place])
        up[problem.damaged[left[place]]] = False
        left = np.delete(left, place)
    return np.asarray(problem.damaged[np.array(order[::-1], int)])


def greedy(problem: RepairProblem) -> Ints:
    """
    Take the repair that brings back most per hour next.

    Parameters
    ----------
    problem
        What is damaged.

    Returns
    -------
    order
        Damaged assets by number; of those that bring back as much, the shortest repair is first.
    """
    left = np.arange(len(problem.damaged))
    up, order = problem.up.copy(), []
    while len(left):
        states = np.repeat(up[None], len(left), axis=0)
        states[np.arange(len(left)), problem.damaged[left]] = True
        gained = problem.lost(up[None]) - problem.lost(states)
        place = _first(-gained / problem.duration_h[left], problem.duration_h[left])
        order.append(left[place])
        up[problem.damaged[left[place]]] = True
        left = np.delete(left, place)
    return np.asarray(problem.damaged[np.array(order, int)])


def random_order(problem: RepairProblem, streams: Streams) -> Ints:
    """
    Any order, each as likely.

    Parameters
    ----------
    problem
        What is damaged.
    streams
        Where randomness comes from. An asset keeps its place among the others whatever else is damaged.
    """
    names = problem.system.assets[problem.damaged].select("layer", "part", "id").rows()
    drawn = [streams.generator("repair order", *name).random() for name in names]
    return problem.damaged[np.argsort(drawn, kind="stable")]


def priority(problem: RepairProblem, rule: Rule | Sequence[tuple[str, str]]) -> Ints:
    """
    Order by a simple rule.

    Parameters
    ----------
    problem
        What is damaged.
    rule
        "importance": service lost if the asset alone failed, per hour of repair. "shortest": hours of repair,
        the shortest first. "demand", "people": at the node, or at both ends of the edge, the most first. Or
        assets as (layer, id) in the order wanted; those that are undamaged are passed over, those not named
        come after.

    Returns
    -------
    order
        Damaged assets by number; ties in the order of numbers.

    Raises
    ------
    UnknownName
        No such rule, layer or asset.
    BadParameter
        A list that is none of assets, or names one twice.
    """
    if not isinstance(rule, str):
        return _listed(problem, rule)
    if rule not in get_args(Rule):
        raise UnknownName("repair rule", str(rule), get_args(Rule))
    if rule == "importance":
        states = np.repeat(problem.system.intact[None], len(problem.damaged), axis=0)
        states[np.arange(len(states)), problem.damaged] = False
        key = -problem.lost(states) / problem.duration_h
    elif rule == "shortest":
        key = problem.duration_h
    else:
        key = -_amount(problem, rule)[problem.damaged]
    return problem.damaged[np.argsort(np.round(key, 12), kind="stable")]


def _listed(problem: RepairProblem, wanted: Sequence[tuple[str, str]]) -> Ints:
    try:
        named = [problem.system.asset(layer, name) for layer, name in wanted]
    except (TypeError, ValueError):
        raise BadParameter(f"A list of repairs holds (layer, id) pairs, not {wanted!r:.80}.") from None
    if len(set(named)) < len(named):
        raise BadParameter("The list of repairs names an asset more than once.")
    place = {asset: i for i, asset in enumerate(named)}
    last = len(place)
    return problem.damaged[np.argsort([place.get(i, last) for i in problem.damaged.tolist()], kind="stable")]


def _amount(problem: RepairProblem, column: Literal["demand", "people"]) -> Floats:
    """Demand or people of each asset of the system; an edge has that of both ends."""
    parts = []
    for network in problem.system.layers.values():
        a = network.arrays
        amount = a.demand / (a.demand.sum() or 1.0) if column == "demand" else a.people
        parts += [amount, amount[a.u] + amount[a.v]]
    return np.concatenate(parts)


def _first(key: Floats, tie: Floats) -> int:
    """Place of the least key; of those alike, that of the least second key, then the first."""
    alike = np.flatnonzero(key <= key.min() + TIE)
    return int(alike[tie[alike].argmin()])
