"""The start value of the baseline and the force scale before the first event, worked by hand at 100 Hz."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trial_samples import plain_layout

from insole.layout import reference_layout
from insole.recording import Recording, holes
from insole.trial import Foot, KappaEvent, Spans, TrialInfo
from insole.zero import StartBaseline, dense_loads, event_kappa, standing_force_n, start_baseline, start_limit_n

FS = 100.0
ONE = np.ones(3)
BW = 70 * 9.80665
NO_SPANS = Spans()


def pieces(*parts: tuple[float, Iterable[float]]) -> np.ndarray:
    """Loads of three sensels that hold their values for some seconds each."""
    return np.concatenate([np.tile(np.array(list(row), dtype=float), (round(s * FS), 1)) for s, row in parts])


def start(values: np.ndarray, spans: Spans = NO_SPANS, limit_n: float = 150.0, **more: float) -> StartBaseline:
    return start_baseline(values, FS, spans, ONE, limit_n, **more)


def foot(values: np.ndarray, side: str = "left", start_s: float = 0.0, missing: slice | None = None) -> Foot:
    """A foot of three force sensors whose first sample is at ``start_s``."""
    index = np.arange(len(values), dtype=np.int64)
    kept = np.setdiff1d(index, index[missing]) if missing is not None else index
    samples = Recording(side, "force_n", FS, kept, kept / FS + start_s, values[kept], holes(kept))
    return Foot(side, samples, plain_layout(side))


def info(spans: Spans = NO_SPANS, **known: object) -> TrialInfo:
    return TrialInfo(**{"mass_kg": 70.0, "spans": spans, **known})


# --- start value -------------------------------------------------------------------------------------------------


def test_an_unloaded_span_gives_its_median() -> None:
    values = pieces((0.9, (9, 9, 9)), (2.1, (4, 5, 6)), (5, (200, 300, 100)))
    found = start(values, Spans(unloaded_s=3.0))
    assert found.value is not None
    assert found.value.tolist() == [4, 5, 6]
    assert found.valid_from == 300


def test_two_seconds_are_enough_for_it_and_less_is_no_span() -> None:
    values = pieces((2.0, (4, 5, 6)), (6, (1, 1, 1)))
    assert start(values, Spans(unloaded_s=2.0)).value.tolist() == [4, 5, 6]
    short = start(values, Spans(unloaded_s=1.99))
    assert short.value.tolist() == [1, 1, 1]


def test_without_one_it_is_the_second_percentile_of_the_first_three_seconds() -> None:
    ramp = np.arange(1000.0)
    values = np.column_stack((ramp % 300, 0.1 * (ramp % 300), np.full(1000, 7.0)))
    found = start(values)
    # The second percentile of 0, 1 ... 299 lies at 0.02 of 299 steps.
    assert found.value == pytest.approx([5.98, 0.598, 7.0])
    assert found.valid_from == 300


def test_standing_never_feeds_it() -> None:
    values = pieces((10, (1, 1, 1)), (3, (4, 5, 6)), (3, (0, 0, 0)))
    found = start(values, Spans(standing_s=10.0))
    assert found.value.tolist() == [4, 5, 6]
    assert found.valid_from == 1300


def test_a_foot_that_was_loaded_while_unloaded_was_no_baseline() -> None:
    values = pieces((3, (60, 60, 60)), (10, (0, 0, 0)), (3, (4, 5, 6)))
    found = start(values, Spans(unloaded_s=3.0, standing_s=10.0))
    assert found.value.tolist() == [4, 5, 6]
    assert found.valid_from == 1600


def test_the_first_of_the_consecutive_windows_that_passes_is_taken() -> None:
    # Standing still for 7 s: the windows 0-3, 3-6 and 6-9 s; the third has one second of stance, so its low end is air.
    values = pieces((7, (200, 200, 200)), (2, (4, 5, 6)), (3, (1, 1, 1)))
    found = start(values)
    assert found.value.tolist() == [4, 5, 6]
    assert found.valid_from == 900


def test_if_none_passes_there_is_no_baseline() -> None:
    found = start(pieces((20, (200, 200, 200))))
    assert (found.value, found.valid_from) == (None, 2000)


def test_the_limit_itself_is_still_air() -> None:
    values = pieces((3, (50, 50, 50)))
    assert start(values, limit_n=150.0).value is not None
    assert start(values, limit_n=149.999).value is None


def test_the_limit_is_in_newtons_whatever_the_load_is() -> None:
    weight = np.array([2.0, 0.5, 0.0])
    values = pieces((3, (50, 60, 1e6)))
    assert start_baseline(values, FS, Spans(), weight, 130.0).value is not None
    assert start_baseline(values, FS, Spans(), weight, 129.9).value is None


def test_the_limit_is_a_fifth_of_body_weight_or_150_newtons() -> None:
    assert start_limit_n(info()) == pytest.approx(0.2 * BW)
    assert start_limit_n(info(condition="shod", shoe_mass_kg=1.0)) == pytest.approx(0.2 * 71 * 9.80665)
    assert start_limit_n(TrialInfo()) == 150.0


def test_holes_are_left_out_and_a_window_mostly_missing_is_skipped() -> None:
    values = pieces((3, (9, 9, 9)), (3, (4, 5, 6)))
    values[:149] = np.nan
    assert start(values).value.tolist() == [9, 9, 9]
    values[:151] = np.nan
    assert start(values).value.tolist() == [4, 5, 6]
    values[:] = np.nan
    assert start(values).value is None


def test_spans_are_trial_time_also_where_a_foot_starts_late() -> None:
    values = pieces((2.5, (4, 5, 6)), (10, (0, 0, 0)), (3, (1, 2, 3)))
    spans = Spans(unloaded_s=3.0, standing_s=10.0)
    assert start(values, spans, start_s=0.5).value.tolist() == [4, 5, 6]
    late = start(values[200:], spans, start_s=2.5)
    assert late.value.tolist() == [1, 2, 3]  # half a second is left of the span: too little
    assert late.valid_from == 1350


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1600), st.sampled_from([0.0, 2.0]), st.sampled_from([NO_SPANS, Spans(3.0), Spans(3.0, 4.0)]))
@example(250, 0.0, Spans(3.0))
def test_nothing_known_early_is_taken_back_later(known_until: int, loaded_s: float, spans: Spans) -> None:
    noise = np.random.default_rng(5).uniform(0, 8, (1600, 3))
    values = pieces((loaded_s, (60, 60, 60)), (16 - loaded_s, (0, 0, 0))) + noise
    whole, early = start(values, spans), start(values[:known_until], spans)
    assert whole.value is not None
    if known_until < whole.valid_from:
        assert early.value is None
    else:
        assert np.array_equal(early.value, whole.value)
        assert early.valid_from == whole.valid_from


def test_samples_lie_on_a_dense_grid_with_holes_unknown() -> None:
    values = pieces((1, (1, 2, 3)))
    dense = dense_loads(foot(values, start_s=5.0, missing=slice(10, 20)), 5.5)
    assert dense.shape == (50, 3)
    assert np.isnan(dense[10:20]).all()
    assert np.array_equal(dense[20:], values[20:50])
    assert dense_loads(foot(values, start_s=5.0), 1.0).shape == (0, 3)


# --- force scale -------------------------------------------------------------------------------------------------

STAND = Spans(unloaded_s=3.0, standing_s=10.0)


def stance(*row: float, air: float = 5.0) -> np.ndarray:
    """Air, ten seconds of standing, then steps."""
    return pieces((3, (air,) * 3), (10, row), (0.4, (900, 0, 0)), (4, (air,) * 3))


def test_static_scale_is_body_weight_over_the_mean_of_both_feet() -> None:
    feet = {"left": foot(stance(105, 105, 105)), "right": foot(stance(115, 125, 125), "right")}
    kappa = event_kappa(info(STAND), feet)
    # 315 - 15 N and 365 - 15 N above the air.
    assert (kappa.value, kappa.source) == (pytest.approx(BW / 650.0), "static")
    assert standing_force_n(feet["left"], info(STAND)) == pytest.approx(300.0)


def test_one_recorded_foot_stands_for_itself() -> None:
    assert event_kappa(info(STAND), {"left": foot(stance(205, 205, 205))}).value == pytest.approx(BW / 600.0)


def test_shoes_count_when_shod() -> None:
    known = info(STAND, condition="shod", shoe_mass_kg=0.8)
    assert event_kappa(known, {"left": foot(stance(205, 205, 205))}).value == pytest.approx(70.8 * 9.80665 / 600.0)


def test_without_an_unloaded_span_the_later_baseline_is_applied_to_the_standing() -> None:
    values = pieces((10, (205, 205, 205)), (3, (5, 5, 5)), (2, (300, 0, 0)))
    assert event_kappa(info(Spans(standing_s=10.0)), {"left": foot(values)}).value == pytest.approx(BW / 600.0)
    # The runner goes on standing for a minute and a half: the first window in the air counts, however late.
    late = pieces((100, (205, 205, 205)), (6, (5, 5, 5)))
    assert event_kappa(info(Spans(standing_s=10.0)), {"left": foot(late)}).value == pytest.approx(BW / 600.0)


def test_the_force_of_counts_and_pressures_is_over_tributary_areas() -> None:
    kpa = np.tile(20.0 + np.arange(16.0), (1700, 1))
    kpa[:300], kpa[1300:] = 2.0, 2.0
    index = np.arange(1700, dtype=np.int64)
    pressure = Foot("left", Recording("left", "pressure_kpa", FS, index, index / FS, kpa), reference_layout())
    newton = float(((18.0 + np.arange(16)) * reference_layout().trib_area_mm2).sum() / 1000)
    kappa = event_kappa(info(STAND), {"left": pressure})
    assert (kappa.value, kappa.source) == (pytest.approx(BW / newton), "static")


def test_a_hole_in_the_standing_is_left_out_and_a_standing_mostly_lost_is_none() -> None:
    values = stance(205, 205, 205)
    values[300:800] += 300.0
    assert event_kappa(info(STAND), {"left": foot(values, missing=slice(300, 800))}).value == pytest.approx(BW / 600)
    assert event_kappa(info(STAND), {"left": foot(values, missing=slice(300, 1250))}) == KappaEvent()


def test_a_foot_that_missed_the_standing_gives_no_static_scale() -> None:
    late = pieces((30, (5, 5, 5)))
    feet = {"left": foot(stance(205, 205, 205)), "right": foot(late, "right", start_s=20.0)}
    assert standing_force_n(feet["right"], info(STAND)) is None
    assert event_kappa(info(STAND), feet) == KappaEvent(1.0, "default")
    assert event_kappa(info(STAND), feet, borrowed=0.8) == KappaEvent(0.8, "borrowed")


def test_the_order_is_static_then_borrowed_then_one() -> None:
    feet = {"left": foot(stance(205, 205, 205))}
    assert event_kappa(info(STAND), feet, borrowed=0.8).source == "static"
    assert event_kappa(info(), feet, borrowed=0.8) == KappaEvent(0.8, "borrowed")
    assert event_kappa(info(Spans(3.0, 0.5)), feet, borrowed=0.8) == KappaEvent(0.8, "borrowed")
    assert event_kappa(info(), feet) == KappaEvent(1.0, "default")


def test_an_unknown_mass_means_one() -> None:
    feet = {"left": foot(stance(205, 205, 205))}
    assert event_kappa(TrialInfo(spans=STAND), feet, borrowed=0.8) == KappaEvent(1.0, "default")


def test_without_a_baseline_or_a_load_there_is_no_static_scale() -> None:
    always = pieces((20, (200, 200, 200)))
    assert event_kappa(info(STAND), {"left": foot(always)}) == KappaEvent()
    nobody = pieces((20, (5, 5, 5)))
    assert event_kappa(info(STAND), {"left": foot(nobody)}) == KappaEvent()
    empty = Recording("left", "force_n", FS, np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 3)))
    assert event_kappa(info(STAND), {"left": Foot("left", empty, plain_layout("left"))}) == KappaEvent()
