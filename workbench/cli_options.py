"""Options and arguments that commands of `workbench` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def _language(lang: str) -> str:
    from workbench._text import language

    return language(lang)


def option(name: str, metavar: str | None, says: str, **more: Any) -> Any:
    """Make an option of the command line."""
    return typer.Option(name, metavar=metavar, help=says, **more)


DomainArgument = Annotated[str, typer.Argument(metavar="DOMAIN", help="A domain, such as traffic.")]
DataOption = Annotated[
    str | None,
    option(
        "--data",
        "DIR",
        "Folder with the tables, the shipped sample if none is given; with --source, where its files are.",
    ),
]
SourceOption = Annotated[
    str | None, option("--source", "FILE", "Source file that maps your files to the contract.")
]
EngineOption = Annotated[
    str, option("--engine", "ENGINE", "polars, dask, spark, or an address: tcp://, spark://, sc://.")
]
WorkOption = Annotated[
    str | None,
    option("--work", "DIR", "Folder for intermediate files that the workers of a cluster see, too."),
]
ParamsOption = Annotated[Path | None, option("--params", "FILE", "YAML file of parameters.")]
SettingsOption = Annotated[list[str] | None, option("--set", "KEY=VALUE", "One parameter; may be repeated.")]
JsonOption = Annotated[bool, option("--json", None, "Print JSON.")]
LangOption = Annotated[str, option("--lang", "en|zh", "Language of what is printed.", callback=_language)]
AboutOption = Annotated[
    Path | None,
    option("--about", "FILE", "YAML file of what people declare; about.yaml beside the data if not given."),
]
StrictOption = Annotated[
    bool, option("--strict", None, "Exit 4 where an item of the brief's checklist is empty.")
]
BoundsOption = Annotated[
    bool,
    option(
        "--bounds/--no-bounds",
        None,
        "Answer again with the rows set aside put back, to see whether they could change the answer.",
    ),
]


def _formats(formats: list[str] | None) -> list[str]:
    from workbench.briefs.formats import FORMATS, known_formats

    return list(known_formats(formats or FORMATS))


FormatOption = Annotated[
    list[str] | None,
    option(
        "--format",
        "FORMAT",
        "html, md, docx or pdf; may be repeated, all four if none is given.",
        callback=_formats,
    ),
]
OutOption = Annotated[Path, option("--out", "DIR", "Folder below which the run folder is made.")]
LineageOption = Annotated[
    str | None,
    option(
        "--lineage-url",
        "URL",
        "Tell an OpenLineage server of the run; one that does not answer fails nothing.",
        envvar="OPENLINEAGE_URL",
    ),
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a file in it.")]
