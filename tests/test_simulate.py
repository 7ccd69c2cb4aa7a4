"""``insole simulate`` without a simulated chip: options, refusals, what boards are fed and remember, missing tools."""

from __future__ import annotations

import os
import re
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from fastcrc import crc16

from acquisition import silicon
from acquisition.eeprom import eeprom_image
from acquisition.feed import walk_feed
from acquisition.knobs import parse_knobs
from acquisition.silicon import SimulatedHardware, build_firmware, missing_tools
from insole.calibration import NOMINAL_K, NOMINAL_N
from insole.cli import main
from insole.cli.simulate import _sync_wire
from insole.errors import InsoleError
from insole.trial import Spans

CONFIG_H = silicon.HARDWARE / "firmware" / "insole" / "config.h"
posix = pytest.mark.skipif(sys.platform == "win32", reason="named pipes: this system has none")


def knobs(query: str = "", side: str = "left", spans: Spans | None = None):
    return parse_knobs(f"sim://{side}?{query}", side, Spans() if spans is None else spans)


def rows_of(feed: bytes) -> tuple[tuple[bytes, int, int], np.ndarray]:
    head = struct.unpack_from("<8sII", feed)
    return head, np.frombuffer(feed[16:], dtype="<u2").reshape(-1, 16)


# --- options ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ([], ["--firmware"]),
        (["--firmware", "nano"], ["nano", "mega"]),
        (["--firmware", "mega", "--left-link", "a", "--right-link", "b"], ["--pair"]),
        (["--firmware", "mega", "--pair", "--left-link", "a", "--right-link", "./a"], ["same link"]),
        (["--firmware", "mega", "--left-link", "none/there"], ["none", "make it first"]),
        (["--firmware", "mega", "--left-link", "file"], ["file", "choose one that is free"]),
        (["--firmware", "mega", "--left-link", "."], ["choose one that is free"]),
        (["--firmware", "mega", "--left-link", ""], ["choose one that is free"]),
        (["--firmware", "mega", "--medial", "much"], ["--medial much"]),
        (["--firmware", "mega", "--medial", "nan"], ["--medial nan"]),
        (["--firmware", "mega", "--medial", "0.1,0.2"], ["--pair"]),
        (["--firmware", "mega", "--pair", "--medial", "0.1,0.2,0.3"], ["--medial"]),
        (["--firmware", "mega", "--medial", "7"], ["medial=7"]),
        (["--firmware", "mega", "--seconds", "0"], ["--seconds 0"]),
        (["--firmware", "mega", "--seconds", "nan"], ["--seconds nan"]),
        (["--firmware", "mega", "--pace", "2"], ["--pace", "2"]),
        (["--firmware", "mega", "--seed", "-1"], ["seed=-1"]),
        (["--firmware", "mega", "--mass-kg", "0"], ["mass=0"]),
        (["--firmware", "mega", "--size-eu", "300"], ["size=300"]),
        (["--firmware", "mega", "--standing-s", "-1"], ["standing-s is -1"]),
    ],
)
def test_options_that_cannot_be_meant(
    change: list[str], words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(silicon, "require_tools", lambda: pytest.fail("the tools were asked for too early"))
    (tmp_path / "file").write_text("kept")
    assert main(["simulate", *change]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("insole: ")
    for word in words:
        assert word in said[0]
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


@posix
def test_missing_tools_are_one_line_that_names_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("INSOLE_BUILD", str(tmp_path / "build"))
    monkeypatch.setattr(silicon, "_CORE", tmp_path / "no-core")
    assert {"avr-gcc", "avr-g++", "gcc", "make", "Arduino's AVR core"} <= set(missing_tools())
    assert main(["simulate", "--firmware", "mega", "--left-link", str(tmp_path / "left")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    for word in ("avr-gcc", "apt-get install", "gcc-avr", "avr-libc", "arduino-core-avr", "libsimavr-dev", "make"):
        assert word in lines[0]
    assert os.listdir(tmp_path) == []


@posix
def test_missing_simavr_is_noticed_before_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("avr-gcc", "avr-g++", "avr-objcopy", "make", "gcc"):
        tool = tmp_path / name
        tool.write_text("#!/bin/sh\nexit 1\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(silicon, "_CORE", tmp_path)
    assert missing_tools() == ["libsimavr"]


def test_an_installation_without_sources_says_so(tmp_path: Path) -> None:
    with pytest.raises(InsoleError, match="no firmware sources here"):
        build_firmware("mega", tmp_path)


@posix
def test_a_build_is_kept_under_the_hash_of_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources, cache = tmp_path / "firmware", tmp_path / "cache"
    sources.mkdir()
    monkeypatch.setenv("INSOLE_BUILD", str(cache))
    monkeypatch.setattr(silicon, "require_tools", lambda: None)
    made: list[str] = []

    def make(_: Path, folder: str, arguments: tuple[str, ...]) -> None:
        made.append(" ".join(arguments))
        Path(folder, f"insole-{arguments[0].removeprefix('BOARD=')}.elf").write_bytes(b"elf")

    monkeypatch.setattr(silicon, "_make", make)
    (sources / "Makefile").write_text("all:")
    (sources / "scan.cpp").write_text("one")
    first = build_firmware("mega", sources)
    assert build_firmware("mega", sources) == first
    assert first.read_bytes() == b"elf"
    other = build_firmware("uno", sources)
    (sources / "scan.cpp").write_text("two")
    changed = build_firmware("mega", sources)
    (sources / "notes.txt").write_text("no source")
    assert build_firmware("mega", sources) == changed
    assert len({first, other, changed}) == 3
    assert made == ["BOARD=mega", "BOARD=uno", "BOARD=mega"]
    assert sorted(cache.iterdir()) == sorted([first, other, changed])


@posix
@pytest.mark.skipif(not os.path.exists("/usr/bin/make"), reason="make: not on this machine")
def test_a_build_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSOLE_BUILD", str(tmp_path / "cache"))
    monkeypatch.setattr(silicon, "require_tools", lambda: None)
    (tmp_path / "Makefile").write_text("all:\n\t@echo 'scan.cpp:3: error: a word is missing' >&2; false\n")
    with pytest.raises(InsoleError, match=r"make failed: scan.cpp:3: error: a word is missing; run make") as caught:
        build_firmware("uno", tmp_path)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path / "cache") == []


# --- a desk that is none ---------------------------------------------------------------------------------------------


@pytest.fixture
def script(tmp_path: Path):
    """``script(text)``: a program in Python instead of the desk; $PORT and $FEED are the options' values."""

    def make(text: str) -> Path:
        path = tmp_path / "desk"
        path.write_text(
            f"#!{sys.executable}\nimport os, sys, time\n"
            "given = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n" + text
        )
        path.chmod(0o755)
        return path

    return make


def on_desk(desk: Path, port: Path, feed: list[bytes], **options: object) -> SimulatedHardware:
    return SimulatedHardware("mega", port, feed, b"EEPROM", elf=Path("none.elf"), desk=desk, options=options)


@posix
def test_the_desk_gets_feed_eeprom_and_options(script, tmp_path: Path) -> None:
    port = tmp_path / "left"
    port.symlink_to("nowhere")
    desk = script(
        "with open(given['--feed'], 'rb') as feed: data = feed.read()\n"
        "eeprom = open(given['--eeprom'], 'rb').read()\n"
        f"seen = open({str(tmp_path / 'seen')!r}, 'w')\n"
        "print(len(data), eeprom, given['--pace'], given['--seconds'], end='', file=seen)\n"
        "os.symlink('/dev/null', given['--port'])\n"
    )
    board = on_desk(desk, port, [b"x" * 1_000_000, b"y"], seconds=7)
    try:
        board.wait_ready()
        assert os.readlink(port) == "/dev/null"
        assert board.wait(10.0) == 0
        assert board.failure is None
        assert (tmp_path / "seen").read_text() == "1000001 b'EEPROM' 0 7"
    finally:
        board.close()
        board.close()


@posix
def test_a_desk_that_gives_up_says_why(script, tmp_path: Path) -> None:
    desk = script("print('warming up', file=sys.stderr); sys.exit('desk: the chip is gone')")
    board = on_desk(desk, tmp_path / "l", [b"x"])
    try:
        with pytest.raises(InsoleError, match="simulated mega did not get as far as its port: the chip is gone"):
            board.wait_ready()
        assert board.failure == "the chip is gone"
    finally:
        board.close()
    assert board.failure == "the chip is gone"


@posix
def test_an_endless_feed_ends_with_its_desk(script, tmp_path: Path) -> None:
    def for_ever():
        while True:
            yield bytes(1000)

    desk = script(
        "feed = open(given['--feed'], 'rb'); feed.read(10); os.symlink('/dev/null', given['--port']); time.sleep(60)"
    )
    board = SimulatedHardware("uno", tmp_path / "l", for_ever(), b"", elf=Path("e"), desk=desk)
    board.wait_ready()
    board.close()
    assert board.ended


@posix
def test_a_port_that_is_no_link_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("kept")
    with pytest.raises(InsoleError, match="exists and is no link"):
        on_desk(tmp_path / "desk", tmp_path / "notes", [])
    assert (tmp_path / "notes").read_text() == "kept"
    with pytest.raises(InsoleError, match="can't be started"):
        on_desk(tmp_path / "desk", tmp_path / "l", [])


# --- what a board is fed ---------------------------------------------------------------------------------------------


def test_a_feed_is_the_voltage_of_the_divider() -> None:
    # A lifted foot gives 0 V; quiet stance gives what force, conductance and a divider of 1 kilohm make of it.
    quiet = knobs("noise_lsb=0", spans=Spans(unloaded_s=0.5, standing_s=0.5))
    head, rows = rows_of(b"".join(walk_feed(quiet, 0.9)))
    assert head == (b"INSFEED1", 16, 1000)
    assert rows.shape == (901, 16)
    assert not rows[:500].any()
    from acquisition.walk import Walk

    force_n = Walk(quiet).standing_kpa * quiet.layout.area_mm2 / 1000.0
    siemens = (force_n / NOMINAL_K) ** (1.0 / NOMINAL_N)
    tenths_mv = 50_000.0 * 1000.0 / (1.0 / siemens + 1000.0)
    np.testing.assert_allclose(rows[600, quiet.layout.channel], tenths_mv, atol=0.5)


def test_the_feed_is_what_the_simulator_would_count() -> None:
    from acquisition.fsr import FsrArray
    from acquisition.walk import Walk

    k = knobs("noise_lsb=0&medial=0.1&gait=walk", "right")
    _, rows = rows_of(b"".join(walk_feed(k, 2.0)))
    time_s = np.arange(-1, rows.shape[0]) / 1000
    walk = Walk(k)
    pressure = walk.pressure_kpa(time_s)
    counts = FsrArray(k).counts(pressure[1:], walk.rising(pressure, time_s), time_s[1:])
    codes = rows.astype(float) * 1024 / 50_000
    assert (np.abs(codes - counts - 0.5) <= 0.5 + 1024 / 50_000).all()
    assert counts.max() > 400


def test_the_seed_makes_the_noise_and_pieces_do_not_matter() -> None:
    one, same, other = (b"".join(walk_feed(knobs(f"seed={seed}"), 2.5)) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    endless = walk_feed(knobs("seed=1"), None)
    assert b"".join(next(endless) for _ in range(3)) == one[: 16 + 2000 * 32]
    _, rows = rows_of(b"".join(walk_feed(knobs("gait=stand&noise_lsb=2&seed=3"), 4.0)))
    assert np.std(rows.astype(float), axis=0) == pytest.approx(np.full(16, 2 * 50_000 / 1024), rel=0.1)


def test_the_sync_wire_pulses_at_the_same_moments_for_both_boards() -> None:
    assert _sync_wire(7.0) == "1 sync 1\n1.05 sync 0\n6 sync 1\n6.05 sync 0\n"


# --- what a board remembers ------------------------------------------------------------------------------------------


def test_the_eeprom_has_the_layout_of_the_firmware() -> None:
    text = CONFIG_H.read_text()
    constants = {name: int(value) for name, value in re.findall(r"const uint\w+_t (\w+) = (\d+);", text)}
    found = re.findall(r"^\s+\w+ (\w+)(?:\[\w+\])?;\s+// (?:offset )?(\d+)[:\s]", text, re.M)
    fields = {name: int(at) for name, at in found}
    assert list(fields) == [
        "magic", "version", "side", "circuit", "r_m_milliohm", "serial_length", "serial", "layout_length", "layout",
        "crc",
    ]  # fmt: skip
    image = eeprom_image("right", "SIM-R-7", "ref16-EU42", 1000.0, "fsr_high", 41)
    record = image[constants["EEPROM_CONFIG"] :]
    assert len(record) == 79
    boot = constants["EEPROM_BOOT_ID"]
    assert image[:boot] == b"\xff" * boot
    assert int.from_bytes(image[boot : boot + 4], "little") == 41
    for name, value in (
        ("magic", b"INSO"), ("version", bytes([constants["CONFIG_VERSION"]])), ("side", b"\1"), ("circuit", b"\0"),
        ("r_m_milliohm", (1_000_000).to_bytes(4, "little")), ("serial_length", b"\7"), ("serial", b"SIM-R-7\0"),
        ("layout_length", b"\x0a"), ("layout", b"ref16-EU42\0"),
        ("crc", crc16.mcrf4xx(record[: fields["crc"]]).to_bytes(2, "little")),
    ):  # fmt: skip
        assert record[fields[name] :].startswith(value), name


@pytest.mark.parametrize(
    ("change", "words"),
    [({"serial": "x" * 33}, "32"), ({"layout": "tab\t"}, "printable"), ({"r_m_ohm": 0.0}, "resistor"),
     ({"r_m_ohm": 5e6}, "resistor")],
)  # fmt: skip
def test_what_the_record_cannot_hold_is_refused(change: dict[str, object], words: str) -> None:
    usual = {"side": "left", "serial": "A", "layout": "B", "r_m_ohm": 1000.0, "circuit": "fsr_low", "boots": 0}
    with pytest.raises(ValueError, match=words):
        eeprom_image(**{**usual, **change})
