"""Work in the background: results, parts, failures and cancelling reach the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from insole.errors import AnalysisError

pytestmark = pytest.mark.gui


@pytest.fixture
def tasks(qapp: Any) -> Iterator[Any]:
    from gui.tasks import Tasks

    made = Tasks()
    yield made
    made.close()


class Heard:
    """What a job's signals said, and in which thread."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.threads: set[int] = set()

    def __call__(self, job: Any) -> None:
        for name in ("progress", "part", "done", "failed", "cancelled"):
            getattr(job, name).connect(lambda *values, name=name: self.hear(name, *values))

    def hear(self, *words: Any) -> None:
        self.said.append(words)
        self.threads.add(threading.get_ident())


def test_progress_parts_and_result_arrive_in_order_in_the_windows_thread(qtbot: Any, tasks: Any) -> None:
    def work(report: Any) -> str:
        report.progress("First.", 0.25)
        report.part(1)
        report.progress("Second.", 0.75)
        return "all"

    heard = Heard()
    tasks.start(work, heard)
    qtbot.waitUntil(lambda: not tasks.busy)
    assert heard.said == [("progress", "First.", 0.25), ("part", 1), ("progress", "Second.", 0.75), ("done", "all")]
    assert heard.threads == {threading.get_ident()}


def test_an_error_insole_raises_on_purpose_is_one_line_without_details(qtbot: Any, tasks: Any) -> None:
    def work(_report: Any) -> None:
        raise AnalysisError("no contacts; check the insole")

    heard = Heard()
    tasks.start(work, heard)
    qtbot.waitUntil(lambda: not tasks.busy)
    assert heard.said == [("failed", "no contacts; check the insole", "")]


def test_any_other_error_comes_with_its_traceback(qtbot: Any, tasks: Any) -> None:
    def work(_report: Any) -> float:
        return 1 / 0

    heard = Heard()
    tasks.start(work, heard)
    qtbot.waitUntil(lambda: not tasks.busy)
    ((kind, message, details),) = heard.said
    assert (kind, message) == ("failed", "ZeroDivisionError: division by zero")
    assert "in work" in details


def test_a_cancelled_job_says_nothing_more(qtbot: Any, tasks: Any) -> None:
    started, go_on = threading.Event(), threading.Event()

    def work(report: Any) -> str:
        started.set()
        go_on.wait(10)
        report.part("never heard")
        return "never heard"

    heard = Heard()
    tasks.start(work, heard)
    assert started.wait(10)
    tasks.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: not tasks.busy)
    assert heard.said == [("cancelled",)]


def test_a_new_job_cancels_the_one_before_and_waits_for_it(qtbot: Any, tasks: Any) -> None:
    started, go_on = threading.Event(), threading.Event()
    order = []

    def first(report: Any) -> None:
        started.set()
        go_on.wait(10)
        order.append("first ends")
        report.check()

    def second(_report: Any) -> str:
        order.append("second begins")
        return "second"

    old, new = Heard(), Heard()
    tasks.start(first, old)
    assert started.wait(10)
    tasks.start(second, new)
    go_on.set()
    qtbot.waitUntil(lambda: not tasks.busy)
    assert order == ["first ends", "second begins"]
    assert (old.said, new.said) == ([("cancelled",)], [("done", "second")])


def test_closing_leaves_no_thread(qapp: Any) -> None:
    from gui.tasks import Tasks

    made = Tasks()
    made.start(lambda report: None, lambda job: None)
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("insole-job")]
