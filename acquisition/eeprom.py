"""What a board remembers without power, as bytes of its EEPROM: twin of ``hardware/firmware/insole/config.h``."""

from __future__ import annotations

import struct
from typing import Final

from fastcrc import crc16

from insole.frame import CIRCUIT_CODES, SIDE_CODES

BOOT_ID_AT: Final = 4
CONFIG_AT: Final = 16
MAGIC: Final = b"INSO"
VERSION: Final = 1
ERASED: Final = b"\xff"
_MAX_STRING: Final = 32
_RECORD: Final = struct.Struct("<4sBBBIB32sB32s")


def eeprom_image(side: str, serial: str, layout: str, r_m_ohm: float, circuit: str, boots: int) -> bytes:
    """The first bytes of an EEPROM; those behind them are erased.

    ``boots``: number of its last boot; the next one counts one on. ValueError for a text of more than 32 printable
    ASCII characters, or another value that the record can't hold.
    """
    texts = [text.encode("ascii") for text in (serial, layout)]
    for text in texts:
        if len(text) > _MAX_STRING or not all(0x20 <= c <= 0x7E for c in text):
            raise ValueError(f"{text!r} is not at most {_MAX_STRING} printable ASCII characters")
    r_m_milliohm = round(1000.0 * r_m_ohm)
    if not 0 < r_m_milliohm < 1 << 32:
        raise ValueError(f"a measuring resistor of {r_m_ohm:g} ohm")
    record = _RECORD.pack(
        MAGIC, VERSION, SIDE_CODES[side], CIRCUIT_CODES[circuit], r_m_milliohm,
        len(texts[0]), texts[0], len(texts[1]), texts[1],
    )  # fmt: skip
    record += crc16.mcrf4xx(record).to_bytes(2, "little")
    head = ERASED * BOOT_ID_AT + (boots & 0xFFFFFFFF).to_bytes(4, "little")
    return head.ljust(CONFIG_AT, ERASED) + record
