"""Recovery of each service against what is desired, and what one more crew brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.restoration_case import DAY
from pipelines.lifelines.words import system_name
from workbench._text import LANGUAGES, Text
from workbench.briefs import Figure, Head, Quantity, Row, Source, Table
from workbench.briefs.checklist import Section
from workbench.lifelines.recovery import VERDICTS, recovery_bands

if TYPE_CHECKING:
    from pipelines.lifelines.restoration_case import Case
    from pipelines.lifelines.restoration_numbers import Numbers

POINTS = 25
WILSON = Text("Wilson's interval over runs", "对各次运行的Wilson区间")


def recovery(case: Case, n: Numbers) -> Section:
    """Curves of recovery, and desired recovery times met, not met, or not to be told."""
    tables = () if case.goals is None else (_goals(case, n),)
    said = n.w.phrase("restoration.recovery", runs=Quantity("recovery.runs", case.p.replications, "runs"))
    return Section("recovery", prose=(said,), tables=tables, figures=(_curves(case, n),))


def _goals(case: Case, n: Numbers) -> Table:
    w = n.w.text
    heads = (
        Head("system", w("head.system")),
        Head("share", w("restoration.head.share"), "share"),
        Head("within", w("restoration.head.within"), "d"),
        Head("chance", w("restoration.head.chance"), "probability"),
        Head("verdict", w("restoration.head.verdict")),
        Head("anticipated", w("restoration.head.anticipated"), "d"),
    )
    rows = []
    assert case.goals is not None
    for at, row in enumerate(case.goals.iter_rows(named=True), start=1):
        where = {"layer": row["layer"], "share": row["share"]}
        source = Source("recovery_goals", "chance", where)
        back = row["anticipated_h"]
        chance = Quantity(
            f"goal.{at}.chance",
            row["chance"],
            "probability",
            min(row["low"], row["chance"]),
            max(row["high"], row["chance"]),
            basis=WILSON,
            source=source,
        )
        cells = (
            system_name(case.system.layers[row["layer"]].system),
            Quantity(f"goal.{at}.share", row["share"], "share"),
            Quantity(f"goal.{at}.within", row["within_h"] / DAY, "d", decimals=1),
            chance,
            VERDICTS[row["verdict"]],
            Quantity(
                f"goal.{at}.anticipated",
                back / DAY if np.isfinite(back) else None,
                "d",
                decimals=1,
                source=Source("recovery_goals", "anticipated_d", where),
            ),
        )
        rows.append(Row(cells))
    wanted = Quantity("goals.wanted", case.p.wanted, "probability")
    return Table(
        "recovery-goals",
        w("restoration.goals"),
        heads,
        tuple(rows),
        n.w.phrase("restoration.goals.note", wanted=wanted),
    )


def _curves(case: Case, n: Numbers) -> Figure:
    """Mean share of each system's service from day to day."""
    from workbench.briefs.figures import lines

    w, layers = n.w.text, list(case.system.layers)
    last = float(np.quantile([told.hours[-1] for told in case.told], 0.95))
    hours = np.linspace(0.0, max(last, 1.0), POINTS)
    bands = recovery_bands(case.told, layers, hours)
    days = (hours / DAY).tolist()
    series = {name: bands.filter(bands["layer"] == name) for name in layers}
    names = {name: system_name(case.system.layers[name].system) for name in layers}
    svg = {
        str(lang): lines(
            days,
            {names[one].in_(lang): frame["mean"].to_list() for one, frame in series.items()},
            lows={names[one].in_(lang): frame["low"].to_list() for one, frame in series.items()},
            highs={names[one].in_(lang): frame["high"].to_list() for one, frame in series.items()},
            xlabel=w("restoration.days").in_(lang),
            ylabel=w("restoration.served").in_(lang),
            percent=True,
        )
        for lang in LANGUAGES
    }
    heads = (
        Head("day", w("restoration.days"), "d"),
        *(Head(f"s{i}", names[one], "share") for i, one in enumerate(layers)),
    )
    basis, rows = n.mean_basis, []
    for at, day in enumerate(days):
        cells = [Quantity(f"curve.{at}.day", day, "d", decimals=1)]
        for i, name in enumerate(layers):
            row = series[name].row(at, named=True)
            ends = (min(row["low"], row["mean"]), max(row["high"], row["mean"]))
            flat = ends[0] == ends[1]
            spread = {} if flat else {"low": ends[0], "high": ends[1], "basis": basis}
            cells.append(Quantity(f"curve.{at}.{i}", row["mean"], "share", **spread))
        rows.append(Row(tuple(cells)))
    return Figure(
        "recovery-curves",
        n.w.phrase("restoration.curves"),
        n.w.phrase("restoration.curves.alt"),
        svg,
        Table("recovery-data", w("restoration.served"), heads, tuple(rows)),
    )


def crews_section(case: Case, n: Numbers) -> Table:
    """What one more crew in each pool saves."""
    w = n.w.text
    heads = (Head("pool", w("restoration.head.pool")), Head("saved", w("restoration.head.more"), n.unit))
    rows = tuple(Row((n.pool(name), n.more(name))) for name in case.more)
    return Table("crews", w("restoration.crews"), heads, rows)
