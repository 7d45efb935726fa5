"""Scenarios: one canonical text and key each, and back again; changes and designs."""

from dataclasses import dataclass, field
from datetime import time
from enum import Enum
from typing import Literal

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field

from workbench.errors import BadParameter, UnknownName
from workbench.simulation import (
    Streams,
    change,
    grid,
    latin_hypercube,
    one_at_a_time,
    scenario_from_json,
    scenario_json,
    scenario_key,
)


class Size(Enum):
    SMALL = "small"


@dataclass(frozen=True)
class NoHolding:
    kind: Literal["none"] = "none"


@dataclass(frozen=True)
class Holding:
    strength: float = 0.5
    kind: Literal["holding"] = "holding"

    def __post_init__(self):
        if not 0 <= self.strength <= 1:
            raise ValueError("strength lies between 0 and 1")


@dataclass(frozen=True)
class Line:
    headway_s: float = 360.0
    capacity: int = 80
    control: NoHolding | Holding = field(default_factory=NoHolding)
    stops: tuple[int, ...] = ()


class Desk(BaseModel):
    model_config = ConfigDict(frozen=True)
    servers: int = Field(2, ge=1)
    patience_s: float = float("inf")


def test_equal_scenarios_have_one_key():
    assert scenario_key(Line(headway_s=360)) == scenario_key(Line(headway_s=360.0))
    assert scenario_key(Line(capacity=np.int64(80))) == scenario_key(Line())
    assert scenario_key(Line(stops=[1, 2])) == scenario_key(Line(stops=(1, 2)))


def test_the_canonical_text_is_pinned():
    assert scenario_json(Line(headway_s=240.5, control=Holding())) == (
        '{"()":"Line","capacity":80,"control":{"()":"Holding","kind":"holding","strength":0.5},"headway_s":240.5,'
        '"stops":[]}'
    )


def test_different_scenarios_have_different_keys():
    @dataclass(frozen=True)
    class Other:
        strength: float = 0.5

    @dataclass(frozen=True)
    class Holder:
        control: object

    several = [
        Line(),
        Line(headway_s=240),
        Line(control=Holding()),
        Line(control=Holding(0.4)),
        Desk(),
        Desk(servers=3),
    ]
    several += [
        Holder(Other()),
        Holder(Holding()),
        Holder(True),
        Holder(1),
        Holder("1"),
        Holder(None),
        Holder("inf"),
    ]
    assert len({scenario_key(each) for each in several}) == len(several)


@pytest.mark.parametrize(
    "scenario", [Line(240.5, 60, Holding(0.25), (3, 5)), Line(), Desk(), Desk(servers=3, patience_s=90)]
)
def test_scenarios_come_back_from_json(scenario):
    assert scenario_from_json(type(scenario), scenario_json(scenario)) == scenario


def test_what_json_cannot_bring_back_is_told():
    @dataclass(frozen=True)
    class Left:
        share: float = 0.5

    @dataclass(frozen=True)
    class Right:
        share: float = 0.5

    @dataclass(frozen=True)
    class Either:
        control: Left | Right

    with pytest.raises(BadParameter, match="tells them apart"):
        scenario_from_json(Either, scenario_json(Either(Right())))
    with pytest.raises(BadParameter, match="not a Desk in JSON"):
        scenario_from_json(Desk, '{"servers":0}')
    with pytest.raises(BadParameter, match="not a Desk in JSON"):
        scenario_from_json(Desk, "{")


def test_values_of_many_kinds_can_be_written():
    @dataclass(frozen=True)
    class Mixed:
        size: Size
        opens: time
        table: dict
        names: frozenset
        array: object
        nothing: None = None

    text = scenario_json(
        Mixed(Size.SMALL, time(8, 30), {"b": 1, "a": 2.5}, frozenset({"y", "x"}), np.array([1.5, 2]))
    )
    assert text == (
        '{"()":"Mixed","array":[1.5,2],"names":["x","y"],"nothing":null,"opens":"08:30:00","size":"small",'
        '"table":{"a":2.5,"b":1}}'
    )


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"a": 1}, "a frozen dataclass or a pydantic model, not a dict"),
        (Line, "not a class Line"),
        (Line(headway_s=float("nan")), r"`headway_s` is not a number \(NaN\)"),
        (Line(control=object()), "`control` holds an object, which cannot be written as JSON"),
        (Line(stops=(1, lambda: 2)), r"`stops\[2\]` holds a function"),
    ],
)
def test_what_is_no_scenario_is_refused(bad, says):
    with pytest.raises(BadParameter, match=says):
        scenario_key(bad)


