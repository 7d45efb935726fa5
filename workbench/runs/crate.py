"""
The run folder as an RO-Crate, so that archives and other tools can read what it is.

RO-Crate 1.1 with the Process Run Crate profile 0.5: the folder, its files with hashes and sizes, and one
action that made them with the workbench from inputs known by name and hash. No clock is read: the date is one
that people declared, else the last day of the data, and where there is neither, none is claimed.

References
----------
.. [1] S. Soiland-Reyes et al. (2022), Packaging research artefacts with RO-Crate.
.. [2] S. Leo et al. (2024), Recording provenance of workflow runs with RO-Crate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench._text import Text
from workbench.runs.about import About, text_of
from workbench.runs.record import MACHINE, RECORD, as_json, file_hashes

NAME = "ro-crate-metadata.json"
CRATE, PROFILE = "https://w3id.org/ro/crate/1.1", "https://w3id.org/ro/wfrun/process/0.5"
CONTEXT = (f"{CRATE}/context", "https://w3id.org/ro/terms/workflow-run/context")
FORMATS = {
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".svg": "image/svg+xml",
    ".csv": "text/csv",
}
SAYS: Mapping[str, str] = {
    RECORD: "What went into the run, and the SHA-256 of every file here but itself",
    MACHINE: "The machine and the time taken; not part of what the same inputs reproduce",
    "brief.json": "The brief as data: every number with its interval and source",
    "screening.json": "What screening found in the input tables",
    "parameters.json": "The parameters, for the command that makes the same numbers",
    "printed.json": "Every printed number in its order, by language",
    "tables.csv": "What the columns of the tables are",
}
KINDS = {
    "brief": "The brief",
    "figures": "Picture of the brief",
    "measures": "Measure the answer was made from",
    "tables": "Table of the brief",
    "quarantine": "Rows that were set aside, each with its reason",
    "screening": "The screening report",
}

Entity = dict[str, Any]


def write_crate(folder: Path, record: Mapping[str, Any], title: Text, command: str = "") -> None:
    """
    Write `ro-crate-metadata.json` for a run folder whose other files are in place.

    Parameters
    ----------
    folder
        The run folder.
    record
        The run's record, its files not yet hashed.
    title
        What the run answers.
    command
        What to type to get the same numbers again.
    """
    told = {"@context": list(CONTEXT), "@graph": entities(folder, record, title, command)}
    (folder / NAME).write_text(as_json(told), encoding="utf-8")


def entities(folder: Path, record: Mapping[str, Any], title: Text, command: str = "") -> list[Entity]:
    """Return the entities of the crate; see `write_crate`."""
    about = About.model_validate(record.get("about", {}))
    files = _files(folder)
    inputs = [_input(one, about) for one in record["inputs"]]
    settings = [_setting(name, value) for name, value in sorted(record["parameters"].items())]
    software = [_package(name, version) for name, version in sorted(record["software"].items())]
    people = [{"@id": "#analyst", "@type": "Person", "name": about.analyst.name}] if about.analyst else []
    day = date_of(record, about)
    tool = {
        "@id": "#workbench",
        "@type": "SoftwareApplication",
        "name": "LIVED Workbench",
        "softwareVersion": record["code"],
        "softwareRequirements": _refs(software),
    }
    action = {
        "@id": f"#run-{record['run_id'][:12]}",
        "@type": "CreateAction",
        "name": record["name"],
        "identifier": record["run_id"],
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        "instrument": {"@id": tool["@id"]},
        "object": _refs(inputs + settings),
        "result": _refs([one for one in files if one["@id"] not in BESIDE]),
        **({"description": command} if command else {}),
        **({"agent": {"@id": "#analyst"}} if people else {}),
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{record['name']} {record['run_id'][:12]}",
        "description": title.en,
        "identifier": record["run_id"],
        "conformsTo": {"@id": PROFILE},
        "hasPart": _refs(files),
        "mentions": {"@id": action["@id"]},
        **({"datePublished": day} if day else {}),
        **({"author": {"@id": "#analyst"}} if people else {}),
    }
    metadata = {
        "@id": NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": CRATE},
        "about": {"@id": "./"},
    }
    profile = {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    return [metadata, root, profile, tool, action, *people, *files, *inputs, *settings, *software]


BESIDE = (RECORD, MACHINE)


def path_id(name: str) -> str:
    """Return the id of a file, which is its path with what a URI does not take written in percent."""
    return quote(name, safe="/")


def date_of(record: Mapping[str, Any], about: About) -> str:
    """Return the day of the run: the last that was declared, else the data's last; "" where none is known."""
    people = [one.date.isoformat() for one in (about.analyst, about.assurer, about.approver) if one]
    taken = [one.extracted.isoformat() for one in about.data.values() if one.extracted]
    ends = [table["period"][1][:10] for table in record.get("tables", ()) if table["period"]]
    return max(people or taken or ends, default="")


def _files(folder: Path) -> list[Entity]:
    """Return every file that is hashed, and the names of those beside, which are not yet written."""
    found = [
        {
            **_file(name),
            "sha256": sha,
            "contentSize": str((folder / name).stat().st_size),
        }
        for name, sha in file_hashes(folder).items()
        if name != NAME
    ]
    return [*found, *(_file(name) for name in BESIDE)]


def _file(name: str) -> Entity:
    kind = name.partition("/")[0].partition(".")[0]
    path = Path(name)
    entity: Entity = {"@id": path_id(name), "@type": "File", "name": name}
    if says := SAYS.get(name) or KINDS.get(kind):
        entity["description"] = says
    if path.suffix in FORMATS:
        entity["encodingFormat"] = FORMATS[path.suffix]
    language = path.suffixes[0].removeprefix(".") if len(path.suffixes) == 2 else ""
    return entity | ({"inLanguage": language} if language in ("en", "zh") else {})


def _input(one: Mapping[str, str], about: About) -> Entity:
    """Return an input, which is not in the folder: its name and hash, and what was declared of its table."""
    entity: Entity = {
        "@id": "#input/" + path_id("/".join(filter(None, (one["table"], one["file"])))),
        "@type": "CreativeWork",
        "name": one["file"],
        "sha256": one["sha256"],
    }
    suffix = Path(one["file"]).suffix
    if suffix in FORMATS:
        entity["encodingFormat"] = FORMATS[suffix]
    if one["table"]:
        entity["description"] = f"Table {one['table']}"
    declared = about.data.get(one["table"])
    if declared is not None and declared.licence:
        entity["license"] = text_of(declared.licence).en
    if declared is not None and declared.extracted:
        entity["dateCreated"] = declared.extracted.isoformat()
    return entity


def _setting(name: str, value: Any) -> Entity:
    shown = value if isinstance(value, str | int | float | bool) else as_json(value).strip()
    return {"@id": f"#parameter/{path_id(name)}", "@type": "PropertyValue", "name": name, "value": shown}


def _package(name: str, version: str) -> Entity:
    return {
        "@id": f"#package/{path_id(name)}",
        "@type": "SoftwareApplication",
        "name": name,
        "softwareVersion": version,
    }


def _refs(made: Sequence[Entity]) -> list[dict[str, str]]:
    return [{"@id": one["@id"]} for one in made]
