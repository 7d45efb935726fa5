"""
Streets: meshes of mains with some streets missing, and how large each main must be.

A main is sized by routes: the demand is led over the shortest paths from each source with the share of the
demand that the source bears. What that takes, with a margin, can flow, so an intact network serves all of its
demand.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pair = tuple[str, str]
MARGIN = 1.3
DIAMETERS = (150, 200, 300, 400, 500, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000)
SPEED = 2.0
"""Water in a pipe at capacity, m/s."""


@dataclass(frozen=True)
class Streets:
    """Crossings with their places in m, row by row, and the streets between them by crossing."""

    at: list[tuple[float, float]]
    pairs: list[tuple[int, int]]


def streets(
    corner: tuple[float, float],
    side: float,
    columns: int,
    rows: int,
    draw: np.random.Generator,
    *,
    missing: float = 0.0,
    apart: int = 0,
) -> Streets:
    """
    Lay out streets.

    Parameters
    ----------
    corner, side
        South-west corner and side of the square that they fill, m.
    columns, rows
        Crossings.
    draw
        Where crossings really lie, and which streets are missing.
    missing
        Share of the streets that are left out, as long as every crossing can be reached.
    apart
        Columns, from the west, that no street joins to the others.
    """
    step = side / columns, side / rows
    jitter = draw.uniform(-0.18, 0.18, (rows * columns, 2))
    at = [
        (
            corner[0] + (i % columns + 0.5 + jitter[i, 0]) * step[0],
            corner[1] + (i // columns + 0.5 + jitter[i, 1]) * step[1],
        )
        for i in range(rows * columns)
    ]
    pairs = []
    for i in range(rows * columns):
        if i % columns + 1 < columns and i % columns + 1 != apart:
            pairs.append((i, i + 1))
        if i + columns < rows * columns:
            pairs.append((i, i + columns))
    order = draw.permutation(len(pairs))
    spare = round(missing * len(pairs))
    parent = list(range(len(at)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    kept = set()
    loops = []
    for number in order.tolist():  # a spanning forest first, so that what may be missing closes loops
        a, b = (root(end) for end in pairs[number])
        if a == b:
            loops.append(number)
        else:
            parent[a] = b
            kept.add(number)
    kept |= set(loops[min(spare, len(loops)) :])
    return Streets(at, [pair for number, pair in enumerate(pairs) if number in kept])


def spread(total: float, weights: Floats) -> list[int]:
    """Share out people in whole numbers that add up to the total."""
    exact = np.cumsum(weights) / weights.sum() * total
    return np.diff(np.rint(np.concatenate([[0.0], exact]))).astype(np.int64).tolist()


def routed(pairs: Sequence[Pair], sources: Mapping[str, float], demand: Mapping[str, float]) -> list[float]:
    """
    Flow over each pair when each source bears a share of every demand, over shortest paths.

    Parameters
    ----------
    pairs
        Ends of each edge.
    sources
        Share that each source bears; they add up to 1.
    demand
        By node.
    """
    beside: dict[str, list[tuple[str, int]]] = {}
    for number, (a, b) in enumerate(pairs):
        beside.setdefault(a, []).append((b, number))
        beside.setdefault(b, []).append((a, number))
    flow = [0.0] * len(pairs)
    for source, share in sources.items():
        came: dict[str, tuple[str, int]] = {source: ("", -1)}
        order, waiting = [], deque([source])
        while waiting:
            here = waiting.popleft()
            order.append(here)
            for there, number in beside.get(here, ()):
                if there not in came:
                    came[there] = (here, number)
                    waiting.append(there)
        carried = {node: share * demand.get(node, 0.0) for node in order}
        for node in reversed(order[1:]):
            before, number = came[node]
            carried[before] += carried[node]
            flow[number] += carried[node]
    return flow


def pipe(flow: float, *, least: int = 150) -> tuple[float, float]:
    """Diameter (mm) and capacity (m3/s) of the smallest water pipe that takes a flow with the margin."""
    for diameter in DIAMETERS:
        capacity = math.pi / 4 * (diameter / 1000) ** 2 * SPEED
        if diameter >= least and capacity >= MARGIN * flow:
            break
    return float(diameter), capacity


def stepped(flow: float, step: float, *, margin: float = MARGIN) -> float:
    """Capacity that takes a flow with a margin, in whole steps and at least one."""
    return max(1, math.ceil(margin * flow / step - 1e-9)) * step
