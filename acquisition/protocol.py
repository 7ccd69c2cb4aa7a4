"""Packets of the wire protocol (``hardware/PROTOCOL.md``): the encoder, and the decoder that survives a bad line.

A packet is COBS(type, payload, CRC-16/MCRF4XX little-endian) followed by 0x00. Nothing here touches a port.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from cobs import cobs
from fastcrc import crc16
from numpy.typing import NDArray

from insole.errors import ProtocolError
from insole.frame import (
    MAX_PACKET,
    PROTOCOL_MAJOR,
    Command,
    Identify,
    Pulse,
    RecordType,
    Reply,
    Status,
    frame_payload_bytes,
    pack_frames,
    unpack_frames,
)

MIN_PACKET: Final = 3
_MAX_ENCODED: Final = MAX_PACKET + 1

_TYPES: dict[type, RecordType] = {
    Identify: RecordType.IDENTIFY,
    Status: RecordType.STATUS,
    Pulse: RecordType.PULSE,
    Reply: RecordType.REPLY,
}
_RECORDS: dict[int, type[Identify] | type[Status] | type[Pulse] | type[Reply]] = {
    RecordType.IDENTIFY: Identify,
    RecordType.STATUS: Status,
    RecordType.PULSE: Pulse,
    RecordType.REPLY: Reply,
}


@dataclass(frozen=True)
class Damaged:
    """A packet that was thrown away, at its place in the order of events.

    ``n_bytes``: its length on the wire, delimiter included (two packets whose delimiter was hit come as one long
    packet, a packet hit by a zero as two short ones). ``reason``: "cobs", "crc", "short", "long" or "content"
    (right CRC, but a record that can't be).
    """

    n_bytes: int
    reason: str


Event = NDArray[np.void] | Identify | Status | Pulse | Reply | Damaged
"""What the decoder tells, in the order of the wire. An array is a batch of frames, dtype ``frame_dtype(n_sensels)``."""


def encode_packet(packet_type: int, payload: bytes) -> bytes:
    """One packet as it goes over the wire, delimiter included. ValueError if its body is longer than MAX_PACKET."""
    body = bytes((packet_type,)) + payload
    if len(body) + 2 > MAX_PACKET:
        raise ValueError(f"a packet of {len(body) + 2} bytes, at most {MAX_PACKET} are allowed")
    encoded: bytes = cobs.encode(body + crc16.mcrf4xx(body).to_bytes(2, "little"))
    return encoded + b"\0"


def encode_record(record: Identify | Status | Pulse | Reply) -> bytes:
    """A record other than a frame, as wire bytes."""
    return encode_packet(_TYPES[type(record)], record.pack())


def encode_command(command: Command) -> bytes:
    """A command as wire bytes, behind a 0x00 that ends whatever rubbish the line held."""
    return b"\0" + encode_packet(command.type, command.pack())


def encode_frames(frames: NDArray[np.void], bits: int) -> list[bytes]:
    """Frames (dtype ``frame_dtype``) as wire bytes, one item a frame: single ones can be left out or damaged."""
    payloads = pack_frames(frames, bits)
    width = payloads.shape[1]
    flat = payloads.tobytes()
    return [encode_packet(RecordType.FRAME, flat[at : at + width]) for at in range(0, len(flat), width)]


def open_packet(encoded: bytes) -> bytes | str:
    """Body (type, payload, CRC) of what stood between two delimiters, or why it is none, as in ``Damaged``."""
    if len(encoded) > _MAX_ENCODED:
        return "long"
    try:
        body: bytes = cobs.decode(encoded)
    except cobs.DecodeError:
        return "cobs"
    if len(body) < MIN_PACKET:
        return "short"
    # The CRC over a body that ends with its own CRC is 0.
    return "crc" if crc16.mcrf4xx(body) else body


class Splitter:
    """Cuts a byte stream at 0x00, whatever the chunks; holds one packet at most, however long no zero comes."""

    def __init__(self) -> None:
        """Start with an empty line."""
        self._pending = b""
        self._thrown_away = 0

    def feed(self, data: bytes) -> list[tuple[bytes | str, int]]:
        """(Body or reason, bytes on the wire) of every packet that ends within ``data``; empty ones are left out."""
        parts = data.split(b"\0")
        tail = parts.pop()
        packets: list[tuple[bytes | str, int]] = []
        if parts:
            parts[0] = self._pending + parts[0]
            if self._thrown_away:
                packets.append(("long", self._thrown_away + len(parts.pop(0)) + 1))
            self._pending, self._thrown_away = b"", 0
        self._pending += tail
        if self._thrown_away or len(self._pending) > _MAX_ENCODED:
            self._thrown_away += len(self._pending)
            self._pending = b""
        packets.extend([(open_packet(part), len(part) + 1) for part in parts if part])
        return packets


class Decoder:
    """Sans-io decoder of what a device sends.

    Attributes (totals so far): ``bytes`` fed; ``frames`` delivered; ``damaged`` packets, and ``reasons`` how many of
    each; ``unknown`` packets with a right CRC and a type this version does not know; ``unidentified`` frames that came
    before any *identify* and could not be read. ``identify`` is the last record of that kind, or None.
    """

    def __init__(self) -> None:
        """Start in front of an unknown device."""
        self.bytes = 0
        self.frames = 0
        self.unknown = 0
        self.unidentified = 0
        self.reasons: Counter[str] = Counter()
        self.identify: Identify | None = None
        self._splitter = Splitter()
        self._frame_size = 0

    @property
    def damaged(self) -> int:
        """Packets thrown away."""
        return self.reasons.total()

    def feed(self, data: bytes) -> list[Event]:
        """Events in the order of the wire, the same for any chunking of it but for where batches of frames are cut.

        Raises ``ProtocolError`` if the device identifies itself with another major version.
        """
        self.bytes += len(data)
        events: list[Event] = []
        batch: list[bytes] = []
        frame_type = int(RecordType.FRAME)
        for body, n_bytes in self._splitter.feed(data):
            if type(body) is bytes and body[0] == frame_type:
                if len(body) == self._frame_size:
                    batch.append(body)
                    continue
                if not self._frame_size:
                    self.unidentified += 1
                    continue
                if len(body) > self._frame_size:
                    batch.append(body[: self._frame_size])
                    continue
                body = "short"
            event = self._record(body, n_bytes)
            if event is None:
                continue
            if batch:
                events.append(self._unpack(batch))
                batch = []
            events.append(event)
            if isinstance(event, Identify):
                self.identify = event
                self._frame_size = 3 + frame_payload_bytes(event.n_sensels, event.bits)
        if batch:
            events.append(self._unpack(batch))
        return events

    def _record(self, body: bytes | str, n_bytes: int) -> Identify | Status | Pulse | Reply | Damaged | None:
        if isinstance(body, str):
            self.reasons[body] += 1
            return Damaged(n_bytes, body)
        record = _RECORDS.get(body[0])
        if record is None:
            self.unknown += 1
            return None
        try:
            return record.unpack(body[1:-2])
        except ProtocolError:
            if record is Identify and len(body) >= MIN_PACKET + 2 and body[1] != PROTOCOL_MAJOR:
                raise
            self.reasons["content"] += 1
            return Damaged(n_bytes, "content")

    def _unpack(self, batch: list[bytes]) -> NDArray[np.void]:
        assert self.identify is not None
        bodies = np.frombuffer(b"".join(batch), dtype=np.uint8).reshape(len(batch), self._frame_size)
        self.frames += len(batch)
        return unpack_frames(bodies[:, 1:], self.identify.n_sensels, self.identify.bits)


class CommandDecoder:
    """The device's side: what simulated and replayed devices make of the bytes a host writes."""

    def __init__(self) -> None:
        """Start with an empty line."""
        self._splitter = Splitter()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """(Command type, payload) of every undamaged packet; damaged ones are not answered, so they are left out."""
        return [(body[0], body[1:-2]) for body, _ in self._splitter.feed(data) if isinstance(body, bytes)]
