"""One index over the steps: a violin a trial, every step as a mark, the mean as a line."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
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
from gui.marks import draw_mark
from gui.palette import ConditionStyle
from gui.plot_data import StepGroup, nice_ticks, scatter, violin
from gui.still_plot import StillPlot
from gui.theme import Theme
from gui.words import SIDE_WORDS, IndexWords, counted, mean_sd, short_names
from insole.numerals import number

AXIS = 44  # px left of the plot
FOOT_LINE = 42  # px below it: trial and side
SIDE_GAP = 20  # px between the feet
VIOLIN_ALPHA = 38
MAX_HALF_WIDTH = 30.0


class StepStrip(StillPlot):
    """All steps of every trial, left foot before right foot; in each the trials in order of time.

    Arrows or the pointer choose a trial of a foot; `readout` then says its mean ± SD and number of steps.
    """

    def __init__(self, look: Theme, words: IndexWords) -> None:
        """`words` are those of the index that is shown."""
        super().__init__(look, f"{words.title}, every step", hint=QSize(350, 280), least=QSize(220, 150))
        self._words = words
        self._groups: tuple[StepGroup, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._conditions: tuple[str | None, ...] = ()

    def show_groups(
        self, groups: Sequence[StepGroup], labels: Sequence[str], conditions: Sequence[str | None]
    ) -> None:
        """`labels` and `conditions` of baseline and other, by `StepGroup.condition`."""
        self._groups, self._labels, self._conditions = tuple(groups), tuple(labels), tuple(conditions)
        self.show_anew()

    def describe(self) -> str:
        """The picture in words: mean ± SD and number of steps of each violin."""
        return " ".join(f"{self.value_at(i)}." for i in range(len(self._groups)))

    def value_at(self, place: int) -> str:
        """Mean ± SD and number of steps of a violin, counted from the left."""
        group = self._groups[place]
        value = mean_sd(group.mean, group.sd, self._words)
        steps = counted(len(group.values), "step")
        return f"{SIDE_WORDS[group.side]}, {group.trial} {self._labels[group.condition]}: {value}, {steps}"

    # input

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Left and Right choose the next violin, Home and End the outermost, Esc none."""
        assert event is not None
        key, last = event.key(), len(self._groups) - 1
        if last >= 0 and key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self.choose(0 if self.chosen is None else min(last, self.chosen + 1))
        elif last >= 0 and key in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self.choose(last if self.chosen is None else max(0, self.chosen - 1))
        elif last >= 0 and key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.choose(0 if key == Qt.Key.Key_Home else last)
        elif key == Qt.Key.Key_Escape and self.chosen is not None:
            self.choose(None)
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Choose the violin under the pointer."""
        assert event is not None
        under = [i for i, (x, half) in enumerate(self._places()) if abs(event.position().x() - x) <= half]
        self.choose(under[0] if under else None)

    # painting

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """The marks come from a picture kept until something changes; the chosen violin gets a tint below it."""
        painter = QPainter(self)
        if self.chosen is not None:
            x, half = self._places()[self.chosen]
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.look.palette.sel))
            painter.drawRoundedRect(QRectF(x - half + 1, 2, 2 * half - 2, self.height() - 24), 6, 6)
        painter.drawPixmap(0, 0, self.picture())

    def draw(self, painter: QPainter) -> None:
        """Axis, violins, names of trials and sides."""
        if not self._groups:
            return
        scale = _Scale(self._groups, self._words, top=6.0, bottom=self.height() - FOOT_LINE - 6.0)
        self._draw_axis(painter, scale)
        styles = self.look.palette.condition_styles(self._conditions)
        shorts = short_names([group.trial for group in self._groups])
        for group, short, (x, half) in zip(self._groups, shorts, self._places(), strict=True):
            self._draw_group(painter, scale, group, styles[group.condition], x, half, short)
        self._draw_sides(painter)

    def _draw_axis(self, painter: QPainter, scale: _Scale) -> None:
        p = self.look.palette
        painter.setFont(theme.font(theme.AXIS_PX))
        for tick in scale.ticks:
            y = round(scale.y(tick)) + 0.5
            painter.setPen(QPen(QColor(p.border2 if abs(tick) < 1e-9 else p.grid), 1))
            painter.drawLine(QLineF(AXIS, y, self.width(), y))
            painter.setPen(QColor(p.text2))
            label = number(float(tick), scale.digits, sign=self._words.signed)
            area = QRectF(0, y - 8, AXIS - 8, 16)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)

    def _draw_group(
        self,
        painter: QPainter,
        scale: _Scale,
        group: StepGroup,
        style: ConditionStyle,
        x: float,
        half: float,
        short: str,
    ) -> None:
        p = self.look.palette
        values = group.values * self._words.factor
        wide = min(half * 0.86, MAX_HALF_WIDTH)
        low, high = float(values.min()), float(values.max())
        reach = max(0.12 * (high - low), 0.004 * (scale.high - scale.low))
        at = np.linspace(low - reach, high + reach, 80)
        density = violin(values, at)
        fill = QColor(style.colour)
        fill.setAlpha(VIOLIN_ALPHA)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        edge = [QPointF(x + wide * d, scale.y(v)) for v, d in zip(at, density, strict=True)]
        back = [QPointF(x - wide * d, scale.y(v)) for v, d in zip(at[::-1], density[::-1], strict=True)]
        painter.drawPolygon(QPolygonF(edge + back))
        mark = QColor(style.colour)
        mark.setAlpha(220)
        painter.setBrush(mark)
        radius = 2.2 if len(values) <= 150 else 1.7 if len(values) <= 500 else 1.2
        offsets = 0.82 * wide * scatter(len(values)) * np.interp(values, at, density)
        for value, offset in zip(values, offsets, strict=True):
            draw_mark(painter, style, x + float(offset), scale.y(float(value)), radius)
        y = scale.y(group.mean * self._words.factor)
        line = QLineF(x - 0.72 * wide, y, x + 0.72 * wide, y)
        painter.setPen(QPen(QColor(p.surface), 5.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(line)
        painter.setPen(QPen(QColor(p.text), 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(line)
        painter.setFont(theme.font(theme.AXIS_PX))
        painter.setPen(QColor(p.text2))
        name = painter.fontMetrics().elidedText(short, Qt.TextElideMode.ElideMiddle, int(2 * half - 4))
        area = QRectF(x - half, self.height() - FOOT_LINE, 2 * half, 18)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, name)

    def _draw_sides(self, painter: QPainter) -> None:
        painter.setFont(theme.font(theme.BODY_PX, theme.SEMIBOLD))
        painter.setPen(QColor(self.look.palette.text))
        places = self._places()
        for side in dict.fromkeys(group.side for group in self._groups):
            own = [place for group, place in zip(self._groups, places, strict=True) if group.side == side]
            left, right = own[0][0] - own[0][1], own[-1][0] + own[-1][1]
            area = QRectF(left, self.height() - 22, right - left, 20)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, SIDE_WORDS[side])

    def _places(self) -> list[tuple[float, float]]:
        """Centre and half of the room of each violin, in px."""
        if not self._groups:
            return []
        sides = [group.side for group in self._groups]
        gaps = sum(1 for a, b in itertools.pairwise(sides) if a != b)
        room = (self.width() - AXIS - 4 - gaps * SIDE_GAP) / len(sides)
        out, x = [], float(AXIS)
        for i, side in enumerate(sides):
            if i and side != sides[i - 1]:
                x += SIDE_GAP
            out.append((x + room / 2, room / 2))
            x += room
        return out


class _Scale:
    """Values to pixels; zero is in the picture where it is not far off the data."""

    def __init__(self, groups: Sequence[StepGroup], words: IndexWords, top: float, bottom: float) -> None:
        values = np.concatenate([group.values for group in groups]) * words.factor
        low, high = float(values.min()), float(values.max())
        span = max(high - low, 10.0**-words.digits)
        if words.signed:
            low, high = min(low, 0.0 if low < span else low), max(high, 0.0 if high > -span else high)
        room = 0.08 * max(high - low, span)
        self.low, self.high = low - room, high + room
        self.ticks = nice_ticks(self.low, self.high)
        step = float(self.ticks[1] - self.ticks[0]) if len(self.ticks) > 1 else 1.0
        self.digits = max(0, int(np.ceil(-np.log10(step) - 1e-9)))
        self._top, self._bottom = top, bottom

    def y(self, value: float) -> float:
        return self._bottom - (value - self.low) / (self.high - self.low) * (self._bottom - self._top)
