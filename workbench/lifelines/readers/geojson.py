"""Networks from the GeoJSON that `write_geojson` wrote."""

from __future__ import annotations

from typing import Any

import polars as pl

from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import LifelineNetwork
from workbench.lifelines.readers._files import PathLike, bytes_of, parsed
from workbench.lifelines.readers._stored import facts_of, restored
from workbench.lifelines.system import InterdependentSystem

_PARTS = {"node": "nodes", "edge": "edges"}


def read_geojson(path: PathLike) -> LifelineNetwork | InterdependentSystem:
    """
    Read the network or system that `write_geojson` wrote.

    Parameters
    ----------
    path
        The file. It tells in its member `workbench` what each column is; a map drawn elsewhere does not, and
        is read as tables (`read_tables`).

    Returns
    -------
    network
        The same as was written: its properties count, not its geometries.

    Raises
    ------
    BadNetwork
        The file is not such a map, or cannot be a network.
    """
    content = parsed(bytes_of(path), path)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or "workbench" not in content:
        raise BadNetwork(str(path), ["this is no map of `write_geojson`: read its nodes and edges as tables"])
    facts = facts_of(content["workbench"], str(path))
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for at, feature in enumerate(features, 1):
        held = feature.get("properties") if isinstance(feature, dict) else None
        if (
            not isinstance(held, dict)
            or held.get("layer") not in facts["layers"]
            or held.get("part") not in _PARTS
        ):
            raise BadNetwork(
                str(path), [f"feature {at:,} has no known `layer` and `part`: write the map again"]
            )
        rows.setdefault((held["layer"], _PARTS[held["part"]]), []).append(held)
    frames = {
        name: {part: _frame(rows.get((name, part), []), one[part]) for part in ("nodes", "edges")}
        for name, one in facts["layers"].items()
    }
    needs = content.get("dependencies")
    try:
        dependencies = pl.DataFrame(needs, infer_schema_length=None) if needs else None
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise BadNetwork(str(path), ["its dependencies are no rows: write the map again"]) from error
    return restored(facts, frames, dependencies)


def _frame(rows: list[dict[str, Any]], columns: dict[str, str]) -> pl.DataFrame:
    """Properties as columns of text, which the facts give their types."""
    return pl.DataFrame(
        {name: [_text(row.get(name)) for row in rows] for name in columns},
        schema=dict.fromkeys(columns, pl.String),
    )


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return repr(value).lower() if isinstance(value, bool) else repr(value)
