"""What python-docx has no words for: content controls, borders, fields, a watermark, no time of day."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from workbench.briefs.printed import IDS

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.table import Table as WordTable
    from docx.table import _Cell as WordCell
    from docx.table import _Row as WordRow
    from docx.text.paragraph import Paragraph as WordParagraph
    from docx.text.run import Run as WordRun

MOST_TAG = 64
"""Characters that Word takes in a tag; a longer id is kept in a part of its own."""
# Properties of paragraphs and tables in the order of Word's schema, from the ones written here on.
ORDER = (
    *("pBdr", "shd", "tabs", "suppressAutoHyphens", "kinsoku", "wordWrap", "overflowPunct", "spacing", "ind"),
    *("contextualSpacing", "jc", "outlineLvl", "rPr", "sectPr"),
    *("tblLayout", "tblCellMar", "tblLook", "tblCaption", "tblDescription"),
)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
NAMES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "w15": "http://schemas.microsoft.com/office/word/2012/wordml",
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
}


def element(xml: str) -> Any:
    """Parse a piece of a Word file; the usual prefixes need no declaration."""
    from docx.oxml import parse_xml

    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMES.items())
    return parse_xml(f"<outside {names}>{xml}</outside>")[0]


def controlled(paragraph: WordParagraph, id: str, number: int) -> Any:
    """Open a content control around a number, tagged with its id; return where its runs go."""
    control = element(
        f"<w:sdt><w:sdtPr><w:alias w:val={quoteattr(tag_of(id))}/><w:tag w:val={quoteattr(tag_of(id))}/>"
        f'<w:id w:val="{number}"/><w15:appearance w15:val="hidden"/></w:sdtPr><w:sdtContent/></w:sdt>'
    )
    paragraph._p.append(control)
    return control[-1]


def tag_of(id: str) -> str:
    """Return the tag that stands for an id."""
    if len(id) <= MOST_TAG:
        return id
    return f"{id[:47]}~{hashlib.sha256(id.encode()).hexdigest()[:16]}"


def keep_long_ids(document: WordDocument, ids: Mapping[str, str]) -> None:
    """Keep the ids that are too long for a tag, by their tags."""
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.part import Part

    rows = "".join(f"<id tag={quoteattr(tag)}>{id}</id>" for tag, id in sorted(ids.items()))
    told = f'<?xml version="1.0" encoding="UTF-8"?>\n<ids xmlns="{IDS}">{rows}</ids>'
    package = document.part.package
    name = package.next_partname("/customXml/item%d.xml")
    part = Part(name, "application/xml", told.encode(), package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_XML)


def bordered(paragraph: WordParagraph, *, fill: str, left: str, points: int) -> None:
    """Shade a paragraph and draw a bar at its left."""
    properties = paragraph._p.get_or_add_pPr()
    bar = f'<w:left w:val="single" w:sz="{points * 8}" w:space="8" w:color="{left}"/>'
    _add(properties, f"<w:pBdr>{bar}</w:pBdr>")
    _add(properties, f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>')


def ruled(paragraph: WordParagraph, colour: str) -> None:
    """Draw a line above a paragraph."""
    line = f'<w:top w:val="single" w:sz="16" w:space="8" w:color="{colour}"/>'
    _add(paragraph._p.get_or_add_pPr(), f"<w:pBdr>{line}</w:pBdr>")


def bare(table: WordTable, widths: Sequence[float], pad: float) -> None:
    """Set the widths of a table's columns and the room between them, in points."""
    properties = table._tbl.tblPr
    for column, width in zip(table._tbl.tblGrid, widths, strict=True):
        column.set(f"{{{NAMES['w']}}}w", str(round(width * 20)))
    _add(properties, '<w:tblLayout w:type="fixed"/>')
    room = f'<w:left w:w="0" w:type="dxa"/><w:right w:w="{round(pad * 20)}" w:type="dxa"/>'
    _add(properties, f"<w:tblCellMar>{room}</w:tblCellMar>")


def row(made: WordRow, *, head: bool) -> None:
    """Keep a row on one page; the heads are repeated on every page."""
    properties = made._tr.get_or_add_trPr()
    properties.append(element("<w:cantSplit/>"))
    if head:
        properties.append(element("<w:tblHeader/>"))


