"""Files are found, known before they are read, and CSV means the same however it has to be read."""

import csv
import gzip
import io
import random
from pathlib import Path

import fsspec
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data import landing
from workbench.data.files import PROBLEM, Dialect, Found, digest, find
from workbench.errors import DataRejected, WorkbenchError


def landed(path: Path, content: bytes | str, work: Path, dialect: Dialect | None = None):
    """Rows of a CSV file as texts, with the problem of each."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    listing = find([str(path)], work=work, dialect=dialect).landed(work)
    (one,) = listing.files
    return pl.read_parquet(one.path).rows()


@pytest.fixture
def csv_file(tmp_path):
    return tmp_path / "in" / "taps.csv"


@pytest.fixture
def land(tmp_path, csv_file):
    csv_file.parent.mkdir()

    def rows(content, **dialect):
        return landed(csv_file, content, tmp_path / "work", Dialect(**dialect))

    return rows


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,2\n", [("1", "2", None)]),
        ("a,b\n1,2", [("1", "2", None)]),
        ("a,b\r\n1,2\r\n3,4\r\n", [("1", "2", None), ("3", "4", None)]),
        ("a,b\r1,2\r3,4\r", [("1", "2", None), ("3", "4", None)]),
        ("\ufeffa,b\n1,2\n", [("1", "2", None)]),
        ('\ufeff"a","b"\n"1","2"\n', [("1", "2", None)]),
        ('a,b\n"x, y","say ""hi"""\n', [("x, y", 'say "hi"', None)]),
        ('a,b\n"two\nlines",2\n3,4\n', [("two\nlines", "2", None), ("3", "4", None)]),
        ('a,b\r\n"two\r\nlines",2\r\n', [("two\r\nlines", "2", None)]),
        ('a,b\n5" pipe,6" pipe\n', [('5" pipe', '6" pipe', None)]),
        ("a,b,c\n1\n2,\n3,x,\n", [("1", None, None, None), ("2", None, None, None), ("3", "x", None, None)]),
        ('a,b\n"",\n1,""\n', [(None, None, "blank"), ("1", None, None)]),
        ("a,b\n1,2,3\n4,5\n", [("1", "2,3", "ragged"), ("4", "5", None)]),
        ("a,b\n4,5\n1,2,", [("4", "5", None), ("1", "2,", "ragged")]),
        ("a,b\n1,2\n\n3,4\n", [("1", "2", None), (None, None, "blank"), ("3", "4", None)]),
        ("a,b\n1,2\n\n\r\n,\n", [("1", "2", None)]),
        ("a,b\n1,2,3\n,,,\n4,5\n,,,\n\n", [("1", "2,3", "ragged"), (None, None, "blank"), ("4", "5", None)]),
        ("站,线\n西安,地铁2号线\n", [("西安", "地铁2号线", None)]),
        ("a\n1\n\n2\n", [("1", None), (None, "blank"), ("2", None)]),
        (" a , b \n 1 , 2 \n", [(" 1 ", " 2 ", None)]),
    ],
)
def test_csv_as_people_write_it(land, content, expected):
    assert land(content) == expected


def test_the_number_of_a_row_is_that_of_a_spreadsheet(engine, tmp_path):
    """Of records, not of lines; of the file a row came from, wherever its part begins."""
    folder = tmp_path / "站点 50%"
    folder.mkdir()
    (folder / "a,1.csv").write_text('a,b\n"two\nlines",x\n\n3,y,z\n4,\n', encoding="utf-8")
    (folder / "b=2 #.csv").write_text("a,b\n5,\n", encoding="utf-8")
    pl.DataFrame({"b": ["v", "w"], "a": [6, 7]}).write_parquet(folder / "c[+].parquet", row_group_size=1)
    listing = find([str(folder)], work=engine.work).landed(engine.work)
    assert [one.name for one in listing.files] == [
        "站点 50%/a,1.csv",
        "站点 50%/b=2 #.csv",
        "站点 50%/c[+].parquet",
    ]
    made = engine.scan(listing, numbered=True).gather().select("_file", "_row", "a", "b", PROBLEM)
    assert sorted(made.rows(), key=lambda row: row[:2]) == [
        (0, 2, "two\nlines", "x", None),
        (0, 3, None, None, "blank"),
        (0, 4, "3", "y,z", "ragged"),
        (0, 5, "4", None, None),
        (1, 2, "5", None, None),
        (2, 1, "6", "v", None),
        (2, 2, "7", "w", None),
    ]


