"""
Scenario files: what a planner writes in YAML to say which scenarios to compare.

    base:                       # what all scenarios share; optional
      capacity: 80
    scenarios:                  # each changes the base
      today: {headway_s: 360}
      every 4 min: {headway_s: 240}
    grid:                       # and, or instead: every combination of these, on top of the base
      headway_s: [180, 240, 300]
    one_at_a_time:              # the base, and each of these alone
      capacity: [60, 100]
    latin_hypercube:            # scenarios spread over ranges
      count: 20
      seed: 1
      ranges: {headway_s: [120, 600]}
    baseline: today             # what the others are compared with; the first scenario if left out
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from workbench.errors import BadFile, BadScenario, UnknownName, WorkbenchError, nearest
from workbench.simulation.designs import grid, latin_hypercube, one_at_a_time
from workbench.simulation.scenario import change
from workbench.simulation.streams import Streams

if TYPE_CHECKING:
    from pydantic import BaseModel

    from workbench.data.yamlfile import Lines

M = TypeVar("M", bound="BaseModel")
Where = tuple[str | int, ...]
DESIGNS = ("grid", "one_at_a_time", "latin_hypercube")


@dataclass(frozen=True)
class ScenarioFile(Generic[M]):
    """
    The scenarios of one file.

    Attributes
    ----------
    scenarios
        By name, in the order of the file.
    baseline
        The one that the others are compared with.
    path, lines
        The file, and where everything stands in it.
    """

    scenarios: Mapping[str, M]
    baseline: str
    path: str = ""
    lines: Lines | None = None

    def refused(self, error: BadScenario) -> WorkbenchError:
        """Tell a scenario that does not fit what is simulated with its place in the file."""
        if self.lines is None:
            return error
        own: Where = ("scenarios", error.scenario)
        places = [own] if self.lines.has(own) else [(key,) for key in DESIGNS if self.lines.has((key,))]
        found = (self.lines.find(each, error.value) for each in (*places, ("base",)) if error.value)
        where = next((each for each in found if each is not None), next(iter(places), ()))
        said = error.said if where[:2] == own else error.message
        place = self.lines.place(where)
        return BadFile(self.path, [(self.lines.of(where), f"{place}: {said}" if place else said)])


def read_scenarios(source: str | Path, kind: type[M]) -> ScenarioFile[M]:
    """
    Read a scenario file.

    Numbers are numbers and texts are texts: nothing is converted in silence.

    Parameters
    ----------
    source
        A path, or the text itself: a string that holds a line break is text.
    kind
        The pydantic model of one scenario.

    Raises
    ------
    BadFile
        The file cannot be read, or holds unknown keys or bad values: all of them, each with its line.
    """
    from workbench.data.yamlfile import check, ordered, read

    name = "scenarios" if isinstance(source, str) and "\n" in source else str(source)
    data, lines = read(source, name, gather=True)
    mistakes = check(data, schema(kind), lines)
    if mistakes:
        raise BadFile(name, _without_echoes(mistakes))
    reading = _Reading(kind, data)
    scenarios = reading.scenarios()
    mistakes = [
        (lines.of(where), f"{lines.place(where)}: {said}" if where else said)
        for where, said in reading.mistakes
    ]
    baseline = data.get("baseline", next(iter(scenarios), ""))
    if not mistakes and baseline not in scenarios:
        said = f"baseline: no scenario is called '{baseline}'. {nearest(baseline, list(scenarios))}"
        mistakes.append((lines.of(("baseline",)), said))
    if mistakes:
        raise BadFile(name, ordered(mistakes))
    return ScenarioFile(scenarios, baseline, name, lines)


def schema(kind: type[BaseModel]) -> dict[str, Any]:
    """
    JSON schema (draft 2020-12) of a scenario file, for editors and for whoever writes such files.

    Parameters
    ----------
    kind
        The pydantic model of one scenario.
    """
    values = _strict(kind.model_json_schema())
    shared = values.pop("$defs", {})
    values.pop("required", None)  # what a scenario leaves out, the base gives
    field = {"enum": [*values["properties"]]} if not _nested(values) else {"type": "string"}
    listed = {"type": "array", "minItems": 1}
    levels = {"type": "object", "minProperties": 1, "propertyNames": field, "additionalProperties": listed}
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    ranges = {**levels, "additionalProperties": {**pair, "x-remedy": "write [lowest, highest]"}}
    hypercube = {
        "count": {"type": "integer", "minimum": 1},
        "seed": {"type": "integer", "minimum": 0},
        "ranges": ranges,
    }
    scenario = {"$ref": f"#/$defs/{kind.__name__}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Scenarios of {kind.__name__}",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "base": {**scenario, "description": "What all scenarios share."},
            "scenarios": {
                "type": "object",
                "minProperties": 1,
                "description": "Name of each scenario, and what it changes.",
                "additionalProperties": scenario,
            },
            "grid": {**levels, "description": "Field and values; every combination is a scenario."},
            "one_at_a_time": {**levels, "description": "Field and values; each value alone is a scenario."},
            "latin_hypercube": {
                "type": "object",
                "additionalProperties": False,
                "required": ["count", "ranges"],
                "properties": hypercube,
                "description": "Scenarios spread evenly over ranges.",
            },
            "baseline": {"type": "string", "description": "The scenario that the others are compared with."},
        },
        "$defs": {kind.__name__: values, **shared},
    }


class _Reading(Generic[M]):
    """Scenarios made from what a file holds, with what is wrong and where."""

    def __init__(self, kind: type[M], data: Mapping[str, Any]) -> None:
        self._kind, self._data = kind, data
        self.mistakes: list[tuple[Where, str]] = []

    def scenarios(self) -> dict[str, M]:
        base = dict(self._data.get("base", {}))
        made: dict[str, M] = {}
        for name, values in self._data.get("scenarios", {}).items():
            if not name.strip():
                self.mistakes.append((("scenarios", name), "the name of a scenario must not be blank"))
            if (one := self._one({**base, **values}, ("scenarios", name), set(values))) is not None:
                made[name] = one
        designs = [key for key in DESIGNS if key in self._data]
        if designs and (start := self._one(base, ("base",), set(base))) is not None:
            for design in designs:
                for name, one in self._designed(design, start).items():
                    if name in made and made[name] != one:
                        self.mistakes.append(
                            ((design,), f"makes a second scenario called '{name}'; rename the other")
                        )
                    made[name] = one
        if not made and not self.mistakes:
            self.mistakes.append(
                ((), "names no scenario: write `scenarios:`, and below it `name: {field: value}`")
            )
        return made

    def _designed(self, design: str, start: M) -> dict[str, M]:
        """Scenarios of one design; none where something in it is wrong."""
        asked = self._data[design]
        levels = asked["ranges"] if design == "latin_hypercube" else asked
        inside: Where = (design, "ranges") if design == "latin_hypercube" else (design,)
        allowed = [self._allowed(start, field, values, (*inside, field)) for field, values in levels.items()]
        if not all(allowed):
            return {}
        try:
            if design == "latin_hypercube":
                ends = {field: (low, high) for field, (low, high) in levels.items()}
                return latin_hypercube(start, ends, asked["count"], streams=Streams(asked.get("seed", 0)))
            return (grid if design == "grid" else one_at_a_time)(start, levels)
        except WorkbenchError as error:
            self.mistakes.append(((design,), str(error)))
            return {}

    def _allowed(self, start: M, field: str, values: list[Any], where: Where) -> bool:
        """Whether a field exists and takes each of the values as they were written."""
        before = len(self.mistakes)
        for index, value in enumerate(values):
            try:
                change(start, {field: value})
            except UnknownName as error:
                self.mistakes.append((where, str(error)))
                return False
            except WorkbenchError as error:
                self._changed(start, field, value, (*where, index), str(error))
            else:
                self._changed(start, field, value, (*where, index))
        return len(self.mistakes) == before

    def _changed(self, start: M, field: str, value: Any, where: Where, otherwise: str = "") -> None:
        """Say what is wrong with a value of a design as with one of a scenario; else what `change` says."""
        before = len(self.mistakes)
        self._one(_with(start.model_dump(mode="json"), field.split("."), value), where, set())
        if otherwise and len(self.mistakes) == before:
            self.mistakes.append((where, otherwise))

    def _one(self, values: Mapping[str, Any], where: Where, own: set[str]) -> M | None:
        """One scenario, its mistakes told where its own values stand, or where the base gave them."""
        from pydantic import ValidationError

        from workbench.data.yamlfile import shown

        try:
            return self._kind.model_validate_json(json.dumps(values), strict=True)
        except ValidationError as error:
            told = error.errors()
            for one in told:
                if one["type"] == "too_short" and any(len(each["loc"]) > len(one["loc"]) for each in told):
                    continue  # a list whose items were refused is not also too short
                steps: Where = tuple(one["loc"])
                place = where if not steps or steps[0] in own or where[0] != "scenarios" else ("base",)
                steps = () if where[0] not in ("scenarios", "base") else steps
                said = str(one["msg"]).removeprefix("Value error, ").rstrip(".")
                if one["type"] == "missing":
                    said = f"`{'.'.join(map(str, steps))}` is missing: give it here or in `base`"
                    place, steps = where, ()
                elif one["type"] != "value_error":
                    said = said.replace("Input should be", "must be").replace(
                        "greater than or equal to", "at least"
                    )
                    said = said.replace("less than or equal to", "at most").replace("greater than", "above")
                    said = f"{said[:1].lower() + said[1:]}, is {shown(one['input'])}"
                self.mistakes.append(((*place, *steps), said))
            return None


def _without_echoes(mistakes: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Leave out that a key is missing where it was only misspelt."""
    meant = [said.partition("Nearest: ")[2].rstrip(".") for _, said in mistakes if "unknown key" in said]
    return [
        (line, said)
        for line, said in mistakes
        if not any(near and f": `{near}` is missing" in said for near in meant)
    ]


