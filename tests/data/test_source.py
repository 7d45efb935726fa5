"""What a source file makes of files, the same on every engine; the oracle is plain Python."""

from __future__ import annotations

import datetime as dt
import textwrap
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from workbench.data.contract import Column, Contract, TableContract
from workbench.data.engines import open_engine
from workbench.data.java import java_problem
from workbench.data.screening import screen
from workbench.data.source import Opened, load_source

T = dt.datetime
CONTRACT = Contract(
    name="test",
    version="1.0.0",
    zone="Asia/Shanghai",
    tables={
        "readings": TableContract(
            name="readings",
            columns=(
                Column(name="id", type="string"),
                Column(name="at", type="timestamp"),
                Column(name="day", type="date"),
                Column(name="speed_kmh", type="number", unit="km/h"),
                Column(name="riders", type="integer", unit="persons"),
                Column(name="wait_min", type="number", unit="min"),
                Column(name="direction", type="integer"),
                Column(name="open", type="boolean"),
                Column(name="nr", type="integer"),
            ),
        )
    },
)


@pytest.fixture(
    scope="module", params=["polars", "torn", "dask", pytest.param("spark", marks=pytest.mark.spark)]
)
def engine(request):
    if request.param == "spark" and (problem := java_problem()):
        pytest.skip(problem)
    with open_engine(request.param) as opened:
        yield opened


@pytest.fixture
def made(tmp_path, engine):
    """Write a source file with one table and its files, open it, and gather it sorted by file and row."""

    def make(body: str, **files: str | bytes | pl.DataFrame) -> pl.DataFrame:
        return gathered(opened(tmp_path, engine, body, files))

    return make


def opened(folder: Path, engine, body: str, files: dict[str, str | bytes | pl.DataFrame]) -> Opened:
    for name, content in files.items():
        if isinstance(content, pl.DataFrame):
            content.write_parquet(folder / f"{name}.parquet")
        else:
            data = content.encode() if isinstance(content, str) else content
            (folder / f"{name}.csv").write_bytes(data)
    lines = "\n".join(f"    {line}" for line in textwrap.dedent(body).strip().splitlines())
    (folder / "source.yaml").write_text(f"contract: test\ntables:\n  readings:\n{lines}\n", encoding="utf-8")
    return load_source(folder / "source.yaml", CONTRACT).open(engine, "readings")


def gathered(one: Opened) -> pl.DataFrame:
    frame = one.table.gather()
    return frame.sort("_file", "_row", *(name for name in frame.columns if not name.startswith("_")))


def test_chinese_file_in_gb18030_without_header(made):
    text = "导出自公交系统\r\n 一号线 ;上行;12.5\r\n二号线;下行;\r\n三号线;环线;快\r\n"
    got = made(
        """
        files: taps.csv
        encoding: gb18030
        separator: ";"
        header: false
        names: [线路, 方向, 车速]
        skip_rows: 1
        columns:
          id: 线路
          direction: {from: 方向, codes: {上行: 0, 下行: 1}}
          speed_kmh: {from: 车速, unit: m/s}
        """,
        taps=text.encode("gb18030"),
    )
    assert got["id"].to_list() == ["一号线", "二号线", "三号线"]
    assert got["direction"].to_list() == ["0", "1", None]
    assert got["speed_kmh"].to_list() == [pytest.approx(12.5 * 3.6), None, None]
    assert got["_row"].to_list() == [2, 3, 4]
    assert got["_problem"].to_list() == [None, None, "type:speed_kmh:快"]  # the first in the contract's order


def test_units_become_those_of_the_contract(made):
    values = ["10", " 2.5 ", "-3", "1e2", "", "n/a", "1,5"]
    rows = "\n".join(f'"{value}","{value}",x' for value in values)
    got = made(
        """
        files: a.csv
        columns:
          speed_kmh: {from: v, unit: mi/h}
          wait_min: {from: w, unit: s}
        """,
        a=f"v,w,x\n{rows}\n",
    )
    read = [10, 2.5, -3, 100, None, None, None]
    assert got["speed_kmh"].to_list() == [
        None if v is None else pytest.approx(v * 1.609344, rel=1e-15) for v in read
    ]
    assert got["wait_min"].to_list() == [None if v is None else v / 60 for v in read]
    assert got["_problem"].to_list() == [None] * 5 + ["type:speed_kmh:n/a", "type:speed_kmh:1,5"]


