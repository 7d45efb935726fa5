"""Markdown: nothing in a name is a mark, tables have all their cells, pictures are linked."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from markdown_it import MarkdownIt

from workbench.briefs import Brief, Text
from workbench.briefs._tree import Grid, pictures
from workbench.briefs.document import Document, document
from workbench.briefs.markdown import escaped, picture_name, render_markdown

MARKS = (
    "*a*",
    "_a_",
    "`a`",
    "[a](b)",
    "<i>a</i>",
    "a | b",
    "~~a~~",
    "# a",
    "&lt;",
    "$a$",
    "\\",
    "1. a",
    "- a",
)


def test_the_same_text_twice(laid: Document) -> None:
    assert render_markdown(laid) == render_markdown(laid)


@pytest.mark.parametrize("name", MARKS)
def test_a_name_is_read_as_it_is_written(name: str) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render("x " + escaped(name))
    text = re.sub(r"<[^>]*>", "", html)
    assert "<em>" not in html
    assert "<code>" not in html
    assert unescape(text).strip() == f"x {name}"


@pytest.mark.parametrize("name", MARKS)
def test_a_title_of_marks_is_a_title(brief: Brief, name: str) -> None:
    text = render_markdown(document(replace(brief, title=Text(name), question=Text(name)), "en"))
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert len([each for each in tokens if each.type == "heading_open" and each.tag == "h1"]) == 1
    assert any(escaped(name)[-1] in heading for heading in headings)


def test_tables_have_every_cell(full: Brief, lang: str) -> None:
    laid = document(full, lang)
    html = MarkdownIt("gfm-like", {"linkify": False}).render(render_markdown(laid))
    tables = re.findall(r"<table>(.*?)</table>", html, re.DOTALL)
    grids = [block for block in laid.blocks if isinstance(block, Grid)]
    assert [len(re.findall("<tr>", table)) for table in tables] == [1 + len(grid.rows) for grid in grids]
    for table, grid in zip(tables, grids, strict=True):
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL):
            assert len(re.findall("<t[hd]", row)) == len(grid.heads)


def test_pictures_are_linked_with_their_words(full: Brief, lang: str) -> None:
    laid = document(full, lang)
    text = render_markdown(laid)
    for picture in pictures(laid.blocks):
        assert f"]({picture_name(picture, lang)})" in text
        assert escaped(picture.alt) in text
    assert "](elsewhere.png)" in render_markdown(laid, lambda _: "elsewhere.png")


def test_names_are_no_html(laid: Document) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render(render_markdown(laid))
    assert "<script" not in html


def test_the_command_stands_as_it_is(brief: Brief) -> None:
    run = brief.run
    assert run is not None
    text = render_markdown(document(replace(brief, run=replace(run, command="a ``` b")), "en"))
    assert "````\na ``` b\n````" in text
