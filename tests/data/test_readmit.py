"""Rows put back satisfy the contract at either end, stand for what was readable, and are all counted."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data.admissible import NEAR, admissible
from workbench.data.contract import Column, Reference, RowRule, TableContract
from workbench.data.files import PROBLEM
from workbench.data.readmit import readmit
from workbench.data.screening import screen

D, T = dt.date, dt.datetime
LEAST = 200 * NEAR
SPEEDS = TableContract(
    name="speeds",
    columns=(
        Column(name="segment", type="string", required=True),
        Column(name="time", type="timestamp", required=True),
        Column(name="speed", type="number", required=True, minimum=0, exclusive_minimum=True, maximum=200),
        Column(name="count", type="integer", minimum=0),
        Column(name="riders", type="integer", minimum=1, maximum=100, default=1),
        Column(name="kind", type="string", enum=("bus", "tram", "rail")),
        Column(name="open", type="boolean"),
        Column(name="start", type="timestamp"),
        Column(name="end", type="timestamp"),
        Column(name="stop", type="string"),
        Column(name="next", type="string"),
        Column(name="load", type="number", required=True, minimum=0),
    ),
    key=("segment", "time"),
    rules=(
        RowRule(name="ends_after_start", left="end", op=">=", right="start"),
        RowRule(name="elsewhere", left="next", op="!=", right="stop"),
        RowRule(name="room", left="count", op="<", right="riders"),
    ),
    references=(
        Reference(columns=("segment",), table="segments", targets=("id",)),
        Reference(columns=("stop",), table="stops", targets=("stop_id",)),
    ),
)
SEGMENTS, STOPS = pl.DataFrame({"id": ["A", "B"]}), pl.DataFrame({"stop_id": ["x", "y"]})
OTHERS = {"segments": (SEGMENTS,), "stops": (STOPS,)}
GOOD = {
    "segment": "A", "time": "2026-03-02 08:00:00", "speed": "30", "count": "0", "riders": "2", "kind": "bus",
    "open": "true", "start": "2026-03-02 08:00:00", "end": "2026-03-02 09:00:00", "stop": "x", "next": "y",
    "load": "3",
}  # fmt: skip
TIMES = ["2026-03-02 08:00:00", "2026-03-02 09:00:00"]
POOLS = {
    "segment": ["A", "B", "Z", None],
    "time": [*TIMES, "25:61", None],
    "speed": ["30", "200", "0", "-4", "x", "201", None],
    "count": ["0", "1", "-1", "1.5", None],
    "riders": ["2", "100", "0", "101", "", None],
    "kind": ["bus", "rail", "Bus", None],
    "open": ["true", "no", "perhaps", None],
    "start": [*TIMES, "?", None],
    "end": [*TIMES, "?", None],
    "stop": ["x", "y", "q", None],
    "next": ["x", "y", None],
    "load": ["0", "3", "-1", "NaN", None],
}


def screened(engine, frame):
    """Screen rows, texts or values."""
    numbered = frame.with_columns(
        pl.lit(0, pl.Int64).alias("_file"), (pl.int_range(pl.len()) + 2).alias("_row")
    )
    others = {"segments": engine.table(SEGMENTS), "stops": engine.table(STOPS)}
    return screen(engine.table(numbered), SPEEDS, others=others, files=["speeds.csv"])


def texts(*rows, problems=None):
    """Rows of texts, as read from CSV: the good row with some of its cells others."""
    frame = pl.DataFrame([GOOD | row for row in rows], dict.fromkeys(GOOD, pl.String))
    return frame.with_columns(pl.Series(PROBLEM, problems or [None] * len(rows), dtype=pl.String))


@pytest.fixture
def put_back(engines):
    """Screen rows and put back what can be; rows with other times, so that no key repeats another."""

    def done(*rows, problems=None, contract=SPEEDS, others=OTHERS):
        rows = [{"time": f"2026-03-02 10:{i:02d}:00"} | row for i, row in enumerate(rows)]
        aside = screened(engines("polars"), texts(*rows, problems=problems)).quarantine.gather()
        return readmit(aside, contract, others=others)

    return done


class TestEnds:
    @pytest.mark.parametrize(
        ("column", "ends"),
        [
            (Column(name="c", type="number", minimum=-90, maximum=90), (-90, 90)),
            (Column(name="c", type="number", minimum=5), (5, None)),
            (Column(name="c", type="integer", minimum=0, exclusive_minimum=True, maximum=9.5), (1, 9)),
            (Column(name="c", type="integer", maximum=9, exclusive_maximum=True), (None, 8)),
            (Column(name="c", type="boolean"), (False, True)),
            (Column(name="c", type="string"), (None, None)),
            (Column(name="c", type="string", enum=("late", "early")), ("late", "early")),
            (Column(name="c", type="integer", enum=(5, 1, 3)), (1, 5)),
            (
                Column(
                    name="c", type="date", minimum="2026-01-01", exclusive_minimum=True, maximum="2026-02-01"
                ),
                (D(2026, 1, 2), D(2026, 2, 1)),
            ),
            (
                Column(name="c", type="timestamp", maximum="2026-01-01T06:00:00", exclusive_maximum=True),
                (None, T(2026, 1, 1, 5, 59, 59, 999_999)),
            ),
        ],
        ids=str,
    )
    def test_are_what_the_contract_says(self, column, ends):
        assert admissible(column) == ends

    @given(
        low=st.floats(-1e12, 1e12),
        width=st.floats(1e-3, 1e12),
        open_low=st.booleans(),
        open_high=st.booleans(),
    )
    def test_of_numbers_are_within_the_bounds(self, low, width, open_low, open_high):
        column = Column(
            name="c",
            type="number",
            minimum=low,
            maximum=low + width,
            exclusive_minimum=open_low,
            exclusive_maximum=open_high,
        )
        least, most = admissible(column)
        assert low < least if open_low else low == least
        assert most < low + width if open_high else most == low + width


class TestCells:
    def test_a_negative_speed_stands_just_above_nothing_or_at_the_limit(self, put_back):
        made = put_back({"speed": "-4"})
        assert (made.rows, made.rejected) == (1, 1)
        assert 0 < made.low["speed"][0] < 1e-6
        assert made.high["speed"][0] == 200
        assert made.low.drop("speed").equals(made.high.drop("speed"))
        assert made.low.row(0, named=True)["segment"] == "A"

    @pytest.mark.parametrize(
        ("column", "text", "low", "high"),
        [
            ("speed", None, LEAST, 200.0),
            ("speed", "12,5", LEAST, 200.0),
            ("riders", "many", 1, 100),
            ("kind", "Bus", "bus", "rail"),
            ("open", "perhaps", False, True),
            ("start", "25:61", None, None),
            ("stop", "nowhere", None, None),
        ],
    )
    def test_take_their_ends(self, put_back, column, text, low, high):
        made = put_back({"count": None, column: text})
        assert (made.low[column][0], made.high[column][0]) == (low, high)

    def test_a_count_without_a_highest_stays_empty_there(self, put_back):
        made = put_back({"count": "-5"})
        assert (made.low["count"][0], made.high["count"][0]) == (0, None)

    def test_of_a_row_with_two_faults_both_are_mended(self, put_back):
        made = put_back({"speed": "-4", "riders": "200"})
        assert made.high.select("speed", "riders").row(0) == (200.0, 100)

    def test_of_a_ragged_row_every_bounded_value_is_in_doubt(self, put_back):
        made = put_back({"riders": "5"}, problems=["ragged"])
        some = ("speed", "riders", "kind", "load")
        assert made.low.select(some).row(0) == (LEAST, 1, "bus", 0)
        assert made.high.select(some).row(0) == (200, 100, "rail", 3)
        assert made.low.select("start", "stop").equals(made.high.select("start", "stop"))

    def test_what_a_source_file_could_not_convert_is_in_doubt(self, put_back):
        made = put_back({"kind": None}, problems=["code:kind:BUS"])
        assert (made.low["kind"][0], made.high["kind"][0]) == ("bus", "rail")


class TestRules:
    def test_two_times_meet_at_the_earlier_or_the_later(self, put_back):
        made = put_back({"start": TIMES[1], "end": TIMES[0]})
        early, late = T(2026, 3, 2, 8), T(2026, 3, 2, 9)
        assert made.low.select("start", "end").row(0) == (early, early)
        assert made.high.select("start", "end").row(0) == (late, late)

    def test_a_strict_rule_is_mended_by_a_step(self, put_back):
        made = put_back({"count": "7", "riders": "3"})
        assert made.low.select("count", "riders").row(0) == (3, 4)
        assert made.high.select("count", "riders").row(0) == (6, 7)

    def test_the_same_stop_twice_leaves_one_empty(self, put_back):
        made = put_back({"stop": "x", "next": "x"})
        assert made.low.select("stop", "next").row(0) == ("x", None)

    def test_a_cell_of_the_key_is_not_moved(self, engines):
        contract = TableContract(
            name="t",
            columns=(
                Column(name="a", type="integer", required=True),
                Column(name="b", type="integer", required=True),
            ),
            key=("a",),
            rules=(RowRule(name="above", left="a", op=">", right="b"),),
        )
        aside = pl.DataFrame(
            {
                "file": ["t"], "row": [1], "rule": ["above"], "column": ["a"], "value": ["3"],
                "raw_a": ["3"], "raw_b": ["5"],
            }
        )  # fmt: skip
        made = readmit(aside, contract)
        assert made.low.rows() == made.high.rows() == [(3, 2)]


class TestUnplaced:
    @pytest.mark.parametrize(
        "row",
        [
            {"segment": None},
            {"segment": "Z"},
            {"time": None},
            {"time": "25:61"},
            {"load": "-1"},
            {"load": None},
        ],
        ids=str,
    )
    def test_without_key_reference_or_bound_there_is_no_place(self, put_back, row):
        made = put_back(row, {"speed": "-4"})
        assert (made.rows, made.unplaced.height, made.rejected) == (1, 1, 2)
        assert made.unplaced.row(0)[:2] == ("speeds.csv", 2)

    def test_a_blank_row_has_none(self, put_back):
        assert put_back(dict.fromkeys(GOOD), problems=["blank"]).rows == 0

    def test_a_row_finds_its_place_when_what_it_refers_to_is_put_back(self, put_back):
        more = {"segments": (SEGMENTS, pl.DataFrame({"id": ["Z"]})), "stops": (STOPS,)}
        assert put_back({"segment": "Z"}, others=more).rows == 1

    def test_references_are_not_checked_where_the_table_was_not_given(self, put_back):
        assert put_back({"segment": "Z"}, others={}).rows == 1

    def test_an_empty_quarantine(self, put_back):
        made = put_back({})
        assert (made.rows, made.rejected) == (0, 0)
        assert made.low.columns == list(SPEEDS.names)


class TestRepeats:
    def test_of_one_key_the_first_stands_low_and_the_last_high(self, engines):
        rows = ({"speed": speed} for speed in ("30", "20", "40", "50"))
        aside = screened(engines("polars"), texts(*rows)).quarantine.gather()
        made = readmit(aside, SPEEDS, others=OTHERS)
        assert made.rows == 3
        assert made.keys.rows() == [("A", T(2026, 3, 2, 8))]
        assert made.standing(pl.Series([False] * 3))["speed"].to_list() == [20]
        assert made.standing(pl.Series([True] * 3))["speed"].to_list() == [50]
        assert made.standing(pl.Series([True, False, False]))["speed"].to_list() == [20]


def test_columns_may_be_called_what_a_quarantine_calls_its_own(engines):
    names = ("file", "row", "rule", "column", "value")
    columns = (
        Column(name="id", type="string", required=True),
        *(Column(name=n, type="integer") for n in names),
    )
    contract = TableContract(
        name="rules",
        columns=(*columns, Column(name="size", type="integer", minimum=0, maximum=9)),
        key=("id",),
        rules=(),
        references=(),
    )
    row = dict.fromkeys(names, "7")
    frame = pl.DataFrame([{"id": "a", **row, "size": "3"}, {"id": "b", **row, "size": "-1"}])
    frame = frame.with_columns(
        pl.lit(0, pl.Int64).alias("_file"),
        pl.Series("_row", [2, 3]),
        pl.lit(None, pl.String).alias(PROBLEM),
    )
    parted = screen(engines("polars").table(frame), contract, files=["rules.csv"])
    made = readmit(parted.quarantine.gather(), contract)
    assert parted.clean.gather()["rule"].to_list() == [7]
    assert made.rows == 1
    assert made.low.select(names).row(0) == (7,) * len(names)
    assert (made.low["size"].item(), made.high["size"].item()) == (0, 9)


rows_of_texts = st.lists(
    st.fixed_dictionaries({name: st.sampled_from([GOOD[name], *pool]) for name, pool in POOLS.items()}),
    min_size=1,
    max_size=12,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of_texts, ragged=st.sets(st.integers(0, 11)), at=st.randoms(use_true_random=False))
def test_what_is_put_back_is_clean_and_nothing_is_lost(engines, rows, ragged, at):
    engine = engines("polars")
    problems = ["ragged" if i in ragged else None for i in range(len(rows))]
    parted = screened(engine, texts(*rows, problems=problems))
    clean, aside = parted.clean.gather(), parted.quarantine.gather()
    made = readmit(aside, SPEEDS, others=OTHERS)
    assert made.rows + made.unplaced.height == aside.height
    assert made.low.schema == made.high.schema == clean.schema
    key = list(SPEEDS.key)
    assert made.low.select(key).equals(made.high.select(key))
    rest = clean.join(made.keys, on=key, how="anti")
    for mixed in ([False] * made.rows, [True] * made.rows, [at.random() < 0.5 for _ in range(made.rows)]):
        standing = made.standing(pl.Series(mixed, dtype=pl.Boolean))
        again = screened(engine, pl.concat([rest, standing]))
        assert again.quarantine.gather().is_empty()
        assert standing.select(key).is_duplicated().sum() == 0
        assert standing.select(key).unique().height == made.keys.height


class TestAssets:
    """A table that others refer to by more than its key; and one that refers to either of two."""

    NODES = TableContract(
        name="nodes",
        columns=(
            Column(name="id", type="string", required=True),
            Column(name="system", type="string", required=True, enum=("gas", "water")),
            Column(name="people", type="number", minimum=0, maximum=50),
        ),
        key=("id",),
    )
    LINKS = TableContract(
        name="links",
        columns=(
            Column(name="number", type="integer", required=True, minimum=0, maximum=9),
            Column(name="asset", type="string", required=True),
        ),
        key=("asset",),
    )

    def put_back(self, engine, contract, rows, problems=None, **more):
        frame = pl.DataFrame(rows, dict.fromkeys(contract.names, pl.String), orient="row")
        problem = pl.Series(PROBLEM, problems or [None] * len(rows), dtype=pl.String)
        place = [pl.lit(0, pl.Int64).alias("_file"), (pl.int_range(pl.len()) + 2).alias("_row")]
        table = engine.table(frame.with_columns(problem).with_columns(place))
        return readmit(screen(table, contract, files=["x.csv"]).quarantine.gather(), contract, **more)

    def test_a_column_that_others_refer_to_takes_no_end(self, engines):
        rows = [("a", "water", "-1"), ("b", "wter", "3"), ("c", "gas", "7,?")]
        made = self.put_back(
            engines("polars"), self.NODES, rows, [None, None, "ragged"], referred=("id", "system")
        )
        assert made.low.rows() == [("a", "water", 0.0), ("c", "gas", 0.0)]
        assert made.high.rows() == [("a", "water", 50.0), ("c", "gas", 50.0)]
        assert made.unplaced["row"].to_list() == [3]

    def test_without_it_the_first_and_the_last_of_a_list_stand_for_what_cannot_be_read(self, engines):
        made = self.put_back(engines("polars"), self.NODES, [("b", "wter", "3")])
        assert (made.low["system"].item(), made.high["system"].item()) == ("gas", "water")

    @pytest.mark.parametrize(
        ("given", "placed"),
        [
            ({"nodes": (["n"],), "edges": (["e"],)}, ["n", "e"]),
            ({"nodes": (["n"],), "edges": ([],)}, ["n"]),
            ({"nodes": (["n"],)}, ["n", "e", "nowhere"]),
            ({"nodes": ([], ["n", "e"]), "edges": ([],)}, ["n", "e"]),
        ],
    )
    def test_one_of_several_references_is_enough(self, engines, given, placed):
        others = {
            name: tuple(pl.DataFrame({"id": ids}, {"id": pl.String}) for ids in parts)
            for name, parts in given.items()
        }
        either = tuple(
            Reference(columns=("asset",), table=one, targets=("id",)) for one in ("nodes", "edges")
        )
        rows = [("-1", "n"), ("-1", "e"), ("-1", "nowhere")]
        made = self.put_back(engines("polars"), self.LINKS, rows, others=others, either=(either,))
        assert made.low["asset"].to_list() == placed
        assert made.rejected == 3

    def test_what_is_in_no_table_given_is_not_checked(self, engines):
        either = (Reference(columns=("asset",), table="nodes", targets=("id",)),)
        made = self.put_back(engines("polars"), self.LINKS, [("-1", "n")], either=(either,))
        assert made.rows == 1
