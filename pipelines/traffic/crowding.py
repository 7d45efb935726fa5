"""Which line sections and quarter-hours are over capacity, by how much, and how regular the service is."""

from __future__ import annotations

from typing import Any, ClassVar

from pipelines.traffic import fields
from pipelines.traffic.cells import cells, rank_cells
from pipelines.traffic.crowding_brief import write_brief
from pipelines.traffic.service import regularity
from pipelines.traffic.words import record_words
from workbench._text import Text
from workbench.briefs import Brief
from workbench.domains import Decision, Measures, Parameters, parameter
from workbench.errors import DataRejected


class CrowdingParameters(Parameters):
    """What a vehicle takes, whom the taps stand for, and when a section counts as full."""

    capacity: int = fields.capacity()
    limit: float = parameter(
        1.0,
        "Share of places above which a section is over capacity",
        "判定超载的客流与运能之比",
        "share",
        gt=0,
        le=5,
    )
    sample_share: float = fields.sample_share()
    weekdays_only: bool = fields.weekdays_only()
    shown: int = parameter(10, "Sections and quarter-hours to list", "列出的区间与刻钟数", ge=1, le=50)
    least_riders: float = parameter(
        10,
        "Riders a day below which a section in a quarter-hour is not ranked",
        "参与排序所需的最低日均客流",
        "persons",
        ge=0,
    )
    resamples: int = fields.resamples()


class Crowding(Decision):
    """Compare riders with places in every section and quarter-hour."""

    name: ClassVar[str] = "traffic.crowding"
    domain: ClassVar[str] = "traffic"
    project: ClassVar[str] = "L01"
    title: ClassVar[Text] = Text("Where lines are too full, and how regular they run", "线路拥挤与服务规律性")
    question: ClassVar[Text] = Text(
        "Which line sections and quarter-hours are over capacity, by how much, and how regular is the "
        "service against the timetable?",
        "哪些线路区间在哪些刻钟超载、超载多少？服务相对时刻表是否规律？",
    )
    decision_maker: ClassVar[Text] = record_words().text("crowding.maker")
    use_for: ClassVar[Text] = record_words().text("crowding.use_for")
    not_for: ClassVar[Text] = record_words().text("crowding.not_for")
    required: ClassVar[tuple[str, ...]] = ("taps", "timetable")
    optional: ClassVar[tuple[str, ...]] = ("stops", "stop_visits")
    Parameters: ClassVar[type[Parameters]] = CrowdingParameters

    def answer(self, measures: Measures, parameters: Any) -> Brief:
        """Lay riders and places side by side, rank, and see how regular the lines ran."""
        p = parameters
        found = cells(
            measures["load_profile"],
            measures["scheduled_supply"],
            measures["line_patterns"],
            weekdays_only=p.weekdays_only,
            capacity=p.capacity,
            share=p.sample_share,
        )
        for name in ("tap_totals", "rides_unassigned", "peak_load_sections"):
            measures[name]
        if found.table.is_empty() or not found.riders.any():
            raise DataRejected(_no_rides(measures, weekdays_only=p.weekdays_only))
        ranking = rank_cells(
            found,
            limit=p.limit,
            least_riders=p.least_riders,
            shown=p.shown,
            seed=p.seed,
            resamples=p.resamples,
        )
        lines = []
        if measures.has("stop_visits"):
            lines = regularity(
                measures["headways"], weekdays_only=p.weekdays_only, seed=p.seed, resamples=p.resamples
            )
        return write_brief(self, measures, p, found, ranking, lines)


def _no_rides(measures: Measures, *, weekdays_only: bool) -> str:
    """Say why no rider could be put on a line, with what the planner can look at."""
    which = "weekday" if weekdays_only else "day"
    totals, supply = measures["tap_totals"], measures["scheduled_supply"]
    taps, alighting = totals["taps"].sum(), totals["with_alighting"].sum()
    if not alighting:
        return (
            f"None of the {taps:,} taps says where the rider alights (`alight_stop_id`), so nobody can be "
            "put on a section: add the alighting stops."
        )
    days = [sorted(set(one["service_date"].to_list())) for one in (totals, supply)]
    ours, theirs = (f"{one[0]} to {one[-1]}" for one in days)
    return (
        f"No ride of the {taps:,} taps lies on a line of the timetable on any {which}: check that `stop_id` "
        f"and `route_id` are written alike in both, and that their dates meet (taps {ours}, timetable "
        f"{theirs})."
    )