def test_codes_and_what_becomes_of_others(made):
    got = made(
        """
        files: a.csv
        columns:
          direction: {from: d, codes: {N: 0, S: 1, "?": }}
          open: {from: d, codes: {N: true, S: false}, otherwise: null}
          id: {from: d, codes: {N: north}, otherwise: keep}
          nr: {from: d, codes: {N: 10}, otherwise: null, default: -1}
        """,
        a="d,x\nN,1\nS,1\n?,1\nX,1\n,1\n",
    )
    assert got["direction"].to_list() == ["0", "1", None, None, None]
    assert got["open"].to_list() == ["true", "false", None, None, None]
    assert got["id"].to_list() == ["north", "S", "?", "X", None]
    assert got["nr"].to_list() == ["10", None, None, None, "-1"]
    assert got["_problem"].to_list() == [None, None, None, "code:direction:X", None]


def test_times_in_their_own_format_and_after_an_origin(made):
    got = made(
        """
        files: a.csv
        columns:
          at: {from: [d, t], join: " ", format: "%d/%m/%Y %H:%M"}
          day: {from: n, origin: 2018-06-01T00:00:00, unit: min}
        """,
        a="d,t,n\n1/6/2018,8:05,0.5\n31/02/2018,08:05,1500\n01/06/2018,24:00,1e300\n01/06/2018,,x\n",
    )
    assert got["at"].to_list() == [T(2018, 6, 1, 8, 5), None, None, None]
    assert got["day"].to_list() == [dt.date(2018, 6, 1), dt.date(2018, 6, 2), None, None]
    assert got["_problem"].to_list() == [
        None,
        "type:at:31/02/2018 08:05",
        "type:at:01/06/2018 24:00",
        "type:day:x",
    ]


@pytest.mark.parametrize(("unit", "size"), [("ms", 0.001), ("s", 1), ("min", 60), ("h", 3600)])
def test_offsets_are_exact_to_the_microsecond(made, unit, size):
    values = ["0", "1", "0.25", "-1.5", "100000", "36.000001"]
    got = made(
        f"""
        files: a.csv
        columns:
          at: {{from: n, origin: 2018-06-01T06:30:00, unit: {unit}}}
        """,
        a="n\n" + "\n".join(values) + "\n",
    )
    assert got["at"].to_list() == [
        T(2018, 6, 1, 6, 30) + dt.timedelta(seconds=float(v) * size) for v in values
    ]


def test_times_of_day_may_pass_midnight(made):
    got = made(
        """
        files: a.csv
        columns:
          at: {date: {from: d, format: "%Y%m%d"}, time: t}
          day: {date: 2018-06-01, time: t, day_starts: "03:00"}
        """,
        a="d,t\n20180601,5:07:09\n20180601,25:10\n20180231,08:00\n,08:00\n20180601,8:61\n20180601,08:00:00.25\n20180601,\n",
    )
    at = [
        T(2018, 6, 1, 5, 7, 9),
        T(2018, 6, 2, 1, 10),
        None,
        None,
        None,
        T(2018, 6, 1, 8, 0, 0, 250_000),
        None,
    ]
    assert got["at"].to_list() == at
    assert got["day"].to_list() == [dt.date(2018, 6, 1)] * 4 + [None, dt.date(2018, 6, 1), None]
    said = [None, None, "type:at:20180231 08:00", "type:at: 08:00", "type:at:20180601 8:61", None, None]
    assert got["_problem"].to_list() == said


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "Australia/Sydney", "Europe/London", "Asia/Shanghai", "UTC"]
)
@pytest.mark.parametrize("wanted", ["Asia/Shanghai", "America/Sao_Paulo"])
def test_zones_agree_with_zoneinfo(tmp_path, engine, zone, wanted):
    hours = [
        T(year, 1, 1) + dt.timedelta(hours=7 * i, minutes=30)
        for year in (1991, 2012, 2019)
        for i in range(1252)
    ]
    hours += [T(2012, 3, 11, 0) + dt.timedelta(minutes=30 * i) for i in range(10)]
    hours += [T(2012, 11, 4, 0) + dt.timedelta(minutes=30 * i) for i in range(10)]
    (tmp_path / "a.csv").write_text("t\n" + "\n".join(str(hour) for hour in hours) + "\n")
    (tmp_path / "s.yaml").write_text(
        f"contract: test\nzone: {wanted}\n"
        f"tables: {{readings: {{files: a.csv, columns: {{at: {{from: t, zone: {zone}}}}}}}}}\n"
    )
    got = gathered(load_source(tmp_path / "s.yaml", CONTRACT).open(engine, "readings"))
    assert got["at"].to_list() == [expected_in(hour, zone, wanted) for hour in hours]
    lost = [f"type:at:{hour}" if expected_in(hour, zone, wanted) is None else None for hour in hours]
    assert got["_problem"].to_list() == lost


