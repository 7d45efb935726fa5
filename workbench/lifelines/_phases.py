"""Phases of recovery, as the performance goal tables of NIST's planning guide (SP 1190) lay them out."""

from __future__ import annotations

import math

from workbench._text import Text

_MONTH_H = 365.25 * 24 / 12
PHASES: tuple[tuple[Text, float], ...] = (
    (Text("day 0", "当日"), 0.0),
    (Text("day 1", "第1天"), 24.0),
    (Text("days 1-3", "1至3天"), 72.0),
    (Text("weeks 1-4", "1至4周"), 28 * 24.0),
    (Text("weeks 4-8", "4至8周"), 56 * 24.0),
    (Text("weeks 8-12", "8至12周"), 84 * 24.0),
    (Text("month 4", "第4个月"), 4 * _MONTH_H),
    (Text("months 4-24", "4至24个月"), 24 * _MONTH_H),
    (Text("after 24 months", "24个月以后"), math.inf),
)
"""Phases of recovery and the hour at which each ends."""


def phase_of(hours: float) -> int:
    """Place in `PHASES` of an hour after the event."""
    return next(i for i, (_, end) in enumerate(PHASES) if hours <= end + 1e-9)
