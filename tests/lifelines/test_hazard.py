"""Ground motion against published tables and WNTR, fields against their variogram, wind, age."""

import math

import numpy as np
import polars as pl
import pytest

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines._fields import NormalField
from workbench.lifelines._shaking import relation_of
from workbench.lifelines._sites import EARTH_KM, Sites, haversine_km, sites_of
from workbench.lifelines.hazard import (
    RELATIONS,
    Earthquake,
    Intensity,
    Storm,
    age_of,
    intensity_field,
    median_intensity,
    targeted,
    wind_field,
)
from workbench.simulation import Streams

QUAKE = Earthquake(magnitude=6.5, x=0.0, y=0.0, depth_km=10)


def grid(side, step_m=1000.0, **more):
    """A square of nodes with edges to the east, in metres."""
    ids = [f"n{i}-{j}" for i in range(side) for j in range(side)]
    x = [step_m * j for i in range(side) for j in range(side)]
    y = [step_m * i for i in range(side) for j in range(side)]
    ends = [(f"n{i}-{j}", f"n{i}-{j + 1}") for i in range(side) for j in range(side - 1)]
    nodes = pl.DataFrame({"id": ids, "x": x, "y": y, "demand": 1.0, **more})
    edges = pl.DataFrame(
        {"id": [f"{u}>{v}" for u, v in ends], "u": [u for u, _ in ends], "v": [v for _, v in ends]},
        schema={"id": pl.String, "u": pl.String, "v": pl.String},
    )
    return LifelineNetwork("power", nodes, edges)


# The table of GEM's OpenQuake, openquake/hazardlib/tests/gsim/data/NGA/BA08/BA08_MEDIAN_SS.csv, from OpenSHA:
# magnitude, Joyner-Boore distance (km), Vs30 (m/s), peak acceleration (g) and velocity (cm/s), three figures.
BA08 = [
    (4.0, 0, 150, 0.181, 5.71),
    (4.0, 0, 760, 0.102, 2.18),
    (4.0, 5, 180, 0.0858, 3.16),
    (4.0, 5, 255, 0.0637, 2.21),
    (4.0, 10, 360, 0.0300, 0.932),
    (4.0, 10, 1500, 0.0169, 0.386),
    (4.0, 100, 525, 0.00173, 0.0667),
    (4.5, 0, 255, 0.201, 7.58),
    (4.5, 0, 360, 0.192, 6.58),
    (8.5, 100, 180, 0.157, 33.0),
    (8.5, 100, 360, 0.112, 20.1),
    (8.5, 100, 760, 0.0838, 12.8),
    (8.5, 200, 255, 0.0403, 14.1),
    (8.5, 200, 1500, 0.0183, 4.38),
]


@pytest.mark.parametrize(("magnitude", "distance", "vs30", "pga", "pgv"), BA08)
def test_boore_atkinson_is_the_published_table(magnitude, distance, vs30, pga, pgv):
    at = np.array([float(distance)])
    for name, expected in (("boore_atkinson_2008_pga", pga), ("boore_atkinson_2008_pgv", pgv)):
        assert relation_of(name).median(magnitude, at, 10.0, vs30)[0] == pytest.approx(expected, rel=0.006)


@pytest.mark.parametrize(
    ("name", "method"),
    [("kawashima_1984_pga", 1), ("yu_jin_2008_rock_pgv", 1), ("yu_jin_2008_soil_pgv", 2)],
)
def test_other_relations_are_those_of_wntr(name, method):
    scenario = pytest.importorskip("wntr.scenario")
    pandas = pytest.importorskip("pandas")
    km = np.array([1.0, 10.0, 50.0, 150.0])
    theirs = scenario.Earthquake((0, 0), 6.5, 10_000)
    ours = relation_of(name).median(6.5, km, 10.0, 760.0)
    if "pga" in name:
        expected = theirs.pga_attenuation_model(pandas.Series(km * 1000), method=method).to_numpy(float)
    else:
        expected = 100 * theirs.pgv_attenuation_model(pandas.Series(km * 1000), method=method).to_numpy(float)
    assert ours == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", sorted(RELATIONS))
