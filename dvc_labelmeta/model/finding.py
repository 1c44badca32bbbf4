"""What a check yields: findings about the user's data, and what was skipped."""

from __future__ import annotations

from typing import NamedTuple

from dvc_labelmeta.errors import CLEAN, FINDINGS, UNJUDGED
from dvc_labelmeta.model.config import Ignore
from dvc_labelmeta.model.snapshot import Place

SEVERITIES = ("note", "warning", "error")


class Finding(NamedTuple):
    """One thing a rule found.

    split, guideline: what it concerns, "" for none. details: further lines, such as the commits
    between two versions. fix: what to do, one line. unjudged: the rule could not judge.
    """

    code: str
    name: str
    severity: str
    place: Place
    message: str
    split: str = ""
    fix: str = ""
    details: tuple[str, ...] = ()
    unjudged: bool = False
    guideline: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same when lines move: used to tell old findings from new ones."""
        return self.code, self.place.path, self.message


class Skip(NamedTuple):
    """A rule that was not asked about `subject` because `because` had failed there."""

    code: str
    subject: str
    because: str


class Ignored(NamedTuple):
    """A finding that the configuration takes back, and the entry of `ignore:` that does."""

    finding: Finding
    entry: Ignore


class Report(NamedTuple):
    """All results of one check; what `since` (a revision) had already is left out, if named.

    heads, events: the end of the ledger and how many events it holds (0: none, or not known), so
    that a report that is kept elsewhere proves later that none of them was taken away.
    """

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skip, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    splits: int = 0
    since: str = ""
    heads: tuple[str, ...] = ()
    events: int = 0

    def count(self, severity: str) -> int:
        """Return how many findings have this severity."""
        return sum(1 for finding in self.findings if finding.severity == severity)

    def exit_code(self, fail_on: str = "error") -> int:
        """Return 2 if anything could not be judged, 1 for findings from `fail_on` up, else 0."""
        if any(finding.unjudged for finding in self.findings):
            return UNJUDGED
        floor = SEVERITIES.index(fail_on)
        grave = any(SEVERITIES.index(f.severity) >= floor for f in self.findings)
        return FINDINGS if grave else CLEAN
