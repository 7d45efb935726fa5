"""Commands that answer a decision: brief, simulate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli_options import (
    AboutOption,
    BoundsOption,
    DataOption,
    EngineOption,
    FormatOption,
    JsonOption,
    LangOption,
    LineageOption,
    OutOption,
    ParamsOption,
    SettingsOption,
    SourceOption,
    StrictOption,
    WorkOption,
    option,
)
from workbench.console import say, show, stoppable

if TYPE_CHECKING:
    from workbench.domains import Decision, Parameters
    from workbench.runs import Run


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(short_help="Answer a decision with a brief.")(brief)
    app.command(short_help="Simulate a decision's scenarios.")(simulate)


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
    params: ParamsOption = None,
    settings: SettingsOption = None,
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
    from workbench.domains import load_decision
    from workbench.parameters import as_text, describe, read_parameters

    chosen = load_decision(decision)
    if show_params:
        described = describe(chosen.Parameters)
        show(described if as_json else as_text(described, lang))
        return
    parameters = read_parameters(chosen.Parameters, params, settings or ())
    inputs = _Inputs(data, source, engine, work, about)
    output = _Output(out, bounds, formats, lineage_url, strict, as_json, lang)
    _answer(chosen, parameters, inputs, output)


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
    params: ParamsOption = None,
    settings: SettingsOption = None,
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
    from workbench.domains import load_simulated
    from workbench.errors import BadParameter, BadScenario
    from workbench.parameters import read_parameters, share

    chosen = load_simulated(decision)
    if show_schema:
        from workbench.simulation import schema

        show(schema(chosen.scenario_kind))
        return
    given: dict[str, Any] = {}
    read = None
    if scenarios is not None:
        from workbench.simulation import read_scenarios

        read = read_scenarios(scenarios, chosen.scenario_kind)
        set_here = {each.partition("=")[0].strip() for each in settings or ()}
        if "scenarios" in set_here:
            raise BadParameter("Scenarios are given twice: leave out --scenarios or --set scenarios.")
        given |= {"scenarios": {name: one.model_dump(mode="json") for name, one in read.scenarios.items()}}
        given |= {} if "baseline" in set_here else {"baseline": read.baseline}
    if precision is not None:
        given["precision"] = share("--precision", precision)
    given |= {
        key: value for key, value in (("replications", replications), ("seed", seed)) if value is not None
    }
    parameters = read_parameters(chosen.Parameters, params, settings or (), given)
    inputs = _Inputs(data, source, engine, work, about)
    output = _Output(out, bounds, formats, lineage_url, strict, as_json, lang)
    try:
        _answer(chosen, parameters, inputs, output, workers=int(workers) if workers.isdigit() else workers)
    except BadScenario as error:
        raise error if read is None else read.refused(error) from None


@dataclass(frozen=True)
class _Inputs:
    """What is read, and where."""

    data: str | None
    source: str | None
    engine: str
    work: str | None
    about: Path | None


@dataclass(frozen=True)
class _Output:
    """What is written and told, and where."""

    out: Path
    bounds: bool
    formats: list[str] | None
    lineage_url: str | None
    strict: bool
    as_json: bool
    lang: str


def _answer(
    decision: type[Decision], parameters: Parameters, inputs: _Inputs, output: _Output, **more: Any
) -> None:
    """Run a decision, and tell where its brief is."""
    from workbench.data.engines import open_engine
    from workbench.domains import load_domain
    from workbench.runs import data_from, decide
    from workbench.runs.about import read_about

    domain = load_domain(decision.domain)
    data = data_from(domain, data=inputs.data, source=inputs.source)
    with open_engine(inputs.engine, work=inputs.work) as opened:
        run = decide(
            decision,
            domain,
            data,
            parameters,
            opened,
            output.out,
            about=None if inputs.about is None else read_about(inputs.about),
            on=date.today(),
            bounds=output.bounds,
            formats=output.formats or (),
            progress=say,
            **more,
        )
    tell_lineage(run, output.lineage_url)
    page = run.brief(output.lang, *(output.formats or ())[:1])
    told = {"run_id": run.run_id, "folder": str(run.folder), "brief": str(page), "fresh": run.fresh}
    show(told if output.as_json else str(page))
    if output.strict:
        run.check_strict()


def tell_lineage(run: Run, url: str | None) -> None:
    """Tell a lineage server of a run, where there is one; what goes wrong is said, and fails nothing."""
    from workbench.runs.lineage import send

    if url and (problem := send(run, url)):
        say(f"warning: {problem}")
