"""Direct-current power flow against pandapower, closed forms and brute force."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import BadNetwork, LifelineNetwork
from workbench.lifelines.dcflow import dc_flow, lodf, overloads, ptdf
from workbench.lifelines.readers.matpower import read_matpower

SEEDS = st.integers(0, 2**32 - 1)
CASES = ("case14", "case30", "case57", "case118")


def made(supply, demand, edges, **columns):
    """Power network of nodes "0", "1", ... and edges (u, v, capacity, susceptance, shift in degrees)."""
    nodes = pl.DataFrame(
        {
            "id": [str(i) for i in range(len(demand))],
            "supply": np.array(supply, float),
            "demand": np.array(demand, float),
        }
        | columns
    )
    rows = [
        (f"e{k}", str(u), str(v), float(c), float(b), float(shift[0]) if shift else 0.0)
        for k, (u, v, c, b, *shift) in enumerate(edges)
    ]
    names = ("id", "u", "v", "capacity", "susceptance", "shift_deg")
    schema = dict(zip(names, [pl.String] * 3 + [pl.Float64] * 3, strict=True))
    return LifelineNetwork("power", nodes, pl.DataFrame(rows, schema=schema, orient="row"))


def random_network(rng):
    n = int(rng.integers(3, 10))
    ends = [(int(rng.integers(0, k)), k) for k in range(1, n)]
    ends += [tuple(rng.choice(n, 2, replace=False)) for _ in range(int(rng.integers(1, n + 3)))]
    demand, supply = rng.gamma(1.0, 30.0, n), rng.gamma(1.0, 60.0, n) * (rng.random(n) < 0.4)
    supply[0] = 70.0
    edges = [(u, v, rng.gamma(2.0, 15.0), rng.uniform(100, 3000), rng.normal(0, 3)) for u, v in ends]
    return made(supply, demand, edges)


@pytest.fixture(scope="module")
def solved():
    """Cases of pandapower, solved by it: the network as this house reads it, and pandapower's own tables."""
    with warnings.catch_warnings():
        # pandapower 3.5.6 ships these cases without the tap tables that it asks for.
        warnings.filterwarnings(
            "ignore", message="tap_dependency_table is missing", category=DeprecationWarning
        )
        import pandapower
        import pandapower.networks

        found = {}
        for case in CASES:
            net = getattr(pandapower.networks, case)()
            pandapower.rundcpp(net)
            found[case] = net._ppc
    return found


def as_mfile(ppc):
    """Write pandapower's tables as a MATPOWER file, to the last digit, with the generation it solved for."""
    tables = {"bus": ppc["bus"][:, :13], "gen": ppc["gen"][:, :10], "branch": ppc["branch"][:, :13].real}
    lines = ["function mpc = case", "mpc.version = '2';", f"mpc.baseMVA = {ppc['baseMVA']!r};"]
    for name, rows in tables.items():
        rows = rows.copy()
        if name == "bus":
            rows[:, 0] += 1
        elif name == "gen":
            rows[:, 0] += 1
            rows[:, 8] = np.maximum(rows[:, 8], rows[:, 1])
            rows[:, 9] = np.minimum(rows[:, 9], rows[:, 8])
        else:
            rows[:, :2] += 1
            rows[:, 5] = 0
        lines += [f"mpc.{name} = [", *(" ".join(repr(float(one)) for one in row) + ";" for row in rows), "];"]
    return "\n".join(lines)


@pytest.fixture(scope="module", params=CASES)
def case(request, solved, tmp_path_factory):
    path = tmp_path_factory.mktemp("case") / "case.m"
    path.write_text(as_mfile(solved[request.param]))
    return read_matpower(path), solved[request.param]


def test_flows_and_angles_are_those_of_pandapower(case):
    network, ppc = case
    found = dc_flow(network)
    assert found.flows == pytest.approx(ppc["branch"][:, 13].real, abs=1e-9)
    assert np.rad2deg(found.angles) == pytest.approx(
        ppc["bus"][:, 8] - ppc["bus"][found.slack[0], 8], abs=1e-9
    )


