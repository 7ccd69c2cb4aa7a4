"""One row of a comparison: which interval there is, and what stands beside it (spec 8.2, 8.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.comparison import Difference
from analysis.long_memory import MAX_SERIES, difference_interval, fit_mean
from analysis.outlook import recordings_outlook, trials_outlook
from analysis.parameters import Parameters
from analysis.statistics import cliffs_delta, hedges_g, newey_west_difference
from analysis.trial_effect import LabSd, half_width_longer_trials, trial_effect
from analysis.trial_series import F8, TrialOrder

STRONG_MEMORY = 0.75  # mean H above which the rows say so (8.2a)
NARROW_MEMORY = 0.85
STRONG_MEMORY_NOTE = "strong step-to-step memory"


def difference_row(
    blank: Difference,
    series: Sequence[F8],
    order: TrialOrder,
    lab: LabSd | None,
    settings: Parameters,
    headline: bool = False,
) -> Difference:
    """Fill ``blank``: over trials where that has an interval (8.2b), otherwise within the recordings (8.2a).

    ``series`` are the steps of each trial in the order of ``order``. A ``headline`` row also says what more steps or
    trials would bring.
    """
    split = [
        [values for values, is_other in zip(series, order.is_other, strict=True) if is_other == wanted]
        for wanted in (False, True)
    ]
    base, other = (np.concatenate(group) if group else np.empty(0) for group in split)
    row = replace(
        blank,
        n_base=len(base),
        n_other=len(other),
        sd_base=_sd(split[0]),
        sd_other=_sd(split[1]),
        trial_means=tuple(float(v.mean()) if len(v) >= settings.min_steps_mean else None for v in series),
    )
    if min((len(values) for values in series), default=0) < settings.min_steps_mean or not split[0] or not split[1]:
        return replace(row, reason="too_few_steps")
    row = replace(row, mean_base=_mean_of_means(split[0]), mean_other=_mean_of_means(split[1]))
    filled = _over_trials(row, series, order, lab, settings, headline)
    if filled.difference is None and len(series) <= MAX_SERIES:
        filled = _within_recordings(row, split, settings, headline)
    if filled.difference is None:
        return filled
    notes = filled.notes
    if min(len(values) for values in series) < settings.recommended_steps:
        notes = (*notes, f"fewer than {settings.recommended_steps} valid steps in a recording")
    return replace(filled, notes=notes, hedges_g=hedges_g(other, base), cliffs_delta=cliffs_delta(other, base))


def _over_trials(
    row: Difference, series: Sequence[F8], order: TrialOrder, lab: LabSd | None, settings: Parameters, headline: bool
) -> Difference:
    means = [float(values.mean()) for values in series]
    effect = trial_effect(means, order.is_other, order.mid_min, lab, settings)
    if effect.half_width is None:
        return replace(row, reason=effect.reason)
    notes: tuple[str, ...] = ()
    if effect.lab_sd_only:
        notes = ("rests on the lab's trial SD alone" + ("" if effect.drift_term else ", drift not excluded"),)
    drift = ", drift term" if effect.drift_term else ""
    filled = replace(
        row,
        speaks_for="effect",
        difference=effect.difference,
        ci_low=effect.ci_low,
        ci_high=effect.ci_high,
        p=effect.p,
        method=f"least squares on {len(series)} trial means{drift}, {effect.nu} degrees of freedom",
        notes=notes,
    )
    if not headline:
        return filled
    fits = [fit_mean(v, settings) for v in series if len(v) >= settings.min_steps_interval]
    known = [fit for fit in fits if fit is not None]
    longer = half_width_longer_trials(effect, known)
    if any(fit.h_bar > STRONG_MEMORY for fit in known):
        notes = (*notes, STRONG_MEMORY_NOTE)
    return replace(
        filled,
        notes=notes,
        h_bar=tuple(fit.h_bar for fit in known),
        n_blocks=tuple(fit.n_blocks for fit in known),
        half_width_4n=longer,
        outlook=trials_outlook(effect, longer, row.floor, lab, settings),
    )


def _within_recordings(
    row: Difference, split: Sequence[Sequence[F8]], settings: Parameters, headline: bool
) -> Difference:
    base, other = split
    found = difference_interval(other, base, settings, predict=headline)
    if found.difference is None:
        return replace(row, reason=found.reason)
    notes: tuple[str, ...] = ()
    if max(found.h_bars) > STRONG_MEMORY:
        notes = (*notes, STRONG_MEMORY_NOTE)
    if max(found.h_bars) > NARROW_MEMORY:
        notes = (*notes, "interval may be too narrow (coverage ≈ .89)")
    k = len(other)
    blocks = " and ".join(str(count) for count in (*found.n_blocks[k:], *found.n_blocks[:k]))
    return replace(
        row,
        speaks_for="recordings",
        difference=found.difference,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        p=found.p,
        mean_base=float(np.mean(found.means[k:])),
        mean_other=float(np.mean(found.means[:k])),
        h_bar=(*found.h_bars[k:], *found.h_bars[:k]),
        n_blocks=(*found.n_blocks[k:], *found.n_blocks[:k]),
        method=f"fGn-REML averaged over H, {blocks} block means",
        notes=notes,
        half_width_4n=found.half_width_4n,
        outlook=recordings_outlook(found) if headline else None,
        short_memory=newey_west_difference(other[0], base[0], settings.alpha)
        if headline and len(base) == len(other) == 1
        else None,
    )


def _mean_of_means(group: Sequence[F8]) -> float:
    return float(np.mean([values.mean() for values in group]))


def _sd(group: Sequence[F8]) -> float | None:
    """Step SD within trials, pooled over the trials of a condition."""
    df = sum(len(values) - 1 for values in group if len(values) > 1)
    if df == 0:
        return None
    return float(np.sqrt(sum(((values - values.mean()) ** 2).sum() for values in group if len(values) > 1) / df))
