"""A source file read into table maps, all its mistakes told at once, each with its line."""

from __future__ import annotations

import codecs
import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from workbench.data import yamlfile
from workbench.data.contract import Contract, TableContract
from workbench.data.files import Dialect
from workbench.data.forms import Constant, Reshape
from workbench.data.mapping import TableMap
from workbench.data.sourcerules import RuleReading
from workbench.data.sourcevalues import Node, as_written, dict_of, nulls_of, scalars_of, texts_of
from workbench.data.yamlfile import Lines, Where
from workbench.errors import BadFile, nearest

GIVEN_BY_GTFS = {
    "stops": ("stop_id", "stop_name", "stop_lat", "stop_lon"),
    "timetable": (
        "service_date", "trip_id", "stop_sequence", "route_id", "direction_id", "stop_id",
        "arrival_timestamp", "departure_timestamp",
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TableSource:
    """One table of a source file: files and how they are mapped, or a GTFS feed, its days and constants."""

    name: str
    files: tuple[str, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)
    map: TableMap
    gtfs: str = ""
    dates: tuple[dt.date, ...] = ()
    between: tuple[dt.date, dt.date] | None = None


def read(path: str | Path, contract: Contract) -> tuple[dict[str, TableSource], str, Lines]:
    """
    Read a source file.

    Returns
    -------
    tables, zone, lines
        What each table is made from, the zone whose clocks the times show, and the lines of the file.

    Raises
    ------
    BadFile
        With every mistake in the file and its line.
    """
    data, lines = yamlfile.read(path, gather=True)
    reading = _Reading(data if isinstance(data, dict) else {}, lines, contract)
    tables = reading.tables()
    if mistakes := yamlfile.ordered(yamlfile.check(data, schema(), lines) + reading.mistakes):
        raise BadFile(str(path), mistakes)
    return tables, reading.zone, lines


def schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a source file, for editors and for `yamlfile.check`."""
    text = Path(__file__).with_name("source.schema.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


class _Reading(RuleReading):
    """One source file on its way from YAML; what is not well formed is left to the schema to tell of."""

    def __init__(self, data: Node, lines: Lines, contract: Contract) -> None:
        super().__init__(lines)
        self.data, self.contract = data, contract
        self.zone = self.zone_of((), data) or contract.zone

    def tables(self) -> dict[str, TableSource]:
        name = self.data.get("contract")
        if isinstance(name, str) and name != self.contract.name:
            self.wrong(
                ("contract",), f"is '{name}', and the tables asked for are those of '{self.contract.name}'"
            )
        found = {}
        for table, node in dict_of(self.data.get("tables")).items():
            if table not in self.contract.tables:
                known = list(self.contract.tables)
                self.wrong(("tables", table), f"the contract has no such table. {nearest(table, known)}")
            elif isinstance(node, dict):
                found[table] = self.table(("tables", table), node, self.contract.tables[table])
        return found

    def table(self, where: Where, node: Node, contract: TableContract) -> TableSource:
        gtfs, files = node.get("gtfs"), tuple(texts_of(node.get("files")))
        given: tuple[str, ...] = ()
        if gtfs is None and "files" not in node:
            self.wrong(where, "`files` is missing: name the files the table is in, or a GTFS feed as `gtfs`")
        if gtfs is not None:
            given = GIVEN_BY_GTFS.get(contract.name, ())
            for key in node:
                if key not in ("gtfs", "columns", *(["dates"] if contract.name == "timetable" else [])):
                    self.wrong((*where, key), "has no meaning beside `gtfs`; remove it")
            if not given:
                self.wrong((*where, "gtfs"), f"a feed gives only the tables {' and '.join(GIVEN_BY_GTFS)}")
        elif "dates" in node:
            self.wrong((*where, "dates"), "has no meaning without `gtfs`; remove it, or use `where`")
        rules = self.rules((*where, "columns"), dict_of(node.get("columns")), contract)
        for column in contract.columns:
            if column.name in given:
                if column.name in dict_of(node.get("columns")):
                    self.wrong((*where, "columns", column.name), "is read from the feed; remove it")
            elif (
                column.required and column.default is None and column.name not in dict_of(node.get("columns"))
            ):
                self.wrong(
                    (*where, "columns"),
                    f"the contract requires the column '{column.name}', which is not mapped",
                )
        if gtfs is not None:
            for rule in rules:
                if not isinstance(rule.made, Constant):
                    self.wrong(
                        (*where, "columns", rule.name), "can only be a constant beside `gtfs`: {value: ...}"
                    )
        dates, between = self.dates((*where, "dates"), node.get("dates"))
        return TableSource(
            name=contract.name,
            files=files,
            dialect=self.dialect(where, node),
            map=TableMap(tuple(rules), self.zone, self.only(node), self.reshape(node)),
            gtfs=gtfs if isinstance(gtfs, str) else "",
            dates=dates,
            between=between,
        )

    def dialect(self, where: Where, node: Node) -> Dialect:
        encoding, separator = node.get("encoding", "utf-8"), node.get("separator", ",")
        header, names = node.get("header", True), tuple(texts_of(node.get("names")))
        try:
            codecs.lookup(str(encoding))
        except LookupError:
            self.wrong(
                (*where, "encoding"), f"no encoding is called '{encoding}'; try utf-8, gb18030 or big5"
            )
        if names and header is not False:
            self.wrong((*where, "names"), "is for files without a header: write header: false, or remove it")
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.wrong((*where, "names"), f"names '{name}' more than once; rename one")
        skip = node.get("skip_rows", 0)
        return Dialect(
            encoding=str(encoding),
            separator=str(separator),
            header=header is not False,
            names=names,
            skip_rows=skip if isinstance(skip, int) else 0,
            nulls=tuple(dict.fromkeys(("", *nulls_of(node)))),
        )

    def only(self, node: Node) -> dict[str, tuple[str, ...]]:
        return {
            name: tuple(map(as_written, scalars_of(each)))
            for name, each in dict_of(node.get("where")).items()
        }

    def reshape(self, node: Node) -> Reshape | None:
        wide = node.get("wide_to_long")
        if not isinstance(wide, dict):
            return None
        return Reshape(
            columns=tuple(texts_of(wide.get("columns"))),
            but=tuple(texts_of(wide.get("except"))),
            name_to=str(wide.get("name_to")),
            value_to=str(wide.get("value_to")),
            skip_empty=wide.get("skip_empty") is True,
        )

    def dates(self, where: Where, node: Any) -> tuple[tuple[dt.date, ...], tuple[dt.date, dt.date] | None]:
        if isinstance(node, dict):
            first, last = (self.date((*where, key), node.get(key)) for key in ("from", "to"))
            if first and last and first > last:
                self.wrong(where, f"`from` ({first}) is after `to` ({last}); change them round")
            return (), (first, last) if first and last else None
        found = [
            self.date((*where, i), each) for i, each in enumerate(node if isinstance(node, list) else [])
        ]
        return tuple(sorted({each for each in found if each})), None
