"""The printed template, measured from the files themselves: the PDF's own operators, its raster, and the SVG."""

from __future__ import annotations

import copy
import json
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream

from insole.cli import main
from insole.drawing import pdf, svg
from insole.errors import LayoutError
from insole.layout import Layout, layout_from_dict, reference_layout
from insole.template import template

TOLERANCE_MM = 0.05  # a quarter of what is promised
POINTS_PER_MM = 72.0 / 25.4
BODY_RADIUS_MM = 9.15


# --- a ruler for PDF files, which knows nothing of how they were made ---------------------------------------------


@dataclass
class Sheet:
    """What a page of a PDF draws, in mm from its lower left corner, y up."""

    width: float
    height: float
    polygons: list[np.ndarray] = field(default_factory=list)
    lines: list[np.ndarray] = field(default_factory=list)
    circles: list[tuple[float, float, float]] = field(default_factory=list)
    texts: list[tuple[float, float, str]] = field(default_factory=list)


def measured(data: bytes) -> list[Sheet]:
    """Read every page's operators: paths, Bézier circles and texts under the transformations they stand in."""
    reader = PdfReader(BytesIO(data), strict=True)
    sheets = []
    for page in reader.pages:
        box = page.mediabox
        assert (float(box.left), float(box.bottom)) == (0.0, 0.0)
        assert page.get("/Rotate", 0) == 0
        assert float(page.get("/UserUnit", 1)) == 1.0
        sheet = Sheet(float(box.width) / POINTS_PER_MM, float(box.height) / POINTS_PER_MM)
        _interpret(sheet, ContentStream(page.get_contents(), reader).operations)
        sheets.append(sheet)
    return sheets


def _interpret(sheet: Sheet, operations: list[tuple[Any, bytes]]) -> None:
    matrix, stack = np.eye(3), []
    path: list[np.ndarray] = []
    curves = 0
    text_at = np.eye(3)

    def place(*xy: Any) -> np.ndarray:
        x, y = (float(v) for v in xy)
        return (np.array([x, y, 1.0]) @ matrix)[:2] / POINTS_PER_MM

    for operands, name in operations:
        if name == b"q":
            stack.append(matrix)
        elif name == b"Q":
            matrix = stack.pop()
        elif name == b"cm":
            a, b, c, d, e, f = (float(v) for v in operands)
            matrix = np.array([[a, b, 0.0], [c, d, 0.0], [e, f, 1.0]]) @ matrix
        elif name in (b"m", b"l"):
            path.append(place(*operands))
        elif name == b"c":
            path.append(place(*operands[4:6]))
            curves += 1
        elif name in (b"S", b"s", b"f", b"F", b"B", b"b", b"f*", b"B*", b"b*", b"n"):
            points = np.array(path)
            if curves:
                assert curves == 4, "a circle of four arcs"
                low, high = points.min(axis=0), points.max(axis=0)
                assert np.ptp(high - low) < 0.01, "a circle is as wide as it is high"
                sheet.circles.append((*(low + high) / 2.0, float(high[0] - low[0]) / 2.0))
            elif len(points) > 4:
                sheet.polygons.append(points)
            elif len(points) == 2:
                sheet.lines.append(points)
            path, curves = [], 0
        elif name == b"BT":
            text_at = np.eye(3)
        elif name == b"Td":
            text_at = np.array([[1, 0, 0], [0, 1, 0], [float(operands[0]), float(operands[1]), 1]]) @ text_at
        elif name == b"Tj":
            x, y = place(*text_at[2, :2])
            sheet.texts.append((float(x), float(y), str(operands[0])))
        else:
            assert name in {b"w", b"d", b"RG", b"rg", b"G", b"g", b"Tf", b"ET", b"J", b"j", b"h", b"gs"}, name


def both(layout: Layout) -> dict[str, Layout]:
    return {"left": layout, "right": layout}


def drawn(layout: Layout, paper: str = "a3") -> list[Sheet]:
    return measured(pdf(template(both(layout), paper), "test"))


def feet(sheet: Sheet, layout: Layout) -> list[tuple[float, np.ndarray]]:
    """(+1 left or -1 right, place of the layout's origin) of every outline, as its own points say."""
    found = []
    for polygon in sheet.polygons:
        if len(polygon) < len(layout.outline_mm):
            continue
        for sign in (1.0, -1.0):
            origin = polygon[0] - layout.outline_mm[0] * [sign, 1.0]
            apart = np.abs(polygon[: len(layout.outline_mm)] - origin - layout.outline_mm * [sign, 1.0])
            if apart.max() < TOLERANCE_MM:
                found.append((sign, origin))
    return found


