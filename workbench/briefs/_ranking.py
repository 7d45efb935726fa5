"""Items from top to bottom, each as a dot with its interval."""

from __future__ import annotations

from collections.abc import Collection

from workbench.briefs import _drawing as d
from workbench.briefs.scope import picture

LABEL_ROOM = 190.0
RIGHT = 16.0


@picture
def ranking(
    labels: d.Labels,
    values: d.Values,
    lows: d.Values,
    highs: d.Values,
    *,
    xlabel: str,
    reference: float | None = None,
    reference_label: str = "",
    highlight: Collection[int] = (),
    percent: bool = False,
    missing_label: str = "?",
) -> str:
    """
    Draw items from top to bottom, each as a dot with its interval.

    Parameters
    ----------
    labels
        Names, the first at the top; a long one is wrapped.
    values, lows, highs
        Estimate and ends of the interval; None where there is none.
    xlabel
        What is drawn, with its unit, such as "Delay (min per km); bars: 95% intervals".
    reference
        A value to compare with, drawn as a dashed line and named by `reference_label`.
    highlight
        Positions of the chosen items: filled dots and bold names, the others hollow.
    percent
        Whether the values are shares, to be marked in %.
    missing_label
        What stands where a value cannot be told.

    Returns
    -------
    svg
        The drawing.
    """
    d.same_length("ranking", labels=labels, values=values, lows=lows, highs=highs)
    bold = [place in highlight for place in range(len(labels))]
    names = [d.wrap(label, LABEL_ROOM, lines=3, bold=b) for label, b in zip(labels, bold, strict=True)]
    widths = [d.width_of(line, bold=b) for name, b in zip(names, bold, strict=True) for line in name]
    left = 14 + max(widths, default=0.0)
    heights = [max(18.0, d.LINE * len(name) + 7) for name in names]
    width, body = d.WIDTH - left - RIGHT, sum(heights) or 40.0
    under = d.wrap(xlabel, width, lines=3)
    top, bottom = (20.0 if reference_label else 6.0), 24 + d.LINE * len(under)

    with d.drawing(top + body + bottom) as figure:
        axes = d.axes(figure, left, bottom, width, body)
        low, high = d.span([*values, *lows, *highs, reference])
        axes.set_xlim(low, high)
        axes.set_ylim(body, 0)
        axes.set_xticks(*d.ticks(low, high, percent=percent))
        axes.set_yticks([])
        axes.tick_params(axis="x", length=0, pad=5)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        if reference is not None:
            axes.axvline(reference, color=d.INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1.5)
            d.write_beside(
                figure, left + width * (reference - low) / (high - low), bottom + body + 7, reference_label
            )
        at = 0.0
        for place, (name, height) in enumerate(zip(names, heights, strict=True)):
            chosen, middle, at = bold[place], at + height / 2, at + height
            color = d.ACCENT if chosen else d.SOFT
            value, start, end = values[place], lows[place], highs[place]
            if start is not None and end is not None:
                axes.plot([start, end], [middle, middle], color=color, linewidth=2.6 if chosen else 1.6)
            if value is None:
                d.write(figure, left + 2, bottom + body - middle - 3.2, missing_label, color=d.SOFT)
            else:
                axes.plot(
                    [value],
                    [middle],
                    "o",
                    markersize=6.5,
                    color=color,
                    markerfacecolor=color if chosen else "white",
                    markeredgewidth=1.6,
                    clip_on=False,
                    zorder=4,
                )
            for row, line in enumerate(name):
                baseline = bottom + body - middle - 3.2 + d.LINE * ((len(name) - 1) / 2 - row)
                d.write(
                    figure, left - 10, baseline, line, align="right", weight="bold" if chosen else "normal"
                )
        for row, line in enumerate(under):
            d.write(figure, left, bottom - 30 - d.LINE * row, line)
        return d.svg(figure)
