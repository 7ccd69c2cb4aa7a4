"""The whole chain as a stranger's insole meets it: protocol, trial file, steps and indices against closed forms.

The boards and feet are of ``stranger.py``, which knows the protocol page and the methods, and nothing of Insole.
Walking trials run in real time, all at once in processes of their own, because both feet come onto one time base by
when their bytes arrive. The trials with holes run as fast as the host reads.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import stranger
from stranger import FSR_LOW, LEFT, RIGHT, U32, Board, Bumps, Device, ExactCop, Hole, Walker

from insole.cli import main

DURATION_S, UNLOADED_S, STANDING_S, FIRST_CONTACT_S = 31, 2.0, 2.0, 4.45
SIDES = ("left", "right")
WHO = ["--subject", "S07", "--mass-kg", "70", "--condition", "barefoot", "--incline", "4 %", "--speed", "4.5 mph"]

# ------------------------------------------------------------------------------ what the protocol page prints


@pytest.mark.parametrize(
    ("wire", "printed"),
    [
        (stranger.stuffed(bytes.fromhex("11220033")), "03 11 22 02 33 00"),
        (stranger.stuffed(b"\0"), "01 01 00"),
        (stranger.stuffed(b"\x11\0\0"), "02 11 01 01 00"),
        (stranger.packed(np.array([[0x123, 0xABC, 0xFFF]]), 12)[0], "23 c1 ab ff 0f"),
        (
            stranger.frame(
                4660,
                65_538_000,
                1,
                stranger.packed(
                    np.array([[0, 1, 2, 3, 1023, 512, 256, 255, 100, 200, 300, 400, 500, 600, 700, 800]]), 10
                )[0],
            ),
            "09 01 34 12 d0 07 e8 03 01 04 04 20 c0 12 ff 03 08 d0 3f 64 20 c3 12 64 f4 61 c9 2b c8 46 4e 00",
        ),
        (
            stranger.status(66_538_000, 999, 1, 4987, 314),
            "08 03 10 4a f7 03 e7 03 01 02 01 01 01 01 01 01 01 07 7b 13 3a 01 dd 18 00",
        ),
        (stranger.pulse(65_900_123, 0, 1, 17), "06 04 5b 8e ed 03 03 01 11 01 01 03 1b f1 00"),
        (stranger.reply(stranger.START), "03 05 82 01 03 22 d4 00"),
        (stranger.packet(stranger.ASK_IDENTIFY), "04 81 06 9a 00"),
        (stranger.packet(stranger.SET_RATE, b"\xe8\x03"), "06 84 e8 03 7c 43 00"),
    ],
)
def test_the_stranger_writes_the_bytes_the_page_prints(wire: bytes, printed: str) -> None:
    assert wire.hex(" ") == printed
    assert stranger.crc16(b"123456789") == 0x6F91
    if printed.endswith("00"):
        body = stranger.unstuffed(wire[:-1])
        assert body is not None
        assert stranger.stuffed(body) == wire


@pytest.mark.parametrize(
    ("gait", "medial", "printed"),
    [
        ("run", 0.0, (12.222318, -9.902843, 41.712505)),
        ("run", 0.1, (21.143729, -2.508484, 39.408929)),
        ("run", 0.2, (29.852481, 4.743699, 37.158822)),
        ("walk", 0.0, (15.346114, -4.710836, 42.112298)),
        ("walk", 0.1, (23.464989, 2.264643, 39.631113)),
    ],
)
def test_the_strangers_feet_are_those_of_the_methods(
    gait: str, medial: float, printed: tuple[float, float, float]
) -> None:
    truth = Bumps(gait, medial).indices()
    assert (truth["mli"], truth["foot_balance"], truth["mt34"]) == pytest.approx(printed, abs=5e-7)


@pytest.mark.parametrize(
    ("gait", "kappa", "on_ms", "off_ms"),
    [("run", 0.7465, 1.03, -11.65), ("walk", 0.5767, 1.82, -2.85), ("run", 1, 0.76, -10.19), ("walk", 1, 1.04, -1.62)],
)
def test_the_strangers_events_are_those_of_the_methods(gait: str, kappa: float, on_ms: float, off_ms: float) -> None:
    foot = Bumps(gait, 0.1)
    if kappa != 1:
        assert stranger.common_kappa(foot, foot) == pytest.approx(kappa, abs=5e-5)
    on_s, off_s = Walker(foot, kappa, 10.0, 1).events_s(kappa)
    assert (on_s[0] - 10.0) * 1000 == pytest.approx(on_ms, abs=0.006)
    assert (off_s[0] - 10.0 - foot.stance_s) * 1000 == pytest.approx(off_ms, abs=0.006)


# ---------------------------------------------------------------------------------------------- walking trials


@dataclass(frozen=True)
class Scenario:
    """Two feet, the size of their insoles, and what is special about their boards."""

    feet: dict[str, Bumps | ExactCop]
    size_eu: int = 42
    preload_n: float = 0.0
    holes: tuple[Hole, ...] = ()
    boards: tuple[Board, Board] = (Board(LEFT), Board(RIGHT, boot_id=2))
    real_time: bool = False

    def walker(self, side: str) -> Walker:
        kappa = stranger.common_kappa(self.feet["left"], self.feet["right"])
        foot = self.feet[side]
        first_s = FIRST_CONTACT_S + (foot.stride_s / 2 if side == "right" else 0)
        n_contacts = int((DURATION_S + 1 - first_s) / foot.stride_s)
        return Walker(foot, kappa, first_s, n_contacts, UNLOADED_S, STANDING_S, preload_n=self.preload_n)

    def device(self, side: str) -> Device:
        board, walker = self.boards[SIDES.index(side)], self.walker(side)
        start_us = 5_000_000 if side == "left" else U32 - 9_000_000  # the clocks have nothing in common; one wraps
        t_s = np.arange((DURATION_S + 2) * board.rate_hz) / board.rate_hz
        chunks = stranger.stream(board, board.counts(walker.pressures_kpa(t_s)), len(t_s), start_us, self.holes)
        return Device(board, chunks, self.real_time)


def a_pair(gait: str, left: float, right: float, size_eu: int = 42) -> dict[str, Bumps | ExactCop]:
    return {"left": Bumps(gait, left, size_eu), "right": Bumps(gait, right, size_eu)}


SCENARIOS = {
    "run 42": Scenario(a_pair("run", 0.1, 0.2), real_time=True),
    "run 44 swapped": Scenario(
        a_pair("run", 0.2, 0.1, 44), 44, boards=(Board(LEFT, "ref16-EU44"), Board(RIGHT, "ref16-EU44"))
    ),
    "walk 42 swapped": Scenario(a_pair("walk", 0.2, 0.1)),
    "walk 44": Scenario(
        a_pair("walk", 0.1, 0.2, 44),
        44,
        boards=(
            Board(LEFT, "ref16-EU44", bits=12, circuit=FSR_LOW, r_m_ohm=1500),
            Board(RIGHT, "ref16-EU44", bits=16, r_m_ohm=4700),
        ),
    ),
    "preload": Scenario(a_pair("run", 0.1, 0.2), preload_n=0.8),
    "holes": Scenario(
        a_pair("run", 0.1, 0.2), holes=(Hole(12_000, 50, "lost"), Hole(18_000, 1100, "board")), real_time=True
    ),
    "exact CoP": Scenario({"left": ExactCop(), "right": ExactCop(x_mm=6.0, c_mm=8.0)}),
}
PLAIN_GAIT = ["run 42", "run 44 swapped", "walk 42 swapped", "walk 44"]


@dataclass(frozen=True)
class Outcome:
    scenario: Scenario
    path: Path
    result: dict[str, Any]
    rows: dict[str, list[dict[str, str]]]
    began_s: dict[str, float]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All walking trials, recorded side by side through the public command line, then analysed."""
    folder = tmp_path_factory.mktemp("stranger")
    devices = {name: {side: scene.device(side) for side in SIDES} for name, scene in SCENARIOS.items()}
    paths = {name: folder / f"{name.replace(' ', '-')}.h5" for name in SCENARIOS}
    with ExitStack() as stack:
        for pair in devices.values():
            for device in pair.values():
                stack.enter_context(device)
        recordings = {}
        for name, scene in SCENARIOS.items():
            urls = [word for side in SIDES for word in (f"--{side}", devices[name][side].url)]
            spans = ["--unloaded-s", str(UNLOADED_S), "--standing-s", str(STANDING_S)]
            command = [sys.executable, "-m", "insole.cli", "record", "-o", str(paths[name]), *urls, "--quiet"]
            command += ["--duration", str(DURATION_S), "--size-eu", str(scene.size_eu), *spans, *WHO]
            recordings[name] = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        try:
            for name, recording in recordings.items():
                _, said = recording.communicate(timeout=DURATION_S + 30)
                assert recording.returncode == 0, f"{name}: {said}"
        finally:
            for recording in recordings.values():
                recording.kill()
    return {name: _analysed(scene, paths[name], devices[name]) for name, scene in SCENARIOS.items()}


