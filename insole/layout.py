"""Sensel centres, areas and regions in the foot frame; the one place where left and right are mirrored.

Foot frame (spec 1.1): origin at the posterior-most point of the insole outline on its long axis, +y towards the toes,
**+x medial on both feet**, mm. A layout file whose frame is ``right_positive`` (+x to the runner's right) is turned
into it here, once, at load; nothing downstream knows the side except labels and drawings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insole.errors import LayoutError

REGIONS = ("T1", "T25", "M1", "M2", "M3", "M4", "M5", "MM", "ML", "HM", "HL")
SCHEMA = "insole-layout/1"
MIN_SPACING_MM = 18.3  # the body of an FSR 402
MAX_SENSELS = 2048
MAX_NUMBER = 1e9
MAX_FILE_BYTES = 4 << 20
_REFERENCE_NAME = re.compile(r"ref16-EU(\d{2}(?:\.\d{1,3})?)")
_FRAMES = ("medial_positive", "right_positive")


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the sensels of an insole lie, in the foot frame.

    ``n`` sensels in canonical order; ``outline_mm`` f8[k, 2] (k may be 0); ``x_mm, y_mm`` f8[n], NaN without
    positions; ``area_mm2`` (active area) and ``trib_area_mm2`` (tributary area) f8[n], NaN if unknown;
    ``channel`` i8[n]: the column of the raw counts that each sensel reads; ``region_weight`` f8[n, 11], columns
    in the order of ``REGIONS``, a row sums to 1, or to 0 where a sensel belongs to no region.
    With ``units`` ``arbitrary`` the positions are not mm and metrics in mm are null (spec 1.5).
    """

    name: str
    units: str
    size_eu: float | None
    length_mm: float | None
    width_mm: float | None
    ff_width_mm: float | None
    outline_mm: NDArray[np.float64]
    ids: tuple[str, ...]
    channel: NDArray[np.int64]
    x_mm: NDArray[np.float64]
    y_mm: NDArray[np.float64]
    area_mm2: NDArray[np.float64]
    trib_area_mm2: NDArray[np.float64]
    region_weight: NDArray[np.float64]

    @property
    def n_sensels(self) -> int:
        """Number of sensels."""
        return len(self.ids)

    @property
    def has_positions(self) -> bool:
        """True if every sensel has a place."""
        return bool(np.all(np.isfinite(self.x_mm)) and np.all(np.isfinite(self.y_mm)))

    def index_of(self, sensel_id: str) -> int:
        """Row of a sensel. Raises LayoutError for an unknown id."""
        try:
            return self.ids.index(sensel_id)
        except ValueError:
            raise LayoutError(f"layout {self.name} has no sensel {sensel_id!r}; it has {', '.join(self.ids)}") from None

    def as_dict(self) -> dict[str, Any]:
        """The layout as its JSON (always ``medial_positive``)."""
        sensors: list[dict[str, Any]] = []
        for i, sensel in enumerate(self.ids):
            weights = {r: float(w) for r, w in zip(REGIONS, self.region_weight[i], strict=True) if w > 0}
            row: dict[str, Any] = {"id": sensel, "channel": int(self.channel[i])}
            for key, column in (
                ("x_mm", self.x_mm), ("y_mm", self.y_mm), ("area_mm2", self.area_mm2),
                ("trib_area_mm2", self.trib_area_mm2),
            ):
                if np.isfinite(column[i]):
                    row[key] = float(column[i])
            if weights:
                row["region"] = weights
            sensors.append(row)
        return {
            "schema": SCHEMA, "name": self.name, "frame": "medial_positive", "units": self.units,
            "size_eu": self.size_eu, "length_mm": self.length_mm, "width_mm": self.width_mm,
            "ff_width_mm": self.ff_width_mm, "outline_mm": self.outline_mm.tolist(), "sensors": sensors,
        }  # fmt: skip


