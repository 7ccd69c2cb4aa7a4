"""Raw samples of one foot -> values on a dense grid, ready for events and steps (spec 1.5, 2.1, 2.2, 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.kernels_force import ABOVE_CALIBRATION, NEAR_SATURATION, OPEN, SATURATED, look_up
from analysis.parameters import DEFAULTS, Parameters
from insole.calibration import NOMINAL_AREA_MM2
from insole.errors import AnalysisError
from insole.trial import Foot


@dataclass(eq=False)
class FootSignal:
    """What one insole (or one force signal) said, on a dense uniform grid of n samples and s sensels.

    The grid runs from the first to the last received sample. Values are neither filtered nor baselined.
    Holes up to 10 ms are filled by linear interpolation, longer ones are breaks and hold NaN.
    Arrays that speak of samples are dense: position 0 is `first_index` of the recording.
    """

    side: str
    """left | right | both"""
    kind: str
    """counts | pressure_kpa | force_n | total"""
    sample_rate_hz: float
    first_index: int
    """absolute sample number of position 0"""
    time_s: NDArray[np.float64]
    """(n,) on the trial's time base; holes interpolated"""
    value: NDArray[np.float64]
    """(n, s) in sensel order: kPa (kinds counts, pressure_kpa) or N (force_n); kind total: (n, 1) N"""
    cop_mm: NDArray[np.float64] | None
    """(n, 2), kind total only; NaN where not given"""
    interpolated: NDArray[np.bool_]
    """(n,) filled by interpolation"""
    broken: NDArray[np.bool_]
    """(n,) inside a gap longer than 10 ms"""
    held: NDArray[np.bool_]
    """(n, s) same non-zero count (or value) as in the sample before: what the rule on stuck channels looks at"""
    saturated: NDArray[np.bool_] | None
    """(n, s), counts only"""
    near_saturation: NDArray[np.bool_] | None
    """(s,) the sensel came near saturation at least once, counts only"""
    above_calibration: NDArray[np.bool_] | None
    """(s,) the sensel left its calibrated range at least once, counts only"""
    weight: NDArray[np.float64]
    """(s,) N per unit of value: A_trib/1000, or 1; 0 for missing sensels"""
    kpa_per_value: NDArray[np.float64]
    """(s,) 1 for pressures, 1000/a_i for forces of sensels with a known area, else NaN"""
    sensel_ids: tuple[str, ...]
    missing: tuple[str, ...]
    """ids of the sensels that gave nothing usable in the whole recording"""

    @property
    def n_samples(self) -> int:
        """Samples on the grid."""
        return int(self.value.shape[0])


