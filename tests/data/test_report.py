"""What screening found: counted from the quarantine, judged by the limit, written for people and machines."""

import json
from html.parser import HTMLParser

import polars as pl
import pytest

from workbench._text import Text
from workbench.data.contract import Column, RowRule, TableContract
from workbench.data.report import RULES, Report, RuleCount, TableReport, count_rules
from workbench.errors import DataRejected, UnknownName


def rule(name="range", column="speed_kmh", count=3, value="<300>", **more):
    given = {"file": "a&b.csv", "row": 12, "text": RULES.get(name, Text(name)), **more}
    return RuleCount(rule=name, column=column, count=count, value=value, **given)


RANGE, TWICE = rule(), rule("duplicate", "day, id", 1, None)


def table(rows=100, clean=96, limit=0.05, rules=(RANGE, TWICE), **more):
    return TableReport(table="speeds", rows=rows, clean=clean, limit=limit, rules=rules, **more)


def test_figures_follow_from_the_counts():
    one = table()
    assert (one.rejected, one.share, one.duplicates) == (4, 0.04, 1)
    assert table(rows=0, clean=0, rules=()).share == 0.0


@pytest.mark.parametrize(
    ("rows", "clean", "limit", "verdict"),
    [
        (100, 95, 0.05, "passed"),
        (100, 94, 0.05, "stopped"),
        (100, 100, 0.0, "passed"),
        (100, 99, 0.0, "stopped"),
        (100, 0, 1.0, "empty"),
        (100, 1, 1.0, "passed"),
        (0, 0, 0.05, "empty"),
    ],
)
def test_a_table_passes_within_its_limit_and_with_rows_left(rows, clean, limit, verdict):
    one = table(rows=rows, clean=clean, limit=limit)
    assert one.verdict == verdict
    assert one.passed == (verdict == "passed")
    assert Report((table(), one)).passed == one.passed


def test_the_complaint_says_how_many_why_and_where():
    bad = table(
        rows=20_000, clean=12_000, limit=0.05, rules=(rule(count=7000), rule("type", "at", 1000, "25:61"))
    )
    assert bad.complaint() == (
        "8,000 of 20,000 rows of 'speeds' (40.0%) are against the contract, over its limit of 5.0%; most "
        "(7,000) for 'speed_kmh': out of range, first in a&b.csv row 12 '<300>'"
    )
    whole = table(rows=7, clean=0, limit=1.0, rules=(rule("ragged", "", 7, None),))
    assert whole.complaint() == (
        "7 of 7 rows of 'speeds' (100.0%) are against the contract, so that none is left; most (7) for "
        "'ragged': more fields than columns, first in a&b.csv row 12"
    )
    assert table(rows=0, clean=0, rules=()).complaint() == "'speeds' has no rows"


def test_a_report_over_its_limit_stops_the_run_and_says_where_the_rows_are():
    report = Report((table(), table(rows=10, clean=5)))
    with pytest.raises(
        DataRejected, match=r"^5 of 10 .* The rows are kept in runs/x/quarantine: mend the files"
    ) as caught:
        report.check("runs/x/quarantine")
    assert caught.value.exit_code == 3
    Report((table(),)).check("nowhere")


@pytest.fixture
def report():
    notes = {"unchecked": ("stop_id -> stops",), "notes": ("<b>2 days</b> only",)}
    full = table(files=(("a&b.csv", "f00"),), file_rows=(100,), period=("2024-01-01", "2024-01-07"), **notes)
    return Report(
        (full, table(rows=10, clean=5), table(rows=0, clean=0, rules=())), ignored=("x.csv (no table)",)
    )


