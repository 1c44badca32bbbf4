"""labelmeta.yaml as a frozen value."""

from __future__ import annotations

import posixpath
import re
from typing import Any, NamedTuple

from dvc_labelmeta.errors import BadConfig

CONFIG_FILE = "labelmeta.yaml"
OWN_FOLDER = ".labelmeta"  # lock, caches and reports, which Git ignores
PROFILES = ("link", "review", "audit")
GATES = ("always", "single", "cached", "none")
ENGINES = ("duckdb", "dask")


class GuidelineRef(NamedTuple):
    """Where a guideline lives: a path from the root, or inside the repository named `repo`."""

    id: str
    path: str
    repo: str | None = None


class Ignore(NamedTuple):
    """A finding that a person decided to live with; `until` is an ISO date, its last day."""

    rule: str
    path: str
    reason: str
    until: str | None = None


class Config(NamedTuple):
    """What labelmeta.yaml says; all paths are relative to the folder that holds it.

    engine: what judges annotation records; scheduler: address of Dask's, "" for own processes.
    """

    profile: str = "link"
    gate: str = "always"
    guidelines: tuple[GuidelineRef, ...] = ()
    repos: tuple[tuple[str, str], ...] = ()
    splits: tuple[str, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    engine: str = "duckdb"
    scheduler: str = ""


def config(value: dict[str, Any]) -> Config:
    """Build a Config from a labelmeta.yaml that fits its schema.

    Raises BadConfig for what a schema cannot say: a guideline in a repository that is not
    listed, a shell pattern that means nothing.
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
        guidelines.append(GuidelineRef(id_, posixpath.normpath(ref["path"]), repo))
    for number, pattern in enumerate(value.get("splits", ())):
        _usable(pattern, ("splits", number))
    for number, entry in enumerate(value.get("ignore", ())):
        _usable(entry["path"], ("ignore", number, "path"))
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
        engine=value.get("engine", {}).get("name", "duckdb"),
        scheduler=value.get("engine", {}).get("address", ""),
    )


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
