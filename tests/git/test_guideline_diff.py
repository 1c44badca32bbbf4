"""What a guideline author is told about a change, on real repositories."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from dvc_labelmeta.cli.app import run
from dvc_labelmeta.errors import BadConfig, LabelMetaError, NoSuchRevision, Refused
from tests.repo import Repo

CONFIG = "version: 1\nguidelines:\n  tone: {path: guidelines/tone}\n  prose: {path: guidelines/prose.md}\n"
PROSE = "# Prose\n\nBe careful with every text.\n\n## Doubt\n\nAsk the owner.\n"
TONE = "guidelines/tone/guideline.yaml"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two guidelines, committed once; Git alone, as no data is asked about."""
    repo = Repo(tmp_path / "project")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.write(TONE, repo.guideline_yaml("tone", "1.0.0"))
    repo.write("guidelines/tone/guide.md", "# Tone\n\nChoose pos or neg.\n")
    repo.write("guidelines/prose.md", PROSE)
    repo.write("labelmeta.yaml", CONFIG)
    repo.commit("Add guidelines")
    return repo


class Told:
    """Runs `labelmeta diff` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def text(self, repo: Repo, *args: str, code: int = 0, before: tuple[str, ...] = ()) -> str:
        assert run(["--root", str(repo.path), *before, "diff", *args]) == code
        return self.capsys.readouterr().out

    def json(self, repo: Repo, *args: str, code: int | None = None) -> dict[str, Any]:
        got = run(["--root", str(repo.path), "diff", "--format", "json", *args])
        value: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        assert got == (int(bool(value["owed"])) if code is None else code)
        return value

    def one(self, repo: Repo, *args: str, code: int | None = None) -> dict[str, Any]:
        (found,) = self.json(repo, *args, code=code)["guidelines"]
        return dict(found)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    return Told(capsys)


def test_an_author_is_told_before_and_after_the_commit(repo: Repo) -> None:
    assert repo.labelmeta("diff").out == "guidelines: 0 changed, 2 unchanged\n"
    repo.write(TONE, repo.guideline_yaml("tone", "1.1.0", "delighted"))
    repo.write("guidelines/prose.md", PROSE.replace("every text", "each long text"))
    ran = repo.labelmeta("--verbose", "diff", code=1)
    assert ran.out == (
        "prose 84adb6c509d8 -> (not committed): needs unknown, declared unknown\n"
        "  prose.md: changed, -1 +2 words, in 1 of 2 sections\n"
        "    Prose: changed, -1 +2 words\n"
        "      Prose Be careful with [-every-] {+each long+} text.\n"
        "\n"
        "tone 1.0.0 -> 1.1.0: needs major, declared minor\n"
        "  DEF_CHANGED major: definition of label pos changed, meaning not declared; "
        "annotations: relabel, review of neighbours\n"
        "  owed: 1.0.0 -> 1.1.0 declares minor; the change needs major: at least 2.0.0\n"
        "\n"
        "guidelines: 2 changed, 0 unchanged; 1 owed\n"
    )
    repo.bump("2.0.0", "delighted", "Change both")
    ran = repo.labelmeta("diff", "HEAD~1", "HEAD", code=1)
    assert "tone 1.0.0 -> 2.0.0: needs major, declared major\n" in ran.out
    assert "owed: say how much it matters: `Labelmeta-Change: patch`" in ran.out
    repo.git("commit", "-q", "--amend", "-m", "Change both\n\nLabelmeta-Change: minor")
    ran = repo.labelmeta("diff", "HEAD~1..HEAD")
    assert "needs unknown, declared minor\n" in ran.out
    assert ran.out.endswith("guidelines: 2 changed, 0 unchanged\n")


def test_a_version_is_published_once(repo: Repo, told: Told) -> None:
    released = repo.git("rev-parse", "HEAD:guidelines/tone")
    entry = f'schema: labelmeta/releases/v1\nreleases:\n  "1.0.0": {{object: "{released}"}}\n'
    repo.write("guidelines/tone.releases.yaml", entry)
    repo.write("guidelines/tone/guide.md", "# Tone\n\nChoose neg or pos.\n")
    again = "version 1.0.0 was released with other content; give this one a new number"
    still = "the version is still 1.0.0; the change needs a new number: at least 1.0.1"
    assert told.one(repo)["owed"] == [again, still]
    repo.commit("Publish it twice")
    assert told.one(repo, "HEAD~1", "HEAD")["owed"] == [again, still]
    assert told.one(repo, "HEAD~1")["owed"] == [again, still]
    repo.git("checkout", "-q", "HEAD~1", "--", "guidelines/tone")
    assert told.one(repo)["owed"] == [still]  # it is the released text again
    repo.write("guidelines/tone.releases.yaml", entry.replace(released, "0" * 40))
    repo.commit("Go back, and lose what was released")
    repo.write("guidelines/tone/guide.md", "# Tone\n\nNeither.\n")
    assert told.one(repo)["owed"] == [still]  # what was released is not here to compare with
    repo.write("guidelines/tone.releases.yaml", "releases: [")
    assert told.one(repo)["owed"] == [still]


@pytest.mark.parametrize(
    ("text", "change", "needed"),
    [
        (PROSE.replace(" with", "\nwith"), "spacing", "patch"),
        (PROSE + "\n<!-- seen -->\n", "comment", "patch"),
        (PROSE.replace("Ask the", "ASK the"), "case", "unknown"),
        (PROSE.replace("Ask the owner.", "- Ask the owner."), "words", "unknown"),
    ],
)
def test_who_changes_nothing_that_is_read_owes_nothing(
    repo: Repo, told: Told, text: str, change: str, needed: str
) -> None:
    repo.write("guidelines/prose.md", text)
    repo.commit("Change the look")
    found = told.one(repo, "HEAD~1")
    assert (found["files"][0]["change"], found["needed"]) == (change, needed)
    assert bool(found["owed"]) == (needed == "unknown")
    shown = told.text(repo, "HEAD~1", code=int(needed == "unknown"))
    assert ("only" in shown) == (change != "words")


def test_every_commit_has_to_declare_prose(repo: Repo, told: Told) -> None:
    repo.write("guidelines/prose.md", PROSE + "One.\n")
    repo.commit("One\n\nLabelmeta-Change: patch")
    repo.write("guidelines/prose.md", PROSE + "One. Two.\n")
    repo.commit("Two\n\nLabelmeta-Change: minor")
    repo.write("data.txt", "Nothing that a guideline says")
    repo.commit("Other")
    assert told.one(repo, "HEAD~3", "HEAD")["declared"] == "minor"
    assert told.one(repo, "HEAD~3")["declared"] == "minor"
    assert told.one(repo, "HEAD", "HEAD~2", code=1)["declared"] == "unknown"  # backwards
    repo.write("guidelines/prose.md", PROSE + "One. Two. Three.\n")
    repo.commit("Three")
    assert told.one(repo, "HEAD~4", "HEAD")["declared"] == "unknown"


def test_what_a_branch_did_since_it_left(repo: Repo, told: Told) -> None:
    repo.git("checkout", "-q", "-b", "feature")
    repo.bump("2.0.0", "delighted")
    repo.git("checkout", "-q", "main")
    repo.write("guidelines/prose.md", PROSE + "More.\n")
    repo.commit("Meanwhile")
    assert [g["id"] for g in told.json(repo, "main...feature")["guidelines"]] == ["tone"]
    assert [g["id"] for g in told.json(repo, "main..feature")["guidelines"]] == ["prose", "tone"]
    assert told.json(repo, "feature", "main") == told.json(repo, "feature..")
    assert told.json(repo, "..feature") == told.json(repo, "main", "feature")
    repo.git("checkout", "-q", "--orphan", "apart")
    repo.commit("No past")
    with pytest.raises(LabelMetaError, match="have no commit in common"):
        run(["--root", str(repo.path), "diff", "main...apart"])


def test_ends_that_nobody_can_find(repo: Repo, tmp_path: Path) -> None:
    root = ["--root", str(repo.path), "diff"]
    with pytest.raises(NoSuchRevision, match="there is no commit 'nowhere'"):
        run([*root, "nowhere"])
    with pytest.raises(Refused, match="names both ends"):
        run([*root, "main..main", "main"])
    with pytest.raises(Refused, match="lists no guideline 'none'"):
        run([*root, "--guideline", "none"])
    unborn = Repo(tmp_path / "unborn")
    unborn.path.mkdir()
    unborn.git("init", "-q")
    unborn.write("labelmeta.yaml", CONFIG)
    with pytest.raises(NoSuchRevision, match="nothing is committed yet"):
        run(["--root", str(unborn.path), "diff"])


def test_guidelines_come_go_and_move(repo: Repo, told: Told) -> None:
    repo.git("mv", "guidelines/prose.md", "guidelines/words.md")
    repo.git("mv", "guidelines/tone", "guidelines/mood")
    repo.write("guidelines/mood/guide.md", "# Tone\n\nChoose pos, neg or none.\n")
    repo.write("guidelines/new.md", "# New\n")
    config = CONFIG.replace("prose.md", "words.md") + "  new: {path: guidelines/new.md}\n"
    repo.write("labelmeta.yaml", config.replace("/tone", "/mood"))
    here = told.json(repo)
    assert {g["id"]: g["state"] for g in here["guidelines"]} == {
        "new": "added", "prose": "moved", "tone": "moved",
    }  # fmt: skip
    repo.commit("Move\n\nLabelmeta-Change: patch")
    there = told.json(repo, "HEAD~1", "HEAD")
    found = {g["id"]: g for g in there["guidelines"]}
    assert (found["prose"]["needed"], found["prose"]["owed"]) == ("none", [])
    assert [file["name"] for file in found["tone"]["files"]] == ["guide.md"]
    assert told.one(repo, "HEAD~1", "--guideline", "tone") == found["tone"]
    text = told.text(repo, "HEAD~1", code=1)
    assert "  moved from guidelines/tone to guidelines/mood\n" in text
    assert re.search(r"^new \w{12}: added \(guidelines/new.md\)$", text, re.MULTILINE)
    assert "new " in told.text(repo, "HEAD", "HEAD~1", code=1).split("removed")[0]


def test_files_of_all_kinds_in_a_folder(repo: Repo, told: Told) -> None:
    repo.write("guidelines/tone/picture.png", b"\x89PNG\0\xff")
    repo.write("guidelines/tone/more/notes.md", "Notes.\n")
    (repo.path / "guidelines/tone/link").symlink_to("guide.md")
    (repo.path / "guidelines/tone/guide.md").unlink()
    repo.write(os.fsdecode(b"guidelines/tone/\xff.md"), "Named in no encoding.\n")
    repo.write("guidelines/tone.txt", "beside it")
    loose = told.one(repo)
    repo.commit("Files of all kinds")
    tight = told.one(repo, "HEAD~1", "HEAD")
    assert loose["files"] == tight["files"]
    assert {file["name"]: (file["state"], file["change"]) for file in tight["files"]} == {
        "guide.md": ("removed", "words"),
        "link": ("added", "words"),
        "more/notes.md": ("added", "words"),
        "picture.png": ("added", "no text"),
        "\udcff.md": ("added", "words"),
    }
    assert "  picture.png: added, no text\n" in told.text(repo, "HEAD~1", code=1)
    (repo.path / "guidelines/tone/picture.png").chmod(0o755)
    repo.write("guidelines/tone/more/notes.md", "Notes.\n")
    assert told.text(repo) == "guidelines: 0 changed, 2 unchanged\n"
    (repo.path / "guidelines/tone/more/notes.md").unlink()
    (repo.path / "guidelines/tone/more/notes.md").mkdir()
    assert told.one(repo)["files"][0]["state"] == "removed"


def test_what_cannot_be_judged_hides_nothing_else(repo: Repo, told: Told) -> None:
    good = repo.read(TONE)
    repo.write(TONE, good.replace("status: active", "status: lively"))
    repo.write("guidelines/prose.md", PROSE + "More.\n")
    found = told.json(repo, code=2)["guidelines"]
    assert [one["state"] for one in found] == ["changed", "unreadable"]
    assert found[1]["fault"].startswith(f"{TONE}:4:9: status must be one of")
    assert "tone: not judged: " in told.text(repo, code=2)
    repo.write(TONE, good + "  - [")
    repo.commit("Break it")
    found = told.json(repo, "HEAD~1", "HEAD", code=2)["guidelines"]
    assert found[1]["fault"].startswith(f"{TONE} at {repo.git('rev-parse', 'HEAD')[:12]}:")
    assert "1 could not be judged" in told.text(repo, "HEAD~1", code=2)


def test_the_configuration_of_each_end_counts(repo: Repo, told: Told) -> None:
    repo.git("rm", "-q", "--cached", "labelmeta.yaml")
    repo.bump("2.0.0", "delighted")
    before = repo.git("rev-parse", "HEAD")
    repo.git("rm", "-q", "labelmeta.yaml")
    repo.git("commit", "-q", "-m", "As it was before labelmeta")
    repo.write("labelmeta.yaml", CONFIG)
    assert told.json(repo, "HEAD")["unchanged"] == ["prose", "tone"]
    with pytest.raises(BadConfig, match=r"there is no labelmeta\.yaml at either end"):
        run(["--root", str(repo.path), "diff", "HEAD", "HEAD"])
    for text, says in (
        ("version: [", ":2:1: is not valid YAML"),
        ("version: 9\n", ":1:10: version must be 1"),
        ("version: 1\nguidelines:\n  a: {path: x, repo: y}\n", ":3:22: guideline 'a' is in"),
        ("version: 1\nguidelines:\n  a: {path: ../x}\n", ":3:13: guideline 'a': ../x leaves"),
    ):
        repo.write("labelmeta.yaml", text)
        repo.commit("Break the configuration")
        commit = repo.git("rev-parse", "HEAD")[:12]
        repo.write("labelmeta.yaml", CONFIG)
        with pytest.raises(BadConfig, match=re.escape(f"labelmeta.yaml at {commit}{says}")):
            run(["--root", str(repo.path), "diff", before, "HEAD"])


def test_a_guideline_beside_the_configuration(repo: Repo, told: Told) -> None:
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  top: {path: top.md}\n")
    repo.write("top.md", PROSE)
    repo.commit("Add one at the top")
    assert told.json(repo)["unchanged"] == ["top"]
    many = " ".join(f"word{number}" for number in range(40))
    repo.write("top.md", PROSE + many)
    text = told.text(repo, before=("--verbose",))
    assert max(map(len, text.splitlines())) <= 100
    assert text.split().count("word20") == 1


def test_prose_that_becomes_structured(repo: Repo, told: Told) -> None:
    (repo.path / TONE).rename(repo.path / "kept")
    repo.commit("Prose only")
    found = told.one(repo, "HEAD~1", "HEAD")
    assert [one["rule"] for one in found["operations"]] == ["STRUCTURE_REMOVED"]
    assert (found["needed"], found["declared"], found["owed"]) == ("major", "unknown", [])
    assert told.one(repo, "HEAD", "HEAD~1")["operations"][0]["rule"] == "STRUCTURE_ADDED"


def test_guidelines_of_another_repository(repo: Repo, told: Told, tmp_path: Path) -> None:
    docs = Repo(tmp_path / "docs")
    docs.path.mkdir()
    docs.git("init", "-q", "-b", "main")
    docs.write("far.md", PROSE)
    docs.commit("Write")
    docs.write("far.md", PROSE + "More.\n")
    docs.commit("Add\n\nLabelmeta-Change: minor")
    far = "  far: {path: far.md, repo: docs}\nrepos: {docs: {url: ../docs}}\n"
    repo.write("labelmeta.yaml", CONFIG + far)
    repo.commit("Use a guideline from elsewhere")
    assert told.json(repo)["not_compared"] == ["far"]
    assert "not compared, in another repository: far" in told.text(repo)
    with pytest.raises(Refused, match="has no working tree here"):
        run(["--root", str(repo.path), "diff", "--guideline", "far"])
    for ends in (("HEAD~1", "HEAD"), ("HEAD~1",), ("HEAD~1..",)):
        found = told.one(repo, *ends, "--guideline", "far")
        assert (found["needed"], found["declared"], found["owed"]) == ("unknown", "minor", [])
    assert told.json(repo, "HEAD~1", "--guideline", "tone")["unchanged"] == ["tone"]
    repo.write("labelmeta.yaml", CONFIG.replace("guidelines/tone", "tone, repo: docs") + far)
    assert told.json(repo)["not_compared"] == ["far", "tone"]


def test_below_the_top_level_and_in_a_shallow_clone(tmp_path: Path, told: Told) -> None:
    top = Repo(tmp_path / "top")
    top.path.mkdir()
    top.git("init", "-q", "-b", "main")
    top.write("sub/labelmeta.yaml", CONFIG)
    for number, text in enumerate((PROSE, PROSE + "More.\n", PROSE + "More. Much more.\n")):
        top.write("sub/guidelines/prose.md", text)
        top.commit(f"Version {number}\n\nLabelmeta-Change: patch")
    sub = Repo(top.path / "sub")
    assert told.one(sub, "HEAD~2", "HEAD")["declared"] == "patch"
    top.write("sub/guidelines/prose.md", PROSE)
    assert told.one(sub)["files"][0]["sections"][0]["words_removed"] == 3
    top.git("config", "uploadpack.allowAnySHA1InWant", "true")
    first = top.git("rev-parse", "HEAD~2")
    top.git("clone", "-q", "--depth", "1", top.path.as_uri(), str(tmp_path / "cut"))
    cut = Repo(tmp_path / "cut")
    cut.git("fetch", "-q", "--depth", "1", "origin", first)
    found = told.one(Repo(cut.path / "sub"), first, "HEAD", code=1)
    assert found["declared"] == "unknown"  # the commit between is not here
    assert found["files"][0]["change"] == "words"
    with pytest.raises(LabelMetaError, match="shallow clone"):
        run(["--root", str(cut.path / "sub"), "diff", f"{first}...HEAD"])


def test_what_a_partial_clone_lacks_is_said(repo: Repo, told: Told, tmp_path: Path) -> None:
    repo.write("guidelines/prose.md", PROSE + "More.\n")
    repo.commit("More\n\nLabelmeta-Change: minor")
    repo.git("config", "uploadpack.allowFilter", "true")
    part = Repo(tmp_path / "part")
    repo.git("clone", "-q", "--filter=blob:none", repo.path.as_uri(), str(part.path))
    found = told.one(part, "HEAD~1", "HEAD", code=2)
    assert "prose.md is not in this partial clone" in found["fault"]


def test_few_git_processes_however_many_guidelines(repo: Repo, told: Told, tmp_path: Path) -> None:
    ids = [f"g{number}" for number in range(40)]
    for id_ in ids:
        repo.write(f"guidelines/{id_}/guide.md", f"# {id_}\n\nOne.\n")
    lines = "".join(f"  {id_}: {{path: guidelines/{id_}}}\n" for id_ in ids)
    repo.write("labelmeta.yaml", CONFIG + lines)
    repo.commit("Many")
    for id_ in ids[:10]:
        repo.write(f"guidelines/{id_}/guide.md", f"# {id_}\n\nTwo.\n")
    repo.commit("Ten\n\nLabelmeta-Change: patch")
    trace = tmp_path / "trace"
    os.environ["GIT_TRACE2_EVENT"] = str(trace)
    try:
        found = told.json(repo, "HEAD~1", "HEAD")
    finally:
        del os.environ["GIT_TRACE2_EVENT"]
    assert {one["declared"] for one in found["guidelines"]} == {"patch"}
    assert (len(found["guidelines"]), len(found["unchanged"])) == (10, 32)
    assert trace.read_text().count('"event":"start"') <= 7


def labelled(version: str, *labels: str, **more: str) -> str:
    head = "schema: labelmeta/guideline/v1\nid: tone\nstatus: active\n"
    rest = "".join(f"{key}: {value}\n" for key, value in more.items())
    listed = "".join(f"  - {{id: {one}, definition: as {one[0]}}}\n" for one in labels)
    return f'{head}version: "{version}"\n{rest}labels:\n{listed}'


def migration(start: str, to: str, old: str, new: str, predicate: str = "exactMatch") -> str:
    return (
        f'schema: labelmeta/migration/v1\nfrom: "{start}"\nto: "{to}"\nlabels:\n'
        f"  - {{subject_id: {old}, predicate_id: skos:{predicate}, object_id: {new},\n"
        "     mapping_justification: semapv:ManualMappingCuration}\n"
    )


def rules(found: dict[str, Any]) -> list[str]:
    return [one["rule"] for one in found["operations"]]


def test_a_rename_that_the_migration_file_declares_is_one(repo: Repo, told: Told) -> None:
    repo.write(TONE, labelled("1.0.0", "pos", "neg"))
    repo.commit("Two labels")
    repo.write(TONE, labelled("1.1.0", "plus", "neg"))
    assert told.one(repo)["needed"] == "major"
    folder = "guidelines/tone.migrations"
    repo.write(f"{folder}/1.1.0.yaml", migration("1.0.0", "1.1.0", "pos", "plus"))
    found = told.one(repo)
    assert "LABEL_RENAMED" in rules(found)
    assert (found["needed"], found["owed"]) == ("minor", [])
    repo.commit("Rename pos")
    assert told.one(repo, "HEAD~1", "HEAD")["needed"] == "minor"
    repo.write(TONE, labelled("1.2.0", "positive", "neg"))
    repo.write(f"{folder}/1.2.0.yaml", migration("1.1.0", "1.2.0", "plus", "positive"))
    repo.commit("Rename it again")
    found = told.one(repo, "HEAD~2", "HEAD")
    assert "LABEL_RENAMED" in rules(found)
    assert found["needed"] == "minor"
    narrow = migration("1.1.0", "1.2.0", "plus", "positive", "narrowMatch")
    for unsaid in (narrow, narrow.replace("labels", "lables")):
        repo.write(f"{folder}/1.2.0.yaml", unsaid)
        assert told.one(repo, "HEAD~1", code=1)["needed"] == "major", "which items, nobody said"


def test_an_id_of_a_version_long_ago_is_not_used_again(repo: Repo, told: Told) -> None:
    for version, labels in (("1.0.0", ("pos", "odd")), ("2.0.0", ("pos",))):
        repo.write(TONE, labelled(version, *labels))
        repo.commit(version)
    repo.write(TONE, labelled("2.1.0", "pos", "odd"))
    assert "LABEL_ADDED" in rules(told.one(repo)), "it means what it meant"
    repo.write(TONE, labelled("2.1.0", "pos", "odd").replace("as o", "as never"))
    found = told.one(repo)
    assert (found["needed"], found["owed"][0].partition(":")[0]) == ("forbidden", "LABEL_ID_REUSED")
    repo.commit("Drafts of the new version are no earlier ones")
    repo.write(TONE, labelled("2.1.0", "pos", "odd").replace("as o", "as ever"))
    assert told.one(repo, "HEAD~1")["needed"] == "forbidden"
    declared = labelled("2.1.0", "pos", "odd", changes="[{clause: odd, meaning: kept}]")
    repo.write(TONE, declared.replace("as o", "as ever"))
    assert told.one(repo, "HEAD~1")["needed"] == "minor"


def test_a_migration_that_begins_at_a_draft_is_still_owed(repo: Repo, told: Told) -> None:
    repo.write(TONE, labelled("1.0.0", "pos", "neg"))
    repo.commit("Two labels")
    repo.write(TONE, labelled("2.0.0", "pos"))
    repo.commit("A draft")
    repo.write(TONE, labelled("3.0.0", "neg"))
    path = "guidelines/tone.migrations/3.0.0.yaml"
    repo.write(path, migration("2.0.0", "3.0.0", "pos", "neg"))
    (owed,) = told.one(repo, "HEAD~1")["owed"]
    assert owed == (
        f"{path} begins at 2.0.0, and nothing leads there from 1.0.0: "
        "let it begin at 1.0.0, or release 2.0.0"
    )
    repo.write(path, migration("1.0.0", "3.0.0", "pos", "neg"))
    assert told.one(repo, "HEAD~1")["owed"] == []


def test_one_guideline_is_compared_where_labelmeta_was_not_known_yet(
    repo: Repo, told: Told
) -> None:
    config = repo.read("labelmeta.yaml")
    repo.git("rm", "-q", "labelmeta.yaml")
    repo.commit("Before")
    repo.write(TONE, labelled("1.1.0", "pos", "neg", "odd"))
    repo.commit("Still before")
    repo.write("labelmeta.yaml", config)
    repo.commit("After")
    args = ("--guideline", "tone", "HEAD~2", "HEAD~1")
    assert told.one(repo, *args)["current"]["version"] == "1.1.0"
    with pytest.raises(BadConfig, match=r"no labelmeta\.yaml at either end"):
        run(["--root", str(repo.path), "diff", "HEAD~2", "HEAD~1"])


def test_a_migration_that_leaves_labels_out_is_still_owed(repo: Repo, told: Told) -> None:
    repo.write(TONE, labelled("1.0.0", "pos", "neg", "odd"))
    repo.commit("Three labels")
    repo.write(TONE, labelled("2.0.0", "plus", "neg"))
    path = "guidelines/tone.migrations/2.0.0.yaml"
    repo.write(path, migration("1.0.0", "2.0.0", "pso", "plux"))
    assert told.one(repo)["owed"] == [
        f"{path} maps pso, which 1.0.0 does not have",
        f"{path} maps pso to plux, which may not be chosen in 2.0.0",
        f"{path} does not say what becomes of pos, odd",
    ]
    said = migration("1.0.0", "2.0.0", "pos", "plus")
    repo.write(path, said)
    assert told.one(repo)["owed"] == [f"{path} does not say what becomes of odd"]
    for rest in (
        "relabel: [{label: odd, reason: it was used for all}]",
        "values: [{field: label, from: odd, to: {label: neg}}]",
        "constants: {label: neg}",
    ):
        repo.write(path, f"{said}{rest}\n")
        assert told.one(repo)["owed"] == []
    repo.write(TONE, labelled("2.0.0").partition("labels")[0])
    assert told.one(repo)["owed"] == [], "any label may be chosen now"


def test_a_migration_that_passes_over_a_flipped_case_is_still_owed(repo: Repo, told: Told) -> None:
    case = "edge_cases:\n  - {id: E1, case: irony, decision: as written, label: %s}\n"
    repo.write(TONE, labelled("1.0.0", "pos", "neg") + case % "pos")
    repo.commit("Irony is pos")
    repo.write(TONE, labelled("2.0.0", "plus", "neg") + case % "neg")
    path = "guidelines/tone.migrations/2.0.0.yaml"
    said = migration("1.0.0", "2.0.0", "pos", "plus")
    repo.write(path, said)
    (owed,) = told.one(repo)["owed"]
    assert owed.startswith(f"{path} does not say what becomes of records that cite E1: list them")
    repo.write(path, said + "relabel: [{cites: E1, reason: decided otherwise}]\n")
    assert told.one(repo)["owed"] == []
