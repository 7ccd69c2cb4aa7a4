"""Absolute sample numbers from wrapping counters, and two boards on one time base."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.clock import ClockFit, SampleClock, common_base, fit_clock

RATE_HZ = 1000.0
STAMP_SPAN = 2**32


def wire(scans, first_us=0, rate_hz=RATE_HZ):
    """What a board sends for these scan numbers: u16 sequence, u32 device time."""
    scans = np.asarray(scans, dtype=np.int64)
    stamps = first_us + np.rint(scans * 1e6 / rate_hz).astype(np.int64)
    return (scans % 65536).astype(np.uint16), (stamps % STAMP_SPAN).astype(np.uint32)


def place(scans, first_us=0, host_s=None):
    sequence, stamps = wire(scans, first_us)
    host = np.asarray(scans) / RATE_HZ if host_s is None else host_s
    return SampleClock(RATE_HZ).place(sequence, stamps, host)


@pytest.mark.parametrize("missing", [1, 10, 65_535, 65_536, 65_537, 131_072, 4_000_000])
@pytest.mark.parametrize("first_us", [0, 123_456_789, STAMP_SPAN - 2_500_000])
def test_a_gap_is_found_whatever_its_length_and_the_phase_of_the_counter(missing, first_us):
    scans = np.concatenate([np.arange(5000), np.arange(5000 + missing, 9000 + missing)])
    placed = place(scans, first_us)
    assert placed.kept.all()
    np.testing.assert_array_equal(placed.index, scans)
    np.testing.assert_array_equal(placed.device_us, first_us + scans * 1000)


def test_a_gap_across_the_wrap_of_the_microseconds_is_exact():
    first_us = STAMP_SPAN - 5_000_300  # the counter wraps inside the gap, at no multiple of the period
    scans = np.concatenate([np.arange(4990), np.arange(5013, 8000)])
    placed = place(scans, first_us)
    np.testing.assert_array_equal(placed.index, scans)
    assert np.all(np.diff(placed.device_us) > 0)


@pytest.mark.parametrize("minutes", [80, 150, 500])
def test_a_gap_longer_than_the_counter_is_resolved_by_the_host_time(minutes):
    scans = np.concatenate([np.arange(100), np.arange(minutes * 60_000, minutes * 60_000 + 100)])
    host = scans / RATE_HZ
    host[100:] += 7.0  # a host that was busy for seconds still tells turns of 71 minutes apart
    np.testing.assert_array_equal(place(scans, host_s=host).index, scans)


def test_a_board_clock_that_is_off_slips_no_sample():
    scans = np.arange(0, 400_000, 1, dtype=np.int64)
    scans = scans[(scans < 100_000) | (scans >= 300_007)]
    stamps = np.rint(scans * 1000.8).astype(np.int64)  # 800 ppm: 320 samples over the recording
    placed = SampleClock(RATE_HZ).place(scans.astype(np.uint16), stamps.astype(np.uint32), scans / RATE_HZ)
    np.testing.assert_array_equal(placed.index, scans)


def test_repeated_frames_count_once():
    scans = np.array([0, 1, 2, 2, 1, 3, 4, 4, 4, 5])
    placed = place(scans, host_s=np.zeros(10))
    np.testing.assert_array_equal(placed.index, [0, 1, 2, 3, 4, 5])
    np.testing.assert_array_equal(np.flatnonzero(~placed.kept), [3, 4, 7, 8])


def test_a_frame_whose_sequence_and_time_contradict_each_other_is_refused():
    sequence, stamps = wire(np.arange(20))
    sequence[7] ^= 0x4000
    stamps[12] ^= 0x8000_0000
    clock = SampleClock(RATE_HZ)
    placed = clock.place(sequence, stamps, 0.0)
    np.testing.assert_array_equal(np.flatnonzero(~placed.kept), [7, 12])
    np.testing.assert_array_equal(placed.index, np.delete(np.arange(20), [7, 12]))
    assert (clock.refused, clock.refused_in_a_row, clock.last_index) == (2, 0, 19)


def test_a_board_that_begins_to_count_anew_is_refused_and_counted():
    clock = SampleClock(RATE_HZ)
    clock.place(*wire(np.arange(5000), first_us=9_000_000), 5.0)
    for at in range(0, 3000, 1000):
        assert clock.place(*wire(np.arange(at, at + 1000)), 6.0 + at / 1000).index.size == 0
    assert clock.refused_in_a_row == 3000
    assert clock.last_index == 4999


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_chunking_places_the_same(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    scans = np.cumsum(rng.choice([1, 1, 1, 1, 2, 30, 65_536, 70_000], size=200))
    sequence, stamps = wire(scans, first_us=int(rng.integers(STAMP_SPAN)))
    for at in rng.integers(1, 199, size=3):
        sequence[at] ^= rng.integers(1, 65536, dtype=np.uint16)
    host = scans / RATE_HZ + rng.random(200) * 0.01
    whole = SampleClock(RATE_HZ).place(sequence, stamps, host)
    cuts = sorted(data.draw(st.lists(st.integers(0, 200), max_size=12)))
    clock = SampleClock(RATE_HZ)
    parts = [
        clock.place(q, t, h)
        for q, t, h in zip(np.split(sequence, cuts), np.split(stamps, cuts), np.split(host, cuts), strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate([p.kept for p in parts]), whole.kept)
    np.testing.assert_array_equal(np.concatenate([p.index for p in parts]), whole.index)
    np.testing.assert_array_equal(np.concatenate([p.device_us for p in parts]), whole.device_us)


def board(duration_s, *, ppm, warming_ppm=0.0, jitter_s=0.0, boot_us=0, seed=0, offset_s=1000.0):
    """A board that is read every 5 ms: its device time of each chunk, the host's stamp, and the true time."""
    rng = np.random.default_rng(seed)
    true = np.arange(0.0, duration_s, 0.005)
    rate = 1.0 + (ppm + warming_ppm * (1.0 - np.exp(-true / 300.0))) * 1e-6
    device_s = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) * 0.0025)])
    host = true + rng.exponential(jitter_s, true.size) if jitter_s else true.copy()
    for at in rng.integers(0, true.size - 200, 4) if jitter_s else ():
        host[at : at + 150] = np.maximum(host[at : at + 150], host[at] + 0.7)  # the host was busy
    return np.rint(device_s * 1e6).astype(np.int64) + boot_us, np.maximum.accumulate(host) + offset_s, true


