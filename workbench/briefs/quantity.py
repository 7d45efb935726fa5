"""A number that a brief may print: its value, unit, interval, and where it came from."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench._text import LANGUAGES, Text
from workbench.briefs import formatting
from workbench.briefs._refuse import id_mistakes, refuse

Scalar = str | int | float | bool | None
Number = int | float
Kind = Literal["interval", "counting", "none"]
NO_TEXT = Text("")


@dataclass(frozen=True)
class Source:
    """
    Where a number was read.

    Parameters
    ----------
    measure
        Name of the measure, which is a file of the run folder.
    column
        The column it stands in.
    where
        The values that pick its row or rows; empty where the measure has one row or all rows count.
    """

    measure: str
    column: str
    where: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", dict(self.where))

    def __str__(self) -> str:
        rows = ", ".join(f"{key}={value}" for key, value in self.where.items())
        return f"{self.measure}.{self.column}" + (f" [{rows}]" if rows else "")

    def as_dict(self) -> dict[str, Any]:
        """Return the source as JSON holds it."""
        return {"measure": self.measure, "column": self.column, "where": dict(self.where)}


@dataclass(frozen=True)
class Quantity:
    """
    A number that a brief may print.

    Parameters
    ----------
    id
        Names the number in the page, the record and `trace`; unique in a brief, `[a-z0-9_.-]+`.
    value
        The number in `unit`; None where it cannot be told, which prints as "cannot tell".
    unit
        A unit code of the glossary ("s", "km/h", "passengers"), any other text printed as it is, or a
        `Text`. "share" and "probability" hold 0 to 1 and print as %, "points" holds a difference
        of shares and prints as percentage points, "s" prints as s or min.
    low, high
        Ends of the interval; both or neither.
    level
        Coverage of the interval, 0 to 1.
    decimals
        Decimals to print, in the unit shown; by default as many as the interval's width carries.
        Given for a duration in s, it keeps the duration in s.
    basis
        How the interval was made, such as "bootstrap over days"; needed where there is an interval.
    source
        Where the number was read.
    kind
        "interval" for an estimate with its interval (set by itself where `low` and `high` are given),
        "counting" for a full count with no sampling error, "none" for a setting or a fixed value.
    resamples
        For a probability estimated from so many resamples: it never prints as 0% or 100%.
    outside
        Says that `value` is known to lie outside its interval, which is otherwise refused.
    """

    id: str
    value: Number | None
    unit: str | Text = ""
    low: Number | None = None
    high: Number | None = None
    level: float = 0.95
    decimals: int | None = None
    basis: Text = NO_TEXT
    source: Source | None = None
    kind: Kind = "none"
    resamples: int | None = None
    outside: bool = False

    def __post_init__(self) -> None:
        wrong = id_mistakes(self.id)
        for name in ("value", "low", "high"):
            number, what = _plain(getattr(self, name))
            object.__setattr__(self, name, number)
            wrong += [f"`{name}` {what}"] if what else []
        if not wrong:
            if self.low is not None and self.high is not None and self.kind == "none":
                object.__setattr__(self, "kind", "interval")
            wrong = self._mistakes()
        refuse(f"quantity '{self.id}'", wrong)

    def _mistakes(self) -> list[str]:
        wrong: list[str] = []
        value, low, high = self.value, self.low, self.high
        if (low is None) != (high is None):
            wrong.append("an interval needs both `low` and `high`")
        if low is not None and high is not None:
            if low > high:
                wrong.append(f"`low` {low!r} is above `high` {high!r}")
            elif value is not None and not (low <= value <= high) and not self.outside:
                wrong.append(
                    f"the value {value!r} lies outside {low!r} to {high!r}; say `outside=True` if it may"
                )
            if value is None:
                wrong.append("a value that cannot be told has no interval")
            if self.kind == "counting":
                wrong.append("a full count has no interval")
            if not self.basis.en:
                wrong.append("say in `basis` how the interval was made")
        elif self.kind == "interval" and value is not None:
            wrong.append("kind 'interval' needs `low` and `high`")
        if not 0 < self.level < 1:
            wrong.append(f"`level` {self.level!r} is not between 0 and 1")
        if self.decimals is not None and not 0 <= self.decimals <= 12:
            wrong.append(f"`decimals` {self.decimals!r} is not between 0 and 12")
        if self.kind not in ("interval", "counting", "none"):
            wrong.append(f"the kind {self.kind!r} is not interval, counting or none")
        if self.resamples is not None and self.resamples < 1:
            wrong.append(f"`resamples` {self.resamples!r} is not a positive number")
        if self.unit == "probability" and value is not None and not 0 <= value <= 1:
            wrong.append(f"the probability {value!r} is not between 0 and 1")
        return wrong

    @property
    def unit_code(self) -> str:
        """The unit as a plain code, for records."""
        return self.unit.en if isinstance(self.unit, Text) else self.unit

    def text(self, lang: str, *, within: str | Text | None = None, level: bool = True) -> str:
        """
        Print the number with its unit and interval.

        Parameters
        ----------
        lang
            "en" or "zh".
        within
            The unit a table's head already states: the number is shown in it, without repeating it.
        level
            Whether to print the level of the interval; off where a table's note states it once.
        """
        return "".join(self.parts(lang, within=within, level=level))

    def parts(self, lang: str, *, within: str | Text | None = None, level: bool = True) -> tuple[str, str]:
        """Return the printed value and the printed interval; together they are `text`."""
        return formatting.parts(self, lang, within=within, level=level)

    def __str__(self) -> str:
        return self.text("en")

    def as_dict(self) -> dict[str, Any]:
        """Return the number with full precision and as printed, as JSON holds it."""
        return {
            "id": self.id,
            "value": self.value,
            "unit": self.unit_code,
            "low": self.low,
            "high": self.high,
            "level": self.level if self.low is not None else None,
            "decimals": self.decimals,
            "basis": self.basis.as_dict() if self.basis.en else None,
            "source": self.source.as_dict() if self.source else None,
            "kind": self.kind,
            "resamples": self.resamples,
            "outside": self.outside,
            "text": {lang: self.text(lang) for lang in LANGUAGES},
        }


def _plain(number: object) -> tuple[Number | None, str]:
    """Turn any real number (numpy's too) into int or float, or say why it is refused."""
    if number is None:
        return None, ""
    if isinstance(number, bool) or not isinstance(number, numbers.Real):
        return None, f"{number!r} is not a number"
    plain = int(number) if isinstance(number, numbers.Integral) else float(number)
    if not math.isfinite(plain):
        return None, f"is {plain!r}; give None for what cannot be told"
    return plain, ""
