"""Scenario files: read strictly, every mistake with its line, and a schema that says the same."""

from typing import Annotated, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, model_validator

from workbench.errors import BadFile
from workbench.simulation import read_scenarios, schema


class NoHolding(BaseModel):
    model_config = ConfigDict(frozen=True)
    kind: Literal["none"] = "none"


class Forward(BaseModel):
    model_config = ConfigDict(frozen=True)
    kind: Literal["forward"] = "forward"
    strength: float = Field(0.8, ge=0, le=1)


class Line(BaseModel):
    model_config = ConfigDict(frozen=True)
    headway_s: float = Field(gt=0, description="Time between departures, seconds")
    capacity: int = Field(80, ge=1)
    stops: tuple[int, ...] = ()
    patience_s: float = float("inf")
    control: Annotated[NoHolding | Forward, Field(discriminator="kind")] = NoHolding()

    @model_validator(mode="after")
    def _room(self):
        if self.capacity == 13:
            raise ValueError("no vehicle has 13 places; give another capacity")
        return self


def test_base_scenarios_and_designs_are_read():
    file = read_scenarios(
        """
base: {headway_s: 360, control: {kind: forward}}
scenarios:
  today: {}
  every 4 min: {headway_s: 240, stops: [5, 10]}
  free: {control: {kind: none}}
grid:
  headway_s: [180, 200.5]
  control.strength: [0.1]
one_at_a_time:
  capacity: [60, 80]
latin_hypercube:
  count: 3
  seed: 9
  ranges: {capacity: [70, 90]}
""",
        Line,
    )
    assert file.baseline == "today"
    assert list(file.scenarios) == [
        "today",
        "every 4 min",
        "free",
        "headway_s=180, control.strength=0.1",
        "headway_s=200.5, control.strength=0.1",
        "base",
        "capacity=60",
        "sample 1",
        "sample 2",
        "sample 3",
    ]
    assert file.scenarios["every 4 min"] == Line(headway_s=240, stops=(5, 10), control=Forward())
    assert file.scenarios["free"].control == NoHolding()
    assert file.scenarios["headway_s=180, control.strength=0.1"].control == Forward(strength=0.1)


def test_a_file_names_its_baseline(tmp_path):
    path = tmp_path / "line.yaml"
    path.write_text("scenarios:\n  a: {headway_s: 3}\n  b: {headway_s: 4, patience_s: .inf}\nbaseline: b\n")
    assert read_scenarios(path, Line).baseline == "b"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("scenarios:\n  today: {headway_s: -5}\n", 2, "scenarios.today.headway_s: must be above 0, is -5"),
        ("scenarios:\n  today: {}\n", 2, "`headway_s` is missing: give it here or in `base`"),
        ("base:\n  headway_s: 3\n  capasity: 4\nscenarios: {a: {}}\n", 3, "unknown key. Nearest: capacity."),
        ("base: {headway_s: '3'}\nscenarios: {a: {}}\n", 1, "must be a number, is text '3'"),
        ("scenarios:\n  a:\n    headway_s: 3\n    capacity: 13\n", 2, "no vehicle has 13 places"),
        ("base: {headway_s: 3}\nscenarios:\n  a:\n    control: {kind: forwad}\n", 4, "Nearest: forward."),
        (
            "base: {headway_s: 3}\nscenarios:\n  a:\n    control:\n      kind: forward\n      strengh: 1\n",
            6,
            "unknown key. Nearest: strength.",
        ),
        (
            "base: {headway_s: 3}\nscenarios:\n  a:\n    control: {kind: forward, strength: 3}\n",
            4,
            "must be at most 1",
        ),
        ("base: {headway_s: 3}\nscenarios:\n  a: {stops: 3}\n", 3, "must be a list"),
        ("base: {headway_s: 3}\nscenarios: {a: {}}\nextra: 1\n", 3, "extra: unknown key."),
        ("base: {headway_s: 3}\nscenarios: {today: {}}\nbaseline: todai\n", 3, "Nearest: today."),
        (
            "base: {headway_s: 3}\ngrid:\n  headway_s: [1, -3]\n",
            3,
            r"grid.headway_s\[2\]: .*must be above 0, is the number -3",
        ),
        ("base: {headway_s: 3}\ngrid:\n  capacity: ['80']\n", 3, "valid integer, is text '80'"),
        ("base: {headway_s: 3}\ngrid:\n  capcity: [80]\n", 3, "Nearest: capacity."),
        ("base: {headway_s: 3}\ngrid:\n  capacity: 80\n", 3, "must be a list"),
        ("base: {headway_s: 3}\ngrid:\n  capacity: [70, 70]\n", 2, "asked for twice"),
        ("base: {capacity: 3}\ngrid:\n  capacity: [70, 71]\n", 1, "`headway_s` is missing"),
        (
            "base: {headway_s: 3}\nlatin_hypercube: {count: 0, ranges: {capacity: [3, 9]}}\n",
            2,
            "at least 1, is 0",
        ),
        (
            "base: {headway_s: 3}\nlatin_hypercube: {count: 2, ranges: {capacity: [3]}}\n",
            2,
            r"write \[lowest, highest\]",
        ),
        (
            "base: {headway_s: 3}\nlatin_hypercube: {count: 2, ranges: {capacity: [9, 3]}}\n",
            2,
            "two different numbers",
        ),
        ("base: {headway_s: 3}\n# nothing\n", 1, "names no scenario"),
        ("scenarios: {}\n# nothing\n", 1, "must not be empty"),
        ("- a\n- b\n", 1, "must be a mapping of keys"),
        ("scenarios:\n  a: {headway_s: 3}\n  a: {headway_s: 4}\n", 3, "given twice"),
        (
            "base: {headway_s: 3}\nscenarios:\n  capacity=70: {capacity: 60}\ngrid:\n  capacity: [70]\n",
            4,
            "makes a second scenario called 'capacity=70'",
        ),
    ],
)
def test_mistakes_are_told_with_their_line(text, line, says):
    with pytest.raises(BadFile, match=says) as error:
        read_scenarios(text, Line)
    assert line in [where for where, _ in error.value.mistakes]
    assert len(error.value.mistakes) == 1


def test_all_mistakes_are_told_at_once():
    with pytest.raises(BadFile) as error:
        read_scenarios("scenarios:\n  a: {headway_s: -1}\n  b: {headway_s: 3, capacity: 0}\n", Line)
    assert [line for line, _ in error.value.mistakes] == [2, 3]


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(BadFile, match="there is no such file"):
        read_scenarios(tmp_path / "none.yaml", Line)


def test_the_schema_is_one_and_agrees():
    published = schema(Line)
    Draft202012Validator.check_schema(published)
    validator = Draft202012Validator(published)
    assert validator.is_valid(
        {"base": {"headway_s": 3}, "scenarios": {"a": {"control": {"kind": "forward"}}}}
    )
    assert not validator.is_valid({"scenarios": {"a": {"control": {"kind": "forward", "strength": 2}}}})
    assert not validator.is_valid({"scenarios": {"a": {"headway": 3}}})
    assert published["$defs"]["Line"]["properties"]["headway_s"]["description"].endswith("seconds")
