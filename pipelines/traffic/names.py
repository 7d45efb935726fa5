"""What a planner calls lines, stops, segments and times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from workbench.domains import Measures

LINE = ["route_id", "direction_id"]
ARROWS = {0: "→", 1: "←"}


class LineNames:
    """
    Names of lines and stops.

    Parameters
    ----------
    measures
        The stops, where they were given, and the stop patterns of the lines.
    """

    def __init__(self, measures: Measures) -> None:
        self._stops = _named(measures, "stops", "stop_id", "stop_name")
        patterns = measures["line_patterns"].sort(*LINE, "section")
        last = patterns.group_by(LINE, maintain_order=True).agg(pl.col("stop_id").last())
        self._ends = {(route, direction): self.stop(stop) for route, direction, stop in last.iter_rows()}

    def stop(self, stop: str) -> str:
        """Name of a stop, its id where it has none."""
        return self._stops.get(stop, stop)

    def line(self, row: Mapping[str, Any]) -> str:
        """Line and direction: the line and where it runs to."""
        end = self._ends.get((row["route_id"], row["direction_id"]))
        return f"{row['route_id']} {f'→ {end}' if end else ARROWS.get(row['direction_id'], '')}"

    def section(self, row: Mapping[str, Any]) -> str:
        """The two stops of a section."""
        return f"{self.stop(row['stop_id'])} → {self.stop(row['next_stop_id'])}"


def segment_names(measures: Measures, ids: list[str]) -> list[str]:
    """Names of road segments with their ids, the id alone where there is no name."""
    known = _named(measures, "segments", "segment_id", "segment_name")
    return [f"{known[one]} ({one})" if one in known else one for one in ids]


def clock(quarter: int) -> str:
    """Start of a quarter-hour of the service day, past 24:00 where it lies after midnight."""
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


def _named(measures: Measures, table: str, key: str, name: str) -> dict[str, str]:
    if not measures.has(table):
        return {}
    rows = measures.clean(table).each(lambda frame: frame.select(key, name)).gather()
    return {row[0]: row[1] for row in rows.select(key, name).iter_rows() if row[1]}
