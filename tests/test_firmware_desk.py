"""The desk of software against the chips' datasheets, proven with a probe firmware: ADC, 4067, UART, interrupts, time.

Expected values are arithmetic on the datasheets of ATmega2560 and ATmega328P; times are simulated times.
"""

from __future__ import annotations

import math
import re
import signal
import time

import numpy as np
import pytest
from desk import (
    ADC_OVERRUN,
    CONVERSION,
    ENTRY,
    FIRST,
    MUX_RACE,
    PULSE,
    RESET,
    ROOT,
    RX_OVERRUN,
    Desk,
    feed_bytes,
    make_desk,
    make_probe,
)

pytestmark = pytest.mark.firmware

MILLIVOLT = np.array([0, 5, 250, 999, 1000, 1250, 2000, 2499, 2500, 3000, 3333, 4000, 4321, 4990, 4995.1, 5000])
BOARDS = ("mega", "uno")


def code_of(millivolt):
    return np.minimum(np.floor(np.asarray(millivolt) * 1024 / 5000), 1023).astype(int)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    return {"desk": make_desk(folder), **{board: make_probe(folder, board) for board in BOARDS}}


@pytest.fixture
def probe(built, tmp_path):
    def start(board, millivolt=MILLIVOLT, name="run", **options):
        return Desk(built["desk"], built[board], board, tmp_path / name, millivolt, **options)

    return start


@pytest.mark.parametrize("board", BOARDS)
def test_adc_gives_the_exact_code_of_every_channel_in_order(probe, board):
    with probe(board) as desk:
        codes = desk.ask(b"A\x05", "16H")
        truth = desk.finish().of(CONVERSION)
    assert list(codes) == code_of(MILLIVOLT).tolist()
    assert truth["channel"].tolist() == [c for c in range(16) for _ in range(2)][1:]  # the very first one is burnt
    assert np.array_equal(truth["code"], code_of(MILLIVOLT)[truth["channel"]])
    assert np.array_equal(truth["a"], np.rint(MILLIVOLT * 10)[truth["channel"]])


@pytest.mark.parametrize(("adps", "division"), [(4, 16), (5, 32), (6, 64), (7, 128)])
def test_first_conversion_takes_25_clocks_the_others_13(probe, adps, division):
    with probe("mega") as desk:
        first, second = desk.ask(bytes((ord("F"), adps)), "2H")
        truth = desk.finish()
    # Up to one ADC clock until the next edge, and a polling loop around it.
    assert 25 * division <= first <= 26 * division + 40
    assert 13 * division <= second <= 14 * division + 40
    assert np.count_nonzero(truth.all["kind"] == CONVERSION | FIRST) == 1


def test_channel_is_locked_when_a_conversion_starts(probe):
    """Free running: what interrupt k asks for is too late for the conversion that has just begun by itself."""
    with probe("mega") as desk:
        codes = desk.ask(b"G\x01", "100H")
        written = desk.finish()
    channels = [0, 0] + [k % 16 for k in range(1, 99)]
    assert list(codes) == code_of(MILLIVOLT)[channels].tolist()
    times = written.of(CONVERSION)["t_us"][-100:]
    assert np.allclose(np.diff(times), 13 * 32 / 16, atol=1e-9)
    assert len(written.of(MUX_RACE)) == 0


@pytest.mark.parametrize(("loops", "channel"), [(1, 9), (50, 9), (110, 2), (250, 2)])
def test_what_is_converted_is_what_was_there_at_the_hold(probe, loops, channel):
    """At 128 cycles a clock: up to 128 to the next edge, 192 to the hold; a switch before counts, a later one not."""
    with probe("uno") as desk:
        assert desk.ask(bytes((ord("H"), 7, loops)), "H") == (code_of(MILLIVOLT[channel]),)
        assert desk.finish().of(CONVERSION)["channel"][-1] == channel


def test_timer_triggers_conversions_without_jitter(probe):
    with probe("uno") as desk:
        codes = desk.ask(b"T", "20H")
        truth = desk.finish().of(CONVERSION)
    assert codes == (code_of(MILLIVOLT[3]),) * 20
    assert np.allclose(np.diff(truth["t_us"][-20:]), 1000.0, atol=1e-9)


