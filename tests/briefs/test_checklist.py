"""The 35 items: each filled, not applicable with a reason, or empty, and then refused."""

from dataclasses import replace

import pytest

from workbench.briefs import Head, Phrase, Quantity, Row, Table, Text
from workbench.briefs.checklist import Section, check_strict, checklist, groups, items, refuse_empty
from workbench.briefs.render import render_html
from workbench.errors import CheckFailed, WorkbenchError

SAID = Text("Said.", "已说明。")


@pytest.fixture
def full(brief):
    """A brief that says something on every item."""
    return brief.with_sections(*(Section(key, prose=(SAID,)) for key in items()))


def state(brief, key):
    return next(check.state for check in checklist(brief) if check.item.key == key)


def test_there_are_35_items_in_seven_groups():
    assert [item.number for item in items().values()] == list(range(1, 36))
    assert list(dict.fromkeys(item.group for item in items().values())) == list(groups()) == list("ABCDEFG")
    assert all(item.title.zh and item.title.en for item in items().values())


def test_a_full_brief_passes(full):
    check_strict(full)
    assert {check.state for check in checklist(full)} == {"filled"}


@pytest.mark.parametrize("key", items())
def test_each_item_emptied_is_refused_by_name(full, key):
    left = [section for section in full.sections if section.key != key]
    for emptied in (left, [*left, Section(key)]):
        brief = replace(full, sections=tuple(emptied))
        assert state(brief, key) == "empty"
        with pytest.raises(CheckFailed, match=f"leaves 1 of 35 .*{items()[key].number} .*\\({key}\\)"):
            check_strict(brief)


@pytest.mark.parametrize("key", items())
def test_each_item_may_not_apply_for_a_reason(full, key):
    left = (section for section in full.sections if section.key != key)
    brief = replace(full, sections=(*left, Section(key, reason=SAID)))
    check_strict(brief)
    assert state(brief, key) == "not_applicable"


def test_a_part_that_is_pointed_at_must_be_there(full):
    def limits(brief):
        left = (section for section in brief.sections if section.key != "limits")
        return state(replace(brief, sections=(*left, Section("limits", shown=("limits",)))), "limits")

    assert limits(replace(full, limits=(Phrase("Only there.", "仅此。"),))) == "filled"
    assert limits(replace(full, limits=())) == "empty"


def test_a_table_without_rows_says_nothing(full):
    head = (Head("a", Text("A", "甲")),)
    left = [section for section in full.sections if section.key != "results"]
    for rows, expected in (((), "empty"), ((Row(("x",)),), "filled")):
        section = Section("results", tables=(Table("r", Text("R", "结果"), head, rows),))
        assert state(replace(full, sections=(*left, section)), "results") == expected


def test_an_unknown_item_or_part_is_refused():
    with pytest.raises(WorkbenchError, match="no item 'no_such'"):
        Section("no_such", prose=(SAID,))
    with pytest.raises(WorkbenchError, match="no part 'appendix'"):
        Section("limits", shown=("appendix",))
    with pytest.raises(WorkbenchError, match="both says something and gives a reason"):
        Section("limits", prose=(SAID,), reason=SAID)


def test_two_sections_for_one_item_are_refused(brief):
    with pytest.raises(WorkbenchError, match="two sections fill the item 'log'"):
        replace(brief, sections=(Section("log", prose=(SAID,)), Section("log", reason=SAID)))


def test_what_a_decision_says_stays(full):
    again = full.with_sections(Section("log", prose=(Text("Other", "其他"),)))
    assert again.sections == full.sections


def test_numbers_of_sections_are_the_briefs_own(brief):
    number = Quantity("share.of.section", 0.25, "share")
    section = Section("results", prose=(Phrase("It is {x}.", "为{x}。", {"x": number}),))
    made = brief.with_sections(section)
    assert made.quantities()["share.of.section"] == number
    page = render_html(made, "zh")
    assert 'data-quantity="share.of.section"' in page
    assert 'id="item-results"' in page
    clash = Section("results", prose=(Phrase("{x}", "{x}", {"x": Quantity("k", 9)}),))
    with pytest.raises(WorkbenchError, match="two different quantities have the id 'k'"):
        brief.with_sections(clash)


def test_states_of_a_record_are_enough():
    refuse_empty("a.b", dict.fromkeys(items(), "filled"))
    with pytest.raises(CheckFailed, match="leaves 35 of 35"):
        refuse_empty("a.b", {})
