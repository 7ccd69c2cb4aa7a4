"""The compare page with real widgets: what it says and draws for comparisons, refusals, failures and an empty list."""

from __future__ import annotations

import dataclasses
import datetime
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import compare
from analysis.drift import drift_slope
from analysis.result import FootResult, ForceScale, IndexSummary, Temporal, TrialResult
from analysis.steps import INDEX_UNITS, STEP_COLUMNS, StepTable
from insole.layout import reference_layout
from insole.treadmill import Treadmill, parse_incline, parse_speed
from insole.trial import TrialInfo

pytestmark = pytest.mark.gui

START = datetime.datetime(2026, 11, 22, 9, 0, tzinfo=datetime.UTC)
TYPICAL = {
    "contact_time_s": (0.262, 0.006), "stride_time_s": (0.75, 0.01), "peak_force_bw": (2.05, 0.06),
    "impulse_bw_s": (0.374, 0.006), "foot_balance": (-10.0, 3.0), "mt34": (41.7, 1.2), "ami": (4.0, 3.0),
    "forefoot_balance": (-8.0, 3.0), "rearfoot_balance": (-3.0, 3.0), "xm": (2.0, 2.5), "dev": (-5.0, 2.0),
    "lmd_mm": (5.0, 1.0), "mt1_share": (22.0, 1.0), "mt2_share": (21.0, 1.0), "mt3_share": (21.0, 1.0),
    "mt4_share": (20.0, 1.0), "mt5_share": (16.0, 1.0), "strike_index": (11.0, 1.5), "peak_force_n": (1407.0, 40.0),
    "impulse_n_s": (257.0, 4.0), "step_time_s": (0.375, 0.006), "swing_time_s": (0.488, 0.01),
    "duty_factor": (0.35, 0.01),
}  # fmt: skip


