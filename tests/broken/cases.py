"""
Broken inputs, one folder each, and what is said about it.

`python tests/broken/cases.py DIR` writes them all, so that they can be tried by hand.
"""

from __future__ import annotations

import gzip
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from data_samples.traffic import DATA

CONGESTION = ("brief", "traffic.congestion", "--set", "resamples=200")
CROWDING = ("brief", "traffic.crowding", "--set", "resamples=200")
CHECK = ("check", "traffic")


@dataclass(frozen=True)
class Case:
    """
    One broken input.

    Attributes
    ----------
    name
        Of its folder.
    write
        Breaks the good folder that it is given.
    code
        Exit code.
    said
        Parts of the sentence.
    command
        What is asked; `DIR` stands for the folder.
    aside
        Rows set aside, where some must be kept.
    """

    name: str
    write: Callable[[Path], object]
    code: int
    said: tuple[str, ...]
    command: tuple[str, ...] = (*CONGESTION, "--data", "DIR")
    aside: int = 0


def good(folder: Path) -> None:
    """Write a small good folder: two segments, five days by the hour."""
    folder.mkdir(parents=True)
    rows = [
        (
            segment,
            f"2026-03-0{2 + day} {hour:02d}:00:00",
            f"{40 + 10 * (segment == 'b') - (hour in (7, 8)) * 9 + day}",
            None,
        )
        for segment in "ab"
        for day in range(5)
        for hour in range(24)
    ]
    names = ["segment_id", "timestamp", "speed_kmh", "vehicle_count"]
    pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row").write_csv(
        folder / "road_speeds.csv"
    )
    segments = pl.DataFrame({"segment_id": ["a", "b"], "segment_name": ["人民路", "建设路"]})
    segments.write_csv(folder / "segments.csv")


def nothing(_: Path) -> None:
    """Leave the folder as it is."""


def text(
    change: Callable[[str], str], name: str = "road_speeds.csv", encoding: str = "utf-8"
) -> Callable[[Path], object]:
    """Change the text of a file."""

    def write(folder: Path) -> None:
        path = folder / name
        path.write_text(change(path.read_text(encoding="utf-8")), encoding=encoding)

    return write


def rows(change: Callable[[int, list[str]], list[str]]) -> Callable[[Path], object]:
    """Change the fields of rows, counted from 1, below the header."""

    def changed(whole: str) -> str:
        head, *lines = whole.splitlines()
        return (
            "\n".join(
                [head, *(",".join(change(i, line.split(","))) for i, line in enumerate(lines, start=1))]
            )
            + "\n"
        )

    return text(changed)


def field(column: int, value: str, every: int = 1) -> Callable[[Path], object]:
    """Write a value into a column of every so many rows."""
    return rows(
        lambda i, fields: [value if at == column and i % every == 0 else old for at, old in enumerate(fields)]
    )


def frame(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Path], object]:
    """Make a Parquet file of the CSV and change it."""

    def write(folder: Path) -> None:
        path = folder / "road_speeds.csv"
        speeds = pl.read_csv(path, try_parse_dates=True).cast(
            {"speed_kmh": pl.Float64, "vehicle_count": pl.Int64}, strict=False
        )
        change(speeds).write_parquet(folder / "road_speeds.parquet")
        path.unlink()

    return write


def cut(share: float) -> Callable[[Path], object]:
    """Make a Parquet file and lose its end."""

    def write(folder: Path) -> None:
        frame(lambda speeds: speeds)(folder)
        path = folder / "road_speeds.parquet"
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])

    return write


def hollow(folder: Path) -> None:
    """Make a Parquet file whose end is whole and whose rows are not."""
    frame(lambda speeds: speeds)(folder)
    path = folder / "road_speeds.parquet"
    whole = bytearray(path.read_bytes())
    whole[8:400] = bytes(392)
    path.write_bytes(whole)