def cell(made: WordCell, width: float, *, line: str, points: float, fill: str) -> None:
    """Set the width of a cell, draw a line under it, and shade it."""
    from docx.shared import Pt

    made.width = Pt(width)
    properties = made._tc.get_or_add_tcPr()
    edge = f'<w:bottom w:val="single" w:sz="{round(points * 8)}" w:space="0" w:color="{line}"/>'
    properties.append(element(f"<w:tcBorders>{edge}</w:tcBorders>"))
    if fill:
        properties.append(element(f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>'))


def fonts(properties: Any, latin: str, chinese: str) -> None:
    """Name the fonts of Latin and of Chinese letters."""
    for old in properties.findall(f"{{{NAMES['w']}}}rFonts"):
        properties.remove(old)
    names = f'w:ascii="{latin}" w:hAnsi="{latin}" w:cs="{latin}" w:eastAsia="{chinese}"'
    properties.insert(0, element(f"<w:rFonts {names}/>"))


def sized(run: Any, size: float) -> None:
    """Set the size of a run's letters, in points."""
    from docx.shared import Pt
    from docx.text.run import Run

    Run(run, None).font.size = Pt(round(size * 2) / 2)  # type: ignore[arg-type]


def styled(paragraph: WordParagraph, style: str) -> None:
    """Give a paragraph a style by its name; python-docx looks through all styles each time."""
    paragraph._p.style = style.replace(" ", "")


def marked(run: WordRun, colour: str) -> None:
    """Set a run in white on a colour."""
    coloured(run, "FFFFFF")
    run._r.get_or_add_rPr().append(element(f'<w:shd w:val="clear" w:color="auto" w:fill="{colour}"/>'))


def labelled(paragraph: WordParagraph, colour: str, size: float) -> None:
    """Set a heading small and in colour, as the label of a box."""
    for run in paragraph.runs:
        coloured(run, colour)
        sized(run._r, size)


def broken_before(run: WordRun) -> None:
    """Begin a new line before a run."""
    run._r.insert(1 if run._r.rPr is not None else 0, element("<w:br/>"))


def coloured(run: WordRun, colour: str) -> None:
    """Set the colour of a run's letters."""
    from docx.shared import RGBColor

    run.font.color.rgb = RGBColor.from_string(colour)


def linked(paragraph: WordParagraph, text: str, href: str, colour: str) -> None:
    """Write a link to a file beside the brief."""
    from docx.opc.constants import RELATIONSHIP_TYPE

    name = paragraph.part.relate_to(href, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = element(f'<w:hyperlink xmlns:r="{RELATIONS}" r:id="{name}"/>')
    paragraph._p.append(link)
    run = paragraph.add_run(text)
    run.underline = True
    coloured(run, colour)
    link.append(run._r)


def put_setting(settings: Any, xml: str) -> None:
    """Put a setting where the order of Word's schema wants it: before those that come after it."""
    after = (
        "docVars",
        "rsids",
        "mathPr",
        "themeFontLang",
        "clrSchemeMapping",
        "shapeDefaults",
        "decimalSymbol",
    )
    first = next((each for each in settings if each.tag.rpartition("}")[2] in after), None)
    if first is None:
        settings.append(element(xml))
    else:
        first.addprevious(element(xml))


def _add(properties: Any, xml: str) -> None:
    """Put a property of a paragraph or table where the order of Word's schema wants it."""
    made = element(xml)
    name = made.tag.rpartition("}")[2]
    for old in properties.findall(made.tag):
        properties.remove(old)
    later = ORDER[ORDER.index(name) + 1 :]
    first = next((each for each in properties if each.tag.rpartition("}")[2] in later), None)
    if first is None:
        properties.append(made)
    else:
        first.addprevious(made)


def field(paragraph: WordParagraph, code: str) -> None:
    """Write a field that Word fills in, such as PAGE."""
    run = "<w:r><w:t>1</w:t></w:r>"
    paragraph._p.append(element(f'<w:fldSimple w:instr="{code}">{run}</w:fldSimple>'))


def watermark(paragraph: WordParagraph, text: str, font: str) -> None:
    """Draw a word across the page, behind its text."""
    style = (
        "position:absolute;margin-left:0;margin-top:0;width:420pt;height:140pt;rotation:315;z-index:-251658752;"
        "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
        "mso-position-vertical:center;mso-position-vertical-relative:margin"
    )
    path = "m@7,l@8,m@5,21600l@6,21600e"
    formulas = "".join(
        f'<v:f eqn="{each}"/>'
        for each in (
            "sum #0 0 10800",
            "prod #0 2 1",
            "sum 21600 0 @1",
            "sum 0 0 @2",
            "sum 21600 0 @3",
            "if @0 @3 0",
            "if @0 21600 @1",
            "if @0 0 @2",
            "if @0 @4 21600",
            "mid @5 @6",
            "mid @8 @5",
            "mid @7 @8",
            "mid @6 @7",
            "sum @6 0 @5",
        )
    )
    paragraph._p.append(
        element(
            '<w:r><w:pict><v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
            f'path="{path}"><v:formulas>{formulas}</v:formulas><v:path textpathok="t" o:connecttype="custom" '
            'o:connectlocs="@9,0;@10,10800;@11,21600;@12,10800" o:connectangles="270,180,90,0"/>'
            '<v:textpath on="t" fitshape="t"/></v:shapetype>'
            f'<v:shape id="status" o:spid="_x0000_s2049" type="#_x0000_t136" alt="" style="{style}" '
            'o:allowincell="f" fillcolor="#f1f2f4" stroked="f">'
            f'<v:textpath style="font-family:&quot;{font}&quot;;font-size:1pt;font-weight:bold" '
            f"string={quoteattr(text)}/></v:shape></w:pict></w:r>"
        )
    )


def same_bytes(package: bytes) -> bytes:
    """Write a Word file again with no time of day in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            new.writestr(entry, old.read(name))
    return made.getvalue()
