"""Was the belt at its speed when a foot met it? From the belt pulses a device recorded (spec 4.3 rule 1).

A pulse says when a mark on the belt came by, not how far apart the marks are. The set speed is therefore taken to be
that of the median interval: what is found is a belt that starts, stops or sags during the trial, the hop-on and
hop-off. Whether the display tells the truth is another question, answered by the measured speed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.parameters import Parameters
from insole.trial import Foot, Trial

F8 = NDArray[np.float64]
MIN_PULSES = 10


def belt_pulses(foot: Foot) -> tuple[F8, F8]:
    """Belt pulses of one device: times (m,) in s on the trial's time base and their counts (m,).

    Empty without pulses, without device times, or after a restart of the device, whose clock then tells nothing.
    """
    pulses = [pulse for pulse in foot.pulses if pulse.kind == "belt"]
    device_us = foot.device_time_us
    if len(pulses) < 2 or device_us is None or len(device_us) < 2 or b"reset" in foot.recording.gaps["kind"]:
        return np.empty(0), np.empty(0)
    stamps = np.array([pulse.device_time_us for pulse in pulses], dtype=np.uint32)
    # Differences of u32 wrap as the clock does; the first pulse lies within half a turn of the first sample.
    elapsed_us = np.concatenate([[0], np.cumsum(np.diff(device_us.astype(np.uint32)).astype(np.int64))])
    first_us = int((stamps[:1] - device_us[:1].astype(np.uint32)).astype(np.int32)[0])
    pulse_us = first_us + np.concatenate([[0], np.cumsum(np.diff(stamps).astype(np.int64))])
    inside = (pulse_us >= 0) & (pulse_us <= elapsed_us[-1])
    times = np.interp(pulse_us[inside], elapsed_us, foot.recording.time_s)
    return times, np.array([pulse.count for pulse in pulses], dtype=np.float64)[inside]


def off_speed(trial: Trial, at_s: F8, parameters: Parameters) -> NDArray[np.bool_]:
    """For each time (k,) in s, whether the belt was more than 2 % away from its median speed.

    False where no pulses say so: before the first and after the last one, or with fewer than ten in the trial.
    """
    off = np.zeros(len(at_s), dtype=np.bool_)
    for foot in trial.feet.values():
        times, counts = belt_pulses(foot)
        if len(times) < MIN_PULSES or not (np.diff(times) > 0).all() or not (np.diff(counts) > 0).all():
            continue
        speed = np.diff(counts) / np.diff(times)
        away = np.abs(speed / np.median(speed) - 1.0) > parameters.belt_speed_share
        interval = np.searchsorted(times, at_s, side="right") - 1
        known = (interval >= 0) & (interval < len(speed))
        off |= known & away[np.clip(interval, 0, len(speed) - 1)]
    return off