def test_rows_of_large_files_keep_their_numbers(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.data.parts.PIECE_ROWS", 700)
    for i, count in enumerate((3000, 1, 1400)):
        frame = pl.DataFrame({"n": range(1, count + 1), "file": [i] * count})
        frame.write_parquet(tmp_path / f"{i}.parquet", row_group_size=211)
    table = engine.scan(find([str(tmp_path)], work=engine.work), numbered=True)
    made = table.gather()
    assert made.height == 4401
    assert made["_row"].equals(made["n"], check_names=False)
    assert made["_file"].equals(made["file"], check_names=False)


WORDS = st.sampled_from(
    ["", "a", "NA", "x, y", 'say "hi"', "two\nlines", "re\r\nturn", "站 点", " pad ", "5", "'", "\t"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(WORDS, max_size=4), max_size=8),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([("",), ("NA",), ("", "NA", "5")]),
)
def test_both_readers_read_the_same(tmp_path_factory, rows, quoting, end, nulls):
    """What polars reads fast, and Python's reader slowly, is one table; polars may refuse, and leave it."""
    folder = tmp_path_factory.mktemp("both")
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=end).writerows([["a", "b", "c"], *rows])
    path, dialect = folder / "a.csv", Dialect(nulls=nulls)
    path.write_bytes(text.getvalue().encode())
    one = Found(str(path), path.name, dict.fromkeys("abc", pl.String()), 0, 2, str(path))
    assert landing._reads_fast(one, dialect) == (not text.getvalue().endswith(","))
    fast = landing._land_fast(one, folder / "fast.parquet", dialect)
    if rows:
        landing._land_row_by_row(one, folder / "slow.parquet", dialect)
        slow = pl.read_parquet(landing._without_blank_end(folder / "slow.parquet"))
        expected = [fields + [""] * (3 - len(fields)) for fields in rows]
        while expected and not any(expected[-1]):
            expected.pop()
        assert [row[-1] for row in slow.rows()] == [
            "blank" if not any(fields) else "ragged" if len(fields) > 3 else None for fields in expected
        ]
        kept = [(row, fields) for row, fields in zip(slow.rows(), expected, strict=True) if len(fields) == 3]
        assert [row[:3] for row, _ in kept] == [tuple(None if v in nulls else v for v in f) for _, f in kept]
        if fast:
            assert pl.read_parquet(landing._without_blank_end(folder / "fast.parquet")).equals(slow)


def test_other_encodings_separators_and_headers(land):
    expected = [("西安", "1", None)]
    assert land("站,n\n西安,1\n".encode("gb18030"), encoding="gb18030") == expected
    assert land("站,n\n西安,1\n".encode("utf-16"), encoding="utf-16") == expected
    assert land("站;n\n西安;1\n", separator=";") == expected
    assert land("站，n\n西安，1\n", separator="，") == expected
    assert land("exported 2024\n\n站,n\n西安,1\n", skip_rows=2) == expected
    assert land("西安,1\n", header=False, names=("站", "n")) == expected
    assert land("西安,1\n", header=False) == expected
    assert land("a,b\n-,NA\n1,\n", nulls=("-", "NA")) == [(None, None, None), ("1", "", None)]


def test_rows_of_a_file_without_header_are_counted_from_one(tmp_path):
    (tmp_path / "a.csv").write_text("x\ny\n")
    listing = find([str(tmp_path)], work=tmp_path, dialect=Dialect(header=False))
    assert [(one.first_row, list(one.schema)) for one in listing.files] == [(1, ["column_1"])]


def test_tabs_are_seen_by_the_ending(tmp_path):
    assert landed(tmp_path / "a.tsv", "a\tb\n1,5\t2\n", tmp_path) == [("1,5", "2", None)]
    assert landed(tmp_path / "A.TSV", "a;b\n1\t5;2\n", tmp_path, Dialect(separator=";")) == [
        ("1\t5", "2", None)
    ]


def test_gzip_is_opened_and_a_torn_one_is_told(tmp_path):
    whole = gzip.compress(b"a,b\n1,2\n" * 500)
    assert len(landed(tmp_path / "a.csv.gz", whole, tmp_path)) == 999
    for broken in (whole[:-5], whole[:40], b"a,b\n1,2\n", whole[:20] + b"\0\xff" + whole[22:]):
        with pytest.raises(DataRejected, match=r"b.csv.gz is not a whole gzip file \(.*\): send it again"):
            landed(tmp_path / "b.csv.gz", broken, tmp_path)


