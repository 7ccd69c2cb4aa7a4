"""Planted bugs: what a slip of the keyboard could make of the firmware. Each is a replacement in one of its files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from acquisition.silicon import HARDWARE


@dataclass(frozen=True)
class Mutant:
    """``changes``: (file, what stands there once, what takes its place); ``words``: what the checks say about it."""

    name: str
    changes: tuple[tuple[str, str, str], ...]
    words: str


SWAP = """{
    uint16_t c[N_SENSELS];
    memcpy(c, scan.counts, sizeof c);
    c[3] = scan.counts[4];
    c[4] = scan.counts[3];
    pack(to, c);
  }"""
BIG_ENDIAN = """{
    uint32_t bits = 0;
    uint8_t n = 0;
    for (uint8_t i = 0; i < N_SENSELS; ++i) {
      bits = bits << 10 | scan.counts[i];
      for (n += 10; n >= 8; n -= 8) *to++ = static_cast<uint8_t>(bits >> (n - 8));
    }
    if (false) pack(to, scan.counts);
  }"""

MUTANTS = (
    Mutant(
        "channel shifted by one",
        (("scan.cpp", "board_choose((k + 2) & (N_SENSELS - 1));", "board_choose((k + 3) & (N_SENSELS - 1));"),),
        "conversions are not in channel order",
    ),
    Mutant(
        "check sum one byte short",
        (
            (
                "frame.cpp", "    crc = crc16_add(crc, *body);",
                "    if (n != FRAME_BYTES || body + 1 != end) crc = crc16_add(crc, *body);",
            ),
        ),
        "damaged packets",
    ),
    Mutant(
        "missed wrap of the timer",
        (("device_time.cpp", "++timer_overflows;", "timer_overflows = (timer_overflows + 1) & 0x3F;"),),
        "the board's clock does not fit its frames",
    ),
    Mutant(
        "sequence wraps too early",
        (("scan.cpp", "due_sequence = due_sequence + 1;", "due_sequence = (due_sequence + 1) & 0x07FF;"),),
        "a gap, a repeated frame, or a wrong wrap",
    ),
    Mutant(
        "two channels swapped",
        (("frame.cpp", "pack(to, scan.counts);", SWAP),),
        "counts are not what the ADC latched",
    ),
    Mutant(
        "a frame repeated",
        (
            (
                "session.cpp", "send_frame(send_ring, *scan))",
                "(scan->sequence % 500 != 7 || send_frame(send_ring, *scan)) && send_frame(send_ring, *scan))",
            ),
        ),
        "a gap, a repeated frame, or a wrong wrap",
    ),
    Mutant(
        "stale sequence after a reset",
        (
            ("scan.cpp", "uint16_t due_sequence;", 'uint16_t due_sequence __attribute__((section(".noinit")));'),
            ("scan.cpp", "  due_sequence = 0;\n", ""),
        ),
        "the sequence does not begin at 0",
    ),
    Mutant(
        "counts packed in the wrong bit order",
        (("frame.cpp", "pack(to, scan.counts);", BIG_ENDIAN),),
        "counts are not what the ADC latched",
    ),
)  # fmt: skip


def plant(mutant, folder):
    """A copy of the firmware's sources with this bug in it: a folder for ``build_firmware``."""
    sources = folder / "firmware"
    shutil.copytree(HARDWARE / "firmware", sources)
    for name, old, new in mutant.changes:
        path = sources / "insole" / name
        text = path.read_text()
        assert text.count(old) == 1, f"{name}: {old!r} stands there {text.count(old)} times"
        path.write_text(text.replace(old, new))
    return sources
