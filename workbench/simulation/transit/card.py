"""
What a line's model says of itself, read from the code that runs it: for the model card of a brief.

Words come from the classes of controls and scenarios, whose fields are described in both languages; so a new
policy or a new field of a scenario says itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from workbench._text import Text
from workbench.simulation.transit.control import Control, Holding, KnownControl
from workbench.simulation.transit.plan import open_plan
from workbench.simulation.transit.scenario import LineScenario, Span

if TYPE_CHECKING:
    from workbench.simulation.transit.model import LineModel

Value = float | Text
POLICIES: Mapping[str, Text] = {
    "none": Text("no control", "无控制"),
    "schedule_holding": Text("holding to the timetable", "按时刻表驻站"),
    "forward_headway": Text("holding by the headway ahead", "按前车间隔驻站"),
    "two_way": Text("holding by the gaps ahead and behind", "按前后车间隔驻站"),
    "self_coordinating": Text("self-coordinating headways", "自协调间隔驻站"),
    "boarding_limit": Text("limit on boardings", "限制上车人数"),
    "short_turn": Text("short turns", "区间折返"),
}
ENGINES = {"kernel": "a compiled kernel (Numba)", "simpy": "SimPy"}
ENGINES_ZH = {"kernel": "编译内核（Numba）", "simpy": "SimPy"}


@dataclass(frozen=True)
class Change:
    """
    One thing in which a scenario differs from another.

    Attributes
    ----------
    label, unit
        What it is, and its unit code; "" for what is no number.
    before, after
        Its values: a number, or words.
    """

    label: Text
    unit: str
    before: Value
    after: Value


def policies() -> dict[str, type[Control]]:
    """Return every policy of control by its name."""
    union = get_args(KnownControl)[0]
    return {kind.model_fields["policy"].default: kind for kind in get_args(union)}


def policy_name(name: str) -> Text:
    """Return what a policy is called: a new one, which has no words yet, by its name."""
    return POLICIES.get(name, Text(name, name))


def used(scenarios: Mapping[str, LineScenario]) -> set[str]:
    """Return the policies that scenarios use; one of somebody's own goes by the name of its class."""
    return {_policy(one) for scenario in scenarios.values() for one in scenario.controls}


def card(model: LineModel, scenarios: Mapping[str, LineScenario]) -> dict[str, Text]:
    """
    Say what the model is, by rows of STRESS-DES.

    Parameters
    ----------
    model
        The line with its demand.
    scenarios
        What is run on it.

    Returns
    -------
    dict
        logic, algorithms, entities, activities, resources, queues, entry_exit and outputs.
    """
    told = _open() if not model.line.closed else _closed()
    controls = [policy_name(one) for one in sorted(used(scenarios))]
    holds = any(isinstance(one, Holding) for each in scenarios.values() for one in each.controls)
    acts = [
        Text("running between stops", "站间运行"),
        Text(
            "dwelling: doors, boarding and alighting, by whichever takes longer",
            "停站：开关门与上下车（取较长者）",
        ),
        *([Text("holding", "驻站")] if holds else []),
        Text("waiting and riding", "候车与乘车"),
    ]
    names = list(dict.fromkeys(name.partition("@")[0] for name in model.outcomes))
    units = _listed([Text(f"{name} ({model.outcomes[name]})") for name in names])
    engine = Text(ENGINES[model.engine], ENGINES_ZH[model.engine])
    return {
        **told,
        "activities": _listed(acts),
        "algorithms": Text(
            f"next event by vehicle and stop, run by {engine.en}; control: {_listed(controls).en}",
            f"按车辆与站点的下一事件推进，由{engine.zh}执行；控制：{_listed(controls).zh}",
        ),
        "outputs": Text(f"{units.en}; some by time of day as well", f"{units.zh}；部分指标另按时段给出"),
    }


def changes(model: LineModel, scenario: LineScenario, baseline: LineScenario) -> tuple[Change, ...]:
    """
    Say in which fields a scenario differs from another, what follows for its departures first.

    Parameters
    ----------
    model
        The line.
    scenario, baseline
        The two.
    """
    made: list[Change] = []
    if not model.line.closed:
        before, after = (
            float(len(open_plan(model.line, each.headway_s, each.bands, each.departures_s).trips))
            for each in (baseline, scenario)
        )
        if before != after:
            made.append(Change(Text("Departures of the day", "全天发车数"), "trips", before, after))
    return (*made, *_differences(baseline, scenario))


