"""Slow, obvious twins of what is done with the samples of a step, from the formulas; no import of `analysis`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, filtfilt

F8 = NDArray[np.float64]


def low_passed(window: F8, fs: float) -> F8:
    """50 Hz at -3 dB after two passes, by scipy; negatives become 0."""
    shrink = (math.sqrt(2) - 1) ** 0.25
    design = fs / math.pi * math.atan(math.tan(math.pi * 50 / fs) / shrink)
    b, a = butter(2, design, fs=fs)
    out = window.copy()
    for i in range(window.shape[1]):
        out[:, i] = filtfilt(b, a, window[:, i], padtype="constant", padlen=9)
    return np.maximum(out, 0.0)


def step_window(value: F8, broken: Sequence[bool], start: float, end: float, baseline: F8, fs: float) -> tuple[int, F8]:
    """First sample and low-passed, baselined values of [start - 100 ms, end + 100 ms], cut at breaks and ends."""
    guard = 0.1 * fs
    lo = math.floor(start)
    while lo - 1 >= 0 and lo - 1 >= start - guard - 1e-6 and not broken[lo - 1]:
        lo -= 1
    hi = math.ceil(end)
    while hi + 1 < len(value) and hi + 1 <= end + guard + 1e-6 and not broken[hi + 1]:
        hi += 1
    raw = np.array([[max(value[j, i] - baseline[i], 0.0) for i in range(value.shape[1])] for j in range(lo, hi + 1)])
    return lo, low_passed(raw, fs)


def at(series: F8, position: float) -> float:
    """Linear interpolation at a fractional position."""
    return float(np.interp(position, np.arange(len(series)), series))


def integral(series: F8, start: float, end: float, fs: float) -> float:
    """Trapezoid over [start, end] on the samples inside plus interpolated end points."""
    inside = [j for j in range(len(series)) if start <= j <= end]
    t = [start, *inside, end]
    v = [at(series, start), *[series[j] for j in inside], at(series, end)]
    return sum((t[j + 1] - t[j]) / fs * (v[j] + v[j + 1]) / 2 for j in range(len(t) - 1))


def cop_window(force: F8, start: float, end: float, least: float) -> tuple[int, int] | None:
    """Longest run of samples inside [start, end] with enough force."""
    best: tuple[int, int] | None = None
    run: list[int] = []
    for j in range(len(force) + 1):
        if j < len(force) and start <= j <= end and force[j] >= least:
            run.append(j)
            continue
        if len(run) >= 2 and (best is None or len(run) > best[1] - best[0] + 1):
            best = run[0], run[-1]
        run = []
    return best


def region_integrals(pti: F8, region_weight: F8, area: F8) -> list[float]:
    """PTI_r = sum(w A PTI) / sum(w A) for each column of the region weights; NaN for an empty region."""
    out = []
    for r in range(region_weight.shape[1]):
        top = sum(region_weight[i, r] * area[i] * pti[i] for i in range(len(pti)))
        bottom = sum(region_weight[i, r] * area[i] for i in range(len(pti)))
        out.append(top / bottom if bottom > 0 else math.nan)
    return out


def ratio(plus: float, minus: float) -> float:
    """100 (plus - minus)/(plus + minus)."""
    return 100 * (plus - minus) / (plus + minus) if plus + minus != 0 else math.nan


def mli(r: dict[str, float]) -> float:
    """The headline index from region integrals by name."""
    return ratio(r["HM"] + r["M1"] + r["M2"], r["HL"] + r["M4"] + r["M5"])


def dev(x: Sequence[float], y: Sequence[float], width: float) -> float:
    """Mean CoP deviation along the path, % of the half-width."""
    area = sum((x[j] + x[j + 1]) / 2 * (y[j + 1] - y[j]) for j in range(len(x) - 1))
    return 100 * area / (y[-1] - y[0]) / (width / 2)


def lmd(x: Sequence[float]) -> float:
    """Largest x_j - x_i with i before j in the first half, at least 0."""
    half = len(x) // 2 + 1
    return max([0.0] + [x[j] - x[i] for i in range(half) for j in range(i + 1, half)])


def overlaps(left: Sequence[tuple[float, float]], right: Sequence[tuple[float, float]]) -> list[float]:
    """FO(first) - FC(second) for consecutive contacts of opposite feet."""
    everything = sorted([(fc, fo, "L") for fc, fo in left] + [(fc, fo, "R") for fc, fo in right])
    return [a[1] - b[0] for a, b in itertools.pairwise(everything) if a[2] != b[2]]


def mad_outliers(values: Sequence[float], k: float) -> list[bool]:
    """|v - median| > k 1.4826 MAD, none if the MAD is 0."""
    middle = float(np.median(values))
    mad = float(np.median([abs(v - middle) for v in values]))
    return [mad > 0 and abs(v - middle) > k * 1.4826 * mad for v in values]
