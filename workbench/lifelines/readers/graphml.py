"""Networks from GraphML, as NetworkX, Gephi, yEd, igraph and the Internet Topology Zoo write it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from workbench._need import need
from workbench.errors import BadParameter
from workbench.lifelines._columns import EDGES, NODES, Column
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import LifelineNetwork
from workbench.lifelines.readers._files import PathLike, bytes_of, typed

_DEGREES = {"lon": "x", "long": "x", "longitude": "x", "lat": "y", "latitude": "y"}
_ENDS = ("u", "v", "directed")


def read_graphml(
    path: PathLike,
    system: str,
    *,
    rename: Mapping[str, str] | None = None,
    flow_unit: str = "",
    geographic: bool | None = None,
) -> LifelineNetwork:
    """
    Read a network from a GraphML file.

    Parameters
    ----------
    path
        The file. Attributes called as the columns of `LifelineNetwork` are these; others are kept as they
        are. Parallel edges stay apart; an edge without an id is called after its ends, "u-v", then "u-v:2".
        Every edge of a directed graph has a direction, unless its attribute `directed` says otherwise.
    system
        What it is, such as "telecom".
    rename
        Attributes that are called otherwise, such as `{"length": "length_m"}`.
    flow_unit
        Unit of supply, demand and capacity; by default the usual one.
    geographic
        Whether x and y are longitude and latitude; by default so where the file calls them that (lon, long,
        longitude; lat, latitude, in any case of letters).

    Returns
    -------
    network
        With the nodes' and edges' labels as `name`, where there are labels and no names.

    Raises
    ------
    BadNetwork
        The file is no GraphML, or what it says cannot be a network.
    BadParameter
        Two attributes would be one column.
    EngineMissing
        NetworkX is not installed.
    """
    nx = need("networkx", "Reading GraphML")
    data = bytes_of(path)
    try:
        graph = nx.read_graphml(io.BytesIO(data), force_multigraph=True)
    except Exception as error:  # the parser has errors of several libraries
        what = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        raise BadNetwork(
            str(path), [f"this is not GraphML, or only part of it ({what}): send the whole file again"]
        ) from error
    if not len(graph):
        raise BadNetwork(str(path), ["there is no node in the graph: send the whole file again"])
    nodes = _named([{**attributes, "id": name} for name, attributes in graph.nodes(data=True)], rename or {})
    directed = "true" if graph.is_directed() else "false"
    edges = _named(
        [
            {"directed": directed, **attributes, "u": u, "v": v, "id": _edge_id(u, v, key, attributes)}
            for u, v, key, attributes in graph.edges(keys=True, data=True)
        ],
        rename or {},
        unique=True,
    )
    degrees = not {"x", "y"} & {key for row in nodes for key in row}
    if degrees:
        nodes = [{_DEGREES.get(key.lower(), key): value for key, value in row.items()} for row in nodes]
    found = degrees and any("x" in row and "y" in row for row in nodes)
    what = Path(path).name
    return LifelineNetwork(
        system,  # type: ignore[arg-type]  # an unknown one is refused
        _frame(nodes, NODES, ("id",), f"{what}, nodes"),
        _frame(edges, EDGES, ("id", *_ENDS), f"{what}, edges"),
        flow_unit,
        found if geographic is None else geographic,
    )


def _edge_id(u: str, v: str, key: object, attributes: Mapping[str, Any]) -> str:
    """Id of an edge: its attribute, else the file's own, else its ends."""
    given = attributes.get("id", key if isinstance(key, str) and key else None)
    return str(given) if given is not None else f"{u}-{v}"


def _named(
    rows: list[dict[str, Any]], rename: Mapping[str, str], *, unique: bool = False
) -> list[dict[str, Any]]:
    """Call attributes as the model does; number edges of one name."""
    called = {key for row in rows for key in row}
    twice = [new for old, new in rename.items() if old in called and new in called and new != old]
    if twice:
        raise BadParameter(
            f"The graph already has the attribute '{twice[0]}': rename that one too, or neither."
        )
    made = [{rename.get(key, key): value for key, value in row.items()} for row in rows]
    if "name" not in {key for row in made for key in row}:
        made = [{("name" if key == "label" else key): value for key, value in row.items()} for row in made]
    if unique:
        seen = Counter[str]()
        for row in made:
            seen[row["id"]] += 1
            row["id"] += f":{seen[row['id']]}" if seen[row["id"]] > 1 else ""
    return made


def _frame(
    rows: list[dict[str, Any]], columns: Mapping[str, Column], always: tuple[str, ...], what: str
) -> pl.DataFrame:
    """Rows as a frame: attributes as texts, then typed, because GraphML writers disagree on types."""
    names = dict.fromkeys((*always, *(key for row in rows for key in row)))
    texts = {name: [_text(row.get(name)) for row in rows] for name in names}
    return typed(pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String)), columns, what, by_id=True)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return repr(value).lower() if isinstance(value, bool) else str(value)
