"""The shipped plan: complete, in two languages, and equal to the facts it was made from."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from workbench._text import Text
from workbench.errors import UnknownName
from workbench.plan import Plan, Target, load

CJK = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load()


def texts(thing: Any, where: str) -> Iterator[tuple[str, Text]]:
    """Walk everything in the plan and yield every phrase with the way to it."""
    if isinstance(thing, Text):
        yield where, thing
    elif is_dataclass(thing):
        for field in fields(thing):
            name = getattr(thing, "id", "")
            yield from texts(getattr(thing, field.name), f"{where} {name}.{field.name}")
    elif isinstance(thing, tuple):
        for each in thing:
            yield from texts(each, where)
    elif isinstance(thing, dict):
        for key, each in thing.items():
            yield from texts(each, f"{where}[{key}]")


def test_the_plan_has_50_projects_28_special_and_22_supporting_and_25_targets(plan: Plan) -> None:
    per_action = Counter(project.action for project in plan.projects)
    assert per_action == {"L": 8, "I": 5, "V": 5, "E": 5, "D": 5, "S": 22}
    assert len(plan.projects) == 50
    assert len(plan.targets) == 25
    assert [action.id for action in plan.actions] == list("LIVEDS")


def test_every_text_is_there_in_both_languages(plan: Plan) -> None:
    found = list(texts(plan, "plan"))
    assert len(found) > 250
    for where, text in found:
        assert text.en.strip(), where
        assert CJK.search(text.zh), where
        assert not CJK.search(text.en), where


def test_chinese_sentences_carry_chinese_punctuation(plan: Plan) -> None:
    for project in plan.projects:
        assert project.asks.zh.endswith("。"), project.id
        assert project.decision.zh.endswith("？"), project.id
        for text in (project.asks.zh, project.decision.zh):
            assert not re.search(r"[,;:?!()]", text), project.id


def test_numbers_in_a_sentence_are_the_same_in_both_languages(plan: Plan) -> None:
    spelled = {"S09", "S10"}  # CNY 400 billion is 4000亿元
    for project in plan.projects:
        if project.id not in spelled:
            for text in (project.asks, project.decision):
                in_en, in_zh = (Counter(re.findall(r"\d+(?:\.\d+)?", words)) for words in (text.en, text.zh))
                assert in_en - in_zh == Counter(), project.id


def test_ids_start_with_their_action_and_run_on(plan: Plan) -> None:
    special = [project.id for project in plan.projects if project.action != "S"]
    assert [int(name[1:]) for name in special] == list(range(1, 29))
    assert [project.id for project in plan.projects_of("S")] == [f"S{n:02}" for n in range(1, 23)]
    assert all(project.id[0] == project.action for project in plan.projects)


def test_targets_are_due_at_the_end_of_the_plan_and_milestones_are_whole(plan: Plan) -> None:
    assert {target.due for target in plan.targets} == {date(2016, 12, 31)} == {plan.end}
    assert all((t.value, t.unit.en) == (1, "share") for t in plan.targets if t.op == "milestone")
    assert len(plan.target("food_trace_categories").counted) == plan.target("food_trace_categories").value


def test_projects_and_targets_are_found_through_each_other(plan: Plan) -> None:
    assert plan.project("L01").title == Text("Smart transport", "智慧交通")
    assert plan.targets_of("L01") == ()
    assert [target.id for target in plan.targets_of("L05")] == ["municipal_museums", "district_museums"]
    assert sum(len(plan.targets_of(project.id)) for project in plan.projects) == 25
    assert sum(len(plan.projects_of(action.id)) for action in plan.actions) == 50


@pytest.mark.parametrize(
    ("call", "given", "says"),
    [
        ("project", "L1", r"No project is called 'L1'. Nearest: L01"),
        ("project", "l01", r"Write it L01\."),
        ("project", "L99", r"Livable has L01 to L08"),
        ("project", "", r"`workbench plan` lists them all"),
        ("targets_of", "S9", r"Nearest: .*S09"),
        ("projects_of", "X", r"No action is called 'X'. Known: D, E, I, L, S, V"),
        ("action", "LL", r"Nearest: L"),
        ("target", "ftth", r"Nearest: ftth_rate"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(plan: Plan, call: str, given: str, says: str) -> None:
    with pytest.raises(UnknownName, match=says) as caught:
        getattr(plan, call)(given)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("target", "meets", "misses"),
    [
        ("ftth_rate", 0.60, 0.599),
        ("wlan_access_points", 200_001, 200_000),
        ("lte_coverage", 1.0, 0.99),
        ("ftth_rate", 0.7, float("nan")),
    ],
)
def test_a_target_knows_what_meets_it(plan: Plan, target: str, meets: float, misses: float) -> None:
    assert plan.target(target).met_by(meets)
    assert not plan.target(target).met_by(misses)


def test_an_exact_target_is_met_by_its_value_alone() -> None:
    exact = Target(
        id="x",
        title=Text("x"),
        value=0.3,
        unit=Text("share"),
        op="exactly",
        due=date(2016, 1, 1),
        project="L01",
    )
    assert exact.met_by(0.1 + 0.2)
    assert not exact.met_by(0.31)


# ---- the facts the plan was made from, kept outside the repository ----


def facts_path() -> Path:
    root = Path(__file__).parents[2]
    data = os.environ.get("WORKBENCH_REAL_DATA")
    return (Path(data).parent if data else root.parent / "shared") / "plan" / "plan.yaml"


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    path = facts_path()
    if not path.is_file():
        pytest.skip(
            f"no facts to compare with: {path} is not there (set WORKBENCH_REAL_DATA to the data beside it)"
        )
    read: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read


def english(entry: dict[str, Any]) -> str:
    """Rejoin a title that an unquoted comma split: YAML reads its tail as a key without a value."""
    return ", ".join([entry["en"], *(key for key, value in entry.items() if value is None)])


@pytest.mark.real
def test_the_plan_itself_is_as_the_facts_say(plan: Plan, facts: dict[str, Any]) -> None:
    given = facts["plan"]
    assert plan.title == Text(given["en"], given["zh"])
    assert (plan.start, plan.end, plan.reporting.en) == (given["start"], given["end"], given["reporting"])
    assert [(a.id, a.title.en, a.title.zh) for a in plan.actions] == [
        (a["id"], a["en"], a["zh"]) for a in facts["actions"]
    ]
    assert [each.en for each in plan.target("food_trace_categories").counted] == facts["food_categories"]


@pytest.mark.real
def test_targets_are_as_the_facts_say(plan: Plan, facts: dict[str, Any]) -> None:
    ours = [(t.id, t.title.en, t.title.zh, t.value, t.unit.en, t.op, t.project) for t in plan.targets]
    theirs = [
        (t["id"], english(t), t["zh"], float(t["value"]), t["unit"], t["op"], t["project"])
        for t in facts["targets"]
    ]
    assert ours == theirs
    assert all(t.due == f.get("due", plan.end) for t, f in zip(plan.targets, facts["targets"], strict=True))


@pytest.mark.real
def test_projects_are_as_the_facts_say(plan: Plan, facts: dict[str, Any]) -> None:
    ours = [
        (p.id, p.title.en, p.title.zh, p.asks.en, p.decision.en, list(p.methods), list(p.data))
        for p in plan.projects
    ]
    theirs = [
        (p["id"], p["en"], p["zh"], p["asks"], p["decision"], p["method"], p["data"])
        for p in facts["projects"]
    ]
    assert ours == theirs
