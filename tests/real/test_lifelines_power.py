"""Power networks of PGLib: totals, published costs, order of solvers, overloads by alternating current."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from workbench.lifelines import check
from workbench.lifelines.dcflow import dc_flow, lodf, overloads
from workbench.lifelines.dcopf import dc_opf
from workbench.lifelines.metrics import connectivity_loss, efficiency_loss
from workbench.lifelines.model import LifelineNetwork
from workbench.lifelines.readers.matpower import read_case, read_matpower
from workbench.lifelines.service import service
from workbench.lifelines.solvers import open_solver
from workbench.lifelines.solvers.flow import Flow
from workbench.lifelines.solvers.powerflow import PowerFlow

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("WORKBENCH_REAL_DATA") or ROOT.parent / "shared" / "data") / "lifelines"
PGLIB = DATA / "pglib_opf"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not PGLIB.is_dir(), reason=f"no data in {PGLIB}; set WORKBENCH_REAL_DATA"),
]


def path(case):
    return PGLIB / f"pglib_opf_{case}_ieee.m"


@pytest.fixture(scope="module")
def network():
    return read_matpower(path("case118"))


@pytest.fixture(scope="module")
def dispatched():
    return dc_opf(read_case(path("case118")))


@pytest.mark.parametrize(
    ("case", "n", "m", "load"), [("case14", 14, 20, 259.0), ("case118", 118, 186, 4242.0)]
)
def test_totals_are_those_of_the_file(case, n, m, load):
    found = read_matpower(path(case))
    text = re.sub(r"%.*", "", path(case).read_text())
    bus, gen = (
        [
            [float(one) for one in row.split()]
            for row in re.search(rf"mpc\.{name} = \[(.*?)\]", text, re.S)[1].split(";")
            if row.strip()
        ]
        for name in ("bus", "gen")
    )
    assert (found.n, found.m) == (n, m)
    assert found.arrays.demand.sum() == pytest.approx(load)
    assert found.arrays.demand.sum() == pytest.approx(sum(row[2] for row in bus))
    assert found.arrays.supply.sum() == pytest.approx(sum(row[8] for row in gen if row[7] > 0))
    assert check(found) == ()


@pytest.mark.parametrize("case", ["case14", "case118"])
def test_dispatch_costs_what_pglib_publishes(case):
    (published,) = re.findall(
        rf"pglib_opf_{case}_ieee \| \d+ \| \d+ \| ([0-9.e+]+) ", (PGLIB / "BASELINE.md").read_text()
    )
    assert float(f"{dc_opf(read_case(path(case))).cost:.4e}") == float(published)


def test_dispatch_by_matpower_s_branches_costs_a_little_more():
    assert dc_opf(read_case(path("case118")), branches="matpower").cost == pytest.approx(93132.68, abs=0.01)


def test_the_intact_network_serves_all_and_no_dispatch_sheds(network):
    assert PowerFlow(network).totals(network.intact[None])[0] == pytest.approx(4242, abs=1e-3)
    assert service(network, solver="powerflow").share == pytest.approx(1)


def test_nine_branches_are_the_only_way(network, dispatched):
    assert np.isnan(lodf(network)).any(0).sum() == 9
    found = overloads(network, dispatched.injections)
    cuts = found.filter(found["cuts_off"])
    assert cuts.height == 9
    # Bus 86 (21 MW) keeps the plant at bus 87; without one they are 6, 20, 68 and 184 MW.
    assert sorted(cuts["isolated_mw"].to_list()) == pytest.approx([0, 0, 0, 0, 0, 6, 20, 68, 184])


def test_the_dispatch_flows_as_it_was_dispatched(network):
    found = dc_opf(read_case(path("case118")), branches="matpower")
    assert dc_flow(network, found.injections).flows == pytest.approx(found.flows, abs=1e-4)


def test_each_solver_serves_at_most_what_the_one_before_serves(network):
    rng = np.random.default_rng(118)
    up = rng.random((60, network.size)) >= np.repeat([0.02, 0.1, 0.3], 20)[:, None]
    reached = open_solver(network, "connectivity").totals(up)
    flow, power = Flow(network).totals(up), PowerFlow(network).totals(up)
    balance = np.array([balanced(network, one) for one in up])
    assert (reached >= balance - 1e-5).all()
    assert (balance >= flow - 1e-5).all()
    assert (flow >= power - 1e-5 * 4242 / 118).all()
    assert (reached > balance + 1).any()
    assert (balance > flow + 1).any()
    assert (flow > power + 1).any()
    assert Flow(network, engine="reference").totals(up) == pytest.approx(flow, rel=1e-6, abs=1e-3)


def balanced(network: LifelineNetwork, up) -> float:
    """Most that islands can serve from their own supply."""
    import networkx as nx

    a, index = network.arrays, network.node_index
    parts = ([index[one] for one in part] for part in nx.connected_components(network.to_networkx(up)))
    return sum(min(a.demand[at].sum(), a.supply[at].sum()) for at in parts)


def test_a_fair_dispatch_sheds_as_little(network):
    rng = np.random.default_rng(7)
    up = rng.random((4, network.size)) >= 0.2
    fair, unfair = PowerFlow(network, fair=True), PowerFlow(network)
    for one in up:
        shared = fair.served(one)
        assert shared.sum() == pytest.approx(unfair.served(one).sum(), abs=0.01)
        flow = Flow(network, fair=True).served(one)
        demand = network.arrays.demand > 0
        least = (shared[demand] / network.arrays.demand[demand]).min()
        assert least <= (flow[demand] / network.arrays.demand[demand]).min() + 1e-4


@pytest.mark.slow
def test_overloads_rank_much_as_those_of_alternating_current(network, dispatched):
    direct = overloads(network, dispatched.injections)
    loading = {row["id"]: row["loading"] for row in direct.iter_rows(named=True) if not row["cuts_off"]}
    alternating = apparent_loading(network, dispatched, list(loading))
    both = list(alternating)
    ranks = spearmanr([loading[name] for name in both], [alternating[name] for name in both]).statistic
    top = [set(sorted(both, key=one.__getitem__, reverse=True)[:10]) for one in (loading, alternating)]
    shared = len(top[0] & top[1])
    print(
        f"{len(both)} of {len(loading)} outages solved; rank correlation {ranks:.3f}; top ten shared {shared}"
    )
    assert len(both) >= 170
    assert ranks > 0.75
    assert shared >= 6


def apparent_loading(network, dispatched, outages):
    """Highest loading (MVA by rateA) after each outage, where pandapower's alternating current converges."""
    import pandapower
    from pandapower.converter.pypower.from_ppc import from_ppc

    case = read_case(path("case118"))
    bus, branch = case.bus.copy(), case.branch.copy()
    gen = np.zeros((len(case.gen), 21))
    gen[:, :10], gen[:, 1] = case.gen[:, :10], dispatched.generation
    bus[:, 0] -= 1
    gen[:, 0] -= 1
    branch[:, :2] -= 1
    net = from_ppc(
        {"version": "2", "baseMVA": case.base_mva, "bus": bus, "gen": gen, "branch": branch}, f_hz=60
    )
    lookup = net._from_ppc_lookups["branch"]
    where = list(zip(lookup["element_type"], lookup["element"].astype(int), strict=True))
    sides = {"line": ("from", "to"), "trafo": ("hv", "lv"), "impedance": ("from", "to")}
    found = {}
    for name in outages:
        table, row = where[network.edge_index[name]]
        net[table].loc[row, "in_service"] = False
        try:
            pandapower.runpp(net, init="dc")
        except pandapower.LoadflowNotConverged:
            continue
        finally:
            net[table].loc[row, "in_service"] = True
        apparent = np.zeros(network.m)
        for j, (kind, i) in enumerate(where):
            result = net[f"res_{kind}"].loc[i]
            apparent[j] = max(np.hypot(result[f"p_{end}_mw"], result[f"q_{end}_mvar"]) for end in sides[kind])
        found[name] = float((np.nan_to_num(apparent) / network.arrays.capacity).max())
    return found


@pytest.mark.parametrize("event", [("D",), ("C", "L5")])
def test_the_seven_nodes_of_openquake_are_those_of_the_file(event):
    import polars as pl

    table = pl.read_csv(DATA / "openquake_qa_demand_supply.csv")
    nodes, edges = table.filter(pl.col("kind") == "node"), table.filter(pl.col("kind") == "edge")
    found = LifelineNetwork(
        "water",
        nodes.select(
            "id",
            supply=(pl.col("role") == "source").cast(float),
            demand=(pl.col("role") == "demand").cast(float),
        ),
        edges.select("id", u="start", v="end"),
    )
    expected = {("D",): (0, 1 / 3, 0.520228, 0.296496), ("C", "L5"): (1 / 3, 7 / 9, 0.8962963, 0.7574124)}[
        event
    ]
    up = found.without(*event)
    kinds = [connectivity_loss(found, up, kind=kind) for kind in ("complete", "partial", "weighted")]
    assert (*kinds, efficiency_loss(found, up)) == pytest.approx(expected, abs=1e-6)
