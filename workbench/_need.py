"""Libraries of an extra, imported where they are used and asked for in one clear sentence."""

from __future__ import annotations

import importlib
from typing import Any

from workbench.errors import EngineMissing


def need(module: str, purpose: str) -> Any:
    """
    Import a library that only part of the workbench needs.

    Parameters
    ----------
    module
        Its name, such as "scipy.special".
    purpose
        What cannot be done without it, as the beginning of a sentence.

    Raises
    ------
    EngineMissing
        It is not installed, or cannot be imported here.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        extra = "dask" if module.startswith(("dask", "distributed")) else "models"
        package = module.partition(".")[0]
        missing = error.name is not None and error.name.partition(".")[0] == package
        why = "which is not installed" if missing else f"which cannot be imported here ({error})"
        raise EngineMissing(
            f"{purpose} needs the Python package '{package}', {why}: pip install 'lived-workbench[{extra}]'."
        ) from error
