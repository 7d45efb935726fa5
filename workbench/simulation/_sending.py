"""What can be sent to other processes of this machine, and how many there may be."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

from workbench.simulation.work import Work


def not_importable(work: Work) -> str | None:
    """Why the model or its scenarios cannot be sent to other processes; None where they can."""
    for thing in (work.model, *work.scenarios[:1]):
        kind = type(thing)
        main = sys.modules.get("__main__")
        if kind.__module__ == "__main__" and not _is_script(main):
            return (
                f"{kind.__name__} is defined in a notebook or at the prompt, where worker processes cannot "
                "find it: put it in a module (a .py file) and import it, or use workers=1 or workers='dask'."
            )
        if "<locals>" in kind.__qualname__:
            return (
                f"{kind.__name__} is defined inside a function, where worker processes cannot find it: "
                "define it at the top of its module, or use workers=1."
            )
    try:
        pickle.dumps(work)
    except Exception as error:
        return (
            f"The model or a scenario cannot be sent to other processes ({error}): "
            "keep open files and lambdas out of it, or use workers=1."
        )
    return None


def processors() -> int:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _is_script(main: object) -> bool:
    if getattr(main, "__spec__", None) is not None:
        return True
    file = getattr(main, "__file__", None)
    return file is not None and Path(file).is_file()