def test_changes_reach_into_fields_and_leave_the_scenario_alone():
    line = Line(control=Holding())
    assert change(line, {"capacity": 60, "control.strength": 0.9}) == Line(capacity=60, control=Holding(0.9))
    assert change(Desk(), {"servers": 4}) == Desk(servers=4)
    assert line == Line(control=Holding())


@pytest.mark.parametrize(
    ("scenario", "values", "kind", "says"),
    [
        (Line(), {"headwai_s": 3}, UnknownName, "field of Line .*Nearest: headway_s"),
        (Line(), {"control.strength": 3}, UnknownName, "field of NoHolding"),
        (
            Line(control=Holding()),
            {"control.strength": 3},
            BadParameter,
            "Holding refuses strength=3: strength lies",
        ),
        (Desk(), {"servers": 0}, BadParameter, "Desk refuses `servers`.*greater than or equal to 1, not 0"),
        (Line(), {"capacity.x": 0}, BadParameter, "not in an int"),
    ],
)
def test_bad_changes_are_told(scenario, values, kind, says):
    with pytest.raises(kind, match=says):
        change(scenario, values)


def test_grid_is_every_combination():
    made = grid(Line(), {"headway_s": [180, 240.5], "capacity": [60, 80]})
    assert list(made) == [
        "headway_s=180, capacity=60",
        "headway_s=180, capacity=80",
        "headway_s=240.5, capacity=60",
        "headway_s=240.5, capacity=80",
    ]
    assert made["headway_s=240.5, capacity=60"] == Line(240.5, 60)


def test_one_at_a_time_leaves_out_what_the_base_already_has():
    made = one_at_a_time(Line(), {"headway_s": [240, 360], "capacity": [60]}, name="today")
    assert made == {"today": Line(), "headway_s=240": Line(240), "capacity=60": Line(capacity=60)}


def test_latin_hypercube_uses_each_slice_once():
    ranges = {"headway_s": (120.0, 600.0), "capacity": (60, 79)}
    made = list(latin_hypercube(Line(), ranges, 20, streams=Streams(7)).values())
    slices = sorted(int((each.headway_s - 120) / 480 * 20) for each in made)
    assert slices == list(range(20))
    assert sorted(each.capacity for each in made) == list(range(60, 80))
    assert all(isinstance(each.capacity, int) for each in made)
    again = latin_hypercube(Line(), {**ranges, "stops": (1.0, 2.0)}, 20, streams=Streams(7))
    assert [each.headway_s for each in again.values()] == [each.headway_s for each in made]
    assert next(iter(again)) == "sample 01"
    correlation = np.corrcoef([each.headway_s for each in made], [each.capacity for each in made])[0, 1]
    assert abs(correlation) < 0.6


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: grid(Line(), {"headway_s": []}), "list of at least one value"),
        (lambda: grid(Line(), {"headway_s": "12"}), "list of at least one value"),
        (lambda: grid(Line(), {"headway_s": [3, 3]}), "asked for twice"),
        (lambda: grid(Line(), {"headway": [3]}), "Nearest: headway_s"),
        (
            lambda: latin_hypercube(Line(), {"capacity": (2, 2)}, 3, streams=Streams(1)),
            r"range \[lowest, highest\]",
        ),
        (lambda: latin_hypercube(Line(), {"capacity": (2, 9)}, 0, streams=Streams(1)), "at least 1 scenario"),
    ],
)
def test_bad_designs_are_told(call, says):
    with pytest.raises((BadParameter, UnknownName), match=says):
        call()
