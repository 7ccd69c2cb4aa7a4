"""Paths of the centre of pressure on the outlines of both feet, seen from above.

The data have +x medial on both feet. On the screen the left foot's medial side is to the right and the right foot's
to the left, as one looks down on one's own feet: the left foot is drawn with x as it is, the right foot with x
turned over. This turn is for the eye alone; it happens in `FootFrame.points` and in no number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)

from gui import theme
from gui.foot_frame import CAPTION, FootFrame, closed_curve, foot_frames
from gui.marks import draw_mark, line_pen
from gui.palette import ConditionStyle
from gui.plot_data import FootPaths, PathSet
from gui.still_plot import StillPlot
from gui.theme import Theme
from gui.words import SIDE_WORDS, counted, spoken
from insole.numerals import number

MARKS_AT = (0, 50, 100)  # contact, mid-stance, toe-off on the 101 points
THIN_ALPHA = 44


class CopPlot(StillPlot):
    """Mean path of each condition thick, single steps thin, one scale in both directions and for both feet.

    With the keyboard (arrows, Home, End) or the pointer a place along the stance is chosen; `readout` then says
    where each condition's path is; Esc ends the choice.
    """

    def __init__(self, look: Theme) -> None:
        """Empty until `show_paths`."""
        super().__init__(look, "Centre of pressure on both feet", hint=QSize(350, 300), least=QSize(220, 170))
        self._feet: tuple[FootPaths, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._conditions: tuple[str | None, ...] = ()
        self._frames: list[FootFrame] = []

    def show_paths(
        self, feet: Sequence[FootPaths], labels: Sequence[str], conditions: Sequence[str | None]
    ) -> None:
        """`feet` left and right; `labels` and `conditions` of the sets in each of them."""
        self._feet, self._labels, self._conditions = tuple(feet), tuple(labels), tuple(conditions)
        self.show_anew()

    def describe(self) -> str:
        """The picture in words: steps of each path and how far to the medial side its middle lies."""
        words = []
        for foot in self._feet:
            if foot.reason:
                words.append(f"{SIDE_WORDS[foot.side]}: {foot.reason}")
            for label, paths in zip(self._labels, foot.sets, strict=False):
                if paths is not None:
                    at = spoken(number(float(paths.mean[50, 0]), 1, sign=True))
                    words.append(
                        f"{SIDE_WORDS[foot.side]}, {label}: {counted(paths.n_steps, 'step')}, "
                        f"at mid-stance {at} {foot.unit} to the medial side."
                    )
        return " ".join(words)

    # input

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Arrows move along the stance (with Shift by 10 %), Home and End jump, Esc ends."""
        assert event is not None
        step = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        key = event.key()
        at = self.chosen
        if key in (Qt.Key.Key_Right, Qt.Key.Key_Up):
            self.choose(0 if at is None else min(100, at + step))
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Down):
            self.choose(100 if at is None else max(0, at - step))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.choose(0 if key == Qt.Key.Key_Home else 100)
        elif key == Qt.Key.Key_Escape and at is not None:
            self.choose(None)
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Choose the place along the stance that is nearest to the pointer."""
        assert event is not None
        best: tuple[float, int] | None = None
        for frame in self._frames:
            for paths in frame.foot.sets:
                if paths is not None:
                    points = frame.points(paths.mean)
                    far = np.hypot(points[:, 0] - event.position().x(), points[:, 1] - event.position().y())
                    nearest = int(np.nanargmin(far))
                    best = min(best or (np.inf, 0), (float(far[nearest]), nearest))
        self.choose(best[1] if best is not None and best[0] < 24 else None)

    def value_at(self, place: int) -> str:
        """Where each condition's path is at a place along the stance, 0 to 100 %."""
        parts = []
        for foot in self._feet:
            places = [number(float(p.mean[place, 0]), 1, sign=True) for p in foot.sets if p is not None]
            if places:
                parts.append(f"{SIDE_WORDS[foot.side].lower()} {' and '.join(places)} {foot.unit}")
        return f"{place} %: {', '.join(parts)}"

    # painting

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Paths come from a picture kept until something changes; only the chosen place is drawn each time."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self.picture())
        if self.chosen is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        p = self.look.palette
        for frame in self._frames:
            for style, paths in zip(p.condition_styles(self._conditions), frame.foot.sets, strict=False):
                if paths is not None:
                    x, y = frame.points(paths.mean)[self.chosen]
                    painter.setPen(QPen(QColor(p.text), 1.5))
                    painter.setBrush(QColor(style.colour))
                    painter.drawEllipse(QPointF(x, y), 5.0, 5.0)

    def draw(self, painter: QPainter) -> None:
        """Both feet with their captions."""
        self._frames = foot_frames(self._feet, QRectF(0, 0, self.width(), self.height()))
        styles = self.look.palette.condition_styles(self._conditions)
        for frame in self._frames:
            self._draw_foot(painter, frame, styles)
        for i, foot in enumerate(self._feet):
            width = self.width() / len(self._feet)
            self._draw_caption(painter, foot, QRectF(i * width, self.height() - CAPTION, width, CAPTION))

    def _draw_foot(self, painter: QPainter, frame: FootFrame, styles: Sequence[ConditionStyle]) -> None:
        p = self.look.palette
        layout = frame.foot.layout
        assert layout is not None
        if len(layout.outline_mm):
            painter.setPen(QPen(QColor(p.foot_line), 1.2))
            painter.setBrush(QColor(p.foot))
            painter.drawPath(closed_curve(frame.points(layout.outline_mm)))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(p.foot_line))
        for x, y in frame.points(np.column_stack((layout.x_mm, layout.y_mm))):
            painter.drawEllipse(QPointF(x, y), 1.6, 1.6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for style, paths in zip(styles, frame.foot.sets, strict=False):
            if paths is not None:
                _draw_thin(painter, frame, style, paths)
        drawn = [(s, paths) for s, paths in zip(styles, frame.foot.sets, strict=False) if paths is not None]
        drawn.sort(key=lambda pair: pair[0].dashed)  # dashes last: the solid line and the larger mark show below them
        for _, paths in drawn:
            _draw_line(painter, frame, paths, QPen(QColor(p.foot), 5.0))
        for style, paths in drawn:
            _draw_line(painter, frame, paths, line_pen(style, 2.6))
        for style, paths in drawn:
            _draw_marks(painter, frame, style, paths, p.surface)

    def _draw_caption(self, painter: QPainter, foot: FootPaths, area: QRectF) -> None:
        p = self.look.palette
        painter.setFont(theme.font(theme.BODY_PX, theme.SEMIBOLD))
        painter.setPen(QColor(p.text))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(area.left(), area.top() + 2, area.width(), 18), flags, SIDE_WORDS[foot.side])
        painter.setFont(theme.font(theme.LABEL_PX))
        painter.setPen(QColor(p.text2))
        metrics = painter.fontMetrics()
        for line, y in ((foot.caption, 20), (foot.left_out_caption, 36)):
            text = metrics.elidedText(line, Qt.TextElideMode.ElideRight, int(area.width()))
            painter.drawText(QRectF(area.left(), area.top() + y, area.width(), 16), flags, text)


def _draw_thin(painter: QPainter, frame: FootFrame, style: ConditionStyle, paths: PathSet) -> None:
    colour = QColor(style.colour)
    colour.setAlpha(THIN_ALPHA)
    painter.setPen(QPen(colour, 1.0))
    for path in paths.paths:
        points = frame.points(path[::2])
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))


def _draw_line(painter: QPainter, frame: FootFrame, paths: PathSet, pen: QPen) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in frame.points(paths.mean)]))


def _draw_marks(painter: QPainter, frame: FootFrame, style: ConditionStyle, paths: PathSet, halo: str) -> None:
    points = frame.points(paths.mean)
    painter.setPen(QPen(QColor(halo), 1.2))
    painter.setBrush(QColor(style.colour))
    for at in MARKS_AT:
        draw_mark(painter, style, float(points[at, 0]), float(points[at, 1]), 3.4 if style.dashed else 5.0)