def foot_result(side: str, mli: float, steps: int, seed: int) -> FootResult:
    """A foot whose MLI scatters with SD 5 around `mli`, and whose path lies the more medial the larger it is."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: np.full(steps, np.nan) for name in STEP_COLUMNS}
    for name, (mean, sd) in TYPICAL.items():
        columns[name] = random.normal(mean, sd, steps)
    columns["mli"] = random.normal(mli, 5.0, steps)
    columns["side"] = np.full(steps, side, dtype=object)
    columns["step"] = np.arange(1, steps + 1)
    columns["initial_contact_s"] = 3.0 + 0.75 * np.arange(steps) + (0.375 if side == "right" else 0.0)
    columns["toe_off_s"] = columns["initial_contact_s"] + columns["contact_time_s"]
    columns["valid"] = np.ones(steps, dtype=np.bool_)
    columns["reject_reason"] = np.full(steps, "", dtype=object)
    columns["flags"] = np.full(steps, "", dtype=object)
    s = np.linspace(0.0, 1.0, 101)
    x = -2 + 16 * s - 48 * s * (1 - s) + 0.25 * (mli - 12) + random.normal(0, 1.2, (steps, 1))
    y = 30 + 206 * s + random.normal(0, 2.5, (steps, 1))
    unknown = {name: IndexSummary(None, None, None, None, steps, unit) for name, unit in INDEX_UNITS.items()}
    return FootResult(
        side=side, n_contacts=steps + 10, n_valid=steps, n_broken=0, rejected={"edge": 10},
        steps=StepTable({name: columns[name] for name in STEP_COLUMNS}), curves={"cop_x_mm": x, "cop_y_mm": y},
        indices=unknown, flags=("nominal_calibration",), reason=None, step_mode=("run",) * steps,
        cop_span_s=np.zeros((steps, 2)), cop_span_fraction=0.9, mean_cop_mm=np.column_stack((x.mean(0), y.mean(0))),
        mean_force_n=np.zeros(101), region_pti_kpa_s=np.zeros(11), u_cal=4.0, strike_class="rear",
        drift=drift_slope(columns["initial_contact_s"] / 60.0, columns["mli"]),
        static_mli=None, baseline=None, baseline_unit="kPa", missing_sensels=(), layout=reference_layout(42.0),
        kind="counts", calibration=None, sample_rate_hz=1000.0,
    )  # fmt: skip


def trial_result(
    name: str, condition: str, minutes: float, mli: tuple[float, float], steps: int = 80, speed: str = "4.5 mph",
    incline: str = "4 %", donning: str | None = "D1", mass: float = 70.0, shoe: str = "Racer 8 mm",
) -> TrialResult:  # fmt: skip
    info = TrialInfo(
        subject="S01", mass_kg=mass, size_eu=42.0, condition=condition, shoe=shoe if condition == "shod" else None,
        treadmill=Treadmill(parse_incline(incline), parse_speed(speed)), donning=donning,
        started_utc=(START + datetime.timedelta(minutes=minutes)).isoformat(),
    )  # fmt: skip
    seed = sum(map(ord, name))
    feet = {
        side: foot_result(side, value, steps, 2 * seed + i)
        for i, (side, value) in enumerate(zip(("left", "right"), mli, strict=True))
    }
    return TrialResult(
        name=name, path=Path(f"/trials/{name}.h5"), info=info, end="complete", feet=dict(feet), gait_mode="run",
        flags=("kappa_default",), scale=ForceScale(1.0, "default", 0.75),
        temporal=Temporal(160.0, 0.0, 0.06, -0.06, 2 * steps), asymmetry={}, analysed_s=(0.0, 0.75 * steps + 6),
        speed_m_s=info.treadmill.speed_m_s, incline_percent=info.treadmill.incline_percent, software={}, parameters={},
    )  # fmt: skip


def four_trials() -> tuple[list[TrialResult], list[TrialResult]]:
    """A-B-B-A: the shoe adds 7 points on the left foot and 14 on the right one; the baseline comes back."""
    base = [trial_result("S01_A1", "barefoot", 0, (12.2, 12.0)), trial_result("S01_A2", "barefoot", 9, (12.6, 11.8))]
    other = [trial_result("S01_B1", "shod", 3, (19.2, 26.0)), trial_result("S01_B2", "shod", 6, (19.6, 26.4))]
    return base, other


RESULTS = {trial.name: trial for group in four_trials() for trial in group}


@pytest.fixture
def prepared(qapp: Any) -> Any:
    from gui.theme import prepare

    prepare(qapp)
    return qapp


@pytest.fixture
def window(qtbot: Any, prepared: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The whole window; files are read from `RESULTS` by their stem, `bad` can't be read."""
    from PyQt6.QtCore import QSettings

    from gui import main_window
    from gui.session import Session
    from gui.theme import Theme
    from gui.work import AnalysedTrial, Listener

    def analyse(paths: tuple[Path, ...], report: Listener) -> None:
        for i, path in enumerate(paths):
            report.progress(f"Reading {path.stem}.", i / len(paths))
            if path.stem in RESULTS:
                report.part(AnalysedTrial(path, dataclasses.replace(RESULTS[path.stem], path=path)))
            else:
                report.part(AnalysedTrial(path, None, f"{path.name} is not an Insole trial; choose another file"))

    monkeypatch.setattr(main_window, "analyse_trials", analyse)
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    made = main_window.MainWindow(Theme("light"), Session(), settings)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    yield made
    made.close()


@pytest.fixture
def page(qtbot: Any, prepared: Any) -> Any:
    """Makes a page that shows a comparison."""
    from gui.compare_page import ComparePage
    from gui.session import Session
    from gui.theme import Theme

    kept = []

    def make(base: list[TrialResult], other: list[TrialResult], **options: Any) -> Any:
        made = ComparePage(Theme("light"), Session.of(compare(base, other, **options)))
        qtbot.addWidget(made)
        made.resize(1084, 848)
        made.refresh()
        made.show()
        kept.append(made)
        return made

    return make


def a_and_b(**other: Any) -> tuple[list[TrialResult], list[TrialResult]]:
    return [RESULTS["S01_A1"]], [trial_result("S01_T2", "shod", 3, (19.0, 26.0), **other)]


def opened(qtbot: Any, window: Any, *names: str) -> None:
    window.open_paths([Path(f"/trials/{name}.h5") for name in names])
    qtbot.waitUntil(lambda: not window.tasks.busy)
    # A layout shows what was put into it with the next turn of the event loop.
    qtbot.waitUntil(lambda: all(row.isVisible() for row in window.workspace.panel.rows.values()))


