"""Packets of the wire protocol (``hardware/PROTOCOL.md``): the encoder, and the decoder that survives a bad line.

A packet is COBS(type, payload, CRC-16/MCRF4XX little-endian) followed by 0x00. Nothing here touches a port.
"""

from __future__ import annotations

import numpy as np
from cobs import cobs
from fastcrc import crc16
from numpy.typing import NDArray

from insole.frame import MAX_PACKET, Command, Identify, Pulse, RecordType, Reply, Status, pack_frames

_TYPES: dict[type, int] = {
    Identify: RecordType.IDENTIFY,
    Status: RecordType.STATUS,
    Pulse: RecordType.PULSE,
    Reply: RecordType.REPLY,
}


def encode_packet(packet_type: int, payload: bytes) -> bytes:
    """One packet as it goes over the wire, delimiter included. ValueError if it is too long for one COBS block."""
    body = bytes((packet_type,)) + payload
    if len(body) + 2 > MAX_PACKET:
        raise ValueError(f"a packet of {len(body) + 2} bytes, at most {MAX_PACKET} are allowed")
    encoded: bytes = cobs.encode(body + crc16.mcrf4xx(body).to_bytes(2, "little"))
    return encoded + b"\0"


def encode_record(record: Identify | Status | Pulse | Reply) -> bytes:
    """A record other than a frame, as wire bytes."""
    return encode_packet(_TYPES[type(record)], record.pack())


def encode_command(command: Command) -> bytes:
    """A command as wire bytes."""
    return encode_packet(command.type, command.pack())


def encode_frames(frames: NDArray[np.void], bits: int) -> list[bytes]:
    """Frames (dtype ``frame_dtype``) as wire bytes, one item a frame, so that a caller can leave out or damage single ones."""
    payloads = pack_frames(frames, bits)
    width = payloads.shape[1]
    flat = payloads.tobytes()
    return [encode_packet(RecordType.FRAME, flat[at : at + width]) for at in range(0, len(flat), width)]
