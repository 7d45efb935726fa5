"""Commands on runs that are there: trace, verify, reproduce, compare, sign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli_options import (
    DataOption,
    JsonOption,
    LangOption,
    RunArgument,
    SourceOption,
    WorkOption,
    option,
)
from workbench.console import say, show, stoppable

NumberArgument = Annotated[
    str, typer.Argument(metavar="NUMBER", help="Its id, such as index.rank1, or as printed: 2.37.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(short_help="Show where a printed number comes from.")(trace)
    app.command(short_help="Check that a run still proves itself.")(verify)
    app.command(short_help="Make a run again and compare every number.")(reproduce)
    app.command(short_help="Show what moved between runs, and why.")(compare)
    app.command(short_help="Sign a run.")(sign)


@stoppable
def trace(
    run: RunArgument,
    number: NumberArgument,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """
    Show where a printed number comes from: brief, measure, tables, files, code, settings.

    Where several numbers print the same text, their ids are listed.
    """
    from workbench.runs._tracetext import word
    from workbench.runs.kept import read_answered
    from workbench.runs.trace import printing
    from workbench.runs.trace import trace as follow

    kept = read_answered(run)
    if number not in kept.brief["quantities"] and (found := printing(kept, number)):
        if len(found) > 1:
            told = {"printed": number, "numbers": [{"id": name, "text": dict(text)} for name, text in found]}
            lines = [f"  {name}: {text[lang]}" for name, text in found]
            show(told if as_json else "\n".join([word("trace.printing", lang, text=number), *lines]))
            return
        number = found[0][0]
    traced = follow(kept, number)
    show(traced.as_dict() if as_json else traced.as_text(lang))


@stoppable
def verify(
    run: RunArgument,
    key: Annotated[Path | None, option("--key", "FILE", "Public key (PEM) that must have signed it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Check that a run still proves itself.

    Its files are those recorded, its id follows from the record, and every rendering prints the numbers
    recorded. Exit 4 where anything is wrong, with all of it named.
    """
    from workbench.runs.verify import verify as check

    found = check(run, key=key, progress=say)
    if as_json:
        show(found.as_dict())
    found.check()
    if not as_json:
        show(found.as_text())


@stoppable
def reproduce(
    run: RunArgument,
    data: DataOption = None,
    source: SourceOption = None,
    engine: Annotated[
        str | None, option("--engine", "ENGINE", "Another engine than the run's: polars, dask, spark.")
    ] = None,
    workers: Annotated[str, option("--workers", "N", "Processes, auto, dask, or a Dask address.")] = "auto",
    work: WorkOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Make a run again and compare every number.

    The inputs must be those recorded. Exit 4 where any number differs, with all of them named; nothing is
    written to the run.
    """
    from workbench.runs.reproduce import reproduce as again

    processes: int | str = int(workers) if workers.isdigit() else workers
    made = again(run, data=data, source=source, engine=engine, workers=processes, work=work, progress=say)
    if as_json:
        show(made.as_dict())
    made.check()
    if not as_json:
        show(made.as_text())


@stoppable
def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Run folders; the first is compared with.")
    ],
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Show what moved between runs of one decision, and what moved it."""
    from workbench.runs.compare import compare as side_by_side

    compared = side_by_side(runs)
    show(compared.as_dict() if as_json else compared.as_text(lang))


@stoppable
def sign(
    run: RunArgument,
    key: Annotated[Path, option("--key", "FILE", "Private Ed25519 key (PEM), without a passphrase.")],
    as_json: JsonOption = False,
) -> None:
    """Sign a run: its record, which holds the hash of every file."""
    from workbench.runs.sign import sign as write

    path = write(run, key)
    show({"signature": str(path)} if as_json else str(path))
