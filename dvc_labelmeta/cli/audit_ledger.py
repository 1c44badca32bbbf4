"""What the verification of the ledger says, as an audit tells it."""

from __future__ import annotations

import os

from dvc_labelmeta.checks.audit import flaw
from dvc_labelmeta.checks.verification import Wanted
from dvc_labelmeta.cli.verifying import Job, verified
from dvc_labelmeta.model.audit import Flaw
from dvc_labelmeta.model.event import FOLDER
from dvc_labelmeta.read.git import Objects, Repository


def broken(root: str, repository: Repository, objects: Objects, *, full: bool) -> list[Flaw]:
    """Return what is wrong with the ledger on disk; nothing where there is none."""
    if not os.path.isdir(os.path.join(root, FOLDER)):
        return []
    told = verified(Job(root, repository, objects, Wanted(), full=full))
    found = [
        flaw(
            "unverified-ledger",
            "project:",
            one.path or FOLDER,
            f"{one.path or FOLDER} {one.message}",
            [f"{one.kind}{f', event {one.event}' if one.event else ''}"],
            severity=one.severity,
            mark=f"{one.kind}/{one.event}",
        )
        for one in told.breaches
    ]
    fixes = (one.fix for one in told.breaches)
    return [one._replace(fix=fix or one.fix) for one, fix in zip(found, fixes, strict=True)]
