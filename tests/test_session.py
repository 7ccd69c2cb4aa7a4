"""What is open and chosen, without Qt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analysis.result import ForceScale, Temporal, TrialResult
from gui.session import Question, Session, subjects
from insole.treadmill import Treadmill, parse_incline, parse_speed
from insole.trial import TrialInfo


def result(
    name: str, condition: str | None, shoe: str | None = None, speed: str = "10 km/h", incline: str = "0 %",
    posture: str | None = None, subject: str = "S01",
) -> TrialResult:  # fmt: skip
    info = TrialInfo(
        subject=subject, condition=condition, shoe=shoe, posture=posture,
        treadmill=Treadmill(parse_incline(incline), parse_speed(speed)),
    )  # fmt: skip
    return TrialResult(
        name=name, path=Path(f"/t/{name}.h5"), info=info, end="complete", feet={}, gait_mode="run", flags=(),
        scale=ForceScale(1.0, "default", None), temporal=Temporal(None, None, None, None, 0), asymmetry={},
        analysed_s=(0.0, 60.0), speed_m_s=info.treadmill.speed_m_s, incline_percent=info.treadmill.incline_percent,
        software={}, parameters={},
    )  # fmt: skip


def session_of(*results: TrialResult, defaults: bool = True) -> Session:
    session = Session()
    session.open([trial.path for trial in results if trial.path is not None])
    for trial in results:
        assert trial.path is not None
        session.keep_result(trial.path, trial)
    if defaults:
        session.choose_defaults()
    return session


def at(name: str) -> Path:
    return Path(f"/t/{name}.h5")


def question(base: list[str], other: list[str], accept: bool = False) -> Question:
    return Question(tuple(map(at, base)), tuple(map(at, other)), accept)


A1, A2 = result("A1", "barefoot"), result("A2", "barefoot")
B1, B2 = result("B1", "shod", "Racer"), result("B2", "shod", "Racer")
C1 = result("C1", "shod", "Daily")


def test_nothing_open_asks_nothing() -> None:
    session = Session()
    session.choose_defaults()
    assert session.question() is None
    assert session.command_line() == ""


def test_one_condition_asks_nothing() -> None:
    assert session_of(A1).question() is None


def test_barefoot_is_the_baseline_whatever_the_order() -> None:
    assert session_of(B1, A1).question() == question(["A1"], ["B1"])


def test_a_baseline_chosen_before_stays() -> None:
    session = session_of(B1, A1, defaults=False)
    session.baseline = at("B1")
    session.choose_defaults()
    assert session.question() == question(["B1"], ["A1"])


def test_repeats_of_the_baseline_join_its_side() -> None:
    assert session_of(A1, B1, B2, A2).question() == question(["A1", "A2"], ["B1", "B2"])


def test_only_repeats_are_compared_with_each_other() -> None:
    assert session_of(A1, A2).question() == question(["A1"], ["A2"])


def test_of_many_trials_those_that_can_be_compared_are_ticked() -> None:
    fast, steep = result("F1", "barefoot", speed="12 km/h"), result("S1", "shod", "Daily", incline="5 %")
    stranger = result("X1", "shod", "Racer", subject="S02")
    assert session_of(A1, fast, steep, stranger, B1, A2, B2).question() == question(["A1", "A2"], ["B1", "B2"])


def test_trials_that_differ_are_ticked_where_there_are_no_others() -> None:
    fast, slow = result("B8", "shod", "Racer", "12 km/h"), result("A8", "barefoot", speed="8 km/h")
    assert session_of(A1, fast, slow).question() == question(["A1"], ["B8"])
    assert session_of(A1, slow).question() == question(["A1"], ["A8"])


def test_trials_of_unknown_footwear_repeat_nothing() -> None:
    first, second = result("U1", None), result("U2", None)
    assert session_of(first, second).question() == question(["U1"], ["U2"])


def test_another_posture_is_another_condition() -> None:
    session = session_of(A1, result("A3", "barefoot", posture="lordosis reduced"))
    assert session.question() == question(["A1"], ["A3"])
    assert not session.is_repeat(at("A3"))


def test_ticking_another_shoe_unticks_the_one_before_and_keeps_repeats() -> None:
    session = session_of(A1, B1, C1, A2)
    assert session.question() == question(["A1", "A2"], ["B1"])
    session.set_compared(at("C1"), True)
    assert session.question() == question(["A1", "A2"], ["C1"])
    session.set_compared(at("A2"), False)
    assert session.question() == question(["A1"], ["C1"])
    session.set_compared(at("A2"), True)
    assert session.question() == question(["A1", "A2"], ["C1"])


def test_unticking_everything_asks_nothing() -> None:
    session = session_of(A1, B1)
    session.set_compared(at("B1"), False)
    assert session.question() is None


def test_a_ticked_trial_that_becomes_the_baseline_is_not_compared_with_itself() -> None:
    session = session_of(A1, B1)
    session.set_baseline(at("B1"))
    assert session.question() == question(["B1"], ["A1"])


def test_swap_and_swap_back() -> None:
    session = session_of(A1, B1, B2, A2)
    session.swap()
    assert session.question() == question(["B1", "B2"], ["A1", "A2"])
    session.swap()
    assert session.question() == question(["A1", "A2"], ["B1", "B2"])


@pytest.mark.parametrize("change", ["tick", "baseline", "swap", "instead"])
def test_accepting_unmatched_conditions_holds_for_one_choice_only(change: str) -> None:
    session = session_of(A1, B1, B2, A2)
    session.accept_unmatched = True
    assert session.question() == question(["A1", "A2"], ["B1", "B2"], accept=True)
    {
        "tick": lambda: session.set_compared(at("B2"), False),
        "baseline": lambda: session.set_baseline(at("A2")),
        "swap": session.swap,
        "instead": lambda: session.use_instead(at("B2")),
    }[change]()
    assert not session.accept_unmatched


@pytest.mark.parametrize(
    ("speed", "incline", "differs"),
    [
        ("10 km/h", "0 %", False),
        ("10.2 km/h", "0 %", False),
        ("10.21 km/h", "0 %", True),
        ("10 km/h", "0.5 %", False),
        ("10 km/h", "0.51 %", True),
        ("6.2137 mph", "0 deg", False),
    ],
)
def test_settings_that_differ_from_the_baseline_are_marked(speed: str, incline: str, differs: bool) -> None:
    session = session_of(A1, result("B9", "shod", "Racer", speed, incline))
    assert session.differs_from_baseline(at("B9")) is differs


def test_unknown_settings_differ() -> None:
    unknown = result("B9", "shod", "Racer")
    object.__setattr__(unknown.info, "treadmill", Treadmill(None, parse_speed("10 km/h")))
    assert session_of(A1, unknown).differs_from_baseline(at("B9"))


def test_a_matching_trial_is_offered_and_used() -> None:
    fast, right = result("B1", "shod", "Racer", "10.5 km/h"), result("B4", "shod", "Racer")
    other_shoe = result("C4", "shod", "Daily")
    session = session_of(A1, fast, other_shoe, right)
    session.set_compared(at("B4"), False)
    session.set_compared(at("B1"), True)
    found = session.matching_trial()
    assert found is not None
    assert found.name == "B4"
    session.use_instead(found.path)
    assert session.question() == question(["A1"], ["B4"])
    assert session.matching_trial() is None


def test_a_file_is_listed_once(tmp_path: Path) -> None:
    session = Session()
    assert session.open([tmp_path / "x.h5", tmp_path / "." / "x.h5"]) == (tmp_path / "x.h5",)
    assert session.open([tmp_path / "x.h5"]) == ()
    assert session.waiting == (tmp_path / "x.h5",)


def test_a_failed_trial_is_neither_waiting_nor_chosen() -> None:
    session = session_of(A1, B1)
    session.open([at("bad")])
    session.keep_failure(at("bad"), "not an HDF5 file")
    session.set_compared(at("bad"), True)
    assert session.waiting == ()
    assert session.question() == question(["A1"], ["B1"])


def test_a_baseline_that_could_not_be_read_is_replaced() -> None:
    session = session_of(A1, B1, defaults=False)
    session.open([at("bad")])
    session.baseline = at("bad")
    session.keep_failure(at("bad"), "not an HDF5 file")
    session.choose_defaults()
    assert session.question() == question(["A1"], ["B1"])


def test_closing_the_baseline_chooses_another() -> None:
    session = session_of(A1, B1, A2)
    session.close(at("A1"))
    assert session.question() == question(["A2"], ["B1"])


def test_the_choice_as_a_command(tmp_path: Path) -> None:
    session = session_of(A1, B1, A2)
    assert session.command_line() == "insole compare --base /t/A1.h5 --base /t/A2.h5 --other /t/B1.h5"
    session.accept_unmatched = True
    assert session.command_line().endswith(" --accept-unmatched")


def test_subjects_are_named_once() -> None:
    assert subjects([A1, B1, result("X", "shod", subject="S02")]) == ("S01", "S02")


def test_a_session_needs_neither_qt_nor_numba() -> None:
    code = "import sys, gui.session; print([m for m in ('PyQt6', 'numba', 'scipy') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"
