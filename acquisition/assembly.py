"""A journal -> the trial it holds, and the trial file: both feet on one time base, with everything that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from acquisition.clock import ClockFit, common_base, fit_clock
from acquisition.journal import JournalReader
from acquisition.stream import Stream, read_stream
from acquisition.sync_wire import wired
from insole.calibration import Calibration, Electronics, calibration_from_dict
from insole.errors import InsoleError, TrialFileError
from insole.frame import Identify
from insole.layout import named_layout
from insole.recording import SIDES, Recording
from insole.trial import Foot, Trial, TrialInfo
from insole.zero import event_kappa

SCHEMA: Final = "insole-journal/1"


@dataclass(frozen=True)
class Plan:
    """What was to be recorded: the header of a journal, all that building the trial needs besides the bytes."""

    info: TrialInfo
    duration_s: float
    identify: Mapping[str, Identify]
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    kappa_borrowed: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe and complete."""
        return {
            "schema": SCHEMA,
            "info": self.info.as_dict(),
            "duration_s": self.duration_s,
            "identify": {side: who.pack().hex() for side, who in self.identify.items()},
            "calibrations": {side: calibration.as_dict() for side, calibration in self.calibrations.items()},
            "kappa_borrowed": self.kappa_borrowed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """Back from ``as_dict``. Raises TrialFileError for anything else."""
        if data.get("schema") != SCHEMA:
            raise TrialFileError(f"the journal has the schema {data.get('schema')!r}, not {SCHEMA!r}; update Insole")
        try:
            identify, borrowed = data["identify"], data["kappa_borrowed"]
            return cls(
                info=TrialInfo.from_dict(data["info"]),
                duration_s=float(data["duration_s"]),
                identify={s: Identify.unpack(bytes.fromhex(identify[s])) for s in SIDES if s in identify},
                calibrations={side: calibration_from_dict(c) for side, c in data["calibrations"].items()},
                kappa_borrowed=None if borrowed is None else float(borrowed),
            )
        except (KeyError, TypeError, ValueError, AttributeError, InsoleError) as error:
            raise TrialFileError(f"the header of the journal can't be used ({error})") from None


def build_trial(path: Path) -> Trial:
    """The trial that a journal holds; its ``end`` is "recovered" if the journal was cut off.

    Raises TrialFileError if it is no journal, or no sample was recorded.
    """
    with JournalReader(path) as journal:
        plan = Plan.from_dict(journal.header)
        end = "recovered" if journal.end is None else str(journal.end.get("end"))
        streams = {side: read_stream(who, journal.chunks(side)) for side, who in plan.identify.items()}
    streams = {side: stream for side, stream in streams.items() if stream.index.size}
    if not streams:
        raise TrialFileError(f"{path}: no sample was recorded; delete this journal and record again")
    first_us = {side: stream.first_us for side, stream in streams.items()}
    clocks = common_base(
        {side: fit_clock(stream.host_us, stream.host["host_time_s"]) for side, stream in streams.items()}, first_us
    )
    clocks, moved_s = wired(clocks, {side: stream.pulses for side, stream in streams.items()}, first_us)
    feet = {side: _foot(plan, side, stream, clocks[side]) for side, stream in streams.items()}
    if moved_s is not None:
        feet["right"].clock["sync_moved_s"] = moved_s
        for foot in feet.values():
            foot.clock["aligned"] = 1.0  # by the wire, whatever the arrival times told
    return Trial(
        info=plan.info,
        feet=feet,
        kappa_event=event_kappa(plan.info, feet, plan.kappa_borrowed),
        end=end,
        versions={f"firmware_{side}": stream.identify.firmware for side, stream in streams.items()},
        name=path.stem,
    )


def _foot(plan: Plan, side: str, stream: Stream, clock: ClockFit) -> Foot:
    who = stream.identify
    n_samples = round(plan.duration_s * who.rate_hz)
    n = int(np.searchsorted(stream.index, n_samples))
    recording = Recording(
        side=side,
        kind="counts",
        sample_rate_hz=float(who.rate_hz),
        index=stream.index[:n],
        # The last digits of a double are noise of the fit; whole nanoseconds are more than any clock here knows.
        time_s=np.round(clock.time_s(stream.device_us[:n]), 9) + 0.0,  # and no minus zero
        values=np.ascontiguousarray(stream.frames["counts"][:n]),
        gaps=stream.gaps(n_samples),
    )
    return Foot(
        side=side,
        recording=recording,
        layout=named_layout(who.layout),
        electronics=Electronics(who.circuit, who.r_m_ohm, who.bits),
        calibration=plan.calibrations.get(side),
        identify=who,
        status=stream.status,
        pulses=stream.pulses,
        clock=clock.as_dict(stream.first_us),
        host=stream.host[stream.host["index"] < n_samples],
        device_time_us=np.ascontiguousarray(stream.frames["device_time_us"][:n]),
        frame_flags=np.ascontiguousarray(stream.frames["flags"][:n]),
    )
