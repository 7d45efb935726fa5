"""Networks from tables of nodes, edges and dependencies: frames, or CSV and Parquet files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import polars as pl

from workbench.errors import BadParameter, UnknownName, nearest
from workbench.lifelines._columns import EDGES, NODES, Column
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import LifelineNetwork, System
from workbench.lifelines.readers._files import PathLike, bytes_of, csv_of, parquet_of, parsed, typed
from workbench.lifelines.readers._stored import SIDECAR, facts_of, restored
from workbench.lifelines.system import InterdependentSystem

Table = pl.DataFrame | PathLike
_DEPENDENCIES = {
    **dict.fromkeys(
        ("dependee_layer", "dependee", "depender_layer", "depender", "kind", "rule"), Column(pl.String)
    ),
    "threshold": Column(pl.Float64),
    "buffer_h": Column(pl.Float64),
}
_LAYERS = {"layer": Column(pl.String), "system": Column(pl.String)}
_PARTS: dict[str, Mapping[str, Column]] = {
    "nodes": {**NODES, **_LAYERS},
    "edges": {**EDGES, **_LAYERS},
    "dependencies": _DEPENDENCIES,
}


def read_tables(
    nodes: Table,
    edges: Table | None = None,
    dependencies: Table | None = None,
    *,
    system: str | Mapping[str, str] | None = None,
    flow_unit: str | Mapping[str, str] = "",
    geographic: bool = False,
    encoding: str = "utf-8",
) -> LifelineNetwork | InterdependentSystem:
    """
    Read a network, or a system of many, from tables.

    Parameters
    ----------
    nodes
        Frame, CSV or Parquet file, with the columns of `LifelineNetwork`; or a folder that `write_tables`
        wrote, and then nothing else is given. With a column `layer` or `system`, each of its values is a
        network of its own.
    edges
        The same for edges.
    dependencies
        The same for dependencies, with the columns of `InterdependentSystem`.
    system
        What the network is, such as "water". For many layers this stands in the column `system`, or here by
        layer; a layer that is called after its system needs neither.
    flow_unit
        Unit of supply, demand and capacity; by layer where there are many. By default the usual unit.
    geographic
        Whether x and y are longitude and latitude.
    encoding
        Of CSV files, such as "gb18030".

    Returns
    -------
    network
        One network, or an `InterdependentSystem` where there are layers or dependencies.

    Raises
    ------
    BadParameter
        The arguments do not fit together.
    UnknownName
        There is no such system.
    BadNetwork
        A file cannot be read, or what it says cannot be a network.
    """
    if edges is None:
        return _folder(nodes, encoding)
    frames = {
        "nodes": _frame(nodes, "nodes", encoding),
        "edges": _frame(edges, "edges", encoding),
    }
    needs = None if dependencies is None else _frame(dependencies, "dependencies", encoding)
    key = next((name for name in ("layer", "system") if name in frames["nodes"].columns), None)
    if key is None:
        if not isinstance(system, str):
            kinds = ", ".join(get_args(System))
            raise BadParameter(
                f"Say which system the network is, as `system` or as a column: one of {kinds}."
            )
        unit = flow_unit if isinstance(flow_unit, str) else flow_unit.get(system, "")
        network = LifelineNetwork(_system(system), frames["nodes"], frames["edges"], unit, geographic)
        return network if needs is None else InterdependentSystem({system: network}, needs)
    if isinstance(system, str):
        raise BadParameter(f"The nodes have a column '{key}': leave `system` out, or give it by layer.")
    parts = {what: _split(frame, key, what) for what, frame in frames.items()}
    strange = [name for name in parts["edges"] if name not in parts["nodes"]]
    if strange:
        known = list(parts["nodes"])
        wrong = [f"{key} '{one}' is not among those of the nodes. {nearest(one, known)}" for one in strange]
        raise BadNetwork("edges", wrong)
    layers = {}
    for name, mine in parts["nodes"].items():
        joined = parts["edges"].get(name, frames["edges"].clear())
        unit = flow_unit if isinstance(flow_unit, str) else flow_unit.get(name, "")
        kind = _kind(name, mine, key, system or {})
        layers[name] = LifelineNetwork(kind, _bare(mine), _bare(joined), unit, geographic)
    return InterdependentSystem(layers, needs)


def _folder(folder: Table, encoding: str) -> LifelineNetwork | InterdependentSystem:
    """Read what `write_tables` wrote."""
    if isinstance(folder, pl.DataFrame):
        raise BadParameter("There are nodes and no edges: give both, or a folder that holds both.")
    place = Path(folder)
    if not place.is_dir():
        raise BadParameter(
            f"'{folder}' is no folder: give the nodes and the edges, or a folder that holds both."
        )
    files: dict[str, Path | None] = {}
    for part in _PARTS:
        found = [one for one in (place / f"{part}.csv", place / f"{part}.parquet") if one.is_file()]
        if len(found) > 1:
            raise BadNetwork(str(place), [f"there are {part} as CSV and as Parquet: leave one out"])
        files[part] = found[0] if found else None
    missing = [
        f"there is no {what}.csv or {what}.parquet" for what in ("nodes", "edges") if files[what] is None
    ]
    if missing:
        raise BadNetwork(str(place), missing)
    side = place / SIDECAR
    if not side.is_file():
        raise BadNetwork(str(place), [f"there is no {SIDECAR}: name the files of nodes and edges one by one"])
    facts = facts_of(parsed(bytes_of(side), side), str(side))
    frames = {what: _raw(path, encoding) for what, path in files.items() if path is not None}
    needs = frames.pop("dependencies", None)
    if needs is not None and files["dependencies"] is not None and files["dependencies"].suffix == ".csv":
        needs = typed(needs, _DEPENDENCIES, str(files["dependencies"]))
    split = {
        name: {what: _of_layer(frame, name) for what, frame in frames.items()} for name in facts["layers"]
    }
    return restored(facts, split, needs)


def _raw(path: Path, encoding: str) -> pl.DataFrame:
    return csv_of(path, encoding) if path.suffix == ".csv" else parquet_of(path)


def _of_layer(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.filter(pl.col("layer") == name) if "layer" in frame.columns else frame


def _frame(table: Any, what: str, encoding: str) -> pl.DataFrame:
    """Take a table as a frame; the columns of a text file get their types."""
    if isinstance(table, pl.DataFrame):
        return table
    if not isinstance(table, (str, os.PathLike)):
        raise BadParameter(
            f"The {what} are of type {type(table).__name__}: give a polars DataFrame or a path."
        )
    ending = Path(table).suffix.lower()
    if ending == ".parquet":
        return parquet_of(table)
    if ending in (".csv", ".tsv", ".txt"):
        return typed(csv_of(table, encoding), _PARTS[what], str(table))
    raise BadNetwork(str(table), ["the name ends in none of .csv, .tsv, .txt, .parquet: call it what it is"])


def _split(frame: pl.DataFrame, key: str, what: str) -> dict[str, pl.DataFrame]:
    """Rows of each layer, in the order in which the layers come."""
    if key not in frame.columns:
        raise BadNetwork(
            what, [f"there is no column '{key}', which the nodes have: give each edge its {key}"]
        )
    if frame[key].null_count():
        raise BadNetwork(what, [f"column '{key}' is empty in {frame[key].null_count():,} rows: fill it in"])
    named = frame[key].cast(pl.String)
    return {name: frame.filter(named == name) for name in named.unique(maintain_order=True).to_list()}


def _bare(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.drop("layer", "system", strict=False)


def _kind(name: str, nodes: pl.DataFrame, key: str, given: Mapping[str, str]) -> Any:
    """Which system a layer is: as given, else as its column says, else as it is called."""
    if name in given:
        return _system(given[name])
    if key == "layer" and "system" in nodes.columns:
        said = nodes["system"].drop_nulls().unique().sort().to_list()
        if len(said) != 1:
            raise BadNetwork("nodes", [f"layer '{name}' has the systems {said}: give it one"])
        return _system(str(said[0]))
    return _system(name)


def _system(name: str) -> Any:
    """Check that there is such a system."""
    if name not in get_args(System):
        hint = "Or say by layer what it is, in `system`."
        raise UnknownName("lifeline system", name, get_args(System), hint)
    return name
