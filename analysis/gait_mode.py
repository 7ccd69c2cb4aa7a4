"""Running, walking, or in between: measured from the overlaps of the contacts, never assumed (spec 4.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.parameters import Parameters

F8 = NDArray[np.float64]
EARLY = slice(10, 46)
LATE = slice(55, 91)


def trough_prominence(force: F8) -> float:
    """Depth of the trough between the two humps of a force curve (101,), in its unit; 0 if there is none."""
    first = EARLY.start + int(np.argmax(force[EARLY]))
    second = LATE.start + int(np.argmax(force[LATE]))
    return float(min(force[first], force[second]) - force[first : second + 1].min())


def grounded_mode(mean_force: F8, body_weight_n: float | None, parameters: Parameters) -> str:
    """Walk if the mean force curve (101,) in N has a trough deep enough, else grounded_run.

    The depth is in BW; with the mass unknown the same share of the curve's maximum.
    """
    unit = float(mean_force.max()) if body_weight_n is None else body_weight_n
    return "walk" if trough_prominence(mean_force) >= parameters.prominence_bw * unit else "grounded_run"


def trial_mode(
    overlaps_s: F8, mean_force: F8 | None, body_weight_n: float | None, parameters: Parameters
) -> str | None:
    """Mode of a trial of two feet from all its overlaps (m,), NaN left out; None without overlaps.

    `mean_force` (101,) in N decides between walking and grounded running. First rule that applies: transition, run,
    walk or grounded_run, mixed.
    """
    known = overlaps_s[np.isfinite(overlaps_s)]
    if not len(known):
        return None
    if abs(float(np.median(known))) < parameters.transition_s:
        return "transition"
    if float((known < 0).mean()) >= parameters.mode_share:
        return "run"
    if float((known >= 0).mean()) >= parameters.mode_share and mean_force is not None:
        return grounded_mode(mean_force, body_weight_n, parameters)
    return "mixed"


def trial_mode_one_foot(duty_factor: F8, parameters: Parameters) -> str | None:
    """Mode of a trial of one foot from the median duty factor of its steps (k,)."""
    known = duty_factor[np.isfinite(duty_factor)]
    if not len(known):
        return None
    median = float(np.median(known))
    if median < parameters.duty_run_below:
        return "run"
    return "walk" if median > parameters.duty_walk_above else "transition"


def aerial_and_grounded(around_s: F8, parameters: Parameters) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which steps are aerial (all overlaps below the dead band), which grounded (all above it), each (k,).

    `around_s` (k, 2): overlaps with the contact before and after, NaN where there is none; a step without any is
    neither.
    """
    known = np.isfinite(around_s)
    some = np.asarray(known.any(axis=1), dtype=np.bool_)
    aerial = np.asarray((~known | (around_s < -parameters.step_mode_dead_band_s)).all(axis=1), dtype=np.bool_)
    grounded = np.asarray((~known | (around_s > parameters.step_mode_dead_band_s)).all(axis=1), dtype=np.bool_)
    return some & aerial, some & grounded


def one_foot_steps(duty_factor: F8, parameters: Parameters) -> tuple[str | None, ...]:
    """Mode of each step of a single foot from its duty factor (k,)."""
    return tuple(
        "run" if duty < parameters.duty_run_below else "walk" if duty > parameters.duty_walk_above else None
        for duty in duty_factor
    )
