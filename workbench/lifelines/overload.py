"""
Overload: what is lost sends its load elsewhere, and what cannot carry it is lost too.

    told = overload(graph, removed=["hub"], tolerance=0.2)
    told.giant                      # share of the nodes still in the largest connected part

Each node carries a load and can carry (1 + tolerance) times that of the intact network. When nodes are lost,
loads are worked out anew, what is overloaded is lost at once, and so on [1]_. By default the load of a node
is the number of shortest paths through it, one for each ordered pair of nodes, its own among them; any other
load can be given as a function, such as a power flow. Shortest paths are no flow of water or power: this
tells how fragile a pattern of connections is, not which asset matters (`criticality` does).

References
----------
.. [1] A. E. Motter and Y.-C. Lai (2002), Cascade-based attacks on complex networks, Physical Review E 66:
   065102.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench._need import need
from workbench.errors import BadParameter
from workbench.lifelines._given import number
from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork
from workbench.lifelines.percolation import giant_share

Load = Callable[[Bools], Floats]
"""Which nodes are up, shape (nodes,), to the load of each, 0 or more, of the same shape."""


@dataclass(frozen=True, eq=False)
class Overload:
    """
    A cascade of overloads.

    Attributes
    ----------
    up
        Whether each node is left, shape (nodes,).
    when
        Round in which each node was lost: 0 for those removed, -1 for those that are left.
    giant
        Share of all nodes in the largest connected part that is left.
    giant_at_once
        The same before anything was overloaded.
    """

    up: Bools
    when: Ints
    giant: float
    giant_at_once: float

    @property
    def rounds(self) -> int:
        """Number of rounds in which something was overloaded."""
        return max(0, int(self.when.max(initial=0)))


def overload(
    network: LifelineNetwork,
    removed: Sequence[str],
    tolerance: float,
    *,
    load: Load | None = None,
) -> Overload:
    """
    Follow overloads after nodes are lost.

    Parameters
    ----------
    network
        Its nodes and edges; edges out of service are left out, capacities are not used.
    removed
        Ids of the nodes lost at first; none is a network under its own load.
    tolerance
        Spare capacity as a share of the load of the intact network, 0 or more.
    load
        Load of each node in a state; None is the number of shortest paths through it.

    Raises
    ------
    BadParameter
        The tolerance is below 0, or `load` returns what are not loads.
    UnknownName
        No node has that id.
    """
    spare = number("tolerance", tolerance, least=0)
    a, n = network.arrays, network.n
    open_ = a.in_service
    up = network.intact[:n].copy()
    told = _checked(load, n) if load is not None else shortest_paths(network)
    capacity = told(up) * (1 + spare) * (1 + 1e-12) + 1e-9
    when = np.where(up, -1, 0).astype(np.int32)
    gone = [network.asset(name, "node") for name in removed]
    up[gone], when[gone], step = False, 0, 0
    at_once = giant_share(n, a.u[open_], a.v[open_], up)
    while up.any():
        over = up & (told(up) > capacity)
        if not over.any():
            break
        step += 1
        up, when[over] = up & ~over, step
    return Overload(up, when, giant_share(n, a.u[open_], a.v[open_], up), at_once)


def shortest_paths(network: LifelineNetwork) -> Load:
    """
    Load of nodes as the number of shortest paths through them.

    Parameters
    ----------
    network
        Edges between the same two nodes count as one, edges with a direction one way.

    Returns
    -------
    load
        From the nodes that are up to the paths through each, its own among them; a pair of nodes with several
        shortest paths counts each as a part.

    Raises
    ------
    EngineMissing
        Numba is not installed.
    """
    need("numba", "Counting shortest paths")
    from workbench.lifelines._betweenness_kernel import node_loads

    begins, ends = neighbours(network)
    return lambda up: node_loads(begins, ends, up)


def neighbours(network: LifelineNetwork) -> tuple[NDArray[np.int64], Ints]:
    """Neighbours of each node, each once: where each one's begin, shape (nodes + 1,), and their numbers."""
    a = network.arrays
    both = a.in_service & ~a.directed
    u = np.concatenate([a.u[a.in_service], a.v[both]]).astype(np.int64)
    v = np.concatenate([a.v[a.in_service], a.u[both]]).astype(np.int64)
    pairs = np.unique(u * network.n + v)
    begins = np.searchsorted(pairs, np.arange(network.n + 1, dtype=np.int64) * network.n)
    return begins.astype(np.int64), (pairs % network.n).astype(np.int32)


def _checked(load: Load, n: int) -> Load:
    def told(up: Bools) -> Floats:
        loads = np.asarray(load(up.copy()), float)
        if loads.shape != (n,) or not (loads >= 0).all():
            raise BadParameter(
                f"`load` must return a load of 0 or more for each of {n} nodes, not {loads.dtype} of shape "
                f"{loads.shape}."
            )
        return loads

    return told
