"""The veil over results that no longer answer what is chosen."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QWidget

from gui.theme import Theme


class Veil(QWidget):
    """Greys out results that no longer answer what is chosen."""

    def __init__(self, cards: QWidget, look: Theme) -> None:
        """Hidden until it is needed."""
        super().__init__(cards)
        self._look = look
        cards.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Keep the size of the cards."""
        parent = self.parentWidget()
        if event is not None and event.type() == QEvent.Type.Resize and parent is not None:
            self.setGeometry(parent.rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """A veil in the colour of the window."""
        veil = QColor(self._look.palette.bg)
        veil.setAlpha(150)
        QPainter(self).fillRect(self.rect(), veil)

    def setVisible(self, visible: bool) -> None:
        """Cover all cards."""
        if visible:
            self.raise_()
        super().setVisible(visible)
