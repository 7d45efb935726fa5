"""Tables of pandas as pandapower writes them into JSON, as `split` strings, read without pandas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import Bools, Floats

INDEX = "_index"
Ids = list[str | None]


def frames_of(content: Mapping[str, Any], path: str) -> dict[str, pl.DataFrame]:
    """Every data frame in the content of a pandapower file by its name, with the index as column `_index`."""
    return {
        name: _frame(value, f"{path}, table '{name}'")
        for name, value in content.items()
        if isinstance(value, dict)
        and value.get("_class") == "DataFrame"
        and not name.startswith(("_", "res_"))
    }


class Rows:
    """
    One table, asked for by column; a table that is not there has no rows.

    Parameters
    ----------
    frame
        As `frames_of` gives it, None where there is none.
    """

    def __init__(self, frame: pl.DataFrame | None) -> None:
        self.frame = pl.DataFrame({INDEX: []}) if frame is None else frame

    def __len__(self) -> int:
        return self.frame.height

    @property
    def index(self) -> list[Any]:
        """Index of each row."""
        return self.frame[INDEX].to_list()

    def values(self, column: str) -> list[Any]:
        """Values of a column; None where it is not there."""
        return self.frame[column].to_list() if column in self.frame.columns else [None] * len(self)

    def floats(self, column: str, missing: float = np.nan) -> Floats:
        """Numbers of a column; `missing` where there is none."""
        if column not in self.frame.columns:
            return np.full(len(self), missing)
        values = self.frame[column].cast(pl.Float64, strict=False).fill_nan(None)
        return values.fill_null(missing).to_numpy().astype(float)

    def truths(self, column: str, missing: bool = True) -> Bools:
        """Truths of a column; `missing` where there is none."""
        return np.array([missing if one is None else bool(one) for one in self.values(column)], bool)

    def texts(self, column: str) -> Ids:
        """Texts of a column; None where it is empty."""
        return [None if one is None or one == "" else str(one) for one in self.values(column)]


def _frame(value: Mapping[str, Any], where: str) -> pl.DataFrame:
    try:
        held = value["_object"]
        held = json.loads(held) if isinstance(held, str) else held
        names, index, data = held["columns"], held["index"], held["data"]
        columns = list(zip(*data, strict=True)) if data else [()] * len(names)
        made = [_series(str(name), column) for name, column in zip(names, columns, strict=True)]
        return pl.DataFrame([pl.Series(INDEX, index, strict=False), *made])
    except (KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise BadNetwork(
            where, ["this is not a table as pandapower writes it: write the file again"]
        ) from error


def _series(name: str, column: tuple[Any, ...]) -> pl.Series:
    """A column; texts where its values are of several kinds."""
    if any(isinstance(one, dict | list) for one in column):
        column = tuple(None if one is None else json.dumps(one) for one in column)
    kinds = {bool if isinstance(one, bool) else type(one) for one in column if one is not None}
    if kinds <= {int, float}:
        return pl.Series(name, column, dtype=pl.Float64 if float in kinds else None, strict=False)
    if len(kinds) > 1:
        column = tuple(None if one is None else str(one) for one in column)
    return pl.Series(name, column)
