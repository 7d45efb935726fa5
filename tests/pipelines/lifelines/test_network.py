"""The city as a system of networks, from its clean tables."""

import polars as pl
import pytest

from pipelines.lifelines import domain
from pipelines.lifelines.network import city
from workbench.data.checks import DTYPES
from workbench.domains import Measures
from workbench.errors import DataRejected
from workbench.lifelines import FLOW_UNITS, BadNetwork, InterdependentSystem, check

NW_TO_PL = {"string": pl.String, "integer": pl.Int64, "number": pl.Float64, "boolean": pl.Boolean}


def table(name, rows):
    """A clean table of the contract: columns not given are their default or null."""
    contract = domain.contract.table(name)
    filled = [{c.name: row.get(c.name, c.default) for c in contract.columns} for row in rows]
    return pl.DataFrame(filled, schema={c.name: NW_TO_PL[c.type] for c in contract.columns})


def node(name, system="water", **more):
    return {"node_id": name, "system": system, "asset_class": "thing", "x": 0.0, "y": 0.0} | more


def edge(name, u, v, system="water", **more):
    return {
        "edge_id": name,
        "system": system,
        "from_node_id": u,
        "to_node_id": v,
        "asset_class": "pipe",
    } | more


NODES = [
    node("works", kind="source", elevation_m=7.0),
    node("tap", demand=0.2, people=900.0, zone_id="Z1", name_zh="用户"),
    node("grid", "power", kind="source", supply=5.0),
    node("pump", "power", demand=1.0),
]
EDGES = [
    edge("main", "works", "tap", directed=True, diameter_mm=300.0),
    edge("line", "grid", "pump", "power"),
]
LEANS = [
    {
        "depender_layer": "water",
        "depender": "works",
        "dependee_layer": "power",
        "dependee": "pump",
        "threshold": 0.5,
        "kind": "physical",
    }
]


@pytest.fixture
def measures(engines, tmp_path):
    def made(nodes=NODES, edges=EDGES, dependencies=LEANS):
        given = {"nodes": nodes, "edges": edges, "dependencies": dependencies}
        tables = {name: table(name, rows) for name, rows in given.items() if rows is not None}
        engine = engines("polars")
        return Measures(domain.known, {name: engine.table(one) for name, one in tables.items()}, tmp_path)

    return made


def test_each_system_is_a_layer_with_its_columns(measures):
    system = city(measures())
    assert isinstance(system, InterdependentSystem)
    assert list(system.layers) == ["water", "power"]
    water = system.layers["water"]
    assert (water.system, water.flow_unit) == ("water", "m3/s")
    assert water.nodes.filter(pl.col("id") == "tap").select("demand", "people", "zone", "name_zh").row(0) == (
        0.2,
        900.0,
        "Z1",
        "用户",
    )
    assert water.edges.select("u", "v", "directed", "diameter_mm").row(0) == ("works", "tap", True, 300.0)
    assert {"elevation_m", "asset_class", "harden_cost"} <= set(water.nodes.columns)
    assert water.arrays.supply.max() == float("inf")
    assert system.dependencies.select("depender", "dependee", "rule", "threshold").row(0) == (
        "works",
        "pump",
        "any",
        0.5,
    )
    assert all(check(network) == () for network in system.layers.values())


def test_dependencies_may_be_left_out(measures):
    assert city(measures(dependencies=None)).dependencies.is_empty()


def test_no_node_is_refused(measures):
    with pytest.raises(DataRejected, match="holds no node: give at least one row"):
        city(measures(nodes=[], edges=[], dependencies=[]))


def test_a_dependency_on_what_is_not_there_is_named(measures):
    wrong = [LEANS[0] | {"dependee": "pomp"}]
    with pytest.raises(BadNetwork, match=r"no asset 'pomp'.*Nearest: pump"):
        city(measures(dependencies=wrong))


def test_the_order_of_rows_does_not_matter(measures):
    one, two = city(measures()), city(measures(nodes=NODES[::-1], edges=EDGES[::-1]))
    assert one.assets.equals(two.assets)


def test_the_contract_has_the_systems_and_words_of_the_library():
    contract = domain.contract
    for name in ("nodes", "edges", "demands", "sensors", "incidents", "registers"):
        assert set(contract.table(name).column("system").enum) == set(FLOW_UNITS), name
    names = contract.table("dependencies").names
    assert set(InterdependentSystem({"water": _tiny()}).dependencies.columns) == set(names)
    assert set(DTYPES) >= {column.type for one in contract.tables.values() for column in one.columns}


def _tiny():
    from workbench.lifelines import LifelineNetwork

    nodes = pl.DataFrame({"id": ["a", "b"], "kind": ["source", "sink"]})
    return LifelineNetwork("water", nodes, pl.DataFrame({"id": ["e"], "u": ["a"], "v": ["b"]}))


def test_every_text_of_the_contract_is_in_both_languages():
    for one in domain.contract.tables.values():
        assert one.description.en
        assert one.description.zh
        for text in (*one.columns, *one.rules):
            assert text.description.en, text.name
            assert text.description.zh, text.name
    for measure in domain.measures:
        assert measure.description.en
        assert measure.description.zh
