"""Ours against what others would use, all run in turns, and how many times longer they take."""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

OURS = "workbench"
SHORTEST_S = 0.05
"""What is shorter is repeated within a round."""


@dataclass(frozen=True)
class Side:
    """
    One way to do the work.

    Attributes
    ----------
    run
        Does it and hands back its result, to be compared.
    part
        What part of the whole work it does; its time is divided by that, and its result compared with the
        beginning of ours.
    """

    run: Callable[[], np.ndarray]
    part: float = 1.0


@dataclass(frozen=True)
class Outcome:
    """
    One of the others against ours.

    Attributes
    ----------
    what, side
        What was compared.
    ratio, least, most
        Time of theirs over time of ours, by round: median, least and most.
    seconds, ours
        Median CPU seconds of theirs and of ours, of the whole work.
    note
        Such as from what part of the work the time is extrapolated.
    """

    what: str
    side: str
    ratio: float
    least: float
    most: float
    seconds: float
    ours: float
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)

    def __str__(self) -> str:
        spread = f"{_short(self.ratio):>9} x [{_short(self.least)}, {_short(self.most)}]"
        note = f"  {self.note}" if self.note else ""
        return (
            f"{self.what:<30} {self.side:<28} {spread:<34} {self.seconds:>9.3g} s v {self.ours:.3g} s{note}"
        )


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def installed(*names: str) -> dict[str, bool]:
    """Which libraries there are."""
    return {name: importlib.util.find_spec(name) is not None for name in names}


def race(what: str, ours: Side, others: Mapping[str, Side], rounds: int) -> Iterator[Outcome]:
    """
    Run all in turns, forwards and backwards, after checking that they give the same.

    Raises
    ------
    SystemExit
        Two results differ.
    """
    sides = {OURS: ours, **others}
    expected, repeat = ours.run(), {}
    for name, side in sides.items():
        start = time.process_time()
        found = side.run()
        taken = time.process_time() - start
        if not np.allclose(found, expected[: len(found)], rtol=1e-9, atol=1e-9):
            raise SystemExit(f"{what}: {name} gives another result than ours; no time counts.")
        repeat[name] = max(1, min(1000, round(SHORTEST_S / max(taken, 1e-6))))
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides) if number % 2 == 0 else reversed(list(sides)):
            start = time.process_time()
            for _ in range(repeat[name]):
                sides[name].run()
            seconds[name].append((time.process_time() - start) / repeat[name] / sides[name].part)
    mine = statistics.median(seconds[OURS])
    for name, side in others.items():
        ratios = [theirs / own for theirs, own in zip(seconds[name], seconds[OURS], strict=True)]
        note = "" if side.part == 1 else f"extrapolated from {side.part:.3g} of the work"
        yield Outcome(
            what, name, statistics.median(ratios), min(ratios), max(ratios),
            statistics.median(seconds[name]), mine, note,
        )  # fmt: skip