def qt() -> Any:
    from PyQt6.QtCore import Qt

    return Qt


def table_text(page: Any) -> list[list[str]]:
    model = page.findings.table.index_model
    return [[model.data(model.index(r, c)) or "" for c in range(6)] for r in range(model.rowCount())]


def buttons(widget: Any) -> list[str]:
    from PyQt6.QtWidgets import QPushButton

    return [button.text() for button in widget.findChildren(QPushButton) if button.isVisible()]


def press(qtbot: Any, widget: Any, text: str) -> None:
    from PyQt6.QtWidgets import QPushButton

    def found() -> list[QPushButton]:
        return [b for b in widget.findChildren(QPushButton) if b.isVisible() and b.text() == text]

    qtbot.waitUntil(lambda: bool(found()))
    qtbot.mouseClick(found()[0], qt().MouseButton.LeftButton)


def test_title_legend_and_table_name_both_conditions(page: Any) -> None:
    shown = page(*four_trials())
    assert shown._title.text() == "Barefoot and Racer 8 mm"
    rows = table_text(shown)
    assert [row[1] for row in rows[:3]] == ["Left", "Right", "R − L"]
    assert [row[0] for row in rows[:3]] == ["MLI, points", "", ""]
    assert rows[3][0].startswith("Exploratory")
    heads = [shown.findings.table.index_model.headerData(c, qt().Orientation.Horizontal) for c in range(6)]
    assert heads == ["Index", "Side", "Barefoot", "Racer 8 mm", "Difference [95 % CI]", "Effect g"]


def test_a_row_shows_what_the_comparison_found(page: Any) -> None:
    comparison = compare(*four_trials())
    left = comparison.row("left")
    assert left is not None
    assert left.difference is not None
    row = table_text(page(*four_trials()))[0]
    assert row[4].startswith(f"{left.difference:+.1f} [")
    assert row[2] == f"{left.mean_base:+.1f} ± {left.sd_base:.1f}"


@pytest.mark.parametrize(("g", "text"), [(0.94, "+0.9"), (-9.94, "−9.9"), (9.96, "+10"), (-218.4, "−218"), (None, "–")])
def test_large_effects_lose_the_digit_that_says_nothing(g: float | None, text: str) -> None:
    from gui.index_model import effect_number

    assert effect_number(g) == text


def test_times_are_shown_in_milliseconds(page: Any) -> None:
    row = next(row for row in table_text(page(*four_trials())) if row[0] == "Contact time, ms")
    assert 255 < float(row[2].split(" ± ")[0]) < 270


def test_only_resolved_primary_rows_above_the_floor_are_filled(page: Any) -> None:
    filled = [row.filled for row in page(*four_trials()).findings.table.index_model.rows]
    assert filled[:3] == [True, True, True]
    assert not any(filled[3:])


def test_below_the_larger_floor_nothing_is_filled(page: Any) -> None:
    shown = page(*a_and_b(donning="D2"))
    assert not any(row.filled for row in shown.findings.table.index_model.rows)
    assert "No difference resolved" in shown.findings.wording.text()
    assert "13 points" in shown.findings.wording.text()


def test_the_sentences_say_rung_floor_unit_and_proxy(page: Any) -> None:
    shown = page(*four_trials())
    words = shown.findings.wording.text()
    assert words.index("Left") < words.index("Medial loading differs") < words.index("floor 4.2 points")
    assert "Trials of one person" in shown.findings.unit.text()
    assert "medial loading (pronation-related), a proxy" in shown.findings.proxy.text()


def test_one_trial_each_speaks_for_the_recordings_only(page: Any) -> None:
    shown = page(*a_and_b())
    assert "These two recordings differ" in shown.findings.wording.text()
    assert "Steps of one person" in shown.findings.unit.text()


def test_the_model_keeps_the_rules_of_item_models(page: Any, qtmodeltester: Any) -> None:
    qtmodeltester.check(page(*four_trials()).findings.table.index_model)


