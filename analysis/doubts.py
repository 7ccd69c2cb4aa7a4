"""Reasons for doubt: everything a reader has to know before believing a comparison, as sentences.

Flags are repeated, never dropped: one that has no sentence here is printed as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.comparison import Comparison
from analysis.result import TrialResult

FLAGS = {
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
    "kappa_one_foot": "one foot only; forces use the scale of the thresholds",
    "kappa_trial_unknown": "the trial's own force scale could not be worked out",
    "scale_suspect": "standing and moving force scale differ by more than 15 %",
    "gain_drift": "the sensors' gain drifted by more than 5 % an hour",
    "mode_one_foot": "one foot only; the gait mode comes from the duty factor",
    "transition": "the gait is between walking and running",
    "mixed": "walking and running steps are mixed",
    "acclimatisation_short": "less than 180 s on the belt before the steps counted, or not known",
    "incline_unknown": "the incline is not known",
}
ALWAYS = (
    "The maker of the force sensors states ±5 to ±25 % for force; peaks count only inside the calibrated range.",
    "Ratios (MLI, load shares) lose errors that all sensors share, not errors that differ between sensors.",
    "Medial loading and rearfoot motion go together only moderately (r about 0.5 in shod running).",
    "In running the centre of pressure has been found more medial barefoot than shod: MLI is not pronation.",
    "Joint angles, hip and pelvis posture, shear and pain are not measured.",
)


def flag_words(flag: str) -> str:
    """The sentence of a flag; the flag itself where there is none."""
    name, _, place = flag.partition(":")
    known = {
        "sensor_missing": f"sensor {place} gave nothing and is left out",
        "stuck": f"sensor {place} stood still and is left out from there on",
        "region_absent": f"no healthy sensor in region {place}",
        "calibration_drift": f"sensor {place} no longer follows its calibration",
    }
    return FLAGS.get(flag) or known.get(name) or flag


def doubts(comparison: Comparison) -> tuple[str, ...]:
    """All reasons for doubt of a comparison, the gravest first; what holds for several trials names them all."""
    about: dict[str, list[str]] = {}
    for trial in comparison.trials:
        for where, words in _trial(trial):
            about.setdefault(words, []).append(where)
    found = [
        *(f"Warning: {reason}" for reason in comparison.guard.of("warn")),
        *(f"Note: {reason}" for reason in comparison.guard.of("note")),
        *_rows(comparison),
        *_baseline(comparison),
        *(f"{', '.join(dict.fromkeys(places))}: {words}" for words, places in about.items()),
        *ALWAYS,
    ]
    return tuple(dict.fromkeys(found))


def _rows(comparison: Comparison) -> Iterator[str]:
    names = {"left": "Left foot", "right": "Right foot", "did": "Feet against each other"}
    for row in comparison.primary:
        for note in row.notes:
            yield f"{names[row.side]}: {note}"
    if any(row.speaks_for == "recordings" for row in comparison.primary):
        yield (
            "The intervals speak for these recordings. Whether the same shoe would do it again takes repeated trials "
            "(A-B-B-A, better three of each)."
        )


def _baseline(comparison: Comparison) -> Iterator[str]:
    for repeat in comparison.baseline_repeat:
        row = comparison.row(repeat.side)
        if repeat.repeated is None and row is not None and row.difference is not None:
            yield (
                f"Baselines of the {repeat.side} foot differ by {abs(repeat.difference):.1f} points "
                f"({repeat.first}, {repeat.last}), the effect is {abs(row.difference):.1f}; a note, no verdict, "
                "because there is no lab trial SD"
            )


def _trial(trial: TrialResult) -> Iterator[tuple[str, str]]:
    """(where, what) of one trial; flags of both feet count for the trial."""
    if trial.end != "complete":
        yield trial.name, f"the recording is {trial.end}; its end may be missing"
    feet = trial.recorded_feet()
    of_feet = [set(foot.flags) for foot in feet]
    everywhere = set.intersection(*of_feet) if of_feet else set()
    for flag in dict.fromkeys((*trial.flags, *(flag for foot in feet for flag in foot.flags))):
        sides = [foot.side for foot in feet if flag in foot.flags]
        if flag in everywhere or not sides:
            yield trial.name, flag_words(flag)
        else:
            yield f"{trial.name} {' and '.join(sides)}", flag_words(flag)
    for foot in feet:
        where = f"{trial.name} {foot.side}"
        if foot.n_broken:
            yield where, "stances were cut by gaps and are not counted"
        low, high = foot.drift.ci_low, foot.drift.ci_high
        if low is not None and high is not None and (low > 0 or high < 0):
            # Only standing still before and after the trial would tell the runner from the sensors (7.3).
            yield where, "medial loading drifts within the trial; instrument not excluded"
