"""The page: whole without a network, well formed, escaped, and with every number of the record."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from workbench import briefs
from workbench.briefs import Brief, Figure, Row, Table, Text, render
from workbench.briefs.render import file_name, render_fragment, render_html
from workbench.errors import EngineMissing, UnknownName

VOID = {"meta", "link", "br", "img", "hr", "input"}
STYLE = Path(briefs.__file__).parent / "brief.css"


class Reader(HTMLParser):
    """Reads a page as a person does: headings, numbers, texts; and checks that every tag is closed."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.numbers: dict[str, list[str]] = {}
        self.text = ""
        self._number: list[tuple[str, int]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)
            if "data-quantity" in given:
                self._number.append((str(given["data-quantity"]), len(self.open)))
                self.numbers.setdefault(str(given["data-quantity"]), []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1] == tag
        if self._number and self._number[-1][1] == len(self.open):
            self._number.pop()
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self._number:
            self.numbers[self._number[-1][0]][-1] += data
        if self.open and self.open[-1] != "style":
            self.text += data


@pytest.fixture
def page(brief: Brief, lang: str) -> str:
    return render_html(brief, lang)


def test_the_same_bytes_twice(brief: Brief, lang: str) -> None:
    assert render_html(brief, lang) == render_html(brief, lang)
    assert render_fragment(brief, lang) == render_fragment(brief, lang)


def test_the_page_needs_no_network(page: str) -> None:
    for tag, given in Reader(page).tags:
        assert tag not in ("script", "link", "iframe", "img", "object", "base")
        for name, value in given.items():
            assert not name.startswith("on")
            if name in ("src", "href", "xlink:href", "action", "data"):
                assert not re.match(r"[a-z]+:|//", value or ""), (tag, name, value)
    assert "@import" not in page
    assert not re.search(r"url\(\s*[\"']?(?!#)", page)


def test_headings_go_down_one_step_at_a_time(page: str) -> None:
    headings = Reader(page).headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))


def test_every_number_of_the_record_is_on_the_page(brief: Brief, lang: str, page: str) -> None:
    printed = Reader(page).numbers
    allowed: dict[str, set[str]] = {}
    record = brief.as_dict()
    for name, kept in record["quantities"].items():
        allowed[name] = {kept["text"][lang]}
    for table in (record["options"], record["figure"]["data"], *record["tables"]):
        for row in table["rows"]:
            for cell in row["cells"]:
                if "quantity" in cell:
                    allowed[cell["quantity"]].add(cell["text"][lang])
    assert set(printed) == set(allowed) == set(brief.quantities())
    for name, texts in printed.items():
        assert set(texts) <= allowed[name]


def test_ids_are_unique_and_point_at_numbers(brief: Brief, page: str) -> None:
    ids = [given["id"] for _, given in Reader(page).tags if "id" in given]
    assert len(ids) == len(set(ids))
    assert {f"q-{name}" for name in brief.quantities()} <= set(ids)


def test_names_are_escaped(page: str) -> None:
    assert "<script" not in page
    assert "<b>alert" not in page
    reader = Reader(page)
    assert "<script>alert('1')</script>" in reader.text
    assert "speeds & more.csv" in reader.text
    assert "--set 'name=<x>'" in reader.text


def test_the_page_says_its_language_and_links_to_the_other(brief: Brief) -> None:
    en, zh = render_html(brief, "en"), render_html(brief, "zh")
    assert '<html lang="en">' in en
    assert '<html lang="zh-CN">' in zh
    assert f'href="{file_name("zh")}" hreflang="zh-CN"' in en
    assert f'href="{file_name("en")}" hreflang="en"' in zh
    assert "hreflang" not in render_html(brief, "en", other="")
    assert 'href="elsewhere.html"' in render_html(brief, "en", other="elsewhere.html")
    assert "草稿" in zh
    assert "DRAFT" in en
    with pytest.raises(UnknownName, match="No language"):
        render_html(brief, "de")


