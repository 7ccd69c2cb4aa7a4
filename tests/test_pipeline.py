"""A trial from its samples to its result: truth of the closed-form gait, the contract of the JSON, reasons of nulls."""

from __future__ import annotations

import json
from functools import lru_cache

import bumps
import closed_form as cf
import numpy as np
import pytest

from analysis import analyse
from analysis.result import TrialResult, plain
from analysis.steps import INDEX_UNITS, REJECT_REASONS
from insole.layout import REGIONS
from insole.trial import KappaEvent, Spans, Trial

TRUTH = {  # MLI, FB, MT34 of the table in 11.1
    ("run", 0.0): (12.222318, -9.902843, 41.712505),
    ("run", 0.1): (21.143729, -2.508484, 39.408929),
    ("run", 0.2): (29.852481, 4.743699, 37.158822),
    ("walk", 0.0): (15.346114, -4.710836, 42.112298),
    ("walk", 0.1): (23.464989, 2.264643, 39.631113),
}


@lru_cache(maxsize=4)
def noisy(seed: int = 5) -> TrialResult:
    """Both feet running for 60 s, every step a little different."""
    rng = np.random.default_rng(seed)

    def sway(_side, kpa):
        slow = np.repeat(rng.normal(0.0, 0.04, 200), 375)[: len(kpa), None]
        return kpa * (1.0 + slow * bumps.MEDIAL)

    return analyse(cf.trial("run", duration_s=60.0, change=sway, donning="D1"))


def means(foot, *columns):
    return [foot.indices[column].mean for column in columns]


@pytest.mark.parametrize(
    ("gait", "left", "right", "size"),
    [("run", 0.1, 0.2, 42.0), ("run", 0.2, 0.0, 44.0), ("walk", 0.1, 0.0, 42.0), ("walk", 0.0, 0.1, 44.0)],
)
def test_truth_of_the_closed_form_gait(gait, left, right, size):
    result = analyse(cf.trial(gait, left, right, duration_s=30.0, size_eu=size))
    for foot, medial in ((result.left, left), (result.right, right)):
        found = means(foot, "mli", "foot_balance", "mt34")
        assert found == pytest.approx(TRUTH[gait, medial], abs=0.2)
        assert foot.strike_class == "rear"
    assert result.gait_mode == gait
    assert {mode for foot in result.recorded_feet() for mode in foot.step_mode} == {gait}
    contact, stride = cf.TIMES[gait]
    assert means(result.left, "stride_time_s", "step_time_s") == pytest.approx([stride, stride / 2], abs=1e-4)
    assert result.left.indices["contact_time_s"].mean == pytest.approx(contact, abs=0.015)


def test_counts_of_a_nominal_sensor_give_the_same_numbers():
    feet = {}
    for side, medial in (("left", 0.1), ("right", 0.2)):
        kpa = bumps.gait_kpa(30_000, cf.contact_starts("run", side, 30.0), 0.3, bumps.RUN, medial)
        feet[side] = bumps.make_foot(bumps.counts_of(kpa, bumps.ELECTRONICS), "counts", side=side)
    result = analyse(Trial(cf.info(), feet))
    assert means(result.left, "mli", "mt34") == pytest.approx([21.143729, 39.408929], abs=0.2)
    assert means(result.right, "mli", "mt34") == pytest.approx([29.852481, 37.158822], abs=0.2)
    assert "nominal_calibration" in result.left.flags
    assert "nominal_calibration" in result.flags
    assert result.left.calibration_id == "nominal"


def test_json_keeps_the_contract():
    result = noisy()
    data = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert list(data)[:5] == ["trial", "left", "right", "gait_mode", "flags"]
    assert {"software", "asymmetry", "temporal", "force_scale", "parameters"} <= set(data)
    assert data["trial"]["mass_kg"] == 70.0
    assert data["gait_mode"] == "run"
    for side in ("left", "right"):
        foot = data[side]
        assert foot["n_contacts"] == foot["n_valid"] + sum(foot["rejected"].values())
        assert set(foot["rejected"]) <= set(REJECT_REASONS)
        assert foot["rejected"]["edge"] == 10
        assert foot["n_broken"] == 0
        assert list(foot["indices"]) == list(INDEX_UNITS)
        for summary in foot["indices"].values():
            assert set(summary) >= {"mean", "sd", "ci_low", "ci_high", "n", "unit", "reason"}
        mli = foot["indices"]["mli"]
        assert mli["ci_low"] < mli["mean"] < mli["ci_high"]
        assert (mli["n"], mli["unit"], mli["reason"]) == (foot["n_valid"], "%", None)


