"""Quantities over two ordered lists, such as line sections by quarter-hours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.briefs import _drawing as d
from workbench.briefs.scope import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABEL_ROOM, RIGHT, BAR = 150.0, 12.0, 190.0
COLOURS = 64
OVER_HATCH, MISSING_HATCH = "//////", "\\\\\\\\"
MISSING_PAINT, MISSING_INK = "#e3e6ea", "#b4bac1"
Box = tuple[float, float]


@picture
def heatmap(
    rows: d.Labels,
    columns: d.Labels,
    values: Sequence[d.Values],
    *,
    label: str,
    xlabel: str = "",
    ylabel: str = "",
    threshold: float | None = None,
    threshold_label: str = "",
    missing_label: str = "",
    percent: bool = False,
) -> str:
    """
    Draw a field of cells coloured by quantity; those above a threshold are outlined and hatched too.

    Parameters
    ----------
    rows, columns
        Names down the side and along the bottom; those that do not fit are left out evenly.
    values
        A row of values for each name in `rows`; None where there is none.
    label
        What the colours show, with its unit.
    xlabel, ylabel
        What the columns and the rows are.
    threshold
        Cells above it are marked by an outline and a hatch, explained by `threshold_label`.
    missing_label
        Explains the grey cells with no value.
    percent
        Whether the values are shares, to be marked in %.

    Returns
    -------
    svg
        The drawing.
    """
    d.same_length("heatmap", rows=rows, values=values)
    for name, cells in zip(rows, values, strict=True):
        d.same_length(f"heatmap row '{name}'", columns=columns, values=cells)
    names = [d.wrap(name, LABEL_ROOM, size=d.SMALL, lines=1)[0] for name in rows]
    tall = min(18.0, max(4.0, round(800 / max(len(names), 1)) / 2))
    left = 10 + max((d.width_of(name, d.SMALL) for name in names), default=0.0)
    wide = max(0.5, math.floor(20 * (d.WIDTH - left - RIGHT) / max(len(columns), 1)) / 20)
    width, body = wide * max(len(columns), 1), tall * max(len(names), 1)
    keys = _keys(values, threshold, threshold_label, missing_label)
    head = d.wrap(label, d.WIDTH - RIGHT)
    side = d.wrap(ylabel, d.WIDTH - RIGHT, size=d.SMALL, lines=1) if ylabel else []
    top = 10 + d.LINE * len(head) + 34 + 15 * len(keys) + 13 * len(side)
    bottom = 20 + (15 if xlabel else 0)

    with d.drawing(top + body + bottom) as figure:
        axes = d.axes(figure, left, bottom, width, body)
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(body, 0)
        known = [v for cells in values for v in cells if v is not None]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        high = high if high > low else low + 1
        _cells(axes, values, wide, tall, low, high)
        if threshold is not None:
            _mark(axes, values, wide, tall, low, high, threshold)
        _labels(figure, names, columns, left, wide, tall, body, bottom)
        if xlabel:
            d.write(figure, left, 6, d.wrap(xlabel, d.WIDTH - left, lines=1)[0])
        y = bottom + body + top - 9
        for line in head:
            d.write(figure, 2, y, line)
            y -= d.LINE
        _bar(figure, y, low, high, threshold, percent=percent)
        for order, (kind, text) in enumerate(keys):
            _key(figure, y - 34 - 15 * order, kind, text)
        for line in side:
            d.write(figure, 2, bottom + body + 5, line, size=d.SMALL, color=d.SOFT)
        return d.svg(figure)


def _keys(
    values: Sequence[d.Values], threshold: float | None, over: str, missing: str
) -> list[tuple[str, str]]:
    """Return the keys that are needed: (kind of cell, what it means)."""
    keys = [("over", over)] if threshold is not None and over else []
    return keys + (
        [("missing", missing)] if missing and any(v is None for line in values for v in line) else []
    )


def _cells(axes: Axes, values: Sequence[d.Values], wide: float, tall: float, low: float, high: float) -> None:
    """Draw the cells, all of one colour in one path."""
    groups: dict[int, list[Box]] = {}
    for y, line in enumerate(values):
        for x, value in enumerate(line):
            groups.setdefault(_colour_of(value, low, high), []).append((x * wide, y * tall))
    seam = 0.5 if min(wide, tall) >= 9 else 0.0
    for colour, boxes in sorted(groups.items()):
        paint = MISSING_PAINT if colour < 0 else _hex(colour)
        axes.add_patch(
            _boxes(
                boxes,
                wide,
                tall,
                facecolor=paint,
                edgecolor="white" if seam else paint,
                linewidth=seam or 0.3,
            )
        )
        if colour < 0:
            axes.add_patch(
                _boxes(boxes, wide, tall, fill=False, hatch=MISSING_HATCH, edgecolor=MISSING_INK, linewidth=0)
            )


def _mark(
    axes: Axes,
    values: Sequence[d.Values],
    wide: float,
    tall: float,
    low: float,
    high: float,
    threshold: float,
) -> None:
    """Hatch the cells above the threshold, dark on light and light on dark, and outline their whole."""
    from matplotlib.collections import LineCollection

    over = {
        (x, y) for y, line in enumerate(values) for x, v in enumerate(line) if v is not None and v > threshold
    }
    for ink, chosen in ((d.INK, True), ("white", False)):
        boxes = [
            (x * wide, y * tall)
            for x, y in sorted(over)
            if (_colour_of(values[y][x], low, high) >= COLOURS // 2) is chosen
        ]
        if boxes:
            axes.add_patch(
                _boxes(boxes, wide, tall, fill=False, hatch=OVER_HATCH, edgecolor=ink, linewidth=0)
            )
    edges = []
    for x, y in sorted(over):
        a, b, c, e = x * wide, y * tall, (x + 1) * wide, (y + 1) * tall
        sides = {(-1, 0): (a, b, a, e), (1, 0): (c, b, c, e), (0, -1): (a, b, c, b), (0, 1): (a, e, c, e)}
        edges += [[(p, q), (r, s)] for (i, j), (p, q, r, s) in sides.items() if (x + i, y + j) not in over]
    for ink, thick in (("white", 2.6), (d.INK, 1.3)):
        axes.add_collection(
            LineCollection(edges, colors=ink, linewidths=thick, capstyle="projecting", clip_on=False)
        )


def _labels(
    figure: Figure,
    names: Sequence[str],
    columns: d.Labels,
    left: float,
    wide: float,
    tall: float,
    body: float,
    bottom: float,
) -> None:
    """Write the names of rows and columns, leaving out evenly those that do not fit."""
    for y in range(0, len(names), max(1, math.ceil(9.5 / tall))):
        d.write(figure, left - 6, bottom + body - (y + 0.5) * tall - 3, names[y], align="right", size=d.SMALL)
    d.write_along(figure, columns, [left + (x + 0.5) * wide for x in range(len(columns))], bottom - 12)


def _bar(
    figure: Figure, y: float, low: float, high: float, threshold: float | None, *, percent: bool
) -> None:
    """Draw the scale of colours, its ticks, and the threshold on it; its top is at `y` points."""
    places, printed = d.ticks(low, high, most=5, percent=percent)
    first = BAR * (places[0] - low) / (high - low) if places else 0.0
    left = 2 + max(0.0, d.width_of(printed[0], d.SMALL) / 2 - first) if places else 2.0
    axes = d.axes(figure, left, y - 3, BAR, 9)
    axes.set_xlim(low, high)
    axes.set_ylim(0, 1)
    step = (high - low) / COLOURS
    for colour in range(COLOURS):
        axes.axvspan(low + colour * step, low + (colour + 1.5) * step, facecolor=_hex(colour), linewidth=0)
    axes.set_xticks(places, printed)
    axes.set_yticks([])
    axes.tick_params(length=2.5, pad=2)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if threshold is not None and low < threshold < high:
        axes.axvline(threshold, color="white", linewidth=3)
        axes.axvline(threshold, color=d.INK, linewidth=1.4)


def _key(figure: Figure, y: float, kind: str, text: str) -> None:
    """Draw a sample cell and what it means."""
    axes = d.axes(figure, 2, y, 18, 10)
    axes.set_axis_off()
    axes.set_xlim(0, 18)
    axes.set_ylim(0, 10)
    paint = _hex(COLOURS - 8) if kind == "over" else MISSING_PAINT
    axes.add_patch(_boxes([(0.0, 0.0)], 18, 10, facecolor=paint, linewidth=0))
    hatch, ink = (OVER_HATCH, d.INK) if kind == "over" else (MISSING_HATCH, MISSING_INK)
    axes.add_patch(_boxes([(0.0, 0.0)], 18, 10, fill=False, hatch=hatch, edgecolor=ink, linewidth=0))
    if kind == "over":
        axes.add_patch(_boxes([(0.0, 0.0)], 18, 10, fill=False, edgecolor=ink, linewidth=1.3, clip_on=False))
    d.write(figure, 26, y + 1.5, d.wrap(text, d.WIDTH - 40, size=d.SMALL, lines=1)[0], size=d.SMALL)


def _boxes(corners: Iterable[Box], wide: float, tall: float, **look: Any) -> Any:
    """Return rectangles of one size as one patch."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    points: list[Box] = []
    codes: list[Any] = []
    for x, y in corners:
        points += [(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall), (x, y)]
        codes += [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return PathPatch(Path(points, codes), **look)


def _colour_of(value: float | None, low: float, high: float) -> int:
    """Return the step of the colour scale, -1 where there is no value."""
    return -1 if value is None else min(COLOURS - 1, int(COLOURS * (value - low) / (high - low)))


def _hex(colour: int) -> str:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return to_hex(colormaps["cividis"]((colour + 0.5) / COLOURS))
