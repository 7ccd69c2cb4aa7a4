"""Which steps count, and why the others do not (spec 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.parameters import Parameters

F8 = NDArray[np.float64]
B1 = NDArray[np.bool_]
MAD_TO_SD = 1.4826
ROUNDING = 1e-9  # a MAD below this share of the median is 0 but for the last digits of the times


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the rules look at, one row a contact of the analysed span of one foot, in order of time (k).

    `saturated_share` is the largest share of stance during which a sensel that carries more than its part of the
    load is saturated; `n_feet` is 2 when the contacts of both feet lie in one table.
    """

    contact_time_s: F8
    stride_time_s: F8
    peak_force_n: F8
    belt_off_speed: B1
    touches_break: B1
    interpolated_share: F8
    saturated_share: F8
    n_feet: int = 1


def reject_reasons(evidence: Evidence, parameters: Parameters) -> NDArray[np.str_]:
    """First rule that rejects each step, "" for valid ones, (k,).

    The rules stand in order and each looks only at the steps left by those before it: the median stride of
    `missed_event` and the medians of `outlier` are those of the steps left, computed once. A stride time that is
    null (last contact, break) breaks no rule.
    """
    k = len(evidence.contact_time_s)
    reasons = np.full(k, "", dtype="<U12")

    def reject(reason: str, where: B1) -> None:
        reasons[(reasons == "") & where] = reason

    edge = np.zeros(k, dtype=np.bool_)
    width = parameters.edge_steps * evidence.n_feet
    edge[:width] = True
    edge[max(k - width, 0) :] = True
    reject("edge", edge)
    reject("belt_speed", evidence.belt_off_speed)
    reject("gap", evidence.touches_break)
    reject("interpolated", evidence.interpolated_share > parameters.interpolated_share)
    contact, stride = evidence.contact_time_s, evidence.stride_time_s
    reject("contact_time", (contact < parameters.contact_time_min_s) | (contact > parameters.contact_time_max_s))
    reject("stride_time", (stride < parameters.stride_time_min_s) | (stride > parameters.stride_time_max_s))
    known = stride[(reasons == "") & np.isfinite(stride)]
    if len(known):
        reject("missed_event", stride > parameters.missed_event_ratio * np.median(known))
    left = reasons == ""
    outlier = np.zeros(k, dtype=np.bool_)
    for values in (contact, stride, evidence.peak_force_n):
        outlier |= far_from_median(values, left, parameters.mad_k)
    reject("outlier", outlier)
    reject("saturated", evidence.saturated_share > parameters.saturated_invalid_share)
    return reasons


def far_from_median(values: F8, among: B1, mad_k: float) -> B1:
    """Steps (k,) further than `mad_k` scaled MADs from the median of those `among`; none if the MAD is 0."""
    known = values[among & np.isfinite(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.bool_)
    median = np.median(known)
    mad = np.median(np.abs(known - median))
    if mad <= ROUNDING * abs(median):
        return np.zeros(len(values), dtype=np.bool_)
    return np.asarray(np.abs(values - median) > mad_k * MAD_TO_SD * mad, dtype=np.bool_)
