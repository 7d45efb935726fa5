"""Probabilities by class, samples on common random numbers, and classes and curves that miss."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import lognorm

from workbench.errors import BadParameter
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines.damage import damage_probability, sample_damage, sample_field_damage
from workbench.lifelines.fragility import Curves, FixedProbability, FragilityCurve, RepairRate
from workbench.lifelines.hazard import Earthquake, Intensity, intensity_field, median_intensity
from workbench.simulation import Streams

CURVES = Curves(
    {
        "sub": FragilityCurve(0.4, 0.5),
        "pipe": RepairRate.hazus(break_share=1.0),
        "sturdy": FixedProbability(0.0),
    }
)


def water(n=4, *, classes=("sub", "pipe"), length=2000.0, prefix="", down=()):
    ids = [f"{prefix}n{i}" for i in range(n)]
    nodes = pl.DataFrame(
        {
            "id": ids,
            "demand": 1.0,
            "x": [1000.0 * i for i in range(n)],
            "y": 0.0,
            "fragility_class": classes[0],
            "in_service": [one not in down for one in ids],
        },
        schema_overrides={"fragility_class": pl.String},
    )
    edges = pl.DataFrame(
        {
            "id": [f"{prefix}e{i}" for i in range(n - 1)],
            "u": ids[:-1],
            "v": ids[1:],
            "length_m": length,
            "fragility_class": classes[1],
        },
        schema_overrides={"fragility_class": pl.String, "length_m": pl.Float64},
    )
    return LifelineNetwork("water", nodes, edges)


def test_each_class_takes_its_own_measure():
    net = water()
    pga = Intensity("pga_g", np.array([0.1, 0.2, 0.4, 0.8, 0, 0, 0]))
    pgv = Intensity("pgv_cm_s", np.array([0, 0, 0, 0, 5.0, 20.0, 40.0]))
    p = damage_probability(net, [pga, pgv], CURVES)
    assert p[:4] == pytest.approx(lognorm(0.5, scale=0.4).cdf([0.1, 0.2, 0.4, 0.8]))
    assert p[4:] == pytest.approx(1 - np.exp(-1e-4 * np.array([5.0, 20.0, 40.0]) ** 2.25 * 2.0))


def test_samples_of_intensities_are_rows():
    net = water(classes=("sub", "sturdy"))
    rows = np.array([[0.1] * 7, [0.4] * 7])
    p = damage_probability(net, Intensity("pga_g", rows), CURVES)
    assert p.shape == (2, 7)
    assert p[1, :4] == pytest.approx(0.5)
    assert (p[:, 4:] == 0).all()


def test_what_is_missing_is_named():
    pga = Intensity("pga_g", np.full(7, 0.3))
    with pytest.raises(
        BadParameter,
        match=r"no curve for 1 fragility classes: 'pip' \(3 assets, such as water/e0, water/e1\)",
    ):
        damage_probability(water(classes=("sub", "pip")), pga, CURVES)
    with pytest.raises(BadParameter, match="'pipe' takes pgv_cm_s; given is pga_g"):
        damage_probability(water(), pga, CURVES)
    with pytest.raises(BadParameter, match="3 assets have no fragility_class \\(water/e0"):
        damage_probability(water(classes=("sub", None)), pga, CURVES)
    sturdy = damage_probability(water(classes=("sub", None)), pga, CURVES, unclassed="sturdy")
    assert (sturdy[4:] == 0).all()
    assert (sturdy[:4] > 0).all()
    pgv = Intensity("pgv_cm_s", np.full(7, 30.0))
    with pytest.raises(BadParameter, match="3 of its assets have no length \\(water/e0"):
        damage_probability(water(length=None), [pga, pgv], CURVES)
    with pytest.raises(BadParameter, match="4 of its assets have no length \\(water/n0"):
        damage_probability(water(classes=("pipe", "sturdy")), pgv, CURVES)
    unknown = Intensity("pga_g", np.array([0.1, np.nan, 0.1, 0.1, np.nan, 0, 0]))
    with pytest.raises(BadParameter, match="not known at 1 assets of class 'sub' \\(water/n1\\)"):
        damage_probability(water(classes=("sub", "sturdy")), unknown, CURVES)
    with pytest.raises(BadParameter, match="3 values a sample for 7 assets"):
        damage_probability(water(), Intensity("pga_g", np.ones(3)), CURVES)
    with pytest.raises(BadParameter, match="given twice"):
        damage_probability(water(), [pga, pga], CURVES)
    with pytest.raises(BadParameter, match="same number of samples"):
        damage_probability(
            water(), [Intensity("pga_g", np.ones((2, 7))), Intensity("pgv_cm_s", np.ones((3, 7)))], CURVES
        )
    with pytest.raises(BadParameter, match="unclassed"):
        damage_probability(water(), pga, CURVES, unclassed="ignore")


def test_frequencies_are_the_probabilities():
    p = np.array([0.0, 0.05, 0.5, 0.95, 1.0, 0.2, 0.7])
    up = sample_damage(water(), p, samples=20_000, streams=Streams(1))
    assert up.shape == (20_000, 7)
    assert up.dtype == bool
    assert (~up).mean(axis=0) == pytest.approx(p, abs=0.012)
    assert up[:, 0].all()
    assert not up[:, 4].any()
    # assets fail independently of each other
    assert np.abs(np.corrcoef(up[:, [1, 2, 3, 5, 6]].T) - np.eye(5)).max() < 0.03


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=7, max_size=7), st.lists(st.floats(0, 1), min_size=7, max_size=7))
def test_a_sturdier_asset_fails_in_a_part_of_the_samples(one, two):
    low, high = np.minimum(one, two), np.maximum(one, two)
    weak, strong = (sample_damage(water(), p, samples=50, streams=Streams(2)) for p in (high, low))
    assert (strong >= weak).all()


def test_other_assets_and_samples_move_nothing():
    p = np.full(7, 0.4)
    up = sample_damage(water(), p, samples=300, streams=Streams(3))
    assert (sample_damage(water(), p, samples=90, streams=Streams(3)) == up[:90]).all()
    hardened = p.copy()
    hardened[2] = 0.0
    other = sample_damage(water(), hardened, samples=300, streams=Streams(3))
    assert (np.delete(other, 2, axis=1) == np.delete(up, 2, axis=1)).all()
    longer = sample_damage(water(6), np.full(11, 0.4), samples=300, streams=Streams(3))
    assert (longer[:, :4] == up[:, :4]).all()
    assert (longer[:, 6:9] == up[:, 4:7]).all()
    # the layer counts by its name: the same networks in another order are hit alike
    gas = LifelineNetwork("gas", water().nodes, water().edges)
    one = InterdependentSystem({"water": water(), "gas": gas})
    two = InterdependentSystem({"gas": gas, "water": water()})
    first, second = (
        sample_damage(each, np.full(14, 0.4), samples=50, streams=Streams(3)) for each in (one, two)
    )
    assert (one.layer_state("gas", first) == two.layer_state("gas", second)).all()
    assert (one.layer_state("gas", first) != one.layer_state("water", first)).any()
    assert (sample_damage(water(), p, samples=300, streams=Streams(4)) != up).any()


def test_a_node_and_an_edge_of_one_id_have_their_own_luck():
    nodes = pl.DataFrame({"id": ["a", "b"], "demand": 1.0})
    edges = pl.DataFrame({"id": ["a"], "u": ["a"], "v": ["b"]})
    up = sample_damage(
        LifelineNetwork("water", nodes, edges), np.full(3, 0.5), samples=200, streams=Streams(1)
    )
    assert (up[:, 0] != up[:, 2]).any()


def test_probabilities_by_sample():
    p = np.zeros((100, 7))
    p[::2, 3] = 1.0
    up = sample_damage(water(), p, streams=Streams(5))
    assert (~up).sum() == 50
    assert not up[::2, 3].any()
    flat = sample_damage(water(), np.full(7, 0.3), samples=60, streams=Streams(5))
    assert (sample_damage(water(), np.full((60, 7), 0.3), streams=Streams(5)) == flat).all()


def test_what_is_out_of_service_is_down_anyway():
    up = sample_damage(water(down=("n1",)), np.zeros(7), samples=4, streams=Streams(1))
    assert (up.sum(axis=0) == [4, 0, 4, 4, 4, 4, 4]).all()


@pytest.mark.parametrize(
    ("p", "samples", "said"),
    [
        (np.full(6, 0.1), 5, "one probability for each of the 7 assets"),
        (np.full((2, 2, 7), 0.1), 5, "one probability for each"),
        (np.full(7, 1.1), 5, "from 0 to 1; these are not: water/n0"),
        (np.array([0, 0, np.nan, 0, 0, 0, 0]), 5, "these are not: water/n2"),
        (np.full(7, 0.1), None, "how many"),
        (np.full(7, 0.1), 0, "at least 1, not 0"),
        (np.full(7, 0.1), 2.5, "whole number"),
        (np.full((3, 7), 0.1), 5, "5 samples cannot be taken"),
    ],
)
def test_bad_probabilities_are_refused(p, samples, said):
    with pytest.raises(BadParameter, match=said):
        sample_damage(water(), p, samples=samples, streams=Streams(1))


def test_blocks_make_no_difference(monkeypatch):
    p = np.linspace(0, 1, 7)
    whole = sample_damage(water(), p, samples=500, streams=Streams(6))
    monkeypatch.setattr("workbench.lifelines.damage.CELLS", 700)
    assert (sample_damage(water(), p, samples=500, streams=Streams(6)) == whole).all()


def test_shaking_block_by_block_is_shaking_at_once():
    net = water(12, classes=("sub", "sturdy"))
    quake = Earthquake(magnitude=7, x=0, y=5000, depth_km=8)
    shaking = intensity_field(net, quake, samples=700, streams=Streams(7))
    at_once = sample_damage(net, damage_probability(net, shaking.all(), CURVES), streams=Streams(7))
    assert (sample_field_damage(net, shaking, CURVES, streams=Streams(7)) == at_once).all()
    assert 0.02 < (~at_once).mean() < 0.9
    other = intensity_field(net, quake, samples=5, streams=Streams(7))
    with pytest.raises(BadParameter, match="same number of samples"):
        sample_field_damage(net, [shaking, other], CURVES, streams=Streams(7))


def test_shaking_together_leaves_each_chance_and_joins_the_failures():
    """Each asset fails as often as alone; two neighbours fail together far more often."""
    net = water(2, classes=("sub", "sturdy"))
    curves = Curves({"sub": FragilityCurve(0.4, 0.2), "sturdy": FixedProbability(0.0)})
    median = Intensity("pga_g", np.full(3, 0.25))
    tau, phi = 0.26, 0.5
    near = intensity_field(
        net, median=median, tau=tau, phi=phi, range_km=25, samples=8000, streams=Streams(8)
    )
    up = sample_field_damage(net, near, curves, streams=Streams(8))
    # closed form: the lognormal curve of a lognormal intensity
    chance = lognorm(np.sqrt(0.2**2 + tau**2 + phi**2), scale=0.4).cdf(0.25)
    assert (~up[:, :2]).mean(axis=0) == pytest.approx([chance] * 2, abs=0.015)
    apart = intensity_field(
        net, median=median, tau=0, phi=np.hypot(tau, phi), range_km=0, samples=8000, streams=Streams(8)
    )
    alone = sample_field_damage(net, apart, curves, streams=Streams(8))
    both, by_chance = ((~each[:, :2]).all(axis=1).mean() for each in (up, alone))
    assert by_chance == pytest.approx(chance**2, abs=0.01)
    assert both > 2 * by_chance


def test_a_median_alone_gives_the_probability_of_the_median():
    net = water(3, classes=("sub", "sturdy"))
    quake = Earthquake(magnitude=6, x=0, y=0, depth_km=10)
    p = damage_probability(net, median_intensity(net, quake), CURVES)
    assert p[0] > p[1] > p[2] > 0
