"""Telecom: exchanges on a backbone between two gateways, and chains of cabinets behind each exchange."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from data_samples.lifelines import city
from data_samples.lifelines.city import Borough
from data_samples.lifelines.mesh import Pair, routed, spread, stepped, streets
from data_samples.lifelines.sheet import Sheet
from workbench.simulation import Streams

CHAINS, CABINETS = 4, 3
OPEN_CHAIN = 3
"""The chain of each zone that ends at a cabinet; the others lead back to the exchange."""
OWN = 0.1
"""Share of a zone's traffic that ends at the exchange itself: offices, control of the other systems."""
GATEWAY_SHARE = 0.8


def build(sheet: Sheet, borough: Borough, people: list[int], streams: Streams) -> None:
    """Draw the telecom network of a borough."""
    wanted = {}
    for place in range(borough.zones):
        zone = borough.zone(place)
        draw = streams.generator("telecom", zone)
        wanted[f"T{zone:03d}-X"] = _zone(sheet, borough, place, people[place], draw)
    _backbone(sheet, borough, wanted)


def _zone(sheet: Sheet, borough: Borough, place: int, people: int, draw: np.random.Generator) -> float:
    zone, (x, y), height = borough.zone(place), borough.corner(place), city.DISTRICTS[place][3]
    english, chinese = city.zone_name(zone)
    traffic = people * city.PEAK["telecom"]
    exchange = sheet.node(
        f"T{zone:03d}-X",
        "exchange",
        zone,
        (x + 0.42 * city.SIDE_M, y + 0.60 * city.SIDE_M),
        demand=OWN * traffic,
        elevation_m=height,
        year=2004,
        name=f"{english} exchange",
        name_zh=f"{chinese}通信机房",
    )
    plan = streets((x, y), city.SIDE_M, CHAINS, CABINETS, draw)
    served = spread(people, draw.uniform(0.6, 1.4, len(plan.at)))
    names = [f"T{zone:03d}-C{i + 1:02d}" for i in range(len(plan.at))]
    for i, name in enumerate(names):
        sheet.node(
            name,
            "cabinet",
            zone,
            plan.at[i],
            demand=(1 - OWN) * served[i] * city.PEAK["telecom"],
            people=served[i],
            elevation_m=height,
            year=2012,
        )
    number = 0
    for chain in range(CHAINS):
        own = [CHAINS * row + chain for row in range(CABINETS)]
        line = [exchange, *(names[i] for i in own), exchange]
        capacity = stepped(sum(served[i] for i in own) * city.PEAK["telecom"], 10)
        for pair in list(pairwise(line))[: -1 if chain == OPEN_CHAIN else None]:
            number += 1
            name = f"T{zone:03d}-A{number:02d}"
            sheet.edge(name, "access_fibre", "fibre", pair, capacity=capacity, year=2014)
    return traffic


def _backbone(sheet: Sheet, borough: Borough, wanted: dict[str, float]) -> None:
    total, sources = sum(wanted.values()), {}
    places = borough.at(city.GATEWAYS)
    zones = [(borough.zone(a), borough.zone(b)) for a, b in borough.neighbours()]
    spur = (city.SPUR_FROM + 1, city.SPUR + 1)
    if borough.planted:  # the last exchange keeps one of its links
        zones = [(a, b) for a, b in zones if b != spur[1] or (a, b) == spur]
    for number, place in enumerate(places):
        zone = borough.zone(place)
        x, y = sheet.place[f"T{zone:03d}-X"]
        supply = stepped((GATEWAY_SHARE if len(places) > 1 else 1.2) * total, 100, margin=1.0)
        english, chinese = (("First", "第一"), ("Second", "第二"))[number]
        tail = f" {borough.number + 1}" if borough.number else ""
        gateway = sheet.node(
            f"T{zone:03d}-G",
            "gateway",
            zone,
            (x - 600, y),
            kind="source",
            supply=supply,
            elevation_m=15.0,
            year=2006,
            name=f"{english} gateway{tail}",
            name_zh=f"{chinese}核心机房{tail.strip()}",
        )
        pair = (gateway, f"T{zone:03d}-X")
        sheet.edge(f"T{zone:03d}-G1", "backbone_fibre", "fibre", pair, capacity=supply, year=2008)
        sources[pair[1]] = 1 / len(places)
    ends = [zone for pair in zones for zone in pair]
    root = borough.zone(places[0])
    for place in range(1, borough.zones):  # two ways to every exchange but the planted one
        zone = borough.zone(place)
        if (
            ends.count(zone) < 2
            and (root, zone) not in zones
            and not (borough.planted and place == city.SPUR)
        ):
            zones.append((root, zone))
    pairs: list[Pair] = [(f"T{a:03d}-X", f"T{b:03d}-X") for a, b in zones]
    for (a, b), pair, flow in zip(zones, pairs, routed(pairs, sources, wanted), strict=True):
        named: dict[str, Any] = {}
        if borough.planted and (a, b) == (city.BRIDGE_FROM + 1, city.BRIDGED + 1):
            named = {"name": "River Bridge fibre", "name_zh": "跨江大桥光缆"}
        elif borough.planted and (a, b) == spur:
            named = {"name": "Fibre to the port", "name_zh": "港口光缆"}
        name = f"T{a:03d}-M{b:03d}"
        sheet.edge(name, "backbone_fibre", "fibre", pair, capacity=stepped(flow, 100), year=2010, **named)
    for place, other in borough.ties():
        zone = borough.zone(place)
        pair = (f"T{zone:03d}-X", f"T{other:03d}-X")
        sheet.edge(f"T{zone:03d}-M{other:03d}", "backbone_fibre", "fibre", pair, capacity=400.0, year=2013)
