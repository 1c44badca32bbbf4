"""What a rule is: a function over a Snapshot with a code, a name, a severity and prerequisites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from dvc_labelmeta.model.snapshot import Place, Snapshot

SPLIT, PROJECT, PIPELINE, IGNORES = "split", "project", "pipeline", "ignores"


class Hit(NamedTuple):
    """One place where a rule's condition holds.

    subject: (split or path, layer or ""): a rule whose prerequisite failed there is skipped.
    severity: overrides the rule's own. fix: what to do, one line.
    untold: why the rule cannot say anything here; it is then counted as skipped.
    """

    subject: tuple[str, str]
    place: Place
    message: str
    fix: str
    severity: str | None = None
    details: tuple[str, ...] = ()
    untold: str = ""


class Judge(Protocol):
    """A rule's function: pure, its docstring is what `labelmeta explain` prints."""

    __name__: str

    def __call__(self, snapshot: Snapshot, /) -> Iterator[Hit]:
        """Yield a hit for each place where the rule's condition holds."""


class Rule(NamedTuple):
    """One rule of the catalogue.

    scope: SPLIT rules hold a gate back, PIPELINE rules judge dvc.yaml and dvc.lock, IGNORES
    rules the entries of `ignore:` once the others were asked, PROJECT rules the rest.
    raised: severity by profile where it is stricter than `severity`. unjudged: a hit means that
    nothing could be said (exit code 2).
    """

    code: str
    severity: str
    scope: str
    judge: Judge
    requires: tuple[str, ...] = ()
    since: str = "0.1.0"
    raised: tuple[tuple[str, str], ...] = ()
    unjudged: bool = False

    @property
    def name(self) -> str:
        """The name of the function with dashes: it says what is wrong ("allow …")."""
        return self.judge.__name__.replace("_", "-")

    @property
    def text(self) -> str:
        """What, why, bad, good and fix, as `labelmeta explain` shows it."""
        return _clean(self.judge.__doc__ or "")

    @property
    def title(self) -> str:
        """The first sentence of the text."""
        return self.text.split("\n", 1)[0]

    def section(self, name: str) -> str:
        """Return the indented block under `Bad:`, `Good:` or `Fix:`."""
        match = re.search(rf"^{name}:[ ]*(.*(?:\n(?:[ ]+.*|))*)", self.text, re.MULTILINE)
        return _clean(match.group(1)) if match else ""

    def severity_in(self, profile: str) -> str:
        """Return the severity of this rule under a profile."""
        return dict(self.raised).get(profile, self.severity)


def _clean(text: str) -> str:
    from inspect import cleandoc  # noqa: PLC0415  # only for `explain`; a gate starts without it

    return cleandoc(text)


def short(hash_: str) -> str:
    """Return the first 12 characters of a hash, keeping DVC's mark of a folder."""
    return hash_[:12] + (".dir" if hash_.endswith(".dir") else "")
