"""SSH keys for tests that sign: made once, each with an owner."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.repo import Repo

OWNERS = ("ada", "bob", "eve")


@dataclass(frozen=True)
class Keys:
    """A folder of keys, one for each owner."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Keys:
        """Make the keys."""
        for owner in OWNERS:
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", owner]
            subprocess.run([*command, "-f", str(folder / owner)], check=True)
        return cls(folder)

    def path(self, owner: str) -> Path:
        """Where a private key is."""
        return self.folder / owner

    def allowed(self, *owners: str) -> Path:
        """Return a file of allowed signers that names these owners."""
        file = self.folder / f"allowed-{'-'.join(owners)}"
        keys = {owner: self.path(f"{owner}.pub").read_text() for owner in owners}
        file.write_text("".join(f"{owner}@example.org {key}" for owner, key in keys.items()))
        return file

    def configure(self, repo: Repo, owner: str) -> None:
        """Have Git in a repository sign with a key, and take all owners but eve for signers."""
        repo.git("config", "gpg.format", "ssh")
        repo.git("config", "user.signingkey", str(self.path(owner)))
        repo.git("config", "gpg.ssh.allowedSignersFile", str(self.allowed("ada", "bob")))
