"""The page while there is nothing to compare: what is needed, and the button that gets it."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from gui import icons, theme
from gui.theme import Theme


class EmptyState(QFrame):
    """A card with a picture of two soles, one sentence, and the view's primary button."""

    open_wanted = pyqtSignal()

    def __init__(self, look: Theme) -> None:
        """Words come with `say`."""
        super().__init__()
        self.setObjectName("card")
        self._look = look
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel()
        self._title.setFont(theme.font(15, theme.SEMIBOLD))
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = QLabel()
        self._text.setFont(theme.font())
        self._text.setProperty("tone", "label")
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setWordWrap(True)
        button = QPushButton("Open trials")
        button.setProperty("kind", "primary")
        button.setFont(theme.font(theme.BODY_PX, theme.MEDIUM))
        button.setToolTip("Open trials (Ctrl+O)")
        button.clicked.connect(self.open_wanted)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(button)
        buttons.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setSpacing(8)
        rows.addStretch(2)
        rows.addWidget(self._picture)
        rows.addSpacing(8)
        rows.addWidget(self._title)
        rows.addWidget(self._text)
        rows.addSpacing(8)
        rows.addLayout(buttons)
        rows.addStretch(3)
        look.changed.connect(self._repaint)
        self._repaint()

    def say(self, title: str, text: str) -> None:
        """What is missing, and what to do."""
        self._title.setText(title)
        self._text.setText(text)

    def _repaint(self) -> None:
        self._picture.setPixmap(icons.pixmap("feet", self._look.palette.foot_line, 72, 2.0))
