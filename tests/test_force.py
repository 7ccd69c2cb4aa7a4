"""From received samples to the dense signal: curves, holes, marks, kinds, chunks."""

from __future__ import annotations

from dataclasses import replace

import bumps
import naive_events
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.force import FootSignal, SignalStream, foot_signal
from insole.calibration import Electronics
from insole.errors import AnalysisError
from insole.frame import Identify
from insole.recording import Recording
from insole.trial import Foot


def ramp(n: int, rate: float = 1000.0, **how: object) -> Foot:
    """Every sensel rises by its own slope, in kPa."""
    values = np.arange(n)[:, None] * np.arange(1.0, 17.0) + 5.0
    return bumps.make_foot(values, rate=rate, **how)  # type: ignore[arg-type]


def without(n: int, *holes: tuple[int, int]) -> np.ndarray:
    keep = np.ones(n, dtype=bool)
    for first, length in holes:
        keep[first : first + length] = False
    return keep


def device(offsets_us: tuple[int, ...]) -> Identify:
    name = "ref16-EU42"
    return Identify(1, 0, "1.0", "board", "0001", 7, "left", 16, 10, "fsr_high", 1000.0, name, 1000, offsets_us, 0)


def test_count_becomes_the_pressure_of_the_worked_example() -> None:
    counts = np.full((20, 16), 512, dtype=np.uint16)
    counts[5:, 3] = 0
    counts[10:, 4] = 700
    signal = foot_signal(bumps.make_foot(counts, "counts"))
    assert signal.value[0, 0] * 126.7 / 1000.0 == pytest.approx(57.243557, abs=1e-4)
    assert signal.value[12, 4] * 126.7 / 1000.0 == pytest.approx(133.783104, abs=3e-4)
    assert signal.value[12, 3] == 0.0
    assert signal.above_calibration is not None
    np.testing.assert_array_equal(np.flatnonzero(signal.above_calibration), [4])
    np.testing.assert_allclose(signal.weight * 1000.0, bumps.AREA * 1000.0)


def test_channels_are_sorted_into_sensel_order() -> None:
    channel = np.random.default_rng(3).permutation(16)
    counts = np.zeros((4, 16), dtype=np.uint16)
    counts[:, channel] = 100 + 10 * np.arange(16)
    foot = bumps.make_foot(counts, "counts")
    signal = foot_signal(replace(foot, layout=replace(foot.layout, channel=channel)))
    assert np.all(np.diff(signal.value[0]) > 0)
    pressure = bumps.make_foot(counts.astype(float))
    signal = foot_signal(replace(pressure, layout=replace(foot.layout, channel=channel)))
    np.testing.assert_array_equal(signal.value[0], 100.0 + 10 * np.arange(16))


@pytest.mark.parametrize(("circuit", "mirror"), [("fsr_high", False), ("fsr_low", True)])
@pytest.mark.parametrize("bits", [10, 12])
def test_saturation_is_counted_from_the_unloaded_end(circuit: str, mirror: bool, bits: int) -> None:
    top = 2**bits - 1
    loaded = np.array([0, 970, 971, 999, 1000, 1023]) * 2 ** (bits - 10)
    counts = np.zeros((loaded.size, 16), dtype=np.uint16)
    counts[:, 2] = loaded
    counts[:, 7] = 960 * 2 ** (bits - 10)
    foot = bumps.make_foot(top - counts if mirror else counts, "counts", electronics=Electronics(circuit, 1000.0, bits))
    signal = foot_signal(foot)
    assert signal.saturated is not None
    assert signal.near_saturation is not None
    np.testing.assert_array_equal(signal.saturated[:, 2], [False, False, False, False, True, True])
    assert np.flatnonzero(signal.saturated.any(axis=0)).tolist() == [2]
    assert np.flatnonzero(signal.near_saturation).tolist() == [2]


