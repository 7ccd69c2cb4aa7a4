"""The rows of the table of indices as an item model: what stands in each cell, and what a row means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from analysis.codes import reason_words
from gui.words import SIDE_WORDS, counted, index_words, interval, mean_sd, spoken
from insole.numerals import DASH, number

if TYPE_CHECKING:
    from analysis.comparison import Comparison, Difference

INDEX, SIDE, BASE, OTHER, DIFFERENCE, EFFECT = range(6)
ROW_ROLE = Qt.ItemDataRole.UserRole
RESOLVED = ("differs", "recordings")  # rungs: beyond the floor, and resolved in the primary family
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
SHORT_SIDES = {"left": "Left", "right": "Right", "did": "R − L"}


@dataclass(frozen=True)
class Row:
    """One line: a heading (`difference` None) or one index of one side.

    `first`: the first line of its index, which carries its name. `filled`: primary, resolved and above its floor.
    """

    heading: str = ""
    difference: Difference | None = None
    first: bool = False
    filled: bool = False


class IndexModel(QAbstractTableModel):
    """Primary rows first, then the exploratory ones, each index by side."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Empty until `show_comparison`."""
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self._labels = ("Baseline", "Other")

    def show_comparison(self, comparison: Comparison | None, labels: tuple[str, str]) -> None:
        """Replace all rows; `labels` name the two conditions."""
        self.beginResetModel()
        self._labels = labels
        self._rows = () if comparison is None else _rows(comparison)
        self.endResetModel()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What stands in the table."""
        return self._rows

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Headings included."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Index, side, two conditions, difference, effect size."""
        return 0 if parent is not None and parent.isValid() else 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Column titles; the rows have none."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            titles = ("Index", "Side", *self._labels, "Difference [95 % CI]", "Effect g")
            return titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if section < BASE else RIGHT
        if role == Qt.ItemDataRole.ToolTipRole and section == EFFECT:
            return "Hedges g over single steps: descriptive, without an interval."
        if role == Qt.ItemDataRole.ToolTipRole and section in (BASE, OTHER):
            return f"{self._labels[section - BASE]}: mean of the trial means ± SD over the steps."
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Headings can't be selected."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self._rows[index.row()].difference is None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, tooltip (steps, method, floor) and the row itself under `ROW_ROLE`."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if index.column() in (INDEX, SIDE) else RIGHT
        if row.difference is None:
            return row.heading if role == Qt.ItemDataRole.DisplayRole and index.column() == INDEX else None
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(_text(row, index.column()))
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tooltip(row.difference, self._labels)
        return None


def effect_number(g: float | None) -> str:
    """An effect size with its sign; from 10 on without a digit after the point."""
    return number(g, 0 if g is not None and abs(g) >= 9.95 else 1, sign=True)


def _rows(comparison: Comparison) -> tuple[Row, ...]:
    rows = [
        Row(difference=d, first=i == 0, filled=comparison.rungs.get(d.side) in RESOLVED)
        for i, d in enumerate(comparison.primary)
    ]
    if comparison.exploratory:
        rows.append(Row(heading="Exploratory: shown with interval, no verdict", first=True))
        before = ""
        for d in _by_index(comparison.exploratory):
            rows.append(Row(difference=d, first=d.index != before))
            before = d.index
    return tuple(rows)


def _by_index(differences: Sequence[Difference]) -> list[Difference]:
    order = list(dict.fromkeys(d.index for d in differences))
    return sorted(differences, key=lambda d: (order.index(d.index), ("left", "right", "did").index(d.side)))


def _text(row: Row, column: int) -> str:
    d = row.difference
    assert d is not None
    words = index_words(d.index, d.unit)
    if column == INDEX:
        return words.title if row.first else ""
    if column == SIDE:
        return SHORT_SIDES[d.side]
    if column == BASE:
        return mean_sd(d.mean_base, d.sd_base, words)
    if column == OTHER:
        return mean_sd(d.mean_other, d.sd_other, words)
    if column == EFFECT:
        return effect_number(d.hedges_g)
    if d.difference is None:
        return reason_words(d.reason) if d.reason else DASH
    return f"{number(d.difference * words.factor, words.digits, sign=True)} {interval(d.ci_low, d.ci_high, words)}"


def _tooltip(d: Difference, labels: tuple[str, str]) -> str:
    words = index_words(d.index, d.unit)
    lines = [
        ", ".join(filter(None, (words.title, words.note, SIDE_WORDS[d.side].lower()))),
        f"{labels[0]}: {counted(d.n_base, 'step')}. {labels[1]}: {counted(d.n_other, 'step')}.",
    ]
    if d.speaks_for:
        lines.append("The interval speaks for the effect." if d.speaks_for == "effect" else
                     "The interval speaks for these recordings only.")  # fmt: skip
    if d.floor is not None:
        lines.append(f"Floor {d.floor:g} {words.unit}: {d.floor_row}.")
    if d.reason:
        lines.append(reason_words(d.reason) + ".")
    return "\n".join([*lines, *d.notes, *([d.outlook] if d.outlook else []), *([d.method] if d.method else [])])
