"""The traffic briefs and their records speak both languages; their glossaries hold what is said, no more."""

import ast
import json
import re
from pathlib import Path

import pytest

from data_samples.traffic import DATA
from pipelines import traffic
from pipelines.traffic.words import FILE, RECORD
from workbench.briefs import Words, _template, recording
from workbench.briefs.glossary import house, read_glossary
from workbench.domains import load_decision
from workbench.runs import data_from, decide

ROOM = Path(traffic.__file__).parent
GLOSSARIES = {path.name: read_glossary(path) for path in (FILE, RECORD)}
OWN = {key: name for name, known in GLOSSARIES.items() for key in known}
SOURCES = [Path(recording.__file__)] + [
    path
    for path in sorted(ROOM.glob("*.py"))
    if path.name == "headway_brief.py" or not path.name.startswith("headway")
]
"""The record of the headways has a glossary and a test of its own."""
KEY_START = r"(congestion|crowding|headways|unit)\\\."
KEY = re.compile(r"(congestion|crowding|headways|unit)\.[a-z0-9_.]*|weekdays|alldays")
ASKED = {"text", "phrase", "w"}
"""What words are asked of: keys that begin otherwise, or with a name put in, are known by it."""
LATIN = {
    *("p5", "p85", "p95", "cv", "GTFS", "stops", "txt", "L01"),
    *("STRESS", "DES", "JSON", "machine", "json", "NumPy", "Philox", "Wilson", "LIVED", "Workbench"),
    *("workbench", "compare", "verify", *traffic.domain.contract.tables),
}
"""What Chinese readers write in Latin letters, too: figures, formats, names, and what is typed."""


CODE = re.compile(r"[\w.+-]+")
"""A name of a column, a package or a version, where both languages say it alike."""


def asked(tree):
    """First arguments of the calls that ask for words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
            if name in ASKED:
                key = node.args[0]
                yield from (key.body, key.orelse) if isinstance(key, ast.IfExp) else (key,)


def pattern(joined):
    """What a key put together may be."""
    return "".join(
        re.escape(p.value) if isinstance(p, ast.Constant) else r"[a-z0-9_]+(?:\.one)?" for p in joined.values
    )


def spoken_in(known, one):
    return any(re.fullmatch(one, key) for key in known)


def spoken():
    """Keys of the glossaries in the source: whole ones, and patterns for those put together there."""
    whole, patterns = set(), set()
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        for node in ast.walk(tree):
            alone = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside
            if alone and KEY.fullmatch(node.value):
                whole.add(node.value)
            if isinstance(node, ast.JoinedStr) and re.match(KEY_START, pattern(node)):
                patterns.add(pattern(node))
        for key in asked(tree):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                patterns.add(re.escape(key.value))
            if isinstance(key, ast.JoinedStr):
                patterns.add(pattern(key))
    decisions = {
        load_decision(name).name for name in ("traffic.congestion", "traffic.crowding", "traffic.headways")
    }
    return whole - decisions, patterns


def test_every_key_that_is_spoken_is_known():
    whole, patterns = spoken()
    assert whole
    assert patterns
    assert whole <= set(OWN)
    for one in patterns:
        assert spoken_in((*OWN, *house()), one), one


@pytest.mark.parametrize("name", sorted(GLOSSARIES))
def test_every_key_that_is_known_is_spoken(name):
    whole, patterns = spoken()
    idle = [
        key
        for key in GLOSSARIES[name]
        if key not in whole and not any(re.fullmatch(one, key) for one in patterns)
    ]
    assert idle == []


def test_the_house_is_not_overruled():
    assert set(OWN) & set(house()) == set()


def test_no_key_is_in_two_glossaries():
    assert len(OWN) == sum(map(len, GLOSSARIES.values()))


@pytest.mark.parametrize("key", sorted(OWN))
def test_both_languages_say_the_same(key):
    text = Words(ROOM / OWN[key]).text(key)
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
    found |= set(segments["district"])
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
        if english == chinese and CODE.fullmatch(english):
            continue
        for each in names:
            chinese, english = chinese.replace(each, ""), english.replace(each, "")
        left = set(re.findall("[A-Za-z][A-Za-z0-9]+", chinese)) - LATIN
        assert not left, f"{english} / {chinese}"
        assert not re.search("[\u4e00-\u9fff]", english), english
