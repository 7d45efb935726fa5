"""
`workbench`: results on stdout, progress on stderr.

Exit codes: 0 done, 1 unexpected, 2 usage or parameters, 3 data rejected, 4 finished but a check failed,
5 engine missing, 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench import __version__
from workbench.errors import UNEXPECTED, WorkbenchError

if TYPE_CHECKING:
    from workbench.data.engines import Engine
    from workbench.domains import Decision, Domain
    from workbench.runs import Data

INTERRUPTED = 130
app = typer.Typer(
    name="workbench",
    help="Analytics and simulation for the decisions of a smart-city action plan.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DataOption = Annotated[str | None, typer.Option("--data", metavar="DIR", help="Folder with the tables; with --source, where its files are.")]
SourceOption = Annotated[str | None, typer.Option("--source", metavar="FILE", help="Source file that maps your files to the contract.")]
EngineOption = Annotated[str, typer.Option("--engine", metavar="ENGINE", help="polars, dask, spark, or an address: tcp://, spark://, sc://.")]
WorkOption = Annotated[str | None, typer.Option("--work", metavar="DIR", help="Folder for intermediate files that the workers of a cluster see, too.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LangOption = Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of what is printed.")]
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder below which the result folder is made.")]


@app.callback(invoke_without_command=True)
def main_options(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Analytics and simulation for the decisions of a smart-city action plan."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def doctor(as_json: JsonOption = False, lang: LangOption = "en") -> None:
    """Show engines, versions, Java, memory and fonts, and what to do about what is missing."""
    from workbench.health import examine

    found = examine()
    _print(found.as_dict() if as_json else found.as_text(lang))


@app.command()
def plan(
    project: Annotated[str | None, typer.Argument(help="A project, such as L01.")] = None, as_json: JsonOption = False, lang: LangOption = "en"
) -> None:
    """Show the action plan: actions, projects, targets, and the decisions answered here."""
    from workbench.domains import decisions_by_project
    from workbench.plan import load
    from workbench.plan.show import as_json as plan_json
    from workbench.plan.show import as_text as plan_text

    loaded, answered = load(), decisions_by_project()
    _print(plan_json(loaded, answered, project) if as_json else plan_text(loaded, answered, project, lang))


@app.command()
def contracts(
    table: Annotated[str | None, typer.Argument(help="A table, or domain.table.")] = None, as_json: JsonOption = False, lang: LangOption = "en"
) -> None:
    """Print the data dictionary: every table, or one."""
    from workbench.data.dictionary import as_dict, as_text
    from workbench.domains import domains, load_domain
    from workbench.errors import UnknownName

    loaded = {name: load_domain(name).contract for name in domains()}
    if table is None:
        _print({name: as_dict(one) for name, one in loaded.items()} if as_json else "\n".join(as_text(one, None, lang) for one in loaded.values()))
        return
    wanted, _, name = table.rpartition(".")
    fits = [one for domain, one in loaded.items() if name in one.tables and wanted in ("", domain)]
    if not fits:
        raise UnknownName("table", table, [each for one in loaded.values() for each in one.tables], "See `workbench contracts`.")
    _print(as_dict(fits[0], name) if as_json else as_text(fits[0], name, lang))


@app.command()
def sample(
    domain: Annotated[str, typer.Argument(help="A domain, such as traffic.")],
    out: OutOption,
    scale: Annotated[float, typer.Option("--scale", help="How many times the shipped sample's rows.")] = 1,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of the generator; its own where none is given.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make sample data of any size, with the truth it hides."""
    import importlib

    from workbench.domains import load_domain

    module, _, function = load_domain(domain).sample.partition(":")
    generate = getattr(importlib.import_module(module), function)
    seeded = {} if seed is None else {"seed": seed}
    generate(out, scale=scale, progress=lambda what, share: _say(f"{what} {share:.0%}"), **seeded)
    _print({"folder": str(out)} if as_json else f"{out}\n")


