"""The firmware's encoder and command decoder, compiled for the host with sanitizers, against Python's own.

They are two readings of ``hardware/PROTOCOL.md`` by two programs: what one writes the other must read.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from acquisition.protocol import CommandDecoder, Decoder, encode_command, encode_packet, encode_record
from insole.frame import (
    FLAG_SYNC_IN,
    FLAG_SYNC_OUT,
    Command,
    CommandType,
    Identify,
    Pulse,
    Reply,
    ReplyCode,
    Status,
    frame_dtype,
    rate_fits,
)

TESTS = Path(__file__).resolve().parent
FIRMWARE = TESTS.parent / "hardware" / "firmware" / "insole"
N = 16

WHO = Identify(
    protocol_major=1, protocol_minor=0, firmware="1.0.0", board="mega2560", device_serial="A17", boot_id=0xC0FFEE,
    side="left", n_sensels=N, bits=10, circuit="fsr_high", r_m_ohm=1000.0, layout="ref16-EU42", rate_hz=1000,
    scan_offset_us=tuple(12 + 52 * i for i in range(N)), capabilities=31,
)  # fmt: skip

Run = Callable[..., bytes]
Compile = Callable[[Path, tuple[str, ...]], Run]


@pytest.fixture(scope="session")
def compile_driver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """``compile_driver(frame.cpp, options)`` makes a driver with that encoder; the result runs it."""
    compiler = shutil.which("g++")
    if compiler is None:
        if "firmware" in str(request.config.getoption("--must-run")):
            pytest.fail("--must-run=firmware, but g++ not found", pytrace=False)
        pytest.skip("firmware: g++ not found")
    folder = tmp_path_factory.mktemp("driver")

    def compiled(source: Path, options: tuple[str, ...], target: Path) -> Path:
        warnings = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
        command = [compiler, "-std=gnu++11", *warnings, *options, f"-I{FIRMWARE}", "-c", str(source), "-o", str(target)]
        subprocess.run(command, check=True, timeout=60)
        return target

    @cache
    def common(options: tuple[str, ...]) -> tuple[Path, ...]:
        place = tmp_path_factory.mktemp("common")
        sources = (TESTS / "firmware_host" / "driver.cpp", FIRMWARE / "command.cpp")
        return tuple(compiled(source, options, place / f"{source.stem}.o") for source in sources)

    def build(encoder: Path, options: tuple[str, ...]) -> Run:
        program = folder / f"driver{len(list(folder.iterdir()))}"
        objects = [*common(options), compiled(encoder, options, folder / f"{program.name}.o")]
        subprocess.run([compiler, *options, *map(str, objects), "-o", str(program)], check=True, timeout=60)

        def run(*arguments: str, given: bytes = b"") -> bytes:
            command = [str(program), *arguments]
            done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=100)
            assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
            return done.stdout

        return run

    return build


@pytest.fixture(scope="session")
def driver(compile_driver: Compile) -> Run:
    """The firmware as it is, under AddressSanitizer and UndefinedBehaviorSanitizer."""
    options = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    return compile_driver(FIRMWARE / "frame.cpp", options)


def random_frames(k: int, seed: int) -> NDArray[np.void]:
    """Frames of every kind: any sequence, time and flags, counts with long runs of 0 and of 1023."""
    rng = np.random.default_rng(seed)
    frames = np.zeros(k, dtype=frame_dtype(N))
    frames["sequence"] = rng.integers(0, 65536, k)
    frames["device_time_us"] = rng.integers(0, 2**32, k)
    frames["flags"] = rng.integers(0, 4, k)
    counts = rng.integers(0, 1024, (k, N))
    counts[rng.random((k, N)) < 0.3] = 0
    counts[rng.random((k, N)) < 0.1] = 1023
    counts[: k // 50] = 0
    frames["counts"] = counts
    return frames


def through_the_board(run: Run, frames: NDArray[np.void]) -> tuple[Decoder, NDArray[np.void]]:
    """What the host makes of frames that the firmware has encoded."""
    decoder = Decoder()
    decoder.feed(encode_record(WHO))
    events = decoder.feed(run("frames", given=frames.tobytes()))
    batches = [event for event in events if isinstance(event, np.ndarray)]
    return decoder, np.concatenate(batches) if batches else np.zeros(0, dtype=frames.dtype)


def test_the_host_reads_what_the_firmware_encodes(driver: Run) -> None:
    frames = random_frames(100_000, 1)
    decoder, read = through_the_board(driver, frames)
    assert decoder.damaged == 0
    assert decoder.unknown == 0
    assert np.array_equal(read, frames)


def test_the_worked_example_of_the_protocol(driver: Run) -> None:
    frame = np.zeros(1, dtype=frame_dtype(N))
    frame["sequence"], frame["device_time_us"], frame["flags"] = 4660, 65_538_000, FLAG_SYNC_IN
    frame["counts"] = [0, 1, 2, 3, 1023, 512, 256, 255, 100, 200, 300, 400, 500, 600, 700, 800]
    assert driver("frames", given=frame.tobytes()) == bytes.fromhex(
        "09 01 34 12 d0 07 e8 03 01 04 04 20 c0 12 ff 03 08 d0 3f 64 20 c3 12 64 f4 61 c9 2b c8 46 4e 00"
    )


def test_counts_never_reach_into_their_neighbours(driver: Run) -> None:
    """A converter has ten bits; whatever a fault puts above them stays out of the frame."""
    frame = np.zeros(N, dtype=frame_dtype(N))
    frame["counts"] = np.diag(np.full(N, 0xFFFF)) | 0xFC00
    _, read = through_the_board(driver, frame)
    assert np.array_equal(read["counts"], np.diag(np.full(N, 1023)))


def _identify(who: Identify) -> bytes:
    sides = {"left": 0, "right": 1, "unset": 255}
    head = struct.pack(
        "<cIBBIHI", b"i", who.boot_id, sides[who.side], {"fsr_high": 0, "fsr_low": 1}[who.circuit],
        round(who.r_m_ohm * 1000), who.rate_hz, who.capabilities,
    )  # fmt: skip
    texts = (who.firmware, who.board, who.device_serial, who.layout)
    return head + struct.pack(f"<{N}H", *who.scan_offset_us) + b"".join(bytes([len(t)]) + t.encode() for t in texts)


def test_every_other_record_is_the_one_of_the_protocol(driver: Run) -> None:
    """Byte by byte: a record has exactly one right encoding."""
    rng = np.random.default_rng(2)
    given, expected = b"", b""
    for k in range(500):
        u32 = [int(v) for v in rng.integers(0, 2**32, 5)]
        text = "".join(chr(int(c)) for c in rng.integers(0x20, 0x7F, int(rng.integers(0, 33))))
        who = replace(
            WHO, boot_id=u32[0], side=("left", "right", "unset")[k % 3], circuit=("fsr_high", "fsr_low")[k % 2],
            r_m_ohm=(1 + u32[1] % 10**9) / 1000, rate_hz=int(rng.integers(100, 2001)), device_serial=text,
            layout=text[::-1], firmware=text[:5], board=text[5:],
            scan_offset_us=tuple(int(v) for v in rng.integers(0, 65536, N)),
        )  # fmt: skip
        given += _identify(who)
        expected += encode_record(who)
        given += b"s" + struct.pack("<4I", *u32[:4])
        expected += encode_record(Status(u32[0], u32[1], u32[2], u32[3], 0, None))
        given += b"p" + struct.pack("<IBBI", u32[0], k % 2, k % 2, u32[1])
        expected += encode_record(Pulse(u32[0], ("belt", "sync")[k % 2], u32[1], k % 2))
        given += b"r" + bytes([k % 256, k % 7, len(text)]) + text.encode()
        expected += encode_record(Reply(k % 256, k % 7, text))
        given += b"0"
        expected += b"\0"
    assert driver("records", given=given) == expected


def _commands_of(run: Run, line: bytes) -> list[tuple[int, int, int]]:
    rows = [tuple(int(v) for v in row.split()) for row in run("commands", given=line).splitlines()]
    return [(row[0], row[1], row[2]) for row in rows]


def _commands_expected(line: bytes) -> list[tuple[int, int, int]]:
    found = CommandDecoder().feed(line)
    return [(kind, len(data), int.from_bytes(data[:2], "little")) for kind, data in found if kind > 0x80]


def test_the_firmware_reads_what_the_host_sends(driver: Run) -> None:
    rng = np.random.default_rng(3)
    line = b""
    for _ in range(20_000):
        packet = b"\0" + encode_packet(int(rng.choice(list(CommandType))), rng.bytes(int(rng.integers(0, 4))))
        if rng.random() < 0.2:
            packet = encode_packet(int(rng.integers(0, 256)), rng.bytes(int(rng.integers(0, 251))))
        if rng.random() < 0.3:
            at = int(rng.integers(0, len(packet)))
            packet = packet[:at] + rng.bytes(int(rng.integers(0, 3))) + packet[at + int(rng.integers(0, 2)) :]
        line += packet
    expected = _commands_expected(line)
    assert len(expected) > 10_000
    assert _commands_of(driver, line) == expected


@pytest.mark.parametrize(
    "line",
    [
        encode_packet(0x90, b"\x01" * 250),
        encode_packet(0x90, b"\x00" * 250),
        b"\xff" + b"\x01" * 254 + b"\0",
        b"\x01" * 300 + b"\0",
        b"\x01\x01\x01\0",
        b"\0\0\0",
        b"\x04\x82\x9d\xa8",
        b"\x05\x82\x9d\xa8\0",
    ],
    ids=["longest", "all zeros", "code 0xFF", "too long", "only zeros", "empty", "no end", "code beyond the end"],
)
def test_packets_at_the_edge(driver: Run, line: bytes) -> None:
    start = encode_command(Command(CommandType.START))
    assert _commands_of(driver, line + start) == _commands_expected(line + start)


def test_a_million_inputs_break_no_promise(driver: Run) -> None:
    assert driver("fuzz", "1000000", "7").startswith(b"1000000 inputs, ")


def test_the_rate_rule_is_the_host_s(driver: Run) -> None:
    bauds = [250_000, 500_000, 1_000_000, 115_200]
    highest = [int(v) for v in driver("rates", given="\n".join(map(str, bauds)).encode()).split()]
    assert highest[:2] == [703, 1406]
    for baud, rate in zip(bauds, highest, strict=True):
        assert rate_fits(rate, N, 10, baud)
        assert not rate_fits(rate + 1, N, 10, baud)


OK, UNKNOWN, LENGTH, VALUE, STATE, SLOW = list(ReplyCode)[:6]


@pytest.mark.parametrize(
    ("command", "length", "value", "streaming", "rate", "baud", "code"),
    [
        (0x82, 0, 0, False, 1000, 1_000_000, OK),
        (0x82, 0, 0, True, 1000, 1_000_000, STATE),
        (0x82, 0, 0, False, 1500, 500_000, SLOW),
        (0x82, 9, 77, False, 1000, 1_000_000, OK),  # a newer minor version may append
        (0x83, 0, 0, False, 1000, 1_000_000, OK),
        (0x83, 0, 0, True, 1000, 1_000_000, OK),
        (0x84, 1, 5, False, 1000, 1_000_000, LENGTH),
        (0x84, 2, 1000, True, 1000, 1_000_000, STATE),
        (0x84, 2, 99, False, 1000, 1_000_000, VALUE),
        (0x84, 2, 100, False, 1000, 1_000_000, OK),
        (0x84, 2, 2000, False, 1000, 1_000_000, OK),
        (0x84, 2, 2001, False, 1000, 1_000_000, VALUE),
        (0x84, 2, 1406, False, 1000, 500_000, OK),
        (0x84, 2, 1407, False, 1000, 500_000, SLOW),
        (0x85, 0, 0, False, 1000, 1_000_000, LENGTH),
        (0x85, 1, 1, False, 1000, 1_000_000, OK),
        (0x85, 1, 2, False, 1000, 1_000_000, VALUE),
        (0x85, 2, 0x0701, False, 1000, 1_000_000, OK),
        (0x85, 1, 0, True, 1000, 1_000_000, STATE),
        (0x86, 1, 1, False, 1000, 1_000_000, LENGTH),
        (0x86, 2, 0, True, 1000, 1_000_000, VALUE),
        (0x86, 2, 10_000, True, 1000, 1_000_000, OK),
        (0x86, 2, 10_001, False, 1000, 1_000_000, VALUE),
        (0x87, 0, 0, False, 1000, 1_000_000, UNKNOWN),
        (0xFF, 4, 9, True, 1000, 1_000_000, UNKNOWN),
    ],
)
def test_the_firmware_judges_commands(
    driver: Run, command: int, length: int, value: int, streaming: bool, rate: int, baud: int, code: int
) -> None:
    given = f"{command} {length} {value} {int(streaming)} {rate} {baud}".encode()
    assert int(driver("judge", given=given)) == code


def test_the_eeprom_record_stays_where_it_is(driver: Run) -> None:
    """Boards in use hold it, and programs outside the board write it."""
    rows = {row.split()[0]: tuple(int(v) for v in row.split()[1:]) for row in driver("layout").decode().splitlines()}
    assert rows == {
        "magic": (0, 4), "version": (4, 1), "side": (5, 1), "circuit": (6, 1), "r_m_milliohm": (7, 4),
        "serial_length": (11, 1), "serial": (12, 32), "layout_length": (44, 1), "layout": (45, 32), "crc": (77, 2),
        "boot_id@": (4, 4), "record@": (16, 79),
    }  # fmt: skip


PLANTED = {
    "CRC without the type": ("crc = crc16_add(crc, *body);", "if (body != end - n) crc = crc16_add(crc, *body);"),
    "CRC high byte first": (
        "put(static_cast<uint8_t>(crc));\n  put(static_cast<uint8_t>(crc >> 8));",
        "put(static_cast<uint8_t>(crc >> 8));\n  put(static_cast<uint8_t>(crc));",
    ),
    "channels shifted by one": ("pack(to, scan.counts);", "pack(to, scan.counts + 1);"),
    "two channels swapped": ("static_cast<uint8_t>(counts[0])", "static_cast<uint8_t>(counts[1])"),
    "bits in the wrong order": ("high | static_cast<uint8_t>(low << 2);", "low;"),
    "a frame repeated": ("pack(to, scan.counts);", "pack(to, scan.counts);\n  send(ring, body, FRAME_BYTES);"),
    "the low half of the time only": ("to = write_u32(to, scan.time_us);", "to = write_u32(to, scan.time_us & 65535);"),
    "the last zero of COBS forgotten": (
        "++at;\n  ring.bytes[code_at] = static_cast<uint8_t>(at - code_at);\n  ring.bytes[at] = 0;",
        "++at;\n  ring.bytes[at] = 0;",
    ),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_seen(bug: str, compile_driver: Compile, tmp_path: Path) -> None:
    """The comparison with the host is only worth what it can catch."""
    right, wrong = PLANTED[bug]
    text = (FIRMWARE / "frame.cpp").read_text(encoding="utf-8")
    assert text.count(right) == 1, f"frame.cpp has changed: plant {bug!r} anew"
    (tmp_path / "frame.cpp").write_text(text.replace(right, wrong), encoding="utf-8")
    frames = random_frames(200, 4)
    frames["flags"] |= FLAG_SYNC_OUT
    _, read = through_the_board(compile_driver(tmp_path / "frame.cpp", ("-O0",)), frames)
    assert not np.array_equal(read, frames)
