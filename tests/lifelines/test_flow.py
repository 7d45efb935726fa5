"""Maximum flow against closed forms, SciPy, NetworkX and a linear programme."""

from __future__ import annotations

import sys

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from workbench.errors import BadParameter, EngineMissing, UnknownName
from workbench.lifelines import LifelineNetwork
from workbench.lifelines.solvers import Solver, open_solver
from workbench.lifelines.solvers.flow import Flow

SEEDS = st.integers(0, 2**32 - 1)


def made(supply, demand, edges):
    """Water network of nodes "0", "1", ... and edges (u, v, capacity[, directed])."""
    nodes = pl.DataFrame(
        {
            "id": [str(i) for i in range(len(demand))],
            "supply": np.array(supply, float),
            "demand": np.array(demand, float),
        }
    )
    rows = [(f"e{k}", str(e[0]), str(e[1]), float(e[2]), len(e) > 3) for k, e in enumerate(edges)]
    schema = {"id": pl.String, "u": pl.String, "v": pl.String, "capacity": pl.Float64, "directed": pl.Boolean}
    return LifelineNetwork("water", nodes, pl.DataFrame(rows, schema=schema, orient="row"))


def random_network(rng, whole=False):
    """Small network: edges side by side, one way, without limit or closed; sources with and without limit."""
    n, m = int(rng.integers(2, 9)), int(rng.integers(1, 16))
    draw = (lambda k: rng.integers(1, 9, k).astype(float)) if whole else (lambda k: rng.gamma(1.0, 3.0, k))
    demand, supply = draw(n) * (rng.random(n) < 0.7), draw(n) * 2 * (rng.random(n) < 0.4)
    supply[0] = np.inf if rng.random() < 0.3 and not whole else 5.0
    ends = np.array([rng.choice(n, 2, replace=False) for _ in range(m)])
    capacity = draw(m)
    capacity[rng.random(m) < 0.1] = 0.0
    if not whole:
        capacity[rng.random(m) < 0.1] = np.inf
    edges = [
        (u, v, c, True) if rng.random() < 0.3 else (u, v, c) for (u, v), c in zip(ends, capacity, strict=True)
    ]
    return made(supply, demand, edges)


def damage(rng, network, share=0.2):
    return rng.random(network.size) >= share


def networkx_value(network, up):
    """Most that can be served, by NetworkX on the digraph with a super source and sink."""
    a, n = network.arrays, network.n
    graph = nx.DiGraph()
    graph.add_nodes_from(["s", "t"])
    large = a.demand.sum()

    def add(u, v, capacity):
        graph.add_edge(
            u, v, capacity=graph.get_edge_data(u, v, {"capacity": 0.0})["capacity"] + min(capacity, large)
        )

    for j in range(network.m):
        u, v = a.u[j], a.v[j]
        if up[n + j] and up[u] and up[v]:
            add(u, v, a.capacity[j])
            if not a.directed[j]:
                add(v, u, a.capacity[j])
    for i in np.flatnonzero(up[:n]):
        add("s", i, a.supply[i])
        add(i, "t", a.demand[i])
    return nx.maximum_flow_value(graph, "s", "t")


def programme(network, up, floor, raise_, target=None):
    """
    Linear programme over flows and services: each node gets at least `floor` of its demand.

    Maximises t, added to the floor of the nodes `raise_`; returns t and the services.
    """
    a, n, m = network.arrays, network.n, network.m
    nodes = up[:n]
    open_ = up[n:] & nodes[a.u] & nodes[a.v]
    cap = np.where(open_, a.capacity, 0)
    columns = m + 2 * n + 1
    balance = np.zeros((n, columns))
    for j in range(m):
        balance[a.u[j], j] -= 1
        balance[a.v[j], j] += 1
    balance[:, m : m + n], balance[:, m + n : m + 2 * n] = np.eye(n), -np.eye(n)
    rows, limits = [], []
    for i in np.flatnonzero((a.demand > 0) & nodes):
        row = np.zeros(columns)
        row[m + n + i] = -1
        row[-1] = a.demand[i] if i in raise_ else 0
        rows.append(row)
        limits.append(-floor[i] * a.demand[i])
    if target is not None:
        rows.append(np.concatenate([np.zeros(m + n), -np.ones(n), [0]]))
        limits.append(-target)
    bounds = [(0 if a.directed[j] else -cap[j], cap[j]) for j in range(m)]
    bounds += [(0, a.supply[i] if nodes[i] else 0) for i in range(n)]
    bounds += [(0, a.demand[i] if nodes[i] else 0) for i in range(n)] + [(0, 1)]
    cost = np.zeros(columns)
    cost[-1] = -1
    found = linprog(
        cost, A_ub=rows or None, b_ub=limits or None, A_eq=balance, b_eq=np.zeros(n), bounds=bounds
    )
    assert found.status == 0, found.message
    return found.x[-1], found.x[m + n : m + 2 * n]


