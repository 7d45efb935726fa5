"""The lifeline briefs and their records speak both languages; their glossaries hold what is said, no more."""

import ast
import re
from pathlib import Path

import polars as pl
import pytest

from data_samples.lifelines import DATA
from pipelines import lifelines
from pipelines.lifelines.words import SHARED, words
from workbench.briefs import Words, _template, recording
from workbench.briefs.glossary import house, read_glossary
from workbench.domains import decisions, load_decision

ROOM = Path(lifelines.__file__).parent
OWN = sorted(path.stem for path in ROOM.glob("*.yaml") if path.stem not in ("contract", "words"))
GLOSSARIES = {name: read_glossary(ROOM / f"{name}.yaml") for name in (*OWN, "words")}
DECISIONS = [name for name in decisions() if load_decision(name).domain == "lifelines"]
SOURCES = [Path(recording.__file__), *sorted(ROOM.glob("*.py"))]
LATIN = {
    *("p5", "p95", "p99", "P95", "P99", "MW", "CNY", "kg", "m3", "Gbit", "km", "NetworkX", "EPANET", "NumPy"),
    *("STRESS", "DES", "JSON", "machine", "json", "Philox", "Wilson", "LIVED", "Workbench", "workbench"),
    *(
        "compare",
        "verify",
        "lifelines",
        "criticality",
        "hardening",
        "restoration",
        "networks",
        "availability",
    ),
    *("HiGHS", "SimPy", "NIST", "HAZUS", "OpenQuake", "WNTR", "SciPy", "PGA", "PGV", "MTBF", "MTTR", "V18"),
    *("E22", "S04", "DC", "OPF", "Boore", "Atkinson", "IN", "CORE", "Shelby", "Dec2py", "INDP", "MILP"),
    *lifelines.domain.contract.tables,
}
"""What Chinese readers write in Latin letters, too: figures, formats, names, and what is typed."""
CODE = re.compile(r"[\w.+:/-]+")


def spoken():
    """String constants of the sources, and patterns for those put together there."""
    whole, patterns = set(), set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            if isinstance(node, ast.JoinedStr):
                parts = (
                    re.escape(p.value) if isinstance(p, ast.Constant) else r"[A-Za-z0-9_/]+"
                    for p in node.values
                )
                patterns.add("".join(parts))
    return whole, [re.compile(one) for one in patterns if "." in one]


@pytest.mark.parametrize("name", sorted(GLOSSARIES))
def test_every_key_that_is_known_is_spoken(name):
    whole, patterns = spoken()
    idle = [
        key
        for key in GLOSSARIES[name]
        if key.removesuffix(".one") not in whole
        and not key.startswith("why.")
        and not any(one.fullmatch(key) or one.fullmatch(key.removesuffix(".one")) for one in patterns)
    ]
    assert idle == []


@pytest.mark.parametrize("name", sorted(GLOSSARIES))
def test_every_reason_is_given(name):
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    reasons = [key.removeprefix("why.") for key in GLOSSARIES[name] if key.startswith("why.")]
    assert [one for one in reasons if f'"{one}"' not in text] == []


@pytest.mark.parametrize("name", OWN)
def test_neither_the_house_nor_what_is_shared_is_overruled(name):
    assert set(GLOSSARIES[name]) & (set(house()) | set(GLOSSARIES["words"])) == set()


@pytest.mark.parametrize("name", sorted(GLOSSARIES))
def test_both_languages_say_the_same(name):
    known = Words(SHARED) if name == "words" else words(name)
    for key in GLOSSARIES[name]:
        text = known.text(key)
        assert _template.names(text.en) == _template.names(text.zh), key
        assert re.search("[\u4e00-\u9fff]", text.zh) or "{" in text.zh, key
        assert not re.search("[\u4e00-\u9fff]", text.en), key


def pairs(node):
    """Every text of a brief that is there in both languages."""
    if isinstance(node, dict):
        if isinstance(node.get("en"), str) and isinstance(node.get("zh"), str):
            yield node["en"], node["zh"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from pairs(each)


def labels(svg):
    """Texts of a picture."""
    return re.findall(r">\s*([^<>]*?)\s*</text>", svg)


@pytest.fixture(scope="module")
def names():
    """Ids and names in the sample, which may stand in a text of either language."""
    found = set()
    for table, columns in {
        "nodes": ["node_id", "name", "name_zh"],
        "edges": ["edge_id"],
        "zones": ["*"],
    }.items():
        frame = pl.read_csv(DATA / f"{table}.csv", infer_schema=False, truncate_ragged_lines=True)
        for column in frame.columns if columns == ["*"] else columns:
            found |= set(frame[column].drop_nulls()) if column in frame.columns else set()
    return sorted((one for one in found if not one.isdigit()), key=len, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", DECISIONS)
def test_no_english_is_left_in_a_chinese_brief(name, names, decided, told):
    texts = list(pairs(told(decided(name))))
    assert len(texts) > 50
    known = re.compile("|".join(map(re.escape, names)))
    for english, chinese in texts:
        if english.startswith("<svg"):
            english, chinese = (" ".join(labels(svg)) for svg in (english, chinese))
        if english == chinese and CODE.fullmatch(english):
            continue
        english, chinese = known.sub("", english), known.sub("", chinese)
        left = set(re.findall("[A-Za-z][A-Za-z0-9]+", chinese)) - LATIN
        assert not left, f"{english} / {chinese}"
        assert not re.search("[\u4e00-\u9fff]", english), english
