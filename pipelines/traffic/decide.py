"""The decisions of the traffic domain."""

from pipelines.traffic.congestion import Congestion, CongestionParameters
from pipelines.traffic.crowding import Crowding, CrowdingParameters

__all__ = ["Congestion", "CongestionParameters", "Crowding", "CrowdingParameters"]
