"""Parameters from a YAML file and from `key=value`, checked all at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from workbench._text import Text
from workbench.errors import BadFile, BadParameter, nearest

Model = TypeVar("Model", bound=BaseModel)
KINDS = {
    "integer": ("a whole number", "whole numbers"),
    "number": ("a number", "numbers"),
    "boolean": ("true or false", "true or false"),
    "string": ("text", "texts"),
}
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum")


def read_parameters(
    model: type[Model],
    path: str | Path | None = None,
    settings: Iterable[str] = (),
    options: Mapping[str, Any] | None = None,
) -> Model:
    """
    Read a decision's parameters.

    Parameters
    ----------
    model
        The parameter model; its defaults fill what is not given.
    path
        YAML file of parameters.
    settings
        `key=value`, the value in YAML (`k=3`, `hours=[7, 8]`); they win over the file.
    options
        Values given by options of their own; they win over both.

    Raises
    ------
    BadFile
        The file cannot be read, or holds unknown or wrong parameters: all of them, with their lines.
    BadParameter
        A setting is unknown, wrong or malformed; mistakes of the file are told with it.
    """
    values, lines = _from_file(path)
    given = dict(_setting(model, each) for each in settings) | dict(options or {})
    together = {**values, **given}
    mistakes = _mistakes(model, together)
    if not mistakes:
        try:
            return model.model_validate(together)
        except ValidationError as error:  # what JSON lets pass for a class that is made in Python alone
            mistakes = _told(model, together, error)
    in_file = [(lines.of((key,)), said) for key, said in mistakes if key in values and key not in given]
    elsewhere = [said for key, said in mistakes if key not in values or key in given]
    if not elsewhere:
        raise BadFile(str(path), sorted(in_file))
    raise BadParameter("\n".join([*(f"{path}:{line}: {said}" for line, said in sorted(in_file)), *elsewhere]))


def share(option: str, text: str) -> float:
    """Read a share such as `5%` or `0.05` from an option; `BadParameter` where it is none."""
    number = text.strip()
    try:
        return float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        raise BadParameter(f"{option} '{text}' is not a share: write, for example, 5% or 0.05.") from None


def describe(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Name, type, default, bounds, unit and description of each parameter, and what it must be."""
    described = []
    for name, one in _properties(model).items():
        described.append(
            {
                "name": name,
                "type": one.get("type", ""),
                "default": one.get("default"),
                **{key: one[key] for key in BOUNDS if key in one},
                "must_be": _wanted(one),
                "unit": one.get("unit", ""),
                "description": Text(one.get("description", ""), one.get("zh", "")).as_dict(),
            }
        )
    return described


