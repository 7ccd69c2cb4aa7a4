"""The pins of the boards, read from the firmware's own settings."""

from __future__ import annotations

import re
from pathlib import Path

CONFIG = Path(__file__).resolve().parent.parent / "firmware" / "insole" / "config.h"
_PIN = re.compile(r"^#define PIN_(\w+) (\d+)\b", re.MULTILINE)


def pins() -> dict[str, str]:
    """Name of each pin of ``config.h`` (``BELT``, ``SYNC_IN``, ``SYNC_OUT``, ``SELECT_0``) -> its name on the board."""
    return {name: f"D{number}" for name, number in _PIN.findall(CONFIG.read_text(encoding="utf-8"))}


def selects() -> list[str]:
    """The pins of S0 to S3 of the multiplexer: ``SELECT_0`` and the three that follow."""
    first = int(pins()["SELECT_0"][1:])
    return [f"D{first + k}" for k in range(4)]
