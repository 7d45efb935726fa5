"""
Times as a mapping needs them: microseconds, time of day, zones, days. Each engine's spelling in one place.

Like `workbench.data.expressions`, all take a lazy frame and return one with a column added, the same on
polars and on Spark; what cannot be said becomes null. Microseconds count from 1970-01-01 00:00 on the
clock that the timestamps show, whatever its zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from workbench.data.expressions import add_columns, is_polars

if TYPE_CHECKING:
    from workbench.data.table import Frame

TIME_OF_DAY = r"^([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9])(\.[0-9]{1,6})?)?$"
FARTHEST_US = 200_000_000_000_000_000  # the year 8307; what is farther is no time


def micros(frame: Frame, new: str, old: str) -> Frame:
    """Add the microseconds of a naive timestamp."""
    if is_polars(frame):
        return add_columns(frame, {new: pl.col(old).dt.epoch("us").cast(pl.Int64)}, {})
    from pyspark.sql import functions as F

    return add_columns(frame, {}, {new: F.unix_micros(F.col(old).cast("timestamp")).cast("bigint")})


def from_micros(frame: Frame, new: str, old: str) -> Frame:
    """Add the naive timestamp of microseconds; null where that is no year of four digits."""
    near = nw.when(nw.col(old).is_between(-60_000_000_000_000_000, FARTHEST_US)).then(nw.col(old))
    frame = frame.with_columns(near.alias(new))
    if is_polars(frame):
        return add_columns(frame, {new: pl.from_epoch(pl.col(new), "us").cast(pl.Datetime("us"))}, {})
    from pyspark.sql import functions as F

    return add_columns(frame, {}, {new: F.timestamp_micros(F.col(new)).cast("timestamp_ntz")})


def scaled_micros(frame: Frame, new: str, old: str, unit: Fraction) -> Frame:
    """Add whole microseconds of a number that counts something of so many microseconds."""
    count = nw.col(old) * float(unit)
    near = nw.when(count.abs() < float(FARTHEST_US)).then(count)  # Spark's floor overflows beyond
    return frame.with_columns((near + 0.5).floor().cast(nw.Int64).alias(new))


def time_of_day_micros(frame: Frame, new: str, old: str) -> Frame:
    """Add the microseconds since midnight of a text HH:MM, HH:MM:SS or HH:MM:SS.f, which may pass 24:00."""
    if is_polars(frame):
        parts = [pl.col(old).str.extract(TIME_OF_DAY, i) for i in (1, 2, 3)]
        hours, minutes, seconds = (part.cast(pl.Int64) for part in parts)
        digits = pl.col(old).str.extract(TIME_OF_DAY, 4).str.slice(1).str.pad_end(6, "0").cast(pl.Int64)
        whole = hours * 3600 + minutes * 60 + seconds.fill_null(0)
        return add_columns(frame, {new: whole * 1_000_000 + digits.fill_null(0)}, {})
    from pyspark.sql import functions as F

    fits = F.when(F.col(old).rlike(TIME_OF_DAY), F.col(old))
    found = [F.regexp_extract(fits, TIME_OF_DAY, i) for i in (1, 2, 3, 4)]
    counts = [*found[:3], F.rpad(F.substring(found[3], 2, 6), 6, "0")]
    h, m, s, us = (F.coalesce(each.try_cast("bigint"), F.lit(0)) for each in counts)
    return add_columns(frame, {}, {new: F.when(~fits.isNull(), (h * 3600 + m * 60 + s) * 1_000_000 + us)})


def to_zone(frame: Frame, new: str, old: str, zone: str, wanted: str) -> Frame:
    """
    Add what clocks in one zone show when clocks in another show a naive timestamp.

    Where clocks go back, a time that comes twice is the first of the two; where they go forward, a time that
    never comes is null.
    """
    if is_polars(frame):
        there = pl.col(old).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return add_columns(frame, {new: there.dt.convert_time_zone(wanted).dt.replace_time_zone(None)}, {})
    from pyspark.sql import functions as F

    def moved(of: Any, start: str, end: str) -> Any:
        return F.convert_timezone(F.lit(start), F.lit(end), of)

    universal = moved(F.col(old), zone, "UTC")
    came = moved(universal, "UTC", zone) == F.col(old)
    return add_columns(frame, {}, {new: F.when(came, moved(universal, "UTC", wanted))})


def from_aware(frame: Frame, new: str, old: str, wanted: str) -> Frame:
    """Add what clocks in a zone show at a timestamp that knows its own zone."""
    if is_polars(frame):
        local = pl.col(old).dt.convert_time_zone(wanted).dt.replace_time_zone(None)
        return add_columns(frame, {new: local.dt.cast_time_unit("us")}, {})
    from pyspark.sql import functions as F

    universal = F.col(old).cast("timestamp_ntz")  # the session's zone is UTC
    return add_columns(frame, {}, {new: F.convert_timezone(F.lit("UTC"), F.lit(wanted), universal)})


def day(frame: Frame, new: str, old: str, starts_us: int = 0) -> Frame:
    """Add the date of a naive timestamp, where days start so long after midnight."""
    shifted = from_micros(micros(frame, new, old).with_columns(nw.col(new) - starts_us), new, new)
    return shifted.with_columns(nw.col(new).dt.date())


def lookup(frame: Frame, new: str, old: str, table: Mapping[str, str]) -> Frame:
    """Add the text that a text stands for, null where the table does not have it."""
    if is_polars(frame):
        keys, values = list(table), list(table.values())
        found = pl.col(old).replace_strict(keys, values, default=None, return_dtype=pl.String)
        return add_columns(frame, {new: found}, {})
    from pyspark.sql import functions as F

    pairs = F.create_map(*(F.lit(each) for pair in table.items() for each in pair))
    return add_columns(frame, {}, {new: F.try_element_at(pairs, F.col(old))})
