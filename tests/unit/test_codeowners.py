"""CODEOWNERS by GitHub's documented rules: its own examples, and what it leaves out."""

from __future__ import annotations

import pytest

from dvc_labelmeta.model.codeowners import codeowners, owners_of

# the example of GitHub's documentation, shortened
EXAMPLE = """
# a comment
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/github
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("@global-owner1", "@global-owner2")),
        ("deep/down/code.js", ("@js-owner",)),
        ("code.go", ("docs@example.com",)),
        ("a/b.txt", ("@octo-org/octocats",)),
        ("build/logs/one", ("@octocat",)),  # the last line that matches wins
        ("build/logs.txt", ("@octo-org/octocats",)),
        ("deep/build/logs/one", ("@octocat",)),
        ("apps/one", ("@octocat",)),
        ("deep/apps/one", ("@octocat",)),
        ("apps/github/one", ()),  # nobody owns it
        ("docs/one.md", ("@doctocat",)),
        ("docs/build/one.md", ("@doctocat",)),
        ("scripts/one", ("@doctocat", "@octocat")),
    ],
)
def test_githubs_own_example(path: str, owners: tuple[str, ...]) -> None:
    assert owners_of(codeowners(EXAMPLE), path) == owners


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("docs/*", "docs/one.md", "docs/build/one.md"),
        ("docs/*", "docs/one.md", "deep/docs/one.md"),
        ("docs/**", "docs/build/one.md", "docs"),
        ("a/**/b", "a/b", "a/bb"),
        ("a/**/b", "a/x/y/b/c", "b"),
        ("tone", "guidelines/tone/guide.md", "guidelines/tones/guide.md"),
        ("/tone", "tone", "guidelines/tone"),
        ("t?ne", "tone", "t/ne"),
        ("a.b", "a.b", "axb"),
        (r"a\ b", "a b", "a"),
    ],
)
def test_patterns(pattern: str, matching: str, other: str) -> None:
    lines = codeowners(f"{pattern} @one\n")
    assert owners_of(lines, matching) == ("@one",)
    assert owners_of(lines, other) == ()


@pytest.mark.parametrize("line", ["!a @one", "[ab] @one", r"\#a @one", "/ @one", "a one", "# @one"])
def test_a_line_that_the_format_lacks_is_left_out(line: str) -> None:
    assert codeowners(f"* @all\n{line}\n") == codeowners("* @all")
