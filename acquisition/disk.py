"""What the systems do differently about files that must survive: bring them to disk, and mark them as in use."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from insole.errors import TrialFileError

_HOLD_AT: Final = 1 << 40  # far behind any real byte: what Windows locks nobody else can read


def sync_data(file: int) -> None:
    """Bring the contents of an open file to disk. Raises OSError."""
    if sys.platform in ("win32", "darwin"):
        os.fsync(file)
    else:
        os.fdatasync(file)


def sync_folder(folder: Path) -> None:
    """Bring the entries of a folder to disk, where the system can (Windows does it by itself). Raises OSError."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def hold(file: int) -> None:
    """Mark an open file as in use until it is closed, also by the end of the process.

    Raises BlockingIOError or PermissionError if somebody has it, OSError where the file system knows no such marks.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, _HOLD_AT, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(path: Path) -> bool:
    """Whether somebody has marked this file as in use. Raises TrialFileError if that can't be found out."""
    try:
        file = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise TrialFileError(f"{path}: can't be opened ({error.strerror})") from None
    try:
        hold(file)
    except (BlockingIOError, PermissionError):
        return True
    except OSError as error:
        raise TrialFileError(
            f"{path}: the disk does not tell whether it is in use ({error.strerror}); move it to another disk"
        ) from None
    finally:
        os.close(file)
    return False