class SignalStream:
    """Turns received samples into `FootSignal`s piece by piece: any chunking gives the same rows as one call.

    `foot` says how to read the samples; its recording is looked at for kind and rate only. `missing` names sensels
    known to give nothing. Raises AnalysisError if the samples can't be read with this layout.
    """

    def __init__(self, foot: Foot, parameters: Parameters = DEFAULTS, missing: tuple[str, ...] = ()) -> None:
        """Take in what does not change from chunk to chunk."""
        self._kind, self._side, self._rate = foot.recording.kind, foot.side, foot.recording.sample_rate_hz
        self._ids = ("total",) if self._kind == "total" else foot.layout.ids
        weight, self._kpa_per_value = _weights(foot)
        dead = np.array([sensel in missing for sensel in self._ids]) | ~np.isfinite(weight)
        if dead.all():
            raise AnalysisError(
                f"{foot.side}: no sensel of layout {foot.layout.name} has both data and an area; check file and layout"
            )
        self._usable = ~dead
        self._weight = np.where(dead, 0.0, weight)
        self._channel = np.array(foot.layout.channel, dtype=np.int64)
        # The longest hole that is filled: this many samples lie between the frames on its two sides.
        self._reach = int(parameters.gap_s * self._rate + 1e-9) + 1
        self._curves = _curves(foot, parameters) if self._kind == "counts" else None
        self._carried = 0
        self._index = np.empty(0, dtype=np.int64)
        self._time = np.empty(0)
        self._rows: NDArray[Any] | None = None
        self._cop: NDArray[np.float64] | None = None

    def feed(
        self,
        index: NDArray[np.int64],
        time_s: NDArray[np.float64],
        rows: NDArray[Any],
        cop_mm: NDArray[np.float64] | None = None,
    ) -> FootSignal:
        """The dense samples after those already given, up to the last received one; may be empty.

        `index`, `time_s` (m,), `rows` (m, channels) or (m,) for kind total, `cop_mm` (m, 2), as in `Recording`.
        """
        if rows.ndim == 1:
            rows = rows[:, None]
        if rows.shape[1] != len(self._ids):
            raise AnalysisError(
                f"{self._side}: samples of {rows.shape[1]} channels, but the layout has {len(self._ids)} sensels"
            )
        if self._kind != "counts":
            # A sample with a hole in one sensel is a sample that did not arrive.
            order = self._channel if self._kind != "total" else np.zeros(1, dtype=np.int64)
            rows = np.ascontiguousarray(np.where(self._usable, np.asarray(rows, dtype=np.float64)[:, order], 0.0))
            whole = np.isfinite(rows).all(axis=1)
            if not whole.all():
                index, time_s, rows = index[whole], time_s[whole], rows[whole]
                cop_mm = None if cop_mm is None else cop_mm[whole]
        if self._rows is not None:
            index, time_s = np.concatenate([self._index, index]), np.concatenate([self._time, time_s])
            rows = np.concatenate([self._rows, rows])
            cop_mm = None if cop_mm is None or self._cop is None else np.concatenate([self._cop, cop_mm])
        signal = self._dense(index, time_s, rows, cop_mm)
        self._carry(index, time_s, rows, cop_mm)
        return signal

    def _carry(
        self, index: NDArray[np.int64], time_s: NDArray[np.float64], rows: NDArray[Any], cop: NDArray[np.float64] | None
    ) -> None:
        """Keep the last sample for the hole that may follow, and the one before it, from which it was resampled."""
        keep = min(2, index.size)
        if keep == 2 and index[-1] - index[-2] > self._reach:
            keep = 1
        self._carried = keep
        at = slice(index.size - keep, index.size)
        self._index, self._time, self._rows = index[at].copy(), time_s[at].copy(), rows[at].copy()
        self._cop = None if cop is None else cop[at].copy()

    def _dense(
        self, index: NDArray[np.int64], time_s: NDArray[np.float64], rows: NDArray[Any], cop: NDArray[np.float64] | None
    ) -> FootSignal:
        place = np.asarray(index - index[0] if index.size else index, dtype=np.int64)
        n, s = int(place[-1]) + 1 if place.size else 0, self._weight.size
        skip = int(place[self._carried - 1]) + 1 if self._carried else 0
        value: NDArray[np.float64]
        held: NDArray[np.bool_]
        saturated: NDArray[np.bool_] | None = None
        seen = np.zeros(s, dtype=np.uint8)
        if self._curves is not None:
            table, marks, shift = self._curves
            value, held, saturated = np.empty((n, s)), np.empty((n, s), np.bool_), np.empty((n, s), np.bool_)
            counts = np.require(rows, dtype=np.uint16, requirements=["C", "W"])
            look_up(
                counts, place, self._channel, table, marks, shift, self._reach, value, held, saturated, seen,
            )  # fmt: skip
            value[:, ~self._usable] = 0.0
        else:
            held = np.zeros(rows.shape, dtype=np.bool_)
            held[1:] = (rows[1:] == rows[:-1]) & (rows[1:] != 0.0) & (np.diff(place) <= self._reach)[:, None]
            value = rows
            if place.size != n:
                value, held = _spread(rows, place, n), _spread(held, place, n)
        interpolated, broken = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        if place.size != n:
            holes = _Holes.between(place, self._reach)
            interpolated[holes.at], broken[holes.at] = holes.short, ~holes.short
            holes.fill(value)
            held[holes.at] = held[holes.right] & holes.short[:, None]
            if saturated is not None:
                saturated[holes.at] = saturated[holes.left] & saturated[holes.right] & holes.short[:, None]
            time_s = np.interp(np.arange(n), place, time_s)
            if cop is not None:
                cop = _spread(cop, place, n)
                holes.fill(cop)
        near = above = None
        if self._kind == "counts":
            near, above = (seen & NEAR_SATURATION) != 0, (seen & ABOVE_CALIBRATION) != 0
        return FootSignal(
            side=self._side, kind=self._kind, sample_rate_hz=self._rate,
            first_index=int(index[0]) + skip if index.size else 0, time_s=time_s[skip:], value=value[skip:],
            cop_mm=None if cop is None else cop[skip:], interpolated=interpolated[skip:],
            broken=broken[skip:], held=held[skip:], saturated=None if saturated is None else saturated[skip:],
            near_saturation=near, above_calibration=above, weight=self._weight, kpa_per_value=self._kpa_per_value,
            sensel_ids=self._ids, missing=tuple(i for i, ok in zip(self._ids, self._usable, strict=True) if not ok),
        )  # fmt: skip


