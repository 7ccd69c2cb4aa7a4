"""Which steps may be compared when trials are not of one gait mode (spec 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.parameters import Parameters
from analysis.result import TrialResult
from analysis.trial_series import common_sides, recorded_foot, valid_steps

STEP_MODES = {"run": "running", "walk": "walking", "grounded_run": "grounded-running"}


@dataclass(frozen=True)
class ModeMatch:
    """Only valid steps of ``mode`` are compared; ``counts`` are these steps as (trial, side, n)."""

    mode: str
    counts: tuple[tuple[str, str, int], ...]

    @property
    def note(self) -> str:
        """``mode-matched: running steps (T1 left 214, T2 left 187)``, said on every output."""
        counts = ", ".join(f"{name} {side} {n}" for name, side, n in self.counts)
        return f"mode-matched: {STEP_MODES[self.mode]} steps ({counts})"


def needs_mode_match(trials: Sequence[TrialResult]) -> bool:
    """True if the trials' modes differ, or one is mixed, transition or unknown."""
    modes = {trial.gait_mode for trial in trials}
    return len(modes) > 1 or bool(modes & {"mixed", "transition", None})


def mode_match(trials: Sequence[TrialResult], parameters: Parameters) -> ModeMatch | None:
    """The mode with enough valid steps per foot in every trial, of several the one whose smallest count is larger.

    None if no match is needed, or if no mode has enough steps.
    """
    sides = common_sides(trials)
    if not needs_mode_match(trials) or not sides:
        return None
    best: ModeMatch | None = None
    largest = parameters.mode_matched_steps - 1
    for mode in STEP_MODES:
        counts = tuple(
            (trial.name, side, int(valid_steps(recorded_foot(trial, side), mode).sum()))
            for trial in trials
            for side in sides
        )
        smallest = min(n for _, _, n in counts)
        if smallest > largest:
            best, largest = ModeMatch(mode, counts), smallest
    return best
