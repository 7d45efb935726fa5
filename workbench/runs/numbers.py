"""Numbers of a kept brief made again from their values, so that what is printed can be checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from workbench._text import Text
from workbench.briefs.formatting import SHARES
from workbench.briefs.glossary import house
from workbench.briefs.quantity import NO_TEXT, Quantity

Form = tuple[str | None, bool]
"""The unit that a table's head states, and whether the level of the interval is printed."""
PLAIN: Form = (None, True)


def quantity_of(told: Mapping[str, Any]) -> Quantity:
    """
    Make a number again from JSON, but for its source.

    Raises
    ------
    BadBrief
        It is no number that a brief may print.
    """
    return Quantity(
        id=told["id"],
        value=told["value"],
        unit=told["unit"],
        low=told["low"],
        high=told["high"],
        level=told["level"] if told["level"] is not None else 0.95,
        decimals=told["decimals"],
        basis=Text.of(told["basis"]) if told["basis"] else NO_TEXT,
        kind=told["kind"],
        resamples=told["resamples"],
        outside=told["outside"],
    )


def agrees(quantity: Quantity, text: str, lang: str, form: Form = PLAIN) -> bool:
    """
    Whether a printed text is what the number's value prints.

    The words of a unit that the house does not know are in the brief alone: there, all but those is compared.
    """
    within, level = form
    if text == quantity.text(lang, within=within, level=level):
        return True
    if _known(quantity.unit_code):
        return False
    bare, interval = quantity.parts(lang, within=quantity.unit_code, level=level)
    words = text.removeprefix(bare).removesuffix(interval)
    return text.startswith(bare) and text.endswith(interval) and not any(map(str.isdigit, words))


def printed_as(quantity: Quantity, text: str, lang: str, forms: Collection[Form]) -> bool:
    """Whether a text is what the number prints in one of the forms it is printed in."""
    return any(agrees(quantity, text, lang, form) for form in forms)


def _known(unit: str) -> bool:
    return unit in ("", "%", "points", *SHARES) or f"unit.{unit}" in house()


def found_from(quantity: Quantity, text: str, lang: str, start: int) -> tuple[int, bool]:
    """
    Look for a number in a sentence.

    Returns
    -------
    end, found
        Where the number ends, from which the next is looked for, and whether it is there.
    """
    known = _known(quantity.unit_code)
    wanted = quantity.text(lang) if known else quantity.parts(lang, within=quantity.unit_code)[0]
    found = re.compile(rf"(?<!\d)(?<!\d[.,]){re.escape(wanted)}(?![.,]?\d)").search(text, start)
    return (found.end(), True) if found else (start, False)
