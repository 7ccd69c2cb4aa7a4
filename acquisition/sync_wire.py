"""The wire between two boards: what arrival times can't show, a fixed difference in latency, its pulses do.

Both boards stamp the same edge with their own clocks. Where these clocks, tied to the host's by arrival times alone,
put the edge at different moments, the difference is that of the latencies: it is taken out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import STAMP_SPAN_US, ClockFit
from insole.frame import Pulse

MATCH_WITHIN_S: Final = 0.4
"""Pulses on the wire must be farther apart than twice this; nothing differs by so much."""
AGREE_WITHIN_S: Final = 0.001
FEWEST: Final = 2


def rising_us(pulses: Sequence[Pulse], first_us: int) -> NDArray[np.int64]:
    """Unwrapped device times of the rising edges at the sync input, i8, in order; ``first_us``: that of scan 0."""
    edges = np.array([p.device_time_us for p in pulses if p.kind == "sync" and p.level == 1], dtype=np.int64)
    # The first edge is behind scan 0, and each of the others behind the one before it.
    steps = np.diff(edges, prepend=first_us % STAMP_SPAN_US) % STAMP_SPAN_US
    return first_us + np.cumsum(steps)


def sync_offset_s(left_s: NDArray[np.float64], right_s: NDArray[np.float64]) -> float | None:
    """How much later the right foot's clock puts the pulses that both saw, s; None if that can't be known.

    ``left_s``, ``right_s``: times of the pulses, ascending, f8. Each left one is held against the nearest right one; at
    least two pairs, and more than half of all, must agree on the difference within a millisecond.
    """
    if not left_s.size or not right_s.size:
        return None
    at = np.searchsorted(right_s, left_s)
    before, after = right_s[np.maximum(at - 1, 0)], right_s[np.minimum(at, right_s.size - 1)]
    nearest = np.where(np.abs(before - left_s) <= np.abs(after - left_s), before, after)
    late = nearest - left_s
    late = late[np.abs(late) <= MATCH_WITHIN_S]
    if late.size < FEWEST:
        return None
    agree = np.abs(late - np.median(late)) <= AGREE_WITHIN_S
    if agree.sum() < FEWEST or 2 * agree.sum() <= late.size:
        return None
    return float(np.median(late[agree]))


def wired(
    clocks: Mapping[str, ClockFit], pulses: Mapping[str, Sequence[Pulse]], first_us: Mapping[str, int]
) -> tuple[dict[str, ClockFit], float | None]:
    """Both clocks on one base by the sync wire, zero at the earliest scan 0 again; and by how much the right one moved.

    ``first_us``: device time of each foot's scan 0. Without a second foot, or pulses that match, nothing moves: None.
    """
    if set(clocks) != {"left", "right"}:
        return dict(clocks), None
    seen = {side: clocks[side].time_s(rising_us(pulses[side], first_us[side])) for side in clocks}
    late_s = sync_offset_s(seen["left"], seen["right"])
    if late_s is None:
        return dict(clocks), None
    moved = {"left": clocks["left"], "right": replace(clocks["right"], zero_s=clocks["right"].zero_s + late_s)}
    zero_s = min(float(moved[side].time_s(np.array([first_us[side]]))[0]) for side in moved)
    return {side: replace(clock, zero_s=clock.zero_s + zero_s) for side, clock in moved.items()}, -late_s
