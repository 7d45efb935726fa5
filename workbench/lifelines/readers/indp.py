"""Interdependent systems in the form of INDP (Dec2py), such as Shelby County, and their damage scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from workbench.errors import BadParameter, nearest
from workbench.lifelines._units import RELATIVE
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import Bools, Ints, LifelineNetwork, System
from workbench.lifelines.readers._files import PathLike, csv_of
from workbench.lifelines.system import InterdependentSystem

_NETWORKS: dict[str, tuple[str, System]] = {
    "Water": ("W", "water"),
    "Power": ("P", "power"),
    "Gas": ("G", "gas"),
    "Telecommunication": ("T", "telecom"),
}
_KINDS = {"transmission line": "line", "water pipe": "pipe", "gas pipe": "pipe", "fiber optic cable": "cable"}
_NODES = ("ID", "X", "Y", "Node Type", "Demand", "population", "q (complete DS)")
_ARCS = ("ID", "Length (ft)", "Start Node", "End Node", "u", "f", "c", "Arc Type")
_NEEDS = ("Dependee Node", "Depender Node", "Dependee Network", "Depender Network", "Type")
_FOOT_M = 0.3048


@dataclass(frozen=True, eq=False)
class DamageScenarios:
    """
    States of a system after damage, in sets.

    Attributes
    ----------
    up
        Whether each asset works, shape (scenarios, assets).
    sets
        Set of each scenario: what belongs together, and is not to be split between choosing and judging.
    scenarios
        Number of each scenario within its set.
    """

    up: Bools
    sets: Ints
    scenarios: Ints


def read_indp(folder: PathLike, *, exchange: Literal["source", "sink"] = "source") -> InterdependentSystem:
    """
    Read an interdependent system as Dec2py holds it: nodes and arcs of each network, and their dependencies.

    Nodes are called "W12" (water), "P12" (power), "G12" (gas) and "T12" (telecom), arcs by their ends,
    "W5-W22", then "W5-W22:2"; arcs have no direction. In the files a `Demand` above 0 is a supply and one
    below 0 a demand. Amounts are per mille of the county, so that the unit is "units". `people` are the
    residents of the nodes with a demand; `population` is kept as the files have it, who give each resident
    to a supply node as well. `repair_cost` is q of nodes and f of arcs, `capacity` u, `flow_cost` c.
    `fragility_class` is the type of node or arc in lower case; a storage tank has the kind "storage" and the
    supply of the file.

    Parameters
    ----------
    folder
        With `WaterNodes.csv`, `WaterArcs.csv` and so on for Power, Gas and Telecommunication (at least one
        network), and `Interdep.csv`.
    exchange
        What the one telecom node with a demand is. The files send the traffic of all other nodes to it.
        "source" turns this round, so that each node needs a way to the exchange and its people count there;
        flows are the same, because arcs have no direction. "sink" leaves it as in the files; all people
        count at the exchange.

    Returns
    -------
    system
        Layers "water", "power", "gas" and "telecom", in degrees. A depender needs any of its dependees.

    Raises
    ------
    BadParameter
        `exchange` is neither.
    BadNetwork
        Files are missing or cannot be read, or do not fit together.

    References ---------- .. [1] A. D. Gonzalez, L. Duenas-Osorio, M. Sanchez-Silva and A. L. Medaglia
    (2016), The interdependent network
       design problem for optimal infrastructure system restoration, Computer-Aided Civil and Infrastructure
       Engineering 31(5).
    .. [2] H. Talebiyan and L. Duenas-Osorio (2020), Decentralized decision making for the restoration of
       interdependent networks, ASCE-ASME Journal of Risk and Uncertainty A 6(2).
    """
    if exchange not in ("source", "sink"):
        raise BadParameter(f"The exchange is a 'source' or a 'sink', not {exchange!r}.")
    place = Path(folder)
    if not place.is_dir():
        raise BadNetwork(str(folder), ["there is no such folder: check the path"])
    layers: dict[str, LifelineNetwork] = {}
    for name, (letter, system) in _NETWORKS.items():
        if (place / f"{name}Nodes.csv").is_file() or (place / f"{name}Arcs.csv").is_file():
            nodes, arcs = place / f"{name}Nodes.csv", place / f"{name}Arcs.csv"
            frame = _nodes(nodes, letter, system == "telecom" and exchange == "source")
            edges = _arcs(arcs, letter)
            layers[system] = LifelineNetwork(system, frame, edges, RELATIVE, geographic=True)
    if not layers:
        raise BadNetwork(
            str(folder), ["there is no WaterNodes.csv, PowerNodes.csv, ...: give the folder of one"]
        )
    return InterdependentSystem(layers, _dependencies(place / "Interdep.csv"))


def read_damage_scenarios(path: PathLike, system: InterdependentSystem) -> DamageScenarios:
    """
    Read damage scenarios of a system that `read_indp` read.

    Parameters
    ----------
    path
        CSV file with the columns `set`, `scenario`, `network`, `component` ("node" or "arc") and `value`
        (the node, or both ends of the arc); one row for each damaged asset. Arcs side by side fail together.
    system
        What is damaged.

    Returns
    -------
    scenarios
        In the order of sets and scenarios. A scenario without any damage is not in such a file.

    Raises
    ------
    BadNetwork
        The file cannot be read, or damages what the system does not have.
    """
    table = csv_of(path)
    _has(table, ("set", "scenario", "network", "component", "value"), str(path))
    prefix = pl.col("network").replace_strict(
        {name: one for name, (one, _) in _NETWORKS.items()}, default="?"
    )
    ends = pl.col("value").str.extract_all(r"\d+")
    rows = table.select(
        pl.col("set").str.strip_chars().cast(pl.Int32, strict=False),
        pl.col("scenario").str.strip_chars().cast(pl.Int32, strict=False),
        pl.concat_str(pl.col("component"), prefix, ends.list.sort().list.join(" "), separator=" ").alias(
            "key"
        ),
    ).with_row_index("row")
    found = rows.join(_keys(system), on="key", how="left")
    lost = (
        found.filter(pl.any_horizontal(pl.col("set", "scenario", "asset").is_null()))
        .unique("row")
        .sort("row")
    )
    if not lost.is_empty():
        said = [
            f"row {row + 2:,}: {', '.join(str(one) for one in table.row(row))} damages no asset of the system"
            for row in lost["row"].to_list()
        ]
        raise BadNetwork(str(path), said)
    states = found.select("set", "scenario").unique().sort("set", "scenario").with_row_index("state")
    hit = found.join(states, on=["set", "scenario"])
    up = np.tile(system.intact, (states.height, 1))
    up[hit["state"].to_numpy(), hit["asset"].to_numpy()] = False
    return DamageScenarios(up, states["set"].to_numpy(), states["scenario"].to_numpy())


def _keys(system: InterdependentSystem) -> pl.DataFrame:
    """Every asset with the key under which damage names it."""
    letters = {layer: letter for letter, layer in _NETWORKS.values()}
    frames = []
    for layer, network in system.layers.items():
        letter, start = pl.lit(letters.get(network.system, "?")), system.offsets[layer]
        ends = pl.concat_list(pl.col("u", "v").str.strip_prefix(letters.get(network.system, "?"))).list.sort()
        node = pl.concat_str(pl.lit("node"), letter, pl.col("id").str.slice(1), separator=" ")
        edge = pl.concat_str(pl.lit("arc"), letter, ends.list.join(" "), separator=" ")
        frames += [
            network.nodes.select(node.alias("key"), asset=pl.int_range(pl.len()) + start),
            network.edges.select(edge.alias("key"), asset=pl.int_range(pl.len()) + start + network.n),
        ]
    return pl.concat(frames)


def _nodes(path: Path, letter: str, turned: bool) -> pl.DataFrame:
    table = _table(path, _NODES, ("X", "Y", "Demand", "population", "q (complete DS)"))
    amount = table["Demand"].fill_null(0.0)
    single = letter == "T" and int((amount < 0).sum()) == 1
    if turned and single:
        amount = -amount
    living = table["population"].fill_null(0.0).to_numpy()
    served = living.sum() if single and not turned else living
    people = np.where(amount.to_numpy() < 0, served, 0.0)
    kind = pl.col("Node Type").str.to_lowercase()
    return table.select(
        (letter + pl.col("ID")).alias("id"),
        pl.when((kind == "storage tank") & (amount > 0)).then(pl.lit("storage")).alias("kind"),
        amount.clip(lower_bound=0.0).alias("supply"),
        (-amount).clip(lower_bound=0.0).alias("demand"),
        pl.Series("people", people),
        x="X",
        y="Y",
        fragility_class=kind,
        repair_cost="q (complete DS)",
        population="population",
    )


def _arcs(path: Path, letter: str) -> pl.DataFrame:
    table = _table(path, _ARCS, ("Length (ft)", "u", "f", "c"))
    kind = pl.col("Arc Type").str.to_lowercase()
    u, v = letter + pl.col("Start Node"), letter + pl.col("End Node")
    beside = pl.int_range(pl.len()).over("Start Node", "End Node") + 1
    number = pl.when(beside > 1).then(pl.lit(":") + beside.cast(pl.String)).otherwise(pl.lit(""))
    return table.select(
        (u + "-" + v + number).alias("id"),
        u.alias("u"),
        v.alias("v"),
        kind.replace(_KINDS).alias("kind"),
        capacity="u",
        length_m=pl.col("Length (ft)") * _FOOT_M,
        fragility_class=kind,
        repair_cost="f",
        flow_cost="c",
    )


def _dependencies(path: Path) -> pl.DataFrame:
    table = _table(path, _NEEDS, ())

    def layer(end: str) -> pl.Expr:
        return pl.col(f"{end} Network").replace({name: one for name, (_, one) in _NETWORKS.items()})

    def node(end: str) -> pl.Expr:
        letter = pl.col(f"{end} Network").replace({name: one for name, (one, _) in _NETWORKS.items()})
        return letter + pl.col(f"{end} Node")

    return table.select(
        layer("Dependee").alias("dependee_layer"),
        node("Dependee").alias("dependee"),
        layer("Depender").alias("depender_layer"),
        node("Depender").alias("depender"),
        pl.col("Type").str.to_lowercase().alias("kind"),
    )


def _table(path: Path, needed: tuple[str, ...], numbers: tuple[str, ...]) -> pl.DataFrame:
    """A CSV file with its numbers as numbers; "N/A" is none."""
    table = csv_of(path).with_columns(pl.all().str.strip_chars().replace("N/A", None))
    _has(table, needed, str(path))
    made = table.with_columns(pl.col(numbers).cast(pl.Float64, strict=False))
    lost = [name for name in numbers if made[name].null_count() > table[name].null_count()]
    if lost:
        raise BadNetwork(str(path), [f"column '{name}' holds what is not a number: mend it" for name in lost])
    return made


def _has(table: pl.DataFrame, needed: tuple[str, ...], path: str) -> None:
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise BadNetwork(
            path, [f"there is no column '{one}'. {nearest(one, table.columns)}" for one in missing]
        )
