"""Series over numbers or names, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.briefs import _drawing as d
from workbench.briefs.scope import picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RIGHT = 16.0
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
REFERENCE = -1  # stands for the reference line among the orders of the series
DASHES: tuple[tuple[int, tuple[float, ...]], ...] = (
    (0, ()),
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (6, 2, 1, 2)),
    (0, (3, 1)),
    (0, (8, 3)),
    (0, (1, 3)),
)


@picture
def lines(
    x: Sequence[float] | Sequence[str],
    series: Mapping[str, d.Values],
    *,
    xlabel: str,
    ylabel: str,
    lows: Mapping[str, d.Values] | None = None,
    highs: Mapping[str, d.Values] | None = None,
    reference: float | None = None,
    reference_label: str = "",
    percent: bool = False,
    height: float = 210.0,
) -> str:
    """
    Draw series over numbers or names, each with its own colour, marker and dash, and its interval.

    Parameters
    ----------
    x
        Places along the axis: numbers, or names such as months or clock times in order.
    series
        The values of each series by its name; None leaves a gap.
    xlabel, ylabel
        What the axes show, with units.
    lows, highs
        Ends of the intervals by series name; a series that is not there has none.
    reference
        A value to compare with, drawn as a dashed line and named by `reference_label`.
    percent
        Whether the values are shares, to be marked in %.
    height
        Height of the drawn field in points.

    Returns
    -------
    svg
        The drawing.
    """
    lows, highs = lows or {}, highs or {}
    for name, values in series.items():
        ends = {"lows": lows.get(name, values), "highs": highs.get(name, values)}
        d.same_length(f"lines '{name}'", x=x, values=values, **ends)
    everything = [v for group in (series, lows, highs) for values in group.values() for v in values]
    low, high = d.span([*everything, reference])
    places, printed = d.ticks(low, high, percent=percent)
    left = 12 + max((d.width_of(each, d.SMALL) for each in printed), default=0.0)
    width = d.WIDTH - left - RIGHT
    over, under = d.wrap(ylabel, d.WIDTH - RIGHT), d.wrap(xlabel, width)
    keys = _legend(list(series), reference_label if reference is not None else "")
    top = 10 + 15.0 * len(keys) + d.LINE * len(over)
    bottom = 24 + d.LINE * len(under)

    with d.drawing(top + height + bottom) as figure:
        axes = d.axes(figure, left, bottom, width, height)
        named = [each for each in x if isinstance(each, str)]
        across = [float(at) if named else d.known(place) for at, place in enumerate(_places(x))]
        start, end = d.span(across, pad=0.02)
        axes.set_xlim(start, end)
        axes.set_ylim(low, high)
        axes.set_yticks(places, printed)
        axes.set_xticks(*(([], []) if named else d.ticks(start, end, most=8)))
        axes.tick_params(length=0, pad=5)
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False, axis="x")
        if reference is not None:
            axes.axhline(reference, **_look(REFERENCE))
        for order, (name, values) in enumerate(series.items()):
            if name in lows and name in highs:
                below, above = ([d.known(v) for v in group[name]] for group in (lows, highs))
                color = _look(order)["color"]
                axes.fill_between(across, below, above, color=color, alpha=0.18, linewidth=0)
                for edge in (below, above):
                    axes.plot(across, edge, color=color, linewidth=0.6)
            every = max(1, len(across) // 24)
            axes.plot(
                across, [d.known(v) for v in values], **_look(order), markevery=every, clip_on=False, zorder=3
            )
        if named:
            across_page = [left + width * (place - start) / (end - start) for place in across]
            d.write_along(figure, named, across_page, bottom - 13)
        for row, line in enumerate(under):
            d.write(figure, left, bottom - 30 - d.LINE * row, line)
        for row, line in enumerate(over):
            d.write(figure, 2, bottom + height + top - 9 - d.LINE * row, line)
        _draw_legend(figure, keys, bottom + height + 15.0 * len(keys) - 4)
        return d.svg(figure)


def _look(order: int) -> dict[str, Any]:
    """Return how a series is drawn, in the field and in the legend."""
    if order == REFERENCE:
        return {"color": d.INK, "linestyle": (0, (4, 3)), "linewidth": 1.1}
    look = {"color": d.OKABE_ITO, "linestyle": DASHES, "marker": MARKERS}
    return {name: choice[order % len(choice)] for name, choice in look.items()} | {"markersize": 4.5}


def _places(x: Sequence[float] | Sequence[str]) -> list[float | None]:
    """Return the places of numbers along the axis; names have none of their own."""
    return [None if isinstance(each, str) else float(each) for each in x]


def _legend(names: Sequence[str], reference: str) -> list[list[tuple[float, int, str]]]:
    """Lay the keys out in rows of (x, order of the series, name); a lone series needs none."""
    keys = list(enumerate(names)) if len(names) > 1 else []
    keys += [(REFERENCE, reference)] if reference else []
    rows: list[list[tuple[float, int, str]]] = []
    x = d.WIDTH
    for order, name in keys:
        label = d.wrap(name, d.WIDTH - 60, size=d.SMALL, lines=1)[0]
        wide = 34 + d.width_of(label, d.SMALL) + 14
        if x + wide > d.WIDTH:
            rows.append([])
            x = 2.0
        rows[-1].append((x, order, label))
        x += wide
    return rows


def _draw_legend(figure: Figure, rows: list[list[tuple[float, int, str]]], top: float) -> None:
    from matplotlib.lines import Line2D

    total = figure.get_figheight() * 72
    for down, row in enumerate(rows):
        y = top - 15.0 * down
        for x, order, label in row:
            across = [(x + step) / d.WIDTH for step in (0, 14, 28)]
            figure.add_artist(Line2D(across, [(y + 3) / total] * 3, **_look(order), markevery=[1]))
            d.write(figure, x + 34, y, label, size=d.SMALL)
