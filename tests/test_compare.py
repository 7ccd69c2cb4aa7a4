from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import naive_statistics as naive
import numpy as np
import pytest
from trial_results import foot, noisy, trial

from analysis import compare
from analysis.comparison import Comparison
from analysis.result import TrialResult
from analysis.steps import INDEX_UNITS
from analysis.trial_effect import LabSd
from insole.errors import UsageError

FIXED = "shod vs barefoot, insole fixed to the foot throughout"


def visit(
    letters: str, left: list[float], right: list[float], n: int = 110, **info: Any
) -> dict[str, list[TrialResult]]:
    """One trial a letter, ten minutes apart, whose steps scatter about the means given."""
    groups: dict[str, list[TrialResult]] = {"A": [], "B": []}
    for k, letter in enumerate(letters):
        worn = {"condition": "shod", "shoe": "Trail"} if letter == "B" else {"condition": "barefoot"}
        feet = [noisy(mean, n=n, seed=k + extra) for mean, extra in ((left[k], 0), (right[k], 40))]
        made = trial(f"{letter}{len(groups[letter]) + 1}", *feet, at_min=10.0 * k, **{**worn, **info})
        groups[letter].append(made)
    return groups


def compared(groups: dict[str, list[TrialResult]], **options: Any) -> Comparison:
    return compare(groups["A"], groups["B"], **options)


def test_one_trial_each_speaks_for_the_recordings() -> None:
    groups = visit("AB", [10, 20], [10, 20])
    found = compared(groups)
    left = found.row("left")
    assert left is not None
    a, b = noisy(10, seed=0).tolist(), noisy(20, seed=1).tolist()
    difference, half, p = naive.difference([b], [a])
    assert left.speaks_for == "recordings"
    assert left.difference == pytest.approx(difference)
    assert (left.ci_low, left.ci_high) == pytest.approx((difference - half, difference + half))
    assert left.p == pytest.approx(p, rel=1e-6)
    assert (left.floor, left.floor_row) == (4.2, FIXED)
    assert left.mean_other is not None
    assert left.mean_base is not None
    assert left.difference == pytest.approx(left.mean_other - left.mean_base)
    assert found.wording["left"].startswith("these two recordings differ: ")
    assert "shod (Trail) minus barefoot" in found.wording["left"]
    assert found.guard.verdict == "ok"


def test_no_verdict_about_the_shoe_without_repeated_trials() -> None:
    assert "medial loading differs" not in json.dumps(compared(visit("AB", [10, 40], [10, 40])).as_json()["wording"])
    assert compared(visit("ABA", [10, 40, 10], [10, 40, 10])).rungs["left"] == "recordings"


def test_one_repeat_combines_three_recordings() -> None:
    found = compared(visit("ABA", [10, 15, 11], [10, 15, 11]))
    left = found.row("left")
    assert left is not None
    a1, b, a2 = (noisy(mean, seed=k).tolist() for k, mean in enumerate((10, 15, 11)))
    difference, half, _ = naive.difference([b], [a1, a2])
    assert (left.speaks_for, left.difference) == ("recordings", pytest.approx(difference))
    assert left.half_width == pytest.approx(half, rel=1e-6)
    assert found.design == "A-B-A"


def test_repeated_trials_speak_for_the_effect() -> None:
    # Means of E9b: A-B-B-A 12.1, 7.4, 8.3, 13.0 -> d -4.7, h 2.738191, p 0.017845.
    found = compared(visit("ABBA", [12.1, 7.4, 8.3, 13.0], [12.1, 7.4, 8.3, 13.0]))
    left = found.row("left")
    assert left is not None
    assert left.speaks_for == "effect"
    assert left.difference == pytest.approx(-4.7)
    assert left.half_width == pytest.approx(2.738191, abs=1e-6)
    assert left.p == pytest.approx(0.017845, abs=1e-6)
    assert left.trial_means == pytest.approx((12.1, 7.4, 8.3, 13.0))
    assert found.order == ("A1", "B1", "B2", "A2")