def layout_from_dict(data: Mapping[str, Any], side: str) -> Layout:
    """Check a layout (spec 1.2, 1.5) and bring it into the foot frame of ``side``.

    Raises LayoutError naming the field.
    """
    if not isinstance(data, Mapping):
        raise LayoutError("layout: is not an object of names and values")
    if data.get("schema") != SCHEMA:
        raise LayoutError(f"layout: schema is {data.get('schema')!r}, expected {SCHEMA!r}")
    name = _text(data, "name")
    frame = data.get("frame", "medial_positive")
    if frame not in _FRAMES:
        raise LayoutError(f"layout {name}: frame is {frame!r}, expected {' or '.join(_FRAMES)}")
    units = data.get("units", "mm")
    if units not in ("mm", "arbitrary"):
        raise LayoutError(f"layout {name}: units is {units!r}, expected 'mm' or 'arbitrary'")
    sensors = data.get("sensors")
    if not isinstance(sensors, Sequence) or isinstance(sensors, str) or not 1 <= len(sensors) <= MAX_SENSELS:
        raise LayoutError(f"layout {name}: sensors must be a list of 1 to {MAX_SENSELS} sensors")
    rows = [_sensor(name, i, row) for i, row in enumerate(sensors)]
    ids = tuple(row["id"] for row in rows)
    channel = np.array([row["channel"] for row in rows], dtype=np.int64)
    if len(set(ids)) != len(ids):
        raise LayoutError(f"layout {name}: two sensors share an id")
    if len(set(channel.tolist())) != len(ids) or int(channel.max()) >= len(ids):
        raise LayoutError(f"layout {name}: channels must be 0 to {len(ids) - 1}, each once")
    outline = _outline(name, data.get("outline_mm", []))
    # The one mirror: +x to the runner's right is medial on the left foot and lateral on the right foot.
    mirror = -1.0 if frame == "right_positive" and side == "right" else 1.0
    x = mirror * np.array([row["x_mm"] for row in rows])
    if outline.size:
        outline = outline * np.array([mirror, 1.0])
    layout = Layout(
        name=name, units=units, size_eu=_positive(name, data, "size_eu"), length_mm=_positive(name, data, "length_mm"),
        width_mm=_positive(name, data, "width_mm"), ff_width_mm=_positive(name, data, "ff_width_mm"),
        outline_mm=outline, ids=ids, channel=channel, x_mm=x, y_mm=np.array([row["y_mm"] for row in rows]),
        area_mm2=np.array([row["area_mm2"] for row in rows]),
        trib_area_mm2=np.array([row["trib_area_mm2"] for row in rows]),
        region_weight=np.array([row["region"] for row in rows]),
    )  # fmt: skip
    if units == "mm" and outline.size and layout.has_positions:
        _check_places(layout)
    return layout


