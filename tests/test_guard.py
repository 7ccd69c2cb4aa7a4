from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from trial_results import foot, noisy, trial

from analysis.guard import Guard, guard, kappa_ratio
from analysis.result import TrialResult
from insole.calibration import nominal_calibration


def barefoot(**changes: Any) -> TrialResult:
    return trial("A1", changes.pop("left", noisy(10)), changes.pop("right", noisy(11, seed=1)), **changes)


def shod(**changes: Any) -> TrialResult:
    changes = {"at_min": 10.0, "condition": "shod", "shoe": "Trail", **changes}
    return trial("B1", changes.pop("left", noisy(15)), changes.pop("right", noisy(16, seed=1)), **changes)


def codes(found: Guard, verdict: str) -> list[str]:
    return [finding.code for finding in found.findings if finding.verdict == verdict]


def test_matched_trials_pass_with_a_note_on_their_order() -> None:
    found = guard([barefoot()], [shod()])
    assert found.verdict == "ok"
    assert codes(found, "note") == ["order_not_counterbalanced"]
    assert found.reasons[0].startswith("order_not_counterbalanced: order A-B ")
    assert found.of("note") == (found.findings[0].text,)


def test_a_balanced_order_leaves_nothing_to_say() -> None:
    late = replace(barefoot(at_min=20.0), name="A2")
    assert guard([barefoot(), late], [shod()]).findings == ()


@pytest.mark.parametrize(
    ("incline", "verdict"),
    [("4 %", "ok"), ("4.5 %", "ok"), ("4.6 %", "warn"), ("5 %", "warn"), ("5.1 %", "refuse"), ("2.29 deg", "ok"),
     ("4 deg", "refuse"), ("-4 %", "refuse")],
)  # fmt: skip
def test_incline_limits_are_points_of_grade(incline: str, verdict: str) -> None:
    assert guard([barefoot()], [shod(incline=incline)]).verdict == verdict


@pytest.mark.parametrize(
    ("speed", "verdict"),
    [("2.01168 m/s", "ok"), ("2.05 m/s", "ok"), ("2.06 m/s", "warn"), ("2.11 m/s", "warn"), ("2.12 m/s", "refuse"),
     ("1.92 m/s", "warn"), ("1.91 m/s", "refuse")],
)  # fmt: skip
def test_speed_limits_are_shares_of_the_mean(speed: str, verdict: str) -> None:
    assert guard([barefoot()], [shod(speed=speed)]).verdict == verdict


def test_limits_themselves_still_count_as_within() -> None:
    # 4.6 - 4.1 is 0.4999..., 4.1 - 3.6 is 0.5000...1 in floating point: both are half a point.
    for low, high in (("4.1 %", "4.6 %"), ("3.6 %", "4.1 %")):
        assert guard([barefoot(incline=low)], [shod(incline=high)]).verdict == "ok"


def test_the_sentence_names_both_values() -> None:
    (reason,) = guard([barefoot()], [shod(speed="5 mph")]).of("refuse")
    assert reason.startswith("speed differs by ")
    assert "A1 at 2.01 m/s" in reason
    assert "B1 at 2.24 m/s" in reason


@pytest.mark.parametrize("what", ["speed", "incline"])
def test_an_unknown_belt_is_refused_and_can_not_be_accepted(what: str) -> None:
    found = guard([barefoot()], [shod(**{what: None})], accept_unmatched=True)
    assert found.verdict == "refuse"
    assert codes(found, "refuse") == [f"unknown_{what}"]
    assert "B1" in found.reasons[0]


def test_accepting_lifts_the_belt_limits_alone() -> None:
    found = guard([barefoot()], [shod(speed="5 mph", incline="8 %")], accept_unmatched=True)
    assert (found.verdict, found.unmatched) == ("warn", True)
    assert codes(found, "warn") == ["conditions_not_matched", "conditions_not_matched"]
    heavier = guard([barefoot()], [shod(speed="5 mph", mass_kg=71.0)], accept_unmatched=True)
    assert codes(heavier, "refuse") == ["mass_kg"]


def test_accepting_matched_trials_changes_nothing() -> None:
    assert guard([barefoot()], [shod()], accept_unmatched=True) == guard([barefoot()], [shod()])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mass_kg": 71.0}, "mass_kg"),
        ({"mass_kg": None}, "mass_kg"),
        ({"size_eu": 43.0}, "size"),
        ({"left": foot("left", noisy(15), size_eu=43.0)}, "layout"),
        ({"right": foot("right", noisy(15), missing=("M1",))}, "missing_sensors"),
        ({"left": noisy(15, n=19)}, "too_few_steps"),
    ],
)
def test_what_makes_trials_incomparable(changes: dict[str, Any], code: str) -> None:
    found = guard([barefoot()], [shod(**changes)])
    assert found.verdict == "refuse"
    assert codes(found, "refuse") == [code]


def test_unknown_mass_in_both_is_equal_and_shoe_mass_is_not_compared() -> None:
    assert guard([barefoot(mass_kg=None)], [shod(mass_kg=None, shoe_mass_kg=0.6)]).verdict == "ok"


