"""Power: a 110 kV grid of switchyards, and in each zone a substation with rings of feeders."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from data_samples.lifelines import city
from data_samples.lifelines.city import Borough
from data_samples.lifelines.mesh import Pair, routed, spread, stepped, streets
from data_samples.lifelines.sheet import Sheet
from workbench.simulation import Streams

RINGS, POINTS = 3, 8
OPEN_RING = 2
"""The ring of each zone that is not closed: its last points have one way to the substation."""
OWN = 0.04
"""Share of a zone's load that is connected to the substation itself: pumps, works, large customers."""
TRANSFORMERS = (31.5, 40.0, 50.0, 63.0, 80.0, 100.0)
GRID_SHARE, PLANT_MW, LINE_MW = 0.75, 110.0, 160.0
PER_KM, IMPEDANCE = {"hv_line": 2 * 110.0**2 / 0.4, "feeder": 2 * 20.0**2 / 0.12}, 0.105
"""Susceptance of a kilometre of double line, MW/rad (voltage squared over reactance, kV and ohm), and
impedance of a transformer, as a share of its rating."""


def build(sheet: Sheet, borough: Borough, people: list[int], streams: Streams) -> None:
    """Draw the power network of a borough."""
    wanted = {}
    for place in range(borough.zones):
        draw = streams.generator("power", borough.zone(place))
        wanted[f"P{borough.zone(place):03d}-H"] = _zone(sheet, borough, place, people[place], draw)
    _grid(sheet, borough, wanted)
    for row in sheet.edges:
        if row["asset_class"] in PER_KM:
            row["susceptance"] = round(PER_KM[row["asset_class"]] / (row["length_m"] / 1000), 3)


def rating(load: float) -> float:
    """Rating of each of the two transformers of a substation: one alone takes most of the load."""
    return next((one for one in TRANSFORMERS if one >= 0.62 * load), TRANSFORMERS[-1])


def _zone(sheet: Sheet, borough: Borough, place: int, people: int, draw: np.random.Generator) -> float:
    zone, (x, y), height = borough.zone(place), borough.corner(place), city.DISTRICTS[place][3]
    english, chinese = city.zone_name(zone)
    load = people * city.PEAK["power"]
    centre = (x + 0.48 * city.SIDE_M, y + 0.52 * city.SIDE_M)
    year = int(draw.integers(1975, 2015))
    old = year < 1992
    house: dict[str, Any] = {"elevation_m": height, "year": year}
    if old:
        house["fragility_class"] = "substation_low_voltage_unanchored"
    yard = sheet.node(
        f"P{zone:03d}-H",
        "switchyard",
        zone,
        centre,
        name=f"{english} 110 kV switchyard",
        name_zh=f"{chinese}110千伏开关站",
        **house,
    )
    station = sheet.node(
        f"P{zone:03d}-S",
        "substation",
        zone,
        (centre[0] + 40, centre[1]),
        demand=OWN * load,
        name=f"{english} substation",
        name_zh=f"{chinese}变电站",
        **house,
    )
    for number in (1, 2):
        sheet.edge(
            f"P{zone:03d}-X{number}",
            "transformer",
            "transformer",
            (yard, station),
            capacity=rating(load),
            susceptance=round(rating(load) / IMPEDANCE, 3),
            year=year,
            name=f"{english} transformer {number}",
            name_zh=f"{chinese}{number}号主变",
        )
    plan = streets((x, y), city.SIDE_M, 2 * RINGS, POINTS // 2, draw)
    served = spread(people, draw.uniform(0.6, 1.4, len(plan.at)))
    names = [f"P{zone:03d}-D{i + 1:02d}" for i in range(len(plan.at))]
    for i, name in enumerate(names):
        sheet.node(
            name,
            "distribution_point",
            zone,
            plan.at[i],
            demand=(1 - OWN) * served[i] * city.PEAK["power"],
            people=served[i],
            elevation_m=height,
            year=2010,
        )
    number = 0
    for ring in range(RINGS):  # up one column of points and down the next
        up = [2 * RINGS * row + 2 * ring for row in range(POINTS // 2)]
        loop = [*up, *(i + 1 for i in reversed(up))]
        line = [station, *(names[i] for i in loop), station]
        capacity = stepped((1 - OWN) * sum(served[i] for i in loop) * city.PEAK["power"], 2.5, margin=1.05)
        for pair in list(pairwise(line))[: -1 if ring == OPEN_RING else None]:
            number += 1
            sheet.edge(f"P{zone:03d}-F{number:02d}", "feeder", "line", pair, capacity=capacity, year=2005)
    return load


def _grid(sheet: Sheet, borough: Borough, wanted: dict[str, float]) -> None:
    total, sources = sum(wanted.values()), {}
    points = borough.at(city.GRID)
    for number, place in enumerate(points):
        yard = f"P{borough.zone(place):03d}-H"
        x, y = sheet.place[yard]
        supply = stepped(GRID_SHARE * total if len(points) > 1 else total, 10)
        english, chinese = (("West", "西"), ("East", "东"))[number]
        tail = f" {borough.number + 1}" if borough.number else ""
        point = sheet.node(
            f"P{borough.zone(place):03d}-G",
            "grid_supply_point",
            borough.zone(place),
            (x + (-1200 if number == 0 else 1200), y),
            kind="source",
            supply=supply,
            elevation_m=12.0,
            year=1990,
            name=f"{english} grid supply point{tail}",
            name_zh=f"{chinese}部220千伏电源点{tail.strip()}",
        )
        for line in (1, 2):
            name = f"P{borough.zone(place):03d}-G{line}"
            sheet.edge(name, "hv_line", "line", (point, yard), capacity=0.6 * supply, year=1990)
        sources[yard] = 1 / len(points)
    if borough.has(city.PLANT):
        zone = borough.zone(city.PLANT)
        x, y = sheet.place[f"P{zone:03d}-H"]
        plant = sheet.node(
            f"P{zone:03d}-Q",
            "power_plant",
            zone,
            (x + 900, y - 600),
            kind="source",
            supply=PLANT_MW,
            elevation_m=9.0,
            year=2011,
            name=f"{city.zone_name(zone)[0]} gas-fired plant",
            name_zh=f"{city.zone_name(zone)[1]}燃气电厂",
        )
        sheet.edge(
            f"P{zone:03d}-Q1", "hv_line", "line", (plant, f"P{zone:03d}-H"), capacity=PLANT_MW, year=2011
        )
    zones = [(borough.zone(a), borough.zone(b)) for a, b in borough.neighbours()]
    pairs: list[Pair] = [(f"P{a:03d}-H", f"P{b:03d}-H") for a, b in zones]
    for (a, b), pair, flow in zip(zones, pairs, routed(pairs, sources, wanted), strict=True):
        sheet.edge(
            f"P{a:03d}-L{b:03d}", "hv_line", "line", pair, capacity=max(LINE_MW, stepped(flow, 20)), year=1996
        )
    for place, other in borough.ties():
        zone = borough.zone(place)
        pair = (f"P{zone:03d}-H", f"P{other:03d}-H")
        sheet.edge(f"P{zone:03d}-L{other:03d}", "hv_line", "line", pair, capacity=120.0, year=2001)
