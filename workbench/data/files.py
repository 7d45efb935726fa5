"""
Find the files of a table and know their columns, before any row is read.

Files may be Parquet or CSV, one or many, here or behind an fsspec address. CSV is landed first
(`workbench.data.landing`), so that every engine reads Parquet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import polars as pl

from workbench.errors import DataRejected, WorkbenchError

CSV_ENDINGS = (".csv", ".csv.gz", ".tsv", ".txt")
ENDINGS = (".parquet", *CSV_ENDINGS)
ROWS_AT_ONCE = 1_000_000
PROBLEM = "_problem"
"""The column in which reading and mapping leave what is wrong with a row: `rule` or `rule:column:value`."""


@dataclass(frozen=True)
class Found:
    """
    One file.

    `first_row` is the number of its first record: 1 in Parquet; 2 in CSV, where the header is row 1 as in a
    spreadsheet (1 where it has no header). The rows of a Parquet file are counted when first asked for where
    `counted` is None.
    """

    path: str
    name: str
    schema: Mapping[str, pl.DataType]
    counted: int | None
    first_row: int = 1
    source: str = ""

    @property
    def csv(self) -> bool:
        """Whether it still is text."""
        return self.path.lower().endswith(CSV_ENDINGS)

    @cached_property
    def rows(self) -> int:
        """Rows; those of CSV are known only once it has landed."""
        if self.counted is not None:
            return self.counted
        return int(pl.scan_parquet(self.path, glob=False).select(pl.len()).collect().item())


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written. A file that ends in `.tsv` has tabs where no other separator is given."""

    encoding: str = "utf-8"
    separator: str = ","
    header: bool = True
    names: tuple[str, ...] = ()
    skip_rows: int = 0
    nulls: tuple[str, ...] = ("",)

    def of(self, path: str) -> Dialect:
        """The dialect of one file."""
        tabs = path.lower().endswith(".tsv") and self.separator == ","
        return replace(self, separator="\t") if tabs else self


@dataclass(frozen=True)
class Listing:
    """The files of one table, in the order of their names."""

    files: tuple[Found, ...]
    dialect: Dialect = field(default_factory=Dialect)

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Columns and types of all files together; text where they disagree."""
        together: dict[str, pl.DataType] = {}
        for one in self.files:
            for name, dtype in one.schema.items():
                mine = _normal(dtype)
                together[name] = mine if together.get(name, mine) == mine else _common(together[name], mine)
        return together

    @property
    def same(self) -> bool:
        """Whether every file has exactly these columns and types."""
        wanted = list(self.schema.items())
        return all(list(one.schema.items()) == wanted for one in self.files)

    @property
    def rows(self) -> int:
        """Rows of all files; CSV counts only once it has landed."""
        return sum(one.rows for one in self.files)

    def landed(self, work: Path) -> Listing:
        """Turn CSV files into Parquet of texts in the folder `work`, with the row problems found so far."""
        from workbench.data.landing import land

        files = (land(one, work, self.dialect.of(one.path)) if one.csv else one for one in self.files)
        return replace(self, files=tuple(files))

    def hashes(self) -> list[tuple[str, str]]:
        """Name and SHA-256 of each file as it was given."""
        return [(one.name, digest(one.source or one.path)) for one in self.files]


def digest(path: str) -> str:
    """SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find(paths: Sequence[str], *, work: Path, dialect: Dialect | None = None) -> Listing:
    """
    Find the files behind paths: files, folders (all files below), patterns with `*`, or fsspec addresses.

    Parameters
    ----------
    paths
        They hold one table together.
    work
        Folder to which remote files are brought.
    dialect
        How the CSV files among them are written.

    Returns
    -------
    Listing
        Columns are known; only the rows of Parquet files are counted.

    Raises
    ------
    DataRejected
        Nothing is there, a file is empty or not what its ending says.
    """
    dialect = dialect or Dialect()
    files: list[tuple[str, str]] = []
    for path in paths:
        files += _remote(path, work) if "://" in path else _local(path)
    if not files:
        where = ", ".join(map(str, paths))
        raise DataRejected(f"No data files are in '{where}': expected files ending in {', '.join(ENDINGS)}.")
    return Listing(tuple(_known(path, name, dialect) for path, name in dict.fromkeys(files)), dialect)


