"""The reference layout against the table it was drawn from, the one mirror, scaling, and what a layout may not be."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insole.errors import LayoutError
from insole.layout import REGIONS, Layout, inside, layout_from_dict, named_layout, reference_layout

#: id, x, y, A_trib, regions with weights: the table of the method, size EU 42
TABLE = (
    ("HP", 0, 16, 982, {"HM": 0.5, "HL": 0.5}), ("HM", 16, 38, 1043, {"HM": 1}), ("HL", -16, 38, 1050, {"HL": 1}),
    ("HC", 0, 62, 1408, {"HM": 0.5, "HL": 0.5}), ("LP", -21, 90, 1266, {"ML": 1}), ("LD", -28, 128, 1193, {"ML": 1}),
    ("MD", 13, 110, 1438, {"MM": 1}), ("CD", 0, 146, 1872, {"MM": 0.5, "ML": 0.5}), ("M1", 33, 192, 1322, {"M1": 1}),
    ("M2", 13, 203, 982, {"M2": 1}), ("M3", -7, 200, 841, {"M3": 1}), ("M4", -25, 189, 1012, {"M4": 1}),
    ("M5", -36, 170, 952, {"M5": 1}), ("T1", 27, 244, 1168, {"T1": 1}), ("T23", 3, 249, 1171, {"T25": 1}),
    ("T45", -17, 232, 1107, {"T25": 1}),
)  # fmt: skip


def small(**changes: Any) -> dict[str, Any]:
    """A layout of three sensors in a square outline."""
    data: dict[str, Any] = {
        "schema": "insole-layout/1", "name": "square", "frame": "medial_positive", "length_mm": 100, "width_mm": 100,
        "outline_mm": [[-50, 0], [50, 0], [50, 100], [-50, 100]],
        "sensors": [
            {"id": "A", "channel": 2, "x_mm": -30, "y_mm": 20, "area_mm2": 126.7, "trib_area_mm2": 900, "region": "HL"},
            {"id": "B", "channel": 0, "x_mm": 30, "y_mm": 20, "area_mm2": 126.7, "trib_area_mm2": 800, "region": "HM"},
            {"id": "C", "channel": 1, "x_mm": 10, "y_mm": 80, "area_mm2": 126.7, "trib_area_mm2": 700,
             "region": {"T1": 0.25, "T25": 0.75}},
        ],
    }  # fmt: skip
    return {**data, **changes}


def sensor(row: int, **changes: Any) -> dict[str, Any]:
    """The small layout with one sensor changed."""
    data = small()
    data["sensors"][row].update(changes)
    return data


def same(one: Layout, other: Layout) -> bool:
    return json.dumps(one.as_dict()) == json.dumps(other.as_dict())


def test_the_reference_layout_is_the_table() -> None:
    layout = reference_layout()
    assert layout.name == "ref16-EU42"
    assert layout.ids == tuple(row[0] for row in TABLE)
    assert layout.x_mm.tolist() == [row[1] for row in TABLE]
    assert layout.y_mm.tolist() == [row[2] for row in TABLE]
    assert layout.trib_area_mm2.tolist() == [row[3] for row in TABLE]
    assert layout.channel.tolist() == list(range(16))
    assert np.all(layout.area_mm2 == 126.7)
    for row, (_, _, _, _, regions) in enumerate(TABLE):
        assert {r: w for r, w in zip(REGIONS, layout.region_weight[row], strict=True) if w} == regions
    assert (layout.length_mm, layout.width_mm, layout.ff_width_mm) == (275, 96, 90.435294)


def test_its_areas_and_widths_follow_from_its_outline() -> None:
    layout = reference_layout()
    x, y = layout.outline_mm.T
    assert abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2 == 18805
    # Tributary area: the outline nearer to this sensor than to any other, on the method's grid of 0.25 mm.
    gx, gy = np.meshgrid(np.arange(-50, 50, 0.25) + 0.125, np.arange(0, 276, 0.25) + 0.125)
    points = np.column_stack((gx.ravel(), gy.ravel()))
    within = np.zeros(len(points), dtype=bool)
    for (xa, ya), (xb, yb) in zip(layout.outline_mm, np.roll(layout.outline_mm, -1, axis=0), strict=True):
        if ya != yb:
            crosses = (ya > points[:, 1]) != (yb > points[:, 1])
            within ^= crosses & (points[:, 0] < xa + (points[:, 1] - ya) / (yb - ya) * (xb - xa))
    nearest = np.argmin(
        [np.hypot(points[within, 0] - sx, points[within, 1] - sy) for _, sx, sy, _, _ in TABLE], axis=0
    )
    assert np.bincount(nearest, minlength=16) / 16 == pytest.approx([row[3] for row in TABLE], abs=1.0)
    # Forefoot width: across the outline at two thirds of the length, medial edge 42..47, lateral edge -48..-46.
    at = 2 * 275 / 3
    medial, lateral = 42 + (at - 178) / (195 - 178) * 5, -46 - (192 - at) / (192 - 172) * 2
    assert layout.ff_width_mm == pytest.approx(medial - lateral, abs=1e-6)


def test_sensor_bodies_keep_their_distance() -> None:
    layout = reference_layout()
    gap = np.hypot(layout.x_mm[:, None] - layout.x_mm, layout.y_mm[:, None] - layout.y_mm)
    assert round(float(gap[gap > 0].min()), 1) == 20.2


def test_a_size_scales_places_and_tributary_areas_but_not_the_sensor() -> None:
    layout, base = reference_layout(44.0), reference_layout()
    length = 275 + 2 * 20 / 3
    assert layout.name == "ref16-EU44"
    assert layout.length_mm == pytest.approx(length)
    assert layout.width_mm == pytest.approx(96 * length / 275)
    assert layout.ff_width_mm == pytest.approx(0.942034 * 96 * length / 275, rel=1e-6)
    assert layout.x_mm == pytest.approx(base.x_mm * length / 275)
    assert layout.y_mm == pytest.approx(base.y_mm * length / 275)
    assert layout.trib_area_mm2 == pytest.approx(base.trib_area_mm2 * (length / 275) ** 2)
    assert np.array_equal(layout.area_mm2, base.area_mm2)
    measured = reference_layout(44.0, 100.0)
    assert measured.width_mm == 100.0
    assert measured.x_mm == pytest.approx(base.x_mm * 100 / 96)
    assert measured.y_mm == pytest.approx(layout.y_mm)
    assert measured.trib_area_mm2 == pytest.approx(base.trib_area_mm2 * (100 / 96) * (length / 275))


@pytest.mark.parametrize("size", [19.0, 61.0, float("nan")])
def test_sizes_that_are_none_are_refused(size: float) -> None:
    with pytest.raises(LayoutError, match="size"):
        reference_layout(size)


def test_a_named_layout_is_the_scaled_one() -> None:
    assert same(named_layout("ref16-EU44"), reference_layout(44.0))
    assert same(named_layout("ref16-EU42.5"), reference_layout(42.5))


@pytest.mark.parametrize("name", ["", "ref16", "ref16-EU", "ref16-EU42 ", "ref16-EU42\n", "ref99-EU42", "ref16-EU99"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(LayoutError):
        named_layout(name)


def test_right_positive_is_medial_on_the_left_foot_and_mirrored_on_the_right() -> None:
    drawn = small(frame="right_positive")
    left, right = layout_from_dict(drawn, "left"), layout_from_dict(drawn, "right")
    assert left.x_mm.tolist() == [-30, 30, 10]
    assert right.x_mm.tolist() == [30, -30, -10]
    assert left.y_mm.tolist() == right.y_mm.tolist() == [20, 20, 80]
    assert right.outline_mm.tolist() == [[50, 0], [-50, 0], [-50, 100], [50, 100]]


@pytest.mark.parametrize("side", ["left", "right", "both"])
def test_medial_positive_is_never_mirrored(side: str) -> None:
    assert layout_from_dict(small(), side).x_mm.tolist() == [-30, 30, 10]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-40, 40), min_size=3, max_size=3), st.sampled_from(["left", "right"]))
def test_mirror_twice_is_identity(x: list[float], side: str) -> None:
    drawn = small(frame="right_positive", outline_mm=[])
    for row, value in zip(drawn["sensors"], x, strict=True):
        row["x_mm"] = value
    once = layout_from_dict(drawn, side)
    again = copy.deepcopy(drawn)
    for row, value in zip(again["sensors"], once.x_mm, strict=True):
        row["x_mm"] = float(value)
    assert layout_from_dict(again, side).x_mm.tolist() == x


def test_what_is_written_is_what_is_read() -> None:
    for layout in (layout_from_dict(small(), "left"), layout_from_dict(small(frame="right_positive"), "right"),
                   reference_layout(39.5)):  # fmt: skip
        through_json = json.loads(json.dumps(layout.as_dict(), allow_nan=False))
        for side in ("left", "right"):
            assert same(layout_from_dict(through_json, side), layout)


def test_channels_and_region_maps_are_kept() -> None:
    layout = layout_from_dict(small(), "left")
    assert layout.channel.tolist() == [2, 0, 1]
    assert layout.region_weight[2, REGIONS.index("T1")] == 0.25
    assert layout.region_weight[2, REGIONS.index("T25")] == 0.75
    assert layout.region_weight.sum(axis=1).tolist() == [1, 1, 1]
    assert layout.index_of("C") == 2
    with pytest.raises(LayoutError, match="'Z'"):
        layout.index_of("Z")


def test_places_areas_and_regions_may_be_unknown() -> None:
    bare = small(outline_mm=[], length_mm=None, sensors=[{"id": "S1"}, {"id": "S2", "x_mm": None}])
    layout = layout_from_dict(bare, "left")
    assert not layout.has_positions
    assert layout.channel.tolist() == [0, 1]
    assert layout.length_mm is None
    assert np.all(np.isnan([layout.x_mm, layout.y_mm, layout.area_mm2, layout.trib_area_mm2]))
    assert not layout.region_weight.any()


def test_arbitrary_units_know_no_spacing_and_no_outline_check() -> None:
    close = small(units="arbitrary")
    close["sensors"][0].update(x_mm=30.0, y_mm=21.0)
    close["sensors"][2].update(x_mm=900.0)
    assert layout_from_dict(close, "left").units == "arbitrary"


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ([1, 2], "object"),
        (small(schema="insole-layout/2"), "schema"),
        (small(name=""), "name"),
        (small(name=7), "name"),
        (small(frame="left_positive"), "frame"),
        (small(units="inch"), "units"),
        (small(sensors=[]), "sensors"),
        (small(sensors="ABC"), "sensors"),
        (small(sensors=[7]), r"sensors\[0\]"),
        (small(sensors=[{"id": f"S{i}"} for i in range(2049)]), "sensors"),
        (small(length_mm=-1), "length_mm"),
        (small(width_mm=float("nan")), "width_mm"),
        (small(ff_width_mm=True), "ff_width_mm"),
        (small(length_mm=10**400), "length_mm"),
        (small(outline_mm=[[0, 0], [1, 1]]), "outline_mm"),
        (small(outline_mm=[[0, 0], [1, 1], [2]]), "outline_mm"),
        (small(outline_mm=["ab", "cd", "ef"]), "outline_mm"),
        (small(outline_mm=None), "outline_mm"),
        (sensor(1, id="A"), "id"),
        (sensor(1, id=""), r"sensors\[1\].id"),
        (sensor(1, id="heel / medial"), r"sensors\[1\].id"),
        (sensor(1, channel=2), "channel"),
        (sensor(1, channel=3), "channel"),
        (sensor(1, channel=-1), r"sensors\[1\].channel"),
        (sensor(1, channel=0.0), r"sensors\[1\].channel"),
        (sensor(1, channel=10**30), r"sensors\[1\].channel"),
        (sensor(1, x_mm="left"), r"sensors\[1\].x_mm"),
        (sensor(1, area_mm2=0), r"sensors\[1\].area_mm2"),
        (sensor(1, trib_area_mm2=-5), r"sensors\[1\].trib_area_mm2"),
        (sensor(1, region="XX"), r"sensors\[1\].region"),
        (sensor(1, region=["HM"]), r"sensors\[1\].region"),
        (sensor(1, region={"HM": 0.5, "HL": 0.4}), "region"),
        (sensor(1, region={"HM": 1.5, "HL": -0.5}), "region"),
        (sensor(1, x_mm=51.0), "B lies outside"),
        (sensor(1, x_mm=-30 + 18.2), "A and B are 18.2 mm apart"),
    ],
)
def test_what_can_be_no_layout_is_refused_by_name(data: Any, named: str) -> None:
    with pytest.raises(LayoutError, match=named) as caught:
        layout_from_dict(data, "left")
    assert "\n" not in str(caught.value)


def test_inside_knows_a_hollow() -> None:
    hollow = np.array([[0.0, 0.0], [10, 0], [10, 10], [5, 2], [0, 10]])
    assert inside(hollow, 1.0, 5.0)
    assert inside(hollow, 9.0, 5.0)
    assert not inside(hollow, 5.0, 5.0)
    assert not inside(hollow, -1.0, 5.0)
    assert not inside(hollow, 5.0, 11.0)