def expected_in(time: dt.datetime, zone: str, wanted: str) -> dt.datetime | None:
    if zone == wanted:
        return time
    there = time.replace(tzinfo=ZoneInfo(zone), fold=0)
    never = there.astimezone(dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != time
    return None if never else there.astimezone(ZoneInfo(wanted)).replace(tzinfo=None)


def test_wide_becomes_long_with_times_from_the_rows(made):
    got = made(
        """
        files: a.csv
        wide_to_long: {columns: "s*", except: [sum], name_to: sensor, value_to: v, skip_empty: true}
        columns:
          id: sensor
          at: {row: true, origin: 2012-03-01T00:00:00, step: 5 min}
          speed_kmh: {from: v, unit: km/h}
          nr: n
        """,
        a="n,s'1\\,s2,sum\n7,1,2,3\n8,,x,4\n9,5,6,7,8\n",
    )
    times = [T(2012, 3, 1, 0, 5 * i) for i in range(3)]
    rows = got.select("id", "at", "speed_kmh", "nr", "_row", "_problem").rows()
    assert rows == [
        ("s'1\\", times[0], 1.0, "7", 2, None),
        ("s2", times[0], 2.0, "7", 2, None),
        ("s2", times[1], None, "8", 3, "type:speed_kmh:x"),
        ("s'1\\", times[2], 5.0, "9", 4, "ragged"),
        ("s2", times[2], 6.0, "9", 4, "ragged"),
    ]


def test_wide_columns_of_several_types(made):
    frame = pl.DataFrame({"day": ["1", "2"], "a": [1, None], "b": [2.5, 3.0]})
    body = """
files: a.parquet
wide_to_long: {columns: [a, b], name_to: n, value_to: v}
columns: {id: n, nr: day, speed_kmh: v}
"""
    assert made(body, a=frame).select("id", "speed_kmh", "_row").sort("_row", "id").rows() == [
        ("a", 1.0, 1),
        ("b", 2.5, 1),
        ("a", None, 2),
        ("b", 3.0, 2),
    ]
    mixed = frame.with_columns(pl.Series("b", ["x", "3"]))
    got = made(body.replace("speed_kmh: v", "at: v"), a=mixed)
    assert sorted(got["at"].to_list(), key=str) == ["1", "3", None, "x"]


def test_rows_count_on_over_files(made):
    parts = {f"part{i}": "v\n" + "\n".join("1" * n) + "\n" for i, n in enumerate((2, 3, 1))}
    got = made(
        """
        files: [part0.csv, "part[12].csv"]
        columns:
          at: {row: true, origin: 2012-01-01T00:00:00, step: 90 s, continue_over_files: true}
          id: {number: row}
        """,
        **parts,
    )
    assert got["at"].to_list() == [T(2012, 1, 1) + i * dt.timedelta(seconds=90) for i in range(6)]
    assert got["id"].to_list() == ["0-2", "0-3", "1-2", "1-3", "1-4", "2-2"]


def test_sequence_ranks_by_value_then_by_row(made):
    rows = [
        ("a", "9:00:00"),
        ("b", "8:00:00"),
        ("a", "10:00:00"),
        ("b", "bad"),
        ("a", "9:00:00"),
        ("", "7:00:00"),
    ]
    got = made(
        """
        files: a.csv
        columns:
          id: trip
          at: {date: 2018-06-01, time: t}
          nr: {sequence: {within: [id], order: [at], start: 1}}
        """,
        a="trip,t\n" + "\n".join(",".join(row) for row in rows) + "\n",
    )
    assert got["nr"].to_list() == [1, 2, 3, 1, 2, 1]  # no time comes first


def test_sequence_compares_numbers_as_numbers(made):
    got = made(
        """
        files: a.csv
        columns:
          id: trip
          riders: n
          nr: {sequence: {within: id, order: riders}}
        """,
        a="trip,n\na,10\na,9\na,100\n",
    )
    assert got["nr"].to_list() == [1, 0, 2]


def test_parquet_types_are_kept_or_turned(made):
    utc = pl.Datetime("us", "UTC")
    frame = pl.DataFrame(
        {
            "when": [T(2018, 6, 1, 16, 30), None, T(2018, 12, 31, 18)],
            "stop": [101.0, float("nan"), 103.0],
            "speed": [10, 20, None],
            "gate": [True, False, None],
            "line": [2, 3, 2],
        },
        schema={"when": utc, "stop": pl.Float64, "speed": pl.Int32, "gate": pl.Boolean, "line": pl.Int16},
    )
    got = made(
        """
        files: a.parquet
        where: {line: [2, 4]}
        columns:
          id: {from: stop, prefix: S}
          at: when
          day: {from: when, day_starts: "03:00"}
          speed_kmh: {from: speed, unit: m/s}
          open: gate
          direction: {from: gate, codes: {"true": 1, "false": 0}}
          riders: {from: speed, nulls: [10]}
        """,
        a=frame,
    )
    assert got["_row"].to_list() == [1, 3]
    assert got["id"].to_list() == ["S101", "S103"]
    assert got["at"].to_list() == [T(2018, 6, 2, 0, 30), T(2019, 1, 1, 2)]
    assert got["day"].to_list() == [dt.date(2018, 6, 1), dt.date(2018, 12, 31)]
    assert got["speed_kmh"].to_list() == [36.0, None]
    assert got["open"].to_list() == [True, None]
    assert got["direction"].to_list() == ["1", None]
    assert got["riders"].to_list() == [None, None]


def test_nan_is_missing(made):
    got = made(
        "files: a.parquet\ncolumns: {speed_kmh: v, id: v}",
        a=pl.DataFrame({"v": [1.5, float("nan"), None, 2.0]}),
    )
    assert got["speed_kmh"].to_list() == [1.5, None, None, 2.0]
    assert got["id"].to_list() == ["1.5", None, None, "2"]


def test_a_filter_keeps_what_could_not_be_read_and_is_told(tmp_path, engine):
    body = "files: a.csv\nwhere: {线: [甲, 乙]}\ncolumns: {id: 线}"
    one = opened(tmp_path, engine, body, {"a": "线,n\n甲,1\n丙,2\n,3\n丁,4,5\n乙,6\n"})
    got = gathered(one)
    assert got.select("id", "_row", "_problem").rows() == [
        ("甲", 2, None),
        ("丁", 5, "ragged"),
        ("乙", 6, None),
    ]
    assert one.notes == ("Only rows whose 线 is 甲 or 乙 are read.",)


def test_awkward_column_names(made):
    got = made(
        """
        files: a.csv
        where: {"a.b": "1"}
        columns: {id: "a.b", riders: "c`d", nr: "_m_id", wait_min: {from: id, unit: min}}
        """,
        a="a.b,c`d,_m_id,id\n1,2,3,4\n",
    )
    assert got.rows() == [("1", "2", 4.0, "3", 0, 2, None)]


def test_bad_values_reach_quarantine_with_file_row_and_value(tmp_path, engine):
    body = """
files: [a.csv, b.csv]
columns:
  id: id
  at: {from: t, format: "%H:%M %d.%m.%Y"}
  direction: {from: d, codes: {up: 0, down: 1}}
  speed_kmh: {from: v, unit: mi/h}
  riders: n
"""
    head = "id,t,d,v,n\n"
    files = {
        "a": head + "1,06:30 01.06.2018,up,10,3\n2,25:61 01.06.2018,up,10,3\n3,06:30 01.06.2018,left,10,3\n",
        "b": head
        + "4,06:30 01.06.2018,down,fast,3\n5,06:30 01.06.2018,down,10,many\n6,07:30 01.06.2018,down,10,3,9\n",
    }
    one = opened(tmp_path, engine, body, files)
    seen = screen(one.table, CONTRACT.table("readings"), files=[each.name for each in one.listing.files])
    aside = (
        seen.quarantine.gather().sort("file", "row").select("file", "row", "rule", "column", "value").rows()
    )
    assert aside == [
        ("a.csv", 3, "type", "at", "25:61 01.06.2018"),
        ("a.csv", 4, "code", "direction", "left"),
        ("b.csv", 2, "type", "speed_kmh", "fast"),
        ("b.csv", 3, "type", "riders", "many"),
        ("b.csv", 4, "ragged", None, None),
    ]
    assert seen.clean.gather().select("id", "at", "direction", "speed_kmh").rows() == [
        ("1", T(2018, 6, 1, 6, 30), 0, pytest.approx(16.09344))
    ]
