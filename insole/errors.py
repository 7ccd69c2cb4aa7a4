"""The errors Insole raises on purpose; ``str(error)`` is always one line that says what to do.

::

    InsoleError              exit code 1
    ├── UsageError           exit code 2   an option, unit, address or knob that can't be meant
    ├── TrialFileError                     a trial file can't be read, trusted or written
    ├── LayoutError                        a layout breaks the rules of its schema
    ├── CalibrationError                   a calibration can't be read or doesn't fit the insole
    ├── FormatError                        a file of another instrument can't be read
    ├── LinkError                          a port can't be opened, went away, or stays silent
    ├── ProtocolError                      a device speaks a newer protocol or refused a command
    └── AnalysisError                      a trial can't be analysed

The guard's refusal to compare is no error: it is a result (exit code 3).
"""

from __future__ import annotations


class InsoleError(Exception):
    """Anything Insole tells a user instead of a traceback."""

    exit_code = 1


class UsageError(InsoleError):
    """What was asked can't be done as it was written."""

    exit_code = 2


class TrialFileError(InsoleError):
    """A trial file can't be read, is not one, or can't be written."""


class LayoutError(InsoleError):
    """A layout breaks a rule; the message names the field."""


class CalibrationError(InsoleError):
    """A calibration can't be read or belongs to another insole."""


class FormatError(InsoleError):
    """A file of another instrument is not what its format says."""


class LinkError(InsoleError):
    """A link can't be opened, was lost, or nobody identified itself on it."""


class ProtocolError(InsoleError):
    """The device speaks another protocol version or refused a command."""


class AnalysisError(InsoleError):
    """A trial can't be analysed."""