@pytest.mark.parametrize(
    ("content", "dialect", "message"),
    [
        (b"", {}, r"taps.csv is empty: it has no header and no rows. Send the file again"),
        (b"a,b\n", {}, "has a header but no rows: send the file again"),
        (b"a,b\r\n\r\n,\r\n", {}, "has a header but no rows"),
        (b"\na,b\n1,2\n", {}, "has no header row: the first row must name the columns"),
        (b"a,b,a,b,c\n1,2,3,4,5\n", {}, "names the columns 'a', 'b' more than once: rename or remove one"),
        (b"a,,c\n1,2,3\n", {}, "has no name for column 2 of 3: name it"),
        (b"a;b\n1;2\n", {}, "has one column, 'a;b': its separator seems to be ';'. Say so in a source file"),
        (b"a\tb\n1\t2\n", {}, "its separator seems to be a tab"),
        (
            "站,n\n西安,1\n".encode("gbk"),
            {},
            r"is not utf-8 \(byte 0xCE does not fit\): .*`encoding: gb18030`",
        ),
        (b"a,b\n" + b"1,2\n" * 200_000 + b"\xff,1\n", {}, r"byte 0xFF does not fit"),
        ("a\n1\n".encode("utf-16"), {}, "`encoding: utf-16`"),
        ("站\n西安\n".encode(), {"encoding": "utf-16"}, "is not utf-16"),
        (b'a,b\n1,2\n"x,3\n4,5\n', {}, "the quotes do not match in the row that begins on line 3"),
        (
            b'a,b\n"1\n1",2\n3,"y"z\n',
            {},
            r"the quotes do not match in the row that begins on line 4 .* Close them",
        ),
        (b'#\na,"b\n', {"skip_rows": 1}, "the quotes do not match in the row that begins on line 2"),
    ],
)
def test_what_is_not_csv_is_told_in_a_sentence(land, content, dialect, message):
    with pytest.raises(DataRejected, match=message) as caught:
        land(content, **dialect)
    assert caught.value.exit_code == 3
    assert "taps.csv" in str(caught.value)


def test_an_unknown_encoding_is_told(land):
    with pytest.raises(WorkbenchError, match="No encoding is called 'klingon'"):
        land("a\n1\n", encoding="klingon")


def test_a_changed_file_is_read_again(land, csv_file, tmp_path):
    assert land("a\n1\n") == [("1", None)]
    made = list((tmp_path / "work" / "landed").iterdir())
    assert land("a\n22\n") == [("22", None)]
    again = {*(tmp_path / "work" / "landed").iterdir()}
    assert len(made) == 1
    assert len(again) == 2
    find([str(csv_file)], work=tmp_path).landed(tmp_path / "work")
    assert {*(tmp_path / "work" / "landed").iterdir()} == again, "the same state is read once"


def test_files_that_disagree_become_one_table(engine, tmp_path):
    """Columns missing here and there are null; integers widen, numbers beside text become text."""
    pl.DataFrame({"a": [1], "n": [1], "t": [1], "z": [None]}).write_parquet(tmp_path / "1.parquet")
    frame = pl.DataFrame({"t": ["x"], "n": [2.5], "a": [2]}, schema_overrides={"a": pl.Int16})
    frame.write_parquet(tmp_path / "2.parquet")
    frame = pl.DataFrame({"a": [3], "c": ["k"], "z": [True]}, schema_overrides={"c": pl.Categorical})
    frame.write_parquet(tmp_path / "3.parquet")
    made = engine.read(str(tmp_path)).gather().sort("a")
    assert made.schema == {
        "a": pl.Int64,
        "n": pl.Float64,
        "t": pl.String,
        "z": pl.Boolean,
        "c": pl.String,
    }
    assert made.rows() == [
        (1, 1.0, "1", None, None),
        (2, 2.5, "x", None, None),
        (3, None, None, True, "k"),
    ]


