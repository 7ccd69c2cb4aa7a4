"""Gait mode of trials and steps (4.2): each rule, and where one rule ends."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.gait_mode import (
    aerial_and_grounded,
    grounded_mode,
    one_foot_steps,
    trial_mode,
    trial_mode_one_foot,
    trough_prominence,
)
from analysis.parameters import Parameters

P = Parameters()
BW = 700.0
U = np.linspace(0.0, 1.0, 101)
ONE_HUMP = 2.0 * BW * np.sin(np.pi * U)


def humps(depth_bw):
    """Two humps of 1.1 BW at 25 and 75 %, a trough of the given depth between them."""
    return np.interp(U, [0.0, 0.25, 0.5, 0.75, 1.0], BW * np.array([0.0, 1.1, 1.1 - depth_bw, 1.1, 0.0]))


def test_prominence_is_the_depth_below_the_lower_hump():
    force = np.interp(U, [0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 900.0, 600.0, 800.0, 0.0])
    assert trough_prominence(force) == pytest.approx(200.0)
    # The second hump is looked for from 55 % on, where this curve has fallen to 900 from its peak at 50 %.
    early = np.interp(U, [0.0, 0.2, 0.35, 0.5, 0.7, 1.0], [0.0, 1050.0, 600.0, 1200.0, 0.0, 0.0])
    assert trough_prominence(early) == pytest.approx(300.0)
    # One hump in the middle: the curve only rises to it from one side, the lower end is the lowest point.
    assert trough_prominence(ONE_HUMP) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("overlaps", "force", "mode"),
    [
        (np.full(50, -0.08), ONE_HUMP, "run"),
        (np.full(50, 0.07), humps(0.2), "walk"),
        (np.full(50, 0.07), humps(0.049), "grounded_run"),
        (np.full(50, 0.07), ONE_HUMP, "grounded_run"),
        (np.array([-0.08] * 45 + [0.05] * 5), ONE_HUMP, "run"),
        (np.array([-0.08] * 44 + [0.05] * 6), ONE_HUMP, "mixed"),
        (np.array([-0.08] * 20 + [0.08] * 30), ONE_HUMP, "mixed"),
        (np.full(50, -0.019), ONE_HUMP, "transition"),
        (np.full(50, 0.019), humps(0.2), "transition"),
        (np.full(50, -0.021), ONE_HUMP, "run"),
        (np.array([np.nan, -0.08, np.nan]), ONE_HUMP, "run"),
        (np.full(5, np.nan), ONE_HUMP, None),
        (np.empty(0), None, None),
    ],
)
def test_mode_of_a_trial(overlaps, force, mode):
    assert trial_mode(overlaps, force, BW, P) == mode


def test_without_a_mass_the_trough_is_a_share_of_the_peak():
    # 0.052 of BW is 0.047 of the maximum of 1.1 BW.
    assert grounded_mode(humps(0.052), BW, P) == "walk"
    assert grounded_mode(humps(0.052), None, P) == "grounded_run"
    assert grounded_mode(humps(0.06), None, P) == "walk"


def test_mode_of_one_foot_by_its_duty_factor():
    assert trial_mode_one_foot(np.array([0.40, 0.42, np.nan]), P) == "run"
    assert trial_mode_one_foot(np.array([0.58, 0.60]), P) == "walk"
    assert trial_mode_one_foot(np.array([0.47, 0.50, 0.53]), P) == "transition"
    assert trial_mode_one_foot(np.array([np.nan]), P) is None
    assert one_foot_steps(np.array([0.47, 0.50, 0.53, np.nan]), P) == ("run", None, "walk", None)


def test_mode_of_a_step_needs_all_its_overlaps():
    around = np.array([[-0.05, -0.02], [-0.05, -0.01], [0.02, 0.03], [0.02, -0.02], [np.nan, 0.02], [np.nan, np.nan]])
    aerial, grounded = aerial_and_grounded(around, P)
    assert aerial.tolist() == [True, False, False, False, False, False]
    assert grounded.tolist() == [False, False, True, False, True, False]
