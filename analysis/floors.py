"""The instrument floor of MLI: what calibration and registration alone can change (spec 6.2).

A difference below its floor may be the insole's doing. The row is chosen by the donning, and named in every output.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.parameters import Parameters

FIXED = "insole fixed to the foot throughout"
MOVED = "insole moved between shoe and foot, or re-donned"


@dataclass(frozen=True)
class Floor:
    """``points`` of MLI and the name of the row they come from."""

    points: float
    row: str


def same_donning(donnings: Iterable[str | None]) -> bool:
    """True if every trial carries the same donning id, and it is not empty (8.1)."""
    ids = set(donnings)
    return len(ids) == 1 and bool(next(iter(ids)))


def within_trial_floor(parameters: Parameters) -> Floor:
    """For drift inside one trial."""
    return Floor(parameters.floor_within_trial, "within trial (drift), same donning")


def left_right_floor(parameters: Parameters) -> Floor:
    """For the difference between the two feet of one trial: gains and registration do not cancel."""
    return Floor(parameters.floor_left_right, "left vs right")


def condition_floor(fixed: bool, parameters: Parameters) -> Floor:
    """For one foot in two conditions; ``fixed`` is `same_donning` of all trials."""
    if fixed:
        return Floor(parameters.floor_fixed, f"shod vs barefoot, {FIXED}")
    return Floor(parameters.floor_re_donned, MOVED)


def did_floor(fixed: bool, parameters: Parameters) -> Floor:
    """For the difference-in-differences of the two feet."""
    if fixed:
        return Floor(parameters.floor_did_fixed, f"difference-in-differences of the feet, {FIXED}")
    return Floor(parameters.floor_did_re_donned, f"difference-in-differences of the feet, {MOVED}")
