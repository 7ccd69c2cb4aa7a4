"""A walking foot as a link: ``sim://left?gait=run&medial=0.1&pace=0&seed=7`` (knobs: ``acquisition.knobs.KNOBS``).

It gives the bytes a board would send, so the decoder is always in the loop. Same URL, same commands: same bytes,
whatever the pace and however they are read.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from acquisition.knobs import parse_knobs
from acquisition.link import LinkContext
from acquisition.simulated_board import SimulatedBoard
from insole.errors import LinkError

ARRIVAL_S: Final = 0.001
"""The last byte of a scan is at the host this long after the scan began: conversion, line and USB together."""
_CHUNK_S: Final = 0.05
_FAST_CHUNK_S: Final = 0.25


class SimulatedInsole:
    """A ``Link`` to a simulated board.

    Host times are virtual: s since *start*, one base for all simulated insoles of a trial. With ``pace=0`` nothing
    waits: a read renders the next chunk, and a reader that takes its time loses nothing. With ``pace`` above 0 a chunk
    is there when its time has come.
    """

    def __init__(self, url: str, side: str, context: LinkContext) -> None:
        """Boot the board. Raises UsageError for another side, an unknown knob or an impossible value."""
        self.url = url
        knobs = parse_knobs(
            url, side, context.spans, context.mass_kg, context.size_eu, context.stride_seed, context.n_feet
        )
        self.realtime = knobs.pace > 0.0
        self._pace = knobs.pace
        self._board = SimulatedBoard(knobs)
        self._chunk_s = _CHUNK_S if self.realtime else _FAST_CHUNK_S
        self._changed = threading.Condition()
        self._closed = False
        self._scans = 0
        self._base_s = 0.0
        self._started = 0.0

    def read(self, timeout_s: float) -> tuple[bytes, float]:
        """See ``Link.read``. Raises LinkError after ``close``."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                if self._closed:
                    raise LinkError(f"{self.url}: the simulated insole was closed; open it again")
                if self._board.outbox:
                    data, self._board.outbox = self._board.outbox, b""
                    return data, self._virtual_s()
                now = time.monotonic()
                wait_s = deadline - now
                if self._board.streaming:
                    count = max(1, round(self._chunk_s * self._board.rate_hz))
                    end_s = self._board.virtual_time_s(self._scans + count - 1) + ARRIVAL_S
                    due_s = end_s / self._pace - (now - self._started) if self.realtime else 0.0
                    if due_s <= 0.0:
                        data = self._board.produce(count)
                        self._scans += count
                        # A chunk whose frames were all lost on the way brings nothing; time goes on.
                        if data:
                            return data, self._base_s + end_s
                        due_s = 0.0
                    if wait_s <= 0.0:
                        return b"", self._virtual_s()
                    if due_s > 0.0:
                        self._changed.wait(min(due_s, wait_s))
                elif wait_s <= 0.0:
                    return b"", self._virtual_s()
                else:
                    self._changed.wait(wait_s)

    def _virtual_s(self) -> float:
        return self._base_s + (self._board.virtual_time_s(self._scans) if self._board.streaming else 0.0)

    def write(self, data: bytes) -> None:
        """See ``Link.write``. The board answers with the next read."""
        with self._changed:
            if self._closed:
                raise LinkError(f"{self.url}: the simulated insole was closed; open it again")
            before = self._board.streaming
            scanned_s = self._board.virtual_time_s(self._scans)
            self._board.receive(data)
            if before and not self._board.streaming:
                self._base_s += scanned_s
            if self._board.streaming and not before:
                self._scans = 0
                self._started = time.monotonic()
            self._changed.notify_all()

    def close(self) -> None:
        """See ``Link.close``."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
