"""New links: who lies near whom, what each would do, and what is chosen with doublings."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import BadNetwork, LifelineNetwork
from workbench.lifelines._doubling import Case
from workbench.lifelines.availability import availability_model
from workbench.lifelines.doubling import double_for
from workbench.lifelines.mixing import built, mix_for
from workbench.lifelines.new_links import estimated, near_links
from workbench.simulation import Streams

STREAMS = Streams(7)


def placed(network, places):
    at = np.array(places, float)
    return network.with_columns(nodes=[pl.Series("x", at[:, 0]), pl.Series("y", at[:, 1])])


@pytest.fixture(scope="module")
def chain(build):
    """A source and three sites in a row that bends back, so that the last lies near the source."""
    made = build([(0, 1), (1, 2), (2, 3)], demand=[0, 1, 1, 1])
    return placed(made, [(0, 0), (1000, 0), (1000, 1000), (0, 1000)])


def shares(made, share=0.001):
    return np.concatenate([np.zeros(made.n), np.full(made.m, share)])


def offered(*pairs, cost=1.0, share=0.001):
    rows = {
        "id": [f"x{i}" for i in range(len(pairs))],
        "u": [u for u, _ in pairs],
        "v": [v for _, v in pairs],
    }
    return pl.DataFrame(rows).with_columns(cost=pl.lit(cost), unavailability=pl.lit(share))


class TestNear:
    def test_the_nearest_that_are_not_joined_yet(self, chain):
        found = near_links(chain, np.array([3]), reach_m=5000, winding=1.3)
        assert found.select("u", "v").rows() == [("n0", "n3"), ("n1", "n3")]
        assert found["length_m"].to_list() == pytest.approx([1300, 1300 * 2**0.5])

    def test_no_further_than_the_reach_and_no_more_than_asked(self, chain):
        assert near_links(chain, np.array([3]), reach_m=1400, winding=1.3).height == 1
        assert near_links(chain, np.array([3]), reach_m=5000, nearest=1).height == 1
        assert near_links(chain, np.array([1, 3]), reach_m=900).is_empty()

    def test_places_that_are_not_known_are_left_out(self, build):
        assert near_links(build([(0, 1)]), np.array([1]), reach_m=100).is_empty()

    def test_degrees_and_numbers_out_of_bounds_are_refused(self, chain):
        degrees = LifelineNetwork(
            "water", chain.nodes.with_columns(x=1.0, y=1.0), chain.edges, geographic=True
        )
        with pytest.raises(BadParameter, match="degrees"):
            near_links(degrees, np.array([1]), reach_m=100)
        for wrong in ({"reach_m": 0}, {"reach_m": 9, "winding": 0.5}, {"reach_m": 9, "nearest": 0}):
            with pytest.raises(BadParameter):
                near_links(chain, np.array([1]), **wrong)


class TestMix:
    def test_a_chain_is_closed_into_a_ring(self, chain):
        """One link does what would take three doublings; in the ring site 2 has two ways of two edges."""
        mix = mix_for(chain, shares(chain), offered(("n1", "n3"), ("n0", "n3")), 0.99999, streams=STREAMS)
        assert mix.links.select("u", "v").rows() == [("n0", "n3")]
        assert mix.doubling.chosen == ()
        assert mix.reached
        assert mix.cost == 1
        p = 0.999
        assert mix.doubling.worst[-1] == pytest.approx(1 - (1 - p**2) ** 2, abs=1e-12)
        assert mix.network.asset_ids[-1] == "x1"

    def test_a_dear_link_is_left_and_assets_are_doubled(self, chain):
        links = offered(("n0", "n3"), cost=1000.0)
        mix = mix_for(chain, shares(chain), links, 0.999, streams=STREAMS, common_cause=0.0)
        alone = double_for(availability_model(chain, shares(chain), streams=STREAMS), 0.999, common_cause=0.0)
        assert mix.links.is_empty()
        assert set(mix.doubling.chosen) == set(alone.chosen)
        assert mix.network.size == chain.size

    def test_a_link_helps_where_no_doubling_can(self, chain):
        able = np.array([], np.int64)
        links = offered(("n0", "n3"))
        mix = mix_for(chain, shares(chain), links, 0.9999, streams=STREAMS, candidates=able)
        assert mix.reached
        assert mix.links.height == 1

    def test_what_links_do_not_reach_is_doubled(self, build):
        """Two chains; only the first can be closed."""
        made = build([(0, 1), (1, 2), (0, 3)], demand=[0, 1, 1, 1])
        links = offered(("n0", "n2"), share=0.001)
        mix = mix_for(made, shares(made), links, 0.9995, streams=STREAMS, common_cause=0.0)
        assert mix.links.height == 1
        assert [made.asset_ids[one] for one in mix.doubling.chosen] == ["e2"]
        assert mix.cost == 2

    def test_the_budget_and_the_number_are_kept(self, chain):
        links = offered(("n0", "n3"), cost=2.0)
        mix = mix_for(chain, shares(chain), links, 0.99999, streams=STREAMS, budget=1.0)
        assert mix.links.is_empty()
        assert mix.cost <= 1
        few = mix_for(chain, shares(chain, 0.01), links, 0.99999, streams=STREAMS, most=1)
        assert few.links.height + len(few.doubling.chosen) == 1

    def test_columns_go_into_the_network_but_not_the_cost(self, chain):
        links = offered(("n0", "n3")).with_columns(kind=pl.lit("pipe"), length_m=pl.lit(5.0))
        edge = built(chain, links).edges.row(-1, named=True)
        assert (edge["kind"], edge["length_m"], edge["in_service"]) == ("pipe", 5.0, True)
        assert "cost" not in built(chain, links).edges.columns
        assert built(chain, links.clear()) is chain


@st.composite
def meshes(draw, build):
    """Networks that hang together: a tree with some edges more, and a link between two of its nodes."""
    n = draw(st.integers(3, 7))
    edges = [(draw(st.integers(0, i - 1)), i) for i in range(1, n)]
    pairs = [(i, j) for j in range(n) for i in range(j)]
    edges += draw(st.lists(st.sampled_from(pairs), max_size=3))
    sources = draw(st.sampled_from([(0,), (0, 1)]))
    return build(edges, sources=sources, demand=[1] * n), draw(st.sampled_from(pairs))


class TestEstimate:
    @given(st.data())
    @settings(max_examples=80, deadline=None)
    def test_what_a_link_gives_is_told_to_second_order(self, build, data):
        """Against the network judged anew with the link."""
        made, (i, j) = data.draw(meshes(build))
        u = np.full(made.size, 1e-4)
        model = availability_model(made, u, streams=STREAMS)
        case = Case(model, 0.999999, None, None, None, 0.1)
        found = estimated(case, u, [(i, j)], np.array([1e-4]))[0]
        after = availability_model(
            built(made, offered((f"n{i}", f"n{j}"))), np.append(u, 1e-4), streams=STREAMS
        )
        before, then = (case.lacks(one.unavailable(), forgive=False).sum() for one in (model, after))
        assert found == pytest.approx(before - then, abs=5e-7)


class TestRefusals:
    @pytest.mark.parametrize(
        ("links", "error", "said"),
        [
            (offered(("n0", "n3")).drop("cost"), BadParameter, "no column cost"),
            (offered(("n0", "n3"), cost=0.0), BadParameter, "'x0' needs a cost above 0"),
            (offered(("n0", "n3"), share=1.0), BadParameter, "'x0' needs a cost"),
            (offered(("n0", "n9")), UnknownName, "n9"),
        ],
    )
    def test_links_that_are_none(self, chain, links, error, said):
        with pytest.raises(error, match=said):
            mix_for(chain, shares(chain), links, 0.999, streams=STREAMS)

    def test_a_link_by_the_name_of_an_edge(self, chain):
        links = offered(("n0", "n3")).with_columns(id=pl.lit("e0"))
        with pytest.raises(BadNetwork, match="more than once"):
            mix_for(chain, shares(chain), links, 0.99999, streams=STREAMS)