def test_results_carry_what_a_comparison_asks_for():
    result = noisy()
    assert (result.speed_m_s, result.incline_percent) == (pytest.approx(2.01168), 4.0)
    assert result.info.donning == "D1"
    assert result.info.started_utc == "2026-11-01T10:00:00Z"
    assert result.analysed_s == (0.0, 60.0)
    assert result.left.layout.name == "ref16-EU42"
    assert result.left.missing_sensels == ()
    assert result.left.calibration_id is None
    assert len(result.left.step_mode) == len(result.left.steps) == result.left.n_contacts
    for curve in result.left.curves.values():
        assert curve.shape == (result.left.n_contacts, 101)
    assert {"kappa_default", "acclimatisation_short"} <= set(result.flags)
    assert result.parameters["mad_k"] == 3.5
    assert result.software["insole"]


def test_too_few_steps_for_a_mean_and_for_an_interval():
    short = analyse(cf.trial("run", duration_s=20.0))
    assert short.left.n_valid < 20
    summary = short.left.indices["mli"]
    assert (summary.mean, summary.sd, summary.ci_low, summary.reason) == (None, None, None, "too_few_steps")
    assert summary.n == short.left.n_valid
    middling = analyse(cf.trial("run", duration_s=28.0))
    assert 20 <= middling.left.n_valid < 30
    summary = middling.left.indices["mli"]
    assert summary.mean == pytest.approx(21.14, abs=0.2)
    assert (summary.ci_low, summary.reason) == (None, "too_few_steps_for_interval")


def test_force_scale_balances_body_weight():
    kappa = cf.generator_kappa("run", 0.1)
    result = analyse(cf.trial("run", 0.1, 0.1))
    assert result.kappa_trial == pytest.approx(kappa, rel=1e-4)
    # Impulse of one foot: half a stride of BW cos(theta), less what lies below the thresholds.
    assert result.left.indices["impulse_bw_s"].mean == pytest.approx(0.999201 * 0.375, rel=2e-3)
    assert result.left.indices["peak_force_bw"].mean == pytest.approx(2.05, abs=0.03)
    assert result.left.curves["force_bw"][10].max() == pytest.approx(2.05, abs=0.03)
    assert result.kappa_event == 1.0


def test_kappa_event_scales_thresholds_and_nothing_without_unit():
    trial = cf.trial("run", 0.1, 0.1)
    plain_result = analyse(trial)
    trial.kappa_event = KappaEvent(cf.generator_kappa("run", 0.1), "static")
    scaled = analyse(trial)
    assert "scale_suspect" not in scaled.flags
    assert "kappa_default" not in scaled.flags
    assert scaled.left.indices["mli"].mean == pytest.approx(plain_result.left.indices["mli"].mean, abs=0.05)
    assert scaled.left.indices["contact_time_s"].mean < plain_result.left.indices["contact_time_s"].mean
    trial.kappa_event = KappaEvent(1.3 * cf.generator_kappa("run", 0.1), "static")
    assert "scale_suspect" in analyse(trial).flags
    trial.kappa_event = KappaEvent(1.0, "borrowed")
    assert "kappa_borrowed" in analyse(trial).flags


@pytest.mark.parametrize("kappa", [1.0, 0.3])
def test_cop_begins_where_the_scaled_force_reaches_a_tenth_of_body_weight(kappa):
    trial = cf.trial("run", 0.1, 0.1)
    trial.kappa_event = KappaEvent(kappa, "borrowed")
    left = analyse(trial).left
    u = np.linspace(0.0, 1.0, 30_001)
    enough = u[bumps.stance_kpa(u, bumps.RUN, 0.1) @ bumps.AREA * kappa >= 0.1 * cf.BODY_WEIGHT_N]
    start = left.steps.columns["initial_contact_s"][20]
    stance = 0.75 * round(start / 0.75)
    expected = stance + 0.3 * enough[[0, -1]]
    assert left.cop_span_s[20] == pytest.approx(expected, abs=0.0025)