def test_distribution_factors_are_those_of_pandapower(case):
    from pandapower.pypower.makeLODF import makeLODF
    from pandapower.pypower.makePTDF import makePTDF

    network, ppc = case
    own = ptdf(network)
    slack = int(dc_flow(network).slack[0])
    branch = ppc["branch"].real.copy()
    expected = makePTDF(ppc["baseMVA"], ppc["bus"], branch, slack)
    assert own == pytest.approx(expected, abs=1e-9)
    with np.errstate(invalid="ignore", divide="ignore"):
        factors = makeLODF(branch, expected)
    apart = np.isnan(lodf(network)).any(0)
    assert lodf(network)[:, ~apart] == pytest.approx(factors[:, ~apart], abs=1e-8)
    assert (~np.isfinite(factors[:, apart]) | (np.abs(factors[:, apart]) > 1e6)).any(0).all()


def test_power_divides_by_susceptance():
    network = made([90, 0, 0], [0, 0, 90], [(0, 2, 99, 50), (0, 1, 99, 50), (1, 2, 99, 50)])
    found = dc_flow(network)
    assert found.flows == pytest.approx([60, 30, 30])
    assert found.angles == pytest.approx([0, -0.6, -1.2])
    assert ptdf(network)[:, 2] == pytest.approx([-2 / 3, -1 / 3, -1 / 3])
    assert lodf(network)[:, 0] == pytest.approx([-1, 1, 1])


def test_a_phase_shifter_drives_power_around():
    # Two equal lines side by side, 6 degrees on one: half of b phi goes around.
    network = made([90, 0], [0, 90], [(0, 1, 99, 500), (0, 1, 99, 500, 6)])
    around = 500 * np.deg2rad(6) / 2
    assert dc_flow(network).flows == pytest.approx([45 + around, 45 - around])


def test_the_slack_makes_up_the_balance():
    network = made([10, 40, 0], [0, 0, 30], [(0, 1, 9, 50), (1, 2, 9, 50)])
    found = dc_flow(network, np.array([5.0, 0, -30]))
    assert found.slack.tolist() == [1]  # the greatest source
    assert found.injections == pytest.approx([5, 25, -30])
    named = network.with_columns(nodes=[pl.Series("slack", [True, False, False])])
    assert dc_flow(named, np.array([0.0, 7, -30])).injections == pytest.approx([23, 7, -30])


def test_sources_share_what_is_drawn_where_nothing_is_scheduled():
    network = made([10, 30, 0], [0, 0, 20], [(0, 2, 9, 50), (1, 2, 9, 50)])
    assert dc_flow(network).flows == pytest.approx([5, 15])
    scheduled = network.with_columns(
        nodes=[pl.Series("generation", [12.0, 8.0, 0.0]), pl.lit(0.0).alias("shunt_mw")]
    )
    assert dc_flow(scheduled).flows == pytest.approx([12, 8])
    endless = made([np.inf, 30], [0, 20], [(0, 1, 9, 50)])
    with pytest.raises(BadNetwork, match="the sources '0' have no limit"):
        dc_flow(endless)
    assert dc_flow(endless, np.array([20.0, -20])).flows == pytest.approx([20])


def test_an_island_without_a_source_is_named_or_shed():
    network = made([50, 0, 0, 0], [10, 0, 5, 7], [(0, 1, 9, 9), (1, 2, 9, 9), (2, 3, 9, 9)])
    up = network.without("e1")
    with pytest.raises(BadNetwork, match=r"island of the nodes '2', '3' lacks a source .* by 12 MW"):
        dc_flow(network, up=up)
    found = dc_flow(network, up=up, islands="shed")
    assert found.flows == pytest.approx([0, 0, 0])
    assert np.isnan(found.angles).tolist() == [False, False, True, True]
    assert found.injections.sum() == pytest.approx(0)
    assert found.island.tolist() == [0, 0, 1, 1]
    balanced = dc_flow(network, np.array([0.0, 0, 4, -4]), up)
    assert balanced.flows == pytest.approx([0, 0, 4])