@pytest.mark.parametrize("duration_s", [3.0, 15.0, 25.0, 61.0, 400.0])
def test_exact_stamps_of_equal_clocks_distort_nothing(duration_s):
    stamps = {side: board(duration_s, ppm=0.0, boot_us=us) for side, us in (("left", 17), ("right", 2**33))}
    fits = common_base(
        {side: fit_clock(us, host) for side, (us, host, _) in stamps.items()},
        {side: int(us[0]) for side, (us, _, _) in stamps.items()},
    )
    for side, (us, _, true) in stamps.items():
        np.testing.assert_allclose(fits[side].time_s(us), true, atol=1e-6)
        assert abs(fits[side].drift_ppm) < 0.01
        assert fits[side].residual_s < 1e-6


@pytest.mark.parametrize("duration_s", [12.0, 60.0])
def test_a_drift_that_can_be_seen_is_taken_out(duration_s):
    device_us, host, true = board(duration_s, ppm=250.0)
    fit = fit_clock(device_us, host)
    assert fit.drift_ppm == pytest.approx(250.0, abs=0.5)
    np.testing.assert_allclose(fit.time_s(device_us) - host[0], true, atol=5e-6)


def test_a_short_recording_keeps_the_seconds_of_the_board_when_the_host_is_restless():
    device_us, host, true = board(8.0, ppm=5.0, jitter_s=0.002, seed=3)
    time_s = fit_clock(device_us, host).time_s(device_us)
    np.testing.assert_allclose(np.diff(time_s), np.diff(device_us) * 1e-6, atol=1e-9)
    assert abs(time_s[0] - 1000.0 - true[0]) < 1e-4


def test_a_host_that_was_busy_for_a_third_of_it_makes_no_drift():
    device_us, host, true = board(9.0, ppm=0.0, jitter_s=0.001, seed=8)
    rng = np.random.default_rng(9)
    host = np.maximum.accumulate(host + (true < 3.2) * rng.exponential(0.005, true.size))
    assert fit_clock(device_us, host).drift_ppm == pytest.approx(0.0, abs=1e-6)


