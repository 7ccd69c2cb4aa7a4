"""The mark of a condition (circle, square, triangle) and its legend line: the same wherever a condition is drawn."""

from __future__ import annotations

import math

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from gui.palette import ConditionStyle

DASHES = (3.2, 2.2)  # in pen widths


def draw_mark(painter: QPainter, style: ConditionStyle, x: float, y: float, radius: float) -> None:
    """Paint the mark with the painter's brush and pen; all three have about the area of the circle of `radius`."""
    if style.mark == "circle":
        painter.drawEllipse(QPointF(x, y), radius, radius)
    elif style.mark == "square":
        half = radius * math.sqrt(math.pi) / 2
        painter.drawRect(QRectF(x - half, y - half, 2 * half, 2 * half))
    else:
        arm = radius * 1.55
        corners = [QPointF(x + arm * math.sin(a), y - arm * math.cos(a)) for a in (0.0, 2.0944, 4.1888)]
        painter.drawPolygon(QPolygonF(corners))


def line_pen(style: ConditionStyle, width: float) -> QPen:
    """Line of a condition, dashed or solid; `width` in logical pixels."""
    pen = QPen(QColor(style.colour), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if style.dashed else Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if style.dashed:
        pen.setDashPattern(list(DASHES))
    return pen


class LegendKey(QWidget):
    """A short piece of a condition's line with its mark, for beside its name."""

    def __init__(self, style: ConditionStyle, parent: QWidget | None = None) -> None:
        """Of fixed size."""
        super().__init__(parent)
        self._style = style
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A line long enough for its dashes."""
        return QSize(32, 16)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Line and mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        painter.setPen(line_pen(self._style, 2.0))
        painter.drawLine(QPointF(1, middle), QPointF(self.width() - 1, middle))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._style.colour))
        draw_mark(painter, self._style, self.width() / 2, middle, 4.0)
