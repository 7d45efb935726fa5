"""Who is without which service when a planted asset is lost, found apart from the workbench."""

from __future__ import annotations

from typing import Any

import polars as pl

from data_samples.lifelines import city
from data_samples.lifelines.city import Borough, zone_id


class Reach:
    """
    Who is served in a city with some assets lost.

    A plain search from the sources, then what leans on what failed, until no more fails.

    Parameters
    ----------
    tables
        Nodes, edges and dependencies.
    """

    def __init__(self, tables: dict[str, pl.DataFrame]) -> None:
        self.nodes = {row["node_id"]: row for row in tables["nodes"].iter_rows(named=True)}
        self.edges = list(tables["edges"].iter_rows(named=True))
        self.needs: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.beside: dict[str, list[str]] = {}
        for row in tables["dependencies"].iter_rows(named=True):
            if row["kind"] == "geographic":
                self.beside.setdefault(row["dependee"], []).append(row["depender"])
            else:
                self.needs.setdefault((row["depender"], row["kind"]), []).append(row)

    def dark(self, *lost: str, leaning: bool = True) -> dict[str, int]:
        """People without each service."""
        down = set(lost)
        waiting = list(lost) if leaning else []
        while waiting:
            for one in self.beside.get(waiting.pop(), []):
                if one not in down:
                    down.add(one)
                    waiting.append(one)
        while True:
            fed = self._fed(down)
            failing = {
                asset
                for (asset, _), rows in self.needs.items()
                if leaning and asset not in down and not self._satisfied(rows, down, fed)
            }
            if not failing:
                break
            down |= failing
        dark: dict[str, int] = {}
        for name, row in self.nodes.items():
            without = row["demand"] > 0 and name not in fed
            dark[row["system"]] = dark.get(row["system"], 0) + (row["people"] if without else 0)
        return dict(sorted(dark.items()))

    def _satisfied(self, rows: list[dict[str, Any]], down: set[str], fed: set[str]) -> bool:
        useful = [
            row["dependee"] not in down and (row["threshold"] == 0 or row["dependee"] in fed) for row in rows
        ]
        return all(useful) if rows[0]["rule"] == "all" else any(useful)

    def _fed(self, down: set[str]) -> set[str]:
        ways: dict[str, list[str]] = {}
        for edge in self.edges:
            a, b = edge["from_node_id"], edge["to_node_id"]
            if not {edge["edge_id"], a, b} & down:
                ways.setdefault(a, []).append(b)
                if not edge["directed"]:
                    ways.setdefault(b, []).append(a)
        waiting = [name for name, row in self.nodes.items() if row["supply"] is not None and name not in down]
        fed = set(waiting)
        while waiting:
            for there in ways.get(waiting.pop(), []):
                if there not in fed:
                    fed.add(there)
                    waiting.append(there)
        return fed


def weak_spots(borough: Borough, tables: dict[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """What is planted in the first borough, as far as its zones are there."""
    reach = Reach(tables)
    lean, bridged, spur = city.LEAN_ON + 1, city.BRIDGED + 1, city.SPUR + 1
    planted = [
        ("bridge_main", "water", "edge", f"W{bridged:03d}-I1", bridged),
        ("pumps_on_one_substation", "power", "node", f"P{lean:03d}-S", max(city.BOOSTED) + 1),
        ("exchange_on_one_link", "telecom", "edge", f"T{city.SPUR_FROM + 1:03d}-M{spur:03d}", spur),
        ("substation_on_one_exchange", "telecom", "node", f"T{spur:03d}-X", spur),
    ]
    return [
        {
            "spot": spot,
            "system": system,
            "part": part,
            "asset_id": asset,
            "zone_id": zone_id(lean if spot == "pumps_on_one_substation" else zone),
            "people_alone": reach.dark(asset, leaning=False)[system],
            "people": reach.dark(asset),
        }
        for spot, system, part, asset, zone in planted
        if borough.has(zone - 1)
    ]
