"""The checksummed, append-only record of a trial as it comes in: ``<trial>.jrn``.

Raw bytes go to disk before anything interprets them, so that a crash, a full disk or a bug in what follows costs at
most the last moments. The file is 8 bytes ``INSOLEJ1`` and then records, all integers little-endian::

    "JREC" | number u32, from 0 | kind u8 | side u8 | 0 u16 | length u32 | host time f8, s | payload | CRC-32 u32

    kind  1 header  JSON: what is needed to build the trial file        side  0 none
          2 bytes   what a link gave, as it came                              1 left
          3 event   JSON: "kind", and what else there is to say               2 right
          4 end     JSON: "end" complete | interrupted, "reason"

The CRC covers all of the record before it. Record 0 is the header; nothing follows ``end``. A journal without an
``end`` was cut off.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from acquisition.disk import hold, sync_data, sync_folder
from insole.errors import TrialFileError

MAGIC: Final = b"INSOLEJ1"
SYNC_EVERY_S: Final = 0.2
ALARM_BEHIND_S: Final = 0.75
MAX_PAYLOAD: Final = 1 << 26

_HEADER, _BYTES, _EVENT, _END = 1, 2, 3, 4
_SIDES: Final = ("", "left", "right")
_MARK: Final = b"JREC"
_HEAD: Final = struct.Struct("<4sIBBHId")
_CRC: Final = struct.Struct("<I")


class JournalWriter:
    """Appends records; a thread of its own brings them to the disk, so that no reader waits for it.

    Once made, the journal is on disk, file and folder synced: from then on one may say "recording". Any write or sync
    error ends it: a torn record is cut off, and this and every later write raises TrialFileError with the cause.
    Several threads may write.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        """Make the file with its header. Raises TrialFileError if it exists or can't be made; nothing is left then."""
        self.path = path
        self.size = 0
        self.behind_s = 0.0
        """The longest time that bytes had to wait for the disk, s."""
        self._number = 0
        self._unsynced = False
        self.failure: str | None = None
        """What ended the journal: the first write or sync error, as a line for the user."""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            self._file = os.open(path, flags, 0o666)
        except FileExistsError:
            raise TrialFileError(f"{path} exists already: another recording of this name is under way") from None
        except OSError as error:
            raise TrialFileError(f"{path}: can't be made ({error.strerror}); choose another folder for -o") from None
        with suppress(OSError):  # a disk that knows no such marks still keeps the journal
            hold(self._file)
        try:
            self._append(_HEADER, "", _as_json(header), 0.0)
            os.fsync(self._file)
            sync_folder(path.parent)
        except OSError as error:
            os.close(self._file)
            path.unlink(missing_ok=True)
            raise TrialFileError(f"{path}: can't be written ({error.strerror}); choose another folder for -o") from None
        self._thread = threading.Thread(target=self._keep_syncing, name=f"sync {path.name}", daemon=True)
        self._thread.start()

    def take_bytes(self, side: str, data: bytes, host_s: float) -> None:
        """Append what the link of ``side`` gave at host time ``host_s``. Raises TrialFileError."""
        self._write(_BYTES, side, data, host_s)

    def write_event(self, side: str, host_s: float, kind: str, **what: Any) -> None:
        """Append something that the bytes do not tell; ``side`` "" for none. Raises TrialFileError."""
        self._write(_EVENT, side, _as_json({"kind": kind, **what}), host_s)

    def close(self, end: str | None = None, reason: str | None = None) -> None:
        """Sync and let go of the file, with an END record if ``end`` is given. Safe to call again.

        Raises TrialFileError if that fails and no write or sync failed before.
        """
        if self._file < 0:
            return
        self._stop.set()
        self._thread.join()
        try:
            if end is not None:
                self._append(_END, "", _as_json({"end": end, "reason": reason}), 0.0)
            os.fsync(self._file)
        except OSError as error:
            if self.failure is None:
                raise self._fail("closed", error) from None
        finally:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> JournalWriter:
        """The journal itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the file; without END, unless it was closed before."""
        self.close()

    def _write(self, kind: int, side: str, payload: bytes, host_s: float) -> None:
        with self._lock:
            if self.failure is not None:
                raise TrialFileError(self.failure)
            try:
                self._append(kind, side, payload, host_s)
            except OSError as error:
                raise self._fail("written", error) from None

    def _append(self, kind: int, side: str, payload: bytes, host_s: float) -> None:
        if len(payload) > MAX_PAYLOAD:
            raise ValueError(f"a record of {len(payload)} bytes, at most {MAX_PAYLOAD} are read back")
        head = _HEAD.pack(_MARK, self._number, kind, _SIDES.index(side), 0, len(payload), host_s)
        record = head + payload
        record += _CRC.pack(zlib.crc32(record))
        rest = memoryview(record if self._number else MAGIC + record)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self.size)
            raise
        self.size += len(record) if self._number else len(MAGIC) + len(record)
        self._number += 1
        self._unsynced = True

    def _fail(self, what: str, error: OSError) -> TrialFileError:
        self.failure = (
            f"{self.path} can't be {what} ({error.strerror}): the recording stops, what was recorded before is kept; "
            "make room or choose another disk"
        )
        return TrialFileError(self.failure)

    def _keep_syncing(self) -> None:
        synced_at = time.monotonic()
        while not self._stop.wait(SYNC_EVERY_S):
            if self._unsynced:
                self._unsynced = False
                try:
                    sync_data(self._file)
                except OSError as error:
                    with self._lock:
                        self._fail("brought to disk", error)
                    return
                behind_s = time.monotonic() - synced_at
                self.behind_s = max(self.behind_s, behind_s)
                if behind_s > ALARM_BEHIND_S:
                    with suppress(TrialFileError):  # kept as the failure that the next write raises
                        self.write_event("", 0.0, "disk_slow", behind_s=round(behind_s, 3))
            synced_at = time.monotonic()


