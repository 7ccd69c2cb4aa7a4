"""What everybody in Insole shares: layouts, recordings, calibration, treadmill, trials and the trial file.

This package stands on numpy and h5py and imports nothing above it; the command line in `insole.cli` is the
front door and is imported by nobody, not even from here.
"""

from __future__ import annotations

__version__ = "0.1.0"
