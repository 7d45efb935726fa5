"""What this machine has for the workbench, and what to do about what it lacks."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from workbench import __version__
from workbench._text import Text

PACKAGES = {
    "base": ("polars", "narwhals", "numpy", "pydantic", "fsspec"),
    "dask": ("dask", "distributed", "pyarrow"),
    "spark": ("pyspark", "pandas", "pyarrow", "grpcio"),
    "brief": ("jinja2", "matplotlib", "typst", "python-docx", "pypdf"),
    "lab": ("jupyterlab", "nbclient"),
    "models": ("networkx", "simpy", "statsmodels"),
    "water": ("wntr",),
}
WORDS = {
    "ready": Text("ready", "可用"),
    "missing": Text("missing", "缺少"),
    "engine": Text("Engines", "计算引擎"),
    "packages": Text("Packages", "软件包"),
    "machine": Text("Machine", "本机"),
    "memory": Text("memory", "内存"),
    "cores": Text("cores", "核"),
    "fonts": Text("Chinese fonts", "中文字体"),
    "nofonts": Text(
        "none found: pages use the reader's fonts; for Chinese PDF and Word files install fonts-noto-cjk, "
        "or pip install 'lived-workbench[fonts]'",
        "未找到：网页使用读者的字体；如需生成中文PDF与Word文件，请安装 fonts-noto-cjk，"
        "或执行 pip install 'lived-workbench[fonts]'",
    ),
}


@dataclass(frozen=True)
class Health:
    """What was found."""

    engines: Mapping[str, str | None]
    packages: Mapping[str, Mapping[str, str | None]]
    java: Mapping[str, Any]
    machine: Mapping[str, Any]
    fonts: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The findings as JSON holds them."""
        engines = {
            name: {"ready": problem is None, "problem": problem} for name, problem in self.engines.items()
        }
        return {
            "version": __version__,
            "engines": engines,
            "packages": {use: dict(found) for use, found in self.packages.items()},
            "java": dict(self.java),
            "machine": dict(self.machine),
            "fonts": list(self.fonts),
        }

    def as_text(self, lang: str = "en") -> str:
        """The findings for a terminal."""
        w = {key: text.in_(lang) for key, text in WORDS.items()}
        lines = [f"workbench {__version__}", "", w["engine"]]
        lines += [
            f"  {name:<8} {w['ready'] if problem is None else problem}"
            for name, problem in self.engines.items()
        ]
        java = f"Java {self.java['version']} ({self.java['path']})" if self.java["version"] else w["missing"]
        lines += [f"  {'java':<8} {java}", "", w["packages"]]
        for use, found in self.packages.items():
            shown = ", ".join(f"{name} {version or w['missing']}" for name, version in found.items())
            lacking = any(version is None for version in found.values())
            remedy = f"  (pip install 'lived-workbench[{use}]')" if lacking and use != "base" else ""
            lines.append(f"  {use:<8} {shown}{remedy}")
        has = self.machine
        memory = f"{has['memory_gib']:.1f} GiB {w['memory']}" if has["memory_gib"] else ""
        machine = has["system"], f"Python {has['python']}", f"{has['cores']} {w['cores']}", memory
        lines += [
            "",
            w["machine"],
            f"  {', '.join(each for each in machine if each)}",
        ]
        lines += ["", w["fonts"], f"  {', '.join(self.fonts[:5]) or w['nofonts']}"]
        return "\n".join(lines) + "\n"


def examine() -> Health:
    """Look at engines, packages, Java, memory and fonts; nothing is started but `java -version`."""
    from workbench.briefs.fonts import cjk_fonts
    from workbench.data.java import java_path, java_problem, java_version

    packages = {use: {name: _version(name) for name in names} for use, names in PACKAGES.items()}
    path = java_path()
    return Health(
        engines={
            "polars": None,
            "dask": _lacking(packages["dask"], "dask"),
            "spark": _lacking(packages["spark"], "spark") or java_problem(),
        },
        packages=packages,
        java={"path": path, "version": java_version(path) if path else None, "problem": java_problem()},
        machine={
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "memory_gib": _memory(),
        },
        fonts=tuple(cjk_fonts()),
    )


def cores_and_memory() -> tuple[int | None, float | None]:
    """Count the cores of this machine, and its memory in GiB; None for what cannot be told."""
    return os.cpu_count(), _memory()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _lacking(found: Mapping[str, str | None], use: str) -> str | None:
    missing = [name for name, version in found.items() if version is None]
    return f"needs {', '.join(missing)}: pip install 'lived-workbench[{use}]'" if missing else None


def _memory() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError, AttributeError):
        return None
