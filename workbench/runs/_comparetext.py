"""A comparison of runs in words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workbench.briefs.formatting import MINUS
from workbench.runs._tracetext import word

if TYPE_CHECKING:
    from workbench.runs.compare import Against, Compared, Move
    from workbench.runs.kept import Kept

FEW = 20
"""Moves that are shown."""
HASH = 12


def as_text(compared: Compared, lang: str) -> str:
    """Return the runs side by side, then what moved in each and why."""
    runs = [compared.first, *(each.run for each in compared.others)]
    lines = [compared.first.name, ""]
    for at, run in enumerate(runs, start=1):
        lines += _run(at, run, lang)
    for at, against in enumerate(compared.others, start=2):
        lines += ["", word("compare.against", lang, run=str(at))]
        lines += [f"  {each}" for each in _cause(against, lang)]
        lines += [f"  {each}" for each in _moves(against, lang)]
    return "\n".join(lines) + "\n"


def _run(at: int, run: Kept, lang: str) -> Iterator[str]:
    from workbench.runs.compare import chosen

    answer = run.brief["answer"]
    yield f"[{at}] {run.run_id[:HASH]}  {run.folder}"
    yield f"    {answer['headline'][lang]}"
    picked = word("list.between", lang).join(chosen(run, lang)) or word("none", lang)
    yield f"    {_pair('table.chosen', picked, lang)}"
    yield f"    {_pair('confidence.label', word('confidence.' + answer['confidence']['word'], lang), lang)}"


def _cause(against: Against, lang: str) -> Iterator[str]:
    named = [word(f"compare.{cause}", lang) for cause in against.differs]
    if not named:
        yield word("compare.nothing" if not against.moves else "compare.unexplained", lang)
    elif len(named) == 1:
        yield word("compare.cause", lang, cause=named[0])
    else:
        both = word("list.between", lang).join(named[:-1]) + word("list.last", lang) + named[-1]
        yield word("compare.cannot_tell", lang, causes=both)
    for cause, entries in against.differs.items():
        for one in entries:
            yield f"  {word(f'compare.{cause}', lang)}: {_entry(one, lang)}"


def _entry(one: dict[str, Any] | Any, lang: str) -> str:
    name = f"{one['table']} {one['name']}" if one.get("table") else one["name"]
    return f"{name}: {_shown(one['old'], lang)} → {_shown(one['new'], lang)}"


def _shown(value: Any, lang: str) -> str:
    """Return a value as it is read; a hash is cut."""
    if value is None:
        return word("none", lang)
    if isinstance(value, str):
        return f"{value[:HASH]}…" if len(value) == 64 and " " not in value else value
    return json.dumps(value, ensure_ascii=False)


def _moves(against: Against, lang: str) -> Iterator[str]:
    yield word("compare.moved", lang, moved=str(len(against.moves)), same=str(against.same))
    for move in against.moves[:FEW]:
        yield f"  {_move(move, lang)}"
    if len(against.moves) > FEW:
        yield "  " + word("compare.more", lang, more=str(len(against.moves) - FEW))
    for key, ids in (("compare.lost", against.lost), ("compare.added", against.added)):
        if ids:
            yield word(key, lang, ids=word("list.between", lang).join(ids))


def _move(move: Move, lang: str) -> str:
    change = "" if move.change is None else f"  {_percent(move.change)}"
    notes = [word("compare.apart", lang)] if move.apart else []
    if move.about is not None:
        was, now = (each or word("none", lang) for each in move.about)
        notes.append(word("compare.subject", lang, old=was, new=now))
    said = f"  ({'; '.join(notes)})" if notes else ""
    return f"{move.id}: {move.old['text'][lang]} → {move.new['text'][lang]}{change}{said}"


def _percent(change: float) -> str:
    if math.isinf(change):
        return "+∞" if change > 0 else f"{MINUS}∞"
    return f"{change * 100:+.3g}%".replace("-", MINUS)


def _pair(key: str, said: str, lang: str) -> str:
    return f"{word(key, lang)}{': ' if lang == 'en' else '：'}{said}"
