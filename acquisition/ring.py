"""The latest samples of one insole in fixed memory: one writer, any number of readers, none of whom can hold it up.

Positions count the rows ever written; they only grow, and a reader keeps its own (its *cursor*). A reader that falls
behind by more than the capacity gets the rows that are left and the exact number it missed. Rows carry the absolute
sample number themselves (``sample_dtype``), so a hole in the stream is a jump of ``index``, never a filled row.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_HEADER: Final = np.dtype([("claimed", "<i8"), ("written", "<i8")])


def sample_dtype(n_sensels: int) -> np.dtype[np.void]:
    """One sample: ``index`` i8 (absolute), ``device_us`` i8 (unwrapped), ``flags`` u1, ``counts`` u2[n_sensels]."""
    return np.dtype([("index", "<i8"), ("device_us", "<i8"), ("flags", "u1"), ("counts", "<u2", (n_sensels,))])


@dataclass(frozen=True, eq=False)
class Rows:
    """A copy of ``rows``, the ``cursor`` to ask with next time, and how many rows were ``missed`` before them."""

    rows: NDArray[np.void]
    cursor: int
    missed: int


class Ring:
    """Fixed memory for ``capacity`` rows of ``dtype``; exactly one thread writes.

    Before it overwrites anything the writer publishes how far it is going to write (``claimed``), afterwards that it
    is done (``written``). A reader copies, looks at ``claimed`` again, and drops what may have changed under its
    hands. So nobody waits for anybody, and no row is ever a mixture of two.
    """

    def __init__(self, capacity: int, dtype: np.dtype[np.void], memory: memoryview | None = None) -> None:
        """``memory``: ``bytes_needed`` writable bytes, zeros or a ring's, for instance shared with another process;
        None takes private memory. Raises ValueError for a capacity below 1 or too little memory."""
        if capacity < 1:
            raise ValueError(f"a ring needs room for at least one row, not {capacity}")
        if memory is None:
            memory = memoryview(bytearray(self.bytes_needed(capacity, dtype)))
        self.capacity = capacity
        self._header = np.frombuffer(memory, dtype=_HEADER, count=1)
        self._rows = np.frombuffer(memory, dtype=dtype, count=capacity, offset=_HEADER.itemsize)
        self._order = threading.Lock()

    @staticmethod
    def bytes_needed(capacity: int, dtype: np.dtype[np.void]) -> int:
        """Size of the memory of a ring."""
        return _HEADER.itemsize + capacity * dtype.itemsize

    @property
    def written(self) -> int:
        """Rows ever written."""
        return int(self._header["written"][0])

    def write(self, rows: NDArray[np.void]) -> None:
        """Append rows. Of more than ``capacity`` rows only the last ones stay."""
        start = self.written
        end = start + rows.shape[0]
        self._header["claimed"][0] = end
        self._fence()
        kept = rows[-self.capacity :]
        at = (end - kept.shape[0]) % self.capacity
        head = min(kept.shape[0], self.capacity - at)
        self._rows[at : at + head] = kept[:head]
        self._rows[: kept.shape[0] - head] = kept[head:]
        self._fence()
        self._header["written"][0] = end

    def since(self, cursor: int) -> Rows:
        """Copy of the rows from position ``cursor`` on, as far as they are still there.

        Raises ValueError for a position that was never written.
        """
        end = self.written
        if not 0 <= cursor <= end:
            raise ValueError(f"position {cursor} is outside 0 to {end}, the rows written so far")
        self._fence()
        start = max(cursor, end - self.capacity)
        at, n = start % self.capacity, end - start
        head = min(n, self.capacity - at)
        copy = np.concatenate([self._rows[at : at + head], self._rows[: n - head]])
        self._fence()
        # Whatever the writer has claimed by now may have been overwritten during the copy.
        intact = min(end, max(start, int(self._header["claimed"][0]) - self.capacity))
        return Rows(copy[intact - start :], end, intact - cursor)

    def _fence(self) -> None:
        """Keep what stands before this line before what follows, also on processors that reorder memory accesses.

        Python has no memory fence; taking a free lock twice is one (release, then acquire) and costs some 0.1 µs.
        """
        for _ in range(2):
            with self._order:
                pass
