"""`workbench`: every command and its options; `workbench.console` says how it ends."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench import __version__
from workbench.cli_options import (
    AboutOption,
    BoundsOption,
    DataOption,
    DomainArgument,
    EngineOption,
    FormatOption,
    JsonOption,
    LangOption,
    LineageOption,
    OutOption,
    SourceOption,
    StrictOption,
    WorkOption,
    option,
)
from workbench.cli_runs import register
from workbench.console import EXIT_CODES, finish, say, show, stoppable, take_over

if TYPE_CHECKING:
    from datetime import date

    from workbench.domains import Domain
    from workbench.runs import Data, Run
    from workbench.runs.about import About

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
    from workbench.runs import keep_evidence, make_folder, screen_all

    found = load_domain(domain)
    if out is not None:
        make_folder(out)
    given = _data(found, data, source)
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
    from workbench.runs import measure as run_measure

    found = load_domain(domain)
    given = _data(found, data, source)
    with open_engine(engine, work=work) as opened:
        run = run_measure(found, given, opened, out, progress=say)
    _tell_lineage(run, lineage_url)
    told = {
        "run_id": run.run_id,
        "folder": str(run.folder),
        "files": sorted(run.record["files"]),
        "fresh": run.fresh,
    }
    show(told if as_json else str(run.folder))


@app.command(short_help="Answer a decision with a brief.")
@stoppable
def brief(
    decision: Annotated[
        str,
        typer.Argument(metavar="DECISION", help="Such as traffic.congestion; `workbench plan` lists them."),
    ],
    out: OutOption = Path("runs"),
    data: DataOption = None,
    source: SourceOption = None,
    engine: EngineOption = "polars",
    work: WorkOption = None,
    params: Annotated[Path | None, option("--params", "FILE", "YAML file of parameters.")] = None,
    settings: Annotated[
        list[str] | None, option("--set", "KEY=VALUE", "One parameter; may be repeated.")
    ] = None,
    show_params: Annotated[
        bool, option("--show-params", None, "Print the decision's parameters and stop.")
    ] = False,
    about: AboutOption = None,
    bounds: BoundsOption = True,
    formats: FormatOption = None,
    strict: StrictOption = False,
    lineage_url: LineageOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Answer a decision with a brief: screen, measure, decide, write."""
    from workbench.data.engines import open_engine
    from workbench.domains import load_decision, load_domain
    from workbench.parameters import as_text, describe, read_parameters
    from workbench.runs import decide

    chosen = load_decision(decision)
    if show_params:
        described = describe(chosen.Parameters)
        show(described if as_json else as_text(described, lang))
        return
    parameters = read_parameters(chosen.Parameters, params, settings or ())
    domain = load_domain(chosen.domain)
    given = _data(domain, data, source)
    with open_engine(engine, work=work) as opened:
        said = _about(about)
        run = decide(
            chosen,
            domain,
            given,
            parameters,
            opened,
            out,
            about=said,
            on=_today(),
            bounds=bounds,
            formats=formats or (),
            progress=say,
        )
    _tell_lineage(run, lineage_url)
    page = run.brief(lang, *(formats or ())[:1])
    told = {"run_id": run.run_id, "folder": str(run.folder), "brief": str(page), "fresh": run.fresh}
    show(told if as_json else str(page))
    if strict:
        run.check_strict()


