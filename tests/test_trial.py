"""What is known about a trial: body weight, spans, codes, pain, refusals, and the way through JSON and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trial_samples import counts_foot, counts_trial, full_info, plain_layout, recording, trial_of

from insole.calibration import Calibration, Electronics, Response
from insole.errors import CalibrationError, TrialFileError, UsageError
from insole.layout import layout_from_dict, reference_layout
from insole.recording import Recording
from insole.treadmill import Incline, Speed, Treadmill
from insole.trial import Foot, KappaEvent, Pain, Spans, Trial, TrialInfo


@pytest.mark.parametrize(
    ("known", "newton"),
    [
        ({"mass_kg": 70.0}, 70 * 9.80665),
        ({"mass_kg": 70.0, "condition": "barefoot", "shoe_mass_kg": 0.6}, 70 * 9.80665),
        ({"mass_kg": 70.0, "condition": "shod", "shoe_mass_kg": 0.6}, 70.6 * 9.80665),
        ({"mass_kg": 70.0, "condition": "shod"}, 70 * 9.80665),
        ({"mass_kg": 70.0, "shoe_mass_kg": 0.6}, 70 * 9.80665),
        ({"condition": "shod", "shoe_mass_kg": 0.6}, None),
        ({}, None),
    ],
)
def test_body_weight_is_with_shoes_when_shod(known: dict[str, Any], newton: float | None) -> None:
    assert TrialInfo(**known).body_weight_n == (None if newton is None else pytest.approx(newton, rel=1e-12))


def test_spans_follow_each_other() -> None:
    spans = Spans(3.0, 10.0, 180.0)
    assert (spans.standing_from_s, spans.warm_up_from_s, spans.analysed_from_s) == (3.0, 13.0, 193.0)
    nothing = Spans()
    assert (nothing.standing_from_s, nothing.warm_up_from_s, nothing.analysed_from_s) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("field", ["unloaded_s", "standing_s", "warm_up_s"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), 90_000.0])
def test_spans_that_are_no_lengths_are_refused(field: str, value: float) -> None:
    with pytest.raises(UsageError, match=field.replace("_", "-")):
        Spans(**{field: value})


def test_acclimatisation_is_the_warm_up_or_what_was_done_before() -> None:
    assert TrialInfo(spans=Spans(warm_up_s=180)).acclimatisation_s == 180
    assert TrialInfo(warmed_up_before_s=240).acclimatisation_s == 240
    assert TrialInfo(warmed_up_before_s=0).acclimatisation_s == 0
    assert TrialInfo(spans=Spans(3, 10, 0)).acclimatisation_s is None


@pytest.mark.parametrize("code", ["S01", "a", "7", "S-01_b.2", "A" * 24])
def test_codes_name_a_subject(code: str) -> None:
    assert TrialInfo(subject=code).subject == code


@pytest.mark.parametrize("code", ["", " ", "Anna Schmidt", "S01\n", "-S01", ".S01", "A" * 25, "Müller", "S/01", "S\0"])
def test_names_and_odd_codes_are_refused(code: str) -> None:
    with pytest.raises(UsageError, match="never a name"):
        TrialInfo(subject=code)


@pytest.mark.parametrize(
    ("field", "value"),
    [("mass_kg", -70.0), ("mass_kg", 0.0), ("mass_kg", float("nan")), ("mass_kg", 401.0), ("size_eu", 9.0),
     ("heel_drop_mm", 200.0), ("stack_mm", -1.0), ("shoe_mass_kg", -0.1), ("shoe_mass_kg", 20.0),
     ("warmed_up_before_s", -1.0)],
)  # fmt: skip
def test_numbers_that_cannot_be_are_refused_by_their_option(field: str, value: float) -> None:
    with pytest.raises(UsageError, match=field.replace("_", "-")):
        TrialInfo(**{field: value})


@pytest.mark.parametrize("field", ["shoe", "donning", "posture", "note"])
def test_texts_are_kept_whole_or_refused(field: str) -> None:
    assert getattr(TrialInfo(**{field: "x" * 400}), field) == "x" * 400
    assert getattr(TrialInfo(**{field: ""}), field) is None
    for text in ("x" * 401, "nul\0", "\udcff"):
        with pytest.raises(UsageError, match=field):
            TrialInfo(**{field: text})


def test_a_condition_is_barefoot_or_shod() -> None:
    with pytest.raises(UsageError, match="barefoot or shod"):
        TrialInfo(condition="sandals")


@pytest.mark.parametrize("rating", [0, 10])
def test_pain_runs_from_nought_to_ten(rating: int) -> None:
    assert Pain("forefoot", "left", rating).rating == rating


@pytest.mark.parametrize(
    "pain", [("forefoot", "left", 11), ("forefoot", "left", -1), ("forefoot", "both", 3), ("", "left", 3),
             ("x" * 41, "left", 3), ("\udcff", "left", 3)],
)  # fmt: skip
def test_pain_off_the_scale_is_refused(pain: tuple[str, str, int]) -> None:
    with pytest.raises(UsageError, match="pain"):
        Pain(*pain)


def test_more_ratings_than_a_file_keeps_are_refused() -> None:
    with pytest.raises(UsageError, match="100 pain ratings"):
        TrialInfo(pain=(Pain("toe", "left", 1),) * 100)


texts = st.none() | st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)
infos = st.builds(
    TrialInfo,
    subject=st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,23}", fullmatch=True),
    mass_kg=st.none() | st.floats(1, 400),
    size_eu=st.none() | st.floats(20, 60),
    condition=st.sampled_from([None, "barefoot", "shod"]),
    shoe=texts,
    note=texts,
    treadmill=st.builds(
        Treadmill,
        st.none() | st.builds(Incline, st.floats(-40, 40), st.sampled_from(["%", "deg"])),
        st.none() | st.builds(Speed, st.floats(0, 15), st.sampled_from(["mph", "km/h", "m/s"])),
        measured_speed_m_s=st.none() | st.floats(0, 15),
    ),
    spans=st.builds(Spans, *[st.floats(0, 86400)] * 3),
    pain=st.lists(st.builds(Pain, st.just("heel"), st.sampled_from(["left", "right"]), st.integers(0, 10)),
                  max_size=3).map(tuple),
    started_utc=st.sampled_from(["", "2026-11-20T10:00:00Z"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(infos)
def test_a_description_goes_through_json_and_back(info: TrialInfo) -> None:
    assert TrialInfo.from_dict(json.loads(json.dumps(info.as_dict(), allow_nan=False))) == info


def test_a_full_description_names_every_field() -> None:
    data = full_info().as_dict()
    assert TrialInfo.from_dict(json.loads(json.dumps(data))) == full_info()
    assert all(value is not None for value in data.values())
    assert TrialInfo.from_dict({**data, "from_the_future": 1}) == full_info()
    assert TrialInfo.from_dict({}) == TrialInfo()


@pytest.mark.parametrize(("value", "source"), [(0.0, "static"), (-1.0, "static"), (float("nan"), "static"),
                                               (1e9, "borrowed"), (1.0, "guess")])  # fmt: skip
def test_a_force_scale_that_is_none_is_refused(value: float, source: str) -> None:
    with pytest.raises(TrialFileError, match="kappa_event"):
        KappaEvent(value, source)


def test_columns_of_counts_are_channels() -> None:
    data = reference_layout().as_dict()
    order = np.random.default_rng(3).permutation(16)
    for row, channel in zip(data["sensors"], order, strict=True):
        row["channel"] = int(channel)
    layout = layout_from_dict(data, "left")
    foot = replace(counts_foot("left"), layout=layout)
    plain = replace(
        foot, layout=reference_layout(), recording=replace(foot.recording, values=foot.recording.values[:, order])
    )
    assert np.array_equal(foot.loads(slice(None)), plain.loads(slice(None)))
    assert not np.array_equal(foot.loads(slice(None)), replace(foot, layout=reference_layout()).loads(slice(None)))


def test_counts_become_the_pressures_of_each_sensels_own_curve() -> None:
    foot = counts_foot("left")
    counts = foot.recording.values[3:5]
    rho = (counts + 0.5) / 1024
    g = np.where(counts == 0, 0.0, rho / ((1 - rho) * 997.5))
    expected = 1000 * (1e5 + np.arange(16)) * g**1.1 / 126.7
    assert foot.loads(slice(3, 5)) == pytest.approx(expected)
    assert foot.weight == pytest.approx(foot.layout.trib_area_mm2 / 1000)


def test_a_count_beyond_the_converter_reads_as_its_last_code() -> None:
    foot = counts_foot("left")
    foot.recording.values[:2] = [[1023] * 16, [60_000] * 16]
    loads = foot.loads(slice(0, 2))
    assert np.array_equal(loads[0], loads[1])


def test_without_a_calibration_the_nominal_curve_stands_in() -> None:
    foot = replace(counts_foot("left"), calibration=None)
    assert foot.curves.is_nominal
    assert len(foot.curves.responses) == 16
    other = replace(foot, calibration=Calibration("short", "puck", (Response(),) * 3))
    with pytest.raises(CalibrationError, match="3 sensors"):
        _ = other.curves


@pytest.mark.parametrize("kind", ["pressure_kpa", "force_n", "total"])
def test_other_kinds_are_loads_already(kind: str) -> None:
    foot = next(iter(trial_of(kind).feet.values()))
    values = foot.recording.values.reshape(50, -1)
    assert np.array_equal(foot.loads(slice(2, 9)), values[2:9])
    if kind == "pressure_kpa":
        assert np.all(np.isnan(foot.weight))  # this layout knows no areas
    else:
        assert foot.weight.tolist() == [1.0] * values.shape[1]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"electronics": None}, "circuit"),
        ({"layout": plain_layout("left")}, "3 sensors"),
        ({"device_time_us": np.zeros(3, np.uint32)}, "device_time_us"),
        ({"frame_flags": np.zeros(3, np.uint8)}, "frame_flags"),
    ],
)
def test_a_foot_that_could_not_be_read_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(TrialFileError, match=named):
        replace(counts_foot("left"), **changes)


def test_a_trial_has_one_foot_two_feet_or_one_signal_for_both() -> None:
    left, both = counts_foot("left"), trial_of("total").feet["both"]
    assert Trial(TrialInfo(), {"left": left}).end == "complete"
    for feet in ({}, {"right": left}, {"both": both, "left": left}, {"left": replace(left, side="right")}):
        with pytest.raises(TrialFileError):
            Trial(TrialInfo(), feet)
    with pytest.raises(TrialFileError, match="end"):
        replace(counts_trial(), end="aborted")


def test_a_trial_ends_with_its_last_sample() -> None:
    late, early = recording("left", "counts", n=60), recording("right", "counts", n=40)
    feet = {
        r.side: Foot(r.side, r, reference_layout(), Electronics("fsr_high", 1000.0, 10)) for r in (late, early)
    }
    assert Trial(TrialInfo(), feet).duration_s == pytest.approx(0.0123 + 68e-3)
    empty = Recording("left", "total", 100.0, np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    assert Trial(TrialInfo(), {"left": Foot("left", empty, plain_layout("left"))}).duration_s == 0.0
