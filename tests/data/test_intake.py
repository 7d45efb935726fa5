"""From a folder to clean tables: what is found, what is refused, and that nothing is lost on the way."""

import json
from pathlib import Path

import fsspec
import polars as pl
import pytest

from workbench.data.contract import Column, Contract, Reference, TableContract
from workbench.data.engines import open_engine
from workbench.data.files import digest
from workbench.data.intake import _ordered, listing_of, supply_from_folder, take_in, write_report
from workbench.errors import DataRejected, UnknownName

STOPS = TableContract(
    name="stops",
    columns=(Column(name="stop_id", type="string", required=True), Column(name="name", type="string")),
    key=("stop_id",),
    rejected_limit=0.0,
)
TAPS = TableContract(
    name="taps",
    columns=(
        Column(name="id", type="string", required=True),
        Column(name="day", type="date", required=True),
        Column(name="at", type="timestamp", required=True),
        Column(name="stop_id", type="string", required=True),
        Column(name="riders", type="integer", minimum=1, default=1),
    ),
    key=("day", "id"),
    references=(Reference(columns=("stop_id",), table="stops", targets=("stop_id",)),),
    rejected_limit=0.5,
)
SPEEDS = TableContract(
    name="speeds", columns=(Column(name="kmh", type="number", required=True),), rejected_limit=1.0
)
CITY = Contract(name="city", version="1", tables={"stops": STOPS, "taps": TAPS, "speeds": SPEEDS})
STOPS_CSV = "stop_id,name\nS1,西安北\nS2,\n"
TAPS_CSV = (
    "id,day,at,stop_id,riders\n"
    "a,2024-01-02,2024-01-02 10:00,S1,2\n"
    "b,2024-01-02,25:61,S1,\n"
    "c,2024-01-03,2024-01-04 00:10,S9,\n"
    "d,2024-01-01,2024-01-01 09:00,S2,\n"
)


@pytest.fixture
def city(tmp_path):
    """A folder to put data in."""

    def put(**files):
        folder = tmp_path / "城 data"
        for name, content in files.items():
            path = folder / name.replace("__", "/").replace("_csv", ".csv")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return folder

    return put


@pytest.fixture
def polars():
    with open_engine("polars") as engine:
        yield engine


def taken(engine, folder: Path, out: Path, *required, **more):
    return take_in(engine, CITY, supply_from_folder(folder, CITY), out, required=required, **more)


def test_tables_are_screened_kept_and_reported(engine, city, tmp_path, agree):
    folder = city(stops_csv=STOPS_CSV, taps_csv=TAPS_CSV)
    said = []
    out = tmp_path / "run 1"
    intake = taken(engine, folder, out, "taps", optional=["speeds"], progress=said.append)
    assert said == ["screening stops", "screening taps"]
    assert list(intake.tables) == ["stops", "taps"]
    assert sorted(intake.tables["taps"].gather()["riders"]) == [1, 2]
    assert intake.tables["taps"].columns == TAPS.names

    stops, taps = intake.report.tables
    assert (stops.rows, stops.clean, stops.rules, stops.period) == (2, 2, (), None)
    assert (taps.rows, taps.clean, taps.limit, taps.unchecked) == (4, 2, 0.5, ())
    assert taps.period == ("2024-01-01", "2024-01-02")
    assert [(one.rule, one.column, one.count, one.file, one.row, one.value) for one in taps.rules] == [
        ("reference", "stop_id", 1, "taps.csv", 4, "S9"),
        ("type", "at", 1, "taps.csv", 3, "25:61"),
    ]
    assert intake.inputs == [
        {"table": name, "file": f"{name}.csv", "sha256": digest(str(folder / f"{name}.csv"))}
        for name in ("stops", "taps")
    ]
    kept = pl.read_parquet(out / "quarantine" / "taps" / "*.parquet")
    assert sorted(kept["raw_id"]) == ["b", "c"]
    assert pl.read_parquet(out / "quarantine" / "stops" / "*.parquet").height == 0
    assert intake.quarantine == out / "quarantine"
    intake.report.check("x")


@pytest.mark.parametrize(
    "files",
    [
        {"taps_csv": TAPS_CSV},
        {"taps__day-1_csv": TAPS_CSV},
        {
            "taps__2024__a_csv": TAPS_CSV,
            "taps__2024__b_csv": TAPS_CSV.splitlines()[0] + "\nz,2024-01-02,,,\n",
        },
    ],
)
def test_a_table_is_a_file_or_a_folder_of_files(city, tmp_path, polars, files):
    intake = taken(polars, city(**files), tmp_path / "run", "taps")
    taps = intake.report.tables[0]
    assert taps.clean == 3
    assert taps.rows == 3 + len(files)
    assert len(taps.files) == len(files)
    assert taps.unchecked == ("stop_id -> stops",)


