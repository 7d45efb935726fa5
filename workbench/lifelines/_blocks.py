"""
A network cut at the assets that everything beyond them needs: into blocks that fail independently.

Nodes and edges alike are the vertices of a graph, with a root joined to every source. Its biconnected parts
[1]_ hang together in a tree: each is entered from the root's side at one vertex, and left at others. A site
is served while every asset on its way through that tree works and is reached from the entry of its own block,
and blocks share no asset, so that their chances multiply.

References
----------
.. [1] J. Hopcroft and R. E. Tarjan (1973), Algorithm 447: efficient algorithms for graph manipulation,
   Communications of the ACM 16(6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench._need import need

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, LifelineNetwork

Numbers = NDArray[np.int64]
ROOT = -1
"""Entry of a block that begins at the sources themselves."""


@dataclass(frozen=True, eq=False)
class Block:
    """
    A part of the network with two ways, or more, between any of its assets.

    Attributes
    ----------
    entry
        Node through which it is served from the rest; `ROOT` where sources lie in it.
    nodes, edges
        Its nodes without the entry, and its edges, as assets by number.
    """

    entry: int
    nodes: Numbers
    edges: Numbers

    @property
    def members(self) -> Numbers:
        """Its nodes and edges."""
        return np.concatenate([self.nodes, self.edges])


@dataclass(frozen=True, eq=False)
class Blocks:
    """
    Blocks of a network, and how its assets hang from one another.

    Attributes
    ----------
    blocks
        Those in which there is a choice of ways.
    above
        Asset that each asset needs above all, shape (assets,): the entry of its block, or what lies before it
        where there is one way only; `ROOT` at the sources, -2 for what no source reaches.
    """

    blocks: tuple[Block, ...]
    above: Numbers

    def chain(self, asset: int) -> list[int]:
        """Assets that a site needs one after the other, from itself up; in a block only its last one."""
        found: list[int] = []
        while asset >= 0:
            found.append(asset)
            asset = int(self.above[asset])
        return found if asset == ROOT else []


def blocks_of(network: LifelineNetwork) -> Blocks:
    """
    Cut a network into blocks.

    Parameters
    ----------
    network
        Any network. The directions of edges are left aside: what separates without them separates with them.

    Raises
    ------
    EngineMissing
        NetworkX is not installed.
    """
    nx = need("networkx", "The blocks of a network")
    a, n, root = network.arrays, network.n, network.size
    graph = nx.Graph()
    graph.add_node(root)
    graph.add_edges_from((root, int(one)) for one in np.flatnonzero(a.source & network.intact[:n]))
    open_ = np.flatnonzero(passable(network))
    graph.add_edges_from(zip(a.u[open_].tolist(), (n + open_).tolist(), strict=True))
    graph.add_edges_from(zip(a.v[open_].tolist(), (n + open_).tolist(), strict=True))
    depth: dict[int, int] = nx.single_source_shortest_path_length(graph, root)
    above = np.full(network.size, -2, np.int64)
    found = []
    for part in nx.biconnected_components(graph):
        if next(iter(part)) not in depth:
            continue
        entry = min(part, key=depth.__getitem__)
        members = np.array(sorted(part - {entry}), np.int64)
        above[members] = ROOT if entry == root else entry
        if len(part) > 2:
            top = ROOT if entry == root else int(entry)
            found.append(Block(top, members[members < n], members[members >= n]))
    return Blocks(tuple(sorted(found, key=lambda one: int(one.members.min()))), above)


def passable(network: LifelineNetwork) -> Bools:
    """Whether each edge is in service between nodes in service and lets anything through."""
    a, nodes = network.arrays, network.intact[: network.n]
    return np.asarray(network.intact[network.n :] & nodes[a.u] & nodes[a.v] & (a.capacity > 0))


class Inside:
    """
    Who is reached within one block.

    Parameters
    ----------
    network, block
        The network and its block.
    """

    def __init__(self, network: LifelineNetwork, block: Block) -> None:
        need("numba", "The availability of sites")
        from workbench.lifelines import _kernels

        a, n = network.arrays, network.n
        within = block.nodes if block.entry == ROOT else np.append(block.nodes, block.entry)
        place = dict(zip(within.tolist(), range(len(within)), strict=True))
        u, v = (np.array([place[int(one)] for one in end[block.edges - n]], np.int32) for end in (a.u, a.v))
        numbers = np.arange(len(block.edges), dtype=np.int32)
        self._arcs: Any = _kernels.leaving(len(within), u, v, ~a.directed[block.edges - n], numbers)
        begins = within if block.entry == ROOT else np.array([block.entry])
        supplies = a.source[begins] if block.entry == ROOT else np.ones(1, bool)
        self._sources = np.array([place[int(one)] for one in begins[supplies]], np.int32)
        self._reached = _kernels.reached
        self._nodes, self._within = len(block.nodes), len(within)
        self._size = len(within) + len(block.edges)
        self._place = np.concatenate([np.arange(self._nodes), len(within) + numbers])

    def cut_off(self, down: NDArray[np.int64]) -> Bools:
        """
        Whether each node of the block is up and not reached.

        Parameters
        ----------
        down
            Members of the block that are down in each state, by their place in `members`, shape (states, k).

        Returns
        -------
        cut_off
            Shape (states, nodes of the block).
        """
        up = np.ones((len(down), self._size), bool)
        up[np.arange(len(down))[:, None], self._place[down]] = False
        reached = self._reached(up, self._sources, self._arcs)
        return np.asarray(up[:, : self._nodes] & ~reached[:, : self._nodes])
