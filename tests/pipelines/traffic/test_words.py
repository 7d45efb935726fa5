"""The traffic briefs speak both languages, and their glossary holds what they say and nothing else."""

import ast
import json
import re
from pathlib import Path

import pytest

from data_samples.traffic import DATA
from pipelines import traffic
from pipelines.traffic.words import FILE, words
from workbench.briefs import _template
from workbench.briefs.glossary import house, read_glossary
from workbench.domains import load_decision
from workbench.runs import data_from, decide

OWN = read_glossary(FILE)
SOURCES = sorted(Path(traffic.__file__).parent.glob("*.py"))
KEY = re.compile(r"(congestion|crowding|headways|unit)\.[a-z0-9_.]*|weekdays|alldays")
LATIN = {"p85", "p95", "cv", "GTFS", "stops", "txt"}
"""What Chinese readers write in Latin letters, too: figures, a format and its file."""


def spoken():
    """Keys of the glossary in the source: whole ones, and patterns for those put together there."""
    whole, patterns = set(), set()
    for tree in (ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES):
        inside = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        for node in ast.walk(tree):
            alone = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside
            if alone and KEY.fullmatch(node.value):
                whole.add(node.value)
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(p.value) if isinstance(p, ast.Constant) else r"[a-z0-9_]+(?:\.one)?"
                    for p in node.values
                ]
                if re.match(r"(congestion|crowding|headways|unit)\\\.", parts[0]):
                    patterns.add("".join(parts))
    decisions = {
        load_decision(name).name for name in ("traffic.congestion", "traffic.crowding", "traffic.headways")
    }
    return whole - decisions, patterns


def test_every_key_that_is_spoken_is_known():
    whole, patterns = spoken()
    assert whole
    assert patterns
    assert whole <= set(OWN)
    for pattern in patterns:
        assert any(re.fullmatch(pattern, key) for key in OWN), pattern


def test_every_key_that_is_known_is_spoken():
    whole, patterns = spoken()
    idle = [key for key in OWN if key not in whole and not any(re.fullmatch(one, key) for one in patterns)]
    assert idle == []


def test_the_house_is_not_overruled():
    assert set(OWN) & set(house()) == set()


@pytest.mark.parametrize("key", sorted(OWN))
def test_both_languages_say_the_same(key):
    text = words().text(key)
    assert _template.names(text.en) == _template.names(text.zh)
    assert re.search("[\u4e00-\u9fff]", text.zh)
    assert not re.search("[\u4e00-\u9fff]", text.en)


def pairs(node):
    """Every text of a brief that is there in both languages."""
    if isinstance(node, dict):
        if isinstance(node.get("en"), str) and isinstance(node.get("zh"), str):
            yield node["en"], node["zh"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from pairs(each)


def labels(svg, names):
    """Texts of a picture but for names, which may be cut into lines."""
    found = re.findall(r">\s*([^<>]*?)\s*</text>", svg)
    assert found
    plain = (re.sub(r"\s*\([A-Z]\d+\)$", "", text).strip("…") for text in found)
    return [text for text in plain if not any(text in name for name in names)]


@pytest.fixture(scope="module")
def names():
    """Names in the sample, which are the same in both languages."""
    import polars as pl

    segments, stops = pl.read_csv(DATA / "segments.csv"), pl.read_csv(DATA / "stops.csv")
    found = {*segments["segment_name"], *segments["segment_id"], *stops["stop_name"], *stops["stop_id"]}
    return sorted(filter(None, found), key=len, reverse=True)


@pytest.mark.parametrize("name", ["traffic.congestion", "traffic.crowding"])
def test_no_english_is_left_in_a_chinese_brief(name, names, engines, tmp_path):
    decision = load_decision(name)
    data = data_from(traffic.domain)
    run = decide(decision, traffic.domain, data, decision.Parameters(), engines("polars"), tmp_path)
    texts = list(pairs(json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))))
    assert len(texts) > 50
    for english, chinese in texts:
        if english.startswith("<svg"):
            english, chinese = (" ".join(labels(svg, names)) for svg in (english, chinese))
        for each in names:
            chinese, english = chinese.replace(each, ""), english.replace(each, "")
        left = set(re.findall("[A-Za-z][A-Za-z0-9]+", chinese)) - LATIN
        assert not left, f"{english} / {chinese}"
        assert not re.search("[\u4e00-\u9fff]", english), english
