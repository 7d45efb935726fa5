"""Water: works and trunk mains between the zones, and in each zone a mesh of mains with dead ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from data_samples.lifelines import city
from data_samples.lifelines.city import Borough
from data_samples.lifelines.mesh import MARGIN, SPEED, Pair, pipe, routed, spread, streets
from data_samples.lifelines.sheet import Sheet
from workbench.simulation import Streams

MESH, ENDS, MISSING = 6, 14, 0.16
WORKS_SHARE = {1: 1.35, 2: 0.7}
"""Supply of each works over the demand of the borough at its busiest hour, by how many there are."""
TANK_M3, TANK_H = 6000.0, 12.0
BRITTLE_BEFORE = 1985
NAMES = (("South Works", "城南水厂"), ("Port Works", "港口水厂"))


def build(sheet: Sheet, borough: Borough, people: list[int], streams: Streams) -> None:
    """Draw the water network of a borough."""
    for place in range(borough.zones):
        _trunk(sheet, borough, place)
    bridged = borough.planted and borough.has(city.BRIDGED)
    wanted: dict[str, float] = {}
    for place in range(borough.zones):
        draw = streams.generator("water", borough.zone(place))
        fed = _zone(sheet, borough, place, people[place], draw, bridged and place == city.BRIDGED)
        for trunk, demand in fed.items():
            wanted[trunk] = wanted.get(trunk, 0.0) + demand
    _works(sheet, borough, wanted)


def _trunk(sheet: Sheet, borough: Borough, place: int) -> None:
    zone, (x, y) = borough.zone(place), borough.corner(place)
    up = place >= city.COLUMNS
    at = (x + 0.1 * city.SIDE_M, y + (0.06 if up else 0.94) * city.SIDE_M)  # along the river
    height = min(city.DISTRICTS[place][3], 10.0)
    sheet.node(f"W{zone:03d}-T", "trunk_chamber", zone, at, elevation_m=height, year=1998)


def _zone(
    sheet: Sheet, borough: Borough, place: int, people: int, draw: np.random.Generator, bridged: bool
) -> dict[str, float]:
    """Draw the mains of a zone; returns what it takes from each trunk chamber."""
    zone, height = borough.zone(place), city.DISTRICTS[place][3]
    plan = streets(
        borough.corner(place), city.SIDE_M, MESH, MESH, draw, missing=MISSING, apart=1 if bridged else 0
    )
    count = len(plan.at)
    stems = np.sort(draw.choice(np.arange(count), ENDS, replace=False)).tolist()
    turns = draw.uniform(0, 2 * np.pi, ENDS)
    ends = [
        (plan.at[stem][0] + 220 * np.cos(turn), plan.at[stem][1] + 220 * np.sin(turn))
        for stem, turn in zip(stems, turns.tolist(), strict=True)
    ]
    served = spread(people, np.concatenate([draw.uniform(0.6, 1.4, count), draw.uniform(0.2, 0.6, ENDS)]))
    years = draw.integers(1965, 2020, count + ENDS + len(plan.pairs)).tolist()
    slope = draw.normal(0, 1.2, count + ENDS).tolist()
    names = [f"W{zone:03d}-J{i + 1:02d}" for i in range(count)]
    names += [f"W{zone:03d}-E{i + 1:02d}" for i in range(ENDS)]
    for i, (name, at) in enumerate(zip(names, [*plan.at, *ends], strict=True)):
        sheet.node(
            name,
            "water_node",
            zone,
            (float(at[0]), float(at[1])),
            demand=served[i] * city.PEAK["water"],
            people=served[i],
            elevation_m=round(height + slope[i], 1),
            year=years[i],
        )
    demand = {name: one * city.PEAK["water"] for name, one in zip(names, served, strict=True)}
    trunk = f"W{zone:03d}-T"
    head = _booster(sheet, borough, place) if place in city.BOOSTED else trunk
    north = place >= city.COLUMNS
    first, second = names[0 if north else MESH * (MESH - 1)], names[MESH * (1 if north else MESH - 2) + 3]
    far = f"W{borough.zone(city.BRIDGE_FROM):03d}-T"
    inlets = (
        [(far, second, "bridge"), (head, first, "")] if bridged else [(head, first, ""), (head, second, "")]
    )
    pairs: list[Pair] = [(names[a], names[b]) for a, b in plan.pairs]
    pairs += [(names[stem], names[count + i]) for i, stem in enumerate(stems)]
    west = {names[i] for i in range(0, count, MESH)}
    west |= {names[count + i] for i, stem in enumerate(stems) if stem % MESH == 0}
    if bridged:  # the river cuts the west of the zone from the rest, each with an inlet of its own
        inside = {True: [p for p in pairs if p[0] in west], False: [p for p in pairs if p[0] not in west]}
        flows: dict[Pair, float] = {}
        for own, root in ((True, first), (False, second)):
            flows |= dict(zip(inside[own], routed(inside[own], {root: 1.0}, demand), strict=True))
        flow = [flows[pair] for pair in pairs]
        shares = [sum(d for n, d in demand.items() if n not in west), sum(demand[n] for n in west)]
    else:
        flow = routed(pairs, {first: 0.5, second: 0.5}, demand)
        shares = [0.5 * sum(demand.values())] * 2
    for i, (pair, carried) in enumerate(zip(pairs, flow, strict=True)):
        end = i >= len(plan.pairs)
        size, capacity = pipe(carried, least=150)
        year = years[count + ENDS + i] if not end else years[count + i - len(plan.pairs)]
        brittle = year < BRITTLE_BEFORE
        sheet.edge(
            f"W{zone:03d}-P{i + 1:02d}",
            "service_main" if end else "distribution_main",
            "pipe",
            pair,
            capacity=capacity,
            diameter_mm=size,
            year=year,
            material="cast iron" if brittle else "ductile iron",
            fragility_class="pipe_brittle" if brittle else "pipe_ductile",
        )
    for i, (begin, end_node, what) in enumerate(inlets):
        size, capacity = pipe(shares[i], least=300)
        named: dict[str, Any] = {}
        if what:
            named = {"name": "River Bridge water main", "name_zh": "跨江大桥供水管"}
        sheet.edge(
            f"W{zone:03d}-I{i + 1}",
            "inlet_main",
            "pipe",
            (begin, end_node),
            capacity=capacity,
            diameter_mm=size,
            year=1994,
            material="steel" if what else "ductile iron",
            longer_m=250 if what else 60,
            **named,
        )
    if place in city.TANKS:
        _tank(sheet, borough, place, names[MESH * 3 + 2])
    taken = {trunk: shares[1] if bridged else sum(demand.values())}
    return taken | ({far: shares[0]} if bridged else {})


def _booster(sheet: Sheet, borough: Borough, place: int) -> str:
    """A pumping station that lifts the water of a high zone."""
    zone, trunk = borough.zone(place), f"W{borough.zone(place):03d}-T"
    x, y = sheet.place[trunk]
    english, chinese = city.zone_name(zone)
    name = sheet.node(
        f"W{zone:03d}-B",
        "pump_station",
        zone,
        (x + 150, y + (120 if place >= city.COLUMNS else -120)),
        elevation_m=12.0,
        year=2003,
        name=f"{english} booster station",
        name_zh=f"{chinese}加压泵站",
    )
    wanted = 1.5 * city.DISTRICTS[place][2] * city.PEAK["water"] * 1.15
    sheet.edge(f"W{zone:03d}-L", "pump", "pump", (trunk, name), capacity=wanted, directed=True, year=2012)
    return name


def _tank(sheet: Sheet, borough: Borough, place: int, node: str) -> None:
    zone = borough.zone(place)
    english, chinese = city.zone_name(zone)
    x, y = sheet.place[node]
    name = sheet.node(
        f"W{zone:03d}-K",
        "tank",
        zone,
        (x + 180, y + 140),
        kind="storage",
        supply=round(TANK_M3 / (TANK_H * 3600), 6),
        volume_m3=TANK_M3,
        elevation_m=city.DISTRICTS[place][3] + 35.0,
        year=1996,
        name=f"{english} tank",
        name_zh=f"{chinese}高位水池",
    )
    size, capacity = pipe(TANK_M3 / (TANK_H * 3600))
    sheet.edge(
        f"W{zone:03d}-KM",
        "tank_main",
        "pipe",
        (name, node),
        capacity=capacity,
        diameter_mm=size,
        year=1996,
        material="ductile iron",
    )


def _works(sheet: Sheet, borough: Borough, wanted: dict[str, float]) -> None:
    """Works with their pumping stations, and the trunk mains."""
    places = borough.at(city.WORKS)
    total = sum(wanted.values())
    sources = {}
    for number, place in enumerate(places):
        zone = borough.zone(place)
        trunk = f"W{zone:03d}-T"
        x, y = sheet.place[trunk]
        (english, chinese), supply = NAMES[number], WORKS_SHARE[len(places)] * total
        tail = f" {borough.number + 1}" if borough.number else ""
        works = sheet.node(
            f"W{zone:03d}-S",
            "treatment_works",
            zone,
            (x - 200, y + 80),
            kind="source",
            supply=round(supply, 4),
            elevation_m=7.0,
            year=1992,
            name=f"{english}{tail}",
            name_zh=f"{chinese}{tail.strip()}",
        )
        station = sheet.node(
            f"W{zone:03d}-H",
            "pump_station",
            zone,
            (x - 120, y + 80),
            elevation_m=7.0,
            year=1992,
            name=f"{english} high-lift station{tail}",
            name_zh=f"{chinese}{tail.strip()}送水泵房",
        )
        for pump in (1, 2):
            sheet.edge(
                f"W{zone:03d}-H{pump}",
                "pump",
                "pump",
                (works, station),
                capacity=0.6 * supply,
                directed=True,
                year=2012,
            )
        size, capacity = pipe(supply / MARGIN)
        sheet.edge(
            f"W{zone:03d}-HM",
            "trunk_main",
            "pipe",
            (station, trunk),
            capacity=max(capacity, supply),
            diameter_mm=size,
            year=1992,
            material="steel",
        )
        sources[trunk] = 1 / len(places)
    chambers = [(borough.zone(a), borough.zone(b)) for a, b in borough.neighbours()]
    pairs = [(f"W{a:03d}-T", f"W{b:03d}-T") for a, b in chambers]
    for (a, b), pair, flow in zip(chambers, pairs, routed(pairs, sources, wanted), strict=True):
        size, capacity = pipe(flow, least=600)
        _main(sheet, f"W{a:03d}-M{b:03d}", pair, size, capacity)
    for place, other in borough.ties():
        zone = borough.zone(place)
        capacity = np.pi / 4 * 0.36 * SPEED
        if f"W{other:03d}-T" in sheet.place:
            _main(sheet, f"W{zone:03d}-M{other:03d}", (f"W{zone:03d}-T", f"W{other:03d}-T"), 600.0, capacity)


def _main(sheet: Sheet, name: str, pair: Pair, size: float, capacity: float) -> None:
    sheet.edge(
        name,
        "trunk_main",
        "pipe",
        pair,
        capacity=capacity,
        diameter_mm=size,
        year=1998,
        material="steel",
    )
