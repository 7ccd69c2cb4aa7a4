"""The left panel: one baseline, and the trials it is compared with."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QButtonGroup, QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from gui import icons, theme
from gui.session import OpenTrial, Session, excluded
from gui.tab_order import tab_after
from gui.theme import Theme
from gui.trial_row import RadioRow, RowWords, TickRow
from gui.words import condition_name, settings

WIDTH = 272
COMPACT_WIDTH = 232


class TrialPanel(QWidget):
    """Lists the session's trials; every change of choice goes through the session, then `changed` is sent."""

    changed = pyqtSignal()
    open_wanted = pyqtSignal()

    def __init__(self, look: Theme, session: Session, follows: QWidget, for_picture: bool = False) -> None:
        """Shows nothing until `refresh`; Tab comes from `follows`; `for_picture`: without the button."""
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._look, self._session, self._follows = look, session, follows
        self._compact = False
        self._group = QButtonGroup(self)
        self._rows: list[tuple[Path, RadioRow | TickRow]] = []
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 12, 1, 12)
        outer.setSpacing(4)
        head = _label("Trials", theme.font(theme.BODY_PX, theme.SEMIBOLD))
        head.setContentsMargins(16, 0, 16, 4)
        outer.addWidget(head)
        self._list = QWidget()
        self._list.setObjectName("rows")
        self._list_rows = QVBoxLayout(self._list)
        self._list_rows.setContentsMargins(16, 0, 8, 0)
        self._list_rows.setSpacing(0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._list)
        outer.addWidget(scroll, stretch=1)
        self._open = QPushButton("Open trials")
        self._open.setFont(theme.font(theme.BODY_PX, theme.MEDIUM))
        self._open.setToolTip("Open trials (Ctrl+O), or drop files on the window")
        self._open.clicked.connect(self.open_wanted)
        self._open.setVisible(not for_picture)
        foot = QVBoxLayout()
        foot.setContentsMargins(16, 8, 16, 4)
        foot.addWidget(self._open)
        outer.addLayout(foot)
        self.set_compact(False)
        look.changed.connect(self.refresh)

    def set_compact(self, compact: bool) -> None:
        """Narrower, and without the number of steps in the rows (it stays in their tooltips)."""
        self._compact = compact
        self.setFixedWidth(COMPACT_WIDTH if compact else WIDTH)
        self.refresh()

    @property
    def rows(self) -> dict[tuple[str, Path], RadioRow | TickRow]:
        """Every row by its kind (`baseline` or `compare`) and trial."""
        return {("baseline" if isinstance(row, RadioRow) else "compare", path): row for path, row in self._rows}

    def refresh(self) -> None:
        """Show the session as it is now; the keyboard stays on the row it was on."""
        focused = next((key for key, row in self.rows.items() if row.hasFocus()), None)
        self._clear()
        session = self._session
        self._open.setIcon(icons.icon("open", self._look.palette.text))
        if session.trials:
            self._section("Baseline")
            for trial in session.trials:
                self._add_radio(trial)
        rest = [trial for trial in session.trials if session.baseline is not None and trial.path != session.baseline]
        if rest:
            self._rule()
            self._section("Compare with")
            for trial in rest:
                self._add_tick(trial)
        self._list_rows.addStretch(1)
        tab_after(self._follows, (*self.rows.values(), self._open))
        if focused is not None and focused in self.rows:
            self.rows[focused].setFocus()

    def _clear(self) -> None:
        for _, row in self._rows:
            self._group.removeButton(row)
        self._rows = []
        while (item := self._list_rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _section(self, words: str) -> None:
        label = _label(words, theme.font(theme.LABEL_PX))
        label.setProperty("tone", "label")
        label.setContentsMargins(0, 2, 0, 4)
        self._list_rows.addWidget(label)

    def _rule(self) -> None:
        rule = QFrame()
        rule.setObjectName("rule")
        rule.setFixedHeight(1)
        self._list_rows.addSpacing(10)
        self._list_rows.addWidget(rule)
        self._list_rows.addSpacing(10)

    def _add_radio(self, trial: OpenTrial) -> None:
        row = RadioRow(self._look, self._words(trial, warn=False))
        row.setChecked(trial.path == self._session.baseline)
        row.setEnabled(trial.result is not None)
        row.clicked.connect(lambda _checked, path=trial.path: self._choose_baseline(path))
        self._group.addButton(row)
        self._rows.append((trial.path, row))
        self._list_rows.addWidget(row)

    def _add_tick(self, trial: OpenTrial) -> None:
        row = TickRow(self._look, self._words(trial, warn=True))
        row.setChecked(self._session.compared(trial.path))
        row.setEnabled(trial.result is not None)
        row.clicked.connect(lambda checked, path=trial.path: self._compare(path, checked))
        self._rows.append((trial.path, row))
        self._list_rows.addWidget(row)

    def _choose_baseline(self, path: Path) -> None:
        if path != self._session.baseline:
            self._session.set_baseline(path)
            self.refresh()
            self.changed.emit()

    def _compare(self, path: Path, compared: bool) -> None:
        self._session.set_compared(path, compared)
        self.refresh()
        self.changed.emit()

    def _words(self, trial: OpenTrial, warn: bool) -> RowWords:
        if trial.failure is not None:
            return RowWords(trial.name, "could not be analysed", None, trial.failure, failed=True)
        if trial.result is None:
            return RowWords(trial.name, "not analysed yet", None)
        info = trial.result.info
        detail = settings(info.treadmill)
        if not self._compact:
            detail += f", {_steps(trial)}"
        left_out = sum(excluded(trial.result).values())
        more = f"{_steps(trial)} used, {left_out} excluded"
        title = f"{trial.name}  {condition_name(info)}"
        if warn and self._session.is_repeat(trial.path):
            title += ", repeat"
        warning = ""
        if warn and self._session.differs_from_baseline(trial.path):
            warning = "Speed or incline differ from the baseline, or are unknown."
        return RowWords(title, detail, self._colour(trial), warning, more=more)

    def _colour(self, trial: OpenTrial) -> str:
        """Colour of the condition as the plots draw it; shoes that are not shown share the second shoe's."""
        session, p = self._session, self._look.palette
        base = None if session.baseline is None else session.trial(session.baseline)
        question = session.question()
        other = None if question is None else session.trial(question.other[0])
        shown = [t for t in (base, other) if t is not None and t.result is not None]
        conditions = [None if t.result is None else t.result.info.condition for t in shown]
        for shown_trial, style in reversed(list(zip(shown, p.condition_styles(conditions), strict=True))):
            if trial.path == shown_trial.path or trial.group == shown_trial.group:
                return style.colour
        return p.barefoot if trial.result is not None and trial.result.info.condition == "barefoot" else p.shod2


def _steps(trial: OpenTrial) -> str:
    assert trial.result is not None
    counts = [foot.n_valid for foot in trial.result.recorded_feet()]
    return " + ".join(str(n) for n in counts) + " steps"


def _label(text: str, font: object) -> QLabel:
    label = QLabel(text)
    label.setFont(font)  # type: ignore[arg-type]
    return label
