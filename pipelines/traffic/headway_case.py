"""The line that is simulated: which one, its demand, and what time and vehicles cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
from pydantic import field_validator

from pipelines.traffic import fields
from pipelines.traffic.headway_fleet import run_back
from pipelines.traffic.headway_options import today_and_others
from workbench.domains import Measures, Parameters, parameter
from workbench.errors import BadParameter, DataRejected, UnknownName
from workbench.simulation.transit.scenario import LineScenario

if TYPE_CHECKING:
    from workbench.simulation.transit import Line, LineModel

TODAY = "today"
LEAST_FUTURES = 200
BANDS = {"morning": ("07:00", "09:00"), "midday": ("09:00", "16:00"), "evening": ("16:00", "19:00")}


class HeadwaysParameters(Parameters):
    """The line, what time and vehicles cost, and how long to simulate."""

    route: str | None = parameter(
        None, "Line; the one with most riders where none is given", "线路；不填则取客流最大的线路"
    )
    direction: int | None = parameter(
        None,
        "Direction, 0 or 1; the fuller one where none is given",
        "方向；不填则取客流较大的方向",
        ge=0,
        le=1,
    )
    date: dt.date | None = parameter(
        None,
        "Day whose timetable is today's service; the weekday of most riders where none is given",
        "以哪一日的时刻表为现状；不填则取客流最大的工作日",
    )
    weekdays_only: bool = parameter(True, "Demand of weekdays only", "仅用工作日客流")
    capacity: int = fields.capacity()
    sample_share: float = fields.sample_share()
    arrivals: Literal["tap", "spread"] = parameter(
        "spread",
        "When riders came: at the tap (gates), or spread over the headway before it (taps at the door)",
        "乘客到站时刻：刷卡时（闸机）或均匀分布于此前间隔（车门刷卡）",
    )
    vehicle_hour_cost: float = parameter(
        180.0, "Cost of a vehicle in service for an hour", "车辆每营运小时成本", "CNY", ge=0
    )
    vehicle_day_cost: float = parameter(
        350.0, "Cost of owning a vehicle for a day", "每车每日固有成本", "CNY", ge=0
    )
    size_elasticity: float = parameter(
        0.6,
        "How the cost of owning a vehicle grows with its capacity (exponent)",
        "车辆固有成本随定员增长的弹性（指数）",
        "1",
        ge=0,
        le=2,
    )
    wait_hour_value: float = parameter(
        35.0, "Value of an hour of riders' waiting", "乘客等待一小时的价值", "CNY", ge=0
    )
    days_per_year: int = parameter(
        250, "Days a year the service runs so", "每年运行天数", "days", ge=1, le=366
    )
    layover_s: float = parameter(300.0, "Layover at each end", "每端停站休整时间", "s", ge=0, le=7200)
    replications: int = parameter(60, "Days to simulate", "模拟天数", "runs", ge=5, le=20_000)
    precision: float | None = parameter(
        None,
        "Simulate until the mean wait is known to this share of itself",
        "模拟至平均等待时间的相对精度",
        "share",
        gt=0.001,
        le=0.5,
    )
    futures: int = parameter(
        256, "Futures to try, 0 for none", "检验的未来情景数；0为不检验", "futures", ge=0, le=20_000
    )
    vehicle_life: int = parameter(
        10, "Years over which costs and benefits are added up", "成本效益计算年限", "years", ge=1, le=60
    )
    discount_rate: float = parameter(0.08, "Social discount rate", "社会折现率", "share", ge=0, le=1)
    optimism_bias: float = parameter(
        0.0, "Uplift of costs for optimism", "成本的乐观偏差上调", "share", ge=0, le=5
    )
    baseline: str = parameter(TODAY, "Option the others are compared with", "对比基准方案")
    scenarios: dict[str, LineScenario] | None = parameter(
        None,
        "Options to compare; the house's own where none are given",
        "待比较方案；不填则用默认方案",
        min_length=1,
    )

    @field_validator("futures")
    @classmethod
    def _none_or_enough(cls, futures: int) -> int:
        if 0 < futures < LEAST_FUTURES:
            raise ValueError(f"must be 0, or at least {LEAST_FUTURES} to tell what knowing more is worth")
        return futures


@dataclass(frozen=True)
class Case:
    """
    The line to simulate.

    Attributes
    ----------
    route, direction, date
        Which line, and the day whose timetable is today's service.
    days
        Days of the demand.
    capacity
        Riders that a vehicle takes.
    model
        The line with its demand.
    trips, short
        Trips of the date's timetable, and those simulated that run on a part of the line only.
    demand
        Riders of a mean day who are simulated.
    riders
        Riders of a mean day whose taps name the line; None where some do not say which line they rode.
    unknown
        Share of the taps that do not say where the rider alighted.
    back
        The other direction as the timetable has it that day; None where it has none.
    taps
        Clean taps of the days that may be of the line and direction.
    """

    route: str
    direction: int
    date: dt.date
    days: int
    capacity: int
    model: LineModel
    trips: int
    short: int
    demand: float
    riders: float | None
    unknown: float
    back: Line | None
    taps: pl.DataFrame


def build(measures: Measures, p: HeadwaysParameters) -> Case:
    """
    Choose the line, the direction and the day, and make the model of it.

    Raises
    ------
    UnknownName
        There is no such line.
    DataRejected
        No rider can be put on it.
    """
    from workbench.simulation.transit import LineModel, demand_from_taps, line_from_timetable

    route, direction = _chosen_line(measures, p)
    timetable = measures.clean("timetable").each(lambda f: f.filter(_on(f, route, direction))).gather()
    if timetable.is_empty():
        raise UnknownName("line and direction of the timetable", f"{route}/{direction}", _lines(measures))
    taps = measures.clean("taps").each(lambda f: f.filter(_on(f, route, direction, missing=True))).gather()
    if p.weekdays_only:
        taps = taps.filter(pl.col("service_date").dt.weekday() <= 5)
    days = sorted(taps["service_date"].unique().to_list())
    if not days:
        raise DataRejected(
            f"No tap of line {route} lies on the days judged: change `weekdays_only`, or give more days."
        )
    date = p.date or _busiest(taps, set(timetable["service_date"].unique().to_list()))
    line = line_from_timetable(timetable, route, direction, date)
    demand = demand_from_taps(
        taps, line, route=route, direction=direction, arrivals=p.arrivals, share=p.sample_share
    )
    day = timetable.filter(pl.col("service_date") == date)
    stated = day["vehicle_capacity"].drop_nulls()
    capacity = int(np.median(stated.to_numpy())) if len(stated) else p.capacity
    bands = {name: ends for name, ends in BANDS.items() if _within(line, ends)}
    riders = None
    if not taps["route_id"].null_count():
        riders = float(taps["num_riders"].fill_null(1).sum()) / (p.sample_share * len(days))
    return Case(
        route=route,
        direction=direction,
        date=date,
        days=len(days),
        capacity=capacity,
        model=LineModel(line, demand, bands=bands),
        trips=day["trip_id"].n_unique(),
        short=int(((line.trips.last - line.trips.first) < len(line.stops) - 1).sum()),
        demand=demand.expected,
        riders=riders,
        unknown=taps["alight_stop_id"].null_count() / taps.height,
        back=_other_direction(measures, route, direction, date),
        taps=taps,
    )


def _other_direction(measures: Measures, route: str, direction: int, date: dt.date) -> Line | None:
    """The same line the other way on the same day."""
    from workbench.simulation.transit import line_from_timetable

    timetable = measures.clean("timetable").each(lambda f: f.filter(_on(f, route, 1 - direction))).gather()
    if timetable.filter(pl.col("service_date") == date).is_empty():
        return None
    return line_from_timetable(timetable, route, 1 - direction, date)


def back_scenarios(
    case: Case, scenarios: Mapping[str, LineScenario], *, house: bool
) -> Mapping[str, LineScenario]:
    """What each option runs in the other direction: the house's own are made from its timetable."""
    if house and case.back is not None:
        return today_and_others(case.back, case.capacity)
    return run_back(scenarios)