@dataclass(frozen=True)
class _Record:
    kind: int
    side: str
    host_s: float
    start: int
    end: int


class JournalReader:
    """A journal as far as it can be trusted: cut off, torn or damaged records are left out and counted.

    ``header`` and ``end`` are what the writer was given (``end`` None: cut off), ``events`` (side, host time s, JSON).
    ``dropped_bytes`` belong to no whole record; ``missing_records`` are known to have stood between others.
    """

    def __init__(self, path: Path) -> None:
        """Read and check all records. Raises TrialFileError if it is no journal, or its header is not whole."""
        self.path = path
        self.header: dict[str, Any] = {}
        self.end: dict[str, Any] | None = None
        self.events: list[tuple[str, float, dict[str, Any]]] = []
        self.dropped_bytes = 0
        self.missing_records = 0
        self._chunks: dict[str, list[_Record]] = {}
        try:
            with path.open("rb") as file:
                if file.read(len(MAGIC)) != MAGIC:
                    raise TrialFileError(f"{path} is no journal of a recording")
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise TrialFileError(f"{path}: can't be read ({error.strerror})") from None
        try:
            self._scan()
        except BaseException:
            self.close()
            raise

    def chunks(self, side: str) -> Iterator[tuple[bytes, float]]:
        """(Bytes, host time s) of every read of one side, in order."""
        for record in self._chunks.get(side, ()):
            yield self._bytes[record.start : record.end], record.host_s

    def close(self) -> None:
        """Let go of the file."""
        self._bytes.close()

    def __enter__(self) -> JournalReader:
        """The journal itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the file."""
        self.close()

    def _scan(self) -> None:
        at, number, size = len(MAGIC), 0, len(self._bytes)
        while at < size:
            found = self._record(at, number)
            if found is None:
                # Torn or damaged: go on at the next whole record, if there is one.
                behind = at + 1
                while (behind := self._bytes.find(_MARK, behind)) >= 0 and not (found := self._record(behind, number)):
                    behind += 1
                self.dropped_bytes += (behind if found else size) - at
                if found is None:
                    break
            found_number, record = found
            self.missing_records += found_number - number
            if found_number == 0 or not self.header:
                self._take_header(found_number, record)
            elif self.end is not None:
                self.dropped_bytes += size - at
                return
            elif record.kind == _BYTES:
                self._chunks.setdefault(record.side, []).append(record)
            elif record.kind == _EVENT:
                self.events.append((record.side, record.host_s, self._json(record)))
            elif record.kind == _END:
                self.end = self._json(record)
            number, at = found_number + 1, record.end + _CRC.size
        if not self.header:
            raise TrialFileError(
                f"{self.path}: the journal was cut off before its header, nothing was recorded; delete it"
            )

    def _take_header(self, number: int, record: _Record) -> None:
        if number or record.kind != _HEADER:
            raise TrialFileError(f"{self.path}: the header of the journal is damaged; its trial can't be rebuilt")
        self.header = self._json(record)

    def _record(self, at: int, lowest: int) -> tuple[int, _Record] | None:
        """The record at ``at`` with its number, if it is whole and its number is ``lowest`` or more."""
        data = self._bytes
        if at + _HEAD.size + _CRC.size > len(data):
            return None
        mark, number, kind, side, _, length, host_s = _HEAD.unpack_from(data, at)
        start = at + _HEAD.size
        end = start + length
        if mark != _MARK or number < lowest or length > MAX_PAYLOAD or end + _CRC.size > len(data):
            return None
        if side >= len(_SIDES) or zlib.crc32(data[at:end]) != _CRC.unpack_from(data, end)[0]:
            return None
        return number, _Record(kind, _SIDES[side], host_s, start, end)

    def _json(self, record: _Record) -> dict[str, Any]:
        try:
            value = json.loads(self._bytes[record.start : record.end])
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise TrialFileError(f"{self.path} holds a record that Insole did not write; its trial can't be rebuilt")
        return value


def _as_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=True, allow_nan=False).encode("ascii")
