"""Least load shedding against closed forms, another formulation of the programme, and the other solvers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from workbench.errors import BadParameter
from workbench.lifelines import BadNetwork, LifelineNetwork
from workbench.lifelines.dcflow import dc_flow, ptdf
from workbench.lifelines.solvers import Solver, open_solver
from workbench.lifelines.solvers.flow import Flow
from workbench.lifelines.solvers.powerflow import PowerFlow

SEEDS = st.integers(0, 2**32 - 1)


def made(supply, demand, edges):
    """Power network of nodes "0", "1", ... and edges (u, v, capacity, susceptance)."""
    nodes = pl.DataFrame(
        {
            "id": [str(i) for i in range(len(demand))],
            "supply": np.array(supply, float),
            "demand": np.array(demand, float),
        }
    )
    rows = [(f"e{k}", str(u), str(v), float(c), float(b)) for k, (u, v, c, b) in enumerate(edges)]
    schema = {
        "id": pl.String,
        "u": pl.String,
        "v": pl.String,
        "capacity": pl.Float64,
        "susceptance": pl.Float64,
    }
    return LifelineNetwork("power", nodes, pl.DataFrame(rows, schema=schema, orient="row"))


def triangle(limit):
    """100 MW from node 0 to node 2 over a line and, beside it, two lines: the one takes 2/3."""
    return made([100, 0, 0], [0, 0, 100], [(0, 2, limit, 50), (0, 1, np.inf, 50), (1, 2, np.inf, 50)])


def random_network(rng, n=None):
    n = n or int(rng.integers(2, 9))
    tree = [(int(rng.integers(0, k)), k) for k in range(1, n)]
    more = [tuple(rng.choice(n, 2, replace=False)) for _ in range(int(rng.integers(0, n + 2)))]
    demand = rng.gamma(1.0, 30.0, n) * (rng.random(n) < 0.7)
    supply = rng.gamma(1.0, 60.0, n) * (rng.random(n) < 0.5)
    supply[0] = 80.0
    capacity = rng.gamma(2.0, 20.0, len(tree) + len(more))
    capacity[rng.random(len(capacity)) < 0.15] = np.inf
    susceptance = rng.uniform(100, 3000, len(capacity))
    edges = [(u, v, c, b) for (u, v), c, b in zip(tree + more, capacity, susceptance, strict=True)]
    return made(supply, demand, edges)


def reach(network, up):
    """Demand in islands with a source, and the same up to their supply (island balance)."""
    import networkx as nx

    graph = network.to_networkx(up)
    a, index = network.arrays, network.node_index
    reached = balance = 0.0
    for part in nx.connected_components(graph):
        at = [index[one] for one in part]
        demand, supply = a.demand[at].sum(), a.supply[at].sum()
        reached += demand if supply > 0 else 0.0
        balance += min(demand, supply)
    return reached, balance


def test_it_is_a_solver():
    assert isinstance(open_solver(triangle(40), "powerflow"), Solver)
    assert PowerFlow(triangle(40)).name == "powerflow"


def test_power_divides_by_susceptance_so_that_a_full_line_holds_back_the_others():
    network = triangle(40)
    solver = PowerFlow(network)
    assert solver.served(network.intact) == pytest.approx([0, 0, 60], abs=1e-4)
    assert solver.flows(network.intact) == pytest.approx([40, 20, 20], abs=1e-4)
    assert Flow(network).served(network.intact)[2] == pytest.approx(100)
    assert solver.totals(network.without("e0")[None])[0] == pytest.approx(
        100, abs=1e-4
    )  # Braess: less is more


def test_plants_give_what_is_served():
    network = triangle(40)
    found = PowerFlow(network).dispatch(network.intact)
    assert found.generation == pytest.approx([60, 0, 0], abs=1e-4)
    assert found.served == pytest.approx([0, 0, 60], abs=1e-4)


def test_an_island_without_a_source_is_shed():
    network = made([50, 0, 0, 0], [10, 20, 5, 7], [(0, 1, np.inf, 9), (1, 2, np.inf, 9), (2, 3, np.inf, 9)])
    solver = PowerFlow(network)
    assert solver.served(network.without("e1")) == pytest.approx([10, 20, 0, 0], abs=1e-5)
    assert solver.served(network.without("0")) == pytest.approx([0, 0, 0, 0], abs=1e-5)
    assert solver.served(network.without("2")) == pytest.approx([10, 20, 0, 0], abs=1e-5)


def test_nothing_to_serve_is_served_at_once():
    network = made([50, 0], [0, 0], [(0, 1, 5, 9)])
    assert PowerFlow(network).totals(np.ones((2, 3), bool)).tolist() == [0, 0]
    assert PowerFlow(network).totals(np.ones((0, 3), bool)).tolist() == []
    alone = made([50, 0], [20, 3], [])
    assert PowerFlow(alone).served(alone.intact) == pytest.approx([20, 0], abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_least_shed_is_that_of_the_programme_on_distribution_factors(seed):
    network = random_network(np.random.default_rng(seed))
    a, n = network.arrays, network.n
    factors, limited = ptdf(network), np.isfinite(network.arrays.capacity)
    inject = np.hstack([factors, -factors])[limited]
    found = linprog(
        np.concatenate([np.zeros(n), -np.ones(n)]),
        A_ub=np.vstack([inject, -inject]) if limited.any() else None,
        b_ub=np.tile(a.capacity[limited], 2) if limited.any() else None,
        A_eq=np.concatenate([np.ones(n), -np.ones(n)])[None],
        b_eq=[0],
        bounds=[(0, one) for one in np.concatenate([a.supply, a.demand])],
    )
    assert PowerFlow(network).totals(network.intact[None])[0] == pytest.approx(-found.fun, abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_flows_keep_the_law_of_the_angles(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    up = rng.random(network.size) > 0.15
    found = PowerFlow(network).dispatch(up)
    again = dc_flow(network, found.generation - found.served, up, islands="shed")
    assert found.flows == pytest.approx(again.flows, abs=1e-3)
    assert (np.abs(found.flows) <= network.arrays.capacity + 1e-4).all()


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_each_solver_serves_at_most_what_the_one_before_serves(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    up = np.stack([rng.random(network.size) >= share for share in (0.0, 0.1, 0.3)])
    reached, balance = np.array([reach(network, one) for one in up]).T
    connected = open_solver(network, "connectivity").totals(up)
    flow, power = Flow(network).totals(up), PowerFlow(network).totals(up)
    assert connected == pytest.approx(reached)
    assert (reached >= balance - 1e-9).all()
    assert (balance >= flow - 1e-5).all()
    assert (flow >= power - 1e-4).all()


def test_states_that_are_the_same_are_served_the_same():
    rng = np.random.default_rng(5)
    network = random_network(rng, 6)
    different = rng.random((4, network.size)) > 0.2
    order = rng.integers(0, 4, 30)
    solver = PowerFlow(network)
    each = np.array([solver.served(up).sum() for up in different])
    assert (solver.totals(different[order]) == each[order]).all()


def test_what_is_short_is_shared_by_demand():
    edges = [(0, 1, 10, 50), (1, 2, np.inf, 50), (1, 3, np.inf, 50)]
    network = made([99, 0, 0, 0], [0, 0, 10, 30], edges)
    assert PowerFlow(network, fair=True).served(network.intact) == pytest.approx([0, 0, 2.5, 7.5], abs=1e-3)


def test_fairness_comes_after_shedding_the_least():
    # Node 1 draws over the full line alone, node 2 over a third of it: all to node 2 sheds least.
    network = made([100, 0, 0], [0, 100, 60], [(0, 1, 20, 50), (0, 2, np.inf, 50), (1, 2, np.inf, 50)])
    unfair, fair = PowerFlow(network), PowerFlow(network, fair=True)
    assert unfair.served(network.intact).sum() == pytest.approx(60, abs=1e-3)
    assert fair.served(network.intact) == pytest.approx([0, 0, 60], abs=1e-2)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_fair_shares_serve_as_much_and_on_a_tree_are_those_of_the_flow(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng, int(rng.integers(2, 6)))
    tree = np.concatenate([np.ones(2 * network.n - 1, bool), np.zeros(network.m - network.n + 1, bool)])
    unit = network.arrays.demand.max(initial=1.0)
    solver = PowerFlow(network, fair=True)
    assert solver.served(network.intact).sum() == pytest.approx(
        PowerFlow(network).served(network.intact).sum(), abs=1e-5 * unit
    )
    assert solver.served(tree) == pytest.approx(Flow(network, fair=True).served(tree), abs=1e-3 * unit)


def test_bad_input_is_refused_in_a_sentence():
    network = triangle(40)
    with pytest.raises(BadNetwork, match="no column 'susceptance'"):
        PowerFlow(LifelineNetwork("power", network.nodes, network.edges.drop("susceptance")))
    for value in (0.0, None, float("nan")):
        wrong = network.with_columns(edges=[pl.lit(value, pl.Float64).alias("susceptance")])
        with pytest.raises(BadNetwork, match="at the edges 'e0', 'e1', 'e2'"):
            PowerFlow(wrong)
    with pytest.raises(BadNetwork, match="holds String"):
        PowerFlow(network.with_columns(edges=[pl.lit("much").alias("susceptance")]))
    out = network.with_columns(edges=[pl.lit(0.0).alias("susceptance"), pl.lit(False).alias("in_service")])
    assert PowerFlow(out).totals(out.intact[None]).tolist() == [0]
    with pytest.raises(BadParameter, match="one state"):
        PowerFlow(network).served(np.ones((1, 6), bool))
    with pytest.raises(BadParameter, match="many states"):
        PowerFlow(network).totals(np.ones(6, bool))