def test_shaking_falls_with_distance_and_grows_with_magnitude(name):
    km = np.linspace(0, 200, 101)
    small, great = (relation_of(name).median(m, km, 10.0, 400.0) for m in (5.5, 7.0))
    assert (np.diff(great) < 0).all()
    assert (great > small).all()


@pytest.mark.parametrize("name", sorted(RELATIONS))
def test_a_place_on_the_far_side_of_a_mistyped_coordinate_does_not_shake(name):
    assert relation_of(name).median(6.5, np.array([1e5, 1e8]), 10.0, 360.0).max() < 1e-3


def test_distance_on_the_sphere():
    # Berlin to Tokyo, 8,918 km (Wikipedia, "Great-circle distance": 52.51666 N 13.4 E, 35.7 N 139.7666 E)
    found = haversine_km(np.array(13.4), np.array(52.51666), np.array(139.76666), np.array(35.7))
    assert float(found) == pytest.approx(8918, abs=2)
    quarter = haversine_km(np.array(0.0), np.array(0.0), np.array(0.0), np.array(90.0))
    assert float(quarter) == pytest.approx(math.pi / 2 * EARTH_KM)


def test_degrees_and_the_plane_agree_over_a_city():
    rng = np.random.default_rng(2)
    sites = Sites(rng.uniform(-90.4, -89.4, 40), rng.uniform(34.9, 35.6, 40), geographic=True)
    flat = sites.plane_km()
    plane = np.hypot(*(flat[:, None] - flat).transpose(2, 0, 1))
    assert plane == pytest.approx(sites.distances_km(), rel=0.01, abs=1e-6)


def test_an_edge_lies_between_its_ends_even_across_the_date_line():
    nodes = pl.DataFrame({"id": ["a", "b"], "x": [179.9, -179.9], "y": [10.0, 12.0]})
    edges = pl.DataFrame({"id": ["e"], "u": ["a"], "v": ["b"]})
    sites = sites_of(InterdependentSystem.of(LifelineNetwork("power", nodes, edges, geographic=True)))
    assert (sites.x[2], sites.y[2]) == pytest.approx((180.0, 11.0))


def test_assets_without_a_place_are_named():
    network = LifelineNetwork(
        "water",
        pl.DataFrame({"id": ["a", "b"], "x": [0.0, None], "y": [0.0, None]}),
        pl.DataFrame({"id": ["e"], "u": ["a"], "v": ["b"]}),
    )
    with pytest.raises(BadParameter, match="2 assets have no place \\(water/b, water/e\\)"):
        median_intensity(network, QUAKE)


def test_layers_in_different_coordinates_are_refused():
    node = pl.DataFrame({"id": ["a"], "x": [1.0], "y": [1.0]})
    metres, degrees = grid(2), LifelineNetwork("water", node, _no_edges(), geographic=True)
    with pytest.raises(BadParameter, match="layers water are in degrees"):
        median_intensity(InterdependentSystem({"power": metres, "water": degrees}), QUAKE)


def _no_edges():
    return pl.DataFrame(schema={"id": pl.String, "u": pl.String, "v": pl.String})


@pytest.mark.parametrize("method", ["cholesky", "waves"])
def test_fields_have_the_correlation_they_should(method):
    """Correlation by distance over 4,096 samples against exp(-3 h / range); standard normal at each site."""
    rng = np.random.default_rng(3)
    sites = Sites(rng.uniform(0, 60_000, 60), rng.uniform(0, 60_000, 60), geographic=False)
    field = NormalField(sites, 20.0, method)
    values = np.concatenate([field.block(k, 256, Streams(5)) for k in range(16)])
    assert values.mean(axis=0) == pytest.approx(np.zeros(60), abs=0.07)
    assert values.var(axis=0) == pytest.approx(np.ones(60), abs=0.12)
    found, expected = np.corrcoef(values.T), np.exp(-3 * sites.distances_km() / 20.0)
    off = ~np.eye(60, dtype=bool)
    assert np.abs(found - expected)[off].max() < 0.1
    assert (found - expected)[off].mean() == pytest.approx(0, abs=0.01)
    # the empirical variogram by class of distance: half the mean squared difference is 1 - correlation
    for low, high in ((0, 5), (5, 10), (10, 20), (20, 40)):
        pairs = (sites.distances_km() > low) & (sites.distances_km() <= high)
        half = 0.5 * ((values[:, :, None] - values[:, None, :]) ** 2).mean(axis=0)
        assert half[pairs].mean() == pytest.approx((1 - expected)[pairs].mean(), abs=0.03)


