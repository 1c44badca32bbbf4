"""`ledger verify` against attacks on real repositories, and against what teams do in good faith."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dvc_labelmeta.model.claims import split_claims
from dvc_labelmeta.model.event import (
    EVENTS,
    HEADS,
    PEOPLE,
    TIPS,
    Draft,
    Event,
    Stamp,
    canonical,
    event_of,
    event_path,
    value_of,
)
from dvc_labelmeta.model.sidecar import sidecar
from dvc_labelmeta.read.ledger import Disk, key_of, ledger
from dvc_labelmeta.write.edits import apply
from dvc_labelmeta.write.ledger import Before, appended
from tests.inside import Inside
from tests.repo import Repo

pytestmark = pytest.mark.inside
DAY = "2026-01-06T09:00:00+00:00"


def verify(repo: Repo, *args: str, code: int | None = 0) -> dict[str, Any]:
    ran = repo.labelmeta("ledger", "verify", "--format", "json", *args, code=code)
    value: dict[str, Any] = json.loads(ran.out)
    return value


def kinds(repo: Repo, *args: str, code: int = 1) -> list[str]:
    return [f"{f['severity']} {f['kind']}" for f in verify(repo, *args, code=code)["findings"]]


def events(repo: Repo) -> list[Event]:
    paths = (repo.path / EVENTS).rglob("*.json")
    found = [event_of(path.stem, json.loads(path.read_bytes())) for path in paths]
    return sorted(found, key=lambda one: one.total)


def add(repo: Repo, *drafts: Draft, at: str = "2026-01-05T09:00:00Z", actor: str = "") -> None:
    """Write events as commands do."""
    root = str(repo.path)
    known = ledger(Disk(root))
    keys = {one.subject: key_of(one.subject) for one in drafts}
    before = Before(
        tuple(head.hash for head in known.heads),
        known.total,
        {subject: known.tips.get(key, ()) for subject, key in keys.items()},
        known.people,
        keys,
    )
    apply(root, appended(before, Stamp(actor or "Ada <ada@example.org>", at), drafts).edits)


def forge(repo: Repo, one: Event) -> str:
    """Write an event with a hash that fits, and nothing else."""
    content = canonical(value_of(one))
    hash_ = hashlib.sha256(content).hexdigest()
    repo.write(event_path(hash_), content)
    return hash_


def note(number: int) -> Draft:
    return Draft("audited", "project:", note=f"audit {number}")


def test_an_untouched_ledger_is_intact_as_far_as_it_is_anchored(linked: Repo) -> None:
    text = linked.labelmeta("ledger", "verify").out
    first, loose = text.splitlines()
    assert first.startswith("3 events from 2026-01-05T09:00:00Z to 2026-01-05T09:00:00Z; head ")
    assert first.endswith("3 claims held against Git and DVC; 0 anchors: intact")
    assert loose.startswith("no anchor: a ledger that was rewritten together with Git's history")
    assert linked.labelmeta("ledger", "verify", "--min-count", "3").out.count("\n") == 1
    found = verify(linked)
    assert (found["events"], found["findings"]) == (3, [])
    assert found["claims"] == {"checked": 3, "unchecked": {}}
    assert verify(linked, "--rev", "HEAD")["findings"] == []


def test_a_flipped_byte(linked: Repo) -> None:
    first = events(linked)[0]
    path = event_path(first.hash)
    linked.write(path, linked.read(path).replace("train", "trbin"))
    for args in ((), ("--full",)):
        found = verify(linked, *args, code=1)["findings"]
        assert (found[0]["kind"], found[0]["path"]) == ("changed-event", path)
    linked.commit("Quietly")
    assert kinds(linked) == ["error changed-event", "error rewritten-event"]


def test_a_dropped_event_uncommitted_and_committed(linked: Repo) -> None:
    middle = events(linked)[1]
    (linked.path / event_path(middle.hash)).unlink()
    expected = ["error missing-parent", "error removed-event", "error stray-marker"]
    assert kinds(linked) == expected
    linked.commit("Quietly")
    assert kinds(linked) == expected
    assert kinds(linked, "--rev", "HEAD~1", code=0) == []


def test_a_truncated_tail_with_its_markers_put_right(linked: Repo) -> None:
    *_, before, last = events(linked)
    (linked.path / event_path(last.hash)).unlink()
    (linked.path / HEADS / last.hash).rename(linked.path / HEADS / before.hash)
    (linked.path / TIPS / f"{key_of(last.subject)}-{last.hash}").unlink()
    linked.commit("Quietly")
    assert kinds(linked) == ["error removed-event"]


def test_a_truncated_tail_in_a_rewritten_history_needs_an_anchor(linked: Repo) -> None:
    (head,) = verify(linked)["heads"]
    linked.git("reset", "-q", "--hard", "HEAD~1")
    assert kinds(linked, code=0) == []  # nothing in Git tells of it any more
    assert kinds(linked, "--expected-head", head[:12], "--min-count", "3") == [
        "error lost-head",
        "error too-few-events",
    ]


def test_a_tag_finds_a_rewritten_history(linked: Repo) -> None:
    linked.labelmeta("ledger", "anchor", "--tag")
    assert verify(linked)["anchors"]["found"] == 1
    linked.git("reset", "-q", "--hard", "HEAD~1")
    assert kinds(linked) == ["error lost-head"]


def test_a_forged_event_that_follows_an_old_one(linked: Repo) -> None:
    first = events(linked)[0]
    forged = first._replace(parents=(first.hash,), total=5, at="2026-01-01T00:00:00Z")
    forge(linked, forged)
    found = kinds(linked)
    assert {"error clock-order", "error wrong-count", "error missing-marker"} <= {*found}


def test_swapped_files(linked: Repo) -> None:
    one, other, _ = (linked.path / event_path(each.hash) for each in events(linked))
    mine, its = one.read_bytes(), other.read_bytes()
    one.write_bytes(its)
    other.write_bytes(mine)
    assert kinds(linked)[:2] == ["error changed-event"] * 2


def test_files_that_do_not_belong(linked: Repo) -> None:
    first = events(linked)[0]
    linked.write(f"{EVENTS}/README", "hello")
    linked.write(f"{EVENTS}/00/{first.hash}.json", linked.read(event_path(first.hash)))
    (linked.path / EVENTS / "link").symlink_to("/etc/passwd")
    linked.write(f"{HEADS}/{'0' * 64}", "x")
    loose = json.dumps(value_of(first)).encode()
    linked.write(event_path(hashlib.sha256(loose).hexdigest()), loose)
    found = kinds(linked, "--full")
    assert sorted(found) == [
        "error filled-marker",
        "error special-file",
        "error uncanonical-event",
        "error unknown-file",
        "error unknown-file",
    ]


def test_markers_that_lie(linked: Repo) -> None:
    first, _, last = events(linked)
    (linked.path / HEADS / first.hash).touch()
    (linked.path / TIPS / f"{key_of(last.subject)}-{last.hash}").unlink()
    assert kinds(linked) == ["error missing-marker", "error stray-marker"]


def test_an_erased_person_without_a_redaction_and_with_one(linked: Repo) -> None:
    actor = events(linked)[0].actor
    (linked.path / PEOPLE / f"{actor}.json").unlink()
    assert kinds(linked) == ["error unopened-actor"]
    draft = Draft("redacted", f"person:{actor}", details={"removed": [actor]})
    add(linked, draft, actor="Bob <bob@example.org>")
    linked.commit("Redact")
    assert kinds(linked, code=0) == ["note other-author"]


def test_a_claim_that_git_and_dvc_do_not_bear_out(linked: Repo) -> None:
    real = next(one for one in events(linked) if one.subject == "split:data/dev.csv")
    data = {"hash": "md5", "value": "0" * 32}
    add(linked, Draft("relinked", real.subject, {**real.claims, "data": data}))
    linked.commit("Forge")
    found = verify(linked, code=1)["findings"]
    assert [one["kind"] for one in found] == ["wrong-claim"]
    assert "the hash of the data that DVC recorded" in found[0]["message"]
    add(linked, Draft("relinked", real.subject, real.claims))
    linked.commit("Tell what is true")
    assert kinds(linked, code=0) == ["warning wrong-claim"]
    fix = verify(linked)["findings"][0]["fix"]
    assert fix.endswith("if that was a mistake, nothing is left to mend")
    assert fix in linked.labelmeta("audit", code=None).out, "an audit says what to do, too"


def test_objects_that_replace_others_here_bear_nothing_out(linked: Repo) -> None:
    real = next(one for one in events(linked) if one.subject == "split:data/dev.csv")
    lie = {**real.claims, "data": {"hash": "md5", "value": "a" * 32}}
    add(linked, Draft("relinked", real.subject, lie))
    lied = linked.commit("Lie")
    for path in ("data/dev.csv.dvc", "data/dev.csv.labelmeta.yaml"):
        linked.write(path, linked.read(path).replace(real.claims["data"]["value"], "a" * 32))
    linked.commit("Bear it out")
    linked.git("replace", lied, "HEAD")
    linked.git("reset", "-q", "--hard", lied)
    assert linked.read("data/dev.csv.dvc").count("a" * 32) == 1, "Git itself is deceived"
    linked.git("--no-replace-objects", "reset", "-q", "--hard", lied)
    assert kinds(linked) == ["error wrong-claim"]


def test_a_guideline_that_nobody_has(linked: Repo) -> None:
    claims = {"version": "9.0.0", "object": "1" * 40}
    add(linked, Draft("released", "guideline:tone", claims))
    linked.commit("Forge")
    (found,) = verify(linked, code=1)["findings"]
    assert "release 9.0.0 of guideline tone is not there" in found["message"]
    assert "the content 111111111111 of guideline tone is not there" in found["message"]


def test_records_are_held_against_the_commit(linked: Repo) -> None:
    sidecar_file = "data/dev.csv.labelmeta.yaml"
    text = '{"id": "1"}\n'
    linked.write("data/dev.jsonl", text)
    linked.write(sidecar_file, linked.read(sidecar_file) + "    annotations: {path: dev.jsonl}\n")
    one = sidecar(sidecar_file, yaml.safe_load(linked.read(sidecar_file)))
    hashes = {
        "md5": hashlib.md5(text.encode()).hexdigest(),
        "git": linked.git("hash-object", "data/dev.jsonl"),
    }
    (layer,) = one.layers
    add(linked, Draft("relabelled", "split:data/dev.csv", split_claims(one, {layer.name: hashes})))
    linked.commit("Label")
    assert kinds(linked, code=0) == []
    hashes |= {"md5": "0" * 32}
    add(linked, Draft("relabelled", "split:data/dev.csv", split_claims(one, {layer.name: hashes})))
    linked.commit("Forge")
    (found,) = verify(linked, code=1)["findings"]
    assert "the MD5 of data/dev.jsonl in Git is " in found["message"]


def test_runs_are_held_against_dvc_lock(linked: Repo) -> None:
    linked.labelmeta("ledger", "record")
    linked.commit("Record")
    runs = [one for one in events(linked) if one.subject.startswith("stage:")]
    assert runs
    assert verify(linked)["claims"] == {"checked": 3 + len(runs), "unchecked": {}}
    outs = dict.fromkeys(runs[0].claims["outs"], "0" * 32)
    add(linked, Draft("transformed", runs[0].subject, {**runs[0].claims, "outs": outs}))
    linked.commit("Forge")
    (found,) = verify(linked, code=1)["findings"]
    assert "outs.model.txt of dvc.lock is " in found["message"]


def test_an_event_that_its_commit_is_older_than(linked: Repo) -> None:
    add(linked, note(1), at="2026-02-01T00:00:00Z")
    linked.commit("From the future")
    assert kinds(linked, code=0) == ["warning after-commit"]


def test_a_back_dated_fork(linked: Repo) -> None:
    first = events(linked)[0]
    add(linked, note(1), at="2026-03-01T09:00:00Z")
    linked.commit("Audit", date="2026-03-01T09:00:00+00:00")
    forged = first._replace(type="audited", subject="project:", parents=(first.hash,), claims={})
    hash_ = forge(linked, forged._replace(total=2))
    (linked.path / HEADS / hash_).touch()
    (linked.path / TIPS / f"{key_of('project:')}-{hash_}").touch()
    linked.commit("Quietly", date="2026-03-02T09:00:00+00:00")
    assert kinds(linked, code=0) == ["warning fork", "note back-dated"]
    add(linked, note(2), at="2026-03-03T09:00:00Z")
    linked.commit("Join", date="2026-03-03T09:00:00+00:00")
    assert kinds(linked, code=0) == ["note back-dated"], "a join does not hide it"


def test_an_evil_merge_drops_the_events_of_a_branch(linked: Repo) -> None:
    linked.git("checkout", "-q", "-b", "side")
    add(linked, note(1))
    linked.commit("Audit")
    linked.git("checkout", "-q", "main")
    linked.commit("Something else")
    linked.git("merge", "-q", "-s", "ours", "-m", "Merge", "side")
    (found,) = verify(linked, code=1)["findings"]
    assert found["kind"] == "removed-event"
    assert "a merge left it out" in found["message"]


def test_a_revert_is_found_and_undone(linked: Repo) -> None:
    add(linked, note(1))
    linked.commit("Audit")
    assert kinds(linked, code=0) == []
    linked.git("revert", "--no-edit", "HEAD")
    assert kinds(linked) == ["error removed-event"]
    linked.git("revert", "--no-edit", "HEAD")
    assert kinds(linked, code=0) == ["warning rewritten-event"]


def test_a_later_run_verifies_what_is_new_and_is_not_deceived(linked: Repo) -> None:
    assert verify(linked)["verified_before"] == 0
    add(linked, note(1), note(2))
    found = verify(linked)
    assert (found["events"], found["verified_before"], found["uncommitted"]) == (5, 3, 2)
    linked.commit("Audit")
    assert verify(linked)["verified_before"] == 3
    found = verify(linked)
    assert (found["verified_before"], found["claims"]["checked"]) == (5, 3)
    whole = verify(linked, "--full")
    assert whole | {"verified_before": 5} == found
    first = events(linked)[0]
    path = event_path(first.hash)
    content = linked.read(path)
    linked.write(path, content.replace("train", "trbin"))
    assert "error changed-event" in kinds(linked)
    linked.write(path, content)
    cache = linked.path / ".labelmeta/cache/ledger/verified.json"
    for damage in (b"", b"x\n{}", cache.read_bytes().replace(b'"0.', b'"9.')):
        cache.write_bytes(damage)
        assert verify(linked)["verified_before"] == 0
        assert verify(linked)["verified_before"] == 5


def test_what_is_new_is_judged_as_it_is_in_a_full_run(linked: Repo) -> None:
    verify(linked)
    first = events(linked)[0]
    forged = forge(linked, first._replace(parents=(first.hash,), total=7, claims={}))
    linked.write(f"{EVENTS}/junk", "x")
    found = kinds(linked)
    assert sorted(found) == sorted(kinds(linked, "--full"))
    assert "error wrong-count" in found
    (linked.path / EVENTS / "junk").unlink()
    (linked.path / event_path(forged)).unlink()
    assert kinds(linked, code=0) == []


@pytest.fixture(scope="module")
def branches(built_linked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with branches `one` and `other`, each with 50 events of its own."""
    target = tmp_path_factory.mktemp("branches") / "project"
    shutil.copytree(built_linked, target, symlinks=True)
    repo = Inside(target)
    for name in ("one", "other"):
        repo.git("checkout", "-q", "-b", name, "main")
        for number in range(5):
            add(repo, *(note(10 * number + each) for each in range(10)), actor=f"{name} <x@y>")
            repo.commit(f"{name} {number}")
    repo.git("checkout", "-q", "main")
    return target


