"""What the guard found, in the words of the windows. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gui.words import condition_name, incline, sentence, speed

if TYPE_CHECKING:
    from analysis.comparison import Comparison
    from analysis.guard import Finding

BELT_CODES: Final = ("speed", "incline")  # the only refusals that can be lifted (spec 8.1)

_TITLES: Final = {
    "speed": "Speed differs.",
    "incline": "Incline differs.",
    "unknown_speed": "Speed is not known.",
    "unknown_incline": "Incline is not known.",
    "conditions_not_matched": "Conditions not matched.",
    "gait_mode": "Gait modes differ.",
    "mode_matched": "Mode-matched.",
    "size": "Sizes differ.",
    "mass_kg": "Body mass differs.",
    "layout": "Sensor layouts differ.",
    "kind": "Kinds of data differ.",
    "calibration": "Calibrations differ.",
    "missing_sensors": "Missing sensors differ.",
    "condition_mixed": "Footwear is mixed.",
    "no_common_foot": "No foot in common.",
    "too_few_steps": "Too few steps.",
    "time_between": "Long pause between trials.",
    "scale_suspect": "Force scales differ.",
    "strike_class": "Strike class differs.",
    "foot_absent": "One foot is missing.",
    "subject": "Subject codes differ.",
    "parameters": "Analysis parameters differ.",
    "same_recording": "Same recording twice.",
    "order_unknown": "Order is not known.",
    "order_not_counterbalanced": "Order is not balanced.",
    "re_donned": "Re-donned.",
}
_BELT_CONSEQUENCE: Final = {
    "warn": "alone changes these indices.",
    "refuse": "this far apart hides what the shoe does: nothing is compared.",
}


def finding_words(finding: Finding, comparison: Comparison) -> tuple[str, str]:
    """(what happened, the values and the consequence) of one finding of the guard."""
    title = _TITLES.get(finding.code, sentence(finding.code.replace("_", " ")))
    if finding.code in BELT_CODES and finding.verdict in _BELT_CONSEQUENCE:
        written = speed if finding.code == "speed" else incline
        values = {
            f"{condition_name(trial.info)} {written(trial.info.treadmill)}": None
            for trial in comparison.trials
        }
        word = finding.code.capitalize()
        return title, f"{', '.join(values)}. {word} {_BELT_CONSEQUENCE[finding.verdict]}"
    text = finding.text.replace("grounded_run", "grounded run")
    named = any(text.startswith(trial.name) for trial in comparison.trials)
    return title, f"{text}." if named else sentence(text)


def can_be_lifted(comparison: Comparison) -> bool:
    """True if the guard refused for the limits of speed or incline and for nothing else."""
    codes = {finding.code for finding in comparison.guard.findings if finding.verdict == "refuse"}
    return bool(codes) and codes <= set(BELT_CODES)