def test_waves_are_as_normal_as_the_exact_field_in_the_tail():
    """P99 of the mean over sites, which is what loss looks like, by both methods."""
    rng = np.random.default_rng(4)
    sites = Sites(rng.uniform(0, 30_000, 50), rng.uniform(0, 30_000, 50), geographic=False)
    tails = []
    for method in ("cholesky", "waves"):
        field = NormalField(sites, 20.0, method)
        means = np.concatenate([field.block(k, 256, Streams(6)).mean(axis=1) for k in range(24)])
        tails.append(np.quantile(means, [0.05, 0.5, 0.95, 0.99]))
    assert tails[0] == pytest.approx(tails[1], abs=0.1)


def test_a_field_is_the_same_however_it_is_cut():
    shaking = intensity_field(grid(4), QUAKE, samples=600, streams=Streams(7))
    whole = shaking.all().values
    assert whole.shape == (600, 28)
    for start, stop in ((0, 256), (100, 300), (250, 520), (599, 600), (5, 5)):
        assert shaking.block(start, stop).values == pytest.approx(whole[start:stop], abs=1e-12)
    fewer = intensity_field(grid(4), QUAKE, samples=300, streams=Streams(7))
    assert fewer.all().values == pytest.approx(whole[:300], abs=1e-12)
    with pytest.raises(BadParameter, match="not among"):
        shaking.block(0, 601)


def test_two_assets_at_one_place_shake_alike():
    nodes = pl.DataFrame({"id": ["a", "b", "c"], "x": [0.0, 0.0, 9e3], "y": [0.0, 0.0, 0.0]})
    network = LifelineNetwork("power", nodes, _no_edges())
    values = intensity_field(network, QUAKE, samples=50, streams=Streams(8)).all().values
    assert (values[:, 0] == values[:, 1]).all()
    assert (values[:, 0] != values[:, 2]).all()


@pytest.mark.parametrize("method", ["cholesky", "waves"])
def test_sites_added_at_the_end_move_no_others(method):
    few = grid(3)
    more = LifelineNetwork(
        "power",
        few.nodes.vstack(few.nodes[:1].with_columns(id=pl.lit("new"), x=pl.lit(500.0), y=pl.lit(700.0))),
        _no_edges(),
    )
    one, two = (
        intensity_field(each, QUAKE, samples=20, streams=Streams(9), method=method).all().values
        for each in (LifelineNetwork("power", few.nodes, _no_edges()), more)
    )
    assert two[:, :9] == pytest.approx(one, rel=1e-9)


def test_deviations_between_and_within_events():
    tau, phi = 0.4, 0.3
    shaking = intensity_field(
        grid(5), QUAKE, tau=tau, phi=phi, range_km=0.0, samples=4000, streams=Streams(10)
    )
    logs = np.log(shaking.all().values / shaking.median)
    assert logs.mean(axis=1).var() == pytest.approx(tau**2 + phi**2 / 45, rel=0.08)
    assert logs.var(axis=1, ddof=1).mean() == pytest.approx(phi**2, rel=0.03)


def test_median_of_samples_is_the_median():
    shaking = intensity_field(grid(3), QUAKE, samples=4000, streams=Streams(11))
    assert np.median(shaking.all().values, axis=0) == pytest.approx(shaking.median, rel=0.05)
    assert (shaking.tau, shaking.phi) == (0.260, 0.502)
    assert not shaking.illustrative


