"""Small statistics: Holm's adjustment, step-level effect sizes, and Newey-West companions that assume short memory.

None of these decides a verdict alone: intervals come from `long_memory` (8.2a) and `trial_effect` (8.2b).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

F8 = NDArray[np.float64]


@dataclass(frozen=True)
class ShortMemoryInterval:
    """A Newey-West estimate with its 95 % interval; honest only if steps forget each other within ``lag`` steps."""

    estimate: float
    standard_error: float
    ci_low: float
    ci_high: float
    df: float
    lag: int


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm's step-down adjustment in the order given (8.3); None stays None and does not count as a test."""
    known = sorted((p, position) for position, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, position) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p))
        adjusted[position] = largest
    return tuple(adjusted)


def hedges_g(a: ArrayLike, b: ArrayLike) -> float | None:
    """Standardised mean difference of a (n,) minus b (m,) with Hedges' correction J (8.3): step-level, descriptive.

    None if there are fewer than two values a side or none of them varies.
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if len(x) < 2 or len(y) < 2:
        return None
    df = len(x) + len(y) - 2
    pooled = math.sqrt(float(((x - x.mean()) ** 2).sum() + ((y - y.mean()) ** 2).sum()) / df)
    if pooled == 0.0:
        return None
    return (1.0 - 3.0 / (4.0 * df - 1.0)) * float(x.mean() - y.mean()) / pooled


def cliffs_delta(a: ArrayLike, b: ArrayLike) -> float | None:
    """Share of pairs with a above b minus share with a below b (8.3), -1...1; None if a side is empty."""
    x, y = np.asarray(a, dtype=np.float64), np.sort(np.asarray(b, dtype=np.float64))
    if len(x) == 0 or len(y) == 0:
        return None
    above = np.searchsorted(y, x, side="left").sum()
    not_below = np.searchsorted(y, x, side="right").sum()
    return float(above - (len(x) * len(y) - not_below)) / (len(x) * len(y))


def lag1_correlation(values: ArrayLike) -> float | None:
    """Correlation of a series (n,) with itself one step later about its mean; None if it does not vary."""
    y = np.asarray(values, dtype=np.float64)
    if len(y) < 2:
        return None
    centred = y - y.mean()
    total = float(centred @ centred)
    return None if total == 0.0 else float(centred[1:] @ centred[:-1]) / total


def newey_west_mean(values: ArrayLike, alpha: float = 0.05) -> ShortMemoryInterval:
    """Mean of a series (n,), n >= 3, with the Newey-West standard error."""
    y = np.asarray(values, dtype=np.float64)
    return _newey_west(np.ones((len(y), 1), dtype=np.float64), y, alpha)


def newey_west_slope(times: ArrayLike, values: ArrayLike, alpha: float = 0.05) -> ShortMemoryInterval:
    """Slope of values (n,) on times (n,), n >= 3, per unit of time, with the Newey-West standard error (7.3)."""
    t, y = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    return _newey_west(np.column_stack([np.ones(len(t)), t - t.mean()]), y, alpha)


def newey_west_difference(other: ArrayLike, base: ArrayLike, alpha: float = 0.05) -> ShortMemoryInterval:
    """Mean of other (n,) minus mean of base (m,); the variances add, the degrees of freedom are Welch's."""
    a, b = newey_west_mean(other, alpha), newey_west_mean(base, alpha)
    parts = np.array([a.standard_error**2, b.standard_error**2])
    error = math.sqrt(float(parts.sum()))
    df = a.df + b.df if error == 0.0 else float(parts.sum() ** 2 / (parts**2 / np.array([a.df, b.df])).sum())
    half = float(stdtrit(df, 1.0 - alpha / 2.0)) * error
    difference = a.estimate - b.estimate
    return ShortMemoryInterval(difference, error, difference - half, difference + half, df, max(a.lag, b.lag))


def theil_sen(times: ArrayLike, values: ArrayLike) -> float | None:
    """Median of the slopes between all pairs of points (n,), per unit of time; None without two different times."""
    t, y = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    rows = []
    for i in range(len(t) - 1):  # a row a time: all index pairs of an hour's steps would take half a gigabyte
        run = t[i + 1 :] - t[i]
        keep = run != 0.0
        rows.append((y[i + 1 :] - y[i])[keep] / run[keep])
    slopes = np.concatenate(rows) if rows else np.empty(0)
    return float(np.median(slopes, overwrite_input=True)) if len(slopes) else None


def _newey_west(design: F8, y: F8, alpha: float) -> ShortMemoryInterval:
    """The last coefficient of least squares, Bartlett weights, lag floor(4 (n / 100)**(2 / 9)), factor n / (n - p)."""
    n, p = design.shape
    if n < 3:
        raise ValueError("a Newey-West interval takes 3 values or more")
    lag = min(int(4.0 * (n / 100.0) ** (2.0 / 9.0)), n - 1)
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ y
    score = design * (y - design @ beta)[:, None]
    middle = score.T @ score
    for j in range(1, lag + 1):
        cross = score[j:].T @ score[:-j]
        middle += (1.0 - j / (lag + 1.0)) * (cross + cross.T)
    covariance = inverse @ middle @ inverse * (n / (n - p))
    error = math.sqrt(max(float(covariance[-1, -1]), 0.0))
    half = float(stdtrit(n - p, 1.0 - alpha / 2.0)) * error
    estimate = float(beta[-1])
    return ShortMemoryInterval(estimate, error, estimate - half, estimate + half, n - p, lag)