def bytes_of(name: str, content: bytes) -> Callable[[Path], object]:
    """Write bytes to a file."""
    return lambda folder: (folder / name).write_bytes(content)


def instead(old: str, new: str, content: bytes) -> Callable[[Path], object]:
    """Write bytes to a file and remove another."""

    def write(folder: Path) -> None:
        (folder / old).unlink()
        (folder / new).write_bytes(content)

    return write


def only(*names: str) -> Callable[[Path], object]:
    """Leave only the sample's tables of these names."""

    def write(folder: Path) -> None:
        for path in folder.iterdir():
            path.unlink()
        for name in names:
            shutil.copy(DATA / name, folder)

    return write


def renamed(old: str, new: str, name: str = "road_speeds.csv") -> Callable[[Path], object]:
    """Change a name in the header."""
    return text(lambda whole: whole.replace(old, new, 1), name)


def twice(folder: Path) -> None:
    """Give a table as CSV and as Parquet."""
    pl.read_csv(folder / "road_speeds.csv").write_parquet(folder / "road_speeds.parquet")


def parts_that_disagree(folder: Path) -> None:
    """Give a table in two files, one with a column of its own."""
    (folder / "road_speeds").mkdir()
    whole = (folder / "road_speeds.csv").read_text(encoding="utf-8")
    (folder / "road_speeds" / "a.csv").write_text(whole, encoding="utf-8")
    (folder / "road_speeds" / "b.csv").write_text(whole.replace("speed_kmh", "speed", 1), encoding="utf-8")
    (folder / "road_speeds.csv").unlink()


def swept(folder: Path) -> None:
    """Take everything out of the folder."""
    for path in folder.iterdir():
        path.unlink()


def gone(folder: Path) -> None:
    """Take the folder away."""
    shutil.rmtree(folder)


def a_file(folder: Path) -> None:
    """Put a file in the folder's place."""
    shutil.rmtree(folder)
    folder.write_text("no folder")


def zipped(folder: Path) -> None:
    """Lose the end of a gzip file."""
    path = folder / "road_speeds.csv"
    (folder / "road_speeds.csv.gz").write_bytes(gzip.compress(path.read_bytes())[:-20])
    path.unlink()


def parameters(content: str) -> Callable[[Path], object]:
    """Write a file of parameters."""
    return lambda folder: (folder / "params.yaml").write_text(content, encoding="utf-8")


def elsewhere(folder: Path) -> None:
    """Give taps of a city that the timetable knows nothing of."""
    only("taps.csv", "timetable.parquet")(folder)
    taps = (folder / "taps.csv").read_text(encoding="utf-8")
    (folder / "taps.csv").write_text(taps.replace(",P0", ",Q0"), encoding="utf-8")


REPEATED = rows(lambda i, fields: ["a", "2026-03-02 00:00:00", *fields[2:]] if i % 4 == 0 else fields)
WITH_FILE = (*CONGESTION, "--data", "DIR", "--params", "DIR/params.yaml")
SEVERAL = "k: 0\nhours: [7, 25]\n\nresample: 300\nleast_coverage: much\n"