def test_results_that_nobody_fetched_are_told(probe):
    """The fault takes ten interrupts; the ADC goes on, the firmware gets ten results less in the same time."""
    with probe("mega", faults="0.001 drop_adc 10\n") as desk:
        codes = desk.ask(b"G\x02", "200H")
        written = desk.finish()
    assert written.report["adc_interrupts_dropped"] == 10
    assert written.report["interrupts"]["ADC"]["calls"] == 200
    assert written.report["conversions"] == 1 + 200 + 10
    assert len(written.of(ADC_OVERRUN)) == 0
    # The firmware counts interrupts, so its order of channels is as ever; one channel was converted eleven times.
    assert list(codes) == code_of(MILLIVOLT)[[0, 0] + [k % 16 for k in range(1, 199)]].tolist()
    channels = written.of(CONVERSION)["channel"]
    assert np.count_nonzero(np.diff(channels.astype(int)) == 0) == 1 + 10


def test_voltages_are_linear_between_rows_and_hold_at_the_end(probe):
    rows = np.zeros((3, 16))
    rows[1] = 4000.0
    with probe("mega", feed_bytes(rows, rate_hz=500)) as desk:
        desk.ask(b"G\x04", "400H")
        truth = desk.finish().of(CONVERSION)
    expected = np.interp(truth["t_us"], [0.0, 2000.0, 4000.0], [0.0, 4000.0, 0.0])
    assert truth["t_us"][-1] > 8000.0
    assert np.abs(truth["a"] / 10 - expected).max() <= 0.051
    inner = np.abs(expected * 1024 / 5000 % 1 - 0.5) < 0.49
    assert np.array_equal(truth["code"][inner], code_of(expected)[inner])


def test_a_table_feeds_as_well(probe):
    table = "time_s," + ",".join(f"a{c}" for c in range(16)) + "\n"
    table += "\n".join(f"{t}," + ",".join(f"{mv:g}" for mv in MILLIVOLT) for t in (0, 0.5, 2.0)) + "\n"
    with probe("mega", table.encode()) as desk:
        assert list(desk.ask(b"A\x05", "16H")) == code_of(MILLIVOLT).tolist()
        desk.finish()


@pytest.mark.parametrize("rc_us", [0.5, 2.0, 5.0, 20.0])
def test_multiplexer_settles_as_its_rc_says(probe, rc_us):
    """From 0 V to 4 V through an RC, sampled a known time after the select lines changed."""
    low, high = 0.0, 4000.0
    rows = np.zeros(16)
    rows[15] = high
    with probe("uno", rows, rc_us=rc_us) as desk:
        codes = [desk.ask(bytes((ord("S"), 4, loops)), "H")[0] for loops in (1, 2, 5, 10, 30, 100)]
        truth = desk.finish().of(CONVERSION)
    switched = truth[truth["channel"] == 15]
    assert switched["code"].tolist() == codes
    passed_us = switched["b"] / 16.0
    # A loop lasts 3 cycles; call, store, and the wait for the ADC clock (16 cycles) and its hold (24) come on top.
    loops_us = np.array([1, 2, 5, 10, 30, 100]) * 3 / 16.0
    assert np.all(passed_us - loops_us > 24 / 16.0)
    assert np.all(passed_us - loops_us < 24 / 16.0 + 16 / 16.0 + 1.5)
    expected = [math.floor((high + (low - high) * math.exp(-t / rc_us)) * 1024 / 5000) for t in passed_us]
    assert np.abs(np.array(codes) - expected).max() <= 0
    if rc_us >= 5.0:
        assert codes[0] < code_of(high) - 100


@pytest.mark.parametrize("board", BOARDS)
def test_a_byte_lasts_ten_bits(probe, board):
    with probe(board) as desk:
        desk.write(b"U")
        assert desk.read(100) == bytes(range(100))
        (cycles,) = desk.ask(b"", "H")
        desk.finish()
    assert 100 * 160 <= cycles <= 100 * 160 + 40


def test_bytes_from_the_host_come_no_faster_than_the_line(probe):
    with probe("mega") as desk:
        (cycles,) = desk.ask(b"E" + bytes(11), "H")
        desk.finish()
    assert abs(cycles - 10 * 160) <= 12


