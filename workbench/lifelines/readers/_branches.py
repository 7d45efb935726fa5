"""Branches of a pandapower network as edges with the susceptance of a direct-current power flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from workbench.lifelines.model import Bools, Floats
from workbench.lifelines.readers._pandas import Rows

STIFF = 1e8
"""Susceptance (MW per rad) of what has no reactance, such as a closed switch between buses."""
UNLIMITED = 9_999.0
"""kA or MVA from which on a rating stands for none; pandapower's own value for none is 99,999."""


def branches(
    tables: Mapping[str, Rows], base_kv: Floats, number: Mapping[Any, int]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """
    Star points of three-winding transformers, and all edges.

    Parameters
    ----------
    tables
        Tables of the network by name.
    base_kv
        Voltage of each bus, kV.
    number
        Row of each bus by its index.
    """
    cut = _cut(tables.get("switch", Rows(None)))
    stars, windings = _three(tables.get("trafo3w", Rows(None)), base_kv, number, cut)
    edges = [
        _lines(tables.get("line", Rows(None)), base_kv, number, cut),
        _transformers(tables.get("trafo", Rows(None)), base_kv, number, cut),
        windings,
        _impedances(tables.get("impedance", Rows(None))),
        _direct(tables.get("dcline", Rows(None))),
        _switches(tables.get("switch", Rows(None))),
    ]
    return stars, pl.concat(edges)


def _cut(switch: Rows) -> set[tuple[str, Any, Any]]:
    """Kind, element and bus of what an open switch cuts; None as the bus stands for any."""
    cut: set[tuple[str, Any, Any]] = set()
    rows = zip(
        switch.values("et"),
        switch.values("element"),
        switch.values("bus"),
        switch.truths("closed"),
        strict=True,
    )
    for et, element, bus, closed in rows:
        if not closed and et != "b":
            cut |= {(str(et), element, bus), (str(et), element, None)}
    return cut


def _lines(
    line: Rows, base_kv: Floats, number: Mapping[Any, int], cut: set[tuple[str, Any, Any]]
) -> pl.DataFrame:
    kv = _at(line, "from_bus", base_kv, number)
    parallel, km = line.floats("parallel", 1.0), line.floats("length_km", 0.0)
    ohm = line.floats("x_ohm_per_km", 0.0) * km / parallel
    rating = line.floats("max_i_ka")
    return _edges(
        line,
        [f"line-{one}" for one in line.index],
        (_ids(line, "from_bus"), _ids(line, "to_bus")),
        "line",
        in_service=line.truths("in_service") & _whole("l", line, cut),
        susceptance=_over(kv**2, ohm),
        capacity=_limit(rating, np.sqrt(3) * rating * kv * line.floats("df", 1.0) * parallel),
        length_m=km * 1000,
    )


def _transformers(
    trafo: Rows, base_kv: Floats, number: Mapping[Any, int], cut: set[tuple[str, Any, Any]]
) -> pl.DataFrame:
    hv, lv = trafo.floats("vn_hv_kv"), trafo.floats("vn_lv_kv")
    turned = (trafo.floats("tap_pos") - trafo.floats("tap_neutral")) * trafo.floats("tap_step_percent") / 100
    ideal = trafo.truths("tap_phase_shifter", missing=False)
    ideal |= np.array([kind == "Ideal" for kind in trafo.values("tap_changer_type")], bool)
    factor = np.where(ideal, 1.0, 1 + np.nan_to_num(turned))
    side = np.array(trafo.values("tap_side"), dtype=object)
    hv, lv = hv * np.where(side == "hv", factor, 1.0), lv * np.where(side == "lv", factor, 1.0)
    base_hv, base_lv = (_at(trafo, f"{one}_bus", base_kv, number) for one in ("hv", "lv"))
    sn, parallel = trafo.floats("sn_mva"), trafo.floats("parallel", 1.0)
    vk, vkr = trafo.floats("vk_percent") / 100, trafo.floats("vkr_percent", 0.0) / 100
    per_mva = np.sqrt(np.maximum(vk**2 - vkr**2, 0.0)) * (lv / base_lv) ** 2 / sn
    ratio = hv / lv * base_lv / base_hv
    return _edges(
        trafo,
        [f"trafo-{one}" for one in trafo.index],
        (_ids(trafo, "hv_bus"), _ids(trafo, "lv_bus")),
        "transformer",
        in_service=trafo.truths("in_service") & _whole("t", trafo, cut),
        susceptance=_over(parallel / ratio, per_mva),
        capacity=_limit(sn, sn * parallel * trafo.floats("df", 1.0)),
        shift_deg=trafo.floats("shift_degree", 0.0),
    )


def _three(
    trafo: Rows, base_kv: Floats, number: Mapping[Any, int], cut: set[tuple[str, Any, Any]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Three-winding transformers as stars: their short-circuit reactances stand between pairs of windings."""
    sn = {side: trafo.floats(f"sn_{side}_mva") for side in ("hv", "mv", "lv")}

    def between(name: str, one: str, other: str) -> Floats:
        vk, vkr = trafo.floats(f"vk_{name}_percent") / 100, trafo.floats(f"vkr_{name}_percent", 0.0) / 100
        return np.asarray(np.sqrt(np.maximum(vk**2 - vkr**2, 0.0)) / np.minimum(sn[one], sn[other]))

    hm, ml, hl = between("hv", "hv", "mv"), between("mv", "mv", "lv"), between("lv", "hv", "lv")
    own = {"hv": (hm + hl - ml) / 2, "mv": (hm + ml - hl) / 2, "lv": (hl + ml - hm) / 2}
    centre = [f"trafo3w-{one}-star" for one in trafo.index]
    on = trafo.truths("in_service")
    edges = []
    for side, per_mva in own.items():
        rated = trafo.floats(f"vn_{side}_kv") / _at(trafo, f"{side}_bus", base_kv, number)
        connected = np.array(
            [
                ("t3", one, bus) not in cut
                for one, bus in zip(trafo.index, trafo.values(f"{side}_bus"), strict=True)
            ],
            bool,
        )
        edges.append(
            _edges(
                trafo,
                [f"trafo3w-{one}-{side}" for one in trafo.index],
                (_ids(trafo, f"{side}_bus"), centre)
                if side == "hv"
                else (centre, _ids(trafo, f"{side}_bus")),
                "transformer",
                in_service=on & connected,
                susceptance=_over(np.ones(len(trafo)), per_mva * rated**2),
                capacity=_limit(sn[side], sn[side]),
                shift_deg=trafo.floats(f"shift_{side}_degree", 0.0),
            )
        )
    stars = pl.DataFrame(
        {
            "id": pl.Series(centre, dtype=pl.String),
            "name": pl.Series(trafo.texts("name"), dtype=pl.String),
            "in_service": on,
            "base_kv": _at(trafo, "hv_bus", base_kv, number),
        }
    )
    return stars, pl.concat(edges)


def _impedances(impedance: Rows) -> pl.DataFrame:
    return _edges(
        impedance,
        [f"impedance-{one}" for one in impedance.index],
        (_ids(impedance, "from_bus"), _ids(impedance, "to_bus")),
        "impedance",
        in_service=impedance.truths("in_service"),
        susceptance=_over(impedance.floats("sn_mva", 1.0), impedance.floats("xft_pu", 0.0)),
    )


def _direct(dcline: Rows) -> pl.DataFrame:
    limit = dcline.floats("max_p_mw")
    return _edges(
        dcline,
        [f"dcline-{one}" for one in dcline.index],
        (_ids(dcline, "from_bus"), _ids(dcline, "to_bus")),
        "dcline",
        in_service=dcline.truths("in_service"),
        capacity=np.where(np.isnan(limit), np.abs(dcline.floats("p_mw", 0.0)), np.maximum(limit, 0.0)),
    )


def _switches(switch: Rows) -> pl.DataFrame:
    """Switches between buses; `element` is the other bus."""
    between = Rows(
        switch.frame.filter(pl.Series([one == "b" for one in switch.values("et")], dtype=pl.Boolean))
    )
    return _edges(
        between,
        [f"switch-{one}" for one in between.index],
        (_ids(between, "bus"), _ids(between, "element")),
        "switch",
        in_service=between.truths("closed"),
        susceptance=np.full(len(between), STIFF),
    )


def _edges(
    table: Rows,
    ids: list[str],
    ends: tuple[list[str], list[str]],
    kind: str,
    *,
    in_service: Bools,
    **numbers: Floats,
) -> pl.DataFrame:
    empty = np.full(len(table), np.nan)
    return pl.DataFrame(
        {
            "id": pl.Series(ids, dtype=pl.String),
            "u": pl.Series(ends[0], dtype=pl.String),
            "v": pl.Series(ends[1], dtype=pl.String),
            "kind": pl.Series([kind] * len(table), dtype=pl.String),
            "name": pl.Series(table.texts("name"), dtype=pl.String),
            "in_service": in_service,
            **{
                name: pl.Series(numbers.get(name, empty), dtype=pl.Float64).fill_nan(None)
                for name in ("capacity", "susceptance", "length_m")
            },
            "shift_deg": np.nan_to_num(numbers.get("shift_deg", np.zeros(len(table)))),
        }
    )


def _ids(table: Rows, column: str) -> list[str]:
    whole = (int(one) if isinstance(one, float) and one.is_integer() else one for one in table.values(column))
    return [f"bus-{one}" for one in whole]


def _at(table: Rows, column: str, base_kv: Floats, number: Mapping[Any, int]) -> Floats:
    return base_kv[np.array([number[one] for one in table.values(column)], np.int64)]


def _whole(et: str, table: Rows, cut: set[tuple[str, Any, Any]]) -> Bools:
    return np.array([(et, one, None) not in cut for one in table.index], bool)


def _over(amount: Floats, reactance: Floats) -> Floats:
    """Susceptance, stiff where there is no reactance."""
    none = np.abs(reactance) * STIFF < np.abs(amount)
    return np.where(none, STIFF, np.divide(amount, reactance, out=np.zeros_like(amount), where=~none))


def _limit(rating: Floats, capacity: Floats) -> Floats:
    return np.where(rating >= UNLIMITED, np.nan, capacity)
