"""A trial from its samples to its result: truth of the closed-form gait, the contract of the JSON, reasons of nulls."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

import bumps
import closed_form as cf
import numpy as np
import pytest

from analysis import analyse
from analysis.events import contacts
from analysis.force import foot_signal
from analysis.measures import measure
from analysis.parameters import Parameters
from analysis.result import TrialResult, plain
from analysis.steps import INDEX_UNITS, REJECT_REASONS
from analysis.temporal import find_breaks
from insole.frame import Pulse
from insole.layout import REGIONS
from insole.recording import Recording
from insole.trial import Foot, KappaEvent, Spans, Trial

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


@pytest.mark.parametrize(("from_s", "lost", "broken"), [(20.0, 30, 0), (20.4, 40, 1)])
def test_break_rejects_by_gap_or_cuts_the_stance(from_s, lost, broken):
    """Left stances begin at multiples of 0.75 s: 20.4 s lies in one, 20.0 s shortly before."""
    keep = np.ones(40_000, np.bool_)
    first = round(from_s * 1000)
    keep[first : first + lost] = False
    # Stance 20.25 ... 20.55 s; for the first case move the hole next to it: 20.18 ... 20.21 s.
    if not broken:
        keep = np.ones(40_000, np.bool_)
        keep[20_180:20_210] = False
    result = analyse(cf.trial("run", keep={"left": keep}))
    assert result.left.n_broken == broken
    assert result.left.rejected["gap"] == 1 - broken
    strides = result.left.steps.columns["stride_time_s"]
    assert np.isnan(strides[:-1]).sum() == 1
    assert np.nanmax(strides) == pytest.approx(0.75, abs=1e-6)
    assert result.right.rejected["gap"] == 0
    assert result.kappa_trial == pytest.approx(analyse(cf.trial("run")).kappa_trial, rel=2e-3)


def test_many_bridged_frames_reject_a_step():
    keep = np.ones(40_000, np.bool_)
    for at in (20_300, 20_330, 20_360):
        keep[at : at + 9] = False
    result = analyse(cf.trial("run", keep={"left": keep}))
    rejected = result.left.steps.columns["reject_reason"] == "interpolated"
    assert rejected.sum() == 1
    assert result.left.steps.columns["initial_contact_s"][rejected][0] == pytest.approx(20.25, abs=0.005)


def test_one_foot():
    result = analyse(cf.trial("run", sides=("right",)))
    assert result.left is None
    assert result.as_json()["left"] is None
    assert result.gait_mode == "run"
    assert result.kappa_trial is None
    assert {"kappa_one_foot", "mode_one_foot"} <= set(result.flags)
    assert result.right.indices["step_time_s"].reason == "one_foot"
    assert result.temporal.cadence_steps_min is None
    assert result.asymmetry == {}
    assert result.right.indices["mli"].mean == pytest.approx(29.852481, abs=0.2)


def test_mass_unknown_is_no_error():
    result = analyse(cf.trial("run", mass_kg=None))
    assert "mass_unknown" in result.flags
    for column in ("peak_force_bw", "impulse_bw_s"):
        summary = result.left.indices[column]
        assert (summary.mean, summary.n, summary.reason) == (None, 0, "mass_unknown")
    assert result.left.indices["peak_force_n"].mean == pytest.approx(
        bumps.stance_kpa(np.linspace(0, 1, 3001), bumps.RUN, 0.1).dot(bumps.AREA).max(), rel=0.02
    )
    assert np.isnan(result.left.curves["force_bw"]).all()
    assert result.gait_mode == "run"


def test_failed_sensel_makes_its_indices_null():
    def unplug(side, kpa):
        if side == "left":
            kpa[:, cf.foot("left", kpa).layout.index_of("M1")] = np.nan
        return kpa

    result = analyse(cf.trial("run", change=unplug))
    assert result.left.missing_sensels == ("M1",)
    assert "sensor_missing:M1" in result.left.flags
    for column in ("mli", "foot_balance", "mt34", "mt5_share"):
        assert result.left.indices[column].reason == "region_absent:M1"
        assert result.left.indices[column].mean is None
    assert result.left.u_cal is None
    assert np.isnan(result.left.curves["mlr"]).all()
    assert result.left.indices["rearfoot_balance"].mean == pytest.approx(4.4, abs=0.2)
    assert result.right.indices["mli"].mean == pytest.approx(29.85, abs=0.2)


def test_saturation_nulls_peaks_then_the_step():
    feet = {}
    for side in ("left", "right"):
        kpa = bumps.gait_kpa(40_000, cf.contact_starts("run", side, 40.0), 0.3, bumps.RUN, 0.0)
        counts = bumps.counts_of(kpa, bumps.ELECTRONICS)
        if side == "left":
            # HL carries > 10 % of the load. 20.25 s: 24 of 290 samples saturated; 21.0 s: 80 of them.
            counts[20_300:20_324, 2] = 1010
            counts[21_040:21_120, 2] = 1010
        feet[side] = bumps.make_foot(counts, "counts", side=side)
    steps = analyse(Trial(cf.info(), feet)).left.steps.columns
    flagged = np.array(["saturated" in flags for flags in steps["flags"]])
    assert steps["initial_contact_s"][flagged] == pytest.approx([20.25, 21.0], abs=0.01)
    assert np.isnan(steps["peak_force_n"][flagged]).all()
    assert np.isfinite(steps["mli"][flagged]).all()
    assert steps["reject_reason"][flagged].tolist()[1] in ("outlier", "saturated")


def test_saturation_counts_on_sensels_that_carry_the_load():
    foot = cf.trial("run", 0.1, 0.1, duration_s=10.0).feet["left"]
    signal = foot_signal(foot)
    found = contacts(signal, cf.info(), 1.0)
    shares = []
    for sensel in ("T45", "M1"):  # 2 and 15 % of the load
        saturated = np.zeros(signal.value.shape, np.bool_)
        saturated[:, foot.layout.index_of(sensel)] = True
        full = replace(signal, saturated=saturated)
        shares.append(measure(full, find_breaks(full), found, foot.layout, 70.0, Parameters()).saturated_share)
    assert (shares[0] == 0.0).all()
    assert (shares[1] == 1.0).all()


def test_belt_off_its_speed_rejects():
    trial = cf.trial("run")
    index = np.arange(40_000)
    pulses, at_us = [], 1_000_000
    while at_us < 40_000_000:
        pulses.append(Pulse((at_us + 4_294_000_000) % 2**32, "belt", len(pulses) + 1))
        at_us += 500_000 if not 20_000_000 <= at_us < 22_000_000 else 530_000
    device_us = ((index * 1000 + 4_294_000_000) % 2**32).astype(np.uint32)
    trial.feet["left"] = replace(trial.feet["left"], pulses=tuple(pulses), device_time_us=device_us)
    for foot in analyse(trial).recorded_feet():
        times = foot.steps.columns["initial_contact_s"][foot.steps.columns["reject_reason"] == "belt_speed"]
        assert len(times) in (2, 3)
        assert times.min() >= 20.0
        assert times.max() <= 22.2


def test_feet_that_take_turns_in_one_signal():
    left = cf.trial("run", 0.1, 0.1).feet["left"].recording.values @ bumps.AREA
    right = 1.5 * cf.trial("run", 0.1, 0.1).feet["right"].recording.values @ bumps.AREA
    kappa = cf.generator_kappa("run", 0.1) / 1.25
    left, right = left[:39_500], right[:39_500]  # an odd number of contacts: no whole number of strides
    index = np.arange(len(left))

    def both(first_side):
        recording = Recording("both", "total", 1000.0, index, index / 1000.0, left + right, first_side=first_side)
        return Trial(cf.info(), {"both": Foot("both", recording, cf.foot("left", np.zeros((1, 16))).layout)})

    result = analyse(both("right"))  # the first one emitted is said to be a right one
    assert result.right.steps.columns["initial_contact_s"][0] < result.left.steps.columns["initial_contact_s"][0]
    assert abs(result.left.n_contacts - result.right.n_contacts) <= 1
    assert result.gait_mode == "run"
    assert result.kappa_trial == pytest.approx(kappa, rel=1e-4)
    assert result.left.indices["stride_time_s"].mean == pytest.approx(0.75)
    assert result.left.indices["mli"].reason == "region_absent:HM"
    assert result.left.indices["xm"].reason == "no_positions"
    unlabelled = analyse(both(None))
    assert unlabelled.left is None
    assert unlabelled.feet["both"].rejected["edge"] == 20
    assert unlabelled.feet["both"].indices["stride_time_s"].mean == pytest.approx(0.75)
    assert unlabelled.temporal.cadence_steps_min == pytest.approx(160.0, abs=0.01)
    assert unlabelled.kappa_trial == pytest.approx(kappa, rel=1e-4)
    assert json.loads(json.dumps(unlabelled.as_json(), allow_nan=False))["both"]["n_contacts"] > 90


def test_total_force_with_its_own_cop():
    trial = cf.trial("run", 0.1, 0.1, sides=("left",))
    foot = trial.feet["left"]
    kpa = foot.recording.values
    force = kpa @ bumps.AREA
    moments = [kpa @ (bumps.AREA * place) for place in (foot.layout.x_mm, foot.layout.y_mm)]
    cop = np.stack([np.divide(m, force, out=np.full(len(force), np.nan), where=force > 0) for m in moments], axis=1)
    recording = Recording("left", "total", 1000.0, foot.recording.index, foot.recording.time_s, force, cop_mm=cop)
    total = analyse(Trial(cf.info(), {"left": Foot("left", recording, foot.layout)})).left
    full = analyse(trial).left
    for column in ("strike_index", "xm", "dev", "lmd_mm"):
        assert total.indices[column].mean == pytest.approx(full.indices[column].mean, abs=0.5)
    assert total.indices["peak_force_n"].mean == pytest.approx(full.indices["peak_force_n"].mean, rel=1e-6)
    assert total.indices["ami"].reason == "no_positions"


def test_forces_of_sensels_without_areas_in_a_layout_of_its_own_units():
    trial = cf.trial("run", 0.1, 0.1)
    for side, foot in trial.feet.items():
        recording = replace(foot.recording, kind="force_n", values=foot.recording.values * bumps.AREA)
        layout = replace(
            foot.layout, units="arbitrary", length_mm=None, width_mm=None, ff_width_mm=None,
            area_mm2=np.full(16, np.nan), trib_area_mm2=np.full(16, np.nan),
        )  # fmt: skip
        trial.feet[side] = Foot(side, recording, layout)
    result = analyse(trial)
    reasons = {column: result.left.indices[column].reason for column in ("mli", "xm", "dev", "strike_index", "lmd_mm")}
    assert reasons == {
        "mli": "area_absent", "xm": "width_unknown", "dev": "width_unknown", "strike_index": "length_unknown",
        "lmd_mm": "units_arbitrary",
    }  # fmt: skip
    full = analyse(cf.trial("run", 0.1, 0.1)).left.indices
    for column in ("ami", "peak_force_bw", "contact_time_s"):
        assert result.left.indices[column].mean == pytest.approx(full[column].mean, rel=1e-9)
    assert result.left.cop_unit == "layout units"
    assert np.isfinite(result.left.mean_cop_mm).all()
    assert result.left.baseline_unit == "N"


def test_no_contacts_is_a_result():
    result = analyse(cf.trial("run", change=lambda _side, kpa: np.zeros_like(kpa)))
    assert result.left.n_contacts == 0
    assert result.left.reason == "no_contacts"
    assert result.gait_mode is None
    assert result.kappa_trial is None
    assert json.dumps(result.as_json(), allow_nan=False)
    assert result.left.steps.to_rows() == []
    loaded = analyse(cf.trial("run", change=lambda _side, kpa: kpa + 40.0))
    assert loaded.left.reason == "no_baseline"


def test_slow_recordings_stay_unfiltered():
    result = analyse(cf.trial("walk", 0.1, 0.1, rate_hz=100.0))
    assert "unfiltered" in result.flags
    assert result.left.indices["mli"].mean == pytest.approx(23.464989, abs=0.3)


def test_plain_values_only():
    value = plain({"a": np.array([1.0, np.nan]), "b": (np.float64(np.inf), np.int64(3)), "c": Spans(1.0, 2.0, 3.0)})
    spans = {"unloaded_s": 1.0, "standing_s": 2.0, "warm_up_s": 3.0}
    assert value == {"a": [1.0, None], "b": [None, 3], "c": spans}
