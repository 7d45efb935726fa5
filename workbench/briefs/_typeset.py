"""
Setting type with Typst: which fonts, which characters they can draw, and pictures as pixels.

Only fonts that are named are used, so that the same brief is set in the same way wherever these fonts are:
DejaVu Sans, which Matplotlib carries, and the first Chinese font found. Nothing falls back to a box.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench._text import Language
from workbench.briefs._drawing import WIDTH
from workbench.briefs._refuse import missing_library
from workbench.briefs.fonts import REMEDY, cjk_files
from workbench.errors import EngineMissing

if TYPE_CHECKING:
    import typst

LATIN, MONO = "DejaVu Sans", "DejaVu Sans Mono"
# Chinese families from the best for a page of text down; what is drawn in Japanese forms comes last.
CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "HarmonyOS Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "STHeiti",
    "SimHei",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "Songti SC",
    "SimSun",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Source Han Serif SC",
    "AR PL UMing CN",
    "AR PL UKai CN",
    "LXGW WenKai",
    "Noto Sans CJK JP",
)
PIXELS_PER_INCH = 220.0
_CHINESE_TEXT = re.compile(
    "[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
_SVG_TEXT = re.compile(r"<text\b[^>]*>.*?</text>", re.DOTALL)


def on_one_line(text: str) -> str:
    """Return a text without what cannot be seen: controls, marks of direction, lone surrogates."""
    return _UNSEEN.sub(" ", text)


class NoFont(EngineMissing):
    """A text that no font of this machine can draw."""


@dataclass(frozen=True)
class Fonts:
    """
    The fonts that a document is set in.

    Parameters
    ----------
    loaded
        The same as Typst holds them.
    chinese
        The Chinese family; None where none was found.
    characters
        Every character that one of them can draw.
    """

    loaded: typst.Fonts
    chinese: str | None
    characters: frozenset[int] = field(repr=False)

    def families(self, lang: Language) -> list[str]:
        """Name the fonts in the order in which they are tried."""
        if self.chinese is None:
            return [LATIN]
        return [self.chinese, LATIN] if lang == "zh" else [LATIN, self.chinese]

    def drawable(self, text: str, what: str) -> str:
        """
        Return a text on one line, in which a character that cannot be drawn stands as its number.

        Raises
        ------
        NoFont
            The text is Chinese, and there is no Chinese font.
        """
        text = on_one_line(text)
        missing = {char for char in text if ord(char) not in self.characters and not char.isspace()}
        if self.chinese is None and any(_CHINESE_TEXT.match(char) for char in missing):
            raise NoFont(f"{what} needs a Chinese font, and none was found: {REMEDY}.")
        for char in missing:
            text = text.replace(char, f"[U+{ord(char):04X}]")
        return text


def fonts(folders: Iterable[str | Path] | None = None) -> Fonts:
    """
    Find the fonts to set type in.

    Parameters
    ----------
    folders
        Where Chinese fonts may lie; by default where `workbench.briefs.fonts` looks.

    Raises
    ------
    EngineMissing
        Typst or Matplotlib is not installed.
    """
    return _fonts(tuple(dict.fromkeys(str(path.parent) for path in cjk_files(folders))))


@cache
def _fonts(folders: tuple[str, ...]) -> Fonts:
    try:
        import matplotlib
        import typst
    except ImportError as error:
        raise EngineMissing(missing_library(error, "A brief as PDF or Word file")) from error
    carried = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    loaded = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(carried), *folders]
    )
    families = set(loaded.families())
    chinese = next((family for family in CHINESE if family in families), None)
    paths = {one.family: one.path for one in loaded.fonts() if one.path and one.weight == 400}
    used = [paths[family] for family in (LATIN, chinese) if family in paths]
    return Fonts(loaded, chinese, frozenset().union(*(_characters(path) for path in used)))


def _characters(path: str) -> set[int]:
    from matplotlib.ft2font import FT2Font

    return set(FT2Font(path).get_charmap())


def typeset(source: str, fonts: Fonts, *, inputs: Mapping[str, str], **more: Any) -> bytes:
    """Compile a Typst source; what Typst warns of is a fault of the workbench, and is warned of again."""
    import typst

    made: Any
    made, found = typst.compile_with_warnings(
        source.encode(),
        font_paths=fonts.loaded,
        ignore_system_fonts=True,
        sys_inputs=dict(inputs),
        **more,
    )
    for each in found:
        warnings.warn(f"Typst: {each.message}", RuntimeWarning, stacklevel=2)
    return bytes(made[0] if isinstance(made, list) else made)


def lettered(svg: str, lang: Language, fonts: Fonts, what: str) -> str:
    """Name in a picture the fonts that are there, for each piece of its text."""

    def named(found: re.Match[str]) -> str:
        text = found.group()
        start, _, rest = text.partition(">")
        letters, end = rest.rsplit("</text>", 1)
        letters = fonts.drawable(letters, what)
        kind: Language = "zh" if _CHINESE_TEXT.search(letters) else "en" if lang == "en" else lang
        families = ", ".join(f"'{family}'" for family in fonts.families(kind))
        start = re.sub(r"font-family: ?[^;\"]*", f"font-family: {families}", start)
        start = re.sub(r'font-family="[^"]*"', f'font-family="{families}"', start)
        return f"{start}>{letters}</text>{end}"

    return _SVG_TEXT.sub(named, svg)


def rasterised(svg: str, lang: Language, what: str, folders: Iterable[str | Path] | None = None) -> bytes:
    """Draw an SVG as PNG."""
    found = fonts(folders)
    source = (
        f"#set page(width: {WIDTH}pt, height: auto, margin: 0pt, fill: white)\n"
        '#image(bytes(sys.inputs.svg), format: "svg", width: 100%)\n'
    )
    drawing = lettered(svg, lang, found, what)
    return typeset(source, found, inputs={"svg": drawing}, format="png", ppi=PIXELS_PER_INCH)
