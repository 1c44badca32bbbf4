"""Guidelines of every kind, and how a change of each kind is judged, on real repositories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.repo import Repo

pytestmark = pytest.mark.inside


def messages(repo: Repo, code: str, *args: str) -> dict[str, tuple[str, str]]:
    """Return (severity, message) of the findings with a code, by split."""
    return {
        f["split"]: (f["severity"], f["message"]) for f in repo.findings(*args) if f["code"] == code
    }


@pytest.mark.parametrize(
    ("path", "text", "structured"),
    [
        ("guidelines/one.md", "# One\n", False),
        ("guidelines/folder/guide.txt", "One\n", False),
        ("guidelines/one.yaml", Repo.guideline_yaml("kind", "1.2.3"), True),
        ("guidelines/folder/guideline.yaml", Repo.guideline_yaml("kind", "1.2.3"), True),
    ],
    ids=["file", "folder", "yaml file", "folder with guideline.yaml"],
)
def test_every_kind_of_guideline_can_be_linked(
    project: Repo, path: str, text: str, *, structured: bool
) -> None:
    project.write(path, text)
    place = "guidelines/folder" if "folder" in path else path
    project.write("labelmeta.yaml", f"version: 1\nguidelines:\n  kind: {{path: {place}}}\n")
    project.commit("Add a guideline")
    project.labelmeta("link", "data/train.csv", "--guideline", "kind")
    object_ = project.git("rev-parse", f"HEAD:{place}")
    sidecar = project.read("data/train.csv.labelmeta.yaml")
    version = "1.2.3" if structured else object_[:12]
    assert f'version: "{version}"' in sidecar
    assert f'object: "{object_}"' in sidecar
    project.commit("Link")
    assert [c for c in project.codes() if c != "LM120"] == []
    shown = project.labelmeta("guideline", "show", "kind").out
    assert text.strip() in shown
    gate = project.read("labelmeta/gates/data/train.csv.json")
    assert ('"version": "1.2"' if structured else f'"version": "{object_}"') in gate


def test_prose_is_judged_by_what_its_author_declares(project: Repo) -> None:
    project.labelmeta("link", "data/train.csv", "data/test.csv", "--guideline", "prose")
    project.commit("Link")
    project.write("guidelines/prose.md", "# Prose\n\nBe very careful.\n")
    project.commit("Word it better\n\nLabelmeta-Change: patch")
    found = messages(project, "LM105")
    assert {split: severity for split, (severity, _) in found.items()} == {
        "data/train.csv": "note",
        "data/test.csv": "note",
    }
    project.write("guidelines/prose.md", "# Prose\n\nBe careless.\n")
    project.commit("Say the opposite")
    found = messages(project, "LM105")
    assert {split: severity for split, (severity, _) in found.items()} == {
        "data/train.csv": "warning",
        "data/test.csv": "error",
    }
    assert "bump not declared, 2 versions, 2 commits behind" in found["data/train.csv"][1]
    project.git("commit", "-q", "--amend", "-m", "Say the opposite\n\nLabelmeta-Change: major")
    found = messages(project, "LM105")
    assert {severity for severity, _ in found.values()} == {"error"}
    assert "(major, 2 versions, 2 commits behind)" in found["data/train.csv"][1]


def test_structured_versions_decide_and_the_commits_between_are_told(linked: Repo) -> None:
    first = linked.bump("1.0.1", "pleased!", "Fix a typo")
    second = linked.bump("1.1.0", "pleased or happy", "Add an example")
    (train,) = [f for f in linked.findings() if f["split"] == "data/train.csv"]
    assert (train["code"], train["severity"]) == ("LM105", "warning")
    assert "tone 1.0.0; HEAD has 1.1.0 (minor, 2 versions, 2 commits behind)" in train["message"]
    assert [line.split()[0] for line in train["details"]] == [second[:12], first[:12]]
    assert messages(linked, "LM105")["data/test.csv"][0] == "error"
    table = linked.labelmeta("status").out
    assert "2 (minor)" in table
    approved = (
        linked.guideline_yaml("tone", "1.1.1") + "approved_by: [{name: board}, {name: eva}]\n"
    )
    linked.write("guidelines/tone/guideline.yaml", approved)
    linked.commit("Approve")
    log = json.loads(linked.labelmeta("guideline", "log", "tone", "--format", "json").out)
    assert [row["version"] for row in log] == ["1.1.1", "1.1.0", "1.0.1", "1.0.0"]
    assert [row["approved"] for row in log] == ["board, eva", "-", "-", "-"]
    (listed,) = json.loads(linked.labelmeta("guideline", "list", "--format", "json").out)[:1]
    assert listed["guideline"] == "tone"
    assert listed["splits"] == "3"


def test_a_mirror_holds_a_guideline(linked: Repo, tmp_path: Path) -> None:
    linked.git("clone", "-q", "--mirror", str(linked.path), str(tmp_path / "mirror.git"))
    linked.write(
        "labelmeta.yaml",
        "version: 1\nguidelines:\n  tone: {path: guidelines/tone, repo: docs}\n"
        "repos:\n  docs: {url: ../mirror.git}\n",
    )
    linked.commit("Take the guideline from a mirror")
    assert linked.codes(code=2) == ["LM126", "LM126", "LM126"]
    assert linked.codes("--fetch", code=0) == []
    assert "taken from docs as last fetched" in linked.labelmeta("link", "data/train.csv").out


def test_same_version_with_other_text(linked: Repo) -> None:
    linked.bump("1.0.0", "something else", "Forget the version")
    assert messages(linked, "LM124")["data/train.csv"][0] == "warning"
    assert messages(linked, "LM124", "--profile", "review")["data/train.csv"][0] == "error"
    found = messages(linked, "LM105")  # the number is no news, that labels mean something else is
    assert {severity for severity, _ in found.values()} == {"error"}
    assert (
        "(major, 0 versions, 1 commit behind): definition of label pos" in found["data/test.csv"][1]
    )


def test_train_and_test_apart(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted")
    linked.labelmeta("link", "data/train.csv", "data/dev.csv")
    linked.commit("Link train and dev only")
    linked.write(
        "data/test.csv.labelmeta.yaml",
        linked.read("data/test.csv.labelmeta.yaml").replace("mode: frozen", "mode: none"),
    )
    severity, message = messages(linked, "LM107")["data/test.csv"]
    assert severity == "error"
    assert "tone 1.0.0, but data/dev.csv of the same data set 'data' to 2.0.0" in message
    assert linked.labelmeta("gate", "data/train.csv").code == 0
    assert linked.labelmeta("gate", "data/test.csv", code=1).code == 1


def test_draft_deprecated_and_retired(linked: Repo) -> None:
    for status, severity in (("draft", None), ("deprecated", "warning"), ("retired", "error")):
        linked.bump("1.0.1", "pleased!", f"Make it {status}", status=status)
        found = messages(linked, "LM110")
        assert found.get("data/train.csv", (None,))[0] == severity
    linked.bump("1.0.2", "pleased!", "Draft", status="draft")
    linked.labelmeta("link", "--all")
    linked.commit("Link to a draft")
    assert messages(linked, "LM110")["data/train.csv"][0] == "warning"


def test_a_release_entry_resolves_a_lost_commit(linked: Repo) -> None:
    object_ = linked.git("rev-parse", "HEAD:guidelines/tone")
    linked.write(
        "guidelines/tone.releases.yaml",
        f'schema: labelmeta/releases/v1\nreleases:\n  "1.0.0": {{object: "{object_}"}}\n',
    )
    for split in ("train", "dev", "test"):
        path = f"data/{split}.csv.labelmeta.yaml"
        commit = linked.git("rev-list", "-1", "HEAD", "--", "guidelines/tone")
        linked.write(path, linked.read(path).replace(commit, "0" * 40))
    linked.bump("1.0.1", "pleased!")
    assert "release 1.0.0" in messages(linked, "LM103")["data/train.csv"][1]
    assert messages(linked, "LM105")["data/train.csv"][0] == "note"
    assert linked.labelmeta("check").code == 0


def test_since_tells_only_what_a_branch_brought_in(linked: Repo) -> None:
    linked.bump("1.1.0", "pleased or happy")
    linked.git("switch", "-q", "-c", "pull-request")
    assert linked.findings("--since", "main") == []
    ran = linked.labelmeta("check", "--since", "main")
    assert ran.out == "3 splits checked: nothing new since main\n"
    linked.write("data/dev.csv.labelmeta.yaml", "schema: [\n")
    linked.commit("Break a sidecar")
    assert [f["code"] for f in linked.findings("--since", "main", code=2)] == ["LM100"]
    assert linked.codes("--rev", "main", code=1) == ["LM105", "LM105", "LM105"]
    assert "no commit 'nowhere'" in linked.labelmeta("check", "--since", "nowhere", code=2).err


def test_ignored_findings_are_named_with_their_reason(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted")
    config = linked.read("labelmeta.yaml")
    linked.write(
        "labelmeta.yaml",
        config + "ignore:\n  - {rule: LM105, path: 'data/*', reason: until the relabelling,"
        " until: '2099-01-01'}\n",
    )
    assert "3 ignored (LM105)" in linked.labelmeta("check").out
    out = linked.labelmeta("-v", "check").out
    assert "ignored: LM105 data/train.csv.labelmeta.yaml: until the relabelling, until 2099" in out
    linked.write("labelmeta.yaml", config + "ignore: [{rule: LM105, path: 'data/*'}]\n")
    assert "labelmeta.yaml:5:10: " in linked.labelmeta("check", code=2).err
