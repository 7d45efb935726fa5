"""Gas: gates, regulator stations and mains. Oil: a terminal, a depot and the pipeline between fuel hubs."""

from __future__ import annotations

from typing import Any

import numpy as np

from data_samples.lifelines import city
from data_samples.lifelines.city import Borough
from data_samples.lifelines.mesh import Pair, routed, spread, stepped, streets
from data_samples.lifelines.sheet import Sheet
from workbench.simulation import Streams

GAS_COLUMNS, GAS_ROWS, MISSING = 5, 3, 0.12
GATE_SHARE = 0.8
PLANT_KG_S = 5.0
"""What the gas-fired plant draws at full load."""
DEPOT_M3, DEPOT_DAYS, OIL_KG_M3 = 60_000.0, 20.0, 780.0
CROSSINGS = ((0, 4), (3, 7))
"""Where the oil pipeline crosses the river."""


def gas(sheet: Sheet, borough: Borough, people: list[int], streams: Streams) -> None:
    """Draw the gas network of a borough."""
    wanted = {}
    for place in range(borough.zones):
        zone = borough.zone(place)
        draw = streams.generator("gas", zone)
        wanted[f"G{zone:03d}-R"] = _gas_zone(sheet, borough, place, people[place], draw)
    if borough.has(city.PLANT):
        zone = borough.zone(city.PLANT)
        station = f"G{zone:03d}-R"
        x, y = sheet.place[station]
        offtake = sheet.node(
            f"G{zone:03d}-Q",
            "plant_offtake",
            zone,
            (x + 850, y - 500),
            demand=PLANT_KG_S,
            elevation_m=9.0,
            year=2011,
            name=f"{city.zone_name(zone)[0]} plant offtake",
            name_zh=f"{city.zone_name(zone)[1]}电厂供气站",
        )
        name = f"G{zone:03d}-QM"
        sheet.edge(
            name, "hp_gas_main", "pipe", (station, offtake), capacity=8.0, diameter_mm=300.0, year=2011
        )
        wanted[station] += PLANT_KG_S
    _hp_ring(sheet, borough, wanted)


def _gas_zone(sheet: Sheet, borough: Borough, place: int, people: int, draw: np.random.Generator) -> float:
    zone, (x, y), height = borough.zone(place), borough.corner(place), city.DISTRICTS[place][3]
    english, chinese = city.zone_name(zone)
    station = sheet.node(
        f"G{zone:03d}-R",
        "regulator_station",
        zone,
        (x + 0.55 * city.SIDE_M, y + 0.40 * city.SIDE_M),
        elevation_m=height,
        year=2002,
        name=f"{english} regulator station",
        name_zh=f"{chinese}调压站",
    )
    plan = streets((x, y), city.SIDE_M, GAS_COLUMNS, GAS_ROWS, draw, missing=MISSING)
    served = spread(people * city.SUBSCRIBED["gas"], draw.uniform(0.5, 1.5, len(plan.at)))
    names = [f"G{zone:03d}-J{i + 1:02d}" for i in range(len(plan.at))]
    demand = {}
    for i, name in enumerate(names):
        demand[name] = served[i] * city.PEAK["gas"]
        sheet.node(
            name,
            "gas_node",
            zone,
            plan.at[i],
            demand=demand[name],
            people=served[i],
            elevation_m=height,
            year=2006,
        )
    pairs: list[Pair] = [(station, names[6]), (station, names[7])]
    pairs += [(names[a], names[b]) for a, b in plan.pairs]
    for i, (pair, flow) in enumerate(zip(pairs, routed(pairs, {station: 1.0}, demand), strict=True)):
        sheet.edge(
            f"G{zone:03d}-P{i + 1:02d}",
            "gas_main",
            "pipe",
            pair,
            capacity=stepped(flow, 0.1),
            diameter_mm=200.0 if flow < 0.4 else 300.0,
            material="PE",
            year=int(draw.integers(1990, 2020)),
        )
    return sum(demand.values())


