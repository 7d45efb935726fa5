"""Districts: which there are, which nodes lie in each, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from workbench._text import Text
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.model import Bools


def zones_of(system: InterdependentSystem) -> tuple[str, ...]:
    """Districts of the nodes, by name."""
    found = (one.nodes["zone"].drop_nulls().to_list() for one in system.layers.values())
    return tuple(sorted({zone for each in found for zone in each}))


def member(nodes: pl.DataFrame, zones: Sequence[str]) -> Bools:
    """Whether each node lies in each district, shape (nodes, zones)."""
    columns = [(nodes["zone"] == zone).fill_null(value=False).to_numpy() for zone in zones]
    return np.stack(columns, axis=1) if columns else np.zeros((nodes.height, 0), bool)


def names_of(table: pl.DataFrame | None, zones: Iterable[str]) -> dict[str, Text]:
    """What districts are called, where the table of zones says so; their ids else."""
    rows = {} if table is None else {row["zone_id"]: row for row in table.iter_rows(named=True)}
    found = {}
    for zone in zones:
        row = rows.get(zone, {})
        english = str(row.get("name") or zone)
        found[zone] = Text(english, str(row.get("name_zh") or english))
    return found