def _with(values: dict[str, Any], path: list[str], value: object) -> dict[str, Any]:
    """Copy of nested values with one of them replaced."""
    inner = value if len(path) == 1 else _with(values.get(path[0]) or {}, path[1:], value)
    return {**values, path[0]: inner}


def _nested(values: Mapping[str, Any]) -> bool:
    """Whether a field holds fields of its own, so that a design may name them with a dot."""
    return "$ref" in json.dumps(values) or any("properties" in each for each in values["properties"].values())


def _strict(node: Any) -> Any:
    """The same schema without room for unknown keys, and with choices told apart by their tag."""
    if isinstance(node, list):
        return [_strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _strict(each) for key, each in node.items()}
    if made.get("type") == "object" and "properties" in made:
        made["additionalProperties"] = False
    tags = (
        made.get("discriminator", {}).get("mapping") if isinstance(made.get("discriminator"), dict) else None
    )
    if tags:
        tag = made.pop("discriminator")["propertyName"]
        made.pop("oneOf", None)
        made |= {"type": "object", "required": [tag], "properties": {tag: {"enum": list(tags)}}}
        made["allOf"] = [
            {"if": {"properties": {tag: {"const": name}}, "required": [tag]}, "then": {"$ref": where}}
            for name, where in tags.items()
        ]
    return made
