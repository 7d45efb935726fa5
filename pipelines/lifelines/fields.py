"""Parameters that more than one lifeline decision asks for, in the same words and within the same bounds."""

from __future__ import annotations

from typing import Any

from workbench.domains import parameter


def magnitude(default: float) -> Any:
    """Size of the earthquake."""
    return parameter(default, "Moment magnitude of the earthquake", "地震矩震级", ge=4, le=9)


def depth_km() -> Any:
    """How deep the earthquake begins."""
    return parameter(10.0, "Depth of the earthquake's focus", "震源深度", "km", ge=0, le=300)


def vs30() -> Any:
    """How soft the ground is."""
    return parameter(
        360.0,
        "Shear-wave velocity of the upper 30 m of ground",
        "地表以下30米剪切波速",
        "m/s",
        ge=180,
        le=1300,
    )


def range_km() -> Any:
    """How far near places shake alike."""
    return parameter(
        25.0,
        "Distance at which two places hardly shake alike any more",
        "地震动相关性基本消失的距离",
        "km",
        ge=0,
        le=200,
    )


def service_value() -> Any:
    """What a service is worth in money."""
    return parameter(
        None,
        "Worth of one service to one person for a day; no money if empty",
        "每人每项服务每天的价值；不填则不货币化",
        "CNY",
        gt=0,
    )
