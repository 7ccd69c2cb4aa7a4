"""Slow and obvious twins of the interval formulas, written from the specification; nothing here is from `analysis`."""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy.stats import t as student

GRID = [0.5 + 0.025 * k for k in range(19)]
KAPPA_H = 0.15


def blocks(values: list[float], largest: int = 36) -> list[float]:
    n = len(values)
    q = math.ceil(n / largest)
    count = n // q
    used = values[n - q * count :]
    return [sum(used[j * q : (j + 1) * q]) / q for j in range(count)]


def correlation(count: int, h: float) -> np.ndarray:
    r = np.empty((count, count))
    for j in range(count):
        for k in range(count):
            m = j - k
            r[j, k] = 0.5 * (abs(m + 1) ** (2 * h) - 2 * abs(m) ** (2 * h) + abs(m - 1) ** (2 * h))
    return r


def series(y: list[float], design: np.ndarray) -> tuple[float, list[float], list[float], int]:
    """Ordinary estimate of the last coefficient, V(H), l(H), degrees of freedom."""
    obs = np.array(y)
    count, p = design.shape
    w = (design @ np.linalg.inv(design.T @ design))[:, -1]
    variances, weights = [], []
    for h in GRID:
        r = correlation(count, h)
        inverse = np.linalg.inv(r)
        a = design.T @ inverse @ design
        beta = np.linalg.inv(a) @ design.T @ inverse @ obs
        rest = obs - design @ beta
        s = float(rest @ inverse @ rest)
        weights.append(-0.5 * (math.log(np.linalg.det(r)) + math.log(np.linalg.det(a)) + (count - p) * math.log(s)))
        variances.append(float(w @ r @ w) * s / (count - p))
    return float(w @ obs), variances, weights, count - p


def solve(components: list[tuple[float, float, float]], estimate: float) -> tuple[float, float]:
    """Half-width by the bisection of the specification, and p; components are (V, nu, log weight)."""
    top = max(c[2] for c in components)
    variance = np.array([c[0] for c in components])
    nu = np.array([c[1] for c in components])
    weight = np.array([math.exp(c[2] - top) for c in components])
    weight /= weight.sum()

    def tail(x: float) -> float:
        return float(np.sum(weight * 2.0 * student.cdf(-x / np.sqrt(variance), nu)))

    low, high = 0.0, math.sqrt(variance.max()) * student.ppf(0.975, nu.min())
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if tail(middle) > 0.05 else (low, middle)
    return 0.5 * (low + high), tail(abs(estimate))


def mean(values: list[float]) -> tuple[float, float]:
    y = blocks(values)
    estimate, v, ell, df = series(y, np.ones((len(y), 1)))
    return estimate, solve([(v[i], df, ell[i]) for i in range(19)], estimate)[0]


def difference(groups_other: list[list[float]], groups_base: list[list[float]]) -> tuple[float, float, float]:
    """Difference, half-width and p; with two series on a side the mean of the two, spread around the mean H."""
    fits, shares = [], []
    for group, sign in ((groups_other, 1.0), (groups_base, -1.0)):
        for values in group:
            y = blocks(values)
            fits.append(series(y, np.ones((len(y), 1))))
            shares.append(sign / len(group))
    estimate = sum(c * fit[0] for c, fit in zip(shares, fits, strict=True))
    components = []
    for pick in itertools.product(range(19), repeat=len(fits)):
        parts = [shares[j] ** 2 * fits[j][1][i] for j, i in enumerate(pick)]
        total = sum(parts)
        nu = total**2 / sum(part**2 / fits[j][3] for j, part in enumerate(parts))
        hs = [GRID[i] for i in pick]
        if len(fits) == 2:
            coupling = 0.5 * ((hs[0] - hs[1]) / KAPPA_H) ** 2
        else:
            coupling = sum((h - sum(hs) / len(hs)) ** 2 for h in hs) / KAPPA_H**2
        components.append((total, nu, sum(fits[j][2][i] for j, i in enumerate(pick)) - coupling))
    half, p = solve(components, estimate)
    return estimate, half, p


def slope(times: list[float], values: list[float]) -> tuple[float, float, float]:
    t, y = np.array(blocks(times)), blocks(values)
    estimate, v, ell, df = series(y, np.column_stack([np.ones(len(t)), t - t.mean()]))
    half, p = solve([(v[i], df, ell[i]) for i in range(19)], estimate)
    return estimate, half, p


def trial_effect(
    means: list[float], shod: list[bool], times: list[float] | None, lab: tuple[float, int] | None
) -> tuple[float, float | None]:
    """Difference and half-width of 8.2b; a drift term if times are given."""
    columns = [np.ones(len(means)), np.array(shod, dtype=float)]
    if times is not None:
        columns.append(np.array(times) - np.mean(times))
    x = np.column_stack(columns)
    beta = np.linalg.lstsq(x, np.array(means), rcond=None)[0]
    rss = float(np.sum((np.array(means) - x @ beta) ** 2))
    nu_0 = len(means) - x.shape[1]
    s_l, nu_l = lab if lab is not None else (0.0, 0)
    nu = nu_0 + nu_l
    if nu < 2:
        return float(beta[1]), None
    s2 = (rss + nu_l * s_l**2) / nu
    if nu_0 > 0:
        s2 = max(s2, rss / nu_0)
    a = np.linalg.inv(x.T @ x)[1, 1]
    return float(beta[1]), float(student.ppf(0.975, nu) * math.sqrt(s2 * a))


def cliff(a: list[float], b: list[float]) -> float:
    return sum((x > y) - (x < y) for x in a for y in b) / (len(a) * len(b))


def step_differences(
    right: list[tuple[float, float]], left: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Right contact minus the left contact that came just before it, each left contact used once."""
    rows = sorted([(time, "R", value) for time, value in right] + [(time, "L", value) for time, value in left])
    found = []
    last: float | None = None
    for time, side, value in rows:
        if side == "L":
            last = value
        elif last is not None:
            if math.isfinite(value - last):
                found.append((time, value - last))
            last = None
    return found


def arfima(rng: np.random.Generator, n: int, d: float, burn: int = 2000) -> np.ndarray:
    """ARFIMA(0, d, 0) of unit innovations: fractional integration of white noise by its moving-average weights."""
    total = n + burn
    k = np.arange(1, total)
    psi = np.concatenate([[1.0], np.cumprod((k - 1 + d) / k)])
    size = 2 * total
    noise = rng.standard_normal(total)
    return np.fft.irfft(np.fft.rfft(psi, size) * np.fft.rfft(noise, size), size)[burn:total]
