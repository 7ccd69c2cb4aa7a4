"""The ring: exact counts for slow readers, never a mixed row."""

from __future__ import annotations

import subprocess
import sys
import threading
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.ring import Ring, sample_dtype

DTYPE = sample_dtype(16)


def rows(start, n):
    """Rows whose every field tells the position it was written at."""
    made = np.zeros(n, dtype=DTYPE)
    at = np.arange(start, start + n)
    made["index"], made["device_us"], made["flags"] = at, at * 1000, at % 251
    made["counts"] = (at % 65536)[:, None]
    return made


def assert_rows(got, start):
    np.testing.assert_array_equal(got, rows(start, got.shape[0]))


def test_a_reader_that_keeps_up_gets_every_row_once():
    ring, cursor, got = Ring(100, DTYPE), 0, []
    for at in range(0, 1000, 37):
        ring.write(rows(at, 37))
        answer = ring.since(cursor)
        assert answer.missed == 0
        cursor = answer.cursor
        got.append(answer.rows)
    assert_rows(np.concatenate(got), 0)
    assert ring.since(cursor).rows.size == 0


def test_a_reader_that_falls_behind_learns_exactly_how_far():
    ring = Ring(100, DTYPE)
    ring.write(rows(0, 90))
    cursor = ring.since(0).cursor
    ring.write(rows(90, 90))
    ring.write(rows(180, 53))
    answer = ring.since(cursor)
    assert (answer.missed, answer.cursor) == (43, 233)
    assert_rows(answer.rows, 133)


def test_one_write_larger_than_the_ring_leaves_its_end():
    ring = Ring(10, DTYPE)
    ring.write(rows(0, 7))
    ring.write(rows(7, 1004))
    answer = ring.since(3)
    assert (answer.missed, ring.written) == (998, 1011)
    assert_rows(answer.rows, 1001)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=30))
def test_rows_and_missed_always_add_up(capacity, moves):
    ring, written, cursor = Ring(capacity, DTYPE), 0, 0
    for n, read in moves:
        ring.write(rows(written, n))
        written += n
        if read:
            answer = ring.since(cursor)
            assert answer.missed == max(0, written - capacity - cursor)
            assert answer.rows.shape[0] + answer.missed == written - cursor
            assert_rows(answer.rows, cursor + answer.missed)
            cursor = answer.cursor


def test_copies_do_not_change_when_the_ring_goes_on():
    ring = Ring(10, DTYPE)
    ring.write(rows(0, 10))
    answer = ring.since(0)
    ring.write(rows(10, 10))
    assert_rows(answer.rows, 0)


def test_rows_overwritten_while_they_are_copied_are_dropped_and_counted():
    class Overtaken(Ring):
        """The writer comes in between the reader's look at the header and its copy."""

        overtake = False

        def _fence(self):
            super()._fence()
            if self.overtake:
                self.overtake = False
                self.write(rows(100, 30))

    ring = Overtaken(100, DTYPE)
    ring.write(rows(0, 100))
    ring.overtake = True
    answer = ring.since(0)
    assert (answer.missed, answer.cursor) == (30, 100)
    assert_rows(answer.rows, 30)
    assert_rows(ring.since(answer.cursor).rows, 100)


def test_a_slow_reader_beside_a_fast_writer_never_sees_a_mixed_row():
    ring, total = Ring(257, DTYPE), 200_000
    source = rows(0, total)

    def write():
        at = 0
        for n in np.random.default_rng(1).integers(1, 300, size=total):
            ring.write(source[at : at + n])
            at += int(n)
            if at >= total:
                return

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that the two really get in each other's way
    try:
        writer = threading.Thread(target=write)
        writer.start()
        cursor = seen = missed = 0
        while writer.is_alive() or cursor < total:
            answer = ring.since(cursor)
            np.testing.assert_array_equal(answer.rows, source[cursor + answer.missed : answer.cursor])
            seen, missed, cursor = seen + answer.rows.size, missed + answer.missed, answer.cursor
        writer.join()
    finally:
        sys.setswitchinterval(interval)
    assert seen + missed == total
    assert ring.since(cursor).rows.size == 0


def test_another_process_reads_the_same_memory():
    block = SharedMemory(create=True, size=Ring.bytes_needed(64, DTYPE))
    try:
        ring = Ring(64, DTYPE, block.buf)
        ring.write(rows(0, 100))
        code = (
            "import sys; from multiprocessing import resource_tracker; resource_tracker.register = lambda *a: None\n"
            "from multiprocessing.shared_memory import SharedMemory; from acquisition.ring import Ring, sample_dtype\n"
            "block = SharedMemory(sys.argv[1]); ring = Ring(64, sample_dtype(16), block.buf); answer = ring.since(10)\n"
            "print(answer.missed, answer.rows['index'][0], answer.rows['index'][-1]); del ring; block.close()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, block.name], capture_output=True, text=True, timeout=30, check=False
        )
        assert done.stdout.split() == ["26", "36", "99"], done.stderr
        del ring
    finally:
        block.close()
        block.unlink()


def test_what_can_not_be_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        Ring(0, DTYPE)
    with pytest.raises(ValueError, match="buffer"):
        Ring(10, DTYPE, memoryview(bytearray(100)))
    ring = Ring(10, DTYPE)
    ring.write(rows(0, 5))
    with pytest.raises(ValueError, match="position 6"):
        ring.since(6)
