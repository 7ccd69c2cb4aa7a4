"""Live equals offline, to the last bit, however the stream is cut into chunks."""

from __future__ import annotations

from collections.abc import Iterator

import bumps
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.events import contacts
from analysis.force import SignalStream, foot_signal
from analysis.live import LiveContact, LiveFoot, LiveStep
from analysis.measures import measure
from analysis.parameters import DEFAULTS
from analysis.temporal import find_breaks
from insole.trial import Foot, TrialInfo

KAPPA = 0.7465
EXACT = (
    "region_pti", "peak_force_n", "impulse_n_s", "force_n", "cop_x", "cop_y", "mlr", "touches_break",
    "interpolated_share", "saturated_share",
)  # fmt: skip


def run() -> tuple[Foot, TrialInfo]:
    return bumps.make_foot(bumps.counts_of(bumps.running_kpa(9.0), bumps.ELECTRONICS), "counts"), bumps.info()


def walk() -> tuple[Foot, TrialInfo]:
    kpa = bumps.gait_kpa(11000, np.arange(4.7, 11.0, 0.86).tolist(), 0.5, bumps.WALK)
    kpa[2200:4400] += 60.0  # standing
    foot = bumps.make_foot(bumps.counts_of(kpa, bumps.ELECTRONICS), "counts")
    return foot, bumps.info(unloaded_s=2.0, standing_s=2.5)


def preload() -> tuple[Foot, TrialInfo]:
    """A preload that grows until everything stands still and is zeroed anew, a stuck channel, an unknown mass."""
    kpa = bumps.running_kpa(22.0, 3.0, rate=500.0)
    kpa[5200:] += 3.5
    counts = bumps.counts_of(kpa, bumps.ELECTRONICS)
    counts[4000:, 12] = 60
    return bumps.make_foot(counts, "counts", rate=500.0), bumps.info(None)


def gaps() -> tuple[Foot, TrialInfo]:
    rng = np.random.default_rng(8)
    keep = np.ones(12000, dtype=bool)
    for first in rng.integers(0, 12000, 60):
        keep[first : first + rng.integers(1, 11)] = False
    for first in (5100, 7600, 9100, 9790):
        keep[first : first + 25] = False
    counts = bumps.counts_of(bumps.running_kpa(12.0, 3.0), bumps.ELECTRONICS)
    return bumps.make_foot(counts, "counts", keep=keep), bumps.info()


def late_start() -> tuple[Foot, TrialInfo]:
    """The foot is loaded for the first windows, and lifted before it steps."""
    kpa = bumps.running_kpa(14.0)
    kpa[:5000] = 20.0
    kpa[7000:9000] = 0.0
    return bumps.make_foot(kpa, start_s=0.4), bumps.info(unloaded_s=2.0)


def stuck_before_the_first_step() -> tuple[Foot, TrialInfo]:
    """A channel that stops a quarter of a second before the machine starts: 3 s of it are over in the fifth contact."""
    kpa = bumps.gait_kpa(11000, np.arange(4.55, 11.0, 0.75).tolist())
    kpa[4250:, 12] = 9.0
    return bumps.make_foot(kpa), bumps.info(unloaded_s=2.0, standing_s=2.5)


def slow_rise() -> tuple[Foot, TrialInfo]:
    """The force stays between the thresholds for a while before the first contact, longer than the low-pass reaches."""
    kpa = bumps.running_kpa(6.0)
    kpa[3350:3800] = np.maximum(kpa[3350:3800], 1.9)
    return bumps.make_foot(kpa), bumps.info()


KINDS = (run, walk, preload, gaps, late_start, stuck_before_the_first_step, slow_rise)
TRIALS = {kind.__name__: kind for kind in KINDS}


def stream(foot: Foot, about: TrialInfo, cuts: Iterator[int]) -> tuple[LiveFoot, list[LiveContact], list[LiveStep]]:
    """Feed a recording in chunks of the given numbers of received samples."""
    live, dense, recording = LiveFoot(foot.layout, about, KAPPA), SignalStream(foot), foot.recording
    found: list[LiveContact] = []
    steps: list[LiveStep] = []
    at = 0
    while at < recording.n_samples:
        to = at + next(cuts)
        update = live.feed(dense.feed(recording.index[at:to], recording.time_s[at:to], recording.values[at:to]))
        found += update.contacts
        steps += update.steps
        at = to
    return live, found, steps + list(live.finish().steps)


def random_cuts(seed: int) -> Iterator[int]:
    rng = np.random.default_rng(seed)
    while True:
        yield int(rng.integers(0, rng.choice([3, 60, 900, 7000])))


def same(a: NDArray[np.float64], b: NDArray[np.float64], name: str) -> None:
    np.testing.assert_array_equal(a, b, err_msg=name)


