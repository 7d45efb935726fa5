"""Who can pass something on to whom, and who is hit at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.errors import BadParameter
from workbench.lifelines._given import each, whole
from workbench.lifelines.model import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Contacts:
    """
    Who can pass something on to whom.

    Parameters
    ----------
    n
        Number of nodes.
    source, target
        Nodes of each arc: the source passes on to the target. Give both directions where it goes both ways.
    weight
        Of each arc, 0 or more: an influence (`by_threshold`), a chance up to 1 (`by_chance`), or a rate
        beside the common one (`over_time`); 1 by default.

    Raises
    ------
    BadParameter
        Nodes out of range, columns that do not fit, weights that are not 0 or more.
    """

    n: int
    source: Ints
    target: Ints
    weight: Floats | None = None

    def __post_init__(self) -> None:
        whole("n", self.n, 1)
        ends = [np.asarray(self.source), np.asarray(self.target)]
        for name, nodes in zip(("source", "target"), ends, strict=True):
            if nodes.ndim != 1 or (nodes.size and nodes.dtype.kind not in "iu") or len(nodes) != len(ends[0]):
                raise BadParameter(f"`{name}` must be a whole number for each arc, not shape {nodes.shape}.")
            if nodes.size and not (nodes.min() >= 0 and nodes.max() < self.n):
                raise BadParameter(
                    f"`{name}` names nodes from {nodes.min()} to {nodes.max()}; there are 0 to {self.n - 1}."
                )
        count = len(ends[0])
        given = np.ones(count) if self.weight is None else np.asarray(self.weight, float)
        if given.shape != (count,) or not (np.isfinite(given) & (given >= 0)).all():
            raise BadParameter(f"`weight` must be a number of 0 or more for each of {count} arcs.")
        order = np.argsort(
            ends[1], kind="stable"
        )  # sorted by target: those that reach a node lie side by side
        object.__setattr__(self, "source", ends[0][order].astype(np.int32))
        object.__setattr__(self, "target", ends[1][order].astype(np.int32))
        object.__setattr__(self, "weight", given[order])
        object.__setattr__(self, "_order", order)

    @cached_property
    def reached(self) -> tuple[Ints, Ints]:
        """Nodes that an arc goes to, and the first arc of each."""
        nodes, begins = np.unique(self.target, return_index=True)
        return nodes.astype(np.int32), begins.astype(np.int32)

    def let_through(self, barrier: ArrayLike | None) -> Floats:
        """Share that passes each arc, in the order in which arcs are kept; refuses what are not shares."""
        count = len(self.source)
        given = each("barrier", 0.0 if barrier is None else barrier, count, "arcs")
        if not ((given >= 0) & (given <= 1)).all():
            raise BadParameter(
                "`barrier` must be a share from 0 (open) to 1 (closed), one or one for each arc."
            )
        order: NDArray[np.int64] = self._order  # type: ignore[attr-defined]
        return np.asarray(1.0 - given[order])


def cases(
    contacts: Contacts, seeds: ArrayLike, immune: Sequence[int], *, single: bool = False
) -> tuple[Bools, bool]:
    """Seeds as rows of Booleans, and whether one case was given as numbers."""
    given, n = np.asarray(seeds), contacts.n
    if given.dtype == np.bool_ and given.ndim == 2 and given.shape[1] == n and not single:
        rows, one = given, False
    elif given.ndim == 1 and given.size and given.dtype.kind in "iu" and 0 <= given.min() <= given.max() < n:
        rows, one = np.zeros((1, n), bool), True
        rows[0, given] = True
    else:
        many = "" if single else f", or Booleans of shape (cases, {n})"
        raise BadParameter(f"`seeds` must be at least one node from 0 to {n - 1}{many}; not {seeds!r:.80}.")
    closed = ~not_immune(contacts, immune)
    if (rows & closed).any():
        raise BadParameter(
            f"Node {int(np.flatnonzero((rows & closed).any(axis=0))[0])} is a seed and immune."
        )
    return rows, one


def not_immune(contacts: Contacts, immune: Sequence[int]) -> Bools:
    """Whether each node can be hit."""
    nodes = np.asarray(immune)
    open_ = np.ones(contacts.n, bool)
    if nodes.size:
        if nodes.ndim != 1 or nodes.dtype.kind not in "iu" or nodes.min() < 0 or nodes.max() >= contacts.n:
            raise BadParameter(f"`immune` must be nodes from 0 to {contacts.n - 1}.")
        open_[nodes] = False
    return open_
