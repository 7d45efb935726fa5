"""What is kept beside tables and maps of networks, so that what was written is read back the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from workbench.errors import BadParameter
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import LifelineNetwork
from workbench.lifelines.readers._files import as_type, guessed
from workbench.lifelines.system import InterdependentSystem

SIDECAR = "system.json"
VERSION = 1
_TYPES: dict[str, Any] = {
    str(one): one
    for one in (
        pl.String(), pl.Boolean(), pl.Float64(), pl.Float32(), pl.Int64(), pl.Int32(), pl.Int16(), pl.Int8(),
        pl.UInt64(), pl.UInt32(), pl.UInt16(), pl.UInt8(), pl.Date(), pl.Datetime("us"), pl.Datetime("ms"),
    )
}  # fmt: skip


def described(given: LifelineNetwork | InterdependentSystem) -> dict[str, Any]:
    """
    Facts about a network or system that its tables do not hold: systems, units, types of columns.

    Raises
    ------
    BadParameter
        A column holds what a table of text cannot.
    """
    layers = InterdependentSystem.of(given).layers
    return {
        "format": "workbench.lifelines",
        "version": VERSION,
        "single": isinstance(given, LifelineNetwork),
        "layers": {
            name: {
                "system": one.system,
                "flow_unit": one.flow_unit,
                "geographic": one.geographic,
                "nodes": _schema(one.nodes, f"node table of '{name}'"),
                "edges": _schema(one.edges, f"edge table of '{name}'"),
            }
            for name, one in layers.items()
        },
    }


def facts_of(value: Any, path: str) -> Mapping[str, Any]:
    """Check what was read to be such facts."""
    known = isinstance(value, dict) and value.get("format") == "workbench.lifelines"
    layers = value.get("layers") if known and value.get("version") == VERSION else None
    if not isinstance(layers, dict) or not layers or not isinstance(value.get("single"), bool):
        raise BadNetwork(path, [f"this does not describe a network in version {VERSION}: write it again"])
    wrong = [name for name, one in layers.items() if not _described(one)]
    if wrong:
        raise BadNetwork(
            path, [f"layer '{one}' is not described as it should be: write it again" for one in wrong]
        )
    return dict(value)


def restored(
    facts: Mapping[str, Any],
    frames: Mapping[str, Mapping[str, pl.DataFrame]],
    dependencies: pl.DataFrame | None,
) -> LifelineNetwork | InterdependentSystem:
    """Make what the facts describe from the frames of each layer; columns added since are kept."""
    expected = {
        part: {"layer", "system"}.union(*(one[part] for one in facts["layers"].values()))
        for part in ("nodes", "edges")
    }
    layers = {}
    for name, one in facts["layers"].items():
        nodes, edges = (
            _cast(frames[name][part], one[part], known, f"{part} of '{name}'")
            for part, known in expected.items()
        )
        layers[name] = LifelineNetwork(one["system"], nodes, edges, one["flow_unit"], one["geographic"])
    if facts["single"] and len(layers) == 1:
        return next(iter(layers.values()))
    return InterdependentSystem(layers, dependencies)


def _described(layer: Any) -> bool:
    """Whether the description of a layer has all it needs."""
    if not isinstance(layer, dict):
        return False
    texts = all(isinstance(layer.get(name), str) for name in ("system", "flow_unit"))
    schemas = [layer.get(part) for part in ("nodes", "edges")]
    return (
        texts
        and isinstance(layer.get("geographic"), bool)
        and all(
            isinstance(one, dict) and all(kind in _TYPES for kind in map(str, one.values()))
            for one in schemas
        )
    )


def _schema(frame: pl.DataFrame, where: str) -> dict[str, str]:
    made = {}
    for name, dtype in frame.schema.items():
        kind = "String" if isinstance(dtype, pl.Categorical | pl.Enum) or dtype == pl.Null else str(dtype)
        if kind not in _TYPES:
            raise BadParameter(f"Column '{name}' of the {where} holds {dtype}: leave it out or make it text.")
        made[name] = kind
    return made


def _cast(frame: pl.DataFrame, schema: Mapping[str, str], known: set[str], where: str) -> pl.DataFrame:
    missing = [name for name in schema if name not in frame.columns]
    if missing:
        raise BadNetwork(where, [f"there is no column '{one}': write the tables again" for one in missing])
    made = []
    for name, kind in schema.items():
        values, dtype = frame[name], _TYPES[kind]
        new = as_type(values, dtype) if values.dtype == pl.String else values.cast(dtype, strict=False)
        if new.null_count() > values.null_count():
            row = int((new.is_null() & values.is_not_null()).arg_true()[0])
            raise BadNetwork(where, [f"column '{name}' holds '{values[row]}', not {kind}: mend it"])
        made.append(new.alias(name))
    more = (frame[name] for name in frame.columns if name not in known)
    return pl.DataFrame([*made, *(guessed(one) if one.dtype == pl.String else one for one in more)])
