"""Chinese fonts are found by the names of their files."""

from __future__ import annotations

from pathlib import Path

from workbench.briefs.fonts import cjk_fonts


def test_find_by_name(tmp_path: Path) -> None:
    deep = tmp_path / "opentype" / "noto"
    deep.mkdir(parents=True)
    for name in (
        "NotoSansCJK-Regular.ttc",
        "NotoSansCJK-Bold.ttc",
        "DejaVuSans.ttf",
        "msyh.ttc",
        "simhei.txt",
    ):
        (deep / name).touch()
    assert cjk_fonts([tmp_path]) == ["Microsoft YaHei", "Noto Sans CJK"]


def test_nothing_there(tmp_path: Path) -> None:
    assert cjk_fonts([tmp_path, tmp_path / "none"]) == []


def test_this_machine() -> None:
    assert cjk_fonts() == sorted(set(cjk_fonts()))
