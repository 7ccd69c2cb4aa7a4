"""The window: menus, files dropped on it, and the work that follows every change of choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtCore import QMimeData, QSettings, Qt
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PyQt6.QtWidgets import QFileDialog, QMainWindow, QWidget

from gui import theme
from gui.banner import Action, Message
from gui.menus import build_menus
from gui.picture import save_picture
from gui.session import Question, Session
from gui.tasks import Job, Report, Tasks
from gui.theme import Theme
from gui.words import counted
from gui.work import AnalysedTrial, analyse_trials, compare_trials
from gui.workspace import Workspace
from insole.errors import InsoleError

FILTER = "Insole trials (*.h5);;All files (*)"
PICTURE_SIZE = (1440, 900)
PICTURE_RATIO = 2.0


class MainWindow(QMainWindow):
    """Opens trials, analyses them in the background, compares what is chosen."""

    def __init__(self, look: Theme, session: Session, settings: QSettings) -> None:
        """`settings` remember folder, theme and place of the window."""
        super().__init__()
        self.setWindowTitle("Insole")
        self._look, self.session, self._settings = look, session, settings
        self.tasks = Tasks()
        self._job: Job | None = None
        self._question: Question | None = None
        self.workspace = Workspace(look, session)
        self.setCentralWidget(self.workspace)
        self.setAcceptDrops(True)
        build_menus(self)
        page, panel = self.workspace.page, self.workspace.panel
        page.open_wanted.connect(self.choose_files)
        panel.open_wanted.connect(self.choose_files)
        panel.changed.connect(self.work)
        page.swap_wanted.connect(self.swap)
        page.export_wanted.connect(self.export)
        page.anyway_wanted.connect(self._compare_anyway)
        page.instead_wanted.connect(self._use_instead)
        page.close_wanted.connect(self._close_trial)
        look.changed.connect(self._repaint)
        self._repaint()
        self.workspace.refresh()

    # what the user does

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Put trials on the list and analyse them."""
        if self.session.open(paths):
            self.work()

    def choose_files(self) -> None:
        """Ask for trial files."""
        folder = str(self._settings.value("folder", ""))
        names, _ = QFileDialog.getOpenFileNames(self, "Open trials", folder, FILTER)
        if names:
            self._settings.setValue("folder", str(Path(names[0]).parent))
            self.open_paths([Path(name) for name in names])

    def swap(self) -> None:
        """Make the other condition the baseline."""
        self.session.swap()
        self.work()

    def export(self) -> None:
        """Ask for a file name and save the page as a picture."""
        comparison = self.session.comparison
        if comparison is None or comparison.guard.refused or not self.session.up_to_date:
            return
        folder = str(self._settings.value("folder", ""))
        proposal = str(Path(folder) / f"{comparison.base[0].name}_{comparison.other[0].name}.png")
        name, _ = QFileDialog.getSaveFileName(self, "Export this page", proposal, "PNG picture (*.png)")
        if name:
            self.export_to(Path(name))

    def export_to(self, path: Path) -> None:
        """Save the page as a picture with every warning in full; the theme is the light one, as paper is."""
        if not path.suffix:
            path = path.with_suffix(".png")
        try:
            save_picture(self.session, path, PICTURE_SIZE, "light", PICTURE_RATIO)
        except InsoleError as error:
            self.workspace.page.show_note(Message("err", "The picture was not saved.", str(error)))
        else:
            self.workspace.page.show_note(Message("info", "Picture saved.", str(path)))

    def cancel(self) -> None:
        """Cancel the analysis, or close the list of warnings (Esc)."""
        if self._job is not None:
            self._job.cancel()
        else:
            self.workspace.page.banner.collapse()

    # the work

    def work(self) -> None:
        """Analyse what is not analysed, then compare what is chosen; nothing to do just shows the session."""
        session = self.session
        self._stop_waiting()
        self._question = None
        if session.waiting:
            waiting = session.waiting
            self._start(f"Analysing {counted(len(waiting), 'trial')}", lambda report: analyse_trials(waiting, report))
            return
        question = session.question()
        if question is None:
            session.drop_comparison()
        elif not session.up_to_date:
            base, other = session.results(question.base), session.results(question.other)
            self._question = question
            names = counted(len(base) + len(other), "trial")
            accept = question.accept_unmatched
            self._start(f"Comparing {names}", lambda report: compare_trials(base, other, accept, report))
            return
        self.workspace.refresh()

    def _start(self, title: str, work: Callable[[Report], object]) -> None:
        page = self.workspace.page

        def connect(job: Job) -> None:
            job.progress.connect(lambda step, share: self._on_progress(job, title, step, share))
            job.part.connect(self._on_part)
            job.done.connect(lambda result: self._on_done(job, result))
            job.failed.connect(lambda message, details: self._on_failed(job, message, details))
            job.cancelled.connect(lambda: self._on_cancelled(job))

        self.workspace.refresh(running=True)
        page.show_progress(title, "", 0.0, self.cancel)
        self._job = self.tasks.start(work, connect)

    def _stop_waiting(self) -> None:
        """What an older job still sends is no longer listened to."""
        if self._job is not None:
            self._job.cancel()
        self._job = None

    def _on_progress(self, job: Job, title: str, step: str, share: float) -> None:
        if job is self._job:
            self.workspace.page.show_progress(title, step, share, self.cancel)

    def _on_part(self, part: object) -> None:
        """One trial is analysed, or was found to be unreadable; it counts even if the rest was cancelled."""
        assert isinstance(part, AnalysedTrial)
        if all(trial.path != part.path for trial in self.session.trials):
            return
        if part.result is not None:
            self.session.keep_result(part.path, part.result)
        else:
            self.session.keep_failure(part.path, part.failure)
        self.workspace.panel.refresh()

    def _on_done(self, job: Job, result: object) -> None:
        if job is not self._job:
            return
        self._job = None
        question, self._question = self._question, None
        if question is None:
            self.session.choose_defaults()
        else:
            self.session.keep_comparison(question, result)  # type: ignore[arg-type]
        self.work()

    def _on_failed(self, job: Job, message: str, details: str) -> None:
        if job is not self._job:
            return
        self._job = self._question = None
        self.session.drop_comparison()
        self.workspace.refresh()
        actions = (Action("Copy details", lambda: _to_clipboard(details)),) if details else ()
        self.workspace.page.show_note(Message("err", "The trials could not be compared.", message, actions))

    def _on_cancelled(self, job: Job) -> None:
        if job is not self._job:
            return
        self._job = self._question = None
        self.workspace.refresh()
        left = len(self.session.waiting)
        text = f"{counted(left, 'trial')} not analysed." if left else "The last results are shown, dimmed."
        again = Action("Analyse", self.work)
        self.workspace.page.show_note(Message("info", "Analysis cancelled.", text, (again,)))

    def show_crash(self, error: BaseException, details: str) -> None:
        """Something in the window itself went wrong: say it, keep the rest."""
        copy = Action("Copy details", lambda: _to_clipboard(details))
        text = f"{type(error).__name__}: {error}. The trial files are unchanged."
        self.workspace.page.show_note(Message("err", "That could not be finished.", text, (copy,)))

    def _compare_anyway(self) -> None:
        self.session.accept_unmatched = True
        self.work()

    def _use_instead(self, path: Path) -> None:
        self.session.use_instead(path)
        self.work()

    def _close_trial(self, path: Path) -> None:
        self.session.close(path)
        self.work()

    # the window

    def copy_command(self) -> None:
        """Put the comparison that is chosen on the clipboard as a command line."""
        command = self.session.command_line()
        if command:
            _to_clipboard(command)
            self.workspace.page.show_note(Message("info", "Command copied.", command))

    def next_panel(self) -> None:
        """Move the keyboard to the next of panel, paths, steps and table."""
        page = self.workspace.page
        first_row = list(self.workspace.panel.rows.values())[:1]
        places: list[QWidget] = [*first_row, page.cop, page.steps, page.findings.table]
        shown = [place for place in places if place.isVisible()]
        here = self.focusWidget()
        now = next((i for i, place in enumerate(shown) if place is here), -1)
        if shown:
            shown[(now + 1) % len(shown)].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def switch_theme(self) -> None:
        """Light to dark and back."""
        self._look.choose("dark" if self._look.palette.name == "light" else "light")
        self._settings.setValue("theme", self._look.palette.name)

    def switch_full_screen(self) -> None:
        """Full screen and back."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def _repaint(self) -> None:
        bar = self.menuBar()
        if bar is not None:
            bar.setStyleSheet(theme.style_sheet(self._look.palette))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Esc cancels the analysis or closes the list of warnings, unless the place it was pressed in needs it."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.cancel()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Files may be dropped anywhere on the window."""
        if event is not None and _dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped."""
        if event is not None:
            paths = _dropped(event.mimeData())
            if paths:
                event.acceptProposedAction()
                self.open_paths(paths)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """The window goes at once; the worker ends with the step it is in."""
        self._settings.setValue("geometry", self.saveGeometry())
        self.hide()
        self._stop_waiting()
        self.tasks.close()
        super().closeEvent(event)


def _dropped(data: QMimeData | None) -> list[Path]:
    """Local files of a drag."""
    if data is None:
        return []
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]



def _to_clipboard(text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
