"""The line under the title: one message at a time, most severe first; the others open below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui import icons, theme
from gui.tab_order import tab_after
from gui.theme import Theme

SEVERITIES = ("err", "warn", "info")  # most severe first
_ICONS = {"err": "warning", "warn": "warning", "info": "info"}
_SPOKEN = {"err": "Error", "warn": "Warning", "info": "Information"}


@dataclass(frozen=True)
class Action:
    """A button of a message: its words and what it does; `plain` ones have no edge."""

    text: str
    run: Callable[[], object]
    plain: bool = False


@dataclass(frozen=True)
class Message:
    """What happened (`title`), what is safe and what to do (`text`), and the buttons that do it."""

    severity: str
    title: str
    text: str = ""
    actions: tuple[Action, ...] = field(default=())


class Banner(QWidget):
    """Shows the most severe message; a progress line while work is under way comes before all of them."""

    def __init__(self, look: Theme, in_full: bool = False) -> None:
        """Hidden until there is something to say; `in_full` lists every message, as a picture must."""
        super().__init__()
        self._look, self._in_full = look, in_full
        self._messages: tuple[Message, ...] = ()
        self._expanded = False
        self._progress: tuple[str, str, float] | None = None
        self.follows: QWidget | None = None  # the widget from which Tab comes
        self._cancel: Callable[[], None] | None = None
        self._bar: QProgressBar | None = None
        self._step: QLabel | None = None
        self._percent: QLabel | None = None
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        look.changed.connect(self._rebuild)
        self.hide()

    @property
    def messages(self) -> tuple[Message, ...]:
        """What there is to say, most severe first."""
        return self._messages

    def show_messages(self, messages: Sequence[Message]) -> None:
        """Replace what is shown."""
        ordered = sorted(messages, key=lambda m: SEVERITIES.index(m.severity))
        self._messages, self._expanded, self._progress = tuple(ordered), False, None
        self._rebuild()

    def show_progress(self, title: str, step: str, share: float, cancel: Callable[[], None]) -> None:
        """Show how far the work in the background is."""
        running = self._progress is not None
        self._progress, self._cancel = (title, step, share), cancel
        if not running:
            self._rebuild()
        if self._bar is not None and self._step is not None and self._percent is not None:
            self._bar.setValue(round(100 * share))
            self._step.setText(step)
            self._percent.setText(f"{round(100 * share)} %")

    def set_gap(self, gap: int) -> None:
        """Room below the last message."""
        self._rows.setContentsMargins(0, 0, 0, gap)

    def collapse(self) -> bool:
        """Close the list of further messages; False if it was closed."""
        if not self._expanded:
            return False
        self._expanded = False
        self._rebuild()
        return True

    def _rebuild(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._bar = self._step = self._percent = None
        if self._progress is not None:
            self._rows.addWidget(self._progress_row(*self._progress))
        else:
            for i, message in enumerate(self._messages if self._expanded or self._in_full else self._messages[:1]):
                self._rows.addWidget(self._message_row(message, more=len(self._messages) - 1 if i == 0 else 0))
        self.setVisible(self._rows.count() > 0)
        if self.follows is not None:
            rows = [item.widget() for i in range(self._rows.count()) if (item := self._rows.itemAt(i)) is not None]
            tab_after(self.follows, [b for row in rows if row is not None for b in row.findChildren(QPushButton)])

    def _row(self, severity: str, title: str, text: str) -> tuple[QFrame, QHBoxLayout, QLabel]:
        row = QFrame()
        row.setObjectName("banner")
        row.setProperty("severity", severity)
        row.setMinimumHeight(46)
        line = QHBoxLayout(row)
        line.setContentsMargins(14, 6, 8, 6)
        line.setSpacing(8)
        p = self._look.palette
        colour = {"err": p.err, "warn": p.warn, "info": p.text2}[severity]
        sign = QLabel()
        sign.setPixmap(icons.pixmap(_ICONS[severity], colour, 18, 2.0))
        head = QLabel(title)
        head.setProperty("part", "title")
        head.setProperty("severity", severity)
        head.setFont(theme.font(theme.BODY_PX, theme.SEMIBOLD))
        body = QLabel(text)
        body.setFont(theme.font())
        body.setWordWrap(True)
        line.addWidget(sign)
        line.addWidget(head)
        line.addWidget(body, stretch=1)
        row.setAccessibleName(f"{_SPOKEN[severity]}: {title}")
        row.setAccessibleDescription(text)
        return row, line, body

    def _message_row(self, message: Message, more: int) -> QFrame:
        row, line, _ = self._row(message.severity, message.title, message.text)
        if more and not self._in_full:
            toggle = _button(f"+{more} more" if not self._expanded else "Show one", plain=True)
            toggle.clicked.connect(self._toggle)
            line.addWidget(toggle)
        for action in message.actions:
            button = _button(action.text, action.plain)
            button.clicked.connect(lambda _checked=False, run=action.run: run())
            line.addWidget(button)
        return row

    def _progress_row(self, title: str, step: str, share: float) -> QFrame:
        row, line, self._step = self._row("info", title, step)
        self._step.setWordWrap(False)
        line.setStretchFactor(self._step, 0)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 100)
        self._bar.setValue(round(100 * share))
        self._bar.setAccessibleName(title)
        self._percent = QLabel(f"{round(100 * share)} %")
        self._percent.setFont(theme.font())
        self._percent.setMinimumWidth(40)
        self._percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        cancel = _button("Cancel", plain=False)
        cancel.setToolTip("Cancel (Esc)")
        cancel.clicked.connect(lambda _checked=False: self._cancel() if self._cancel else None)
        line.addWidget(self._bar, stretch=1)
        line.addWidget(self._percent)
        line.addWidget(cancel)
        return row

    def _toggle(self) -> None:
        self._expanded = not self._expanded
        self._rebuild()


def _button(text: str, plain: bool) -> QPushButton:
    button = QPushButton(text)
    button.setFont(theme.font(theme.BODY_PX, theme.MEDIUM))
    if plain:
        button.setProperty("kind", "plain")
    return button
