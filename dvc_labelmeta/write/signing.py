"""SSH signatures, made by `ssh-keygen -Y sign` with a key file or what the agent holds."""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

from dvc_labelmeta.errors import Refused

_LITERAL = ("ssh-", "ecdsa-", "sk-", "key::")  # a public key itself, as user.signingkey may be


class Made(NamedTuple):
    """A signature as bytes (SSHSIG), and the fingerprint of its key."""

    key: str
    content: bytes


def sign(message: bytes, key: str, namespace: str, program: str = "ssh-keygen") -> Made:
    """Sign a message; key: a file with a private key, or a public one that the agent holds.

    Raises Refused with ssh-keygen's own words.
    """
    with _file(key) as path:
        told = _run([program, "-l", "-f", path], b"").decode(errors="replace").split()
        text = _run([program, "-Y", "sign", "-f", path, "-n", namespace], message)
    lines = [line for line in text.decode("ascii").splitlines() if not line.startswith("-----")]
    return Made(next(word for word in told if ":" in word), base64.b64decode("".join(lines)))


@contextlib.contextmanager
def _file(key: str) -> Iterator[str]:
    if not key.startswith(_LITERAL):
        yield key
        return
    with tempfile.TemporaryDirectory(prefix="labelmeta-") as folder:
        path = os.path.join(folder, "key.pub")
        with open(path, "w", encoding="utf-8") as file:
            file.write(key.removeprefix("key::") + "\n")
        yield path


def _run(command: list[str], message: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  # a fixed program, list of arguments, no shell
            command, input=message, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise Refused(
            f"the command {command[0]} was not found; install OpenSSH 8.2 or later"
        ) from None
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise Refused(f"`{' '.join(command[:3])}` failed: {words[-1]}")
    return done.stdout
