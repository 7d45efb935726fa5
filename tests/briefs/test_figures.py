"""Pictures: the same bytes everywhere, nothing outside the frame, no text upon text."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from xml.etree import ElementTree

import matplotlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.briefs import BadBrief, _drawing, figures
from workbench.errors import EngineMissing

CLOCK = [f"{5 + q // 4:02d}:{q % 4 * 15:02d}" for q in range(72)]
SVG = "{http://www.w3.org/2000/svg}"
Boxes = Callable[[str], list[tuple[str, float, float, float, float]]]
LONG = "Caofang via Changying and the fourth ring, southbound carriageway with both ramps"
ENDLESS = "x" * 300
CHINESE = "草房经常营至物资学院路（上行，含辅路及两侧匝道）"


def ranking(labels: list[str]) -> str:
    values = [2.0 - 0.1 * at for at in range(len(labels))]
    return figures.ranking(
        labels,
        values,
        [v - 0.1 for v in values],
        [v + 0.1 for v in values],
        xlabel="Delay (min); bars: 95% intervals",
        reference=1.5,
        reference_label="threshold",
        highlight={0, 1},
    )


def heatmap(rows: list[str], columns: list[str]) -> str:
    values = [
        [None if (x + y) % 11 == 0 else x * y / 40 for x in range(len(columns))] for y in range(len(rows))
    ]
    return figures.heatmap(
        rows,
        columns,
        values,
        label="Load (%)",
        xlabel="Time",
        ylabel="Section",
        threshold=0.6,
        threshold_label="over",
        missing_label="no data",
        percent=True,
    )


def lines(x: list[str] | list[float], names: list[str]) -> str:
    series = {name: [at + 0.1 * i for i in range(len(x))] for at, name in enumerate(names)}
    lows = {name: [v - 0.5 for v in values] for name, values in series.items()}
    highs = {name: [v + 0.5 for v in values] for name, values in series.items()}
    return figures.lines(
        x,
        series,
        xlabel="Hour",
        ylabel="Wait (min)",
        lows=lows,
        highs=highs,
        reference=1.0,
        reference_label="target",
    )


DRAWINGS = {
    "ranking": lambda: ranking(["A", LONG, CHINESE, ENDLESS, '$x^2$ <b> & "q"', ""]),
    "heatmap": lambda: heatmap([LONG, CHINESE, "C", ENDLESS], CLOCK),
    "heatmap of many rows": lambda: heatmap([f"section {at}" for at in range(150)], ["a", LONG, CHINESE]),
    "lines": lambda: lines(
        [f"{each} {CHINESE}" for each in CLOCK], ["Today", LONG, CHINESE, ENDLESS, *"efgh"]
    ),
    "lines over numbers": lambda: lines([0.5 * at for at in range(100)], ["Today"]),
}


@pytest.fixture(params=DRAWINGS, scope="module")
def drawing(request: pytest.FixtureRequest) -> str:
    return DRAWINGS[request.param]()


def test_well_formed_and_alone(drawing: str) -> None:
    root = ElementTree.fromstring(drawing)
    assert root.tag == f"{SVG}svg"
    assert not list(root.iter(f"{SVG}style"))
    assert "<metadata" not in drawing
    assert not re.search(r"(?:href|src)=\"(?!#)", drawing)


def test_text_stays_text_and_inside_the_frame(drawing: str, boxes: Boxes) -> None:
    _, _, width, height = map(float, ElementTree.fromstring(drawing).attrib["viewBox"].split())
    placed = boxes(drawing)
    assert placed
    for text, left, top, right, bottom in placed:
        assert left >= -1, text
        assert right <= width + 1, text
        assert top >= -1, text
        assert bottom <= height + 1, text


def test_no_text_lies_upon_another(drawing: str, boxes: Boxes) -> None:
    for one, other in combinations(boxes(drawing), 2):
        apart = one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] or other[4] <= one[2]
        assert apart, (one, other)


def test_ids_that_are_used_exist_once(drawing: str) -> None:
    ids = re.findall(r' id="([^"]+)"', drawing)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"(?:href=\"#|url\(#)([^\")]+)", drawing)) == set(ids)


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_same_bytes_twice(name: str) -> None:
    assert DRAWINGS[name]() == DRAWINGS[name]()


def test_the_same_bytes_in_another_process_with_another_style() -> None:
    code = (
        "import sys, matplotlib;"
        "matplotlib.rcParams.update({'font.size': 20, 'axes.grid': False, 'font.family': 'serif'});"
        "from workbench.briefs import figures;"
        "sys.stdout.write(figures.ranking(['草房', 'B'], [1, 2], [.5, 1], [2, 3], xlabel='指数'))"
    )
    out = {
        subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    here = figures.ranking(["草房", "B"], [1, 2], [0.5, 1], [2, 3], xlabel="指数")
    assert out == {here.encode()}


def test_global_state_is_left_alone() -> None:
    before = dict(matplotlib.rcParams)
    ranking(["A"])
    assert dict(matplotlib.rcParams) == before
    code = (
        "import sys; from workbench.briefs import figures; figures.ranking(['A'], [1], [0], [2], xlabel='x');"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_labels_are_not_read_as_formulas() -> None:
    assert '>$x^2$ &lt;b&gt; &amp; "q"</text>' in DRAWINGS["ranking"]()


def test_what_cannot_be_told_is_said() -> None:
    svg = figures.ranking(
        ["A", "B"], [1.0, None], [0.5, None], [1.5, None], xlabel="x", missing_label="cannot tell"
    )
    assert ">cannot tell</text>" in svg


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.ranking([], [], [], [], xlabel="x"),
        lambda: figures.ranking(["A"], [None], [None], [None], xlabel="x"),
        lambda: figures.ranking(["A", "B"], [1, 1], [1, 1], [1, 1], xlabel="x"),
        lambda: figures.heatmap([], [], [], label="x"),
        lambda: figures.heatmap(["A"], ["b"], [[None]], label="x", threshold=1.0, threshold_label="over"),
        lambda: figures.heatmap(["A"], ["b", "c"], [[2.0, 2.0]], label="x"),
        lambda: figures.lines([], {}, xlabel="x", ylabel="y"),
        lambda: figures.lines(["a", "b"], {"s": [None, None]}, xlabel="x", ylabel="y"),
    ],
)  # fmt: skip
def test_nothing_to_draw_is_drawn_as_nothing(draw: object) -> None:
    assert "<svg" in draw()  # type: ignore[operator]


def test_cells_above_the_threshold_are_marked_without_colour() -> None:
    svg = figures.heatmap(["A"], ["b", "c"], [[0.5, 1.5]], label="x", threshold=1.0, threshold_label="over")
    assert "<pattern" in svg
    assert ">over</text>" in svg
    calm = figures.heatmap(["A"], ["b", "c"], [[0.5, 0.7]], label="x", threshold=1.0)
    assert "<pattern" not in calm


def test_refuse_lists_that_differ() -> None:
    with pytest.raises(BadBrief, match="2 labels, 1 values"):
        figures.ranking(["A", "B"], [1], [1], [1], xlabel="x")
    with pytest.raises(BadBrief, match="heatmap row 'A'"):
        figures.heatmap(["A"], ["b"], [[1.0, 2.0]], label="x")
    with pytest.raises(BadBrief, match="lines 's'"):
        figures.lines([1.0], {"s": [1.0, 2.0]}, xlabel="x", ylabel="y")


def test_without_matplotlib_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(EngineMissing, match=r"needs matplotlib.*pip install 'lived-workbench\[brief\]'"):
        figures.ranking(["A"], [1], [0], [2], xlabel="x")


@settings(max_examples=200)
@given(st.text(max_size=80), st.floats(20, 300), st.integers(1, 4))
def test_wrapped_text_fits(text: str, width: float, count: int) -> None:
    wrapped = _drawing.wrap(text, width, lines=count)
    assert 1 <= len(wrapped) <= count
    assert all(_drawing.width_of(line) <= width + 1e-9 for line in wrapped)
    if not wrapped[-1].endswith("…"):
        assert "".join("".join(wrapped).split()) == "".join(text.split())


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_inside_and_distinct(low: float, width: float) -> None:
    places, printed = _drawing.ticks(low, low + width)
    assert places
    assert len(set(printed)) == len(printed)
    assert all(low - width * 1e-3 <= place <= low + width * 1.001 for place in places)


def test_the_style_can_be_used_in_a_notebook() -> None:
    style = matplotlib.rc_params_from_file(figures.STYLE, use_default_template=False)
    assert style["svg.fonttype"] == "none"
    assert style["image.cmap"] == "cividis"
    assert "Noto Sans CJK SC" in style["font.family"]
