"""A scenario put into a WNTR model: demand, fire flow, pump schedules and tank levels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import BadParameter, UnknownName

if TYPE_CHECKING:
    from workbench.lifelines.dispatch import FireFlow, WaterScenario
    from workbench.lifelines.model import Floats

HOUR_S = 3600


def apply(model: Any, scenario: WaterScenario, hours: float) -> None:
    """
    Change a model as a scenario says.

    Parameters
    ----------
    model
        WNTR model, which is changed.
    scenario
        Its demand, fires, schedules and tank levels; outages and closures are those of the run.
    hours
        Length of the run.

    Raises
    ------
    UnknownName
        No junction, pump or tank has an id.
    BadParameter
        A level is outside of its tank, a speed cannot be had, or a rule governs a scheduled pump with other
        links.
    """
    model.options.hydraulic.demand_multiplier *= scenario.demand_multiplier
    for name, level in scenario.tank_levels.items():
        _fill(model, scenario.name, name, level)
    marks = [round(HOUR_S * at) for fire in scenario.fires for at in (fire.from_h, fire.to_h)]
    step = _finer(model, [*marks, HOUR_S] if scenario.pumps else marks)
    shift = int(model.options.time.pattern_start) // step
    for number, fire in enumerate(scenario.fires):
        _burn(model, fire, f"lifelines-fire-{number}", step, shift, hours)
    _free(model, set(scenario.pumps), scenario.name)
    for name, speeds in scenario.pumps.items():
        _schedule(model, scenario.name, name, speeds, step, shift)


def _fill(model: Any, scenario: str, name: str, level: float) -> None:
    if name not in model.tank_name_list:
        raise UnknownName("tank", name, model.tank_name_list)
    tank = model.get_node(name)
    if not tank.min_level - 1e-9 <= level <= tank.max_level + 1e-9:
        raise BadParameter(
            f"Scenario '{scenario}': tank '{name}' holds {tank.min_level:g} to {tank.max_level:g} m, not "
            f"{level:g} m."
        )
    tank.init_level = min(max(level, tank.min_level), tank.max_level)


def _finer(model: Any, marks: Sequence[int]) -> int:
    """Make the step of all patterns so fine that every mark (s) falls on one; return the step."""
    times = model.options.time
    old = int(times.pattern_timestep)
    new = math.gcd(old, *marks) if marks else old
    if new < old:
        for _, pattern in model.patterns():
            pattern.multipliers = np.repeat(pattern.multipliers, old // new)
        times.pattern_timestep = new
    return new


def _burn(model: Any, fire: FireFlow, pattern: str, step: int, shift: int, hours: float) -> None:
    if fire.node not in model.junction_name_list:
        raise UnknownName("junction for a fire", fire.node, model.junction_name_list)
    at = np.arange(math.ceil(HOUR_S * max(hours, fire.to_h) / step) + 1) * step
    burning = ((at >= HOUR_S * fire.from_h) & (at < HOUR_S * fire.to_h)).astype(float)
    model.add_pattern(pattern, np.roll(burning, shift).tolist())
    flow = fire.flow_m3s / model.options.hydraulic.demand_multiplier  # a fire is not multiplied
    model.get_node(fire.node).add_demand(flow, pattern, "fire")


def _free(model: Any, pumps: set[str], scenario: str) -> None:
    """Take away controls and rules that govern nothing but these pumps."""
    for name in sorted(pumps - set(model.pump_name_list)):
        raise UnknownName("pump", name, model.pump_name_list)
    for name in list(model.control_name_list):
        governed = {action.target()[0].name for action in model.get_control(name).actions()}
        if not governed & pumps:
            continue
        if others := sorted(governed - pumps):
            raise BadParameter(
                f"Scenario '{scenario}': rule '{name}' governs a scheduled pump together with "
                f"{', '.join(others)}: schedule these as well, or take the rule out of the input file."
            )
        model.remove_control(name)


def _schedule(
    model: Any, scenario: str, name: str, speeds: float | Sequence[float], step: int, shift: int
) -> None:
    hourly = speeds_of(scenario, name, speeds)
    pump = model.get_link(name)
    if pump.pump_type == "POWER" and not np.isin(hourly, (0.0, 1.0)).all():
        raise BadParameter(
            f"Scenario '{scenario}': pump '{name}' is of constant power in the input file, so that its speed "
            "can only be 0 or 1: give it a pump curve there, or switch it."
        )
    pattern = f"lifelines-pump-{name}"[:31]
    model.add_pattern(pattern, np.roll(np.repeat(hourly, HOUR_S // step), shift).tolist())
    pump.base_speed, pump.speed_pattern_name = 1.0, pattern
    pump.initial_status = "Open"


def speeds_of(scenario: str, name: str, speeds: float | Sequence[float]) -> Floats:
    """Check the speeds of a pump, hour by hour."""
    hourly = np.atleast_1d(np.asarray(speeds, np.float64))
    if hourly.ndim != 1 or not len(hourly) or not np.isfinite(hourly).all() or (hourly < 0).any():
        raise BadParameter(
            f"Scenario '{scenario}': the speeds of pump '{name}' are one number, or one for each hour, 0 "
            "(off) or more."
        )
    return hourly


def priced(price: float | Sequence[float] | Mapping[int, float], start_s: int) -> Any:
    """
    Make the function that gives the price of a kWh, added up over time.

    Parameters
    ----------
    price
        Per kWh: one number, or one for each hour of the day from midnight.
    start_s
        Time of day at which the run begins.

    Returns
    -------
    cost
        Takes a time of the run in s and gives the cost, until then, of drawing 1 kW.
    """
    hourly = np.atleast_1d(np.asarray(price, np.float64))
    if hourly.shape not in ((1,), (24,)) or not np.isfinite(hourly).all():
        raise BadParameter("`price_per_kwh` is one number, or 24 of them, one for each hour of the day.")
    day = np.broadcast_to(hourly, 24) if len(hourly) == 1 else hourly
    until = np.concatenate([[0.0], np.cumsum(day)])

    def cost(time_s: float) -> float:
        days, rest = divmod(time_s + start_s, 24 * HOUR_S)
        return float(days * until[-1] + np.interp(rest / HOUR_S, np.arange(25), until))

    return lambda time_s: cost(time_s) - cost(0.0)
