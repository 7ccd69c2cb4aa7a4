"""What a reader of the result has to know besides the numbers, as names (spec 2, 3, 4.2, 14)."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.parameters import Parameters
from analysis.result import FootResult, ForceScale
from analysis.tracks import Track
from insole.trial import TrialInfo

POOR_PERCENT = 15.0


def foot_flags(track: Track, parameters: Parameters) -> tuple[str, ...]:
    """Flags of one foot: calibration, range, filter, sensels, baseline."""
    signal, steps = track.signal, track.detected
    flags: list[str] = []
    if signal.kind == "counts":
        calibration = track.foot.curves
        if calibration.is_nominal:
            flags.append("nominal_calibration")
        errors = [(r.rmspe_percent or 0.0, r.hysteresis_percent or 0.0) for r in calibration.responses]
        if any(max(pair) > POOR_PERCENT for pair in errors):
            flags.append("poor_calibration")
    if signal.near_saturation is not None and signal.near_saturation.any():
        flags.append("near_saturation")
    if signal.above_calibration is not None and signal.above_calibration.any():
        flags.append("above_calibration")
    if signal.sample_rate_hz < parameters.low_pass_from_hz:
        flags.append("unfiltered")
    flags.extend(f"sensor_missing:{sensel}" for sensel in signal.missing)
    flags.extend(steps.flags)
    if track.foot.clock.get("aligned", 1.0) == 0.0:
        flags.append("clock_not_aligned")
    if track.foot.side == "both" and track.side != "both" and steps.n_broken:
        flags.append("sides_uncertain")  # feet take turns, and a break may have swallowed a turn
    return tuple(dict.fromkeys(flags))


def trial_flags(
    info: TrialInfo,
    scale: ForceScale,
    gait_mode: str | None,
    feet: Sequence[FootResult],
    one_foot: bool,
    parameters: Parameters,
) -> tuple[str, ...]:
    """Flags of the trial, followed by those of its feet."""
    flags: list[str] = []
    if info.body_weight_n is None:
        flags.append("mass_unknown")
    if scale.kappa_source != "static":
        flags.append(f"kappa_{scale.kappa_source}")
    if one_foot:
        flags += ["kappa_one_foot", "mode_one_foot"]
    elif scale.kappa_trial is None and info.body_weight_n is not None:
        flags.append("kappa_trial_unknown")
    if scale_suspect(scale, parameters):
        flags.append("scale_suspect")
    if gain_drift(scale, parameters):
        flags.append("gain_drift")
    if gait_mode in ("transition", "mixed"):
        flags.append(gait_mode)
    if info.acclimatisation_s is None or info.acclimatisation_s < parameters.acclimatisation_s:
        flags.append("acclimatisation_short")
    if info.treadmill.incline_percent is None:
        flags.append("incline_unknown")
    for foot in feet:
        flags.extend(foot.flags)
    return tuple(dict.fromkeys(flags))


def scale_suspect(scale: ForceScale, parameters: Parameters) -> bool:
    """True if static and dynamic force scale differ by more than 15 % (2.4)."""
    if scale.kappa_source != "static" or scale.kappa_trial is None:
        return False
    return abs(scale.kappa_trial / scale.kappa_event - 1.0) > parameters.kappa_static_dynamic_share


def gain_drift(scale: ForceScale, parameters: Parameters) -> bool:
    """True if kappa of the 1-min windows drifts by more than 5 % an hour (7.3), and not by their scatter alone."""
    slope, low, high = scale.drift_percent_per_h, scale.drift_ci_low, scale.drift_ci_high
    if slope is None or low is None or high is None:
        return False
    return abs(slope) > parameters.kappa_drift_percent_per_h and (low > 0.0 or high < 0.0)
