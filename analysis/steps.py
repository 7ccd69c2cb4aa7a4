"""The table of steps: one row a contact of the analysed span, with its indices and its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LEADING_COLUMNS: Final = ("side", "step", "initial_contact_s", "toe_off_s")
INDEX_UNITS: Final[Mapping[str, str]] = {
    "contact_time_s": "s",
    "stride_time_s": "s",
    "peak_force_bw": "BW",
    "impulse_bw_s": "BW·s",
    "mli": "%",
    "foot_balance": "%",
    "mt34": "%",
    "ami": "%",
    "forefoot_balance": "%",
    "rearfoot_balance": "%",
    "xm": "%",
    "dev": "%",
    "lmd_mm": "mm",
    "mt1_share": "%",
    "mt2_share": "%",
    "mt3_share": "%",
    "mt4_share": "%",
    "mt5_share": "%",
    "strike_index": "%",
    "peak_force_n": "N",
    "impulse_n_s": "N·s",
    "step_time_s": "s",
    "swing_time_s": "s",
    "duty_factor": "1",
}
TRAILING_COLUMNS: Final = ("valid", "reject_reason", "flags")
STEP_COLUMNS: Final = (*LEADING_COLUMNS, *INDEX_UNITS, *TRAILING_COLUMNS)
REJECT_REASONS: Final = (
    "edge", "belt_speed", "gap", "interpolated", "contact_time", "stride_time", "missed_event", "outlier", "saturated",
)  # fmt: skip


@dataclass(eq=False)
class StepTable:
    """Contacts of one foot in order of time; `columns` holds `STEP_COLUMNS` in that order, all of one length.

    `side`, `reject_reason` and `flags` are text ("" = null, flags joined by ";"), `step` counts from 1, `valid` is
    bool, the rest are f8 with NaN for null; units stand in `INDEX_UNITS`.
    """

    columns: dict[str, NDArray[Any]]

    def __len__(self) -> int:
        """Number of contacts."""
        return len(self.columns["step"])

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Which steps count, (k,)."""
        return self.columns["valid"]

    def valid_values(self, column: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(initial contact s, value) of the valid steps in which the column is not null."""
        values = self.columns[column]
        keep = self.valid & np.isfinite(values)
        return self.columns["initial_contact_s"][keep], values[keep]

    def to_rows(self) -> list[tuple[str | int | float | bool | None, ...]]:
        """Rows in the order of `STEP_COLUMNS`, null as None."""
        lists: list[list[Any]] = []
        for name, column in self.columns.items():
            if name in ("side", "reject_reason", "flags"):
                lists.append([str(v) or None for v in column])
            elif column.dtype.kind == "f":
                lists.append([float(v) if np.isfinite(v) else None for v in column])
            else:
                lists.append(column.tolist())
        return list(zip(*lists, strict=True))
