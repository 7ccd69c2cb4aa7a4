"""The firmware that would be flashed, from the feet to the result: no scan lost, every fault seen as what it is.

Only simulated time is judged. Where wall time can't be kept out (paced boards), only what does not depend on it counts.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from chain import BOOTS, faultless, knobs_of, latched, recorded, run_of, session, simulated
from desk import FLIP, RESET, STALL_END, Written
from firmware_mutants import MUTANTS, plant

from acquisition import handshake, reader, silicon
from acquisition.clock import common_base, fit_clock
from acquisition.feed import walk_feed
from acquisition.gait import GeneratorA
from acquisition.protocol import Decoder, encode_record
from acquisition.silicon import build_firmware
from acquisition.sync_wire import wired
from acquisition.truth import mli, region_means
from insole.cli import main
from insole.errors import LinkError, UsageError
from insole.frame import Pulse, Status
from insole.layout import reference_layout
from insole.trial import open_trial

pytestmark = [pytest.mark.firmware, pytest.mark.timeout(300)]

LONG_S = 66  # at 1 kHz the sequence wraps after 65.5 s
FAST_S = 34  # at 2 kHz after 32.8 s
WRAP = 65_536


# --- nothing is lost -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("board", "rate_hz", "seconds", "budget"),
    [("mega", 1000, LONG_S, 0.45), ("uno", 1000, LONG_S, 0.45), ("mega", 2000, FAST_S, 0.80)],
)
def test_every_scan_arrives_as_it_was_measured(tmp_path, board, rate_hz, seconds, budget):
    scans = seconds * rate_hz
    query = "medial=0.1&seed=1"
    run = run_of(tmp_path, scans, rate_hz=rate_hz, board=board, query=query, seconds=seconds + 30.0)
    faultless(run, scans, 1_000_000 // rate_hz)
    assert run.frames.size > WRAP
    report = run.written.report
    for counter in ("adc_overruns", "mux_races", "rx_overruns", "tx_ignored", "not_modelled", "bytes_lost", "resets"):
        assert report[counter] == 0, counter
    assert report["busy_max"] <= budget
    assert run.identify.rate_hz == rate_hz
    # The voltages of the feed, at the moments and in the order of the channels, give these codes without the desk too.
    codes, times_us = latched(run.written)
    rows = np.frombuffer(b"".join(walk_feed(knobs_of("left", query), 5.0))[16:], dtype="<u2").reshape(-1, 16)
    first = times_us[:, -1] < 4.9e6
    for channel in range(16):
        volts = np.interp(times_us[first, channel], 1000.0 * np.arange(rows.shape[0]), rows[:, channel])
        wanted = np.minimum(np.floor(volts * (1024 / 50_000)), 1023)
        assert np.abs(codes[first, channel] - wanted).max() <= 1
        assert (codes[first, channel] != wanted).mean() < 1e-3


def test_the_same_input_gives_the_same_frames(tmp_path):
    one, other = (run_of(tmp_path / name, 2000, query="gait=walk&seed=3") for name in "ab")
    for field in ("sequence", "flags", "counts"):
        np.testing.assert_array_equal(one.frames[field][:2000], other.frames[field][:2000])


def test_both_feet_come_out_as_they_went_in(tmp_path):
    """Through the command lines: simulate a pair, record it, analyse the trial."""
    seconds, spans = 34.0, ["--unloaded-s", "3", "--standing-s", "4"]
    links = {side: tmp_path / side for side in ("left", "right")}
    links["right"].symlink_to("/dev/nowhere")
    pair = simulate(
        "--firmware", "mega", "--pair", "--gait", "run", "--medial", "0.1,0.2", "--seed", "1", "--pace", "0",
        "--seconds", f"{seconds + 3}", "--left-link", str(links["left"]), "--right-link", str(links["right"]), *spans,
    )  # fmt: skip
    trial, result = tmp_path / "T.h5", tmp_path / "T.json"
    with pair:
        wait_for(pair, links.values())
        assert main(["record", "-o", str(trial), "--left", str(links["left"]), "--right", str(links["right"]),
                     "--subject", "S01", "--mass-kg", "70", "--size-eu", "42", "--condition", "barefoot",
                     "--duration", f"{seconds:g}", "--quiet", *spans]) == 0  # fmt: skip
        assert pair.wait(60) == 0
    for side, foot in open_trial(trial).feet.items():
        who = foot.identify
        assert (who.side, who.board, who.device_serial) == (side, "mega2560", f"SIM-{side[0].upper()}-1")
        np.testing.assert_array_equal(foot.recording.index, np.arange(seconds * 1000))
        assert foot.recording.gaps.size == 0
    assert main(["analyse", str(trial), "--json", str(result), "--quiet"]) == 0
    found = json.loads(result.read_text())
    for side, delta in (("left", 0.1), ("right", 0.2)):
        truth = mli(region_means(reference_layout(), GeneratorA(reference_layout(), "run").pti_kpa_s(0.3, delta)))
        assert found[side]["n_valid"] >= 20
        assert found[side]["indices"]["mli"]["mean"] == pytest.approx(truth, abs=0.3)


def test_swapped_links_are_noticed(tmp_path):
    with simulated(tmp_path / "a", side="left") as left, pytest.raises(UsageError, match="says that it is a left one"):
        recorded(tmp_path, 1.0, right=left.port)


# --- simulate as a program -------------------------------------------------------------------------------------------


def simulate(*arguments):
    """``insole simulate`` in a process of its own."""
    command = [sys.executable, "-m", "insole.cli", "simulate", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(process, links):
    deadline = time.monotonic() + 60.0
    while not all(link.is_symlink() and link.exists() for link in links):
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline, "no port appeared"
        time.sleep(0.02)


def children_of(pid):
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and re.search(rf"^PPid:\s+{pid}$", (entry / "status").read_text(), re.M):
                found.append(int(entry.name))
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for child processes in /proc")
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_clears_the_desk(tmp_path, signum):
    links = [tmp_path / "left", tmp_path / "right"]
    with simulate("--firmware", "uno", "--pair", "--left-link", str(links[0]), "--right-link", str(links[1])) as pair:
        wait_for(pair, links)
        desks = children_of(pair.pid)
        assert len(desks) == 2
        pair.send_signal(signum)
        assert pair.wait(30) == 130
    assert not any(os.path.exists(f"/proc/{pid}") for pid in desks)
    assert os.listdir(tmp_path) == []


# --- faults ----------------------------------------------------------------------------------------------------------


def contiguous(trial, scans):
    index = trial.feet["left"].recording.index
    np.testing.assert_array_equal(index, np.arange(index.size))
    assert index.size in scans
    return index.size


@pytest.mark.parametrize(
    ("fault", "mcusr", "cause"),
    [
        ("2.0 reset", 2, r"restarted after 1\.99\d s"),
        ("2.0 brownout 0.1", 4, r"restarted \(brown-out reset\) after 1\.99\d s"),
        ("2.0 hang", 8, r"restarted \(watchdog reset\) after 1\.99\d s"),
    ],
)
def test_a_restarted_board_is_no_wrap_and_no_loss(tmp_path, fault, mcusr, cause):
    with simulated(tmp_path, seconds=0, faults=fault) as board:
        outcome, trial = recorded(tmp_path, 5.0, left=board.port)
        again = session(board, 300)
    assert re.search(cause, outcome.reason)
    assert (outcome.end, trial.end) == ("interrupted", "interrupted")
    n = contiguous(trial, range(1998, 2001))
    foot = outcome.feet["left"]
    assert (foot.frames, foot.lost, foot.damaged, foot.dropped, foot.gaps) == (n, 0, 0, 0, 0)
    assert again.identify.boot_id == trial.feet["left"].identify.boot_id + 1
    assert again.frames["sequence"][0] == 0
    assert Written(tmp_path).of(RESET)["code"].tolist() == [mcusr]


def test_an_unplugged_cable_is_no_restart(tmp_path):
    with simulated(tmp_path, seconds=10.0, faults="2.0 unplug 0.5") as board:
        outcome, trial = recorded(tmp_path, 5.0, left=board.port)
        assert "went away" in outcome.reason
        assert (outcome.end, outcome.feet["left"].gaps) == ("interrupted", 0)
        contiguous(trial, range(1998, 2001))
        board.wait_ready()
        again = session(board, 300)
    # It went on counting boots where it was, and nothing told it of the cable.
    assert trial.feet["left"].identify.boot_id == again.identify.boot_id == BOOTS + 1
    assert not again.damaged
    assert Written(tmp_path).of(RESET).size == 0


def test_a_stalled_host_loses_exactly_what_its_bridge_could_not_hold(tmp_path):
    with simulated(tmp_path, seconds=10.0, faults="1.5 stall 0.5") as board:
        outcome, trial = recorded(tmp_path, 3.0, left=board.port)
        board.wait(60.0)
    lost_bytes = Written(tmp_path).details(STALL_END)
    foot, recording = outcome.feet["left"], trial.feet["left"].recording
    assert trial.end == "complete"
    assert lost_bytes[0] > 0
    assert recording.gaps["kind"].tolist() == [b"lost"]
    assert foot.lost == recording.gaps["length"][0] == pytest.approx(lost_bytes[0] / 32, abs=1.0)
    assert foot.frames + foot.lost == 3000
    # The board knows nothing of it: all were sent.
    assert {status.frames_dropped for status in trial.feet["left"].status} == {0}
    assert_measured(tmp_path, recording)


def assert_measured(folder, recording):
    """All that is in the recording is what the ADC latched in those scans."""
    codes, _ = latched(Written(folder))
    np.testing.assert_array_equal(recording.values, codes[recording.index])


def test_garbage_costs_the_frame_it_fell_into(tmp_path):
    with simulated(tmp_path, seconds=10.0, faults="1.5 garbage 1000") as board:
        outcome, trial = recorded(tmp_path, 3.0, left=board.port)
        board.wait(60.0)
    recording = trial.feet["left"].recording
    assert trial.end == "complete"
    assert recording.gaps["kind"].tolist() == [b"damaged"]
    assert recording.gaps["start_index"][0] in (1498, 1499, 1500)
    assert outcome.feet["left"].damaged == recording.gaps["length"][0] <= 2
    assert_measured(tmp_path, recording)


def test_flipped_bits_cost_exactly_the_packets_they_hit(tmp_path):
    run = run_of(tmp_path, 4000, seconds=10.0, faults="0.5 flip 0.001 3")
    flips = run.written.of(FLIP)
    positions = np.array(run.written.details(FLIP)) - 1 - (run.written.report["bytes_sent"] - len(run.raw))
    clean = bytearray(run.raw)
    for at, bit in zip(positions.tolist(), flips["channel"].tolist(), strict=True):
        clean[at] ^= 1 << bit
    assert flips.size > 50
    ends = np.flatnonzero(np.frombuffer(bytes(clean), dtype=np.uint8) == 0)
    hit = np.searchsorted(ends, positions)  # packets; a delimiter takes the next one along
    spoilt = set(hit.tolist()) | {int(p) + 1 for p, at in zip(hit, positions, strict=True) if at in ends}
    expected, packet = [], 0
    decoder = Decoder()
    decoder.feed(encode_record(run.identify))
    for packet, (start, end) in enumerate(zip([0, *(ends[:-1] + 1)], ends + 1, strict=True)):
        for event in decoder.feed(bytes(clean[start:end])):
            if isinstance(event, np.ndarray) and packet not in spoilt:
                expected.append(event)
    assert decoder.damaged == 0
    np.testing.assert_array_equal(run.frames, np.concatenate(expected))
    codes, _ = latched(run.written)
    np.testing.assert_array_equal(run.frames["counts"], codes[run.index])


def test_a_wrong_speed_for_a_while_is_damage_and_nothing_false_is_accepted(tmp_path):
    with simulated(tmp_path, seconds=10.0, faults="1.5 baud 500000 0.2") as board:
        outcome, trial = recorded(tmp_path, 3.0, left=board.port)
        board.wait(60.0)
    foot, recording = outcome.feet["left"], trial.feet["left"].recording
    assert trial.end == "complete"
    assert foot.frames + foot.lost + foot.damaged == 3000
    assert 200 <= 3000 - foot.frames <= 205
    assert foot.damaged > 50
    assert set(recording.gaps["kind"].tolist()) <= {b"damaged", b"mixed"}
    assert foot.dropped == 0
    assert_measured(tmp_path, recording)


def test_a_wrong_speed_for_good_ends_the_recording(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "SILENT_S", 2.0)
    with simulated(tmp_path, seconds=60.0, faults="1.5 baud 500000", paced=True) as board:
        outcome, trial = recorded(tmp_path, 30.0, left=board.port)
    assert re.search(r"nothing but damage for 2 s, after 1\.\d+ s; check its cable and line speed", outcome.reason)
    contiguous(trial, range(1450, 1501))


def test_a_wrong_speed_from_the_start_is_not_taken_for_an_insole(tmp_path, monkeypatch):
    monkeypatch.setattr(handshake, "IDENTIFY_WITHIN_S", 0.5)
    with simulated(tmp_path, baud=500_000) as board, pytest.raises(LinkError, match="no insole identified itself"):
        recorded(tmp_path, 1.0, left=board.port)


def test_a_lost_conversion_is_dropped_and_counted_by_the_board(tmp_path):
    with simulated(tmp_path, seconds=10.0, faults="1.5 drop_adc\n2.2 drop_adc\n") as board:
        outcome, trial = recorded(tmp_path, 3.0, left=board.port)
    foot, gaps = outcome.feet["left"], trial.feet["left"].recording.gaps
    assert trial.end == "complete"
    assert (foot.frames, foot.lost, foot.damaged, foot.dropped, foot.gaps) == (2998, 0, 0, 2, 2)
    assert gaps["start_index"].tolist() == [1500, 2200]
    assert gaps["kind"].tolist() == [b"board", b"board"]
    assert trial.feet["left"].status[-1].overruns == 2


# --- time ------------------------------------------------------------------------------------------------------------


def wire(late_s):
    """Three pulses on the sync wire, 50 ms long."""
    return "".join(f"{t + late_s:g} sync 1\n{t + late_s + 0.05:g} sync 0\n" for t in (0.5, 1.5, 2.5))



def test_a_clock_that_is_off_is_off_by_exactly_that(tmp_path):
    run = run_of(tmp_path, 3000, clock_ppm=2000)
    assert (np.diff(run.frames["device_time_us"]) == 1000).all()
    _, times_us = latched(run.written)
    true_us = times_us[2900, 0] - times_us[0, 0]
    assert 2_900_000 / true_us == pytest.approx(1.002, abs=2e-6)


def test_a_fixed_latency_is_invisible_without_the_sync_wire_and_gone_with_it(tmp_path):
    """Stamps as an undisturbed host would give them: when the last byte had come, on one side 3 ms later."""
    runs = {side: run_of(tmp_path / side, 4000, side=side, pulses=wire(0.0)) for side in ("left", "right")}
    feet, fits = {}, {}
    for side, run in runs.items():
        _, times_us = latched(run.written)
        chunk = np.arange(19, 4000, 20)
        stamps = run.frames["device_time_us"].astype(np.int64)
        arrival_s = 1e-6 * times_us[chunk, 15] + 0.0004 + (0.003 if side == "right" else 0.0)
        fits[side] = fit_clock(stamps[chunk], arrival_s)
        feet[side] = stamps
    first_us = {side: int(stamps[0]) for side, stamps in feet.items()}
    blind = common_base(fits, first_us)
    pulses = {side: run.of(Pulse) for side, run in runs.items()}
    seeing, moved = wired(blind, pulses, first_us)
    late = {
        name: clocks["right"].time_s(feet["right"])[:4000] - clocks["left"].time_s(feet["left"])[:4000]
        for name, clocks in (("blind", blind), ("seeing", seeing))
    }
    # Both boards scanned at the same moments of one virtual clock. Nothing in the fit tells of the 3 ms ...
    assert late["blind"] == pytest.approx(np.full(4000, 0.003), abs=2e-5)
    for quality in ("residual_s", "drift_ppm"):
        assert getattr(blind["right"], quality) == pytest.approx(getattr(blind["left"], quality), abs=1e-4)
    # ... the wire does, and they are gone.
    assert moved == pytest.approx(-0.003, abs=2e-5)
    assert late["seeing"] == pytest.approx(np.zeros(4000), abs=2e-5)


def test_a_recorded_pair_is_put_together_by_its_sync_wire(tmp_path):
    """The right board was started 3 ms before the left one, so that the pulses come 3 ms later on its clock."""
    with (
        simulated(tmp_path / "l", pulses=wire(0.0)) as left,
        simulated(tmp_path / "r", side="right", pulses=wire(0.003), faults="0 latency 3") as right,
    ):
        outcome, trial = recorded(tmp_path, 3.0, left=left.port, right=right.port)
    assert outcome.end == "complete"
    seen = {}
    for side, foot in trial.feet.items():
        assert foot.recording.gaps.size == 0  # a latency costs nothing
        edges = [p.device_time_us for p in foot.pulses if p.level == 1]
        seen[side] = np.interp(edges, foot.device_time_us.astype(np.int64), foot.recording.time_s)
        assert len(edges) == 3
        rising = np.flatnonzero(np.diff(foot.frame_flags.astype(int)) == 1) + 1
        assert (np.abs(foot.recording.time_s[rising] - seen[side]) <= 0.001).all()
    assert "sync_moved_s" not in trial.feet["left"].clock
    np.testing.assert_allclose(seen["right"], seen["left"], atol=2e-5)
    if not trial.feet["right"].clock["aligned"]:  # as it is unless the desk happened to run at the pace of the wall
        assert trial.feet["right"].clock["sync_moved_s"] == pytest.approx(-0.003, abs=2e-5)
        assert trial.feet["left"].recording.time_s[0] == pytest.approx(0.003, abs=2e-5)


# --- planted bugs ----------------------------------------------------------------------------------------------------


def healthy(folder, elf=None):
    """A short run that shows every planted bug: reset, start, a run across a wrap of the timer, stop."""
    query = "gait=walk&medial=0.1&seed=2"
    run = run_of(folder, 2600, elf=elf, query=query, before=1500, faults="1.0 reset\n")
    faultless(run, 2600, 1000)
    return run


def test_the_short_run_is_passed_by_the_firmware_as_it_is(tmp_path):
    assert healthy(tmp_path).of(Status)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_planted_bug_is_found(tmp_path, mutant):
    elf = build_firmware("mega", plant(mutant, tmp_path))
    with pytest.raises(AssertionError, match=mutant.words):
        healthy(tmp_path / "run", elf)


def test_a_mutant_is_another_build(tmp_path):
    assert build_firmware("mega", plant(MUTANTS[0], tmp_path)) != build_firmware("mega")
    assert silicon.cache_folder().is_dir()