def test_two_branches_of_50_events_merge_in_either_order(
    branches: Path, tmp_path: Path, new_repo: Callable[[str], Repo]
) -> None:
    results = []
    for order in (("one", "other"), ("other", "one")):
        repo = Inside(tmp_path / order[0])
        shutil.copytree(branches, repo.path, symlinks=True)
        for name in order:
            repo.git("merge", "-q", "--no-ff", "-m", f"Merge {name}", name)
        found = verify(repo, "--full")
        assert [one["kind"] for one in found["findings"]] == [
            "fork",
            "other-author",
            "other-author",
        ]
        assert {one["severity"] for one in found["findings"]} == {"note"}
        assert (found["events"], len(found["heads"])) == (103, 2)
        names = {path.name for path in (repo.path / EVENTS).rglob("*.json")}
        results.append((names, found["heads"], repo.git("rev-parse", "HEAD^{tree}")))
        add(repo, note(99))
        repo.commit("Join")
        joined = verify(repo)
        assert (joined["verified_before"], len(joined["heads"])) == (103, 1)
        assert "fork" not in {one["kind"] for one in joined["findings"]}
    assert results[0] == results[1]


def test_a_squash_merge_leaves_a_fork_that_no_merge_explains(
    branches: Path, tmp_path: Path
) -> None:
    repo = Inside(tmp_path / "project")
    shutil.copytree(branches, repo.path, symlinks=True)
    repo.git("merge", "-q", "one")
    repo.git("merge", "-q", "--squash", "other")
    repo.commit("Squash")
    assert "warning fork" in kinds(repo, code=0)