def test_values_that_a_common_type_cannot_hold_are_told(engine, tmp_path):
    pl.DataFrame({"a": [2**63 + 5]}, schema={"a": pl.UInt64}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(
        DataRejected, match="holds values that its type in the other files, or in the contract, cannot"
    ):
        engine.read(str(tmp_path)).gather()


def test_parquet_that_cannot_be_read_is_told(engine, tmp_path):
    path = tmp_path / "speeds.parquet"
    frame = pl.DataFrame({"s": [f"k{i * i % 7919}" for i in range(20_000)]})
    frame.write_parquet(path, compression="uncompressed")
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"PAR1", b"a,b\n1,2\n", whole[:-1]):
        path.write_bytes(broken)
        with pytest.raises(
            DataRejected, match=r"speeds.parquet is not a readable Parquet file \(.*send it again"
        ):
            find([str(path)], work=tmp_path)
    frame.write_parquet(path)
    whole = bytearray(path.read_bytes())
    rng = random.Random(5)
    for i in range(100, len(whole) - 2000, 50):
        whole[i] = rng.randrange(256)
    path.write_bytes(whole)
    with pytest.raises(DataRejected, match=r"A file could not be read to its end \(.*check that it is whole"):
        engine.read(str(path)).gather()


def test_what_is_not_there_or_no_data_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.docx").write_text("x")
    (tmp_path / "data" / "day=2024-01-01").mkdir(parents=True)
    (tmp_path / "data" / "day=2024-01-01" / "a.csv").write_text("a\n1\n")
    for path, message in {
        "nowhere": "No file or folder is called '.*nowhere': check the path",
        "empty": "No data files are in '.*empty': expected files ending in .parquet",
        "*.csv": "No data files are in",
        "notes.docx": "ends in none of .parquet",
        "data": "lies in a folder named after a column value, which is not read",
        "data/*/a.csv": "lies in a folder named after a column value",
    }.items():
        with pytest.raises(DataRejected, match=message):
            find([str(tmp_path / path)], work=tmp_path)


def test_folders_patterns_and_hidden_files(tmp_path):
    for name in (
        "b/2.csv",
        "b/1.CSV",
        "a.csv",
        "_temporary.csv",
        ".hidden.csv",
        "b/_SUCCESS",
        "readme.md",
        "[x].csv",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("k\n1\n")

    def names(*paths):
        return [one.name for one in find([str(tmp_path / path) for path in paths], work=tmp_path).files]

    assert names("b") == ["b/1.CSV", "b/2.csv"]
    assert names("*.csv") == ["[x].csv", "a.csv"]
    assert names("[x].csv", "b/[12].*") == ["[x].csv", "1.CSV", "2.csv"]
    assert names("a.csv", "a.csv") == ["a.csv"]


def test_relative_paths_are_the_same_everywhere(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("k\n1\n")
    monkeypatch.chdir(tmp_path)
    assert [one.path for one in find(["a.csv"], work=tmp_path).files] == [str(tmp_path / "a.csv")]


def test_addresses_are_fetched(engine, tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe(
        {"/city/taps/1.csv": b"a\n1\n", "/city/taps/2.csv": b"a\n2\n", "/city/taps/_x.csv": b"a\n9\n"}
    )
    try:
        assert sorted(engine.read("memory://city/taps").gather()["a"]) == ["1", "2"]
        assert engine.read("memory://city/taps/*2.csv").gather()["a"].to_list() == ["2"]
        memory.pipe("/city/taps/1.csv", b"a\n7\n")
        assert engine.read("memory://city/taps/1.csv").gather()["a"].to_list() == ["7"]
        with pytest.raises(
            DataRejected, match=r"'memory://city/nothing.csv' cannot be read \(FileNotFoundError"
        ):
            engine.read("memory://city/nothing.csv")
    finally:
        memory.rm("/city", recursive=True)
    (tmp_path / "b.csv").write_text("a\n3\n")
    assert engine.read(f"file://{tmp_path}/b.csv").gather()["a"].to_list() == ["3"]
    with pytest.raises(
        DataRejected, match=r"'klingon://a.csv' cannot be read \(ValueError: Protocol not known: klingon"
    ):
        engine.read("klingon://a.csv")


def test_hashes_are_of_the_files_as_they_were_given(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a\n1\n")
    listing = find([str(tmp_path / "a.csv")], work=tmp_path).landed(tmp_path / "work")
    assert listing.rows == 1
    assert listing.hashes() == [("a.csv", digest(str(tmp_path / "a.csv")))]
    assert listing.hashes()[0][1] == "309b0e45a73d3fc5325e2b6ed0a01ef8b9cde6b05a5633c1f893f970d52bfddc"