def _hp_ring(sheet: Sheet, borough: Borough, wanted: dict[str, float]) -> None:
    total, sources = sum(wanted.values()), {}
    places = borough.at(city.GATES)
    for number, place in enumerate(places):
        zone = borough.zone(place)
        x, y = sheet.place[f"G{zone:03d}-R"]
        supply = stepped((GATE_SHARE if len(places) > 1 else 1.2) * total, 0.5, margin=1.0)
        english, chinese = (("South", "南"), ("North", "北"))[number]
        tail = f" {borough.number + 1}" if borough.number else ""
        gate = sheet.node(
            f"G{zone:03d}-S",
            "gate_station",
            zone,
            (x - 700, y + (900 if number else -900)),
            kind="source",
            supply=supply,
            elevation_m=14.0,
            year=2000,
            name=f"{english} gate station{tail}",
            name_zh=f"{chinese}门站{tail.strip()}",
        )
        name = f"G{zone:03d}-SM"
        pair = (gate, f"G{zone:03d}-R")
        sheet.edge(name, "hp_gas_main", "pipe", pair, capacity=supply, diameter_mm=500.0, year=2000)
        sources[pair[1]] = 1 / len(places)
    zones = [(borough.zone(a), borough.zone(b)) for a, b in borough.neighbours()]
    pairs: list[Pair] = [(f"G{a:03d}-R", f"G{b:03d}-R") for a, b in zones]
    for (a, b), pair, flow in zip(zones, pairs, routed(pairs, sources, wanted), strict=True):
        on_bridge = borough.planted and (a, b) == (city.BRIDGE_FROM + 1, city.BRIDGED + 1)
        named: dict[str, Any] = {}
        if on_bridge:
            named = {"name": "River Bridge gas main", "name_zh": "跨江大桥燃气管"}
        sheet.edge(
            f"G{a:03d}-M{b:03d}",
            "hp_gas_main",
            "pipe",
            pair,
            capacity=stepped(flow, 0.5),
            diameter_mm=400.0,
            material="steel",
            year=2000,
            **named,
        )
    for place, other in borough.ties():
        zone = borough.zone(place)
        pair = (f"G{zone:03d}-R", f"G{other:03d}-R")
        sheet.edge(
            f"G{zone:03d}-M{other:03d}",
            "hp_gas_main",
            "pipe",
            pair,
            capacity=3.0,
            diameter_mm=400.0,
            material="steel",
            year=2004,
        )


def oil(sheet: Sheet, borough: Borough, people: list[int]) -> None:
    """Draw the oil network of a borough: fuel hubs in a ring, with a terminal and a depot."""
    wanted = {}
    for place in range(borough.zones):
        zone, (x, y) = borough.zone(place), borough.corner(place)
        english, chinese = city.zone_name(zone)
        demand = people[place] * city.PEAK["oil"]
        hub = sheet.node(
            f"O{zone:03d}-F",
            "fuel_hub",
            zone,
            (x + 0.7 * city.SIDE_M, y + (0.2 if place >= city.COLUMNS else 0.8) * city.SIDE_M),
            demand=demand,
            people=people[place],
            elevation_m=city.DISTRICTS[place][3],
            year=2001,
            name=f"{english} fuel hub",
            name_zh=f"{chinese}油品配送站",
        )
        wanted[hub] = demand
    last = borough.at((city.TERMINAL,))[0]
    across = [(a, b) for a, b in borough.neighbours() if b - a == 1 or (a, b) in CROSSINGS]
    port, depot = f"O{borough.zone(last):03d}-F", f"O{borough.zone(city.DEPOT):03d}-F"
    pairs: list[Pair] = [(f"O{borough.zone(a):03d}-F", f"O{borough.zone(b):03d}-F") for a, b in across]
    flows = (routed(pairs, {end: 1.0}, wanted) for end in (port, depot))
    for (a, b), pair, one, other in zip(across, pairs, *flows, strict=True):
        name = f"O{borough.zone(a):03d}-M{borough.zone(b):03d}"
        capacity = stepped(max(one, other), 1.0, margin=1.1)
        sheet.edge(name, "oil_pipeline", "pipe", pair, capacity=capacity, diameter_mm=200.0, material="steel")
    _oil_sources(sheet, borough, sum(wanted.values()), port, depot, last)


def _oil_sources(sheet: Sheet, borough: Borough, total: float, port: str, depot: str, last: int) -> None:
    tail = f" {borough.number + 1}" if borough.number else ""
    x, y = sheet.place[port]
    zone, supply = borough.zone(last), stepped(total, 1.0, margin=1.2)
    terminal = sheet.node(
        f"O{zone:03d}-S",
        "oil_terminal",
        zone,
        (x + 700, y + 300),
        kind="source",
        supply=supply,
        elevation_m=4.0,
        year=1994,
        name=f"Oil terminal{tail}",
        name_zh=f"油品码头{tail.strip()}",
    )
    station = sheet.node(
        f"O{zone:03d}-B",
        "oil_pump_station",
        zone,
        (x + 350, y + 150),
        elevation_m=4.0,
        year=1994,
        name=f"Oil pumping station{tail}",
        name_zh=f"输油泵站{tail.strip()}",
    )
    sheet.edge(
        f"O{zone:03d}-B1", "pump", "pump", (terminal, station), capacity=supply, directed=True, year=2010
    )
    sheet.edge(f"O{zone:03d}-BM", "oil_pipeline", "pipe", (station, port), capacity=supply, diameter_mm=300.0)
    zone = borough.zone(city.DEPOT)
    x, y = sheet.place[depot]
    tanks = sheet.node(
        f"O{zone:03d}-D",
        "oil_depot",
        zone,
        (x - 800, y - 300),
        kind="storage",
        supply=round(DEPOT_M3 * OIL_KG_M3 / (DEPOT_DAYS * 86_400), 3),
        volume_m3=DEPOT_M3,
        elevation_m=11.0,
        year=1994,
        name=f"Oil depot{tail}",
        name_zh=f"油库{tail.strip()}",
    )
    sheet.edge(f"O{zone:03d}-DM", "oil_pipeline", "pipe", (tanks, depot), capacity=supply, diameter_mm=300.0)
