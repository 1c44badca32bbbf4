"""An author changes a guideline and releases it: what is owed, what is written, what check says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repo import Repo

pytestmark = pytest.mark.inside

DATE = re.compile(r"\d{4}-\d\d-\d\d")
GUIDELINE = """# Tone of a message.
schema: labelmeta/guideline/v1
id: tone
version: "1.0.0"   # raised by `release`
status: active
labels:
  - {id: pos, definition: pleased}   # the better one
  - {id: neg}
"""


@pytest.fixture(scope="module")
def released_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A split in Git, linked to `tone` 1.0.0, which is released; profile review, approver Bo."""
    repo = Repo(tmp_path_factory.mktemp("released") / "project")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.git("config", "user.name", "Ada")
    repo.git("config", "user.email", "ada@example.org")
    repo.write("guidelines/tone/guideline.yaml", GUIDELINE)
    repo.write("guidelines/tone/guide.md", "# Tone\n")
    repo.write(
        "labelmeta.yaml",
        "version: 1\nprofile: review\napprovers: [Bo]\n"
        "guidelines:\n  tone: {path: guidelines/tone, owners: [Ada]}\n",
    )
    repo.write("data/train.csv", "id,text\n1,good\n")
    repo.commit("Start")
    repo.labelmeta("link", "data/train.csv", "--guideline", "tone")
    repo.commit("Link")
    said = repo.labelmeta("guideline", "release", "tone").out
    assert "change guidelines/tone/guideline.yaml" not in said  # a split relies on it as it is
    repo.commit("Release 1.0.0")
    return repo.path


@pytest.fixture
def repo(released_once: Path, tmp_path: Path) -> Repo:
    target = tmp_path / "project"
    shutil.copytree(released_once, target, symlinks=True)
    return Repo(target)


def reword(repo: Repo, text: str = "pleased or glad") -> None:
    """Change the definition of a label and commit that."""
    before = repo.read("guidelines/tone/guideline.yaml")
    repo.write(
        "guidelines/tone/guideline.yaml",
        before.replace("definition: pleased", f"definition: {text}"),
    )
    repo.commit("Reword")


def test_a_major_change_from_edit_to_new_link(repo: Repo) -> None:
    start = repo.git("rev-parse", "HEAD~2")
    first = repo.git("rev-parse", "HEAD:guidelines/tone")
    assert repo.codes(code=0) == []
    reword(repo)
    assert repo.codes(code=1) == ["LM105", "LM124"]
    kept = repo.git("status", "--short")

    said = repo.labelmeta("guideline", "release", "tone", code=2).err
    assert "LM204 guideline 'tone': 2.0.0 is a major version without a note" in said
    assert "LM501 guideline 'tone': nobody approved version 2.0.0" in said
    minor = ("--bump", "minor", "--note", "Wider.", "--approved-by", "Cy")
    said = repo.labelmeta("guideline", "release", "tone", *minor, code=2).err
    assert "LM201 guideline 'tone': 1.0.0 -> 1.1.0 declares minor; the change needs major" in said
    assert "LM502 guideline 'tone': Cy approved 1.1.0; approvers are Bo" in said
    asked = ("--note", "Wider: glad counts.", "--approved-by", "Bo:lead")
    day = ("--effective-from", "2026-02-01")
    repo.labelmeta("guideline", "release", "tone", *asked, *day, "--dry-run")
    assert repo.git("status", "--short") == kept == ""

    repo.labelmeta("guideline", "release", "tone", "--bump", "major", *asked, *day)
    text = repo.read("guidelines/tone/guideline.yaml")
    assert (
        'version: "2.0.0"   # raised by `release`\nstatus: active\neffective_from: "2026-02-01"'
        in text
    )
    assert 'change_note: "Wider: glad counts."\napproved_by: [{name: Bo, role: lead, at: ' in text
    assert "definition: pleased or glad}   # the better one\n" in text
    assert (
        repo.labelmeta("guideline", "release", "tone").out
        == "tone 2.0.0 is released; nothing to do\n"
    )
    assert "is not committed" in repo.labelmeta("guideline", "release", "tone", "--tag", code=2).err

    commit = repo.commit("Release 2.0.0")
    assert repo.codes(code=1) == ["LM105"]  # the split alone is behind now
    entries = repo.read("guidelines/tone.releases.yaml")
    assert f'object: "{first}"' in entries
    assert f'commit: "{start}"' in entries
    assert f'object: "{repo.git("rev-parse", "HEAD:guidelines/tone")}"' in entries
    assert DATE.sub("DATE", repo.read("guidelines/tone.changelog.md")) == (
        "# Changes of tone\n\n"
        "## 2.0.0\n\nEffective from DATE.\nApproved by Bo.\n\nWider: glad counts.\n\n"
        "- major: definition of label pos changed, meaning not declared\n\n"
        "## 1.0.0\n\nEffective from DATE.\n\n- first release\n\n"
    )
    repo.labelmeta("link", "--all")
    repo.commit("Link")
    assert repo.codes("--profile", "audit", code=0) == ["LM506"]

    for verb in ("tags", "is at"):
        said = repo.labelmeta("guideline", "release", "tone", "--tag").out
        assert said == f"labelmeta/tone/2.0.0 {verb} {commit[:12]}\n"
    assert repo.git("cat-file", "-t", "labelmeta/tone/2.0.0") == "tag"


