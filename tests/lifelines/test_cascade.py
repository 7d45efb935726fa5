"""What follows from a failure: two fixed points, batteries, thresholds, and damage next door."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines.cascade import cascade, cascade_rounds, failures_over_time

NODES = 5


def network(system, n=NODES):
    """A source `<letter>0` and a chain of sinks behind it."""
    letter = system[0]
    return LifelineNetwork(
        system,
        pl.DataFrame(
            {
                "id": [f"{letter}{i}" for i in range(n)],
                "supply": [10.0] + [0.0] * (n - 1),
                "demand": [0.0] + [1.0] * (n - 1),
            }
        ),
        pl.DataFrame(
            {
                "id": [f"{letter}e{i}" for i in range(n - 1)],
                "u": [f"{letter}{i}" for i in range(n - 1)],
                "v": [f"{letter}{i + 1}" for i in range(n - 1)],
            }
        ),
    )


def system(*rows, n=NODES):
    """Power and water; each row is dependee, depender and, if wanted, kind, rule, threshold, buffer."""
    layers = {"power": network("power", n), "water": network("water", n)}
    of = {"p": "power", "w": "water"}
    full = [(*row, *("physical", "any", 0.0, 0.0)[len(row) - 2 :]) for row in rows]
    frame = pl.DataFrame(
        {
            "dependee_layer": [of[row[0][0]] for row in full],
            "dependee": [row[0] for row in full],
            "depender_layer": [of[row[1][0]] for row in full],
            "depender": [row[1] for row in full],
            "kind": [row[2] for row in full],
            "rule": [row[3] for row in full],
            "threshold": [row[4] for row in full],
            "buffer_h": [row[5] for row in full],
        },
        schema_overrides=dict.fromkeys(("threshold", "buffer_h"), pl.Float64),
    )
    return InterdependentSystem(layers, frame if rows else None)


def down(system, up):
    """Ids of what does not work."""
    return set(system.assets.filter(~up)["id"])


def simple(system, up, start="greatest"):
    """The reference: one state, one dependency after the other, until nothing changes."""
    ids = {(row["layer"], row["id"]): i for i, row in enumerate(system.assets.iter_rows(named=True))}
    groups, geographic = {}, []
    for row in system.dependencies.iter_rows(named=True):
        dependee = ids[row["dependee_layer"], row["dependee"]]
        depender = ids[row["depender_layer"], row["depender"]]
        if row["kind"] == "geographic":
            geographic.append((dependee, depender))
        else:
            groups.setdefault((depender, row["kind"], row["rule"]), []).append(dependee)
    intact, up = system.intact, (up & system.intact).copy()
    while any(intact[a] and not up[a] and up[b] for a, b in geographic):
        for a, b in geographic:
            up[b] &= bool(up[a] or not intact[a])
    needy = {depender for depender, _, _ in groups}
    works = up.copy() if start == "greatest" else up & ~np.isin(np.arange(len(up)), list(needy))
    while True:
        satisfied = {
            asset: all(
                (any if rule == "any" else all)(works[one] for one in dependees)
                for (depender, _, rule), dependees in groups.items()
                if depender == asset
            )
            for asset in needy
        }
        new = up.copy()
        for asset, fine in satisfied.items():
            new[asset] = up[asset] and fine and (works[asset] or start != "greatest")
        if (new == works).all():
            return works
        works = new


names = st.sampled_from([f"{letter}{i}" for letter in "pw" for i in range(NODES)])


@st.composite
def systems(draw, geographic=True, thresholds=False):
    rows, rules = [], {}
    kinds = ["physical", "cyber", "geographic"] if geographic else ["physical", "cyber"]
    for dependee, depender, kind, rule, share, buffer in draw(
        st.lists(
            st.tuples(
                names,
                names,
                st.sampled_from(kinds),
                st.sampled_from(["any", "all"]),
                st.sampled_from([0.0, 1.0]),
                st.sampled_from([0.0, 1.0, 4.0]),
            ),
            max_size=14,
        )
    ):
        if dependee != depender:
            rule = rules.setdefault((depender, kind), rule)
            rows.append((dependee, depender, kind, rule, share if thresholds else 0.0, buffer))
    return system(*rows)


states = st.lists(st.lists(st.booleans(), min_size=18, max_size=18), min_size=1, max_size=4).map(np.array)


@settings(deadline=None)
@given(systems(), states, st.sampled_from(["greatest", "black_start"]))
def test_many_states_at_once_equal_the_simple_loop(made, up, start):
    works = cascade(made, up, start=start)
    for row, got in zip(up, works, strict=True):
        assert (got == simple(made, row, start)).all()
        assert (cascade(made, row, start=start) == got).all()


@settings(deadline=None)
@given(systems(), states, st.data())
def test_more_damage_never_lets_more_work(made, up, data):
    worse = up & np.array(data.draw(st.lists(st.booleans(), min_size=18, max_size=18)))
    for start in ("greatest", "black_start"):
        assert not (cascade(made, worse, start=start) & ~cascade(made, up, start=start)).any()


@settings(deadline=None)
@given(systems(geographic=False), states, st.sampled_from(["greatest", "black_start"]))
def test_a_cascade_of_a_cascade_changes_nothing(made, up, start):
    works = cascade(made, up, start=start)
    assert (cascade(made, works, start=start) == works).all()


@settings(deadline=None)
@given(systems(), states)
def test_black_start_brings_up_no_more_than_was_running(made, up):
    assert not (cascade(made, up, start="black_start") & ~cascade(made, up)).any()


def test_two_that_need_each_other_run_on_but_cannot_be_started():
    made = system(("p1", "w1"), ("w1", "p1", "cyber"))
    assert down(made, cascade(made)) == set()
    assert down(made, cascade(made, start="black_start")) == {"p1", "w1"}


def test_rounds_count_how_far_a_failure_travels():
    made = system(("p1", "w1"), ("w1", "p2"), ("p2", "w2"))
    told = cascade_rounds(made, np.array([made.intact, made.without(("power", "p1"))]))
    assert told.rounds.tolist() == [0, 3]
    when = dict(zip(made.assets["id"], told.when[1].tolist(), strict=True))
    assert [when[name] for name in ("p1", "w1", "p2", "w2", "p0")] == [0, 1, 2, 3, -1]
    started = cascade_rounds(made, start="black_start")
    when = dict(zip(made.assets["id"], started.when.tolist(), strict=True))
    assert [when[name] for name in ("p1", "w1", "p2", "w2")] == [0, 1, 2, 3]


def test_any_needs_one_of_a_kind_all_needs_each_and_kinds_do_not_stand_in_for_each_other():
    made = system(
        ("p1", "w1"),
        ("p2", "w1"),
        ("p1", "w2", "physical", "all"),
        ("p2", "w2", "physical", "all"),
        ("p1", "w3"),
        ("p2", "w3", "cyber"),
    )
    assert down(made, cascade(made, made.without(("power", "p1")))) == {"p1", "w2", "w3"}


def test_damage_passes_to_what_lies_beside_but_want_of_service_does_not():
    made = system(("p1", "w1", "geographic"), ("w1", "w2", "geographic"), ("p2", "p1"))
    assert down(made, cascade(made, made.without(("power", "p1")))) == {"p1", "w1", "w2"}
    assert down(made, cascade(made, made.without(("power", "p2")))) == {"p1", "p2"}


def test_what_is_out_of_service_is_not_damage():
    made = system(("p1", "w1", "geographic"), ("p2", "w2"))
    closed = made.layers["power"].with_columns(
        nodes=[(~pl.col("id").is_in(["p1", "p2"])).alias("in_service")]
    )
    made = InterdependentSystem({**made.layers, "power": closed}, made.dependencies)
    assert down(made, cascade(made)) == {"p1", "p2", "w2"}


def test_a_dependee_must_receive_its_share():
    made = system(("p3", "w1", "physical", "any", 0.5))
    cut = made.without(("power", "pe1"))
    p3 = made.asset("power", "p3")
    for share, failed in ((0.49, True), (0.5, False)):

        def served(up, share=share):
            got = np.ones(up.shape)
            got[:, p3] = np.where(up[:, made.asset("power", "pe1")], 1.0, share)
            return got

        assert ("w1" in down(made, cascade(made, cut, served=served))) == failed
        assert "w1" not in down(made, cascade(made, served=served))


def test_connectivity_tells_the_share_by_default():
    made = system(("p3", "w1", "physical", "any", 0.5), ("p4", "w2"))
    cut = made.without(("power", "pe1"))
    assert down(made, cascade(made, cut)) == {"pe1", "w1"}
    for served in ("connectivity", {"power": "connectivity"}):
        assert (cascade(made, cut, served=served) == cascade(made, cut)).all()


def test_a_battery_keeps_an_asset_until_it_is_empty():
    made = system(
        ("p1", "w1", "physical", "any", 0.0, 4.0), ("w1", "w2", "physical", "any", 0.0, 2.0), ("p1", "w3")
    )
    hours = dict(
        zip(made.assets["id"], failures_over_time(made, made.without(("power", "p1"))).tolist(), strict=True)
    )
    assert [hours[name] for name in ("p1", "w1", "w2", "w3")] == [0.0, 4.0, 6.0, 0.0]
    assert hours["w0"] == np.inf
    soon = failures_over_time(made, made.without(("power", "p1")), 5.0)
    assert soon[made.asset("water", "w2")] == np.inf
    assert soon[made.asset("water", "w1")] == 4.0


def test_any_lasts_as_long_as_the_last_battery_and_all_as_the_first():
    for rule, hour in (("any", 6.0), ("all", 1.0)):
        made = system(("p1", "w1", "physical", rule, 0.0, 1.0), ("p2", "w1", "physical", rule, 0.0, 6.0))
        up = made.without(("power", "p1"), ("power", "p2"))
        assert failures_over_time(made, up)[made.asset("water", "w1")] == hour


@settings(deadline=None)
@given(systems(), states)
def test_in_the_end_fails_what_a_cascade_lets_fail(made, up):
    hours = failures_over_time(made, up)
    assert (np.isinf(hours) == cascade(made, up)).all()
    horizon = failures_over_time(made, up, 3.0)
    assert (np.isinf(horizon) == (hours > 3.0)).all()
    unbuffered = InterdependentSystem(made.layers, made.dependencies.with_columns(buffer_h=0.0))
    assert set(np.unique(failures_over_time(unbuffered, up))) <= {0.0, np.inf}


@settings(deadline=None)
@given(systems(), states)
def test_longer_batteries_never_let_anything_fail_sooner(made, up):
    longer = InterdependentSystem(made.layers, made.dependencies.with_columns(pl.col("buffer_h") + 1.0))
    assert (failures_over_time(longer, up) >= failures_over_time(made, up)).all()


@settings(max_examples=40, deadline=None)
@given(systems(geographic=False, thresholds=True), states)
def test_thresholds_only_take_away_and_are_settled_at_once(made, up):
    plain = InterdependentSystem(made.layers, made.dependencies.with_columns(threshold=0.0))
    for start in ("greatest", "black_start"):
        works = cascade(made, up, start=start)
        assert not (works & ~cascade(plain, up, start=start)).any()
        assert (cascade(made, works, start=start) == works).all()
    assert (np.isinf(failures_over_time(made, up)) == cascade(made, up)).all()


def test_a_network_alone_and_no_states_at_all():
    alone = network("water")
    assert (cascade(alone, alone.without("w1")) == alone.without("w1")).all()
    made = system(("p1", "w1"))
    assert cascade(made, np.ones((0, made.size), bool)).shape == (0, made.size)
    assert failures_over_time(made, np.ones((0, made.size), bool)).shape == (0, made.size)


def test_what_does_not_fit_is_refused():
    made = system(("p1", "w1", "physical", "any", 0.5))
    with pytest.raises(BadParameter, match="18 Booleans"):
        cascade(made, np.ones(17, bool))
    with pytest.raises(BadParameter, match="Booleans"):
        cascade(made, np.ones(18))
    with pytest.raises(UnknownName, match="black_start"):
        cascade(made, start="black")
    with pytest.raises(UnknownName, match="gas"):
        cascade(made, served={"gas": "connectivity"})
    with pytest.raises(UnknownName, match="solver"):
        cascade(made, served="flwo")
    with pytest.raises(BadParameter, match="share for each of 18"):
        cascade(made, served=lambda up: np.ones(up.shape[1]))
    with pytest.raises(BadParameter, match="NaN"):
        cascade(made, served=lambda up: np.full(up.shape, np.nan))
    for horizon in (-1.0, np.nan, "a day"):
        with pytest.raises(BadParameter, match="horizon_h"):
            failures_over_time(made, None, horizon)
