"""
CSV becomes Parquet of texts once, with its row numbers.

Landing first makes one parser responsible on every engine (quotes, encodings and nulls differ between
engines), keeps the number of each row, and leaves a row with too many fields to screening instead of failing.
Polars reads what it reads as the standard says [1]_; everything else goes row by row through Python's own
reader.

Rows without any value at the end of a file, as spreadsheets leave them, are no rows. Elsewhere they are set
aside as `blank`.

References
----------
.. [1] RFC 4180 (2005), Common Format and MIME Type for Comma-Separated Values (CSV) Files.
"""

from __future__ import annotations

import collections
import csv
import gzip
import hashlib
import io
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from workbench.data.files import PROBLEM, Dialect, Found
from workbench.errors import DataRejected, WorkbenchError

BATCH = 100_000
CHUNK = 1 << 24
RAGGED, BLANK = "ragged", "blank"
UTF_8 = ("utf-8", "utf8", "utf-8-sig")
SEPARATORS = {";": "';'", "\t": "a tab", "|": "'|'", "，": "'，'"}


def header(path: str, name: str, dialect: Dialect) -> list[str]:
    """
    Column names of a CSV file.

    Raises
    ------
    DataRejected
        There is no header, or it leaves a column without a name or gives one twice.
    """
    if not dialect.header and dialect.names:
        return list(dialect.names)
    with _opened(path, name, dialect) as file:
        first = next(_records(file, dialect), [])
    if not first:
        raise DataRejected(f"{name} has no header row: the first row must name the columns.")
    if not dialect.header:
        return [f"column_{i + 1}" for i in range(len(first))]
    columns = [column.strip().removeprefix("\ufeff") for column in first]
    if len(columns) == 1:
        for mark, shown in SEPARATORS.items():
            if mark in columns[0] and mark != dialect.separator:
                raise DataRejected(
                    f"{name} has one column, '{columns[0][:60]}': its separator seems to be {shown}. "
                    "Say so in a source file (`separator:`), or save it with commas."
                )
    if "" in columns:
        raise DataRejected(
            f"{name} has no name for column {columns.index('') + 1} of {len(columns)}: name it, or "
            "remove the column."
        )
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise DataRejected(
            f"{name} names the column{'s' if len(twice) > 1 else ''} {', '.join(map(repr, twice))} more than "
            "once: rename or remove one."
        )
    return columns


def land(one: Found, work: Path, dialect: Dialect) -> Found:
    """
    Write one CSV file as Parquet of texts below `work`, once for each state of the file.

    Raises
    ------
    DataRejected
        It has no rows, or is not text in its encoding or not CSV throughout.
    """
    state = Path(one.path).stat()
    key = f"{Path(one.path).absolute()} {state.st_size} {state.st_mtime_ns} {dialect}"
    target = work / "landed" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.parquet"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            part = Path(folder) / "fast.parquet"
            if not _reads_fast(one, dialect) or not _land_fast(one, part, dialect):
                part = Path(folder) / "rows.parquet"  # polars may still be writing what it gave up
                _land_row_by_row(one, part, dialect)
            _without_blank_end(part).replace(target)
    rows = pl.scan_parquet(target, glob=False).select(pl.len()).collect().item()
    if not rows:
        raise _no_rows(one.name)
    return replace(
        one, path=str(target), schema={**one.schema, PROBLEM: pl.String()}, counted=rows, source=one.path
    )


def _reads_fast(one: Found, dialect: Dialect) -> bool:
    """
    Whether polars reads the file as Python's reader does.

    It does not where a lone carriage return ends rows, where quotes are not closed or have text after them,
    and where the file ends in a separator.
    """
    if _plain(dialect.encoding) not in UTF_8 or one.path.lower().endswith(".gz"):
        return False
    if len(dialect.separator.encode()) != 1:
        return False
    returns = pairs = 0
    quotes, last = False, b""
    with Path(one.path).open("rb") as file:
        while chunk := file.read(CHUNK):
            quotes = quotes or b'"' in chunk
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
            last = chunk[-1:]
    if returns != pairs or last == dialect.separator.encode():
        return False
    if quotes:
        with _opened(one.path, one.name, dialect) as file:
            collections.deque(_records(file, dialect), maxlen=0)
    return True


def _land_fast(one: Found, target: Path, dialect: Dialect) -> bool:
    """Let polars read the file; False where it finds what it does not take, such as a row too long."""
    frame = pl.scan_csv(
        one.path,
        infer_schema=False,
        glob=False,
        has_header=dialect.header,
        separator=dialect.separator,
        skip_lines=dialect.skip_rows,
        with_column_names=lambda _: list(one.schema),
    )
    values = pl.col(*one.schema)
    blank = pl.all_horizontal(values.is_null() | (values == ""))
    try:
        frame.select(
            *(_or_null(pl.col(name), dialect) for name in one.schema),
            pl.when(blank).then(pl.lit(BLANK)).alias(PROBLEM),
        ).sink_parquet(target)
    except pl.exceptions.PolarsError:
        return False
    return True


