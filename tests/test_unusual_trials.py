"""Trials that are not two whole feet of 16 calibrated sensels: gaps, one foot, other kinds, failures, no contacts."""

from __future__ import annotations

import json
from dataclasses import replace

import bumps
import closed_form as cf
import numpy as np
import pytest

from analysis import analyse
from analysis.events import contacts
from analysis.force import foot_signal
from analysis.measures import measure
from analysis.parameters import Parameters
from analysis.temporal import find_breaks
from insole.frame import Pulse
from insole.recording import Recording
from insole.trial import Foot, Trial


@pytest.mark.parametrize(("first", "broken"), [(20_180, 0), (20_400, 1)])
def test_break_rejects_by_gap_or_cuts_the_stance(first, broken):
    """30 ms are lost shortly before or in the left stance of 20.25 to 20.55 s."""
    keep = np.ones(40_000, np.bool_)
    keep[first : first + 30] = False
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
    assert "kappa_trial_unknown" in result.flags  # both feet were recorded: nothing comes of one foot
    assert not {"kappa_one_foot", "mode_one_foot"} & set(result.flags)
    assert json.dumps(result.as_json(), allow_nan=False)
    assert result.left.steps.to_rows() == []
    loaded = analyse(cf.trial("run", change=lambda _side, kpa: kpa + 40.0))
    assert loaded.left.reason == "no_baseline"


def test_slow_recordings_stay_unfiltered():
    result = analyse(cf.trial("walk", 0.1, 0.1, rate_hz=100.0))
    assert "unfiltered" in result.flags
    assert result.left.indices["mli"].mean == pytest.approx(23.464989, abs=0.3)
