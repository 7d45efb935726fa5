"""What a Word file of a brief looks like before it says anything: properties, styles, page and margins."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from workbench.briefs import _docx as d
from workbench.briefs._tree import Document, Role
from workbench.briefs._typeset import on_one_line

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

AUTHOR = "LIVED Workbench"
DAY = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)
LATIN, CHINESE, MONO = "Arial", "Microsoft YaHei", "Consolas"
INK, SOFT, LINE, ACCENT, TINT, PAPER = "1B1F24", "50565E", "CDD2D8", "0072B2", "EEF5FA", "F6F7F8"
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
MARGIN, WIDTH = 51.0, 493.0  # points, of an A4 page
SIZES = (20.0, 14.0, 11.5, 10.0)
# Name, size, colour, bold, space before and after, kept with what follows.
STYLES: dict[Role, tuple[str, float, str, bool, float, float, bool]] = {
    "status": ("Brief Status", 8.5, SOFT, False, 0, 12, False),
    "kind": ("Brief Kind", 9, ACCENT, True, 0, 0, True),
    "question": ("Brief Question", 11, SOFT, False, 2, 6, False),
    "headline": ("Brief Headline", 13, INK, True, 2, 4, False),
    "sure": ("Brief Confidence", 9.5, INK, False, 4, 4, False),
    "said": ("Brief Statement", 9.5, INK, False, 0, 4, False),
    "note": ("Brief Note", 8.5, SOFT, False, 4, 8, False),
    "empty": ("Brief Empty", 9.5, SOFT, False, 0, 6, False),
    "lead": ("Brief Lead", 9.5, INK, False, 0, 3, True),
}
CODE, CELL = "Brief Code", "Brief Cell"


def prepare(source: Document, word: WordDocument) -> None:
    """Give an empty Word file the properties, styles, header and footer of a brief."""
    _properties(source, word)
    _styles(source, word)
    _page(source, word)


def _properties(source: Document, word: WordDocument) -> None:
    told = word.core_properties
    told.title, told.subject = on_one_line(source.title)[:255], on_one_line(source.subject)[:255]
    told.author = told.last_modified_by = AUTHOR
    told.comments, told.keywords, told.revision = "", on_one_line(source.running)[:255], 1
    told.language = LANGUAGES[source.lang]
    told.created = told.modified = DAY
    settings = word.settings.element
    for each in settings.findall(f"{{{d.NAMES['w']}}}compat"):
        settings.remove(each)
    uri = "http://schemas.microsoft.com/office/word"
    mode = f'<w:compatSetting w:name="compatibilityMode" w:uri="{uri}" w:val="15"/>'
    d.put_setting(settings, f"<w:compat>{mode}</w:compat>")


def _styles(source: Document, word: WordDocument) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    styles = word.styles
    # One is for Latin letters, one for Chinese: a Latin name in a Chinese brief is not broken like Chinese.
    for lang in styles.element.iter(f"{{{d.NAMES['w']}}}lang"):
        for name, tag in (("val", LANGUAGES["en"]), ("eastAsia", LANGUAGES["zh"])):
            lang.set(f"{{{d.NAMES['w']}}}{name}", tag)

    def dress(style: Any, size: float, colour: str, *, bold: bool, before: float, after: float) -> None:
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
        style.font.color.rgb = RGBColor.from_string(colour)
        d.fonts(style.element.get_or_add_rPr(), LATIN, CHINESE)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)

    dress(styles["Normal"], 9.5, INK, bold=False, before=0, after=4)
    styles["Normal"].paragraph_format.line_spacing = 1.15
    for level, size in enumerate(SIZES, start=1):
        style = styles[f"Heading {level}"]
        dress(style, size, INK, bold=True, before=(0, 16, 12, 10)[level - 1], after=4)
        style.paragraph_format.keep_with_next = True
    dress(styles["Caption"], 9, INK, bold=True, before=10, after=4)
    styles["Caption"].paragraph_format.keep_with_next = True
    dress(styles["List Bullet"], 9.5, INK, bold=False, before=0, after=3)
    for name, size, colour, bold, before, after, kept in STYLES.values():
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        dress(style, size, colour, bold=bold, before=before, after=after)
        style.paragraph_format.keep_with_next = kept
    cell = styles.add_style(CELL, WD_STYLE_TYPE.PARAGRAPH)
    cell.base_style = styles["Normal"]
    dress(cell, 8.5, INK, bold=False, before=2, after=2)
    cell.paragraph_format.line_spacing = 1.0
    code = styles.add_style(CODE, WD_STYLE_TYPE.PARAGRAPH)
    code.base_style = styles["Normal"]
    dress(code, 8.5, INK, bold=False, before=0, after=8)
    d.fonts(code.element.get_or_add_rPr(), MONO, CHINESE)


def _page(source: Document, word: WordDocument) -> None:
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Mm, Pt

    section = word.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Pt(MARGIN)
    section.top_margin, section.bottom_margin = Mm(22), Mm(20)
    section.header_distance = section.footer_distance = Mm(10)
    header, footer = section.header.paragraphs[0], section.footer.paragraphs[0]
    for paragraph in (header, footer):
        paragraph.style = word.styles[STYLES["status"][0]]
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Pt(WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    header.add_run(on_one_line(source.status)).bold = True
    header.add_run(f"\t{_shortened(on_one_line(source.title))}")
    d.watermark(header, source.status, CHINESE if source.lang == "zh" else LATIN)
    footer.add_run(f"{on_one_line(source.running)}\t")
    d.field(footer, "PAGE")
    footer.add_run(" / ")
    d.field(footer, "NUMPAGES")


def _shortened(text: str) -> str:
    return text if len(text) <= 70 else f"{text[:69]}…"