def nearest(points: np.ndarray, x: float, y: float) -> tuple[int, float]:
    distance = np.hypot(points[:, 0] - x, points[:, 1] - y)
    return int(distance.argmin()), float(distance.min())


def check_sensors(sheet: Sheet, layout: Layout, sign: float, origin: np.ndarray) -> None:
    """Every sensor that lies on the sheet: body, active area, cross and number at its place."""
    for row in range(layout.n_sensels):
        x, y = origin[0] + sign * layout.x_mm[row], origin[1] + layout.y_mm[row]
        if not 0.0 <= y <= sheet.height:
            continue
        active = math.sqrt(layout.area_mm2[row] / math.pi)
        for radius in (BODY_RADIUS_MM, active):
            rings = np.array([c for c in sheet.circles if abs(c[2] - radius) < TOLERANCE_MM])
            assert nearest(rings, x, y)[1] < TOLERANCE_MM, layout.ids[row]
        ends = np.array([p for ln in sheet.lines for p in ln])
        for dx, dy in ((2, 0), (-2, 0), (0, 2), (0, -2)):
            assert nearest(ends, x + dx, y + dy)[1] < TOLERANCE_MM, layout.ids[row]
        words = {t for tx, ty, t in sheet.texts if math.hypot(tx - x, ty - y) < BODY_RADIUS_MM}
        assert {w for w in words if w.isdigit()} == {str(layout.channel[row])}
        assert layout.ids[row] in words


# --- reference insoles --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [36.0, 42.0, 43.5, 46.0])
def test_both_feet_on_a3_lie_where_the_layout_says(size: float) -> None:
    layout = reference_layout(size)
    (sheet,) = drawn(layout)
    assert sheet.width == pytest.approx(297.0, abs=0.01)
    assert sheet.height == pytest.approx(420.0, abs=0.01)
    found = feet(sheet, layout)
    assert [sign for sign, _ in sorted(found, key=lambda foot: foot[1][0])] == [1.0, -1.0]
    for sign, origin in found:
        check_sensors(sheet, layout, sign, origin)
        corners = origin + layout.outline_mm * [sign, 1.0]
        assert corners.min() > 7.0
        assert corners[:, 0].max() < sheet.width - 7.0
        assert corners[:, 1].max() < sheet.height - 7.0
    assert f"EU {size:g}, {layout.length_mm:.1f} mm × {layout.width_mm:.1f} mm" in [t for _, _, t in sheet.texts]
    assert layout.name in [t for _, _, t in sheet.texts]


def test_left_is_the_mirror_of_right() -> None:
    layout = reference_layout(42.0)
    (sheet,) = drawn(layout)
    middle = sheet.width / 2.0
    outline_left, outline_right = sorted(
        (p for p in sheet.polygons if len(p) >= len(layout.outline_mm)), key=lambda p: float(p[:, 0].mean())
    )
    assert np.abs(outline_left * [-1, 1] + [sheet.width, 0] - outline_right).max() < TOLERANCE_MM
    numbers = [(x, y, t) for x, y, t in sheet.texts if t.isdigit()]
    left = {t: y for x, y, t in numbers if x < middle}
    right = {t: y for x, y, t in numbers if x > middle}
    assert sorted(left, key=int) == [str(k) for k in range(16)]
    assert left.keys() == right.keys()
    bodies = np.array([c for c in sheet.circles if abs(c[2] - BODY_RADIUS_MM) < TOLERANCE_MM])
    bodies = bodies[[any(abs(y - ty) < 4 for ty in left.values()) for y in bodies[:, 1]]]
    for x, y, _ in bodies:
        if abs(x - middle) > 40:  # not the one of the legend
            assert nearest(bodies, sheet.width - x, y)[1] < TOLERANCE_MM


def test_medial_is_between_the_feet_and_toes_are_up() -> None:
    layout = reference_layout(42.0)
    (sheet,) = drawn(layout)
    named = ("medial", "lateral", "toes", "heel")
    places = {word: sorted((x, y) for x, y, t in sheet.texts if t == word) for word in named}
    assert [x > sheet.width / 4 for x, _ in places["medial"]] == [True, True]
    assert places["lateral"][0][0] < places["medial"][0][0] < places["medial"][1][0] < places["lateral"][1][0]
    assert min(y for _, y in places["toes"]) > max(y for _, y in places["heel"]) + 150
    assert sorted(x for x, _, t in sheet.texts if t == "LEFT") < sorted(x for x, _, t in sheet.texts if t == "RIGHT")


