"""Which line's riders bear the crowding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from pipelines.traffic.crowding_case import Case
from pipelines.traffic.names import LINE
from pipelines.traffic.recording import reason
from pipelines.traffic.words import record_words
from workbench._text import Text
from workbench.briefs import Quantity
from workbench.briefs.appraisal import equity as section_of
from workbench.briefs.checklist import Section
from workbench.decisions import Outcome, by_group
from workbench.decisions.resampling import LEAST_DAYS

MOST_LINES = 12
OTHERS = "others"


def equity(case: Case) -> Section:
    """
    Share of the rides through a section that are above places, by line and direction.

    The lines of most riders are told one by one, all others together. A line's riders are those through its
    busiest section, so that nobody is counted twice on a line.
    """
    groups = _groups(case)
    if len(groups) < 2:
        return reason("equity", "one_line")
    above = np.maximum(case.cells.riders - case.p.limit * case.cells.places, 0.0)
    if not above.any():
        return Section("equity", prose=(record_words().phrase("crowding.equity.nobody"),))
    labels, persons, values = {}, {}, {}
    for name, (label, busiest, at) in groups.items():
        riders = case.cells.riders[:, at].sum(axis=1)
        labels[name], persons[name] = label, busiest
        values[name] = above[:, at].sum(axis=1)[riders > 0] / riders[riders > 0]
    if not case.cells.enough:
        return _single(case, labels, values)
    outcome = Outcome("share", "share", record_words().text("crowding.equity.share"), "less")
    found = by_group(values, outcome, persons, least=LEAST_DAYS, streams=case.streams.child("equity"))
    section = section_of(found, labels)
    return replace(section, prose=(*section.prose, record_words().phrase("crowding.equity")))


def _groups(case: Case) -> dict[str, tuple[Text, float, list[int]]]:
    """Lines by name: what they are called, riders a day through the busiest section, and cells."""
    table = case.cells.table
    sections = table.group_by(*LINE, "section").agg(pl.col("riders").sum())
    busiest = sections.group_by(LINE).agg(pl.col("riders").max().alias("persons"))
    lines = table.group_by(LINE).agg(pl.col("cell")).join(busiest, on=LINE)
    lines = lines.filter(pl.col("persons") > 0).sort("persons", *LINE, descending=[True, False, False])
    found = {}
    for at, row in enumerate(lines.head(MOST_LINES).iter_rows(named=True)):
        name = case.names.line(row)
        found[f"line{at}"] = Text(name, name), float(row["persons"]), sorted(row["cell"])
    rest = lines.slice(MOST_LINES)
    if not rest.is_empty():
        cells = sorted(cell for each in rest["cell"] for cell in each)
        label = record_words().text("crowding.equity.others")
        found[OTHERS] = label, float(rest["persons"].sum()), cells
    return found


def _single(case: Case, labels: dict[str, Text], values: dict[str, np.ndarray]) -> Section:
    """Name the line that bore most on too few days to say what is usual."""
    means = {name: float(one.mean()) for name, one in values.items() if len(one)}
    worst = max(means, key=lambda name: means[name])
    riders = case.cells.riders
    above = np.maximum(riders - case.p.limit * case.cells.places, 0.0)
    said = record_words().phrase(
        "crowding.equity.single",
        line=labels[worst],
        share=Quantity("equity.single.worst", means[worst], "share"),
        all=Quantity("equity.single.all", float(above.sum() / riders.sum()), "share"),
    )
    return Section("equity", prose=(said,))