def test_holm_runs_over_the_three_primary_rows() -> None:
    found = compared(visit("ABBA", [12.1, 7.4, 8.3, 13.0], [12.1, 7.4, 8.3, 13.0]))
    left, right, did = found.primary
    assert [row.side for row in found.primary] == ["left", "right", "did"]
    assert left.p_holm == pytest.approx(3 * 0.017845, abs=1e-5)
    assert right.p_holm == left.p_holm
    assert did.p_holm is not None
    assert did.p_holm >= (did.p or 0)
    # p .018 alone would pass; adjusted it does not.
    assert found.rungs["left"] == "unresolved"


def test_a_clear_effect_above_the_floor() -> None:
    found = compared(visit("ABBA", [10.0, 18.0, 18.1, 10.1], [10.0, 18.2, 18.1, 10.1]))
    assert found.rungs["left"] == "differs"
    assert found.wording["left"].startswith("medial loading differs: MLI +8.0 points")
    assert f"floor 4.2 points: {FIXED}" in found.wording["left"]


def test_a_floor_that_is_not_reached_is_ruled_out() -> None:
    found = compared(visit("ABBA", [10.0, 10.3, 10.1, 10.2], [10.0, 10.3, 10.1, 10.2]))
    assert found.rungs["left"] == "ruled_out"
    assert found.wording["left"].startswith("a difference above 4.2 points is ruled out: ")


def test_re_donned_trials_take_the_larger_floors() -> None:
    groups = visit("ABBA", [10.0, 18.0, 18.1, 10.1], [10.0, 18.2, 18.1, 10.1], donning=None)
    found = compared(groups)
    assert [row.floor for row in found.primary] == [13.0, 13.0, 18.4]
    assert "re-donned" in (found.primary[0].floor_row or "")
    assert "re_donned" in found.flags
    # Eight points are resolved over these trials, but an insole that moved can make thirteen.
    assert found.wording["left"].startswith("a difference above 13 points is ruled out: resolved, below the floor: ")
    assert [row.floor for row in compared(visit("ABBA", [1.0] * 4, [1.0] * 4)).primary] == [4.2, 4.2, 6.0]


def test_the_feet_are_compared_pair_by_pair() -> None:
    left, right = noisy(10, seed=1), noisy(12, seed=2)
    left_shod, right_shod = noisy(11, seed=3), noisy(19, seed=4)
    found = compare(
        [trial("A1", left, right)], [trial("B1", left_shod, right_shod, at_min=10.0, condition="shod")]
    )
    did = found.row("did")
    assert did is not None
    # Every right contact follows its left one by half a stride, so d is the plain difference of the series.
    difference, half, _ = naive.difference([(right_shod - left_shod).tolist()], [(right - left).tolist()])
    assert (did.difference, did.half_width) == (pytest.approx(difference), pytest.approx(half, rel=1e-6))
    assert did.difference == pytest.approx((19 - 11) - (12 - 10), abs=0.2)
    assert did.floor == 6.0


def test_order_is_taken_from_the_clock_not_from_the_arguments() -> None:
    groups = visit("ABBA", [12.1, 7.4, 8.3, 13.0], [1, 2, 3, 4])
    turned = compare(groups["A"][::-1], groups["B"][::-1])
    assert turned.order == ("A1", "B1", "B2", "A2")
    assert turned.as_json() == compared(groups).as_json()


def test_swapping_the_conditions_turns_the_signs_alone() -> None:
    groups = visit("ABBA", [10.0, 18.0, 18.1, 10.1], [10.0, 14.0, 15.1, 10.1])
    there, back = compared(groups), compare(groups["B"], groups["A"])
    for row, mirrored in zip(there.primary, back.primary, strict=True):
        assert mirrored.difference == pytest.approx(-(row.difference or 0))
        assert mirrored.p_holm == pytest.approx(row.p_holm)
        assert mirrored.hedges_g == pytest.approx(-(row.hedges_g or 0))
    assert back.base_label == "shod (Trail)"


def test_a_lab_sd_lets_one_trial_each_speak_for_the_effect() -> None:
    groups = visit("AB", [12.1, 7.4], [12.1, 7.4])
    found = compared(groups, lab_sd={"left": LabSd(1.6, 8)})
    left, right, _ = found.primary
    assert left.speaks_for == "effect"
    assert left.notes == ("rests on the lab's trial SD alone, drift not excluded",)
    assert right.speaks_for == "recordings"


