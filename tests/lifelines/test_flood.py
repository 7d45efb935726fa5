"""Water over assets: cells and polygons against brute force, and maps that do not fit the network."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadFile, BadParameter
from workbench.lifelines import LifelineNetwork
from workbench.lifelines.flood import Area, FloodAreas, Raster, flood_depth, read_asc, read_flood_areas

ASC = "ncols 4\nnrows 3\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -9999\n"
CELLS = "0 0 0 5\n0 1 -9999 2\n0 0 3 0\n"
points = st.floats(-5, 45, allow_nan=False)


def network(places, ends=(), *, geographic=False):
    ids = [f"n{i}" for i in range(len(places))]
    nodes = pl.DataFrame({"id": ids, "x": [x for x, _ in places], "y": [y for _, y in places]}, strict=False)
    edges = pl.DataFrame(
        {
            "id": [f"e{k}" for k in range(len(ends))],
            "u": [ids[u] for u, _ in ends],
            "v": [ids[v] for _, v in ends],
        },
        schema={"id": pl.String, "u": pl.String, "v": pl.String},
    )
    return LifelineNetwork("power", nodes, edges, geographic=geographic)


@pytest.fixture
def raster(tmp_path):
    (tmp_path / "depth.asc").write_text(ASC + CELLS)
    return read_asc(tmp_path / "depth.asc")


def test_esri_grid(raster):
    assert raster.bounds == (0, 0, 40, 30)
    assert raster.at(np.array([35.0, 15.0, 25.0]), np.array([25.0, 15.0, 5.0])).tolist() == [5, 1, 3]
    assert np.isnan(raster.at(np.array([25.0, 41.0]), np.array([15.0, 5.0]))).all()


def test_esri_grid_by_the_middle_of_its_cells(tmp_path, raster):
    text = (
        ASC.replace("corner 0", "center 5")
        .replace("NODATA_value -9999\n", "")
        .replace("cellsize", "CELLSIZE")
    )
    (tmp_path / "centre.asc").write_text(text + CELLS)
    other = read_asc(tmp_path / "centre.asc")
    assert other.bounds == raster.bounds
    assert np.array_equal(other.values, raster.values, equal_nan=True)


def test_a_raster_of_an_array_and_its_transform(raster):
    values = np.where(np.isnan(raster.values), -1.0, raster.values)
    other = Raster.of(values, (10.0, 0.0, 0.0, 0.0, -10.0, 30.0), nodata=-1.0)
    assert other.bounds == raster.bounds
    assert np.array_equal(other.values, raster.values, equal_nan=True)
    for transform in ((10.0, 1.0, 0.0, 0.0, -10.0, 30.0), (10.0, 0.0, 0.0, 0.0, 10.0, 0.0)):
        with pytest.raises(BadParameter, match="turned or not north up"):
            Raster.of(values, transform)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ncols, nrows, xllcorner"),
        (ASC + "1 2 3\n", "3 values for 3 rows of 4"),
        (ASC + CELLS.replace("5", "five"), "not a number"),
        (ASC.replace("cellsize 10", "cellsize ten") + CELLS, "cellsize 'ten' is not a number"),
        (ASC.replace("cellsize 10", "cellsize 0") + CELLS, "size above 0"),
        (ASC.replace("ncols 4\n", "") + CELLS, "no ncols"),
    ],
)
def test_files_that_are_no_grid(tmp_path, text, said):
    path = tmp_path / "bad.asc"
    path.write_text(text)
    with pytest.raises(BadFile, match=said):
        read_asc(path)


def test_nodes_and_edges_over_a_grid(raster):
    net = network([(5, 5), (35, 25), (5, 25)], [(0, 2), (1, 2), (0, 1)])
    depth = flood_depth(net, raster)
    assert depth.measure == "depth_m"
    # e0 along dry cells; e1 along the top; e2 crosses (15, 15), a cell without data, and the corner cell
    assert depth.values.tolist() == [0, 5, 0, 0, 5, 5]
    with pytest.raises(BadParameter, match="1 assets lie on cells without data \\(power/e2\\)"):
        flood_depth(net, raster, no_data="refuse")


@settings(max_examples=60, deadline=None)
@given(st.tuples(points, points), st.tuples(points, points), st.integers(0, 10))
def test_the_deepest_cell_along_a_line_is_that_of_many_points(one, two, seed):
    raster = Raster(np.random.default_rng(seed).uniform(0, 9, (3, 4)), 0.0, 30.0, 10.0, 10.0)
    t = np.linspace(0, 1, 4001)
    dense = raster.at(one[0] + t * (two[0] - one[0]), one[1] + t * (two[1] - one[1]))
    found, known = raster.along(*(np.array([v]) for v in (*one, *two)))
    if np.isnan(dense).all():
        # only a corner of the grid may be cut between two of the many points
        assert np.isnan(found[0]) or not known[0]
    else:
        assert found[0] >= np.nanmax(dense)  # so it is never less deep than at its ends
        assert found[0] in raster.values
    if known[0]:
        assert not np.isnan(dense).any()


def test_assets_beyond_the_grid_are_counted_and_named(raster):
    net = network([(5, 5), (50, 5), (35, 25)], [(0, 1)])
    with pytest.raises(
        BadParameter, match="2 of 4 assets lie beyond the grid \\(power/n1, power/e0\\), which spans"
    ):
        flood_depth(net, raster)
    assert flood_depth(net, raster, outside="dry").values.tolist() == [0, 0, 5, 3]


def test_a_network_in_other_coordinates_is_told(raster):
    degrees = network([(-90.1, 35.2), (-90.0, 35.3)], geographic=True)
    metres = Raster(np.zeros((2, 2)), 400_000.0, 3_900_000.0, 100.0, 100.0)
    with pytest.raises(BadParameter, match="networks are in degrees, but the map spans x 400000"):
        flood_depth(degrees, metres)
    with pytest.raises(BadParameter, match="networks are in metres, but the map spans x 0 to 40"):
        flood_depth(network([(400_010.0, 3_900_000.0)]), raster)


def test_bad_choices_are_refused(raster):
    for name in ("outside", "no_data"):
        with pytest.raises(BadParameter, match=f"`{name}` is 'refuse' or 'dry'"):
            flood_depth(network([(5, 5)]), raster, **{name: "wet"})
    with pytest.raises(BadParameter, match="have no place"):
        flood_depth(network([(5, None)]), raster)


def polygons(tmp_path, *features):
    path = tmp_path / "areas.geojson"
    told = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": told}))
    return path


def ring(*corners):
    return [list(one) for one in (*corners, corners[0])]


SQUARE = ring((0, 0), (10, 0), (10, 10), (0, 10))
HOLE = ring((4, 4), (6, 4), (6, 6), (4, 6))


def test_areas_with_holes_and_parts(tmp_path):
    path = polygons(
        tmp_path,
        ({"depth_m": 1.5}, {"type": "Polygon", "coordinates": [SQUARE, HOLE]}),
        (
            {"depth_m": 3},
            {"type": "MultiPolygon", "coordinates": [[ring((20, 0), (30, 0), (25, 9))], [HOLE]]},
        ),
    )
    areas = read_flood_areas(path)
    assert areas.bounds == (0, 0, 30, 10)
    net = network(
        [(1, 1), (5, 5), (25, 1), (15, 5), (4.5, 4.5), (-5, 5), (15, -1)],
        [(0, 2), (1, 4), (5, 3), (3, 6)],
    )
    assert flood_depth(net, areas).values.tolist() == [1.5, 3, 3, 0, 3, 0, 0, 3, 3, 3, 0]
    dry = flood_depth(net, FloodAreas(areas.areas[:1]))
    assert dry.values.tolist() == [1.5, 0, 0, 0, 0, 0, 0, 1.5, 0, 1.5, 0]


def area_of(corners):
    corners = np.array(corners, float)
    return Area(1.0, corners, np.roll(corners, -1, axis=0))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=8, unique=True), st.data()
)
def test_points_in_a_polygon_are_matplotlibs(corners, data):
    path = pytest.importorskip("matplotlib.path")
    x = np.array(data.draw(st.lists(st.integers(-1, 10), min_size=5, max_size=5))) + 0.37
    y = np.array(data.draw(st.lists(st.integers(-1, 10), min_size=5, max_size=5))) + 0.59
    inside = area_of(corners).contains(x, y)
    # even-odd by hand: matplotlib fills by winding, which differs where a polygon crosses itself
    turns = np.zeros(5, int)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        for i in range(5):
            if (ay > y[i]) != (by > y[i]) and x[i] < ax + (y[i] - ay) * (bx - ax) / (by - ay):
                turns[i] += 1
    assert inside.tolist() == (turns % 2 == 1).tolist()
    hull = [(0, 0), (9, 1), (7, 8), (1, 6)]
    assert area_of(hull).contains(x, y).tolist() == (
        path.Path(hull).contains_points(np.column_stack([x, y])).tolist()
    )


@settings(max_examples=100, deadline=None)
@given(st.tuples(points, points), st.tuples(points, points))
def test_a_line_touches_an_area_where_one_of_its_points_lies_inside(one, two):
    area = area_of([(0, 0), (30, 5), (40, 30), (20, 12), (5, 35)])
    t = np.linspace(0, 1, 2001)
    dense = area.contains(one[0] + t * (two[0] - one[0]), one[1] + t * (two[1] - one[1])).any()
    found = area.touches(*(np.array([v]) for v in (*one, *two)))[0]
    assert found or not dense
    if found and not dense:  # it may only graze a side between two of the many points
        corners = np.concatenate([area.begins, (area.begins + area.ends) / 2])
        assert np.isfinite(corners).all()
        sides = np.linspace(area.begins, area.ends, 400).reshape(-1, 2)
        walk = np.column_stack([one[0] + t * (two[0] - one[0]), one[1] + t * (two[1] - one[1])])
        near = min(float(np.hypot(*(walk - side).T).min()) for side in sides[::4])
        assert near < 1.0


def test_a_line_along_a_side_touches(tmp_path):
    area = area_of([(0, 0), (10, 0), (10, 10), (0, 10)])
    x, y, x2, y2 = (
        np.array(v, float)
        for v in ([2, 12, -5, 10, 11], [0, 0, 5, 12, 0], [8, 20, 15, 20, 20], [0, 0, 5, 2, 9])
    )
    assert area.touches(x, y, x2, y2).tolist() == [True, False, True, False, False]


def test_mistakes_in_areas_are_named_together(tmp_path):
    square = {"type": "Polygon", "coordinates": [SQUARE]}
    path = polygons(
        tmp_path,
        ({"depth_m": 1.0}, square),
        ({"depth": 1.0}, square),
        ({"depth_m": -1}, square),
        ({"depth_m": 1}, {"type": "Point", "coordinates": [0, 0]}),
        ({"depth_m": 1}, {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}),
    )
    with pytest.raises(BadFile) as told:
        read_flood_areas(path)
    assert [said[:9] for _, said in told.value.mistakes] == [
        "feature 1",
        "feature 2",
        "feature 3",
        "feature 4",
    ]
    assert read_flood_areas(polygons(tmp_path, ({"h": 2.0}, square)), depth="h").areas[0].value == 2.0
    for text, said in (
        ("{}", "FeatureCollection"),
        ("[", "JSON"),
        ('{"type": "FeatureCollection"}', "no polygon"),
    ):
        path.write_text(text)
        with pytest.raises(BadFile, match=said):
            read_flood_areas(path)
