"""Versions and the bumps they declare."""

from __future__ import annotations

import pytest

from dvc_labelmeta.model.guideline import (
    BUMPS,
    declared_bump,
    in_order,
    precedes,
    semver,
    strongest,
    structured_path,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1.2.3", (1, 2, 3, "")),
        ("0.0.0-rc.1+build.5", (0, 0, 0, "rc.1")),
        ("10.20.30+x", (10, 20, 30, "")),
        ("1.2", None),
        ("v1.2.3", None),
        ("1.2.3\n", None),
        ("١.2.3", None),
        ("9" * 5000 + ".0.0", None),
        ("a1b2c3d4e5f6", None),
        ("", None),
    ],
)
def test_semantic_version(text: str, parts: tuple[int, int, int, str] | None) -> None:
    assert semver(text) == parts


@pytest.mark.parametrize(
    ("previous", "current", "bump"),
    [
        ("1.0.0", "2.0.0", "major"),
        ("2.0.0", "1.9.9", "major"),
        ("1.0.0", "1.1.0", "minor"),
        ("1.1.5", "1.0.9", "minor"),
        ("1.0.0", "1.0.1", "patch"),
        ("1.0.0-rc.1", "1.0.0", "patch"),
        ("1.0.0", "1.0.0", "unknown"),
        ("1.0.0", "a1b2c3d4e5f6", "unknown"),
        ("a1b2c3d4e5f6", "1.0.0", "unknown"),
    ],
)
def test_declared_bump(previous: str, current: str, bump: str) -> None:
    assert declared_bump(previous, current) == bump


def test_strongest_bump() -> None:
    assert strongest([]) == "unknown"
    assert strongest(["patch", "major", "minor"]) == "major"
    assert strongest(["patch", "unknown"]) == "unknown"
    assert [strongest([one, "none"]) for one in BUMPS] == list(BUMPS)


def test_versions_have_an_order() -> None:
    mixed = ["abc", "1.2.0", "1.0.0-rc.10", None, "1.0.0", "1.0.0-rc.2"]
    ordered = ["1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.2.0", "abc", None]
    assert sorted(mixed, key=in_order) == ordered
    assert precedes("1.0.0-rc.2", "1.0.0")
    assert precedes("1.0.0-rc.9", "1.0.0-rc.10")
    assert precedes("1.0.0-1", "1.0.0-rc")
    assert not precedes("1.0.0-rc.10", "1.0.0-rc.9")
    assert not precedes("abc", "1.0.0")
    assert not precedes("1.0.0", "abc")


@pytest.mark.parametrize(
    ("path", "folder", "where"),
    [
        ("guidelines/tone", True, "guidelines/tone/guideline.yaml"),
        ("guidelines/tone.yaml", False, "guidelines/tone.yaml"),
        ("guidelines/tone.yml", False, "guidelines/tone.yml"),
        ("guidelines/prose.md", False, None),
    ],
)
def test_where_the_structured_part_is(path: str, folder: bool, where: str | None) -> None:
    assert structured_path(path, folder=folder) == where
