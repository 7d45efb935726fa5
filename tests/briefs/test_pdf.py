"""PDF: tagged, titled, in its language, with its fonts, the same bytes twice, and no name is ever code."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from workbench.briefs import Brief, Head, Quantity, Row, Table, Text, _typeset
from workbench.briefs._columns import SIZES, layout, softened
from workbench.briefs._tree import Grid, GridRow, Number
from workbench.briefs._typeset import NoFont
from workbench.briefs.document import Document, document
from workbench.briefs.pdf import TURNED, WIDTH, render_pdf
from workbench.errors import EngineMissing

pytestmark = pytest.mark.paper


@pytest.fixture
def pdf(laid: Document) -> PdfReader:
    return PdfReader(io.BytesIO(render_pdf(laid)))


def test_the_same_bytes_twice(laid: Document) -> None:
    assert render_pdf(laid) == render_pdf(laid)


def test_it_is_tagged_and_says_its_language_and_title(pdf: PdfReader, lang: str, laid: Document) -> None:
    root = pdf.trailer["/Root"]
    assert bool(root["/MarkInfo"]["/Marked"])
    assert root["/StructTreeRoot"]["/Type"] == "/StructTreeRoot"
    assert str(root["/Lang"]) == {"en": "en-GB", "zh": "zh-CN"}[lang]
    assert pdf.metadata is not None
    assert pdf.metadata.title == laid.title
    assert pdf.metadata.subject == laid.subject
    assert "pdfuaid" in root["/Metadata"].get_data().decode("utf-8", "replace")


def test_no_clock_is_in_it(pdf: PdfReader) -> None:
    assert pdf.metadata is not None
    assert pdf.metadata.creation_date is None
    assert pdf.metadata.modification_date is None


def test_headings_tables_and_pictures_are_tags(pdf: PdfReader) -> None:
    tags = set(_tags(pdf.trailer["/Root"]["/StructTreeRoot"]))
    assert {"/H1", "/H2", "/H3", "/Table", "/TR", "/TH", "/TD", "/L", "/LI", "/Figure"} <= tags


def test_fonts_are_inside(pdf: PdfReader) -> None:
    for page in pdf.pages:
        for font in page["/Resources"]["/Font"].values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            described = below["/FontDescriptor"].get_object()
            assert any(f"/FontFile{n}" in described for n in ("", "2", "3"))


def test_every_page_says_status_run_and_its_number(full: Brief, lang: str) -> None:
    laid = document(full, lang)
    pages = PdfReader(io.BytesIO(render_pdf(laid))).pages
    assert len(pages) > 1
    for at, page in enumerate(pages, start=1):
        text = page.extract_text()
        assert {"en": "DRAFT", "zh": "草稿"}[lang] in text
        assert "r-0f3a" in text
        assert f"{at} / {len(pages)}" in text


@pytest.mark.parametrize(
    "name",
    ["#panic()", "$x$", '"quoted"', "\\u{41}", '#image("/etc/passwd")', "@ref", "<label>", "= no heading"],
)
def test_a_name_is_never_code(brief: Brief, name: str) -> None:
    made = render_pdf(document(replace(brief, title=Text(name), question=Text(name)), "en"))
    assert name.replace(" ", "") in PdfReader(io.BytesIO(made)).pages[0].extract_text().replace(" ", "")


def test_what_no_font_draws_is_named_by_its_number(brief: Brief) -> None:
    made = render_pdf(document(replace(brief, title=Text("a \U00013000\x00\u202e b")), "en"))
    assert "[U+13000]" in PdfReader(io.BytesIO(made)).pages[0].extract_text()


def test_without_a_chinese_font_the_remedy_is_told(brief: Brief, tmp_path: Path) -> None:
    with pytest.raises(NoFont, match=r"zh.* needs a Chinese font.*fonts-noto-cjk.*lived-workbench\[fonts\]"):
        render_pdf(document(brief, "zh"), [tmp_path])
    assert render_pdf(document(brief, "en"), [tmp_path]).startswith(b"%PDF")


def test_without_typst_the_remedy_is_told(laid: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    _typeset._fonts.cache_clear()
    with pytest.raises(EngineMissing, match=r"needs typst.*pip install 'lived-workbench\[brief\]'"):
        render_pdf(laid)
    _typeset._fonts.cache_clear()


def test_a_wide_table_gets_smaller_letters_then_a_page_turned(brief: Brief) -> None:
    def table(columns: int) -> Table:
        heads = tuple(Head(f"c{at}", Text(f"Column {at}")) for at in range(columns))
        cells = tuple(Quantity(f"wide.{columns}.{at}", 123456.5, decimals=3) for at in range(columns))
        return Table(f"wide-{columns}", Text("Wide"), heads, (Row(cells),))

    def turned(columns: int) -> bool:
        made = render_pdf(document(replace(brief, tables=(table(columns),)), "en"))
        boxes = [page.mediabox for page in PdfReader(io.BytesIO(made)).pages]
        return any(box.width > box.height for box in boxes)

    assert not turned(6)
    assert turned(13)


def test_columns_fit_and_break_no_number() -> None:
    def grid(columns: int) -> Grid:
        cell = (Number("n", "123,456.7", " (123,000.1–124,000.9)"),)
        return Grid(
            "g",
            ("",),
            tuple("Head" for _ in range(columns)),
            (GridRow((cell,) * columns),),
            (True,) * columns,
        )

    few, many, most = (
        layout(grid(3), WIDTH, TURNED),
        layout(grid(5), WIDTH, TURNED),
        layout(grid(7), WIDTH, TURNED),
    )
    assert few.size == max(SIZES)
    assert not few.turned
    assert many.size <= few.size
    assert most.turned
    for laid in (few, many):
        assert sum(laid.widths) <= WIDTH + 1e-6
    assert sum(layout(grid(40), WIDTH, TURNED).widths) == pytest.approx(TURNED)


def test_the_mark_of_a_chosen_row_stands_beside_its_number(brief: Brief) -> None:
    heads = (Head("rank", Text("No. on the map")), Head("asset", Text("Asset")), Head("lost", Text("Lost")))
    rows = tuple(
        Row(
            (Quantity(f"rank.{at}", at, decimals=0), Text(f"Asset {at}"), Quantity(f"lost.{at}", 9.5)),
            chosen=True,
        )
        for at in range(1, 11)
    )
    laid = document(replace(brief, tables=(Table("ranks", Text("Ranks"), heads, rows),)), "en")
    said = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(render_pdf(laid))).pages)
    for at in range(1, 11):
        assert re.search(rf"Chosen +{at} Asset {at} 9.5", said), at


def test_long_words_may_break() -> None:
    assert softened("short words only") == ["short words only"]
    assert "".join(softened("x" * 50 + " y")) == "x" * 50 + " y"
    assert softened("service_date_of_the_row")[0] == "service_"
    assert max(map(len, softened("a" * 100))) < 20


def _tags(node: object) -> list[str]:
    from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

    if isinstance(node, IndirectObject):
        node = node.get_object()
    if isinstance(node, ArrayObject):
        return [tag for each in node for tag in _tags(each)]
    if not isinstance(node, DictionaryObject):
        return []
    return [*([str(node["/S"])] if "/S" in node else []), *(_tags(node["/K"]) if "/K" in node else [])]
