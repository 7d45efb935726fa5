"""A plan file that does not hold together is refused with every mistake in it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from workbench import plan as plan_package
from workbench.errors import BadFile
from workbench.plan import load, read

SMALL = """\
plan:
  title: {en: A plan, zh: 计划}
  start: 2014-01-01
  end: 2016-12-31
  reporting: {en: Every year., zh: 每年一次。}
actions:
  - {id: L, title: {en: Livable, zh: 宜居}}
methods:
  transit: {en: Transit, zh: 公交}
data:
  traffic: {en: Traffic, zh: 交通}
targets:
  - {id: km, title: {en: Km, zh: 里程}, value: 2.0e+3, unit: {en: km, zh: 公里}, op: at_least, project: L01}
projects:
  - id: L01
    title: {en: Smart transport, zh: 智慧交通}
    action: L
    asks: {en: Buses., zh: 公交。}
    decision: {en: How often?, zh: 多久一班？}
    methods: [transit]
    data: [traffic]
"""


def mistakes(folder: Path, text: str) -> list[tuple[int | None, str]]:
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        read(path)
    assert caught.value.exit_code == 2
    assert str(path) in str(caught.value)
    return caught.value.mistakes


def test_a_small_plan_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(SMALL, encoding="utf-8")
    plan = read(path)
    assert plan.targets_of("L01")[0].value == 2000
    assert plan.targets_of("L01")[0].due == plan.end


def test_a_target_may_be_due_before_the_plan_ends(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(SMALL.replace("op: at_least", "op: at_least, due: 2015-06-30"), encoding="utf-8")
    assert read(path).target("km").due.isoformat() == "2015-06-30"


WRONG = """
13 | value: 2.0e+3 | value: 2.0e3 | target km: `value` is '2.0e3', not a number (write powers of ten
13 | value: 2.0e+3 | value: many  | target km: `value` is 'many', not a number
13 | value: 2.0e+3 | value: yes   | target km: `value` is True, not a number
13 | value: 2.0e+3 | value: .nan  | target km: `value` is nan, not a number
13 | op: at_least | op: atleast  | target km: `op` names 'atleast', which is no comparison. Nearest: at_least
13 | op: at_least, |              | target km: `op` is missing
13 | project: L01 | project: L02 | target km: `project` names 'L02', which is no project. Nearest: L01
13 | op: at_least | op: exactly, due: soon | target km: `due` is 'soon', not a date (expected YYYY-MM-DD
13 | op: at_least | op: exactly, counted: 7 | target km: `counted` is 7, but should be a list of phrases
17 | action: L    | action: LL   | project L01: `action` names 'LL', which is no action. Nearest: L
20 | [transit] | [transitt] | project L01: `methods` names 'transitt', which is no method. Nearest: transit
20 | [transit]    | [transit, transit] | project L01: `methods` names 'transit' twice
20 | [transit]    | transit      | project L01: `methods` is 'transit', but should be a list of names
21 | [traffic]    | [trafic]     | project L01: `data` names 'trafic', which is no dataset. Nearest: traffic
18 | , zh: 公交。}   | }            | project L01: `asks` is {'en': 'Buses.'}, but should have `en` and `zh`
18 | zh: 公交。      | zh: ' '      | project L01: `asks` is
18 | zh: 公交。      | zh: 公交。, fr: a | project L01: `asks` is
19 | decision:    | decisoin:    | project L01: `decisoin` is not a key here. Nearest: decision
15 | decision:    | decisoin:    | project L01: `decision` is missing
15 | - id: L01    | - id: 101    | project 101: `id` is 101, not text
4  | end: 2016    | end: 2013    | `plan`: `end` 2013-12-31 is before `start` 2014-01-01
8  | transit: {   | yes: {       | `methods`: `True` is not text
14 | projects:    | progects:    | the file: `progects` is not a key here. Nearest: projects
1  | projects:    | progects:    | the file: `projects` is missing
6 | - {id: L, title: {en: Livable, zh: 宜居}} | [] | the file: `actions` is [], but should be a list
7 | {id: L, title: {en: Livable, zh: 宜居}} | Livable | action number 1 is 'Livable', but should be a mapping
"""


@pytest.mark.parametrize("case", WRONG.strip().splitlines())
def test_a_mistake_is_named_with_its_line_and_entry(tmp_path: Path, case: str) -> None:
    line, old, new, says = (part.strip() for part in case.split(" | "))
    assert SMALL.count(old) == 1, "the case changes one place"
    found = mistakes(tmp_path, SMALL.replace(old, new))
    assert [at for at, what in found if what.startswith(says)] == [int(line)], found


def test_a_key_given_twice_is_not_dropped_in_silence(tmp_path: Path) -> None:
    found = mistakes(tmp_path, SMALL.replace("    action: L\n", "    action: L\n    action: L\n"))
    assert found == [(18, "`action` is given twice in one place; keep one")]


def test_an_id_is_used_once(tmp_path: Path) -> None:
    again = SMALL + SMALL[SMALL.index("  - id: L01") :]
    assert mistakes(tmp_path, again) == [(22, "project L01: the id is already taken at line 15")]


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    broken = (
        SMALL.replace("zh: 计划", "zh: ''")
        .replace("op: at_least", "op: about")
        .replace("project: L01", "project: Q7")
        .replace("    action: L\n", "")
        .replace("[transit]", "[bus]")
    )
    found = mistakes(tmp_path, broken)
    assert [line for line, _ in found] == [2, 13, 13, 15, 19]
    assert [what.split(":")[0] for _, what in found] == [
        "`plan`",
        "target km",
        "target km",
        "project L01",
        "project L01",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"plan: [", "not valid YAML"),
        (b"just words", "the file is 'just words', but should be a mapping"),
        ("plan: 计划".encode("gb18030"), "not UTF-8 text at byte 6"),
        (b"plan: \x07", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_in_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(content)
    with pytest.raises(BadFile) as caught:
        read(path)
    assert len(caught.value.mistakes) == 1
    assert says in str(caught.value)


def test_a_missing_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        read(tmp_path / "nowhere.yaml")


def test_the_shipped_plan_is_read_once_and_can_travel() -> None:
    assert load() is load()
    assert pickle.loads(pickle.dumps(load())) == load()


def test_importing_the_plan_reads_nothing_and_imports_no_engine() -> None:
    heavy = {"yaml", "polars", "numpy", "pydantic", "narwhals", "dask", "pyspark"}
    code = f"import sys, {plan_package.__name__}; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
