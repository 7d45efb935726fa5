"""Times of a service day as whole seconds, the same on every engine."""

from __future__ import annotations

import narwhals as nw

from workbench.data.expressions import epoch_seconds
from workbench.data.table import Frame

DAY_S = 86_400
HOUR_S = 3_600
QUARTER_S = 900


def service_seconds(frame: Frame, new: str, timestamp: str) -> Frame:
    """
    Add the seconds between the midnight that begins the service date and a timestamp.

    After midnight they go on past 86,400, as times in GTFS do.
    """
    frame = frame.with_columns(nw.col("service_date").cast(nw.Datetime("us")).alias("_midnight"))
    frame = epoch_seconds(frame, {new: timestamp, "_midnight_s": "_midnight"})
    return frame.with_columns((nw.col(new) - nw.col("_midnight_s")).alias(new)).drop(
        "_midnight", "_midnight_s"
    )
