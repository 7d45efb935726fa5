"""The decisions of this domain."""

from __future__ import annotations

from pipelines.lifelines.criticality import Criticality, CriticalityParameters

__all__ = ["Criticality", "CriticalityParameters"]