def test_nothing_flows_where_everything_is_down():
    network = made([50, 0], [10, 5], [(0, 1, 9, 9)])
    none = np.zeros(3, bool)
    assert dc_flow(network, up=none).flows.tolist() == [0]
    assert ptdf(network, none).tolist() == [[0, 0]]
    assert lodf(network, none).tolist() == [[0]]
    assert overloads(network, up=none).is_empty()
    apart = network.without("1")
    assert dc_flow(network, up=apart).island.tolist() == [0, -1]


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_flows_balance_at_every_node_and_add_up(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    a, n = network.arrays, network.n
    first, second = rng.normal(0, 30, (2, n))
    found = dc_flow(network, first)
    out = np.bincount(a.u, found.flows, n) - np.bincount(a.v, found.flows, n)
    assert out == pytest.approx(found.injections, abs=1e-7)
    rest = np.arange(n) != found.slack[0]
    assert out[rest] == pytest.approx(first[rest], abs=1e-7)
    idle = dc_flow(network, np.zeros(n)).flows
    both = dc_flow(network, first + second).flows
    assert both - idle == pytest.approx(found.flows + dc_flow(network, second).flows - 2 * idle, abs=1e-7)
    assert found.flows - idle == pytest.approx(ptdf(network) @ np.where(rest, first, 0), abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_outage_factors_are_those_of_taking_each_edge_away(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    up = network.intact.copy()
    up[network.n + rng.integers(network.n - 1, network.m)] = False  # one beside the tree is down already
    injections = rng.normal(0, 30, network.n)
    base = dc_flow(network, injections, up)
    factors = lodf(network, up)
    for k in np.flatnonzero(up[network.n :]):
        less = up.copy()
        less[network.n + k] = False
        after = dc_flow(network, base.injections, less, islands="shed")
        if np.isnan(factors[:, k]).any():
            assert len(after.slack) == len(base.slack) + 1
            continue
        assert len(after.slack) == len(base.slack)
        # The shift of an edge goes with it: factors act on its flow, in which the shift is.
        assert base.flows + factors[:, k] * base.flows[k] == pytest.approx(after.flows, abs=1e-6)


def brute_overloads(network, injections):
    """Each edge taken away: loading by a flow of its own."""
    base, capacity, rows = dc_flow(network, injections), network.arrays.capacity, {}
    for k, name in enumerate(network.edges["id"]):
        after = dc_flow(network, base.injections, network.without(name), islands="shed")
        excess = np.maximum(np.abs(after.flows) - capacity, 0)
        dark = network.arrays.demand[np.isnan(after.angles)].sum()
        rows[name] = ((excess > 1e-9).sum(), excess.sum(), (np.abs(after.flows) / capacity).max(), dark)
        assert after.flows[k] == 0
    return rows


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_overloads_are_those_of_taking_each_edge_away(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    found = overloads(network)
    expected = brute_overloads(network, None)
    assert sorted(found["id"]) == sorted(expected)
    for row in found.iter_rows(named=True):
        got = (row["overloaded"], row["overload_mw"], row["loading"], row["isolated_mw"])
        assert got == pytest.approx(expected[row["id"]], rel=1e-6, abs=1e-6)
    assert found["overload_mw"].is_sorted(descending=True)


def test_an_outage_that_isolates_load_and_one_that_overloads():
    network = made(
        [100, 0, 0, 0], [0, 0, 60, 15], [(0, 2, 70, 50), (0, 1, 50, 50), (1, 2, 50, 50), (2, 3, np.inf, 9)]
    )
    found = {row["id"]: row for row in overloads(network).iter_rows(named=True)}
    assert list(found)[:2] == ["e0", "e1"]
    assert found["e0"] == {
        "id": "e0", "cuts_off": False, "isolated_mw": 0.0, "overloaded": 2, "overload_mw": pytest.approx(50),
        "worst": "e1", "loading": pytest.approx(1.5),
    }  # fmt: skip
    assert (found["e3"]["cuts_off"], found["e3"]["isolated_mw"], found["e3"]["overloaded"]) == (True, 15, 0)


def test_bad_input_is_refused_in_a_sentence():
    network = made([90, 0], [0, 90], [(0, 1, 99, 500)])
    for given_, said in (
        (np.ones(3), "each of 2 nodes"),
        (np.array([1.0, np.nan]), "nodes '1' are not finite"),
    ):
        with pytest.raises(BadParameter, match=said):
            dc_flow(network, given_)
    with pytest.raises(UnknownName, match="Known: refuse, shed"):
        dc_flow(network, islands="keep")
    with pytest.raises(BadParameter, match="Booleans"):
        ptdf(network, np.ones(2, bool))
    with pytest.raises(BadParameter, match="one state"):
        lodf(network, np.ones((2, 3), bool))
    with pytest.raises(BadNetwork, match="no column 'susceptance'"):
        overloads(LifelineNetwork("power", network.nodes, network.edges.drop("susceptance")))
    cancel = made([90, 0], [0, 90], [(0, 1, 99, 500), (0, 1, 99, -500)])
    with pytest.raises(BadNetwork, match="cancel out"):
        dc_flow(cancel)
