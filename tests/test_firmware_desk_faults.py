"""Faults that the desk brings about: each does what it says, to the byte, and is written down."""

from __future__ import annotations

import os
import termios
import time

import numpy as np
import pytest
from desk import (
    BAUD,
    FLIP,
    GARBAGE,
    HANG,
    LATENCY,
    PLUG,
    STALL_END,
    UNPLUG,
    Desk,
    make_desk,
    make_probe,
)

pytestmark = pytest.mark.firmware

BYTES_A_MS = 36
ROWS = 2500 + 2400 * np.sin(np.arange(1500)[:, None] / 40 + np.arange(16))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    return make_desk(folder), make_probe(folder, "mega")


@pytest.fixture
def probe(built, tmp_path):
    def start(name="run", **options):
        return Desk(built[0], built[1], "mega", tmp_path / name, ROWS, **{"seconds": 1, **options})

    return start


@pytest.fixture
def run(probe):
    def streamed(**options):
        with probe(**options) as desk:
            desk.write(b"Z")
            return desk.rest(), desk.finish()

    return streamed


@pytest.fixture
def clean(run):
    data, written = run(name="clean")
    assert len(data) >= 998 * BYTES_A_MS
    assert written.report["bytes_lost"] == 0
    return data


def common(a, b):
    """How many bytes a and b begin with in common."""
    n = min(len(a), len(b))
    differ = np.flatnonzero(np.frombuffer(a[:n], "u1") != np.frombuffer(b[:n], "u1"))
    return int(differ[0]) if differ.size else n


def test_flipped_bits(run, clean):
    data, written = run(faults="0.2 flip 0.01 0.5\n", seed=3)
    assert len(data) == len(clean)
    spoilt = np.frombuffer(data, "u1") ^ np.frombuffer(clean, "u1")
    at = np.flatnonzero(spoilt)
    flips = written.of(FLIP)
    assert [n - 1 for n in written.details(FLIP)] == at.tolist()
    assert (1 << flips["channel"]).tolist() == spoilt[at].tolist()
    assert at.size == pytest.approx(0.01 * 500 * BYTES_A_MS, rel=0.3)
    assert flips["t_us"].min() >= 200_000.0
    assert flips["t_us"].max() <= 700_500.0


def test_garbage(run, clean):
    data, written = run(faults="0.5 garbage 1000\n")
    before = common(data, clean)
    assert written.details(GARBAGE) == [1000]
    assert data[before + 1000 :] == clean[before:]
    assert abs(before - 500 * BYTES_A_MS) < 2 * BYTES_A_MS


def test_stall_loses_what_the_bridge_can_not_hold(run, clean):
    data, written = run(faults="0.3 stall 0.4 2000\n")
    (lost,) = written.details(STALL_END)
    assert lost == pytest.approx(400 * BYTES_A_MS - 2000, abs=2 * BYTES_A_MS)
    assert len(data) == len(clean) - lost
    before = common(data, clean)
    assert data[before:] == clean[before + lost :]
    assert before == pytest.approx(300 * BYTES_A_MS + 2000, abs=3 * BYTES_A_MS)
    assert written.report["bytes_lost"] == lost


def test_unplug_takes_the_port_away_and_gives_it_back(probe, clean):
    with probe(faults="0.3 unplug 0.25\n") as desk:
        desk.write(b"Z")
        data = desk.rest()
        desk.open_port()
        data += desk.rest()
        written = desk.finish()
    (lost,) = written.details(PLUG)
    assert lost == pytest.approx(250 * BYTES_A_MS, abs=2 * BYTES_A_MS)
    assert len(data) == len(clean) - lost
    before = common(data, clean)
    assert data[before:] == clean[before + lost :]
    assert written.of(PLUG)["t_us"] - written.of(UNPLUG)["t_us"] == pytest.approx([250_000.0], abs=1.0)


SPEEDS = [(1_015_000, True), (1_030_000, True), (970_000, True), (1_090_000, False), (940_000, False), (500_000, False)]


