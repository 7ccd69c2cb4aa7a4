"""What runs in the background: reading and analysing trials, comparing them. No Qt; the heavy imports happen here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from insole.errors import InsoleError

if TYPE_CHECKING:
    from analysis.comparison import Comparison
    from analysis.result import TrialResult


@dataclass(frozen=True, eq=False)
class AnalysedTrial:
    """One trial after its analysis: a result, or why there is none."""

    path: Path
    result: TrialResult | None
    failure: str = ""


class Listener(Protocol):
    """What a job speaks to; every call ends the job if it was cancelled."""

    def progress(self, text: str, share: float) -> None:
        """What is being done, and how far the whole is (0 to 1)."""

    def part(self, item: object) -> None:
        """One finished part."""


def analyse_trials(paths: Sequence[Path], report: Listener) -> None:
    """Analyse trials one by one; each comes as a part, an `AnalysedTrial`."""
    report.progress("Getting ready.", 0.0)
    from analysis import analyse
    from insole.trial import open_trial

    for i, path in enumerate(paths):
        place = f"{path.stem}, {i + 1} of {len(paths)}"
        try:
            report.progress(f"Reading {place}.", i / len(paths))
            trial = open_trial(path)
            report.progress(f"Steps and indices of {place}.", (i + 0.3) / len(paths))
            result = analyse(trial)
        except InsoleError as error:
            report.part(AnalysedTrial(path, None, str(error)))
        else:
            report.part(AnalysedTrial(path, result))


def compare_trials(
    base: Sequence[TrialResult], other: Sequence[TrialResult], accept_unmatched: bool, report: Listener
) -> Comparison:
    """Compare; of the intervals nothing is known before they are all there."""
    report.progress("Intervals of all indices.", 0.2)
    from analysis import compare

    return compare(base, other, accept_unmatched=accept_unmatched)
