"""
Rows of a quarantine made admissible again, at the lowest and at the highest that the contract admits.

A row can be put back where its key, what other tables refer to, and its required references can be read. Each
offending cell then takes an end of what its column admits:

bounds, lists, booleans
    the lowest and the highest value; beside an excluded bound, the next value a billionth of the range away.
    A list of numbers goes by size, one of texts from its first to its last.
a side without a bound
    null where the column may be empty; else the row cannot be put back, because the contract bounds nothing.
a reference to what is not there
    null where the column may be empty.
a rule between two cells
    the smallest change that mends it: both at the lower of the two values, or both at the higher.
more fields than columns
    which cell is wrong cannot be told: every value takes its end where there is one, else stays as read.

What is mended is checked again by the very checks of screening; a row that still fails is not put back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import narwhals as nw
import polars as pl

from workbench.data.admissible import ENDS, End, admissible, free, reconciled
from workbench.data.checks import DTYPES, Checks, value_rules
from workbench.data.contract import Reference, TableContract
from workbench.data.table import Frame, Table


@dataclass(frozen=True)
class Readmitted:
    """
    What became of a table's quarantine.

    Attributes
    ----------
    contract
        The table.
    low, high
        The rows put back, in order of file and row, with their offending cells at either end. Row by row they
        are the same rows.
    unplaced
        Rows that cannot be put back: `file`, `row`, `rule`, `column`.
    """

    contract: TableContract
    low: pl.DataFrame
    high: pl.DataFrame
    unplaced: pl.DataFrame

    @property
    def rows(self) -> int:
        """Rows put back."""
        return self.low.height

    @property
    def rejected(self) -> int:
        """Rows of the quarantine."""
        return self.rows + self.unplaced.height

    def standing(self, at_high: pl.Series) -> pl.DataFrame:
        """
        Return the rows with each at one end; of rows with the same key one stands.

        Parameters
        ----------
        at_high
            For each row, whether it stands at the high end. Of repeated keys the first row stands at the low
            end, the last at the high one.
        """
        place = pl.int_range(pl.len(), dtype=pl.Int64)
        low = self.low.with_columns((-1 - place).alias("_place")).filter(~at_high)
        high = self.high.with_columns(place.alias("_place")).filter(at_high)
        chosen = pl.concat([low, high]).sort("_place", descending=True)
        if key := list(self.contract.key):
            repeats = pl.all_horizontal(pl.col(key).is_not_null()) & ~pl.struct(key).is_first_distinct()
            chosen = chosen.filter(~repeats)
        return chosen.drop("_place").sort(self.contract.names, nulls_last=True)

    @property
    def keys(self) -> pl.DataFrame:
        """Keys of the rows put back, each once; a clean row with one of them gives way."""
        return self.low.select(self.contract.key).drop_nulls().unique(maintain_order=True)


def readmit(
    quarantine: pl.DataFrame,
    contract: TableContract,
    *,
    others: Mapping[str, Sequence[Table | pl.DataFrame]] | None = None,
    referred: Collection[str] = (),
    either: Sequence[tuple[Reference, ...]] = (),
) -> Readmitted:
    """
    Put back the rows of a quarantine that can be.

    Parameters
    ----------
    quarantine
        As screening kept it: `file`, `row`, `rule`, `column`, `value` and the texts `raw_...`.
    contract
        What the rows must be.
    others
        By table, the rows that references may be found in: clean ones, and those of its own put back. A table
        that is not given leaves its references unchecked, as in screening.
    referred
        Columns that other tables refer to: like a key, they take no end.
    either
        References of which one in each group must be found, such as to an asset that is a node or an edge; a
        group with a table that is not given is not checked.

    Returns
    -------
    Readmitted
        The rows at either end, and those that cannot be placed.
    """
    aside = quarantine.sort("file", "row", *quarantine.columns[2:], nulls_last=True)
    read = _read_again(aside, contract)
    mine = free(contract, referred)
    read = _with_unknown(read, contract, others or {}, mine)
    for group in either:
        read = _with_one_known(read, contract, group, others or {})
    ends = {end: _mended(read, contract, end, mine) for end in ENDS}
    good = read["_placed"]
    for frame in ends.values():
        good = good & _passes(frame, contract)
    names = list(contract.names)
    return Readmitted(
        contract,
        ends["low"].filter(good).select(names),
        ends["high"].filter(good).select(names),
        aside.filter(~good).select("file", "row", "rule", "column"),
    )


def _read_again(aside: pl.DataFrame, contract: TableContract) -> pl.DataFrame:
    """Read the texts: each column's value, and in `_b_...` whether its cell is against the contract."""
    checks, names = Checks(contract), contract.names
    raw = aside.select(  # a table may have columns of its own that are called so
        pl.col("rule").alias("_q_rule"),
        pl.col("column").alias("_q_column"),
        *(pl.col(f"raw_{name}").cast(pl.String).alias(name) for name in names),
    )
    schema = dict.fromkeys(names, nw.String())
    typed = checks.flag(nw.from_native(raw.lazy()), schema)
    between = [*(rule.name for rule in contract.rules), "duplicate", "reference"]
    bad = []
    for column in contract.columns:
        value, text = nw.col(f"_v_{column.name}"), nw.col(column.name)
        fails = [fails for _, fails in value_rules(column, value)]
        fails.append(~text.is_null() & value.is_null())
        fails.append((nw.col("_q_column") == column.name) & ~nw.col("_q_rule").is_in(between))
        if column.required:
            fails.append(value.is_null())
        bad.append(reduce(lambda a, b: a | b, (one.fill_null(value=False) for one in fails)))
    named = (one.alias(f"_b_{name}") for one, name in zip(bad, names, strict=True))
    frame: pl.DataFrame = typed.with_columns(*named).to_native().collect()
    return frame.select(
        "_q_rule", *(pl.col(f"_v_{name}").alias(name) for name in names), *(f"_b_{name}" for name in names)
    )


