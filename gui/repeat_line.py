"""The line that says whether the baseline came back: A1 − A2 beside the effect, on one scale, for each foot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from gui import theme
from gui.palette import Palette
from gui.theme import Theme
from gui.words import INDICES, SIDE_WORDS, interval, spoken
from insole.numerals import number

if TYPE_CHECKING:
    from analysis.comparison import BaselineRepeat, Comparison, Difference

MLI = INDICES["mli"]
HEIGHT = 60
AXIS_WIDTH = 92


class RepeatLine(QWidget):
    """Painted; hidden when the baseline was recorded once."""

    def __init__(self, look: Theme) -> None:
        """Hidden until `show_comparison`."""
        super().__init__()
        self._look = look
        self._rows: list[tuple[BaselineRepeat, Difference | None]] = []
        self._failed = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Baseline repeat")
        look.changed.connect(self.update)
        self.hide()

    def sizeHint(self) -> QSize:
        """Two lines of text."""
        return QSize(600, HEIGHT)

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Take the repeats and the effects of the same feet."""
        repeats = () if comparison is None else comparison.baseline_repeat
        self._rows = [(r, None if comparison is None else comparison.row(r.side)) for r in repeats]
        self._failed = any(repeat.repeated is False for repeat, _ in self._rows)
        self.setAccessibleDescription(spoken(self.describe()))
        self.setVisible(bool(self._rows))
        self.update()

    @property
    def title(self) -> str:
        """What the line says first."""
        return "Baseline did not repeat" if self._failed else "Baseline repeat, MLI points"

    def describe(self) -> str:
        """The line in words."""
        parts = []
        for repeat, effect in self._rows:
            text = f"{SIDE_WORDS[repeat.side]}: {_repeat_text(repeat)}"
            if effect is not None and effect.difference is not None:
                text += f", effect {_value(effect.difference, effect.ci_low, effect.ci_high)}"
            parts.append(f"{text} points.")
        return " ".join([f"{self.title}.", *parts])

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Title, then a foot in each half: words, and both intervals on one scale."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        p = self._look.palette
        painter.setPen(QPen(QColor(p.border), 1))
        painter.setBrush(QColor(p.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setFont(theme.font(theme.BODY_PX, theme.SEMIBOLD))
        painter.setPen(QColor(p.err if self._failed else p.text))
        title_width = 186.0
        painter.drawText(QRectF(16, 0, title_width, self.height()), Qt.AlignmentFlag.AlignVCenter, self.title)
        room = (self.width() - 16 - title_width - 16) / max(1, len(self._rows))
        reach = self._reach()
        for i, (repeat, effect) in enumerate(self._rows):
            area = QRectF(16 + title_width + i * room, 0, room - 12, self.height())
            self._paint_side(painter, p, area, repeat, effect, reach)

    def _paint_side(
        self,
        painter: QPainter,
        p: Palette,
        area: QRectF,
        repeat: BaselineRepeat,
        effect: Difference | None,
        reach: float,
    ) -> None:
        painter.setFont(theme.font(theme.BODY_PX, theme.SEMIBOLD))
        painter.setPen(QColor(p.text))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, SIDE_WORDS[repeat.side])
        lines = [("A1 − A2", repeat.difference, repeat.ci_low, repeat.ci_high, p.text2)]
        if effect is not None and effect.difference is not None:
            lines.append(("effect", effect.difference, effect.ci_low, effect.ci_high, p.text))
        middle = area.height() / 2
        axis = QRectF(area.right() - AXIS_WIDTH, 10, AXIS_WIDTH, area.height() - 20)
        painter.setPen(QPen(QColor(p.border2), 1))
        painter.drawLine(QLineF(axis.center().x(), axis.top(), axis.center().x(), axis.bottom()))
        for k, (name, value, low, high, colour) in enumerate(lines):
            y = middle + (k - (len(lines) - 1) / 2) * 19
            painter.setFont(theme.font(theme.LABEL_PX))
            painter.setPen(QColor(colour))
            text = f"{name} {_value(value, low, high)}"
            words = QRectF(area.left() + 44, y - 10, axis.left() - area.left() - 52, 20)
            fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(words.width()))
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, fitted)
            scale = axis.width() / 2 / reach
            painter.setPen(QPen(QColor(colour), 1.6))
            if low is not None and high is not None:
                ends = [axis.center().x() + v * scale for v in (low, high)]
                painter.drawLine(QLineF(ends[0], y, ends[1], y))
            painter.setBrush(QColor(p.surface))
            painter.drawEllipse(QPointF(axis.center().x() + value * scale, y), 3.4, 3.4)

    def _reach(self) -> float:
        values = [1.0]
        for repeat, effect in self._rows:
            values += [repeat.difference, repeat.ci_low or 0.0, repeat.ci_high or 0.0]
            if effect is not None and effect.difference is not None:
                values += [effect.difference, effect.ci_low or 0.0, effect.ci_high or 0.0]
        return 1.1 * max(abs(value) for value in values)


def _repeat_text(repeat: BaselineRepeat) -> str:
    return f"{repeat.first} minus {repeat.last} {_value(repeat.difference, repeat.ci_low, repeat.ci_high)}"


def _value(value: float, low: float | None, high: float | None) -> str:
    return f"{number(value, MLI.digits, sign=True)} {interval(low, high, MLI)}".strip()
