"""
Find the files of a table and know their columns; CSV becomes Parquet of texts once, with its row numbers.

Landing CSV first makes one parser responsible on every engine (quotes, encodings and nulls differ between
engines), keeps the number of each row, and leaves a row with too many fields to screening instead of failing.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from workbench.errors import DataRejected, WorkbenchError

CSV_ENDINGS = (".csv", ".csv.gz", ".tsv", ".txt")
ENDINGS = (".parquet", *CSV_ENDINGS)
BATCH = 100_000
PROBLEM = "_problem"


@dataclass(frozen=True)
class Found:
    """
    One file.

    `first_row` is the number of its first record: 1 in Parquet; 2 in CSV, where the header is row 1 as in a
    spreadsheet (1 where it has no header).
    """

    path: str
    name: str
    schema: Mapping[str, pl.DataType]
    rows: int
    first_row: int = 1
    source: str = ""

    @property
    def csv(self) -> bool:
        """Whether it still is text."""
        return self.path.endswith(CSV_ENDINGS)


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written."""

    encoding: str = "utf-8"
    separator: str = ","
    header: bool = True
    names: tuple[str, ...] = ()
    skip_rows: int = 0
    nulls: tuple[str, ...] = ("",)


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
        """Turn CSV files into Parquet of texts in the folder `work`, with the row problems found on the way."""
        return replace(self, files=tuple(_land(one, work, self.dialect) if one.csv else one for one in self.files))

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
        raise DataRejected(f"No data files are in '{', '.join(map(str, paths))}': expected files ending in {', '.join(ENDINGS)}.")
    return Listing(tuple(_known(path, name, dialect) for path, name in files), dialect)


def _local(path: str) -> list[tuple[str, str]]:
    place = Path(path)
    if any(mark in path for mark in "*?["):
        found = sorted(p for p in Path(place.anchor or ".").glob(str(place.relative_to(place.anchor) if place.anchor else place)) if p.is_file())
    elif place.is_dir():
        found = sorted(p for p in place.rglob("*") if p.is_file() and not p.name.startswith((".", "_")) and p.name.endswith(ENDINGS))
        keyed = next((p for p in found if any("=" in part for part in p.relative_to(place).parts[:-1])), None)
        if keyed:
            raise DataRejected(f"'{keyed}' lies in a folder named after a column value, which is not read: write the column into the files.")
        return [(str(p), f"{place.name}/{p.relative_to(place).as_posix()}") for p in found]
    elif place.is_file():
        found = [place]
    else:
        raise DataRejected(f"No file or folder is called '{path}': check the path.")
    return [(str(p), p.name) for p in found]


def _remote(path: str, work: Path) -> list[tuple[str, str]]:
    """Bring remote files here through fsspec."""
    import fsspec

    if path.startswith("file://"):
        return _local(path.removeprefix("file://"))
    try:
        system, inner = fsspec.core.url_to_fs(path)
        names = sorted(system.glob(inner)) if "*" in inner else sorted(system.find(inner)) if system.isdir(inner) else [inner]
        found = []
        for name in names:
            if name.endswith(ENDINGS) and not Path(name).name.startswith((".", "_")):
                here = work / "fetched" / hashlib.sha256(f"{path} {name}".encode()).hexdigest()[:16] / Path(name).name
                here.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(name, str(here))
                found.append((str(here), name.rsplit("/", 1)[-1]))
    except ImportError as error:
        raise WorkbenchError(f"'{path}' needs a file-system package that is not installed ({error}): install it with pip.") from error
    except (OSError, ValueError) as error:
        raise DataRejected(f"'{path}' cannot be read ({type(error).__name__}: {error}): check the address and your access.") from error
    return found


def _known(path: str, name: str, dialect: Dialect) -> Found:
    if Path(path).stat().st_size == 0:
        raise DataRejected(f"{name} is empty: it has no header and no rows. Send the file again, or leave it out.")
    if path.endswith(CSV_ENDINGS):
        columns = _header(path, name, dialect)
        return Found(path, name, {column: pl.String() for column in columns}, 0, dialect.skip_rows + (2 if dialect.header else 1), path)
    try:
        schema = pl.read_parquet_schema(path)
        rows = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataRejected(f"{name} is not a readable Parquet file ({str(error).splitlines()[0][:120]}): send it again, or leave it out.") from error
    return Found(path, name, schema, rows, 1, path)


def _header(path: str, name: str, dialect: Dialect) -> list[str]:
    if not dialect.header and dialect.names:
        return list(dialect.names)
    with _text(path, dialect) as file:
        try:
            first = next(_records(file, dialect), [])
        except UnicodeDecodeError as error:
            raise _undecodable(name, dialect, error) from error
    if not first:
        raise DataRejected(f"{name} has no header row: the first row must name the columns.")
    if not dialect.header:
        return [f"column_{i + 1}" for i in range(len(first))]
    columns = [column.strip().removeprefix("\ufeff") for column in first]
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise DataRejected(f"{name} names the column{'s' if len(twice) > 1 else ''} {', '.join(map(repr, twice))} more than once: rename or remove one.")
    return columns


