"""What text is taken for a value, against plain Python, and the same on every engine."""

import datetime as dt
import random
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data import expressions
from workbench.data.expressions import (
    BLANKS,
    as_text,
    check_format,
    epoch_seconds,
    from_epoch_seconds,
    parse_format,
    parse_text,
)

KINDS = ("integer", "number", "boolean", "date", "timestamp", "string")
GOOD = {
    "integer": [
        "5",
        "+5",
        "-0",
        "00012",
        "-5.0",
        "7.",
        "7.000",
        "999999999999999999",
        " 8\t",
        "\u30009\u3000",
        "\n4\r\n",
    ],
    "number": [".5", "5.", "-1.25e-3", "+6E2", "1e308", "1e-400", "0", "12345678901234567890", "\u00a03.5"],
    "boolean": ["true", "T", "Yes", "y", "1", "FALSE", "f", "no", "N", "0"],
    "date": ["2024-02-29", " 1999-12-31 ", "1000-01-01", "9999-12-31"],
    "timestamp": [
        "2024-01-01 10:00",
        "2024-01-01T23:59:59",
        "2024-01-01 10:00:00.5",
        "2024-01-01 10:00:00.123456",
        "2000-02-29 00:00:00",
    ],
}
BAD = {
    "integer": [
        "",
        "abc",
        "1e3",
        "5.5",
        "1_000",
        "1,000",
        "１２",
        "--5",
        "+",
        "1000000000000000000",
        "0x10",
        "5 5",
        "٣",
    ],
    "number": ["nan", "inf", "-Infinity", "1e400", "1e", ".", "1.2.3", "5d", "5f", "1e1000", "1 e5", "½"],
    "boolean": ["ja", "2", "tru", "on", "ＴＲＵＥ", "yeſ"],
    "date": [
        "2023-02-29",
        "2024-13-01",
        "2024-1-1",
        "24-01-01",
        "0000-01-01",
        "0999-01-01",
        "2024/01/01",
        "２０２４-01-01",
    ],
    "timestamp": [
        "2024-01-01",
        "2024-01-01 24:00",
        "2024-01-01 10:00:60",
        "2024-01-01 25:61",
        "2024-02-30 10:00",
        "2024-01-01 10:00:00.1234567",
        "2024-01-01T10:00Z",
        "2024-01-01 10:00 +08:00",
        "2024-01-01  10:00",
    ],
}


def expected(text, kind):
    """Plain Python's reading of a value."""
    text = text.strip(BLANKS)
    if kind == "string":
        return text
    if kind == "boolean":
        return {"true": True, "t": True, "yes": True, "y": True, "1": True}.get(text.lower()) or (
            False if text.lower() in ("false", "f", "no", "n", "0") else None
        )
    if not text.isascii():
        return None
    try:
        if kind == "integer":
            return int(re.fullmatch(r"([+-]?\d{1,18})(\.0*)?", text)[1])
        if kind == "number":
            value = float(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text)[0])
            return value if abs(value) < float("inf") else None
        if kind == "date":
            return dt.date.fromisoformat(re.fullmatch(r"[1-9]\d{3}-\d\d-\d\d", text)[0])
        match = re.fullmatch(r"([1-9]\d{3}-\d\d-\d\d)[ T](\d\d:\d\d(:\d\d)?)(\.\d{1,6})?", text)
        fraction = (match[4] or "").ljust(7, "0")[:7] if match[4] else ""
        if match[4] and not match[3]:
            return None
        return dt.datetime.fromisoformat(f"{match[1]}T{match[2]}{fraction}")
    except (TypeError, ValueError):
        return None


def every_text():
    texts = {text for texts in (*GOOD.values(), *BAD.values()) for text in texts}
    rng = random.Random(3)
    letters = "0123456789+-.eE:T /ty\u3000"
    texts |= {"".join(rng.choice(letters) for _ in range(rng.randint(1, 8))) for _ in range(300)}
    for text in sorted(texts):
        i = rng.randrange(len(text) + 1)
        texts.add(text[:i] + rng.choice(letters) + text[i:])
    return sorted(texts)


@pytest.mark.parametrize("kind", GOOD)
def test_the_oracle_itself_takes_and_refuses_what_is_listed(kind):
    assert [text for text in GOOD[kind] if expected(text, kind) is None] == []
    assert [text for text in BAD[kind] if expected(text, kind) is not None] == []


def test_text_is_read_as_plain_python_reads_it(engine, agree):
    texts = [*every_text(), None]
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    made = engine.table(frame).each(lambda f: parse_text(f, {kind: ("text", kind) for kind in KINDS}))
    rows = [{"text": t, **{kind: None if t is None else expected(t, kind) for kind in KINDS}} for t in texts]
    agree(made, rows)


