"""The record of the headways decision speaks both languages; its glossary holds what it says, no more."""

import ast
import re
from pathlib import Path

import pytest

from pipelines import traffic
from pipelines.traffic.headway_words import FILE, filled, headway_words
from workbench._text import Text
from workbench.briefs import _template
from workbench.briefs.glossary import house, read_glossary

OWN = read_glossary(FILE)
NAMES = (
    "headways",
    "headway_case",
    "headway_words",
    "headway_record",
    "headway_outcomes",
    "headway_turning",
    "headway_evidence",
    "headway_assumptions",
)
SOURCES = [Path(traffic.__file__).with_name(f"{name}.py") for name in NAMES]


def spoken():
    """Patterns of all texts in the sources that may be a key, with or without its prefix."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(re.escape(node.value.removeprefix("headways.")))
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(p.value) if isinstance(p, ast.Constant) else "[a-z0-9_]+" for p in node.values
                ]
                found.add("".join(parts).removeprefix(re.escape("headways.")))
    return [re.compile(each) for each in found if len(each) < 60]


def test_every_key_that_is_known_is_spoken():
    patterns = spoken()
    idle = [key for key in OWN if not any(each.fullmatch(key.removeprefix("headways.")) for each in patterns)]
    assert idle == []


def test_all_keys_are_of_this_decision_and_none_of_the_house():
    assert all(key.startswith("headways.") for key in OWN)
    assert not set(OWN) & set(house())


@pytest.mark.parametrize("key", sorted(OWN))
def test_both_languages_say_the_same(key):
    text = headway_words().text(key)
    assert _template.names(text.en) == _template.names(text.zh)
    assert re.search("[\u4e00-\u9fff]", text.zh)
    assert not re.search("[\u4e00-\u9fff]", text.en)


def test_a_label_is_filled_in_both_languages():
    made = filled("headways.saving", option=Text("b", "乙"), base=Text("a", "甲"))
    assert made == Text("saving of “b” against “a”", "“乙”相对“甲”的节省")
