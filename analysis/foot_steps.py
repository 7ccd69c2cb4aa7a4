"""Contacts of one track -> measured, timed and judged steps: the rows of its table (spec 4.3, 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.belt import off_speed
from analysis.events import Contacts
from analysis.measures import Measures, measure
from analysis.parameters import Parameters
from analysis.steps import STEP_COLUMNS, StepTable
from analysis.temporal import stride_times_s
from analysis.tracks import Track, take
from analysis.validity import Evidence, reject_reasons
from insole.trial import Trial

F8 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FootSteps:
    """Contacts of the analysed span of one track (k), their measures at kappa = 1 and their table at `kappa`."""

    track: Track
    contacts: Contacts
    measures: Measures
    table: StepTable
    around_s: F8  # (k, 2) overlaps with the contacts before and after (4.2)
    kappa: float

    @property
    def force_n(self) -> F8:
        """(k, 101) force over the contact in N, scaled."""
        return self.kappa * self.measures.force_n


def foot_steps(
    trial: Trial, track: Track, step_time_s: F8, around_s: F8, kappa: float, parameters: Parameters
) -> FootSteps:
    """Measure and judge the steps of one track that begin in the analysed span.

    `step_time_s` (m,) and `around_s` (m, 2) speak of all contacts of the track, those of the warm-up too;
    `kappa` scales the reported forces.
    """
    rows = np.flatnonzero(track.contacts.start_s >= trial.info.spans.analysed_from_s)
    steps = take(track.contacts, rows)
    body_weight_n = trial.info.body_weight_n
    cop_force_n = parameters.cop_force_n(body_weight_n) / trial.kappa_event.value
    measures = measure(track.signal, track.breaks, steps, track.foot.layout, cop_force_n, parameters)
    contact = steps.end_s - steps.start_s
    stride = stride_times_s(track.contacts.start_s, track.breaks, track.hop)[rows]
    evidence = Evidence(
        contact_time_s=contact,
        stride_time_s=stride,
        peak_force_n=kappa * measures.peak_force_n,
        belt_off_speed=off_speed(trial, steps.start_s, parameters),
        touches_break=measures.touches_break,
        interpolated_share=measures.interpolated_share,
        saturated_share=measures.saturated_share,
        n_feet=track.hop,
    )
    reasons = reject_reasons(evidence, parameters)
    saturated = measures.saturated_share > parameters.saturated_flag_share
    peak = np.where(saturated, np.nan, evidence.peak_force_n)
    impulse = kappa * measures.impulse_n_s
    unit = np.nan if body_weight_n is None else body_weight_n
    flags = [
        ";".join((*of_step, "saturated") if full else of_step)
        for of_step, full in zip(steps.step_flags, saturated, strict=True)
    ]
    columns: dict[str, NDArray[Any]] = {
        "side": np.full(len(rows), track.side),
        "step": np.arange(1, len(rows) + 1),
        "initial_contact_s": steps.start_s,
        "toe_off_s": steps.end_s,
        "contact_time_s": contact,
        "stride_time_s": stride,
        "peak_force_bw": peak / unit,
        "impulse_bw_s": impulse / unit,
        "peak_force_n": peak,
        "impulse_n_s": impulse,
        "step_time_s": step_time_s[rows],
        "swing_time_s": stride - contact,
        "duty_factor": contact / stride,
        "valid": reasons == "",
        "reject_reason": reasons,
        "flags": np.array(flags, dtype=np.str_),
        **measures.columns,
    }
    table = StepTable({name: columns[name] for name in STEP_COLUMNS})
    return FootSteps(track, steps, measures, table, around_s[rows], kappa)
