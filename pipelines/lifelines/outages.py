"""
How often assets fail, how long they are out, and so how available they are.

An outage is unplanned unless its cause is "planned". Only what began while the register of its system was
complete counts; the rest is counted apart. Times out that overlap on one asset count once.
"""

from __future__ import annotations

import narwhals as nw

from pipelines.lifelines.sums import DAY_S, HOUR_S, ONE, ZERO, one_if, over
from workbench.data.expressions import epoch_seconds
from workbench.data.table import Frame, Table

COUNTS = ["failures", "planned", "open", "outside", "repaired"]
TIMES = ["_repair_s", "_down_s"]
CLASS = ["system", "asset_class"]
HOURS, KM_YEARS, YEAR_S = 1 / HOUR_S, 1e-6, 365.25 * DAY_S


def asset_outages(incidents: Table, nodes: Table, edges: Table, registers: Table) -> Table:
    """
    Outages of each asset that had any.

    Parameters
    ----------
    incidents, nodes, edges, registers
        Clean tables.

    Returns
    -------
    Table
        `system`, `asset_class` (null where neither nodes nor edges know the asset), `asset_id`, `failures`
        (unplanned), `planned`, `open` (failures not yet restored), `outside` (before or after what the
        register covers, counted nowhere else), `repaired` (failures restored), `repair_h` (h, their sum),
        `down_h` (h out unplanned, within what the register covers).
    """

    def hours(frame: Frame) -> Frame:
        return frame.select(
            *CLASS,
            "asset_id",
            *COUNTS,
            (nw.col("_repair_s") * HOURS).alias("repair_h"),
            (nw.col("_down_s") * HOURS).alias("down_h"),
        )

    return _outages(incidents, nodes, edges, registers).each(hours)


def incident_rates(incidents: Table, nodes: Table, edges: Table, registers: Table) -> Table:
    """
    Failure rate, time between failures, time to repair and availability by class of asset.

    Time between failures is time in service over failures (mean operating time between failures of IEC
    60050-192 [1]_); time to repair is the mean over the failures that were restored; availability is the
    share of the time observed in which an asset was not out unplanned. Assets are taken to have stood for all
    of that time.

    Parameters
    ----------
    incidents, nodes, edges, registers
        Clean tables.

    Returns
    -------
    Table
        `system`, `asset_class` (null: outages of assets that neither nodes nor edges know), `assets`,
        `length_km`, `asset_years` (observed), `failures`, `planned`, `open`, `outside`, `repaired`,
        `failures_per_year` (of one asset), `failures_per_km_year` (null for what has no length), `mtbf_h`,
        `mttr_h`, `availability`; null where there was no failure, no repair or no register to tell from.

    References
    ----------
    .. [1] IEC 60050-192:2015, International Electrotechnical Vocabulary, Part 192: Dependability.
    """
    classes = _assets(nodes, edges).by(CLASS, _counted, before=None)
    lost = _outages(incidents, nodes, edges, registers).by(CLASS, _lost)

    def rates(frame: Frame, lost: Frame, registers: Frame) -> Frame:
        zeros = [ZERO.alias(name) for name in (*COUNTS, *TIMES)]
        none = [ZERO.alias(name) for name in ("assets", "_mm")]
        both = nw.concat(
            [
                frame.select(*CLASS, "assets", "_mm", *zeros),
                lost.select(*CLASS, *none, *COUNTS, *TIMES),
            ]
        )
        sums = both.group_by(*CLASS).agg(nw.col("assets", "_mm", *COUNTS, *TIMES).sum().cast(nw.Int64))
        sums = sums.join(_covered(registers), on="system", how="left")
        sums = sums.with_columns(
            (nw.col("assets") * (nw.col("_to") - nw.col("_from"))).alias("_seen_s"),
            ((nw.col("_to") - nw.col("_from")) / (ONE * YEAR_S)).alias("_years"),
        )
        failures, seen = nw.col("failures"), nw.col("_seen_s")
        served = seen - nw.col("_down_s")
        return sums.select(
            *CLASS,
            "assets",
            (nw.col("_mm") * KM_YEARS).alias("length_km"),
            (nw.col("assets") * nw.col("_years")).alias("asset_years"),
            *COUNTS,
            over(failures, nw.col("assets") * nw.col("_years")).alias("failures_per_year"),
            over(failures, nw.col("_mm") * KM_YEARS * nw.col("_years")).alias("failures_per_km_year"),
            nw.when(seen > 0).then(over(served * HOURS, failures)).alias("mtbf_h"),
            over(nw.col("_repair_s") * HOURS, nw.col("repaired")).alias("mttr_h"),
            over(served, seen).alias("availability"),
        )

    return classes.by(CLASS, rates, lost, registers)


