"""Loops over the samples of every step: arrays in, arrays out.

One pass a step turns the window around a contact into everything the indices need: integrals and peaks of each
sensel, the force and CoP curves, the ratio of medial to lateral load. What is linear in the sensels (region
integrals, impulse, mean CoP) is left to numpy, because k steps x 16 sensels are small.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analysis.kernels_filter import forward_backward

F8 = NDArray[np.float64]
B1 = NDArray[np.bool_]
NODES = 101


@njit(cache=True, nogil=True)
def step_pass(
    value: F8,
    broken: B1,
    start: F8,
    end: F8,
    baseline: F8,
    weight: F8,
    x: F8,
    y: F8,
    medial: F8,
    lateral: F8,
    given_cop: F8,
    guard: float,
    filter_b: F8,
    filter_a: F8,
    cop_min_force: float,
    mlr_min: float,
) -> tuple[F8, F8, F8, F8, F8, F8, F8, F8, F8]:
    """Baselined, low-passed values of each step -> integrals, peaks and 101-point curves (spec 3, 5, 6.1).

    `value` (n, s) in kPa or N; `start`, `end` (k,) fractional samples; `baseline` (k, s); `weight` (k, s) N per unit
    of value, 0 leaves a sensel out of the step; `medial`, `lateral` (k, s) kPa per unit of value, the summed region
    means of MLR; `given_cop` (n, 2) replaces the CoP from positions, or (0, 2); `guard` in samples on both sides of
    the step; `filter_b`, `filter_a` (3,) or (0,) for no low-pass; `cop_min_force` N at kappa = 1.

    Returns, in samples and units of `value`: integral (k, s), peak (k, s), peak force (k,) N, force (k, 101) N,
    CoP x, y (k, 101), CoP window (k, 2) samples, force-weighted mean of the given CoP x (k,), MLR (k, 101) %.
    Integrals are in value x samples. NaN where undefined.
    """
    n, s = value.shape
    k = start.shape[0]
    integral = np.zeros((k, s))
    peak = np.zeros((k, s))
    peak_force = np.full(k, np.nan)
    force_curve = np.full((k, NODES), np.nan)
    cop_x = np.full((k, NODES), np.nan)
    cop_y = np.full((k, NODES), np.nan)
    cop_window = np.full((k, 2), np.nan)
    given_mean_x = np.full(k, np.nan)
    mlr = np.full((k, NODES), np.nan)
    longest = 0
    for c in range(k):
        longest = max(longest, int(end[c] - start[c] + 2.0 * guard) + 4)
    block = np.zeros((longest, s))
    force = np.zeros(longest)
    cx = np.zeros(longest)
    cy = np.zeros(longest)
    for c in range(k):
        # The window: samples of [start - guard, end + guard], cut at the ends of the recording and at breaks.
        inner_lo = max(int(np.floor(start[c])), 0)
        inner_hi = min(int(np.ceil(end[c])), n - 1)
        lo = inner_lo
        while lo > 0 and lo - 1 >= start[c] - guard - 1e-6 and not broken[lo - 1]:
            lo -= 1
        hi = inner_hi
        while hi < n - 1 and hi + 1 <= end[c] + guard + 1e-6 and not broken[hi + 1]:
            hi += 1
        m = hi - lo + 1
        for j in range(m):
            for i in range(s):
                if weight[c, i] > 0.0:
                    block[j, i] = max(value[lo + j, i] - baseline[c, i], 0.0)
                else:
                    block[j, i] = 0.0
        if filter_b.shape[0] == 3:
            forward_backward(block, m, filter_b, filter_a)
            for j in range(m):
                for i in range(s):
                    block[j, i] = max(block[j, i], 0.0)
        first = int(np.ceil(start[c])) - lo
        last = int(np.floor(end[c])) - lo
        head = start[c] - lo
        tail = end[c] - lo
        for j in range(m):
            total = 0.0
            mx = 0.0
            my = 0.0
            for i in range(s):
                f = weight[c, i] * block[j, i]
                total += f
                mx += f * x[i]
                my += f * y[i]
            force[j] = total
            if total > 0.0:
                cx[j] = mx / total
                cy[j] = my / total
            else:
                cx[j] = np.nan
                cy[j] = np.nan
            if given_cop.shape[0] > 0:
                cx[j] = given_cop[lo + j, 0]
                cy[j] = given_cop[lo + j, 1]
        # Integrals by trapezoid over [start, end] with interpolated ends, and peaks of the samples inside.
        for i in range(s):
            at_head = _between(block[:, i], head)
            at_tail = _between(block[:, i], tail)
            if last < first:
                integral[c, i] = 0.5 * (at_head + at_tail) * (tail - head)
                continue
            area = 0.5 * (at_head + block[first, i]) * (first - head) + 0.5 * (block[last, i] + at_tail) * (tail - last)
            top = block[first, i]
            for j in range(first + 1, last + 1):
                area += 0.5 * (block[j - 1, i] + block[j, i])
                top = max(top, block[j, i])
            integral[c, i] = area
            peak[c, i] = top
        best_from = 0
        best = 0
        run = 0
        for j in range(first, last + 1):
            if j == first or force[j] > peak_force[c]:
                peak_force[c] = force[j]
            if force[j] >= cop_min_force and np.isfinite(cx[j]) and np.isfinite(cy[j]):
                run += 1
                if run > best:
                    best = run
                    best_from = j - run + 1
            else:
                run = 0
        if best >= 2:
            a = best_from
            b = best_from + best - 1
            cop_window[c, 0] = lo + a
            cop_window[c, 1] = lo + b
            for q in range(NODES):
                at = a + (b - a) * q / (NODES - 1)
                cop_x[c, q] = _between(cx, at)
                cop_y[c, q] = _between(cy, at)
            if given_cop.shape[0] > 0:
                moment = 0.0
                mass = 0.0
                for j in range(a + 1, b + 1):
                    moment += 0.5 * (force[j - 1] * cx[j - 1] + force[j] * cx[j])
                    mass += 0.5 * (force[j - 1] + force[j])
                given_mean_x[c] = moment / mass
        for q in range(NODES):
            at = head + (tail - head) * q / (NODES - 1)
            force_curve[c, q] = _between(force, at)
            j = int(at)
            share = at - j
            med = 0.0
            lat = 0.0
            for i in range(s):
                v = block[j, i]
                if share > 0.0:
                    v += share * (block[j + 1, i] - v)
                med += medial[c, i] * v
                lat += lateral[c, i] * v
            if med + lat >= mlr_min and med + lat > 0.0:
                mlr[c, q] = 100.0 * (med - lat) / (med + lat)
    return integral, peak, peak_force, force_curve, cop_x, cop_y, cop_window, given_mean_x, mlr


@njit(cache=True, nogil=True)
def _between(values: F8, at: float) -> float:
    """Value at a fractional position, linear between neighbours."""
    j = int(at)
    share = at - j
    if share <= 0.0:
        return float(values[j])
    return float(values[j] + share * (values[j + 1] - values[j]))


@njit(cache=True, nogil=True)
def whole_force(value: F8, change: NDArray[np.int64], baseline: F8, weight: F8) -> F8:
    """Unfiltered force (n,) in N at kappa = 1, NaN in breaks.

    Rows c of `baseline` and `weight` (k, s), k >= 1, hold from sample `change[c]` (k,) on, row 0 also before it.
    """
    n, s = value.shape
    out = np.empty(n)
    row = 0
    for j in range(n):
        while row + 1 < change.shape[0] and j >= change[row + 1]:
            row += 1
        total = 0.0
        for i in range(s):
            if weight[row, i] > 0.0:
                above = value[j, i] - baseline[row, i]
                if not above <= 0.0:  # NaN goes on
                    total += weight[row, i] * above
        out[j] = total
    return out


@njit(cache=True, nogil=True)
def flagged_share(flagged: B1, start: F8, end: F8) -> F8:
    """Share (k, s) of the samples inside each [start, end] at which a sensel is flagged; `flagged` (n, s)."""
    n, s = flagged.shape
    k = start.shape[0]
    share = np.zeros((k, s))
    for c in range(k):
        first = max(int(np.ceil(start[c])), 0)
        last = min(int(np.floor(end[c])), n - 1)
        for j in range(first, last + 1):
            for i in range(s):
                if flagged[j, i]:
                    share[c, i] += 1.0
        if last >= first:
            for i in range(s):
                share[c, i] /= last - first + 1
    return share