def test_every_step_of_every_trial_is_in_the_strip(page: Any) -> None:
    groups = page(*four_trials()).steps._groups
    assert [(g.side, g.trial) for g in groups[:4]] == [("left", n) for n in ("S01_A1", "S01_B1", "S01_B2", "S01_A2")]
    assert [len(g.values) for g in groups] == [80] * 8


def test_the_left_foot_has_its_medial_side_to_the_right_and_the_right_foot_to_the_left(page: Any) -> None:
    plot = page(*four_trials()).cop
    plot.grab()
    left, right = plot._frames
    medial = np.array([[0.0, 100.0], [20.0, 100.0], [0.0, 200.0]])
    for frame, turn in ((left, 1.0), (right, -1.0)):
        origin, moved, ahead = frame.points(medial)
        assert (moved[0] - origin[0]) * turn > 0
        assert ahead[1] < origin[1]
        assert abs(moved[0] - origin[0]) / 20 == pytest.approx((origin[1] - ahead[1]) / 100)
    assert left.points(medial)[0, 0] < right.points(medial)[0, 0]


def test_more_medial_loading_is_drawn_more_medial(page: Any) -> None:
    plot = page(*four_trials()).cop
    for foot in plot._feet:
        base, other = foot.sets
        assert other.mean[50, 0] > base.mean[50, 0]


def test_the_baseline_repeat_stands_beside_the_effect(page: Any) -> None:
    repeat = page(*four_trials()).repeat
    assert repeat.isVisible()
    assert repeat.accessibleDescription().startswith("Baseline repeat, MLI points. Left: S01_A1 minus S01_A2 ")
    assert repeat.accessibleDescription().count("effect plus ") == 2
    assert not page(*a_and_b()).repeat.isVisible()


def test_a_small_speed_difference_warns_with_both_values(page: Any) -> None:
    shown = page(*a_and_b(speed="4.7 mph"))
    (message,) = shown.banner.messages
    assert message.severity == "warn"
    assert message.title == "Speed differs."
    assert message.text == "Barefoot 4.5 mph, Racer 8 mm 4.7 mph. Speed alone changes these indices."
    assert shown.findings.table.index_model.rowCount() > 3


@pytest.mark.parametrize(
    ("other", "title", "liftable"),
    [
        ({"speed": "5.5 mph"}, "Speed differs.", True),
        ({"incline": "6 %"}, "Incline differs.", True),
        ({"mass": 72.0}, "Body mass differs.", False),
        ({"steps": 12}, "Too few steps.", False),
        ({"steps": 12, "speed": "5.5 mph"}, "Speed differs.", False),
    ],
)
def test_refused_comparisons_show_no_data_and_only_belt_limits_can_be_lifted(
    page: Any, other: dict[str, Any], title: str, liftable: bool
) -> None:
    shown = page(*a_and_b(**other))
    assert shown.banner.messages[0].severity == "err"
    assert shown.banner.messages[0].title == title
    assert [action.text for action in shown.banner.messages[0].actions] == (["Compare anyway"] if liftable else [])
    assert shown.findings.table.index_model.rowCount() == 0
    assert shown.cop._feet == ()
    assert shown.steps._groups == ()


def test_compared_anyway_leaves_a_chip_and_no_filled_mark(page: Any) -> None:
    shown = page(*a_and_b(speed="5.5 mph"), accept_unmatched=True)
    chips = [shown._chips.itemAt(i).widget().text() for i in range(shown._chips.count())]
    assert chips == ["Conditions not matched"]
    assert not any(row.filled for row in shown.findings.table.index_model.rows)
    assert shown.banner.messages[0].actions == ()


def test_too_few_steps_for_an_interval_is_said_in_the_table(page: Any) -> None:
    shown = page(*a_and_b(steps=25))
    assert table_text(shown)[0][4] == "too few steps"
    assert "Too few steps" in shown.findings.wording.text()


def test_one_warning_at_a_time_the_others_open(page: Any, qtbot: Any) -> None:
    shown = page(*a_and_b(speed="4.7 mph", incline="4.8 %"))
    assert len(shown.banner.messages) == 2
    assert shown.banner._rows.count() == 1
    press(qtbot, shown.banner, "+1 more")
    assert shown.banner._rows.count() == 2
    assert shown.banner.collapse()
    assert shown.banner._rows.count() == 1