def _assets(nodes: Table, edges: Table) -> Table:
    """Nodes and edges as one list of assets."""

    def node(frame: Frame) -> Frame:
        return frame.select(*CLASS, nw.col("node_id").alias("asset_id"), ZERO.alias("_mm"))

    def edge(frame: Frame) -> Frame:
        length = nw.when(~nw.col("length_m").is_null()).then(nw.col("length_m")).otherwise(nw.lit(0.0))
        mm = (length * 1000.0 + 0.5).floor().cast(nw.Int64)
        return frame.select(*CLASS, nw.col("edge_id").alias("asset_id"), mm.alias("_mm"))

    def both(one: Frame, other: Frame) -> Frame:
        return nw.concat([one, other])

    return nodes.each(node).by(["asset_id"], both, edges.each(edge))


def _counted(frame: Frame) -> Frame:
    return frame.group_by(*CLASS).agg(
        nw.len().cast(nw.Int64).alias("assets"), nw.col("_mm").sum().cast(nw.Int64)
    )


def _lost(frame: Frame) -> Frame:
    return frame.group_by(*CLASS).agg(nw.col(*COUNTS, *TIMES).sum().cast(nw.Int64))


def _covered(registers: Frame) -> Frame:
    """Seconds since 1970 from which and to which each register is complete."""
    days = registers.select(
        "system",
        nw.col("observed_from").cast(nw.Datetime("us")).alias("_begins"),
        nw.col("observed_to").cast(nw.Datetime("us")).alias("_ends"),
    )
    return epoch_seconds(days, {"_from": "_begins", "_to": "_ends"}).select("system", "_from", "_to")


def _outages(incidents: Table, nodes: Table, edges: Table, registers: Table) -> Table:
    """Counts and seconds of the outages of each asset, with its class."""

    def needed(frame: Frame) -> Frame:
        return frame.select("system", "asset_id", "incident_id", "started", "restored", "cause")

    def added(frame: Frame, registers: Frame, assets: Frame) -> Frame:
        frame = epoch_seconds(needed(frame), {"_start": "started", "_back": "restored"})
        frame = frame.join(_covered(registers), on="system", how="left")
        seen = (nw.col("_start") >= nw.col("_from")) & (nw.col("_start") < nw.col("_to"))
        frame = frame.with_columns(
            one_if(seen).alias("_seen"), one_if(seen & (nw.col("cause") != "planned")).alias("failures")
        )
        back = nw.when(nw.col("_back") < nw.col("_to")).then(nw.col("_back")).otherwise(nw.col("_to"))
        frame = frame.with_columns(
            nw.when(nw.col("failures") == 1).then(back).otherwise(nw.col("_start")).alias("_end")
        )
        order = ["_start", "incident_id"]
        frame = frame.with_columns(
            nw.col("_end").cum_max().over("system", "asset_id", order_by=order).alias("_until")
        )
        frame = frame.with_columns(
            nw.col("_until").shift(1).over("system", "asset_id", order_by=order).alias("_before")
        )
        begin = (
            nw.when(nw.col("_before") > nw.col("_start")).then(nw.col("_before")).otherwise(nw.col("_start"))
        )
        restored = (nw.col("failures") == 1) & ~nw.col("_back").is_null()
        frame = frame.with_columns(
            (nw.col("_seen") - nw.col("failures")).alias("planned"),
            one_if((nw.col("failures") == 1) & nw.col("_back").is_null()).alias("open"),
            (ONE - nw.col("_seen")).alias("outside"),
            one_if(restored).alias("repaired"),
            nw.when(restored).then(nw.col("_back") - nw.col("_start")).otherwise(ZERO).alias("_repair_s"),
            nw.when(nw.col("_end") > begin).then(nw.col("_end") - begin).otherwise(ZERO).alias("_down_s"),
        )
        sums = frame.group_by("system", "asset_id").agg(nw.col(*COUNTS, *TIMES).sum().cast(nw.Int64))
        return sums.join(assets.select(*CLASS, "asset_id"), on=["system", "asset_id"], how="left")

    return incidents.by(["asset_id"], added, registers, _assets(nodes, edges), before=needed)