def fair_shares(network, up):
    """Shares of lexicographic fairness: raise all, then try each node alone to see whom it holds back."""
    n, demand = network.n, network.arrays.demand
    share = np.zeros(n)
    active = set(np.flatnonzero((demand > 0) & up[:n]).tolist())
    while active:
        t, _ = programme(network, up, share, active)
        level = {i: share[i] + t for i in active}
        for i, value in level.items():
            share[i] = value - 1e-9
        stuck = {i for i in active if level[i] > 1 - 1e-7 or programme(network, up, share, {i})[0] < 1e-6}
        assert stuck
        active -= stuck
    return share


def test_it_is_a_solver():
    network = made([5, 0], [0, 3], [(0, 1, 2)])
    assert isinstance(open_solver(network, "flow"), Solver)
    assert open_solver(network, "flow", fair=True).name == "flow"


def test_the_narrowest_part_of_the_way_decides():
    network = made([9, 0, 0], [0, 0, 8], [(0, 1, 7), (1, 2, 3)])
    solver = Flow(network)
    assert solver.served(network.intact).tolist() == [0, 0, 3]
    assert solver.flows(network.intact).tolist() == [3, 3]
    assert solver.flows(network.without("e1")).tolist() == [0, 0]


def test_flow_against_the_direction_in_which_an_edge_is_written_is_negative():
    network = made([0, 9], [4, 0], [(0, 1, np.inf)])
    assert Flow(network).flows(network.intact).tolist() == [-4]


def test_a_textbook_flow_with_a_way_back():
    # Cormen et al., Introduction to Algorithms, figure 26.1: the Lucky Puck Company, value 23.
    arcs = [
        (0, 1, 16),
        (0, 2, 13),
        (2, 1, 4),
        (1, 3, 12),
        (3, 2, 9),
        (2, 4, 14),
        (4, 3, 7),
        (3, 5, 20),
        (4, 5, 4),
    ]
    network = made([99, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 99], [(*arc, True) for arc in arcs])
    assert Flow(network).totals(network.intact[None])[0] == pytest.approx(23, abs=1e-9)


def test_a_source_serves_itself_first_and_only_while_it_is_up():
    network = made([5, 0], [3, 9], [(0, 1, np.inf)])
    solver = Flow(network)
    assert solver.served(network.intact).sum() == 5
    assert solver.served(network.without("e0")).tolist() == [3, 0]
    assert solver.served(network.without("0")).tolist() == [0, 0]


def test_a_one_way_edge_carries_nothing_back():
    network = made([0, 9], [4, 0], [(0, 1, np.inf, True)])
    assert Flow(network).served(network.intact).tolist() == [0, 0]


