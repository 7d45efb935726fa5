"""Pump and tank scenarios: published indices, energy by WNTR and by hand, windows, prices and refusals."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import BadNetwork
from workbench.lifelines.dispatch import TODAY, FireFlow, WaterScenario, compare_dispatch, run_dispatch
from workbench.lifelines.readers import read_epanet

wntr = pytest.importorskip("wntr")
NETWORKS = Path(wntr.__file__).parent / "library" / "networks"
PUBLISHED = Path(wntr.__file__).parent / "tests" / "networks_for_testing"
LIFT = """[JUNCTIONS]
a 0 0
b 0 20
[RESERVOIRS]
low 10
high 60
[PUMPS]
p low a HEAD 1
[PIPES]
main a high 500 300 120 0 Open
arm high b 100 300 120 0 Open
[CURVES]
1 50 60
[PATTERNS]
1 1 1 1 1 1 1 1 1 1 1 1 1
[ENERGY]
Global Efficiency 80
[OPTIONS]
Units LPS
Headloss H-W
Pattern 1
[TIMES]
Duration 12:00
Pattern Timestep 2:00
Start ClockTime {start}
[END]
"""


@pytest.fixture(scope="module")
def net3():
    return read_epanet(NETWORKS / "Net3.inp")


@pytest.fixture(scope="module")
def today(net3):
    return run_dispatch(net3, price_per_kwh=0.1)


@pytest.fixture
def lift(tmp_path):
    def make(start="0:00", **changes):
        text = LIFT.format(start=start)
        for old, new in changes.items():
            text = text.replace({"curve": "HEAD 1", "rule": "[TIMES]"}[old], new)
        path = tmp_path / "lift.inp"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def one(run):
    """The row of a run's summary."""
    (row,) = run.summary.rows(named=True)
    return row


# --- oracles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", ["CMH", "GPM"])
@pytest.mark.parametrize(("solution", "index", "tolerance"), [("optCost", 0.22, 0.01), ("solA", 0.41, 0.03)])
def test_the_index_of_resilience_is_todinis(units, solution, index, tolerance):
    """Todini (2000), figure 2, with the tolerances of WNTR's own test; and WNTR's value itself."""
    path = PUBLISHED / f"Todini_Fig2_{solution}_{units}.inp"
    found = one(run_dispatch(path, duration_h=1, required_pressure_m=30))["todini"]
    assert found == pytest.approx(index, abs=tolerance)
    model = wntr.network.WaterNetworkModel(str(path))
    with tempfile.TemporaryDirectory() as folder:
        results = wntr.sim.EpanetSimulator(model).run_sim(os.path.join(folder, "run"))  # noqa: PTH118
    node, flow = results.node, results.link["flowrate"]
    expected = wntr.metrics.todini_index(node["head"], node["pressure"], node["demand"], flow, model, 30)
    assert found == pytest.approx(expected.iloc[0], abs=2e-4)


def test_energy_is_that_of_wntr(net3, today):
    """Power at each full hour by `wntr.metrics.pump_power`, from a run that rewrites the file."""
    model = wntr.network.WaterNetworkModel("Net3")
    model.options.time.duration = 24 * 3600
    hydraulic = model.options.hydraulic
    hydraulic.demand_model, hydraulic.accuracy = "PDD", 1e-5
    hydraulic.required_pressure, hydraulic.minimum_pressure = 21.1, 3.5
    with tempfile.TemporaryDirectory() as folder:
        results = wntr.sim.EpanetSimulator(model).run_sim(os.path.join(folder, "run"))  # noqa: PTH118
    flow = results.link["flowrate"][model.pump_name_list]
    watts = wntr.metrics.pump_power(flow, results.node["head"], model).sum(axis=1)
    power = dict(today.steps.select("time_h", "power_kw").iter_rows())
    for time, expected in watts.items():
        assert power[time / 3600] == pytest.approx(expected / 1000, rel=2e-3, abs=0.5)
    energy = wntr.metrics.pump_energy(flow, results.node["head"], model).iloc[:24].sum().sum() / 3.6e6
    assert one(today)["energy_kwh"] == pytest.approx(energy, rel=0.1)  # the pump goes off within an hour
    assert one(today)["cost"] == pytest.approx(0.1 * one(today)["energy_kwh"])