FORMATS = {
    "%Y-%m-%d %H:%M:%S": [
        "2024-02-03 04:05:06",
        "2024-2-3 4:5:6",
        "2024-02-30 04:05:06",
        "2024-02-03",
        "24-02-03 04:05:06",
    ],
    "%d/%m/%Y": ["03/02/2024", "3/2/2024", "31/04/2024", "3/2/24", "2024/02/03"],
    "%m/%d/%y %I:%M %p": ["02/03/24 04:05 PM", "2/3/24 12:00 AM", "2/3/24 13:00 PM", "2/3/70 1:00 AM"],
    "%Y%m%d%H%M": ["202402030405", "2024020304055", "202413030405"],
    "%Y年%m月%d日 %H时%M分": ["2024年2月3日 4时5分", "2024年02月03日 24时00分"],
    "%d-%b-%Y %H:%M:%S.%f": [
        "03-Feb-2024 04:05:06.5",
        "03-Feb-2024 04:05:06.123456",
        "03-Fev-2024 04:05:06.5",
        "3-FEB-2024 04:05:06.1",
    ],
    "%Y-%m-%dT%H:%M": ["2024-02-03T04:05", " 2024-02-03T04:05\t", "2024-02-03 04:05"],
}


def strptime(text, layout):
    text = text.strip(BLANKS)
    if not re.fullmatch(expressions._pattern_and_java(layout)[0].strip("^$"), text):
        return None
    try:
        return dt.datetime.strptime(text, layout)
    except ValueError:
        return None


def test_formats_are_read_as_plain_python_reads_them(engine, agree):
    texts = sorted({text for texts in FORMATS.values() for text in texts})
    columns = {f"c{i}": ("text", layout) for i, layout in enumerate(FORMATS)}
    made = engine.table(pl.DataFrame({"text": texts})).each(lambda f: parse_format(f, columns))
    rows = [{"text": t, **{new: strptime(t, layout) for new, (_, layout) in columns.items()}} for t in texts]
    assert all(any(row[new] for row in rows) for new in columns)
    agree(made, rows)


@pytest.mark.parametrize(
    ("layout", "problem"),
    [
        ("%Y-%m-%d", None),
        ("%d %b %y %H:%M:%S.%f", None),
        ("%Y-%m", "does not say year, month and day"),
        ("%H:%M", "does not say year, month and day"),
        ("%Y-%m-%d %Z", "unknown code '%Z'"),
        ("%Y-%m-%d %H:%M:%S%f", "write .%f"),
        ("%Y-%m-%d 100%", "unknown code '%'"),
    ],
)
def test_formats_that_mean_nothing_are_told(layout, problem):
    found = check_format(layout)
    assert found is None if problem is None else problem in found


MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(MOMENTS, min_size=1, max_size=20),
    st.sampled_from(["%Y-%m-%d %H:%M:%S.%f", "%d/%m/%Y %I:%M:%S.%f %p"]),
)
def test_what_a_format_writes_it_reads_back(moments, layout):
    import narwhals as nw

    frame = nw.from_native(pl.LazyFrame({"text": [moment.strftime(layout) for moment in moments]}))
    made = parse_format(frame, {"moment": ("text", layout)}).to_native().collect()["moment"].to_list()
    assert made == moments


def test_seconds_since_1970_and_back_and_as_text(engine, agree):
    moments = [
        dt.datetime(1970, 1, 1),
        dt.datetime(2024, 3, 10, 2, 30),  # in no clock of New York
        dt.datetime(1986, 5, 4, 0, 30),  # in no clock of Shanghai
        dt.datetime(1969, 12, 31, 23, 59, 59),
        dt.datetime(2024, 12, 31, 23, 59, 59, 999_999),
        None,
    ]
    frame = pl.DataFrame(
        {
            "t": moments,
            "d": [None if m is None else m.date() for m in moments],
            "n": [1, -2, None, 2**60, 0, 7],
            "x": [0.5, -1.25, 3.0, None, 100.0, 12345.678],
            "b": [True, False, None, True, True, False],
        }
    )

    def added(f):
        f = from_epoch_seconds(epoch_seconds(f, {"s": "t"}), {"back": "s"})
        return as_text(f, {f"{name} text": name for name in ("t", "d", "n", "x", "b")})

    def seconds(moment):
        return (moment.replace(microsecond=0) - dt.datetime(1970, 1, 1)) // dt.timedelta(seconds=1)

    rows = [
        {
            **row,
            "s": None if row["t"] is None else seconds(row["t"]),
            "back": None if row["t"] is None else row["t"].replace(microsecond=0),
            "t text": None if row["t"] is None else row["t"].strftime("%Y-%m-%d %H:%M:%S"),
            "d text": None if row["d"] is None else row["d"].isoformat(),
            "n text": None if row["n"] is None else str(row["n"]),
            "x text": None if row["x"] is None else str(row["x"]),
            "b text": None if row["b"] is None else str(row["b"]).lower(),
        }
        for row in frame.iter_rows(named=True)
    ]
    agree(engine.table(frame).each(added), rows)