@app.command(short_help="Simulate a decision's scenarios.")
@stoppable
def simulate(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="Such as traffic.headways.")],
    scenarios: Annotated[
        Path | None,
        option("--scenarios", "FILE", "YAML file of scenarios; the decision's own if none is given."),
    ] = None,
    replications: Annotated[int | None, option("--replications", "N", "Days to simulate.")] = None,
    precision: Annotated[
        str | None, option("--precision", "5%", "Simulate until the mean is known to this share of itself.")
    ] = None,
    workers: Annotated[str, option("--workers", "N", "Processes, auto, dask, or a Dask address.")] = "auto",
    seed: Annotated[int | None, option("--seed", "S", "Seed of every random stream.")] = None,
    out: OutOption = Path("runs"),
    data: DataOption = None,
    source: SourceOption = None,
    engine: EngineOption = "polars",
    work: WorkOption = None,
    params: Annotated[Path | None, option("--params", "FILE", "YAML file of parameters.")] = None,
    settings: Annotated[
        list[str] | None, option("--set", "KEY=VALUE", "One parameter; may be repeated.")
    ] = None,
    show_schema: Annotated[
        bool, option("--show-schema", None, "Print the JSON schema of a scenario file and stop.")
    ] = False,
    about: AboutOption = None,
    bounds: BoundsOption = True,
    formats: FormatOption = None,
    strict: StrictOption = False,
    lineage_url: LineageOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """
    Simulate scenarios on the same days, compare them, and write the brief.

    The results do not depend on --workers.
    """
    from workbench.data.engines import open_engine
    from workbench.domains import load_domain, load_simulated
    from workbench.errors import BadParameter, BadScenario
    from workbench.parameters import read_parameters, share
    from workbench.runs import decide

    chosen = load_simulated(decision)
    if show_schema:
        from workbench.simulation import schema

        show(schema(chosen.scenario_kind))
        return
    given_values: dict[str, Any] = {}
    read = None
    if scenarios is not None:
        from workbench.simulation import read_scenarios

        read = read_scenarios(scenarios, chosen.scenario_kind)
        set_here = {each.partition("=")[0].strip() for each in settings or ()}
        if "scenarios" in set_here:
            raise BadParameter("Scenarios are given twice: leave out --scenarios or --set scenarios.")
        named = {name: one.model_dump(mode="json") for name, one in read.scenarios.items()}
        given_values |= {"scenarios": named}
        given_values |= {} if "baseline" in set_here else {"baseline": read.baseline}
    if precision is not None:
        given_values["precision"] = share("--precision", precision)
    given_values |= {
        key: value for key, value in (("replications", replications), ("seed", seed)) if value is not None
    }
    parameters = read_parameters(chosen.Parameters, params, settings or (), given_values)
    domain = load_domain(chosen.domain)
    found = _data(domain, data, source)
    processes: int | str = int(workers) if workers.isdigit() else workers
    with open_engine(engine, work=work) as opened:
        try:
            run = decide(
                chosen,
                domain,
                found,
                parameters,
                opened,
                out,
                about=_about(about),
                on=_today(),
                bounds=bounds,
                formats=formats or (),
                workers=processes,
                progress=say,
            )
        except BadScenario as error:
            raise error if read is None else read.refused(error) from None
    _tell_lineage(run, lineage_url)
    page = run.brief(lang, *(formats or ())[:1])
    told = {"run_id": run.run_id, "folder": str(run.folder), "brief": str(page), "fresh": run.fresh}
    show(told if as_json else str(page))
    if strict:
        run.check_strict()


def _tell_lineage(run: Run, url: str | None) -> None:
    """Tell a lineage server of a run, where there is one; what goes wrong is said, and fails nothing."""
    from workbench.runs.lineage import send

    if url and (problem := send(run, url)):
        say(f"warning: {problem}")


def _today() -> date:
    """The day of the run, which only decides whether declared assumptions have expired."""
    from datetime import date

    return date.today()


def _about(path: Path | None) -> About | None:
    from workbench.runs.about import read_about

    return None if path is None else read_about(path)


def _data(domain: Domain, data: str | None, source: str | None) -> Data:
    from workbench.runs import data_from

    return data_from(domain, data=data, source=source)


register(app)


def main() -> None:
    """Entry point."""
    take_over()
    sys.exit(finish(app, traceback=lambda: "--traceback" in sys.argv[1:]))


if __name__ == "__main__":
    main()
