"""A network drawn to scale: width and colour by what flows, cut parts dashed, places numbered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.briefs import _drawing as d
from workbench.briefs._refuse import refuse
from workbench.briefs.formatting import number
from workbench.briefs.scope import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
PLAIN = "#aab1b9"
WIDTHS = (0.9, 1.7, 2.6, 3.6, 4.8)
MARGIN, KEYS, KEY_ROW = 14.0, 15.0, 34.0
SHORTEST = 0.25
"""Edges shorter than this on the page, in points, are drawn only where no other ends."""
SHAPES = ("o", "s", "^", "D", "v")


@picture
def network(
    edges: Sequence[tuple[float, float, float, float]],
    flows: d.Values,
    *,
    label: str,
    cut: Sequence[bool] = (),
    cut_label: str = "",
    plain_label: str = "",
    places: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    marks: Sequence[tuple[float, float]] = (),
    marks_label: str = "",
    unit_m: float = 1.0,
    height: float = 330.0,
) -> str:
    """
    Draw a network to scale.

    Parameters
    ----------
    edges
        Both ends of each edge as x1, y1, x2, y2, in the same unit of length along both axes.
    flows
        What each edge carries, 0 or more: the more, the wider and the darker; None where it is not known or
        of no matter, drawn thin and grey.
    label
        What the widths show, with the unit.
    cut
        Whether each edge is cut off, drawn dashed whatever it carries.
    cut_label, plain_label
        What a dashed line and a thin grey line mean.
    places
        Points to mark, by what they are, such as sources; each kind has its own shape.
    marks
        Points numbered 1, 2, 3 ... in this order.
    marks_label
        What the numbers are.
    unit_m
        Metres in one unit of the coordinates; gives the scale bar its length.
    height
        Greatest height of the drawn field in points.

    Returns
    -------
    svg
        The drawing.

    Raises
    ------
    BadBrief
        The lists differ in length, there is no edge, or a coordinate or flow is not a number of use.
    """
    cut = list(cut) or [False] * len(edges)
    d.same_length("network", edges=edges, flows=flows, cut=cut)
    ends = np.array(edges, dtype=float).reshape(-1, 4)
    points = [point for kind in (places or {}).values() for point in kind]
    every = np.concatenate([ends.reshape(-1, 2), np.array([*points, *marks], dtype=float).reshape(-1, 2)])
    amounts = np.array([math.nan if one is None else float(one) for one in flows])
    mistakes = [] if len(edges) else ["there is no edge to draw"]
    mistakes += [] if np.isfinite(every).all() else ["a coordinate is not a finite number"]
    mistakes += ["a flow is negative or infinite"] if ((amounts < 0) | np.isinf(amounts)).any() else []
    mistakes += [] if unit_m > 0 else [f"unit_m is {unit_m}, not a length above 0"]
    refuse("network", mistakes)

    low, high = every.min(axis=0), every.max(axis=0)
    size = np.maximum(high - low, max(float((high - low).max()), 1e-9) * 0.05)
    scale = min((d.WIDTH - 2 * MARGIN) / size[0], height / size[1])  # points to one unit
    field = float(size[1] * scale)
    breaks = _breaks(amounts[~np.array(cut, bool)])
    keys = _keys(
        breaks, cut_label if any(cut) else "", plain_label, places or {}, marks_label if marks else ""
    )
    over = d.wrap(label, d.WIDTH - 4)
    top = 8 + d.LINE * len(over) + KEYS * len(keys)
    with d.drawing(top + field + 2 * MARGIN + KEY_ROW) as figure:
        axes = d.axes(figure, 0, KEY_ROW, d.WIDTH, field + 2 * MARGIN)
        axes.set_xlim(0, d.WIDTH)
        axes.set_ylim(0, field + 2 * MARGIN)
        axes.axis("off")
        shift = np.array([(d.WIDTH - size[0] * scale) / 2, MARGIN])
        _draw_edges(
            axes, (ends - np.tile(low, 2)) * scale + np.tile(shift, 2), amounts, np.array(cut, bool), breaks
        )
        for order, (_, kind) in enumerate((places or {}).items()):
            at = (np.array(kind, dtype=float).reshape(-1, 2) - low) * scale + shift
            axes.plot(at[:, 0], at[:, 1], zorder=6, **_shape(order))
        for order, mark in enumerate(marks, start=1):
            x, y = (np.array(mark) - low) * scale + shift
            _number(figure, axes, float(x), float(y), KEY_ROW, str(order))
        _scale_bar(figure, scale / unit_m)
        for row, line in enumerate(over):
            d.write(figure, 2, KEY_ROW + field + 2 * MARGIN + top - 12 - d.LINE * row, line)
        _draw_keys(figure, keys, KEY_ROW + field + 2 * MARGIN + KEYS * len(keys) - 6)
        return d.svg(figure)


def _breaks(amounts: Floats) -> list[float]:
    """Ends of the classes of what is carried: round, no more than there are widths."""
    known = amounts[np.isfinite(amounts)]
    most = float(known.max()) if len(known) else 0.0
    if most <= 0:
        return []
    digit = 10.0 ** math.floor(math.log10(most))
    step = next(
        one * digit / 10
        for one in (1, 2, 2.5, 5, 10, 20, 25, 50)
        if one * digit / 10 * len(WIDTHS) >= most * (1 - 1e-12)
    )
    return [step * (i + 1) for i in range(math.ceil(most / step - 1e-9))]


def _classes(amounts: Floats, breaks: list[float]) -> NDArray[np.int64]:
    """Class of each amount, -1 where it is unknown; a flow of 0 is drawn like an unknown one."""
    found = np.searchsorted(np.array(breaks) * (1 + 1e-9), np.nan_to_num(amounts), side="left")
    return np.where(np.isfinite(amounts) & (amounts > 0), np.minimum(found, len(breaks) - 1), -1)


def _draw_edges(
    axes: Axes, ends: Floats, amounts: Floats, cut: NDArray[np.bool_], breaks: list[float]
) -> None:
    """One path for each look, so that a city of edges stays a small picture."""
    kind = _classes(amounts, breaks)
    for group in range(-1, len(breaks)):
        _path(axes, ends[(kind == group) & ~cut], zorder=2 + group, **_look(group, len(breaks)))
    _path(axes, ends[cut], zorder=5, color=d.ALARM, linewidth=1.8, linestyle=(0, (2.2, 1.6)))


def _path(axes: Axes, ends: Floats, **look: Any) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    ends = np.round(ends, 1)
    long = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]) >= SHORTEST
    ends = np.unique(ends[long], axis=0)
    if len(ends):
        codes = np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=np.uint8), len(ends))
        axes.add_patch(PathPatch(Path(ends.reshape(-1, 2), codes), fill=False, capstyle="round", **look))


def _look(group: int, classes: int) -> dict[str, Any]:
    """How edges of a class are drawn: wider and darker the more they carry."""
    if group < 0:
        return {"color": PLAIN, "linewidth": 0.6}
    import matplotlib

    at = 0.85 * (1 - group / max(classes - 1, 1)) if classes > 1 else 0.0
    width = WIDTHS[group] if classes > 1 else WIDTHS[2]
    return {"color": matplotlib.colormaps["cividis"](at), "linewidth": width}


def _shape(order: int) -> dict[str, Any]:
    return {
        "linestyle": "none",
        "marker": SHAPES[order % len(SHAPES)],
        "markersize": 6.0,
        "color": d.OKABE_ITO[(2 + order) % len(d.OKABE_ITO)],
        "markeredgecolor": "white",
        "markeredgewidth": 0.8,
    }


def _number(figure: Figure, axes: Axes | None, x: float, y: float, base: float, text: str) -> None:
    """A numbered disc at a place given in points."""
    from matplotlib.patches import Ellipse

    total = figure.get_figheight() * 72
    width = 12.0 + 4.5 * (len(text) - 1)
    figure.add_artist(
        Ellipse(
            (x / d.WIDTH, (y + base) / total),
            width / d.WIDTH,
            12.0 / total,
            facecolor=d.INK,
            edgecolor="white",
            linewidth=0.8,
            zorder=8,
        )
    )
    figure.text(
        x / d.WIDTH,
        (y + base - 2.8) / total,
        text,
        ha="center",
        va="baseline",
        fontsize=7.5,
        color="white",
        fontweight="bold",
        zorder=9,
    )


def _scale_bar(figure: Figure, points_per_m: float) -> None:
    """A bar of a round length, with that length."""
    from matplotlib.lines import Line2D

    longest = 130 / points_per_m
    digit = 10.0 ** math.floor(math.log10(longest))
    length = next(one * digit for one in (5, 2, 1) if one * digit <= longest)
    total, wide = figure.get_figheight() * 72, length * points_per_m
    across, y = [MARGIN / d.WIDTH, (MARGIN + wide) / d.WIDTH], 20.0
    figure.add_artist(Line2D(across, [y / total] * 2, color=d.INK, linewidth=1.4))
    for end in across:
        figure.add_artist(Line2D([end, end], [(y - 3) / total, (y + 3) / total], color=d.INK, linewidth=1.0))
    printed = f"{number(length / 1000, 0)} km" if length >= 1000 else f"{number(length, 0)} m"
    printed = printed if length >= 1 else f"{length:g} m"
    d.write(figure, MARGIN, 6.0, printed, size=d.SMALL)


Key = tuple[str, dict[str, Any], str]


def _keys(
    breaks: list[float], cut: str, plain: str, places: Mapping[str, Any], marks: str
) -> list[list[tuple[float, Key]]]:
    """Lay out what the looks mean, in rows."""
    decimals = 0
    while decimals < 6 and breaks and abs(round(breaks[0], decimals) - breaks[0]) > breaks[0] * 1e-6:
        decimals += 1
    keys: list[Key] = [("line", _look(-1, 0), plain)] if plain else []
    below = 0.0
    for group, end in enumerate(breaks):
        keys.append(("line", _look(group, len(breaks)), f"{number(below, decimals)}–{number(end, decimals)}"))
        below = end
    if cut:
        keys.append(("line", {"color": d.ALARM, "linewidth": 1.8, "linestyle": (0, (2.2, 1.6))}, cut))
    keys += [("point", _shape(order), name) for order, name in enumerate(places)]
    keys += [("number", {}, marks)] if marks else []
    rows: list[list[tuple[float, Key]]] = []
    x = d.WIDTH
    for kind, look, name in keys:
        short = d.wrap(name, d.WIDTH - 60, size=d.SMALL, lines=1)[0]
        wide = (30 if kind == "line" else 18) + d.width_of(short, d.SMALL) + 12
        if x + wide > d.WIDTH:
            rows.append([])
            x = 4.0
        rows[-1].append((x, (kind, look, short)))
        x += wide
    return rows


def _draw_keys(figure: Figure, rows: list[list[tuple[float, Key]]], top: float) -> None:
    from matplotlib.lines import Line2D

    total = figure.get_figheight() * 72
    for down, row in enumerate(rows):
        y = top - KEYS * down
        for x, (kind, look, name) in row:
            if kind == "line":
                across = [x / d.WIDTH, (x + 24) / d.WIDTH]
                figure.add_artist(Line2D(across, [(y + 3) / total] * 2, **look))
                d.write(figure, x + 29, y, name, size=d.SMALL)
                continue
            if kind == "point":
                figure.add_artist(Line2D([(x + 6) / d.WIDTH], [(y + 3) / total], **look))
            else:
                _number(figure, None, x + 6, y + 3, 0.0, "1")
            d.write(figure, x + 16, y, name, size=d.SMALL)