@dataclass(eq=False)
class _Holes:
    """Samples that did not arrive: their positions, those of the received neighbours, and which holes are short."""

    at: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    short: NDArray[np.bool_]

    @classmethod
    def between(cls, place: NDArray[np.int64], reach: int) -> _Holes:
        """All holes between the received positions `place` (m,); short ones are bridged by at most `reach` samples."""
        missing = np.ones(int(place[-1]) + 1, np.bool_)
        missing[place] = False
        at = np.flatnonzero(missing)
        after = np.searchsorted(place, at)
        left, right = place[after - 1], place[after]
        return cls(at, left, right, right - left <= reach)

    def fill(self, dense: NDArray[np.float64]) -> None:
        """Write the line between the neighbours into the short holes of `dense` (n, c), NaN into the long ones."""
        share = ((self.at - self.left) / (self.right - self.left))[:, None]
        line = dense[self.left] + share * (dense[self.right] - dense[self.left])
        dense[self.at] = np.where(self.short[:, None], line, np.nan)


def _spread(rows: NDArray[Any], place: NDArray[np.int64], n: int) -> NDArray[Any]:
    """Rows (m, c) at their places on a grid of n; the rest is left to be filled."""
    dense = np.empty((n, rows.shape[1]), dtype=rows.dtype)
    dense[place] = rows
    return dense


def foot_signal(foot: Foot, parameters: Parameters = DEFAULTS) -> FootSignal:
    """A whole recording on its dense grid. Raises AnalysisError if it can't be read with its layout."""
    recording = foot.recording
    missing: tuple[str, ...] = ()
    if recording.kind in ("pressure_kpa", "force_n") and recording.n_samples:
        silent = np.asarray(~np.isfinite(recording.values).any(axis=0))
        missing = tuple(i for i, column in zip(foot.layout.ids, foot.layout.channel, strict=True) if silent[column])
    stream = SignalStream(foot, parameters, missing)
    return stream.feed(recording.index, recording.time_s, recording.values, recording.cop_mm)


def _weights(foot: Foot) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """N per unit of value, and kPa per unit of value (spec 1.5), both (s,); NaN where the area for it is unknown."""
    weight = np.array(foot.weight, dtype=np.float64)
    if foot.recording.kind == "total":
        return weight, np.full(1, np.nan)
    area = foot.layout.area_mm2
    if foot.recording.kind == "force_n":
        return weight, 1000.0 / area
    if not np.isfinite(weight).any():
        # A layout without areas: its sum rises and falls with the force, which is all that contacts need.
        weight = (area if np.isfinite(area).all() else np.full(weight.size, NOMINAL_AREA_MM2)) / 1000.0
    return weight, np.ones(weight.size)


def _curves(
    foot: Foot, parameters: Parameters
) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.float64]]:
    """Pressure (s, codes) in kPa and marks (s, codes) of every code, and the scan shift (s,) in sample intervals."""
    electronics, layout = foot.electronics, foot.layout
    assert electronics is not None  # a Foot of counts has them
    codes = electronics.loaded(np.arange(electronics.n_codes))
    mark = np.where(codes == 0, OPEN, 0)
    mark |= np.where(codes >= electronics.load_code(parameters.near_saturation_count_10_bit), NEAR_SATURATION, 0)
    mark |= np.where(codes >= electronics.load_code(parameters.saturated_count_10_bit), SATURATED, 0)
    marks = mark[None, :] | np.where(foot.curves.above_range(electronics), ABOVE_CALIBRATION, 0)
    shift = np.zeros(layout.n_sensels)
    offsets = foot.identify.scan_offset_us if foot.identify is not None else ()
    if offsets and max(offsets) > parameters.scan_offset_us:
        shift = np.array(offsets, dtype=np.float64)[layout.channel] * 1e-6 * foot.recording.sample_rate_hz
    table = np.ascontiguousarray(foot.curves.table_kpa(electronics, layout.area_mm2))
    return table, np.ascontiguousarray(marks, dtype=np.uint8), shift