def bars(sheet: Sheet) -> list[str]:
    """Directions of the lines that are 50 mm long."""
    spans = [np.abs(np.diff(ln, axis=0)[0]) for ln in sheet.lines]
    fifty = [(dx, dy) for dx, dy in spans if abs(math.hypot(dx, dy) - 50.0) < 0.02 and min(dx, dy) < 0.01]
    return sorted("across" if dx > dy else "up" for dx, dy in fifty)


@pytest.mark.parametrize(("size", "paper", "n_sheets"), [(42, "a3", 1), (48, "a3", 2), (42, "a4", 2), (46, "a4", 4)])
def test_every_sheet_has_a_bar_of_50_mm_each_way(size: float, paper: str, n_sheets: int) -> None:
    sheets = drawn(reference_layout(size), paper)
    assert len(sheets) == n_sheets
    for sheet in sheets:
        assert bars(sheet) == ["across", "up"]
        assert [t for _, _, t in sheet.texts].count("50 mm") == 2
        assert any("100 %" in t for _, _, t in sheet.texts)


@pytest.mark.parametrize(("size", "paper"), [(60, "a3"), (42, "a4"), (46, "a4"), (60, "a4")])
def test_one_foot_a_sheet_or_in_pieces_measures_the_same(size: float, paper: str) -> None:
    layout = reference_layout(size)
    whole: dict[float, set[str]] = {1.0: set(), -1.0: set()}
    joins: dict[float, list[list[float]]] = {1.0: [], -1.0: []}
    for sheet in drawn(layout, paper):
        ((sign, origin),) = feet(sheet, layout)
        check_sensors(sheet, layout, sign, origin)
        assert ("LEFT" in [t for _, _, t in sheet.texts]) == (sign > 0)
        for row, y in enumerate(origin[1] + layout.y_mm):
            if BODY_RADIUS_MM + 6.0 < y < sheet.height - BODY_RADIUS_MM - 6.0:
                whole[sign].add(layout.ids[row])
        width = np.ptp(layout.outline_mm[:, 0])
        across = [ln for ln in sheet.lines if abs(np.ptp(ln[:, 0]) - width) < 0.01 and np.ptp(ln[:, 1]) < 0.01]
        joins[sign].append([float(ln[0, 1] - origin[1]) for ln in across])
    assert all(sensors == set(layout.ids) for sensors in whole.values())
    for pieces in joins.values():
        if len(pieces) == 1:
            assert pieces == [[]]
        else:
            (upper,), (lower,) = pieces
            assert upper == pytest.approx(lower, abs=0.01)  # the same line of the foot on both pieces


def test_the_pieces_of_a_very_long_foot_cover_it() -> None:
    layout = layout_from_dict(scaled(reference_layout(60.0), 1.25, 1.0), "left")
    sheets = measured(pdf(template({"left": layout}, "a4"), "test"))
    covered = sorted((-o[1], s.height - o[1]) for s in sheets for _, o in feet(s, layout))
    assert len(sheets) == 2
    assert covered[0][0] <= 0.0
    assert covered[1][0] < covered[0][1] - 20.0
    assert covered[-1][1] >= layout.outline_mm[:, 1].max()


def scaled(layout: Layout, along: float, across: float) -> dict[str, Any]:
    data = layout.as_dict()
    data["outline_mm"] = [[x * across, y * along] for x, y in data["outline_mm"]]
    for row in data["sensors"]:
        row["x_mm"], row["y_mm"] = row["x_mm"] * across, row["y_mm"] * along
    return data


# --- layouts of one's own -----------------------------------------------------------------------------------------


def own_layout(**changes: Any) -> dict[str, Any]:
    """The reference insole with its channels turned round, one odd area, and other names."""
    data = copy.deepcopy(reference_layout(44.0).as_dict())
    data["name"] = "own"
    for row in data["sensors"]:
        row["channel"] = 15 - row["channel"]
        row["id"] = f"S{row['id']}"
    data["sensors"][4]["area_mm2"] = 200.0
    data["sensors"][5]["x_mm"] += 3.5
    return {**data, **changes}


