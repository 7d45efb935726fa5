"""
Scenarios: frozen dataclasses or pydantic models that say what is decided, never what is random.

A scenario has one canonical JSON text, whatever the order of its fields and whether 360 was written
or 360.0; the SHA-256 of that text is its key.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any, TypeVar, cast

from workbench.errors import BadParameter, UnknownName

T = TypeVar("T")
CLASS = "()"  # the key under which a class name stands in canonical JSON: no field can be called so


def scenario_json(scenario: object) -> str:
    """
    Write a scenario as canonical JSON.

    Two scenarios have the same text exactly if they are of the same class and hold the same values;
    nested dataclasses and pydantic models are marked with their class.

    Parameters
    ----------
    scenario
        A dataclass or pydantic model, of numbers, texts, lists, mappings and further such classes.

    Raises
    ------
    BadParameter
        It is neither, or holds something that JSON cannot.
    """
    if fields_of(scenario) is None:
        raise BadParameter(
            f"A scenario is a frozen dataclass or a pydantic model, not {_a(scenario)}: "
            "write `@dataclass(frozen=True)` above its class."
        )
    return json.dumps(canonical(scenario), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def scenario_key(scenario: object) -> str:
    """SHA-256 of a scenario's canonical JSON, in hexadecimal."""
    return hashlib.sha256(scenario_json(scenario).encode("utf-8", "surrogatepass")).hexdigest()


def scenario_from_json(kind: type[T], text: str) -> T:
    """
    Read a scenario from its canonical JSON.

    Parameters
    ----------
    kind
        Its class. Where a field may be one of several classes, each needs a field that tells them apart.
    text
        What `scenario_json` wrote.

    Raises
    ------
    BadParameter
        The text is not such a scenario, or reading it back would change it.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        scenario = TypeAdapter(kind).validate_python(_untagged(json.loads(text)))
    except (ValidationError, ValueError) as error:
        raise BadParameter(f"This is not a {kind.__name__} in JSON: {_first_line(error)}.") from None
    if scenario_json(scenario) != text:
        raise BadParameter(
            f"A {kind.__name__} does not come back from JSON as it was: give classes that stand for one "
            "another a field that tells them apart, such as `kind: Literal['holding'] = 'holding'`."
        )
    return scenario


def change(scenario: T, values: Mapping[str, object]) -> T:
    """
    Make a scenario that differs in some fields.

    Parameters
    ----------
    scenario
        The scenario to start from; it stays as it is.
    values
        Field and new value; `control.strength` is the field `strength` of the field `control`.

    Raises
    ------
    UnknownName
        There is no such field.
    BadParameter
        The scenario's class refuses a value.
    """
    fields = fields_of(scenario)
    if fields is None:
        raise BadParameter(
            f"Fields can be changed in dataclasses and pydantic models, not in {_a(scenario)}."
        )
    new: dict[str, object] = {}
    for path, value in values.items():
        name, dot, rest = path.partition(".")
        if name not in fields:
            raise UnknownName(f"field of {type(scenario).__name__}", name, fields)
        new[name] = change(cast(Any, new.get(name, fields[name])), {rest: value}) if dot else value
    return _replaced(scenario, fields, new)


def fields_of(value: object) -> dict[str, object] | None:
    """Fields of a dataclass or pydantic model, None for anything else."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
    names = getattr(type(value), "model_fields", None)
    if isinstance(names, Mapping):
        return {name: getattr(value, name) for name in names}
    return None


def canonical(value: object, place: str = "", other: Callable[[object], object] | None = None) -> object:
    """
    Turn a value into what JSON holds, the same for equal values.

    Parameters
    ----------
    value
        Numbers, texts, dates, lists, mappings, sets, arrays, dataclasses and pydantic models, nested.
    place
        What messages call the value.
    other
        What to try on a value of any other kind; it returns `NotImplemented` where it cannot help.

    Raises
    ------
    BadParameter
        A value cannot be written.
    """
    if other is not None and (made := other(value)) is not NotImplemented:
        return made
    if value is None or (isinstance(value, bool | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return canonical(value.value, place, other)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _number(float(value), place)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _number(value.total_seconds(), place)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): canonical(each, f"{place}.{key}", other) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(each, f"{place}[{index + 1}]", other) for index, each in enumerate(value)]
    if isinstance(value, set | frozenset):
        return sorted((canonical(each, place, other) for each in value), key=lambda each: json.dumps(each))
    if (fields := fields_of(value)) is not None:
        inner = {
            name: canonical(each, f"{place}.{name}" if place else name, other)
            for name, each in fields.items()
        }
        return {CLASS: type(value).__name__, **inner}
    if callable(getattr(value, "tolist", None)):  # NumPy scalars and arrays
        return canonical(cast(Any, value).tolist(), place, other)
    raise BadParameter(
        f"{f'Field `{place}`' if place else 'This'} holds {_a(value)}, which cannot be written as JSON: "
        "use numbers, texts, lists, mappings and dataclasses of these."
    )


def _number(value: float, place: str) -> object:
    if math.isnan(value):
        raise BadParameter(
            f"{f'Field `{place}`' if place else 'A value'} is not a number (NaN): give a number."
        )
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _untagged(value: object) -> object:
    if isinstance(value, dict):
        return {key: _untagged(each) for key, each in value.items() if key != CLASS}
    return [_untagged(each) for each in value] if isinstance(value, list) else value


def _replaced(scenario: T, fields: Mapping[str, object], new: Mapping[str, object]) -> T:
    from pydantic import BaseModel, ValidationError

    try:
        if isinstance(scenario, BaseModel):
            return cast(T, type(scenario).model_validate({**fields, **new}))
        return cast(T, dataclasses.replace(cast(Any, scenario), **new))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(step) for step in first["loc"])
        said = str(first["msg"]).removeprefix("Value error, ")
        about = f"`{field}`: {said}, not {first['input']!r}" if field else said
        raise BadParameter(f"{type(scenario).__name__} refuses {about}.") from None
    except (TypeError, ValueError) as error:
        changed = ", ".join(f"{name}={value!r}" for name, value in new.items())
        raise BadParameter(f"{type(scenario).__name__} refuses {changed}: {_first_line(error)}.") from None


def _a(value: object) -> str:
    name = type(value).__name__ if not isinstance(value, type) else f"class {value.__name__}"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
