"""Contacts of one foot: the only event detector, live and offline (spec 2.3, 4.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(eq=False)
class Contacts:
    """k contacts of one foot, in order; positions on the dense grid of the `FootSignal` they came from (s sensels)."""

    start_sample: NDArray[np.float64]
    """(k,) initial contact, fractional sample position"""
    end_sample: NDArray[np.float64]
    """(k,) toe-off, fractional sample position"""
    start_s: NDArray[np.float64]
    """(k,) initial contact on the trial's time base"""
    end_s: NDArray[np.float64]
    """(k,) toe-off on the trial's time base"""
    baseline: NDArray[np.float64]
    """(k, s) the one baseline a step's indices use, in the unit of the signal (2.3)"""
    weight: NDArray[np.float64]
    """(k, s) N per unit of value during this contact: the signal's weight, 0 for sensels missing or stuck by then"""
    n_broken: int
    """stances cut by a break; they are never emitted"""
    flags: tuple[str, ...]
    """of the whole foot: rezero_forced, noisy_swing, preload_high, baseline_jump, stuck:<id>"""
    step_flags: tuple[tuple[str, ...], ...]
    """(k) flags of single contacts"""
    stuck: tuple[str, ...]
    """ids of the sensels found stuck, in the order of the layout"""
    reason: str | None
    """why there are no contacts: no_baseline | no_contacts; None if there are some"""
    signal: NDArray[np.float64]
    """(n,) event signal E in N, scaled by kappa_event; NaN where undefined"""