def _analysed(scene: Scenario, path: Path, devices: dict[str, Device]) -> Outcome:
    steps, result = path.with_suffix(".csv"), path.with_suffix(".json")
    assert main(["analyse", str(path), "--steps", str(steps), "--json", str(result), "--quiet"]) == 0
    with steps.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    began_s = {side: devices[side].started_s or 0.0 for side in SIDES}
    by_side = {side: [row for row in rows if row["side"] == side] for side in SIDES}
    return Outcome(scene, path, json.loads(result.read_text(encoding="utf-8")), by_side, began_s)


def mean(outcome: Outcome, side: str, index: str) -> float:
    value = outcome.result[side]["indices"][index]["mean"]
    assert value is not None, f"{index}: {outcome.result[side]}"
    return float(value)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", PLAIN_GAIT)
def test_each_foot_keeps_its_own_medial_loading(outcomes: dict[str, Outcome], name: str, side: str) -> None:
    outcome = outcomes[name]
    truth = outcome.scenario.feet[side].indices()
    assert outcome.result[side]["n_valid"] == len(outcome.rows[side]) - 10, outcome.result[side]["rejected"]
    for index in ("mli", "mt34", "foot_balance"):
        assert mean(outcome, side, index) == pytest.approx(truth[index], abs=0.2), index
        for row in outcome.rows[side]:
            assert float(row[index]) == pytest.approx(truth[index], abs=0.2), (index, row["step"])


