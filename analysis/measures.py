"""What the samples of each step amount to, before any verdict: integrals, peaks, curves (spec 3, 5, 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.cop import deviation, lateral_to_medial, strike_index
from analysis.events import Contacts
from analysis.filter import low_pass
from analysis.force import FootSignal
from analysis.indices import (
    MLI_LATERAL,
    MLI_MEDIAL,
    REGIONS_NEEDED,
    RegionMeans,
    axis_index,
    mean_cop_index,
    no_regions,
    pressure_indices,
    region_means,
)
from analysis.kernels_step import flagged_share, step_pass
from analysis.parameters import Parameters
from analysis.temporal import Breaks
from insole.layout import REGIONS, Layout

F8 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measures:
    """k steps of one foot; forces at kappa = 1, positions in the unit of the layout, NaN = null.

    `columns` holds the indices of the step table that need no force scale; `reasons` why a column of it is null in
    every step.
    """

    columns: dict[str, F8]
    reasons: dict[str, str]
    region_pti: F8  # (k, 11) kPa·s
    peak_force_n: F8  # (k,)
    impulse_n_s: F8  # (k,)
    force_n: F8  # (k, 101)
    cop_x: F8  # (k, 101)
    cop_y: F8  # (k, 101)
    cop_span_s: F8  # (k, 2)
    mlr: F8  # (k, 101) %
    touches_break: NDArray[np.bool_]  # (k,)
    interpolated_share: F8  # (k,)
    saturated_share: F8  # (k,) worst sensel among those that carry the load


def measure(
    signal: FootSignal, breaks: Breaks, steps: Contacts, layout: Layout, cop_force_n: float, parameters: Parameters
) -> Measures:
    """Measure the steps of one foot.

    `cop_force_n`: force at kappa = 1 from which the CoP is valid, in N.
    """
    k, s = steps.weight.shape
    # Sensels fail now and then, not at every step: a few sets of healthy ones serve all steps.
    healthy, which = np.unique(steps.weight > 0, axis=0, return_inverse=True)
    means = [_means(signal, layout, one) for one in healthy]
    medial, lateral = np.full((k, s), np.nan), np.full((k, s), np.nan)
    for number, mean in enumerate(means):
        both = mean.summed(MLI_MEDIAL), mean.summed(MLI_LATERAL)
        if both[0] is not None and both[1] is not None:
            medial[which == number], lateral[which == number] = both
    given = np.zeros((0, 2)) if signal.cop_mm is None else signal.cop_mm
    total = signal.kind == "total"
    nowhere = np.full(s, np.nan)
    x, y = (nowhere, nowhere) if total else (layout.x_mm, layout.y_mm)
    sections = low_pass(signal.sample_rate_hz, parameters) or (np.zeros(0), np.zeros(0))
    integral, _, peak_force, force, cop_x, cop_y, window, given_x, mlr = step_pass(
        signal.value, signal.broken, steps.start_sample, steps.end_sample, steps.baseline, steps.weight, x, y,
        medial, lateral, given, parameters.low_pass_guard_s * signal.sample_rate_hz, *sections, cop_force_n,
        parameters.mlr_min_kpa,
    )  # fmt: skip
    # Sums over sensels are plain sums, no matrix products: those round differently for one step and for many, and
    # a live step equals its offline twin to the last bit.
    seconds = integral / signal.sample_rate_hz
    fti = steps.weight * seconds
    impulse = fti.sum(axis=1)
    region_pti = np.full((k, len(REGIONS)), np.nan)
    for number, mean in enumerate(means):
        known = np.array([why is None for why in mean.reasons])
        mine = seconds[which == number]
        region_pti[which == number] = np.where(known, (mine[:, None, :] * mean.kpa).sum(axis=2), np.nan)
    columns = pressure_indices(region_pti)
    columns["ami"] = axis_index(fti, x)
    mean_x = given_x if total else np.divide((fti * x).sum(axis=1), impulse, out=np.full(k, np.nan), where=impulse > 0)
    half_width = np.nan if layout.width_mm is None else layout.width_mm / 2.0
    columns["xm"] = mean_cop_index(mean_x, half_width)
    columns["dev"] = deviation(cop_x, cop_y, half_width)
    columns["lmd_mm"] = lateral_to_medial(cop_x) if layout.units == "mm" else np.full(k, np.nan)
    columns["strike_index"] = strike_index(cop_y, np.nan if layout.length_mm is None else layout.length_mm)
    guard = parameters.low_pass_guard_s
    return Measures(
        columns=columns,
        reasons=_reasons(signal, layout, means),
        region_pti=region_pti,
        peak_force_n=peak_force,
        impulse_n_s=impulse,
        force_n=force,
        cop_x=cop_x,
        cop_y=cop_y,
        cop_span_s=np.interp(window, np.arange(signal.n_samples), signal.time_s),
        mlr=mlr,
        touches_break=breaks.between(steps.start_s - guard, steps.end_s + guard),
        interpolated_share=flagged_share(signal.interpolated[:, None], steps.start_sample, steps.end_sample)[:, 0],
        saturated_share=_saturated_share(signal, steps, fti, parameters),
    )


def regions_of(signal: FootSignal, steps: Contacts, layout: Layout) -> RegionMeans:
    """Region means of a whole recording: those of its last contact, when every missing sensel is known."""
    healthy = steps.weight[-1] > 0 if len(steps.weight) else signal.weight > 0
    return _means(signal, layout, healthy)


def _means(signal: FootSignal, layout: Layout, healthy: NDArray[np.bool_]) -> RegionMeans:
    if signal.kind == "total":
        return no_regions(signal.value.shape[1])
    return region_means(layout, signal.kpa_per_value, healthy, signal.kind == "force_n")


def _saturated_share(signal: FootSignal, steps: Contacts, fti: F8, parameters: Parameters) -> F8:
    """Largest share of stance at which a sensel with more than 10 % of the step's load is saturated (4.3 rule 6)."""
    if signal.saturated is None:
        return np.zeros(len(fti))
    share = flagged_share(signal.saturated, steps.start_sample, steps.end_sample)
    carries = fti > parameters.saturated_load_share * fti.sum(axis=1, keepdims=True)
    return np.asarray(np.where(carries, share, 0.0).max(axis=1, initial=0.0), dtype=np.float64)


def _reasons(signal: FootSignal, layout: Layout, means: list[RegionMeans]) -> dict[str, str]:
    """Why columns are null in every step."""
    reasons: dict[str, str] = {}
    for index in REGIONS_NEEDED:
        whys = [mean.reason(index) for mean in means]
        if whys and whys[-1] is not None and all(whys):
            reasons[index] = whys[-1]
    total = signal.kind == "total"
    if total or not layout.has_positions:
        reasons["ami"] = "no_positions"
    if (signal.cop_mm is None) if total else not layout.has_positions:
        reasons |= dict.fromkeys(("xm", "dev", "lmd_mm", "strike_index"), "no_positions")
        return reasons
    if layout.width_mm is None:
        reasons |= {"xm": "width_unknown", "dev": "width_unknown"}
    if layout.length_mm is None:
        reasons["strike_index"] = "length_unknown"
    if layout.units != "mm":
        reasons["lmd_mm"] = "units_arbitrary"
    return reasons
