"""
Transit lines: the compiled engine against the SimPy one on the same days, and the open line against a process
for each passenger as well, which is how one would write it first.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

from simulation_race import Result, race

from workbench.simulation import Streams

PEOPLE = "SimPy, a process a passenger"


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
        log = kernel.simulate(inputs)
        if log.differences(readable.simulate(inputs)):
            raise SystemExit(f"The engines of the {what} disagree")
        if repr(kernel.run(scenario, day)) != repr(readable.run(scenario, day)):
            raise SystemExit(f"The outcomes of the {what} disagree")
        sides: dict[str, Callable[[], object]] = {
            "SimPy": lambda model=readable, given=inputs: model.simulate(given),
            "kernel": lambda model=kernel, given=inputs: model.simulate(given),
            "kernel, with outcomes and checks": lambda model=kernel, s=scenario, d=day: model.run(s, d),
        }
        yield from race(f"{what}, {hours:g} h", sides, "SimPy", rounds)
        if kernel.kind == "open":
            first = {PEOPLE: _people(inputs, log), "SimPy": sides["SimPy"], "kernel": sides["kernel"]}
            yield from race(f"{what}, {hours:g} h", first, PEOPLE, rounds)


def _people(inputs: Any, log: Any) -> Callable[[], object]:
    """A process for each passenger, checked to give the same to the last bit."""
    from workbench.simulation.transit import open_people

    if differences := open_people.run(inputs).differences(log):
        raise SystemExit(f"A process for each passenger gives other numbers: {', '.join(differences)}")
    return lambda: open_people.run(inputs)
