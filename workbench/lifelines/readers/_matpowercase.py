"""A MATPOWER case: its tables, and the network they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork

# Columns by MATPOWER's names (Appendix B of its manual), counted from 0.
BUS_I, BUS_TYPE, PD, GS, BASE_KV, ZONE = 0, 1, 2, 4, 9, 10
GEN_BUS, PG, GEN_STATUS, PMAX, PMIN = 0, 1, 7, 8, 9
F_BUS, T_BUS, BR_R, BR_X, RATE_A, TAP, SHIFT, BR_STATUS, ANGMIN, ANGMAX = 0, 1, 2, 3, 5, 8, 9, 10, 11, 12
REFERENCE, ISOLATED = 3, 4
MODEL, NCOST, COST = 0, 3, 4
PIECEWISE, POLYNOMIAL = 1, 2


@dataclass(frozen=True, eq=False)
class MatpowerCase:
    """
    A MATPOWER case, its tables as they stand in the file.

    Attributes
    ----------
    name
        Of the file, without its ending.
    base_mva
        MVA that 1 per unit is.
    bus, gen, branch
        Tables with MATPOWER's columns, shapes (n, 13 or more), (generators, 10 or more) and (m, 11 or more).
    gencost
        Costs of the generators, one row each, or None where the file has none.
    bus_names
        Names of the buses, or empty.
    """

    name: str
    base_mva: float
    bus: Floats
    gen: Floats
    branch: Floats
    gencost: Floats | None = None
    bus_names: tuple[str, ...] = field(default=(), repr=False)

    def bus_rows(self, numbers: Floats) -> Ints:
        """Row of each bus, by its number."""
        order = np.argsort(self.bus[:, BUS_I])
        return np.asarray(order[np.searchsorted(self.bus[order, BUS_I], numbers)], np.int32)

    @property
    def running(self) -> Bools:
        """Whether each generator is in service, and its bus too."""
        at = self.bus_rows(self.gen[:, GEN_BUS])
        return np.asarray((self.gen[:, GEN_STATUS] > 0) & (self.bus[at, BUS_TYPE] != ISOLATED))

    def network(self) -> LifelineNetwork:
        """Network of the case; `read_matpower` says what its columns are."""
        return LifelineNetwork("power", _nodes(self), _edges(self))


def _nodes(case: MatpowerCase) -> pl.DataFrame:
    bus, n = case.bus, len(case.bus)
    load, at, on = bus[:, PD], case.bus_rows(case.gen[:, GEN_BUS]), case.running
    most, scheduled = case.gen[:, PMAX], case.gen[:, PG]

    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(at[on], values[on], n), np.float64)

    supply = summed(np.maximum(most, 0.0))
    columns: dict[str, Any] = {
        "id": [f"{number:.0f}" for number in bus[:, BUS_I]],
        "name": case.bus_names or pl.Series([None] * n, dtype=pl.String),
        "supply": supply + np.maximum(-load, 0.0),
        "demand": np.maximum(load, 0.0) + summed(np.maximum(-most, 0.0)),
        "in_service": bus[:, BUS_TYPE] != ISOLATED,
        "zone": [f"{number:g}" for number in bus[:, ZONE]],
        "base_kv": bus[:, BASE_KV],
        "generation": summed(scheduled + np.maximum(-most, 0.0)) + np.maximum(-load, 0.0),
        "shunt_mw": bus[:, GS],
        "slack": bus[:, BUS_TYPE] == REFERENCE,
    }
    if case.gencost is not None and len(case.gencost) >= len(case.gen) > 0:
        linear = np.array([_linear(row) for row in case.gencost[: len(case.gen)]])
        weight = summed(np.maximum(most, 0.0))
        mean = np.divide(
            summed(linear * np.maximum(most, 0.0)), weight, out=np.full(n, np.nan), where=weight > 0
        )
        columns["cost"] = pl.Series(mean).fill_nan(None)
    return pl.DataFrame(columns)


def _linear(row: Floats) -> float:
    """Cost of a MWh: the linear coefficient of a polynomial, or the mean slope of a piecewise line."""
    count = int(row[NCOST])
    if row[MODEL] == PIECEWISE:
        points = row[COST : COST + 2 * count].reshape(-1, 2)
        wide = len(points) > 1 and points[-1, 0] > points[0, 0]
        return float((points[-1, 1] - points[0, 1]) / (points[-1, 0] - points[0, 0])) if wide else 0.0
    return float(row[COST + count - 2]) if count >= 2 else 0.0


def _edges(case: MatpowerCase) -> pl.DataFrame:
    branch = case.branch
    tap = np.where(branch[:, TAP] == 0, 1.0, branch[:, TAP])
    u, v = ([f"{number:.0f}" for number in branch[:, at]] for at in (F_BUS, T_BUS))
    seen: dict[str, int] = {}
    ids = []
    for begin, end in zip(u, v, strict=True):
        pair = f"{begin}-{end}"
        seen[pair] = seen.get(pair, 0) + 1
        ids.append(pair if seen[pair] == 1 else f"{pair}:{seen[pair]}")
    x, rate = branch[:, BR_X], branch[:, RATE_A]
    turns = (branch[:, TAP] != 0) | (branch[:, SHIFT] != 0)
    return pl.DataFrame(
        {
            "id": ids,
            "u": u,
            "v": v,
            "kind": np.where(turns, "transformer", "line"),
            "capacity": pl.Series(np.where(rate > 0, rate, np.nan)).fill_nan(None),
            "susceptance": pl.Series(
                np.divide(case.base_mva, x * tap, out=np.full(len(x), np.nan), where=x != 0)
            ).fill_nan(None),
            "x_pu": x,
            "r_pu": branch[:, BR_R],
            "tap": tap,
            "shift_deg": branch[:, SHIFT],
            "in_service": branch[:, BR_STATUS] > 0,
        },
        schema_overrides={"id": pl.String, "u": pl.String, "v": pl.String, "kind": pl.String},
    )
