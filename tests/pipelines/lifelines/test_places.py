"""Where the middle of a city is."""

import polars as pl
import pytest

from pipelines.lifelines.places import middle_of
from workbench.errors import BadParameter
from workbench.lifelines import InterdependentSystem, LifelineNetwork


def city(x, y):
    nodes = pl.DataFrame(
        {
            "id": [f"n{i}" for i in range(len(x))],
            "kind": ["source", *["sink"] * (len(x) - 1)],
            "x": x,
            "y": y,
        },
        schema_overrides={"x": pl.Float64, "y": pl.Float64},
    )
    edges = pl.DataFrame({"id": ["e"], "u": ["n0"], "v": ["n1"]})
    return InterdependentSystem({"power": LifelineNetwork("power", nodes, edges)})


def test_it_is_that_of_the_box_around_all_nodes():
    assert middle_of(city([0.0, 100.0, 400.0, 380.0], [0.0, 10.0, 30.0, None])) == (200.0, 15.0)


def test_a_mistyped_coordinate_does_not_move_it():
    x, y = [100.0 * i for i in range(11)], [50.0 * i for i in range(11)]
    assert middle_of(city(x, y)) == (500.0, 250.0)
    east, north = middle_of(city([*x, 1e8], [*y, 100.0]))
    assert (east, north) == (500.0, 250.0)
    assert middle_of(city([*x, -1e8, 1e8], [*y, -1e8, 0.0])) == (500.0, 250.0)


def test_all_nodes_in_one_place():
    assert middle_of(city([7.0, 7.0, 7.0], [1.0, 2.0, 3.0])) == (7.0, 2.0)


def test_places_that_are_not_known():
    with pytest.raises(BadParameter, match="No node has a place"):
        middle_of(city([None, None], [1.0, 2.0]))
