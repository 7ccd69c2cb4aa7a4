"""Timing of contacts: worked example E6, breaks and pauses, one foot."""

from __future__ import annotations

import naive_steps as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.temporal import (
    Breaks,
    double_support_and_flight,
    stride_times_s,
    timeline,
    variation_percent,
)

NONE = Breaks(np.empty(0), np.empty(0))
LEFT = np.array([(0.0, 0.31), (0.75, 1.05), (1.49, 1.80)])
RIGHT = np.array([(0.37, 0.69), (1.12, 1.43), (1.87, 2.18)])


def line_of(left, right, breaks=(NONE,), pause_s=2.0):
    left, right = np.reshape(left, (-1, 2)), np.reshape(right, (-1, 2))
    groups = [np.zeros(len(left), np.int64), np.ones(len(right), np.int64)]
    return timeline([left[:, 0], right[:, 0]], [left[:, 1], right[:, 1]], groups, list(breaks), pause_s)


def test_e6():
    line = line_of(LEFT, RIGHT)
    assert line.cadence_steps_min() == pytest.approx(160.427807, abs=1e-6)
    strides = [stride_times_s(rows[:, 0], NONE) for rows in (LEFT, RIGHT)]
    assert [np.nanmean(s) for s in strides] == pytest.approx([0.745, 0.750])
    duty = [np.nanmean((r[:, 1] - r[:, 0]) / s) for r, s in zip((LEFT, RIGHT), strides, strict=True)]
    assert duty == pytest.approx([0.409369, 0.42], abs=1e-6)
    double_support, flight = double_support_and_flight(line.overlaps_s)
    assert (double_support, flight) == (0.0, pytest.approx(0.064))
    steps = line.step_times_s()
    means = [np.nanmean(steps[line.group == group]) for group in (0, 1)]
    assert means == pytest.approx([0.375, 0.373333], abs=1e-6)
    assert [2.01168 * mean for mean in means] == pytest.approx([0.754380, 0.751027], abs=1e-6)


@given(st.lists(st.tuples(st.floats(0.05, 0.5), st.floats(0.1, 0.9)), min_size=2, max_size=30), st.randoms())
@settings(max_examples=60, deadline=None)
def test_overlaps_equal_their_twin(steps, rng):
    left, right, at = [], [], 0.0
    for gap, contact in steps:
        at += gap
        (left if rng.random() < 0.5 else right).append((at, at + contact))
    found = line_of(left, right).overlaps_s
    assert found[np.isfinite(found)] == pytest.approx(naive.overlaps(left, right), abs=1e-12)


def test_double_support_is_positive_overlap():
    line = line_of([(0.0, 0.5), (0.86, 1.36)], [(0.43, 0.93), (1.29, 1.79)])
    assert line.overlaps_s == pytest.approx([0.07, 0.07, 0.07])
    assert double_support_and_flight(line.overlaps_s) == (pytest.approx(0.07), 0.0)


def test_nothing_is_counted_across_a_break():
    hole = Breaks(np.array([1.2]), np.array([1.3]))
    line = line_of(LEFT, RIGHT, (hole, NONE))
    # The break lies between the right contact at 1.12 and the left one at 1.49.
    assert np.isnan(line.overlaps_s).tolist() == [False, False, False, True, False]
    assert line.cadence_steps_min() == pytest.approx(60 * 4 / (1.12 + 0.38))
    assert np.isnan(stride_times_s(LEFT[:, 0], hole)).tolist() == [False, True, True]
    steps = line.step_times_s()
    assert np.isnan(steps).tolist() == [True, False, False, False, True, False]


def test_a_pause_is_no_flight():
    line = line_of([(0.0, 0.3), (60.0, 60.3)], [(0.4, 0.7), (60.4, 60.7)])
    assert double_support_and_flight(line.overlaps_s)[1] == pytest.approx(0.1)
    assert line.cadence_steps_min() == pytest.approx(150.0)


def test_a_missing_contact_makes_no_pair():
    line = line_of(LEFT, RIGHT[[0, 2]])
    assert np.isfinite(line.overlaps_s).tolist() == [True, True, False, True]
    assert np.isnan(line.step_times_s()).tolist() == [True, False, False, True, False]


def test_breaks_touch_closed_intervals():
    hole = Breaks(np.array([1.0, 3.0]), np.array([1.5, 3.5]))
    touched = hole.between(np.array([0.0, 0.0, 1.5, 1.6, 1.6, 3.6]), np.array([0.9, 1.0, 1.6, 2.9, 4.0, 9.0]))
    assert touched.tolist() == [False, True, True, False, True, False]


def test_contacts_around_a_step():
    line = line_of(LEFT, RIGHT)
    around = line.around_s()
    assert np.isnan(around[0, 0])
    assert np.isnan(around[-1, 1])
    assert around[1] == pytest.approx([0.31 - 0.37, 0.69 - 0.75])


def test_span_keeps_contacts_that_begin_in_it():
    line = line_of(LEFT, RIGHT).in_span(1.0)
    assert line.start_s.tolist() == [1.12, 1.49, 1.87]
    assert len(line.linked) == 2
    assert line.in_span(99.0).cadence_steps_min() is None


def test_one_foot_has_no_cadence():
    line = line_of(LEFT, np.empty((0, 2)))
    assert line.cadence_steps_min() is None
    assert np.isnan(line.overlaps_s).all()
    assert double_support_and_flight(line.overlaps_s) == (None, None)
    nobody = line_of(np.empty((0, 2)), np.empty((0, 2)))
    assert nobody.step_times_s().shape == (0,)
    assert nobody.around_s().shape == (0, 2)


def test_taking_turns_in_one_signal():
    starts = np.array([0.0, 0.4, 0.75, 1.15])
    assert stride_times_s(starts, NONE, hop=2)[:2] == pytest.approx([0.75, 0.75])
    assert np.isnan(stride_times_s(starts, NONE, hop=2)[2:]).all()
    assert np.isnan(stride_times_s(starts[:1], NONE, hop=2)).all()


def test_variation():
    assert variation_percent(np.array([1.0, 2.0, 3.0, np.nan])) == pytest.approx(50.0)
    assert variation_percent(np.array([1.0])) is None
