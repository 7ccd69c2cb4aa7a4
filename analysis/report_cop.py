"""The report's picture of the centre of pressure: mean paths on the outlines of both feet, single steps thin.

The feet are seen from above: the data have +x medial on both, so the right foot is turned over for the eye, here and
in no number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from analysis.comparison import Comparison
from analysis.report_styles import styles
from analysis.result import TrialResult
from analysis.svg import BORDER, BORDER2, FOOT, TEXT, TEXT2, mark_at, path_data, polyline, svg, text_at
from analysis.trial_series import cop_paths, mean_path, recorded_foot
from insole.recording import SIDES

F8 = NDArray[np.float64]
THIN_STEPS = 40  # a condition and foot; more lines make a blot, not a picture
THIN_EVERY = 5  # of the 101 points
MARKS_AT = (0, 50, 100)  # contact, mid-stance, toe-off


def cop_figure(comparison: Comparison) -> Markup | None:
    """Mean path of each condition on the outlines of both feet, single steps thin; None without positions."""
    drawn = [side for side in SIDES if _path(comparison.base, side, comparison) is not None]
    if not drawn:
        return None
    width, height, top = 270.0, 470.0, 16.0
    parts: list[str] = []
    for k, side in enumerate(drawn):
        parts += _foot_panel(comparison, side, width * k, width, top, height - top - 46.0)
    return svg(
        width * len(drawn), height, parts,
        f"Path of the centre of pressure under both feet, {comparison.base_label} and {comparison.other_label}",
    )  # fmt: skip


def _foot_panel(
    comparison: Comparison, side: str, x0: float, width: float, top: float, height: float
) -> list[str]:
    layout = recorded_foot(comparison.trials[0], side).layout
    known = np.column_stack([layout.x_mm, layout.y_mm])
    frame = layout.outline_mm if len(layout.outline_mm) else known
    low, high = np.nanmin(frame, axis=0), np.nanmax(frame, axis=0)
    scale = float(min(height / (high[1] - low[1]), (width - 90.0) / (high[0] - low[0])))
    turn = 1.0 if side == "left" else -1.0
    middle = 0.5 * (low[0] + high[0])

    def place(points: F8) -> list[tuple[float, float]]:
        x = x0 + width / 2 + turn * scale * (points[:, 0] - middle)
        y = top + scale * (high[1] - points[:, 1])
        return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]

    parts = []
    if len(layout.outline_mm):
        outline = path_data(place(layout.outline_mm))
        parts.append(f'<path d="{outline}Z" fill="{FOOT}" stroke="{BORDER}" stroke-width="1.2"/>')
    dots = "".join(f"M{a:.1f} {b:.1f}h.1" for a, b in place(known))
    parts.append(f'<path d="{dots}" stroke="{BORDER2}" stroke-width="3" stroke-linecap="round" fill="none"/>')
    pair = list(zip((comparison.base, comparison.other), styles(comparison), strict=True))
    for group, style in pair:
        thin = "".join(path_data(place(path[::THIN_EVERY])) for path in _thin(group, side, comparison))
        parts.append(
            f'<path d="{thin}" fill="none" stroke="{style.colour}" stroke-opacity="0.16" stroke-width="0.8"/>'
        )
    for group, style in sorted(pair, key=lambda drawn: drawn[1].dashed):  # a dashed line lets the other one through
        mean = _path(group, side, comparison)
        if mean is not None:
            line = place(mean)
            parts.append(polyline(line, style, 2.6))
            parts += [mark_at(*line[i], style, 3.6 if style.dashed else 4.8) for i in MARKS_AT]
    parts.append(text_at(x0 + width / 2, top + height + 24.0, side.capitalize(), 14, TEXT, "middle", bold=True))
    edge = scale * (high[0] - low[0]) / 2 + 8.0
    medial = ("end", -edge) if side == "right" else ("start", edge)
    parts.append(text_at(x0 + width / 2 + medial[1], top + height * 0.62, "medial", 11, TEXT2, medial[0]))
    return parts


def _path(group: Sequence[TrialResult], side: str, comparison: Comparison) -> F8 | None:
    """Mean of the trials' mean paths (101, 2)."""
    feet = [trial.feet.get(side) for trial in group]
    if any(foot is None or not foot.layout.has_positions for foot in feet):
        return None
    return mean_path([cop_paths(foot, comparison.guard.mode) for foot in feet if foot is not None])


def _thin(group: Sequence[TrialResult], side: str, comparison: Comparison) -> F8:
    """Some single steps (m, 101, 2), evenly through the trials of a condition."""
    feet = (trial.feet.get(side) for trial in group)
    found = [cop_paths(foot, comparison.guard.mode) for foot in feet if foot is not None]
    every = np.concatenate(found) if found else np.empty((0, 101, 2))
    pick = np.unique(np.linspace(0, max(len(every) - 1, 0), min(len(every), THIN_STEPS)).astype(int))
    return np.asarray(every[pick], dtype=np.float64)
