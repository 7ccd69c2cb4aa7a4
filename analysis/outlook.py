"""More steps, or another trial? What a wider or narrower interval would take (spec 8.2c)."""

from __future__ import annotations

from analysis.long_memory import DifferenceInterval
from analysis.parameters import Parameters
from analysis.trial_effect import (
    LITTLE_GAIN_EFFECT,
    LITTLE_GAIN_RECORDINGS,
    MAX_TRIALS_PER_CONDITION,
    LabSd,
    TrialEffect,
    trials_per_condition,
)


def recordings_outlook(found: DifferenceInterval) -> str | None:
    """For an interval within recordings; the prediction is known within a factor of 2 either way."""
    if found.half_width is None or found.half_width_4n is None:
        return None
    predicted = found.half_width_4n
    text = (
        f"with four times the steps the half-width would be about {predicted:.1f} points "
        f"({0.5 * predicted:.1f} to {2 * predicted:.1f}), now {found.half_width:.1f}"
    )
    if predicted > LITTLE_GAIN_RECORDINGS * found.half_width:
        return f"{text}: more steps will help little"
    return text


def trials_outlook(
    effect: TrialEffect, predicted: float | None, floor: float | None, lab: LabSd | None, parameters: Parameters
) -> str | None:
    """For an interval over trials: what longer trials would give, and how many trials bring it to the floor."""
    if effect.half_width is None or effect.sd is None:
        return None
    parts = []
    if predicted is not None:
        now = effect.half_width
        text = f"with four times the steps the half-width would be about {predicted:.1f} points, now {now:.1f}"
        if predicted > LITTLE_GAIN_EFFECT * effect.half_width:
            text += ": more steps will not help; record another trial"
        parts.append(text)
    if floor is not None and effect.half_width > floor:
        r = trials_per_condition(effect.sd, lab, floor, parameters)
        count = f"more than {MAX_TRIALS_PER_CONDITION}" if r is None else f"about {r}"
        parts.append(f"{count} trials a condition would bring it to the floor of {floor:g} points")
    return "; ".join(parts) or None