def test_a_size_nobody_stated_is_that_of_the_layout() -> None:
    assert guard([barefoot(size_eu=None)], [shod()]).verdict == "ok"
    assert guard([barefoot(size_eu=None)], [shod(size_eu=None)]).verdict == "ok"
    assert codes(guard([barefoot(size_eu=None)], [shod(size_eu=43.0)]), "refuse") == ["size"]


def test_another_calibration_is_refused() -> None:
    other = shod()
    assert other.left is not None
    other.left.calibration = replace(nominal_calibration(16), id="bench-7", procedure="puck")
    assert codes(guard([barefoot()], [other]), "refuse") == ["calibration"]


def test_twenty_steps_pass_the_guard() -> None:
    few = {"left": noisy(1, n=20), "right": noisy(1, n=20)}
    assert guard([barefoot(**few)], [shod(**few)]).verdict == "ok"


def test_a_foot_missing_in_one_trial_is_noted_not_refused() -> None:
    found = guard([barefoot()], [shod(right=None)])
    assert found.verdict == "ok"
    assert "foot_absent" in codes(found, "note")
    assert guard([barefoot(left=None)], [shod(right=None)]).verdict == "refuse"


def test_one_condition_a_side() -> None:
    found = guard([barefoot(), shod(at_min=20.0)], [shod()])
    assert codes(found, "refuse") == ["condition_mixed"]


def mixed(name_modes: list[str]) -> Any:
    return foot("left", noisy(10, n=len(name_modes)), modes=name_modes)


def test_differing_modes_are_refused() -> None:
    walking = {side: foot(side, noisy(15), modes="walk") for side in ("left", "right")}
    found = guard([barefoot()], [shod(gait_mode="walk", **walking)])
    assert codes(found, "refuse") == ["gait_mode"]
    assert "B1 is walk" in found.reasons[0]
    unlabelled = {side: foot(side, noisy(15), modes=None) for side in ("left", "right")}
    assert guard([barefoot(gait_mode=None)], [shod(gait_mode=None, **unlabelled)]).verdict == "refuse"


def test_enough_steps_of_one_mode_are_matched() -> None:
    walk_then_run = ["walk"] * 130 + ["run"] * 105
    some = foot("left", noisy(10, n=235), modes=walk_then_run)
    other = foot("left", noisy(10, n=250), modes=["walk"] * 104 + ["run"] * 146)
    found = guard([barefoot(left=some, right=None, gait_mode="mixed")], [shod(left=other, right=None)])
    assert found.verdict == "warn"
    assert found.mode == "run"  # smallest counts: 105 running against 104 walking
    assert found.matched is not None
    assert found.matched.counts == (("A1", "left", 105), ("B1", "left", 146))
    assert "mode-matched: running steps (A1 left 105, B1 left 146)" in found.reasons[0]


def test_ninety_nine_steps_of_one_mode_are_too_few() -> None:
    some = foot("left", noisy(10, n=199), modes=["walk"] * 100 + ["run"] * 99)
    found = guard([barefoot(left=some, right=None, gait_mode="mixed")], [shod(right=None)])
    assert codes(found, "refuse") == ["gait_mode"]


def test_two_transition_trials_need_matched_steps_too() -> None:
    found = guard([barefoot(gait_mode="transition")], [shod(gait_mode="transition")])
    assert (found.verdict, found.mode) == ("warn", "run")


def test_long_pauses_strike_and_scale_warn() -> None:
    assert codes(guard([barefoot()], [shod(at_min=61.0)]), "warn") == []  # 59.3 min from end to start
    assert codes(guard([barefoot()], [shod(at_min=62.0)]), "warn") == ["time_between"]
    fore = foot("left", noisy(15), strike_class="fore")
    assert codes(guard([barefoot()], [shod(left=fore)]), "warn") == ["strike_class"]
    assert codes(guard([barefoot(kappa=0.5)], [shod(kappa=0.71)]), "warn") == ["scale_suspect"]
    assert kappa_ratio([barefoot(kappa=0.5)], [shod(kappa=0.7)]) == pytest.approx(1.4)
    assert kappa_ratio([barefoot(kappa=None)], [shod()]) is None


def test_differing_donning_and_unknown_start_are_noted() -> None:
    assert "re_donned" in codes(guard([barefoot()], [shod(donning="d2")]), "note")
    assert "re_donned" in codes(guard([barefoot(donning=None)], [shod(donning=None)]), "note")
    assert "order_unknown" in codes(guard([barefoot()], [shod(at_min=None)]), "note")


def test_reasons_are_sentences_with_a_code_in_front() -> None:
    found = guard([barefoot()], [shod(speed="5 mph", incline=None, mass_kg=71.0, donning="x", gait_mode="mixed")])
    assert len(found.reasons) == 6
    for reason in found.reasons:
        code, _, text = reason.partition(": ")
        assert code.replace("_", "").isalpha()
        assert len(text.split()) > 4
