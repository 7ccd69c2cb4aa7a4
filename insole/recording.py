"""Samples of one insole: index, time, values of one kind, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from insole.errors import TrialFileError

SIDES = ("left", "right")
RECORDING_SIDES = ("left", "right", "both")
KINDS = ("counts", "pressure_kpa", "force_n", "total")
GAP_KINDS = (b"lost", b"damaged", b"board", b"mixed", b"reset", b"unplugged")
MAX_DURATION_S = 100_000.0

#: One hole in a recording. ``start_index`` is the first missing sample; ``kind`` is ``lost`` (never arrived),
#: ``damaged`` (arrived, failed its check), ``board`` (dropped by the board, which counted it), ``mixed``,
#: ``reset`` or ``unplugged``; ``n_damaged`` and ``n_dropped`` say how many of ``length`` are known to be which.
GAP = np.dtype(
    [("start_index", "<i8"), ("length", "<i8"), ("kind", "S12"), ("n_damaged", "<i8"), ("n_dropped", "<i8")]
)


def no_gaps() -> NDArray[np.void]:
    """An empty gap table."""
    return np.zeros(0, dtype=GAP)


@dataclass(eq=False)
class Recording:
    """What one insole (or one instrument for both feet) measured.

    Attributes
    ----------
    side : ``left``, ``right`` or ``both`` (one signal of two feet).
    kind : ``counts`` u16[n, n_sensels], ``pressure_kpa`` f8[n, n_sensels], ``force_n`` f8[n, n_sensels] or
        ``total`` f8[n] (N) with ``cop_mm``.
    sample_rate_hz : nominal rate of the scans.
    index : i8[n], absolute sample number, strictly increasing. A jump is a hole and stands in ``gaps``.
    time_s : f8[n], seconds on the trial's time base, never decreasing.
    values : the samples; columns of ``counts`` are device channels (``Layout.channel`` maps them to sensels).
    gaps : table of ``GAP`` rows.
    cop_mm : f8[n, 2] in the foot frame, kind ``total`` only; NaN where unknown.
    first_side : whose contact comes first, side ``both`` only; None leaves contacts unlabelled.
    """

    side: str
    kind: str
    sample_rate_hz: float
    index: NDArray[np.int64]
    time_s: NDArray[np.float64]
    values: NDArray[np.uint16] | NDArray[np.float64]
    gaps: NDArray[np.void] = field(default_factory=no_gaps)
    cop_mm: NDArray[np.float64] | None = None
    first_side: str | None = None

    def __post_init__(self) -> None:
        """Refuse what can't be a recording (TrialFileError names the field)."""
        if self.side not in RECORDING_SIDES:
            raise TrialFileError(f"recording: side is {self.side!r}, expected one of {', '.join(RECORDING_SIDES)}")
        if self.kind not in KINDS:
            raise TrialFileError(f"recording: kind is {self.kind!r}, expected one of {', '.join(KINDS)}")
        if not (np.isfinite(self.sample_rate_hz) and 1.0 <= self.sample_rate_hz <= 100_000.0):
            raise TrialFileError(f"recording: sample_rate_hz is {self.sample_rate_hz}, expected 1 to 100000")
        n = self.index.shape[0]
        if self.time_s.shape != (n,) or self.values.shape[0] != n:
            raise TrialFileError("recording: index, time_s and values have different lengths")
        if self.values.ndim != (1 if self.kind == "total" else 2):
            raise TrialFileError(f"recording: values of kind {self.kind} have {self.values.ndim} dimensions")
        for name, array, dtype in (
            ("index", self.index, np.int64), ("time_s", self.time_s, np.float64), ("gaps", self.gaps, GAP),
            ("values", self.values, np.uint16 if self.kind == "counts" else np.float64),
        ):  # fmt: skip
            if array.dtype != dtype:
                raise TrialFileError(f"recording: {name} of kind {self.kind} are {array.dtype}, expected {dtype}")
        if self.cop_mm is not None and self.cop_mm.shape != (n, 2):
            raise TrialFileError("recording: cop_mm is not one x, y pair a sample")
        if n > 1 and not bool(np.all(np.diff(self.index) > 0)):
            raise TrialFileError("recording: index does not increase from sample to sample")
        if n > 1 and not bool(np.all(np.diff(self.time_s) >= 0)):
            raise TrialFileError("recording: time_s goes backwards")
        if not bool(np.all(np.isfinite(self.time_s))):
            raise TrialFileError("recording: time_s holds values that are no times")
        # Analyses lay samples on a dense grid: one wild sample number must not ask for all memory.
        if n > 1 and int(self.index[-1]) - int(self.index[0]) > MAX_DURATION_S * self.sample_rate_hz:
            raise TrialFileError(f"recording: index spans more than {MAX_DURATION_S:g} s of samples")
        if self.first_side is not None and (self.side != "both" or self.first_side not in SIDES):
            raise TrialFileError(f"recording: first_side {self.first_side!r} does not fit side {self.side}")
        self._check_gaps()

    def _check_gaps(self) -> None:
        gaps = self.gaps
        if not np.all(np.isin(gaps["kind"], GAP_KINDS)):
            raise TrialFileError("recording: gaps hold a kind that is not known")
        known = gaps["n_damaged"] + gaps["n_dropped"]
        if np.any(gaps["length"] < 1) or np.any(gaps["n_damaged"] < 0) or np.any(gaps["n_dropped"] < 0):
            raise TrialFileError("recording: gaps hold lengths that are none")
        if np.any(known > gaps["length"]):
            raise TrialFileError("recording: gaps say more samples were damaged or dropped than are missing")

    @property
    def n_samples(self) -> int:
        """How many samples arrived."""
        return int(self.index.shape[0])

    @property
    def n_missing(self) -> int:
        """How many samples the gap table counts as missing."""
        return int(self.gaps["length"].sum())

    def span_s(self) -> tuple[float, float]:
        """First and last time stamp in s; (0, 0) for an empty recording."""
        if self.n_samples == 0:
            return (0.0, 0.0)
        return (float(self.time_s[0]), float(self.time_s[-1]))


def holes(index: NDArray[np.int64]) -> NDArray[np.void]:
    """Gap table (kind ``lost``) of every jump in a sample index, i8[n] -> GAP[k]."""
    steps = np.diff(index)
    at = np.flatnonzero(steps > 1)
    table = np.zeros(at.size, dtype=GAP)
    table["start_index"] = index[at] + 1
    table["length"] = steps[at] - 1
    table["kind"] = b"lost"
    return table
