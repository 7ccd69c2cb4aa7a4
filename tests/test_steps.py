"""Steps: the kernel against its slow twin, windows cut at breaks, the table, the rules of validity."""

from __future__ import annotations

import naive_steps as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.filter import low_pass
from analysis.kernels_step import flagged_share, step_pass, whole_force
from analysis.parameters import Parameters
from analysis.steps import INDEX_UNITS, REJECT_REASONS, STEP_COLUMNS, StepTable
from analysis.validity import Evidence, far_from_median, reject_reasons

P = Parameters()
FS = 1000.0
SENSELS = 5
X = np.array([30.0, 10.0, -5.0, -20.0, 0.0])
Y = np.array([200.0, 20.0, 180.0, 40.0, 100.0])
WEIGHT = np.array([1.2, 0.9, 1.0, 1.4, 0.8])
MEDIAL = np.array([0.7, 0.3, 0.0, 0.0, 0.0])
LATERAL = np.array([0.0, 0.0, 0.4, 0.6, 0.0])


def bumpy(seed, n=900):
    """Non-negative, smooth and noisy pressures (n, 5) with two humps, and a preload."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)[:, None]
    centre, width = rng.uniform(200, 700, (2, 1, SENSELS)), rng.uniform(30, 120, (2, 1, SENSELS))
    value = (rng.uniform(20, 300, (2, 1, SENSELS)) * np.exp(-(((t - centre) / width) ** 2))).sum(axis=0)
    return value + rng.uniform(0, 4, SENSELS) + rng.normal(0, 0.5, value.shape)


def run(value, broken, start, end, baseline, weight=WEIGHT, least=60.0):
    names = ("integral", "peak", "peak_force", "force", "x", "y", "window", "given_x", "mlr")
    k = len(start)
    rows = [np.tile(row, (k, 1)) for row in (weight, MEDIAL, LATERAL)]
    coefficients = low_pass(FS, P)
    assert coefficients is not None
    out = step_pass(
        value, broken, np.asarray(start), np.asarray(end), np.asarray(baseline), rows[0], X, Y, rows[1], rows[2],
        np.zeros((0, 2)), 100.0, *coefficients, least, 20.0,
    )  # fmt: skip
    return dict(zip(names, out, strict=True))


@given(st.integers(0, 10_000), st.floats(100.3, 250.0), st.floats(150.0, 700.0), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_one_step_equals_its_twin(seed, start, length, n_breaks):
    value = bumpy(seed)
    end = min(start + length, 870.0)
    broken = np.zeros(len(value), np.bool_)
    # Breaks before, just before and behind the step; never inside it.
    for at in [(0, 40), (int(start) - 30, int(start) - 12), (int(end) + 9, int(end) + 14)][:n_breaks]:
        broken[at[0] : at[1]] = True
    value[broken] = np.nan
    baseline = np.array([1.0, 2.0, 0.5, 3.0, 0.0])
    step = run(value, broken, [start], [end], baseline[None, :])
    lo, block = naive.step_window(value, list(broken), start, end, baseline, FS)
    a, b = start - lo, end - lo
    for i in range(SENSELS):
        assert step["integral"][0, i] / FS == pytest.approx(naive.integral(block[:, i], a, b, FS), rel=1e-9, abs=1e-12)
        inside = [block[j, i] for j in range(len(block)) if a <= j <= b]
        assert step["peak"][0, i] == pytest.approx(max(inside), rel=1e-9)
    force = block @ WEIGHT
    assert step["peak_force"][0] == pytest.approx(max(force[j] for j in range(len(force)) if a <= j <= b), rel=1e-9)
    nodes = [a + (b - a) * q / 100 for q in range(101)]
    assert step["force"][0] == pytest.approx([naive.at(force, q) for q in nodes], rel=1e-9, abs=1e-9)
    window = naive.cop_window(force, a, b, 60.0)
    if window is None:
        assert np.isnan(step["x"][0]).all()
    else:
        assert tuple(step["window"][0] - lo) == window
        along = np.linspace(*window, 101)
        for found, place in ((step["x"][0], X), (step["y"][0], Y)):
            path = np.divide(block @ (WEIGHT * place), force, out=np.zeros_like(force), where=force > 0)
            assert found == pytest.approx([naive.at(path, q) for q in along], abs=1e-8)
    for q in (0, 13, 50, 87, 100):
        med, lat = naive.at(block @ MEDIAL, nodes[q]), naive.at(block @ LATERAL, nodes[q])
        expected = naive.ratio(med, lat) if med + lat >= 20.0 else np.nan
        assert step["mlr"][0, q] == pytest.approx(expected, abs=1e-8, nan_ok=True)


def test_window_is_cut_at_a_break_and_the_low_pass_feels_it():
    value = bumpy(3)
    whole = run(value, np.zeros(900, np.bool_), [300.2], [600.7], np.zeros((1, SENSELS)))
    broken = np.zeros(900, np.bool_)
    broken[297] = True
    cut = run(value, broken, [300.2], [600.7], np.zeros((1, SENSELS)))
    assert abs(whole["force"][0, 0] - cut["force"][0, 0]) > 1e-6
    assert whole["force"][0, 50] == pytest.approx(cut["force"][0, 50], rel=1e-9)


def test_steps_do_not_touch_each_other():
    value = bumpy(5)
    quiet = np.zeros(900, np.bool_)
    baseline = np.array([np.zeros(SENSELS), np.full(SENSELS, 2.0)])
    both = run(value, quiet, [150.5, 420.1], [400.2, 700.9], baseline)
    for c, (start, end) in enumerate([(150.5, 400.2), (420.1, 700.9)]):
        alone = run(value, quiet, [start], [end], baseline[c : c + 1])
        for name, rows in both.items():
            np.testing.assert_array_equal(rows[c], alone[name][0], err_msg=name)


def test_missing_sensel_may_hold_anything():
    value = bumpy(7)
    value[:, 2] = np.nan
    weight = np.where(np.arange(SENSELS) == 2, 0.0, WEIGHT)
    step = run(value, np.zeros(900, np.bool_), [200.0], [500.0], np.zeros((1, SENSELS)), weight)
    assert np.isfinite(step["force"]).all()
    assert step["integral"][0, 2] == 0.0


def test_whole_force_changes_its_baseline_at_each_contact():
    value = np.full((10, 2), 5.0)
    value[6] = np.nan
    baseline = np.array([[1.0, 0.0], [2.0, 9.0]])
    force = whole_force(value, np.array([2, 5]), baseline, np.array([[1.0, 2.0], [1.0, 0.0]]))
    assert force == pytest.approx([14.0] * 5 + [3.0, np.nan, 3.0, 3.0, 3.0], nan_ok=True)


def test_flagged_share_counts_samples_inside():
    flagged = np.zeros((20, 2), np.bool_)
    flagged[5:8, 0] = True
    share = flagged_share(flagged, np.array([4.5, 6.0]), np.array([9.5, 6.2]))
    assert share.tolist() == [[0.6, 0.0], [1.0, 0.0]]


# -- the rules -----------------------------------------------------------------------------------------------------


def evidence(k, **changes):
    """k good steps; a little scatter, so that the MAD is not 0."""
    wave = 0.001 * np.cos(np.arange(k))
    known = {
        "contact_time_s": 0.30 + wave, "stride_time_s": 0.75 + wave, "peak_force_n": 1400.0 + 1000.0 * wave,
        "belt_off_speed": np.zeros(k, np.bool_), "touches_break": np.zeros(k, np.bool_),
        "interpolated_share": np.zeros(k), "saturated_share": np.zeros(k),
    }  # fmt: skip
    for name, (row, value) in changes.items():
        known[name][row] = value
    return Evidence(**known)


def test_first_and_last_five_are_edge():
    reasons = reject_reasons(evidence(40), P)
    assert (reasons[:5] == "edge").all()
    assert (reasons[-5:] == "edge").all()
    assert (reasons[5:-5] == "").all()
    assert (reject_reasons(evidence(9), P) == "edge").all()
    assert reject_reasons(evidence(0), P).shape == (0,)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("belt_off_speed", True, "belt_speed"),
        ("touches_break", True, "gap"),
        ("interpolated_share", 0.051, "interpolated"),
        ("interpolated_share", 0.05, ""),
        ("contact_time_s", 0.079, "contact_time"),
        ("contact_time_s", 1.21, "contact_time"),
        ("stride_time_s", 0.39, "stride_time"),
        ("stride_time_s", 2.01, "stride_time"),
        ("stride_time_s", 1.21, "missed_event"),
        ("stride_time_s", 1.19, "outlier"),
        ("stride_time_s", np.nan, ""),
        ("contact_time_s", 0.36, "outlier"),
        ("peak_force_n", 1600.0, "outlier"),
        ("saturated_share", 0.201, "saturated"),
        ("saturated_share", 0.2, ""),
    ],
)
def test_each_rule_has_its_reason(name, value, reason):
    reasons = reject_reasons(evidence(40, **{name: (20, value)}), P)
    assert reasons[20] == reason
    assert (np.delete(reasons[5:-5], 15) == "").all()


def test_the_first_rule_that_applies_counts():
    order = [
        ("saturated_share", 1.0), ("stride_time_s", 1.5), ("contact_time_s", 0.01), ("interpolated_share", 0.5),
        ("touches_break", True), ("belt_off_speed", True),
    ]  # fmt: skip
    expected = ["saturated", "missed_event", "contact_time", "interpolated", "gap", "belt_speed"]
    for n, reason in enumerate(expected, start=1):
        changes = {name: (20, value) for name, value in order[:n]}
        assert reject_reasons(evidence(40, **changes), P)[20] == reason
    assert reject_reasons(evidence(40, **{name: (2, value) for name, value in order}), P)[2] == "edge"
    assert set(expected) < set(REJECT_REASONS)


def test_medians_are_those_of_the_steps_left_and_computed_once():
    given_steps = evidence(40)
    given_steps.contact_time_s[5:20] = 1.3  # rejected before; with them the median would be the odd one
    reasons = reject_reasons(given_steps, P)
    assert (reasons[5:20] == "contact_time").all()
    assert (reasons[20:35] == "").all()
    # One pass: removing a far outlier would make the nearer one stand out, it stays.
    values = np.array([10.0, 10.1, 9.9, 10.05, 9.95, 10.4, 30.0])
    once = far_from_median(values, np.ones(7, np.bool_), 3.5)
    assert once.tolist() == naive.mad_outliers(list(values), 3.5)


def test_no_scatter_no_outlier():
    values = np.array([1.0, 1.0, 1.0, 1.0, 5.0])
    assert not far_from_median(values, np.ones(5, np.bool_), 3.5).any()
    rounded = 0.3 + np.array([0.0, 1e-16, -1e-16, 2e-16, 9e-15])
    assert not far_from_median(rounded, np.ones(5, np.bool_), 3.5).any()


def test_two_feet_in_one_table_have_twice_the_edges():
    both = evidence(60)
    reasons = reject_reasons(Evidence(**{**vars(both), "n_feet": 2}), P)
    assert (reasons == "edge").sum() == 20


# -- the table -----------------------------------------------------------------------------------------------------


def test_columns_stand_in_the_order_of_the_contract():
    assert STEP_COLUMNS[:12] == (
        "side", "step", "initial_contact_s", "toe_off_s", "contact_time_s", "stride_time_s", "peak_force_bw",
        "impulse_bw_s", "mli", "foot_balance", "mt34", "ami",
    )  # fmt: skip
    assert STEP_COLUMNS[12:21] == (
        "forefoot_balance", "rearfoot_balance", "xm", "dev", "lmd_mm", "mt1_share", "mt2_share", "mt3_share",
        "mt4_share",
    )  # fmt: skip
    assert STEP_COLUMNS[21:] == (
        "mt5_share", "strike_index", "peak_force_n", "impulse_n_s", "step_time_s", "swing_time_s", "duty_factor",
        "valid", "reject_reason", "flags",
    )  # fmt: skip


def test_rows_have_none_for_null():
    columns = {name: np.array([1.0, np.nan]) for name in STEP_COLUMNS}
    columns |= {"side": np.array(["left", "left"]), "step": np.array([1, 2]), "valid": np.array([True, False])}
    columns |= {"reject_reason": np.array(["", "edge"]), "flags": np.array(["", "saturated;baseline_jump"])}
    table = StepTable({name: columns[name] for name in STEP_COLUMNS})
    first, second = table.to_rows()
    assert first[:3] == ("left", 1, 1.0)
    assert first[-3:] == (True, None, None)
    assert second[2:-3] == (None,) * (len(INDEX_UNITS) + 2)
    assert second[-3:] == (False, "edge", "saturated;baseline_jump")
    assert len(table) == 2
    assert [list(values) for values in table.valid_values("mli")] == [[1.0], [1.0]]