def test_parquet_is_a_table_too_also_as_a_folder_of_that_name(city, tmp_path, polars):
    folder = city(notes_txt="x")
    pl.DataFrame({"kmh": [1.0, None]}).write_parquet(folder / "speeds.parquet")
    assert taken(polars, folder, tmp_path / "1", "speeds").report.tables[0].clean == 1
    (folder / "speeds.parquet").rename(tmp_path / "part-0.parquet")
    (folder / "speeds.parquet").mkdir()
    (tmp_path / "part-0.parquet").rename(folder / "speeds.parquet" / "part-0.parquet")
    made = taken(polars, folder, tmp_path / "2", "speeds")
    assert made.report.tables[0].files[0][0] == "speeds.parquet/part-0.parquet"


def test_endings_may_be_written_large(city, tmp_path, polars):
    folder = city(stops_csv=STOPS_CSV)
    (folder / "stops.csv").rename(folder / "stops.CSV")
    assert taken(polars, folder, tmp_path / "run", "stops").report.passed


def test_a_folder_without_tables_says_what_it_wants_and_saw(city, tmp_path):
    with pytest.raises(
        DataRejected, match=r"No folder is called '.*nowhere': --data names a folder that holds stops.csv"
    ):
        supply_from_folder(tmp_path / "nowhere", CITY)
    folder = city(tap_csv="a\n1\n", readme_md="x")
    with pytest.raises(
        DataRejected,
        match=r"holds no table of contract 'city': expected stops.csv, taps.csv, speeds.csv \(or "
        r".parquet, or a "
        r"folder of that name\). Seen: tap.csv \(no table of contract 'city' is called so. Nearest: taps.\)",
    ):
        supply_from_folder(folder, CITY)


def test_files_that_are_no_table_are_told_but_do_not_stop(city, tmp_path, polars):
    folder = city(stops_csv=STOPS_CSV, stop_csv="x\n", readme_md="x", _stops_csv="x\n")
    intake = taken(polars, folder, tmp_path / "run", "stops")
    assert intake.report.ignored == ("stop.csv (no table of contract 'city' is called so. Nearest: stops.)",)


def test_a_table_given_twice_is_refused(city):
    folder = city(taps_csv=TAPS_CSV, taps__a_csv=TAPS_CSV)
    with pytest.raises(
        DataRejected, match=r"Table 'taps' stands twice in '.*' \(as 'taps.csv' and another\): keep one"
    ):
        supply_from_folder(folder, CITY)


def test_a_table_that_is_needed_and_not_given_is_named(city, tmp_path, polars):
    with pytest.raises(
        DataRejected,
        match=r"Table 'speeds' is needed and was not given: add speeds.csv, speeds.parquet or a folder",
    ):
        taken(polars, city(stops_csv=STOPS_CSV), tmp_path / "run", "speeds")
    with pytest.raises(UnknownName, match=r"No table is called 'tabs'. Nearest: taps"):
        taken(polars, city(stops_csv=STOPS_CSV), tmp_path / "run", "tabs")


def test_over_the_limit_the_report_complains_and_the_rows_are_kept(city, tmp_path, polars):
    rows = "".join(f"x{i},2024-01-0{i},noon,S1,\n" for i in range(1, 4))
    folder = city(taps_csv=TAPS_CSV + rows, stops_csv=STOPS_CSV)
    intake = taken(polars, folder, tmp_path / "run", "taps")
    with pytest.raises(
        DataRejected,
        match=r"^5 of 7 rows of 'taps' \(71.4%\) are against the contract, over its limit of 50.0%; most "
        r"\(4\) "
        r"for 'at': not a date and time \(such as 2026-03-02 08:30:00\), first in taps.csv row 3 '25:61'. "
        r"The rows are kept in .*quarantine: "
        r"mend",
    ) as caught:
        intake.report.check(str(intake.quarantine))
    assert caught.value.exit_code == 3
    assert pl.read_parquet(intake.quarantine / "taps" / "*.parquet").height == 5


def test_where_all_rows_are_bad_or_none_came_it_is_said(engines, city, tmp_path):
    folder = city(speeds_csv="kmh\nfast\nslow\n")
    for name in ("polars", "torn", "dask"):
        intake = taken(engines(name), folder, tmp_path / name, "speeds")
        assert intake.tables["speeds"].gather().height == 0
        with pytest.raises(
            DataRejected, match=r"^2 of 2 rows of 'speeds' \(100.0%\) .* so that none is left; most \(2\)"
        ):
            intake.report.check("q")
    (folder / "speeds.csv").unlink()
    pl.DataFrame(schema={"kmh": pl.Float64}).write_parquet(folder / "speeds.parquet")
    with pytest.raises(DataRejected, match=r"'speeds' has no rows. The rows are kept in q"):
        taken(engines("polars"), folder, tmp_path / "none", "speeds").report.check("q")


