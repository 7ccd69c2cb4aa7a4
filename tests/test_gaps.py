"""The gap table: place, length and kind of every hole, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from board import BOOT_US, frames_of, identify, spoilt, status, stream
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.gaps import Counted, Thrown, gap_table
from acquisition.protocol import encode_frames, encode_record
from acquisition.stream import read_stream


def table_of(data, n_samples, host_s=None):
    """Gap rows of a byte stream (one chunk, or pieces with their host times), and the stream."""
    chunks = [(data, 1.0)] if host_s is None else list(zip(data, host_s, strict=True))
    decoded = read_stream(identify(), chunks)
    rows = [(int(r["start_index"]), int(r["length"]), r["kind"].decode(), int(r["n_damaged"]), int(r["n_dropped"]))
            for r in decoded.gaps(n_samples)]  # fmt: skip
    return rows, decoded


def test_nothing_missing_is_an_empty_table():
    rows, decoded = table_of(stream(0, 3000), 3000)
    assert rows == []
    np.testing.assert_array_equal(decoded.index, np.arange(3000))


def test_each_kind_is_told_apart():
    rows, decoded = table_of(stream(0, 6000, lose=range(1500, 1507), drop=range(2500, 2504), damage={3500, 3501}), 6000)
    assert rows == [(1500, 7, "lost", 0, 0), (2500, 4, "board", 0, 4), (3500, 2, "damaged", 2, 0)]
    there = np.setdiff1d(np.arange(6000), [*range(1500, 1507), *range(2500, 2504), 3500, 3501])
    np.testing.assert_array_equal(decoded.index, there)
    np.testing.assert_array_equal(decoded.frames["counts"], frames_of(there)["counts"])


def test_several_causes_in_one_hole_are_mixed_and_counted():
    rows, _ = table_of(stream(0, 3000, lose=range(1500, 1510), drop=range(1510, 1530), damage={1530, 1531, 1532}), 3000)
    assert rows == [(1500, 33, "mixed", 3, 20)]


def test_two_holes_between_two_status_records_are_told_apart_by_their_lengths():
    rows, _ = table_of(stream(0, 3000, lose=range(1500, 1507), drop=range(1600, 1604)), 3000)
    assert rows == [(1500, 7, "lost", 0, 0), (1600, 4, "board", 0, 4)]


def test_two_holes_that_can_not_be_told_apart_are_mixed_and_the_sum_is_right():
    rows, _ = table_of(stream(0, 3000, lose=range(1500, 1505), drop=range(1600, 1605)), 3000)
    assert [(r[0], r[1], r[2]) for r in rows] == [(1500, 5, "mixed"), (1600, 5, "mixed")]
    assert sum(r[4] for r in rows) == 5


def test_holes_at_both_ends_count():
    rows, _ = table_of(stream(0, 4000, lose={0, 1}, damage={2998, 2999}), 3000)
    assert rows == [(0, 2, "lost", 0, 0), (2998, 2, "damaged", 2, 0)]


def test_a_hole_across_the_end_is_cut_there():
    rows, _ = table_of(stream(0, 4000, drop=range(2995, 3100)), 3000)
    assert rows == [(2995, 5, "board", 0, 5)]


def test_what_the_last_status_counts_but_nobody_saw_is_missing():
    rows, _ = table_of(stream(0, 2500, lose=range(2490, 2500)) + encode_record(status(2500)), 9000)
    assert rows == [(2490, 10, "lost", 0, 0)]


@pytest.mark.parametrize("missing", [65_536, 131_072])
@pytest.mark.parametrize("kind", ["lost", "board"])
def test_a_gap_that_leaves_the_sequence_as_it_was(missing, kind):
    end = 1500 + missing
    head, tail = stream(0, 1500), [encode_frames(frames_of(range(end, end + 1800)), 10)]
    dropped = missing if kind == "board" else 0
    # A board that drops keeps sending its status; nothing of a lost stretch arrives.
    inside = b"".join(encode_record(status(s, s - 1500)) for s in range(2000, end, 1000)) if dropped else b""
    after = b"".join(tail[0][:1000]) + encode_record(status(end + 1000, dropped)) + b"".join(tail[0][1000:])
    rows, decoded = table_of([head, inside, after], end + 1800, host_s=[1.5, end / 1000, end / 1000 + 1.8])
    assert rows == [(1500, missing, kind, 0, dropped)]
    np.testing.assert_array_equal(decoded.index[[1499, 1500]], [1499, end])


def test_a_gap_across_the_wrap_of_the_microseconds():
    boot_us = 2**32 - 1_502_500
    rows, decoded = table_of(stream(0, 4000, lose=range(1490, 1520), boot_us=boot_us), 4000)
    assert rows == [(1490, 30, "lost", 0, 0)]
    assert decoded.first_us == boot_us
    np.testing.assert_array_equal(decoded.device_us, boot_us + decoded.index * 1000)


def test_a_hit_delimiter_costs_two_frames_in_one_packet():
    packets = encode_frames(frames_of(range(100)), 10)
    packets[50] = packets[50][:-1] + b"\x55"
    rows, _ = table_of(b"".join(packets), 100)
    assert rows == [(50, 2, "damaged", 2, 0)]


def test_a_frame_cut_in_two_by_a_zero_is_one_frame():
    packets = encode_frames(frames_of(range(100)), 10)
    packets[50] = packets[50][:12] + b"\0" + packets[50][13:]
    rows, _ = table_of(b"".join(packets), 100)
    assert rows == [(50, 1, "damaged", 1, 0)]


def test_a_damaged_status_is_no_missing_frame():
    packets = encode_frames(frames_of([*range(50), *range(53, 100)]), 10)
    packets.insert(50, spoilt(encode_record(status(50))))
    rows, _ = table_of(b"".join(packets), 100)
    assert rows == [(50, 3, "lost", 0, 0)]


def test_a_status_that_contradicts_the_frames_is_no_witness():
    marks = [Counted(500, 9000, 0), Counted(900, 1000, 5)]
    index = np.concatenate([np.arange(700), np.arange(705, 1000)])
    (row,) = gap_table(index[:900], [*marks, Thrown(100, 32)], 32, 905)
    assert (row["start_index"], row["length"], row["kind"], row["n_dropped"]) == (700, 5, b"board", 5)


def test_repeated_frames_appear_once():
    data = stream(0, 500) + stream(400, 1000)
    rows, decoded = table_of(data, 1000)
    assert rows == []
    np.testing.assert_array_equal(decoded.index, np.arange(1000))


def test_a_false_frame_that_passed_its_check_counts_as_damaged():
    frames = frames_of(range(100))
    frames["sequence"][40] ^= 0x2000
    rows, _ = table_of(b"".join(encode_frames(frames, 10)), 100)
    assert rows == [(40, 1, "damaged", 1, 0)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_sample_is_either_there_or_missing_once(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    scans = np.arange(2600)
    fate = rng.choice(4, size=2600, p=[0.97, 0.01, 0.01, 0.01])
    lose, drop, damage = (set(scans[fate == k].tolist()) for k in (1, 2, 3))
    wire = stream(0, 2600, lose=lose, drop=drop, damage=damage) + encode_record(status(2600, len(drop)))
    cuts = sorted(rng.integers(0, len(wire), size=5).tolist())
    pieces = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    rows, decoded = table_of(pieces, 2600, host_s=[0.4, 0.9, 1.3, 1.8, 2.2, 2.6])
    missing = np.concatenate([np.arange(s, s + n) for s, n, *_ in rows]) if rows else np.zeros(0, dtype=int)
    np.testing.assert_array_equal(np.sort(np.concatenate([decoded.index, missing])), scans)
    np.testing.assert_array_equal(decoded.frames["counts"], frames_of(decoded.index)["counts"])
    assert sum(r[3] for r in rows) == len(damage)
    assert sum(r[4] for r in rows) == len(drop)
    assert decoded.host["index"][-1] == decoded.index[-1]
    assert decoded.first_us == BOOT_US
