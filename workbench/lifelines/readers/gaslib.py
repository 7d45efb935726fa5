"""Gas networks of GasLib, from the JSON files of its Julia mirror, in a zip file or a folder."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from workbench.errors import UnknownName
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import LifelineNetwork
from workbench.lifelines.readers._files import PathLike, bytes_of, parsed

_EDGES = {
    "pipes": "pipe",
    "short_pipes": "short pipe",
    "resistors": "resistor",
    "loss_resistors": "resistor",
    "valves": "valve",
    "control_valves": "control valve",
    "compressors": "compressor",
}
_KEPT = ("diameter", "friction_factor", "max_power", "max_c_ratio")


def read_gaslib(path: PathLike, *, nomination: str | None = None) -> LifelineNetwork:
    """
    Read a gas network of GasLib.

    Nodes are called as in GasLib, with `supply` (kg/s, the greatest nominated injection), `demand` (kg/s,
    the greatest nominated withdrawal), `min_pressure` and `max_pressure` (Pa), `elevation` (m). Edges are
    pipes, short pipes, resistors, valves, control valves and compressors, with `capacity` (kg/s, the greater
    of both directions) and `length_m`; they have a direction where the file allows no flow back (`min_flow`
    of 0 or more). Coordinates are those of GasLib's drawings: neither metres nor degrees.

    Parameters
    ----------
    path
        Zip file or folder with `network.json` and `nominations.json`.
    nomination
        Which nomination gives supply and demand, where there are many; by default the first.

    Returns
    -------
    network
        In kg/s. The people are not known.

    Raises
    ------
    BadNetwork
        The file is not such a file, or an entry, an exit or an edge is at a node that is not there.
    UnknownName
        No nomination has that name.

    References
    ----------
    .. [1] M. Schmidt et al. (2017), GasLib: a library of gas network instances, Data 2(4), 40.
    """
    held = _contents(path)
    network, nominations = held["network.json"], held["nominations.json"]
    if nomination is not None and nomination not in nominations:
        raise UnknownName("nomination", nomination, nominations)
    chosen = nominations[nomination or next(iter(nominations))]
    try:
        return _network(network, chosen)
    except (KeyError, TypeError, ValueError, AttributeError, pl.exceptions.PolarsError) as error:
        raise BadNetwork(
            str(path),
            [f"the network is not described as GasLib's are ({error!r}): send the whole file again"],
        ) from error


def _network(network: Mapping[str, Any], nomination: Mapping[str, Any]) -> LifelineNetwork:
    names = _names(network["nodes"], "node")
    amounts, lost = {}, []
    for what, limit in (("entry", "max_injection"), ("exit", "max_withdrawal")):
        at: dict[str, float] = defaultdict(float)
        places = network["entries" if what == "entry" else "exits"]
        for key, given in nomination[f"{what}_nominations"].items():
            node = str(places[key]["node_id"]) if key in places else ""
            if node not in names:
                lost.append(f"{what} {key} of the nomination stands at no node: mend its `node_id`")
            at[node] += max(float(given[limit]), 0.0)
        amounts[what] = at
    if lost:
        raise BadNetwork("gas", lost)
    nodes = [
        {
            "id": names[key],
            "supply": amounts["entry"][key],
            "demand": amounts["exit"][key],
            "x": one.get("x_coord"),
            "y": one.get("y_coord"),
            **{name: one.get(name) for name in ("min_pressure", "max_pressure", "elevation")},
        }
        for key, one in network["nodes"].items()
    ]
    given = {
        f"{kind} {key}": (kind, one)
        for part, kind in _EDGES.items()
        for key, one in network.get(part, {}).items()
    }
    called = _names({key: one for key, (_, one) in given.items()}, "")
    edges = [{"id": called[key], "kind": kind, **_edge(one, names)} for key, (kind, one) in given.items()]
    return LifelineNetwork("gas", _frame(nodes, ("id",)), _frame(edges, ("id", "u", "v", "kind")))


def _edge(one: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Ends, direction and capacity of an edge; one through which gas only flows back is turned round."""
    least, most = (float(one[name]) if name in one else None for name in ("min_flow", "max_flow"))
    ends = [names.get(str(one[name]), str(one[name])) for name in ("fr_node", "to_node")]
    back = most is not None and most <= 0 and least is not None and least < 0
    known = [abs(each) for each in (least, most) if each is not None]
    return {
        "u": ends[1] if back else ends[0],
        "v": ends[0] if back else ends[1],
        "directed": back or (least is not None and least >= 0),
        "capacity": max(known) if known else None,
        "length_m": one.get("length"),
        **{name: one.get(name) for name in _KEPT},
    }


def _names(items: Mapping[str, Any], what: str) -> dict[str, str]:
    """Names of the items by key; kind and key where two have the same name or one has none."""
    given = {key: str(one.get("name") or "") for key, one in items.items()}
    often = Counter(given.values())
    return {
        key: name if name and often[name] == 1 else f"{what} {key}".strip() for key, name in given.items()
    }


def _frame(rows: list[dict[str, Any]], texts: tuple[str, ...]) -> pl.DataFrame:
    columns = dict.fromkeys(key for row in rows for key in row) or dict.fromkeys(texts)
    schema = {
        name: pl.String if name in texts else pl.Boolean if name == "directed" else pl.Float64
        for name in columns
    }
    return pl.DataFrame(rows, schema=schema, strict=False)


def _contents(path: PathLike) -> dict[str, dict[str, Any]]:
    """JSON objects of the two files, from a folder or a zip file."""
    wanted = ("network.json", "nominations.json")
    place = Path(path)
    if place.is_dir():
        found = {name: parsed(bytes_of(place / name), place / name) for name in wanted}
    else:
        try:
            with zipfile.ZipFile(io.BytesIO(bytes_of(path))) as file:
                inside = {Path(name).name: name for name in file.namelist()}
                missing = [name for name in wanted if name not in inside]
                if missing:
                    raise BadNetwork(
                        str(path), [f"the zip file holds no {name}: send it again" for name in missing]
                    )
                found = {name: parsed(file.read(inside[name]), f"{path}/{name}") for name in wanted}
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise BadNetwork(
                str(path), ["this is not a zip file, or only part of it: send the whole file again"]
            ) from error
    for name, value in found.items():
        if not isinstance(value, dict) or not value:
            raise BadNetwork(
                str(path), [f"{name} holds no object, as GasLib's do: send the whole file again"]
            )
    return found
