"""Slow and obvious twins of the event detector, written from the formulas of the specification (2.3, 3, 4.1).

Nothing here knows the package `analysis`. Every raw sample carries the baseline it is seen under, so that the event
signal of one instant is a plain sum over nine (or so) remembered forces.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]


@dataclass
class Found:
    """What a pass over a recording found; positions are fractional samples."""

    contacts: list[tuple[float, float]] = field(default_factory=list)
    baselines: list[F8] = field(default_factory=list)
    stuck_from: dict[int, int] = field(default_factory=dict)
    n_broken: int = 0
    n_rezeroed: int = 0
    signal: dict[int, float] = field(default_factory=dict)


def taps(rate: float) -> list[float]:
    """Triangle of the odd length nearest 9 ms (of two, the longer), at least 3, with sum 1."""
    wanted = 9.0 * rate / 1000.0
    length = min(range(3, 999, 2), key=lambda odd: (abs(odd - wanted), -odd))
    middle = length // 2
    raw = [middle + 1 - abs(j - middle) for j in range(length)]
    return [v / sum(raw) for v in raw]


def filtfilt(x: list[float], b: F8, a: F8) -> list[float]:
    """Forward and backward second-order section with nine constant padding samples at both ends."""

    def run(values: list[float]) -> list[float]:
        # The input and the output have been values[0] for ever.
        out: list[float] = []
        for j in range(len(values)):
            x1 = values[max(j - 1, 0)]
            x2 = values[max(j - 2, 0)]
            y1 = out[j - 1] if j >= 1 else values[0]
            y2 = out[j - 2] if j >= 2 else values[0]
            out.append(b[0] * values[j] + b[1] * x1 + b[2] * x2 - a[1] * y1 - a[2] * y2)
        return out

    padded = [x[0]] * 9 + x + [x[-1]] * 9
    return run(run(padded)[::-1])[::-1][9:-9]


def dense(index: list[int], rows: F8, rate: float) -> tuple[F8, list[bool], list[bool]]:
    """Rows (m, s) at their sample numbers -> (values (n, s), interpolated, broken): holes up to 10 ms are filled."""
    n = index[-1] - index[0] + 1
    values = np.full((n, rows.shape[1]), np.nan)
    interpolated, broken = [False] * n, [False] * n
    for row, number in zip(rows, index, strict=True):
        values[number - index[0]] = row
    for before, after in pairwise(index):
        missing = after - before - 1
        for j in range(1, missing + 1):
            at = before + j - index[0]
            if missing / rate <= 0.010 + 1e-12:
                share = j / (missing + 1)
                values[at] = values[before - index[0]] * (1 - share) + values[after - index[0]] * share
                interpolated[at] = True
            else:
                broken[at] = True
    return values, interpolated, broken


def start_value(values: F8, rate: float, weight: F8, limit: float, begin: int = 0) -> tuple[F8, int] | None:
    """2nd percentile of the first 3-s window from `begin` on that is not a loaded foot, and the sample after it."""
    length = round(3 * rate)
    while begin + length <= len(values):
        window = values[begin : begin + length]
        known = window[~np.isnan(window).any(axis=1)]
        begin += length
        if len(known) * 2 >= length:
            b = np.percentile(known, 2, axis=0)
            if (b * weight).sum() <= limit:
                return b, begin
    return None


def machine(
    values: F8,
    held: NDArray[np.bool_],
    rate: float,
    weight: F8,
    kappa: float,
    body_weight: float | None,
    baseline: F8,
    first: int,
    update: bool = True,
    h: list[float] | None = None,
) -> Found:
    """The contact state machine and the re-zeroing, sample by sample; NaN in `values` is a break."""
    h = taps(rate) if h is None else h
    d = len(h) // 2
    hi = 30.0 if body_weight is None else max(0.05 * body_weight, 30.0)
    lo = 20.0 if body_weight is None else max(0.03 * body_weight, 20.0)
    limit = 150.0 if body_weight is None else 0.2 * body_weight
    found = Found()
    weight = weight.copy()
    b = baseline.copy()
    force: dict[int, float] = {}
    medians: list[F8] = []
    state = "UNKNOWN"
    t_up = t_dn = fc = fo = math.nan
    last_fo: float | None = None
    gave_median = False
    strides: list[float] = []
    zero_from: int | None = None
    loaded_since: int | None = None
    e_from = first
    r = max(0, first - d) - 1
    while r + 1 < len(values):
        r += 1
        blind = state == "ZERO"
        if zero_from is not None and r + 1 - zero_from == round(3 * rate):
            new = start_value(values[: r + 1], rate, weight, limit, zero_from)
            zero_from = r + 1
            if new is not None:
                found.n_rezeroed += not blind
                b, e_from = new
                medians = []
                state, zero_from, loaded_since = "UNKNOWN", None, None
                r = e_from - d - 1
                continue
        if blind:
            continue
        if np.isnan(values[r]).any():
            found.n_broken += state in ("STANCE", "RELEASE")
            state, last_fo, strides, zero_from, loaded_since = "UNKNOWN", None, [], None, None
            continue
        force[r] = kappa * float((np.maximum(values[r] - b, 0.0) * weight).sum())
        n = r - d
        around = range(n - d, n + d + 1)
        if n < e_from or n - d < 0 or any(np.isnan(values[j]).any() for j in around):
            continue
        e = found.signal[n] = sum(tap * force[j] for tap, j in zip(h, around, strict=True))
        before = found.signal.get(n - 1, math.nan) if n > e_from else math.nan
        if before < lo <= e:
            t_up = n - 1 + (lo - before) / (e - before)
        if before >= lo > e:
            t_dn = n - 1 + (lo - before) / (e - before)
        if state in ("STANCE", "RELEASE") and (n - fc) / rate > 2.5:
            state, last_fo, strides, medians = "ZERO", None, [], []
            found.n_rezeroed += 1
            zero_from = r + 1
        elif state == "UNKNOWN" and e < lo:
            state, zero_from, loaded_since = "SWING", None, None
        elif state == "UNKNOWN":
            # Loaded for 2.5 s since nobody knows when: a zero is taken beside, and used unless a swing comes first.
            loaded_since = n if loaded_since is None else loaded_since
            if (n - loaded_since) / rate > 2.5 and zero_from is None and update:
                zero_from = r + 1
        elif state == "SWING" and e >= hi:
            state, fc, gave_median = "STANCE", t_up, False
            if last_fo is not None and update:
                quarter = (fc - last_fo) / 4
                middle = [values[j] for j in range(n) if last_fo + quarter <= j < fc - quarter]
                if middle:
                    gave_median = True
                    medians.append(np.median(np.array(middle), axis=0))
                    b = np.median(np.array(medians[-5:]), axis=0)
        elif state == "STANCE" and e < lo:
            state, fo = "RELEASE", t_dn
        elif state == "RELEASE" and e >= hi:
            state = "STANCE"
        elif state == "RELEASE" and (n - fo) / rate >= 0.060 - 1e-12:
            state = "SWING"
            if (fo - fc) / rate < 0.060 - 1e-12:
                if gave_median:
                    medians.pop()
                continue
            found.contacts.append((fc, fo))
            found.baselines.append(b.copy())
            last_fo = fo
            strides.append(fc)
            for i in range(len(weight)):
                since = r
                while since >= 0 and held[since, i]:
                    since -= 1
                if i not in found.stuck_from and len(strides) > 3 and since <= strides[-4] and (r - since) / rate >= 3:
                    found.stuck_from[i] = r + 1
                    weight[i] = 0.0
    return found


def contacts_of_signal(e: list[float], rate: float, t_hi: float, t_lo: float) -> list[tuple[float, float]]:
    """Contacts in s of a given event signal: the state machine alone, without baseline and re-zeroing."""
    found: list[tuple[float, float]] = []
    state = "UNKNOWN"
    t_up = t_dn = fc = fo = math.nan
    for n, now in enumerate(e):
        before = e[n - 1] if n else math.nan
        if before < t_lo <= now:
            t_up = (n - 1 + (t_lo - before) / (now - before)) / rate
        if before >= t_lo > now:
            t_dn = (n - 1 + (t_lo - before) / (now - before)) / rate
        if state == "UNKNOWN" and now < t_lo:
            state = "SWING"
        elif state == "SWING" and now >= t_hi:
            state, fc = "STANCE", t_up
        elif state == "STANCE" and now < t_lo:
            state, fo = "RELEASE", t_dn
        elif state == "RELEASE" and now >= t_hi:
            state = "STANCE"
        elif state == "RELEASE" and n / rate - fo >= 0.060:
            state = "SWING"
            if fo - fc >= 0.060:
                found.append((fc, fo))
    return found
