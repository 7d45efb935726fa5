"""Simulation: random streams keyed by name and entity; models and experiments are built on them."""

from workbench.simulation.streams import Streams

__all__ = ["Streams"]
