"""
The water network of InfraRisk's toy city, in EPANET: read, checked, and every asset closed once.

It is Net1 of EPANET with other ids and a higher tank (srijithbalakrishnan/dreaminsg-integrated-model, in2),
so that WNTR's copy of Net1 says what its quantities are.
"""

import numpy as np
import polars as pl
import pytest

from workbench.lifelines import check
from workbench.lifelines.criticality import n_minus_1
from workbench.lifelines.readers import read_epanet
from workbench.lifelines.readers.epanet import low_capacity
from workbench.lifelines.solvers.hydraulic import Hydraulic
from workbench.lifelines.verification import screen_then_verify
from workbench.simulation import Streams

pytestmark = pytest.mark.real
wntr = pytest.importorskip("wntr")


@pytest.fixture(scope="module")
def city(real_data):
    return read_epanet(real_data / "lifelines" / "infrarisk_in2" / "water" / "water.inp")


def test_it_is_net1_with_other_names(city):
    net1 = read_epanet(wntr.network.WaterNetworkModel("Net1"))
    for column in ("demand", "volume_m3", "people"):
        mine, expected = (sorted(one.nodes[column].fill_null(0)) for one in (city, net1))
        assert mine == pytest.approx(expected)
    assert city.arrays.people.sum() == 7920
    assert check(city) == ()
    assert low_capacity(city) == ()


def test_all_of_it_is_served_and_its_only_supply_line_matters_most(city):
    solver = Hydraulic(city)
    assert solver.served(city.intact).sum() == pytest.approx(city.arrays.demand.sum())
    losses = n_minus_1(city, solver=solver)
    worst = losses.filter(pl.col("lost") > 0.99 * losses["lost"].max())
    assert {"W_R9", "W_WP9", "W_P10"} <= set(worst["id"])
    assert worst["lost_share"].max() == pytest.approx(0.811, abs=0.002)  # the tank holds the rest of the day
    found = screen_then_verify(city, verify=solver, top=3, share=0.5, streams=Streams(1))
    edges = losses.filter(pl.col("part") == "edge").head(3)
    assert np.allclose(found.worst["lost"], edges["lost"])
