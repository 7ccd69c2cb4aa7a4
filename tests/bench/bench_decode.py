"""How long decoding a frame takes: the decoder in C libraries and numpy, against one in plain Python.

``python tests/bench/bench_decode.py`` prints a line per way of cutting the stream: µs a frame, and the ratio to plain
Python.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from acquisition.protocol import Decoder, encode_frames, encode_record
from insole.frame import Identify, frame_dtype

N_SENSELS, BITS, RATE_HZ = 16, 10, 1000
IDENTIFY = Identify(
    1,
    0,
    "1.0",
    "bench",
    "B1",
    1,
    "left",
    N_SENSELS,
    BITS,
    "fsr_high",
    1000.0,
    "ref16-EU42",
    RATE_HZ,
    (0,) * N_SENSELS,
    0,
)


def stream(n_frames: int) -> bytes:
    """Gait-like frames on the wire: half of the time the foot is in the air and most counts are 0."""
    rng = np.random.default_rng(5)
    frames = np.zeros(n_frames, dtype=frame_dtype(N_SENSELS))
    frames["sequence"] = np.arange(n_frames) % 65536
    frames["device_time_us"] = np.arange(n_frames) * 1000
    stance = (np.arange(n_frames) // 300) % 2 == 0
    frames["counts"] = rng.integers(0, 800, (n_frames, N_SENSELS)) * stance[:, None]
    return b"".join(encode_frames(frames, BITS))


def plain_decode(wire: bytes) -> list[tuple[int, int, int, list[int]]]:
    """The page as plain Python: unstuff, CRC byte by byte, unpack bit by bit of one large number."""
    frames = []
    for packet in wire.split(b"\0"):
        if not packet:
            continue
        body, at = bytearray(), 0
        while at < len(packet):
            code = packet[at]
            body += packet[at + 1 : at + code]
            at += code
            if at < len(packet):
                body.append(0)
        crc = 0xFFFF
        for byte in body:
            crc ^= byte
            for _ in range(8):
                crc = (crc >> 1) ^ 0x8408 if crc & 1 else crc >> 1
        if crc:
            continue
        total = int.from_bytes(body[8:-2], "little")
        counts = [(total >> (i * BITS)) & ((1 << BITS) - 1) for i in range(N_SENSELS)]
        frames.append((int.from_bytes(body[1:3], "little"), int.from_bytes(body[3:7], "little"), body[7], counts))
    return frames


def decode(wire: bytes, chunk_bytes: int) -> int:
    """Feed the stream in chunks; how many frames came out."""
    decoder = Decoder()
    decoder.feed(encode_record(IDENTIFY))
    for at in range(0, len(wire), chunk_bytes):
        decoder.feed(wire[at : at + chunk_bytes])
    return decoder.frames


def best_us(action: Callable[[], object], n_frames: int, repeats: int = 5) -> float:
    """Least time of some runs, µs a frame."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times) / n_frames * 1e6


def main(n_frames: int = 60_000) -> dict[str, float]:
    """Print the table; µs a frame by name."""
    wire = stream(n_frames)
    n_plain = max(n_frames // 20, 1)
    short = wire[: n_plain * (len(wire) // n_frames)]
    results = {"plain Python": best_us(lambda: plain_decode(short), n_plain, repeats=3)}
    for chunk_ms in (1, 10, 50, 250):
        chunk_bytes = chunk_ms * RATE_HZ // 1000 * (len(wire) // n_frames)
        if decode(wire, chunk_bytes) != n_frames:
            raise RuntimeError("the decoder lost frames of an undamaged stream")
        results[f"chunks of {chunk_ms} ms"] = best_us(lambda size=chunk_bytes: decode(wire, size), n_frames)  # type: ignore[misc]
    for name, us in results.items():
        print(f"decode 16 x 10 bit, {name:<16} {us:8.2f} µs/frame   {results['plain Python'] / us:6.1f} x plain Python")
    return results


if __name__ == "__main__":
    main()
