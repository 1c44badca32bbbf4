"""The exit codes and the one family of exceptions: a job that could not be done."""

from __future__ import annotations

CLEAN = 0
FINDINGS = 1
UNJUDGED = 2
BUG = 3
INTERRUPTED = 130


class LabelMetaError(Exception):
    """A job that could not be done; the text says what, where and what to do."""


class NotARepository(LabelMetaError):
    """There is no Git repository, DVC project or labelmeta.yaml where one is needed."""


class NoSuchRevision(LabelMetaError):
    """A revision that the user named does not exist."""


class BadConfig(LabelMetaError):
    """labelmeta.yaml cannot be used; `pointer` names the value at fault in it."""

    def __init__(self, message: str, pointer: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.pointer = pointer


class UnreadableFile(LabelMetaError):
    """A file cannot be read, decoded or parsed; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class Refused(LabelMetaError):
    """What was asked for would lose something, record something untrue, or means nothing."""


class Unknown(Refused):
    """There is nothing of that name where it was looked for."""
