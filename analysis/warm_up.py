"""Compiles every kernel once, by analysing a few seconds of a made-up trial: ``python -m analysis.warm_up``."""

from __future__ import annotations

import numpy as np

from insole.calibration import Electronics
from insole.layout import reference_layout
from insole.recording import Recording
from insole.trial import Foot, Trial, TrialInfo

SECONDS, RATE_HZ, STRIDE_S, CONTACT_S, PEAK_COUNT = 12, 1000, 0.75, 0.3, 600


def compile_kernels() -> None:
    """Fill numba's cache, so that the first real analysis does not wait for the compiler."""
    from analysis.pipeline import analyse

    layout = reference_layout()
    time_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    feet = {}
    for side, phase in (("left", 0.0), ("right", 0.5)):
        stance = ((time_s / STRIDE_S - phase) % 1.0) * STRIDE_S / CONTACT_S
        load = np.where(stance < 1.0, np.sin(np.pi * np.minimum(stance, 1.0)), 0.0)
        counts = np.repeat((PEAK_COUNT * load).astype(np.uint16)[:, None], layout.n_sensels, axis=1)
        recording = Recording(side, "counts", float(RATE_HZ), np.arange(time_s.size), time_s, counts)
        feet[side] = Foot(side, recording, layout, Electronics("fsr_high", 1000.0, 10))
    analyse(Trial(TrialInfo(mass_kg=70.0), feet))


if __name__ == "__main__":
    compile_kernels()
