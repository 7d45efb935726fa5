"""The measures of the lifelines domain, each written once and named for what it says."""

from __future__ import annotations

from functools import partial

from pipelines.lifelines import demand, events, loads, outages, water
from workbench._text import Text
from workbench.data.table import Table
from workbench.domains import Measure, Measures


def _clean(name: str, m: Measures) -> Table:
    return m.clean(name)


def _daily(m: Measures) -> Table:
    return m.kept(
        "daily_readings_kept", lambda: loads.daily_readings(m.clean("readings"), m.clean("sensors"))
    )


def _of_register(measure: str, m: Measures) -> Table:
    tables = [m.clean(name) for name in ("incidents", "nodes", "edges", "registers")]
    made: Table = getattr(outages, measure)(*tables)
    return made


MEASURES = (
    Measure("zones", ("zones",), partial(_clean, "zones"), Text("Zones and their people", "分区及人口")),
    Measure(
        "nodes", ("nodes",), partial(_clean, "nodes"), Text("Nodes of the networks, as they are", "网络节点")
    ),
    Measure(
        "edges", ("edges",), partial(_clean, "edges"), Text("Edges of the networks, as they are", "网络管线")
    ),
    Measure(
        "dependencies",
        ("dependencies",),
        partial(_clean, "dependencies"),
        Text("What assets need of each other, as it is", "设施之间的依赖关系"),
    ),
    Measure(
        "hourly_demand",
        ("demands",),
        lambda m: demand.hourly_demand(m.clean("demands")),
        Text("Metered demand by zone, system and hour of the day", "按分区、系统和小时统计的计量用量"),
    ),
    Measure(
        "non_revenue_water",
        ("readings", "sensors", "demands"),
        lambda m: water.non_revenue_water(m.clean("readings"), m.clean("sensors"), m.clean("demands")),
        Text(
            "Water supplied, metered and billed by zone and day, and the share that earns nothing",
            "按分区和日统计的供水量、计量用量、计费用量及产销差率",
        ),
    ),
    Measure(
        "minimum_night_flow",
        ("readings", "sensors"),
        lambda m: water.minimum_night_flow(m.clean("readings"), m.clean("sensors")),
        Text("Lowest hourly flow between 02:00 and 04:00 by zone and day", "按分区和日统计的夜间最小流量"),
    ),
    Measure(
        "daily_readings",
        ("readings", "sensors"),
        _daily,
        Text(
            "Count, mean and range of the readings by sensor and day",
            "按传感器和日统计的读数个数、均值与极值",
        ),
    ),
    Measure(
        "load_factor",
        ("readings", "sensors"),
        lambda m: loads.load_factor(_daily(m)),
        Text("Mean over peak load by asset and day", "按设施和日统计的负荷率"),
    ),
    Measure(
        "utilisation",
        ("readings", "sensors"),
        lambda m: loads.utilisation(m.clean("readings"), m.clean("sensors")),
        Text("Load over rating by asset", "按设施统计的负载率"),
    ),
    Measure(
        "out_of_range",
        ("readings", "sensors"),
        lambda m: events.out_of_range(m.clean("readings"), m.clean("sensors")),
        Text("When sensors left their limits, for how long and how far", "传感器越限事件的起止、时长与极值"),
    ),
    Measure(
        "asset_outages",
        ("incidents", "nodes", "edges", "registers"),
        partial(_of_register, "asset_outages"),
        Text("Outages of each asset that had any", "各设施的停运次数与时长"),
    ),
    Measure(
        "incident_rates",
        ("incidents", "nodes", "edges", "registers"),
        partial(_of_register, "incident_rates"),
        Text(
            "Failure rate, time between failures, time to repair and availability by class of asset",
            "按设施类别统计的故障率、平均无故障时间、平均修复时间与可用率",
        ),
    ),
)
