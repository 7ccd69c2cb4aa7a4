"""Everything one insole sent in a trial, decoded at once: its frames in their places, and what stood between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import SampleClock
from acquisition.gaps import Counted, Thrown, gap_table
from acquisition.protocol import Damaged, Decoder, encode_record
from insole.frame import Identify, Pulse, Status, frame_dtype, frame_wire_bytes
from insole.trial import HOST


@dataclass(eq=False)
class Stream:
    """``frames`` (dtype ``frame_dtype``) n; ``index`` i8[n] absolute sample numbers, strictly increasing; ``device_us``
    i8[n] unwrapped; ``host``: HOST rows, one for each chunk that ended with another frame than the one before."""

    identify: Identify
    frames: NDArray[np.void]
    index: NDArray[np.int64]
    device_us: NDArray[np.int64]
    host: NDArray[np.void]
    marks: list[Counted | Thrown]
    status: tuple[Status, ...]
    pulses: tuple[Pulse, ...]

    @property
    def first_us(self) -> int:
        """Device time of scan 0, arrived or not. IndexError if no frame arrived."""
        return int(self.device_us[0]) - round(int(self.index[0]) * 1e6 / self.identify.rate_hz)

    @property
    def host_us(self) -> NDArray[np.int64]:
        """Device time of the last frame in each chunk of ``host``."""
        return self.device_us[np.searchsorted(self.index, self.host["index"])]

    def gaps(self, n_samples: int) -> NDArray[np.void]:
        """Gap table of the samples before ``n_samples``."""
        wire_bytes = frame_wire_bytes(self.identify.n_sensels, self.identify.bits)
        return gap_table(self.index, self.marks, wire_bytes, n_samples)


def read_stream(identify: Identify, chunks: Iterable[tuple[bytes, float]]) -> Stream:
    """Decode the (bytes, host time s) that an insole sent from *start* on; ``identify`` as it said before."""
    decoder = Decoder()
    decoder.feed(encode_record(identify))
    batches: list[NDArray[np.void]] = [np.zeros(0, dtype=frame_dtype(identify.n_sensels))]
    marks: list[Counted | Thrown] = []
    status: list[Status] = []
    pulses: list[Pulse] = []
    read_to: list[int] = []
    hosts: list[float] = []
    n = 0
    for data, host_s in chunks:
        for event in decoder.feed(data):
            if isinstance(event, np.ndarray):
                batches.append(event)
                n += event.shape[0]
            elif isinstance(event, Status):
                marks.append(Counted.of(n, event))
                status.append(event)
            elif isinstance(event, Damaged):
                marks.append(Thrown(n, event.n_bytes))
            elif isinstance(event, Pulse):
                pulses.append(event)
        read_to.append(n)
        hosts.append(host_s)
    frames = np.concatenate(batches)
    ends = np.array(read_to, dtype=np.int64)
    frame_host_s = np.repeat(np.array(hosts), np.diff(ends, prepend=0))
    placed = SampleClock(identify.rate_hz).place(frames["sequence"], frames["device_time_us"], frame_host_s)
    kept_before = np.concatenate([[0], np.cumsum(placed.kept)])
    last_of_chunk = kept_before[ends] - 1
    brought = np.flatnonzero(np.diff(last_of_chunk, prepend=-1) > 0)
    host = np.zeros(brought.size, dtype=HOST)
    host["index"] = placed.index[last_of_chunk[brought]]
    host["host_time_s"] = np.array(hosts)[brought]
    return Stream(
        identify=identify,
        frames=frames[placed.kept],
        index=placed.index,
        device_us=placed.device_us,
        host=host,
        marks=_in_kept_frames(marks, placed.kept, kept_before, identify),
        status=tuple(status),
        pulses=tuple(pulses),
    )


def _in_kept_frames(
    marks: list[Counted | Thrown], kept: NDArray[np.bool_], kept_before: NDArray[np.int64], identify: Identify
) -> list[Counted | Thrown]:
    """The marks with positions that count kept frames only.

    A frame that was refused joins them: it contradicts its neighbours, which is damage that the check sum missed.
    """
    wire_bytes = frame_wire_bytes(identify.n_sensels, identify.bits)
    refused = [(int(at), 1, Thrown(int(kept_before[at]), wire_bytes)) for at in np.flatnonzero(~kept)]
    moved: list[tuple[int, int, Counted | Thrown]] = []
    for mark in marks:
        position = int(kept_before[mark.position])
        if isinstance(mark, Counted):
            moved.append((mark.position, 0, Counted(position, mark.scans, mark.dropped)))
        else:
            moved.append((mark.position, 0, Thrown(position, mark.n_bytes)))
    return [mark for _, _, mark in sorted([*moved, *refused], key=lambda item: item[:2])]
