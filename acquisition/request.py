"""What is to be recorded, and everything that can be wrong with it before a recording starts."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from acquisition.handshake import Insole, is_virtual
from acquisition.knobs import parse_knobs
from acquisition.link import LinkContext
from insole.calibration import Calibration
from insole.errors import CalibrationError, LayoutError, TrialFileError, UsageError
from insole.frame import Identify, frame_wire_bytes
from insole.hdf5_guard import MAX_TOTAL_BYTES
from insole.layout import Layout, named_layout
from insole.recording import SIDES
from insole.trial import Spans, TrialInfo

SPACE_FACTOR: Final = 1.35
"""Journal and trial file together, in units of the raw bytes."""
SPACE_MARGIN_BYTES: Final = 16 << 20
SAMPLE_BYTES: Final = 26
"""What a trial file holds of one sample besides its counts: index, time, stamps, flags, and a share of the rest."""


@dataclass(frozen=True)
class RecordRequest:
    """What to record.

    ``urls``: address of each side; ``duration_s``: device time, spans included; ``baud`` None: 1 000 000, then 500 000;
    ``kappa_borrowed``: force scale of another trial, for a trial without a static one of its own.
    """

    output: Path
    info: TrialInfo
    urls: Mapping[str, str]
    duration_s: float
    baud: int | None = None
    kappa_borrowed: float | None = None
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)

    @property
    def journal(self) -> Path:
        """Where the journal is kept while the trial is recorded: ``T.jrn`` beside ``T.h5``.

        Behind any other name as it is: ``S01.a`` and ``S01.b`` are two trials, and have two journals.
        """
        output = self.output
        return output.with_suffix(".jrn") if output.suffix.lower() == ".h5" else output.with_name(output.name + ".jrn")

    @property
    def context(self) -> LinkContext:
        """What simulated insoles take from the trial. Both feet share their strides, also where their seeds differ."""
        simulated = [(side, url) for side, url in self.urls.items() if url.lower().startswith("sim://")]
        seed = parse_knobs(simulated[0][1], simulated[0][0], Spans()).seed if len(simulated) > 1 else None
        return LinkContext(self.info.spans, self.info.mass_kg, self.info.size_eu, seed, len(self.urls))

    def check(self) -> None:
        """Raise UsageError or TrialFileError for what can be known without opening a link."""
        if not self.urls or not set(self.urls) <= set(SIDES):
            raise UsageError("no insole to record; give the address of the left one, the right one, or both")
        if not (math.isfinite(self.duration_s) and 0.0 < self.duration_s <= 86400.0):
            raise UsageError(f"a duration of {self.duration_s:g} s can't be recorded; give more than 0, up to 86400 s")
        real = [url for url in self.urls.values() if not is_virtual(url)]
        if len(real) > len({os.path.realpath(url) if os.path.exists(url) else url for url in real}):
            raise UsageError(f"{real[0]} is given for both feet; each insole has an address of its own")
        if 0 < len(real) < len(self.urls):
            raise UsageError(
                "an insole at a port and a simulated or replayed one have no common clock; record them one at a time"
            )
        for side, url in self.urls.items():
            if url.lower().startswith("sim://"):
                parse_knobs(url, side, self.info.spans, self.info.mass_kg, self.info.size_eu)
        if self.output.suffix == ".jrn":
            raise UsageError(f"{self.output}: this name is the journal's; give the trial file the ending .h5")
        folder = self.output.parent
        if not folder.is_dir():
            raise TrialFileError(
                f"{folder}: there is no such folder; make it, or choose another one for {self.output.name}"
            )
        if self.output.exists():
            raise TrialFileError(
                f"{self.output}: exists already; choose another name, recordings are never overwritten"
            )

    def check_space(self, identify: Mapping[str, Identify]) -> None:
        """Raise UsageError if no trial file can hold the planned recording, TrialFileError if the disk has no room."""
        a_second = sum(who.rate_hz * (2 * who.n_sensels + SAMPLE_BYTES) for who in identify.values())
        longest_s = MAX_TOTAL_BYTES // a_second
        if self.duration_s > longest_s:
            raise UsageError(
                f"a duration of {self.duration_s:g} s at this rate is more than a trial file may hold; give up to "
                f"{longest_s} s, and record the rest as another trial"
            )
        a_second = sum(who.rate_hz * frame_wire_bytes(who.n_sensels, who.bits) for who in identify.values())
        needed = SPACE_FACTOR * self.duration_s * a_second + SPACE_MARGIN_BYTES
        free = shutil.disk_usage(self.output.parent).free
        if free < needed:
            raise TrialFileError(
                f"{self.output.parent}: {free / 1e6:.0f} MB are free, this recording needs {needed / 1e6:.0f} MB; "
                "make room, or choose another disk"
            )

    def check_insoles(self, insoles: Mapping[str, Insole]) -> None:
        """Raise an InsoleError if these are not the insoles to record this trial with; bring them to one rate."""
        _check_sides({side: insole.identify.side for side, insole in insoles.items()})
        for side, insole in insoles.items():
            layout = self._check_layout(side, insole.identify)
            self._check_calibration(side, insole.identify, layout)
        slowest = min(insole.identify.rate_hz for insole in insoles.values())
        for insole in insoles.values():
            if insole.identify.rate_hz != slowest:
                insole.set_rate(slowest)
            insole.check_rate()

    def of_size(self, insoles: Mapping[str, Insole]) -> RecordRequest:
        """The same request with an unstated size taken from the insoles. Raises UsageError if they differ in it."""
        sizes = {named_layout(insole.identify.layout).size_eu for insole in insoles.values()}
        if len(sizes) > 1:
            both = " and ".join(f"EU {size:g}" for size in sorted(size for size in sizes if size is not None))
            raise UsageError(f"the two insoles are of different sizes, {both}; use a pair")
        if self.info.size_eu is not None:
            return self
        return replace(self, info=replace(self.info, size_eu=sizes.pop()))

    def _check_layout(self, side: str, who: Identify) -> Layout:
        layout = named_layout(who.layout)
        if layout.n_sensels != who.n_sensels:
            raise LayoutError(
                f"the {side} insole has {who.n_sensels} sensors, its layout {who.layout} {layout.n_sensels}; "
                "check its firmware"
            )
        wanted = self.info.size_eu
        if wanted is not None and layout.size_eu is not None and abs(layout.size_eu - wanted) > 1e-6:
            raise UsageError(
                f"size EU {wanted:g} is asked for, but the {side} insole is of size {layout.size_eu:g}; "
                f"give --size-eu {layout.size_eu:g}, or use an insole of size {wanted:g}"
            )
        return layout

    def _check_calibration(self, side: str, who: Identify, layout: Layout) -> None:
        calibration = self.calibrations.get(side)
        if calibration is None:
            return
        calibration.in_order_of(layout.ids)  # refuses a calibration of another insole before anything is recorded
        if calibration.device_serial and calibration.device_serial != who.device_serial:
            raise CalibrationError(
                f"calibration {calibration.id} is of the insole {calibration.device_serial}, but the {side} one is "
                f"{who.device_serial or 'unnamed'}; give the calibration of this insole"
            )


def _check_sides(said: Mapping[str, str]) -> None:
    """Compare the sides that the devices say they are with those they were asked for ("unset" fits both)."""
    wrong = {side: other for side, other in said.items() if other not in (side, "unset")}
    if not wrong:
        return
    if len(said) == 2 and len(wrong) == 2:
        raise UsageError("the two insoles are swapped: swap the addresses of --left and --right")
    side, other = next(iter(wrong.items()))
    if len(said) == 2 and said[other] == other:
        raise UsageError(f"both insoles say that they are the {other} one; connect a {side} insole as --{side}")
    raise UsageError(f"the insole given as --{side} says that it is a {other} one; give its address as --{other}")