def test_the_board_can_hold_three_bytes_and_says_that_more_came(probe):
    with probe("mega") as desk:
        lost, n = desk.ask(b"R" + bytes(range(10, 16)), "2B")
        assert (lost, n) == (1, 3)
        assert desk.read(3) == bytes((10, 11, 12))
        assert desk.finish().of(RX_OVERRUN)["channel"].tolist() == [13, 14, 15]


@pytest.mark.parametrize("board", BOARDS)
def test_an_empty_interrupt_costs_what_the_datasheet_says(probe, board):
    with probe(board) as desk:
        alone, together = desk.ask(b"I", "2H")
        counted = desk.finish().report["interrupts"]
    cost = 2 * ENTRY[board] + 3  # entry, JMP in the vector table, RETI
    calls = together // 256
    assert calls > 150
    # The last interrupt may fall outside the measured span.
    assert abs((together - alone) - calls * cost) <= cost + 4
    (entry,) = [v for name, v in counted.items() if name.startswith("vector_")]
    assert entry["cycles_mean"] == entry["cycles_max"] == cost


def test_interrupt_flags_behave_as_the_datasheet_says(probe):
    """Only the flag written as one is cleared; one that stands interrupts as soon as it may, one instruction late."""
    with probe("uno") as desk:
        assert desk.ask(b"Y", "6B") == (0x02, 1, 0, 1, 0x01, 0x00)
        desk.finish()


def test_eeprom_takes_its_time_and_is_kept(probe):
    for value in (0, 1, 2):
        with probe("mega") as desk:
            counted, cycles = desk.ask(b"Q", "BH")
            desk.finish()
        assert counted == value
        assert 3400 * 16 <= cycles <= 3400 * 16 + 200


@pytest.mark.parametrize("board", BOARDS)
def test_cpu_budget_is_the_share_not_asleep(probe, board):
    with probe(board, seconds=2) as desk:
        desk.write(b"B")
        desk.rest()
        report = desk.finish().report
    # 4000 cycles of 16000, and less than 100 around them.
    assert report["busy"] == pytest.approx([4060 / 16000] * 2, abs=40 / 16000)
    assert report["simulated_s"] == pytest.approx(2.0, abs=1e-5)
    assert report["interrupts"]["TIMER1_COMPA"]["calls"] in (1999, 2000, 2001)


def test_watchdog_bites_and_leaves_its_mark(probe):
    with probe("mega") as desk:
        assert desk.ask(b"M", "B") == (0x01,)  # power-on
        assert desk.ask(b"W", "c") == (b"w",)
        assert desk.ask(b"M", "B") == (0x08,)
        resets = desk.finish().of(RESET)
    assert resets["code"].tolist() == [0x08]


@pytest.mark.parametrize(("fault", "cause"), [("reset", 0x02), ("brownout 0.01", 0x04)])
def test_reset_cause(probe, fault, cause):
    with probe("uno", faults=f"0.002 {fault}\n", seconds=30) as desk:
        desk.write(b"Z")
        desk.read(36)
        desk.write(b"M")
        assert desk.read(1)[0] == cause
        truth = desk.finish()
    (reset,) = truth.of(RESET)
    assert reset["code"] == cause
    # A brown-out holds the board for as long as it lasts.
    assert reset["t_us"] == pytest.approx(2000.0 + (10_000.0 if "brown" in fault else 0.0), abs=1.0)


@pytest.mark.parametrize("board", BOARDS)
def test_pulses_reach_the_pins_named_in_the_table(probe, board):
    edges = [(0.010, "belt", 1), (0.012, "sync", 1), (0.015, "belt", 0), (0.040, "sync", 0)]
    text = "".join(f"{at} {what} {level}\n" for at, what, level in edges)
    with probe(board, pulses=text, seconds=0.1) as desk:
        desk.write(b"P")
        data = np.frombuffer(desk.rest(), dtype=[("level", "u1"), ("tick", "<u2")])
        truth = desk.finish().of(PULSE)
    belt, sync = (0x10, 0x20) if board == "mega" else (0x04, 0x08)
    assert data["level"].tolist() == [belt, belt | sync, sync, 0]
    assert data["tick"] * 16.0 == pytest.approx([at * 1e6 for at, *_ in edges], abs=24.0)
    assert truth["t_us"] == pytest.approx([at * 1e6 for at, *_ in edges], abs=0.5)
    assert truth["channel"].tolist() == [0, 1, 0, 1]


