"""Numbers print the same way everywhere, in both languages, and impossible ones are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.briefs import BadBrief, Quantity, Source, Text
from workbench.briefs.formatting import number

B = Text("bootstrap over days", "按天自助法")
NB = "\N{NO-BREAK SPACE}"

PRINTED = [
    # the number, in English, in Chinese
    (Quantity("a", 1.84, low=1.71, high=1.96, basis=B), "1.84 (95% 1.71–1.96)", "1.84（95% 区间 1.71–1.96）"),
    (Quantity("a", 1.84, "", 1.71, 1.96, 0.9, basis=B), "1.84 (90% 1.71–1.96)", "1.84（90% 区间 1.71–1.96）"),
    (Quantity("a", 17.96, low=16.2, high=19.8, basis=B), "18 (95% 16–20)", "18（95% 区间 16–20）"),
    (Quantity("a", 17.96, "", 16.2, 19.8, 0.95, 1, B), "18.0 (95% 16.2–19.8)", "18.0（95% 区间 16.2–19.8）"),
    (Quantity("a", -3.0, low=-5.2, high=1, basis=B), "−3 (95% −5 to 1)", "−3（95% 区间 −5至1）"),
    (Quantity("a", 2.0, low=2.0, high=2.0, basis=B), "2 (95% 2–2)", "2（95% 区间 2–2）"),
    (Quantity("a", 12345, "passengers", 12000, 12700, basis=B), f"12,345{NB}passengers (95% 12,000–12,700)",
     "12,345人次（95% 区间 12,000–12,700）"),
    (Quantity("a", 9293, "passengers", kind="counting"), f"9,293{NB}passengers", "9,293人次"),
    (Quantity("a", 1234567.0), "1,234,567", "1,234,567"),
    (Quantity("a", 1, "buses"), f"1{NB}bus", "1辆"),
    (Quantity("a", 12, "buses"), f"12{NB}buses", "12辆"),
    (Quantity("a", 31.5, "km/h"), f"31.5{NB}km/h", "31.5公里/小时"),
    (Quantity("a", 3, "fathoms"), f"3{NB}fathoms", f"3{NB}fathoms"),
    (Quantity("a", 3, Text("visits", "次就诊")), f"3{NB}visits", "3次就诊"),
    (Quantity("a", 1.5, "index"), "1.5", "1.5"),
    (Quantity("a", None), "cannot tell", "无法判断"),
    (Quantity("a", None, "s"), "cannot tell", "无法判断"),
    # shares and probabilities
    (Quantity("a", 0.05, "share"), "5%", "5%"),
    (Quantity("a", 0.623, "share", 0.55, 0.7, basis=B), "62% (95% 55–70%)", "62%（95% 区间 55–70%）"),
    (Quantity("a", 0.003, "share", 0.0, 0.04, basis=B), "0.3% (95% 0–4%)", "0.3%（95% 区间 0–4%）"),
    (Quantity("a", -0.02, "share", -0.06, 0.02, basis=B), "−2% (95% −6% to 2%)", "−2%（95% 区间 −6%至2%）"),
    (Quantity("a", 1.3, "share"), "130%", "130%"),
    (Quantity("a", 1.0, "share"), "100%", "100%"),
    (Quantity("a", 0, "share"), "0%", "0%"),
    (Quantity("a", 0.99996, "share"), ">99.9%", ">99.9%"),
    (Quantity("a", -0.032, "points"), f"−3.2{NB}percentage points", "−3.2个百分点"),
    (Quantity("a", 1.0, "probability", resamples=1000), ">99.9%", ">99.9%"),
    (Quantity("a", 0.0, "probability", resamples=1000), "<0.1%", "<0.1%"),
    (Quantity("a", 1.0, "probability", resamples=100_000), ">99.9%", ">99.9%"),
    (Quantity("a", 1.0, "probability", resamples=200), ">99.5%", ">99.5%"),
    (Quantity("a", 0.0, "share", resamples=300), "<0.4%", "<0.4%"),
    (Quantity("a", 0.999, "probability", resamples=1000), "99.9%", "99.9%"),
    (Quantity("a", 0.6234, "probability", resamples=1000), "62%", "62%"),
    (Quantity("a", 0.994, "probability", 0.98, 1, basis=B, resamples=1000), "99.4% (95% 98.0% to >99.9%)",
     "99.4%（95% 区间 98.0%至>99.9%）"),
    # durations
    (Quantity("a", 45, "s"), f"45{NB}s", "45秒"),
    (Quantity("a", 240, "s"), f"4{NB}min", "4分钟"),
    (Quantity("a", 234, "s", 220, 248, basis=B), f"3.9{NB}min (95% 3.7–4.1)", "3.9分钟（95% 区间 3.7–4.1）"),
    (Quantity("a", 234, "s", decimals=0), f"234{NB}s", "234秒"),
    # small and negative
    (Quantity("a", 0.0456), "0.0456", "0.0456"),
    (Quantity("a", 0.04, decimals=1), "<0.1", "<0.1"),
    (Quantity("a", -0.04, decimals=1), ">−0.1", ">−0.1"),
    (Quantity("a", -0.04, "", -1.2, 1.1, 0.95, 1, B), "0.0 (95% −1.2 to 1.1)", "0.0（95% 区间 −1.2至1.1）"),
    (Quantity("a", 1e-12), "<0.000000001", "<0.000000001"),
]  # fmt: skip


@pytest.mark.parametrize(("quantity", "en", "zh"), PRINTED, ids=[case[1] for case in PRINTED])
def test_print(quantity: Quantity, en: str, zh: str) -> None:
    assert quantity.text("en") == en
    assert quantity.text("zh") == zh


def test_a_table_head_states_the_unit_once() -> None:
    headway = Quantity("a", 234, "s", 220, 248, basis=B)
    assert headway.text("en", within="s") == "234 (95% 220–248)"
    assert headway.text("en", within="min", level=False) == "3.9 (3.7–4.1)"
    assert headway.text("zh", within="min", level=False) == "3.9（3.7–4.1）"
    assert headway.text("en", within="km") == headway.text("en")  # it does not convert, so it keeps its own
    chance = Quantity("a", 1.0, "probability", resamples=1000)
    assert chance.text("en", within="probability") == chance.text("en", within="%") == ">99.9"
    assert Quantity("a", 1500, "m").text("en", within="km") == "1.5"


@pytest.mark.parametrize(
    ("told", "given"),
    [
        ("nan", {"value": float("nan")}),
        ("inf", {"value": float("inf")}),
        ("`low` is nan", {"value": 1.0, "low": float("nan"), "high": 2.0}),
        ("above `high`", {"value": 1.0, "low": 2.0, "high": 0.5}),
        ("lies outside", {"value": 3.0, "low": 1.0, "high": 2.0}),
        ("needs both", {"value": 1.0, "low": 0.5}),
        ("needs `low` and `high`", {"value": 1.0, "kind": "interval"}),
        ("a full count has no interval", {"value": 1, "low": 0, "high": 2, "kind": "counting"}),
        ("cannot be told has no interval", {"value": None, "low": 0, "high": 2}),
        ("how the interval was made", {"value": 1, "low": 0, "high": 2, "basis": Text("")}),
        ("not a number", {"value": "12"}),
        ("not a number", {"value": True}),
        ("not between 0 and 1", {"value": 1.0, "level": 95}),
        ("not between 0 and 1", {"value": 62.0, "unit": "probability"}),
        ("not between 0 and 12", {"value": 1.0, "decimals": -1}),
        ("not a positive number", {"value": 1.0, "resamples": 0}),
        ("not interval, counting or none", {"value": 1.0, "kind": "guess"}),
    ],
)
def test_refuse(told: str, given: dict[str, object]) -> None:
    with pytest.raises(BadBrief, match=told):
        Quantity("a", **({"basis": B} | given))


@pytest.mark.parametrize("bad", ["", "A", "a b", "a/b", "é", "a\n", None, 3])
def test_refuse_ids_that_name_no_element(bad: str) -> None:
    with pytest.raises(BadBrief, match="may hold only"):
        Quantity(bad, 1.0)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(BadBrief, match=r"above `high`.*how the interval.*`level`"):
        Quantity("a", 1.0, low=2.0, high=1.0, level=2)


def test_a_value_outside_its_interval_has_to_be_flagged() -> None:
    assert Quantity("a", 3.0, low=1.0, high=2.0, basis=B, outside=True).text("en") == "3.0 (95% 1.0–2.0)"


def test_numpy_numbers_become_plain_ones() -> None:
    plain = Quantity("a", np.float64(1.5), low=np.float32(1), high=np.int64(2), basis=B)
    assert [type(each) for each in (plain.value, plain.low, plain.high)] == [float, float, int]
    assert type(Quantity("a", np.int64(3)).value) is int


def test_an_interval_makes_the_kind() -> None:
    assert Quantity("a", 1, low=0, high=2, basis=B).kind == "interval"
    assert Quantity("a", 1).kind == "none"


def test_a_source_says_where_it_is() -> None:
    source = Source("headways", "median_s", {"line": "12", "direction": 1})
    assert str(source) == "headways.median_s [line=12, direction=1]"
    assert Source("headways", "median_s").as_dict() == {
        "measure": "headways",
        "column": "median_s",
        "where": {},
    }


@given(
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["", "s", "share", "m", "points"]),
)
def test_any_finite_number_prints(value: float, unit: str) -> None:
    for lang in ("en", "zh"):
        text = Quantity("a", value, unit).text(lang)
        assert any(char.isdigit() for char in text)
        assert "-" not in text
        assert "e" not in text.replace("percentage", "")


@given(st.floats(0, 1), st.integers(1, 10**6))
def test_a_resampled_probability_is_never_certain(value: float, resamples: int) -> None:
    text = Quantity("a", value, "probability", resamples=resamples).text("en")
    assert text not in ("0%", "100%", "0.0%", "100.0%")


def test_minus_zero_has_no_minus() -> None:
    assert number(-0.0001, 2) == "0.00"
    assert number(-0.0, 0) == "0"