def events_in_trial_time(outcome: Outcome, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Threshold truth, carried from the board's scans to the trial's time by the file."""
    with h5py.File(outcome.path) as file:
        kappa_event = float(file.attrs["kappa_event"])
        assert file.attrs["kappa_event_source"] == b"static"
        index, time_s = file[side]["index"][:], file[side]["time_s"][:]
        rate_hz = float(file[side].attrs["sample_rate_hz"])
    on_s, off_s = outcome.scenario.walker(side).events_s(kappa_event)
    whole = off_s < DURATION_S - 0.1  # the machine waits 60 ms behind a toe-off
    return tuple(np.interp(t[whole] * rate_hz, index, time_s) for t in (on_s, off_s))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", [*PLAIN_GAIT, "preload", "exact CoP"])
def test_events_stand_where_the_closed_form_crosses_the_threshold(
    outcomes: dict[str, Outcome], name: str, side: str
) -> None:
    outcome = outcomes[name]
    on_s, off_s = events_in_trial_time(outcome, side)
    rows = outcome.rows[side]
    assert len(rows) == len(on_s)
    assert np.abs(np.array([float(row["initial_contact_s"]) for row in rows]) - on_s).max() < 0.0015
    assert np.abs(np.array([float(row["toe_off_s"]) for row in rows]) - off_s).max() < 0.0015


@pytest.mark.parametrize("name", SCENARIOS)
def test_standing_gives_the_force_scale_and_steps_carry_the_weight(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    left, right = (outcome.scenario.feet[side] for side in SIDES)
    # Two boards on the wall clock do not start in the same instant, so one stands a little shorter than the span.
    exact = 0.06 if outcome.scenario.real_time else 0.01
    with h5py.File(outcome.path) as file:
        assert float(file.attrs["kappa_event"]) == pytest.approx(stranger.common_kappa(left, right), rel=exact)
    both_bw_s = sum(mean(outcome, side, "impulse_bw_s") for side in SIDES)
    assert both_bw_s == pytest.approx(left.stride_s, rel=0.01)
    share = left.impulse_n_s() / (left.impulse_n_s() + right.impulse_n_s())
    assert mean(outcome, "left", "impulse_bw_s") / both_bw_s == pytest.approx(share, abs=0.003)


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_feet_stand_on_one_time_base(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    with h5py.File(outcome.path) as file:
        first_s = {side: float(file[side]["time_s"][0]) for side in SIDES}
        length_s = {side: float(np.ptp(file[side]["time_s"][:])) for side in SIDES}
    for side in SIDES:
        assert length_s[side] == pytest.approx(DURATION_S, abs=0.05)
    # Bytes that come faster than they were sampled tell no time: then each foot counts from its own first scan.
    later_s = outcome.began_s["right"] - outcome.began_s["left"] if outcome.scenario.real_time else 0.0
    assert first_s["right"] - first_s["left"] == pytest.approx(later_s, abs=0.03)
    assert ("clock_not_aligned" in outcome.result["flags"]) == (not outcome.scenario.real_time)


@pytest.mark.parametrize("side", SIDES)
def test_a_constant_preload_hides_no_step_and_moves_no_balance(outcomes: dict[str, Outcome], side: str) -> None:
    outcome = outcomes["preload"]
    assert outcome.result[side]["n_valid"] == len(outcome.rows[side]) - 10 >= 20
    truth = outcome.scenario.feet[side].indices()
    assert mean(outcome, side, "mli") == pytest.approx(truth["mli"], abs=0.3)


@pytest.mark.parametrize("side", SIDES)
def test_steps_that_a_hole_touches_fall_out_and_the_others_keep_their_numbers(
    outcomes: dict[str, Outcome], side: str
) -> None:
    outcome = outcomes["holes"]
    said, truth = outcome.result[side], outcome.scenario.feet[side].indices()
    holes_s = [(h.start / 1000, (h.start + h.length) / 1000) for h in outcome.scenario.holes]
    on_s, off_s = outcome.scenario.walker(side).events_s(1.0)
    whole = off_s < DURATION_S - 0.1
    touched = sum(
        any(on - 0.02 < end and start < off + 0.02 for start, end in holes_s)
        for on, off in zip(on_s[whole], off_s[whole], strict=True)
    )
    assert said["n_contacts"] == said["n_valid"] + sum(said["rejected"].values())
    assert said["n_contacts"] == len(on_s[whole]) - touched
    assert said["n_valid"] == said["n_contacts"] - 10, said["rejected"]
    assert said["n_broken"] == (2 if side == "left" else 0)  # on the ground when a hole began
    assert mean(outcome, side, "mli") == pytest.approx(truth["mli"], abs=0.2)
    assert mean(outcome, side, "mt34") == pytest.approx(truth["mt34"], abs=0.2)


def test_the_centre_of_pressure_is_medial_positive_on_both_feet(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["exact CoP"]
    u = np.linspace(0, 1, 20001)
    for side, sign in (("left", -1), ("right", 1)):
        foot = outcome.scenario.feet[side]
        assert isinstance(foot, ExactCop)
        force = foot.force_n(u)
        inside = force >= 0.1 * 70 * stranger.G_M_S2
        x, y = foot.path_mm(u)[inside].T
        mean_x = 100 * float(x @ force[inside]) / float(force[inside].sum()) / 48
        assert np.sign(mean_x) == sign
        assert mean(outcome, side, "xm") == pytest.approx(mean_x, abs=0.2)
        assert mean(outcome, side, "strike_index") == pytest.approx(100 * y[0] / 275, abs=0.6)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_file_holds_the_board_and_every_count(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    areas = dict(zip(stranger.SENSORS, stranger.AREA_MM2 * (outcome.scenario.size_eu / 42) ** 2, strict=True))
    with h5py.File(outcome.path) as file:
        for side, board in zip(SIDES, outcome.scenario.boards, strict=True):
            group = file[side]
            index = group["index"][:]
            missing = [scan for hole in outcome.scenario.holes for scan in range(hole.start, hole.start + hole.length)]
            assert np.array_equal(index, np.setdiff1d(np.arange(DURATION_S * board.rate_hz), missing))
            assert reported(group) == expected(outcome.scenario.holes)
            t_s = index / board.rate_hz
            assert np.array_equal(group["values"][:], board.counts(outcome.scenario.walker(side).pressures_kpa(t_s)))
            said = json.loads(group["identify_json"][0])
            assert (said["side"], said["bits"], said["r_m_ohm"]) == (side, board.bits, board.r_m_ohm)
            assert group.attrs["circuit"] == (b"fsr_low" if board.circuit == FSR_LOW else b"fsr_high")
            layout = json.loads(group["layout_json"][0])
            assert {s["id"]: s["trib_area_mm2"] for s in layout["sensors"]} == pytest.approx(areas, rel=0.005)
            assert all(s["x_mm"] > 0 for s in layout["sensors"] if s["id"] in ("HM", "M1", "M2", "T1"))


# ------------------------------------------------------------------------------------------------------- holes

PLAIN = Board(LEFT)
NOISE = np.random.default_rng(20).integers(1, 1024, (1009, 16))  # no zero among the counts, no row twice in 1009


def with_holes(
    path: Path, holes: list[Hole], seconds: int, start_us: int = 5_000_000, board: Board = PLAIN, **more: Any
) -> h5py.File:
    """Record a board that loses these scans, and hold the file to everything but its table of gaps."""
    chunks = list(stranger.stream(board, NOISE, (seconds + 3) * 1000, start_us, holes, **more))
    with Device(board, chunks) as device:
        arguments = ["record", "-o", str(path), "--left", device.url, "--duration", str(seconds), "--quiet"]
        assert main([*arguments, "--size-eu", "42", "--mass-kg", "70"]) == 0
    file = h5py.File(path)
    index = file["left/index"][:]
    missing = [scan for hole in holes for scan in range(hole.start, hole.start + hole.length)]
    assert np.array_equal(index, np.setdiff1d(np.arange(seconds * 1000), missing))
    assert np.array_equal(file["left/values"][:], NOISE[index % len(NOISE)])
    assert np.array_equal(file["left/device_time_us"][:], (start_us + index * 1000) % U32)
    assert len(file["left/time_s"]) == len(file["left/frame_flags"]) == len(index)
    return file


def reported(foot: h5py.Group) -> list[tuple[int, int, str, int, int]]:
    """(start, length, kind, damaged, dropped) of each hole."""
    names = ("start_index", "length", "kind", "n_damaged", "n_dropped")
    return [(int(r[0]), int(r[1]), r[2].decode(), int(r[3]), int(r[4])) for r in foot["gaps"][:][list(names)]]


def expected(holes: Iterable[Hole]) -> list[tuple[int, int, str, int, int]]:
    return [
        (h.start, h.length, h.kind, h.length if h.kind == "damaged" else 0, h.length if h.kind == "board" else 0)
        for h in holes
    ]


WRAP_US = U32 - 4_000_000 - 123  # the clock wraps 4 s after the start, between two scans
HOLES = {
    "of every kind": (
        [
            Hole(1, 1, "lost"), Hole(1234, 1, "damaged"), Hole(1999, 1, "lost"), Hole(2500, 7, "damaged"),
            Hole(3700, 25, "board"), Hole(4100, 1, "board"), Hole(5990, 20, "lost"), Hole(7990, 20, "board"),
            Hole(9000, 1, "board"), Hole(9990, 20, "damaged"), Hole(10_500, 2, "lost"), Hole(10_999, 1, "lost"),
        ], 12, 5_000_000,
    ),
    "whole turns of the sequence lost": (
        [
            Hole(2300, 65_536, "lost"), Hole(69_500, 3, "damaged"), Hole(70_000, 131_072, "lost"),
            Hole(202_000, 65_535, "lost"), Hole(268_000, 65_537, "lost"),
        ], 336, 5_000_000,
    ),
    "whole turns of the sequence dropped": (
        [Hole(2300, 65_536, "board"), Hole(70_000, 131_072, "board"), Hole(204_100, 1, "lost")], 206, 5_000_000,
    ),
    "across the µs wrap": ([Hole(3990, 20, "lost"), Hole(5000, 4, "board")], 7, WRAP_US),
    "dropped across the µs wrap": ([Hole(3990, 20, "board")], 7, WRAP_US),
    "damaged across the µs wrap": ([Hole(3998, 5, "damaged")], 7, WRAP_US),
    "65 536 lost across the µs wrap": ([Hole(2300, 65_536, "lost")], 70, WRAP_US),
    "at the wrap of the sequence": (
        [Hole(2000, 62_000, "board"), Hole(65_530, 10, "lost"), Hole(65_541, 1, "damaged")], 68, 5_000_000,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("holes", "seconds", "start_us"), HOLES.values(), ids=HOLES)
def test_each_hole_is_reported_in_place_length_and_kind(
    tmp_path: Path, holes: list[Hole], seconds: int, start_us: int
) -> None:
    with with_holes(tmp_path / "T.h5", holes, seconds, start_us) as file:
        assert reported(file["left"]) == expected(holes)


def test_neighbours_of_two_kinds_are_counted_apart(tmp_path: Path) -> None:
    """One hole of two causes is mixed; two equal holes between two statuses keep their place, and the sum is right."""
    holes = [
        Hole(1100, 3, "board"), Hole(1103, 2, "damaged"), Hole(2100, 2, "damaged"), Hole(2102, 4, "lost"),
        Hole(3100, 25, "board"), Hole(3500, 3, "lost"), Hole(4100, 1, "board"), Hole(4102, 1, "lost"),
    ]  # fmt: skip
    with with_holes(tmp_path / "T.h5", holes, 6) as file:
        first, second, third, fourth, *doubtful = reported(file["left"])
    assert first == (1100, 5, "mixed", 2, 3)
    assert second == (2100, 6, "mixed", 2, 0)
    assert [third, fourth] == expected(holes[4:6])
    assert [hole[:2] for hole in doubtful] == [(4100, 1), (4102, 1)]
    assert sum(hole[4] for hole in doubtful) == 1


def test_damaged_delimiters_and_rubbish_invent_nothing(tmp_path: Path) -> None:
    """A delimiter that became a byte takes two frames with it, a byte that became a delimiter one, rubbish none."""
    chunks = list(stranger.stream(PLAIN, NOISE, 8000))

    def spoilt(chunk: int, packet: int, at: int, value: int) -> None:
        wire = bytearray(chunks[chunk].wire)
        ends = [i for i, byte in enumerate(wire) if byte == 0]
        wire[ends[packet] + at] = value
        chunks[chunk] = replace(chunks[chunk], wire=bytes(wire))

    spoilt(101, 4, 0, 0x40)
    spoilt(151, 4, -9, 0)
    chunks[201] = replace(chunks[201], wire=b"\x55\xaa\x01rubbish\0\0\0\x02\x0c\0" + chunks[201].wire)
    path = tmp_path / "T.h5"
    with Device(PLAIN, chunks) as device:
        arguments = ["record", "-o", str(path), "--left", device.url, "--duration", "5", "--quiet"]
        assert main([*arguments, "--size-eu", "42", "--mass-kg", "70"]) == 0
    with h5py.File(path) as file:
        index = file["left/index"][:]
        assert reported(file["left"]) == [(2024, 2, "damaged", 2, 0), (3024, 1, "damaged", 1, 0)]
        assert np.array_equal(index, np.setdiff1d(np.arange(5000), [2024, 2025, 3024]))
        assert np.array_equal(file["left/values"][:], NOISE[index % len(NOISE)])


def test_a_newer_minor_version_and_unknown_records_change_nothing(tmp_path: Path) -> None:
    board = Board(LEFT, minor=9, appended=b"\x07\x00new")
    holes = [Hole(2500, 3, "board")]
    unknown = stranger.packet(0x2A, b"from the future")
    with with_holes(
        tmp_path / "T.h5", holes, 6, board=board, extra=lambda scan: unknown + b"\0\0" if scan % 97 == 0 else b""
    ) as file:
        assert reported(file["left"]) == expected(holes)
        assert json.loads(file["left/identify_json"][0])["protocol_minor"] == 9
