"""Packets and the decoder, against an encoder written from hardware/PROTOCOL.md alone, and against a bad line."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from acquisition.protocol import (
    CommandDecoder,
    Damaged,
    Decoder,
    Event,
    encode_command,
    encode_frames,
    encode_packet,
    encode_record,
    open_packet,
)
from insole.errors import ProtocolError
from insole.frame import Command, CommandType, Identify, Pulse, Reply, Status, frame_dtype

IDENTIFY = Identify(
    1, 0, "1.0.0", "mega2560", "A17", 0xC0FFEE, "left", 16, 10, "fsr_high", 1000.0, "ref16-EU42", 1000, (0,) * 16, 0x39
)
STATUS = Status(66_538_000, 999, 1, 0, 4987, 31.4)


# --- the page as code, slow and obvious ------------------------------------------------------------------------------


def page_crc(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8408 if crc & 1 else crc >> 1
    return crc


def page_packet(packet_type: int, payload: bytes) -> bytes:
    body = bytes([packet_type]) + payload
    body += struct.pack("<H", page_crc(body))
    marked = [*body, 0]
    wire = [marked.index(0) + 1]
    for at, byte in enumerate(marked[:-1]):
        wire.append(byte if byte else marked.index(0, at + 1) - at)
    return bytes([*wire, 0])


def page_frame(sequence: int, time_us: int, flags: int, counts: Iterable[int], bits: int) -> bytes:
    values = list(counts)
    total = sum(value << (i * bits) for i, value in enumerate(values))
    packed = total.to_bytes((len(values) * bits + 7) // 8, "little")
    return page_packet(1, struct.pack("<HIB", sequence, time_us, flags) + packed)


# --- helpers ---------------------------------------------------------------------------------------------------------


def some_frames(n: int, n_sensels: int = 16, bits: int = 10, seed: int = 1) -> NDArray[np.void]:
    """Frames of which each can be known again by its sequence."""
    rng = np.random.default_rng(seed)
    frames = np.zeros(n, dtype=frame_dtype(n_sensels))
    frames["sequence"] = np.arange(n)
    frames["device_time_us"] = 5_000_000 + 1000 * np.arange(n)
    loaded = rng.random((n, n_sensels)) < 0.7  # unloaded sensels are zeros, which COBS takes out
    frames["counts"] = rng.integers(0, 2**bits, (n, n_sensels)) * loaded
    return frames


def flat(events: Iterable[Event]) -> list[object]:
    """Events with the batches taken apart: how frames are batched is the only thing chunking may change."""
    items: list[object] = []
    for event in events:
        items.extend([frame.tobytes() for frame in event] if isinstance(event, np.ndarray) else [event])
    return items


def frames_of(events: Iterable[Event]) -> NDArray[np.void]:
    batches = [event for event in events if isinstance(event, np.ndarray)]
    return np.concatenate(batches) if batches else np.zeros(0, dtype=frame_dtype(16))


def identified(identify: Identify = IDENTIFY) -> Decoder:
    decoder = Decoder()
    assert decoder.feed(encode_record(identify)) == [identify]
    return decoder


# --- encoding --------------------------------------------------------------------------------------------------------


def test_check_value_of_the_crc() -> None:
    assert page_crc(b"123456789") == 0x6F91
    body = open_packet(encode_packet(ord("1"), b"23456789")[:-1])
    assert body == b"123456789" + bytes.fromhex("91 6f")


@pytest.mark.parametrize(
    ("wire", "hexadecimal"),
    [
        (encode_packet(0x82, b""), "04 82 9d a8 00"),
        (encode_command(Command(CommandType.IDENTIFY)), "00 04 81 06 9a 00"),
        (encode_command(Command(CommandType.STOP)), "00 04 83 14 b9 00"),
        (encode_command(Command(CommandType.SET_RATE, 1000)), "00 06 84 e8 03 7c 43 00"),
        (encode_command(Command(CommandType.SET_SIDE, 1)), "00 05 85 01 45 13 00"),
        (encode_command(Command(CommandType.SYNC_OUT, 50)), "00 03 86 32 03 14 66 00"),
        (encode_record(Reply(0x82, 0)), "03 05 82 01 03 22 d4 00"),
        (encode_record(Pulse(65_900_123, "belt", 17)), "06 04 5b 8e ed 03 03 01 11 01 01 03 1b f1 00"),
        (encode_record(STATUS), "08 03 10 4a f7 03 e7 03 01 02 01 01 01 01 01 01 01 07 7b 13 3a 01 dd 18 00"),
    ],
)
def test_examples_of_the_page(wire: bytes, hexadecimal: str) -> None:
    assert wire == bytes.fromhex(hexadecimal)


def test_worked_frame_on_the_wire() -> None:
    frames = np.zeros(1, dtype=frame_dtype(16))
    counts = (0, 1, 2, 3, 1023, 512, 256, 255, 100, 200, 300, 400, 500, 600, 700, 800)
    frames[0] = (4660, 65_538_000, 1, counts)
    wire = bytes.fromhex(
        "09 01 34 12 d0 07 e8 03 01 04 04 20 c0 12 ff 03 08 d0 3f 64 20 c3 12 64 f4 61 c9 2b c8 46 4e 00"
    )
    assert encode_frames(frames, 10) == [wire]
    assert np.array_equal(frames_of(identified().feed(wire)), frames)


@settings(max_examples=100, deadline=None)
@given(packet_type=st.integers(0, 255), payload=st.binary(max_size=250))
def test_packets_are_those_of_the_page(packet_type: int, payload: bytes) -> None:
    wire = encode_packet(packet_type, payload)
    assert wire == page_packet(packet_type, payload)
    assert wire.count(0) == 1
    assert wire[-1] == 0
    assert len(wire) == len(payload) + 5
    assert open_packet(wire[:-1]) == bytes([packet_type]) + payload + struct.pack("<H", page_crc(wire_body(wire)))


def wire_body(wire: bytes) -> bytes:
    """Type and payload of a packet, unstuffed by hand."""
    body, at = bytearray(), 0
    while wire[at]:
        code = wire[at]
        body += wire[at + 1 : at + code] + b"\0"
        at += code
    return bytes(body[:-3])


def test_a_packet_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="254 bytes, at most 253"):
        encode_packet(1, bytes(251))


# --- decoding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("n_sensels", [1, 5, 16, 32])
def test_frames_of_every_shape(bits: int, n_sensels: int) -> None:
    frames = some_frames(40, n_sensels, bits)
    wire = b"".join(
        page_frame(int(frame["sequence"]), int(frame["device_time_us"]), 0, frame["counts"].tolist(), bits)
        for frame in frames
    )
    decoder = identified(replace(IDENTIFY, n_sensels=n_sensels, bits=bits, scan_offset_us=(0,) * n_sensels))
    assert np.array_equal(frames_of(decoder.feed(wire)), frames)
    assert (decoder.frames, decoder.damaged, decoder.unknown) == (40, 0, 0)


def test_records_stand_where_they_stood_between_the_frames() -> None:
    frames = some_frames(6)
    packets = encode_frames(frames, 10)
    pulse, reply = Pulse(65_900_123, "sync", 2, 0), Reply(0, 6, "adc")
    wire = b"".join([*packets[:2], encode_record(STATUS), *packets[2:5], encode_record(pulse), encode_record(reply)])
    events = identified().feed(wire + packets[5])
    assert flat(events) == [
        *(frame.tobytes() for frame in frames[:2]),
        STATUS,
        *(frame.tobytes() for frame in frames[2:5]),
        pulse,
        reply,
        frames[5].tobytes(),
    ]


def test_damage_is_told_at_its_place() -> None:
    frames = some_frames(6)
    packets = encode_frames(frames, 10)
    hit = packets[2][:10] + bytes([packets[2][10] ^ 0x81]) + packets[2][11:]
    merged = packets[4][:-1] + b"\x17" + packets[5]
    decoder = identified()
    events = decoder.feed(b"".join([packets[0], packets[1], hit, packets[3], merged]))
    assert [len(event) for event in events[::2] if isinstance(event, np.ndarray)] == [2, 1]
    assert events[1::2] == [Damaged(32, "crc"), Damaged(64, "cobs")]
    assert decoder.damaged == 2
    assert np.array_equal(frames_of(events), frames[[0, 1, 3]])


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"\x09\x01\x02\x00", "cobs"),
        (b"\x02\x01\x00", "short"),
        (page_packet(1, bytes(26)), "short"),
        (b"\x04\x82\x9d\xa9\x00", "crc"),
        (bytes(range(1, 250)) * 3 + b"\x00", "long"),
        (page_packet(3, bytes(19)), "content"),
        (page_packet(4, bytes.fromhex("5b 8e ed 03 07 01 11 00 00 00")), "content"),
        (page_packet(2, b"\x01\x00tiny"), "content"),
    ],
)
def test_reasons_of_damage(packet: bytes, reason: str) -> None:
    decoder = identified()
    assert decoder.feed(packet) == [Damaged(len(packet), reason)]
    assert decoder.reasons == {reason: 1}
    assert decoder.identify == IDENTIFY


def test_frames_before_any_identify_are_counted_not_guessed() -> None:
    frames = some_frames(5)
    packets = encode_frames(frames, 10)
    decoder = Decoder()
    events = decoder.feed(b"".join([*packets[:3], encode_record(IDENTIFY), *packets[3:]]))
    assert flat(events) == [IDENTIFY, frames[3].tobytes(), frames[4].tobytes()]
    assert (decoder.unidentified, decoder.frames, decoder.damaged) == (3, 2, 0)


def test_a_new_identify_changes_the_shape_of_frames_behind_it_only() -> None:
    first, second = some_frames(3, 16, 10), some_frames(2, 4, 16)
    other = replace(IDENTIFY, n_sensels=4, bits=16, scan_offset_us=(0,) * 4, boot_id=2)
    wire = b"".join([*encode_frames(first, 10), encode_record(other), *encode_frames(second, 16)])
    events = identified().feed(wire)
    assert flat(events) == [*(f.tobytes() for f in first), other, *(f.tobytes() for f in second)]


def test_unknown_types_are_skipped_and_counted() -> None:
    frames = some_frames(3)
    packets = encode_frames(frames, 10)
    decoder = identified()
    strange = page_packet(0x2A, b"something new")
    events = decoder.feed(packets[0] + strange + packets[1] + strange + page_packet(0x81, b"") + packets[2])
    assert len(events) == 1
    assert np.array_equal(frames_of(events), frames)
    assert (decoder.unknown, decoder.damaged) == (3, 0)


def test_a_newer_minor_version_may_append_to_every_record() -> None:
    newer = replace(IDENTIFY, protocol_minor=4)
    frames = some_frames(4)
    decoder = Decoder()
    wire = page_packet(2, newer.pack() + b"\x07\x00")
    wire += b"".join(page_packet(1, wire_body(packet)[1:] + b"\x01\x02\x03") for packet in encode_frames(frames, 10))
    wire += page_packet(3, STATUS.pack() + bytes(4))
    events = decoder.feed(wire)
    assert flat(events) == [newer, *(frame.tobytes() for frame in frames), STATUS]
    assert decoder.damaged == 0


def test_a_newer_major_version_is_refused_and_the_line_can_go_on() -> None:
    decoder = Decoder()
    packets = encode_frames(some_frames(2), 10)
    with pytest.raises(ProtocolError, match=r"speaks protocol 2\.0, this Insole speaks 1\.0: update Insole"):
        decoder.feed(page_packet(2, b"\x02\x00whatever") + packets[0] + packets[1][:7])
    assert decoder.identify is None
    assert decoder.feed(packets[1][7:] + encode_record(IDENTIFY)) == [IDENTIFY]
    assert decoder.damaged == 0


def test_zeros_between_packets_are_nothing() -> None:
    frames = some_frames(2)
    decoder = identified()
    events = decoder.feed(b"\0\0\0" + b"\0\0".join(encode_frames(frames, 10)) + b"\0")
    assert np.array_equal(frames_of(events), frames)
    assert decoder.damaged == 0


def test_garbage_without_a_zero_is_not_kept() -> None:
    decoder = identified()
    held = []
    for _ in range(50):
        assert decoder.feed(b"\x55" * 10_000) == []
        held.append(sum(len(value) for value in vars(decoder._splitter).values() if isinstance(value, bytes)))
    assert max(held) <= 254
    frames = some_frames(1)
    events = decoder.feed(b"\0" + encode_frames(frames, 10)[0])
    assert events[0] == Damaged(500_001, "long")
    assert np.array_equal(frames_of(events), frames)


def test_random_bytes_cost_no_frame_behind_the_next_zero() -> None:
    frames = some_frames(300)
    packets = encode_frames(frames, 10)
    garbage = np.random.default_rng(4).integers(0, 256, 1000, dtype=np.uint8).tobytes()
    decoder = identified()
    kept = frames_of(decoder.feed(b"".join(packets[:150]) + garbage + b"".join(packets[150:])))
    assert np.array_equal(kept, frames[np.arange(300) != 150])


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[int]]:
    """A line with every kind of record, damage and rubbish on it, and places to cut it."""
    frames = encode_frames(some_frames(8), 10)
    other = replace(IDENTIFY, n_sensels=4, bits=16, scan_offset_us=(0,) * 4)
    pieces = [
        *frames,
        encode_record(IDENTIFY),
        encode_record(other),
        encode_record(STATUS),
        encode_record(Reply(0x82, 0, "ok")),
        page_packet(0x33, b"new"),
        b"\x7f" * 700,
        b"\0\0",
    ]
    order = draw(st.lists(st.sampled_from(pieces), max_size=25))
    wire = bytearray(b"".join(order))
    for _ in range(draw(st.integers(0, 4)) if wire else 0):
        wire[draw(st.integers(0, len(wire) - 1))] = draw(st.integers(0, 255))
    return bytes(wire), sorted(draw(st.lists(st.integers(0, len(wire)), max_size=30)))


@settings(max_examples=250, deadline=None)
@given(streams())
def test_any_chunking_gives_the_same_events(stream: tuple[bytes, list[int]]) -> None:
    wire, cuts = stream
    whole, pieces, singles = Decoder(), Decoder(), Decoder()
    expected = flat(whole.feed(wire))
    edges = [0, *cuts, len(wire)]
    events = [event for a, b in pairwise(edges) for event in pieces.feed(wire[a:b])]
    assert flat(events) == expected
    assert flat(event for at in range(len(wire)) for event in singles.feed(wire[at : at + 1])) == expected
    for other in (pieces, singles):
        assert (other.frames, other.unknown, other.unidentified) == (whole.frames, whole.unknown, whole.unidentified)
        assert other.reasons == whole.reasons
        assert other.bytes == len(wire)


# --- a bad line ------------------------------------------------------------------------------------------------------


def test_undamaged_frames_survive_flips_at_one_in_ten_thousand() -> None:
    frames = some_frames(50_000)
    wire = np.frombuffer(b"".join(encode_frames(frames, 10)), dtype=np.uint8).copy()
    rng = np.random.default_rng(11)
    at = np.flatnonzero(rng.random(wire.size) < 1e-4)
    wire[at] ^= (1 << rng.integers(0, 8, at.size)).astype(np.uint8)
    undamaged = np.ones(len(frames), dtype=bool)
    undamaged[at // 32] = False
    decoder = identified()
    kept = frames_of(decoder.feed(wire.tobytes()))
    assert at.size > 100
    assert np.array_equal(kept, frames[kept["sequence"]])  # as sent, none invented, none twice
    assert np.all(np.diff(kept["sequence"].astype(int)) > 0)
    assert len(kept) >= 0.999 * undamaged.sum()
    assert decoder.damaged >= 0.9 * (~undamaged).sum()


def test_a_million_mutations_invent_nothing_beyond_the_odds_of_the_crc() -> None:
    """500 lines of 1600 frames and 16 status records, each with 2000 changed, added or removed bytes."""
    frames = some_frames(1600)
    packets = encode_frames(frames, 10)
    for at in range(len(packets), 0, -100):
        packets.insert(at, encode_record(STATUS))
    clean = np.frombuffer(b"".join(packets), dtype=np.uint8)
    rng = np.random.default_rng(20)
    invented = damaged = kept = 0
    for _ in range(500):
        wire = clean.copy()
        hits = rng.integers(0, wire.size, 1000)
        wire[hits] ^= (1 << rng.integers(0, 8, 1000)).astype(np.uint8)
        wire[rng.integers(0, wire.size, 400)] = rng.integers(0, 256, 400)
        wire[rng.integers(0, wire.size, 200)] = 0
        wire = np.delete(wire, rng.integers(0, wire.size, 200))
        wire = np.insert(wire, rng.integers(0, wire.size, 200), rng.integers(0, 256, 200).astype(np.uint8))
        decoder = identified()
        got = frames_of(decoder.feed(wire.tobytes()))
        true = frames[np.minimum(got["sequence"], len(frames) - 1)]
        invented += int((got != true).sum())
        damaged += decoder.damaged
        kept += len(got)
    assert damaged > 300_000
    assert kept > 200_000
    # One damaged packet in 65 536 passes a 16-bit CRC by chance; five standard deviations above that.
    odds = damaged / 65_536
    assert invented <= odds + 5.0 * odds**0.5


# --- the device's side -----------------------------------------------------------------------------------------------


def test_command_decoder_gives_commands_and_leaves_out_damage() -> None:
    wire = encode_command(Command(CommandType.SET_RATE, 500)) + b"\x05\x85\x01\x45\x14\x00" + page_packet(0x99, b"x")
    whole, singles = CommandDecoder(), CommandDecoder()
    expected = [(0x84, b"\xf4\x01"), (0x99, b"x")]
    assert whole.feed(wire) == expected
    assert [item for at in range(len(wire)) for item in singles.feed(wire[at : at + 1])] == expected