def check(foot: Foot, about: TrialInfo, cuts: Iterator[int]) -> int:
    signal = foot_signal(foot)
    offline = contacts(signal, about, KAPPA)
    cop_force_n = DEFAULTS.cop_force_n(about.body_weight_n) / KAPPA
    whole = measure(signal, find_breaks(signal), offline, foot.layout, cop_force_n, DEFAULTS)
    live, found, steps = stream(foot, about, cuts)
    k = offline.start_s.size
    assert [len(found), len(steps)] == [k, k]
    for name in ("start_sample", "end_sample", "start_s", "end_s", "baseline", "weight"):
        same(np.array([getattr(c, name) for c in found]), getattr(offline, name), name)
    assert [step.contact for step in steps] == found
    for column, values in whole.columns.items():
        same(np.array([step.measures.columns[column][0] for step in steps]), values, column)
    for name in EXACT:
        same(np.concatenate([getattr(step.measures, name) for step in steps]), getattr(whole, name), name)
    same(np.array([step.mli for step in steps]), whole.columns["mli"], "mli")
    assert live.n_broken == offline.n_broken
    assert (live.n_rezeroed > 0) == ("rezero_forced" in offline.flags)
    assert live.stuck() == offline.stuck
    return k


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(TRIALS)), st.integers(0, 10**6))
def test_any_chunking_equals_offline(name: str, seed: int) -> None:
    check(*TRIALS[name](), random_cuts(seed))


LEAST = {
    "run": 7, "walk": 6, "preload": 15, "gaps": 5, "late_start": 4, "stuck_before_the_first_step": 8, "slow_rise": 3,
}  # fmt: skip


@pytest.mark.parametrize(("name", "at_least"), LEAST.items())
def test_chunks_of_33_ms_equal_offline_and_every_trial_has_what_it_is_for(name: str, at_least: int) -> None:
    foot, about = TRIALS[name]()
    assert check(foot, about, iter(lambda: 33, None)) >= at_least
    got = contacts(foot_signal(foot), about, KAPPA)
    if name == "preload":
        assert got.stuck == ("M5",)
        assert "rezero_forced" in got.flags
    if name == "gaps":
        assert got.n_broken >= 3
    if name == "stuck_before_the_first_step":
        assert np.flatnonzero(got.weight[:, 12] == 0.0)[0] == 5
    if name == "slow_rise":
        assert got.start_s[1] == pytest.approx(3.35, abs=0.01)
    if name == "late_start":
        assert got.start_s[0] > 8.4


def test_a_contact_is_known_one_delay_and_one_swing_after_toe_off() -> None:
    foot, about = run()
    live, dense, recording = LiveFoot(foot.layout, about, KAPPA), SignalStream(foot), foot.recording
    for at in range(recording.n_samples):
        rows = slice(at, at + 1)
        update = live.feed(dense.feed(recording.index[rows], recording.time_s[rows], recording.values[rows]))
        for contact in update.contacts:
            assert at == int(np.ceil(contact.end_sample + 60.0)) + 4


def test_a_step_is_known_when_its_window_is() -> None:
    foot, about = run()
    _, found, steps = stream(foot, about, iter(lambda: 10, None))
    assert len(found) == len(steps)
    live, dense, recording = LiveFoot(foot.layout, about, KAPPA), SignalStream(foot), foot.recording
    to = int(found[2].end_sample + 100.0) + 1
    update = live.feed(dense.feed(recording.index[:to], recording.time_s[:to], recording.values[:to]))
    assert (len(update.contacts), len(update.steps)) == (3, 2)
    assert len(live.finish().steps) == 1


def test_memory_stays_bounded() -> None:
    kpa = np.tile(bumps.gait_kpa(750, [0.3]), (80, 1))
    foot = bumps.make_foot(bumps.counts_of(kpa, bumps.ELECTRONICS), "counts")
    live, dense, recording = LiveFoot(foot.layout, bumps.info(), KAPPA), SignalStream(foot), foot.recording
    assert not live.has_baseline
    most = 0
    for at in range(0, recording.n_samples, 50):
        rows = slice(at, at + 50)
        live.feed(dense.feed(recording.index[rows], recording.time_s[rows], recording.values[rows]))
        if at > 3500:
            most = max(most, live.n_kept)
    assert live.has_baseline
    assert most < 1000


def test_nothing_fed_is_nothing_found() -> None:
    foot, about = run()
    live = LiveFoot(foot.layout, about, KAPPA)
    empty = SignalStream(foot).feed(np.empty(0, np.int64), np.empty(0), np.empty((0, 16), np.uint16))
    assert live.feed(empty).contacts == ()
    assert live.finish().steps == ()
    assert (live.n_kept, live.n_broken, live.n_rezeroed, live.stuck()) == (0, 0, 0, ())