def read_layout(path: Path) -> Mapping[str, Any]:
    """Read a layout JSON file for ``layout_from_dict``. Raises LayoutError with a line that names the file."""
    try:
        if not path.is_file():
            raise LayoutError(f"{path}: no such layout file; check the path")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise LayoutError(f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB, not a layout")
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise LayoutError(f"{path}: not readable as JSON ({error}); export the layout again") from None
    except OSError as error:
        raise LayoutError(f"{path}: can't be read ({error.strerror})") from None
    if not isinstance(data, Mapping):
        raise LayoutError(f"{path}: not a layout: not an object of names and values")
    return data


@lru_cache(maxsize=32)
def reference_layout(size_eu: float = 42.0, width_mm: float | None = None) -> Layout:
    """The 16-sensel reference layout of spec 1.3, scaled to a size (Paris points) and, if measured, a width."""
    if not 20.0 <= size_eu <= 60.0:
        raise LayoutError(f"size EU {size_eu:g} is outside 20 to 60; give a European shoe size")
    base = _reference_42()
    if base.length_mm is None or base.width_mm is None or base.ff_width_mm is None:
        raise LayoutError("the reference layout has no length or width; reinstall insole")
    length = base.length_mm + (size_eu - 42.0) * 20.0 / 3.0
    width = base.width_mm * length / base.length_mm if width_mm is None else width_mm
    fx, fy = width / base.width_mm, length / base.length_mm
    return Layout(
        name=f"ref16-EU{size_eu:g}", units="mm", size_eu=float(size_eu), length_mm=length, width_mm=width,
        ff_width_mm=base.ff_width_mm * fx, outline_mm=base.outline_mm * np.array([fx, fy]), ids=base.ids,
        channel=base.channel, x_mm=base.x_mm * fx, y_mm=base.y_mm * fy, area_mm2=base.area_mm2,
        trib_area_mm2=base.trib_area_mm2 * fx * fy, region_weight=base.region_weight,
    )  # fmt: skip


def named_layout(name: str) -> Layout:
    """The layout that a device names in its *identify* record, for example ``ref16-EU44``. Raises LayoutError."""
    match = _REFERENCE_NAME.fullmatch(name)
    if match is None:
        raise LayoutError(f"layout {name!r} is not known; this version knows ref16-EU<size>, for example ref16-EU42")
    return reference_layout(float(match.group(1)))


@lru_cache(maxsize=1)
def _reference_42() -> Layout:
    text = resources.files("insole").joinpath("layouts/ref16.json").read_text(encoding="utf-8")
    return layout_from_dict(json.loads(text), "left")


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise LayoutError(f"layout: {key} must be a text of 1 to 64 characters")
    return value


def _number(name: str, where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= MAX_NUMBER:
        raise LayoutError(f"layout {name}: {where} is {value!r}, expected a number")
    return float(value)


def _positive(name: str, data: Mapping[str, Any], key: str) -> float | None:
    if data.get(key) is None:
        return None
    value = _number(name, key, data[key])
    if value <= 0:
        raise LayoutError(f"layout {name}: {key} is {value:g}, expected more than 0")
    return value


def _sensor(name: str, row_number: int, row: object) -> dict[str, Any]:
    where = f"sensors[{row_number}]"
    if not isinstance(row, Mapping):
        raise LayoutError(f"layout {name}: {where} is not an object")
    sensel = row.get("id")
    if not isinstance(sensel, str) or not re.fullmatch(r"[A-Za-z0-9_.\-]{1,16}", sensel):
        raise LayoutError(f"layout {name}: {where}.id must be 1 to 16 letters or digits")
    channel = row.get("channel", row_number)
    if isinstance(channel, bool) or not isinstance(channel, int) or not 0 <= channel < MAX_SENSELS:
        raise LayoutError(f"layout {name}: {where}.channel is {channel!r}, expected 0 to {MAX_SENSELS - 1}")
    place = {k: _number(name, f"{where}.{k}", row[k]) if row.get(k) is not None else np.nan for k in ("x_mm", "y_mm")}
    areas: dict[str, float] = {}
    for key in ("area_mm2", "trib_area_mm2"):
        areas[key] = np.nan if row.get(key) is None else _number(name, f"{where}.{key}", row[key])
        if areas[key] <= 0:
            raise LayoutError(f"layout {name}: {where}.{key} is {areas[key]:g}, expected more than 0")
    return {"id": sensel, "channel": channel, **place, **areas, "region": _region(name, where, row.get("region"))}


def _region(name: str, where: str, region: object) -> NDArray[np.float64]:
    weights = np.zeros(len(REGIONS))
    if region is None:
        return weights
    entries: Mapping[Any, Any] = {region: 1.0} if isinstance(region, str) else region  # type: ignore[assignment]
    if not isinstance(entries, Mapping):
        raise LayoutError(f"layout {name}: {where}.region must be a name or a map of names to weights")
    for key, weight in entries.items():
        if key not in REGIONS:
            raise LayoutError(f"layout {name}: {where}.region {key!r} is unknown; regions are {', '.join(REGIONS)}")
        weights[REGIONS.index(key)] = _number(name, f"{where}.region.{key}", weight)
    if np.any(weights < 0) or abs(float(weights.sum()) - 1.0) > 1e-6:
        raise LayoutError(f"layout {name}: {where}.region weights must be 0 or more and sum to 1")
    return weights


def _outline(name: str, points: object) -> NDArray[np.float64]:
    if not isinstance(points, Sequence) or len(points) > 10_000:
        raise LayoutError(f"layout {name}: outline_mm must be a list of x, y pairs")
    if len(points) == 0:
        return np.zeros((0, 2))
    if len(points) < 3 or any(not isinstance(p, Sequence) or len(p) != 2 for p in points):
        raise LayoutError(f"layout {name}: outline_mm must be at least three x, y pairs")
    return np.array([[_number(name, "outline_mm", v) for v in p] for p in points])


def _check_places(layout: Layout) -> None:
    for row, sensel in enumerate(layout.ids):
        if not inside(layout.outline_mm, float(layout.x_mm[row]), float(layout.y_mm[row])):
            raise LayoutError(f"layout {layout.name}: sensor {sensel} lies outside the outline")
    gap = np.hypot(layout.x_mm[:, None] - layout.x_mm, layout.y_mm[:, None] - layout.y_mm)
    gap[np.diag_indices_from(gap)] = np.inf
    nearest = int(np.argmin(gap))
    i, j = divmod(nearest, layout.n_sensels)
    if gap[i, j] < MIN_SPACING_MM:
        raise LayoutError(
            f"layout {layout.name}: sensors {layout.ids[i]} and {layout.ids[j]} are {gap[i, j]:.1f} mm apart; "
            f"the sensor bodies need {MIN_SPACING_MM} mm"
        )


def inside(outline_mm: NDArray[np.float64], x_mm: float, y_mm: float) -> bool:
    """True if a point lies inside a polygon f8[k, 2] (even-odd rule)."""
    x0, y0 = outline_mm[:, 0], outline_mm[:, 1]
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    crosses = (y0 > y_mm) != (y1 > y_mm)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x0 + (y_mm - y0) / (y1 - y0) * (x1 - x0)
    return bool(np.count_nonzero(crosses & (x_mm < at)) % 2)