def test_numbers_are_channels_and_places_are_those_of_the_layout() -> None:
    layout = layout_from_dict(own_layout(), "left")
    assert layout.channel[0] == 15
    (sheet,) = drawn(layout)
    found = feet(sheet, layout)
    assert len(found) == 2
    for sign, origin in found:
        check_sensors(sheet, layout, sign, origin)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_file_to_the_runners_right_is_drawn_as_it_stands(side: str, tmp_path: Path) -> None:
    data = own_layout(frame="right_positive")
    file, out = tmp_path / "own.json", tmp_path / "own.pdf"
    file.write_text(json.dumps(data))
    assert main(["template", "--layout", str(file), "--side", side, "-o", str(out), "--quiet"]) == 0
    (sheet,) = measured(out.read_bytes())
    (outline,) = (p for p in sheet.polygons if len(p) >= len(data["outline_mm"]))
    places = np.array([[row["x_mm"], row["y_mm"]] for row in data["sensors"]]) - data["outline_mm"][0] + outline[0]
    bodies = np.array([c for c in sheet.circles if abs(c[2] - BODY_RADIUS_MM) < TOLERANCE_MM])
    assert all(nearest(bodies, x, y)[1] < TOLERANCE_MM for x, y in places)
    assert side.upper() in [t for _, _, t in sheet.texts]


def test_odd_names_neither_break_the_files_nor_act() -> None:
    layout = layout_from_dict(own_layout(name='<b>&"Ж\x07 (Fuß) \\'), "left")
    pages = template(both(layout), None)
    words = [e.text for e in ElementTree.fromstring(svg(pages[0], layout.name)).iter() if e.tag.endswith("text")]
    assert '<b>&"Ж  (Fuß) \\' in words
    (sheet,) = measured(pdf(pages, layout.name))
    assert '<b>&"?  (Fuß) \\' in [t for _, _, t in sheet.texts]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outline_mm": []}, "no outline"),
        ({"units": "arbitrary"}, "no outline"),
        ({"outline_mm": [[-5e8, -5e8], [5e8, -5e8], [5e8, 5e8], [-5e8, 5e8]]}, "50 to 500 mm"),
    ],
)
def test_a_layout_that_is_no_insole_in_mm_is_refused(changes: dict[str, Any], words: str) -> None:
    layout = layout_from_dict(own_layout(**changes), "left")
    with pytest.raises(LayoutError, match=words):
        template(both(layout))


# --- SVG, bytes, raster -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [42.0, 60.0])
def test_the_svg_has_the_same_places_in_mm(size: float) -> None:
    layout = reference_layout(size)
    (page,) = template(both(layout), None)
    root = ElementTree.fromstring(svg(page, "test"))
    width, height = (float(root.attrib[k].removesuffix("mm")) for k in ("width", "height"))
    assert root.attrib["viewBox"] == f"0 0 {width:g} {height:g}"
    outlines = [
        np.array([[float(v) for v in p.split(",")] for p in e.attrib["points"].split()])
        for e in root.findall("{*}polygon")
    ]
    outlines = [p for p in outlines if len(p) == len(layout.outline_mm)]
    assert len(outlines) == 2
    circles = np.array([[float(e.attrib[k]) for k in ("cx", "cy", "r")] for e in root.findall("{*}circle")])
    for sign, outline in zip((1.0, -1.0), sorted(outlines, key=lambda p: float(p[0, 0])), strict=True):
        origin = outline[0] - layout.outline_mm[0] * [sign, -1.0]
        assert np.abs(outline - origin - layout.outline_mm * [sign, -1.0]).max() < TOLERANCE_MM
        assert outline.min() > 5.0
        assert np.all(outline < [width, height])
        for x, y in origin + np.stack([sign * layout.x_mm, -layout.y_mm], axis=1):
            assert nearest(circles, x, y)[1] < TOLERANCE_MM


def test_the_same_template_is_the_same_bytes_and_asks_for_no_scaling() -> None:
    layout = reference_layout(42.0)
    one, two = (pdf(template(both(layout)), "Insole template") for _ in range(2))
    assert one == two
    reader = PdfReader(BytesIO(one))
    assert reader.root_object["/ViewerPreferences"]["/PrintScaling"] == "/None"
    assert set(reader.metadata or {}) <= {"/Title", "/Creator", "/Producer", "/CreationDate"}
    assert set(re.findall(rb"D:(\d{8})", one)) == {b"20000101"}


