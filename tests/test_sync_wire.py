"""The sync wire: the exact difference between two clocks, and what is no such difference."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.clock import fit_clock, own_clock
from acquisition.sync_wire import rising_us, sync_offset_s, wired
from insole.frame import Pulse

TIMES_S = np.array([1.0, 6.0, 11.0])


def pulses(times_us, kind="sync"):
    """A pulse of 50 ms at each of these device times."""
    edges = [(int(t) + extra, level) for t in times_us for extra, level in ((0, 1), (50_000, 0))]
    return [Pulse(at % 2**32, kind, count, level) for count, (at, level) in enumerate(edges)]


@pytest.mark.parametrize("late_s", [-0.02, 0.0, 0.003])
def test_the_offset_is_exact(late_s):
    assert sync_offset_s(TIMES_S, TIMES_S + late_s) == pytest.approx(late_s, abs=1e-12)


def test_pulses_that_only_one_foot_saw_do_not_matter():
    assert sync_offset_s(TIMES_S, np.append(0.5, TIMES_S[1:] + 0.003)) == pytest.approx(0.003)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([], [1.0, 2.0]),
        ([1.0, 2.0], []),
        ([1.0], [1.003]),  # one pulse could be anything
        ([1.0, 6.0], [1.5, 6.5]),  # too far apart to be the same
        ([1.0, 6.0], [1.003, 6.03]),  # these two do not agree
        ([1.0, 6.0, 11.0, 16.0], [1.003, 6.003, 11.03, 16.05]),  # nor do more than half
    ],
)
def test_what_does_not_match_moves_nothing(left, right):
    assert sync_offset_s(np.array(left), np.array(right)) is None


def test_stamps_are_unwrapped_and_other_edges_left_out():
    first = 2**32 - 2_000_000
    at = [first + 1_000_000, first + 3_000_000, first + 3_600_000_000]
    seen = [*pulses(at), *pulses([first + 5], "belt")]
    assert rising_us(seen, first).tolist() == at
    assert rising_us([], first).tolist() == []


def clocks(latency_s=0.003):
    """Two feet at 100 Hz that began at 0 s and 0.2 s of host time; the right one's bytes take ``latency_s`` longer."""
    device = np.arange(1000) * 10_000
    left = fit_clock(device + 5_000_000, device * 1e-6)
    right = fit_clock(device + 9_000_000, device * 1e-6 + 0.2 + latency_s)
    return {"left": left, "right": right}, {"left": 5_000_000, "right": 9_000_000}


def test_a_fixed_latency_is_invisible_to_arrival_times_and_taken_out_by_the_wire():
    fits, first = clocks()
    blind, moved = wired(fits, {"left": [], "right": []}, first)
    assert moved is None
    assert blind["right"].residual_s == pytest.approx(0.0, abs=1e-6)
    assert blind["right"].time_s(np.array([9_000_000]))[0] == pytest.approx(0.203)
    # The wire pulsed at 1 s and 6 s.
    on_wire = {"left": pulses([6_000_000, 11_000_000]), "right": pulses([9_800_000, 14_800_000])}
    seeing, moved = wired(fits, on_wire, first)
    assert moved == pytest.approx(-0.003)
    assert seeing["right"].time_s(np.array([9_000_000]))[0] == pytest.approx(0.2)
    assert seeing["left"].time_s(np.array([5_000_000]))[0] == pytest.approx(0.0)


def test_zero_stays_at_the_earliest_scan():
    fits = {"left": own_clock(5_000_000), "right": own_clock(9_000_000)}
    first = {"left": 5_000_000, "right": 9_000_000}
    # The right board was started 40 ms before the left one.
    on_wire = {"left": pulses([6_000_000, 8_000_000]), "right": pulses([10_040_000, 12_040_000])}
    seeing, moved = wired(fits, on_wire, first)
    assert moved == pytest.approx(-0.04)
    assert seeing["right"].time_s(np.array([9_000_000]))[0] == pytest.approx(0.0)
    assert seeing["left"].time_s(np.array([5_000_000]))[0] == pytest.approx(0.04)


def test_one_foot_has_no_wire():
    fits, first = clocks()
    alone, moved = wired({"left": fits["left"]}, {"left": pulses([6_000_000, 8_000_000])}, first)
    assert (alone, moved) == ({"left": fits["left"]}, None)