def test_the_picture_is_described(brief: Brief, lang: str, page: str) -> None:
    svg = next(given for tag, given in Reader(page).tags if tag == "svg")
    assert svg["role"] == "img"
    title, desc = str(svg["aria-labelledby"]).split()
    ids = {given.get("id") for tag, given in Reader(page).tags if tag in ("title", "desc")}
    assert {title, desc} <= ids
    assert brief.figure.alt.text(lang) in Reader(page).text


def test_tables_name_their_heads(page: str) -> None:
    heads = [given for tag, given in Reader(page).tags if tag == "th"]
    assert heads
    assert all(given.get("scope") in ("col", "row") for given in heads)
    tables = [tag for tag, _ in Reader(page).tags if tag in ("table", "caption")]
    assert tables.count("table") == tables.count("caption")


def test_the_chosen_row_is_marked_by_a_word(page: str, lang: str) -> None:
    assert page.count('class="mark"') == 1
    assert {"en": "Chosen", "zh": "选定"}[lang] in page


def test_quarantine_is_shown_by_reason(page: str, lang: str) -> None:
    text = Reader(page).text
    assert {"en": "outside the allowed range", "zh": "超出允许范围"}[lang] in text
    assert "never heard of" in text  # a rule the glossary does not know keeps its own name
    assert {"en": "late <again>", "zh": "再次迟到"}[lang] in text  # a contract's own rule
    assert {"en": "whole row", "zh": "整行"}[lang] in text


def test_hashes_are_short_with_the_whole_at_hand(page: str) -> None:
    assert f'<code title="{"ab" * 32}">abababababab…</code>' in page


def test_chinese_pages_use_chinese_punctuation(brief: Brief) -> None:
    text = Reader(render_html(brief, "zh")).text
    assert "概率（%）" in text
    assert "（" in brief.quantities()["index.1"].text("zh")


def test_a_brief_with_nothing_in_it_still_renders(brief: Brief, lang: str) -> None:
    heads = brief.options.heads
    nothing = Table("drawn", Text("None", "无"), heads)
    bare = replace(
        brief,
        options=Table("options", Text("None", "无"), heads),
        figure=Figure("f", brief.changes[0], brief.changes[0], brief.figure.svg, nothing),
        tables=(),
        changes=(),
        assumptions=(),
        limits=(),
        data=(),
        run=None,
        links=(),
    )
    text = Reader(render_html(bare, lang)).text
    assert text.count({"en": "There is nothing to list.", "zh": "没有可列出的内容。"}[lang]) == 2
    assert "workbench brief" in text


def test_a_table_of_unknowns_renders(brief: Brief, lang: str) -> None:
    unknown = Table(
        "u",
        Text("Unknown", "未知"),
        brief.options.heads[:2],
        (Row((Text("x"), brief.quantities()["index.3"])),),
    )
    assert "q unknown" in render_html(replace(brief, tables=(unknown,)), lang)


def test_the_fragment_touches_nothing_around_it(brief: Brief) -> None:
    fragment = brief._repr_html_()
    reader = Reader(fragment)
    assert reader.tags[0] == ("div", {"class": "lived-brief", "lang": "en"})
    assert not [given["id"] for _, given in reader.tags if str(given.get("id", "")).startswith("q-")]
    assert set(reader.numbers) == set(brief.quantities())
    style = re.sub(r"/\*.*?\*/", "", STYLE.read_text("utf-8"), flags=re.S)
    style = re.sub(r"@media[^{]*\{", "", style)
    selectors = [each.strip() for rule in re.findall(r"([^{}]+)\{", style) for each in rule.split(",")]
    assert selectors
    assert all(each.startswith(".lived-brief") for each in selectors)
    assert "@page" not in fragment


def test_a_running_foot_cannot_break_out_of_the_style(brief: Brief) -> None:
    sly = replace(brief, decision='x"; } </style><script>')
    page = render_html(sly, "en")
    assert "<script" not in page
    assert page.count("</style>") == 1


def test_without_jinja_the_remedy_is_told(brief: Brief, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    render._environment.cache_clear()
    with pytest.raises(EngineMissing, match=r"needs jinja2.*pip install 'lived-workbench\[brief\]'"):
        render_html(brief, "en")
    render._environment.cache_clear()