def test_energy_of_a_lift_is_its_weight_times_its_height(lift):
    """rho g Q H t / efficiency, with Q and H from where pump and pipe curve meet."""
    run = run_dispatch(lift(), duration_h=5)
    loss = 10.667 * 500 / 120**1.852 / 0.3**4.871
    flows = np.linspace(0, 0.1, 200_001)  # the pump gives 4/3 H - H/3 (q/Q)^2 with H = 60 m, Q = 50 l/s
    gain = 80 - 20 * (flows / 0.05) ** 2
    flow = flows[np.argmin(np.abs(gain - (50 + loss * flows**1.852)))]
    lifted = 50 + loss * flow**1.852
    expected = 9.81 * flow * lifted / 0.8 * 5
    assert one(run)["energy_kwh"] == pytest.approx(expected, rel=3e-3)


def test_water_is_conserved_in_the_tanks(net3):
    """What the three tanks lose is what is served less what comes in; checked on the level that falls."""
    run = run_dispatch(net3, WaterScenario(name="cut", closed_links=("60", "10")), duration_h=12)
    model = wntr.network.WaterNetworkModel("Net3")
    given = 0.0
    for name in model.tank_name_list:
        levels = run.tanks.filter(pl.col("id") == name)["level_m"]
        given += model.get_node(name).get_volume(levels[0]) - model.get_node(name).get_volume(levels[-1])
    served = float((run.steps["served_m3s"] * run.steps["length_h"]).sum() * 3600)
    assert given == pytest.approx(served, rel=2e-3)
    row = one(run)
    assert row["empty_tank_h"] > 0
    assert row["lowest_full"] == pytest.approx(0, abs=1e-3)
    assert row["served_share"] < 0.9


# --- what scenarios do ----------------------------------------------------------------------------


def test_today_is_the_file_as_it_is(today):
    row = one(today)
    assert row["served_share"] == pytest.approx(1, abs=1e-6)
    assert row["low_pressure_h"] == row["people_low"] == row["people_h_low"] == row["empty_tank_h"] == 0
    assert row["fire_served_share"] is None
    assert today.steps["length_h"].sum() == pytest.approx(24)
    assert today.steps.columns[:3] == ["time_h", "length_h", "wanted_m3s"]
    assert row["kwh_per_m3"] == pytest.approx(row["energy_kwh"] / (0.69069 * 86400), rel=1e-3)


def test_demand_is_multiplied_and_a_fire_is_not(net3, today):
    def wanted(run):
        return float((run.steps["wanted_m3s"] * run.steps["length_h"]).sum() * 3600)

    heat = run_dispatch(net3, WaterScenario(name="heat", demand_multiplier=1.3))
    assert wanted(heat) == pytest.approx(1.3 * wanted(today))
    fire = WaterScenario(name="fire", demand_multiplier=1.3, fires=(FireFlow("105", 0.1, 17.5, 20.25),))
    burning = run_dispatch(net3, fire)
    assert wanted(burning) - wanted(heat) == pytest.approx(0.1 * 2.75 * 3600)
    assert one(burning)["fire_served_share"] == pytest.approx(1)
    during = burning.steps.filter((pl.col("time_h") >= 17.5) & (pl.col("time_h") < 20.25))
    assert during["length_h"].sum() == pytest.approx(2.75)
    far = replace(fire, name="too much", fires=(FireFlow("243", 3.0, 2, 4),))
    assert 0 < one(run_dispatch(net3, far))["fire_served_share"] < 0.9


def test_an_outage_is_a_schedule_with_zeros(lift):
    """Where the pump would run anyway, both are the same run."""
    path = lift()
    off = run_dispatch(path, WaterScenario(name="off", outages={"p": (3, 7)}), duration_h=12)
    plan = run_dispatch(
        path, WaterScenario(name="off", pumps={"p": [1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1]}), duration_h=12
    )
    on = run_dispatch(path, duration_h=12)
    for row in (one(off), one(plan)):
        assert row["energy_kwh"] == pytest.approx(one(on)["energy_kwh"] * 8 / 12, rel=1e-3)
    low = off.steps.filter(pl.col("power_kw") < 1e-6)
    assert (low["time_h"].min(), low["length_h"].sum()) == (3, pytest.approx(4))


