"""What stands behind a comparison, in plain lines: trials, steps left out, doubts, notes of the guard. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.codes import rejected_words
from analysis.doubts import trial_doubts
from gui.guard_words import finding_words
from gui.session import Session, excluded
from gui.words import SIDE_WORDS, condition_name, sentence, settings

if TYPE_CHECKING:
    from analysis.result import TrialResult


def details(session: Session) -> list[tuple[str, list[str]]]:
    """Sections (heading, lines): one a trial that is compared, one for the notes of the guard."""
    comparison = session.comparison
    if comparison is None:
        return []
    sections = [(f"{trial.name}  {condition_name(trial.info)}", _trial(trial)) for trial in comparison.trials]
    notes = [" ".join(finding_words(f, comparison)) for f in comparison.guard.findings if f.verdict == "note"]
    if notes:
        sections.append(("Notes", notes))
    return sections


def _trial(trial: TrialResult) -> list[str]:
    lines = [settings(trial.info.treadmill) + (f", {trial.gait_mode.replace('_', ' ')}" if trial.gait_mode else "")]
    feet = trial.recorded_feet()
    counts = [f"{SIDE_WORDS[foot.side]} {foot.n_valid} of {foot.n_contacts} steps used" for foot in feet]
    lines.append(", ".join(counts) or "No foot recorded")
    left_out = excluded(trial)
    if any(left_out.values()):
        lines.append(f"Left out: {rejected_words(left_out)}")
    lines += [sentence(" and ".join(sides) + ": " * bool(sides) + words) for sides, words in trial_doubts(trial)]
    return lines
