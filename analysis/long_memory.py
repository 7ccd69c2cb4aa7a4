"""Intervals for step series with long memory: fGn-REML averaged over the Hurst exponent H (spec 8.2a).

Steps of one trial are no independent sample: what happens now still weighs hundreds of strides later. Each series
is cut into at most 36 block means; the block means of fractional Gaussian noise are fractional Gaussian noise again,
so one H per series describes them. H can't be known from one short trial, therefore every H of a grid is weighted by
its restricted likelihood and the interval is taken from the mixture. The price is width: about 1.9 times the naive
interval even when the steps are independent.

All matrices depend on the number of blocks alone and are kept; one interval costs about a millisecond.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.mixture import Mixture, normalised
from analysis.parameters import DEFAULTS, Parameters

F8 = NDArray[np.float64]
NEGLIGIBLE = 36.0  # components lighter than exp(-36) of the heaviest do not move a float
MAX_SERIES = 3  # 19**3 components; designs with more trials always have an interval over trials (8.2b)

TOO_FEW_FOR_MEAN = "too_few_steps"
TOO_FEW_FOR_INTERVAL = "too_few_steps_for_interval"
NO_VARIATION = "no_variation"


@dataclass(frozen=True, eq=False)
class Structure:
    """What depends on the number of blocks K alone: for each H of the grid (19 of them)."""

    hurst: F8  # (h,)
    correlation: F8  # (h, K, K): R
    whitener: F8  # (h, K, K): inverse Cholesky factor, z = whitener @ y has unit covariance
    log_det: F8  # (h,): ln|R|


@dataclass(frozen=True, eq=False)
class SeriesFit:
    """One series under every H of the grid: the ordinary estimate, its variance V(H) and the log weight l(H)."""

    estimate: float
    hurst: F8  # (h,)
    variance: F8  # (h,)
    log_weight: F8  # (h,)
    df: int
    n: int
    n_blocks: int

    @property
    def weight(self) -> F8:
        """Normalised weight of each H, (h,)."""
        return normalised(self.log_weight)

    @property
    def h_bar(self) -> float:
        """Posterior mean of H."""
        return float(self.weight @ self.hurst)

    @property
    def within_variance(self) -> float:
        """v_w: geometric mean of V over H by weight (8.2c)."""
        return float(np.exp(self.weight @ np.log(self.variance)))

    @property
    def shrinkage(self) -> float:
        """g: factor by which v_w falls when the trial is four times as long (8.2c)."""
        return float(self.weight @ 4.0 ** (2.0 * self.hurst - 2.0))


@dataclass(frozen=True)
class MeanInterval:
    """Mean of one series with its 95 % interval (8.2a, p = 1).

    ``mean`` and ``sd`` (ddof 1) are over all values; the interval is centred on the mean of the blocks, which leave
    out up to q - 1 of the first steps. None with a ``reason``: fewer than 20 values (mean), fewer than 30 (interval),
    or values that do not vary.
    """

    mean: float | None
    sd: float | None
    ci_low: float | None
    ci_high: float | None
    half_width: float | None
    h_bar: float | None
    n: int
    reason: str | None
    n_blocks: int | None = None


@dataclass(frozen=True)
class DifferenceInterval:
    """Difference of means between recordings (Q-W, 8.2a); None with a ``reason`` where there is no interval.

    ``means`` are the block means' means, one per series in the order given, so that they add up to ``difference``.
    ``half_width_4n`` is the half-width to expect from trials four times as long (8.2c), known within a factor of 2;
    it is worked out on request.
    """

    difference: float | None
    ci_low: float | None
    ci_high: float | None
    half_width: float | None
    p: float | None
    h_bars: tuple[float, ...]
    n_blocks: tuple[int, ...]
    means: tuple[float, ...]
    half_width_4n: float | None
    reason: str | None


@dataclass(frozen=True)
class SlopeInterval:
    """Slope of a series in units per minute with its interval (7.3: 8.2a with p = 2)."""

    slope: float | None
    ci_low: float | None
    ci_high: float | None
    half_width: float | None
    p: float | None
    h_bar: float | None
    n: int
    n_blocks: int | None
    reason: str | None


def block_count(n: int, blocks_max: int) -> int:
    """K = floor(n / q) blocks of q = ceil(n / blocks_max) values; 0 without values."""
    return n // -(-n // blocks_max) if n else 0


def block_means(values: F8, blocks_max: int) -> F8:
    """K means (K,) of q consecutive values of (n,); the first n - qK are left out."""
    length, count = -(-len(values) // blocks_max), block_count(len(values), blocks_max)
    return np.asarray(values[len(values) - length * count :].reshape(count, length).mean(axis=1), dtype=np.float64)


def fit_mean(values: ArrayLike, parameters: Parameters = DEFAULTS) -> SeriesFit | None:
    """Mean of one series under every H of the grid; None if the blocks do not vary.

    ``values``: (n,) finite, n >= 30, consecutive valid steps in order of time.
    """
    series = np.asarray(values, dtype=np.float64)
    means = block_means(series, parameters.interval_blocks_max)
    count = len(means)
    structure = _structure(count, _grid(parameters))
    residual, log_det_a = _whitened_residual(structure, np.ones((count, 1)), means)
    if residual is None:
        return None
    df = count - 1
    return SeriesFit(
        estimate=float(means.mean()),
        hurst=structure.hurst,
        variance=count ** (2.0 * structure.hurst - 2.0) * residual / df,
        log_weight=-0.5 * (structure.log_det + log_det_a + df * np.log(residual)),
        df=df,
        n=len(series),
        n_blocks=count,
    )


def mean_interval(values: ArrayLike, parameters: Parameters = DEFAULTS) -> MeanInterval:
    """Mean, SD and 95 % interval of a step series, (n,) in order of time; null values (NaN) are left out."""
    series = _finite(values)
    n = len(series)
    if n < parameters.min_steps_mean:
        return MeanInterval(None, None, None, None, None, None, n, TOO_FEW_FOR_MEAN)
    mean, sd = float(series.mean()), float(series.std(ddof=1))
    if n < parameters.min_steps_interval:
        return MeanInterval(mean, sd, None, None, None, None, n, TOO_FEW_FOR_INTERVAL)
    fit = fit_mean(series, parameters)
    if fit is None:
        return MeanInterval(mean, sd, None, None, None, None, n, NO_VARIATION)
    half = Mixture(fit.variance, np.full(len(fit.variance), float(fit.df)), fit.weight).half_width(parameters.alpha)
    return MeanInterval(
        mean, sd, fit.estimate - half, fit.estimate + half, half, fit.h_bar, n, None, n_blocks=fit.n_blocks
    )


def difference_interval(
    other: Sequence[ArrayLike],
    base: Sequence[ArrayLike],
    parameters: Parameters = DEFAULTS,
    predict: bool = False,
) -> DifferenceInterval:
    """Mean of ``other`` minus mean of ``base`` (Q-W, 8.2a), for at most three series in all.

    One series a side is the method as specified: 361 pairs (H_a, H_b), kept near each other by the coupling kappa_H.
    With two series on one side the estimate is the mean of the two and its variance the sum of V / m**2; the
    coupling becomes sum((H - mean H)**2) / kappa_H**2, which for one series a side is the specified term exactly.
    """
    groups = [[_finite(series) for series in group] for group in (other, base)]
    everything = [series for group in groups for series in group]
    if not groups[0] or not groups[1] or len(everything) > MAX_SERIES:
        raise ValueError(f"an interval within recordings takes 2 to {MAX_SERIES} series, one a side at least")
    if min(len(series) for series in everything) < parameters.min_steps_interval:
        return _no_difference(TOO_FEW_FOR_INTERVAL)
    fits = [fit_mean(series, parameters) for series in everything]
    known = [fit for fit in fits if fit is not None]
    if len(known) < len(fits):
        return _no_difference(NO_VARIATION)
    share = np.array([sign / len(group) for group, sign in zip(groups, (1.0, -1.0), strict=True) for _ in group])
    difference = float(sum(c * fit.estimate for c, fit in zip(share, known, strict=True)))
    mixture, h_bars = _combine(known, share, parameters)
    longer = _combine(known, share, parameters, stretch=4.0)[0].half_width(parameters.alpha) if predict else None
    half = mixture.half_width(parameters.alpha)
    return DifferenceInterval(
        difference=difference,
        ci_low=difference - half,
        ci_high=difference + half,
        half_width=half,
        p=mixture.tail(difference),
        h_bars=h_bars,
        n_blocks=tuple(fit.n_blocks for fit in known),
        means=tuple(fit.estimate for fit in known),
        half_width_4n=longer,
        reason=None,
    )


def slope_interval(times_min: ArrayLike, values: ArrayLike, parameters: Parameters = DEFAULTS) -> SlopeInterval:
    """Slope of ``values`` (n,) on ``times_min`` (n,), in units per minute (7.3); needs 100 values."""
    t, y = np.asarray(times_min, dtype=np.float64), np.asarray(values, dtype=np.float64)
    finite = np.isfinite(t) & np.isfinite(y)
    t, y = t[finite], y[finite]
    n = len(y)
    if n < parameters.recommended_steps:
        return SlopeInterval(None, None, None, None, None, None, n, None, TOO_FEW_FOR_INTERVAL)
    t_mean = block_means(t, parameters.interval_blocks_max)
    y_mean = block_means(y, parameters.interval_blocks_max)
    count = len(y_mean)
    centred = t_mean - t_mean.mean()
    spread = float(centred @ centred)
    if spread == 0.0:
        return SlopeInterval(None, None, None, None, None, None, n, count, NO_VARIATION)
    structure = _structure(count, _grid(parameters))
    residual, log_det_a = _whitened_residual(structure, np.column_stack([np.ones(count), centred]), y_mean)
    slope = float(centred @ y_mean) / spread
    if residual is None:
        return SlopeInterval(slope, None, None, None, None, None, n, count, NO_VARIATION)
    df = count - 2
    share = centred / spread
    variance = (share @ structure.correlation @ share) * residual / df
    weight = normalised(-0.5 * (structure.log_det + log_det_a + df * np.log(residual)))
    mixture = Mixture(variance, np.full(len(variance), float(df)), weight)
    half = mixture.half_width(parameters.alpha)
    return SlopeInterval(
        slope, slope - half, slope + half, half, mixture.tail(slope), float(weight @ structure.hurst), n, count, None
    )


def _combine(
    fits: Sequence[SeriesFit], share: F8, parameters: Parameters, stretch: float = 1.0
) -> tuple[Mixture, tuple[float, ...]]:
    """Every combination of one H per series; ``stretch`` times longer trials scale V, the weights stay (8.2c)."""
    picks = _picks(len(fits[0].hurst), len(fits))
    hurst = np.stack([fit.hurst[picks[:, j]] for j, fit in enumerate(fits)], axis=1)
    log_weight = np.sum([fit.log_weight[picks[:, j]] for j, fit in enumerate(fits)], axis=0)
    apart = hurst - hurst.mean(axis=1, keepdims=True)
    log_weight = log_weight - np.sum(apart**2, axis=1) / parameters.hurst_coupling**2
    counts = log_weight > log_weight.max() - NEGLIGIBLE
    picks, hurst, weight = picks[counts], hurst[counts], normalised(log_weight[counts])
    parts = np.stack([share[j] ** 2 * fit.variance[picks[:, j]] for j, fit in enumerate(fits)], axis=1)
    parts = parts * stretch ** (2.0 * hurst - 2.0)
    variance = parts.sum(axis=1)
    df = np.array([fit.df for fit in fits], dtype=np.float64)
    nu = variance**2 / np.sum(parts**2 / df, axis=1)
    return Mixture(variance, nu, weight), tuple(float(value) for value in weight @ hurst)


def _whitened_residual(structure: Structure, design: F8, y: F8) -> tuple[F8 | None, F8]:
    """S and ln|A| for every H; S is None when nothing is left beside rounding."""
    scale = float(np.abs(y).max())
    centred = y - y[0]  # every design has a constant: S does not change, and a constant series becomes exactly 0
    x = structure.whitener @ design
    z = structure.whitener @ centred
    gram = np.swapaxes(x, 1, 2) @ x
    beta = np.linalg.solve(gram, np.swapaxes(x, 1, 2) @ z[:, :, None])
    rest = z - (x @ beta)[:, :, 0]
    residual = np.asarray(np.sum(rest**2, axis=1), dtype=np.float64)
    log_det = np.asarray(np.linalg.slogdet(gram)[1], dtype=np.float64)
    if float(residual.max()) <= len(y) * (64.0 * np.finfo(np.float64).eps * scale) ** 2:
        return None, log_det
    return residual, log_det


@lru_cache(maxsize=8)
def _picks(grid_size: int, series: int) -> NDArray[np.int64]:
    return np.array(list(itertools.product(range(grid_size), repeat=series)), dtype=np.int64)


def _grid(parameters: Parameters) -> tuple[float, float, float]:
    return parameters.hurst_from, parameters.hurst_to, parameters.hurst_step


@lru_cache(maxsize=64)
def _structure(count: int, grid: tuple[float, float, float]) -> Structure:
    start, stop, step = grid
    hurst = np.asarray(start + step * np.arange(round((stop - start) / step) + 1), dtype=np.float64)
    lag = np.abs(np.subtract.outer(np.arange(count), np.arange(count))).astype(np.float64)
    power = 2.0 * hurst[:, None, None]
    correlation = 0.5 * ((lag + 1.0) ** power - 2.0 * lag**power + np.abs(lag - 1.0) ** power)
    factor = np.asarray(np.linalg.cholesky(correlation), dtype=np.float64)
    log_det = np.asarray(2.0 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1), dtype=np.float64)
    return Structure(hurst, correlation, np.asarray(np.linalg.inv(factor), dtype=np.float64), log_det)


def _finite(values: ArrayLike) -> F8:
    series = np.asarray(values, dtype=np.float64)
    return series[np.isfinite(series)]


def _no_difference(reason: str) -> DifferenceInterval:
    return DifferenceInterval(None, None, None, None, None, (), (), (), None, reason)
