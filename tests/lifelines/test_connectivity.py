"""Service by connectivity: a path is enough; compiled as by SciPy; the reliability of the bridge network."""

import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, EngineMissing, UnknownName
from workbench.lifelines import LifelineNetwork
from workbench.lifelines.criticality import n_minus_1, n_minus_2, two_edge_cuts
from workbench.lifelines.solvers import Solver, open_solver
from workbench.lifelines.solvers.connectivity import Connectivity


def states(network, count, seed, failing=0.3):
    return np.random.default_rng(seed).random((count, network.size)) > failing


def every(network, assets):
    """All states in which only these assets may be down."""
    bits = (np.arange(2 ** len(assets))[:, None] >> np.arange(len(assets))) & 1
    up = np.tile(network.intact, (len(bits), 1))
    up[:, assets] = bits == 1
    return up, bits.sum(axis=1)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_kernel_serves_what_the_reference_serves(some, data):
    network = data.draw(some())
    up = states(network, data.draw(st.sampled_from([0, 1, 63, 64, 65, 130])), data.draw(st.integers(0, 999)))
    quick, slow = Connectivity(network), Connectivity(network, engine="reference")
    assert np.array_equal(quick.served_many(up), slow.served_many(up))
    assert np.array_equal(quick.totals(up), slow.totals(up))
    for one in up[:2]:
        assert np.array_equal(quick.served(one), slow.served(one))
        assert quick.served(one).sum() == quick.totals(one[None])[0]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_repairing_an_asset_never_loses_service(some, data):
    network = data.draw(some())
    up = states(network, 70, data.draw(st.integers(0, 999)))
    better = up | (np.random.default_rng(7).random(up.shape) < 0.3)
    solver = Connectivity(network)
    assert np.all(solver.served_many(better) >= solver.served_many(up))


def test_the_bridge_network_is_as_reliable_as_published(build):
    """Two-terminal reliability 2p^2 + 2p^3 - 5p^4 + 2p^5: R. E. Barlow and F. Proschan (1975), Statistical
    Theory of Reliability and Life Testing."""
    network = build([(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)], demand=[0, 0, 0, 1])
    up, works = every(network, network.n + np.arange(5))
    served = Connectivity(network).totals(up)
    paths = np.bincount(works, served, 6)
    for p in (0.0, 0.1, 0.5, 0.9, 1.0):
        reliability = float((paths * p ** np.arange(6) * (1 - p) ** (5 - np.arange(6))).sum())
        assert reliability == pytest.approx(2 * p**2 + 2 * p**3 - 5 * p**4 + 2 * p**5, abs=1e-15)
    half = 0.5**5
    assert (served * half).sum() == 0.5
    assert sum(paths * 0.9 ** np.arange(6) * 0.1 ** (5 - np.arange(6))) == pytest.approx(0.97848, abs=1e-12)


def test_a_chain_is_served_up_to_the_break_and_along_directions(build):
    chain = build([(0, 1), (1, 2), (2, 3)], demand=[1, 2, 3, 4])
    solver = Connectivity(chain)
    assert solver.served(chain.intact).tolist() == [1, 2, 3, 4]
    assert solver.served(chain.without("e1")).tolist() == [1, 2, 0, 0]
    assert solver.served(chain.without("n1")).tolist() == [1, 0, 0, 0]
    assert solver.served(chain.without("n0")).tolist() == [0, 0, 0, 0]
    against = build([(0, 1), (2, 1), (2, 3)], demand=[1, 2, 3, 4], directed=[False, True, False])
    assert Connectivity(against).served(against.intact).tolist() == [1, 2, 0, 0]
    closed = build([(0, 1), (1, 2), (2, 3)], demand=[1, 2, 3, 4], capacity=[1, 0, 1])
    assert Connectivity(closed).served(closed.intact).tolist() == [1, 2, 0, 0]


def test_what_is_out_of_service_does_not_come_up_because_a_state_says_so(build):
    network = build([(0, 1), (1, 2), (0, 3)], down=("e1", "n3"))
    solver = Connectivity(network)
    assert solver.served(np.ones(network.size, bool)).tolist() == [1, 1, 0, 0]
    assert solver.served_many(np.ones((2, network.size), bool)).tolist() == [[True, True, False, False]] * 2
    lonely = build([], n=2, sources=(0, 1), down=("n1",))
    assert Connectivity(lonely).totals(np.ones((1, 2), bool)).tolist() == [1.0]


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_states_of_the_wrong_shape_are_refused(build, engine):
    network = build([(0, 1), (1, 2)])
    solver = Connectivity(network, engine=engine)
    for wrong in (np.ones(4, bool), np.ones(5), np.ones((1, 5), bool), np.ones((0, 5), bool)):
        with pytest.raises(BadParameter, match=r"assets|Booleans"):
            solver.served(wrong)
    for wrong in (np.ones(5, bool), np.ones((3, 4), bool), np.ones((3, 5), int), np.ones((1, 1, 5), bool)):
        for method in (solver.totals, solver.served_many):
            with pytest.raises(BadParameter, match=r"assets|Booleans"):
                method(wrong)
    assert solver.totals(np.ones((0, 5), bool)).shape == (0,)
    assert solver.totals(np.asfortranarray(states(network, 9, 1))).shape == (9,)


def test_solvers_are_opened_by_name(build):
    network = build([(0, 1)])
    solver = open_solver(network)
    assert isinstance(solver, Solver)
    assert (solver.name, type(solver)) == ("connectivity", Connectivity)
    assert open_solver(network, solver) is solver
    assert open_solver(network, "connectivity", engine="reference").engine == "reference"
    with pytest.raises(UnknownName, match=r"conectivity.*Nearest: connectivity"):
        open_solver(network, "conectivity")
    with pytest.raises(UnknownName, match="engine of connectivity"):
        Connectivity(network, engine="quick")


def test_without_numba_the_reference_answers(build, monkeypatch):
    network = build([(0, 1), (1, 2), (2, 0)])
    monkeypatch.setitem(sys.modules, "numba", None)
    slow = Connectivity(network, engine="reference")
    for ask in (
        lambda: Connectivity(network).served(network.intact),
        lambda: n_minus_1(network),
        lambda: n_minus_2(network),
        lambda: two_edge_cuts(network),
    ):
        with pytest.raises(EngineMissing, match="numba"):
            ask()
    assert slow.served(network.intact).tolist() == [1, 1, 1]
    assert n_minus_1(network, solver=slow)["lost"].to_list() == [3, 1, 1, 0, 0, 0]
    assert n_minus_2(network, solver=slow)["lost"].to_list() == [2, 1, 1]


def test_tiny_and_huge_demands_are_added_up():
    nodes = pl.DataFrame({"id": ["a", "b"], "supply": [1.0, 0.0], "demand": [1e300, 1e-300]})
    edges = pl.DataFrame({"id": ["e"], "u": ["a"], "v": ["b"]})
    network = LifelineNetwork("gas", nodes, edges)
    assert Connectivity(network).totals(network.intact[None])[0] == 1e300
