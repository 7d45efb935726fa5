"""LIVED Workbench: analytics and simulation for the decisions of a smart-city action plan."""

__version__ = "0.1.0"
