"""The records of the wire, held against the examples of hardware/PROTOCOL.md, byte for byte."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insole.errors import ProtocolError
from insole.frame import (
    Command,
    CommandType,
    Identify,
    Pulse,
    Reply,
    ReplyCode,
    Status,
    frame_dtype,
    frame_wire_bytes,
    pack_frames,
    rate_fits,
    unpack_frames,
)

COUNTS = (0, 1, 2, 3, 1023, 512, 256, 255, 100, 200, 300, 400, 500, 600, 700, 800)
FRAME_PAYLOAD = bytes.fromhex("34 12 d0 07 e8 03 01 00 04 20 c0 00 ff 03 08 d0 3f 64 20 c3 12 64 f4 61 c9 2b c8")
IDENTIFY = Identify(
    protocol_major=1,
    protocol_minor=0,
    firmware="1.0.0",
    board="mega2560",
    device_serial="A17",
    boot_id=0x00C0FFEE,
    side="left",
    n_sensels=4,
    bits=12,
    circuit="fsr_high",
    r_m_ohm=1000.0,
    layout="four",
    rate_hz=1000,
    scan_offset_us=(0, 26, 52, 78),
    capabilities=0x39,
)
IDENTIFY_PAYLOAD = bytes.fromhex(
    "01 00 ee ff c0 00 00 04 0c 00 40 42 0f 00 e8 03 39 00 00 00 00 00 1a 00 34 00 4e 00"
    "05 31 2e 30 2e 30 08 6d 65 67 61 32 35 36 30 03 41 31 37 04 66 6f 75 72"
)


def test_worked_frame_packs_and_unpacks_to_the_printed_bytes() -> None:
    frames = np.zeros(1, dtype=frame_dtype(16))
    frames[0] = (4660, 65_538_000, 1, COUNTS)
    assert pack_frames(frames, 10).tobytes() == FRAME_PAYLOAD
    back = unpack_frames(np.frombuffer(FRAME_PAYLOAD, dtype=np.uint8)[None, :], 16, 10)
    assert tuple(back["counts"][0]) == COUNTS
    assert (back["sequence"][0], back["device_time_us"][0], back["flags"][0]) == (4660, 65_538_000, 1)


def test_twelve_bit_example() -> None:
    frames = np.zeros(1, dtype=frame_dtype(3))
    frames["counts"] = (0x123, 0xABC, 0xFFF)
    assert pack_frames(frames, 12)[0, 7:].tobytes() == bytes.fromhex("23 c1 ab ff 0f")


@settings(max_examples=60, deadline=None)
@given(bits=st.sampled_from((10, 12, 16)), n_sensels=st.integers(1, 32), seed=st.integers(0, 2**32 - 1))
def test_packing_is_the_little_endian_sum(bits: int, n_sensels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = np.zeros(3, dtype=frame_dtype(n_sensels))
    frames["sequence"] = rng.integers(0, 2**16, 3)
    frames["device_time_us"] = rng.integers(0, 2**32, 3)
    frames["flags"] = rng.integers(0, 256, 3)
    frames["counts"] = rng.integers(0, 2**bits, (3, n_sensels))
    payloads = pack_frames(frames, bits)
    for frame, payload in zip(frames, payloads, strict=True):
        total = sum(int(count) << (i * bits) for i, count in enumerate(frame["counts"]))
        head = struct.pack("<HIB", frame["sequence"], frame["device_time_us"], frame["flags"])
        assert payload.tobytes() == head + total.to_bytes((n_sensels * bits + 7) // 8, "little")
    assert np.array_equal(unpack_frames(payloads, n_sensels, bits), frames)


def test_appended_bytes_of_a_newer_minor_version_are_ignored() -> None:
    longer = np.frombuffer(FRAME_PAYLOAD + b"\xaa\xbb", dtype=np.uint8)[None, :]
    assert tuple(unpack_frames(longer, 16, 10)["counts"][0]) == COUNTS
    assert Identify.unpack(IDENTIFY_PAYLOAD + b"more") == IDENTIFY
    assert Reply.unpack(Reply(0x82, 0, "").pack() + b"more") == Reply(0x82, 0, "")


def test_a_count_too_large_for_its_bits_is_refused() -> None:
    frames = np.zeros(1, dtype=frame_dtype(2))
    frames["counts"] = (1024, 0)
    with pytest.raises(ValueError, match="1024 does not fit into 10 bits"):
        pack_frames(frames, 10)


def test_identify_example() -> None:
    assert IDENTIFY.pack() == IDENTIFY_PAYLOAD
    assert Identify.unpack(IDENTIFY_PAYLOAD) == IDENTIFY


@pytest.mark.parametrize(
    "other",
    [
        replace(IDENTIFY, side="unset", circuit="fsr_low", bits=16, r_m_ohm=4700.5, boot_id=2**32 - 1),
        replace(IDENTIFY, side="right", n_sensels=32, scan_offset_us=tuple(range(0, 3200, 100)), layout="x" * 32),
        replace(IDENTIFY, protocol_minor=7, firmware="", board="", device_serial="", layout="", rate_hz=2000),
    ],
)
def test_identify_round_trip(other: Identify) -> None:
    assert Identify.unpack(other.pack()) == other


def test_every_cut_of_identify_is_refused() -> None:
    for end in range(len(IDENTIFY_PAYLOAD)):
        with pytest.raises(ProtocolError, match="bytes, at least"):
            Identify.unpack(IDENTIFY_PAYLOAD[:end])


@pytest.mark.parametrize(
    ("offset", "value", "what"),
    [(6, 2, "side"), (7, 0, "sensels"), (7, 33, "sensels"), (8, 11, "bits"), (9, 2, "circuit"), (15, 0x20, "rate")],
)
def test_values_without_a_meaning_are_refused(offset: int, value: int, what: str) -> None:
    payload = bytearray(IDENTIFY_PAYLOAD)
    payload[offset] = value
    with pytest.raises(ProtocolError, match=what):
        Identify.unpack(bytes(payload))


def test_another_major_version_is_refused_whatever_follows() -> None:
    with pytest.raises(ProtocolError, match=r"speaks protocol 2\.5, this Insole speaks 1\.0: update Insole"):
        Identify.unpack(b"\x02\x05")
    with pytest.raises(ProtocolError, match="update the firmware"):
        Identify.unpack(b"\x00\x09" + IDENTIFY_PAYLOAD[2:])


def test_text_that_is_not_printable_ascii_is_refused() -> None:
    with pytest.raises(ProtocolError, match="ASCII"):
        Reply.unpack(b"\x82\x00\x02a\x1b")


def test_status_pulse_and_reply_examples() -> None:
    status = Status(66_538_000, 999, 1, 0, 4987, 31.4)
    assert status.pack() == bytes.fromhex("10 4a f7 03 e7 03 00 00 01 00 00 00 00 00 00 00 7b 13 3a 01")
    assert Status.unpack(status.pack()) == status
    unmeasured = replace(status, supply_mv=0, temperature_c=None)
    assert unmeasured.pack()[-4:] == b"\x00\x00\x00\x80"
    assert Status.unpack(unmeasured.pack()) == unmeasured
    freezing = replace(status, temperature_c=-12.3)
    assert Status.unpack(freezing.pack()) == freezing

    pulse = Pulse(65_900_123, "belt", 17, 1)
    assert pulse.pack() == bytes.fromhex("5b 8e ed 03 00 01 11 00 00 00")
    assert Pulse.unpack(pulse.pack()) == pulse
    with pytest.raises(ProtocolError, match="no meaning"):
        Pulse.unpack(bytes.fromhex("5b 8e ed 03 02 01 11 00 00 00"))

    assert Reply(0x82, ReplyCode.OK).pack() == bytes.fromhex("82 00 00")
    fault = Reply(0, ReplyCode.HARDWARE_FAULT, "adc")
    assert Reply.unpack(fault.pack()) == fault


@pytest.mark.parametrize(
    ("command", "payload"),
    [
        (Command(CommandType.IDENTIFY), ""),
        (Command(CommandType.SET_RATE, 1000), "e8 03"),
        (Command(CommandType.SET_SIDE, 1), "01"),
        (Command(CommandType.SYNC_OUT, 50), "32 00"),
    ],
)
def test_commands(command: Command, payload: str) -> None:
    assert command.pack() == bytes.fromhex(payload)
    assert Command.unpack(command.type, bytes.fromhex(payload) + b"\xff") == command


def test_short_command_is_refused() -> None:
    with pytest.raises(ProtocolError, match="1 bytes, at least 2"):
        Command.unpack(CommandType.SET_RATE, b"\xe8")


@pytest.mark.parametrize(("n", "bits", "size"), [(16, 10, 32), (16, 12, 36), (16, 16, 44), (32, 16, 76), (1, 10, 14)])
def test_size_on_the_wire(n: int, bits: int, size: int) -> None:
    assert frame_wire_bytes(n, bits) == size


def test_rate_rule() -> None:
    assert rate_fits(1406, 16, 10, 500_000)
    assert not rate_fits(1407, 16, 10, 500_000)
    assert rate_fits(703, 16, 10, 250_000)
    assert not rate_fits(704, 16, 10, 250_000)
    assert rate_fits(1000, 16, 12, 400_000)  # 36 bytes: exactly nine tenths of the line
