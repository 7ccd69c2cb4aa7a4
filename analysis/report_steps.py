"""The report's picture of MLI: every valid step, trial after trial in order of time, with means and intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from analysis.comparison import Comparison
from analysis.report_styles import styled_trials
from analysis.result import TrialResult
from analysis.svg import BORDER2, GRID, TEXT, TEXT2, Style, polyline, svg, text_at
from analysis.trial_series import recorded_foot, valid_steps
from insole.recording import SIDES

F8 = NDArray[np.float64]
MAX_DOTS = 900  # a trial and foot


def mli_figure(comparison: Comparison) -> Markup | None:
    """MLI of every valid step, trial after trial in order of time, with each trial's mean and 95 % interval."""
    order = styled_trials(comparison)
    rows = [side for side in SIDES if any(_mli(trial, side, comparison) is not None for trial, _ in order)]
    if not rows:
        return None
    low, high = _range(comparison, rows)
    width, panel, left, top, gap = 780.0, 190.0, 62.0, 30.0, 58.0
    each = (width - left - 8.0) / len(order)
    parts: list[str] = []
    for k, side in enumerate(rows):
        y0 = top + k * (panel + gap)
        parts += _axis(side, left, y0, width, panel, low, high)
        for j, (trial, style) in enumerate(order):
            x0 = left + j * each
            parts += _trial_dots(trial, side, comparison, style, (x0 + 8.0, each - 16.0), (y0, panel), (low, high))
            parts.append(text_at(x0 + each / 2, y0 + panel + 16.0, trial.name, 12, TEXT2, "middle", limit=each / 7.0))
    height = top + len(rows) * (panel + gap) - 30.0
    return svg(width, height, parts, "Medial loading index of every valid step, trial by trial in order of time")


def _trial_dots(
    trial: TrialResult,
    side: str,
    comparison: Comparison,
    style: Style,
    across: tuple[float, float],
    down: tuple[float, float],
    limits: tuple[float, float],
) -> list[str]:
    series = _mli(trial, side, comparison)
    if series is None:
        return []
    times, values = series
    (x0, width), (y0, panel), (low, high) = across, down, limits

    def level(value: float) -> float:
        return y0 + panel * (high - value) / (high - low)

    thin = np.unique(np.linspace(0, len(times) - 1, min(len(times), MAX_DOTS)).astype(int))
    span = max(float(times[-1] - times[0]), 1e-9)
    places = [(x0 + width * float(times[i] - times[0]) / span, level(float(values[i]))) for i in thin]
    dots = "".join(f"M{x:.1f} {y:.1f}h.1" for x, y in places)
    cap = "round" if style.mark == "circle" else "square"
    pen = f'stroke="{style.colour}" stroke-opacity="0.55" stroke-width="3.2" stroke-linecap="{cap}"'
    parts = [f'<path d="{dots}" fill="none" {pen}/>']
    summary = recorded_foot(trial, side).indices["mli"]
    mean = float(values.mean())
    if comparison.guard.mode is None and summary.ci_low is not None and summary.ci_high is not None:
        upper, lower = level(summary.ci_high), level(summary.ci_low)
        parts.append(
            f'<rect x="{x0:.1f}" y="{upper:.1f}" width="{width:.1f}" height="{lower - upper:.1f}" '
            f'fill="{style.colour}" fill-opacity="0.13"/>'
        )
    parts.append(polyline([(x0, level(mean)), (x0 + width, level(mean))], Style(TEXT, style.dashed, style.mark), 1.8))
    return parts


def _axis(
    side: str, left: float, y0: float, width: float, panel: float, low: float, high: float
) -> list[str]:
    parts = [text_at(0.0, y0 - 14.0, f"{side.capitalize()}, MLI in points (+ medial)", 12, TEXT, "start", bold=True)]
    step = 5.0 if high - low <= 40.0 else 10.0 if high - low <= 100.0 else 25.0
    for value in np.arange(np.ceil(low / step) * step, high + 1e-9, step):
        y = y0 + panel * (high - value) / (high - low)
        colour = BORDER2 if value == 0 else GRID
        parts.append(f'<path d="M{left:.1f} {y:.1f}H{width:.1f}" stroke="{colour}" stroke-width="1"/>')
        words = "0" if value == 0 else f"{'+' if value > 0 else '−'}{abs(value):g}"
        parts.append(text_at(left - 8.0, y + 4.0, words, 11, TEXT2, "end"))
    return parts


def _range(comparison: Comparison, sides: Sequence[str]) -> tuple[float, float]:
    found = [_mli(trial, side, comparison) for trial in comparison.trials for side in sides]
    values = np.concatenate([series[1] for series in found if series is not None])
    return float(np.floor(values.min() / 5.0 - 0.2) * 5.0), float(np.ceil(values.max() / 5.0 + 0.2) * 5.0)


def _mli(trial: TrialResult, side: str, comparison: Comparison) -> tuple[F8, F8] | None:
    """(initial contact s, MLI) of the steps that were compared, None without any."""
    foot = trial.feet.get(side)
    if foot is None:
        return None
    values = np.asarray(foot.steps.columns["mli"], dtype=np.float64)
    keep = valid_steps(foot, comparison.guard.mode) & np.isfinite(values)
    return (foot.steps.columns["initial_contact_s"][keep], values[keep]) if keep.any() else None
