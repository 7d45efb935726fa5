"""The register of assumptions: what stops a batch, what is swept, how it reads, and refusals."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench._text import Text
from workbench.decisions import Register, assume
from workbench.errors import (
    CHECK_FAILED,
    BadParameter,
    CheckFailed,
    ExpiredAssumption,
    UnknownName,
    WorkbenchError,
)
from workbench.simulation import Streams

MADE, LAST = date(2026, 1, 10), date(2026, 12, 31)


def one(id="fare", quality="green", impact="red", **more):
    given_ = {
        "who": "L. Chen",
        "since": MADE,
        "expires": LAST,
        "value": 2.0,
        "unit": "CNY",
        "tested": (1.0, 3.0),
    } | more
    statement = given_.pop("statement", Text("The fare stays as it is", "票价维持不变"))
    basis = given_.pop("basis", Text("Tariff 2025", "2025年票价表"))
    owner = given_.pop("owner", "Transit bureau")
    return assume(id, statement, basis, quality, impact, owner, **given_)


class TestExpiry:
    def test_the_last_day_still_counts(self):
        assert not one().expired(LAST)
        assert one().expired(LAST + timedelta(days=1))
        assert not one(expires=None).expired(date(2999, 1, 1))

    def test_an_expired_assumption_stops_the_batch_with_code_4_and_all_are_named(self):
        register = Register((one(), one("demand", owner="Planning"), one("rain", expires=None)))
        with pytest.raises(ExpiredAssumption) as stopped:
            register.check(date(2027, 1, 1))
        assert isinstance(stopped.value, CheckFailed)
        assert stopped.value.exit_code == CHECK_FAILED == 4
        assert stopped.value.message == (
            "assumption 'fare' (The fare stays as it is) expired on 2026-12-31; "
            "Transit bureau answers for it\n"
            "assumption 'demand' (The fare stays as it is) expired on 2026-12-31; Planning answers for it\n"
            "As of 2027-01-01: renew them, or waive each by its id and say who allows it."
        )

    def test_a_waiver_by_name_lets_it_pass_and_hands_it_back(self):
        register = Register((one(), one("demand")))
        with pytest.raises(ExpiredAssumption, match="'demand'") as stopped:
            register.check(date(2027, 1, 1), {"fare": "Director Wang"})
        assert [name for name, *_ in stopped.value.expired] == ["demand"]
        everyone = {"fare": "Director Wang", "demand": "Director Wang"}
        assert [each.id for each in register.check(date(2027, 1, 1), everyone)] == ["fare", "demand"]
        assert register.check(LAST, everyone) == ()
        assert register.check(LAST) == ()

    @pytest.mark.parametrize(
        ("on", "waived", "said"),
        [
            (LAST, {"fair": "W"}, "No assumption is called 'fair'. Nearest: fare"),
            (LAST, {"fare": " "}, "does not say who allows it"),
            (datetime(2026, 1, 1), {}, "must be a day"),
            ("2026-01-01", {}, "must be a day"),
        ],
    )
    def test_bad_checks_are_refused(self, on, waived, said):
        with pytest.raises(WorkbenchError, match=said):
            Register((one(),)).check(on, waived)

    @given(st.lists(st.dates(min_value=MADE), min_size=1, max_size=5), st.dates(min_value=MADE))
    def test_expired_and_waived_together_are_what_check_says(self, lasts, on):
        register = Register(tuple(one(f"a{at}", expires=last) for at, last in enumerate(lasts)))
        old = [each.id for each in register.expired(on)]
        assert old == [f"a{at}" for at, last in enumerate(lasts) if last < on]
        assert [each.id for each in register.check(on, dict.fromkeys(old, "W"))] == old


class TestSweep:
    def test_red_impact_with_a_range_is_swept(self):
        register = Register(
            (
                one(),
                one("rain", impact="amber"),
                one("growth", tested=None, value=None),
                one("wage", tested=(20, 80), value=30.0, unit="CNY/h", distribution="triangular"),
            )
        )
        inputs = register.inputs()
        assert inputs.names == ("fare", "wage")
        assert (inputs["wage"].low, inputs["wage"].base, inputs["wage"].high) == (20, 30, 80)
        assert inputs["wage"].unit == "CNY/h"
        assert inputs["fare"].basis.zh == "2025年票价表"
        assert inputs.sample(8, Streams(1)).shape == (8, 2)
        assert [each.id for each in register.untested()] == ["growth"]

    def test_nothing_to_sweep(self):
        assert Register((one(impact="green"),)).inputs() is None


class TestPrinted:
    REGISTER = Register(
        (
            one(owner="Transit"),
            one("rain", "red", "amber", owner="Transit", expires=None, value=None, tested=None, unit=""),
        )
    )

    def test_as_text(self):
        english = self.REGISTER.as_text("en", on=date(2027, 1, 1))
        assert english.splitlines() == [
            "id    assumption               quality  impact  value  tested  basis        owner    expires",
            "fare  The fare stays as it is  green    red     2 CNY  1 – 3   Tariff 2025  Transit  2026-12-31",
            " " * 85 + "expired",
            "rain  The fare stays as it is  red      amber                  Tariff 2025  Transit",
        ]
        assert "expired" not in self.REGISTER.as_text("en")
        chinese = self.REGISTER.as_text("zh", on=date(2027, 1, 1))
        assert "已过期" in chinese
        assert "票价维持不变" in chinese
        assert Register().as_text("en") == "No assumptions are registered."
        with pytest.raises(UnknownName, match="language"):
            self.REGISTER.as_text("fr")

    def test_as_rows(self):
        first, second = self.REGISTER.as_rows()
        assert first["quality"].in_("zh") == "绿"
        assert (first["value"], first["low"], first["high"], first["unit"]) == (2.0, 1.0, 3.0, "CNY")
        assert (first["since"], first["expires"], second["expires"]) == ("2026-01-10", "2026-12-31", "")
        assert second["low"] is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": ""}, "Every assumption needs a name"),
        ({"quality": "yellow"}, "No quality rating is called 'yellow'"),
        ({"impact": "Red"}, "Nearest: red"),
        ({"owner": " "}, "no `owner`"),
        ({"who": ""}, "no `who`"),
        ({"statement": Text("", "只有中文")}, "statement of assumption 'fare' is empty"),
        ({"basis": ""}, "basis of assumption 'fare' must be a Text"),
        ({"since": "2026-01-10"}, "`since` of assumption 'fare' must be a day"),
        ({"since": None}, "`since` of assumption 'fare' must be a day"),
        ({"expires": datetime(2026, 5, 1)}, "`expires` of assumption 'fare' must be a day"),
        ({"expires": date(2026, 1, 9)}, "before it was made"),
        ({"value": None}, "needs `value` and"),
        ({"value": float("nan")}, "must be a number"),
        ({"tested": (1.0,)}, "needs `value` and"),
        ({"tested": 3.0}, "needs `value` and"),
        ({"tested": (3.0, 1.0)}, "range of input 'fare' is empty"),
        ({"tested": (2.5, 3.0)}, "outside of its range"),
        ({"distribution": "gamma"}, "distribution"),
    ],
)
def test_bad_assumptions_are_refused(changed, said):
    with pytest.raises(WorkbenchError, match=said):
        one(**changed)


def test_bad_registers_are_refused():
    with pytest.raises(BadParameter, match="Two assumptions have the id 'fare'"):
        Register((one(), one()))
    with pytest.raises(BadParameter, match="made by `assume`"):
        Register(("fare",))
    with pytest.raises(BadParameter, match="made by `assume`"):
        Register(one())
    with pytest.raises(BadParameter, match="no tested range"):
        one(tested=None).as_input()
    with pytest.raises(UnknownName, match="Nearest: fare"):
        Register((one(),))["fares"]
    assert Register((one(),))["fare"].owner == "Transit bureau"
    assert len(Register((one(),))) == 1
