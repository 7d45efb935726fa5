"""
What fails because something else failed: a pump without its substation, that without its exchange.

    works = cascade(system, up)                             # what still works once everything has followed
    cascade_rounds(system, up).when                         # in which round each asset failed
    failures_over_time(system, up, horizon_h=72)            # at which hour, with batteries and tanks

An asset works while it is undamaged and, for each kind of dependency it has, one of its dependees works (rule
"any") or all do (rule "all"). Where the dependency has a threshold, the dependee must also receive that share
of its own demand. What lies beside a damaged asset (a geographic dependency) is damaged with it; being
without service damages nothing.

Networks that need each other may have two answers. The greatest fixed point keeps a substation and an
exchange alive that feed each other and are undamaged: a city that was running when the event came. Black
start keeps them dead: nothing is energised at first, and only what needs nothing, or what already runs, can
be started [1]_.

References
----------
.. [1] A. Tarski (1955), A lattice-theoretical fixpoint theorem and its applications, Pacific Journal of
   Mathematics 5: a monotone rule has a least and a greatest fixed point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np

from workbench.errors import UnknownName
from workbench.lifelines._dependency_rules import Shares, Start, damaged_with, rules_of, settle
from workbench.lifelines._given import number
from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork
from workbench.lifelines.solvers import Solver
from workbench.lifelines.system import InterdependentSystem

__all__ = ["Cascade", "Served", "Start", "cascade", "cascade_rounds", "failures_over_time"]
Served = Shares | str | Mapping[str, str | Solver] | None


@dataclass(frozen=True, eq=False)
class Cascade:
    """
    What works in the end, and how it came to that.

    Attributes
    ----------
    up
        Whether each asset works, of the shape of the state given.
    when
        Of the same shape. From the greatest fixed point: the round in which an asset failed, 0 for damage, -1
        where it works. From black start: the round in which it was started, 0 where it needs nothing, -1
        where it stays dead.
    rounds
        Number of rounds until nothing changed any more, one for each state.
    """

    up: Bools
    when: Ints
    rounds: Ints


def cascade(
    system: LifelineNetwork | InterdependentSystem,
    up: Bools | None = None,
    *,
    start: Start = "greatest",
    served: Served = None,
) -> Bools:
    """
    Tell what still works when everything that depends on what failed has failed too.

    Parameters
    ----------
    system
        Networks and their dependencies.
    up
        Whether each asset is undamaged, shape (assets,) or (states, assets); None is undamaged.
    start
        "greatest" for the greatest fixed point, "black_start" for the least.
    served
        How the share that a dependee receives is told where a dependency has a threshold: a function from
        states to shares, both of shape (states, assets), the name of a solver, or a solver or its name by
        layer. None is connectivity. A maximum flow can be shared out in several ways, so that a threshold on
        it would depend on the solver's choice: give connectivity, or a rule that shares fairly.

    Returns
    -------
    works
        Whether each asset works, of the shape of `up`. More damage never lets more work, as long as `served`
        gives no asset more in a worse state.

    Raises
    ------
    BadParameter
        The state does not fit the system, or `served` returns what are not shares.
    UnknownName
        No such start, solver or layer.

    Notes
    -----
    A cascade of a cascade changes nothing, unless something lies beside (geographic) an asset that failed for
    want of service: the state handed back does not tell it from damage.
    """
    return cascade_rounds(system, up, start=start, served=served).up


def cascade_rounds(
    system: LifelineNetwork | InterdependentSystem,
    up: Bools | None = None,
    *,
    start: Start = "greatest",
    served: Served = None,
) -> Cascade:
    """
    Follow a cascade round by round; parameters and refusals are those of `cascade`.

    Returns
    -------
    cascade
        What works, the round of each failure, and the number of rounds.
    """
    if start not in get_args(Start):
        raise UnknownName("start of a cascade", str(start), get_args(Start))
    system = InterdependentSystem.of(system)
    rules, given = rules_of(system, served), system.up(up)
    works, when, rounds = settle(rules, damaged_with(system, np.atleast_2d(given)), start)
    one = given.ndim == 1
    return Cascade(works[0], when[0], rounds[0]) if one else Cascade(works, when, rounds)


def failures_over_time(
    system: LifelineNetwork | InterdependentSystem,
    up: Bools | None = None,
    horizon_h: float = np.inf,
    *,
    served: Served = None,
) -> Floats:
    """
    Tell the hour at which each asset fails when batteries and tanks last a while and nothing is repaired.

    A dependee that ceases to be of use at hour t serves until t + `buffer_h`; the asset fails when one of its
    groups (the dependees of one kind) is no longer served as its rule asks. Without buffers all fail at hour
    0, and what fails is that of `cascade`.

    Parameters
    ----------
    system
        Networks and their dependencies.
    up
        Whether each asset is undamaged at hour 0, shape (assets,) or (states, assets); None is undamaged.
    horizon_h
        Hours looked ahead.
    served
        As in `cascade`.

    Returns
    -------
    hours
        Hour of failure, of the shape of `up`: 0 for what is damaged, infinite for what has not failed by the
        horizon.

    Raises
    ------
    BadParameter
        The state does not fit the system, or the horizon is negative.
    """
    system = InterdependentSystem.of(system)
    horizon = number("horizon_h", horizon_h, least=0, infinite=True)
    rules, given = rules_of(system, served), system.up(up)
    works = damaged_with(system, np.atleast_2d(given))
    hours: Floats = np.where(works, np.inf, 0.0)
    until = np.full((len(works), len(rules.kept)), np.inf)
    now, running = np.zeros(len(works)), np.arange(len(works) if len(rules.kept) else 0)
    works = works.copy()
    while len(running):  # each state goes from one of its events to the next
        lost = ~rules.useful(works[running]) & np.isinf(until[running])
        until[running] = np.where(lost, now[running, None] + rules.buffer_h, until[running])
        ends = np.where(works[np.ix_(running, rules.assets)], rules.lasts(until[running]), np.inf)
        now[running] = ends.min(axis=1)
        events = np.isfinite(now[running]) & (now[running] <= horizon)
        running, ends = running[events], ends[events]
        rows, which = np.nonzero(ends == now[running, None])
        works[running[rows], rules.assets[which]] = False
        hours[running[rows], rules.assets[which]] = now[running[rows]]
    return hours.reshape(given.shape)