@pytest.mark.parametrize(("baud", "understood"), SPEEDS)
def test_a_wrong_speed_is_garbage_a_slightly_wrong_one_is_not(run, clean, baud, understood):
    """The UART of an AVR, and of most bridges, bears about 4.5 % (ds 2560 table 22-2), stop bit included."""
    data, written = run(faults=f"0.2 baud {baud}\n")
    assert written.details(BAUD) == [baud]
    before = common(data, clean)
    if understood:
        assert data == clean
    else:
        assert before == pytest.approx(200 * BYTES_A_MS, abs=2 * BYTES_A_MS)
        assert clean[before + 100 : before + 110] not in data[before:]
        assert data[before:].count(b"\xa5\x5a") < 40


def test_the_speed_that_the_host_sets_may_count(probe, clean):
    for code, right in ((termios.B1000000, True), (termios.B500000, False)):
        with probe(name=str(code), baud="host") as desk:
            mode = termios.tcgetattr(desk.port)
            mode[4] = mode[5] = code
            termios.tcsetattr(desk.port, termios.TCSANOW, mode)
            # A board that hears rubbish does not start.
            desk.write(b"Z" if right else b"ZZZZ")
            if right:
                assert desk.read(720) == clean[:720]
            else:
                time.sleep(0.3)
                assert desk.process.poll() is None
                os.set_blocking(desk.port, False)
                with pytest.raises(BlockingIOError):
                    os.read(desk.port, 1)


def test_latency_delays_and_loses_nothing(run, clean):
    data, written = run(faults="0 latency 50\n0.5 latency 0\n")
    assert data == clean
    assert written.details(LATENCY) == [50_000, 0]


def test_latency_is_time_on_the_wall_clock(probe):
    with probe(faults="0 latency 300\n", pace=1, seconds=0.5) as desk:
        time.sleep(0.1)
        began = time.monotonic()
        desk.write(b"Z")
        desk.read(1)
        assert time.monotonic() - began >= 0.3


def test_a_hang_ends_the_stream_and_nothing_else(run, clean):
    data, written = run(faults="0.4 hang\n")
    assert clean.startswith(data)
    assert len(data) == pytest.approx(400 * BYTES_A_MS, abs=2 * BYTES_A_MS)
    assert len(written.of(HANG)) == 1
    assert written.report["simulated_s"] == pytest.approx(1.0, abs=1e-5)


def test_a_slow_host_loses_nothing(probe, clean):
    """Unpaced, the board's time stands still while nobody reads."""
    with probe(seconds=1) as desk:
        desk.write(b"Z")
        data = b""
        for _ in range(4):
            time.sleep(0.1)
            data += desk.read(3000)
        data += desk.rest()
        written = desk.finish()
    assert data == clean
    assert written.report["bytes_lost"] == written.report["bytes_unheard"] == 0


def test_pulses_from_an_epoch_come_at_their_moment_of_the_wall_clock(probe):
    """Two boards on one wire, though they were switched on and started at different times."""
    wire = "".join(f"{0.6 + 0.1 * k} sync {1 - k % 2}\n" for k in range(6))
    epoch = time.monotonic()
    options = {"pace": 1, "seconds": 1.3, "pulses": wire, "epoch_s": repr(epoch)}
    with probe(name="left", **options) as left:
        time.sleep(0.15)
        left.write(b"P")
        with probe(name="right", **options) as right:
            time.sleep(0.15)
            right.write(b"P")
            for desk in (left, right):
                first = desk.read(3)
                assert time.monotonic() - epoch >= 0.6
                edges = np.frombuffer(first + desk.rest(), dtype=[("level", "u1"), ("tick", "<u2")])
                assert edges["level"].tolist() == [0x20, 0] * 3
                # The counter of 16 us runs over after 1.05 s.
                spans_us = np.diff(edges["tick"].astype(int)) % 65536 * 16.0
                assert spans_us == pytest.approx([100_000.0] * 5, abs=40.0)
                desk.finish()