def test_inputs_keep_their_levels_over_a_reset(probe):
    """What a wire drives, it drives; what nothing drives, a pull-up holds high."""
    for name, pulses, levels in (("wire", "0.001 belt 1\n", [0x10, 0x10]), ("bare", "", [0x30, 0x30])):
        with probe("mega", name=name, pulses=pulses, faults="0.002 reset 0.02\n", seconds=1) as desk:
            found = []
            for _ in range(2):
                desk.write(b"P")
                found.append(desk.read(3)[0])
            assert found == levels
            desk.finish()


def test_a_crystal_off_by_ppm_stretches_all_times(probe):
    with probe("mega", clock_ppm=-200) as desk:
        desk.ask(b"T", "20H")
        truth = desk.finish().of(CONVERSION)
    assert np.diff(truth["t_us"][-20:]) == pytest.approx(1000.0 / (1 - 200e-6), abs=1e-6)


def test_same_input_same_bytes(probe):
    rows = 2500 + 2400 * np.sin(np.arange(3000)[:, None] / 50 + np.arange(16))
    runs = []
    for name in ("one", "two"):
        with probe(
            "uno", rows, name=name, seconds=2, rc_us=3, seed=5, faults="0.5 flip 0.01 1\n1 garbage 50\n"
        ) as desk:
            desk.write(b"Z")
            data = desk.rest()
            runs.append((data, desk.finish().truth_bytes))
    assert len(runs[0][0]) > 2 * 35_900
    assert runs[0] == runs[1]


def test_pace_1_is_never_ahead_of_the_wall_clock(probe):
    with probe("mega", pace=1, seconds=0.5) as desk:
        time.sleep(0.1)  # a board that boots does not hear
        desk.write(b"Z")
        desk.read(1)
        started = time.monotonic()
        desk.rest()
        took = time.monotonic() - started
        assert desk.finish().report["simulated_s"] == pytest.approx(0.5, abs=1e-3)
    assert took > 0.45


def test_a_signal_ends_it_and_takes_the_port_away(probe):
    with probe("mega", pace=1, seconds=0) as desk:
        time.sleep(0.1)
        desk.write(b"Z")
        desk.read(360)
        desk.process.send_signal(signal.SIGTERM)
        assert desk.process.wait(timeout=30) == 0
        assert not desk.port_path.is_symlink()


def test_an_old_link_is_replaced_and_a_file_is_not(probe, built, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "port").symlink_to("/nowhere")
    with probe("mega") as desk:
        desk.ask(b"M", "B")
        desk.finish()
    (folder / "port").write_text("mine")
    with probe("mega", open_port=False) as desk:
        assert desk.process.wait(timeout=30) == 1
        assert "is no link" in desk.process.stderr.read()
    assert (folder / "port").read_text() == "mine"


def test_errors_are_one_line(probe, built, tmp_path):
    cases = [
        ({"elf": built["uno"]}, "built for another chip", 1),
        ({"millivolt": b"INSFEED1" + bytes(8)}, "16 channels", 1),
        ({"faults": "1 flood 3\n"}, "line 1", 2),
        ({"pace": 3}, "--pace 3", 2),
        ({"wait_s": 0.05}, "no host has started the board", 1),
    ]
    for number, (change, words, code) in enumerate(cases):
        elf = change.pop("elf", built["mega"])
        millivolt = change.pop("millivolt", MILLIVOLT)
        run = Desk(built["desk"], elf, "mega", tmp_path / str(number), millivolt, open_port=False, **change)
        with run:
            assert run.process.wait(timeout=30) == code
            said = run.process.stderr.read()
        assert words in said
        assert said.count("\n") == 1
        assert not run.port_path.is_symlink()


def test_pins_agree_with_the_firmware():
    """The firmware's header and the desk's table name the same pins."""
    header = (ROOT / "hardware" / "firmware" / "insole" / "config.h").read_text()
    table = (ROOT / "hardware" / "simavr" / "boards.h").read_text()
    for word, field in (("BELT", "belt"), ("SYNC_IN", "sync_in"), ("SYNC_OUT", "sync_out"), ("SELECT_0", "select")):
        (number,) = re.findall(rf"#define PIN_{word} (\d+)", header)
        names = re.findall(rf"\.{field} = {{+\"D(\d+)\"", table)
        assert names == [number] * (1 if field == "select" else 2)