def test_approvals_are_of_one_text_and_not_by_its_author(repo: Repo) -> None:
    reword(repo)
    repo.write("labelmeta.yaml", repo.read("labelmeta.yaml").replace("approvers: [Bo]\n", ""))
    asked = ("--note", "Wider.", "--approved-by", "ada")
    said = repo.labelmeta("guideline", "release", "tone", *asked)
    assert said.code == 0  # review lets it pass
    repo.commit("Release 2.0.0")
    assert repo.codes() == ["LM105", "LM503"]
    severity = {f["code"]: f["severity"] for f in repo.findings("--profile", "audit")}
    assert severity["LM503"] == "error"
    reword(repo, "pleased, glad or amused".replace(", ", " and "))
    assert repo.codes() == ["LM105", "LM202", "LM504"]
    repo.write(
        "guidelines/tone/guideline.yaml",
        repo.read("guidelines/tone/guideline.yaml")
        .replace('"2.0.0"', '"3.0.0"')
        .replace("glad", "gay"),
    )
    repo.commit("Reword again by hand")
    codes = repo.codes()
    assert {"LM204", "LM501", "LM504"} <= set(codes)


def test_what_only_the_author_can_say_and_what_is_not_there(repo: Repo) -> None:
    repo.write("guidelines/tone/guide.md", "# Tone\n\nRead all of it twice.\n")
    said = repo.labelmeta("guideline", "release", "tone", code=2).err
    assert "only its author can say how much: --bump patch, minor or major" in said
    repo.labelmeta("guideline", "release", "tone", "--bump", "minor", "--archive")
    assert repo.read("guidelines/tone.archive/1.1.0/guide.md") == repo.read(
        "guidelines/tone/guide.md"
    )
    # changed once more before it was committed: the same version, released anew
    repo.write("guidelines/tone/guide.md", "# Tone\n\nRead all of it three times.\n")
    repo.labelmeta("guideline", "release", "tone", "--bump", "minor")
    repo.commit("Release 1.1.0")
    assert repo.git("rev-parse", "HEAD:guidelines/tone") in repo.read(
        "guidelines/tone.releases.yaml"
    )
    assert repo.codes() == ["LM105"]

    repo.labelmeta("guideline", "archive", "tone", "--version", "1.0.0")
    assert repo.read("guidelines/tone.archive/1.0.0/guideline.yaml") == GUIDELINE
    for args, reason in (
        (("archive", "tone", "--version", "9.9.9"), "no release 9.9.9; it has 1.0.0, 1.1.0"),
        (("release", "mood"), "lists no guideline 'mood'"),
        (("release", "tone", "--bump", "huge"), "choose one of patch, minor, major"),
        (("release", "tone", "--note", "x"), "a release is not changed"),
    ):
        assert reason in repo.labelmeta("guideline", *args, code=2).err


def test_contradictions_and_a_missing_migration_keep_a_release_back(repo: Repo) -> None:
    text = GUIDELINE.replace("  - {id: neg}\n", "  - {id: other, aliases: [POS]}\n")
    case = "edge_cases: [{id: E1, case: Irony, decision: as meant, label: neg}]\n"
    repo.write("guidelines/tone/guideline.yaml", text + case)
    found = {f["code"]: f["severity"] for f in repo.findings(code=0)}
    assert found == dict.fromkeys(
        ("LM108", "LM201", "LM208", "LM209"), "warning"
    )  # while it is being edited
    asked = ("--note", "No more neg.", "--approved-by", "Bo")
    said = repo.labelmeta("guideline", "release", "tone", *asked, code=2).err
    assert re.findall(r"LM\d+", said) == ["LM205", "LM209"]
    repo.write("guidelines/tone/guideline.yaml", text.replace("POS", "mixed"))
    repo.write("guidelines/tone.migrations/2.0.0.yaml", "schema: labelmeta/migration/v1\n")
    repo.labelmeta("guideline", "release", "tone", *asked)


def test_signatures_are_asked_for_only_where_the_project_wants_them(
    repo: Repo, new_repo: Callable[[str], Repo]
) -> None:
    settings = repo.read("labelmeta.yaml")
    repo.write("labelmeta.yaml", settings + "require_signed: true\n")
    (found,) = repo.findings(code=1)
    assert (found["code"], found["severity"]) == ("LM507", "error")
    assert "cannot be verified: it has no signature" in found["message"]
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen")
    key = repo.path.parent / "key"
    repo.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "Ada", "-f", str(key))
    for name, value in (
        ("gpg.format", "ssh"),
        ("user.signingkey", f"{key}.pub"),
        ("commit.gpgsign", "true"),
        ("gpg.ssh.allowedSignersFile", f"{key}.signers"),
    ):
        repo.git("config", name, value)
    public = (repo.path.parent / "key.pub").read_text()
    reword(repo)
    repo.labelmeta(
        "guideline", "release", "tone", "--note", "Wider.", "--approved-by", "Bo", code=2
    )  # the key is known to nobody yet
    (repo.path.parent / "key.signers").write_text(f"ada@example.org {public}")
    repo.labelmeta("guideline", "release", "tone", "--note", "Wider.", "--approved-by", "Bo")
    repo.commit("Release 2.0.0")
    assert repo.codes() == ["LM105"]


def test_owners_and_approvers_come_from_codeowners(repo: Repo) -> None:
    repo.write("labelmeta.yaml", repo.read("labelmeta.yaml").replace(", owners: [Ada]", ""))
    repo.commit("Nobody")
    assert repo.codes("--profile", "audit") == ["LM501", "LM505", "LM506"]
    repo.write(".github/CODEOWNERS", "/guidelines/ @Cy\n/data/ @org/data\n")
    assert repo.codes("--profile", "audit") == ["LM501"]
    reword(repo)
    asked = ("--note", "Wider.", "--approved-by", "cy")
    repo.labelmeta("guideline", "release", "tone", *asked)
