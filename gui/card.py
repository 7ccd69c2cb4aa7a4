"""A card: a head with a title and a remark, below it its content, or a sentence in its place."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QFont, QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from gui import theme


class ElidedLabel(QLabel):
    """One line of text that gives way in its middle when room is short; the whole text is its tooltip."""

    def __init__(self, text: str = "", font: QFont | None = None, tone: str = "", least: int = 24) -> None:
        """`tone` is one of the style sheet's: `label` or `quiet`; `least` px are kept even of a text that gives way."""
        super().__init__(text)
        self._least = least
        self.setFont(font or theme.font())
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Hardly any width: the text gives way."""
        return QSize(min(self._least, self.sizeHint().width()), super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """As much of the text as fits."""
        painter = QPainter(self)
        fitted = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        self.setToolTip(self.text() if fitted != self.text() else "")
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), self.alignment(), fitted)


class Card(QFrame):
    """Frame with head and content; `remark` is what the head says at the right while nothing is chosen."""

    def __init__(self, title: str, content: QWidget, remark: str = "") -> None:
        """`content` is shown until `say` puts a sentence in its place."""
        super().__init__()
        self.setObjectName("card")
        self._remark = remark
        self._title = ElidedLabel(title, theme.font(theme.BODY_PX, theme.SEMIBOLD))
        self._title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._head_remark = ElidedLabel(remark, theme.font(theme.LABEL_PX), tone="label")
        self._head_remark.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self._title)
        head.addWidget(self._head_remark, stretch=1)
        self._sentence = QLabel()
        self._sentence.setFont(theme.font())
        self._sentence.setProperty("tone", "label")
        self._sentence.setWordWrap(True)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(content)
        self._stack.addWidget(self._sentence)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(theme.PADDING, 12, theme.PADDING, 10)
        rows.setSpacing(8)
        rows.addLayout(head)
        rows.addWidget(self._stack, stretch=1)

    def set_remark(self, remark: str) -> None:
        """Change the standing remark."""
        self._remark = remark
        self._head_remark.setText(remark)

    def read_out(self, text: str) -> None:
        """Show what is chosen in the content; an empty text brings the standing remark back."""
        self._head_remark.setText(text or self._remark)

    def say(self, sentence: str) -> None:
        """Put a sentence in the place of the content; an empty one brings the content back."""
        self._sentence.setText(sentence)
        self._stack.setCurrentIndex(1 if sentence else 0)
