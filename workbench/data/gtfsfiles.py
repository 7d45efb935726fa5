"""The text files of a GTFS feed, from a zip or a folder, with the number of every row."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from workbench.data.clock import TIME_OF_DAY
from workbench.data.expressions import BLANKS
from workbench.errors import DataRejected, nearest

PROBLEMS = {"file": pl.String, "row": pl.Int64, "rule": pl.String, "column": pl.String, "value": pl.String}
NEEDED = ("stops.txt", "trips.txt", "stop_times.txt")
CALENDARS = ("calendar.txt", "calendar_dates.txt")


class FeedFiles:
    """
    The files of one feed.

    Parameters
    ----------
    path
        A zip or a folder; the files may lie in a folder inside it.

    Attributes
    ----------
    names
        The files it has.
    place
        The zip, or the folder that holds the files themselves.
    problems
        Rows that cannot be used, gathered while reading: file, row, rule, column and value.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.problems: list[pl.DataFrame] = []
        if not self.path.exists():
            raise DataRejected(f"No GTFS feed is called '{path}': check the path.")
        inside = self._inside()
        folders = {
            name.removesuffix("stop_times.txt")
            for name in inside
            if name.rsplit("/", 1)[-1] == "stop_times.txt"
        }
        folder = min(folders, key=lambda each: (each.count("/"), each), default="")
        self.place = self.path / folder if self.path.is_dir() else self.path
        self._members = {
            name.removeprefix(folder): name
            for name in inside
            if name.startswith(folder) and "/" not in name.removeprefix(folder)
        }
        self.names = tuple(sorted(name for name in self._members if name.endswith(".txt")))
        missing = [name for name in NEEDED if name not in self.names]
        if not set(CALENDARS) & set(self.names):
            missing.append(" or ".join(CALENDARS))
        if missing:
            has = f"It has {', '.join(self.names)}." if self.names else "It has no .txt files at all."
            raise DataRejected(
                f"{self.name} is not a whole GTFS feed: {', '.join(missing)} is missing. {has} Send it again."
            )

    def table(self, file: str, need: Sequence[str], want: Sequence[str] = ()) -> pl.DataFrame:
        """
        Read columns of one file as text.

        Parameters
        ----------
        file
            Its name, such as stops.txt; a missing one gives no rows.
        need, want
            Columns that must be there, and columns that are null where they are not.

        Returns
        -------
        DataFrame
            The columns, stripped and null where empty, and `_row` (the header is row 1).
        """
        columns = [*need, *want]
        if file not in self.names:
            return pl.DataFrame(schema={"_row": pl.Int64, **dict.fromkeys(columns, pl.String)})
        frame = self._read(file)
        for name in need:
            if name not in frame.columns:
                raise DataRejected(
                    f"{file} of {self.name} has no column '{name}', which GTFS requires. "
                    f"{nearest(name, [each for each in frame.columns if each != '_row'])}"
                )
        texts = [
            pl.col(name).str.strip_chars(BLANKS).replace("", None)
            if name in frame.columns
            else pl.lit(None, pl.String).alias(name)
            for name in columns
        ]
        blank = pl.all_horizontal(pl.exclude("_row").is_null() | (pl.exclude("_row") == ""))
        return frame.filter(~blank).select(pl.col("_row").cast(pl.Int64), *texts)

    def note(self, file: str, rows: pl.DataFrame, rule: str, column: str, value: str = "") -> None:
        """Note rows (with their `_row`) that cannot be used, and the value that says why."""
        shown = pl.col(value or column).cast(pl.String)
        said = rows.select(
            pl.lit(file).alias("file"),
            pl.col("_row").alias("row"),
            pl.lit(rule).alias("rule"),
            pl.lit(column).alias("column"),
            shown.alias("value"),
        )
        self.problems.append(said.cast(dict(PROBLEMS)))  # type: ignore[arg-type]

    def noted(self) -> pl.DataFrame:
        """All problems so far, in the order of file and row."""
        return pl.concat([pl.DataFrame(schema=PROBLEMS), *self.problems]).sort("file", "row", "column")

    def _inside(self) -> list[str]:
        if self.path.is_dir():
            return sorted(each.relative_to(self.path).as_posix() for each in self.path.rglob("*.txt"))
        if not zipfile.is_zipfile(self.path):
            raise DataRejected(f"{self.name} is neither a zip nor a folder, so no GTFS feed: send it again.")
        with zipfile.ZipFile(self.path) as feed:
            return [name for name in feed.namelist() if not name.startswith("__MACOSX/")]

    def _bytes(self, file: str) -> bytes:
        member = self._members[file]
        if self.path.is_dir():
            return (self.path / member).read_bytes()
        try:
            with zipfile.ZipFile(self.path) as feed:
                return feed.read(member)
        except (zipfile.BadZipFile, RuntimeError, OSError) as error:
            raise DataRejected(
                f"{file} cannot be unpacked from {self.name} ({error}): send the feed again."
            ) from error

    def _read(self, file: str) -> pl.DataFrame:
        raw = self._bytes(file)
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            row = raw.count(b"\n", 0, error.start) + 1
            raise DataRejected(
                f"{file} of {self.name} is not UTF-8 in line {row}, as GTFS must be: save it again as UTF-8."
            ) from error
        header = [name.strip(BLANKS) for name in next(csv.reader(io.StringIO(text)), [])]
        if not header:
            raise DataRejected(f"{file} of {self.name} is empty: it has no header. Send the feed again.")
        twice = sorted({name for name in header if header.count(name) > 1})
        if twice:
            raise DataRejected(
                f"{file} of {self.name} names the column '{twice[0]}' more than once: remove one."
            )
        try:
            frame = pl.read_csv(
                text.encode(),
                infer_schema=False,
                with_column_names=lambda _: header,
                row_index_name="_row",
                row_index_offset=2,
            )
        except (pl.exceptions.PolarsError, TypeError):
            frame = self._row_by_row(file, text, header)
        return frame

    def _row_by_row(self, file: str, text: str, header: list[str]) -> pl.DataFrame:
        """The plain reader: rows with too many fields are noted, not lost."""
        try:
            records = list(enumerate(csv.reader(io.StringIO(text, newline="")), 1))[1:]
        except csv.Error as error:
            raise DataRejected(
                f"{file} of {self.name} is not CSV throughout ({error}): check its quotes."
            ) from error
        ragged = [(row, ",".join(fields)) for row, fields in records if len(fields) > len(header)]
        lost = pl.DataFrame(ragged, schema={"_row": pl.Int64, "fields": pl.String}, orient="row")
        if ragged:
            self.note(file, lost, "ragged", "", "fields")
        kept = [
            [row, *fields, *[""] * (len(header) - len(fields))]
            for row, fields in records
            if len(fields) <= len(header)
        ]
        return pl.DataFrame(kept, schema={"_row": pl.Int64, **dict.fromkeys(header, pl.String)}, orient="row")


def seconds(column: str) -> pl.Expr:
    """Seconds since midnight of the day of service from text such as 25:10:00; null where it is no time."""
    hours, minutes, rest = (pl.col(column).str.extract(TIME_OF_DAY, i).cast(pl.Int64) for i in (1, 2, 3))
    return hours * 3600 + minutes * 60 + rest.fill_null(0)


def clock_text(column: str) -> pl.Expr:
    """Text such as 25:10:00 from seconds since midnight."""
    parts = (pl.col(column) // 3600, pl.col(column) // 60 % 60, pl.col(column) % 60)
    return pl.concat_str(*(part.cast(pl.String).str.zfill(2) for part in parts), separator=":")
