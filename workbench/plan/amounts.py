"""Figures as a planner reads them: 2 trillion CNY/year, 2万亿元/年, ≥ 60%."""

from __future__ import annotations

from datetime import date

from workbench._text import Text, language
from workbench.plan.model import Op, Target

SIGNS: dict[Op, str] = {"at_least": "≥", "more_than": ">", "exactly": "=", "milestone": "="}

_SCALES_EN = ((1e12, " trillion"), (1e9, " billion"), (1e6, " million"))
_SCALES_ZH = ((1e12, "万亿"), (1e8, "亿"), (1e4, "万"))
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def amount(value: float, unit: Text, lang: str = "en") -> str:
    """
    Write a value with its unit, without rounding it.

    Parameters
    ----------
    value
        The value; shares as fractions of one.
    unit
        Its unit. A share is written in percent, an index without a unit.
    lang
        "en" or "zh".

    Returns
    -------
    amount
        Such as "680 billion CNY/year", "6800亿元/年", "60%" or "86.5".
    """
    chinese = language(lang) == "zh"
    if unit.en == "share" or unit.en.startswith("share of "):
        return f"{value * 100:.12g}%"
    number = _number_zh(value) if chinese else _number_en(value)
    if unit.en == "index":
        return number
    return f"{number}{unit.zh}" if chinese else f"{number} {unit.en}"


def goal(target: Target, lang: str = "en") -> str:
    """Write what a target demands, such as "≥ 60%" or "> 200,000 access points"."""
    return f"{SIGNS[target.op]} {amount(target.value, target.unit, lang)}"


def day(when: date, lang: str = "en") -> str:
    """Write a date, the same on every machine: "31 December 2016", "2016年12月31日"."""
    if language(lang) == "zh":
        return f"{when.year}年{when.month}月{when.day}日"
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def _number_en(value: float) -> str:
    for scale, word in _SCALES_EN:
        if abs(value) >= scale:
            return f"{value / scale:.12g}{word}"
    return f"{value:,.12g}"


def _number_zh(value: float) -> str:
    for scale, word in _SCALES_ZH:
        if abs(value) >= scale:
            return f"{value / scale:.12g}{word}"
    return f"{value:.12g}"