@pytest.mark.parametrize(("rate", "longest"), [(100.0, 1), (300.0, 3), (1000.0, 10), (2000.0, 20)])
def test_holes_up_to_10_ms_are_filled_and_longer_ones_break(rate: float, longest: int) -> None:
    signal = foot_signal(ramp(100, rate, keep=without(100, (20, longest), (60, longest + 1))))
    filled = slice(20, 20 + longest)
    np.testing.assert_allclose(signal.value[filled, 1], 2.0 * np.arange(100)[filled] + 5.0)
    assert np.flatnonzero(signal.interpolated).tolist() == list(range(20, 20 + longest))
    assert np.flatnonzero(signal.broken).tolist() == list(range(60, 60 + longest + 1))
    np.testing.assert_array_equal(np.isnan(signal.value).all(axis=1), signal.broken)
    np.testing.assert_allclose(signal.time_s, np.arange(100) / rate, atol=1e-12)


def test_grid_begins_at_the_first_received_sample() -> None:
    signal = foot_signal(ramp(50, keep=without(50, (0, 7)), start_s=2.0))
    assert signal.first_index == 7
    assert signal.n_samples == 43
    assert signal.time_s[0] == pytest.approx(2.007)


def test_late_channels_are_brought_back_to_the_frame() -> None:
    # A channel scanned 780 us after the frame sees a ramp 0.78 samples further on.
    offsets = tuple(52 * channel for channel in range(16))
    late = np.array(offsets) / 1000.0
    pressure = 2.0 * np.arange(200)[:, None] + 2.0 * late + 50.0
    fine = Electronics("fsr_high", 1000.0, 16)
    keep = without(200, (50, 8), (120, 30))
    foot = replace(bumps.make_foot(bumps.counts_of(pressure, fine), "counts", keep=keep, electronics=fine))
    skewed = foot_signal(foot)
    straight = foot_signal(replace(foot, identify=device(offsets)))
    expected = 2.0 * np.arange(200) + 50.0
    assert np.nanmax(np.abs(skewed.value[:, 15] - expected)) > 1.4
    # The first frame, and the one after a break, have nothing before them to go back to.
    told = ~straight.broken & (np.arange(200) > 0) & (np.arange(200) != 150)
    assert np.abs(straight.value[told] - expected[told, None]).max() < 0.1
    assert straight.value[150, 15] == pytest.approx(expected[150] + 2.0 * late[15], abs=0.1)


def test_small_scan_offsets_are_left_alone() -> None:
    foot = bumps.make_foot(bumps.counts_of(bumps.running_kpa(1.0), bumps.ELECTRONICS), "counts")
    offset = foot_signal(replace(foot, identify=device(tuple(13 * i for i in range(16)))))
    np.testing.assert_array_equal(offset.value, foot_signal(foot).value)


def test_forces_weigh_one_and_know_their_pressure_where_the_area_is_known() -> None:
    foot = ramp(30)
    area = np.full(16, 126.7)
    area[3] = np.nan
    force = replace(
        foot, recording=replace(foot.recording, kind="force_n"), layout=replace(foot.layout, area_mm2=area)
    )
    signal = foot_signal(force)
    np.testing.assert_array_equal(signal.weight, 1.0)
    assert signal.kpa_per_value[0] == pytest.approx(1000.0 / 126.7)
    assert np.isnan(signal.kpa_per_value[3])
    assert signal.saturated is None


def test_total_force_keeps_its_own_centre_of_pressure() -> None:
    index = np.array([0, 1, 3, 4, 40])
    recording = Recording(
        side="both", kind="total", sample_rate_hz=1000.0, index=index, time_s=index / 1000.0,
        values=10.0 * index, gaps=bumps.holes(index), cop_mm=np.stack([index * 1.0, index * 2.0], axis=1),
    )  # fmt: skip
    signal = foot_signal(Foot("both", recording, bumps.make_foot(np.zeros((1, 16))).layout))
    assert signal.value.shape == (41, 1)
    assert signal.value[2, 0] == pytest.approx(20.0)
    assert signal.cop_mm is not None
    np.testing.assert_allclose(signal.cop_mm[2], [2.0, 4.0])
    assert np.isnan(signal.cop_mm[5:40]).all()
    np.testing.assert_array_equal(signal.weight, [1.0])


def test_a_sample_with_a_hole_did_not_arrive_and_a_silent_sensel_is_missing() -> None:
    foot = ramp(60)
    values = foot.recording.values.copy()
    values[10:13, 4] = np.nan
    values[30:50, 5] = np.nan
    values[:, 9] = np.nan
    signal = foot_signal(replace(foot, recording=replace(foot.recording, values=values)))
    assert signal.missing == ("M2",)
    assert signal.weight[9] == 0.0
    assert np.all(signal.value[~signal.broken, 9] == 0.0)
    assert np.flatnonzero(signal.interpolated).tolist() == [10, 11, 12]
    assert np.flatnonzero(signal.broken).tolist() == list(range(30, 50))