def test_paths_are_read_out_along_the_stance(page: Any, qtbot: Any) -> None:
    shown = page(*four_trials())
    plot = shown.cop
    plot.setFocus()
    qtbot.keyClick(plot, qt().Key.Key_Home)
    qtbot.keyClick(plot, qt().Key.Key_Right)
    assert plot.chosen == 1
    base, other = plot._feet[0].sets
    expected = f"left {base.mean[1, 0]:+.1f} and {other.mean[1, 0]:+.1f} mm".replace("-", "−")
    assert expected in shown._cop_card._head_remark.text()
    assert plot.accessibleDescription().startswith("1 %: left ")
    qtbot.keyClick(plot, qt().Key.Key_Escape)
    assert plot.chosen is None
    assert shown._cop_card._head_remark.text() == "contact, mid-stance, toe-off"


def test_violins_are_read_out_with_mean_sd_and_steps(page: Any, qtbot: Any) -> None:
    shown = page(*four_trials())
    strip = shown.steps
    qtbot.keyClick(strip, qt().Key.Key_End)
    assert strip.chosen == 7
    group = strip._groups[7]
    value = f"{group.values.mean():+.1f} ± {group.values.std(ddof=1):.1f}"
    assert shown._steps_card._head_remark.text() == f"Right, S01_A2 Barefoot: {value}, 80 steps"
    assert strip.accessibleDescription().startswith("Right, S01_A2 Barefoot: plus ")
    qtbot.keyClick(strip, qt().Key.Key_Right)
    assert strip.chosen == 7


def test_painted_widgets_take_the_keyboard_and_have_names(page: Any) -> None:
    shown = page(*four_trials())
    for widget in (shown.cop, shown.steps, shown.findings.table):
        assert widget.focusPolicy() & qt().FocusPolicy.TabFocus
        assert widget.accessibleName()
    assert "80 steps" in shown.steps.accessibleDescription()
    assert "160 steps" in shown.cop.accessibleDescription()


def test_an_empty_window_says_what_is_needed(qtbot: Any, window: Any) -> None:
    page = window.workspace.page
    assert page._empty._title.text() == "No trials open"
    assert page._stack.currentIndex() == 0
    qtbot.waitUntil(lambda: "Open trials" in buttons(page))


def test_one_trial_asks_for_another(qtbot: Any, window: Any) -> None:
    opened(qtbot, window, "S01_A1")
    assert window.workspace.page._empty._title.text() == "Record one more condition"


def test_opened_trials_are_analysed_and_compared(qtbot: Any, window: Any) -> None:
    opened(qtbot, window, "S01_A1", "S01_B1", "S01_B2", "S01_A2")
    assert window.session.up_to_date
    assert [trial.name for trial in window.session.comparison.base] == ["S01_A1", "S01_A2"]
    assert window.workspace.top.chip.text() == "Analysis up to date"
    assert window.workspace.top._facts.text() == "70.0 kg  ·  EU 42  ·  Visit 22 Nov 2026"
    assert not window.workspace.page._dim.isVisible()


def test_an_unreadable_file_is_named_and_the_others_are_compared(qtbot: Any, window: Any) -> None:
    opened(qtbot, window, "S01_A1", "bad", "S01_B1")
    (message,) = [m for m in window.workspace.page.banner.messages if m.severity == "err"]
    assert message.title == "bad could not be analysed."
    assert window.session.up_to_date
    press(qtbot, window.workspace.page, "Remove from list")
    assert [trial.name for trial in window.session.trials] == ["S01_A1", "S01_B1"]
    assert window.workspace.page.banner.messages == ()


def test_choosing_another_baseline_recomputes(qtbot: Any, window: Any) -> None:
    opened(qtbot, window, "S01_A1", "S01_B1")
    path = Path("/trials/S01_B1.h5")
    qtbot.mouseClick(window.workspace.panel.rows["baseline", path], qt().MouseButton.LeftButton)
    assert window.workspace.page._dim.isVisible()
    qtbot.waitUntil(lambda: window.session.up_to_date)
    assert window.session.comparison.base[0].name == "S01_B1"
    assert window.workspace.page._title.text() == "Racer 8 mm and Barefoot"


