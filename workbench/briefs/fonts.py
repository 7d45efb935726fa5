"""
Which Chinese fonts this machine has, found by the names of font files.

First those of the system, then the one that the `fonts` extra brings; it is used by its path and never
imported, for its package sets itself up as the font of every plot.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

# Beginnings of file names, lower case without separators, and the family they belong to.
FAMILIES = {
    "notosanscjk": "Noto Sans CJK",
    "notoserifcjk": "Noto Serif CJK",
    "notosanssc": "Noto Sans SC",
    "notoserifsc": "Noto Serif SC",
    "notosansmonocjk": "Noto Sans Mono CJK",
    "sourcehansans": "Source Han Sans",
    "sourcehanserif": "Source Han Serif",
    "pingfang": "PingFang SC",
    "hiraginosansgb": "Hiragino Sans GB",
    "stheiti": "STHeiti",
    "songti": "Songti SC",
    "msyh": "Microsoft YaHei",
    "simhei": "SimHei",
    "simsun": "SimSun",
    "wqymicrohei": "WenQuanYi Micro Hei",
    "wqyzenhei": "WenQuanYi Zen Hei",
    "droidsansfallback": "Droid Sans Fallback",
    "arialuni": "Arial Unicode MS",
    "uming": "AR PL UMing",
    "ukai": "AR PL UKai",
    "lxgwwenkai": "LXGW WenKai",
    "harmonyossanssc": "HarmonyOS Sans SC",
}
SUFFIXES = {".ttf", ".otf", ".ttc", ".otc"}
PACKAGE = "notojp_matplotlib"
REMEDY = (
    "install one of the system (on Debian and Ubuntu: `apt install fonts-noto-cjk`) or run "
    "`pip install 'lived-workbench[fonts]'`"
)


def cjk_fonts(folders: Iterable[str | Path] | None = None) -> list[str]:
    """
    Find the Chinese fonts of this machine.

    Parameters
    ----------
    folders
        Where to look; by default the font folders of the system and of the user.

    Returns
    -------
    families
        Names of the families found, sorted; empty where Chinese text would be drawn as boxes.
    """
    return sorted({family for _, family in _found(folders)})


def cjk_files(folders: Iterable[str | Path] | None = None) -> list[Path]:
    """Find the files of the Chinese fonts of this machine, as `cjk_fonts` does."""
    return [path for path, _ in _found(folders)]


def _found(folders: Iterable[str | Path] | None) -> Iterator[tuple[Path, str]]:
    for path in _files([*_system_folders(), *_packaged()] if folders is None else map(Path, folders)):
        plain = re.sub(r"[^a-z0-9]", "", path.name.lower())
        family = next((family for start, family in FAMILIES.items() if plain.startswith(start)), None)
        if family is not None:
            yield path, family


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted(_walk(folder)):
            if path.suffix.lower() in SUFFIXES:
                yield path


def _walk(folder: Path, depth: int = 6) -> Iterator[Path]:
    """Yield the files under a folder, passing over what may not be read."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        try:
            inside = entry.is_dir()
        except OSError:
            continue
        if not inside:
            yield entry
        elif depth:
            yield from _walk(entry, depth - 1)


def _system_folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        return [Path(r"C:\Windows\Fonts"), home / r"AppData\Local\Microsoft\Windows\Fonts"]
    if sys.platform == "darwin":
        return [
            Path("/System/Library/Fonts"),
            Path("/System/Library/AssetsV2"),
            Path("/Library/Fonts"),
            home / "Library/Fonts",
        ]
    return [
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
    ]


def _packaged() -> list[Path]:
    """Where the font of the `fonts` extra lies."""
    found = find_spec(PACKAGE)
    return [Path(place) for place in (found.submodule_search_locations or ())] if found else []
