"""What the comparison takes for granted; what can be a number is tried over its range."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.traffic.headway_words import headway_words
from workbench.decisions import Inputs, Register, assume

if TYPE_CHECKING:
    import datetime as dt

    from pipelines.traffic.headway_case import HeadwaysParameters
    from workbench.decisions.assumptions import Rating

RANGES: dict[str, tuple[float, float]] = {
    "demand": (0.8, 1.2),
    "running": (0.9, 1.1),
    "boarding": (0.75, 1.25),
    "hour": (0.7, 1.3),
    "vehicle": (0.7, 1.3),
    "waiting": (0.5, 1.5),
}
"""What is tried: times what is assumed."""
QUALITY: dict[str, Rating] = {
    "demand": "green",
    "running": "amber",
    "boarding": "amber",
    "hour": "red",
    "vehicle": "red",
    "waiting": "red",
}
MONEY = {"hour": "vehicle_hour_cost", "vehicle": "vehicle_day_cost", "waiting": "wait_hour_value"}
UNTRIED: dict[str, tuple[Rating, Rating]] = {
    "random": ("amber", "amber"),
    "days": ("amber", "amber"),
    "share": ("amber", "amber"),
    "traffic": ("red", "amber"),
    "back": ("green", "amber"),
    "elastic": ("red", "amber"),
}
"""What is no number here: quality and impact."""


def register_of(p: HeadwaysParameters, since: dt.date) -> Register:
    """
    Write down what is assumed.

    Parameters
    ----------
    p
        The decision's parameters; what was set to 0 is left out, for it has no range.
    since
        Day of the timetable.
    """
    w = headway_words().text
    made = []
    for name, (low, high) in RANGES.items():
        value, unit = (float(getattr(p, MONEY[name])), "CNY") if name in MONEY else (1.0, "ratio")
        if value > 0:
            made.append(
                assume(
                    name, w(f"headways.assumed.{name}"), w(f"headways.basis.{name}"), QUALITY[name], "red",
                    w("headways.owner").en, who="LIVED Workbench", since=since,
                    value=value, unit=unit, tested=(low * value, high * value),
                )
            )  # fmt: skip
    for name, (quality, impact) in UNTRIED.items():
        made.append(
            assume(
                name, w(f"headways.assumed.{name}"), w(f"headways.basis.{name}"), quality, impact,
                w("headways.owner").en, who="LIVED Workbench", since=since,
            )
        )  # fmt: skip
    return Register(tuple(made))


def inputs_of(register: Register) -> Inputs:
    """Return what is swept: the assumptions of red impact with a range, called by a short name."""
    w = headway_words().text
    return Inputs(
        tuple(replace(one.as_input(), label=w(f"headways.input.{one.id}")) for one in register.core())
    )
