"""A brief with everything that has ever broken a page: hostile, Chinese and endless names, gaps, nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest

from workbench.briefs import (
    Answer,
    Brief,
    Confidence,
    DataRow,
    Figure,
    Head,
    Link,
    Phrase,
    Quantity,
    Reason,
    Row,
    RunStamp,
    Source,
    Table,
    Text,
    _drawing,
    figures,
)
from workbench.briefs.checklist import Section
from workbench.briefs.document import Document, document
from workbench.briefs.fonts import cjk_files

BOOTSTRAP = Text("bootstrap over days", "按天自助法")
NAMES = (
    Text("<script>alert('1')</script> & \"Sons\"", "<script>alert('1')</script>路"),
    Text("Caofang", "草房"),
    Text("Llanfair" + "pwllgwyngyll" * 20, "很长的站名" * 40),
    Text("$x^2$ {braces} 100%", "价格$x^2$"),
)


@pytest.fixture(scope="session")
def brief() -> Brief:
    values = (1.0 / 3, 2.718281828459045, 1e-7, None)
    rows = []
    for at, (name, value) in enumerate(zip(NAMES, values, strict=True)):
        ends = (None, None) if value is None else (value * 0.9, value * 1.1)
        source = Source("congestion", "index", {"segment": f"s<{at}>"})
        index = Quantity(f"index.{at}", value, "index", *ends, basis=BOOTSTRAP, source=source)
        chance = Quantity(f"chance.{at}", (1.0, 0.62, 0.0, 0.0)[at], "probability", resamples=1000)
        delay = Quantity(f"delay.{at}", 100.5 * (at + 1), "s", *ends) if value is None else Quantity(
            f"delay.{at}", 234.0, "s", 220.0, 248.0, basis=BOOTSTRAP
        )  # fmt: skip
        rows.append(Row((name, index, chance, delay, "plain"), chosen=at == 0))
    heads = (
        Head("segment", Text("Segment", "路段")),
        Head("index", Text("Index", "指数")),
        Head("chance", Text("Chance", "概率"), "probability"),
        Head("delay", Text("Delay", "延误"), "min"),
        Head("kind", Text("Kind", "类别")),
    )
    options = Table("options", Text("Segments", "路段"), heads, tuple(rows))
    svg = {
        lang: figures.ranking(
            [name.in_(lang) for name in NAMES],
            values,
            [None if v is None else v * 0.9 for v in values],
            [None if v is None else v * 1.1 for v in values],
            xlabel="index",
        )
        for lang in ("en", "zh")
    }
    first = rows[0].cells[1]
    assert isinstance(first, Quantity)
    figure = Figure(
        "ranking",
        Phrase("{name} stands out at {index}", "{name}以{index}居首", {"name": NAMES[0], "index": first}),
        Phrase("A dot plot", "点图"),
        svg,
        Table("drawn", Text("Drawn", "图中数据"), heads[:2], tuple(Row(row.cells[:2]) for row in rows)),
    )
    k = Quantity("k", 1, "segments")
    answer = Answer(
        Phrase("Treat {names} first", "优先治理{names}", {"names": NAMES[:3]}),
        (Phrase("{k} stands at {index}", "{k}位于{index}", {"k": k, "index": first}),),
        Confidence(
            "moderate",
            Phrase("above {level}", "高于{level}", {"level": Quantity("level", 0.9, "probability")}),
        ),
    )
    data = DataRow(
        table="road_speeds",
        description=Text("Speeds <b>", "车速"),
        files=(
            ("speeds & more.csv", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 1000),
        ),
        rows=1000,
        clean=990,
        rejected=10,
        reasons=(
            ("range", "speed_kmh", 7),
            ("never heard of", "", 2),
            Reason("own", "ts", 1, Text("late <again>", "再次迟到")),
        ),
        duplicates=3,
        period=("2024-06-01", "2024-07-31"),
        contract="traffic 1.0.0",
        limit=0.05,
    )
    run = RunStamp(
        run_id="r-0f3a",
        code_version="0.1.0",
        contract="traffic 1.0.0",
        engine="polars",
        seed=42,
        parameters={"k": 1, "hours": [7, 8], "zone": None, "weekdays": True},
        inputs={"speeds.csv": "ab" * 32},
        command="workbench brief traffic.congestion --set 'name=<x>'",
    )
    return Brief(
        decision="traffic.congestion",
        project="L01",
        title=Text("Which segments first?", "优先治理哪些路段？"),
        question=Text("Which segments?", "哪些路段？"),
        answer=answer,
        options=options,
        figure=figure,
        tables=(Table("closed", Text("Closed segments", "封闭路段"), heads[:2]),),
        changes=(Phrase("If {name} were closed", "若{name}封闭", {"name": NAMES[1]}),),
        assumptions=(Phrase("Days are alike", "各天相似"),),
        limits=(Phrase("Not for choosing a treatment", "不用于选择措施"),),
        data=(data,),
        run=run,
        links=(Link(Text("Record", "记录"), "brief.json"),),
    )


@pytest.fixture(params=["en", "zh"])
def lang(request: pytest.FixtureRequest) -> str:
    """Each language; Chinese is left out where no font can draw it on paper."""
    lang = str(request.param)
    if lang == "zh" and "paper" in request.keywords and not cjk_files():
        pytest.skip("no Chinese font: install fonts-noto-cjk, or pip install 'lived-workbench[fonts]'")
    return lang


@pytest.fixture
def laid(brief: Brief, lang: str) -> Document:
    return document(brief, lang)


@pytest.fixture
def full(brief: Brief) -> Brief:
    """The same with a record: sections with prose, a table, a picture, a reason, and a last day."""
    drawn = replace(
        brief.figure,
        id="second",
        title=Phrase("Seen again at {n}", "再见于{n}", {"n": Quantity("again", 7.25, "km/h")}),
        data=replace(brief.figure.data, id="drawn-again"),
    )
    sections = (
        Section("use", prose=(Text("Use it <b>well</b> | always", "请善用"),), shown=("limits",)),
        Section("recovery", reason=Text("No lifeline", "不涉及生命线")),
        Section(
            "results",
            prose=(Phrase("{n} of them", "共{n}", {"n": Quantity("of.them", 3, "stops")}),),
            tables=(replace(brief.options, id="again"),),
            figures=(drawn,),
        ),
    )
    return replace(brief, sections=sections, sunset=date(2027, 3, 8))


@pytest.fixture(scope="session")
def boxes() -> Callable[[str], list[tuple[str, float, float, float, float]]]:
    """Where each text of a picture stands: (text, left, top, right, bottom), by the layout's own estimate."""

    def found(svg: str) -> list[tuple[str, float, float, float, float]]:
        placed = []
        for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
            style = dict(part.split(": ", 1) for part in node.attrib["style"].split("; "))
            size = float(style["font-size"].removesuffix("px"))
            text = node.text or ""
            width = _drawing.width_of(text, size, bold=style.get("font-weight") == "700")
            x, y = float(node.attrib["x"]), float(node.attrib["y"])
            left = x - width * {"start": 0, "middle": 0.5, "end": 1}[style["text-anchor"]]
            placed.append((text, left, y - 0.75 * size, left + width, y + 0.2 * size))
        return placed

    return found
