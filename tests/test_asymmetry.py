from __future__ import annotations

import math

import naive_statistics as naive
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.asymmetry import step_differences


def test_each_right_contact_minus_the_left_one_before_it() -> None:
    times, d = step_differences([0.4, 1.2, 2.0], [5.0, 6.0, 7.0], [0.0, 0.8, 1.6], [1.0, 1.5, 1.0])
    assert times.tolist() == [0.4, 1.2, 2.0]
    assert d.tolist() == [4.0, 4.5, 6.0]


def test_a_lost_left_contact_is_not_bridged() -> None:
    times, d = step_differences([0.4, 1.2, 2.0], [5.0, 6.0, 7.0], [0.0, 1.6], [1.0, 1.0])
    assert times.tolist() == [0.4, 2.0]
    assert d.tolist() == [4.0, 6.0]


def test_an_invalid_step_takes_its_pair_with_it() -> None:
    times, d = step_differences([0.4, 1.2], [5.0, math.nan], [0.0, 0.8], [1.0, 2.0])
    assert (times.tolist(), d.tolist()) == ([0.4], [4.0])
    assert len(step_differences([0.4], [5.0], [0.0], [math.nan])[1]) == 0


def test_a_right_contact_before_any_left_one_has_no_pair() -> None:
    times, _ = step_differences([0.1, 0.9], [1.0, 2.0], [0.5], [0.0])
    assert times.tolist() == [0.9]
    assert len(step_differences([], [], [0.5], [0.0])[1]) == 0
    assert len(step_differences([0.5], [0.0], [], [])[1]) == 0


contact_times = st.lists(st.integers(0, 60), max_size=20, unique=True).map(sorted)


@settings(max_examples=80, deadline=None)
@given(right=contact_times, left=contact_times, seed=st.integers(0, 99))
def test_equals_the_naive_twin(right: list[int], left: list[int], seed: int) -> None:
    left = [time for time in left if time not in right]
    rng = np.random.default_rng(seed)
    r = np.where(rng.random(len(right)) < 0.2, np.nan, rng.normal(size=len(right)))
    m = np.where(rng.random(len(left)) < 0.2, np.nan, rng.normal(size=len(left)))
    times, d = step_differences(right, r, left, m)
    expected = naive.step_differences(list(zip(right, r, strict=True)), list(zip(left, m, strict=True)))
    assert list(zip(times, d, strict=True)) == expected
