from __future__ import annotations

import naive_statistics as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.long_memory import fit_mean
from analysis.trial_effect import (
    LabSd,
    baseline_limit,
    half_width_longer_trials,
    order_balance,
    trial_effect,
    trials_per_condition,
)

A, B = False, True
LAB = LabSd(sd=1.6, df=8)
SIX = [12.1, 7.4, 13.0, 9.9, 14.2, 9.0]
TOLERANCE = 1e-6


def test_e9b_one_repeat_alone_has_no_interval() -> None:
    found = trial_effect([12.1, 7.4, 13.0], [A, B, A], [0, 10, 20])
    assert found.nu == 1
    assert found.ci_low is None
    assert found.p is None
    assert found.reason == "too_few_trials_for_effect"


def test_e9b_one_repeat_with_lab_sd() -> None:
    found = trial_effect([12.1, 7.4, 13.0], [A, B, A], [0, 10, 20], LAB)
    assert found.difference == pytest.approx(-5.15)
    assert found.sd == pytest.approx(1.523337, abs=TOLERANCE)
    assert (found.nu, found.leverage) == (9, pytest.approx(1.5))
    assert found.half_width == pytest.approx(4.220505, abs=TOLERANCE)
    assert found.p == pytest.approx(0.022099, abs=TOLERANCE)
    assert not found.drift_term


def test_e9b_a_b_b_a() -> None:
    found = trial_effect([12.1, 7.4, 8.3, 13.0], [A, B, B, A], [0, 10, 20, 30])
    assert (found.difference, found.nu) == (pytest.approx(-4.7), 2)
    assert found.half_width == pytest.approx(2.738191, abs=TOLERANCE)
    assert found.p == pytest.approx(0.017845, abs=TOLERANCE)


def test_e9b_six_trials_carry_a_drift_term() -> None:
    found = trial_effect(SIX, [A, B, A, B, A, B], [0, 10, 20, 30, 40, 50])
    assert found.drift_term
    assert found.difference == pytest.approx(-4.795833, abs=TOLERANCE)
    assert found.leverage == pytest.approx(0.729167, abs=TOLERANCE)
    assert found.sd == pytest.approx(0.817347, abs=TOLERANCE)
    assert found.nu == 3
    assert found.half_width == pytest.approx(2.221165, abs=TOLERANCE)
    assert found.p == pytest.approx(0.006312, abs=TOLERANCE)


def test_e9b_six_trials_with_lab_sd() -> None:
    found = trial_effect(SIX, [A, B, A, B, A, B], [0, 10, 20, 30, 40, 50], LAB)
    assert found.sd == pytest.approx(1.429691, abs=TOLERANCE)
    assert found.nu == 11
    assert found.half_width == pytest.approx(2.687030, abs=TOLERANCE)
    assert found.p == pytest.approx(0.002359, abs=TOLERANCE)


def test_e9b_own_spread_governs_when_larger() -> None:
    found = trial_effect([12.1, 7.4, 16.9], [A, B, A], [0, 10, 20], LAB)
    assert found.difference == pytest.approx(-7.1)
    assert found.sd == pytest.approx(3.394113, abs=TOLERANCE)
    assert found.half_width == pytest.approx(9.403611, abs=TOLERANCE)
    assert found.p == pytest.approx(0.121815, abs=TOLERANCE)


def test_e9b_baseline_that_differs_less_than_the_lab_expects() -> None:
    limit = baseline_limit(4.2, LAB)
    assert limit == pytest.approx(5.217892, abs=TOLERANCE)
    assert abs(12.1 - 16.9) < limit
    assert baseline_limit(13.0, LAB) == 13.0


def test_one_trial_each_rests_on_the_lab_alone() -> None:
    assert trial_effect([12.1, 7.4], [A, B], [0, 10]).half_width is None
    found = trial_effect([12.1, 7.4], [A, B], [0, 10], LAB)
    assert found.lab_sd_only
    assert not found.drift_term
    assert found.nu == 8
    assert found.half_width == pytest.approx(2.3060 * 1.6 * np.sqrt(2), rel=1e-4)


