"""Looks at an HDF5 file before it is trusted: what kind of file, which objects, which shapes, which filters.

HDF5 reads much without complaint that no trial file holds: links to other files, virtual datasets, storage
outside the file, gigabytes from a chunk of two kilobytes, zeros for chunks that are not there. Each is refused here,
by name, before any of it is read.
"""

from __future__ import annotations

import math
import stat
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from insole.errors import TrialFileError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
JOURNAL_SIGNATURE = b"INSOLEJ1"  # of a recording that was cut off (acquisition/journal.py)
MAX_FILE_BYTES = 64 << 30
MAX_TOTAL_BYTES = 4 << 30  # ten hours of both feet at 1 kHz
MAX_CHUNK_BYTES = 16 << 20
MAX_RATIO = 1032  # the most that deflate can shrink anything
MAX_TEXT_BYTES = 1 << 20
ALLOWED_FILTERS = {1, 2, 3}  # deflate, shuffle, fletcher32


def check_regular(path: Path) -> None:
    """Refuse folders, pipes, missing, empty and foreign files before HDF5 sees them."""
    try:
        status = path.stat()
    except FileNotFoundError:
        journal = path.with_suffix(".jrn")
        if journal.exists():
            raise TrialFileError(
                f"{path}: not there, but its journal {journal.name} is: the recording was cut off, or is still under "
                f"way; 'insole record -o {path}' with the options it had builds the file"
            ) from None
        raise TrialFileError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise TrialFileError(f"{path}: can't be read ({error.strerror})") from None
    except ValueError as error:
        raise TrialFileError(f"{str(path)!r}: is no path ({error})") from None
    if stat.S_ISDIR(status.st_mode):
        raise TrialFileError(f"{path}: is a folder; give a trial file (.h5)")
    if not stat.S_ISREG(status.st_mode):
        raise TrialFileError(f"{path}: is not a regular file; give a trial file (.h5)")
    if status.st_size > MAX_FILE_BYTES:
        raise TrialFileError(f"{path}: is larger than {MAX_FILE_BYTES >> 30} GiB, no trial is")
    try:
        with path.open("rb") as stream:
            start = stream.read(len(SIGNATURE))
    except OSError as error:
        raise TrialFileError(f"{path}: can't be read ({error.strerror}); check its permissions") from None
    if start == JOURNAL_SIGNATURE:
        raise TrialFileError(
            f"{path}: is the journal of a recording that was cut off, or is still under way; 'insole record -o "
            f"{path.with_suffix('.h5')}' with the options it had builds the trial file"
        )
    if start != SIGNATURE:
        raise TrialFileError(f"{path}: is not an HDF5 file; give a trial recorded or imported by insole")


def member(group: Any, name: str, kind: type) -> Any:
    """A child of a group that must be a hard link to an object of ``kind``."""
    where = f"{group.name.rstrip('/')}/{name}"
    link = group.get(name, getlink=True)
    if link is None:
        raise TrialFileError(f"{where} is missing")
    if not isinstance(link, h5py.HardLink):
        raise TrialFileError(f"{where} is a link to somewhere else, which no trial file has")
    item = group[name]
    if not isinstance(item, kind):
        raise TrialFileError(f"{where} is not a {kind.__name__.lower()}")
    return item


def has(group: Any, name: str) -> bool:
    """True if the group has such a child, of whatever kind."""
    return group.get(name, getlink=True) is not None


def read_array(
    group: Any, name: str, dtype: np.dtype[Any], shape: tuple[int | None, ...], budget: list[int]
) -> NDArray[Any]:
    """Read a dataset after checking its type, rank, lengths, storage and size.

    ``shape`` holds the length of each axis, None where free. ``budget`` is the number of bytes that may still be
    read from this file; it is charged here.
    """
    item = member(group, name, h5py.Dataset)
    where = item.name
    if item.dtype != dtype:
        raise TrialFileError(f"{where} holds {item.dtype}, expected {dtype}")
    if len(item.shape) != len(shape) or any(w is not None and w != g for w, g in zip(shape, item.shape, strict=True)):
        expected = " x ".join("n" if w is None else str(w) for w in shape)
        raise TrialFileError(f"{where} has shape {' x '.join(map(str, item.shape))}, expected {expected}")
    declared = math.prod(item.shape) * item.dtype.itemsize
    budget[0] -= declared
    if budget[0] < 0:
        raise TrialFileError(f"{where} declares more data than a trial can hold")
    _check_storage(item, where, declared)
    return np.asarray(item[()])


def _check_storage(item: Any, where: str, declared: int) -> None:
    plist = item.id.get_create_plist()
    if item.is_virtual or plist.get_external_count():
        raise TrialFileError(f"{where} keeps its data outside this file")
    filters = {plist.get_filter(i)[0] for i in range(plist.get_nfilters())}
    if not filters <= ALLOWED_FILTERS:
        raise TrialFileError(f"{where} uses a filter that trial files don't (ids {sorted(filters - ALLOWED_FILTERS)})")
    if declared == 0:
        return
    stored = item.id.get_storage_size()
    if stored * MAX_RATIO < declared:
        raise TrialFileError(f"{where} is not all there: {stored} bytes are stored for {declared}")
    if item.chunks is not None:
        if math.prod(item.chunks) * item.dtype.itemsize > MAX_CHUNK_BYTES:
            raise TrialFileError(f"{where} has chunks above {MAX_CHUNK_BYTES >> 20} MiB")
        wanted = math.prod(-(-length // chunk) for length, chunk in zip(item.shape, item.chunks, strict=True))
        if item.id.get_num_chunks() != wanted:
            raise TrialFileError(f"{where} is not all there: {item.id.get_num_chunks()} of {wanted} chunks")


def read_text(group: Any, name: str, budget: list[int]) -> str:
    """Read a dataset of one fixed-length UTF-8 string."""
    item = member(group, name, h5py.Dataset)
    if item.shape != (1,) or item.dtype.kind != "S" or item.dtype.itemsize > MAX_TEXT_BYTES:
        raise TrialFileError(f"{item.name} is not one text of fixed length")
    text = read_array(group, name, item.dtype, (1,), budget)
    try:
        return bytes(text[0]).decode("utf-8")
    except UnicodeDecodeError:
        raise TrialFileError(f"{item.name} is not UTF-8 text") from None


def attribute(group: Any, name: str) -> str | int | float | bool | None:
    """A scalar attribute: number, truth value or fixed-length text; None if it is not there."""
    if not h5py.h5a.exists(group.id, name.encode()):
        return None
    kind = h5py.h5a.open(group.id, name.encode())
    if kind.shape != () or kind.dtype.kind not in "Siufb" or kind.dtype.itemsize > MAX_TEXT_BYTES:
        raise TrialFileError(f"{group.name}: attribute {name} is not a plain number or text")
    value = group.attrs[name]
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise TrialFileError(f"{group.name}: attribute {name} is not UTF-8 text") from None
    if not isinstance(value, np.generic):
        raise TrialFileError(f"{group.name}: attribute {name} is empty")
    plain: int | float | bool = value.item()
    return plain
