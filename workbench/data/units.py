"""Units of measure that a source file may convert from, and by how much."""

from __future__ import annotations

from fractions import Fraction

from workbench.errors import nearest

UNITS: dict[str, tuple[str, Fraction]] = {  # of what kind, and how many of the kind's first unit
    "m/s": ("speed", Fraction(1)),
    "km/h": ("speed", Fraction(1000, 3600)),
    "mi/h": ("speed", Fraction("1609.344") / 3600),
    "kn": ("speed", Fraction(1852, 3600)),
    "m": ("length", Fraction(1)),
    "km": ("length", Fraction(1000)),
    "mi": ("length", Fraction("1609.344")),
    "ft": ("length", Fraction("0.3048")),
    "yd": ("length", Fraction("0.9144")),
    "s": ("time", Fraction(1)),
    "ms": ("time", Fraction(1, 1000)),
    "us": ("time", Fraction(1, 1_000_000)),
    "min": ("time", Fraction(60)),
    "h": ("time", Fraction(3600)),
    "d": ("time", Fraction(86400)),
    "1": ("share", Fraction(1)),
    "percent": ("share", Fraction(1, 100)),
    "m2": ("area", Fraction(1)),
    "ha": ("area", Fraction(10_000)),
    "km2": ("area", Fraction(1_000_000)),
    "mi2": ("area", Fraction("1609.344") ** 2),
    "persons": ("persons", Fraction(1)),
    "vehicles": ("vehicles", Fraction(1)),
}
ALIASES = {
    "mph": "mi/h",
    "kmh": "km/h",
    "kph": "km/h",
    "mps": "m/s",
    "knots": "kn",
    "miles": "mi",
    "feet": "ft",
    "sec": "s",
    "seconds": "s",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
    "days": "d",
    "%": "percent",
    "share": "1",
}
TIMES = tuple(name for name, (kind, _) in UNITS.items() if kind == "time")


def scale(unit: str, wanted: str) -> Fraction | str:
    """
    How many of the wanted unit one of another is.

    Parameters
    ----------
    unit
        The unit that values are in, such as mi/h.
    wanted
        The unit they must be in, such as km/h.

    Returns
    -------
    Fraction or str
        The factor, exact; or, as text, why there is none.
    """
    have, want = ALIASES.get(unit, unit), ALIASES.get(wanted, wanted)
    if have == want:
        return Fraction(1)
    if not want:
        return "the column has no unit in the contract; remove `unit`"
    if have not in UNITS:
        return f"'{unit}' is not a unit known here. {nearest(unit, [*UNITS, *ALIASES])}"
    if want not in UNITS:
        return (
            f"the contract wants {wanted}, which nothing converts to; remove `unit`, or give it in {wanted}"
        )
    (kind, one), (other, two) = UNITS[have], UNITS[want]
    if kind != other:
        return f"{unit} is a unit of {kind}, and the contract wants {wanted}, one of {other}"
    return one / two


def microseconds(unit: str) -> Fraction | str:
    """How many microseconds a unit of time is; as text, why there is no answer."""
    kind, one = UNITS.get(ALIASES.get(unit, unit), ("", Fraction(0)))
    if kind != "time":
        return f"'{unit}' is not a unit of time. {nearest(unit, TIMES)}"
    return one * 1_000_000
