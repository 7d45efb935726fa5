"""The decisions of the traffic domain."""

from pipelines.traffic.congestion import Congestion, CongestionParameters
from pipelines.traffic.crowding import Crowding, CrowdingParameters
from pipelines.traffic.headways import Headways, HeadwaysParameters

__all__ = [
    "Congestion",
    "CongestionParameters",
    "Crowding",
    "CrowdingParameters",
    "Headways",
    "HeadwaysParameters",
]
