"""Pydantic models that say in one clear sentence what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, cast, get_args

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
            raise _refused(cast("type[Checked]", cls), error) from None


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


def _refused(kind: type[Checked], error: ValidationError) -> BadParameter | UnknownName:
    """Say the first thing that is wrong."""
    found = error.errors()
    one = next((each for each in found if each["type"] != "is_instance_of"), found[0])
    steps = [step for step in one["loc"] if not str(step).startswith(("function-", "tagged-union"))]
    place, said, given = ".".join(str(step) for step in steps), str(one["msg"]), one["input"]
    if one["type"] == "extra_forbidden":
        inner = _kind_at(kind, steps[:-1])
        return UnknownName(f"parameter of {inner.__name__}", str(steps[-1]), inner.model_fields)
    if one["type"] == "union_tag_invalid":
        tags = str(one["ctx"]["expected_tags"]).replace("'", "").split(", ")
        return UnknownName(f"{place} policy", str(one["ctx"]["tag"]), tags)
    if one["type"] == "value_error":
        return BadParameter(f"{kind.__name__}: {said.removeprefix('Value error, ').rstrip('.')}.")
    if one["type"] == "missing":
        return BadParameter(f"{kind.__name__} needs {place}.")
    for before, after in (
        ("Input should be", "must be"),
        ("a valid dictionary or object to extract fields from", "`name: value` pairs"),
        (", unable to parse string as a number", ""),
    ):
        said = said.replace(before, after)
    return BadParameter(f"{kind.__name__}: {place} {said[:1].lower()}{said[1:]}, not {given!r}.")


def _kind_at(kind: type[Checked], steps: list[str | int]) -> type[Checked]:
    """Class of the part at a place; where several may stand, the name of the policy tells."""
    choices: dict[Any, type[Checked]] = {}
    for step in steps:
        if step in kind.model_fields:
            inside = list(_classes(kind.model_fields[str(step)].annotation))
            kind = inside[0] if inside else kind
            choices = {
                each.model_fields["policy"].default: each for each in inside if "policy" in each.model_fields
            }
        elif isinstance(step, str):
            kind = choices.get(step, kind)
    return kind


def _classes(annotation: Any) -> Iterator[type[Checked]]:
    if isinstance(annotation, type) and issubclass(annotation, Checked):
        yield annotation
    for each in get_args(annotation):
        yield from _classes(each)