def test_controls_hold_before_and_after_an_outage_but_not_in_it(net3, today):
    """Pump 335 of Net3 runs until hour 4.2; out from 1 to 3, it does so after, and longer."""

    def power(run):
        return dict(run.steps.select("time_h", "power_kw").iter_rows())

    run = run_dispatch(net3, WaterScenario(name="off", outages={"335": (1, 3)}))
    usual, out = power(today), power(run)
    assert out[0.0] == usual[0.0]
    assert usual[1.0] - out[1.0] > 300
    assert usual[2.0] - out[2.0] > 300
    assert out[3.0] == pytest.approx(usual[3.0], rel=0.01)
    assert out[6.0] - usual[6.0] > 300  # the tank is late, so that its control lets the pump run longer
    assert out[12.0] == pytest.approx(usual[12.0], rel=0.01)


def test_an_outage_from_the_first_hour_to_the_last(lift):
    run = run_dispatch(lift(), WaterScenario(name="off", outages={"p": (0, 12)}), duration_h=12)
    assert one(run)["energy_kwh"] == pytest.approx(0, abs=1e-6)


def test_schedules_repeat_and_speeds_count(lift):
    path = lift()
    full, slow = (
        one(run_dispatch(path, WaterScenario(name="s", pumps={"p": speed}), duration_h=6))["energy_kwh"]
        for speed in (1, 0.95)
    )
    assert 0 < slow < full == pytest.approx(one(run_dispatch(path, duration_h=6))["energy_kwh"])
    half = run_dispatch(path, WaterScenario(name="s", pumps={"p": [0, 1]}), duration_h=6)
    assert one(half)["energy_kwh"] == pytest.approx(full / 2, rel=1e-6)
    assert half.steps.filter(pl.col("power_kw") > 1)["time_h"].to_list() == [1, 3, 5]


def test_prices_are_by_hour_of_the_day(lift):
    """From 22 h: two hours at 1, then from midnight at 3."""
    prices = [3.0] * 22 + [1.0, 1.0]
    run = run_dispatch(lift(start="10 PM"), duration_h=5, price_per_kwh=prices)
    assert one(run)["cost"] == pytest.approx(one(run)["energy_kwh"] * (2 * 1 + 3 * 3) / 5, rel=1e-3)


def test_tanks_begin_where_they_are_put(net3):
    levels = {"1": 5.0, "2": 3.0, "3": 10.0}
    run = run_dispatch(net3, WaterScenario(name="full", tank_levels=levels), duration_h=2)
    first = run.tanks.filter(pl.col("time_h") == 0)
    assert dict(first.select("id", "level_m").iter_rows()) == pytest.approx(levels)
    assert run.tanks["full"].is_between(0, 1).all()
    lowest = run.tanks.sort("full").row(0, named=True)
    assert one(run)["lowest_tank"] == lowest["id"]
    assert one(run)["lowest_level_m"] == lowest["level_m"]


def test_what_is_closed_serves_nothing_and_is_counted(net3):
    run = run_dispatch(net3, WaterScenario(name="burst", closed_links=("60",)))
    row = one(run)
    assert row["served_share"] == pytest.approx(1 - 0.4814, abs=0.002)
    people = net3.arrays.people.sum()
    assert 0 < row["people_low"] <= people
    assert row["people_h_low"] <= row["people_low"] * row["low_pressure_h"] + 1e-6
    assert row["unserved_m3"] == pytest.approx(0.4814 * 0.69069 * 86400, rel=0.01)
    tank = run_dispatch(net3, WaterScenario(name="tank", closed_nodes=("2",)))
    assert tank.tanks.filter(pl.col("id") == "2")["level_m"].n_unique() == 1


def test_scenarios_are_compared_in_their_order(net3):
    worse = WaterScenario(name="worse", demand_multiplier=2)
    table = compare_dispatch(net3, [worse, TODAY], duration_h=2, price_per_kwh=0.2)
    assert table["scenario"].to_list() == ["worse", "today"]
    assert table.columns[:4] == ["scenario", "served_share", "unserved_m3", "low_pressure_h"]
    assert table["energy_kwh"][0] != table["energy_kwh"][1]
    assert (
        compare_dispatch(NETWORKS / "Net3.inp", [TODAY], duration_h=2)["energy_kwh"][0]
        == table["energy_kwh"][1]
    )


def test_a_network_without_tanks_or_pumps_can_be_run():
    row = one(run_dispatch(PUBLISHED / "Todini_Fig2_solA_CMH.inp", duration_h=1, required_pressure_m=30))
    assert row["lowest_tank"] is None
    assert row["energy_kwh"] == row["empty_tank_h"] == 0


