"""Files as bytes, text, JSON and tables of text; what cannot be read is refused in one sentence."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from workbench.lifelines._columns import Column
from workbench.lifelines.errors import BadNetwork

PathLike = str | os.PathLike[str]
SHOWN = 5
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def bytes_of(path: PathLike) -> bytes:
    """Bytes of a file that is there and not empty."""
    place = Path(path)
    if place.is_dir():
        raise BadNetwork(str(path), ["this is a folder: give the file"])
    try:
        data = place.read_bytes()
    except FileNotFoundError:
        raise BadNetwork(str(path), ["there is no such file: check the path"]) from None
    except (OSError, ValueError) as error:
        raise BadNetwork(
            str(path), [f"the file cannot be read ({error}): check the path and access"]
        ) from error
    if not data.strip():
        raise BadNetwork(str(path), ["the file is empty: send it again"])
    return data


def decoded(data: bytes, path: PathLike, encoding: str = "utf-8") -> str:
    """Text of bytes; a byte order mark is left out."""
    try:
        return data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as error:
        raise BadNetwork(
            str(path),
            [f"byte {error.start:,} is not {encoding}: save the file as UTF-8, or name its encoding"],
        ) from error
    except LookupError:
        raise BadNetwork(str(path), [f"no encoding is called '{encoding}': try utf-8 or gb18030"]) from None


def parsed(data: bytes, path: PathLike) -> Any:
    """Value of JSON bytes."""
    try:
        return json.loads(decoded(data, path))
    except (json.JSONDecodeError, RecursionError) as error:
        where = (
            f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "all"
        )
        raise BadNetwork(
            str(path), [f"this is not JSON, or only part of it ({where}): send the whole file again"]
        ) from error


def csv_of(path: PathLike, encoding: str = "utf-8") -> pl.DataFrame:
    """
    Read a CSV file as a frame of texts; null where a field is empty, "" where it is quoted and empty.

    Fields are separated by what stands oftenest in the header: comma, semicolon or tab.
    """
    text = decoded(bytes_of(path), path, encoding)
    if "\0" in text:
        raise BadNetwork(str(path), ["this is not a text file: give CSV, or call it .parquet if it is that"])
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    try:
        frame = pl.read_csv(io.BytesIO(text.encode()), infer_schema=False, separator=separator)
    except pl.exceptions.PolarsError as error:
        what = str(error).strip().splitlines()[0][:120]
        raise BadNetwork(
            str(path), [f"this is not a CSV table ({what}): send the whole file again"]
        ) from error
    twice = [name for name in frame.columns if f"{name}_duplicated_0" in frame.columns]
    if twice:
        raise BadNetwork(
            str(path), [f"the header names column '{one}' twice: leave one out" for one in twice]
        )
    return frame


def parquet_of(path: PathLike) -> pl.DataFrame:
    """Read a Parquet file as a frame."""
    try:
        return pl.read_parquet(io.BytesIO(bytes_of(path)))
    except pl.exceptions.PolarsError as error:
        what = str(error).strip().splitlines()[0][:120]
        raise BadNetwork(
            str(path), [f"this is not a Parquet table, or only part of it ({what}): send it again"]
        ) from error


def typed(
    texts: pl.DataFrame, columns: Mapping[str, Column], what: str, *, by_id: bool = False
) -> pl.DataFrame:
    """
    Give a frame of texts its types: those of the known columns, and what they look like for others.

    Raises
    ------
    BadNetwork
        A known column holds what is not of its type. Rows are named as in a file, where the header is row 1,
        or by their column `id`.
    """
    made, found = [], []
    for name in texts.columns:
        values = texts[name]
        if name not in columns:
            made.append(guessed(values))
            continue
        new = as_type(values, columns[name].dtype)
        lost = new.is_null() & values.is_not_null() & (values.str.strip_chars() != "")
        if lost.any():
            at, shown, more = lost.arg_true()[0], values.filter(lost)[0], int(lost.sum()) - 1
            kind = "true or false" if columns[name].dtype == pl.Boolean else "a number"
            rest = f", and {more:,} row{'s' if more > 1 else ''} more" if more else ""
            row = f"'{texts['id'][at]}'" if by_id else f"row {at + 2:,}"
            found.append(
                f"{row}, column '{name}' holds '{shown}', not {kind}{rest}: mend it or leave it empty"
            )
        made.append(new)
    if found:
        raise BadNetwork(what, found)
    return pl.DataFrame(made)


def as_type(values: pl.Series, dtype: Any) -> pl.Series:
    """Texts as values of a type; null where one is none."""
    if dtype == pl.String:
        return values
    trimmed = values.str.strip_chars()
    if dtype == pl.Boolean:
        return trimmed.str.to_lowercase().replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)
    trimmed = trimmed.replace("", None)
    if dtype == pl.Date:
        return trimmed.str.to_date(strict=False)
    if isinstance(dtype, pl.Datetime):
        return trimmed.str.to_datetime(time_unit=dtype.time_unit, strict=False)
    return trimmed.cast(dtype, strict=False)


def guessed(values: pl.Series) -> pl.Series:
    """Whole numbers, numbers or truths where all texts are such and none has a leading zero; else texts."""
    given = values.drop_nulls().str.strip_chars()
    if given.is_empty() or given.str.contains(r"^[+-]?0\d").any():
        return values
    for dtype in (pl.Int64, pl.Float64, pl.Boolean):
        new = as_type(values, dtype)
        if new.null_count() == values.null_count():
            return new
    return values