def test_two_warming_boards_keep_together_over_ten_minutes():
    late = []
    for ppm, warming, seed in ((1800.0, 150.0, 1), (-2500.0, -120.0, 2)):
        device_us, host, true = board(600.0, ppm=ppm, warming_ppm=warming, jitter_s=0.0005, seed=seed)
        late.append(fit_clock(device_us, host).time_s(device_us) - 1000.0 - true)
    assert np.max(np.abs(late[0] - late[1])) < 1e-4  # field notes: 0.1 ms at worst


def test_the_time_base_never_runs_backwards_however_the_host_stumbles():
    device_us, host, _ = board(120.0, ppm=300.0, jitter_s=0.2, seed=5)
    samples_us = np.arange(device_us[0], device_us[-1], 500)
    assert np.all(np.diff(fit_clock(device_us, host).time_s(samples_us)) > 0)


def test_zero_is_the_first_sample_of_the_earlier_foot():
    left, right = board(5.0, ppm=0.0), board(5.0, ppm=0.0, offset_s=1000.25)
    fits = common_base(
        {"left": fit_clock(*left[:2]), "right": fit_clock(*right[:2])}, {"left": int(left[0][0]), "right": 0}
    )
    assert fits["left"].time_s(np.array([0]))[0] == pytest.approx(0.0, abs=1e-9)
    assert fits["right"].time_s(np.array([0]))[0] == pytest.approx(0.25, abs=1e-9)
    assert fits["right"].as_dict(0)["offset_s"] == pytest.approx(0.25, abs=1e-9)


def test_holes_in_the_stamps_are_bridged():
    device_us, host, true = board(300.0, ppm=40.0)
    there = (true < 90.0) | (true > 170.0)
    fit = fit_clock(device_us[there], host[there])
    np.testing.assert_allclose(fit.time_s(device_us) - 1000.0, true, atol=1e-5)


def test_windows_without_a_middle_fall_back_to_one():
    device_us, host, true = board(40.0, ppm=40.0)
    there = (np.abs(true - 10.0) > 3.0) & (np.abs(true - 30.0) > 3.0)
    keep = np.flatnonzero(there & (true < 7.0)), np.flatnonzero(true > 33.0)
    at = np.concatenate(keep)
    fit = fit_clock(device_us[at], host[at])
    np.testing.assert_allclose(fit.time_s(device_us) - 1000.0, true, atol=1e-5)


def test_one_stamp_is_enough_and_none_is_an_error():
    fit = fit_clock(np.array([5_000_000]), np.array([7.0]))
    assert isinstance(fit, ClockFit)
    np.testing.assert_allclose(fit.time_s(np.array([5_000_000, 6_000_000])), [7.0, 8.0])
    with pytest.raises(ValueError, match="without a time stamp"):
        fit_clock(np.zeros(0, dtype=np.int64), np.zeros(0))


@pytest.mark.parametrize("pace", [0.001, 0.5, 1.5, 40.0])
def test_a_link_that_is_not_at_the_pace_of_its_board_leaves_the_board_its_own_seconds(pace: float) -> None:
    device_us = 5_000_000 + np.arange(0, 40_000_000, 50_000)
    host_s = 100.0 + (device_us - device_us[0]) * 1e-6 * pace
    at_pace = fit_clock(device_us, 100.0 + (device_us - device_us[0]) * 1e-6)
    odd = fit_clock(device_us, host_s)
    assert not odd.aligned
    assert at_pace.aligned
    both = common_base({"left": odd, "right": at_pace}, {"left": 5_000_000, "right": 5_000_000})
    for fit in both.values():
        assert not fit.aligned  # one foot without a clock in common leaves none for the other
        assert fit.time_s(np.array([5_000_000, 45_000_000])) == pytest.approx([0.0, 40.0], abs=1e-9)
        assert fit.as_dict(5_000_000) == {"offset_s": pytest.approx(-5.0), "aligned": 0.0}


def test_a_host_that_stalls_and_catches_up_still_tells_the_time() -> None:
    device_us = np.arange(0, 30_000_000, 50_000)
    host_s = device_us * 1e-6
    stalled = np.where((host_s > 9.0) & (host_s < 14.0), 14.0, host_s)
    assert fit_clock(device_us, stalled).aligned