def _chosen_line(measures: Measures, p: HeadwaysParameters) -> tuple[str, int]:
    load = measures["peak_load_sections"].filter(pl.col("route_id").is_not_null())
    if load.is_empty():
        raise DataRejected(
            "No rider of the taps could be put on a line of the timetable: check that stop_id and the dates "
            "of both agree, and that taps say where riders alight."
        )
    ridden = load["route_id"].unique().to_list()
    if p.route is not None:
        load = load.filter(pl.col("route_id") == p.route)
        if load.is_empty() and p.route in _lines(measures):
            raise DataRejected(
                f"Line {p.route} is in the timetable, but no rider of the taps could be put on it: "
                f"give its taps, or choose a line with riders ({', '.join(sorted(ridden))})."
            )
        if load.is_empty():
            raise UnknownName("line with riders", p.route, ridden)
    if p.direction is not None:
        ways = " and ".join(str(each) for each in load["direction_id"].unique().sort())
        load = load.filter(pl.col("direction_id") == p.direction)
        if load.is_empty():
            raise BadParameter(
                f"No rider of {'any line' if p.route is None else f'line {p.route}'} goes in direction "
                f"{p.direction}: set `direction` to {ways}, or leave it out."
            )
    top = load.sort("riders", "route_id", "direction_id", descending=[True, False, False])
    return str(top["route_id"][0]), int(top["direction_id"][0])


def _lines(measures: Measures) -> list[str]:
    return sorted({str(row[0]) for row in measures["line_patterns"].select("route_id").iter_rows()})


def _on(frame: Any, route: str, direction: int, *, missing: bool = False) -> Any:
    """Rows of a line and direction; with `missing`, those that do not say as well."""
    import narwhals as nw

    line, way = nw.col("route_id") == route, nw.col("direction_id") == direction
    if missing:
        line, way = line | nw.col("route_id").is_null(), way | nw.col("direction_id").is_null()
    return line & way


def _busiest(taps: pl.DataFrame, served: set[dt.date]) -> dt.date:
    """The day of most riders on which the timetable runs."""
    days = (
        taps.filter(pl.col("service_date").is_in(list(served)))
        .group_by("service_date")
        .agg(pl.col("num_riders").sum())
    )
    if days.is_empty():
        tapped = _span(taps["service_date"].to_list())
        raise DataRejected(
            f"The timetable of this line has no service on any day of its taps ({tapped}): give the "
            f"timetable of such a day, or set `date` to one that it has ({_span(served)})."
        )
    return days.sort("num_riders", "service_date", descending=[True, False])["service_date"][0]


def _span(days: Collection[dt.date]) -> str:
    """First and last of some days."""
    first, last = min(days), max(days)
    return str(first) if first == last else f"{first} to {last}"


def _within(line: Any, ends: tuple[str, str]) -> bool:
    """Whether any trip is dispatched in a band."""
    low, high = (int(end[:2]) * 3600 for end in ends)
    return bool(((line.trips.dispatch_s >= low) & (line.trips.dispatch_s < high)).any())
