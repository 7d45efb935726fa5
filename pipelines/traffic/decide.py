"""The decisions of the traffic domain."""

from pipelines.traffic.congestion import Congestion, CongestionParameters
from pipelines.traffic.crowding import Crowding, CrowdingParameters
from pipelines.traffic.headway_case import HeadwaysParameters
from pipelines.traffic.headways import Headways

__all__ = [
    "Congestion",
    "CongestionParameters",
    "Crowding",
    "CrowdingParameters",
    "Headways",
    "HeadwaysParameters",
]
