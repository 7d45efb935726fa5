"""
A run told to a lineage server, in the words of OpenLineage.

One COMPLETE event of the specification 2-0-2: the run, what it read and what it wrote, each file with its
hash as its version. It is sent only where somebody gives an address; a server that does not answer fails no
run.

References
----------
.. [1] https://openlineage.io/spec/2-0-2/OpenLineage.json
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.runs.record import MACHINE, Run

NAMESPACE = "lived-workbench"
PRODUCER = f"urn:lived-workbench:{__version__}"
SPEC = "https://openlineage.io/spec"
EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
VERSION = f"{SPEC}/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet"
ENGINE = f"{SPEC}/facets/1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet"
JOB = f"{SPEC}/facets/2-0-3/JobTypeJobFacet.json#/$defs/JobTypeJobFacet"
CUSTOM = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunFacet"
ENDPOINT = "/api/v1/lineage"
PACKAGES = {"dask": "dask", "spark": "pyspark"}
PATIENCE_S = 10.0


def event(run: Run) -> dict[str, Any]:
    """
    Return the event of a finished run.

    The run's UUID follows from its id, so a run told twice is one run.
    """
    record = run.record
    engine = record["engine"]
    return {
        "eventType": "COMPLETE",
        "eventTime": _finished(run.folder),
        "producer": PRODUCER,
        "schemaURL": EVENT,
        "run": {
            "runId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}:{run.run_id}")),
            "facets": {
                "processing_engine": _facet(
                    ENGINE,
                    name=engine,
                    version=record["software"].get(PACKAGES.get(engine, "polars"), ""),
                    openlineageAdapterVersion=__version__,
                ),
                "lived_run": _facet(
                    CUSTOM,
                    runId=run.run_id,
                    code=record["code"],
                    contract=record["contract"],
                    seed=record["seed"],
                    parameters=record["parameters"],
                    tables=record["tables"],
                ),
            },
        },
        "job": {
            "namespace": NAMESPACE,
            "name": record["name"],
            "facets": {
                "jobType": _facet(JOB, processingType="BATCH", integration="LIVED_WORKBENCH", jobType="JOB")
            },
        },
        "inputs": [
            _dataset(
                "/".join(filter(None, (record["contract"]["name"], one["table"], one["file"]))), one["sha256"]
            )
            for one in record["inputs"]
        ],
        "outputs": [
            _dataset(f"{run.folder.name}/{name}", sha) for name, sha in sorted(record["files"].items())
        ],
    }


def send(run: Run, url: str) -> str:
    """
    Send a run's event.

    Parameters
    ----------
    run
        A finished run.
    url
        Address of the server, such as http://localhost:5000; what stands after the host is kept if it ends in
        `/lineage`, else `/api/v1/lineage` is added.

    Returns
    -------
    problem
        Why it was not taken, in a sentence; "" where it was.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    if not url.startswith(("http://", "https://")):
        return f"Lineage was not sent: '{url}' is no address that begins with http:// or https://."
    body = json.dumps(event(run), ensure_ascii=False).encode()
    try:
        request = Request(_endpoint(url), body, {"Content-Type": "application/json"}, method="POST")
        with urlopen(request, timeout=PATIENCE_S):
            return ""
    except HTTPError as error:
        return f"Lineage was not sent: '{url}' answered {error.code} {error.reason}."
    except (OSError, ValueError, HTTPException) as error:
        why = getattr(error, "reason", None) or error
        return f"Lineage was not sent: '{url}' cannot be reached ({why})."


def _endpoint(url: str) -> str:
    plain = url.rstrip("/")
    return plain if plain.endswith("/lineage") else plain + ENDPOINT


def _finished(folder: Path) -> str:
    """Return when the run was finished, as its machine noted it; now where it did not."""
    try:
        return str(json.loads((folder / MACHINE).read_text(encoding="utf-8"))["finished"])
    except (OSError, ValueError, KeyError, TypeError):
        return dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _dataset(name: str, sha: str) -> dict[str, Any]:
    version = _facet(VERSION, datasetVersion=f"sha256:{sha}")
    return {"namespace": NAMESPACE, "name": name, "facets": {"version": version}}


def _facet(schema: str, **fields: Any) -> Mapping[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": schema, **fields}