def _differences(before: BaseModel, after: BaseModel) -> Iterator[Change]:
    """Fields that differ; a part made of fields is looked into, a list of parts is summed up."""
    for name, field in type(after).model_fields.items():
        old, new = getattr(before, name, None), getattr(after, name)
        if old == new:
            continue
        extra: Any = field.json_schema_extra or {}
        label = Text(str(field.description or name), str(extra.get("zh", "")))
        if name == "control":
            yield Change(label, "", _controls(before), _controls(after))
            held = {type(one): one for one in getattr(before, "controls", ())}
            for one in getattr(after, "controls", ()):
                yield from _settings(one, held.get(type(one)))
        elif isinstance(new, BaseModel) and isinstance(old, BaseModel):
            yield from _differences(old, new)
        elif _spans(old) or _spans(new):
            yield from _of_spans(label, old, new)
        else:
            yield Change(label, str(extra.get("unit", "")), _value(old), _value(new))


def _settings(control: Control, before: Control | None) -> Iterator[Change]:
    """What a policy is set to, and was set to before."""
    for name, field in type(control).model_fields.items():
        old, new = getattr(before, name, None), getattr(control, name)
        if name == "policy" or _value(old) == _value(new):
            continue
        extra: Any = field.json_schema_extra or {}
        label = Text(str(field.description or name), str(extra.get("zh", "")))
        yield Change(label, str(extra.get("unit", "")), _value(old), _value(new))


def _of_spans(label: Text, old: Any, new: Any) -> Iterator[Change]:
    """How many parts of the day, and the shortest and longest headway of those that have one."""
    yield Change(label, "counts", float(len(old)), float(len(new)))
    shortest, longest = Text("Shortest of them", "其中最短"), Text("Longest of them", "其中最长")
    for words, pick in ((shortest, min), (longest, max)):
        ends = [[one.headway_s for one in each if hasattr(one, "headway_s")] for each in (old, new)]
        if ends[1]:
            yield Change(words, "s", *(pick(each) if each else Text("–", "–") for each in ends))


def _spans(value: object) -> bool:
    return isinstance(value, tuple) and any(isinstance(one, Span) for one in value)


def _value(value: Any) -> Value:
    if value is None or value == ():
        return Text("–", "–")
    if isinstance(value, bool):
        return Text("yes", "是") if value else Text("no", "否")
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, tuple) and len(value) > 4:
        return float(len(value))
    return _listed([Text(str(one)) for one in value]) if isinstance(value, tuple) else Text(str(value))


def _controls(scenario: Any) -> Text:
    found = [policy_name(_policy(one)) for one in scenario.controls]
    return _listed(found) if found else Text("–", "–")


def _policy(control: Control) -> str:
    return str(getattr(control, "policy", type(control).__name__))


def _open() -> dict[str, Text]:
    return {
        "entities": Text(
            "trips of vehicles; passengers, each with stop, time and destination",
            "车次；乘客（各有上车站、到站时刻与目的站）",
        ),
        "resources": Text("places on vehicles, up to their capacity", "车辆载客位置，以定员为限"),
        "queues": Text(
            "passengers at each stop, first come first served; who finds no room waits on, and vehicles "
            "never overtake",
            "各站候车乘客先到先上；未能上车者继续等候；车辆不超车",
        ),
        "entry_exit": Text(
            "vehicles enter at their first stop when dispatched and leave at their last; passengers enter at "
            "their stop of boarding and leave where they alight, or when the line closes",
            "车辆于始发站发车时进入、于终点站离开；乘客于上车站进入、于下车站或线路收班时离开",
        ),
        "logic": Text(
            "a trip is dispatched on time, or when it is ready; runs each section in the time that traffic "
            "and driver give it; stands for whoever boards and alights; may be held; leaves",
            "车次按时（或就绪后）发车；各区间运行时间取决于当日路况与驾驶员；停站上下客；可被驻站控制；离站",
        ),
    }


def _closed() -> dict[str, Text]:
    same = _open()
    return same | {
        "entities": Text(
            "vehicles of a fixed fleet; passengers, each with stop, time and destination",
            "固定数量的车辆；乘客（各有上车站、到站时刻与目的站）",
        ),
        "entry_exit": Text(
            "vehicles leave the first stop when service begins and go home when it ends; passengers enter at "
            "their stop of boarding and leave where they alight",
            "车辆于运营开始时自首站发出、运营结束后收车；乘客于上车站进入、于下车站离开",
        ),
    }


def _listed(texts: list[Text]) -> Text:
    return Text(", ".join(one.en for one in texts), "、".join(one.in_("zh") for one in texts))