def test_a_shallow_clone_says_what_it_could_not_check(linked: Repo, tmp_path: Path) -> None:
    linked.git("clone", "-q", "--depth", "1", linked.path.as_uri(), str(tmp_path / "clone"))
    found = verify(Inside(tmp_path / "clone"))
    assert found["claims"] == {
        "checked": 0,
        "unchecked": {"events whose commit this shallow clone does not hold": 3},
    }
    told = Inside(tmp_path / "clone").labelmeta("ledger", "verify").out
    assert "0 anchors: nothing wrong in what was checked\n" in told
    assert "intact" not in told


def test_a_head_that_is_too_short_is_refused(linked: Repo) -> None:
    assert "12 to 64" in linked.labelmeta("ledger", "verify", "--expected-head", "abc", code=2).err


def test_a_project_without_a_ledger(project: Repo) -> None:
    assert project.labelmeta("ledger", "verify").out.startswith("the ledger holds no event")


ODD: list[tuple[str, dict[str, Any]]] = [
    ("split:data/dev.csv", {"data": [], "layers": {"x": 5}}),
    ("split:data/dev.csv", {"layers": []}),
    ("split:data/dev.csv", {"data": {"hash": 1, "value": {}}, "layers": {"x": {"records": 1}}}),
    ("split:data/dev.csv", {"layers": {"labels": {"records": {"path": "/../../x", "md5": 1}}}}),
    (
        "split:data/dev.csv",
        {"layers": {"labels": {"guideline": [], "object": "x", "version": "1"}}},
    ),
    ("split:../../etc/passwd", {"data": {}}),
    ("split:/etc/passwd", {}),
    ("split:a\nb", {"data": {}}),
    ("split:", {"layers": {}}),
    ("stage:", {"cmd": "x"}),
    ("stage:dvc.yaml:train", {"outs": []}),
    ("stage:data/train.csv.dvc:x", {"deps": {}}),
    ("guideline:tone", {"object": 7, "version": []}),
    ("guideline:tone", {"object": "--help", "version": "1", "approved_by": []}),
    ("guideline:other", {"object": "1" * 40, "version": "1"}),
    ("waiver:LM101:x", {"until": "2026-01-01"}),
]


