"""Find the Java that Spark would start, and say in one sentence what is wrong with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

LEAST = 17
REMEDY = (
    "install Java 17 or newer (Debian: apt install openjdk-17-jre-headless; conda: openjdk) and set "
    "JAVA_HOME, or use --engine polars or dask"
)


def java_path() -> str | None:
    """The `java` that Spark would start: under JAVA_HOME first, then on the PATH."""
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else shutil.which("java")


@cache
def java_version(path: str) -> int | None:
    """Feature version of a `java` (8, 11, 17, ...), None where it does not run."""
    try:
        out = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)(?:\.(\d+))?', out.stderr + out.stdout)
    if out.returncode or not found:
        return None
    return int(found[2] or 0) if found[1] == "1" else int(found[1])


def java_problem() -> str | None:
    """What keeps Spark from starting, with the remedy, in one sentence; None where nothing does."""
    path = java_path()
    if path is None:
        return f"Engine 'spark' needs Java, and none was found: {REMEDY}."
    version = java_version(path)
    if version is None:
        home = " (JAVA_HOME points there)" if os.environ.get("JAVA_HOME") else ""
        return f"Engine 'spark' needs Java, and '{path}' does not run{home}: {REMEDY}."
    if version < LEAST:
        return f"Engine 'spark' needs Java {LEAST} or newer, and '{path}' is Java {version}: {REMEDY}."
    return None
