"""The traffic measures through `Table`, from files to a small result (or, for `rides`, to files)."""

from __future__ import annotations

from collections.abc import Callable

from samples import Inputs

from pipelines.traffic import regularity, riders, roads
from workbench.data.engines import Engine
from workbench.data.table import Table

MEASURES: dict[str, Callable[[Engine, Inputs], Table]] = {
    "hourly_boardings": lambda engine, given: riders.hourly_boardings(engine.read(given.of("taps"))),
    "origin_destination": lambda engine, given: riders.origin_destination(engine.read(given.of("taps"))),
    "distinct_cards": lambda engine, given: riders.distinct_cards(engine.read(given.of("taps"))),
    "tap_totals": lambda engine, given: riders.tap_totals(engine.read(given.of("taps"))),
    "rides": lambda engine, given: riders.rides(engine.read(given.of("taps")), given.small("pairs")),
    "load_profile": lambda engine, given: riders.load_profile(
        engine.read(given.of("rides")), given.small("patterns")
    ),
    "headways": lambda engine, given: regularity.headways(
        engine.read(given.of("stop_visits")), engine.read(given.of("timetable"))
    ),
    "speeds_by_hour": lambda engine, given: roads.speeds_by_hour(engine.read(given.of("road_speeds"))),
    "segment_reliability": lambda engine, given: roads.segment_reliability(
        engine.read(given.of("road_speeds"))
    ),
    "congestion_index": lambda engine, given: roads.congestion_index(
        engine.read(given.of("speeds_by_hour")), engine.read(given.of("segment_reliability"))
    ),
}