def _or_null(value: pl.Expr, dialect: Dialect) -> pl.Expr:
    if dialect.nulls == ("",):
        return pl.when(value != "").then(value)
    value = value.fill_null("")
    return pl.when(~value.is_in(list(dialect.nulls))).then(value)


def _land_row_by_row(one: Found, target: Path, dialect: Dialect) -> None:
    """The plain reader: any encoding; of a row with too many fields the last column has the surplus."""
    names, nulls = list(one.schema), set(dialect.nulls)
    width = len(names)
    schema = dict.fromkeys([*names, PROBLEM], pl.String)
    with (
        tempfile.TemporaryDirectory(dir=target.parent) as folder,
        _opened(one.path, one.name, dialect) as file,
    ):
        records = _records(file, dialect)
        if dialect.header:
            next(records, None)
        for number, batch in enumerate(_batches(records)):
            rows = []
            for fields in batch:
                problem = BLANK if not any(fields) else None
                if len(fields) > width:
                    problem = RAGGED if any(fields) else BLANK
                    fields[width - 1 :] = [dialect.separator.join(fields[width - 1 :])]
                    if problem == BLANK:
                        fields[-1] = ""
                values = [None if value in nulls else value for value in fields]
                missing = None if "" in nulls else ""
                rows.append([*values, *[missing] * (width - len(values)), problem])
            pl.DataFrame(rows, schema=schema, orient="row").write_parquet(
                Path(folder) / f"{number:06d}.parquet"
            )
        parts = sorted(Path(folder).glob("*.parquet"))
        if not parts:
            raise _no_rows(one.name)
        pl.scan_parquet(parts, glob=False).sink_parquet(target)


def _without_blank_end(path: Path) -> Path:
    """Leave out the rows without any value that end a landed file."""
    frame = pl.scan_parquet(path, glob=False)
    if frame.select(pl.col(PROBLEM).last()).collect().item() != BLANK:
        return path
    full = pl.col(PROBLEM).ne_missing(pl.lit(BLANK))
    last = frame.with_row_index("_i").filter(full).select(pl.col("_i").max()).collect().item()
    trimmed = path.with_name("trimmed.parquet")
    frame.head(0 if last is None else last + 1).sink_parquet(trimmed)
    return trimmed


@contextmanager
def _opened(path: str, name: str, dialect: Dialect) -> Iterator[io.TextIOBase]:
    """Open as text; what cannot be read as such is said in a sentence."""
    encoding = "utf-8-sig" if _plain(dialect.encoding) in UTF_8 else dialect.encoding
    try:
        with (
            gzip.open(path, "rt", encoding=encoding, newline="")
            if path.lower().endswith(".gz")
            else Path(path).open(encoding=encoding, newline="")
        ) as file:
            yield file
    except LookupError as error:
        raise WorkbenchError(
            f"No encoding is called '{dialect.encoding}': use one of Python's, such as utf-8, gb18030 "
            "or big5."
        ) from error
    except UnicodeError as error:
        raise _undecodable(path, name, dialect, error) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataRejected(f"{name} is not a whole gzip file ({error}): send it again.") from error
    except csv.Error as error:
        raise DataRejected(
            f"{name}: the quotes do not match in the row that begins on line {_bad_line(path, dialect)} "
            f"({error}). Close them, or write a quote within a value twice."
        ) from error


def _records(file: Any, dialect: Dialect) -> Iterator[list[str]]:
    for _ in range(dialect.skip_rows):
        next(file, None)
    return csv.reader(file, delimiter=dialect.separator, strict=True)


def _bad_line(path: str, dialect: Dialect) -> int:
    """Line on which the first row begins that is not CSV."""
    with _opened(path, "", dialect) as file:
        records: Any = _records(file, dialect)
        line = 0
        try:
            for _ in records:
                line = records.line_num
        except csv.Error:
            pass
        return int(dialect.skip_rows + line + 1)


def _batches(records: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    batch = []
    for fields in records:
        batch.append(fields)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _undecodable(path: str, name: str, dialect: Dialect, error: UnicodeError) -> DataRejected:
    with Path(path).open("rb") as file:
        start = file.read(2)
    if start in (b"\xff\xfe", b"\xfe\xff"):
        guess = "utf-16"
    else:
        guess = "gb18030" if _plain(dialect.encoding) in UTF_8 else "utf-8"
    what = str(error)
    if isinstance(error, UnicodeDecodeError):
        what = f"byte 0x{error.object[error.start]:02X} does not fit"
    return DataRejected(
        f"{name} is not {dialect.encoding} ({what}): say its encoding in a source file (`encoding: "
        f"{guess}`), or save it as UTF-8."
    )


def _no_rows(name: str) -> DataRejected:
    return DataRejected(f"{name} has a header but no rows: send the file again, or leave it out.")


def _plain(encoding: str) -> str:
    return encoding.lower().replace("_", "-")
