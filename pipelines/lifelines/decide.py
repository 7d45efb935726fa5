"""The decisions of this domain."""

from __future__ import annotations

from pipelines.lifelines.availability import Availability, AvailabilityParameters
from pipelines.lifelines.criticality import Criticality, CriticalityParameters
from pipelines.lifelines.hardening import Hardening, HardeningParameters
from pipelines.lifelines.restoration import Restoration, RestorationParameters

__all__ = [
    "Availability",
    "AvailabilityParameters",
    "Criticality",
    "CriticalityParameters",
    "Hardening",
    "HardeningParameters",
    "Restoration",
    "RestorationParameters",
]
