"""The picture of a network: drawn to scale, cut parts dashed, classes told, nothing outside the frame."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.briefs import BadBrief, figures
from workbench.briefs.scope import answer_alone

SVG = "{http://www.w3.org/2000/svg}"
Boxes = Callable[[str], list[tuple[str, float, float, float, float]]]
Edge = tuple[float, float, float, float]
SQUARE: list[Edge] = [(0, 0, 900, 0), (900, 0, 900, 600), (900, 600, 0, 600), (0, 600, 0, 0)]
GREY, ALARM, INK = "#aab1b9", "#d55e00", "#1b1f24"
LONG = "Flow through the trunk mains of the northern pressure district in the busiest hour of the year"
CHINESE = "供水管网各管段在最高日最高时的流量（千克每秒），虚线为失去水源的管段"


def square(flows: list[float | None], **more: object) -> str:
    return figures.network(SQUARE, flows, label="Flow (kg/s)", **more)  # type: ignore[arg-type]


def full(label: str = LONG, name: str = "source") -> str:
    """A picture with everything that can be in it."""
    return square(
        [120.0, 45.0, None, 0.0],
        cut=[False, False, True, False],
        cut_label=f"cut off {name}",
        plain_label=f"other networks {name}",
        places={name: [(0, 0)], f"tank {name}": [(900, 600), (450, 600)]},
        marks=[(0, 600), (900, 0), (450, 0)],
        marks_label=f"asset by rank {name}",
    )


def paths(svg: str) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
    """Style and corners of each path."""
    found = []
    for node in ElementTree.fromstring(svg).iter(f"{SVG}path"):
        style = dict(part.split(": ", 1) for part in node.attrib.get("style", "").split("; ") if part)
        numbers = [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", node.attrib["d"])]
        found.append((style, list(zip(numbers[::2], numbers[1::2], strict=False))))
    return found


def drawn_edges(svg: str) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
    """Paths of the network itself, one for each look; their ends are round."""
    return [one for one in paths(svg) if one[0].get("stroke-linecap") == "round"]


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def classes(svg: str) -> list[tuple[float, float]]:
    """Classes of the legend, from and to."""
    told = [re.fullmatch(r"([\d,.]+)–([\d,.]+)", one) for one in texts(svg)]
    return [(float(one[1].replace(",", "")), float(one[2].replace(",", ""))) for one in told if one]


def frame(svg: str) -> tuple[float, float]:
    _, _, width, height = map(float, ElementTree.fromstring(svg).attrib["viewBox"].split())
    return width, height


# --- the same everywhere ----------------------------------------------------------------------


def test_the_same_bytes_twice() -> None:
    assert full() == full()


def test_the_same_bytes_in_another_process() -> None:
    code = (
        "import sys; from workbench.briefs import figures;"
        "sys.stdout.write(figures.network([(0, 0, 9, 4), (9, 4, 2, 7)], [3, None], label='流量',"
        " places={'源': [(0, 0)], 'b': [(9, 4)]}, marks=[(2, 7)], marks_label='x'))"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    runs = [
        subprocess.run(command, capture_output=True, check=True, env={"PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    ]
    places = {"源": [(0.0, 0.0)], "b": [(9.0, 4.0)]}
    here = figures.network(
        [(0, 0, 9, 4), (9, 4, 2, 7)], [3, None], label="流量", places=places, marks=[(2, 7)], marks_label="x"
    )
    assert {run.stdout for run in runs} == {here.encode()}


def test_well_formed_and_alone() -> None:
    svg = full()
    assert ElementTree.fromstring(svg).tag == f"{SVG}svg"
    assert "<metadata" not in svg
    assert not re.search(r"(?:href|src)=\"(?!#)", svg)
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))


def test_blank_where_only_the_answer_is_wanted() -> None:
    with answer_alone():
        assert texts(square([1.0, 1.0, 1.0, 1.0])) == []


# --- what is drawn ----------------------------------------------------------------------------


def test_lengths_are_to_scale() -> None:
    ((_, corners),) = drawn_edges(square([1.0, 1.0, 1.0, 1.0]))
    lengths = sorted(math.dist(*corners[at : at + 2]) for at in range(0, 8, 2))
    assert lengths[2] / lengths[0] == pytest.approx(900 / 600, rel=1e-3)
    assert lengths[0] == pytest.approx(lengths[1])
    assert lengths[2] == pytest.approx(lengths[3])


@pytest.mark.parametrize(("unit_m", "most"), [(1.0, 200), (0.001, 0.2), (1000.0, 200_000)])
def test_the_scale_bar_is_as_long_as_it_says(unit_m: float, most: float) -> None:
    """The long side is 900 units, so the bar is as long in points as its text says."""
    svg = square([1.0, 1.0, 1.0, 1.0], unit_m=unit_m)
    ((_, corners),) = drawn_edges(svg)
    side = max(math.dist(*corners[at : at + 2]) for at in range(0, 8, 2))
    (bar,) = [ends for style, ends in paths(svg) if style.get("stroke") == INK and "1.4" in style.values()]
    (said,) = [one for one in texts(svg) if re.fullmatch(r"[\d,.]+ k?m", one)]
    value, unit = said.replace(",", "").split()
    metres = float(value) * {"m": 1, "km": 1000}[unit]
    assert metres == pytest.approx(most)
    assert math.dist(*bar) == pytest.approx(side * metres / (900 * unit_m), rel=1e-3)


def test_marks_are_numbered_in_order_at_their_places(boxes: Boxes) -> None:
    svg = square([1.0] * 4, marks=[(900, 600), (0, 0), (450, 0)], marks_label="asset")
    numbered = [one for one in boxes(svg) if one[0] in {"1", "2", "3"}]
    assert [one[0] for one in numbered] == ["1", "2", "3", "1"]  # the last stands in the legend
    first, second, third = [((one[1] + one[3]) / 2, (one[2] + one[4]) / 2) for one in numbered[:3]]
    assert first[0] > third[0] > second[0]
    assert third[0] - second[0] == pytest.approx(first[0] - third[0], abs=0.2)
    assert second[1] == pytest.approx(third[1])
    assert first[1] < second[1]  # down is more in SVG
    assert (first[0] - second[0]) / (second[1] - first[1]) == pytest.approx(900 / 600, rel=1e-3)
    assert "asset" in texts(svg)


def test_without_marks_their_label_is_left_out() -> None:
    assert "asset" not in texts(square([1.0] * 4, marks_label="asset"))


def test_what_is_cut_is_dashed_whatever_it_carries() -> None:
    svg = square([1000.0, 1.0, 1.0, 1.0], cut=[True, False, False, False], cut_label="cut off")
    (cut,) = [one for one in drawn_edges(svg) if one[0]["stroke"] == ALARM]
    assert "stroke-dasharray" in cut[0]
    assert len(cut[1]) == 2
    assert "cut off" in texts(svg)
    assert classes(svg)[-1][1] == 1  # what is cut carries nothing, so it makes no class
    whole = square([1000.0, 1.0, 1.0, 1.0], cut=[False] * 4, cut_label="cut off")
    assert "cut off" not in texts(whole)
    assert "stroke-dasharray" not in whole


def test_unknown_flows_and_flows_of_nothing_are_thin_and_grey() -> None:
    svg = square([5.0, None, math.nan, 0.0], plain_label="others")
    (grey,) = [one for one in drawn_edges(svg) if one[0]["stroke"] == GREY]
    assert len(grey[1]) == 6
    assert "others" in texts(svg)


def test_no_flow_at_all_is_drawn_without_classes() -> None:
    svg = square([None, None, 0.0, 0.0])
    assert classes(svg) == []
    assert [style["stroke"] for style, _ in drawn_edges(svg)] == [GREY]


def test_the_more_flows_the_wider_and_darker() -> None:
    svg = figures.network([(0, at, 9, at) for at in range(5)], [10, 30, 50, 70, 100], label="Flow (MW)")
    assert classes(svg) == [(0, 20), (20, 40), (40, 60), (60, 80), (80, 100)]
    by_height = sorted(drawn_edges(svg), key=lambda one: -one[1][0][1])
    widths = [float(style["stroke-width"]) for style, _ in by_height]
    assert all(less < more for less, more in pairwise(widths))
    light = [sum(bytes.fromhex(style["stroke"][1:])) for style, _ in by_height]
    assert all(less > more for less, more in pairwise(light))


def test_a_flow_at_the_end_of_a_class_is_in_it() -> None:
    ends = [(0.0, float(at), 9.0, float(at)) for at in range(4)]
    svg = figures.network(ends, [20, 20.1, 40, 100], label="Flow")
    widths = {style["stroke-width"]: len(corners) // 2 for style, corners in drawn_edges(svg)}
    assert sorted(widths.values()) == [1, 1, 2]  # 20; 20.1 with 40; 100


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1e9)), min_size=4, max_size=4))
def test_classes_hold_every_flow(flows: list[float | None]) -> None:
    told = classes(square(list(flows)))
    most = max((one for one in flows if one is not None), default=0.0)
    assert len(told) <= 5
    if most > 1e-5:  # below, six decimals say no more
        assert told[0][0] == 0
        assert all(one[1] == other[0] for one, other in pairwise(told))
        assert told[-1][1] >= most * (1 - 1e-6)


def test_each_kind_of_place_has_a_shape_of_its_own() -> None:
    places = {name: [(float(at), 0.0)] for at, name in enumerate(["source", "tank", "pump", "gate"])}
    svg = square([1.0] * 4, places=places)
    shapes = re.findall(r'<use xlink:href="#(\w+)"', svg)
    assert len(shapes) == 8  # each on the map and in the legend
    assert len(set(shapes)) == 4
    assert {*places} <= {*texts(svg)}


# --- inside the frame -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["source", "x" * 200, CHINESE, '$x^2$ <b> & "q"'])
def test_texts_stay_inside_and_apart(name: str, boxes: Boxes) -> None:
    svg = full(name=name)
    width, height = frame(svg)
    placed = boxes(svg)
    for text, left, top, right, bottom in placed:
        assert left >= -1, text
        assert right <= width + 1, text
        assert top >= -1, text
        assert bottom <= height + 1, text
    words = [one for one in placed if not one[0].isdigit()]  # numbers stand where their assets are
    for one, other in combinations(words, 2):
        apart = one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] or other[4] <= one[2]
        assert apart, (one, other)


def test_chinese_stays_text() -> None:
    svg = square([1.0] * 4, cut=[True, False, False, False], cut_label="停水管段", places={"水厂": [(0, 0)]})
    assert {"停水管段", "水厂"} <= {*texts(svg)}


def test_a_long_label_is_broken_into_lines() -> None:
    svg = figures.network(SQUARE, [1.0] * 4, label=CHINESE * 2)
    assert "".join(texts(svg)).startswith(texts(svg)[0])
    lines = [one for one in texts(svg) if one and one[0] in CHINESE]
    assert len(lines) == 2
    assert (CHINESE * 2).startswith("".join(lines).removesuffix("…"))


places = st.floats(-1e7, 1e7).map(lambda one: round(one, 2))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(places, places, places, places), min_size=1, max_size=8),
    st.lists(st.tuples(places, places), max_size=12),
    st.floats(40, 600),
)
def test_nothing_is_drawn_outside(edges: list[Edge], marks: list[tuple[float, float]], tall: float) -> None:
    across = [x for edge in edges for x in edge[::2]] + [x for x, _ in marks]
    along = [y for edge in edges for y in edge[1::2]] + [y for _, y in marks]
    if max(max(across) - min(across), max(along) - min(along)) < 1:
        edges = [*edges, (0.0, 0.0, 100.0, 100.0)]  # a city is larger than a metre
    svg = figures.network(
        edges, [1.0] * len(edges), label="Flow", marks=marks, marks_label="asset", height=tall
    )
    width, height = frame(svg)
    for _, corners in paths(svg):
        for x, y in corners:
            assert -1 <= x <= width + 1
            assert -1 <= y <= height + 1


@pytest.mark.parametrize("edges", [[(0, 0, 900, 0)], [(5, 0, 5, 70)], [(3, 3, 3, 3), (0, 0, 9, 9)]])
def test_a_straight_line_is_a_picture_too(edges: list[Edge]) -> None:
    svg = figures.network(edges, [1.0] * len(edges), label="Flow")
    width, height = frame(svg)
    assert height < 2 * width
    assert drawn_edges(svg)


def test_a_city_of_20_000_edges_stays_small() -> None:
    side = 100
    east = [(x * 50.0, y * 50.0, x * 50.0 + 50, y * 50.0) for x in range(side) for y in range(side)]
    north = [(x * 50.0, y * 50.0, x * 50.0, y * 50.0 + 50) for x in range(side) for y in range(side)]
    flows = [float(at % 97) for at in range(2 * side * side)]
    svg = figures.network([*east, *north], flows, label="Flow", cut=[at % 50 == 0 for at in range(20_000)])
    assert len(svg.encode()) < 2_000_000
    assert sum(len(corners) // 2 for _, corners in drawn_edges(svg)) == 20_000


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edges", "flows", "more", "said"),
    [
        ([], [], {}, "there is no edge"),
        (SQUARE, [1.0], {}, "4 edges, 1 flows"),
        (SQUARE, [1.0] * 4, {"cut": [True]}, "1 cut"),
        ([(0, 0, math.nan, 1)], [1.0], {}, "coordinate is not a finite"),
        ([(0, 0, math.inf, 1)], [1.0], {}, "coordinate is not a finite"),
        (SQUARE, [1.0] * 4, {"marks": [(math.nan, 0)]}, "coordinate is not a finite"),
        (SQUARE, [1.0] * 4, {"places": {"tank": [(0, math.nan)]}}, "coordinate is not a finite"),
        (SQUARE, [1.0, -0.5, 1.0, 1.0], {}, "flow is negative"),
        (SQUARE, [1.0, math.inf, 1.0, 1.0], {}, "flow is negative or infinite"),
        (SQUARE, [1.0] * 4, {"unit_m": 0.0}, "unit_m is 0"),
        (SQUARE, [1.0] * 4, {"unit_m": math.nan}, "unit_m is nan"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    edges: list[Edge], flows: list[float], more: dict[str, object], said: str
) -> None:
    with pytest.raises(BadBrief, match=said) as refused:
        figures.network(edges, flows, label="Flow", **more)  # type: ignore[arg-type]
    assert str(refused.value).startswith("network: ")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(BadBrief, match=r"coordinate.*flow.*unit_m"):
        figures.network([(0, 0, math.nan, 1)], [-1.0], label="Flow", unit_m=-1.0)
