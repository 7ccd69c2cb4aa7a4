"""Contacts: the printed examples, the slow twin, and what zero does to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import bumps
import naive_events
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.events import Contacts, Detector, Emitted, contacts, last_changes
from analysis.force import foot_signal
from analysis.parameters import DEFAULTS, Parameters
from insole.recording import Recording, holes
from insole.trial import Foot

F8 = NDArray[np.float64]
RISE = [5.0, 5, 10, 40, 200, 600, 650, 500, 180, 60, 25, 10, 6, 6, 6, 6, 6, 6, 6]
BOUNCE = [5.0, 5, 10, 40, 200, 600, 650, 18, 15, 60, 300, 400, 25, 10, 6, 6, 6, 6, 6, 6, 6]
ONE = np.ones(1)


def on_event_signal(e: list[float], t_hi: float = 35.0, t_lo: float = 21.0, rate: float = 100.0) -> Emitted:
    """The state machine on a given event signal."""
    parameters = replace(DEFAULTS, t_hi_min_n=t_hi, t_lo_min_n=t_lo)
    machine = Detector(rate, ONE, 0.0 * ONE, 0, 1.0, None, parameters, swings=0, taps=ONE)
    value = np.array(e)[:, None]
    return machine.run(value, np.zeros(value.shape, np.bool_), np.zeros(len(e), np.bool_), 0, np.empty(len(e)))


def found(kpa: F8, kappa: float = 1.0, parameters: Parameters = DEFAULTS, **spans: float) -> Contacts:
    return contacts(foot_signal(bumps.make_foot(kpa)), bumps.info(**spans), kappa, parameters)


@pytest.mark.parametrize(("e", "end"), [(RISE, 0.102667), (BOUNCE, 0.122667)])
def test_printed_example(e: list[float], end: float) -> None:
    got = on_event_signal(e)
    assert got.start_sample.size == 1
    assert got.start_sample[0] / 100.0 == pytest.approx(0.023667, abs=5e-7)
    assert got.end_sample[0] / 100.0 == pytest.approx(end, abs=5e-7)


def test_printed_example_cut_to_17_samples_gives_nothing_yet() -> None:
    assert on_event_signal(RISE[:17]).start_sample.size == 0
    assert on_event_signal(RISE[:18]).start_sample.size == 1


def test_partial_first_stance_and_short_touch_are_not_emitted() -> None:
    assert on_event_signal([400.0, 300, 100, 10, 5, 5, 5, 5, 5, 5, 5, 5]).start_sample.size == 0
    assert on_event_signal([5.0, 5, 60, 200, 60, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5]).start_sample.size == 0


@settings(max_examples=60, deadline=None)
@example([5.0, 21, 21, 34, 400, 400, 400, 400, 400, 400, 400, 21, 21, 20, 0, 0, 0, 0, 0, 0, 0, 0])
@given(st.lists(st.sampled_from([0.0, 5, 20, 21, 22, 30, 34, 35, 36, 80, 400]), min_size=0, max_size=120))
def test_machine_equals_its_twin_on_any_event_signal(e: list[float]) -> None:
    got = on_event_signal(e)
    expected = naive_events.contacts_of_signal(e, 100.0, 35.0, 21.0)
    pairs = np.stack([got.start_sample, got.end_sample], axis=1) / 100.0
    np.testing.assert_allclose(pairs, np.array(expected).reshape(-1, 2), atol=1e-9)


def test_scaling_signal_and_thresholds_alike_leaves_the_times() -> None:
    rng = np.random.default_rng(5)
    e = np.maximum(500.0 * np.sin(np.arange(2000) / 9.0) + rng.normal(0, 15, 2000), 0.0)
    one = on_event_signal(e.tolist())
    assert one.start_sample.size > 30
    for gain in (0.25, 3.3, 1000.0):
        other = on_event_signal((gain * e).tolist(), 35.0 * gain, 21.0 * gain)
        np.testing.assert_allclose(other.start_sample, one.start_sample, atol=1e-9)
        np.testing.assert_allclose(other.end_sample, one.end_sample, atol=1e-9)


def busy(seed: int, rate: float, seconds: float) -> F8:
    """Three sensels: contacts, touches, bounces, standing still, drifting zeros, noise, a stuck sensel, breaks."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    value = np.zeros((n, 3))
    at_s = rng.uniform(0.0, 0.5)
    while at_s < seconds:
        kind = rng.random()
        low, high = (0.15, 0.6) if kind < 0.8 else (0.02, 0.09) if kind < 0.95 else (2.3, 3.2)
        contact_s = rng.uniform(low, high)
        first, last = int(at_s * rate), int((at_s + contact_s) * rate)
        u = np.linspace(0.0, 1.0, max(last - first, 2))
        shape = np.sin(np.pi * u) ** rng.uniform(0.3, 1.5)
        if rng.random() < 0.2:
            shape *= np.where(np.abs(u - 0.5) < 0.08, 0.02, 1.0)
        room = min(last - first, n - first)
        value[first : first + room] += shape[:room, None] * rng.uniform(40.0, 500.0, 3)
        at_s += contact_s + (rng.uniform(0.2, 0.6) if rng.random() < 0.9 else rng.uniform(0.02, 0.08))
    value += np.cumsum(rng.normal(0.0, 0.02, (n, 3)), axis=0) + rng.uniform(0.0, 20.0, 3) + rng.normal(0.0, 1.0, (n, 3))
    value = np.round(value)
    if rng.random() < 0.5:
        first = rng.integers(n // 2)
        value[first : first + rng.integers(n // 3, n), rng.integers(3)] = rng.integers(0, 60)
    for _ in range(rng.integers(0, 3)):
        first = rng.integers(n)
        value[first : first + rng.integers(1, int(rate))] = np.nan
    return value


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([100.0, 250.0, 500.0]), st.sampled_from([None, 700.0]))
def test_detector_equals_its_twin(seed: int, rate: float, body_weight_n: float | None) -> None:
    value = busy(seed, rate, 20.0)
    broken = np.isnan(value).any(axis=1)
    held = np.zeros(value.shape, dtype=np.bool_)
    held[1:] = (value[1:] == value[:-1]) & (value[1:] != 0.0)
    weight = np.array([0.3, 1.0, 0.5])
    limit = 150.0 if body_weight_n is None else 0.2 * body_weight_n
    zero = naive_events.start_value(value, rate, weight, limit)
    if zero is None:
        return
    baseline, first = zero
    twin = naive_events.machine(value, held, rate, weight, 0.8, body_weight_n, baseline, first)
    since = last_changes(held[:first], 0, np.zeros(3, dtype=np.int64))
    machine = Detector(rate, weight, baseline, first, 0.8, body_weight_n, run_from=since)
    event = np.full(len(value), np.nan)
    got = machine.run(value, held, broken, 0, event)
    pairs = np.stack([got.start_sample, got.end_sample], axis=1)
    np.testing.assert_allclose(pairs, np.array(twin.contacts).reshape(-1, 2), atol=1e-6)
    np.testing.assert_allclose(got.baseline, np.array(twin.baselines).reshape(-1, 3), atol=1e-9)
    assert (machine.n_broken, machine.n_rezeroed) == (twin.n_broken, twin.n_rezeroed)
    stuck = {int(i): int(at) for i, at in enumerate(machine.stuck_from) if at >= 0}
    assert stuck == twin.stuck_from
    expected = np.full(len(value), np.nan)
    expected[list(twin.signal)] = list(twin.signal.values())
    np.testing.assert_allclose(event, expected, atol=1e-6)


# Threshold crossings of the closed-form curve at 70 kg, medial 0.1, relative to the nominal limits, in ms.
THRESHOLD_TRUTH = [
    ("run", 0.7465, 1.03, -11.65),
    ("walk", 0.5767, 1.82, -2.85),
    ("run", 1.0, 0.76, -10.19),
    ("walk", 1.0, 1.04, -1.62),
]


@pytest.mark.parametrize("kind", ["pressure_kpa", "counts"])
@pytest.mark.parametrize(("gait", "kappa", "fc_ms", "fo_ms"), THRESHOLD_TRUTH)
def test_events_lie_within_1_5_ms_of_the_threshold_truth(
    kind: str, gait: str, kappa: float, fc_ms: float, fo_ms: float
) -> None:
    stride_s, contact_s, shapes = (0.75, 0.30, bumps.RUN) if gait == "run" else (0.86, 0.50, bumps.WALK)
    starts = np.arange(0.4, 16.0, stride_s)
    kpa = bumps.gait_kpa(16500, starts.tolist(), contact_s, shapes, medial=0.1)
    foot = bumps.make_foot(kpa if kind == "pressure_kpa" else bumps.counts_of(kpa, bumps.ELECTRONICS), kind)
    got = contacts(foot_signal(foot), bumps.info(), kappa)
    nominal = starts[starts > 3.0]
    assert got.start_s.size == nominal.size
    np.testing.assert_allclose(got.start_s, nominal + fc_ms / 1000.0, atol=1.5e-3)
    np.testing.assert_allclose(got.end_s, nominal + contact_s + fo_ms / 1000.0, atol=1.5e-3)
    assert got.flags == ()


def test_preload_of_0_8_n_a_sensel_is_taken_out_and_without_that_no_step_is_found() -> None:
    preload_kpa = 800.0 / 126.7
    kpa = bumps.running_kpa(12.0, preload_kpa)
    got = found(kpa, 0.7465)
    bare = found(bumps.running_kpa(12.0), 0.7465)
    np.testing.assert_allclose(got.start_s, bare.start_s, atol=1e-9)
    np.testing.assert_allclose(got.baseline, preload_kpa)
    assert "preload_high" in got.flags
    signal = foot_signal(bumps.make_foot(kpa))
    never_zeroed = Detector(1000.0, signal.weight, np.zeros(16), 3000, 0.7465, bumps.info().body_weight_n, swings=0)
    event = np.full(signal.n_samples, np.nan)
    assert never_zeroed.run(signal.value, signal.held, signal.broken, 0, event).start_sample.size == 0


def test_a_zero_that_rose_before_the_first_swing_is_cured_as_well() -> None:
    # The foot was lifted, then set into the shoe: no swing ever comes below the threshold under the first zero.
    kpa = bumps.running_kpa(20.0, 800.0 / 126.7)
    kpa[:3000] = 0.0
    got = found(kpa, 0.7465, unloaded_s=3.0)
    assert got.flags == ("rezero_forced", "preload_high")
    assert 3.0 + 2.5 + 3.0 < got.start_s[0] < 3.0 + 2.5 + 3.0 + 0.8
    np.testing.assert_allclose(got.baseline, 800.0 / 126.7)
    # A break on the way: the 2.5 s begin anew behind it.
    keep = np.ones(20000, dtype=bool)
    keep[6000:6050] = False
    later = contacts(foot_signal(bumps.make_foot(kpa, keep=keep)), bumps.info(unloaded_s=3.0), 0.7465)
    assert 6.05 + 2.5 + 3.0 < later.start_s[0] < 6.05 + 2.5 + 3.0 + 0.8
    # Too little time for it: no step, and that is said.
    short = found(kpa[:8000], 0.7465, unloaded_s=3.0)
    assert (short.start_s.size, short.reason) == (0, "no_contacts")


def test_standing_still_before_the_first_step_costs_no_step() -> None:
    kpa = bumps.running_kpa(20.0)
    kpa[:3000] = 0.0
    kpa[3000:9400] = 25.0
    got = found(kpa)
    assert got.start_s[0] == pytest.approx(9.75, abs=0.002)
    assert got.flags == ()


def test_standing_at_the_start_is_no_baseline() -> None:
    kpa = bumps.running_kpa(15.0)
    kpa[:4000] = 20.0
    got = found(kpa)
    # The windows from 0 and from 3 s: 20 kPa on all sensels is 376 N; from 4 s on the second one holds swings.
    assert got.start_s[0] > 6.0
    np.testing.assert_array_equal(got.baseline[0], 0.0)
    kpa[:] = 20.0
    never = found(kpa)
    assert (never.start_s.size, never.reason, never.n_broken) == (0, "no_baseline", 0)
    assert np.isnan(never.signal).all()


def test_nothing_is_emitted_in_the_unloaded_and_standing_spans() -> None:
    kpa = bumps.running_kpa(20.0) + 3.0
    got = found(kpa, unloaded_s=2.0, standing_s=5.0, warm_up_s=4.0)
    assert 7.0 <= got.start_s[0] < 7.75 + 1e-9
    assert np.isnan(got.signal[:7000]).all()
    assert np.isfinite(got.signal[7000:-4]).all()


def test_short_recording_has_no_baseline() -> None:
    for seconds in (0.0, 0.001, 2.9):
        got = found(bumps.running_kpa(seconds))
        assert (got.start_s.size, got.reason) == (0, "no_baseline")


def test_baseline_is_the_median_of_the_last_five_swings_middles() -> None:
    drift = 0.2 * np.arange(20000) / 1000.0
    got = found(bumps.running_kpa(20.0) + drift[:, None])
    middle_s = 0.5 * (got.end_s[:-1] + got.start_s[1:])
    for k in range(1, got.start_s.size):
        expected = np.median(0.2 * middle_s[max(0, k - 5) : k])
        np.testing.assert_allclose(got.baseline[k], expected, atol=5e-4)
    # The first swing after UNKNOWN gives none: the start value stands.
    assert got.baseline[0, 0] == pytest.approx(np.percentile(drift[:3000], 2), abs=0.05)


def test_a_touch_in_the_swing_does_not_end_it() -> None:
    kpa = bumps.running_kpa(12.0)
    level = np.zeros(12000)
    level[6400:6550] = 5.0  # a raised zero in the first half of the swing from 6.3 to 6.75 s only
    kpa += level[:, None]
    touched = kpa.copy()
    touched[6600:6630] += 60.0
    plain, got = found(kpa), found(touched)
    np.testing.assert_array_equal(got.start_s, plain.start_s)
    np.testing.assert_allclose(got.baseline, plain.baseline, atol=1e-9)


def test_a_preload_that_comes_during_the_trial_is_cured_after_2_5_s() -> None:
    kpa = bumps.running_kpa(30.0)
    kpa[10400:] += 6.0
    got = found(kpa)
    assert "rezero_forced" in got.flags
    lost = np.diff(got.start_s).argmax()
    # Stance from 10.4 s (or the contact before it), 2.5 s of it, 3 s for the new zero.
    assert got.start_s[lost] < 10.4
    assert 10.4 + 2.5 + 3.0 - 0.75 < got.start_s[lost + 1] < 10.4 + 2.5 + 3.0 + 1.5
    np.testing.assert_allclose(got.baseline[lost + 1 :], 6.0)
    assert got.n_broken == 0


def test_a_new_zero_needs_half_of_its_window() -> None:
    kpa = bumps.running_kpa(30.0)
    kpa[10400:] += 6.0
    keep = np.ones(30000, dtype=bool)
    keep[14000:15700] = False  # over half of the window from 12.96 s to 15.96 s
    got = contacts(foot_signal(bumps.make_foot(kpa, keep=keep)), bumps.info(), 1.0)
    lost = np.diff(got.start_s).argmax()
    assert 10.4 + 2.5 + 6.0 - 0.75 < got.start_s[lost + 1] < 10.4 + 2.5 + 6.0 + 1.5
    np.testing.assert_allclose(got.baseline[lost + 1 :], 6.0)


def test_a_break_cuts_a_stance_and_keeps_the_baseline() -> None:
    kpa = bumps.running_kpa(20.0) + 2.0
    keep = np.ones(20000, dtype=bool)
    keep[9100:9140] = False  # inside the stance from 9.0 s
    keep[12400:12460] = False  # inside a swing
    keep[15100:15109] = False  # filled
    got = contacts(foot_signal(bumps.make_foot(kpa, keep=keep)), bumps.info(), 1.0)
    whole = found(kpa)
    gone = ~np.isin(np.round(whole.start_s, 3), np.round(got.start_s, 3))
    assert np.round(whole.start_s[gone], 1).tolist() == [9.0]
    assert got.n_broken == 1
    np.testing.assert_allclose(got.baseline, 2.0)
    assert np.isnan(got.signal[9096:9144]).all()
    assert np.isfinite(got.signal[9144:9200]).all()


def test_stuck_channel_is_left_out_from_the_contact_after_it_was_seen() -> None:
    kpa = bumps.running_kpa(20.0)
    counts = bumps.counts_of(kpa + 4.0, bumps.ELECTRONICS)
    counts[10000:, 9] = 40
    counts[:, 4] = 0
    got = contacts(foot_signal(bumps.make_foot(counts, "counts")), bumps.info(), 1.0)
    assert got.stuck == ("M2",)
    assert "stuck:M2" in got.flags
    # Three whole strides and 3 s from 10 s: strides from 10.5 on, seen with the contact that ends at 13.04 s.
    first = int(np.flatnonzero(got.weight[:, 9] == 0.0)[0])
    assert got.start_s[first] == pytest.approx(13.5, abs=0.01)
    assert np.all(got.weight[first:, 9] == 0.0)
    healthy = np.delete(np.arange(16), 9)
    assert np.all(got.weight[:, healthy] > 0.0)


def test_stuck_takes_three_whole_strides_even_if_3_s_are_over() -> None:
    kpa = bumps.gait_kpa(16000, np.arange(0.2, 16.0, 1.4).tolist()) + 4.0
    kpa[8300:, 9] = 15.0  # contacts from 8.6, 10.0, 11.4, 12.8 s: 3 s are over in the third
    got = found(kpa)
    assert got.stuck == ("M2",)
    assert got.start_s[got.weight[:, 9] == 0.0][0] == pytest.approx(14.2, abs=0.01)


def test_flags_of_a_restless_zero() -> None:
    rng = np.random.default_rng(2)
    quiet = bumps.running_kpa(20.0)
    assert found(quiet).flags == ()
    noisy = found(np.maximum(quiet + 3.0 + 0.4 * np.repeat(rng.normal(0, 1.0, 400), 50)[:, None], 0.0))
    assert "noisy_swing" in noisy.flags
    jump = quiet.copy()
    jump[6400:, 3] += 13.0
    got = found(jump)
    assert got.flags == ("preload_high", "baseline_jump")
    changed = np.flatnonzero(np.diff(got.baseline[:, 3]) > 10.0)[0] + 1
    marked = [k for k, flags in enumerate(got.step_flags) if flags == ("baseline_jump",)]
    assert marked == [k for k in range(changed, changed + 10) if k < got.start_s.size]


def test_unknown_mass_uses_the_plain_thresholds() -> None:
    assert (DEFAULTS.t_hi_n(None), DEFAULTS.t_lo_n(None), DEFAULTS.baseline_limit_n(None)) == (30.0, 20.0, 150.0)
    weight = 70.0 * 9.80665
    assert (DEFAULTS.t_hi_n(weight), DEFAULTS.t_lo_n(weight)) == pytest.approx((0.05 * weight, 0.03 * weight))
    assert (DEFAULTS.t_hi_n(300.0), DEFAULTS.t_lo_n(300.0)) == (30.0, 20.0)
    foot = bumps.make_foot(bumps.running_kpa(8.5, first_s=0.1))
    light = contacts(foot_signal(foot), bumps.info(None), 1.0)
    heavy = contacts(foot_signal(foot), bumps.info(200.0), 1.0)
    assert np.all(light.end_s - light.start_s > heavy.end_s - heavy.start_s)


def total(force_n: F8, rate: float, side: str) -> Foot:
    index = np.arange(force_n.size)
    recording = Recording(side, "total", rate, index, index / rate, force_n, holes(index))
    return Foot(side, recording, bumps.make_foot(np.zeros((1, 16))).layout)


@pytest.mark.data
def test_real_running_on_a_wandering_zero(real_data: Callable[[str], Path]) -> None:
    force = np.loadtxt(real_data("run_drift_grf") / "custom_drift_S001runT25.csv")
    got = contacts(foot_signal(total(force, 300.0, "both")), bumps.info(None), 1.0)
    contact_s, step_s = got.end_s - got.start_s, np.diff(got.start_s)
    # 27 s are left after the start baseline. The zero wanders by some 200 N; no step is merged or missed.
    assert 68 <= got.start_s.size <= 72
    assert step_s.max() < 1.1 * step_s.min()
    assert contact_s.std() < 0.01


@pytest.mark.data
def test_real_running_on_slopes_where_there_is_a_flight(real_data: Callable[[str], Path]) -> None:
    rows = (real_data("run_slopes_grf") / "GRF_selected.csv").read_text().splitlines()
    about = np.genfromtxt(real_data("run_slopes_grf") / "Sub_Info_selected.csv", delimiter=",", names=True)
    seen = 0
    for row, speed in zip(rows, about["Speed"], strict=True):
        force = np.array(row.split(","), dtype=np.float64) * 76.8 * 9.80665
        got = contacts(foot_signal(total(force, 500.0, "both")), bumps.info(76.8), 1.0)
        step_s, contact_s = np.diff(got.start_s), got.end_s - got.start_s
        # Where the flight is shorter than 60 ms two feet in one signal run together; the others are steps.
        alone = contact_s[contact_s < 0.4]
        assert np.all((alone > 0.18) & (alone < 0.30)), speed
        seen += int(np.sum((step_s > 0.25) & (step_s < 0.41)))
    assert seen > 25


@pytest.mark.data
def test_real_walking_on_force_plates(real_data: Callable[[str], Path]) -> None:
    table = np.loadtxt(real_data("wbds_treadmill") / "WBDS04walkT05grf.txt", skiprows=1)
    left = contacts(foot_signal(total(table[:, 2], 300.0, "left")), bumps.info(57.0), 1.0)
    right = contacts(foot_signal(total(table[:, 9], 300.0, "right")), bumps.info(57.0), 1.0)
    assert left.reason is None
    for got in (left, right):
        assert 24 <= got.start_s.size <= 27
        assert np.diff(got.start_s) == pytest.approx(1.017, abs=0.06)
        assert 0.55 < np.mean((got.end_s - got.start_s)[:-1] / np.diff(got.start_s)) < 0.62
    # Feet alternate.
    order = np.argsort(np.concatenate([left.start_s, right.start_s]))
    feet = np.concatenate([np.zeros(left.start_s.size), np.ones(right.start_s.size)])[order]
    assert np.all(np.diff(feet) != 0)