def test_a_thin_lab_sd_does_not_count() -> None:
    assert trial_effect([12.1, 7.4], [A, B], [0, 10], LabSd(1.6, 3)).half_width is None


def test_unbalanced_order_gets_a_drift_term_only_with_lab_sd() -> None:
    four = [12.1, 7.4, 13.0, 9.9]
    assert not trial_effect(four, [A, B, A, B], [0, 10, 20, 30]).drift_term
    with_lab = trial_effect(four, [A, B, A, B], [0, 10, 20, 30], LAB)
    assert with_lab.drift_term
    assert with_lab.nu == 9  # the specification's row for A-B-A-B with lab SD
    # Mid-times that are a second off do not unbalance a balanced order.
    assert not trial_effect([1.0, 2.0, 2.1, 1.2], [A, B, B, A], [0.0, 10.1, 19.8, 30.0], LAB).drift_term
    assert trial_effect(SIX, [A, B, A, B, A, B], None).drift_term is False


@pytest.mark.parametrize(
    ("letters", "balanced"), [("AB", False), ("ABA", True), ("ABBA", True), ("ABAB", False), ("ABBABAAB", True)]
)
def test_order_balance(letters: str, balanced: bool) -> None:
    assert (abs(order_balance([letter == "B" for letter in letters])) < 1e-9) == balanced


def test_trials_that_repeat_exactly_have_no_interval() -> None:
    found = trial_effect([12.0, 7.0, 7.0, 12.0], [A, B, B, A], [0, 1, 2, 3])
    assert (found.half_width, found.reason) == (None, "no_variation")


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    letters=st.sampled_from(["ABBA", "ABAB", "ABABA", "ABBAAB", "ABBABAAB", "AABB"]),
    lab=st.sampled_from([None, (1.5, 8), (0.3, 4)]),
)
def test_equals_the_naive_twin(seed: int, letters: str, lab: tuple[float, int] | None) -> None:
    rng = np.random.default_rng(seed)
    shod = [letter == "B" for letter in letters]
    times = [10.0 * k for k in range(len(letters))]
    means = rng.normal(10, 2, len(letters)).tolist()
    drifting = len(letters) >= 6 or (lab is not None and letters in ("ABAB", "AABB"))
    difference, half = naive.trial_effect(means, shod, times if drifting else None, lab)
    found = trial_effect(means, shod, times, None if lab is None else LabSd(*lab))
    assert found.difference == pytest.approx(difference)
    assert found.half_width == pytest.approx(half)


def test_longer_trials_help_only_as_far_as_steps_are_to_blame() -> None:
    i = np.arange(90)
    fit = fit_mean(12 + 2 * np.sin(0.05 * i) + 0.6 * ((37 * i % 11) - 5))  # v_w 1.475947, g 0.770972 (E9a)
    assert fit is not None
    effect = trial_effect([12.1, 7.4, 13.0], [A, B, A], [0, 10, 20], LAB)
    share = 1.475947 / 1.523337**2
    expected = 4.220505 * np.sqrt(1 - share * (1 - 0.770972))
    assert half_width_longer_trials(effect, [fit]) == pytest.approx(expected, abs=1e-5)
    steady = trial_effect([12.1, 7.4, 7.5, 12.2], [A, B, B, A], [0, 1, 2, 3])  # s below the steps' share: f = 1
    assert steady.half_width is not None
    assert half_width_longer_trials(steady, [fit]) == pytest.approx(steady.half_width * np.sqrt(0.770972), rel=1e-5)


def test_trials_for_a_target() -> None:
    assert trials_per_condition(1.5, None, 4.2) == 3  # r 2: 4.3027 * 1.5 = 6.5; r 3: 2.7764 * 1.5 * .816 = 3.4
    assert trials_per_condition(1.5, LAB, 4.2) == 2  # r 1: 2.306 * 1.5 * 1.414 = 4.9; r 2: 2.228 * 1.5 = 3.3
    assert trials_per_condition(9.0, None, 4.2) is None
