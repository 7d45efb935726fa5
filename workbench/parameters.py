"""Parameters from a YAML file and from `key=value`, checked all at once, with the nearest name for an unknown one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from workbench._text import Text
from workbench.errors import BadFile, BadParameter, nearest

Model = TypeVar("Model", bound=BaseModel)


def read_parameters(model: type[Model], path: str | Path | None = None, settings: Iterable[str] = ()) -> Model:
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

    Raises
    ------
    BadFile
        The file cannot be read, or holds unknown or wrong parameters: all of them, with their lines.
    BadParameter
        A setting is unknown, wrong or malformed.
    """
    values, lines = _from_file(path)
    from_settings: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise BadParameter(f"--set '{setting}' is not key=value: write, for example, --set {next(iter(model.model_fields))}=1.")
        from_settings[key.strip()] = _scalar(key, text)
    mistakes = _mistakes(model, {**values, **from_settings})
    if not mistakes:
        return model.model_validate({**values, **from_settings})
    in_file = [(lines.of((key,)), said) for key, said in mistakes if key in values and key not in from_settings]
    if in_file and path is not None:
        raise BadFile(str(path), in_file)
    raise BadParameter("\n".join(said for _, said in mistakes))


def describe(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Name, default, bounds and description (both languages) of each parameter."""
    schema = model.model_json_schema()["properties"]
    described = []
    for name, one in schema.items():
        bounds = {key: one[key] for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum") if key in one}
        text = Text(one.get("description", ""), one.get("zh", ""))
        described.append({"name": name, "type": one.get("type", ""), "default": one.get("default"), **bounds, "unit": one.get("unit", ""), "description": text.as_dict()})
    return described


def _from_file(path: str | Path | None) -> tuple[dict[str, Any], Any]:
    from workbench.data.yamlfile import read

    if path is None:
        return {}, None
    values, lines = read(path)
    if not isinstance(values, Mapping):
        raise BadFile(str(path), [(1, "parameters must be written as `name: value`, one a line")])
    return {str(key): value for key, value in values.items()}, lines


def _scalar(key: str, text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadParameter(f"--set {key}: '{text}' cannot be read as YAML; quote texts with special characters.") from error


def _mistakes(model: type[BaseModel], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    try:
        model.model_validate(values)
    except ValidationError as error:
        return [(str(one["loc"][0]) if one["loc"] else "", _sentence(model, dict(one))) for one in error.errors()]
    return []


def _sentence(model: type[BaseModel], one: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in one["loc"])
    if one["type"] == "extra_forbidden":
        return f"There is no parameter '{name}'. {nearest(name, sorted(model.model_fields))}"
    field = model.model_fields.get(str(one["loc"][0])) if one["loc"] else None
    about = f" ({field.description})" if field is not None and field.description else ""
    said = str(one["msg"])
    said = said.removeprefix("Value error, ")
    return f"Parameter '{name}'{about}: {said[:1].lower() + said[1:]}, not {one['input']!r}." if name else f"{said}."
