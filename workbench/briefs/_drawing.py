"""
Drawing by hand what Matplotlib would measure: text, margins, legends.

The SVG keeps its text as text and uses the reader's fonts, so nothing here may depend on the fonts
of the machine that draws. Widths are estimated from the characters, every line of text is placed by
its baseline, and Matplotlib itself sees one font only, the DejaVu Sans it carries. The same numbers
therefore give the same bytes with or without Chinese fonts.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from workbench.briefs._refuse import missing_library, refuse
from workbench.briefs.formatting import number
from workbench.errors import EngineMissing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Labels = Sequence[str]
Values = Sequence[float | None]

STYLE = Path(__file__).with_name("workbench.mplstyle")
WIDTH = 518.4  # points: the text width of an A4 page
FONT, SMALL, LINE, BOLD = 9.0, 8.5, 11.5, 1.14
INK, SOFT, GRID, ACCENT, ALARM = "#1b1f24", "#50565e", "#e3e6ea", "#0072B2", "#D55E00"
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
READER_FONTS = (
    "'Segoe UI', 'Helvetica Neue', Arial, 'Noto Sans', 'Liberation Sans', 'DejaVu Sans', 'PingFang SC', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
)

# A closed rectangle as Matplotlib writes it: of a field of cells most of the bytes are these.
_N = r"(-?[\d.]+)"
_RECTANGLE = re.compile(rf"M {_N} {_N} \nL {_N} \2 \nL \3 {_N} \nL \1 \4 \n(?:L \1 \2 \n)?z")


@contextmanager
def drawing(height: float) -> Iterator[Figure]:
    """Open an empty figure of the page's width under the house's style alone; heights are in points."""
    try:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise EngineMissing(missing_library(error, "A picture")) from error

    style: dict[Any, Any] = {**matplotlib.rc_params_from_file(STYLE, use_default_template=True)}
    style.pop("backend", None)
    style["font.family"] = ["DejaVu Sans"]
    with matplotlib.rc_context(style), warnings.catch_warnings():
        # The glyphs are the reader's; that DejaVu Sans has no Chinese ones is of no matter here.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font", category=UserWarning)
        figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
        FigureCanvasSVG(figure)
        yield figure


def svg(figure: Figure) -> str:
    """Write a figure as plain SVG: no date, no global style, no unused ids, the reader's fonts."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.S)
    text = re.sub(r"<defs>\s*<style type=\"text/css\">.*?</style>\s*</defs>\s*", "", text, flags=re.S)
    text = text.replace("<svg ", '<svg style="stroke-linejoin: round; stroke-linecap: butt" ', 1)
    text = _RECTANGLE.sub(r"M\1 \2H\3V\4H\1z", text)
    text = re.sub(r"font-family: [^;\"]*", f"font-family: {READER_FONTS}", text)
    used = set(re.findall(r"(?:href=\"#|url\(#)([^\")]+)", text))
    text = re.sub(r' id="([^"]*)"', lambda found: found.group() if found.group(1) in used else "", text)
    return re.sub(r"\n\s*", "\n", text).strip() + "\n"


def axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place given in points."""
    total = figure.get_figheight() * 72
    return figure.add_axes((left / WIDTH, bottom / total, width / WIDTH, height / total))


def write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    *,
    align: Literal["left", "center", "right"] = "left",
    size: float = FONT,
    color: str = INK,
    weight: str = "normal",
) -> None:
    """Write one line of text with its baseline at a place given in points."""
    total = figure.get_figheight() * 72
    place = (x / WIDTH, y / total)
    figure.text(*place, text, ha=align, va="baseline", fontsize=size, color=color, fontweight=weight)


def write_beside(figure: Figure, x: float, y: float, text: str) -> None:
    """Write a small line centred at a place, moved where it would run out of the picture."""
    text = wrap(text, WIDTH - 8, size=SMALL, lines=1)[0]
    half = width_of(text, SMALL) / 2
    write(figure, min(max(x, half + 2), WIDTH - half - 2), y, text, align="center", size=SMALL)


def same_length(what: str, **lists: Sequence[object]) -> None:
    """Refuse lists of different lengths."""
    lengths = {name: len(each) for name, each in lists.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{length} {name}" for name, length in lengths.items())
        refuse(what, [f"the lists differ in length: {told}"])


def width_of(text: str, size: float = FONT, *, bold: bool = False) -> float:
    """Estimate the width of a line in points, on the wide side of common sans-serif fonts."""
    return size * (BOLD if bold else 1.0) * sum(_em(char) for char in text)


def wrap(text: str, width: float, *, size: float = FONT, lines: int = 2, bold: bool = False) -> list[str]:
    """Break a text into lines of at most a width; what does not fit into the last ends in "…"."""
    text = " ".join(text.split())
    width /= BOLD if bold else 1.0
    broken: list[str] = []
    while text and len(broken) < lines:
        if width_of(text, size) <= width:
            return [*broken, text]
        cut = _cut(text, width, size)
        broken.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    if text:
        last = broken[-1]
        while last and width_of(last + "…", size) > width:
            last = last[:-1]
        broken[-1] = last.rstrip() + "…"
    return broken or [""]


def ticks(low: float, high: float, *, most: int = 6, percent: bool = False) -> tuple[list[float], list[str]]:
    """Return round places on an axis and how they are printed."""
    from matplotlib.ticker import MaxNLocator

    scale = 100.0 if percent else 1.0
    places = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low * scale, high * scale)
    step = places[1] - places[0]
    slack = step * 1e-6
    kept = [float(place) for place in places if low * scale - slack <= place <= high * scale + slack]
    decimals = 0
    while decimals < 9 and abs(round(step, decimals) - step) > slack:
        decimals += 1
    return [each / scale for each in kept], [
        number(each, decimals) + ("%" if percent else "") for each in kept
    ]


def span(values: Values, pad: float = 0.05) -> tuple[float, float]:
    """Return an axis range around the known values."""
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    room = (high - low) * pad or abs(high) * pad or 1.0
    return low - room, high + room


def known(value: float | None) -> float:
    """Return a value for drawing, NaN where it cannot be told."""
    return math.nan if value is None else float(value)


def write_along(figure: Figure, names: Labels, places: Sequence[float], y: float) -> None:
    """Write names centred at places along an axis: every one, or every second, third ... that fits."""
    short = [wrap(name, 90, size=SMALL, lines=1)[0] for name in names]
    halves = [width_of(name, SMALL) / 2 for name in short]
    inside = [min(max(x, half), WIDTH - half) for x, half in zip(places, halves, strict=True)]
    for step in range(1, len(short) + 1):
        kept = range(0, len(short), step)
        if all(inside[b] - halves[b] - inside[a] - halves[a] >= 6 for a, b in pairwise(kept)):
            break
    for at in kept if short else ():
        write(figure, inside[at], y, short[at], align="center", size=SMALL)


def _cut(text: str, width: float, size: float) -> int:
    """Find where to break a line: after a space or a Chinese character, else in the middle of a word."""
    fits = 0
    used = 0.0
    for at, char in enumerate(text, start=1):
        used += size * _em(char)
        if used > width and at > 1:
            break
        fits = at
    for at in range(fits, 0, -1):
        if text[at - 1] in " -/" or (
            at < len(text) and (text[at] == " " or _wide(text[at - 1]) or _wide(text[at]))
        ):
            return at
    return fits


def _wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in ("W", "F")


def _em(char: str) -> float:
    if _wide(char):
        return 1.0
    if unicodedata.combining(char):
        return 0.0
    if char in " .,:;!|'ijl()[]":
        return 0.36
    if char in "mwMW%@":
        return 0.95
    return 0.7 if char.isupper() else 0.62
