"""Edits as data, applied atomically and last, under one lock."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.config import OWN_FOLDER

_PREFIX, _SUFFIX = ".labelmeta-", ".tmp"


class Edit(NamedTuple):
    """One file as it was when read and as it shall be; None = absent. `path` is from the root."""

    path: str
    before: bytes | None
    after: bytes | None

    @property
    def verb(self) -> str:
        """What happens to the file."""
        if self.before is None:
            return "create"
        return "remove" if self.after is None else "change"


def changes(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits that change something."""
    return [edit for edit in edits if edit.before != edit.after]


def apply(root: str, edits: Iterable[Edit]) -> list[Edit]:
    """Apply edits in order and return those that changed something.

    Each file is the old or the new one at any moment, never half. Raises Refused, before
    anything is written, if a file is no longer what it was when it was read. The caller holds
    the lock, so that a temporary file which is there was left by a killed process.
    """
    planned = list(edits)
    _sweep({os.path.dirname(os.path.join(root, edit.path)) for edit in planned})
    todo = changes(planned)
    for edit in todo:
        if content(root, edit.path) != edit.before:
            raise Refused(f"{edit.path} changed while this command ran; run it again")
    for edit in todo:
        path = os.path.join(root, edit.path)
        if edit.after is None:
            remove_file(path)
        else:
            write_file(path, edit.after)
    return todo


def _sweep(folders: Iterable[str]) -> None:
    """Remove temporary files of ours."""
    for folder in folders:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                if name.startswith(_PREFIX) and name.endswith(_SUFFIX):
                    os.unlink(os.path.join(folder, name))


def content(root: str, path: str) -> bytes | None:
    """Return a file's bytes, None where there is none; raises Refused for what is no file."""
    try:
        with open(os.path.join(root, path), "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Refused(f"cannot read {path}: {error.strerror}") from None


def write_file(path: str, after: bytes) -> None:
    """Write a file atomically: temporary file in the same folder, fsync, rename.

    Keeps the mode of a file that is there. Raises Refused where the folder cannot be written.
    """
    with rewriting(path) as file:
        file.write(after)


@contextlib.contextmanager
def rewriting(path: str) -> Iterator[BinaryIO]:
    """Give a file to write that takes the place of `path` at the end, or of nothing on an error.

    The same as `write_file`, for content that does not fit into memory.
    """
    import tempfile  # noqa: PLC0415  # most gates write nothing

    folder = os.path.dirname(path) or "."
    try:
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=folder)
    except OSError as error:
        raise Refused(f"cannot write {path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise Refused(f"cannot write {path}: {error.strerror}") from None
        raise
    _sync_folder(folder)


def remove_file(path: str) -> None:
    """Remove a file if it is there; raises Refused where that cannot be done."""
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise Refused(f"cannot remove {path}: {error.strerror}") from None


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode & 0o7777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def _sync_folder(folder: str) -> None:
    """Make the rename itself durable, where the system allows it (Windows does not)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def lock(root: str) -> Iterator[None]:
    """Hold the project's write lock; a second writer waits. A killed process leaves it free."""
    own = os.path.join(root, OWN_FOLDER)
    ignore = os.path.join(own, ".gitignore")
    if not os.path.exists(ignore):
        write_file(ignore, b"*\n")
    try:
        file = open(os.path.join(own, "lock"), "a+b")  # noqa: SIM115  # closed below
    except OSError as error:
        raise Refused(f"cannot write {own}: {error.strerror}") from None
    with file:
        _acquire(file.fileno())
        yield


try:
    import fcntl

    def _acquire(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

except ImportError:  # pragma: no cover  # Windows
    import msvcrt

    def _acquire(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
