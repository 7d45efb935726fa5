"""Values of a source file: whether they fit a column, and how they are written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from workbench.data.contract import Column, Scalar
from workbench.data.yamlfile import shown
from workbench.errors import nearest

Node = dict[str, Any]
EPOCH = dt.datetime(1970, 1, 1)
MICROSECOND = dt.timedelta(microseconds=1)


def as_written(value: Scalar) -> str:
    """A value of YAML as a file has it: 3.0 as 3, true in small letters, stripped."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def misfit(value: Any, column: Column) -> str:
    """Why a value cannot stand in a column; empty if it can."""
    what = {
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "date": "a date such as 2026-01-31",
        "timestamp": "a local time such as 2026-01-31T06:30:00",
    }.get(column.type, "")
    if what and not _is(value, column.type):
        return f"'{column.name}' is {what}, this is {shown(value)}"
    if column.enum and value not in column.enum:
        near = nearest(str(value), [str(each) for each in column.enum])
        return f"'{column.name}' does not take {shown(value)}. {near}"
    return ""


def _is(value: Any, kind: str) -> bool:
    if kind in ("integer", "number"):
        return isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    try:
        if kind == "date":
            return isinstance(value, str) and len(value) == 10 and bool(dt.date.fromisoformat(value))
        return isinstance(value, str) and len(value) > 10 and dt.datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


def nulls_of(owner: Node) -> tuple[str, ...]:
    """What `nulls` lists, as a file has it; NULL without quotes is nothing to YAML, and here the word."""
    if "nulls" not in owner:
        return ()
    listed = owner["nulls"] if isinstance(owner["nulls"], list) else [owner["nulls"]]
    words = ["NULL", "null", "Null"] if None in listed else []
    return tuple(dict.fromkeys([*map(as_written, scalars_of(listed)), *words]))


def zone_problem(zone: str) -> str:
    """Why a text is no IANA time zone; empty if it is one."""
    from zoneinfo import available_timezones

    known = available_timezones()
    if zone in known:
        return ""
    return f"must be an IANA time zone, is {shown(zone)}. {nearest(zone, sorted(known))}"


def minutes(text: str) -> int:
    """Minutes since midnight of a text HH:MM."""
    found = re.fullmatch(r"([0-9]{2}):([0-9]{2})", text)
    return int(found[1]) * 60 + int(found[2]) if found else 0


def microseconds_of(time: dt.datetime) -> int:
    """Microseconds of a naive time since 1970-01-01 00:00."""
    return (time - EPOCH) // MICROSECOND


def raise_() -> Any:
    """Raise ValueError where only an expression may stand."""
    raise ValueError


def dict_of(node: Any) -> Node:
    """A mapping, empty where it is none."""
    return node if isinstance(node, dict) else {}


def texts_of(node: Any) -> Iterator[str]:
    """The texts of a list, or one text."""
    for each in node if isinstance(node, list) else [node]:
        if isinstance(each, str):
            yield each


def scalars_of(node: Any) -> Iterator[Scalar]:
    """The values of a list, or one value."""
    for each in node if isinstance(node, list) else [node]:
        if isinstance(each, str | int | float):
            yield each
