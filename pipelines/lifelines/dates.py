"""The day that the data speak of."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.domains import Measures


def last_day(measures: Measures) -> dt.date:
    """Day of the last incident known; where none is, the first day of the action plan."""
    from workbench import plan

    if measures.has("incidents"):
        started = measures.clean("incidents").each(lambda frame: frame.select("started")).gather()
        if started.height:
            last = started["started"].max()
            if isinstance(last, dt.datetime):
                return last.date()
    return plan.load().start