def _properties(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    found = model.model_json_schema()["properties"]
    assert isinstance(found, dict)
    return found


def _from_file(path: str | Path | None) -> tuple[dict[str, Any], Any]:
    from workbench.data.yamlfile import read

    if path is None:
        return {}, None
    values, lines = read(Path(path), str(path))
    if not isinstance(values, Mapping):
        raise BadFile(str(path), [(1, "parameters must be written as `name: value`, one a line")])
    return {str(key): value for key, value in values.items()}, lines


def _setting(model: type[BaseModel], setting: str) -> tuple[str, Any]:
    """Part `key=value`; the value is read as it would be from a file."""
    from workbench.data.yamlfile import read

    key, equals, text = (part.strip() for part in setting.partition("="))
    if not (key and equals and text):
        example = next((name for name in model.model_fields if name != "seed"), "seed")
        raise BadParameter(f"--set '{setting}' is not key=value: write, for example, --set {example}=1.")
    try:
        value = read(f"{text}\n", f"--set {key}")[0]
    except BadFile as error:
        raise BadParameter(f"--set {key}: '{text}' cannot be read: check its brackets and quotes.") from error
    return key, text if isinstance(value, int | float) and _is_text(model, key) else value


def _is_text(model: type[BaseModel], key: str) -> bool:
    """Whether a parameter is a text and nothing else, so that `--set route=12` names route 12."""
    one = model.model_json_schema()["properties"].get(key, {})
    kinds = {each.get("type") for each in one.get("anyOf", [one])} - {"null"}
    return kinds == {"string"}


def _mistakes(model: type[BaseModel], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name of the parameter and sentence of each mistake; types are taken as JSON has them, never guessed."""
    try:
        model.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        return _told(model, values, error)
    return []


def _told(model: type[BaseModel], values: Mapping[str, Any], error: ValidationError) -> list[tuple[str, str]]:
    """Name of the parameter and sentence of each error; where several forms may stand, of one form alone."""
    meant: dict[tuple[Any, ...], str] = {}
    found = []
    for one in error.errors():
        loc = tuple(one["loc"])
        if not all(_is_meant(values, loc, at, meant) for at, step in enumerate(loc) if _is_form(step)):
            continue
        told = {**one, "loc": tuple(step for step in loc if not _is_form(step))}
        found.append((str(loc[0]) if loc else "", _sentence(model, values, told)))
    return list(dict.fromkeys(found))


def _is_meant(values: Any, loc: tuple[Any, ...], at: int, meant: dict[tuple[Any, ...], str]) -> bool:
    """Whether the form named at a step is the one meant: a list for a list, else the first one told of."""
    listed = isinstance(_inside(values, loc[:at]), list)
    if listed != str(loc[at]).strip("`").startswith(("tuple", "list")):
        return False
    return meant.setdefault(loc[:at], str(loc[at])) == str(loc[at])


def _is_form(step: object) -> bool:
    """Whether a step of a place names one of the forms that a value may take, and is none of the file's."""
    return isinstance(step, str) and "[" in step and step.strip("`").endswith("]")


def _inside(values: Any, steps: Iterable[Any]) -> Any:
    """What stands at a place; None where nothing does."""
    for step in steps:
        if _is_form(step):
            continue
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return None
    return values


def _sentence(model: type[BaseModel], values: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    said = str(one["msg"]).removeprefix("Value error, ")
    if not one["loc"]:
        return f"{said[:1].upper()}{said[1:]}."
    name = str(one["loc"][0])
    if one["type"] == "extra_forbidden" and len(one["loc"]) == 1:
        return f"There is no parameter '{name}'. {nearest(name, sorted(model.model_fields))}"
    wanted = said if one["type"] == "value_error" else f"must be {_wanted(_properties(model)[name])}"
    about = model.model_fields[name].description
    if len(one["loc"]) > 1 and "additionalProperties" in json.dumps(_properties(model)[name]):
        inside = ".".join(str(step) for step in one["loc"])
        if one["type"] in ("union_tag_not_found", "union_tag_invalid"):
            key = str(one["ctx"]["discriminator"]).strip("'")
            tags = _tags(model.model_json_schema(), key)
            if one["type"] == "union_tag_not_found":
                return f"Parameter '{inside}' needs `{key}`, one of {', '.join(tags)}."
            given = str(one["ctx"]["tag"])
            return f"Parameter '{inside}': no {key} is called '{given}'. {nearest(given, tags)}"
        if one["type"] == "extra_forbidden":
            return f"Parameter '{inside}' is unknown: leave it out."
        return f"Parameter '{inside}': {said[:1].lower()}{said[1:]}, not {_shown(one['input'])}."
    given = _shown(values.get(name))
    return f"Parameter '{name}'{f' ({about})' if about else ''} {wanted}, not {given}."


def _tags(schema: Any, key: str) -> list[str]:
    """The names that tell apart the forms a value may take, from a JSON schema."""
    if isinstance(schema, Mapping):
        told = schema.get("discriminator")
        if isinstance(told, Mapping) and told.get("propertyName") == key:
            return list(told["mapping"])
    parts = schema.values() if isinstance(schema, Mapping) else schema if isinstance(schema, list) else ()
    return next((tags for part in parts if (tags := _tags(part, key))), [])


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _wanted(one: Mapping[str, Any]) -> str:
    """What a value must be, from its JSON schema: "a whole number from 1 to 100"."""
    forms = [each for each in one.get("anyOf", []) if each.get("type") != "null"]
    if len(forms) == 1:
        return _wanted(forms[0])
    if one.get("format") == "date":
        return "a date, written as YYYY-MM-DD"
    if "enum" in one:
        return f"one of {', '.join(map(str, one['enum']))}"
    if one.get("type") == "object":
        return (
            "names with what belongs to each, not empty" if one.get("minProperties") else "names with values"
        )
    if one.get("type") == "array":
        several = KINDS.get(one.get("items", {}).get("type", ""), ("", "values"))[1]
        example = json.dumps(one["default"], ensure_ascii=False) if one.get("default") else "[...]"
        return f"a list of {several}, such as {example}"
    kind = KINDS.get(one.get("type", ""), ("a value", ""))[0]
    low, high = one.get("minimum"), one.get("maximum")
    if low is not None and high is not None:
        return f"{kind} from {low:g} to {high:g}" if high < 1e6 else f"{kind} from {low:g} to {high}"
    words = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "exclusiveMaximum": "below",
        "maximum": "at most",
    }
    told = [f"{word} {one[key]:g}" for key, word in words.items() if key in one]
    return f"{kind} {' and '.join(told)}" if told else kind


def as_text(described: Iterable[Mapping[str, Any]], lang: str = "en") -> str:
    """Print what `describe` gives for a terminal."""
    lines = []
    for one in described:
        unit = f" {one['unit']}" if one["unit"] else ""
        lines.append(f"{one['name']} = {json.dumps(one['default'], ensure_ascii=False)}{unit}")
        lines += [f"    {one['description'][lang]}", f"    {one['must_be']}"]
    return "\n".join(lines) + "\n"
