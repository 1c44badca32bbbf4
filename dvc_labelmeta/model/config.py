"""labelmeta.yaml as a frozen value."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Any

from dvc_labelmeta.errors import BadConfig

PROFILES = ("link", "review", "audit")
GATES = ("always", "single", "cached")


@dataclass(frozen=True, slots=True)
class GuidelineRef:
    """Where a guideline lives: a path from the root, or inside the repository named `repo`."""

    id: str
    path: str
    repo: str | None = None


@dataclass(frozen=True, slots=True)
class Ignore:
    """A finding that a person decided to live with; `until` is an ISO date, its last day."""

    rule: str
    path: str
    reason: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """What labelmeta.yaml says; all paths are relative to the folder that holds it."""

    profile: str = "link"
    gate: str = "always"
    guidelines: tuple[GuidelineRef, ...] = ()
    repos: tuple[tuple[str, str], ...] = ()
    splits: tuple[str, ...] = ()
    ignore: tuple[Ignore, ...] = ()


def config(value: dict[str, Any]) -> Config:
    """Build a Config from a labelmeta.yaml that fits its schema.

    Raises BadConfig for what a schema cannot say: a guideline in a repository that is not listed.
    """
    repos = {name: repo["url"] for name, repo in value.get("repos", {}).items()}
    guidelines = []
    for id_, ref in value.get("guidelines", {}).items():
        repo = ref.get("repo")
        if repo is not None and repo not in repos:
            raise BadConfig(
                f"guideline {id_!r} is in repository {repo!r}, which `repos:` does not list"
            )
        guidelines.append(GuidelineRef(id_, posixpath.normpath(ref["path"]), repo))
    return Config(
        profile=value.get("profile", "link"),
        gate=value.get("gate", "always"),
        guidelines=tuple(guidelines),
        repos=tuple(repos.items()),
        splits=tuple(value.get("splits", ())),
        ignore=tuple(
            Ignore(entry["rule"], entry["path"], entry["reason"], entry.get("until"))
            for entry in value.get("ignore", ())
        ),
    )


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
                inner = piece[1:-1].replace("\\", r"\\")
                out += f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
            else:
                out += re.escape(piece)
        parts.append(out)
    return re.compile("(?:" + "|".join(parts) + r")\Z" if parts else r"(?!)")
