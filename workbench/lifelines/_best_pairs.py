"""The best pairs of very many, best first, without looking at them all."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats, Ints

Found = tuple["Ints", "Ints"]


def of_groups(group: Ints, sums: Floats, top: int) -> Found:
    """
    Pairs of one group whose sums differ most.

    Parameters
    ----------
    group
        Number of the group of each member, group by group.
    sums
        Of each member, never rising within a group.
    top
        How many pairs at most.

    Returns
    -------
    first, second
        Places of the members; only pairs that differ.
    """
    last = np.flatnonzero(np.diff(group, append=-1))
    begin = np.concatenate([[0], last[:-1] + 1]) if len(last) else last

    def entry(i: int, j: int) -> tuple[float, int, int]:
        return sums[j] - sums[i], i, j

    def pairs() -> Iterator[tuple[int, int]]:
        heap = [entry(i, j) for i, j in zip(begin.tolist(), last.tolist(), strict=True)]
        seen = {one[1:] for one in heap}
        heapq.heapify(heap)
        while heap:
            value, i, j = heapq.heappop(heap)
            if value >= 0:
                return
            yield i, j
            for pair in ((i + 1, j), (i, j - 1)):  # each differs by no more than the pair it comes from
                if pair[0] < pair[1] and pair not in seen:
                    seen.add(pair)
                    heapq.heappush(heap, entry(*pair))

    return _arrays(islice(pairs(), top))


def of_bridges(above: Ints, sums: Floats, top: int) -> Found:
    """
    Pairs in a forest, neither above the other, of the greatest sums together.

    Parameters
    ----------
    above
        Place of the one above each, -1 for none.
    sums
        Of each, never above that of the one above it.
    top
        How many pairs at most.

    Returns
    -------
    first, second
        Their places; only of sums above 0.
    """
    kept = np.flatnonzero(sums > 0)
    sort = kept[np.lexsort((-sums[kept], above[kept]))]
    children: dict[int, list[int]] = {}
    for one, over in zip(sort.tolist(), above[sort].tolist(), strict=True):
        children.setdefault(over, []).append(one)
    rank = {one: k for each in children.values() for k, one in enumerate(each)}

    def entry(i: int, j: int, meet: int) -> tuple[float, int, int, int]:
        return -(sums[i] + sums[j]), i, j, meet

    def after(one: int) -> list[int]:
        row = children[int(above[one])]
        return row[rank[one] + 1 : rank[one] + 2]

    def below(one: int) -> list[int]:
        return children.get(one, [])[:1]

    def next_to(i: int, j: int, meet: int) -> Iterator[tuple[int, int]]:
        # Either gives way to its first child. It gives way to its next sibling where both hang from where
        # they meet, or where it is further down; not where only the other is, or it could end above that.
        level = [int(above[one]) == meet for one in (i, j)]
        yield from ((one, j) for one in below(i))
        yield from ((i, one) for one in below(j))
        if not level[0] or level[1]:
            yield from ((one, j) for one in after(i) if one != j)
        if not level[1] or level[0]:
            yield from ((i, one) for one in after(j))

    def pairs() -> Iterator[tuple[int, int]]:
        heap = [entry(row[0], row[1], meet) for meet, row in children.items() if len(row) > 1]
        seen = {one[1:3] for one in heap}
        heapq.heapify(heap)
        while heap:
            _, i, j, meet = heapq.heappop(heap)
            yield i, j
            for pair in next_to(i, j, meet):
                if pair not in seen:
                    seen.add(pair)
                    heapq.heappush(heap, entry(*pair, meet))

    return _arrays(islice(pairs(), top))


def _arrays(pairs: Iterable[tuple[int, int]]) -> Found:
    found = np.array(list(pairs), np.int32).reshape(-1, 2)
    return found[:, 0], found[:, 1]
