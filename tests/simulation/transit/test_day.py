"""The day: traffic, luck of the trips, accidents."""

import numpy as np
import pytest

from workbench.errors import BadParameter
from workbench.simulation import Streams
from workbench.simulation.transit import LineModel, Traffic, line_from_sections
from workbench.simulation.transit.day import window
from workbench.simulation.transit.demand import Demand


def field(traffic, replication=0, sections=40, hours=40):
    names = [str(each) for each in range(sections + 1)]
    line = line_from_sections("f", names, np.full(sections, 60.0), [0.0, hours * 3600.0])
    demand = Demand(line.stops, np.zeros((1, sections + 1, sections + 1)))
    return LineModel(line, demand, traffic=traffic).sample(Streams(11, replication))


def test_factors_have_mean_one_and_the_variation_asked_for():
    day = field(Traffic(field_cv=0.3, section_cv=0.2, driver_cv=0.1, memory=0.5))
    for factors, cv in ((day.traffic, 0.3), (day.trips, 0.2), (day.drivers, 0.1)):
        assert factors.mean() == pytest.approx(1, abs=0.02)
        assert factors.std() == pytest.approx(cv, rel=0.06)
        assert factors.min() > 0


def test_traffic_remembers():
    day = field(Traffic(field_cv=0.2, memory=0.8))
    logs = np.log(day.traffic)
    logs -= logs.mean()
    assert (logs[1:] * logs[:-1]).mean() / logs.var() == pytest.approx(0.8, abs=0.03)
    assert (logs[:, 1:] * logs[:, :-1]).mean() / logs.var() == pytest.approx(0, abs=0.05)


def test_days_differ_and_come_again():
    first, again, other = field(Traffic()), field(Traffic()), field(Traffic(), replication=1)
    assert (first.traffic == again.traffic).all()
    assert (first.traffic != other.traffic).all()


def test_accidents_slow_traffic_for_a_while():
    calm, rough = field(Traffic()), field(Traffic(accidents=30, accident_factor=5, accident_s=3600))
    ratio = rough.traffic / calm.traffic
    assert ratio.min() == 1
    assert ratio.max() > 4.9
    assert 0.002 < (ratio > 1).mean() < 0.1


def test_a_window_of_time_bins():
    line = line_from_sections("w", ["a", "b"], [60.0], [0.0, 1000.0])
    assert window(line, 150, 700)[:4].tolist() == [0.5, 1, 1 / 3, 0]
    assert not window(line, -100, 0).any()


def test_bad_traffic():
    for values, said in (
        ({"field_cv": -1}, "Traffic: field_cv"),
        ({"memory": 1.0}, "Traffic: memory"),
        ({"accident_factor": 0}, "Traffic: accident_factor"),
    ):
        with pytest.raises(BadParameter, match=said):
            Traffic(**values)
