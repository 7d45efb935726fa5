"""Sides of a comparison run in turns, and their ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

Clock = Callable[[], float]


@dataclass(frozen=True)
class Result:
    """
    One side against the reference.

    Attributes
    ----------
    what, side, reference
        What was compared.
    ratio, least, most
        Time of the reference over time of the side, by round: how many times faster the side is.
    seconds
        Median time of the side.
    note
        What else is to be said, such as runs per second.
    """

    what: str
    side: str
    reference: str
    ratio: float
    least: float
    most: float
    seconds: float
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)

    def __str__(self) -> str:
        spread = f"{self.ratio:>9.3g} x [{self.least:.3g}, {self.most:.3g}]"
        note = f"  {self.note}" if self.note else ""
        return f"{self.what:<28} {self.side:<34} {spread:<34} {self.seconds:.3g} s{note}"


def race(
    what: str,
    sides: Mapping[str, Callable[[], object]],
    reference: str,
    rounds: int,
    *,
    weights: Mapping[str, float] | None = None,
    notes: Mapping[str, Callable[[float], str]] | None = None,
    clock: Clock = time.process_time,
    shortest_s: float = 0.05,
) -> Iterator[Result]:
    """
    Run sides in turns.

    Parameters
    ----------
    sides
        What each one does; run once before the first round.
    weights
        How many times the work of the reference a side does, where it does less or more.
    notes
        Made of the median seconds of a side.
    shortest_s
        A side that is shorter is repeated within a round; 0 for sides that are long, and not tried first.
    """
    repeat = {}
    for name, side in sides.items():
        if shortest_s == 0:
            repeat[name] = 1
            continue
        side()
        start = clock()
        side()
        repeat[name] = max(1, min(1000, round(shortest_s / max(clock() - start, 1e-6))))
    taken: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for number in range(rounds):
        for name in order if number % 2 == 0 else reversed(order):
            start = clock()
            for _ in range(repeat[name]):
                sides[name]()
            taken[name].append((clock() - start) / repeat[name])
    for name in order:
        weight = (weights or {}).get(name, 1.0)
        rounds_of_both = zip(taken[reference], taken[name], strict=True)
        ratios = [theirs * weight / ours for theirs, ours in rounds_of_both]
        seconds = statistics.median(taken[name])
        note = notes[name](seconds) if notes and name in notes else ""
        yield Result(
            what, name, reference, statistics.median(ratios), min(ratios), max(ratios), seconds, note
        )
