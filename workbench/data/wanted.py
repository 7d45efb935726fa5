"""What a value should have been, in words: what a report says of the rows set aside."""

from __future__ import annotations

from workbench._text import Text
from workbench.data.contract import Column

TYPES = {
    "integer": Text("not a whole number", "不是整数"),
    "number": Text("not a number", "不是数值"),
    "boolean": Text("not true or false", "不是 true 或 false"),
    "date": Text("not a date (such as 2026-03-02)", "不是日期（如 2026-03-02）"),
    "timestamp": Text(
        "not a date and time (such as 2026-03-02 08:30:00)", "不是日期时间（如 2026-03-02 08:30:00）"
    ),
}
MOST_VALUES = 8


def not_wanted(rule: str, column: Column) -> Text | None:
    """Say what is wrong with a value that fails a check of its column; None where no more can be said."""
    if rule == "type":
        return TYPES.get(column.type)
    if rule == "range":
        return _range(column)
    if rule == "enum":
        values = [str(value) for value in column.enum[:MOST_VALUES]]
        more = len(column.enum) > MOST_VALUES
        return Text(
            f"not one of {', '.join(values)}{' ...' if more else ''}",
            f"不是{'、'.join(values)}{'等' if more else ''}之一",
        )
    if rule == "pattern":
        return Text(f"not of the pattern {column.pattern}", f"不符合格式 {column.pattern}")
    return None


def _range(column: Column) -> Text:
    english, chinese = [], []
    if column.minimum is not None:
        english.append(f"{'above' if column.exclusive_minimum else 'at least'} {column.minimum}")
        chinese.append(f"{'大于' if column.exclusive_minimum else '不小于'} {column.minimum}")
    if column.maximum is not None:
        english.append(f"{'below' if column.exclusive_maximum else 'at most'} {column.maximum}")
        chinese.append(f"{'小于' if column.exclusive_maximum else '不大于'} {column.maximum}")
    return Text(f"out of range ({', '.join(english)})", f"超出取值范围（{'，'.join(chinese)}）")