def test_text_for_a_terminal(report):
    assert report.as_text().splitlines() == [
        "speeds: 100 rows, 96 clean, 4 set aside (4.00%; limit 5.00%: within the limit)",
        "         3  speed_kmh: out of range (first a&b.csv row 12 '<300>')",
        "         1  day, id: repeats an earlier row's key (first a&b.csv row 12)",
        "            stop_id -> stops: not checked, table not given",
        "            <b>2 days</b> only",
        "speeds: 10 rows, 5 clean, 5 set aside (50.00%; limit 5.00%: over the limit)",
        "         3  speed_kmh: out of range (first a&b.csv row 12 '<300>')",
        "         1  day, id: repeats an earlier row's key (first a&b.csv row 12)",
        "speeds: 0 rows, 0 clean, 0 set aside (0.00%; limit 5.00%: no row is left)",
        "files not used: x.csv (no table)",
    ]
    chinese = report.as_text("zh").splitlines()
    assert chinese[0] == "speeds: 共 100 行，合格 96 行，隔离 4 行（4.00%；上限 5.00%：未超上限）"
    assert chinese[1] == "         3  speed_kmh: 超出取值范围（首例 a&b.csv 第 12 行 '<300>'）"
    assert len(chinese) == 10


def test_json_is_whole_and_the_same_bytes_each_time(report):
    data = json.loads(report.to_json())
    assert report.to_json() == report.to_json()
    assert data["passed"] is False
    assert data["ignored"] == ["x.csv (no table)"]
    first = data["tables"][0]
    assert {
        key: first[key] for key in ("rows", "clean", "rejected", "share", "duplicates", "passed", "limit")
    } == {
        "rows": 100,
        "clean": 96,
        "rejected": 4,
        "share": 0.04,
        "duplicates": 1,
        "passed": True,
        "limit": 0.05,
    }
    assert first["files"][0]["name"] == "a&b.csv"
    assert first["files"][0]["sha256"] == "f00"
    assert first["rules"][0]["text"] == {"en": "out of range", "zh": "超出取值范围"}
    assert "超出取值范围" in report.to_json()


class Page(HTMLParser):
    """Tags that are open, and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.tags = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ["out of range", "files not used"]), ("zh", ["超出取值范围", "未使用的文件"])]
)
def test_the_page_is_well_formed_escaped_and_needs_nothing_else(report, lang, words):
    page = report.to_html(lang)
    parsed = Page(page)
    assert parsed.open == []
    assert f'<html lang="{lang}">' in page
    assert "&lt;b&gt;2 days&lt;/b&gt; only" in page
    assert "'<300>'" in "".join(parsed.text)
    assert all(word in page for word in words)
    assert not parsed.tags & {"script", "link", "img"}
    assert "http" not in page


def test_other_languages_are_refused(report):
    for shown in (report.as_text, report.to_html):
        with pytest.raises(UnknownName, match="No language is called 'fr'"):
            shown("fr")


def test_rules_are_counted_most_first_with_the_first_row_of_each():
    contract = TableContract(
        name="t",
        columns=(Column(name="a", type="integer"),),
        rules=(
            RowRule(name="own", left="a", op="<", right="b", description=Text("A is below B.", "A 小于 B。")),
        ),
    )
    rows = [
        ("b.csv", 2, "type", "a", "x"),
        ("a.csv", 9, "type", "a", "y" * 90),
        ("a.csv", 10, "type", "a", "z"),
        ("a.csv", 3, "ragged", None, None),
        ("a.csv", 4, "own", "a", "5"),
        ("a.csv", 5, "own", "a", "6"),
        ("a.csv", 6, "strange", "a", None),
    ]
    frame = pl.LazyFrame(rows, schema=["file", "row", "rule", "column", "value"], orient="row")
    found = count_rules(frame, contract)
    assert [(one.rule, one.column, one.count, one.row) for one in found] == [
        ("type", "a", 3, 9),
        ("own", "a", 2, 4),
        ("ragged", "", 1, 3),
        ("strange", "a", 1, 6),
    ]
    assert found[0].example() == f"a.csv row 9 '{'y' * 60}'"
    assert "A is below B" in found[1].text.en
    assert "A 小于 B" in found[1].text.zh
    assert found[3].text.en == "strange"
    assert count_rules(frame.filter(pl.lit(False)), contract) == ()
