"""Pydantic models that say in one clear sentence what is wrong with them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic._internal._model_construction import ModelMetaclass

from workbench.errors import BadParameter, UnknownName
from workbench.simulation.transit._arrays import seconds


class _Sentences(ModelMetaclass):
    """Turn what pydantic says when a model is made by hand; files are read by who knows their lines."""

    def __call__(cls, *args: Any, **values: Any) -> Any:  # noqa: N805 - of a metaclass
        try:
            return super().__call__(*args, **values)
        except ValidationError as error:
            raise _refused(cls.__name__, list(getattr(cls, "model_fields", {})), error) from None


class Checked(BaseModel, metaclass=_Sentences):
    """Frozen, without room for unknown keys, infinities and NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def told(default: Any, description: str, zh: str, unit: str = "", **bounds: Any) -> Any:
    """Make a field with its description in both languages, its unit and its bounds."""
    extra: dict[str, Any] = {"zh": zh, **({"unit": unit} if unit else {})}
    return Field(default, description=description, json_schema_extra=extra, **bounds)


def _time(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return seconds("The time", value)
        except BadParameter as error:
            raise ValueError(str(error).rstrip(".")) from None
    return value


TimeOfDay = Annotated[
    float,
    BeforeValidator(_time),
    Field(ge=0, le=200_000),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 200_000},
                {"type": "string", "pattern": r"^\d{1,2}:[0-5]\d(:[0-5]\d)?$"},
            ],
            "x-remedy": 'write "HH:MM", or seconds after midnight',
        }
    ),
]
"""A time of the service day: "HH:MM[:SS]" or seconds after its midnight, past 24:00 as in GTFS."""


def _refused(kind: str, fields: list[str], error: ValidationError) -> BadParameter | UnknownName:
    """Say the first thing that is wrong."""
    found = error.errors()
    one = next((each for each in found if each["type"] != "is_instance_of"), found[0])
    inner = ("function-", "tagged-union")
    place = ".".join(str(step) for step in one["loc"] if not str(step).startswith(inner))
    said = str(one["msg"])
    if one["type"] == "extra_forbidden":
        known = fields if len(one["loc"]) == 1 else ()
        return UnknownName(f"parameter of {kind}", place, known)
    if one["type"] == "value_error":
        return BadParameter(f"{kind}: {said.removeprefix('Value error, ').rstrip('.')}.")
    if one["type"] == "missing":
        return BadParameter(f"{kind} needs {place}.")
    for before, after in (("Input should be", "must be"), ("Input tag", "policy")):
        said = said.replace(before, after)
    given = one["input"]
    return BadParameter(f"{kind}: {place} {said[:1].lower()}{said[1:]}, not {given!r}.")
