"""Work in the background: the only place where a window starts threads.

A job is a plain function of a `Report`: it tells how far it is, hands over parts as they are ready, and stops by
itself when `report.check()` raises. One job runs at a time; a new one waits until the old one has stopped.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from PyQt6.QtCore import QObject, pyqtSignal

from insole.errors import InsoleError


class Cancelled(Exception):
    """Raised inside a job that was told to stop."""


class Job(QObject):
    """One piece of work; its signals arrive in the thread of the window."""

    progress = pyqtSignal(str, float)  # what is being done, share 0...1
    part = pyqtSignal(object)
    done = pyqtSignal(object)
    failed = pyqtSignal(str, str)  # one line for the user; details, empty for errors Insole raises on purpose
    cancelled = pyqtSignal()

    def __init__(self) -> None:
        """Not cancelled yet."""
        super().__init__()
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop; it ends with `cancelled`, at the latest after the step it is in."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """True once the job was told to stop."""
        return self._stop.is_set()


class Report:
    """What a job gets to speak with the window."""

    def __init__(self, job: Job) -> None:
        """Speaks through the signals of `job`."""
        self._job = job

    def check(self) -> None:
        """Raise Cancelled if the job was cancelled."""
        if self._job.stopping:
            raise Cancelled

    def progress(self, text: str, share: float) -> None:
        """Say what is being done and how far the whole is (0 to 1). Raises Cancelled."""
        self.check()
        self._job.progress.emit(text, share)

    def part(self, item: object) -> None:
        """Hand over one finished part before the whole is done. Raises Cancelled."""
        self.check()
        self._job.part.emit(item)


class Tasks:
    """Runs jobs one after the other in one worker thread."""

    def __init__(self) -> None:
        """No thread runs before the first job."""
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="insole-job")
        self._last: Job | None = None

    @property
    def busy(self) -> bool:
        """True while a job runs or waits."""
        return self._last is not None

    def start(self, work: Callable[[Report], object], connect: Callable[[Job], None]) -> Job:
        """Run `work(report)`; `connect` ties the job's signals before it starts. The job before is cancelled."""
        self.cancel()
        job = Job()
        connect(job)
        for end in (job.done, job.failed, job.cancelled):
            end.connect(lambda *_: self._forget(job))
        self._last = job
        self._pool.submit(_run, job, work)
        return job

    def cancel(self) -> None:
        """Ask the last job to stop."""
        if self._last is not None:
            self._last.cancel()

    def close(self) -> None:
        """Cancel, and wait until the worker has ended."""
        self.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _forget(self, job: Job) -> None:
        if self._last is job:
            self._last = None
        job.deleteLater()


def _run(job: Job, work: Callable[[Report], object]) -> None:
    """The boundary of the worker: whatever goes wrong in a job is told to the window, never swallowed."""
    try:
        if job.stopping:
            raise Cancelled
        result = work(Report(job))
        if job.stopping:
            raise Cancelled
    except Cancelled:
        job.cancelled.emit()
    except InsoleError as error:
        job.failed.emit(str(error), "")
    except Exception as error:  # noqa: BLE001
        job.failed.emit(f"{type(error).__name__}: {error}", traceback.format_exc())
    else:
        job.done.emit(result)
