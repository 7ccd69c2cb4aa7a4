"""Which samples are missing, and why: the gap table of one insole.

A hole is a jump of the absolute sample number. What became of its frames is known from two witnesses. Damaged packets
stand in the stream where their frames should. Every *status* record says how many scans were made and how many of
their frames the board itself dropped, and stands exactly between the frames it counts and the others: so between two
of them the number that the board dropped is known. What is neither damaged nor dropped was lost on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from insole.frame import Pulse, Status
from insole.recording import holes

_COUNTER_SPAN: Final = 1 << 32
_FRAMING_BYTES: Final = 5
_STATUS_BYTES: Final = len(Status(0, 0, 0, 0, 0, None).pack()) + _FRAMING_BYTES
_PULSE_BYTES: Final = len(Pulse(0, "sync", 0).pack()) + _FRAMING_BYTES
_MAX_PARTS_TO_TRY: Final = 12


@dataclass(frozen=True)
class Counted:
    """What a *status* says at its place in the stream, where ``position`` frames stand before it."""

    position: int
    scans: int
    dropped: int

    @classmethod
    def of(cls, position: int, status: Status) -> Counted:
        """The counters of a status record."""
        return cls(position, (status.frames_sent + status.frames_dropped) % _COUNTER_SPAN, status.frames_dropped)


@dataclass(frozen=True)
class Thrown:
    """A packet thrown away as damaged, ``n_bytes`` long on the wire, where ``position`` frames stand before it."""

    position: int
    n_bytes: int


@dataclass
class _Part:
    """The piece of a hole that lies between two status records."""

    hole: int
    missing: int
    damaged: int = 0
    dropped: int = 0
    uncertain: bool = False

    @property
    def unexplained(self) -> int:
        return self.missing - self.damaged


def gap_table(
    index: NDArray[np.int64], marks: Sequence[Counted | Thrown], frame_bytes: int, n_samples: int
) -> NDArray[np.void]:
    """Gap table (dtype GAP) of the samples 0 to ``n_samples``.

    ``index`` i8[n]: all frames that arrived, also those behind ``n_samples``; ``marks`` in the order of the stream;
    ``frame_bytes``: length of a frame on the wire. A hole at the start counts from scan 0, one at the end as far as a
    later frame or status shows that the board was scanning. Where the counters leave open which of several holes the
    board made, these are ``mixed``, and the earlier ones are taken to be the board's.
    """
    counted, thrown = _sorted_out(index, marks)
    scanned = max([int(index[-1]) + 1 if index.size else 0, *(c.scans for c in counted)])
    bounded = np.concatenate([[-1], index, [scanned]])
    table = holes(bounded)
    # So many frames stand in the stream before each hole.
    position = np.searchsorted(index, table["start_index"])
    parts = _parts(table, counted)
    for (at, interval), n_bytes in thrown.items():
        hole = int(np.searchsorted(position, at))
        part = parts.get((interval, hole))
        if part is not None and position[hole] == at:
            part.damaged = min(_frames_in(n_bytes, frame_bytes), part.missing)
    by_interval: list[list[_Part]] = [[] for _ in range(len(counted) + 1)]
    for (interval, _), part in parts.items():
        by_interval[interval].append(part)
    for interval, c in enumerate(counted):
        _share_out(c.dropped - (counted[interval - 1].dropped if interval else 0), by_interval[interval])
    for part in parts.values():
        table["n_damaged"][part.hole] += part.damaged
        table["n_dropped"][part.hole] += part.dropped
    table["length"] = np.minimum(table["length"], n_samples - table["start_index"])
    table["n_damaged"] = np.minimum(table["n_damaged"], table["length"])
    table["n_dropped"] = np.minimum(table["n_dropped"], table["length"] - table["n_damaged"])
    table["kind"] = [_kind(row) for row in table]
    table["kind"][sorted({part.hole for part in parts.values() if part.uncertain})] = b"mixed"
    return table[table["length"] > 0]


def _sorted_out(
    index: NDArray[np.int64], marks: Sequence[Counted | Thrown]
) -> tuple[list[Counted], dict[tuple[int, int], int]]:
    """Counters that agree with the frames around them and never fall (others are no witnesses); and the bytes thrown
    away at each (position, number of those counters before it)."""
    counted: list[Counted] = []
    thrown: dict[tuple[int, int], int] = {}
    for mark in marks:
        at = mark.position
        if isinstance(mark, Thrown):
            place = (at, len(counted))
            thrown[place] = thrown.get(place, 0) + mark.n_bytes
            continue
        after_its_frames = at == 0 or index[at - 1] < mark.scans
        before_the_others = at == index.size or mark.scans <= index[at]
        grown = not counted or (mark.scans >= counted[-1].scans and mark.dropped >= counted[-1].dropped)
        if after_its_frames and before_the_others and grown:
            counted.append(mark)
    return counted, thrown


def _parts(table: NDArray[np.void], counted: list[Counted]) -> dict[tuple[int, int], _Part]:
    """Pieces of the holes by (interval, hole): interval k ends where counted[k] stands, the last one is open."""
    scans = np.array([c.scans for c in counted], dtype=np.int64)
    parts: dict[tuple[int, int], _Part] = {}
    for hole, row in enumerate(table):
        first = int(row["start_index"])
        stop = first + int(row["length"])
        interval = int(np.searchsorted(scans, first, side="right"))
        while first < stop:
            upto = min(stop, int(scans[interval])) if interval < scans.size else stop
            if upto > first:
                parts[interval, hole] = _Part(hole, upto - first)
            first, interval = upto, interval + 1
    return parts


def _frames_in(n_bytes: int, frame_bytes: int) -> int:
    """How many frames were in so many damaged bytes: two whose delimiter was hit come as one long packet, one that a
    zero fell into as two short ones, and a status or pulse may be among them."""
    for other in (0, _STATUS_BYTES, _PULSE_BYTES):
        if n_bytes >= other and (n_bytes - other) % frame_bytes == 0:
            return (n_bytes - other) // frame_bytes
    return max(1, round(n_bytes / frame_bytes))


def _share_out(dropped: int, parts: list[_Part]) -> None:
    """Say which of the missing frames between two status records the board dropped."""
    missing = sum(part.unexplained for part in parts)
    if dropped <= 0 or not parts:
        return
    if dropped >= missing:
        for part in parts:
            part.dropped = part.unexplained
        return
    fits = []
    if len(parts) <= _MAX_PARTS_TO_TRY:
        some = (c for n in range(1, len(parts)) for c in combinations(parts, n))
        fits = [c for c in some if sum(part.unexplained for part in c) == dropped]
    if len(fits) == 1:
        for part in fits[0]:
            part.dropped = part.unexplained
        return
    for part in parts:
        part.dropped = min(part.unexplained, dropped)
        part.uncertain = len(parts) > 1 and part.unexplained > 0
        dropped -= part.dropped


def _kind(row: np.void) -> bytes:
    lost = row["length"] - row["n_damaged"] - row["n_dropped"]
    causes = [kind for kind, n in ((b"lost", lost), (b"damaged", row["n_damaged"]), (b"board", row["n_dropped"])) if n]
    return causes[0] if len(causes) == 1 else b"mixed"
