"""What every test shares: markers that skip with a reason, ``--must-run``, real recordings, no thread left behind."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

NEEDS = ("data", "firmware", "gui")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--must-run=data,gui`` turns the skips of those kinds into failures."""
    parser.addoption("--must-run", default="", help=f"comma-separated kinds that may not skip: {','.join(NEEDS)}")


@lru_cache(maxsize=1)
def _why_no_gui() -> str | None:
    if importlib.util.find_spec("PyQt6") is None:
        return "PyQt6 is not installed"
    try:
        import PyQt6.QtWidgets  # noqa: F401
    except ImportError as error:
        return f"PyQt6 can't be loaded: {error}"
    return None


def _why_no_data() -> str | None:
    folder = os.environ.get("INSOLE_REAL_DATA")
    if not folder:
        return "real recordings: INSOLE_REAL_DATA does not say where they are"
    return None if Path(folder).is_dir() else f"real recordings: {folder} is not a folder"


@lru_cache(maxsize=1)
def _why_no_firmware() -> str | None:
    from acquisition.silicon import missing_tools

    missing = missing_tools()
    return f"firmware: {', '.join(missing)} not found" if missing else None


WHY_NOT: dict[str, Callable[[], str | None]] = {"data": _why_no_data, "firmware": _why_no_firmware, "gui": _why_no_gui}


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a kind that nobody knows."""
    for kind in _must_run(config):
        if kind not in NEEDS:
            raise pytest.UsageError(f"--must-run: {kind!r} is not one of {', '.join(NEEDS)}")


def _must_run(config: pytest.Config) -> list[str]:
    return [kind for kind in str(config.getoption("--must-run")).split(",") if kind]


def _skip_or_fail(config: pytest.Config, kind: str) -> None:
    reason = WHY_NOT[kind]()
    if reason is None:
        return
    if kind in _must_run(config):
        pytest.fail(f"--must-run={kind}, but {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine can't run, with the reason; fail instead where it must run."""
    for kind in NEEDS:
        if item.get_closest_marker(kind) is not None:
            _skip_or_fail(item.config, kind)


@pytest.fixture
def real_data(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """``real_data("gaitpdb")``: the folder of a real recording; skips where there is none."""
    _skip_or_fail(request.config, "data")
    root = Path(os.environ["INSOLE_REAL_DATA"])

    def folder(name: str) -> Path:
        path = root / name
        if not path.is_dir():
            if "data" in _must_run(request.config):
                pytest.fail(f"--must-run=data, but {name} is not in {root}", pytrace=False)
            pytest.skip(f"real recordings: {name} is not in {root}")
        return path

    return folder


@pytest.fixture(scope="session", autouse=True)
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Firmware and desk are built once a run, into a folder of the run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INSOLE_BUILD", str(tmp_path_factory.mktemp("build")))
        yield


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """A test that leaves a thread or a child process behind fails."""
    import multiprocessing

    before = {t.ident for t in threading.enumerate()}
    yield
    import time

    deadline = time.monotonic() + 3.0
    while True:
        left = [t for t in threading.enumerate() if t.ident not in before and t.is_alive() and not t.daemon]
        children = multiprocessing.active_children()
        if not left and not children:
            return
        if time.monotonic() > deadline:
            names = [t.name for t in left] + [p.name for p in children]
            pytest.fail(f"left running: {', '.join(names)}")
        time.sleep(0.02)
