"""What the codes of a result mean, in words: flags, why a value is missing, why a step was left out.

Files keep the codes. Whatever people read has these words, from here alone; a code without words is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FLAGS: Final = {
    "nominal_calibration": "no calibration was given; every sensor has the nominal curve, gain uncertain by 10 %",
    "poor_calibration": "the calibration fit or its hysteresis is worse than 15 %",
    "near_saturation": "counts came close to the end of the converter's range",
    "above_calibration": "loads went beyond the calibrated range; peaks there are not to be trusted",
    "unfiltered": "the sample rate is below 250 Hz; pressures were not low-pass filtered",
    "preload_high": "a sensor's resting load is more than a tenth of its peak",
    "baseline_jump": "a sensor's resting load jumped within ten strides",
    "rezero_forced": "a stance lasted longer than 2.5 s; the zero was found anew after it",
    "noisy_swing": "the signal is noisy while the foot is in the air",
    "clock_not_aligned": "the link was not at the pace of its board: each foot counts from its own first scan, and "
    "timing between the feet is unsure",
    "sides_uncertain": "a break may have swapped the feet",
    "mass_unknown": "body mass is not known; forces are in N and thresholds fixed",
    "kappa_default": "no standing span and no borrowed force scale; thresholds use a scale of 1",
    "kappa_borrowed": "the force scale of the thresholds was borrowed from another trial",
    "kappa_one_foot": "one foot only; forces keep the scale that was fixed before the first step",
    "kappa_trial_unknown": "the trial's own force scale could not be worked out",
    "scale_suspect": "standing and moving force scale differ by more than 15 %",
    "gain_drift": "the sensors' gain drifted by more than 5 % an hour",
    "mode_one_foot": "one foot only; the gait mode comes from the duty factor",
    "transition": "the gait is between walking and running",
    "mixed": "walking and running steps are mixed",
    "acclimatisation_short": "less than 180 s on the belt before the steps counted, or not known",
    "incline_unknown": "the incline is not known",
}
_FLAGS_OF_A_PLACE: Final = {
    "sensor_missing": "sensor {} gave nothing and is left out",
    "stuck": "sensor {} stood still and is left out from there on",
    "region_absent": "no healthy sensor in region {}",
    "calibration_drift": "sensor {} no longer follows its calibration",
}
_REASONS: Final = {
    "too_few_steps": "too few steps",
    "too_few_steps_for_interval": "too few steps",
    "too_few_trials_for_effect": "too few trials",
    "no_variation": "no variation",
    "mass_unknown": "body mass unknown",
    "one_foot": "one foot only",
    "foot_absent": "foot not recorded",
    "area_absent": "sensor areas unknown",
    "no_positions": "sensor positions unknown",
    "width_unknown": "insole width unknown",
    "length_unknown": "insole length unknown",
    "units_arbitrary": "positions not in mm",
}
_REJECTED: Final = {
    "edge": "at the start or end",
    "belt_speed": "with the belt off its speed",
    "gap": "touching a gap",
    "interpolated": "with too many frames filled in",
    "contact_time": "with a contact time out of range",
    "stride_time": "with a stride time out of range",
    "missed_event": "before a missed contact",
    "outlier": "unlike the others",
    "saturated": "with a sensor at its limit",
}


def flag_words(flag: str) -> str:
    """The sentence of a flag."""
    name, _, place = flag.partition(":")
    if name in _FLAGS_OF_A_PLACE:
        return _FLAGS_OF_A_PLACE[name].format(place)
    return _FLAGS.get(flag, flag)


def reason_words(code: str) -> str:
    """Why a value is missing, in a few words."""
    name, _, place = code.partition(":")
    if name == "region_absent":
        return f"no sensor in {place}"
    return _REASONS.get(code, code.replace("_", " "))


def rejected_words(rejected: Mapping[str, int]) -> str:
    """How many steps were left out and why, ``10 at the start or end, 1 unlike the others``; ``none`` without any."""
    parts = [f"{n} {_REJECTED.get(reason, reason.replace('_', ' '))}" for reason, n in rejected.items() if n]
    return ", ".join(parts) or "none"
