"""What is open and what is chosen, without Qt: trials, the baseline, what it is compared with.

One baseline is chosen and others are ticked. A ticked trial of the same footwear and posture as the baseline is its
repeat and joins the baseline's side; all other ticked trials are of one footwear and make the other side. When only
repeats are ticked, they are what the baseline is compared with.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.compare import Comparison
    from analysis.result import TrialResult
    from insole.treadmill import Treadmill

SIMILAR_INCLINE_POINTS = 0.5  # spec 8.1, the rows without a warning
SIMILAR_SPEED_SHARE = 0.02


@dataclass(eq=False)
class OpenTrial:
    """One trial on the list: read and analysed (`result`), or not (`failure` says why; both None: not yet)."""

    path: Path
    result: TrialResult | None = None
    failure: str | None = None

    @property
    def name(self) -> str:
        """Name of the trial, of its file before it is analysed."""
        return self.path.stem if self.result is None else self.result.name

    @property
    def group(self) -> tuple[object, ...]:
        """Equal for repeats: footwear and posture. A trial whose footwear is unknown repeats no other."""
        if self.result is None or self.result.info.condition is None:
            return (self.path,)
        info = self.result.info
        return (info.condition, info.shoe, info.posture)


@dataclass(frozen=True)
class Question:
    """What a comparison needs to know; two equal questions have the same answer."""

    base: tuple[Path, ...]
    other: tuple[Path, ...]
    accept_unmatched: bool


class Session:
    """The trials of a window and the choice among them."""

    def __init__(self) -> None:
        """Nothing open, nothing chosen."""
        self.trials: list[OpenTrial] = []
        self.baseline: Path | None = None
        self.accept_unmatched = False
        self.comparison: Comparison | None = None
        self._ticked: set[Path] = set()
        self._answered: Question | None = None

    @classmethod
    def of(cls, comparison: Comparison) -> Session:
        """A session that shows a comparison already worked out."""
        session = cls()
        for side in (comparison.base, comparison.other):
            for result in side:
                path = result.path or Path(result.name)
                session.trials.append(OpenTrial(path, result))
                if side is comparison.base and session.baseline is None:
                    session.baseline = path
                else:
                    session._ticked.add(path)
        session.comparison = comparison
        session._answered = session.question()
        return session

    def trial(self, path: Path) -> OpenTrial:
        """The open trial of a path."""
        return next(trial for trial in self.trials if trial.path == path)

    def open(self, paths: Iterable[Path]) -> tuple[Path, ...]:
        """Put files on the list; those that are there already stay as they are. Returns the new ones."""
        new: list[Path] = []
        for path in paths:
            resolved = path.expanduser().resolve()
            if all(trial.path != resolved for trial in self.trials):
                self.trials.append(OpenTrial(resolved))
                new.append(resolved)
        return tuple(new)

    def close(self, path: Path) -> None:
        """Take a trial off the list; the file stays."""
        self.trials = [trial for trial in self.trials if trial.path != path]
        self._ticked.discard(path)
        if self.baseline == path:
            self.baseline = None
            self.choose_defaults()

    @property
    def waiting(self) -> tuple[Path, ...]:
        """Trials that were neither analysed nor found unreadable."""
        return tuple(trial.path for trial in self.trials if trial.result is None and trial.failure is None)

    def keep_result(self, path: Path, result: TrialResult) -> None:
        """A trial is analysed."""
        self.trial(path).result = result

    def keep_failure(self, path: Path, message: str) -> None:
        """A trial could not be analysed; `message` says why."""
        self.trial(path).failure = message

    def choose_defaults(self) -> None:
        """Where nothing was chosen: the first barefoot trial (or the first trial) against the next footwear.

        Of many trials, those of the same subject at the same speed and incline come first.
        """
        usable = [trial for trial in self.trials if trial.result is not None]
        if self.baseline is not None and self.trial(self.baseline).failure is not None:
            self.baseline = None
        if self.baseline is None and usable:
            barefoot = (t for t in usable if t.result is not None and t.result.info.condition == "barefoot")
            self.baseline = next(barefoot, usable[0]).path
        if self.baseline is None or self._chosen():
            return
        rest = [trial for trial in usable if trial.path != self.baseline]
        alike = [trial for trial in rest if not self._differs(trial)]
        base_group = self.trial(self.baseline).group
        groups = [trial.group for trial in (*alike, *rest) if trial.group != base_group]
        other = groups[0] if groups else base_group
        repeats = [trial for trial in alike if trial.group == base_group]
        compared = [trial for trial in alike if trial.group == other]
        # What the guard would stop is ticked only where there is nothing else to compare with.
        self._ticked = {trial.path for trial in (*repeats, *(compared or [t for t in rest if t.group == other]))}

    def set_baseline(self, path: Path) -> None:
        """Choose the baseline; when nothing of the choice is left to compare with, the defaults are ticked."""
        self.baseline = path
        self._ticked.discard(path)
        self._keep_one_group()
        self.accept_unmatched = False
        self.choose_defaults()

    def set_compared(self, path: Path, compared: bool) -> None:
        """Tick or untick a trial. Ticking another footwear unticks the one before: two conditions are compared."""
        if self.trial(path).result is None:
            return
        if compared and path != self.baseline:
            self._keep_one_group(self.trial(path).group)
            self._ticked.add(path)
        else:
            self._ticked.discard(path)
        self.accept_unmatched = False

    def compared(self, path: Path) -> bool:
        """True if a trial is ticked."""
        return path in self._ticked

    def is_repeat(self, path: Path) -> bool:
        """True for a trial with the footwear and posture of the baseline."""
        return (
            self.baseline is not None
            and path != self.baseline
            and self.trial(path).group == self.trial(self.baseline).group
        )

    def swap(self) -> None:
        """Make the other side the baseline and the baseline the other side."""
        question = self.question()
        if question is not None:
            self.baseline = question.other[0]
            self._ticked = {*question.base, *question.other[1:]}
            self.accept_unmatched = False

    def question(self) -> Question | None:
        """The comparison that is chosen, None if there are not two sides."""
        if self.baseline is None:
            return None
        chosen = [trial.path for trial in self._chosen()]
        repeats = [path for path in chosen if self.is_repeat(path)]
        other = [path for path in chosen if path not in repeats]
        if not other:
            repeats, other = [], repeats
        if not other:
            return None
        return Question((self.baseline, *repeats), tuple(other), self.accept_unmatched)

    def keep_comparison(self, question: Question, comparison: Comparison) -> None:
        """A question is answered."""
        self.comparison, self._answered = comparison, question

    def drop_comparison(self) -> None:
        """There is no result to show any more."""
        self.comparison = self._answered = None

    @property
    def up_to_date(self) -> bool:
        """True if the comparison at hand answers what is chosen now."""
        return self.comparison is not None and self._answered == self.question()

    def results(self, paths: Iterable[Path]) -> list[TrialResult]:
        """Results of analysed trials, in the order asked for."""
        found = (self.trial(path).result for path in paths)
        return [result for result in found if result is not None]

    def differs_from_baseline(self, path: Path) -> bool:
        """True if incline or speed of a trial is unknown or beyond what passes without a warning."""
        if self.baseline is None or path == self.baseline:
            return False
        base, other = self.trial(self.baseline).result, self.trial(path).result
        return base is not None and other is not None and not _alike(base.info.treadmill, other.info.treadmill)

    def matching_trial(self) -> OpenTrial | None:
        """A trial not chosen, with the footwear of the other side and the baseline's settings."""
        question = self.question()
        if question is None:
            return None
        group = self.trial(question.other[0]).group
        return next(
            (
                trial
                for trial in self.trials
                if trial.result is not None
                and trial.group == group
                and trial.path not in (*question.base, *question.other)
                and not self._differs(trial)
            ),
            None,
        )

    def use_instead(self, path: Path) -> None:
        """Compare with this trial alone, of all with its footwear; repeats of the baseline stay."""
        self._ticked = {p for p in self._ticked if self.is_repeat(p)} | {path}
        self.accept_unmatched = False

    def command_line(self) -> str:
        """The comparison that is chosen as a command; empty without one."""
        question = self.question()
        if question is None:
            return ""
        words = ["insole", "compare"]
        for option, paths in (("--base", question.base), ("--other", question.other)):
            for path in paths:
                words += [option, str(path)]
        return shlex.join(words + (["--accept-unmatched"] if question.accept_unmatched else []))

    def _differs(self, trial: OpenTrial) -> bool:
        """True for another subject than the baseline's, or another speed or incline."""
        base = None if self.baseline is None else self.trial(self.baseline).result
        if base is None or trial.result is None:
            return False
        return trial.result.info.subject != base.info.subject or self.differs_from_baseline(trial.path)

    def _chosen(self) -> list[OpenTrial]:
        return [t for t in self.trials if t.path in self._ticked and t.path != self.baseline and t.result is not None]

    def _keep_one_group(self, group: tuple[object, ...] | None = None) -> None:
        """Untick what is neither a repeat of the baseline nor of the given group (or of the first ticked one)."""
        base = None if self.baseline is None else self.trial(self.baseline).group
        others = [trial.group for trial in self._chosen() if trial.group != base]
        keep = group if group is not None and group != base else (others[0] if others else None)
        self._ticked = {path for path in self._ticked if self.trial(path).group in (base, keep)}


def subjects(results: Iterable[TrialResult]) -> tuple[str, ...]:
    """Subject codes of the trials, each once, in order."""
    return tuple(dict.fromkeys(r.info.subject for r in results if r.info.subject is not None))


def excluded(result: TrialResult) -> Mapping[str, int]:
    """Rejected steps of both feet by reason."""
    total: dict[str, int] = {}
    for foot in result.recorded_feet():
        for reason, n in foot.rejected.items():
            total[reason] = total.get(reason, 0) + n
    return total


def _alike(first: Treadmill, second: Treadmill) -> bool:
    inclines = first.incline_percent, second.incline_percent
    speeds = first.speed_m_s, second.speed_m_s
    if inclines[0] is None or inclines[1] is None or speeds[0] is None or speeds[1] is None:
        return False
    mean = (speeds[0] + speeds[1]) / 2
    slower = abs(speeds[0] - speeds[1]) <= SIMILAR_SPEED_SHARE * mean + 1e-9
    return abs(inclines[0] - inclines[1]) <= SIMILAR_INCLINE_POINTS + 1e-9 and slower
