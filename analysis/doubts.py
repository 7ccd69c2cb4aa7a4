"""Reasons for doubt: everything a reader has to know before believing a result, as sentences.

Flags are repeated, never dropped: one that has no sentence is printed as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.codes import flag_words
from analysis.comparison import Comparison
from analysis.result import TrialResult

ALWAYS = (
    "The maker of the force sensors states ±5 to ±25 % for force; peaks count only inside the calibrated range.",
    "Ratios (MLI, load shares) lose errors that all sensors share, not errors that differ between sensors.",
    "Medial loading and rearfoot motion go together only moderately (r about 0.5 in shod running).",
    "In running the centre of pressure has been found more medial barefoot than shod: MLI is not pronation.",
    "Joint angles, hip and pelvis posture, shear and pain are not measured.",
)


def doubts(comparison: Comparison) -> tuple[str, ...]:
    """All reasons for doubt of a comparison, the gravest first; what holds for several trials names them all."""
    about: dict[str, list[str]] = {}
    for trial in comparison.trials:
        for sides, words in trial_doubts(trial):
            about.setdefault(words, []).append(" ".join((trial.name, *sides)))
    found = [
        *(f"Warning: {reason}" for reason in comparison.guard.of("warn")),
        *(f"Note: {reason}" for reason in comparison.guard.of("note")),
        *_rows(comparison),
        *_baseline(comparison),
        *(f"{', '.join(dict.fromkeys(places))}: {words}" for words, places in about.items()),
        *ALWAYS,
    ]
    return tuple(dict.fromkeys(found))


def trial_doubts(trial: TrialResult) -> Iterator[tuple[tuple[str, ...], str]]:
    """(sides, sentence) of one trial; no side where it is about the whole trial, and a flag of both feet is."""
    if trial.end != "complete":
        yield (), f"the recording is {trial.end}; its end may be missing"
    feet = trial.recorded_feet()
    for flag in dict.fromkeys((*trial.flags, *(flag for foot in feet for flag in foot.flags))):
        sides = tuple(foot.side for foot in feet if flag in foot.flags)
        yield () if len(sides) == len(feet) else sides, flag_words(flag)
    for foot in feet:
        if foot.n_broken:
            yield (foot.side,), "stances were cut by gaps and are not counted"
        low, high = foot.drift.ci_low, foot.drift.ci_high
        if low is not None and high is not None and (low > 0 or high < 0):
            # Only standing still before and after the trial would tell the runner from the sensors (7.3).
            yield (foot.side,), "medial loading drifts within the trial; instrument not excluded"


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
                f"({repeat.first}, {repeat.last}), the effect is {abs(row.difference):.1f}; no verdict, because nobody "
                "knows how far repeated trials scatter in this lab"
            )