def test_unticking_the_last_trial_takes_the_results_away(qtbot: Any, window: Any) -> None:
    opened(qtbot, window, "S01_A1", "S01_B1")
    row = window.workspace.panel.rows["compare", Path("/trials/S01_B1.h5")]
    qtbot.mouseClick(row, qt().MouseButton.LeftButton)
    assert window.session.comparison is None
    assert not window.workspace.panel.rows["compare", Path("/trials/S01_B1.h5")].isChecked()
    assert window.workspace.page._stack.currentIndex() == 0


def test_swap_changes_the_sign(qtbot: Any, window: Any) -> None:
    opened(qtbot, window, "S01_A1", "S01_B1")
    before = window.session.comparison.row("left").difference
    window.swap()
    qtbot.waitUntil(lambda: window.session.up_to_date)
    assert window.session.comparison.row("left").difference == pytest.approx(-before)


def test_a_running_analysis_shows_progress_and_can_be_cancelled(
    qtbot: Any, window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gui import main_window

    opened(qtbot, window, "S01_A1", "S01_B1")
    reached, go_on = threading.Event(), threading.Event()

    def slow(base: Any, other: Any, accept: bool, report: Any) -> Any:
        report.progress("Intervals of all indices.", 0.5)
        reached.set()
        go_on.wait(10)
        report.check()

    monkeypatch.setattr(main_window, "compare_trials", slow)
    before = window.session.comparison
    window.swap()
    qtbot.waitUntil(reached.is_set)
    page = window.workspace.page
    qtbot.waitUntil(lambda: page.banner._percent is not None and page.banner._percent.text() == "50 %")
    assert page._dim.isVisible()
    qtbot.waitUntil(lambda: buttons(page.banner) == ["Cancel"])
    assert window.workspace.top.chip.text() == "Analysing"
    press(qtbot, page.banner, "Cancel")
    go_on.set()
    qtbot.waitUntil(lambda: not window.tasks.busy)
    assert page.banner.messages[0].title == "Analysis cancelled."
    assert window.session.comparison is before
    assert page._dim.isVisible()
    monkeypatch.undo()
    press(qtbot, page.banner, "Analyse")
    qtbot.waitUntil(lambda: window.session.up_to_date)
    assert not page._dim.isVisible()


def test_a_failure_of_the_comparison_is_told_and_old_results_go(
    qtbot: Any, window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gui import main_window

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("no steps at all")

    monkeypatch.setattr(main_window, "compare_trials", broken)
    opened(qtbot, window, "S01_A1", "S01_B1")
    (message,) = window.workspace.page.banner.messages
    assert message.severity == "err"
    assert "ZeroDivisionError: no steps at all" in message.text
    assert window.session.comparison is None
    press(qtbot, window.workspace.page.banner, "Copy details")
    from PyQt6.QtGui import QGuiApplication

    assert "Traceback" in QGuiApplication.clipboard().text()


def test_compare_anyway_and_the_matching_trial(qtbot: Any, window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = trial_result("S01_F1", "shod", 3, (19.0, 26.0), speed="5.5 mph")
    monkeypatch.setitem(RESULTS, "S01_F1", fast)
    opened(qtbot, window, "S01_A1", "S01_F1")
    page = window.workspace.page
    assert window.session.comparison.guard.refused
    press(qtbot, page.banner, "Compare anyway")
    qtbot.waitUntil(lambda: window.session.up_to_date)
    assert window.session.comparison.guard.unmatched
    opened(qtbot, window, "S01_B1")
    press(qtbot, page.banner, "Use S01_B1 instead")
    qtbot.waitUntil(lambda: window.session.up_to_date)
    assert not window.session.accept_unmatched
    assert [trial.name for trial in window.session.comparison.other] == ["S01_B1"]
    assert page.banner.messages == ()


def test_dropped_files_are_opened(qtbot: Any, window: Any) -> None:
    from PyQt6.QtCore import QMimeData, QPointF, QUrl
    from PyQt6.QtGui import QDropEvent

    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/trials/S01_A1.h5"), QUrl("https://example.org/x.h5")])
    none = qt().KeyboardModifier.NoModifier
    drop = QDropEvent(QPointF(5, 5), qt().DropAction.CopyAction, data, qt().MouseButton.LeftButton, none)
    window.dropEvent(drop)
    qtbot.waitUntil(lambda: not window.tasks.busy)
    assert [trial.name for trial in window.session.trials] == ["S01_A1"]


@pytest.mark.parametrize(("size", "compact"), [((1440, 900), False), ((1359, 900), True), ((1440, 799), True)])
def test_compact_below_1360_by_800(window: Any, size: tuple[int, int], compact: bool) -> None:
    window.workspace.resize(*size)
    assert window.workspace.compact is compact


def test_the_theme_reaches_every_painter(qtbot: Any, window: Any) -> None:
    from gui.palette import DARK

    opened(qtbot, window, "S01_A1", "S01_B1")
    light = window.workspace.page.cop.grab().toImage()
    window.switch_theme()
    assert window.workspace.page.cop.grab().toImage() != light
    assert window.workspace.grab().toImage().pixelColor(2, 600).name().upper() == DARK.surface


def test_the_keyboard_goes_from_panel_to_panel(qtbot: Any, window: Any) -> None:
    opened(qtbot, window, "S01_A1", "S01_B1")
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    page = window.workspace.page
    first_row = next(iter(window.workspace.panel.rows.values()))
    first_row.setFocus()
    for place in (page.cop, page.steps, page.findings.table, first_row, page.cop, page.steps, page.findings.table):
        window.next_panel()
        assert window.focusWidget() is place
    assert window.workspace._ring.target is page.findings.table


def test_tab_goes_from_the_top_bar_through_the_trials_to_the_page(qtbot: Any, window: Any) -> None:
    opened(qtbot, window, "S01_A1", "S01_B1", "S01_BAD")
    space = window.workspace
    reached, place = [], space.top.chip
    while (place := place.nextInFocusChain()) is not space.top.chip:
        if place.focusPolicy() & qt().FocusPolicy.TabFocus and place.isVisibleTo(window) and place.isEnabled():
            reached.append(place)
    rows = [row for row in space.panel.rows.values() if row.isEnabled()]
    assert reached[: len(rows) + 1] == [*rows, space.panel._open]
    assert reached[-4].text() == "Remove from list"
    assert reached[-3:] == [space.page.cop, space.page.steps, space.page.findings.table]


def test_details_list_steps_left_out_and_flags(qtbot: Any, window: Any) -> None:
    from gui.details import details

    opened(qtbot, window, "S01_A1", "S01_B1")
    sections = dict(details(window.session))
    lines = sections["S01_A1  Barefoot"]
    assert "Left 80 of 90 steps used, Right 80 of 90 steps used" in lines
    assert "Left out: 20 at the start or end" in lines
    assert "No standing span and no borrowed force scale; thresholds use a scale of 1." in lines
    assert any("not counterbalanced" in note for note in sections["Notes"])


@pytest.mark.parametrize(("size", "theme"), [((1440, 900), "light"), ((1280, 720), "dark")])
def test_a_comparison_is_drawn_into_a_file(prepared: Any, tmp_path: Path, size: tuple[int, int], theme: str) -> None:
    from PyQt6.QtGui import QImage

    from gui.app import render
    from gui.palette import THEMES

    path = tmp_path / "compare.png"
    render(compare(*four_trials()), path, size, theme)
    image = QImage(str(path))
    assert (image.width(), image.height()) == size
    colours = {image.pixelColor(x, y).name().upper() for x in range(0, size[0], 3) for y in range(0, size[1], 3)}
    p = THEMES[theme]
    assert {p.bg, p.surface, p.foot, p.shod1, p.barefoot} <= colours


def test_a_picture_lists_every_warning_and_has_no_buttons(prepared: Any) -> None:
    from gui.session import Session
    from gui.theme import Theme
    from gui.workspace import Workspace

    session = Session.of(compare(*a_and_b(speed="4.7 mph", incline="4.8 %", donning="D2")))
    workspace = Workspace(Theme("light"), session, for_picture=True)
    workspace.refresh()
    workspace.setAttribute(qt().WidgetAttribute.WA_DontShowOnScreen)
    workspace.show()
    assert [m.title for m in workspace.page.banner.messages] == ["Speed differs.", "Incline differs.", "Notes."]
    assert workspace.page.banner._rows.count() == 3
    assert buttons(workspace.page) == []
    workspace.close()


def test_a_picture_into_a_missing_folder_is_refused(prepared: Any, tmp_path: Path) -> None:
    from gui.app import render
    from insole.errors import InsoleError

    with pytest.raises(InsoleError, match="does not exist"):
        render(compare(*a_and_b()), tmp_path / "no" / "compare.png")


def test_the_exported_page_is_twice_as_fine(qtbot: Any, window: Any, tmp_path: Path) -> None:
    from PyQt6.QtGui import QImage

    opened(qtbot, window, "S01_A1", "S01_B1")
    window.export_to(tmp_path / "page")
    assert QImage(str(tmp_path / "page.png")).width() == 2880
    assert window.workspace.page.banner.messages[0].title == "Picture saved."


def test_without_qt_libraries_one_line_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['PyQt6.QtGui'] = None\n"
        "from gui.app import run\nfrom insole.errors import InsoleError\n"
        "try:\n    run([])\nexcept InsoleError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "apt-get install" in done.stdout
    assert "libegl1" in done.stdout
    assert done.stdout.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_without_a_display_the_window_says_so() -> None:
    code = (
        "from gui.app import run\nfrom insole.errors import InsoleError\n"
        "try:\n    run([])\nexcept InsoleError as error:\n    print(error)\n"
    )
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    assert "no display" in done.stdout


def test_an_exception_in_the_window_is_shown_and_does_not_end_it(
    window: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from gui.app import _tell_crashes

    before = sys.excepthook
    with _tell_crashes(window.show_crash):
        try:
            raise ValueError("a slot failed")
        except ValueError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    assert sys.excepthook is before
    (message,) = window.workspace.page.banner.messages
    assert message.severity == "err"
    assert "a slot failed" in message.text
    assert "Traceback" in capsys.readouterr().err


def test_many_steps_are_counted_in_full_and_drawn_in_part() -> None:
    from gui.plot_data import MAX_PATHS, foot_paths

    base = [trial_result("S01_A9", "barefoot", 0, (12.0, 12.0), steps=300)]
    foot = foot_paths(compare(base, [RESULTS["S01_B1"]]), "left")
    many, few = foot.sets
    assert many is not None
    assert few is not None
    assert (len(many.paths), many.n_steps, len(few.paths), few.n_steps) == (MAX_PATHS, 300, 80, 80)
    curves = base[0].feet["left"].curves  # type: ignore[union-attr]
    assert many.mean[:, 0] == pytest.approx(curves["cop_x_mm"].mean(axis=0))


def test_rejected_steps_and_steps_of_another_mode_are_not_drawn() -> None:
    from gui.plot_data import foot_paths, step_groups

    walker = trial_result("S01_A9", "barefoot", 0, (12.0, 12.0), steps=230)
    for foot in walker.recorded_feet():
        foot.steps.columns["valid"][:10] = False
        foot.n_valid = 220
        foot.step_mode = ("walk",) * 110 + ("run",) * 120
    walker.gait_mode = "mixed"
    runner = trial_result("S01_B9", "shod", 3, (12.0, 12.0), steps=130)
    comparison = compare([walker], [runner])
    assert comparison.guard.mode == "run"
    assert [len(group.values) for group in step_groups(comparison)] == [120, 130, 120, 130]
    drawn = foot_paths(comparison, "left")
    assert drawn.caption == "120 and 130 steps"
    assert drawn.left_out_caption == "120 and 10 left out"


def test_one_recorded_foot_is_enough(page: Any) -> None:
    base, other = ([dataclasses.replace(t, feet={**t.feet, "right": None}) for t in group] for group in a_and_b())
    shown = page(base, other)
    assert shown.cop._feet[1].caption == "not recorded"
    assert {group.side for group in shown.steps._groups} == {"left"}
    assert table_text(shown)[1][4] == "foot not recorded"
