"""Where a foot lies on the screen: the foot frame in mm to pixels, and the one turn of x that is for the eye alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QPainterPath

from gui.plot_data import F8, FootPaths

CAPTION = 54  # px below a foot: side, steps, steps left out
MARGIN = 4


class FootFrame:
    """Where one foot lies on the screen: mm of its frame to pixels."""

    def __init__(self, foot: FootPaths, origin: QPointF, scale: float) -> None:
        """`origin`: pixel of the foot frame's origin; `scale`: pixels a mm."""
        self.foot = foot
        self._origin = origin
        self._scale = scale
        self._turn = 1.0 if foot.side == "left" else -1.0

    def points(self, xy: F8) -> F8:
        """(k, 2) places in the foot frame to (k, 2) pixels: +y up the screen, medial towards the other foot."""
        out = np.empty_like(xy)
        out[:, 0] = self._origin.x() + self._turn * self._scale * xy[:, 0]
        out[:, 1] = self._origin.y() - self._scale * xy[:, 1]
        return out


def foot_frames(feet: Sequence[FootPaths], area: QRectF) -> list[FootFrame]:
    """The feet side by side in the area above their captions, at one scale."""
    drawn = [foot for foot in feet if foot.layout is not None and foot.layout.has_positions]
    if not drawn:
        return []
    boxes = [foot.box for foot in drawn]
    width = max(float(box[1, 0] - box[0, 0]) for box in boxes)
    height = max(float(box[1, 1] - box[0, 1]) for box in boxes)
    slot = area.width() / len(feet)
    tall = area.height() - CAPTION - 2 * MARGIN
    scale = max(min(tall / height, (slot - 2 * MARGIN) / width), 1e-6)
    out = []
    for i, foot in enumerate(feet):
        if foot in drawn:
            box = foot.box
            turn = 1.0 if foot.side == "left" else -1.0
            x = slot * (i + 0.5) - turn * scale * float(box[0, 0] + box[1, 0]) / 2
            y = MARGIN + tall / 2 + scale * float(box[0, 1] + box[1, 1]) / 2
            out.append(FootFrame(foot, QPointF(x, y), scale))
    return out


def closed_curve(points: F8) -> QPainterPath:
    """A smooth closed line through the points (Catmull-Rom)."""
    path = QPainterPath(QPointF(*points[0]))
    count = len(points)
    for i in range(count):
        before, here, there, after = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        out, back = here + (there - before) / 6, there - (after - here) / 6
        path.cubicTo(QPointF(*out), QPointF(*back), QPointF(*there))
    path.closeSubpath()
    return path
