"""The contacts of each foot of a trial, whoever recorded them: one signal a foot, or one for both."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.events import Contacts, contacts
from analysis.force import FootSignal, foot_signal
from analysis.parameters import Parameters
from analysis.temporal import Breaks, Timeline, find_breaks, timeline
from insole.recording import SIDES
from insole.trial import Foot, Trial


@dataclass(frozen=True, eq=False)
class Track:
    """Contacts that go into one table: those of one foot, or of both where nothing tells them apart.

    `side` left, right or both; `group` (k,) tells feet apart inside a trial; `hop` is the distance in `contacts` to
    the next contact of the same foot; `detected` are all contacts of the signal, whichever foot they are of.
    """

    side: str
    foot: Foot
    signal: FootSignal
    breaks: Breaks
    detected: Contacts
    contacts: Contacts
    group: NDArray[np.int64]
    hop: int


def tracks(trial: Trial, parameters: Parameters) -> list[Track]:
    """Detect the contacts of every recorded foot (spec 4.1) and sort them by foot (spec 1.5).

    A signal of both feet is split in turn from its `first_side`, the side of the first contact emitted; without it
    the contacts stay in one unlabelled track.
    """
    found: list[Track] = []
    for side, foot in trial.feet.items():
        signal = foot_signal(foot, parameters)
        steps = contacts(signal, trial.info, trial.kappa_event.value, parameters)
        k = len(steps.start_s)
        breaks = find_breaks(signal)
        first = foot.recording.first_side
        if side != "both":
            group = np.full(k, SIDES.index(side), dtype=np.int64)
            found.append(Track(side, foot, signal, breaks, steps, steps, group, 1))
        elif first is None:
            found.append(Track(side, foot, signal, breaks, steps, steps, np.arange(k, dtype=np.int64) % 2, 2))
        else:
            for label in SIDES:
                turn = np.arange(0 if label == first else 1, k, 2)
                group = np.full(len(turn), SIDES.index(label), dtype=np.int64)
                found.append(Track(label, foot, signal, breaks, steps, take(steps, turn), group, 1))
    return found


def timeline_of(found: list[Track], parameters: Parameters) -> Timeline:
    """All contacts of a trial in order of time; `order` counts through the tracks one after the other."""
    return timeline(
        [track.contacts.start_s for track in found],
        [track.contacts.end_s for track in found],
        [track.group for track in found],
        [track.breaks for track in found],
        parameters.stride_time_max_s,
    )


def take(steps: Contacts, rows: NDArray[np.int64]) -> Contacts:
    """Some of the contacts; what speaks of the whole foot stays."""
    return replace(
        steps,
        start_sample=steps.start_sample[rows],
        end_sample=steps.end_sample[rows],
        start_s=steps.start_s[rows],
        end_s=steps.end_s[rows],
        baseline=steps.baseline[rows],
        weight=steps.weight[rows],
        step_flags=tuple(steps.step_flags[row] for row in rows),
    )
