"""The picture of a crowded line: sections against the time of day."""

from __future__ import annotations

import polars as pl

from pipelines.traffic.names import LineNames, clock
from pipelines.traffic.words import words
from workbench._text import LANGUAGES

WORDS = ("time", "label", "section", "over", "missing")


def draw_map(line: pl.DataFrame, names: LineNames, limit: float) -> dict[str, str]:
    """
    Draw the share of places taken on a line, in each language.

    Parameters
    ----------
    line
        The line's rows of `Cells.table`.
    names
        Of its stops.
    limit
        Share of places above which a cell is marked.
    """
    from workbench.briefs.figures import heatmap

    sections = line.select("section", "stop_id", "next_stop_id").unique().sort("section")
    present = line["quarter"].to_list()
    quarters = range(min(present), max(present) + 1)
    values = {(row["section"], row["quarter"]): row["factor"] for row in line.iter_rows(named=True)}
    grid = [[values.get((section, quarter)) for quarter in quarters] for section in sections["section"]]
    drawn = {}
    for lang in LANGUAGES:
        word = {key: words().text(f"crowding.axis.{key}").in_(lang) for key in WORDS}
        drawn[str(lang)] = heatmap(
            [names.section(row) for row in sections.iter_rows(named=True)],
            [clock(quarter) for quarter in quarters],
            grid,
            label=word["label"],
            xlabel=word["time"],
            ylabel=word["section"],
            threshold=limit,
            threshold_label=word["over"],
            missing_label=word["missing"],
            percent=True,
        )
    return drawn
