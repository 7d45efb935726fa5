"""A brief as data: its numbers have one id each, its record is exact, and its parts are checked."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from workbench.briefs import (
    BadBrief,
    Brief,
    Confidence,
    DataRow,
    Figure,
    Head,
    Link,
    Phrase,
    Quantity,
    Row,
    Table,
    Text,
)

HEADS = (Head("name", Text("Name", "名称")), Head("n", Text("Number", "数量")))


def test_every_number_has_one_id(brief: Brief) -> None:
    quantities = brief.quantities()
    assert {
        "index.0",
        "chance.3",
        "k",
        "level",
        "data.road_speeds.rejected",
        "data.road_speeds.reason.1",
    } <= set(quantities)
    assert quantities["data.road_speeds.share"].text("en") == "1%"


def test_two_numbers_may_not_share_an_id(brief: Brief) -> None:
    other = replace(brief.quantities()["index.0"], decimals=7)
    table = Table("again", Text("Again", "再次"), HEADS, (Row(("x", other)),))
    with pytest.raises(BadBrief, match=r"two different quantities have the id 'index\.0'"):
        replace(brief, tables=(table,))
    same = Table("again", Text("Again", "再次"), HEADS, (Row(("x", brief.quantities()["index.0"])),))
    assert replace(brief, tables=(same,)).quantities() == brief.quantities()


def test_json_is_exact_and_the_same_twice(brief: Brief) -> None:
    text = brief.to_json()
    assert text == brief.to_json()
    record = json.loads(text)
    assert record == brief.as_dict()
    for name, quantity in brief.quantities().items():
        kept = record["quantities"][name]
        for side in ("value", "low", "high"):
            given = getattr(quantity, side)
            assert kept[side] == given
            assert type(kept[side]) is type(given)
            if isinstance(given, float):
                assert kept[side].hex() == given.hex()
        assert kept["text"] == {"en": quantity.text("en"), "zh": quantity.text("zh")}
    assert record["answer"]["headline"]["zh"].startswith("优先治理<script>")
    assert record["options"]["rows"][0]["cells"][2]["text"]["en"] == ">99.9"
    assert record["options"]["rows"][0]["chosen"] is True
    assert record["options"]["rows"][3]["cells"][1] == {
        "quantity": "index.3",
        "text": {"en": "cannot tell", "zh": "无法判断"},
    }


def test_with_run_keeps_what_is_not_given(brief: Brief) -> None:
    bare = replace(brief, data=(), run=None)
    assert bare.with_run(data=brief.data, run=brief.run) == brief
    assert bare.with_run(run=brief.run).data == ()
    assert brief.with_run(data=()).run == brief.run


def test_show_a_brief_in_a_line(brief: Brief) -> None:
    assert repr(brief).startswith("<Brief traffic.congestion: Treat ")


def test_refuse_twins_and_unknown_states(brief: Brief) -> None:
    with pytest.raises(BadBrief, match="two tables or figures have the id 'options'"):
        replace(brief, tables=(brief.options,))
    with pytest.raises(BadBrief, match="table 'road_speeds' is in the data twice"):
        replace(brief, data=brief.data * 2)
    with pytest.raises(BadBrief, match="the status 'FINAL' is not one of DRAFT"):
        replace(brief, status="FINAL")
    with pytest.raises(BadBrief, match="not one of high, moderate"):
        Confidence("certain", Phrase("a", "甲"))  # type: ignore[arg-type]


def test_refuse_tables_that_do_not_fit() -> None:
    with pytest.raises(BadBrief, match=r"row 1 has 1 cells for 2 columns; row 2 holds 3;"):
        Table("t", Text("T"), HEADS, (Row(("x",)), Row(("x", 3))))  # type: ignore[arg-type]
    with pytest.raises(BadBrief, match="two columns are called 'name'"):
        Table("t", Text("T"), (HEADS[0], HEADS[0]))
    with pytest.raises(BadBrief, match="no columns"):
        Table("t", Text("T"), ())
    with pytest.raises(BadBrief, match="may hold only"):
        Table("T 1", Text("T"), HEADS)


def test_levels_are_told_once_only_where_they_agree() -> None:
    rows = [Row(("x", Quantity(f"q{at}", 1, low=0, high=2, level=at, basis=Text("b")))) for at in (0.9, 0.95)]
    assert Table("t", Text("T"), HEADS, tuple(rows)).shared_level() is None
    assert Table("t", Text("T"), HEADS, tuple(rows[:1])).shared_level() == 0.9
    assert Table("t", Text("T"), HEADS).shared_level() is None


@pytest.mark.parametrize(
    "bad",
    [
        "<svg><script>x</script></svg>",
        "<svg onload='x()'></svg>",
        '<svg><image href="http://example.org/a.png"/></svg>',
        '<svg><rect style="fill: url(http://example.org)"/></svg>',
        "<svg><style>p {color: red}</style></svg>",
        "<p>no drawing</p>",
    ],
)
def test_refuse_drawings_that_reach_out(bad: str) -> None:
    with pytest.raises(BadBrief, match="figure 'f'"):
        Figure(
            "f", Phrase("a", "甲"), Phrase("a", "甲"), {"en": bad, "zh": bad}, Table("t", Text("T"), HEADS)
        )


def test_words_in_a_drawing_are_only_words() -> None:
    svg = "<svg><text>zone one = 3, href='x', url(y)</text></svg>"
    Figure("f", Phrase("a", "甲"), Phrase("a", "甲"), {"en": svg, "zh": svg}, Table("t", Text("T"), HEADS))


def test_refuse_drawings_in_one_language() -> None:
    with pytest.raises(BadBrief, match="no drawing in 'zh'"):
        Figure("f", Phrase("a", "甲"), Phrase("a", "甲"), {"en": "<svg></svg>"}, Table("t", Text("T"), HEADS))


@pytest.mark.parametrize(
    "href", ["https://example.org", "//example.org", "/etc/passwd", "javascript:x", "", "C:\\x"]
)
def test_links_stay_beside_the_brief(href: str) -> None:
    with pytest.raises(BadBrief, match="not a path relative"):
        Link(Text("L"), href)


def data(**changes: object) -> DataRow:
    given = {"table": "taps", "description": Text("Taps"), "files": (), "rows": 10, "clean": 8, "rejected": 2}
    return DataRow(**(given | changes))  # type: ignore[arg-type]


def test_no_row_is_lost() -> None:
    with pytest.raises(BadBrief, match="of 10 rows 7 are clean and 2 set aside: 1 are lost"):
        data(clean=7)
    with pytest.raises(BadBrief, match="`rejected` is negative"):
        data(clean=11, rejected=-1)
    assert data(clean=7, duplicates=1).duplicates == 1


def test_counts_are_numbers_with_ids() -> None:
    numbers = data(reasons=(("range", "tap_time", 2),), files=(("a.csv", "ab", 10),), limit=0.05).numbers
    assert numbers["reason.0"].id == "data.taps.reason.0"
    assert numbers["reason.0"].value == 2
    assert numbers["file.0"].value == 10
    assert numbers["limit"].text("en") == "5%"
    assert data(rows=0, clean=0, rejected=0).numbers["share"].text("en") == "cannot tell"


def test_tables_named_in_chinese_keep_apart() -> None:
    one, other = (data(table=name).numbers["rows"].id for name in ("刷卡", "站点"))
    assert one != other


def test_importing_the_room_is_cheap() -> None:
    code = (
        "import sys, workbench.briefs; "
        "print([m for m in ('jinja2', 'matplotlib', 'yaml', 'numpy', 'polars') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
