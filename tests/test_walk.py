"""Trial level: contacts, jitter, drift, spans, standing, the two feet against each other (spec 11.3)."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.knobs import parse_knobs
from acquisition.walk import Walk
from insole.layout import reference_layout
from insole.trial import Spans

AREA_MM2 = reference_layout(42.0).trib_area_mm2


def walk(query="", side="left", spans=Spans(), stride_seed=None):  # noqa: B008 - frozen
    return Walk(parse_knobs(f"sim://{side}" + (f"?{query}" if query else ""), side, spans, stride_seed=stride_seed))


def test_contacts_come_by_the_stride_time_and_the_right_foot_half_a_stride_later():
    left, right = walk().contacts(90.0), walk(side="right").contacts(90.0)
    np.testing.assert_allclose(left["start_s"], 0.75 * np.arange(120), atol=1e-9)
    np.testing.assert_allclose(right["start_s"], 0.375 + 0.75 * np.arange(120), atol=1e-9)
    assert set(left["contact_s"]) == {0.30}
    late = walk("asymmetry_ms=20", side="right").contacts(90.0)
    np.testing.assert_allclose(late["start_s"] - right["start_s"][: late.size], 0.020, atol=1e-9)


def test_jittered_feet_share_their_strides_but_not_their_balance():
    query = "jitter=0.03,0.1&seed={}"
    left = walk(query.format(1), stride_seed=5).contacts(2000.0)
    right = walk(query.format(2), side="right", stride_seed=5).contacts(2000.0)
    stride = np.diff(left["start_s"])
    np.testing.assert_allclose(right["start_s"][: stride.size], left["start_s"][:-1] + 0.5 * stride, atol=1e-9)
    assert stride.mean() == pytest.approx(0.75, rel=0.01)
    assert stride.std() / 0.75 == pytest.approx(0.03, rel=0.1)
    assert left["medial"].std() == pytest.approx(0.1, rel=0.1)
    assert abs(np.corrcoef(left["medial"][:2000], right["medial"][:2000])[0, 1]) < 0.1
    assert np.array_equal(left, walk(query.format(1), stride_seed=5).contacts(2000.0))
    assert not np.array_equal(stride, np.diff(walk(query.format(1), stride_seed=6).contacts(2000.0)["start_s"]))


def test_drift_is_a_slope_of_delta_per_hour():
    contacts = walk("medial=0.1&drift_per_h=0.2").contacts(3600.0)
    np.testing.assert_allclose(contacts["medial"], 0.1 + 0.2 * contacts["start_s"] / 3600.0, atol=1e-12)


def test_transition_overlaps_scatter_about_the_nominal_one():
    left, right = (walk("gait=transition&seed=2", side=s).contacts(600.0) for s in ("left", "right"))
    n = min(left.size, right.size)
    both = np.stack([left[:n], right[:n]], axis=1).ravel()
    assert both["contact_s"].std() == pytest.approx(0.020, rel=0.25)
    assert both["contact_s"].mean() == pytest.approx(0.394, abs=0.01)
    assert np.corrcoef(both["contact_s"][:-1], both["contact_s"][1:])[0, 1] == pytest.approx(0.9, abs=0.05)
    overlap = both["start_s"][:-1] + both["contact_s"][:-1] - both["start_s"][1:]
    assert (overlap > 0).any()
    assert (overlap < 0).any()


def test_spans_are_rendered_in_order():
    foot = walk(spans=Spans(2.0, 3.0, 10.0))
    time_s = np.arange(0.0, 12.0, 0.01)
    force = foot.pressure_kpa(time_s) @ np.ones(16)
    assert not force[time_s < 1.995].any()
    standing = force[(time_s > 2.001) & (time_s < 4.995)]
    assert standing.min() == standing.max() > 0.0
    assert foot.contacts(12.0)["start_s"][0] == pytest.approx(5.0)
    assert force[np.isclose(time_s, 5.5)] == 0.0  # the first swing


@pytest.mark.parametrize("query", ["medial=0.1", "gait=walk", "generator=B", "gait=stand", "incline=10%25&speed=6mph"])
def test_static_force_scale_of_standing_is_the_generators(query):
    feet = [walk(f"mass=70&{query}", side=s, spans=Spans(0.0, 2.0, 0.0)) for s in ("left", "right")]
    load = [float(foot.pressure_kpa(np.array([1.0]))[0] @ AREA_MM2) / 1000.0 for foot in feet]
    assert 70 * 9.80665 / sum(load) == pytest.approx(feet[0].kappa, rel=1e-12)
    if query == "medial=0.1":
        assert feet[0].kappa == pytest.approx(0.7465, abs=5e-5)


def test_standing_gait_stands_for_ever():
    foot = walk("gait=stand&unloaded_s=1")
    pressure = foot.pressure_kpa(np.array([0.5, 1.5, 1000.0]))
    assert not pressure[0].any()
    assert (pressure[1] == pressure[2]).all()
    assert pressure[1].all()
    assert not foot.contacts(1000.0).size


def test_pressure_does_not_depend_on_how_it_is_asked_for():
    time_s = np.arange(0, 400.0, 0.013)
    whole = walk("jitter=0.02&drift_per_h=1").pressure_kpa(time_s)
    foot = walk("jitter=0.02&drift_per_h=1")
    parts = [foot.pressure_kpa(part) for part in np.array_split(time_s, 57)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_contact_times_vary_on_request_and_nothing_else_does():
    plain, varied = walk("seed=4").contacts(300.0), walk("jitter_contact=0.03&seed=4").contacts(300.0)
    assert np.all(plain["contact_s"] == 0.30)
    assert np.array_equal(plain["start_s"], varied["start_s"])
    assert np.array_equal(plain["medial"], varied["medial"])
    assert 0.02 < varied["contact_s"].std() / varied["contact_s"].mean() < 0.04


def test_large_jitter_never_makes_a_foot_land_before_it_has_left():
    contacts = walk("gait=walk&T_c=0.7&jitter=0.2&seed=1").contacts(500.0)
    assert (np.diff(contacts["start_s"]) > contacts["contact_s"][:-1]).all()
