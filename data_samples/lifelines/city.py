"""
The city of the lifelines sample: its boroughs and zones, what people draw, and what is planted.

The city is invented. A borough has eight zones in two rows of four, with a river between the rows; a larger
sample has more boroughs, joined to their neighbours, and its first borough is the shipped sample. Only the
first borough has the weak spots, the leak, the overload and the events that the truth tells of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime

ZONE = "Asia/Shanghai"
MONDAY = datetime(2026, 3, 2)
DAYS = 7
OBSERVED = (date(2021, 3, 1), date(2026, 3, 1))
YEAR_H = 8766.0

COLUMNS, ROWS = 4, 2
ZONES = COLUMNS * ROWS  # in a borough
SIDE_M, GAP_M = 3000.0, 1000.0
DISTRICTS = (  # name, Chinese name, people, height above the river in m
    ("Chengzhong", "城中区", 132_000, 6.0),
    ("Gaoxin", "高新区", 118_000, 8.0),
    ("Nanshan", "南山区", 96_000, 42.0),
    ("Xihu", "西湖区", 104_000, 9.0),
    ("Beiling", "北岭区", 78_000, 48.0),
    ("Jiangbei", "江北区", 92_000, 7.0),
    ("Dongling", "东岭区", 84_000, 39.0),
    ("Gangkou", "港口区", 96_000, 3.0),
)

# What a person draws at the busiest hour, in the unit of flow of each system.
PEAK = {"water": 4.6e-6, "power": 7.5e-4, "gas": 1.7e-5, "oil": 1.2e-5, "telecom": 2e-3}
SUBSCRIBED = {"water": 1.0, "power": 1.0, "gas": 0.85, "oil": 1.0, "telecom": 1.0}

# Places of the borough (0 to 7) with something of their own.
BOOSTED = (2, 4, 6)  # on high ground, behind a pump
TANKS = (0, 3, 7)
WORKS = (0, 7)
GATEWAYS = (0, 4)
GRID = (0, 7)
GATES = (0, 6)
PLANT = 3
TERMINAL, DEPOT = 7, 0
# Planted in the first borough.
LEAN_ON = 0  # the substation that the pumps of BOOSTED and of the first works lean on
OVERLOADED = 2
LEAKING, LEAK_M3S = 3, 0.12
BRIDGED, BRIDGE_FROM = 5, 1
SPUR, SPUR_FROM = 7, 6


@dataclass(frozen=True)
class Borough:
    """
    Some zones of the city.

    Parameters
    ----------
    number
        Which borough, from 0.
    zones
        How many zones it has; the last borough may be unfinished.
    """

    number: int
    zones: int

    @property
    def planted(self) -> bool:
        """Whether it is the first, which has what is planted."""
        return self.number == 0

    def zone(self, place: int) -> int:
        """Number of a zone in the city, from 1."""
        return self.number * ZONES + place + 1

    def has(self, place: int) -> bool:
        """Whether the zone at a place is there."""
        return place < self.zones

    def at(self, places: tuple[int, ...]) -> list[int]:
        """Those of the places that are there, or the first zone where none is."""
        return [place for place in places if self.has(place)] or [0]

    def corner(self, place: int) -> tuple[float, float]:
        """South-west corner of a zone, m."""
        column, row = cell(self.number)
        return (
            column * (COLUMNS * SIDE_M + GAP_M) + place % COLUMNS * SIDE_M,
            row * (ROWS * SIDE_M + GAP_M) + place // COLUMNS * SIDE_M,
        )

    def neighbours(self) -> list[tuple[int, int]]:
        """Pairs of places that share a border."""
        pairs = []
        for place in range(self.zones):
            if place % COLUMNS + 1 < COLUMNS and self.has(place + 1):
                pairs.append((place, place + 1))
            if self.has(place + COLUMNS):
                pairs.append((place, place + COLUMNS))
        return pairs

    def ties(self) -> list[tuple[int, int]]:
        """Places that border on an earlier borough, each with the number of the zone across."""
        column, row = cell(self.number)
        across = {(-1, 0): ((0, 3), (4, 7)), (1, 0): ((3, 0), (7, 4)), (0, -1): ((1, 5), (2, 6))}
        pairs = []
        for (right, up), places in across.items():
            if column + right >= 0 and row + up >= 0:
                other = number_at(column + right, row + up)
                pairs += [
                    (mine, other * ZONES + its + 1)
                    for mine, its in places
                    if other < self.number and self.has(mine)
                ]
        return pairs


def cell(number: int) -> tuple[int, int]:
    """Column and row of a borough; squares that grow, so that it stays where it is in a larger city."""
    shell = math.isqrt(number)
    rest = number - shell * shell
    return (shell, rest) if rest <= shell else (2 * shell - rest, shell)


def number_at(column: int, row: int) -> int:
    """Which borough lies in a column and row."""
    shell = max(column, row)
    return shell * shell + (row if column == shell else 2 * shell - column)


def boroughs(scale: float) -> list[Borough]:
    """Boroughs of a city of some size, the last one perhaps unfinished."""
    zones = max(1, round(ZONES * scale))
    return [Borough(number, min(ZONES, zones - number * ZONES)) for number in range(-(-zones // ZONES))]


def zone_id(zone: int) -> str:
    """Name a zone by its number in the city: Z001, Z002 ..."""
    return f"Z{zone:03d}"


def zone_name(zone: int) -> tuple[str, str]:
    """Name of a zone in English and in Chinese; those of later boroughs carry its number."""
    borough, place = divmod(zone - 1, ZONES)
    english, chinese, *_ = DISTRICTS[place]
    return (f"{english} {borough + 1}", f"{chinese}{borough + 1}") if borough else (english, chinese)
