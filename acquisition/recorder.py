"""One trial from the links to a file: journal first, then the trial file, then the journal goes.

Until the journal stands on disk a refusal leaves nothing behind; from then on nothing that came in is lost: if the
trial file can't be built, the journal stays, and ``recover`` builds it later.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acquisition.assembly import Plan, build_trial
from acquisition.disk import is_held, sync_folder
from acquisition.handshake import Insole, connect_all
from acquisition.journal import ALARM_BEHIND_S, JournalWriter
from acquisition.reader import Reader, Sink, read_all
from acquisition.request import RecordRequest
from acquisition.ring import Ring, sample_dtype
from insole.errors import InsoleError, TrialFileError
from insole.hdf5 import write_trial
from insole.trial import Trial

__all__ = ["FootOutcome", "Progress", "RecordOutcome", "RecordRequest", "record", "recover"]

RING_S: Final = 30.0
_RESERVE_BYTES: Final = 8 << 20
_SPACE_EVERY_S: Final = 1.0


@dataclass(frozen=True)
class Progress:
    """How far it is. ``phase``: connecting, recording or saving; ``elapsed_s``: device time of the foot that is behind.

    ``frames``, ``lost`` and ``damaged`` by side; what is lost or damaged is provisional until the trial is built.
    """

    phase: str
    elapsed_s: float
    duration_s: float
    frames: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)
    damaged: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FootOutcome:
    """Samples of one foot: recorded, lost on the way, damaged there, dropped by the board; and the number of gaps."""

    frames: int
    lost: int
    damaged: int
    dropped: int
    gaps: int


@dataclass(frozen=True)
class RecordOutcome:
    """A trial file. ``reason``: why it is not complete, None if somebody asked to stop; ``notes``: what went wrong
    without ending it."""

    path: Path
    end: str
    feet: Mapping[str, FootOutcome]
    reason: str | None = None
    notes: tuple[str, ...] = ()


def record(
    request: RecordRequest,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> RecordOutcome:
    """Record one trial. Both callbacks are called in this thread, about ten times a second.

    Each foot gets round(duration · rate) samples, less what is missing. ``should_stop`` and Ctrl-C end it early, as
    does a link that is lost; the file is built all the same, with the end "interrupted".

    Raises an InsoleError if nothing could be recorded (no file is left then), TrialFileError if the trial file could
    not be built (the journal is left then, and the error says where), KeyboardInterrupt if it was stopped before the
    first sample.
    """
    request.check()
    if request.journal.exists():
        recover(request.journal, request.output)
        raise TrialFileError(
            f"{request.output}: an earlier recording of this name had been cut off and was now rebuilt, as far as it "
            "goes; choose another name for the new one"
        )
    if not request.info.started_utc:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        request = replace(request, info=replace(request.info, started_utc=now))
    on_progress(Progress("connecting", 0.0, request.duration_s))
    insoles = connect_all(request.urls, request.baud, request.context, should_stop)
    try:
        request.check_insoles(insoles)
        request = request.of_size(insoles)
        request.check_space({side: insole.identify for side, insole in insoles.items()})
        return _record(request, insoles, on_progress, should_stop)
    finally:
        for insole in insoles.values():
            insole.close()


def recover(journal: Path, output: Path | None = None) -> RecordOutcome:
    """Build the trial file that a recording could not: it was cut off, or failed at the end. Then the journal goes.

    ``output`` None: ``T.h5`` beside ``T.jrn``. Raises TrialFileError if the journal is in use or can't be used.
    """
    if is_held(journal):
        raise TrialFileError(f"{journal}: another recording of this name is under way; wait until it has ended")
    output = journal.with_suffix(".h5") if output is None else output
    trial = build_trial(journal)
    write_trial(output, trial)
    journal.unlink()
    sync_folder(journal.parent)
    return RecordOutcome(path=output, end=trial.end, feet=_totals(trial))


def _record(
    request: RecordRequest,
    insoles: Mapping[str, Insole],
    on_progress: Callable[[Progress], None],
    should_stop: Callable[[], bool],
) -> RecordOutcome:
    plan = Plan(
        info=request.info,
        duration_s=request.duration_s,
        identify={side: insole.identify for side, insole in insoles.items()},
        calibrations=request.calibrations,
        kappa_borrowed=request.kappa_borrowed,
    )
    with JournalWriter(request.journal, plan.as_dict()) as journal:
        watch = _Watch(request, insoles, journal, on_progress)
        try:
            read_all(watch.readers, should_stop, watch.tick)
        except KeyboardInterrupt:
            pass  # the same as should_stop
        except BaseException:
            journal.close("interrupted", "internal error")
            raise
        end, reason = watch.end()
        unheard = [reader.failure for reader in watch.readers if reader.failure and reader.clock.last_index < 0]
        if unheard or not watch.anything:
            journal.close()
            request.journal.unlink()
            if unheard:
                raise unheard[0]
            if reason is None and end == "complete":
                reason = (
                    f"no frame could be used in {request.duration_s:g} s: all were lost, damaged or dropped; "
                    "check the cable and the baud rate"
                )
            raise TrialFileError(reason) if reason else KeyboardInterrupt
        try:
            journal.close(end, reason)
        except TrialFileError as error:
            reason = str(error)  # without its END the trial counts as recovered
    on_progress(watch.progress("saving"))
    try:
        outcome = recover(request.journal, request.output)
    except (InsoleError, OSError) as error:
        raise TrialFileError(
            f"{error}; all that was recorded is safe in {request.journal}: put right what is wrong, and record with "
            "the same name again to build the file"
        ) from error
    return replace(outcome, reason=reason, notes=tuple(watch.notes))


def _totals(trial: Trial) -> dict[str, FootOutcome]:
    totals = {}
    for side, foot in trial.feet.items():
        gaps = foot.recording.gaps
        damaged, dropped = int(gaps["n_damaged"].sum()), int(gaps["n_dropped"].sum())
        lost = int(gaps["length"].sum()) - damaged - dropped
        totals[side] = FootOutcome(foot.recording.n_samples, lost, damaged, dropped, int(gaps.size))
    return totals


class _Keeper(Sink):
    """Bytes go to the journal before anything interprets them, samples to the ring of their foot."""

    def __init__(self, journal: JournalWriter, rings: Mapping[str, Ring]) -> None:
        self._journal = journal
        self._rings = rings

    def take_bytes(self, side: str, data: bytes, host_s: float) -> None:
        self._journal.take_bytes(side, data, host_s)

    def take_samples(self, side: str, samples: NDArray[np.void]) -> None:
        self._rings[side].write(samples)


class _Watch:
    """The readers of a recording, and what is seen of them from outside: progress, disk space, how it ended."""

    def __init__(
        self,
        request: RecordRequest,
        insoles: Mapping[str, Insole],
        journal: JournalWriter,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._request = request
        self._journal = journal
        self._on_progress = on_progress
        self._disk_full: str | None = None
        self._look_at = 0.0
        self._rings = {
            side: Ring(round(RING_S * insole.identify.rate_hz), sample_dtype(insole.identify.n_sensels))
            for side, insole in insoles.items()
        }
        keeper = _Keeper(journal, self._rings)
        self.readers = [Reader(insole, self._wanted(insole), (keeper,)) for insole in insoles.values()]

    def _wanted(self, insole: Insole) -> int:
        return round(self._request.duration_s * insole.identify.rate_hz)

    @property
    def anything(self) -> bool:
        """Whether any sample came in."""
        return any(ring.written for ring in self._rings.values())

    @property
    def notes(self) -> list[str]:
        """What the devices reported by themselves, and whether the disk was slow."""
        notes = [fault for reader in self.readers for fault in reader.faults]
        if self._journal.behind_s > ALARM_BEHIND_S:
            notes.append(f"the disk kept the journal waiting for up to {self._journal.behind_s:.1f} s")
        return notes

    def end(self) -> tuple[str, str | None]:
        """How it ended, and why if nobody asked for it."""
        complete = all(reader.clock.last_index >= self._wanted(reader.insole) - 1 for reader in self.readers)
        failures = [str(reader.failure) for reader in self.readers if reader.failure is not None]
        reason = self._journal.failure or self._disk_full or (failures[0] if failures else None)
        return "complete" if complete and reason is None else "interrupted", reason

    def tick(self) -> None:
        """Look after the disk, tell the progress."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + _SPACE_EVERY_S
            folder = self._request.output.parent
            # The trial file needs about a third of the journal, and stands beside it until it is verified.
            if shutil.disk_usage(folder).free < self._journal.size // 2 + _RESERVE_BYTES and self._disk_full is None:
                self._disk_full = f"{folder}: the disk is nearly full, so the recording was ended; make room"
                for reader in self.readers:
                    reader.stop()
        self._on_progress(self.progress("recording"))

    def progress(self, phase: str) -> Progress:
        """Counts from the rings: of each foot the rows written, and the number that the last one carries."""
        frames, lost, damaged = {}, {}, {}
        for reader in self.readers:
            side, ring = reader.insole.side, self._rings[reader.insole.side]
            last = ring.since(max(0, ring.written - 1)).rows
            frames[side] = ring.written
            damaged[side] = reader.damaged
            missing = int(last["index"][-1]) + 1 - frames[side] if last.size else 0
            lost[side] = max(0, missing - damaged[side])
        elapsed_s = min(min(reader.elapsed_s for reader in self.readers), self._request.duration_s)
        return Progress(phase, elapsed_s, self._request.duration_s, frames, lost, damaged)