def test_edges_side_by_side_add_up():
    network = made([9, 0], [0, 9], [(0, 1, 2), (1, 0, 3), (0, 1, 1.5, True)])
    for engine in ("kernel", "reference"):
        assert Flow(network, engine=engine).served(network.intact)[1] == pytest.approx(6.5, abs=1e-7)
    assert Flow(network).flows(network.intact).tolist() == [2, -3, 1.5]


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_without_demand_or_without_anything_up_nothing_is_served(engine):
    network = made([9, 0], [0, 0], [(0, 1, 2)])
    assert Flow(network, engine=engine).totals(np.ones((2, 3), bool)).tolist() == [0, 0]
    network = made([9, 0], [0, 4], [(0, 1, 2)])
    assert Flow(network, engine=engine).totals(np.zeros((1, 3), bool)).tolist() == [0]
    assert Flow(network, engine=engine).totals(np.zeros((0, 3), bool)).tolist() == []
    alone = made([9, 0], [2, 4], [])
    assert Flow(alone, engine=engine).served(alone.intact) == pytest.approx([2, 0], abs=1e-7)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_the_unit_does_not_matter(scale):
    network = made([9 * scale, 0], [0, 9 * scale], [(0, 1, 4 * scale)])
    assert Flow(network).totals(network.intact[None])[0] == pytest.approx(4 * scale, rel=1e-12)


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_totals_are_those_of_networkx_and_scipy(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    up = np.stack([network.intact, damage(rng, network), damage(rng, network, 0.5)])
    whole = max(network.arrays.demand.sum(), 1.0)
    found = Flow(network).totals(up)
    assert found == pytest.approx([networkx_value(network, one) for one in up], abs=1e-9 * whole)
    assert Flow(network, engine="reference").totals(up) == pytest.approx(found, abs=1e-7 * whole)


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_flows_and_services_are_possible(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    up = damage(rng, network)
    a, n = network.arrays, network.n
    solver = Flow(network)
    served, flows = solver.served(up), solver.flows(up)
    assert served.sum() == pytest.approx(solver.totals(up[None])[0])
    assert (served >= 0).all()
    assert (served <= a.demand).all()
    assert not served[~up[:n]].any()
    open_ = up[n:] & up[a.u] & up[a.v]
    assert not flows[~open_].any()
    assert (np.abs(flows) <= a.capacity + 1e-9).all()
    assert (flows[a.directed] >= -1e-12).all()
    given_ = served + np.bincount(a.u, flows, n) - np.bincount(a.v, flows, n)
    assert (given_ >= -1e-9).all()
    assert (given_ <= np.where(up[:n], a.supply, 0) + 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_an_edge_without_flow_can_fail_and_repair_never_harms(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    up = damage(rng, network)
    solver = Flow(network)
    total, flows = solver.totals(up[None])[0], solver.flows(up)
    for j in range(network.m):
        less, more = up.copy(), up.copy()
        less[network.n + j], more[network.n + j] = False, True
        without, repaired = solver.totals(np.stack([less, more]))
        assert without <= total + 1e-9
        assert repaired >= total - 1e-9
        if flows[j] == 0:
            assert without == pytest.approx(total, abs=1e-9)


def test_what_is_short_is_shared_by_demand():
    network = made([np.inf, 0, 0, 0], [0, 0, 10, 30], [(0, 1, 10), (1, 2, np.inf), (1, 3, np.inf)])
    assert Flow(network, fair=True).served(network.intact) == pytest.approx([0, 0, 2.5, 7.5])


def test_a_node_that_is_held_back_leaves_the_rest_to_the_others():
    # Node 1 has a pipe of 1 for its 10; what is left of 11 goes to 2 and 3 alike; 4 has a way of its own.
    edges = [(0, 5, 11), (5, 1, 1), (5, 2, np.inf), (5, 3, np.inf), (0, 4, np.inf)]
    network = made([np.inf, 0, 0, 0, 0, 0], [0, 10, 10, 10, 7, 0], edges)
    assert Flow(network, fair=True).served(network.intact) == pytest.approx([0, 1, 5, 5, 7, 0])


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_fair_shares_are_those_of_a_linear_programme_and_serve_as_much(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    up = damage(rng, network)
    served = Flow(network, fair=True).served(up)
    assert served.sum() == pytest.approx(Flow(network).totals(up[None])[0], abs=1e-8)
    demand = network.arrays.demand
    shares = np.divide(served, demand, out=np.zeros(network.n), where=demand > 0)
    assert shares == pytest.approx(fair_shares(network, up), abs=1e-5)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_no_node_can_get_more_but_from_one_that_gets_no_more_than_it(seed):
    rng = np.random.default_rng(seed)
    n = 30
    ends = [rng.choice(n, 2, replace=False) for _ in range(55)]
    demand, supply = rng.gamma(1.0, 3.0, n), rng.gamma(1.0, 9.0, n) * (rng.random(n) < 0.3)
    capacity = rng.gamma(1.0, 3.0, len(ends))
    network = made(supply, demand, [(*end, c) for end, c in zip(ends, capacity, strict=True)])
    served = Flow(network, fair=True).served(network.intact)
    share = served / demand
    assert served.sum() == pytest.approx(Flow(network).totals(network.intact[None])[0])
    for i in np.flatnonzero(share < 1 - 1e-6):
        wanted = np.minimum(share, share[i]) * demand  # those who get more may give it up
        wanted[i] += 1e-4 * demand[i]
        tried = network.with_columns(nodes=[pl.Series("demand", wanted)])
        assert Flow(tried).totals(tried.intact[None])[0] < wanted.sum() - 1e-7


def test_the_same_state_is_always_served_alike():
    rng = np.random.default_rng(3)
    network = random_network(rng)
    ups = np.stack([damage(rng, network) for _ in range(20)])
    solver = Flow(network)
    first = [solver.served(up) for up in ups]
    again = [Flow(network).served(up) for up in ups[::-1]][::-1]
    assert all((a == b).all() for a, b in zip(first, again, strict=True))


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_cheapest_flow_is_that_of_network_simplex(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng, whole=True)
    up = damage(rng, network, 0.1)
    cost = rng.integers(0, 9, network.m).astype(float)
    found = Flow(network).min_cost(up, cost)
    total = round(float(Flow(network).totals(up[None])[0]))
    a, n = network.arrays, network.n
    graph = nx.MultiDiGraph()
    graph.add_node("s", demand=-total)
    graph.add_node("t", demand=total)
    for j in np.flatnonzero(up[n:] & up[a.u] & up[a.v]):
        both = [(a.u[j], a.v[j])] + ([] if a.directed[j] else [(a.v[j], a.u[j])])
        for u, v in both:
            graph.add_edge(int(u), int(v), capacity=int(a.capacity[j]), weight=int(cost[j]))
    for i in np.flatnonzero(up[:n]):
        graph.add_edge("s", int(i), capacity=int(a.supply[i]), weight=0)
        graph.add_edge(int(i), "t", capacity=int(a.demand[i]), weight=0)
    simple = (
        nx.DiGraph()
    )  # network_simplex takes no multigraph of antiparallel pairs without keys: split each arc
    simple.add_nodes_from(graph.nodes(data=True))
    for k, (u, v, data) in enumerate(graph.edges(data=True)):
        simple.add_edge(u, ("arc", k), **data)
        simple.add_edge(("arc", k), v, capacity=data["capacity"], weight=0)
    expected, _ = nx.network_simplex(simple)
    assert found.cost == pytest.approx(expected, abs=1e-4)
    assert found.served.sum() == pytest.approx(total, abs=1e-5)
    assert (np.abs(found.flows) <= a.capacity + 1e-6).all()


def test_the_shorter_way_is_the_cheaper():
    network = made([9, 0, 0], [0, 0, 4], [(0, 2, 3), (0, 1, 9), (1, 2, 9)])
    found = Flow(network).min_cost(network.intact)
    assert found.flows == pytest.approx([3, 1, 1])
    assert found.cost == pytest.approx(5)


def test_bad_input_is_refused_in_a_sentence():
    network = made([9, 0], [0, 4], [(0, 1, 2)])
    solver = Flow(network)
    for wrong in (np.ones(2, bool), np.ones(3), np.ones((1, 3), bool), np.ones((1, 1, 3), bool)):
        with pytest.raises(BadParameter):
            solver.served(wrong)
    with pytest.raises(BadParameter, match="many states"):
        solver.totals(network.intact)
    with pytest.raises(UnknownName, match="Known: kernel, reference"):
        Flow(network, engine="boost")
    with pytest.raises(BadParameter, match="shares nothing out"):
        Flow(network, engine="reference", fair=True)
    for cost, said in (([1.0, 2.0], "each of 1 edges"), ([-1.0], "edges e0"), ([np.nan], "0 or more")):
        with pytest.raises(BadParameter, match=said):
            solver.min_cost(network.intact, np.array(cost))


def test_without_numba_the_reference_still_serves(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    network = made([9, 0], [0, 4], [(0, 1, 2)])
    with pytest.raises(EngineMissing, match=r"Maximum flow .* needs the Python package 'numba'"):
        Flow(network).totals(network.intact[None])
    assert Flow(network, engine="reference").totals(network.intact[None]) == pytest.approx([2])
