"""The plan as text and as JSON, with and without decisions, in both languages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import pytest

from workbench._text import Text
from workbench.errors import UnknownName
from workbench.plan import amount, as_json, as_text, day, goal, load
from workbench.plan._layout import pad, rows, width, wrap


@dataclass(frozen=True)
class Decision:
    name: str
    question: Text


CONGESTION = Decision("traffic.congestion", Text("Which road segments to treat first?", "应先治理哪些路段？"))
CROWDING = Decision(
    "traffic.crowding",
    Text(
        "Which line sections and quarter-hours are over capacity, by how much, and how regular is service?",
        "哪些线路区段在哪些时段超过运能，超出多少，发车间隔有多均匀？",
    ),
)
TRAFFIC = {"L01": [CROWDING, CONGESTION]}
NAMES = {"en": "not yet", "zh": "尚未提供"}

# ---- amounts ----


@pytest.mark.parametrize(
    ("target", "en", "zh"),
    [
        ("ecommerce_turnover", "≥ 2 trillion CNY/year", "≥ 2万亿元/年"),
        ("info_service_revenue", "≥ 680 billion CNY/year", "≥ 6800亿元/年"),
        ("info_service_gdp_share", "> 7%", "> 7%"),
        ("ftth_rate", "≥ 60%", "≥ 60%"),
        ("ngb_households", "≥ 6 million households", "≥ 600万户"),
        ("new_it_employment", "> 800,000 persons", "> 80万人"),
        ("wlan_access_points", "> 200,000 access points", "> 20万个接入点"),
        ("fusion_index", "≥ 86.5", "≥ 86.5"),
        ("fibre_bandwidth", "≥ 40 Mbit/s", "≥ 40兆比特/秒"),
        ("smart_villages", "≥ 20 villages", "≥ 20个村庄"),
        ("ipv6_support", "= 100%", "= 100%"),
    ],
)
def test_a_goal_reads_as_a_planner_would_write_it(target: str, en: str, zh: str) -> None:
    assert goal(load().target(target), "en") == en
    assert goal(load().target(target), "zh") == zh


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        (0, "0 persons", "0人"),
        (-2.5e6, "-2.5 million persons", "-250万人"),
        (9_999, "9,999 persons", "9999人"),
        (10_000, "10,000 persons", "1万人"),
        (1_234_567, "1.234567 million persons", "123.4567万人"),
        (999_999_999, "999.999999 million persons", "9.99999999亿人"),
    ],
)
def test_an_amount_is_never_rounded(value: float, en: str, zh: str) -> None:
    persons = Text("persons", "人")
    assert (amount(value, persons), amount(value, persons, "zh")) == (en, zh)


def test_a_day_is_written_the_same_everywhere() -> None:
    assert day(date(2016, 12, 31)) == "31 December 2016"
    assert day(date(2016, 2, 1), "zh") == "2016年2月1日"


# ---- JSON ----


def test_json_has_all_actions_projects_and_targets() -> None:
    shown = json.loads(json.dumps(as_json(load(), TRAFFIC)))
    assert list(shown) == ["actions", "projects", "targets"]
    assert [len(shown[key]) for key in shown] == [6, 50, 25]
    assert set(shown["projects"][0]) == {
        "id", "title", "action", "asks", "decision", "methods", "data", "status", "decisions",
    }  # fmt: skip
    assert set(shown["targets"][0]) == {
        "id", "title", "value", "unit", "op", "due", "project", "goal", "counted",
    }  # fmt: skip


def test_json_lists_the_decisions_of_a_project_by_name() -> None:
    shown = {each["id"]: each for each in as_json(load(), TRAFFIC)["projects"]}
    assert shown["L01"]["status"] == "answered"
    assert shown["L01"]["decisions"] == [
        {"name": "traffic.congestion", "question": CONGESTION.question.as_dict()},
        {"name": "traffic.crowding", "question": CROWDING.question.as_dict()},
    ]
    assert {each["status"] for name, each in shown.items() if name != "L01"} == {"not yet"}
    assert all(each["decisions"] == [] for name, each in shown.items() if name != "L01")


def test_json_of_one_project_has_its_action_and_its_targets_only() -> None:
    shown = as_json(load(), TRAFFIC, "S01")
    assert [each["id"] for each in shown["actions"]] == ["S"]
    assert [each["id"] for each in shown["projects"]] == ["S01"]
    assert [each["id"] for each in shown["targets"]] == ["ftth_rate", "fibre_bandwidth", "ngb_households"]
    assert shown["targets"][0]["value"] == 0.6
    assert shown["targets"][0]["due"] == "2016-12-31"
    assert shown["targets"][0]["goal"] == {"en": "≥ 60%", "zh": "≥ 60%"}


def test_a_project_with_an_empty_list_of_decisions_is_not_yet_answered() -> None:
    assert as_json(load(), {"L01": []}, "L01")["projects"][0]["status"] == "not yet"


@pytest.mark.parametrize("show", [as_json, as_text])
def test_an_unknown_project_is_refused(show: object) -> None:
    assert callable(show)
    with pytest.raises(UnknownName, match="Nearest: L01"):
        show(load(), {}, "L1")
    with pytest.raises(UnknownName, match=r"given by the decision traffic\.congestion"):
        show(load(), {"X01": [CONGESTION]})


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UnknownName, match="language"):
        as_text(load(), {}, lang="fr")


# ---- text ----


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_overview_has_every_action_project_and_target(lang: str) -> None:
    text = as_text(load(), TRAFFIC, lang=lang)
    squeezed = "".join(text.split())
    titles = [(each.id, each.title) for each in load().actions]
    titles += [(each.id, each.title) for each in load().projects]
    for name, title in titles:
        assert "".join((name, *title.in_(lang).split())) in squeezed
    for target in load().targets:
        assert goal(target, lang) in text
    assert text.count(NAMES[lang]) == 49
    assert text.endswith("\n")
    assert not any(line != line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_columns_of_the_overview_stand_under_each_other(lang: str) -> None:
    lines = as_text(load(), TRAFFIC, lang=lang).splitlines()
    answers = [NAMES[lang], "traffic.congestion", "traffic.crowding"]
    starts = {width(line[: line.index(a)]) for line in lines for a in answers if line.endswith(a)}
    assert len(starts) == 1
    goals = [goal(target, lang) for target in load().targets]
    starts = {width(line[: line.index(g)]) for line in lines for g in goals if f" {g} " in line}
    assert len(starts) == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("project", [each.id for each in load().projects])
def test_the_page_of_a_project_says_all_of_it(project: str, lang: str) -> None:
    plan = load()
    text = as_text(plan, TRAFFIC, project, lang)
    squeezed = "".join(text.split())
    about = plan.project(project)
    for words in (about.title, about.asks, about.decision, plan.action(about.action).title):
        assert "".join(words.in_(lang).split()) in squeezed
    for name in (*about.methods, *about.data):
        assert f"   {name}" in text
    for target in plan.targets_of(project):
        assert goal(target, lang) in text
        assert day(target.due, lang) in text
        assert all("".join(each.in_(lang).split()) in squeezed for each in target.counted)
    assert (NAMES[lang] in text) == (project != "L01")
    assert max(map(width, text.splitlines())) <= 100


def test_the_page_of_a_project_asks_the_questions_answered_here() -> None:
    english, chinese = (" ".join(as_text(load(), TRAFFIC, "L01", lang).split()) for lang in ("en", "zh"))
    assert "traffic.congestion Which road segments to treat first?" in english
    assert "traffic.congestion 应先治理哪些路段？" in chinese
    assert "traffic.crowding 哪些线路区段" in chinese


# ---- layout ----


def test_a_chinese_character_is_two_columns_wide() -> None:
    assert width("智慧bus，") == 9
    assert width("e\u0301") == 1
    assert pad("智慧", 6) == "智慧  "
    assert pad("智慧", 2) == "智慧"


def test_english_breaks_between_words() -> None:
    assert wrap("one two  three", 8) == ["one two", "three"]
    assert wrap("incomprehensible words", 5) == ["incomprehensible", "words"]
    assert wrap("", 5) == []


def test_chinese_breaks_between_characters_but_not_before_punctuation() -> None:
    assert wrap("道路拥堵，排队", 8) == ["道路拥", "堵，排队"]
    assert wrap("扩大ETC应用", 7) == ["扩大ETC", "应用"]
    assert wrap("线路（公交）", 6) == ["线路", "（公", "交）"]


def test_rows_are_aligned_whatever_they_hold() -> None:
    table = rows([("L01", "智慧交通", "a\nb"), ("S", "bus", "")], indent=1)
    assert table == [" L01  智慧交通  a\n                b", " S    bus"]
