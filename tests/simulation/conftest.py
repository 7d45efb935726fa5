"""Models for the tests of experiments."""

import math
from dataclasses import dataclass

import polars as pl
import pytest


@dataclass(frozen=True)
class Shop:
    """A scenario that can misbehave."""

    pace: float = 1.0
    fails_above: float = math.inf
    closed_above: float = math.inf


class ShopModel:
    """The mean of ten waits; fast enough to be run by the thousand."""

    name, version = "shop", "1"
    outcomes = {"mean_wait": "s", "served": "persons"}  # noqa: RUF012 - as a user would write it

    def sample(self, streams):
        return streams.generator("service").exponential(1.0, 10)

    def run(self, scenario, day):
        if day[0] > scenario.fails_above:
            raise ValueError("the till is broken")
        wait = math.nan if day[0] > scenario.closed_above else float(day.mean()) * scenario.pace
        return {"mean_wait": wait, "served": 10}

    def trace(self, scenario, day):
        return pl.DataFrame({"time_s": day.cumsum(), "event": ["served"] * len(day)})

    def series(self, scenario, day):
        return {"wait": day.repeat(10)}


@pytest.fixture
def shop():
    return ShopModel()


@pytest.fixture
def scenario():
    return Shop
