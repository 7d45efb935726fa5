"""
Spread on a graph: malware, contagion, contamination; the engine of a cascade, certain or by chance.

    contacts = Contacts(n, source, target)
    by_threshold(contacts, seeds, 0.3)                          # certain: hit when 30 % of one's contacts are
    by_chance(contacts, seeds, samples=1000, streams=streams)   # each contact passes it on once, or not
    over_time(contacts, seeds, rate=0.2, lasts=7.0, ...)        # with times, until each recovers

A barrier weakens an arc (a firewall, a mask); who is immune is never hit (patched, vaccinated). The same
sample meets the same random numbers whatever the barriers, so that a stronger barrier never lets more
through, and differences between barriers are known more precisely than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from workbench._need import need
from workbench.errors import BadParameter
from workbench.lifelines._chances import quantile, wilson
from workbench.lifelines._contacts import Contacts, cases, not_immune
from workbench.lifelines._given import each, number, whole
from workbench.lifelines.model import Floats, Ints

if TYPE_CHECKING:
    from workbench.simulation import Streams

__all__ = ["Contacts", "Outbreaks", "by_chance", "by_threshold", "over_time"]
CELLS = 2**25


@dataclass(frozen=True, eq=False)
class Outbreaks:
    """
    When each node was hit in each sample.

    Attributes
    ----------
    when
        Shape (samples, nodes): round (`by_chance`) or time (`over_time`), 0 for seeds, infinite for never.
    recovered
        When each recovers, of the same shape; infinite where spread has no recovery.
    """

    when: Floats
    recovered: Floats

    @property
    def sizes(self) -> Ints:
        """Nodes hit in each sample, seeds among them."""
        return np.asarray(np.isfinite(self.when).sum(axis=1), np.int32)

    def chance(self, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
        """Chance of each node to be hit, with the ends of its interval (Wilson)."""
        hit = np.isfinite(self.when).sum(axis=0)
        return (hit / len(self.when), *wilson(hit, len(self.when), level))

    def mean_size(self, level: float = 0.95) -> tuple[float, float, float]:
        """Mean number of nodes hit, with the ends of its interval; infinite ends from a single sample."""
        sizes = self.sizes
        half = quantile(level) * sizes.std(ddof=1) / np.sqrt(len(sizes)) if len(sizes) > 1 else np.inf
        return float(sizes.mean()), float(sizes.mean() - half), float(sizes.mean() + half)

    def active(self, times: ArrayLike) -> Floats:
        """Mean number of nodes that are hit and not recovered at each time."""
        at = np.asarray(times, float)
        begun = np.searchsorted(np.sort(self.when, axis=None), at, side="right")
        over = np.searchsorted(np.sort(self.recovered, axis=None), at, side="right")
        return np.asarray((begun - over) / len(self.when), float)


def by_threshold(
    contacts: Contacts,
    seeds: ArrayLike,
    threshold: ArrayLike,
    *,
    immune: Sequence[int] = (),
    barrier: ArrayLike | None = None,
) -> Ints:
    """
    Spread with certainty: a node is hit when enough of what reaches it comes from nodes that are hit [1]_.

    Parameters
    ----------
    contacts
        Arcs and their weights.
    seeds
        Nodes hit at first; or Booleans of shape (cases, nodes) for many cases at once.
    threshold
        Share of the weight of the arcs to a node, above 0 and up to 1, one or one for each node.
    immune
        Nodes that are never hit.
    barrier
        Share of each arc's weight that is held back, one or one for each arc.

    Returns
    -------
    when
        Round in which each node is hit, 0 for seeds, -1 for never; shape (nodes,), or (cases, nodes).

    Raises
    ------
    BadParameter
        Seeds that are immune or do not exist, or shares out of their bounds.

    References
    ----------
    .. [1] D. J. Watts (2002), A simple model of global cascades on random networks, PNAS 99: 5766-5771.
    """
    first, one = cases(contacts, seeds, immune)
    needed = each("threshold", threshold, contacts.n, "nodes")
    if not ((needed > 0) & (needed <= 1)).all():
        raise BadParameter("`threshold` must be a share above 0 and up to 1, one or one for each node.")
    nodes, begins = contacts.reached
    weight, through = contacts.weight, contacts.let_through(barrier)
    assert weight is not None
    when = np.where(first, 0, -1).astype(np.int32)
    if not len(nodes):
        return when[0] if one else when
    whole_weight = np.add.reduceat(weight, begins)
    enough = needed[nodes] * whole_weight * (1 - 1e-12)
    open_ = not_immune(contacts, immune)[nodes] & (whole_weight > 0)
    step = max(1, CELLS // (8 * len(weight)))
    for block in (when[i : i + step] for i in range(0, len(when), step)):
        running, turn = np.arange(len(block)), 0
        while len(running):
            turn += 1
            hit = block[running] >= 0
            pressure = np.add.reduceat(hit[:, contacts.source] * (weight * through), begins, axis=1)
            new = (pressure >= enough) & open_ & ~hit[:, nodes]
            rows, which = np.nonzero(new)
            block[running[rows], nodes[which]] = turn
            running = running[new.any(axis=1)]
    return when[0] if one else when


def by_chance(
    contacts: Contacts,
    seeds: ArrayLike,
    *,
    samples: int,
    streams: Streams,
    immune: Sequence[int] = (),
    barrier: ArrayLike | None = None,
) -> Outbreaks:
    """
    Spread by chance: who is hit passes it on once over each arc, with its weight as the chance [2]_.

    Parameters
    ----------
    contacts
        Arcs; weights are chances, up to 1.
    seeds
        Nodes hit at first.
    samples
        How many, at least 1.
    streams
        Where randomness comes from; sample i draws the same numbers whatever is immune and whatever the
        barrier.
    immune
        Nodes that are never hit.
    barrier
        Share of passages that each arc stops, one or one for each arc.

    Raises
    ------
    BadParameter
        Weights above 1, seeds that are immune or do not exist, shares out of their bounds.

    References
    ----------
    .. [2] D. Kempe, J. Kleinberg and E. Tardos (2003), Maximizing the spread of influence through a social
       network, KDD '03. Equal to the final size of Reed and Frost's epidemic.
    """
    first, _ = cases(contacts, seeds, immune, single=True)
    whole("samples", samples, 1)
    assert contacts.weight is not None
    if contacts.weight.max(initial=0) > 1:
        raise BadParameter(f"A weight of {contacts.weight.max():g} is no chance: give weights from 0 to 1.")
    chance = contacts.weight * contacts.let_through(barrier)
    nodes, begins = contacts.reached
    open_ = not_immune(contacts, immune)[nodes]
    when = np.full((samples, contacts.n), np.inf)
    when[:, first[0]] = 0.0
    step = max(1, CELLS // (8 * max(1, len(chance))))
    for start in range(0, samples if len(nodes) else 0, step):
        block = when[start : start + step]
        live = np.array(
            [streams.generator("spread", start + i).random(len(chance)) < chance for i in range(len(block))]
        )
        running, turn = np.arange(len(block)), 0
        while len(running):
            hit = block[running] == turn
            new = np.logical_or.reduceat(hit[:, contacts.source] & live[running], begins, axis=1)
            new &= open_ & np.isinf(block[np.ix_(running, nodes)])
            rows, which = np.nonzero(new)
            turn += 1
            block[running[rows], nodes[which]] = turn
            running = running[new.any(axis=1)]
    return Outbreaks(when, np.full_like(when, np.inf))


def over_time(
    contacts: Contacts,
    seeds: ArrayLike,
    *,
    rate: float,
    lasts: float,
    samples: int,
    streams: Streams,
    fixed: bool = False,
    immune: Sequence[int] = (),
    barrier: ArrayLike | None = None,
) -> Outbreaks:
    """
    Spread over time until each recovers (SIR): the time of a hit is that of the shortest way to it [3]_.

    Parameters
    ----------
    contacts
        Arcs; a source that is hit reaches the target at the rate `rate` x weight.
    seeds
        Nodes hit at time 0.
    rate
        Per unit of time, above 0.
    lasts
        Mean time until a node recovers and passes nothing on any more, above 0, in the same unit; infinite
        for never.
    samples, streams, immune, barrier
        As in `by_chance`; a barrier lowers the rate of an arc.
    fixed
        Whether each lasts exactly as long, instead of exponentially distributed times.

    Raises
    ------
    BadParameter
        As `by_chance`, or a rate or time that is not above 0.

    References
    ----------
    .. [3] I. Z. Kiss, J. C. Miller and P. L. Simon (2017), Mathematics of Epidemics on Networks, Springer,
       chapter 6.
    """
    need("scipy.sparse", "Spread in time")
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    first, _ = cases(contacts, seeds, immune, single=True)
    whole("samples", samples, 1)
    pace = number("rate", rate, above=0) * contacts.let_through(barrier)
    mean = number("lasts", lasts, above=0, infinite=True)
    assert contacts.weight is not None
    pace = pace * contacts.weight * not_immune(contacts, immune)[contacts.target]
    order = np.argsort(contacts.source, kind="stable")
    begins = np.searchsorted(contacts.source[order], np.arange(contacts.n + 1))
    when, recovered = np.empty((2, samples, contacts.n))
    for i in range(samples):
        draw = streams.generator("spread in time", i)
        ill = (
            np.full(contacts.n, mean) if fixed or np.isinf(mean) else mean * draw.exponential(size=contacts.n)
        )
        with np.errstate(divide="ignore"):
            delay = streams.generator("contact", i).exponential(size=len(pace)) / pace
        delay[delay > ill[contacts.source]] = np.inf
        graph = csr_array((delay[order], contacts.target[order], begins), shape=(contacts.n, contacts.n))
        when[i] = dijkstra(graph, indices=np.flatnonzero(first[0]), min_only=True)
        recovered[i] = when[i] + ill
    return Outbreaks(when, recovered)
