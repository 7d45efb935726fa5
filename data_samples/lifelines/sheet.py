"""The rows of the networks on their way to tables, and what each class of asset costs to mend and harden."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from data_samples.lifelines.city import zone_id

SYSTEMS = {"W": "water", "P": "power", "G": "gas", "O": "oil", "T": "telecom"}
"""System by the first letter of an id."""
HUBS = ("-T", "-H", "-R", "-X")
"""How the ids of the nodes end at which boroughs are joined."""
ROUTE = 1.15
"""A pipe or cable is longer than the straight line by so much."""

NODES: dict[str, Any] = {
    "node_id": pl.String,
    "system": pl.String,
    "asset_class": pl.String,
    "kind": pl.String,
    "x": pl.Float64,
    "y": pl.Float64,
    "elevation_m": pl.Float64,
    "supply": pl.Float64,
    "demand": pl.Float64,
    "people": pl.Int64,
    "volume_m3": pl.Float64,
    "zone_id": pl.String,
    "in_service": pl.Boolean,
    "install_year": pl.Int64,
    "fragility_class": pl.String,
    "repair_days": pl.Float64,
    "repair_cost": pl.Float64,
    "harden_cost": pl.Float64,
    "name": pl.String,
    "name_zh": pl.String,
}
EDGES: dict[str, Any] = {
    "edge_id": pl.String,
    "system": pl.String,
    "from_node_id": pl.String,
    "to_node_id": pl.String,
    "asset_class": pl.String,
    "kind": pl.String,
    "directed": pl.Boolean,
    "length_m": pl.Float64,
    "capacity": pl.Float64,
    "susceptance": pl.Float64,
    "diameter_mm": pl.Float64,
    "material": pl.String,
    "in_service": pl.Boolean,
    "install_year": pl.Int64,
    "fragility_class": pl.String,
    "repair_days": pl.Float64,
    "repair_cost": pl.Float64,
    "harden_cost": pl.Float64,
    "name": pl.String,
    "name_zh": pl.String,
}
DEPENDENCIES: dict[str, Any] = {
    "depender_layer": pl.String,
    "depender": pl.String,
    "dependee_layer": pl.String,
    "dependee": pl.String,
    "kind": pl.String,
    "rule": pl.String,
    "threshold": pl.Float64,
    "buffer_h": pl.Float64,
}


@dataclass(frozen=True)
class Cost:
    """Fragility class, days to repair, cost of repair and of hardening (CNY; of a link also by the km)."""

    fragility: str
    days: float
    repair: float
    harden: float | None = None
    repair_km: float = 0.0
    harden_km: float = 0.0


COSTS = {
    "treatment_works": Cost("pump_station", 30, 4e7, 1.5e7),
    "pump_station": Cost("pump_station", 12, 6e6, 2.5e6),
    "trunk_chamber": Cost("sturdy", 2, 2e5),
    "tank": Cost("tank", 20, 8e6, 3e6),
    "water_node": Cost("sturdy", 1, 3e4),
    "trunk_main": Cost("pipe_ductile", 4, 3e5, 2e5, 1e5, 2.5e6),
    "inlet_main": Cost("pipe_ductile", 3, 2e5, 1.5e5, 8e4, 1.8e6),
    "distribution_main": Cost("pipe_ductile", 1.5, 6e4, 5e4, 3e4, 8e5),
    "service_main": Cost("pipe_brittle", 1, 3e4, 3e4, 2e4, 4e5),
    "tank_main": Cost("pipe_ductile", 2, 1e5, 8e4, 5e4, 1.2e6),
    "pump": Cost("sturdy", 2, 4e5),
    "grid_supply_point": Cost("substation_medium_voltage", 25, 6e7, 1.8e7),
    "power_plant": Cost("power_plant_small", 60, 1.2e8, 3e7),
    "switchyard": Cost("substation_low_voltage", 10, 1e7, 4e6),
    "substation": Cost("substation_low_voltage", 8, 8e6, 3e6),
    "distribution_point": Cost("sturdy", 1, 1.5e5),
    "hv_line": Cost("sturdy", 3, 4e5, 3e5, 1e5, 1.5e6),
    "transformer": Cost("sturdy", 5, 5e6, 1.5e6),
    "feeder": Cost("distribution_circuit", 1, 8e4, 8e4, 3e4, 6e5),
    "gate_station": Cost("pump_station", 10, 8e6, 3e6),
    "regulator_station": Cost("pump_station", 4, 1e6, 5e5),
    "gas_node": Cost("sturdy", 1, 3e4),
    "plant_offtake": Cost("sturdy", 2, 5e5),
    "hp_gas_main": Cost("pipe_ductile", 4, 4e5, 3e5, 1e5, 2e6),
    "gas_main": Cost("pipe_ductile", 1.5, 8e4, 6e4, 3e4, 6e5),
    "oil_terminal": Cost("tank", 30, 3e7, 1e7),
    "oil_depot": Cost("tank", 20, 2e7, 8e6),
    "oil_pump_station": Cost("pump_station", 8, 4e6, 2e6),
    "fuel_hub": Cost("sturdy", 3, 1e6),
    "oil_pipeline": Cost("pipe_ductile", 5, 5e5, 4e5, 1.5e5, 2.5e6),
    "gateway": Cost("substation_low_voltage", 4, 1.5e7, 5e6),
    "exchange": Cost("substation_low_voltage", 3, 4e6, 1.5e6),
    "cabinet": Cost("sturdy", 0.5, 5e4),
    "backbone_fibre": Cost("pipe_ductile", 1, 1e5, 1e5, 2e4, 4e5),
    "access_fibre": Cost("pipe_ductile", 0.5, 3e4, 3e4, 1e4, 2e5),
}
"""By class. Days and sums are round and invented; the fragility classes are those of `workbench.lifelines`,
where telecom buildings and ducts, which have none of their own, take those of substations and pipes."""


@dataclass
class Sheet:
    """Nodes, edges and dependencies of some boroughs, row by row."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, Any]] = field(default_factory=list)
    dependencies: list[dict[str, Any]] = field(default_factory=list)
    place: dict[str, tuple[float, float]] = field(default_factory=dict)

    def node(
        self,
        node_id: str,
        asset_class: str,
        zone: int,
        at: tuple[float, float],
        /,
        *,
        year: int = 2008,
        demand: float = 0.0,
        **more: Any,
    ) -> str:
        """Add a node; `more` are further columns. Returns its id."""
        cost = COSTS[asset_class]
        self.place[node_id] = at
        row = {
            "node_id": node_id,
            "system": SYSTEMS[node_id[0]],
            "asset_class": asset_class,
            "kind": None,
            "x": round(at[0], 1),
            "y": round(at[1], 1),
            "demand": round(demand, 6),
            "people": 0,
            "zone_id": zone_id(zone),
            "in_service": True,
            "install_year": year,
            "fragility_class": cost.fragility,
            "repair_days": cost.days,
            "repair_cost": cost.repair,
            "harden_cost": cost.harden,
        }
        self.nodes.append(row | more)
        return node_id

    def edge(
        self,
        edge_id: str,
        asset_class: str,
        kind: str,
        ends: tuple[str, str],
        /,
        *,
        capacity: float,
        year: int = 2008,
        directed: bool = False,
        longer_m: float = 0.0,
        **more: Any,
    ) -> str:
        """Add an edge as long as the way between its ends, but for pumps and transformers, and `longer_m`."""
        cost = COSTS[asset_class]
        apart = math.dist(self.place[ends[0]], self.place[ends[1]])
        length = None if kind in ("pump", "transformer") else round(apart * ROUTE + longer_m, 1)
        km = (length or 0.0) / 1000
        row = {
            "edge_id": edge_id,
            "system": SYSTEMS[edge_id[0]],
            "from_node_id": ends[0],
            "to_node_id": ends[1],
            "asset_class": asset_class,
            "kind": kind,
            "directed": directed,
            "length_m": length,
            "capacity": round(capacity, 6),
            "in_service": True,
            "install_year": year,
            "fragility_class": cost.fragility,
            "repair_days": cost.days,
            "repair_cost": float(round(cost.repair + cost.repair_km * km)),
            "harden_cost": None if cost.harden is None else float(round(cost.harden + cost.harden_km * km)),
        }
        self.edges.append(row | more)
        return edge_id

    def needs(
        self,
        depender: str,
        *dependees: str,
        kind: str = "physical",
        rule: str = "any",
        threshold: float = 0.0,
        buffer_h: float = 0.0,
    ) -> None:
        """Add what an asset needs of others."""
        self.dependencies += [
            {
                "depender_layer": SYSTEMS[depender[0]],
                "depender": depender,
                "dependee_layer": SYSTEMS[one[0]],
                "dependee": one,
                "kind": kind,
                "rule": rule,
                "threshold": threshold,
                "buffer_h": buffer_h,
            }
            for one in dependees
        ]

    def take(self) -> dict[str, pl.DataFrame]:
        """Hand over the rows so far as tables of the contract; of places only those of hubs are kept."""
        frames = {
            "nodes": pl.DataFrame(self.nodes, schema=NODES),
            "edges": pl.DataFrame(self.edges, schema=EDGES),
            "dependencies": pl.DataFrame(self.dependencies, schema=DEPENDENCIES),
        }
        self.nodes, self.edges, self.dependencies = [], [], []
        self.place = {name: at for name, at in self.place.items() if name.endswith(HUBS)}
        return frames
