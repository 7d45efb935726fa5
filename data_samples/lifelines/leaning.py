"""What the networks need of each other: power for pumps, orders for substations, gas for the plant."""

from __future__ import annotations

import math

from data_samples.lifelines import city
from data_samples.lifelines.city import Borough
from data_samples.lifelines.power import POINTS, RINGS
from data_samples.lifelines.sheet import Sheet
from data_samples.lifelines.telecom import CABINETS, CHAINS

HALF = 0.5
"""Share of its own demand that a substation or exchange must receive to be of use."""


def build(sheet: Sheet, borough: Borough) -> None:
    """Add the dependencies of a borough."""
    for place in range(borough.zones):
        _zone(sheet, borough, place)
    for place in borough.at(city.WORKS):
        zone = borough.zone(place)
        first = place == borough.at(city.WORKS)[0]
        on = [city.LEAN_ON] if first and borough.planted else _two(borough, place)
        sheet.needs(f"W{zone:03d}-H", *_stations(borough, on), threshold=HALF, buffer_h=0.0 if first else 4.0)
    for place in city.BOOSTED:
        if borough.has(place):
            on = [city.LEAN_ON] if borough.planted else _two(borough, place)
            sheet.needs(f"W{borough.zone(place):03d}-B", *_stations(borough, on), threshold=HALF)
    for place in borough.at(city.GATES):
        zone = borough.zone(place)
        sheet.needs(f"G{zone:03d}-S", f"P{zone:03d}-S", threshold=HALF, buffer_h=24.0)
    port = borough.zone(borough.at((city.TERMINAL,))[0])
    sheet.needs(f"O{port:03d}-B", f"P{port:03d}-S", threshold=HALF)
    for place in borough.at(city.GATEWAYS):
        zone = borough.zone(place)
        sheet.needs(
            f"T{zone:03d}-G", *_stations(borough, _two(borough, place)), threshold=HALF, buffer_h=48.0
        )
    if borough.has(city.PLANT):
        zone = borough.zone(city.PLANT)
        sheet.needs(f"P{zone:03d}-Q", f"G{zone:03d}-Q", threshold=0.8)
    if borough.planted and borough.has(city.BRIDGED):
        _bridge(sheet)


def _zone(sheet: Sheet, borough: Borough, place: int) -> None:
    zone = borough.zone(place)
    sheet.needs(f"T{zone:03d}-X", f"P{zone:03d}-S", threshold=HALF, buffer_h=8.0)
    spur = borough.planted and place == city.SPUR
    minding = [place] if spur else _two(borough, place)
    orders = [f"T{borough.zone(one):03d}-X" for one in minding]
    sheet.needs(f"P{zone:03d}-S", *orders, kind="cyber", threshold=HALF, buffer_h=2.0)
    sheet.needs(f"G{zone:03d}-R", *orders, kind="cyber", threshold=0.0, buffer_h=12.0)
    points = [f"P{zone:03d}-D{i + 1:02d}" for i in range(RINGS * POINTS)]
    for i in range(CHAINS * CABINETS):
        cabinet = f"T{zone:03d}-C{i + 1:02d}"
        near = min(points, key=lambda one: math.dist(sheet.place[one], sheet.place[cabinet]))
        sheet.needs(cabinet, near, threshold=HALF, buffer_h=4.0)


def _two(borough: Borough, place: int) -> list[int]:
    """A place and a neighbour of it, so that either will do."""
    beside = [b if a == place else a for a, b in borough.neighbours() if place in (a, b)]
    if borough.planted:
        beside = [one for one in beside if one != city.SPUR]
    return [place, *beside[:1]]


def _stations(borough: Borough, places: list[int]) -> list[str]:
    return [f"P{borough.zone(place):03d}-S" for place in places]


def _bridge(sheet: Sheet) -> None:
    """What lies on one bridge falls with it."""
    a, b = city.BRIDGE_FROM + 1, city.BRIDGED + 1
    water, others = f"W{b:03d}-I1", (f"G{a:03d}-M{b:03d}", f"T{a:03d}-M{b:03d}")
    for other in others:
        sheet.needs(other, water, kind="geographic")
        sheet.needs(water, other, kind="geographic")