def _land(one: Found, work: Path, dialect: Dialect) -> Found:
    """Write one CSV file as Parquet of texts; rows with too many fields are marked, not lost."""
    target = work / "landed" / f"{hashlib.sha256(f'{one.path} {dialect}'.encode()).hexdigest()[:16]}.parquet"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        try:
            _land_fast(one, part, dialect)
        except pl.exceptions.PolarsError:
            _land_row_by_row(one, part, dialect)
        part.rename(target)
    rows = pl.scan_parquet(target, glob=False).select(pl.len()).collect().item()
    if not rows:
        raise DataRejected(f"{one.name} has a header but no rows: send the file again, or leave it out.")
    return replace(one, path=str(target), schema={**one.schema, PROBLEM: pl.String()}, rows=rows, source=one.path)


def _land_fast(one: Found, target: Path, dialect: Dialect) -> None:
    if dialect.encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig") or one.path.endswith(".gz"):
        raise pl.exceptions.ComputeError("not for the fast reader")
    frame = pl.scan_csv(
        one.path,
        infer_schema=False,
        glob=False,
        has_header=dialect.header,
        separator=dialect.separator,
        skip_lines=dialect.skip_rows,
        null_values=[null for null in dialect.nulls if null],
        with_column_names=lambda _: list(one.schema),
    )
    frame.with_columns(pl.lit(None, pl.String).alias(PROBLEM)).sink_parquet(target)


def _land_row_by_row(one: Found, target: Path, dialect: Dialect) -> None:
    """The plain reader: any encoding, and rows with too many fields are kept with the surplus as their problem."""
    import tempfile

    names, nulls = list(one.schema), set(dialect.nulls)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder, _text(one.path, dialect) as file:
        records = _records(file, dialect)
        try:
            if dialect.header:
                next(records, None)
            count = 0
            for count, batch in enumerate(_batches(records)):  # noqa: B007
                columns: dict[str, list[str | None]] = {name: [] for name in names}
                problems: list[str | None] = []
                for fields in batch:
                    problems.append("ragged" if len(fields) > len(names) else None)
                    surplus = fields[len(names) - 1 :] if len(fields) > len(names) else None
                    for i, name in enumerate(names):
                        value = fields[i] if i < len(fields) else ""
                        if surplus and i == len(names) - 1:
                            value = dialect.separator.join(surplus)
                        columns[name].append(None if value in nulls else value)
                schema = dict.fromkeys([*names, PROBLEM], pl.String)
                pl.DataFrame({**columns, PROBLEM: problems}, schema=schema).write_parquet(Path(folder) / f"{count:06d}.parquet")
        except UnicodeDecodeError as error:
            raise _undecodable(one.name, dialect, error) from error
        except csv.Error as error:
            raise DataRejected(f"{one.name} is not CSV throughout ({error}): check its quotes and its separator '{dialect.separator}'.") from error
        parts = sorted(Path(folder).glob("*.parquet"))
        if not parts:
            raise DataRejected(f"{one.name} has a header but no rows: send the file again, or leave it out.")
        pl.scan_parquet(parts, glob=False).sink_parquet(target)


def _text(path: str, dialect: Dialect) -> io.TextIOBase:
    import gzip

    encoding = "utf-8-sig" if dialect.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else dialect.encoding
    try:
        if path.endswith(".gz"):
            return gzip.open(path, "rt", encoding=encoding, newline="")  # type: ignore[return-value]
        return Path(path).open(encoding=encoding, newline="")
    except LookupError as error:
        raise WorkbenchError(f"No encoding is called '{dialect.encoding}': use one of Python's, such as utf-8, gb18030 or big5.") from error


def _records(file: Any, dialect: Dialect) -> Iterator[list[str]]:
    for _ in range(dialect.skip_rows):
        next(file, None)
    return csv.reader(file, delimiter=dialect.separator)


def _batches(records: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    batch = []
    for fields in records:
        batch.append(fields)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _undecodable(name: str, dialect: Dialect, error: UnicodeDecodeError) -> DataRejected:
    guess = "gb18030" if dialect.encoding.lower().startswith("utf") else "utf-8"
    return DataRejected(
        f"{name} is not {dialect.encoding} (byte 0x{error.object[error.start]:02X} does not fit): "
        f"say its encoding in a source file (`encoding: {guess}`), or save it as UTF-8."
    )


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
    kinds = {type(left), type(right)}
    if pl.Null in kinds:
        return left if isinstance(right, pl.Null) else right
    return pl.Float64() if kinds == {pl.Int64, pl.Float64} else pl.String()