@app.command()
def check(
    domain: Annotated[str, typer.Argument(help="A domain, such as traffic.")],
    data: DataOption = None,
    source: SourceOption = None,
    engine: EngineOption = "polars",
    work: WorkOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Keep the quarantine and the report pages here.")] = None,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Screen data against the contract and report every rule; exit 3 where too many rows are rejected."""
    import tempfile

    from workbench.data.engines import open_engine
    from workbench.domains import load_domain
    from workbench.runs import keep_evidence, screen_all

    found = load_domain(domain)
    given = _data(found, data, source)
    with open_engine(engine, work=work) as opened, tempfile.TemporaryDirectory(dir=opened.work) as scratch:
        intake = screen_all(found, given, opened, Path(scratch), progress=_say)
        kept = out
        if kept is None and not intake.report.passed:
            kept = Path(f"{domain}-quarantine")
        if kept is not None:
            keep_evidence(intake, kept)
            _say(f"report and quarantine: {kept}")
        _print(intake.report.as_dict() if as_json else intake.report.as_text(lang))
        intake.report.check(str((kept or Path()) / "quarantine"))


@app.command()
def measure(
    domain: Annotated[str, typer.Argument(help="A domain, such as traffic.")],
    out: OutOption,
    data: DataOption = None,
    source: SourceOption = None,
    engine: EngineOption = "polars",
    work: WorkOption = None,
    as_json: JsonOption = False,
) -> None:
    """Screen data and write every measure that can be made of it."""
    from workbench.data.engines import open_engine
    from workbench.domains import load_domain
    from workbench.runs import measure as run_measure

    found = load_domain(domain)
    given = _data(found, data, source)
    with open_engine(engine, work=work) as opened:
        run = run_measure(found, given, opened, out, progress=_say)
    _print({"run_id": run.run_id, "folder": str(run.folder), "files": sorted(run.record["files"])} if as_json else f"{run.folder}\n")


@app.command()
def brief(
    decision: Annotated[str, typer.Argument(help="A decision, such as traffic.congestion.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder below which the run folder is made.")] = Path("runs"),
    data: DataOption = None,
    source: SourceOption = None,
    engine: EngineOption = "polars",
    work: WorkOption = None,
    params: Annotated[Path | None, typer.Option("--params", metavar="FILE", help="YAML file of parameters.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One parameter; may be repeated.")] = None,
    show_params: Annotated[bool, typer.Option("--show-params", help="Print the decision's parameters and stop.")] = False,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Answer a decision with a brief: screen, measure, decide, write."""
    from workbench._text import language
    from workbench.data.engines import open_engine
    from workbench.domains import load_decision, load_domain
    from workbench.parameters import describe, read_parameters
    from workbench.runs import decide

    chosen, lang = load_decision(decision), language(lang)
    if show_params:
        described = describe(chosen.Parameters)
        _print(described if as_json else _parameter_text(described, lang))
        return
    parameters = read_parameters(chosen.Parameters, params, settings or ())
    domain = load_domain(chosen.domain)
    given = _data(domain, data, source)
    with open_engine(engine, work=work) as opened:
        run = decide(chosen, domain, given, parameters, opened, out, command=_again(chosen, given, opened, parameters), progress=_say)
    page = run.brief(lang)
    _print({"run_id": run.run_id, "folder": str(run.folder), "brief": str(page), "fresh": run.fresh} if as_json else f"{page}\n")


def _data(domain: Domain, data: str | None, source: str | None) -> Data:
    from workbench.runs import data_from

    return data_from(domain, data=data, source=source)


def _again(decision: type[Decision], data: Data, engine: Engine, parameters: Any) -> str:
    """The command that makes the same numbers; what the user typed as paths stands as DIR and FILE."""
    words = ["workbench", "brief", decision.name, *data.words.split(), "--engine", engine.name]
    for name, value in parameters.model_dump(mode="json").items():
        if value != decision.Parameters.model_fields[name].get_default():
            words.append(f"--set '{name}={json.dumps(value, ensure_ascii=False)}'")
    return " ".join([*words, "--out runs"])


def _parameter_text(described: list[dict[str, Any]], lang: str) -> str:
    lines = []
    for one in described:
        unit = f" [{one['unit']}]" if one["unit"] else ""
        bounds = ", ".join(f"{key} {one[key]}" for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum") if key in one)
        lines.append(f"{one['name']} = {json.dumps(one['default'])}{unit}{f'  ({bounds})' if bounds else ''}\n    {one['description'][lang]}")
    return "\n".join(lines) + "\n"


def _print(what: Any) -> None:
    sys.stdout.write(what if isinstance(what, str) else json.dumps(what, ensure_ascii=False, indent=1) + "\n")
    sys.stdout.flush()


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")
    sys.stderr.flush()


def run(command: Callable[[], Any]) -> int:
    """Run the command line and turn every end into its exit code."""
    try:
        command()
    except WorkbenchError as error:
        _say(f"error: {error.message}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except Exception as error:
        import logging

        logging.getLogger("workbench").debug("unexpected", exc_info=True)
        _say(f"unexpected error: {type(error).__name__}: {error}. This is a fault of the workbench: please report it with the command you typed.")
        return UNEXPECTED
    return 0


def main() -> None:
    """Entry point."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(run(app))


if __name__ == "__main__":
    main()
