"""Where words go: results to stdout, progress and errors to stderr, ``-`` is stdout; outputs appear whole or not."""

from __future__ import annotations

import os
import secrets
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from insole.errors import InsoleError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

F = TypeVar("F", bound=Callable[..., Any])
STDOUT = "-"
WIDE = 110  # columns that the widest table needs

quiet_option = click.option("--quiet", is_flag=True, help="No progress and no tables; errors are still shown.")


def results(quiet: bool) -> Console:
    """The console for results; silent with ``--quiet``."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 120
    return Console(quiet=quiet, highlight=False, emoji=False, width=width)


def messages(quiet: bool) -> Console:
    """The console for progress and notes, on stderr; silent with ``--quiet``."""
    from rich.console import Console

    class Messages(Console):
        def on_broken_pipe(self) -> None:
            self.quiet = True  # nobody listens any more; rich would end the program, and a recording with it

    return Messages(stderr=True, quiet=quiet, highlight=False, emoji=False)


def between(console: Console) -> str:
    """What stands between a value and its interval in a table: on a narrow terminal the interval has its own line."""
    return " " if console.width >= WIDE else "\n"


def say(console: Console, words: str, first: str = "") -> None:
    """Print words on the console, wrapped; further lines are set in below the beginning after ``first``."""
    lines = textwrap.wrap(
        plain(words), console.width, initial_indent=first, subsequent_indent=" " * (len(first) or 2),
        break_on_hyphens=False,
    )  # fmt: skip
    console.print("\n".join(lines), markup=False, soft_wrap=True)


def plain(text: str) -> str:
    """A text from elsewhere without what a terminal would obey: control characters but line ends become escapes."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) != "Cc" else c.encode("unicode_escape").decode() for c in text
    )


def check_output(path: str | None, option: str, *, new: bool = False, inputs: Iterable[Path | str] = ()) -> None:
    """Refuse an output that can't be written before any work is done.

    ``new``: it may not exist yet, and is no text that could go to stdout; ``inputs``: files that it must not replace.
    """
    if path is None or (path == STDOUT and not new):
        return
    if path == STDOUT:
        raise UsageError(f"{option} {path}: a trial can't go to stdout; give a file name, for example T.h5")
    target = Path(path)
    try:
        if target.is_dir():
            raise UsageError(f"{option} {path}: is a folder; give a file name")
        if not target.parent.is_dir():
            raise UsageError(f"{option} {path}: the folder {target.parent} does not exist; make it first")
        exists = target.exists()
        replaced = [str(file) for file in inputs if exists and os.path.exists(file) and os.path.samefile(file, target)]
    except OSError as error:
        raise UsageError(f"{option} {path}: no file of this name can be made ({error.strerror})") from None
    if new and exists:
        raise UsageError(f"{option} {path}: exists already; choose another name, recordings are never overwritten")
    if replaced:
        raise UsageError(f"{option} {path}: would replace the trial {replaced[0]}; choose another name")
    if not _is_special(target) and not os.access(target.parent, os.W_OK):
        raise UsageError(f"{option} {path}: the folder {target.parent} can't be written to; choose another")


def check_two_names(**outputs: str | None) -> None:
    """Refuse two outputs in one file."""
    given = [(name, Path(path).resolve()) for name, path in outputs.items() if path is not None and path != STDOUT]
    for at, (name, path) in enumerate(given):
        for other, same in given[:at]:
            if path == same and not _is_special(path):
                raise UsageError(f"--{other} and --{name} name the same file; give each its own")


def _is_special(target: Path) -> bool:
    """Whether this is a device or a pipe, which is written to and never replaced."""
    return target.exists() and not target.is_file()


def check_one_stdout(**outputs: str | None) -> bool:
    """True if one output goes to stdout (so tables must not); refuses two."""
    to_stdout = [name for name, path in outputs.items() if path == STDOUT]
    if len(to_stdout) > 1:
        raise UsageError(f"--{to_stdout[0]} and --{to_stdout[1]} can't both go to stdout; give one of them a file")
    return bool(to_stdout)


def write_output(path: str | None, result: str | bytes) -> None:
    """Write a result to a file (beside it first, then renamed), to a device or pipe, or to stdout; text as UTF-8."""
    if path is None:
        return
    if isinstance(result, bytes):
        data = result
    else:
        # A file name of bytes that are no UTF-8 leaves letters that can't be encoded; JSON knows them as escapes.
        data = (result if result.endswith("\n") else result + "\n").encode("utf-8", errors="backslashreplace")
    if path == STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    target = Path(path)
    special = _is_special(target)
    beside = target if special else target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    try:
        with beside.open("wb" if special else "xb") as stream:
            stream.write(data)
        if not special:
            os.replace(beside, target)
    except OSError as error:
        if not special:
            beside.unlink(missing_ok=True)
        words = f"{path}: could not be written ({error.strerror}); make room or choose another place"
        raise InsoleError(words) from None