def test_numbers_that_are_nobodys_are_marked():
    invented = intensity_field(grid(2), QUAKE, relation="kawashima_1984_pga", samples=1, streams=Streams(1))
    assert invented.illustrative
    given = intensity_field(
        grid(2), QUAKE, relation="kawashima_1984_pga", tau=0.2, phi=0.5, samples=1, streams=Streams(1)
    )
    assert not given.illustrative
    mapped = intensity_field(
        grid(2), median=Intensity("pga_g", np.full(6, 0.3)), tau=0.1, phi=0.1, samples=3, streams=Streams(1)
    )
    assert not mapped.illustrative
    assert mapped.all().values.shape == (3, 6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"relation": "boore_2008"}, "Nearest"),
        ({"samples": 0}, "samples"),
        ({"tau": -0.1}, "Standard deviations"),
        ({"phi": math.nan}, "Standard deviations"),
        ({"range_km": -1}, "range_km"),
        ({"range_km": math.inf}, "range_km"),
        ({"method": "fft"}, "method"),
        ({"vs30": 0}, "vs30"),
        ({"earthquake": None}, "Give an earthquake"),
        ({"median": Intensity("pga_g", np.ones(3))}, "one value for each of 6 assets"),
    ],
)
def test_bad_fields_are_refused(change, said):
    with pytest.raises((BadParameter, UnknownName), match=said):
        intensity_field(grid(2), **({"earthquake": QUAKE, "samples": 5, "streams": Streams(1)} | change))


@pytest.mark.parametrize(
    "change", [{"magnitude": 2}, {"magnitude": 11}, {"x": math.nan}, {"depth_km": -1}, {"depth_km": 900}]
)
def test_bad_earthquakes_are_refused(change):
    with pytest.raises(BadParameter):
        Earthquake(**({"magnitude": 6, "x": 0, "y": 0, "depth_km": 5} | change))


def test_bad_intensities_are_refused():
    with pytest.raises(BadParameter, match="negative or infinite at 2 assets"):
        Intensity("pga_g", np.array([0.1, -1.0, np.inf]))
    with pytest.raises(BadParameter, match="name of its measure"):
        Intensity("", np.ones(2))
    with pytest.raises(BadParameter, match="shape"):
        Intensity("pga_g", np.ones((2, 2, 2)))


def test_a_storm_blows_hardest_at_its_radius():
    network = grid(41, 1000.0)
    storm = Storm(x=0.0, y=0.0, max_gust_m_s=50.0, radius_km=20.0, shape=1.4)
    gust = wind_field(network, storm)
    sites = sites_of(InterdependentSystem.of(network))
    r = sites.distance_km(0.0, 0.0)
    assert gust.values.max() == pytest.approx(50.0)
    assert r[gust.values.argmax()] == pytest.approx(20.0)
    assert gust.values[r == 0] == pytest.approx(0.0)
    one = gust.values[r == 10.0][0]
    s = 2.0**1.4
    assert one == pytest.approx(50 * math.sqrt(s * math.exp(1 - s)))
    with pytest.raises(BadParameter, match="A storm has"):
        Storm(x=0, y=0, max_gust_m_s=-1, radius_km=10)


def test_age_of_what_has_a_year():
    network = grid(2, built=[1980, 1990, None, 2020])
    age = age_of(network, year=2025)
    assert age.values[:2].tolist() == [45, 35]
    assert np.isnan(age.values[[2, 4, 5]]).all()
    with pytest.raises(BadParameter, match="built after 2000"):
        age_of(network, year=2000)
    with pytest.raises(BadParameter, match="numeric column 'made'"):
        age_of(network, year=2025, column="made")


def test_targets_are_named():
    p = targeted(grid(2), [("power", "n0-1"), ("power", "n1-0>n1-1")])
    assert p.tolist() == [0, 1, 0, 0, 0, 1]
    with pytest.raises(UnknownName):
        targeted(grid(2), [("power", "n9")])
    with pytest.raises(UnknownName):
        targeted(grid(2), [("water", "n0-0")])
