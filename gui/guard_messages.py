"""What the guard found, as messages of the banner with the buttons that help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gui.banner import Action, Message
from gui.guard_words import BELT_CODES, can_be_lifted, finding_words
from gui.session import Session

if TYPE_CHECKING:
    from analysis.comparison import Comparison

SEVERITIES = {"refuse": "err", "warn": "warn"}
UNMATCHED = "conditions_not_matched"


@dataclass(frozen=True)
class Wishes:
    """What the buttons do: compare although the belt differs, or use another trial instead."""

    compare_anyway: Callable[[], object]
    use_instead: Callable[[Path], object]


def guard_messages(comparison: Comparison, session: Session, wishes: Wishes | None) -> list[Message]:
    """One message a finding. Without `wishes` (a picture) there are no buttons, and the notes come as well."""
    messages, notes = [], []
    for finding in comparison.guard.findings:
        title, text = finding_words(finding, comparison)
        if finding.verdict == "note":
            notes.append(text)
        else:
            helps = wishes is not None and finding.code in (*BELT_CODES, UNMATCHED)
            actions = _belt_actions(comparison, session, wishes) if helps and wishes is not None else ()
            messages.append(Message(SEVERITIES[finding.verdict], title, text, actions))
    if notes and wishes is None:
        messages.append(Message("info", "Notes.", " ".join(notes)))
    return messages


def _belt_actions(comparison: Comparison, session: Session, wishes: Wishes) -> tuple[Action, ...]:
    """The matching trial if there is one; comparing anyway only if the belt is all that stands against it."""
    actions: tuple[Action, ...] = ()
    match = session.matching_trial()
    if match is not None:
        actions += (Action(f"Use {match.name} instead", partial(wishes.use_instead, match.path)),)
    if can_be_lifted(comparison):
        actions += (Action("Compare anyway", wishes.compare_anyway, plain=True),)
    return actions