def _with_unknown(
    read: pl.DataFrame,
    contract: TableContract,
    others: Mapping[str, Sequence[Table | pl.DataFrame]],
    mine: Collection[str],
) -> pl.DataFrame:
    """Mark cells that refer to what is not there as bad, and in `_placed` the rows that can be put back."""
    for reference in contract.references:
        columns = list(reference.columns)
        known = _known(read, contract, reference, others.get(reference.table, ()))
        if known is None:
            continue
        keys = read.with_row_index("_at").drop_nulls(columns)
        lost = keys.join(known, on=columns, how="anti")["_at"]
        unknown = pl.int_range(pl.len()).is_in(lost.cast(pl.Int64).implode())
        spare = [name for name in columns if not contract.column(name).required and name not in contract.key]
        read = read.with_columns(
            (pl.col(f"_b_{name}") | unknown).alias(f"_b_{name}") for name in spare or columns
        )
    hopeless = [pl.col("_q_rule") == "blank"]
    for column in contract.columns:
        own = column.name in mine
        ends = admissible(column) if own else (None, None)
        held = not own and column.default is not None  # no default stands for another row or reference
        if (
            column.name in contract.key
            or held
            or (column.required and column.default is None and None in ends)
        ):
            hopeless.append(pl.col(f"_b_{column.name}"))
    return read.with_columns((~pl.any_horizontal(hopeless)).alias("_placed"))


def _with_one_known(
    read: pl.DataFrame,
    contract: TableContract,
    group: tuple[Reference, ...],
    others: Mapping[str, Sequence[Table | pl.DataFrame]],
) -> pl.DataFrame:
    """Leave out of `_placed` the rows none of whose references is to something that is there."""
    found = pl.Series("_found", [], dtype=pl.Int64)
    for reference in group:
        known = _known(read, contract, reference, others.get(reference.table, ()))
        if known is None:
            return read
        rows = read.with_row_index("_at").join(known, on=list(reference.columns), how="semi")
        found.append(rows["_at"].cast(pl.Int64))
    fits = pl.int_range(pl.len()).is_in(found.implode())
    return read.with_columns(pl.col("_placed") & fits)


def _known(
    read: pl.DataFrame,
    contract: TableContract,
    reference: Reference,
    others: Sequence[Table | pl.DataFrame],
) -> pl.DataFrame | None:
    """Which of the values referred to are there; None where there is nothing to look in."""
    if not others or reference.table == contract.name:
        return None
    names = dict(zip(reference.columns, reference.targets, strict=True))
    wanted = read.select(reference.columns).drop_nulls().unique().rename(names)
    targets = list(reference.targets)

    def found(frame: Frame, wanted: Frame) -> Frame:
        return frame.select(*targets).join(wanted, on=targets, how="semi")

    parts = [wanted.clear()]
    for other in others if wanted.height else ():
        if isinstance(other, pl.DataFrame):
            parts.append(other.select(targets).join(wanted, on=targets, how="semi"))
        else:
            parts.append(other.each(found, wanted).gather().select(targets).cast(wanted.schema))
    return pl.concat(parts).unique().rename({target: name for name, target in names.items()})


def _mended(read: pl.DataFrame, contract: TableContract, end: End, mine: Collection[str]) -> pl.DataFrame:
    """Give every bad cell its end, then mend what is still against a rule between two cells."""
    values = []
    for column in contract.columns:
        ends = admissible(column) if column.name in mine else (None, None)
        value = ends[ENDS.index(end)]
        if value is None and column.default is not None:
            value = column.default
        stays, stated = pl.col(column.name), pl.lit(value, dtype=read.schema[column.name])
        if ends[ENDS.index(end)] is not None:
            stays = pl.when(_q_rule="ragged").then(stated).otherwise(stays)
        values.append(pl.when(f"_b_{column.name}").then(stated).otherwise(stays).alias(column.name))
    frame = read.with_columns(values)
    for rule in contract.rules:
        frame = reconciled(frame, contract, rule, end, mine)
    return frame


def _passes(frame: pl.DataFrame, contract: TableContract) -> pl.Series:
    """Whether each row is clean by itself."""
    only = frame.select(contract.names)
    flagged = Checks(contract).flag(
        nw.from_native(only.lazy()), {c.name: DTYPES[c.type] for c in contract.columns}
    )
    reasons: pl.DataFrame = flagged.select("_reason").to_native().collect()
    return reasons["_reason"].is_null()