def test_layout_without_areas_still_gives_a_sum() -> None:
    foot = ramp(10)
    bare = replace(foot, layout=replace(foot.layout, trib_area_mm2=np.full(16, np.nan), area_mm2=np.full(16, np.nan)))
    assert np.all(foot_signal(bare).weight > 0)


def test_held_means_the_same_loaded_count() -> None:
    counts = np.zeros((12, 16), dtype=np.uint16)
    counts[:, 0] = 300
    counts[:, 1] = [300, 300, 301, 301, 301, 300, 0, 0, 0, 5, 5, 6]
    signal = foot_signal(bumps.make_foot(counts, "counts", rate=100.0, keep=without(12, (3, 1), (8, 2))))
    # Sample 3 lies between 301 and 301; 8 and 9 are a break at 100 Hz; count 0 is an unloaded sensel.
    expected = [False, True, False, True, True, False, False, False, False, False, False, False]
    assert signal.held[:, 1].tolist() == expected
    assert signal.held[:, 0].tolist() == [False] + [True] * 7 + [False] * 3 + [True]
    assert not signal.held[:, 2].any()
    low = Electronics("fsr_low", 1000.0, 10)
    mirrored = foot_signal(bumps.make_foot(np.full((5, 16), 1023, np.uint16), "counts", electronics=low))
    assert not mirrored.held.any()


def test_unreadable_samples_are_refused_in_one_line() -> None:
    foot = bumps.make_foot(np.zeros((5, 16), dtype=np.uint16), "counts")
    with pytest.raises(AnalysisError, match="16 sensels"):
        SignalStream(foot).feed(np.arange(5), np.arange(5) / 1000.0, np.zeros((5, 12), dtype=np.uint16))
    silent = ramp(5)
    nothing = replace(silent, recording=replace(silent.recording, values=np.full((5, 16), np.nan)))
    with pytest.raises(AnalysisError, match="no sensel"):
        foot_signal(nothing)


def test_empty_recording_gives_an_empty_signal() -> None:
    signal = foot_signal(ramp(0))
    assert signal.n_samples == 0
    assert signal.value.shape == (0, 16)


PER_SAMPLE = ("time_s", "value", "interpolated", "broken", "held", "saturated")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([100.0, 500.0, 1000.0]), st.sampled_from(["counts", "pressure_kpa"]))
def test_any_chunking_gives_the_same_grid_and_the_naive_twin_agrees(seed: int, rate: float, kind: str) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 400))
    pressure = np.round(rng.uniform(0.0, 400.0, (n, 16)) * (rng.random((n, 16)) < 0.8), rng.integers(0, 2))
    values = bumps.counts_of(pressure, bumps.ELECTRONICS) if kind == "counts" else pressure
    keep = rng.random(n) < rng.choice([0.3, 0.9, 1.0])
    keep[rng.integers(n)] = True
    foot = bumps.make_foot(values, kind, rate=rate, keep=keep)
    if rng.random() < 0.5:
        foot = replace(foot, identify=device(tuple(52 * i for i in range(16))))
    whole = foot_signal(foot)
    stream, recording, parts, at = SignalStream(foot), foot.recording, list[FootSignal](), 0
    while at < recording.n_samples:
        to = at + int(rng.integers(0, rng.choice([2, 40])))
        parts.append(stream.feed(recording.index[at:to], recording.time_s[at:to], recording.values[at:to]))
        at = to
    for name in PER_SAMPLE:
        if getattr(whole, name) is not None:
            joined = np.concatenate([getattr(part, name) for part in parts])
            np.testing.assert_array_equal(joined, getattr(whole, name), err_msg=name)
    if kind == "pressure_kpa":
        index = recording.index.tolist()
        grid, interpolated, broken = naive_events.dense(index, recording.values, rate)
        np.testing.assert_allclose(whole.value, grid, atol=1e-9)
        assert whole.interpolated.tolist() == interpolated
        assert whole.broken.tolist() == broken
