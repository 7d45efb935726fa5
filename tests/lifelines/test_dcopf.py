"""Cheapest dispatch against closed forms and pandapower; the published costs are in tests/real."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from workbench.errors import UnknownName
from workbench.lifelines import BadNetwork
from workbench.lifelines.dcflow import dc_flow
from workbench.lifelines.dcopf import dc_opf
from workbench.lifelines.readers.matpower import MatpowerCase

BASE = 100.0


def made(loads, generators, branches, costs):
    """Case of buses 1, 2, ...; plants (at, Pmin, Pmax); branches (from, to, r, x, rate, tap, shift, turn)."""
    bus, gen, branch = (
        np.zeros((len(loads), 13)),
        np.zeros((len(generators), 10)),
        np.zeros((len(branches), 13)),
    )
    bus[:, 0], bus[:, 1], bus[:, 2] = np.arange(1, len(loads) + 1), 1, loads
    bus[0, 1] = 3
    for row, (at, least, most) in zip(gen, generators, strict=True):
        row[[0, 7, 8, 9]] = at, 1, most, least
    for row, one in zip(branch, branches, strict=True):
        row[[0, 1, 2, 3, 5]] = one[:5]
        row[10] = 1
        more = [*one[5:], *(0, 0, 360)[len(one) - 5 :]]
        row[8], row[9], row[11], row[12] = more[0], more[1], -more[2], more[2]
    width = max(len(row) for row in costs)
    return MatpowerCase(
        "case", BASE, bus, gen, branch, np.array([[*row, *[0] * (width - len(row))] for row in costs], float)
    )


def linear(price):
    return [2, 0, 0, 2, price, 0]


def test_the_cheap_plant_runs_first():
    found = dc_opf(made([0, 150], [(1, 0, 100), (2, 0, 100)], [(1, 2, 0, 0.1, 0)], [linear(10), linear(30)]))
    assert found.cost == pytest.approx(100 * 10 + 50 * 30)
    assert found.generation == pytest.approx([100, 50])
    assert found.injections == pytest.approx([100, -100])
    assert found.flows == pytest.approx([100])
    assert found.prices == pytest.approx([30, 30])


def test_a_full_line_parts_the_prices():
    found = dc_opf(made([0, 150], [(1, 0, 200), (2, 0, 200)], [(1, 2, 0, 0.1, 60)], [linear(10), linear(30)]))
    assert found.generation == pytest.approx([60, 90])
    assert found.prices == pytest.approx([10, 30])


def test_least_outputs_and_generators_out_of_service_are_kept():
    case = made(
        [0, 150],
        [(1, 0, 200), (2, 20, 200), (2, 0, 200)],
        [(1, 2, 0, 0.1, 0)],
        [linear(10), linear(30), linear(1)],
    )
    case.gen[2, 7] = 0
    assert dc_opf(case).generation == pytest.approx([130, 20, 0])


def test_quadratic_costs_meet_at_one_price():
    # 0.02 P1 + 5 + ... : marginal costs 2 a P + b are equal, P1 + P2 = 120.
    costs = [[2, 0, 0, 3, 0.05, 10, 7], [2, 0, 0, 3, 0.10, 4, 3]]
    found = dc_opf(made([0, 120], [(1, 0, 200), (2, 0, 200)], [(1, 2, 0, 0.1, 0)], costs))
    first = (2 * 0.10 * 120 + 4 - 10) / (2 * (0.05 + 0.10))
    assert found.generation == pytest.approx([first, 120 - first], abs=0.05)
    expected = 0.05 * first**2 + 10 * first + 7 + 0.10 * (120 - first) ** 2 + 4 * (120 - first) + 3
    assert found.cost == pytest.approx(expected, rel=1e-7)


def test_piecewise_costs_are_followed():
    # 10 a MWh up to 50 MW, 40 beyond; the other plant asks 20.
    costs = [[1, 0, 0, 3, 0, 5, 50, 505, 100, 2505], linear(20)]
    found = dc_opf(made([0, 120], [(1, 0, 100), (2, 0, 60)], [(1, 2, 0, 0.1, 0)], costs))
    assert found.generation == pytest.approx([60, 60])
    assert found.cost == pytest.approx(505 + 10 * 40 + 60 * 20)


def test_branches_are_taken_as_each_tool_takes_them():
    # Two branches side by side share by susceptance: x / (r^2 + x^2) or 1 / (x tap).
    case = made([0, 90], [(1, 0, 200)], [(1, 2, 0.1, 0.1, 0, 0.5, 0), (1, 2, 0, 0.1, 0)], [linear(1)])
    assert dc_opf(case).flows == pytest.approx([30, 60])
    assert dc_opf(case, branches="matpower").flows == pytest.approx([60, 30])
    assert dc_opf(case, branches="matpower").flows == pytest.approx(dc_flow(case.network()).flows)


def test_phase_shifts_count_only_for_matpower():
    case = made([0, 90], [(1, 0, 200)], [(1, 2, 0, 0.1, 0, 1, 6), (1, 2, 0, 0.1, 0)], [linear(1)])
    around = BASE / 0.1 * np.deg2rad(6) / 2
    assert dc_opf(case).flows == pytest.approx([45, 45])
    assert dc_opf(case, branches="matpower").flows == pytest.approx([45 - around, 45 + around])


def test_a_limit_on_the_angle_is_a_limit_on_the_flow():
    case = made([0, 150], [(1, 0, 200), (2, 0, 200)], [(1, 2, 0, 0.1, 0, 0, 0, 3)], [linear(10), linear(30)])
    assert dc_opf(case).flows == pytest.approx([BASE / 0.1 * np.deg2rad(3)])


def test_an_isolated_bus_draws_nothing():
    case = made([0, 50, 70], [(1, 0, 60)], [(1, 2, 0, 0.1, 0), (2, 3, 0, 0.1, 0)], [linear(1)])
    case.bus[2, 1] = 4
    found = dc_opf(case)
    assert found.cost == pytest.approx(50)
    assert found.flows == pytest.approx([50, 0])


@pytest.mark.parametrize("name", ["case9", "case30", "case39"])
def test_quadratic_cases_cost_what_pandapower_says(name):
    with warnings.catch_warnings():
        # pandapower 3.5.6 ships these cases without the tap tables that it asks for.
        warnings.filterwarnings(
            "ignore", message="tap_dependency_table is missing", category=DeprecationWarning
        )
        import pandapower
        import pandapower.networks

        net = getattr(pandapower.networks, name)()
        pandapower.rundcopp(net, delta=1e-12)
    ppc = net._ppc_opf
    bus, gen, branch = (
        ppc["bus"][:, :13].real.copy(),
        ppc["gen"].real.copy(),
        ppc["branch"][:, :13].real.copy(),
    )
    bus[:, 0] += 1
    gen[:, 0] += 1
    branch[:, :2] += 1
    case = MatpowerCase(name, ppc["baseMVA"], bus, gen, branch, ppc["gencost"])
    assert dc_opf(case, branches="matpower").cost == pytest.approx(net.res_cost, rel=1e-5)


def test_bad_input_is_refused_in_a_sentence():
    case = made([0, 150], [(1, 0, 100), (2, 0, 20)], [(1, 2, 0, 0.1, 0)], [linear(10), linear(30)])
    with pytest.raises(BadNetwork, match="150 MW are drawn, and generators give up to 120 MW"):
        dc_opf(case)
    with pytest.raises(BadNetwork, match="gencost` has 0 rows for 2 generators"):
        dc_opf(replace(case, gencost=None))
    wrong = {
        "generator 2 .* not a convex polynomial": [2, 0, 0, 3, -0.1, 5, 0],
        "generator 2 .* degree 2": [2, 0, 0, 4, 0.1, 0, 5, 0],
        "generator 2 .* is not convex": [1, 0, 0, 3, 0, 0, 50, 500, 100, 600],
        "generator 2 .* to the right": [1, 0, 0, 2, 50, 0, 50, 500],
    }
    for said, cost in wrong.items():
        with pytest.raises(BadNetwork, match=said):
            dc_opf(made([0, 50], [(1, 0, 100), (2, 0, 90)], [(1, 2, 0, 0.1, 0)], [linear(10), cost]))
    with pytest.raises(UnknownName, match="Nearest: matpower"):
        dc_opf(case, branches="matpwer")
