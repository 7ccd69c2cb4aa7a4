"""Intervals for what the shoe does: the trial is the unit (spec 8.2b), and what another trial would buy (8.2c).

Steps say how sure a trial's mean is; only repeated trials, or a lab's own trial-to-trial SD, say how much that mean
moves when the same shoe is recorded again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from analysis.long_memory import SeriesFit
from analysis.parameters import DEFAULTS, Parameters

DRIFT_TERM_FROM = 6  # trials
MAX_TRIALS_PER_CONDITION = 8
LITTLE_GAIN_EFFECT = 0.9  # of the half-width, 8.2c
LITTLE_GAIN_RECORDINGS = 0.8

NO_DEGREES = "too_few_trials_for_effect"
NO_VARIATION = "no_variation"


@dataclass(frozen=True)
class LabSd:
    """A lab's trial-to-trial SD of one index: pooled over repeated trials of the same subject, footwear and donning.

    Trials of the visit under comparison must not be in it. ``df`` are its degrees of freedom.
    """

    sd: float
    df: int


@dataclass(frozen=True)
class TrialEffect:
    """Effect of a condition over trials (Q-E); the interval is None below 2 degrees of freedom, with a ``reason``.

    ``sd`` is the trial SD s, ``leverage`` a = [(X'X)^-1]_cc, ``nu`` the degrees of freedom. ``lab_sd_only`` marks an
    interval without own repetition: it rests on the lab SD alone and drift is not excluded.
    """

    difference: float | None
    ci_low: float | None
    ci_high: float | None
    half_width: float | None
    p: float | None
    sd: float | None
    leverage: float | None
    nu: int
    drift_term: bool
    lab_sd_only: bool
    reason: str | None


def order_balance(is_other: Sequence[bool]) -> float:
    """Sum of (c - mean c)(k - mean k) over trials in order of time; 0 if linear drift can't look like an effect."""
    c = np.asarray(is_other, dtype=np.float64)
    k = np.arange(len(c), dtype=np.float64)
    return float((c - c.mean()) @ (k - k.mean())) if len(c) else 0.0


def trial_effect(
    means: Sequence[float],
    is_other: Sequence[bool],
    times_min: Sequence[float] | None,
    lab: LabSd | None = None,
    parameters: Parameters = DEFAULTS,
) -> TrialEffect:
    """Effect of the other condition (``is_other``) against base on trial means, trials in order of time (8.2b).

    ``times_min`` are the trials' mid-times, None if they are unknown (no drift term then). ``lab`` counts from 4
    degrees of freedom on.
    """
    m = np.asarray(means, dtype=np.float64)
    c = np.asarray(is_other, dtype=np.float64)
    if lab is not None and lab.df < parameters.lab_df_min:
        lab = None
    if len(m) == 0 or c.min() == c.max():
        return TrialEffect(None, None, None, None, None, None, None, 0, False, False, NO_DEGREES)
    # Balance is a property of the order; real mid-times never balance to the last millisecond.
    wanted = len(m) >= DRIFT_TERM_FROM or (lab is not None and len(m) > 2 and abs(order_balance(is_other)) > 1e-9)
    design, drift_term = _design(c, times_min if wanted else None)
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ m
    residual = m - design @ beta
    nu_own = len(m) - design.shape[1]
    leverage, difference = float(inverse[1, 1]), float(beta[1])
    own = float(residual @ residual) / nu_own if nu_own > 0 else None
    nu = nu_own + (0 if lab is None else lab.df)
    if nu < 2:
        return TrialEffect(difference, None, None, None, None, None, leverage, nu, drift_term, False, NO_DEGREES)
    pooled = (nu_own * (own or 0.0) + (0.0 if lab is None else lab.df * lab.sd**2)) / nu
    sd = math.sqrt(pooled if own is None else max(pooled, own))
    if sd <= 1e-12 * float(np.abs(m).max()):
        return TrialEffect(difference, None, None, None, None, sd, leverage, nu, drift_term, False, NO_VARIATION)
    error = sd * math.sqrt(leverage)
    half = float(stdtrit(nu, 1.0 - parameters.alpha / 2.0)) * error
    return TrialEffect(
        difference=difference,
        ci_low=difference - half,
        ci_high=difference + half,
        half_width=half,
        p=float(2.0 * stdtr(nu, -abs(difference) / error)),
        sd=sd,
        leverage=leverage,
        nu=nu,
        drift_term=drift_term,
        lab_sd_only=nu_own == 0,
        reason=None,
    )


def baseline_limit(floor: float, lab: LabSd, parameters: Parameters = DEFAULTS) -> float:
    """What two baseline trials may differ by before the baseline counts as not repeated (8.2c)."""
    return max(floor, float(stdtrit(lab.df, 1.0 - parameters.alpha / 2.0)) * math.sqrt(2.0) * lab.sd)


def half_width_longer_trials(effect: TrialEffect, fits: Sequence[SeriesFit]) -> float | None:
    """Half-width to expect from trials four times as long (8.2c); None without an interval or without step fits."""
    if effect.half_width is None or not effect.sd or not fits:
        return None
    within = float(np.mean([fit.within_variance for fit in fits]))
    shrinkage = float(np.mean([fit.shrinkage for fit in fits]))
    share = min(1.0, within / effect.sd**2)
    return effect.half_width * math.sqrt(1.0 - share * (1.0 - shrinkage))


def trials_per_condition(
    sd: float, lab: LabSd | None, target: float, parameters: Parameters = DEFAULTS
) -> int | None:
    """Smallest number of trials a condition (up to 8) whose expected half-width is at most ``target`` (8.2c)."""
    for r in range(1, MAX_TRIALS_PER_CONDITION + 1):
        nu = 2 * r - 2 + (0 if lab is None else lab.df)
        if nu >= 2 and float(stdtrit(nu, 1.0 - parameters.alpha / 2.0)) * sd * math.sqrt(2.0 / r) <= target:
            return r
    return None


def _design(c: NDArray[np.float64], times_min: Sequence[float] | None) -> tuple[NDArray[np.float64], bool]:
    """[1, c], or [1, c, t - mean t] where times are given and say something that c does not."""
    plain = np.column_stack([np.ones(len(c)), c])
    if times_min is None:
        return plain, False
    t = np.asarray(times_min, dtype=np.float64)
    centred = t - t.mean()
    scale = float(np.abs(centred).max())
    if scale == 0.0:
        return plain, False
    drifting = np.column_stack([plain, centred / scale])
    if np.linalg.matrix_rank(drifting) < 3:
        return plain, False
    return drifting, True