@pytest.mark.parametrize("details", [{}, {"commit": "x\ny"}, {"commit": 5}, {"commit": "--all"}])
def test_claims_of_any_shape_are_judged(linked: Repo, details: dict[str, Any]) -> None:
    for subject, claims in ODD:
        add(linked, Draft("relinked", subject, claims, {**details, "removed": 5}))
        linked.commit("Odd")
    found = verify(linked, code=1 if not isinstance(details.get("commit"), str) else None)
    assert {one["kind"] for one in found["findings"]} == {"wrong-claim"}
    assert found["events"] == 3 + len(ODD)


def test_names_that_git_does_not_expect(linked: Repo) -> None:
    linked.write(f"{EVENTS}/new\nline", "x")
    linked.write("labelmeta/ledger/é.txt", "x")
    linked.commit("Odd", date="2026-01-05T09:00:00+00:00")
    assert kinds(linked) == ["error unknown-file"] * 2
    assert kinds(linked, "--rev", "HEAD") == ["error unknown-file"] * 2


def test_a_project_below_the_top_level(linked: Repo, tmp_path: Path) -> None:
    outer = Inside(tmp_path / "outer")
    outer.path.mkdir()
    outer.git("init", "-q", "-b", "main")
    shutil.copytree(linked.path, outer.path / "inner", ignore=shutil.ignore_patterns(".git"))
    outer.commit("All at once")
    inner = Inside(outer.path / "inner")
    found = verify(inner)
    assert (found["events"], found["claims"]["checked"]) == (3, 3)
    assert {one["kind"] for one in found["findings"]} <= {"wrong-claim"}
    add(inner, note(1))
    outer.commit("Audit")
    assert verify(inner)["events"] == 4
