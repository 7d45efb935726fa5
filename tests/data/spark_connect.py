"""
Run in a process of its own: the same work on Spark Connect and on polars.

A process holds either a Spark session of its own or connections to a server, so the test that uses this
starts it beside the others.
"""

import datetime as dt
import sys
from pathlib import Path

import narwhals as nw
import polars as pl
from polars.testing import assert_frame_equal

from workbench.data.contract import Column, TableContract
from workbench.data.engines import open_engine
from workbench.data.expressions import epoch_seconds
from workbench.data.files import find
from workbench.data.screening import screen

CONTRACT = TableContract(
    name="taps",
    columns=(
        Column(name="stop", type="string", required=True, pattern="^S[0-9]$"),
        Column(name="at", type="timestamp", required=True, minimum="2024-01-01T08:00:00"),
        Column(name="riders", type="integer", default=1),
    ),
    key=("stop", "at"),
)


def totals(frame):
    frame = epoch_seconds(frame, {"s": "at"}).with_columns((nw.col("s") // 3600).alias("hour"))
    return frame.group_by("stop", "hour").agg(nw.col("riders").sum().cast(nw.Int64))


def work(name, data, folder):
    with open_engine(name, work=f"{folder}/work {name.partition(':')[0]}") as engine:
        listing = find([data], work=engine.work).landed(engine.work)
        names = [one.name for one in listing.files]
        screened = screen(engine.scan(listing, numbered=True), CONTRACT, files=names)
        kept = engine.write(
            [
                (screened.clean, f"{folder}/out {engine}/clean"),
                (screened.quarantine, f"{folder}/out {engine}/aside"),
            ]
        )
        made = [kept[0].by(["stop"], totals).gather(), kept[1].gather()]
        return [frame.sort(frame.columns) for frame in made]


def main(address, folder):
    data = f"{folder}/站 data"
    make(Path(data))
    ours, theirs = work("polars", data, folder), work(address, data, folder)
    for one, other in zip(ours, theirs, strict=True):
        assert one.height > 0
        assert_frame_equal(one, other)
    print("equal")


def make(folder):
    """Two files of taps, one text and one not, with faults in both."""
    folder.mkdir(parents=True)
    (folder / "1.csv").write_text(
        "stop,at,riders\nS1,2024-01-01 07:59:59,1\nS1,2024-01-01 08:00:00,2\nS1,2024-01-01T08:00,5\n"
        "S2,24:01,\nS2,2024-01-01 09:10,\nX,2024-01-01 10:00,1\n",
        encoding="utf-8",
    )
    start = dt.datetime(2024, 1, 1, 8)
    times = [start + dt.timedelta(minutes=7 * i) for i in range(100)]
    frame = pl.DataFrame({"stop": [f"S{i % 3}" for i in range(100)], "at": times, "riders": range(100)})
    frame.with_columns(pl.col("at").dt.cast_time_unit("ns")).write_parquet(folder / "2.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
