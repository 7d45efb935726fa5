"""Word: real headings and tables, a control around every number, a described picture, same bytes twice."""

from __future__ import annotations

import io
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import docx
import pytest

from workbench.briefs import Brief, Quantity, Row, Table, Text
from workbench.briefs._tree import Grid, Heading, pictures
from workbench.briefs._typeset import NoFont
from workbench.briefs.document import Document, document, printed
from workbench.briefs.printed import printed_numbers
from workbench.briefs.word import render_word
from workbench.errors import EngineMissing

pytestmark = pytest.mark.paper
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture
def made(full: Brief, lang: str) -> bytes:
    return render_word(document(full, lang))


def test_the_same_bytes_twice(laid: Document) -> None:
    assert render_word(laid) == render_word(laid)


def test_no_clock_is_in_it(made: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    told = docx.Document(io.BytesIO(made)).core_properties
    assert told.created is not None
    assert told.created.year == 1980
    assert told.author == "LIVED Workbench"


def test_headings_are_headings(made: bytes, full: Brief, lang: str) -> None:
    levels = [
        int(paragraph.style.name[-1])
        for paragraph in docx.Document(io.BytesIO(made)).paragraphs
        if paragraph.style is not None and str(paragraph.style.name).startswith("Heading")
    ]
    blocks = document(full, lang).blocks
    flat = [inner for block in blocks for inner in getattr(block, "blocks", (block,))]
    assert levels == [block.level for block in flat if isinstance(block, Heading)]


def test_tables_repeat_their_heads_and_have_captions(made: bytes, full: Brief, lang: str) -> None:
    word = docx.Document(io.BytesIO(made))
    grids = [block for block in document(full, lang).blocks if isinstance(block, Grid)]
    assert [(len(t.rows), len(t.columns)) for t in word.tables] == [
        (1 + len(grid.rows), len(grid.heads)) for grid in grids
    ]
    for table in word.tables:
        assert table.rows[0]._tr.trPr.find(f"{W}tblHeader") is not None
        assert all(row._tr.trPr.find(f"{W}cantSplit") is not None for row in table.rows)
    captions = [each for each in word.paragraphs if each.style is not None and each.style.name == "Caption"]
    assert len(captions) >= len(grids)


def test_the_picture_is_described_and_within_the_margins(made: bytes, full: Brief, lang: str) -> None:
    word = docx.Document(io.BytesIO(made))
    section = word.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    drawn = list(pictures(document(full, lang).blocks))
    assert len(word.inline_shapes) == len(drawn)
    for shape, picture in zip(word.inline_shapes, drawn, strict=True):
        assert shape.width <= room
        assert picture.alt in shape._inline.docPr.get("descr")


def test_the_language_is_set(made: bytes, lang: str) -> None:
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        styles = ElementTree.fromstring(package.read("word/styles.xml"))
    langs = {(each.get(f"{W}val"), each.get(f"{W}eastAsia")) for each in styles.iter(f"{W}lang")}
    assert langs == {("en-GB", "zh-CN")}
    told = docx.Document(io.BytesIO(made)).core_properties.language
    assert told == {"en": "en-GB", "zh": "zh-CN"}[lang]


def test_every_page_says_status_and_run(made: bytes, lang: str) -> None:
    section = docx.Document(io.BytesIO(made)).sections[0]
    assert {"en": "DRAFT", "zh": "草稿"}[lang] in section.header.paragraphs[0].text
    assert "r-0f3a" in section.footer.paragraphs[0].text
    fields = {each.get(f"{W}instr") for each in section.footer._element.iter(f"{W}fldSimple")}
    assert fields == {"PAGE", "NUMPAGES"}


def test_controls_are_numbered_apart(made: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        body = ElementTree.fromstring(package.read("word/document.xml"))
    ids = [each.get(f"{W}val") for each in body.iter(f"{W}id")]
    assert len(ids) == len(set(ids)) > 20
    assert all(len(str(each.get(f"{W}val"))) <= 64 for each in body.iter(f"{W}tag"))


def test_an_id_too_long_for_word_is_kept_beside(brief: Brief, tmp_path: Path) -> None:
    long = Quantity("x" * 100, 5)
    table = Table("long", Text("Long"), brief.options.heads[:2], (Row((Text("a"), long)),))
    laid = document(replace(brief, tables=(table,)), "en")
    path = tmp_path / "brief.docx"
    path.write_bytes(render_word(laid))
    assert printed_numbers(path) == printed(laid)


@pytest.mark.parametrize(
    "name", ["<w:b/>&amp;", "a\x00b\x0bc", "line\nbreak\ttab", "]]>", "\ud800", "\U0001f600"]
)
def test_hostile_names(brief: Brief, name: str) -> None:
    made = render_word(document(replace(brief, title=Text(name)), "en"))
    assert docx.Document(io.BytesIO(made)).paragraphs[2].text


def test_without_a_chinese_font_the_remedy_is_told(brief: Brief, tmp_path: Path) -> None:
    with pytest.raises(NoFont, match=r"picture .*needs a Chinese font.*fonts-noto-cjk"):
        render_word(document(brief, "zh"), [tmp_path])


def test_without_python_docx_the_remedy_is_told(laid: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(EngineMissing, match=r"needs docx.*pip install 'lived-workbench\[brief\]'"):
        render_word(laid)
