"""Recordings of other instruments: one file a format, found by name or by looking at the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from insole.errors import FormatError, LayoutError, TrialFileError, UsageError
from insole.formats import gaitpdb
from insole.trial import Foot

MAX_FILE_BYTES = 512 << 20
HEAD_BYTES = 4096

_READERS: dict[str, tuple[Callable[[str], bool], Callable[[Path], dict[str, Foot]]]] = {
    "gaitpdb": (gaitpdb.looks_like, gaitpdb.read),
}


def read_foreign(path: Path, format_name: str | None = None) -> tuple[str, dict[str, Foot]]:
    """Read a file of another instrument: its format's name and its feet.

    Raises UsageError for an unknown format name, FormatError for a file that is not what it should be.
    """
    if format_name is not None and format_name not in _READERS:
        raise UsageError(f"--format {format_name!r} is not known; formats are {', '.join(_READERS)}")
    if path.is_dir():
        raise FormatError(f"{path}: is a folder; give one file")
    if not path.is_file():
        raise FormatError(f"{path}: no such file; check the path")
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise FormatError(f"{path}: is larger than {MAX_FILE_BYTES >> 20} MiB, more than any supported recording")
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES).decode("utf-8", errors="replace")
    except OSError as error:
        raise FormatError(f"{path}: can't be read ({error.strerror})") from None
    for name, (looks_like, read) in _READERS.items():
        if format_name == name or (format_name is None and looks_like(head)):
            try:
                return name, read(path)
            except (LayoutError, TrialFileError) as error:
                raise FormatError(f"{path}: {error}") from None
    raise FormatError(f"{path}: format not recognised; supported: {', '.join(_READERS)} (or give --format)")
