"""Power networks from the JSON files of pandapower, read without pandapower."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import LifelineNetwork
from workbench.lifelines.readers._branches import branches
from workbench.lifelines.readers._files import PathLike, bytes_of, parsed
from workbench.lifelines.readers._pandas import Rows, frames_of

_LOADS = ("load", "asymmetric_load", "motor", "ward", "xward", "storage")
_FEEDS = ("sgen", "asymmetric_sgen", "gen", "ext_grid")
_NOT_READ = ("line_dc", "vsc", "vsc_stacked", "vsc_bipolar", "b2b_vsc", "tcsc", "source_dc", "load_dc")


def read_pandapower(path: PathLike, *, geographic: bool = False) -> LifelineNetwork:
    """
    Read a power network from the JSON that `pandapower.to_json` writes.

    Nodes are the buses, "bus-3": `supply` (MW, the greatest output of what feeds in there: `max_p_mw`, else
    `p_mw` times `scaling`; any amount from an external grid without `max_p_mw`), `demand` (MW: loads,
    motors, wards and storage, times `scaling`; a negative load is a supply, and the other way round),
    `generation` (MW, as scheduled; 0 at an external grid), `shunt_mw`, `slack`, `base_kv`, `zone`, and `x`
    and `y` from `geo` or `bus_geodata`. A three-winding transformer has a node of its own, its star point.

    Edges are lines, transformers ("trafo-0", "trafo3w-0-hv"), impedances, direct-current lines and switches
    between buses: `capacity` (MW at a power factor of 1: the square root of 3 times `max_i_ka`, `df`,
    `parallel` and the voltage of a line; `sn_mva` of a transformer; none from 9,999 kA or MVA on),
    `susceptance` (MW per rad, for a direct-current power flow; 1e8 for a closed switch between buses),
    `shift_deg`, `length_m`. What an open switch cuts is not in service. Losses, magnetisation and the taps
    of three-winding transformers are left aside.

    Parameters
    ----------
    path
        The file.
    geographic
        Whether its coordinates are longitude and latitude; pandapower holds both kinds and does not say
        which.

    Returns
    -------
    network
        In MW. The people are not known.

    Raises
    ------
    BadNetwork
        The file is not such a file, is encrypted, or holds what cannot be a network or is not read (parts
        with direct current other than `dcline`).

    References ---------- .. [1] L. Thurner et al. (2018), pandapower: an open-source Python tool for
    convenient modeling, analysis, and
       optimization of electric power systems, IEEE Transactions on Power Systems 33(6).
    """
    content = parsed(bytes_of(path), path)
    held = content.get("_object") if isinstance(content, dict) else None
    if not isinstance(held, dict) or not isinstance(held.get("bus"), dict):
        raise BadNetwork(
            str(path), ["this is JSON, but no network of pandapower: write it with pandapower.to_json"]
        )
    tables = {name: Rows(frame) for name, frame in frames_of(held, str(path)).items()}
    strange = [name for name in _NOT_READ if name in tables and tables[name].truths("in_service").any()]
    if strange:
        raise BadNetwork(
            str(path),
            [f"{len(tables[one])} rows of '{one}' cannot be read: take them out" for one in strange],
        )
    bus = tables["bus"]
    number = {one: at for at, one in enumerate(bus.index)}
    lost = list(_lost(tables, number))
    if lost:
        raise BadNetwork(str(path), lost)
    stars, edges = branches(tables, bus.floats("vn_kv"), number)
    nodes = pl.concat([_buses(tables, number), stars], how="diagonal")
    return LifelineNetwork("power", nodes, edges, geographic=geographic)


def _lost(tables: dict[str, Rows], number: dict[Any, int]) -> Iterator[str]:
    """Name what stands at a bus that is not there."""
    ends: dict[str, tuple[str, ...]] = {
        "line": ("from_bus", "to_bus"),
        "impedance": ("from_bus", "to_bus"),
        "dcline": ("from_bus", "to_bus"),
    }
    ends |= {"trafo": ("hv_bus", "lv_bus"), "trafo3w": ("hv_bus", "mv_bus", "lv_bus"), "switch": ("bus",)}
    ends |= dict.fromkeys((*_LOADS, *_FEEDS, "shunt"), ("bus",))
    for name, columns in ends.items():
        table = tables.get(name, Rows(None))
        for column in columns:
            for index, bus in zip(table.index, table.values(column), strict=True):
                if bus not in number:
                    yield f"{name} {index} stands at bus {bus}, which is not there: mend `{column}`"


def _buses(tables: dict[str, Rows], number: dict[Any, int]) -> pl.DataFrame:
    bus, n = tables["bus"], len(number)

    def at(table: Rows) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.array([number[one] for one in table.values("bus")], np.int64)

    supply, demand, generation, shunt = (np.zeros(n) for _ in range(4))
    slack = np.zeros(n, bool)
    for name in (*_LOADS, *_FEEDS):
        table = tables.get(name, Rows(None))
        on = table.truths("in_service")
        power = np.where(on, _power(name, table), 0.0)
        power = power if name in _LOADS else -power
        np.add.at(demand, at(table), np.maximum(power, 0.0))
        np.add.at(generation, at(table), np.maximum(-power, 0.0))
        most = np.maximum(-power, 0.0)
        if name in ("gen", "ext_grid"):
            endless = np.inf if name == "ext_grid" else 0.0
            given = table.floats("max_p_mw")
            chosen = table.truths("slack", missing=name == "ext_grid")
            unlimited = np.where(chosen, np.inf, np.maximum(most, endless))
            most = np.where(on, np.where(np.isnan(given), unlimited, np.maximum(given, 0.0)), 0.0)
            slack[at(table)[on & chosen]] = True
        np.add.at(supply, at(table), most)
    shunts = tables.get("shunt", Rows(None))
    drawn = shunts.floats("p_mw", 0.0) * shunts.floats("step", 1.0) * shunts.truths("in_service")
    np.add.at(shunt, at(shunts), drawn)
    x, y = _places(tables, number)
    return pl.DataFrame(
        {
            "id": [f"bus-{one}" for one in bus.index],
            "name": pl.Series(bus.texts("name"), dtype=pl.String),
            "zone": pl.Series(bus.texts("zone"), dtype=pl.String),
            "supply": supply,
            "demand": demand,
            "generation": generation,
            "shunt_mw": shunt,
            "slack": slack,
            "base_kv": bus.floats("vn_kv"),
            "in_service": bus.truths("in_service"),
            "x": pl.Series(x, dtype=pl.Float64),
            "y": pl.Series(y, dtype=pl.Float64),
        }
    )


def _power(name: str, table: Rows) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Scheduled MW of each row: drawn by loads, fed in by the rest."""
    scaling = table.floats("scaling", 1.0)
    if name == "ext_grid":
        return np.zeros(len(table))
    if name.startswith("asymmetric"):
        return np.asarray(scaling * sum(table.floats(f"p_{phase}_mw", 0.0) for phase in "abc"))
    if name == "motor":
        working = table.floats("loading_percent", 100.0) / table.floats("efficiency_percent", 100.0)
        return np.asarray(table.floats("pn_mech_mw", 0.0) * working * scaling)
    if name in ("ward", "xward"):
        return np.asarray(table.floats("ps_mw", 0.0) + table.floats("pz_mw", 0.0))
    return np.asarray(table.floats("p_mw", 0.0) * scaling)


def _places(tables: dict[str, Rows], number: dict[Any, int]) -> tuple[list[float | None], list[float | None]]:
    """Coordinates of the buses, from GeoJSON texts or, in older files, from a table."""
    places: list[tuple[float | None, float | None]] = [(None, None)] * len(number)
    for at, text in enumerate(tables["bus"].texts("geo")):
        if text is not None:
            try:
                x, y = json.loads(text)["coordinates"][:2]
                places[at] = float(x), float(y)
            except (KeyError, TypeError, ValueError):  # not a place: leave the bus off the map
                continue
    old = tables.get("bus_geodata", Rows(None))
    for one, x, y in zip(old.index, old.floats("x"), old.floats("y"), strict=True):
        if one in number and np.isfinite([x, y]).all():
            places[number[one]] = float(x), float(y)
    return [x for x, _ in places], [y for _, y in places]