@pytest.mark.parametrize(("preload_kpa", "rezeroed"), [(1.0, False), (3.0, True)])
def test_force_scale_follows_the_baseline(preload_kpa, rezeroed):
    """A preload that comes after 20 s is subtracted from then on, in the balance too.

    1 kPa is 19 N in all, below the threshold of events; 3 kPa hide every toe-off until the forced re-zeroing.
    """

    def preload(_side, kpa):
        kpa[20_000:] += preload_kpa
        return kpa

    result = analyse(cf.trial("run", 0.1, 0.1, change=preload))
    assert ("rezero_forced" in result.flags) == rezeroed
    assert result.kappa_trial == pytest.approx(cf.generator_kappa("run", 0.1), rel=0.006)
    assert result.left.indices["mli"].mean == pytest.approx(21.14, abs=0.3)


def test_right_minus_left_is_paired_step_by_step():
    result = noisy()
    series = result.asymmetry["mli"]
    left, right = result.left.steps, result.right.steps
    k = int(np.flatnonzero(right.valid)[4])
    time = right.columns["initial_contact_s"][k]
    before = np.flatnonzero(left.columns["initial_contact_s"] < time)[-1]
    row = int(np.flatnonzero(series.times_s == time)[0])
    assert series.values[row] == right.columns["mli"][k] - left.columns["mli"][before]
    assert series.summary.mean == pytest.approx(29.85 - 21.14, abs=1.0)


def test_calibration_term_and_mean_path():
    result = analyse(cf.trial("run", 0.0, 0.0))
    # Integrals in closed form: medial 15.90, 34.53, 42.72, lateral 16.41, 32.03, 24.48 kPa s.
    assert result.left.u_cal == pytest.approx(4.218, abs=0.01)
    assert result.left.mean_cop_mm.shape == (101, 2)
    assert result.left.mean_cop_mm[0, 1] < 40.0 < 180.0 < result.left.mean_cop_mm[-1, 1]
    assert 0.9 < result.left.cop_span_fraction < 1.0
    assert (np.diff(result.left.cop_span_s[:, 0]) > 0).all()


def test_standing_gives_the_static_mli_and_no_steps():
    pressure = bumps.stance_kpa(np.array([0.5]), bumps.RUN, 0.1)[0] * 0.2

    def stand(_side, kpa):
        kpa = np.concatenate([np.zeros((3000, 16)), np.tile(pressure, (4000, 1)), kpa])
        return kpa[:40_000]

    result = analyse(cf.trial("run", change=stand, spans=Spans(3.0, 4.0, 0.0)))
    regions = result.left.layout.region_weight.T * result.left.layout.trib_area_mm2
    mean = dict(zip(REGIONS, (regions @ pressure) / regions.sum(axis=1), strict=True))
    medial, lateral = mean["HM"] + mean["M1"] + mean["M2"], mean["HL"] + mean["M4"] + mean["M5"]
    assert result.left.static_mli == pytest.approx(100 * (medial - lateral) / (medial + lateral))
    assert result.left.steps.columns["initial_contact_s"][0] > 7.0
    assert analyse(cf.trial("run")).left.static_mli is None


def test_warm_up_is_outside_the_count():
    whole = analyse(cf.trial("run"))
    later = analyse(cf.trial("run", spans=Spans(0.0, 0.0, 10.0)))
    starts = later.left.steps.columns["initial_contact_s"]
    assert starts[0] >= 10.0
    assert later.left.steps.columns["step"][0] == 1
    inside = whole.left.steps.columns["initial_contact_s"] >= 10.0
    assert later.left.n_contacts == inside.sum()
    # The contact before the span is seen: the first step has a step time.
    assert np.isfinite(later.left.steps.columns["step_time_s"][0])
    assert later.left.rejected["edge"] == 10
    assert later.analysed_s[0] == 10.0
    assert "acclimatisation_short" in later.flags
    assert "acclimatisation_short" not in analyse(cf.trial("run", warmed_up_before_s=180.0)).flags


def test_plain_values_only():
    value = plain({"a": np.array([1.0, np.nan]), "b": (np.float64(np.inf), np.int64(3)), "c": Spans(1.0, 2.0, 3.0)})
    spans = {"unloaded_s": 1.0, "standing_s": 2.0, "warm_up_s": 3.0}
    assert value == {"a": [1.0, None], "b": [None, 3], "c": spans}
