"""The records of the wire protocol as Python objects: the twin of ``hardware/PROTOCOL.md``, version 1.0.

Here a record is its *payload*, the bytes between the type byte and the check sum. Framing (COBS, CRC-16, delimiter) is
the business of ``acquisition.protocol``. All integers are little-endian. Every ``unpack`` accepts more bytes than it
knows, because a newer minor version may append to a record, and raises ``ProtocolError`` if there are fewer, or if a
value has no meaning.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from insole.errors import ProtocolError

PROTOCOL_MAJOR: Final = 1
PROTOCOL_MINOR: Final = 0

MAX_SENSELS: Final = 32
PAYLOAD_BITS: Final = (10, 12, 16)
MIN_RATE_HZ: Final = 100
MAX_RATE_HZ: Final = 2000
MAX_STRING: Final = 32
MAX_PACKET: Final = 253
"""Type + payload + CRC of one packet, bytes: up to here COBS adds exactly one byte, and no code byte is 0xFF."""

FLAG_SYNC_IN: Final = 0x01
"""Level of the sync input at the start of the scan."""
FLAG_SYNC_OUT: Final = 0x02
"""Level of the sync output at the start of the scan."""

CAPABILITY_BELT_PULSE: Final = 0x01
CAPABILITY_SYNC_IN: Final = 0x02
CAPABILITY_SYNC_OUT: Final = 0x04
CAPABILITY_SET_RATE: Final = 0x08
CAPABILITY_SET_SIDE: Final = 0x10
CAPABILITY_SUPPLY: Final = 0x20
CAPABILITY_TEMPERATURE: Final = 0x40

SIDE_CODES: Final = {"left": 0, "right": 1, "unset": 255}
CIRCUIT_CODES: Final = {"fsr_high": 0, "fsr_low": 1}
PULSE_CODES: Final = {"belt": 0, "sync": 1}

_SIDES = {code: name for name, code in SIDE_CODES.items()}
_CIRCUITS = {code: name for name, code in CIRCUIT_CODES.items()}
_PULSES = {code: name for name, code in PULSE_CODES.items()}

_FRAME_HEAD = struct.Struct("<HIB")
_IDENTIFY_HEAD = struct.Struct("<BBIBBBBIHI")
_STATUS = struct.Struct("<IIIIHh")
_PULSE = struct.Struct("<IBBI")
_NO_TEMPERATURE = -32768


class RecordType(IntEnum):
    """What the device sends."""

    FRAME = 0x01
    IDENTIFY = 0x02
    STATUS = 0x03
    PULSE = 0x04
    REPLY = 0x05


class CommandType(IntEnum):
    """What the host sends."""

    IDENTIFY = 0x81
    START = 0x82
    STOP = 0x83
    SET_RATE = 0x84
    SET_SIDE = 0x85
    SYNC_OUT = 0x86


class ReplyCode(IntEnum):
    """How a command ended."""

    OK = 0
    UNKNOWN_COMMAND = 1
    BAD_LENGTH = 2
    BAD_VALUE = 3
    WRONG_STATE = 4
    LINE_TOO_SLOW = 5
    HARDWARE_FAULT = 6


def _need(what: str, payload: bytes, size: int) -> None:
    if len(payload) < size:
        raise ProtocolError(
            f"{what} record of {len(payload)} bytes, at least {size} expected: check the encoder of the device"
        )


def _pack_string(text: str) -> bytes:
    data = text.encode("ascii")
    if len(data) > MAX_STRING:
        raise ValueError(f"string of {len(data)} characters, at most {MAX_STRING} fit: {text!r}")
    return bytes((len(data),)) + data


def _unpack_string(what: str, payload: bytes, at: int) -> tuple[str, int]:
    _need(what, payload, at + 1)
    end = at + 1 + payload[at]
    _need(what, payload, end)
    text = payload[at + 1 : end]
    if any(byte < 0x20 or byte > 0x7E for byte in text):
        raise ProtocolError(f"{what} record with a string that is not printable ASCII: check the encoder of the device")
    return text.decode("ascii"), end


@dataclass(frozen=True)
class Identify:
    """Who the device is and what its frames look like.

    ``side`` is "left", "right" or "unset"; ``r_m_ohm`` goes in steps of 0.001 ohm; ``scan_offset_us[i]`` is the delay
    of channel i's sample after the frame's device time, µs.
    """

    protocol_major: int
    protocol_minor: int
    firmware: str
    board: str
    device_serial: str
    boot_id: int
    side: str
    n_sensels: int
    bits: int
    circuit: str
    r_m_ohm: float
    layout: str
    rate_hz: int
    scan_offset_us: tuple[int, ...]
    capabilities: int

    def pack(self) -> bytes:
        """Payload bytes. ValueError if the offsets are not one a sensel, or a string is too long."""
        if len(self.scan_offset_us) != self.n_sensels:
            raise ValueError(f"{len(self.scan_offset_us)} scan offsets for {self.n_sensels} sensels")
        head = _IDENTIFY_HEAD.pack(
            self.protocol_major,
            self.protocol_minor,
            self.boot_id,
            SIDE_CODES[self.side],
            self.n_sensels,
            self.bits,
            CIRCUIT_CODES[self.circuit],
            round(self.r_m_ohm * 1000.0),
            self.rate_hz,
            self.capabilities,
        )
        offsets = struct.pack(f"<{self.n_sensels}H", *self.scan_offset_us)
        strings = (self.firmware, self.board, self.device_serial, self.layout)
        return head + offsets + b"".join(_pack_string(text) for text in strings)

    @classmethod
    def unpack(cls, payload: bytes) -> Identify:
        """Raises ``ProtocolError`` on another major version first of all: nothing behind it can be trusted then."""
        _need("identify", payload, 2)
        major, minor = payload[0], payload[1]
        if major != PROTOCOL_MAJOR:
            remedy = "update Insole" if major > PROTOCOL_MAJOR else "update the firmware"
            ours = f"{PROTOCOL_MAJOR}.{PROTOCOL_MINOR}"
            raise ProtocolError(f"the device speaks protocol {major}.{minor}, this Insole speaks {ours}: {remedy}")
        _need("identify", payload, _IDENTIFY_HEAD.size)
        _, _, boot_id, side, n_sensels, bits, circuit, r_m_mohm, rate_hz, capabilities = _IDENTIFY_HEAD.unpack_from(
            payload
        )
        checks = (
            ("side", side in _SIDES, side),
            ("number of sensels", 1 <= n_sensels <= MAX_SENSELS, n_sensels),
            ("bits", bits in PAYLOAD_BITS, bits),
            ("circuit", circuit in _CIRCUITS, circuit),
            ("measuring resistor", r_m_mohm > 0, r_m_mohm),
            ("rate", MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ, rate_hz),
        )
        for name, good, value in checks:
            if not good:
                raise ProtocolError(
                    f"identify record with the {name} {value}, which has no meaning: check the firmware"
                )
        at = _IDENTIFY_HEAD.size + 2 * n_sensels
        _need("identify", payload, at)
        offsets = struct.unpack_from(f"<{n_sensels}H", payload, _IDENTIFY_HEAD.size)
        strings: list[str] = []
        for _ in range(4):
            text, at = _unpack_string("identify", payload, at)
            strings.append(text)
        firmware, board, device_serial, layout = strings
        return cls(
            protocol_major=major,
            protocol_minor=minor,
            firmware=firmware,
            board=board,
            device_serial=device_serial,
            boot_id=boot_id,
            side=_SIDES[side],
            n_sensels=n_sensels,
            bits=bits,
            circuit=_CIRCUITS[circuit],
            r_m_ohm=r_m_mohm / 1000.0,
            layout=layout,
            rate_hz=rate_hz,
            scan_offset_us=offsets,
            capabilities=capabilities,
        )


@dataclass(frozen=True)
class Status:
    """Counters since *start*, u32 and wrapping. ``frames_sent + frames_dropped`` = number of scans so far.

    ``overruns`` are those of the dropped scans that did not end in time; the others found no room in the send buffer.
    ``supply_mv`` is 0 where it is not measured, ``temperature_c`` (steps of 0.1) None.
    """

    device_time_us: int
    frames_sent: int
    frames_dropped: int
    overruns: int
    supply_mv: int
    temperature_c: float | None

    def pack(self) -> bytes:
        """Payload bytes (20)."""
        tenths = _NO_TEMPERATURE if self.temperature_c is None else round(self.temperature_c * 10.0)
        return _STATUS.pack(
            self.device_time_us, self.frames_sent, self.frames_dropped, self.overruns, self.supply_mv, tenths
        )

    @classmethod
    def unpack(cls, payload: bytes) -> Status:
        """Raises ``ProtocolError`` if the payload is short."""
        _need("status", payload, _STATUS.size)
        time_us, sent, dropped, overruns, supply_mv, tenths = _STATUS.unpack_from(payload)
        return cls(time_us, sent, dropped, overruns, supply_mv, None if tenths == _NO_TEMPERATURE else tenths / 10.0)


@dataclass(frozen=True)
class Pulse:
    """An edge at the belt input ("belt", rising edges only) or at the sync input ("sync", both edges).

    ``count`` counts the records of this kind since boot, from 1; ``level`` is the input's level after the edge.
    """

    device_time_us: int
    kind: str
    count: int
    level: int = 1

    def pack(self) -> bytes:
        """Payload bytes (10)."""
        return _PULSE.pack(self.device_time_us, PULSE_CODES[self.kind], self.level, self.count)

    @classmethod
    def unpack(cls, payload: bytes) -> Pulse:
        """Raises ``ProtocolError`` if the payload is short, or kind or level have no meaning."""
        _need("pulse", payload, _PULSE.size)
        time_us, kind, level, count = _PULSE.unpack_from(payload)
        if kind not in _PULSES or level > 1:
            raise ProtocolError(
                f"pulse record with kind {kind} and level {level}, which have no meaning: check the firmware"
            )
        return cls(time_us, _PULSES[kind], count, level)


@dataclass(frozen=True)
class Reply:
    """Answer to a command (``command`` = its type), or a fault the device reports by itself (``command`` = 0)."""

    command: int
    code: int
    text: str = ""

    def pack(self) -> bytes:
        """Payload bytes."""
        return bytes((self.command, self.code)) + _pack_string(self.text)

    @classmethod
    def unpack(cls, payload: bytes) -> Reply:
        """Raises ``ProtocolError`` if the payload is short or the text is not ASCII."""
        _need("reply", payload, 3)
        text, _ = _unpack_string("reply", payload, 2)
        return cls(payload[0], payload[1], text)


@dataclass(frozen=True)
class Command:
    """A command. ``value``: Hz of *set rate*, side code of *set side*, ms of *sync out*; the others carry none."""

    type: int
    value: int = 0

    def pack(self) -> bytes:
        """Payload bytes (0, 1 or 2)."""
        size = _COMMAND_SIZE.get(self.type, 0)
        return self.value.to_bytes(size, "little")

    @classmethod
    def unpack(cls, command_type: int, payload: bytes) -> Command:
        """What a device makes of a command packet. ``ProtocolError`` if the payload is short (answer BAD_LENGTH)."""
        size = _COMMAND_SIZE.get(command_type, 0)
        _need("command", payload, size)
        return cls(command_type, int.from_bytes(payload[:size], "little"))


_COMMAND_SIZE: dict[int, int] = {CommandType.SET_RATE: 2, CommandType.SET_SIDE: 1, CommandType.SYNC_OUT: 2}


@lru_cache(maxsize=64)
def frame_dtype(n_sensels: int) -> np.dtype[np.void]:
    """One frame: sequence u2, device_time_us u4, flags u1, counts u2[n_sensels] in channel order."""
    return np.dtype([("sequence", "<u2"), ("device_time_us", "<u4"), ("flags", "u1"), ("counts", "<u2", (n_sensels,))])


def frame_payload_bytes(n_sensels: int, bits: int) -> int:
    """Payload of a frame record, bytes: 7 + ceil(n_sensels * bits / 8)."""
    return _FRAME_HEAD.size + (n_sensels * bits + 7) // 8


def frame_wire_bytes(n_sensels: int, bits: int) -> int:
    """A frame on the wire, bytes: payload + type 1 + CRC 2 + COBS 1 + delimiter 1."""
    return frame_payload_bytes(n_sensels, bits) + 5


def rate_fits(rate_hz: float, n_sensels: int, bits: int, baud: int) -> bool:
    """The rate rule: 10 bits a byte on the line, at most 90 % of the line for frames."""
    return rate_hz * frame_wire_bytes(n_sensels, bits) * 10 <= 0.9 * baud


def pack_frames(frames: NDArray[np.void], bits: int) -> NDArray[np.uint8]:
    """Payloads of ``frames`` (dtype ``frame_dtype``), (k, payload bytes). ValueError if a count needs more bits."""
    counts = np.ascontiguousarray(frames["counts"], dtype="<u2")
    k, n_sensels = counts.shape
    if bits < 16 and k and int(counts.max()) >> bits:
        raise ValueError(f"a count of {int(counts.max())} does not fit into {bits} bits")
    head = np.empty(k, dtype=[("sequence", "<u2"), ("device_time_us", "<u4"), ("flags", "u1")])
    for name in ("sequence", "device_time_us", "flags"):
        head[name] = frames[name]
    each_bit = np.unpackbits(counts.view(np.uint8).reshape(k, n_sensels, 2), axis=2, bitorder="little")
    packed = np.packbits(each_bit[:, :, :bits].reshape(k, n_sensels * bits), axis=1, bitorder="little")
    return np.concatenate([head.view(np.uint8).reshape(k, _FRAME_HEAD.size), packed], axis=1)


@lru_cache(maxsize=64)
def _word_places(n_sensels: int, bits: int) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """Which payload bytes hold sequence, the halves of the time, and each count; how far each count is shifted there.

    With 10, 12 or 16 bits no count reaches into a third byte, and each reaches into a second one.
    """
    first_bit = np.arange(n_sensels, dtype=np.int64) * bits
    low = np.concatenate([[0, 2, 4], _FRAME_HEAD.size + (first_bit >> 3)])
    return np.stack([low, low + 1], axis=1).ravel(), (first_bit & 7).astype(np.uint16)


def unpack_frames(payloads: NDArray[np.uint8], n_sensels: int, bits: int) -> NDArray[np.void]:
    """Inverse of ``pack_frames``. ``payloads``: (k, ``frame_payload_bytes`` or more, of which the rest is ignored)."""
    frames = np.empty(payloads.shape[0], dtype=frame_dtype(n_sensels))
    places, shift = _word_places(n_sensels, bits)
    words = payloads.take(places, axis=1).view("<u2")
    frames["sequence"] = words[:, 0]
    frames["device_time_us"] = words[:, 1:3].view("<u4")[:, 0]
    frames["flags"] = payloads[:, 6]
    counts = words[:, 3:] >> shift
    counts &= np.uint16((1 << bits) - 1)
    frames["counts"] = counts
    return frames
