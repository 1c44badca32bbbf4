"""labelmeta.yaml as a frozen value."""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from typing import Any, NamedTuple

from dvc_labelmeta.errors import BadConfig
from dvc_labelmeta.model.guideline import precedes, semver

CONFIG_FILE = "labelmeta.yaml"
OWN_FOLDER = ".labelmeta"  # lock, caches and reports, which Git ignores
LEDGER = "labelmeta/ledger"  # events, and markers of the last ones
PROFILES = ("link", "review", "audit")
GATES = ("always", "single", "cached", "none")
ENGINES = ("duckdb", "dask")


class GuidelineRef(NamedTuple):
    """Where a guideline lives: a path from the root, or inside the repository named `repo`.

    mode: of the layers under it whose sidecar names none. owners answer for it, approvers may
    approve its versions.
    """

    id: str
    path: str
    repo: str | None = None
    mode: str | None = None
    owners: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()


class Ignore(NamedTuple):
    """A finding that a person decided to live with.

    until: ISO date, its last day. approved_by: a name or a role.
    """

    rule: str
    path: str
    reason: str
    until: str | None = None
    approved_by: str = ""


class Adoption(NamedTuple):
    """A rule that finds no more than warnings before a day (ISO date).

    rule: code, name, or the beginning of codes ("LM3*"). guideline: None for all.
    """

    rule: str
    day: str
    path: str = "**"
    guideline: str | None = None


class Legacy(NamedTuple):
    """Old versions of a guideline whose records are accepted; until: ISO date, the last day.

    versions: exact ones, or "<2.0.0" for all before it.
    """

    guideline: str
    versions: tuple[str, ...]
    until: str
    reason: str

    def names(self, version: str) -> bool:
        """Whether a version is one of them."""
        return any(
            precedes(version, one[1:]) if one.startswith("<") else version == one
            for one in self.versions
        )


class Config(NamedTuple):
    """What labelmeta.yaml says; all paths are relative to the folder that holds it.

    engine: what judges annotation records; scheduler: address of Dask's, "" for own processes.
    approvers: who may approve versions of guidelines that name none themselves. require_signed:
    commits of guidelines have to carry a signature. ledger: commands write events.
    """

    profile: str = "link"
    gate: str = "always"
    guidelines: tuple[GuidelineRef, ...] = ()
    repos: tuple[tuple[str, str], ...] = ()
    splits: tuple[str, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    adoption: tuple[Adoption, ...] = ()
    legacy: tuple[Legacy, ...] = ()
    engine: str = "duckdb"
    scheduler: str = ""
    approvers: tuple[str, ...] = ()
    require_signed: bool = False
    ledger: bool = True

    @property
    def modes(self) -> dict[str, str]:
        """The modes that guidelines give to their layers, by guideline id."""
        return {ref.id: ref.mode for ref in self.guidelines if ref.mode is not None}


def config(value: dict[str, Any]) -> Config:
    """Build a Config from a labelmeta.yaml that fits its schema.

    Raises BadConfig for what a schema cannot say: a guideline in a repository that is not
    listed, a shell pattern that means nothing, a day that no calendar has.
    """
    repos = {name: repo["url"] for name, repo in value.get("repos", {}).items()}
    guidelines = []
    for id_, ref in value.get("guidelines", {}).items():
        repo = ref.get("repo")
        if repo is not None and repo not in repos:
            raise BadConfig(
                f"guideline {id_!r} is in repository {repo!r}, which `repos:` does not list",
                ("guidelines", id_, "repo"),
            )
        people = (tuple(ref.get(key, ())) for key in ("owners", "approvers"))
        path = posixpath.normpath(ref["path"])
        guidelines.append(GuidelineRef(id_, path, repo, ref.get("mode"), *people))
    for number, pattern in enumerate(value.get("splits", ())):
        _usable(pattern, ("splits", number))
    for key in ("ignore", "adoption"):
        for number, entry in enumerate(value.get(key, ())):
            _usable(entry.get("path", "**"), (key, number, "path"))
    return Config(
        profile=value.get("profile", "link"),
        gate=value.get("gate", "always"),
        guidelines=tuple(guidelines),
        repos=tuple(repos.items()),
        splits=tuple(value.get("splits", ())),
        ignore=tuple(Ignore(**_own(entry)) for entry in value.get("ignore", ())),
        adoption=tuple(_adoption(entry) for entry in value.get("adoption", ())),
        legacy=tuple(_legacy(*numbered) for numbered in enumerate(value.get("legacy", ()))),
        engine=value.get("engine", {}).get("name", "duckdb"),
        scheduler=value.get("engine", {}).get("address", ""),
        approvers=tuple(value.get("approvers", ())),
        require_signed=value.get("require_signed", False),
        ledger=value.get("ledger", True),
    )


def _own(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry without the keys that are the team's own."""
    return {key: value for key, value in entry.items() if not key.startswith("x-")}


def _adoption(entry: dict[str, Any]) -> Adoption:
    return Adoption(entry["rule"], entry["from"], entry.get("path", "**"), entry.get("guideline"))


def _legacy(number: int, entry: dict[str, Any]) -> Legacy:
    try:
        dt.date.fromisoformat(entry["until"])
    except ValueError:
        message = f"{entry['until']} is a day that no calendar has"
        raise BadConfig(message, ("legacy", number, "until")) from None
    for place, version in enumerate(entry["versions"]):
        if version.startswith("<") and semver(version[1:]) is None:
            message = f"{version!r}: what follows `<` is no semantic version, such as 2.0.0"
            raise BadConfig(message, ("legacy", number, "versions", place))
    return Legacy(entry["guideline"], tuple(entry["versions"]), entry["until"], entry["reason"])


def _usable(pattern: str, pointer: tuple[str | int, ...]) -> None:
    try:
        glob_matcher((pattern,))
    except re.error as error:
        raise BadConfig(f"{pattern!r} is no shell pattern: {error.msg}", pointer) from None


def glob_matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One regular expression for shell patterns on paths: `*` stays in a folder, `**` does not."""
    parts = []
    for pattern in patterns:
        out = ""
        for piece in re.split(r"(\*\*/|\*\*|\*|\?|\[!?[^\]]+\])", pattern):
            if piece == "**/":
                out += "(?:.*/)?"
            elif piece == "**":
                out += ".*"
            elif piece == "*":
                out += "[^/]*"
            elif piece == "?":
                out += "[^/]"
            elif piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
                out += _one_of(piece[1:-1])
            else:
                out += re.escape(piece)
        parts.append(out)
    return re.compile("(?:" + "|".join(parts) + r")\Z" if parts else r"(?!)")


def _one_of(characters: str) -> str:
    """Return the pattern of a shell's `[…]`: one character, never a slash."""
    other = characters[0] in "!^" and len(characters) > 1
    inner = re.sub(r"[\\\[&|~^]", r"\\\g<0>", characters[1:] if other else characters)
    inner = inner.replace("--", r"-\-")  # which Python would take for a difference of sets
    return f"(?!/)[^{inner}]" if other else f"(?!/)[{inner}]"
