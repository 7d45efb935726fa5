"""Stops and timetable from a GTFS feed that lies beside the data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.data.intake import More
from workbench.errors import DataRejected

if TYPE_CHECKING:
    import polars as pl

    from workbench.data.files import Listing
    from workbench.data.gtfs import Gtfs
    from workbench.data.table import Table

DATED = ("taps", "stop_visits")


def feed_beside(folder: str | Path) -> More | None:
    """
    Find a GTFS zip in a data folder.

    Parameters
    ----------
    folder
        The folder given as `--data`.

    Returns
    -------
    More or None
        Makes `stops` and `timetable` where no file of that name is given: the timetable for the service dates
        of the taps (or stop visits), or of the feed's busiest week. None without a zip.

    Raises
    ------
    DataRejected
        There is more than one zip, so that it is not clear which to read.
    """
    place = Path(folder)
    feeds = sorted(place.glob("*.zip")) if place.is_dir() else []
    if not feeds:
        return None
    if len(feeds) > 1:
        names = ", ".join(one.name for one in feeds)
        raise DataRejected(
            f"'{folder}' holds more than one zip ({names}): keep the GTFS feed to use, "
            "or name it in a source file."
        )

    @cache
    def feed() -> Gtfs:
        from workbench.data.gtfs import read_gtfs

        return read_gtfs(feeds[0])

    def made(name: str, tables: Mapping[str, Table]) -> tuple[pl.DataFrame, Listing, tuple[str, ...]] | None:
        if name not in ("stops", "timetable"):
            return None
        rows = feed().raw(name, _dates(feed(), tables) if name == "timetable" else None)
        return rows, feed().listing(name), feed().notes if name == "timetable" else ()

    return made


def _dates(feed: Gtfs, tables: Mapping[str, Table]) -> list[dt.date] | None:
    """Days of the data on which the feed has service; all of the data's where none, so that it complains."""
    dated = next((tables[name] for name in DATED if name in tables), None)
    if dated is None:
        return None
    days = (
        dated.by(["service_date"], lambda f: f.select("service_date").unique())
        .gather()["service_date"]
        .sort()
        .to_list()
    )
    served = set(feed.service_dates())
    return [day for day in days if day in served] or days
