"""In which district the roads are most congested."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.traffic.recording import reason
from pipelines.traffic.words import record_words, words
from workbench._text import Text
from workbench.briefs.appraisal import equity as section_of
from workbench.briefs.checklist import Section
from workbench.decisions import Outcome, by_group

if TYPE_CHECKING:
    from pipelines.traffic.congestion import Judged
    from workbench.domains import Measures
    from workbench.simulation import Streams


def equity(measures: Measures, judged: Judged, streams: Streams) -> Section:
    """Congestion by district, where the segments say theirs."""
    if not measures.has("segments"):
        return reason("equity", "no_groups")
    rows = measures.clean("segments").gather()
    if "district" not in rows.columns or rows["district"].null_count() == rows.height or len(judged.days) < 2:
        return reason("equity", "no_groups")
    where = dict(rows.filter(pl.col("district").is_not_null()).select("segment_id", "district").iter_rows())
    groups: dict[str, list[int]] = {}
    for at, one in enumerate(judged.ids):
        if one in where:
            groups.setdefault(str(where[one]), []).append(at)
    if len(groups) < 2:
        return reason("equity", "no_groups")
    counts, sums = judged.observations, judged.speed_sums
    free = counts * judged.free_flow
    values, persons = {}, {}
    for name, places in sorted(groups.items()):
        seen = sums[:, places].sum(axis=1)
        values[name] = (free[:, places].sum(axis=1) / np.maximum(seen, 1e-9))[seen > 0]
        persons[name] = float(len(places))
    outcome = Outcome("index", "index", words().text("congestion.head.index"), "less")
    found = by_group(values, outcome, persons, least=3, streams=streams)
    labels = {name: Text(name, name) for name in values}
    section = section_of(found, labels, members="segments")
    return replace(section, prose=(*section.prose, record_words().phrase("congestion.equity")))
