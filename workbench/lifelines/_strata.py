"""The states of the blocks of a network that are tried for the availability of its sites."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench._need import need
from workbench.lifelines._blocks import Block, Inside
from workbench.lifelines._failures import counts_of, draw, every

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, LifelineNetwork
    from workbench.simulation import Streams

STATES = 60_000
"""Where so many states have a number of assets down, or fewer, all are tried; of more a sample is taken."""
REST = 1e-10
"""Numbers of failures at once in a block that are together rarer than this are left to the interval."""
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Stratum:
    """
    States of one block with the same number of assets down.

    Attributes
    ----------
    first, last
        Its states: from the first to before the last.
    block
        Which block.
    sampled
        Whether it is a sample.
    """

    first: int
    last: int
    block: int
    sampled: bool


@dataclass(frozen=True, eq=False)
class States:
    """
    States that were tried, those of all blocks one after the other.

    Attributes
    ----------
    strata
        By block and by how many assets are down.
    members
        Assets of each block that can fail, sparse (blocks, assets).
    down
        Which assets are down in each state, sparse (states, assets).
    cut_off
        Which nodes that sites are served through are up and not reached within their block, sparse (states,
        assets).
    base
        What the logarithm of each state's weight has beside the chances of its assets, shape (states,).
    block_of
        Block of each node that sites are served through, -1 for other assets, shape (assets,).
    rest
        Chance of more assets down at once in some block than were tried.
    """

    strata: tuple[Stratum, ...]
    members: Any
    down: Any
    cut_off: Any
    base: Floats
    block_of: Numbers
    rest: float

    def weights(self, u: Floats) -> Floats:
        """
        Chance of each state, or what it stands for in a sample.

        Parameters
        ----------
        u
            Share of time each asset is down, shape (rows, assets).

        Returns
        -------
        weights
            Shape (rows, states).
        """
        with np.errstate(divide="ignore"):
            odds = np.log(u) - np.log1p(-u)
        still = (self.members @ np.log1p(-u).T).T[:, self._blocks]
        return np.asarray(np.exp(self.base + still + (self.down @ odds.T).T))

    def again(self, weights: Floats, streams: Streams, *entity: int) -> None:
        """
        Weigh the states of samples anew for each row of their weights, in place: a Bayesian bootstrap [1]_.

        References
        ----------
        .. [1] D. B. Rubin (1981), The Bayesian bootstrap, The Annals of Statistics 9(1).
        """
        for stratum in self.strata:
            if stratum.sampled:
                generator = streams.generator("states", stratum.first, *entity)
                times = generator.standard_exponential((len(weights), stratum.last - stratum.first))
                weights[:, stratum.first : stratum.last] *= times / times.mean(axis=1, keepdims=True)

    def variance(self, weights: Floats) -> Floats:
        """
        Variance of the chance that each node is up and not reached, for what was sampled.

        Parameters
        ----------
        weights
            Of one row of `weights`, shape (states,).

        Returns
        -------
        variance
            Shape (assets,); above 0 also where no state of a sample cut a node off (Agresti and Coull).
        """
        found = np.zeros(len(self.block_of))
        for stratum in self.strata:
            part = slice(stratum.first, stratum.last)
            w, nodes = weights[part], np.flatnonzero(self.block_of == stratum.block)
            n, total = len(w), float(w.sum())
            if stratum.sampled and total > 0:
                share = ((w @ self.cut_off[part])[nodes] + total * 2 / n) / (total * (1 + 4 / n))
                found[nodes] += share * (1 - share) * float(w @ w)
        return found

    @cached_property
    def _blocks(self) -> Numbers:
        """Block of each state."""
        found = np.zeros(len(self.base), np.int64)
        for one in self.strata:
            found[one.first : one.last] = one.block
        return found


def try_states(
    network: LifelineNetwork,
    u: Floats,
    blocks: tuple[Block, ...],
    through: Bools,
    *,
    samples: int,
    streams: Streams,
) -> States:
    """
    Try the states of every block.

    Parameters
    ----------
    network
        The network.
    u
        Share of time each asset is down, shape (assets,).
    blocks
        Its blocks.
    through
        Whether some site is served through an asset, shape (assets,).
    samples
        States of each number of assets down at once of which not all are tried.
    streams
        Randomness.
    """
    ids, size, states, rest = network.asset_ids, network.size, 0, 0.0
    strata: list[Stratum] = []
    down, counts, cut_state, cut_node, base, members = ([np.zeros(0, np.int64)] for _ in range(6))
    block_of = np.full(size, -1, np.int64)
    for number, block in enumerate(blocks):
        places = np.flatnonzero(u[block.members] > 0)
        assets, inside = block.members[places], Inside(network, block)
        exits = np.flatnonzero(through[block.nodes])
        block_of[block.nodes[exits]] = number
        members.append(assets)
        chances, last = _chances(u[assets])
        rest = max(rest, 1 - float(chances[0, : last + 1].sum()))
        still, odds = float(np.log1p(-u[assets]).sum()), np.log(u[assets]) - np.log1p(-u[assets])
        for k in range(1, last + 1 if len(exits) else 1):
            found = every(len(assets), k, STATES)
            sampled = found is None
            if found is None:
                generator = streams.generator("down", ids[int(block.members[0])], k)
                found = draw(chances, u[assets], k, samples, generator)
            dark = inside.cut_off(places[found])[:, exits]
            if not sampled:
                kept = dark.any(axis=1)
                found, dark = found[kept], dark[kept]
            weight = np.log(chances[0, k] / samples) - still - odds[found].sum(axis=1) if sampled else 0.0
            state, node = np.nonzero(dark)
            strata.append(Stratum(states, states + len(found), number, sampled))
            base.append(np.broadcast_to(weight, (len(found),)))
            down.append(assets[found].ravel())
            counts.append(np.full(len(found), k))
            cut_state.append(states + state)
            cut_node.append(block.nodes[exits][node])
            states += len(found)
    lengths = np.array([len(one) for one in members[1:]], np.int64)
    return States(
        tuple(strata),
        _rows(lengths, np.concatenate(members), (len(blocks), size)),
        _rows(np.concatenate(counts), np.concatenate(down), (states, size)),
        _rows(
            np.bincount(np.concatenate(cut_state), minlength=states),
            np.concatenate(cut_node),
            (states, size),
        ),
        np.concatenate(base).astype(float),
        block_of,
        rest,
    )


def _chances(u: Floats) -> tuple[Floats, int]:
    """Chances of numbers of failures, and the last number that is worth trying."""
    table = counts_of(u)
    beyond = table[0].sum() - np.cumsum(table[0])
    return table, int(np.flatnonzero(np.maximum(beyond, 0.0) < REST)[0])


def _rows(counts: Numbers, columns: Numbers, shape: tuple[int, int]) -> Any:
    """Rows of ones, each with so many columns."""
    sparse = need("scipy.sparse", "The availability of sites")
    starts = np.concatenate([[0], np.cumsum(counts)])
    return sparse.csr_array((np.ones(len(columns)), columns, starts), shape=shape)
