"""
How numbers are printed in English and Chinese.

One place decides decimals, units, signs, percent and the look of intervals, so that the page, the
record and the notebook print the same number with the same characters.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from workbench._text import Text, language
from workbench.briefs.glossary import house

if TYPE_CHECKING:
    from workbench.briefs.quantity import Quantity

MINUS, DASH, NO_BREAK = "\N{MINUS SIGN}", "\N{EN DASH}", "\N{NO-BREAK SPACE}"
SHARES = ("share", "probability")
TO_MINUTES_FROM_S = 120
SIGNIFICANT_DIGITS, MOST_DECIMALS = 3, 9
SLACK = 1e-9
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
METRES = {"m": 1.0, "km": 1000.0}


def parts(quantity: Quantity, lang: str, *, within: str | Text | None, level: bool) -> tuple[str, str]:
    """Print a quantity as (value, interval); see `Quantity.parts`."""
    lang = language(lang)
    if quantity.value is None:
        return house()["quantity.cannot_tell"].in_(lang), ""
    unit = _shown_unit(quantity, within)
    factor = _factor(quantity.unit, unit)
    value = quantity.value * factor
    ends = (
        (None, None)
        if quantity.low is None or quantity.high is None
        else (quantity.low * factor, quantity.high * factor)
    )
    decimals = quantity.decimals
    if decimals is None:
        resamples = quantity.resamples if quantity.unit in SHARES else None
        decimals = decimals_for(value, ends[0], ends[1], resamples)
    bound = _percent_bound(quantity)
    stated = within is not None and _same(within, unit)
    shown = _bounded(value, decimals, bound)
    after = "" if stated else _unit_after(unit, lang, one=quantity.value == 1 and ends[0] is None)
    if ends[0] is None or ends[1] is None:
        return _lone(shown, value, decimals) + after, ""
    low, high = (_bounded(end, decimals, bound) for end in ends)
    return shown + after, _interval(low, high, quantity.level, lang, percent=after == "%", level=level)


def number(value: float, decimals: int) -> str:
    """Print a number with thousands separators, a true minus and no minus before zero."""
    text = f"{value:,.{decimals}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else MINUS + text[1:]
    return text


def decimals_for(value: float, low: float | None, high: float | None, resamples: int | None = None) -> int:
    """
    Choose decimals: one significant digit of the interval's width, or three of a lone value.

    A width that starts with 1 or 2 keeps two digits, else a third of it would be lost. Trailing
    zeros of a lone value are left out, and a probability from resamples keeps its decimal only
    near its ends.
    """
    if low is not None and high is not None and high > low:
        magnitude = _magnitude(high - low)
        return _clamp((1 if (high - low) / 10.0**magnitude < 3 else 0) - magnitude)
    if isinstance(value, int) or value == 0 or float(value).is_integer():
        return 0
    if resamples is not None:
        return 1 if resamples >= 1000 and not 1 <= value <= 99 else 0
    most = _clamp(SIGNIFICANT_DIGITS - 1 - _magnitude(value))
    kept = len(f"{value:.{most}f}".rstrip("0").partition(".")[2])
    return kept or (most if abs(value) < 1 else 0)


def unit_text(unit: str | Text, lang: str, *, one: bool = False) -> str:
    """Return the word or sign of a unit in one language; an unknown code is printed as it is."""
    if isinstance(unit, Text):
        return unit.in_(lang)
    words = house()
    if one and f"unit.{unit}.one" in words:
        return words[f"unit.{unit}.one"].in_(lang)
    found = words.get(f"unit.{unit}")
    shown = found.in_(lang) if found else unit
    return "" if shown == "-" else shown


def _shown_unit(quantity: Quantity, within: str | Text | None) -> str | Text:
    """Choose the unit to show: the head's where the quantity converts to it, else a handy one."""
    unit = quantity.unit
    if within is not None and within != "" and _convertible(unit, within):
        return within
    if unit == "s" and quantity.decimals is None and quantity.value is not None:
        return "min" if abs(quantity.value) >= TO_MINUTES_FROM_S else "s"
    return "%" if unit in SHARES else unit


def _same(within: str | Text, unit: str | Text) -> bool:
    return within != "" and (within == unit or (unit == "%" and within in SHARES))


def _convertible(unit: str | Text, to: str | Text) -> bool:
    if unit == to or (unit in SHARES and (to == "%" or to in SHARES)):
        return True
    return any(unit in scale and to in scale for scale in (SECONDS, METRES))


def _factor(unit: str | Text, shown: str | Text) -> float:
    if unit in SHARES or unit == "points":
        return 100
    for scale in (SECONDS, METRES):
        if unit in scale and shown in scale and unit != shown:
            return scale[str(unit)] / scale[str(shown)]
    return 1


def _percent_bound(quantity: Quantity) -> float | None:
    """Return the smallest percentage that may be printed: one resample, but not under 0.1%."""
    if quantity.unit not in SHARES:
        return None
    if quantity.resamples is None:
        return 0.0
    return max(0.1, math.ceil(1000 / quantity.resamples - 1e-9) / 10)


def _bounded(value: float, decimals: int, bound: float | None) -> str:
    """Print a number; a percentage that would round to a certainty prints as "<0.1" or ">99.9"."""
    text = number(value, decimals)
    if bound is None or not 0 <= value <= 100 or (bound == 0 and value in (0, 100)):
        return text
    step = max(bound, 10.0**-decimals if decimals else 0.1)
    places = decimals_for(step, None, None)
    if value < step - SLACK and (value < bound or text == number(0, decimals)):
        return f"<{number(step, places)}"
    if 100 - value < step - SLACK and (100 - value < bound or text == number(100, decimals)):
        return f">{number(100 - step, places)}"
    return number(value, 1) if text in ("0", "100") else text


def _lone(text: str, value: float, decimals: int) -> str:
    """Print a number that has no interval and is too small for its decimals as "<0.1", not as zero."""
    if value == 0 or text != number(0, decimals):
        return text
    step = number(10.0**-decimals, decimals)
    return f"<{step}" if value > 0 else f">{MINUS}{step}"


def _unit_after(unit: str | Text, lang: str, *, one: bool) -> str:
    """Return the unit with the space that goes before it: none before % or a Chinese word."""
    shown = "%" if unit in SHARES else unit_text(unit, lang, one=one)
    if not shown or shown == "%" or "\u4e00" <= shown[0] <= "\u9fff":
        return shown
    return NO_BREAK + shown


def _interval(low: str, high: str, coverage: float, lang: str, *, percent: bool, level: bool) -> str:
    """Print the bracket: "(95% 1.71–1.96)", in Chinese with full-width brackets."""
    words = house()
    signed = any(mark in low + high for mark in (MINUS, "<", ">"))
    between = words["quantity.to"].in_(lang) if signed else DASH
    if lang == "en" and signed:
        between = f" {between} "
    ends = f"{low}{'%' if percent and signed else ''}{between}{high}{'%' if percent else ''}"
    stated = words["quantity.level"].in_(lang).format(level=f"{coverage * 100:g}%") if level else ""
    return f" ({stated}{ends})" if lang == "en" else f"（{stated}{ends}）"


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)))


def _clamp(decimals: int) -> int:
    return min(max(decimals, 0), MOST_DECIMALS)
