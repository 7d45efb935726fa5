"""
Transit lines: the compiled engine against the SimPy one, on the same days.

More sides, such as a process for each passenger, are added to `more_sides`: name, and what it does with the
inputs of a day.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

from simulation_race import Result, race

from workbench.simulation import Streams

more_sides: dict[str, Callable[[Any], object]] = {}


def results(rounds: int, quick: bool) -> Iterator[Result]:
    """Nothing where transit lines are not there."""
    if importlib.util.find_spec("workbench.simulation.transit.examples") is None:
        return
    from dataclasses import replace

    from workbench.simulation.transit.examples import busy_line, busy_loop
    from workbench.simulation.transit.scenario import LineScenario

    hours = 4.0 if quick else 16.0
    for what, kernel, scenario in (
        ("open line", busy_line(hours=hours), LineScenario()),
        ("loop", busy_loop(hours=hours), LineScenario(fleet=8)),
    ):
        readable = replace(kernel, engine="simpy")
        day = kernel.sample(Streams(1))
        inputs = kernel.inputs(scenario, day)
        if repr(kernel.run(scenario, day)) != repr(readable.run(scenario, day)):
            raise SystemExit(f"The engines of the {what} disagree")
        sides: dict[str, Callable[[], object]] = {
            "SimPy": lambda model=readable, given=inputs: model.simulate(given),
            "kernel": lambda model=kernel, given=inputs: model.simulate(given),
            "kernel, with outcomes and checks": lambda model=kernel, s=scenario, d=day: model.run(s, d),
        }
        sides |= {name: (lambda side=side, given=inputs: side(given)) for name, side in more_sides.items()}
        yield from race(f"{what}, {hours:g} h", sides, "SimPy", rounds)
