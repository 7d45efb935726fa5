"""The columns of a source file read into rules, every mistake noted with its line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from workbench.data.contract import Column, TableContract
from workbench.data.expressions import check_format
from workbench.data.forms import Clock, Constant, Order, RowNumber, RowTime, Rule, Taken
from workbench.data.sourcevalues import (
    Node,
    as_written,
    dict_of,
    microseconds_of,
    minutes,
    misfit,
    nulls_of,
    raise_,
    texts_of,
    zone_problem,
)
from workbench.data.units import microseconds, scale
from workbench.data.yamlfile import Lines, Mistake, Where, shown
from workbench.errors import nearest

FORMS = {  # the key that says how a column is made, and the keys that may stand beside it
    "from": (
        "join",
        "prefix",
        "nulls",
        "default",
        "unit",
        "codes",
        "otherwise",
        "format",
        "origin",
        "zone",
        "day_starts",
    ),
    "time": ("date", "unit", "nulls", "default", "zone", "day_starts"),
    "value": (),
    "row": ("origin", "step", "continue_over_files", "zone"),
    "sequence": (),
    "number": (),
}
TIMES = ("timestamp", "date")


class RuleReading:
    """
    The part of reading that looks at one column.

    What is not well formed is left to the schema to tell of.
    """

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.mistakes: list[Mistake] = []

    def wrong(self, where: Where, what: str) -> None:
        """Note a mistake."""
        place = self.lines.place(where)
        self.mistakes.append((self.lines.of(where), f"{place}: {what}" if place else what))

    def date(self, where: Where, value: Any) -> dt.date | None:
        """Read a date."""
        try:
            return dt.date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else raise_()
        except ValueError:
            self.wrong(where, f"must be a date such as 2026-01-31, is {shown(value)}")
            return None

    def zone_of(self, where: Where, node: Node) -> str:
        """Read the zone that stands in a mapping; empty if none does."""
        zone = node.get("zone", "")
        if isinstance(zone, str) and zone and (problem := zone_problem(zone)):
            self.wrong((*where, "zone"), problem)
            return ""
        return zone if isinstance(zone, str) else ""

    def rules(self, where: Where, nodes: Node, contract: TableContract) -> list[Rule]:
        """Read the `columns` of a table, into the order of the contract."""
        found: dict[str, Rule] = {}
        for name, node in nodes.items():
            if name not in contract.names:
                self.wrong(
                    (*where, name),
                    f"table '{contract.name}' has no such column. {nearest(name, contract.names)}",
                )
                continue
            column = contract.column(name)
            made = self.made(
                (*where, name), {"from": node} if isinstance(node, str) else dict_of(node), column
            )
            if made is not None:
                found[name] = Rule(name, column.type, made)
        for name, rule in found.items():
            if isinstance(rule.made, Order):
                self.order((*where, name, "sequence"), rule.made, found, contract)
        return [found[name] for name in contract.names if name in found]

    def order(self, where: Where, made: Order, rules: Mapping[str, Rule], contract: TableContract) -> None:
        """Check the columns that a sequence names."""
        for key, names in (("within", made.within), ("order", made.order)):
            for each in names:
                if each not in contract.names:
                    what = f"table '{contract.name}' has no column '{each}'. {nearest(each, contract.names)}"
                    self.wrong((*where, key), what)
                elif each not in rules or isinstance(rules[each].made, Order):
                    self.wrong(
                        (*where, key), f"'{each}' is not mapped from the file; map it, or name another column"
                    )

    def made(
        self, where: Where, node: Node, column: Column
    ) -> Constant | Taken | RowTime | RowNumber | Order | None:
        """Read how one column is made."""
        forms = [form for form in FORMS if form in node]
        if len(forms) != 1:
            said = f"says both `{forms[0]}` and `{forms[1]}`; keep one" if forms else ""
            self.wrong(where, said or f"does not say where it comes from: write one of {', '.join(FORMS)}")
            return None
        form = forms[0]
        known = {key for each in FORMS.items() for key in (each[0], *each[1])}
        for key in node:
            if key != form and key not in FORMS[form] and key in known:
                self.wrong((*where, key), f"has no meaning beside `{form}`; remove it")
        if form == "value":
            self.fits((*where, "value"), node["value"], column)
            return Constant(as_written(node["value"]) if column.type == "string" else node["value"])
        if form == "number":
            self.only_for(where, form, column, "string")
            return RowNumber()
        if form == "sequence":
            self.only_for(where, form, column, "integer")
            inner = dict_of(node["sequence"])
            start = inner.get("start", 0)
            within, order = texts_of(inner.get("within")), texts_of(inner.get("order"))
            return Order(tuple(within), tuple(order), start if isinstance(start, int) else 0)
        if form == "row":
            return self.row_time(where, node, column)
        return self.taken(where, node, column, form)

    def row_time(self, where: Where, node: Node, column: Column) -> RowTime:
        """Read a time from the place of the row."""
        self.only_for(where, "row", column, *TIMES)
        step = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([a-z]+)", str(node.get("step", "")))
        unit = microseconds(step[2]) if step else "must be a number and a unit, such as 5 min"
        if isinstance(unit, str):
            self.wrong((*where, "step"), unit if "step" in node else "`step` is missing, such as 5 min")
        long = int(Fraction(step[1]) * unit) if step and isinstance(unit, Fraction) else 0
        origin = self.origin(where, node)
        return RowTime(origin, long, node.get("continue_over_files") is True, self.zone_of(where, node))

    def taken(self, where: Where, node: Node, column: Column, form: str) -> Taken:
        """Read a column taken from the file."""
        source = tuple(texts_of(node[form]))
        if len(source) > 1 and "join" not in node:
            self.wrong((*where, form), "names several columns; say what to put between them: join: '-'")
        codes = dict_of(node.get("codes"))
        for key, each in codes.items():
            if each is not None:
                self.fits((*where, "codes", key), each, column)
        if "otherwise" in node and not codes:
            self.wrong((*where, "otherwise"), "has no meaning without `codes`; remove it")
        if "default" in node:
            self.fits((*where, "default"), node["default"], column)
        clock = self.clock(where, node, column, form)
        factor = None
        if isinstance(node.get("unit"), str) and form == "from" and "origin" not in node:
            found = scale(node["unit"], column.unit)
            if column.type in TIMES:
                self.wrong(where, "`origin` is missing: the time that the values count from")
            elif self.only_for((*where, "unit"), "unit", column, "integer", "number") and isinstance(
                found, str
            ):
                self.wrong((*where, "unit"), found)
            factor = found if isinstance(found, Fraction) else None
        ways = [key for key in ("codes", "format", "unit", "origin", "zone", "day_starts") if key in node]
        if len(ways) > 1 and (ways[0] == "codes" or {"format"} < {*ways} & {"format", "unit", "origin"}):
            self.wrong(where, f"says both `{ways[0]}` and `{ways[1]}`; keep one")
        missing = [as_written(key) for key, each in codes.items() if each is None]
        return Taken(
            source=source,
            join=str(node.get("join", "")),
            prefix=str(node.get("prefix", "")),
            nulls=(*nulls_of(node), *missing),
            default=node.get("default"),
            factor=factor,
            codes={key.strip(): as_written(each) for key, each in codes.items() if each is not None},
            otherwise="null" if node.get("otherwise", "") is None else str(node.get("otherwise", "error")),
            clock=clock,
        )

    def clock(self, where: Where, node: Node, column: Column, form: str) -> Clock | None:
        """Read how a time is told; None for what is no time."""
        if form == "from" and not {"format", "origin", "zone", "day_starts"} & set(node):
            return None
        for key in ("format", "origin", "zone", "time", "day_starts"):
            if key in node:
                self.only_for((*where, key), key, column, *(("date",) if key == "day_starts" else TIMES))
        starts = node.get("day_starts", "00:00")
        shift = minutes(starts) * 60_000_000 if isinstance(starts, str) else 0
        layout, zone = self.layout((*where, "format"), node), self.zone_of(where, node)
        unit = None
        if "origin" in node or ("unit" in node and form == "time"):
            found = microseconds(str(node.get("unit", "")))
            if isinstance(found, str):
                self.wrong((*where, "unit"), found if "unit" in node else "`unit` is missing, such as min")
            unit = found if isinstance(found, Fraction) else None
        if form == "from" and "origin" in node:
            return Clock(origin_us=self.origin(where, node), unit=unit, zone=zone, day_starts_us=shift)
        if form == "from":
            return Clock(layout=layout, zone=zone, day_starts_us=shift)
        date, origin, date_layout = node.get("date"), None, ""
        if date is None:
            self.wrong(where, "`date` is missing: the day that the times of day belong to")
        if isinstance(date, dict):
            date_layout = self.layout((*where, "date", "format"), date)
            date = date.get("from")
        elif isinstance(date, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date):
            day = self.date((*where, "date"), date)
            origin, date = microseconds_of(dt.datetime.combine(day, dt.time())) if day else 0, ""
        return Clock(
            origin_us=origin, date=date if isinstance(date, str) else "", date_layout=date_layout, unit=unit,
            time_of_day=unit is None, zone=zone, day_starts_us=shift,
        )  # fmt: skip

    def layout(self, where: Where, node: Node) -> str:
        """Read a time format."""
        layout = node.get("format", "")
        if isinstance(layout, str) and layout and (problem := check_format(layout)):
            self.wrong(where, problem)
        return layout if isinstance(layout, str) else ""

    def origin(self, where: Where, node: Node) -> int:
        """Read the time that is counted from, in microseconds."""
        value = node.get("origin")
        try:
            found = dt.datetime.fromisoformat(value) if isinstance(value, str) else raise_()
            if found.tzinfo is None:
                return microseconds_of(found)
        except ValueError:
            pass
        what = f"must be a local time such as 2026-01-31T00:00:00, is {shown(value)}"
        self.wrong(
            (*where, "origin"),
            what if "origin" in node else "`origin` is missing, such as 2026-01-31T00:00:00",
        )
        return 0

    def fits(self, where: Where, value: Any, column: Column) -> None:
        """Note a value that its column can never hold."""
        if problem := misfit(value, column):
            self.wrong(where, problem)

    def only_for(self, where: Where, key: str, column: Column, *types: str) -> bool:
        """Note a key that makes another type than the column has."""
        if column.type not in types:
            self.wrong(where, f"`{key}` makes a {' or '.join(types)}, and '{column.name}' is a {column.type}")
        return column.type in types