def unreadable(listing: Listing) -> list[str]:
    """Names of the files that cannot be read to their end, by reading them all."""
    names = []
    for one in listing.files:
        frame = pl.scan_parquet(one.path, glob=False)
        try:
            for start in range(0, max(one.rows, 1), ROWS_AT_ONCE):
                frame.slice(start, ROWS_AT_ONCE).collect()
        except (pl.exceptions.PolarsError, OSError):
            names.append(one.name)
    return names


def is_data(name: str) -> bool:
    """Whether a file of this name holds data; names that begin with `.` or `_` are a tool's own."""
    return name.lower().endswith(ENDINGS) and not name.startswith((".", "_"))


def _local(path: str) -> list[tuple[str, str]]:
    place = Path(path)
    if place.is_file():
        if not place.name.lower().endswith(ENDINGS):
            raise DataRejected(f"'{path}' ends in none of {', '.join(ENDINGS)}: rename it to what it is.")
        return [(str(place), place.name)]
    if place.is_dir():
        root, found = place, place.rglob("*")
    elif any(mark in path for mark in "*?["):
        root = Path(place.anchor or ".")
        found = root.glob(str(place.relative_to(place.anchor) if place.anchor else place))
    else:
        raise DataRejected(f"No file or folder is called '{path}': check the path.")
    files = sorted(one for one in found if one.is_file() and is_data(one.name))
    for one in files:
        if any("=" in part for part in one.relative_to(root).parts[:-1]):
            raise DataRejected(
                f"'{one}' lies in a folder named after a column value, which is not read: write the "
                "column into the files."
            )
    inside = place.is_dir()
    return [
        (str(one), f"{place.name}/{one.relative_to(place).as_posix()}" if inside else one.name)
        for one in files
    ]


def _remote(path: str, work: Path) -> list[tuple[str, str]]:
    """Bring remote files here through fsspec."""
    import fsspec

    if path.startswith("file://"):
        return _local(path.removeprefix("file://"))
    try:
        system, inner = fsspec.core.url_to_fs(path)
        if "*" in inner:
            names = sorted(system.glob(inner))
        else:
            names = sorted(system.find(inner)) if system.isdir(inner) else [inner]
        found = []
        for name in names:
            if is_data(Path(name).name):
                key = hashlib.sha256(f"{path} {name}".encode()).hexdigest()[:16]
                here = work / "fetched" / key / Path(name).name
                here.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(name, str(here))
                found.append((str(here), name.rsplit("/", 1)[-1]))
    except ImportError as error:
        raise WorkbenchError(
            f"'{path}' needs a file-system package that is not installed ({error}): install it with pip."
        ) from error
    except Exception as error:  # each file system has errors of its own
        what = str(error).strip().splitlines()
        raise DataRejected(
            f"'{path}' cannot be read ({type(error).__name__}{': ' + what[0] if what else ''}): "
            "check the address and your access."
        ) from error
    return found


def _known(path: str, name: str, dialect: Dialect) -> Found:
    path = str(Path(path).absolute())  # workers of a cluster stand elsewhere
    if Path(path).stat().st_size == 0:
        raise DataRejected(
            f"{name} is empty: it has no header and no rows. Send the file again, or leave it out."
        )
    if path.lower().endswith(CSV_ENDINGS):
        from workbench.data.landing import header

        texts: dict[str, pl.DataType] = {
            column: pl.String() for column in header(path, name, dialect.of(path))
        }
        return Found(path, name, texts, 0, dialect.skip_rows + (2 if dialect.header else 1), path)
    try:
        schema = pl.scan_parquet(path, glob=False).collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataRejected(
            f"{name} is not a readable Parquet file ({str(error).splitlines()[0][:120]}): "
            "send it again, or leave it out."
        ) from error
    return Found(path, name, schema, None, 1, path)


def _normal(dtype: pl.DataType) -> pl.DataType:
    if dtype.is_integer():
        return pl.Int64()
    if dtype.is_float() or dtype.is_decimal():
        return pl.Float64()
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", dtype.time_zone)
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return pl.String()
    return dtype


def _common(left: pl.DataType, right: pl.DataType) -> pl.DataType:
    if isinstance(left, pl.Null) or isinstance(right, pl.Null):
        return left if isinstance(right, pl.Null) else right
    return pl.Float64() if {type(left), type(right)} == {pl.Int64, pl.Float64} else pl.String()