@pytest.mark.gui
def test_rendered_by_another_program_crosses_and_bars_are_in_place(qapp: Any) -> None:
    from PyQt6.QtCore import QBuffer, QByteArray, QSize
    from PyQt6.QtGui import QImage
    from PyQt6.QtPdf import QPdfDocument

    layout = reference_layout(42.0)
    data = pdf(template(both(layout)), "test")
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QBuffer.OpenModeFlag.ReadOnly)
    document = QPdfDocument(None)
    document.load(buffer)
    per_mm = 10
    image = document.render(0, QSize(297 * per_mm, 420 * per_mm)).convertToFormat(QImage.Format.Format_ARGB32)
    bits = image.constBits()
    assert bits is not None
    rgba = np.frombuffer(bits.asarray(image.sizeInBytes()), np.uint8).reshape(image.height(), image.width(), 4)
    dark = (rgba[..., 3] > 100) & (rgba[..., :3].max(axis=2) < 130)
    document.close()
    buffer.close()
    (sheet,) = measured(data)
    for sign, origin in feet(sheet, layout):
        for x, y in origin + np.stack([sign * layout.x_mm, layout.y_mm], axis=1):
            column, row = round(x * per_mm), round((420.0 - y) * per_mm)
            around = dark[row - 18 : row + 19, column - 18 : column + 19]
            # The arms of the cross: the rows and columns that are dark from end to end, within 0.2 mm of the centre.
            for lines in (np.flatnonzero(around.all(axis=1)), np.flatnonzero(around.all(axis=0))):
                assert lines.size
                assert np.abs(lines - 18).max() <= 2
    runs = [max(_runs(line)) for line in dark[:, 1000:2000]]  # between the feet
    assert max(runs) == pytest.approx(500, abs=5)


def _runs(line: np.ndarray) -> Iterator[int]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
    yield 0
    yield from (int(n) for n in edges[1::2] - edges[::2])


# --- the command --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t.pdf", "T.SVG"])
def test_the_command_writes_the_file_and_says_how_to_print_it(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / name
    assert main(["template", "--size", "42", "-o", str(target)]) == 0
    said = capsys.readouterr()
    assert "100 %" in said.out
    assert "ref16-EU42" in said.out
    assert [p.name for p in tmp_path.iterdir()] == [name]
    if name == "t.pdf":
        assert target.read_bytes() == pdf(template(both(reference_layout(42.0))), "Insole template ref16-EU42")
    before = target.read_bytes()
    assert main(["template", "--size", "42", "-o", str(target), "--quiet"]) == 0
    assert target.read_bytes() == before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--size", "42", "-o", "t.png"], 2, ".pdf or .svg"),
        (["--size", "42", "-o", "t"], 2, ".pdf or .svg"),
        (["--size", "42", "-o", "-"], 2, ".pdf or .svg"),
        (["--size", "300", "-o", "t.pdf"], 2, "20 to 60"),
        (["--size", "nan", "-o", "t.pdf"], 2, "20 to 60"),
        (["--size", "big", "-o", "t.pdf"], 2, "big"),
        (["-o", "t.pdf"], 2, "--layout"),
        (["--size", "42", "--layout", "own.json", "-o", "t.pdf"], 2, "either"),
        (["--size", "42", "-o", "none/t.pdf"], 2, "does not exist"),
        (["--size", "42", "--paper", "a4", "-o", "t.svg"], 2, "--paper"),
        (["--size", "42", "--paper", "a0", "-o", "t.pdf"], 2, "a0"),
        (["--layout", "none.json", "-o", "t.pdf"], 1, "none.json: no such layout file"),
        (["--layout", "words.json", "-o", "t.pdf"], 1, "words.json: not readable as JSON"),
        (["--layout", "list.json", "-o", "t.pdf"], 1, "list.json: not a layout"),
        (["--layout", "empty.json", "-o", "t.pdf"], 1, "empty.json: layout: schema"),
        (["--layout", "right.json", "-o", "t.pdf"], 2, "--side"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(
    words: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    contents = {
        "own": json.dumps(own_layout()), "words": "no JSON", "list": "[]", "empty": "{}",
        "right": json.dumps(own_layout(frame="right_positive")),
    }  # fmt: skip
    for stem, text in contents.items():
        Path(f"{stem}.json").write_text(text)
    assert main(["template", *words]) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("See ")]
    assert len(lines) == 1
    assert lines[0].startswith("insole: ")
    assert said in lines[0]
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".json"] * len(contents)
