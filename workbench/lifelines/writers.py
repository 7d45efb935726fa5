"""
Networks as files: tables for spreadsheets and databases, GeoJSON for maps.

    write_tables(system, "shelby")              # nodes.csv, edges.csv, dependencies.csv, system.json
    read_tables("shelby")                       # the same system
    write_geojson(system, "shelby.geojson")     # every asset with all that is known of it
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Literal

import polars as pl

from workbench.errors import BadParameter
from workbench.lifelines.model import LifelineNetwork
from workbench.lifelines.readers._files import PathLike
from workbench.lifelines.readers._stored import SIDECAR, described
from workbench.lifelines.system import InterdependentSystem

_OWN = {"layer", "part"}


def write_tables(
    given: LifelineNetwork | InterdependentSystem,
    folder: PathLike,
    *,
    form: Literal["csv", "parquet"] = "csv",
) -> Path:
    """
    Write a network or system as tables that `read_tables(folder)` reads back.

    Parameters
    ----------
    given
        What is written.
    folder
        Made where it is not there; tables of the same form in it are written anew.
    form
        "csv" or "parquet". CSV is UTF-8 with a byte order mark, which spreadsheets need for Chinese.

    Returns
    -------
    folder
        With `nodes` and `edges`, `dependencies` where there are any, and `system.json`, which holds what
        tables do not: systems, units and types of columns.

    Raises
    ------
    BadParameter
        The form is unknown, the folder holds tables of the other form or cannot be written, or a column holds
        what a table of text cannot, or is called `layer` or `system` as the tables' own.
    """
    if form not in ("csv", "parquet"):
        raise BadParameter(f"Tables are written as 'csv' or 'parquet', not {form!r}.")
    facts, system, place = described(given), InterdependentSystem.of(given), Path(folder)
    tables = {"nodes": _table(system, "nodes"), "edges": _table(system, "edges")}
    assert system.dependencies is not None
    if not system.dependencies.is_empty():
        tables["dependencies"] = system.dependencies
    other = "parquet" if form == "csv" else "csv"
    held = [
        f"{name}.{other}"
        for name in ("nodes", "edges", "dependencies")
        if (place / f"{name}.{other}").exists()
    ]
    if held:
        raise BadParameter(f"'{folder}' already holds {', '.join(held)}: write to another folder.")
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / f"dependencies.{form}").unlink(missing_ok=True)
        for name, table in tables.items():
            if form == "csv":
                table.write_csv(place / f"{name}.csv", include_bom=True)
            else:
                table.write_parquet(place / f"{name}.parquet")
        (place / SIDECAR).write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadParameter(f"'{folder}' cannot be written ({error}): give a folder that can.") from error
    return place


def to_geojson(given: LifelineNetwork | InterdependentSystem) -> dict[str, Any]:
    """
    Map of a network or system: a point for each node, a line for each edge.

    Parameters
    ----------
    given
        What is drawn. GeoJSON means longitude and latitude; places in metres are written as they are, and a
        map will not lay them over a city.

    Returns
    -------
    collection
        GeoJSON FeatureCollection. Each feature has the properties `layer`, `part` ("node" or "edge") and
        every column of its table; the geometry is null where a place is not known. Infinity is the text
        "inf". The members `workbench` and `dependencies` hold what `read_geojson` needs besides.

    Raises
    ------
    BadParameter
        A column holds what JSON cannot, or is called `layer` or `part` as the map's own.

    References
    ----------
    .. [1] H. Butler et al. (2016), The GeoJSON format, RFC 7946.
    """
    facts, system = described(given), InterdependentSystem.of(given)
    features = []
    for layer, network in system.layers.items():
        _free(network, _OWN)
        place = {
            one: [x, y]
            for one, x, y in network.nodes.select("id", "x", "y").iter_rows()
            if None not in (x, y)
        }
        for part, frame in (("node", network.nodes), ("edge", network.edges)):
            for row in frame.iter_rows(named=True):
                points = [place.get(row[end]) for end in (("id",) if part == "node" else ("u", "v"))]
                kind, shape = ("Point", points[0]) if part == "node" else ("LineString", points)
                features.append(
                    {
                        "type": "Feature",
                        "id": f"{layer}/{part}/{row['id']}",
                        "geometry": None if None in points else {"type": kind, "coordinates": shape},
                        "properties": {
                            "layer": layer,
                            "part": part,
                            **{name: _value(value) for name, value in row.items()},
                        },
                    }
                )
    assert system.dependencies is not None
    return {
        "type": "FeatureCollection",
        "features": features,
        "workbench": facts,
        "dependencies": system.dependencies.to_dicts(),
    }


def write_geojson(given: LifelineNetwork | InterdependentSystem, path: PathLike) -> Path:
    """
    Write the map of a network or system (`to_geojson`) to a file.

    Parameters
    ----------
    given
        What is drawn.
    path
        The file, usually `.geojson`; written anew where it is there.

    Raises
    ------
    BadParameter
        As `to_geojson`, or the file cannot be written.
    """
    text = json.dumps(to_geojson(given), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise BadParameter(f"'{path}' cannot be written ({error}): give a path that can.") from error
    return Path(path)


def _table(system: InterdependentSystem, part: Literal["nodes", "edges"]) -> pl.DataFrame:
    """Rows of all layers under one another; a column that has different types in two of them becomes text."""
    frames = []
    for layer, network in system.layers.items():
        _free(network, {"layer", "system"})
        frame: pl.DataFrame = getattr(network, part)
        own = [pl.lit(layer).alias("layer"), pl.lit(network.system).alias("system")]
        frames.append(frame.select(*own, pl.all()))
    types: dict[str, set[Any]] = {}
    for frame in frames:
        for name, dtype in frame.schema.items():
            types.setdefault(name, set()).add(dtype)
    mixed = [name for name, found in types.items() if len(found) > 1]
    return pl.concat(
        [
            frame.with_columns(pl.col(name).cast(pl.String) for name in mixed if name in frame.columns)
            for frame in frames
        ],
        how="diagonal",
    )


def _free(network: LifelineNetwork, own: set[str]) -> None:
    taken = sorted(own & {*network.nodes.columns, *network.edges.columns})
    if taken:
        raise BadParameter(
            f"The {network.system} network has a column '{taken[0]}' of its own: call it otherwise."
        )


def _value(value: Any) -> Any:
    """JSON value of a cell."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | bool | int | float) else value.isoformat()
