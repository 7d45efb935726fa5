"""Mistakes in a source file, and the examples of the guide."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import jsonschema
import polars as pl
import pytest

from workbench.data import odcs, sourcefile
from workbench.data.engines import open_engine
from workbench.data.source import load_source
from workbench.errors import BadFile, DataRejected, UnknownName

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "how-to" / "bring-your-own-data.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
UNFINISHED = re.compile(r"the contract requires the column '\w+', which is not mapped|`files` is missing")


@pytest.fixture(scope="module")
def contract():
    return odcs.load(ROOT / "pipelines" / "traffic" / "contract.yaml")


@pytest.fixture
def mistakes(tmp_path, contract):
    """The mistakes of a source file: line and sentence."""

    def of(text: str) -> list[tuple[int | None, str]]:
        path = tmp_path / "source.yaml"
        path.write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
        with pytest.raises(BadFile) as caught:
            load_source(path, contract)
        assert caught.value.exit_code == 2
        return caught.value.mistakes

    return of


def column(mistakes, rule: str, name: str = "event_timestamp", table: str = "taps") -> list[str]:
    """What is wrong with one column of a table that else lacks columns only."""
    found = mistakes(
        f"contract: traffic\ntables:\n  {table}:\n    files: a.csv\n    columns:\n      {name}: {rule}\n"
    )
    return [
        what.removeprefix(f"tables.{table}.columns.{name}")
        for _, what in found
        if not UNFINISHED.search(what)
    ]


def test_all_mistakes_are_told_at_once_with_their_lines(mistakes):
    found = mistakes(
        """
        contract: trafic
        zone: Asia/Shanghi
        tables:
          tap:
            files: a.csv
            columns: {stop_id: s}
          road_speeds:
            files: b.csv
            seperator: ";"
            encoding: gb18031
            columns:
              segment: id
              timestamp: {from: t, format: "%d/%m/%Q"}
              speed_kmh: {from: v, unit: mi/hour}
        """
    )
    assert [line for line, _ in found] == [1, 2, 4, 9, 10, 11, 12, 13, 14]
    said = "\n".join(what for _, what in found)
    for part in (
        "contract: is 'trafic', and the tables asked for are those of 'traffic'",
        "zone: must be an IANA time zone, is text 'Asia/Shanghi'. Nearest: Asia/Shanghai",
        "tables.tap: the contract has no such table. Nearest: taps",
        "tables.road_speeds.seperator: unknown key. Nearest: separator",
        "tables.road_speeds.encoding: no encoding is called 'gb18031'",
        "tables.road_speeds.columns: the contract requires the column 'segment_id', which is not mapped",
        "tables.road_speeds.columns.segment: table 'road_speeds' has no such column. Nearest: segment_id",
        "time format '%d/%m/%Q' has the unknown code '%Q'",
        "tables.road_speeds.columns.speed_kmh.unit: 'mi/hour' is not a unit known here. Nearest: mi/h",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("rule", "name", "said"),
    [
        ("{}", "stop_id", ": must not be empty"),
        ("{form: x}", "stop_id", ".form: unknown key. Nearest: "),
        ("{from: x, value: 1}", "stop_id", ": says both `from` and `value`; keep one"),
        ("{prefix: s}", "stop_id", ": does not say where it comes from: write one of from, time, value"),
        ("{value: s, prefix: s}", "stop_id", ".prefix: has no meaning beside `value`; remove it"),
        ("{from: [a, b]}", "stop_id", ".from: names several columns; say what to put between them"),
        ("7", "stop_id", ": must be text or a mapping of keys, is the number 7; put it in quotes"),
        ("{value: up}", "direction_id", ".value: 'direction_id' is a whole number, this is text 'up'"),
        ("{value: 2018-6-1}", "service_date", ".value: 'service_date' is a date such as 2026-01-31"),
        ("{from: d, codes: {up: north}}", "direction_id", ".codes.up: 'direction_id' is a whole number"),
        ("{from: d, otherwise: keep}", "direction_id",
         ".otherwise: has no meaning without `codes`; remove it"),
        ("{from: d, codes: {a: 1}, otherwise: drop}", "direction_id", ".otherwise: 'drop' is not known here"),
        ("{from: d, codes: {a: 1}, unit: persons}", "num_riders", ": says both `codes` and `unit`; keep one"),
        ("{from: n, unit: km}", "num_riders",
         ".unit: km is a unit of length, and the contract wants persons"),
        ("{from: n, unit: km}", "direction_id",
         ".unit: the column has no unit in the contract; remove `unit`"),
        ("{from: n, unit: min}", "event_timestamp",
         ": `origin` is missing: the time that the values count from"),
        ("{from: n, origin: 2018-06-01}", "event_timestamp", ".unit: `unit` is missing, such as min"),
        ("{from: n, origin: noon, unit: min}", "event_timestamp", ".origin: must be a local time such as"),
        ("{from: n, origin: 2018-06-01T00:00:00Z, unit: s}", "event_timestamp",
         ".origin: must be a local time"),
        ("{from: n, origin: 2018-06-01, unit: km}", "event_timestamp", ".unit: 'km' is not a unit of time"),
        ("{from: t, format: '%H:%M'}", "event_timestamp", "does not say year, month and day"),
        ("{from: t, zone: Mars}", "event_timestamp", ".zone: must be an IANA time zone, is text 'Mars'"),
        ("{from: t, zone: UTC}", "stop_id",
         ".zone: `zone` makes a timestamp or date, and 'stop_id' is a string"),
        ("{from: t, day_starts: '3:00'}", "service_date", ".day_starts: is text '3:00', must match"),
        ("{from: t, day_starts: '03:00'}", "event_timestamp", ".day_starts: `day_starts` makes a date"),
        ("{time: t}", "event_timestamp", ": `date` is missing: the day that the times of day belong to"),
        ("{date: 2018-02-30, time: t}", "event_timestamp", ".date: must be a date such as 2026-01-31"),
        ("{row: true, origin: 2018-06-01}", "event_timestamp", ".step: `step` is missing, such as 5 min"),
        ("{row: true, origin: 2018-06-01, step: 5 km}", "event_timestamp",
         ".step: 'km' is not a unit of time"),
        ("{number: row}", "direction_id", ": `number` makes a string, and 'direction_id' is a integer"),
        ("{number: trip}", "transaction_id", ".number: must be row, is text 'trip'"),
    ],
)  # fmt: skip
def test_a_column_that_cannot_be_made_says_why(mistakes, rule, name, said):
    assert any(said in what for what in column(mistakes, rule, name)), column(mistakes, rule, name)


def test_a_sequence_names_mapped_columns(mistakes):
    found = column(
        mistakes, "{sequence: {within: [trip], order: [direction_id]}}", "trip_stop_sequence", "stop_visits"
    )
    assert [what.split(".", 2)[2][:30] for what in found] == [
        "within: table 'stop_visits' ha",
        "order: 'direction_id' is not m",
    ]


def test_what_has_no_meaning_beside_a_feed(mistakes):
    found = mistakes(
        """
        contract: traffic
        tables:
          taps: {gtfs: feed.zip}
          stops: {gtfs: feed.zip, encoding: utf-8, dates: [2018-06-01]}
          timetable:
            gtfs: feed.zip
            dates: {from: 2018-06-30, to: 2018-06-01}
            columns: {stop_id: s, vehicle_capacity: {from: seats}}
          stop_visits:
            files: v.csv
            names: [a, a]
            dates: [2018-06-01]
        """
    )
    said = "\n".join(what for _, what in found)
    for part in (
        "tables.taps.gtfs: a feed gives only the tables stops and timetable",
        "tables.stops.encoding: has no meaning beside `gtfs`; remove it",
        "tables.stops.dates: has no meaning beside `gtfs`; remove it",
        "tables.timetable.dates: `from` (2018-06-30) is after `to` (2018-06-01)",
        "tables.timetable.columns.stop_id: is read from the feed; remove it",
        "tables.timetable.columns.vehicle_capacity: can only be a constant beside `gtfs`",
        "tables.stop_visits.names: is for files without a header",
        "tables.stop_visits.names: names 'a' more than once",
        "tables.stop_visits.dates: has no meaning without `gtfs`",
    ):
        assert part in said


def write(folder: Path, columns: str, table: str = "segments", more: str = "") -> Path:
    path = folder / "source.yaml"
    path.write_text(
        f"contract: traffic\ntables:\n  {table}:\n    files: a.*\n{more}    columns:\n{columns}\n",
        encoding="utf-8",
    )
    return path


def test_columns_that_the_files_lack_are_told_at_once(tmp_path, contract):
    (tmp_path / "a.csv").write_text("id,nme,len,lanes\n1,a,2,3\n")
    path = write(
        tmp_path,
        "      segment_id: ID\n      segment_name: name\n      length_m: {from: [len, lenes], join: x}",
    )
    with open_engine("polars") as engine, pytest.raises(BadFile) as caught:
        load_source(path, contract).open(engine, "segments")
    assert caught.value.mistakes == [
        (6, "tables.segments.columns.segment_id: the files have no column 'ID'. Nearest: id."),
        (7, "tables.segments.columns.segment_name: the files have no column 'name'. Nearest: nme."),
        (8, "tables.segments.columns.length_m: the files have no column 'lenes'. Nearest: lanes, len."),
    ]


def test_types_that_a_rule_cannot_use_are_told(tmp_path, contract):
    frame = pl.DataFrame({"id": [["a"]], "flag": [True], "wide": [1]})
    frame.write_parquet(tmp_path / "a.parquet")
    path = write(
        tmp_path,
        "      segment_id: id\n      length_m: {from: flag, unit: km}\n      lanes: wide",
        more="    where: {id: x}\n    wide_to_long: {columns: w*, name_to: flag, value_to: v}\n",
    )
    with open_engine("polars") as engine, pytest.raises(BadFile) as caught:
        load_source(path, contract).open(engine, "segments")
    said = "\n".join(what for _, what in caught.value.mistakes)
    for part in (
        "where.id: the files hold lists or other nested values in 'id', which cannot be listed",
        "wide_to_long.name_to: the files have a column 'flag' already; choose another name",
        "columns.segment_id: the files hold lists or other nested values in 'id', which cannot be mapped",
        "columns.lanes: the column 'wide' is turned into rows; add it to `except` of wide_to_long",
    ):
        assert part in said


def test_rows_of_several_files_do_not_count_on_by_themselves(tmp_path, contract):
    for name in ("a.1.csv", "a.2.csv"):
        (tmp_path / name).write_text("s,v\nx,1\n")
    rules = (
        "      segment_id: s\n      speed_kmh: v\n      timestamp: {row: true, origin: 2018-06-01, step: 1 h}"
    )
    with (
        open_engine("polars") as engine,
        pytest.raises(BadFile, match=r"the table has 2 files.*continue_over_files"),
    ):
        load_source(write(tmp_path, rules, "road_speeds"), contract).open(engine, "road_speeds")


def test_files_that_are_not_there(tmp_path, contract):
    source = load_source(write(tmp_path, "      segment_id: s"), contract)
    assert source.tables == ("segments",)
    with open_engine("polars") as engine, pytest.raises(DataRejected, match="No data files are in"):
        source.open(engine, "segments")
    with (
        open_engine("polars") as engine,
        pytest.raises(UnknownName, match=r"No table of source\.yaml is called 'taps'"),
    ):
        source.open(engine, "taps")


def test_paths_start_at_the_source_file_or_at_the_root(tmp_path, contract):
    (tmp_path / "data").mkdir()
    (tmp_path / "a.csv").write_text("s\nhere\n")
    (tmp_path / "data" / "a.csv").write_text("s\nthere\n")
    source = load_source(write(tmp_path, "      segment_id: s"), contract)
    with open_engine("polars") as engine:
        assert source.open(engine, "segments").table.gather()["segment_id"].to_list() == ["here"]
        assert source.open(engine, "segments", tmp_path / "data").table.gather()["segment_id"].to_list() == [
            "there"
        ]
        address = f"file://{tmp_path / 'data'}"
        assert source.open(engine, "segments", address).table.gather()["segment_id"].to_list() == ["there"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.strip().splitlines()[-1].strip()[:40])
def test_examples_of_the_guide_load(tmp_path, contract, example):
    path = tmp_path / "source.yaml"
    if example.startswith("contract:"):
        path.write_text(example, encoding="utf-8")
        assert load_source(path, contract).tables == ("taps", "road_speeds", "stops", "timetable")
        return
    path.write_text("contract: traffic\ntables:\n" + textwrap.indent(example, "  "), encoding="utf-8")
    if "gtfs:" in example:
        assert load_source(path, contract).tables == ("timetable",)
        return
    with pytest.raises(BadFile) as caught:  # an example leaves out what it is not about
        load_source(path, contract)
    assert not [what for _, what in caught.value.mistakes if not UNFINISHED.search(what)]


def test_the_guide_names_every_key():
    text = GUIDE.read_text(encoding="utf-8")
    keys = {key for table in _objects(sourcefile.schema()) for key in table["properties"]}
    assert not {key for key in keys if not re.search(rf"\b{key}\b", text)}


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(sourcefile.schema())


def _objects(node: object) -> list[dict]:
    found = [node] if isinstance(node, dict) and "properties" in node else []
    return found + [
        each for child in (node.values() if isinstance(node, dict) else []) for each in _objects(child)
    ]


def test_the_schema_is_what_the_file_holds():
    path = Path(sourcefile.__file__).with_name("source.schema.json")
    assert json.loads(path.read_text(encoding="utf-8")) == sourcefile.schema()
