"""Signatures as Git and `ssh-keygen -Y` judge them, each with what the user set up for it."""

from __future__ import annotations

import base64
import datetime as dt
import os
import re
import subprocess
import tempfile
import textwrap
from typing import NamedTuple

from dvc_labelmeta.read.git import Repository, environment

NAMESPACE = "labelmeta"  # what an SSH signature of ours is for, so that it passes for nothing else
ALLOWED = "gpg.ssh.allowedSignersFile"
_HEAD, _FOOT = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_SSH_GOOD = re.compile(r'^Good "[^"]*" signature for (.*) with \S+ key', re.MULTILINE)
_GPG_GOOD = re.compile(r"^\[GNUPG:\] GOODSIG \S+ (.*)$", re.MULTILINE)
_TRUSTED = re.compile(r"^\[GNUPG:\] TRUST_(FULLY|ULTIMATE)\b", re.MULTILINE)
_BAD = re.compile(
    r"^\[GNUPG:\] BADSIG |incorrect signature|^Signature verification failed", re.MULTILINE
)


class Judged(NamedTuple):
    """grade: "good", "bad" or "unknown", as in `Anchor.signature`; by: who signed, if good."""

    grade: str
    by: str = ""


class Signers:
    """Whom the user takes for a signer: Git's own settings, or another file of allowed signers."""

    def __init__(self, repository: Repository, allowed: str = "") -> None:
        self.git = repository.git
        told = self.git.run("config", "--type=path", "--get", ALLOWED, ok=(0, 1))
        known = os.path.join(repository.top, told.decode(errors="surrogateescape").strip())
        self.allowed = os.path.abspath(allowed) if allowed else known if told.strip() else ""
        program = self.git.run("config", "--type=path", "--get", "gpg.ssh.program", ok=(0, 1))
        self.program = program.decode(errors="surrogateescape").strip() or "ssh-keygen"

    def of_git(self, verb: str, name: str) -> Judged:
        """Judge a signature of Git's own; verb: "verify-commit" or "verify-tag"."""
        given = ("-c", f"{ALLOWED}={self.allowed}") if self.allowed else ()
        return _judged(*self.git.judged(*given, verb, "--raw", name))

    def of_ssh(self, content: bytes, message: bytes, at: str) -> Judged:
        """Judge an SSH signature (its bytes) over a message, as of a time (RFC 3339, UTC)."""
        with tempfile.TemporaryDirectory(prefix="labelmeta-") as folder:
            path = os.path.join(folder, "sig")
            with open(path, "w", encoding="ascii") as file:
                file.write(armoured(content))
            same = ("-n", NAMESPACE, "-s", path)
            try:
                valid = _ran([self.program, "-Y", "check-novalidate", *same], message)
                if valid.returncode:
                    return Judged("bad")
                return self._known(path, same, message, at)
            except OSError:
                return Judged("unknown")  # no ssh-keygen here

    def _known(self, path: str, same: tuple[str, ...], message: bytes, at: str) -> Judged:
        """Ask for the name of a key that made a valid signature."""
        if not self.allowed:
            return Judged("unknown")
        when, allowed = _option(at), ("-f", self.allowed)
        find = [self.program, "-Y", "find-principals", "-s", path, *allowed, *when]
        found = _ran(find, b"").stdout.decode(errors="replace").splitlines()
        for name in found:
            verify = [self.program, "-Y", "verify", "-I", name, *allowed, *same, *when]
            if _ran(verify, message).returncode == 0:
                return Judged("good", name)
        return Judged("unknown")


def armoured(content: bytes) -> str:
    """Return an SSH signature as the text that ssh-keygen reads."""
    lines = textwrap.wrap(base64.b64encode(content).decode(), 70)
    return "\n".join([_HEAD, *lines, _FOOT, ""])


def _judged(code: int, told: str) -> Judged:
    ssh, gpg = _SSH_GOOD.search(told), _GPG_GOOD.search(told)
    if code == 0 and ssh:
        return Judged("good", ssh[1])
    if code == 0 and gpg and _TRUSTED.search(told):
        return Judged("good", gpg[1])
    return Judged("bad" if _BAD.search(told) else "unknown")


def _option(at: str) -> tuple[str, ...]:
    """Return the option for the time of signing, in the local time that ssh-keygen expects."""
    try:
        time = dt.datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.timezone.utc)
        return (f"-Overify-time={time.astimezone():%Y%m%d%H%M%S}",)
    except (ValueError, OverflowError, OSError):
        return ()


def _ran(command: list[str], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603  # fixed programs, list of arguments, no shell
        command, input=stdin, capture_output=True, check=False, env=environment()
    )