CASES = (
    # files
    Case(
        "empty file", bytes_of("road_speeds.csv", b""), 3, ("road_speeds.csv is empty", "Send the file again")
    ),
    Case("blank file", bytes_of("road_speeds.csv", b"\n\n\n"), 3, ("road_speeds.csv", "header")),
    Case("header only", text(lambda whole: whole.splitlines()[0] + "\n"), 3, ("has a header but no rows",)),
    Case(
        "truncated parquet",
        cut(0.6),
        3,
        ("road_speeds.parquet is not a readable Parquet file", "send it again"),
    ),
    Case(
        "empty parquet",
        instead("road_speeds.csv", "road_speeds.parquet", b""),
        3,
        ("road_speeds.parquet is empty",),
    ),
    Case(
        "not parquet",
        instead("segments.csv", "segments.parquet", b"PK\x03\x04" * 99),
        3,
        ("segments.parquet is not a readable Parquet file",),
    ),
    Case(
        "hollow parquet",
        hollow,
        3,
        ("road_speeds.parquet: a file could not be read to its end", "check that it is whole"),
    ),
    Case("truncated gzip", zipped, 3, ("road_speeds.csv.gz is not a whole gzip file", "send it again")),
    Case("table twice", twice, 3, ("'road_speeds' stands twice", "keep one")),
    # text
    Case(
        "gb18030",
        text(lambda whole: whole, "segments.csv", "gb18030"),
        3,
        ("segments.csv is not utf-8", "encoding: gb18030"),
    ),
    Case(
        "utf-16",
        text(lambda whole: whole, "segments.csv", "utf-16"),
        3,
        ("segments.csv is not utf-8", "encoding: utf-16"),
    ),
    Case(
        "semicolons",
        text(lambda whole: whole.replace(",", ";")),
        3,
        ("its separator seems to be ';'", "`separator:`"),
    ),
    Case(
        "open quote",
        text(lambda whole: whole.replace("b,", '"b,', 1)),
        3,
        ("road_speeds.csv", "quotes", "Close them"),
    ),
    Case(
        "nul bytes",
        text(lambda whole: whole.replace("a,", "a\x00,")),
        3,
        ("'segment_id': not in the table it refers to", "'a\\x00'"),
        aside=120,
    ),
    Case(
        "no header",
        text(lambda whole: whole.partition("\n")[2].replace(",\n", ",7\n")),
        3,
        ("the required column 'segment_id' is missing", "Not in the contract: a, 2026-03-02 00:00:00"),
    ),
    # columns
    Case(
        "missing column",
        renamed("speed_kmh", "remark"),
        3,
        ("the required column 'speed_kmh' is missing", "`--source`"),
    ),
    Case(
        "misspelt column",
        renamed("speed_kmh", "speed_kph"),
        3,
        ("'speed_kmh' is missing. Nearest: speed_kph.",),
    ),
    Case(
        "unknown column",
        text(lambda whole: whole.replace("\n", ",\n").replace(",\n", ",remark\n", 1)),
        3,
        ("the column 'remark' is not in the contract of table 'road_speeds'", "Rename or remove it"),
    ),
    Case(
        "chinese columns",
        renamed("segment_id,timestamp,speed_kmh", "路段,时间,车速"),
        3,
        ("the required column 'segment_id' is missing. Not in the contract: 路段, 时间, 车速.",),
    ),
    Case(
        "column twice",
        renamed("vehicle_count", "speed_kmh"),
        3,
        ("names the column 'speed_kmh' more than once",),
    ),
    Case("parts that disagree", parts_that_disagree, 3, ("the column 'speed' is not in the contract",)),
    # values
    Case(
        "wrong type",
        field(2, "fast", every=3),
        3,
        (
            "80 of 240 rows of 'road_speeds' (33.3%)",
            "over its limit of 10.0%",
            "'speed_kmh': not a number",
            "row 4 'fast'",
        ),
        aside=80,
    ),
    Case(
        "all rows bad",
        field(2, "-5"),
        3,
        ("240 of 240 rows of 'road_speeds' (100.0%)", "out of range (above 0, at most 200)"),
        aside=240,
    ),
    Case("repeated keys", REPEATED, 3, ("60 of 240 rows", "repeats an earlier row's key"), aside=60),
    Case(
        "past midnight",
        field(1, "2026-03-02 24:10:00", every=4),
        3,
        (
            "60 of 240 rows",
            "'timestamp': not a date and time (such as 2026-03-02 08:30:00)",
            "'2026-03-02 24:10:00'",
        ),
        aside=60,
    ),
    Case("no such time", field(1, "2026-03-02 25:61:00", every=4), 3, ("'2026-03-02 25:61:00'",), aside=60),
    Case("beyond numbers", field(2, "1e308", every=4), 3, ("'speed_kmh': out of range", "'1e308'"), aside=60),
    Case(
        "beyond whole numbers",
        field(3, "99999999999999999999", every=4),
        3,
        ("'vehicle_count': not a whole number",),
        aside=60,
    ),
    Case(
        "unknown segment",
        rows(lambda i, fields: [f"z{i}", *fields[1:]] if i % 4 == 0 else fields),
        3,
        ("'segment_id': not in the table it refers to", "'z4'"),
        aside=60,
    ),
    Case(
        "nan in parquet",
        frame(
            lambda one: one.with_columns(
                pl.when(pl.int_range(pl.len()) % 4 == 0)
                .then(float("nan"))
                .otherwise("speed_kmh")
                .alias("speed_kmh")
            )
        ),
        3,
        ("60 of 240 rows", "'speed_kmh'"),
        aside=60,
    ),
    Case(
        "lists in parquet",
        frame(lambda one: one.with_columns(pl.concat_list("speed_kmh"))),
        3,
        ("the column 'speed_kmh' holds values of type List", "wants number"),
    ),
    Case(
        "zones in parquet",
        frame(lambda one: one.with_columns(pl.col("timestamp").dt.replace_time_zone("UTC"))),
        3,
        ("the column 'timestamp'", "`--source`"),
    ),
    # folders
    Case("empty folder", swept, 3, ("holds no table of contract 'traffic'", "road_speeds.csv")),
    Case("no folder", gone, 3, ("No folder is called '", "--data names a folder that holds")),
    Case("file for folder", a_file, 3, ("is a file, and --data names the folder that holds",)),
    Case(
        "misnamed table",
        lambda folder: (folder / "road_speeds.csv").rename(folder / "road_speed.csv"),
        3,
        ("Table 'road_speeds' is needed", "Not used: road_speed.csv", "Nearest: road_speeds"),
    ),
    Case(
        "chinese table",
        lambda folder: [path.rename(folder / f"路况{i}.csv") for i, path in enumerate(folder.iterdir())],
        3,
        ("holds no table of contract 'traffic'", "路况0.csv"),
    ),
    Case(
        "missing table",
        only("taps.csv"),
        3,
        ("Table 'timetable' is needed and was not given", "timetable.csv"),
        (*CROWDING, "--data", "DIR"),
    ),
    Case(
        "nothing meets",
        elsewhere,
        3,
        ("No ride of the ", "are written alike"),
        (*CROWDING, "--data", "DIR"),
        aside=51,
    ),
    # parameters
    Case(
        "unknown parameter",
        nothing,
        2,
        ("There is no parameter 'kk'. Nearest: k.",),
        (*CONGESTION, "--data", "DIR", "--set", "kk=1"),
    ),
    Case(
        "wrong parameter",
        nothing,
        2,
        ("must be a whole number from 1 to 100, not 0.5",),
        (*CONGESTION, "--data", "DIR", "--set", "k=0.5"),
    ),
    Case(
        "several mistakes",
        parameters(SEVERAL),
        2,
        (
            "params.yaml:1: ",
            "params.yaml:2: ",
            "params.yaml:4: There is no parameter 'resample'. Nearest: resamples.",
            "params.yaml:5: ",
        ),
        WITH_FILE,
    ),
    Case("no yaml", parameters("k: [1\n"), 2, ("params.yaml", "is not YAML"), WITH_FILE),
    Case(
        "no source",
        nothing,
        2,
        ("DIR/source.yaml: there is no such file",),
        (*CONGESTION, "--source", "DIR/source.yaml"),
    ),
)


def write(case: Case, folder: Path) -> Path:
    """Write the folder of one case."""
    good(folder)
    case.write(folder)
    return folder


if __name__ == "__main__":
    for each in CASES:
        write(each, Path(sys.argv[1]) / each.name.replace(" ", "-"))
