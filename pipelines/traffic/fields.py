"""Parameters that more than one traffic decision asks for, in the same words and within the same bounds."""

from __future__ import annotations

from typing import Any

from workbench.domains import parameter


def capacity() -> Any:
    """Room in a vehicle."""
    return parameter(
        80,
        "Riders that a vehicle takes where the timetable does not say",
        "时刻表未注明时的车辆定员",
        "persons",
        ge=1,
        le=5000,
    )


def sample_share() -> Any:
    """Whom the taps stand for."""
    return parameter(
        1.0, "Share of all riders that the taps stand for", "刷卡记录代表的乘客比例", "share", gt=0, le=1
    )


def weekdays_only() -> Any:
    """Which days count."""
    return parameter(True, "Leave out Saturdays and Sundays", "不含周六和周日")


def resamples() -> Any:
    """How often days are drawn again."""
    return parameter(2000, "How many times the days are resampled", "对日期重抽样的次数", ge=200, le=50_000)
