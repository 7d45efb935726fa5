"""Curves of failing against other libraries and published formulas, and files that are none."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm, weibull_min

from workbench.errors import BadFile, BadParameter, UnknownName
from workbench.lifelines.fragility import (
    BreakRate,
    Curve,
    Curves,
    DamageStates,
    DepthDamage,
    FixedProbability,
    FragilityCurve,
    RepairRate,
    WeibullLife,
    read_damage_csv,
    read_fragility_table,
    read_incore,
    shipped_curves,
)

X = np.array([0.0, 0.01, 0.1, 0.35, 0.8, 3.0])
positive = st.floats(0.01, 100)


@given(positive, st.floats(0.05, 2), st.lists(st.floats(0, 1e3), min_size=1, max_size=5))
def test_lognormal_curve_is_scipys(median, beta, x):
    found = FragilityCurve(median, beta).probability(np.array(x))
    assert found == pytest.approx(lognorm(beta, scale=median).cdf(x), abs=1e-12)


def test_lognormal_states_are_wntrs():
    scenario = pytest.importorskip("wntr.scenario")
    pandas = pytest.importorskip("pandas")
    theirs = scenario.FragilityCurve()
    theirs.add_state("minor", 1, {"Default": lognorm(0.5, scale=0.3)})
    theirs.add_state("major", 2, {"Default": lognorm(0.5, scale=0.9)})
    table = theirs.cdf_probability(pandas.Series(X[1:]))
    ours = DamageStates({"minor": FragilityCurve(0.3, 0.5), "major": FragilityCurve(0.9, 0.5)}, "major")
    found = ours.exceedance(X[1:]).T
    assert found == pytest.approx(table.to_numpy(float), abs=1e-12)
    assert ours.probability(X[1:]) == pytest.approx(table["major"].to_numpy(float), abs=1e-12)


def test_half_fail_at_the_median_and_none_at_nothing():
    curve = FragilityCurve(0.4, 0.6)
    assert curve.probability(np.array([0.4, 0.0])) == pytest.approx([0.5, 0.0])


@given(positive, positive, st.floats(0.1, 1), st.floats(0.1, 1), st.floats(0, 200))
def test_states_are_shares_of_one_and_never_cross(one, two, beta, gamma, x):
    light, heavy = sorted((one, two))
    states = DamageStates(
        {"light": FragilityCurve(light, beta), "heavy": FragilityCurve(heavy, gamma)}, "heavy"
    )
    shares = states.shares(np.array([x]))
    assert shares.shape == (3, 1)
    assert shares.sum() == pytest.approx(1.0)
    assert (shares >= 0).all()


def test_states_must_go_from_light_to_heavy():
    with pytest.raises(BadParameter, match="from light to heavy"):
        DamageStates({"slight": FragilityCurve(0.5, 0.4), "complete": FragilityCurve(0.2, 0.4)}, "complete")
    with pytest.raises(UnknownName, match="Nearest: extensive"):
        DamageStates({"extensive": FragilityCurve(0.5, 0.4)}, "extensiv")
    with pytest.raises(BadParameter, match="one measure"):
        DamageStates({"a": FragilityCurve(0.5, 0.4), "b": FragilityCurve(0.6, 0.4, "pgv_cm_s")}, "b")


@pytest.mark.parametrize(
    ("median", "beta"), [(0, 0.5), (0.5, 0), (-1, 0.5), (math.nan, 0.5), (math.inf, 0.5)]
)
def test_a_curve_needs_a_median_and_a_beta(median, beta):
    with pytest.raises(BadParameter, match="median and a beta"):
        FragilityCurve(median, beta)


@pytest.mark.parametrize(("form", "method"), [("linear", 1), ("power", 2)])
def test_repair_rates_of_the_lifelines_alliance_are_wntrs(form, method):
    scenario = pytest.importorskip("wntr.scenario")
    pandas = pytest.importorskip("pandas")
    quake = scenario.Earthquake((0, 0), 6.5, 10_000)
    cm_s = np.array([1.0, 5.0, 20.0, 80.0])
    per_m = quake.repair_rate_model(pandas.Series(cm_s / 100), C=0.8, method=method).to_numpy(float)
    # WNTR takes 3.28 ft a metre, so that its rates are 3.28 x 0.3048 = 0.99974 of ours
    ours = RepairRate.ala(form=form, factor=0.8).rate(cm_s)
    assert per_m * 1000 / (3.28 * 0.3048) == pytest.approx(ours, rel=1e-12)


def test_repair_rates_of_hazus():
    """FEMA Hazus: 0.0001 PGV^2.25 per km, PGV in cm/s; 0.3 of that for ductile pipe; a fifth are breaks."""
    brittle, ductile = RepairRate.hazus(), RepairRate.hazus(ductile=True)
    assert brittle.rate(np.array([16.0])) == pytest.approx([0.0512])  # 16^2.25 is 512
    assert ductile.rate(np.array([30.0])) == pytest.approx(0.3 * brittle.rate(np.array([30.0])))
    expected = 1 - math.exp(-0.2 * 1e-4 * 30**2.25 * 4)
    assert brittle.probability(np.array([30.0]), np.array([4.0])) == pytest.approx([expected])


def test_breaks_along_a_pipe_are_poisson():
    rng = np.random.default_rng(1)
    rate = RepairRate.hazus(break_share=1.0)
    breaks = rng.poisson(rate.rate(np.array([40.0]))[0] * 1.5, 200_000)
    assert rate.probability(np.array([40.0]), np.array([1.5]))[0] == pytest.approx(
        (breaks > 0).mean(), abs=0.004
    )


@given(st.floats(0.1, 60), st.floats(0.01, 10), st.floats(0.01, 10))
def test_two_pipes_in_a_row_break_as_one_of_both_lengths(pgv, one, two):
    rate, x = RepairRate.ala(), np.array([pgv])
    first, second, both = (rate.probability(x, np.array([length]))[0] for length in (one, two, one + two))
    assert 1 - (1 - first) * (1 - second) == pytest.approx(both)


def test_a_rate_needs_lengths():
    with pytest.raises(BadParameter, match="length of each asset"):
        RepairRate.ala().probability(np.array([10.0]))
    with pytest.raises(BadParameter, match="Lengths are 0 km or more"):
        RepairRate.ala().probability(np.array([10.0]), np.array([-1.0]))


def test_ageing_pipes_break_at_the_integral_of_their_rate():
    from scipy.integrate import quad

    rate = BreakRate(0.05, 0.03, horizon_y=5)
    expected = quad(lambda t: 0.05 * math.exp(0.03 * t), 40, 45)[0]
    assert rate.breaks_per_km(np.array([40.0])) == pytest.approx([expected])
    assert rate.probability(np.array([40.0]), np.array([2.0])) == pytest.approx([1 - math.exp(-2 * expected)])
    assert BreakRate(0.05, 0.0, 5).breaks_per_km(np.array([40.0])) == pytest.approx([0.25])


def test_a_weibull_life_is_scipys():
    life, age = WeibullLife(25, 2.5, horizon_y=3), np.array([0.0, 10.0, 40.0])
    theirs = weibull_min(2.5, scale=25)
    assert life.probability(age) == pytest.approx(1 - theirs.sf(age + 3) / theirs.sf(age))


def test_depth_damage_is_a_line_between_points():
    curve = DepthDamage([0, 0.5, 1], [0, 0.38, 0.54])
    assert curve.fraction(np.array([0.25, 0.5, 9.0])) == pytest.approx([0.19, 0.38, 0.54])
    sudden = DepthDamage([0, 0.5, 1], [0, 0.38, 0.54], fails_at=0.38)
    assert sudden.probability(np.array([0.49, 0.5, 2.0])).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("points", "fractions"),
    [
        ([0], [0]),
        ([0, 0], [0, 1]),
        ([1, 0], [0, 1]),
        ([0, 1], [1, 0]),
        ([0, 1], [0, 1.2]),
        ([0, 1], [0, math.nan]),
    ],
)
def test_a_damage_curve_rises(points, fractions):
    with pytest.raises(BadParameter):
        DepthDamage(points, fractions)


@pytest.mark.parametrize("name", sorted(shipped_curves()))
def test_shipped_curves_rise_with_the_hazard_and_say_where_they_stand(name):
    curve = shipped_curves()[name]
    assert isinstance(curve, Curve)
    x = np.linspace(0, 30 if curve.measure in ("age_y", "pgv_cm_s") else 6, 200)
    p = curve.probability(x, np.ones_like(x) if curve.per_km else None)
    assert p.shape == x.shape
    assert ((p >= 0) & (p <= 1)).all()
    assert (np.diff(p) >= 0).all()
    assert len(curve.source) > 5


def test_a_shipped_substation_is_that_of_hazus():
    """Hazus 5.1, low-voltage substation, anchored: extensive damage at a median of 0.45 g, beta 0.45."""
    curve = shipped_curves()["substation_low_voltage"]
    assert curve.probability(np.array([0.45, 0.3])) == pytest.approx(
        [0.5, lognorm(0.45, scale=0.45).cdf(0.3)]
    )


def test_negative_intensities_are_refused():
    for curve in (FragilityCurve(1, 1), DepthDamage([0, 1], [0, 1]), WeibullLife(9, 2)):
        with pytest.raises(BadParameter, match="below 0"):
            curve.probability(np.array([1.0, -0.1]))


def test_a_class_without_a_curve_names_the_nearest():
    curves = Curves({"pipe_ductile": RepairRate.hazus(ductile=True), "tank": FragilityCurve(1, 0.6)})
    with pytest.raises(UnknownName, match="Nearest: pipe_ductile"):
        curves["pipe_ductil"]
    with pytest.raises(BadParameter, match="not a fragility curve"):
        Curves({"tank": 0.5})
    both = curves | {"tank": FixedProbability(0.25)}
    assert both["tank"].probability(X).tolist() == [0.25] * 6
    assert both.frame()["curve"].to_list() == ["RepairRate", "FixedProbability"]


def test_fragility_table(tmp_path):
    path = tmp_path / "hazus.csv"
    path.write_text(
        "class,state,measure,median,beta\n"
        "sub,slight,pga_g,0.15,0.7\nsub,moderate,pga_g,0.29,0.55\nsub,extensive,pga_g,0.45,0.45\n"
        "valve,broken,pgv_cm_s,30,0.5\n"
    )
    curves = read_fragility_table(path)
    assert curves["sub"].probability(np.array([0.45])) == pytest.approx([0.5])
    assert curves["valve"].measure == "pgv_cm_s"
    assert read_fragility_table(path, fails_from={"sub": "slight"})["sub"].probability(np.array([0.15])) == (
        pytest.approx([0.5])
    )
    with pytest.raises(UnknownName, match="damage state of 'sub'"):
        read_fragility_table(path, fails_from="complete")


def test_fragility_table_names_all_mistakes(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(
        "class,state,measure,median,beta\na,slight,pga_g,x,0.7\nb,extensive,pga_g,-1,0.5\n"
        "c,slight,pga_g,1,1\nc,slight,pga_g,1,1\n"
    )
    with pytest.raises(BadFile) as told:
        read_fragility_table(path, fails_from="slight")
    assert [line for line, _ in told.value.mistakes] == [2, 3, 5]
    path.write_text("class,state,medan\n")
    with pytest.raises(BadFile, match="Nearest: medan"):
        read_fragility_table(path)
    path.write_text("class,state,measure,median,beta\n")
    with pytest.raises(BadFile, match="no curve"):
        read_fragility_table(path)
    with pytest.raises(BadFile, match="cannot be read"):
        read_fragility_table(tmp_path / "missing.csv")


def test_damage_csv(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(
        "# Huizinga 2017\n# table 3-6\ninundation_depth_(m),damage_fraction,high\n0,0,0\n1,0.5,0.7\n"
    )
    curve = read_damage_csv(path)
    assert curve.source == "Huizinga 2017 table 3-6"
    assert curve.probability(np.array([0.5])) == pytest.approx([0.25])
    path.write_text("0,0\n22.5,0\n62,1\n")
    assert read_damage_csv(path, measure="gust_m_s").probability(np.array([62.0])) == pytest.approx([1.0])
    path.write_text("0,0\n1,x\n")
    with pytest.raises(BadFile, match=":2:"):
        read_damage_csv(path)
    path.write_text("depth,fraction\n")
    with pytest.raises(BadFile, match="at least two points"):
        read_damage_csv(path)


def incore(tmp_path, **changes):
    told = {
        "demandTypes": ["PGA"],
        "demandUnits": "g",
        "fragilityCurveParameters": [
            {"name": "PGA"},
            {"name": "stories", "expression": "2"},
            {"name": "period", "expression": "0.1 * stories"},
        ],
        "fragilityCurves": [
            {
                "returnType": {"description": "Slight"},
                "rules": [
                    {
                        "condition": ["period < 0.5"],
                        "expression": "scipy.stats.norm.cdf((math.log(PGA) - math.log(0.3))/(0.4))",
                    },
                    {"expression": "scipy.stats.norm.cdf((math.log(PGA) - math.log(0.3))/(0.4 + period))"},
                ],
            }
        ],
    }
    path = tmp_path / "set.json"
    path.write_text(json.dumps(told | changes))
    return path


def test_incore_expressions_with_conditions_and_parameters(tmp_path):
    curve = read_incore(incore(tmp_path))
    assert curve.measure == "pga_g"
    assert curve.probability(X) == pytest.approx(lognorm(0.4, scale=0.3).cdf(X))
    tall = curve.exceedance(X, "Slight", stories=8)
    assert tall == pytest.approx(lognorm(1.2, scale=0.3).cdf(X))
    with pytest.raises(UnknownName, match="Nearest: stories"):
        curve.exceedance(X, "Slight", storeys=8)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').getcwd()",
        "open('x')",
        "PGA.real",
        "[PGA]",
        "PGA if PGA else 0",
        "'a'",
        "(",
        "math.log(PGA, 2)",
    ],
)
def test_incore_expressions_are_read_and_never_run(tmp_path, expression):
    curves = [{"returnType": {"description": "Slight"}, "rules": [{"expression": expression}]}]
    with pytest.raises(BadFile, match="cannot be read"):
        read_incore(incore(tmp_path, fragilityCurves=curves))


def test_incore_files_that_are_none(tmp_path):
    path = tmp_path / "other.json"
    for text in ("[]", "{}", "not json"):
        path.write_text(text)
        with pytest.raises(BadFile):
            read_incore(path)
    with pytest.raises(BadFile, match="is the intensity"):
        read_incore(incore(tmp_path, fragilityCurveParameters=[{"name": "a"}, {"name": "b"}]))
    with pytest.raises(UnknownName, match="limit state"):
        read_incore(incore(tmp_path), fails_from="Complete")
    with pytest.raises(BadFile):
        read_incore(incore(tmp_path, fragilityCurves=[{"rules": [{}]}]))


@pytest.mark.real
def test_the_incore_sets_of_the_real_data(real_data):
    folder = real_data / "lifelines" / "incore_fragility"
    x = np.linspace(0.0, 30.0, 61)
    found = {path.name: read_incore(path) for path in sorted(folder.glob("*.json"))}
    assert len(found) == 7
    for curve in found.values():
        for state in curve.states:
            p = curve.exceedance(x, state)
            assert ((p >= 0) & (p <= 1)).all()
    wind = found["fragility_archetype_6.json"]
    assert wind.measure == "gust_m_s"
    gust = np.array([20.0, 37.5, 50.0, 80.0])
    assert wind.exceedance(gust, "LS_0") == pytest.approx(lognorm(0.11, scale=math.exp(3.625)).cdf(gust))
    tsunami = found["ConditionalStandardFragilityCurve_refactored.json"]
    speed = np.array([2.6, 3.19, 3.2, 8.0])
    beta = np.where(speed < 3.2, 0.4, 0.5)
    expected = [lognorm(b, scale=2.6).cdf(v) for b, v in zip(beta, speed, strict=True)]
    assert tsunami.exceedance(speed, "Slight") == pytest.approx(expected)
    # by hand: period = 0.097 (1 x 13)^0.624 = 0.4807 s is below the cut-off of 0.87 s
    frame = found["PeriodBuildingFragilityCurve_refactored.json"]
    assert frame.parameters["period"]({"num_stories": 1.0}) == pytest.approx(0.097 * 13**0.624)
    assert frame.exceedance(np.array([0.3]), "Immediate Occupancy")[0] > 0


@pytest.mark.real
def test_the_open_gira_curves_of_the_real_data(real_data):
    folder = real_data / "lifelines" / "opengira_damage_curves"
    files = sorted((folder / "flood").glob("*.csv"))
    assert len(files) == 15
    for path in files:
        curve = read_damage_csv(path)
        assert curve.fraction(np.array([0.0]))[0] <= curve.fraction(np.array([5.0]))[0]
    depth = np.array([0.5, 1.25, 6.0])
    asia = read_damage_csv(folder / "flood" / "commercial_asia.csv")
    assert asia.fraction(depth) == pytest.approx([0.38, 0.60, 1.0])
    assert shipped_curves()["commercial_flooded"].fraction(depth) == pytest.approx(asia.fraction(depth))
    storm = read_damage_csv(folder / "storm" / "high_fragility.csv", measure="gust_m_s")
    assert storm.probability(np.array([71.7, 40.833366])) == pytest.approx([1.0, 0.08])