def test_a_baseline_that_did_not_repeat_needs_a_lab_sd_to_be_a_verdict() -> None:
    groups = visit("ABA", [10, 18, 17], [10, 18, 10])
    plain = compared(groups)
    (left, right) = plain.baseline_repeat
    assert left.difference == pytest.approx(-7.0)
    assert (left.limit, left.repeated) == (None, None)
    assert left.ci_low is not None
    assert plain.rungs["left"] != "baseline"
    judged = compared(groups, lab_sd={"left": LabSd(1.6, 8), "right": LabSd(1.6, 8)})
    assert judged.baseline_repeat[0].limit == pytest.approx(5.217892, abs=1e-6)
    assert judged.rungs == {"left": "baseline", "right": "differs", "did": judged.rungs["did"]}
    assert judged.wording["left"].startswith("baseline did not repeat: A1 minus A2 is −7.0 points")
    assert right.difference == pytest.approx(0.0)


def test_a_refusal_is_a_result_with_empty_lists() -> None:
    groups = visit("AB", [10, 20], [10, 20])
    groups["B"] = [trial("B1", noisy(10), noisy(10), at_min=10.0, speed="6 mph", condition="shod")]
    found = compared(groups)
    data = found.as_json()
    assert data["guard"]["verdict"] == "refuse"
    assert data["guard"]["reasons"][0].startswith("speed: ")
    assert (data["primary"], data["exploratory"]) == ([], [])
    assert data["wording"]["left"] == data["wording"]["right"]
    assert data["wording"]["left"].startswith("refused: speed differs by ")


def test_accepting_unmatched_conditions_removes_p_and_stamps() -> None:
    groups = visit("AB", [10, 20], [10, 20])
    groups["B"] = [trial("B1", noisy(20), noisy(20), at_min=10.0, speed="6 mph", condition="shod")]
    found = compared(groups, accept_unmatched=True)
    assert found.guard.verdict == "warn"
    assert all(row.p is None and row.p_holm is None for row in found.primary)
    assert found.primary[0].ci_low is not None
    assert "conditions_not_matched" in found.flags
    assert "conditions not matched" in found.wording["left"]
    assert found.rungs["left"] == "unresolved"
    assert found.as_json()["conditions_not_matched"] is True


def test_only_steps_of_the_matched_mode_are_compared() -> None:
    def mixed(side: str, run_mean: float, walk_mean: float) -> Any:
        series = np.concatenate([noisy(run_mean, n=120, seed=1), noisy(walk_mean, n=40, seed=2)])
        return foot(side, series, modes=["run"] * 120 + ["walk"] * 40)

    base = trial("A1", mixed("left", 10, 50), mixed("right", 10, 50), gait_mode="mixed")
    other = trial("B1", noisy(10, seed=3), noisy(10, seed=4), at_min=10.0, condition="shod")
    found = compare([base], [other])
    left, _, did = found.primary
    assert (left.n_base, left.n_other) == (120, 110)
    assert left.mean_base == pytest.approx(10.0, abs=0.2)
    assert did.n_base == 120
    assert "mode_matched" in found.flags
    assert "mode-matched: running steps" in found.wording["left"]
    assert found.as_json()["mode_matched"]["mode"] == "run"


def test_few_steps_show_no_difference_at_all() -> None:
    found = compared(visit("AB", [10, 20], [10, 20], n=25))
    assert found.guard.verdict == "ok"
    for row in found.primary:
        assert (row.difference, row.ci_low, row.hedges_g, row.p_holm) == (None, None, None, None)
        assert row.reason == "too_few_steps_for_interval"
    assert found.wording["left"].startswith("too few steps: 25 and 25 valid left steps")


def test_one_recorded_foot_leaves_the_others_rows_empty() -> None:
    groups = visit("AB", [10, 20], [10, 20])
    for made in (*groups["A"], *groups["B"]):
        made.feet["right"] = None
    found = compared(groups)
    left, right, did = found.primary
    assert left.ci_low is not None
    assert left.p_holm == left.p  # a family of one
    assert (right.reason, did.reason) == ("foot_absent", "foot_absent")
    assert found.wording["right"].startswith("too few steps: 0 and 0 valid right steps")
    assert {row.side for row in found.exploratory} == {"left"}


