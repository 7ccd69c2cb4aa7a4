"""Where words go: results to stdout, progress and errors to stderr, ``-`` is stdout; outputs appear whole or not."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from insole.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

F = TypeVar("F", bound=Callable[..., Any])
STDOUT = "-"

quiet_option = click.option("--quiet", is_flag=True, help="No progress and no tables; errors are still shown.")


def results(quiet: bool) -> Console:
    """The console for results; silent with ``--quiet``."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 120
    return Console(quiet=quiet, highlight=False, width=width)


def messages(quiet: bool) -> Console:
    """The console for progress and notes, on stderr; silent with ``--quiet``."""
    from rich.console import Console

    return Console(stderr=True, quiet=quiet, highlight=False)


def check_output(path: str | None, option: str, *, new: bool = False) -> None:
    """Refuse an output that can't be written before any work is done. ``new``: it may not exist yet."""
    if path is None or path == STDOUT:
        return
    target = Path(path)
    if target.is_dir():
        raise UsageError(f"{option} {path}: is a folder; give a file name")
    if not target.parent.is_dir():
        raise UsageError(f"{option} {path}: the folder {target.parent} does not exist; make it first")
    if new and target.exists():
        raise UsageError(f"{option} {path}: exists already; choose another name, recordings are never overwritten")
    if not os.access(target.parent, os.W_OK):
        raise UsageError(f"{option} {path}: the folder {target.parent} can't be written to; choose another")


def check_one_stdout(**outputs: str | None) -> bool:
    """True if one output goes to stdout (so tables must not); refuses two."""
    to_stdout = [name for name, path in outputs.items() if path == STDOUT]
    if len(to_stdout) > 1:
        raise UsageError(f"--{to_stdout[0]} and --{to_stdout[1]} can't both go to stdout; give one of them a file")
    return bool(to_stdout)


def write_output(path: str | None, text: str) -> None:
    """Write a text result to a file (beside it first, then renamed) or to stdout."""
    if path is None:
        return
    if path == STDOUT:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
        return
    target = Path(path)
    handle, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        os.chmod(beside, 0o644)
        os.replace(beside, target)
    except OSError as error:
        Path(beside).unlink(missing_ok=True)
        raise UsageError(f"{path}: could not be written ({error.strerror})") from None
