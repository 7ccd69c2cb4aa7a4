from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.comparison import BaselineRepeat, Difference
from analysis.guard import Finding, Guard
from analysis.mode_match import ModeMatch
from analysis.parameters import Parameters
from analysis.wording import Rung, judge

OK = Guard("ok")
FIXED = "shod vs barefoot, insole fixed to the foot throughout"
ROW = Difference(
    "mli", "left", "points", speaks_for="effect", difference=7.2, ci_low=4.9, ci_high=9.5, p=0.004, p_holm=0.012,
    floor=4.2, floor_row=FIXED, n_base=200, n_other=210,
)  # fmt: skip
INSIDE = {"difference": 0.3, "ci_low": -1.8, "ci_high": 2.4, "p_holm": 0.9}


def rung(
    row: Difference | None,
    guard: Guard = OK,
    baseline: BaselineRepeat | None = None,
    trials: tuple[int, int] = (2, 2),
) -> Rung:
    return judge(guard, row, "shod minus barefoot", trials, baseline, Parameters())


def test_an_effect_above_its_floor() -> None:
    found = rung(ROW)
    assert found.name == "differs"
    words, _, facts = found.sentence.partition(": ")
    assert words == "medial loading differs"
    assert facts.startswith("MLI +7.2 points (95 % CI +4.9 to +9.5), shod minus barefoot; ")
    assert f"floor 4.2 points: {FIXED}" in found.sentence
    assert "pronation-related proxy" in found.sentence


def test_the_same_within_recordings_says_nothing_about_the_shoe() -> None:
    found = rung(replace(ROW, speaks_for="recordings"))
    assert found.name == "recordings"
    assert found.sentence.startswith("these two recordings differ: ")
    assert "nothing is said about the shoe" in found.sentence
    assert "medial loading differs" not in found.sentence


@pytest.mark.parametrize("changes", [{"p_holm": 0.05}, {"difference": 4.2}, {"difference": -4.2}, {"p_holm": None}])
def test_neither_p_nor_size_alone_resolves_a_difference(changes: dict[str, float | None]) -> None:
    found = rung(replace(ROW, **changes))  # type: ignore[arg-type]
    assert found.name == "unresolved"
    assert found.sentence.startswith("no difference resolved: ")
    assert "differences up to 9.5 points are not excluded" in found.sentence


def test_a_resolved_difference_below_the_floor_says_so() -> None:
    found = rung(replace(ROW, difference=3.0, ci_low=0.7, ci_high=5.3))
    assert found.name == "unresolved"
    assert "leaves out 0" in found.sentence
    assert "not above the floor" in found.sentence


def test_an_interval_inside_the_floor_rules_out() -> None:
    found = rung(replace(ROW, **INSIDE))
    assert found.name == "ruled_out"
    assert found.sentence.startswith("a difference above 4.2 points is ruled out: MLI +0.3 points")
    assert "resolved, below the floor" not in found.sentence
    small = rung(replace(ROW, difference=1.5, ci_low=0.5, ci_high=2.5, p_holm=0.01))
    assert small.name == "ruled_out"
    assert "resolved, below the floor" in small.sentence


def test_only_an_effect_can_rule_out_and_only_strictly_inside() -> None:
    assert rung(replace(ROW, **INSIDE, speaks_for="recordings")).name == "unresolved"
    assert rung(replace(ROW, **{**INSIDE, "ci_low": -4.2})).name == "unresolved"


def test_too_few_is_never_printed_as_undecided() -> None:
    blank = Difference("mli", "left", "points", floor=4.2, floor_row=FIXED, n_base=25, n_other=140)
    few = rung(replace(blank, reason="too_few_steps_for_interval"))
    assert few.name == "too_few_steps"
    assert few.sentence.startswith("too few steps: 25 and 140 valid left steps")
    none = rung(replace(blank, n_base=0, n_other=0, reason="foot_absent"), trials=(1, 0))
    assert none.name == "too_few_trials"
    assert none.sentence.startswith("too few trials: the compared condition has no trial")


def test_few_steps_go_before_an_interval_over_trials() -> None:
    assert rung(replace(ROW, n_base=29)).name == "too_few_steps"


def test_a_refusal_gives_the_guards_reasons_and_no_notes() -> None:
    findings = (Finding("refuse", "speed", "speed differs by 11 %"), Finding("note", "subject", "codes differ"))
    found = rung(None, Guard("refuse", findings))
    assert found == Rung("refused", "refused: speed differs by 11 %")


def test_a_baseline_that_moved_stops_every_lower_rung() -> None:
    moved = BaselineRepeat("left", "A1", "A2", 6.1, 1.0, 11.2, limit=5.2, repeated=False)
    found = rung(ROW, baseline=moved)
    assert found.name == "baseline"
    assert found.sentence.startswith("baseline did not repeat: A1 minus A2 is +6.1 points, more than 5.2")
    assert FIXED in found.sentence
    assert rung(ROW, baseline=replace(moved, repeated=True)).name == "differs"
    assert rung(ROW, baseline=replace(moved, limit=None, repeated=None)).name == "differs"


def test_matched_modes_are_said_in_the_sentence() -> None:
    matched = Guard("warn", matched=ModeMatch("run", (("A1", "left", 214), ("B1", "left", 187))))
    assert "mode-matched: running steps (A1 left 214, B1 left 187)" in rung(ROW, matched).sentence


def test_unmatched_conditions_never_say_more_than_undecided() -> None:
    unmatched = Guard("warn", unmatched=True)
    for row in (replace(ROW, p=None, p_holm=None), replace(ROW, **{**INSIDE, "p_holm": None})):
        found = rung(row, unmatched)
        assert found.name == "unresolved"
        assert "conditions not matched" in found.sentence


def test_the_feet_against_each_other_have_words_of_their_own() -> None:
    did = replace(ROW, side="did", floor=6.0)
    assert rung(did).sentence.startswith("the shoe acts differently on the two feet: ")
    assert rung(replace(did, speaks_for="recordings")).sentence.startswith("these recordings differ between the feet: ")
    assert rung(replace(did, p_holm=0.2)).sentence.startswith("no difference between the feet resolved: ")
    ruled_out = rung(replace(did, **INSIDE)).sentence
    assert ruled_out.startswith("a difference between the feet above 6 points is ruled out: ")


def test_values_that_do_not_vary_have_no_interval_and_say_so() -> None:
    blank = Difference("mli", "left", "points", floor=4.2, floor_row=FIXED, n_base=50, n_other=50)
    found = rung(replace(blank, reason="no_variation"))
    assert found.name == "unresolved"
    assert "the values do not vary" in found.sentence


def test_no_sentence_calls_anything_normal_or_significant() -> None:
    rows = [ROW, replace(ROW, speaks_for="recordings"), replace(ROW, **INSIDE), replace(ROW, p_holm=0.4)]
    for row in rows:
        words = rung(row).sentence.lower()
        assert "significant" not in words
        assert "normal" not in words
