"""The compare page: title and legend, the guard's banner, paths, steps and the table of indices with its sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from analysis.codes import reason_words
from gui import theme
from gui.banner import Action, Banner, Message
from gui.card import Card, ElidedLabel
from gui.cop_plot import CopPlot
from gui.empty_state import EmptyState
from gui.findings import Findings
from gui.guard_messages import Wishes, guard_messages
from gui.marks import LegendKey
from gui.palette import Palette
from gui.plot_data import foot_paths, step_groups
from gui.repeat_line import RepeatLine
from gui.sentences import condition_labels
from gui.session import Session
from gui.step_strip import StepStrip
from gui.theme import Theme
from gui.veil import Veil
from gui.words import INDICES, counted, sentence

if TYPE_CHECKING:
    from analysis.comparison import Comparison

COP_REMARK = "contact, mid-stance, toe-off"
STEPS_REMARK = "one mark a step; + is medial"
LEFT_COLUMN = 326
COMPACT_LEFT_COLUMN = 276
CHIP_HEIGHT = 24
LEGEND_LEAST = 110  # px of a condition's name that stay readable beside a long title


class ComparePage(QWidget):
    """Shows a session. It changes nothing itself: wishes go out as signals."""

    open_wanted = pyqtSignal()
    swap_wanted = pyqtSignal()
    export_wanted = pyqtSignal()
    anyway_wanted = pyqtSignal()
    instead_wanted = pyqtSignal(object)  # path of the trial to use
    close_wanted = pyqtSignal(object)  # path of the trial to take off the list

    def __init__(self, look: Theme, session: Session, for_picture: bool = False) -> None:
        """`for_picture`: no buttons, and every warning in full, as an export must have it."""
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._look, self._session, self._for_picture = look, session, for_picture
        self._note: Message | None = None
        self._shown: tuple[Comparison | None, Palette] | None = None
        self.banner = Banner(look, in_full=for_picture)
        self.cop = CopPlot(look)
        self.steps = StepStrip(look, INDICES["mli"])
        self.findings = Findings(look)
        self.repeat = RepeatLine(look)
        self._build()
        look.changed.connect(self.refresh)

    # what is shown

    def refresh(self) -> None:
        """Show the session as it is now."""
        session = self._session
        comparison = session.comparison
        self._stack.setCurrentIndex(0 if comparison is None else 1)
        if comparison is None:
            self._say_why_empty()
            self._fill_title("Compare", (), ())
        elif (comparison, self._look.palette) != self._shown:
            self._show(comparison)
        self._shown = (comparison, self._look.palette)
        self._fill_chips(comparison)
        self._swap.setVisible(not self._for_picture and comparison is not None)
        exportable = comparison is not None and not comparison.guard.refused
        self._export.setVisible(not self._for_picture and exportable)
        self._dim.setVisible(comparison is not None and not session.up_to_date)
        self.banner.show_messages(self._messages())

    def show_progress(self, title: str, step: str, share: float, cancel: Callable[[], None]) -> None:
        """Old results stay, dimmed, with the progress line above them."""
        self._note = None
        self._dim.setVisible(self._session.comparison is not None)
        self.banner.show_progress(title, step, share, cancel)

    def show_note(self, message: Message) -> None:
        """Something that just happened; it stays until the next analysis."""
        self._note = message
        self.refresh()

    def set_compact(self, compact: bool) -> None:
        """Smaller gaps and columns; the same order."""
        gap = 8 if compact else 12
        self._rows.setContentsMargins(gap, 0, gap, gap)
        self.banner.set_gap(gap)
        self._grid.setSpacing(gap)
        self._grid.setColumnMinimumWidth(0, COMPACT_LEFT_COLUMN if compact else LEFT_COLUMN)
        self._head.setFixedHeight(46 if compact else 52)
        self._cop_card.set_remark("" if compact else COP_REMARK)
        self._steps_card.set_remark("one mark a step" if compact else STEPS_REMARK)
        self.findings.set_compact(compact)

    # building

    def _build(self) -> None:
        self._rows = QVBoxLayout(self)
        self._rows.setSpacing(0)
        self._head = QWidget()
        line = QHBoxLayout(self._head)
        line.setContentsMargins(4, 0, 0, 0)
        line.setSpacing(8)
        self._title = ElidedLabel("Compare", theme.font(theme.TITLE_PX, theme.SEMIBOLD))
        line.addWidget(self._title)
        self._legend = QHBoxLayout()
        self._legend.setContentsMargins(16, 0, 0, 0)
        self._legend.setSpacing(8)
        line.addLayout(self._legend)
        line.addStretch(1)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(6)
        line.addLayout(self._chips)
        self._swap = _button("Swap baseline", "Make the other condition the baseline (Ctrl+B)")
        self._swap.clicked.connect(self.swap_wanted)
        self._export = _button("Export", "Save this page as a picture (Ctrl+E)")
        self._export.clicked.connect(self.export_wanted)
        line.addWidget(self._swap)
        line.addWidget(self._export)
        self.banner.follows = self._export
        self._rows.addWidget(self._head)
        self._rows.addWidget(self.banner)
        self._empty = EmptyState(self._look)
        self._empty.open_wanted.connect(self.open_wanted)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._cards())
        self._rows.addWidget(self._stack, stretch=1)
        self.set_compact(False)

    def _cards(self) -> QWidget:
        self._cop_card = Card("Centre of pressure", self.cop, COP_REMARK)
        self._steps_card = Card("MLI per step", self.steps, STEPS_REMARK)
        self._table_card = Card("Indices", self.findings)
        self.cop.readout.connect(self._cop_card.read_out)
        self.steps.readout.connect(self._steps_card.read_out)
        cards = QWidget()
        cards.setObjectName("cards")
        self._grid = QGridLayout(cards)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.addWidget(self._cop_card, 0, 0)
        self._grid.addWidget(self._steps_card, 1, 0)
        self._grid.addWidget(self._table_card, 0, 1, 2, 1)
        self._grid.addWidget(self.repeat, 2, 0, 1, 2)
        self._grid.setRowStretch(0, 52)
        self._grid.setRowStretch(1, 48)
        self._grid.setColumnStretch(1, 1)
        for card in (self._cop_card, self._steps_card):
            card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._dim = Veil(cards, self._look)
        return cards

    # filling

    def _show(self, comparison: Comparison) -> None:
        labels = condition_labels(comparison)
        trials = (comparison.base, comparison.other)
        conditions = [group[0].info.condition if group else None for group in trials]
        names = [_listed([trial.name for trial in group]) for group in trials]
        legends = [name if name == label else f"{label} {name}" for label, name in zip(labels, names, strict=True)]
        self._fill_title(f"{labels[0]} and {labels[1]}", legends, conditions)
        refused = comparison.guard.refused
        for card in (self._cop_card, self._steps_card, self._table_card):
            card.say("Not compared: the reasons stand above." if refused else "")
        feet = () if refused else tuple(foot_paths(comparison, side) for side in ("left", "right"))
        self.cop.show_paths(feet, labels, conditions)
        groups = () if refused else step_groups(comparison)
        self.steps.show_groups(groups, labels, conditions)
        if not refused and not groups:
            reasons = {reason_words(row.reason) for row in comparison.primary if row.reason}
            self._steps_card.say(sentence(f"no MLI: {', '.join(sorted(reasons)) or 'no valid steps'}"))
        self.findings.show_comparison(comparison, labels)
        self.repeat.show_comparison(None if refused else comparison)
        remark = f"{labels[1]} minus {labels[0]}; filled: resolved above its floor"
        self._table_card.set_remark("" if refused else remark)

    def _fill_title(self, title: str, legends: Sequence[str], conditions: Sequence[str | None]) -> None:
        self._title.setText(title)
        _empty(self._legend)
        for text, style in zip(legends, self._look.palette.condition_styles(list(conditions)), strict=True):
            self._legend.addWidget(LegendKey(style))
            self._legend.addWidget(ElidedLabel(text, theme.font(theme.BODY_PX, theme.MEDIUM), least=LEGEND_LEAST))
            self._legend.addSpacing(8)

    def _fill_chips(self, comparison: Comparison | None) -> None:
        _empty(self._chips)
        if comparison is None:
            return
        for flag, text, why in (
            ("conditions_not_matched", "Conditions not matched", "Speed or incline differ; no test is made."),
            ("re_donned", "Re-donned", "The trials do not share one donning: the larger floor is used."),
        ):
            if flag in comparison.flags:
                chip = QLabel(text)
                chip.setObjectName("chip")
                chip.setProperty("severity", "warn" if flag == "conditions_not_matched" else "info")
                chip.setFont(theme.font(theme.LABEL_PX, theme.MEDIUM))
                chip.setToolTip(why)
                chip.setFixedHeight(CHIP_HEIGHT)
                self._chips.addWidget(chip)

    def _say_why_empty(self) -> None:
        trials = self._session.trials
        if not trials:
            self._empty.say(
                "No trials open",
                "Compare needs a baseline and at least one other trial. Open trial files, or drop them here.",
            )
        elif self._session.waiting:
            self._empty.say("No comparison yet", "The trials on the left are not all analysed.")
        elif self._session.question() is None:
            self._empty.say(
                "Record one more condition",
                "Compare needs a baseline and at least one other trial. Open another trial, or tick one on the left.",
            )
        else:
            self._empty.say("No comparison", "Choose other trials on the left, or open more.")

    def _messages(self) -> list[Message]:
        """What just happened, what the guard found, and the files that could not be read."""
        session, comparison = self._session, self._session.comparison
        messages = [] if self._note is None else [self._note]
        if comparison is not None and session.up_to_date:
            wishes = None if self._for_picture else Wishes(self.anyway_wanted.emit, self.instead_wanted.emit)
            messages += guard_messages(comparison, session, wishes)
        for trial in session.trials:
            if trial.failure is not None:
                close = Action("Remove from list", partial(self.close_wanted.emit, trial.path), plain=True)
                actions = () if self._for_picture else (close,)
                messages.append(Message("err", f"{trial.name} could not be analysed.", trial.failure, actions))
        return messages


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setFont(theme.font(theme.BODY_PX, theme.MEDIUM))
    button.setToolTip(tip)
    return button


def _empty(row: QHBoxLayout) -> None:
    while (item := row.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) < 4 else f"{names[0]} … {names[-1]} ({counted(len(names), 'trial')})"

