"""The neutral document: the page's order and wording, and every number of the brief."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from workbench.briefs import Brief, Row, Table, Text
from workbench.briefs._tree import Grid, Heading, Paragraph, inlines, pictures, plain
from workbench.briefs.document import Document, document, printed
from workbench.briefs.render import render_html
from workbench.errors import UnknownName


def test_every_number_is_printed_and_no_other(full: Brief, lang: str) -> None:
    spoken = {number.id for number in full.figure.alt.quantities()}
    found = {number.id for number in printed(document(full, lang))}
    assert found == set(full.quantities()) - spoken


def test_headings_are_those_of_the_page(full: Brief, lang: str) -> None:
    page = render_html(full, lang)
    on_page = [
        (int(level), re.sub(r"<[^>]*>", "", text))
        for level, text in re.findall(r"<h([1-4])[^>]*>(.*?)</h\1>", page, re.DOTALL)
    ]
    headings = [block for block in _flat(document(full, lang)) if isinstance(block, Heading)]
    assert [(each.level, plain(each.inlines)) for each in headings] == [
        (level, unescape(text)) for level, text in on_page
    ]
    levels = [each.level for each in headings]
    assert levels[0] <= 2
    assert levels.count(1) == 1


def test_its_words_are_those_of_the_page_in_its_order(full: Brief, lang: str) -> None:
    page = unescape(
        re.sub(r"<svg.*?</svg>|<style.*?</style>|<[^>]*>", "", render_html(full, lang), flags=re.S)
    )
    page = re.sub(r"\s+", "", page)
    at = 0
    for inline in inlines(document(full, lang).blocks):
        text = re.sub(r"\s+", "", plain((inline,)))
        found = page.find(text, at)
        assert found >= 0, text
        at = found + len(text) if len(text) > 3 else at


def test_the_last_day_of_use_is_told(full: Brief, lang: str) -> None:
    said = {"en": "Use until 2027-03-08", "zh": "有效期至2027-03-08"}[lang]
    laid = document(full, lang)
    assert said in plain(laid.blocks[0].inlines)  # type: ignore[union-attr]
    assert said in laid.running
    assert said in render_html(full, lang)
    assert said.split()[0] not in document(replace(full, sunset=None), lang).running


def test_a_chosen_row_a_numeric_column_and_a_gap(laid: Document) -> None:
    grid = next(block for block in laid.blocks if isinstance(block, Grid))
    assert [row.chosen for row in grid.rows] == [True, False, False, False]
    assert grid.numeric == (False, True, True, True, False)
    gap = grid.rows[3].cells[1][0]
    assert gap.unknown  # type: ignore[union-attr]


def test_a_table_without_rows_says_so(laid: Document, lang: str) -> None:
    said = [plain(block.inlines) for block in laid.blocks if isinstance(block, Paragraph)]
    assert {"en": "There is nothing to list.", "zh": "没有可列出的内容。"}[lang] in said


def test_pictures_have_words(full: Brief, lang: str) -> None:
    found = list(pictures(document(full, lang).blocks))
    assert [picture.id for picture in found] == ["ranking", "second"]
    assert all(picture.alt and picture.title and "<svg" in picture.svg for picture in found)


def test_a_bare_brief_and_one_of_unknowns(brief: Brief, lang: str) -> None:
    unknown = Table(
        "u", Text("Unknown"), brief.options.heads[:2], (Row((Text("x"), brief.quantities()["index.3"])),)
    )
    bare = replace(brief, tables=(unknown,), changes=(), assumptions=(), limits=(), data=(), run=None)
    text = plain(tuple(inlines(document(bare, lang).blocks)))
    assert "workbench brief" in text


def test_an_unknown_language(brief: Brief) -> None:
    with pytest.raises(UnknownName, match="No language"):
        document(brief, "de")


def _flat(laid: Document) -> list[object]:
    return [inner for block in laid.blocks for inner in getattr(block, "blocks", (block,))]
