"""Costs and benefits by year: numpy-financial, closed forms, switching values put back in, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench._text import Text
from workbench.decisions import GREEN_BOOK, CashFlow, Discounting, appraise
from workbench.errors import BadParameter, UnknownName

FLAT = Discounting.flat(0.08)
AMOUNTS = st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3)


def flow(costs=None, benefits=None, **more):
    return CashFlow(
        "tunnel",
        first_year=2026,
        unit="million CNY",
        price_year=2025,
        costs={"build": [100, 0, 0, 0]} if costs is None else costs,
        benefits={"time": [0, 40, 40, 40]} if benefits is None else benefits,
        **more,
    )


class TestDiscounting:
    def test_a_single_rate(self):
        assert FLAT.factors(3) == pytest.approx([1, 1 / 1.08, 1 / 1.08**2])

    def test_the_declining_rates_of_the_green_book(self):
        """Annex 6: 3.5% for years 1 to 30, 3.0% for 31 to 75, 2.5% for 76 to 125."""
        factors = GREEN_BOOK.factors(130)
        assert factors[30] == pytest.approx(1.035**-30)
        assert factors[31] == pytest.approx(1.035**-30 / 1.03)
        assert factors[75] == pytest.approx(1.035**-30 * 1.03**-45)
        assert factors[125] == pytest.approx(1.035**-30 * 1.03**-45 * 1.025**-50)
        assert factors[129] / factors[128] == pytest.approx(1 / 1.02)

    @pytest.mark.parametrize(
        "steps", [(), ((0, 0.03),), ((2, 0.03),), ((1, 0.03), (1, 0.02)), ((1, 0.03), (0, 0.02)), (0.03,)]
    )
    def test_years_rise_from_1(self, steps):
        with pytest.raises(BadParameter, match="year"):
            Discounting(steps)

    @pytest.mark.parametrize("rate", [-0.01, 3.5, float("nan"), float("inf"), "3%"])
    def test_a_rate_is_a_share(self, rate):
        with pytest.raises(BadParameter, match=r"as a share such as 0\.035"):
            Discounting.flat(rate)


class TestAgainstNumpyFinancial:
    """numpy-financial 1.0: `npv` discounts the first value by nothing, as we do."""

    @settings(max_examples=60, deadline=None)
    @given(AMOUNTS, AMOUNTS, AMOUNTS, st.floats(0, 0.5))
    def test_net_present_value(self, build, upkeep, time, rate):
        npf = pytest.importorskip("numpy_financial")
        found = appraise(
            flow({"build": build, "upkeep": upkeep}, {"time": time}), Discounting.flat(rate), optimism_bias=0
        )
        net = np.array(time) - np.array(build) - np.array(upkeep)
        assert found.npv.mean == pytest.approx(npf.npv(rate, net), rel=1e-9, abs=1e-6)
        assert found.npv.mean == pytest.approx(found.pv_benefits.mean - found.pv_costs.mean, abs=1e-6)

    def test_it_is_0_at_the_internal_rate_of_return(self):
        npf = pytest.importorskip("numpy_financial")
        rate = float(npf.irr([-100, 40, 40, 40]))
        assert appraise(flow(), Discounting.flat(rate), optimism_bias=0).npv.mean == pytest.approx(
            0, abs=1e-9
        )


class TestClosedForms:
    def test_an_annuity(self):
        """An amount a year for n years, from the next on, is worth (1 - (1 + r)^-n) / r of them."""
        years, rate = 30, 0.035
        found = appraise(
            flow({"build": [500] + [0] * years}, {"time": [0] + [30] * years}), GREEN_BOOK, optimism_bias=0
        )
        worth = 30 * (1 - (1 + rate) ** -years) / rate
        assert found.pv_benefits.mean == pytest.approx(worth)
        assert found.bcr.mean == pytest.approx(worth / 500)
        assert found.npv.mean == pytest.approx(worth - 500)

    def test_payback(self):
        found = appraise(flow(), FLAT, optimism_bias=0)
        assert found.payback_year == 2029  # 120 after three years of 40
        assert found.discounted_payback_year == 2029  # 40 / 1.08 + 40 / 1.08^2 + 40 / 1.08^3 = 103.1
        assert appraise(flow(), Discounting.flat(0.1), optimism_bias=0).discounted_payback_year is None

    def test_what_is_paid_back_must_stay_so(self):
        costs = {"build": [100, 0, 0, 0, 0], "closing": [0, 0, 0, 60, 0]}
        found = appraise(flow(costs, {"time": [0, 120, 0, 0, 50]}), FLAT, optimism_bias=0)
        assert found.payback_year == 2030

    def test_a_flow_without_a_shortfall_pays_back_at_once(self):
        assert appraise(flow({"build": [0, 0]}, {"time": [0, 1]}), FLAT, optimism_bias=0).payback_year == 2026

    def test_an_uplift_makes_costs_so_much_larger(self):
        plain, uplifted = (appraise(flow(), FLAT, optimism_bias=bias) for bias in (0, 0.44))
        assert uplifted.pv_costs.mean == pytest.approx(1.44 * plain.pv_costs.mean)
        assert uplifted.pv_benefits == plain.pv_benefits
        costs = {"build": [100, 0, 0, 0], "upkeep": [0, 5, 5, 5]}
        one = appraise(flow(costs), FLAT, optimism_bias={"build": 0.44})
        assert one.uplifts == {"build": 0.44, "upkeep": 0.0}
        assert one.pv_costs.mean == pytest.approx(144 + 5 * (1 - 1.08**-3) / 0.08)


class TestSwitching:
    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 10_000), st.floats(0, 1))
    def test_the_factor_makes_the_npv_0(self, seed, bias):
        rng = np.random.default_rng(seed)
        lines = {name: rng.uniform(0, 100, size=5) for name in ("build", "upkeep", "time", "noise")}
        found = appraise(parts(lines), FLAT, optimism_bias=bias)
        for name, factor in found.switching.items():
            if factor is None:  # even without the line the sign stays
                less = appraise(parts(lines | {name: lines[name] * 0}), FLAT, optimism_bias=bias)
                assert less.npv.mean * found.npv.mean > 0
            else:
                turned = appraise(parts(lines | {name: lines[name] * factor}), FLAT, optimism_bias=bias)
                assert turned.npv.mean == pytest.approx(0, abs=1e-6)

    def test_a_line_of_zeros_turns_nothing(self):
        found = appraise(
            flow(benefits={"time": [0, 50, 50, 50], "noise": [0, 0, 0, 0]}), FLAT, optimism_bias=0
        )
        assert found.switching["noise"] is None


def parts(lines):
    return flow(
        {name: lines[name] for name in ("build", "upkeep")}, {name: lines[name] for name in ("time", "noise")}
    )


class TestDraws:
    def test_spreads_are_percentiles_of_the_draws(self):
        time = np.zeros((1001, 2))
        time[:, 1] = np.arange(1001.0)
        found = appraise(
            flow({"build": [400, 0]}, {"time": time}), Discounting.flat(0.0), optimism_bias=0, level=0.9
        )
        assert (found.npv.mean, found.npv.low, found.npv.high) == pytest.approx((100, -350, 550))
        assert (found.bcr.mean, found.bcr.low, found.bcr.high) == pytest.approx((1.25, 50 / 400, 950 / 400))
        assert found.p_worthwhile == pytest.approx(600 / 1001)
        assert found.flow.draws == 1001

    def test_the_ratio_is_of_the_means(self):
        costs = {"build": [[50, 0], [150, 0]]}
        found = appraise(flow(costs, {"time": [100, 0]}), FLAT, optimism_bias=0)
        assert found.bcr.mean == 1.0  # and not (2 + 2 / 3) / 2
        assert list(found.bcr_draws) == pytest.approx([2, 2 / 3])

    def test_lines_are_drawn_together(self):
        rng = np.random.default_rng(1)
        demand = rng.normal(100, 20, size=(500, 1))
        found = appraise(
            flow({"buses": demand * [1.0, 0]}, {"time": demand * [1.5, 0]}), FLAT, optimism_bias=0
        )
        assert found.bcr.low == pytest.approx(1.5)
        assert found.bcr.high == pytest.approx(1.5)

    def test_one_draw_has_no_spread(self):
        found = appraise(flow(), FLAT, optimism_bias=0)
        assert (found.npv.low, found.bcr.high, found.p_worthwhile) == (None, None, None)

    def test_without_costs_there_is_no_ratio(self):
        assert appraise(flow({"build": [0, 0]}, {"time": [1, 1]}), FLAT, optimism_bias=0).bcr is None
        some = appraise(flow({"build": [[0, 0], [9, 0]]}, {"time": [1, 1]}), FLAT, optimism_bias=0)
        assert (some.bcr.low, some.bcr.high) == (None, None)
        assert np.isnan(some.bcr_draws[0])

    def test_what_has_no_price_is_carried_along(self):
        quiet = Text("Less noise for 3,000 homes", "3000户噪声降低")
        assert appraise(flow(unmonetised=[quiet]), FLAT, optimism_bias=0).flow.unmonetised == (quiet,)


class TestRefusals:
    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"costs": {"build": [1, float("nan")]}}, "'build' of 'tunnel': 1 of 2 are missing"),
            ({"costs": {"build": [1, float("inf")]}}, "infinite"),
            ({"costs": {"build": [1, 2]}}, "needs the same years, and their numbers are 2, 4"),
            ({"costs": {"build": [[1, 2, 3, 4]]}}, "has 1 draw"),
            ({"costs": {"build": np.ones((2, 2, 4))}}, "not of shape (2, 2, 4)"),
            ({"costs": {"build": []}}, "not of shape (0,)"),
            ({"costs": {"build": ["a lot", 0, 0, 0]}}, "must be numbers"),
            ({"costs": {"a": np.ones((3, 4)), "b": np.ones((5, 4))}}, "have 3 and 5 draws"),
            ({"costs": {"time": [1, 1, 1, 1]}}, "'time'"),
            ({"costs": {}}, "one line of costs"),
            ({"benefits": {}}, "one of benefits"),
            ({"unmonetised": ["noise"]}, "must be a Text"),
        ],
    )
    def test_flows_that_do_not_fit(self, more, said):
        with pytest.raises(BadParameter) as refused:
            flow(**more)
        assert said in refused.value.message

    def test_uplifts(self):
        with pytest.raises(UnknownName, match="Nearest: build"):
            appraise(flow(), FLAT, optimism_bias={"built": 0.4})
        with pytest.raises(UnknownName, match="No line of costs is called 'time'"):
            appraise(flow(), FLAT, optimism_bias={"time": 0.4})
        for wrong in (-0.1, float("nan"), "44%"):
            with pytest.raises(BadParameter, match="optimism bias of 'build', a share,"):
                appraise(flow(), FLAT, optimism_bias=wrong)

    def test_a_level_is_between_0_and_1(self):
        with pytest.raises(BadParameter, match="`level`"):
            appraise(flow(), FLAT, optimism_bias=0, level=95)
