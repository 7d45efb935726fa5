"""`workbench`: every command and its options; `workbench.console` says how it ends."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench import __version__, cli_decide, cli_runs
from workbench.cli_decide import tell_lineage
from workbench.cli_options import (
    DataOption,
    DomainArgument,
    EngineOption,
    JsonOption,
    LangOption,
    LineageOption,
    OutOption,
    SourceOption,
    WorkOption,
    option,
)
from workbench.console import EXIT_CODES, finish, say, show, stoppable, take_over

if TYPE_CHECKING:
    pass

ABOUT = "Analytics and simulation for the decisions of a smart-city action plan."
app = typer.Typer(
    name="workbench",
    help=ABOUT,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def main_options(
    version: Annotated[bool, option("--version", None, "Print the version.")] = False,
    traceback: Annotated[
        bool, option("--traceback", None, "Show Python's account of an unexpected error.")
    ] = False,
) -> None:
    """Analytics and simulation for the decisions of a smart-city action plan."""
    if version:
        show(__version__)
        raise typer.Exit


@app.command(short_help="Show what this machine has and what it lacks.")
@stoppable
def doctor(as_json: JsonOption = False, lang: LangOption = "en") -> None:
    """Show engines, versions, Java, memory and fonts, and what to do about what is missing."""
    from workbench.health import examine

    found = examine()
    show(found.as_dict() if as_json else found.as_text(lang))


@app.command(short_help="Show the action plan and what is answered here.")
@stoppable
def plan(
    project: Annotated[str | None, typer.Argument(metavar="PROJECT", help="A project, such as L01.")] = None,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Show the action plan: actions, projects, targets, and the decisions answered here."""
    from workbench.domains import decisions_by_project
    from workbench.plan import load
    from workbench.plan.show import as_json as plan_json
    from workbench.plan.show import as_text as plan_text

    loaded, answered = load(), decisions_by_project()
    show(plan_json(loaded, answered, project) if as_json else plan_text(loaded, answered, project, lang))


@app.command(short_help="Print the data dictionary.")
@stoppable
def contracts(
    table: Annotated[
        str | None, typer.Argument(metavar="TABLE", help="A table, a domain, or domain.table.")
    ] = None,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Print the data dictionary: every table, a domain's, or one."""
    from workbench.data.dictionary import as_dict, as_text
    from workbench.domains import domains, load_domain
    from workbench.errors import UnknownName

    loaded = {name: load_domain(name).contract for name in domains()}
    if table is None or table in loaded:
        chosen = {name: one for name, one in loaded.items() if table in (None, name)}
        told = {name: as_dict(one) for name, one in chosen.items()}
        show(told if as_json else "\n".join(as_text(one, None, lang) for one in chosen.values()))
        return
    known = {
        name: (one, each)
        for one in loaded.values()
        for each in one.tables
        for name in (each, f"{one.name}.{each}")
    }
    if table not in known:
        raise UnknownName("table", table, known, "`workbench contracts` prints them.")
    contract, name = known[table]
    show(as_dict(contract, name) if as_json else as_text(contract, name, lang))


@app.command(short_help="Make sample data of any size.")
@stoppable
def sample(
    domain: DomainArgument,
    out: Annotated[Path, option("--out", "DIR", "Folder to make; it must not exist yet, or be empty.")],
    scale: Annotated[float, option("--scale", "N", "How many times the shipped sample's rows.")] = 1,
    seed: Annotated[
        int | None, option("--seed", "N", "Seed of the generator; its own if none is given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make sample data of any size, with the truth it hides."""
    import importlib

    from workbench.domains import load_domain
    from workbench.errors import DataRejected

    module, _, function = load_domain(domain).sample.partition(":")
    if not function:
        raise DataRejected(f"Domain '{domain}' has no sample to make: give your own data with --data.")
    generate = getattr(importlib.import_module(module), function)
    seeded = {} if seed is None else {"seed": seed}
    generate(out, scale=scale, progress=lambda what, share: say(f"{what} {share:.0%}"), **seeded)
    show({"folder": str(out)} if as_json else str(out))


@app.command(short_help="Screen data against the contract.")
@stoppable
def check(
    domain: DomainArgument,
    data: DataOption = None,
    source: SourceOption = None,
    engine: EngineOption = "polars",
    work: WorkOption = None,
    out: Annotated[
        Path | None, option("--out", "DIR", "Keep the quarantine and the report pages here.")
    ] = None,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """
    Screen data against the contract and report every rule.

    Where more rows than a table's limit are set aside, they are kept (in DOMAIN-quarantine if --out names no
    folder) and the exit code is 3.
    """
    import tempfile

    from workbench.data.engines import open_engine
    from workbench.domains import load_domain
    from workbench.runs import data_from, keep_evidence, make_folder, screen_all

    found = load_domain(domain)
    if out is not None:
        make_folder(out)
    given = data_from(found, data=data, source=source)
    with open_engine(engine, work=work) as opened, tempfile.TemporaryDirectory(dir=opened.work) as scratch:
        intake = screen_all(found, given, opened, Path(scratch), progress=say)
        show(intake.report.as_dict() if as_json else intake.report.as_text(lang))
        kept = out or Path(f"{domain}-quarantine")
        if out is not None or not intake.report.passed:
            keep_evidence(intake, make_folder(kept))
            say(f"report and quarantine: {kept}")
        intake.report.check(str(kept / "quarantine"))


@app.command(short_help="Write every measure of a domain.")
@stoppable
def measure(
    domain: DomainArgument,
    out: OutOption,
    data: DataOption = None,
    source: SourceOption = None,
    engine: EngineOption = "polars",
    work: WorkOption = None,
    lineage_url: LineageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Screen data and write every measure that can be made of it."""
    from workbench.data.engines import open_engine
    from workbench.domains import load_domain
    from workbench.runs import data_from
    from workbench.runs import measure as run_measure

    found = load_domain(domain)
    given = data_from(found, data=data, source=source)
    with open_engine(engine, work=work) as opened:
        run = run_measure(found, given, opened, out, progress=say)
    tell_lineage(run, lineage_url)
    told = {
        "run_id": run.run_id,
        "folder": str(run.folder),
        "files": sorted(run.record["files"]),
        "fresh": run.fresh,
    }
    show(told if as_json else str(run.folder))


cli_decide.register(app)
cli_runs.register(app)


def main() -> None:
    """Entry point."""
    take_over()
    sys.exit(finish(app, traceback=lambda: "--traceback" in sys.argv[1:]))


if __name__ == "__main__":
    main()
