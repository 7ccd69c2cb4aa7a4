"""One trial on the list: a radio button or a tick, the colour of its condition, its name, settings and steps."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QAbstractButton, QCheckBox, QRadioButton, QSizePolicy, QWidget

from gui import icons, theme
from gui.theme import Theme

HEIGHT = 43
BOX = 16


@dataclass(frozen=True)
class RowWords:
    """What a row says: `colour` of the bar (None: no condition yet); `warning` and `more` stand in its tooltip."""

    title: str
    detail: str
    colour: str | None
    warning: str = ""
    failed: bool = False
    more: str = ""


class _WholeRow:
    """What both kinds of row have instead of a small button's shape."""

    def sizeHint(self) -> QSize:
        """One row; it takes the width it is given."""
        return QSize(200, HEIGHT)

    def hitButton(self, _place: object) -> bool:
        """The whole row is the button."""
        return True


class RadioRow(_WholeRow, QRadioButton):
    """A trial that can be the baseline."""

    def __init__(self, look: Theme, words: RowWords, parent: QWidget | None = None) -> None:
        """Checked state and signals are those of a radio button."""
        super().__init__(parent)
        self._look, self._words = look, words
        _set_up(self, words)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """A ring with a dot, then the words."""
        painter = _painter(self, self._look)
        middle = QPointF(1 + BOX / 2, HEIGHT / 2)
        painter.drawEllipse(middle, BOX / 2, BOX / 2)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._look.palette.on_ink))
            painter.drawEllipse(middle, 3.2, 3.2)
        _paint_words(painter, self, self._look, self._words)


class TickRow(_WholeRow, QCheckBox):
    """A trial that can be compared with the baseline."""

    def __init__(self, look: Theme, words: RowWords, parent: QWidget | None = None) -> None:
        """Checked state and signals are those of a check box."""
        super().__init__(parent)
        self._look, self._words = look, words
        _set_up(self, words)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """A box with a tick, then the words."""
        painter = _painter(self, self._look)
        box = QRectF(1, (HEIGHT - BOX) / 2, BOX, BOX)
        painter.drawRoundedRect(box, 4, 4)
        if self.isChecked():
            pen = QPen(QColor(self._look.palette.on_ink), 1.9)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            x, y = box.x(), box.y()
            corners = ((4.0, 8.4), (7.0, 11.4), (12.2, 5.0))
            painter.drawPolyline(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))
        _paint_words(painter, self, self._look, self._words)


def _painter(row: QAbstractButton, look: Theme) -> QPainter:
    """A painter with the pen and brush of the ring or box: full when checked, faint when it can't be."""
    painter = QPainter(row)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    p, on = look.palette, row.isChecked()
    painter.setPen(QPen(QColor(p.ink if on else p.ctl if row.isEnabled() else p.border2), 1.2))
    painter.setBrush(QColor(p.ink if on else p.surface))
    return painter


def _set_up(row: QAbstractButton, words: RowWords) -> None:
    row.setFixedHeight(HEIGHT)
    row.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    row.setAccessibleName(words.title)
    row.setAccessibleDescription(". ".join(filter(None, (words.detail, words.more, words.warning))))
    row.setToolTip("\n".join(filter(None, (words.title, words.detail, words.more, words.warning))))


def _paint_words(painter: QPainter, row: QWidget, look: Theme, words: RowWords) -> None:
    p = look.palette
    left = 1 + BOX + 14.0
    if words.colour is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(words.colour))
        painter.drawRoundedRect(QRectF(left, 9, 3.6, HEIGHT - 18), 1.8, 1.8)
    left += 12
    width = row.width() - left
    if words.warning:
        sign = icons.pixmap("error" if words.failed else "warning", p.err if words.failed else p.warn, 18, 2.0)
        painter.drawPixmap(QPointF(row.width() - 20, 3), sign)
    middle, right = Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideRight
    for text, font, colour, y, mode in (
        (words.title, theme.font(theme.BODY_PX, theme.MEDIUM), p.text if row.isEnabled() else p.text2, 3.0, middle),
        (words.detail, theme.font(theme.LABEL_PX), p.text2, 20.0, right),
    ):
        painter.setFont(font)
        painter.setPen(QColor(colour))
        room = width - 26 if words.warning and text is words.title else width  # the sign stands beside the title
        fitted = painter.fontMetrics().elidedText(text, mode, int(room))
        painter.drawText(QRectF(left, y, width, 18), Qt.AlignmentFlag.AlignVCenter, fitted)