def test_exploratory_rows_carry_intervals_and_no_p() -> None:
    found = compared(visit("ABBA", [10.0, 18.0, 18.1, 10.1], [10.0, 18.2, 18.1, 10.1]))
    assert {(row.index, row.side) for row in found.exploratory} == {
        (column, side) for column in INDEX_UNITS if column != "mli" for side in ("left", "right")
    }
    for row in found.exploratory:
        assert row.ci_low is not None
        assert (row.p, row.p_holm, row.floor) == (None, None, None)
    assert {row.unit for row in found.exploratory if row.index == "contact_time_s"} == {"s"}


def test_effect_sizes_stand_apart_as_step_level() -> None:
    groups = visit("AB", [10, 11], [10, 11])
    row = compared(groups).as_json()["primary"][0]
    a, b = noisy(10, seed=0), noisy(11, seed=1)
    assert row["step_level"]["label"] == "step-level, descriptive"
    assert row["step_level"]["cliffs_delta"] == pytest.approx(naive.cliff(b.tolist(), a.tolist()))
    assert row["step_level"]["hedges_g"] > 0
    assert "p" not in row


def test_strong_memory_is_said() -> None:
    rng = np.random.default_rng(2)
    walk = [10 + np.cumsum(rng.standard_normal(110)) * 0.3 for _ in range(4)]
    found = compare([trial("A1", walk[0], walk[1])], [trial("B1", walk[2], walk[3], at_min=10.0, condition="shod")])
    assert "strong step-to-step memory" in found.primary[0].notes
    assert "interval may be too narrow (coverage ≈ .89)" in found.primary[0].notes
    assert "strong_memory" in found.flags
    assert found.primary[0].outlook is not None
    assert "more steps will help little" in found.primary[0].outlook


def test_another_trial_is_advised_where_steps_are_not_to_blame() -> None:
    found = compared(visit("ABBA", [10.0, 18.0, 12.0, 16.0], [10.0, 18.0, 12.0, 16.0]))
    assert "more steps will not help; record another trial" in (found.primary[0].outlook or "")


def test_a_missing_condition_is_too_few_trials() -> None:
    found = compare([trial("A1", noisy(1), noisy(2))], [])
    assert found.wording["left"].startswith("too few trials: the compared condition has no trial")
    assert [row.difference for row in found.primary] == [None, None, None]


def test_one_recording_twice_is_no_repeated_trial(tmp_path: Path) -> None:
    twice = trial("A1", noisy(1), noisy(2), path=tmp_path / "A1.h5")
    with pytest.raises(UsageError, match="A1 and A1 are the same recording"):
        compare([twice, twice], [trial("B1", noisy(1), noisy(2), condition="shod")])


def test_two_shoes_are_told_apart_by_name_and_equal_footwear_by_trial() -> None:
    one = trial("T1", noisy(1), noisy(2), condition="shod", shoe="Red")
    two = trial("T2", noisy(3), noisy(4), at_min=10.0, condition="shod", shoe="Blue")
    assert "shod (Blue) minus shod (Red)" in compare([one], [two]).wording["left"]
    same = trial("T3", noisy(3), noisy(4), at_min=10.0, condition="shod", shoe="Red")
    assert "T3 minus T1" in compare([one], [same]).wording["left"]


def test_the_json_is_plain_and_holds_the_contract() -> None:
    found = compared(visit("ABBA", [10.0, 18.0, 18.1, 10.1], [10.0, 18.2, 18.1, 10.1]))
    data = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert {"guard", "primary", "exploratory", "wording"} <= data.keys()
    assert set(data["guard"]) == {"verdict", "reasons"}
    assert set(data["wording"]) == {"left", "right"}
    wanted = {"index", "side", "speaks_for", "difference", "ci_low", "ci_high", "p_holm", "floor", "floor_row"}
    for row in (*data["primary"], *data["exploratory"]):
        assert wanted <= row.keys()


def test_the_function_keeps_its_name_whatever_is_imported_first() -> None:
    code = "from analysis.compare import Comparison; from analysis import compare; assert callable(compare)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)