# --- refusals -------------------------------------------------------------------------------------


def test_scenarios_that_cannot_be_are_refused():
    for make, said in [
        (lambda: WaterScenario(name=""), "name"),
        (lambda: WaterScenario(name="s", demand_multiplier=0), "demand_multiplier"),
        (lambda: WaterScenario(name="s", demand_multiplier=float("nan")), "demand_multiplier"),
        (lambda: WaterScenario(name="s", outages={"p": (5, 5)}), "mend"),
        (lambda: WaterScenario(name="s", outages={"p": (5,)}), "two hours"),
        (lambda: WaterScenario(name="s", outages={"p": (-1, 5)}), "from_h"),
        (lambda: WaterScenario(name="s", outages={"p": (1, 5)}, pumps={"p": 1}), "schedule and an outage"),
        (lambda: WaterScenario(name="s", tank_levels={"t": float("inf")}), "level of tank"),
        (lambda: WaterScenario(name="s", closed_links="60"), "list of ids"),
        (lambda: FireFlow("a", 0, 1, 2), "flow_m3s"),
        (lambda: FireFlow("a", 1, 2, 1), "mend"),
    ]:
        with pytest.raises(BadParameter, match=said):
            make()


def test_what_does_not_fit_the_network_is_refused(net3, lift, tmp_path):
    for scenario, error, said in [
        (WaterScenario(name="s", pumps={"999": 1}), UnknownName, "pump"),
        (WaterScenario(name="s", pumps={"60": 1}), UnknownName, "pump"),
        (WaterScenario(name="s", outages={"999": (1, 2)}), UnknownName, "pump"),
        (WaterScenario(name="s", tank_levels={"River": 1}), UnknownName, "tank"),
        (WaterScenario(name="s", tank_levels={"1": 99}), BadParameter, "holds"),
        (WaterScenario(name="s", fires=(FireFlow("River", 1, 1, 2),)), UnknownName, "junction"),
        (WaterScenario(name="s", closed_links=("nothing",)), UnknownName, "edge"),
        (WaterScenario(name="s", closed_nodes=("nothing",)), UnknownName, "node"),
        (WaterScenario(name="s", pumps={"335": [1, -1]}), BadParameter, "speeds"),
        (WaterScenario(name="s", pumps={"335": []}), BadParameter, "speeds"),
        (WaterScenario(name="s", pumps={"335": [1, float("nan")]}), BadParameter, "speeds"),
    ]:
        with pytest.raises(error, match=said):
            run_dispatch(net3, scenario, duration_h=1)
    power = lift(curve="POWER 20")
    switched = WaterScenario(name="s", pumps={"p": [0, 1]})
    assert one(run_dispatch(power, switched, duration_h=2))["energy_kwh"] > 0
    with pytest.raises(BadParameter, match="constant power"):
        run_dispatch(power, WaterScenario(name="s", pumps={"p": 0.5}), duration_h=2)
    rule = "RULE 1\nIF SYSTEM TIME >= 2\nTHEN PUMP p STATUS IS OPEN\nAND PIPE main STATUS IS OPEN\n"
    ruled = lift(rule=f"[RULES]\n{rule}[TIMES]")
    with pytest.raises(BadParameter, match="together with main"):
        run_dispatch(ruled, WaterScenario(name="s", pumps={"p": 1}), duration_h=2)
    with pytest.raises(BadParameter, match="give it a schedule"):
        run_dispatch(ruled, WaterScenario(name="s", outages={"p": (1, 2)}), duration_h=2)
    with pytest.raises(BadNetwork, match="no such file"):
        run_dispatch(tmp_path / "nowhere.inp")


def test_options_that_cannot_be_are_refused(net3):
    for options, said in [
        ({"duration_h": 0}, "duration_h"),
        ({"required_pressure_m": 3}, "required_pressure_m"),
        ({"minimum_pressure_m": -3}, "minimum_pressure_m"),
        ({"price_per_kwh": [1, 2, 3]}, "price_per_kwh"),
        ({"price_per_kwh": float("nan")}, "price_per_kwh"),
    ]:
        with pytest.raises(BadParameter, match=said):
            run_dispatch(net3, **options)
    with pytest.raises(BadParameter, match="no scenario"):
        compare_dispatch(net3, [])
    with pytest.raises(BadParameter, match="Two scenarios"):
        compare_dispatch(net3, [TODAY, TODAY])
