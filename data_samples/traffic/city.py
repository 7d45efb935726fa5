"""
The city of the traffic sample: its week, roads, lines and stops.

The city is invented. It is built of quarters that are alike in size, each with forty road segments and
four bus lines; a larger sample has more quarters, and its first quarter is the shipped sample. Only the
first quarter has the congested segments and the crowded section that the truth tells of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

ZONE = "Asia/Shanghai"
MONDAY = date(2026, 3, 2)
DAYS = 7
WEEKDAYS = 5
SEGMENTS = 40  # in a quarter
STOPS = 48  # in a quarter
SLOTS = 96  # intervals of 15 minutes in a day

DISTRICTS = (("城中区", "Chengzhong"), ("江北区", "Jiangbei"), ("滨海区", "Binhai"), ("高新区", "Gaoxin"))
ROADS = (
    ("人民路", "Renmin Rd"),
    ("解放大道", "Jiefang Ave"),
    ("滨江路", "Binjiang Rd"),
    ("科技大道", "Keji Ave"),
    ("文昌街", "Wenchang St"),
    ("北环快速路", "North Ring Expy"),
    ("学府路", "Xuefu Rd"),
    ("港湾路", "Gangwan Rd"),
    ("迎宾大道", "Yingbin Ave"),
    ("建设路", "Jianshe Rd"),
)
CROSSINGS = (
    ("钟楼", "Bell Tower"),
    ("东门", "East Gate"),
    ("火车站", "Railway Station"),
    ("体育馆", "Stadium"),
    ("长江大桥", "River Bridge"),
)
STOP_NAMES = (
    *("柳林新村", "柳林路口", "第三中学", "菜市场", "清水湾", "石桥头", "七里桥", "软件园", "会展中心"),
    *("创新路口", "科技广场", "云谷", "北湖公园", "高新区管委会"),
    *("火车站", "钟楼", "人民广场", "市图书馆", "第一医院", "文昌阁", "东门", "解放桥", "水上公园"),
    *("港湾新城", "客运码头"),
    *("师范大学", "学府路口", "体育馆", "迎宾花园", "植物园", "南山路口", "老年大学", "茶叶市场", "城南公园"),
    *("建设新村", "机械厂", "城南客运站"),
    *("博物馆", "古城墙", "江滩", "灯塔", "渔人码头", "海洋馆", "沙滩公园", "观景台", "望海楼"),
    *("游客中心", "环岛北"),
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """
    A bus line of a quarter: what it serves, how often, and who rides.

    `stops` are places in `STOP_NAMES`, in the order of direction 0; direction 1 goes back. `weekday` and
    `weekend` are windows of (from hour, to hour, minutes between departures). `riders` are those of a weekday
    in direction 0 and 1, the weekend has `weekend_share` of them; `hours` gives their weights by hour of
    leaving the first stop (a window and a weight), for each direction. `boarding` and `alighting` weigh the
    stops of direction 0. `lateness_s` is the standard deviation of the delay at the last stop.
    """

    number: int
    name: str
    colour: str
    stops: tuple[int, ...]
    weekday: tuple[tuple[float, float, float], ...]
    weekend: tuple[tuple[float, float, float], ...]
    run_s: int
    capacity: int
    fleet: int
    riders: tuple[float, float]
    weekend_share: float
    hours: tuple[tuple[tuple[float, float, float], ...], tuple[tuple[float, float, float], ...]]
    boarding: tuple[float, ...]
    alighting: tuple[float, ...]
    lateness_s: float
    frequencies: bool = False


_MORNING = ((6, 7, 2.0), (7, 9, 6.0), (9, 16, 2.5), (16, 19, 3.5), (19, 21, 1.2), (21, 23, 0.4))
_EVENING = ((6, 7, 1.0), (7, 9, 3.5), (9, 16, 2.5), (16, 19, 6.0), (19, 21, 2.0), (21, 23, 0.6))
_LEISURE = ((7, 10, 2.0), (10, 16, 5.0), (16, 19, 3.0), (19, 21, 1.0))

LINES = (
    Line(
        number=12,
        name="柳林新村—高新区管委会",
        colour="0072B2",
        stops=tuple(range(14)),
        weekday=((6, 7, 15), (7, 9.5, 7.5), (9.5, 16.5, 15), (16.5, 19, 7.5), (19, 21, 15), (21, 24, 30)),
        weekend=((6.5, 20, 15), (20, 24, 30)),
        run_s=150,
        capacity=24,
        fleet=14,
        riders=(640, 440),
        weekend_share=0.4,
        # Leaving the first stop 07:15 to 08:15 is passing the crowded section, 15 minutes on, 07:30 to 08:30.
        hours=(
            (
                (6, 7, 2),
                (7, 7.25, 8),
                (7.25, 8.25, 30),
                (8.25, 9, 8),
                (9, 16.5, 2.2),
                (16.5, 19, 3.6),
                (19, 23, 1),
            ),
            ((6, 7, 1), (7, 9, 4), (9, 16.5, 2.2), (16.5, 19, 7.5), (19, 23, 1.2)),
        ),
        # A metro interchange (七里桥) and an office park (软件园) make one section stand out.
        boarding=(4, 4, 3, 4, 3, 4, 27, 2, 1, 1, 1, 1, 0.5, 0),
        alighting=(0, 0.5, 0.5, 0.5, 0.5, 0.5, 2, 24, 5, 4, 4, 4, 3, 3),
        lateness_s=160,
    ),
    Line(
        number=27,
        name="火车站—客运码头",
        colour="009E73",
        stops=(14, 15, 16, 17, 18, 6, 19, 20, 21, 22, 23, 24),
        weekday=((6, 7, 30), (7, 9, 15), (9, 17, 30), (17, 19, 15), (19, 23.75, 30)),
        weekend=((6.5, 23.75, 30),),
        run_s=165,
        capacity=60,
        fleet=6,
        riders=(190, 180),
        weekend_share=0.8,
        hours=(_MORNING, _EVENING),
        boarding=(8, 5, 5, 3, 4, 6, 3, 4, 3, 2, 2, 0),
        alighting=(0, 2, 4, 3, 5, 5, 3, 4, 3, 3, 4, 5),
        lateness_s=150,
    ),
    Line(
        number=35,
        name="师范大学—城南客运站",
        colour="D55E00",
        stops=(25, 26, 27, 28, 6, 29, 30, 31, 32, 33, 34, 35, 36),
        weekday=((6.5, 22.5, 30),),
        weekend=((7, 22, 30),),
        run_s=140,
        capacity=45,
        fleet=4,
        riders=(130, 130),
        weekend_share=0.9,
        hours=(_EVENING, _MORNING),
        boarding=(9, 4, 4, 3, 5, 2, 2, 3, 3, 2, 2, 1, 0),
        alighting=(0, 1, 3, 3, 5, 3, 2, 3, 4, 3, 3, 3, 6),
        lateness_s=130,
    ),
    Line(
        number=88,
        name="观光环线 博物馆—环岛北",
        colour="CC79A7",
        stops=(37, 38, 39, 6, 40, 41, 42, 43, 44, 45, 46, 47),
        weekday=((7, 21, 30),),
        weekend=((7, 21, 20),),
        run_s=180,
        capacity=30,
        fleet=6,
        riders=(75, 75),
        weekend_share=1.8,
        hours=(_LEISURE, _LEISURE),
        boarding=(6, 3, 4, 5, 4, 4, 3, 3, 2, 2, 1, 0),
        alighting=(0, 1, 3, 2, 4, 5, 5, 3, 4, 3, 3, 4),
        lateness_s=140,
        frequencies=True,
    ),
)
WEEKEND_HOURS = ((6.5, 10, 2.0), (10, 16, 4.0), (16, 19, 3.0), (19, 22, 1.0))
# Other quarters: as many riders, their morning flatter, so that no section there is over capacity.
FLATTER = ((6, 7, 3.0), (7, 9, 6.5), (9, 16.5, 3.6), (16.5, 19, 4.6), (19, 23, 1.4))

CROWDED_LINE, CROWDED_DIRECTION, CROWDED_STOP = 0, 0, 7  # line 12, direction 0, leaving the seventh stop
CROWDED_QUARTERS = ("07:30", "07:45", "08:00", "08:15")
# Trips outside the weekly pattern: (line of the quarter, window). The night trip runs on Friday alone, after
# midnight; the market trips are timetabled for the weekend and called off on Sunday.
NIGHT, NIGHT_DAY = (0, (24.2, 24.3, 30)), 4
MARKET, MARKET_DAY = (2, (7.25, 9.25, 30)), 5


@dataclass(frozen=True)
class Size:
    """How large a city is: its lines and segments, and the quarters that hold them."""

    lines: int
    segments: int

    @classmethod
    def of(cls, scale: float) -> Size:
        """Multiply the first quarter."""
        return cls(max(1, round(len(LINES) * scale)), max(8, round(SEGMENTS * scale)))

    @property
    def quarters(self) -> int:
        """Quarters, the last one perhaps unfinished."""
        return max(-(-self.lines // len(LINES)), -(-self.segments // SEGMENTS))


def route_id(line: int) -> str:
    """Name the line of an index, as riders do: 12, 27, 35, 88, then 112, 127 ..."""
    return str(100 * (line // len(LINES)) + LINES[line % len(LINES)].number)


def stop_id(quarter: int, place: int) -> str:
    """Name a stop: a place in a quarter."""
    return f"P{quarter * STOPS + place + 1:03d}"