def test_a_file_that_breaks_off_is_named(engines, city, tmp_path):
    folder = city(stops_csv=STOPS_CSV) / "speeds"
    folder.mkdir()
    frame = pl.DataFrame({"kmh": [(i * 7919 % 1000) / 7 for i in range(50_000)]})
    for i in range(3):
        frame.write_parquet(folder / f"{i}.parquet")
    whole = bytearray((folder / "1.parquet").read_bytes())
    whole[100 : len(whole) - 3000 : 40] = b"\0" * len(range(100, len(whole) - 3000, 40))
    (folder / "1.parquet").write_bytes(whole)
    for name in ("polars", "dask"):
        with pytest.raises(DataRejected, match=r"^speeds/1.parquet: a file could not be read to its end"):
            taken(engines(name), folder.parent, tmp_path / name, "speeds")


def test_tables_held_in_another_form_are_screened_like_the_rest(city, tmp_path, polars):
    feed = city(stops_csv=STOPS_CSV) / "feed.zip"
    feed.write_bytes(b"zip")
    frame = pl.DataFrame({"kmh": [1.0, float("nan")], "_file": [0, 0], "_row": [1, 2]})
    asked = []

    def more(name, tables):
        asked.append((name, list(tables)))
        return (frame, listing_of(str(feed), "feed.zip", 2), ("from the feed",)) if name == "speeds" else None

    intake = taken(polars, feed.parent, tmp_path / "run", "stops", optional=["taps", "speeds"], more=more)
    assert asked == [("taps", ["stops"]), ("speeds", ["stops"])]
    report = intake.report.tables[-1]
    assert (report.rows, report.clean, report.notes) == (2, 1, ("from the feed",))
    assert report.rules[0].example() == "feed.zip row 2 'NaN'"
    supply = supply_from_folder(feed.parent, CITY)
    assert {"table": "", "file": "feed.zip", "sha256": digest(str(feed))} in supply.inputs()


def test_what_a_supply_may_read_is_hashed_before_it_is_read(city):
    folder = city(stops_csv=STOPS_CSV, taps__a_csv=TAPS_CSV)
    assert supply_from_folder(folder, CITY).inputs() == [
        {"table": "stops", "file": "stops.csv", "sha256": digest(str(folder / "stops.csv"))},
        {"table": "taps", "file": "taps/a.csv", "sha256": digest(str(folder / "taps" / "a.csv"))},
    ]


def test_addresses_are_folders_too(tmp_path, polars):
    memory = fsspec.filesystem("memory")
    memory.pipe({"/town/stops.csv": STOPS_CSV.encode(), "/town/taps/1.csv": TAPS_CSV.encode()})
    try:
        intake = taken(polars, "memory://town", tmp_path / "run", "taps")
        assert [one.clean for one in intake.report.tables] == [2, 2]
        memory.pipe("/town/stops.parquet", b"x")
        with pytest.raises(DataRejected, match="Table 'stops' stands twice in 'memory://town'"):
            supply_from_folder("memory://town", CITY)
        memory.rm("/town", recursive=True)
        memory.pipe({"/town/tap.csv": b"x\n"})
        with pytest.raises(DataRejected, match="'memory://town' holds no table of contract 'city'"):
            supply_from_folder("memory://town", CITY)
    finally:
        memory.rm("/town", recursive=True)
    with pytest.raises(DataRejected, match=r"'memory://nowhere' cannot be read \(FileNotFoundError"):
        supply_from_folder("memory://nowhere", CITY)


def test_tables_come_after_those_they_refer_to_even_in_a_ring():
    def table(name, *others):
        references = tuple(Reference(columns=("k",), table=other, targets=("k",)) for other in others)
        return TableContract(name=name, columns=(Column(name="k", type="string"),), references=references)

    ring = {"a": table("a", "b"), "b": table("b", "c"), "c": table("c", "a", "c"), "d": table("d", "d", "b")}
    contract = Contract(name="ring", version="1", tables=ring)
    assert _ordered(contract, ["d"]) == ["a", "c", "b", "d"]
    assert _ordered(contract, ["a"]) == ["c", "b", "a"]
    assert _ordered(CITY, ["speeds", "taps", "stops"]) == ["speeds", "stops", "taps"]


def test_the_report_is_written_for_people_and_machines(city, tmp_path, polars):
    intake = taken(polars, city(stops_csv=STOPS_CSV, taps_csv=TAPS_CSV), tmp_path / "run", "taps")
    write_report(intake.report, tmp_path / "shown")
    assert sorted(path.name for path in (tmp_path / "shown").iterdir()) == [
        "screening.en.html",
        "screening.json",
        "screening.zh.html",
    ]
    data = json.loads((tmp_path / "shown" / "screening.json").read_text(encoding="utf-8"))
    assert [table["table"] for table in data["tables"]] == ["stops", "taps"]
    assert "数据筛查报告" in (tmp_path / "shown" / "screening.zh.html").read_text(encoding="utf-8")
