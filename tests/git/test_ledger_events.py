"""Which events the commands write, from outside: a small project lives, and its ledger is read."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dvc_labelmeta.model.event import Draft, Stamp, event_path, opening, person_path
from dvc_labelmeta.read.ledger import Disk, key_of, ledger
from dvc_labelmeta.write.edits import apply
from dvc_labelmeta.write.ledger import Before, appended
from tests.killed import killed
from tests.repo import Repo

pytestmark = pytest.mark.inside

TRAIN, SPACED = "data/train.csv", "data/für später.csv"
RECORDS = f"{TRAIN}.annotations.jsonl"
SALT = {"LABELMETA_SALT": "a long text of the team"}
MAPPING = """schema: labelmeta/mapping/v1
columns: {item: doc, label: answer, annotator: worker, annotated_at: at, batch: lot}
id: [doc, worker]
constants: {tool: form, annotator_type: person, status: submitted, guideline_version: "1.0.0"}
"""
TABLE = """doc,worker,answer,at,lot
1,W1,pos,2026-01-10T09:00:00Z,first
1,W2,neg,2026-01-10T09:00:00Z,second
"""
MIGRATION = 'schema: labelmeta/migration/v1\nfrom: "1.0.0"\nto: "2.0.0"\n'
Event = dict[str, Any]


def events(repo: Repo, folder: str = ".") -> list[Event]:
    """Return all events, oldest first, each with its hash; holds names and markers to them."""
    root = repo.path / folder / "labelmeta/ledger"
    found: dict[str, Event] = {}
    for path in root.glob("events/*/*.json"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
        assert path.parent.name == path.stem[:2]
        found[path.stem] = json.loads(path.read_text()) | {"hash": path.stem}
    parents = {parent for one in found.values() for parent in one["parents"]}
    assert parents <= found.keys()
    assert {path.name for path in root.glob("heads/*")} == found.keys() - parents
    told = sorted(found.values(), key=lambda one: (one["count"], one["hash"]))
    last = {one["subject"]: one["hash"] for one in told}
    assert all(Path(person_path(one["actor"])).name in os.listdir(root / "people") for one in told)
    tips = {path.name for path in root.glob("tips/*")}
    assert tips >= {f"{key_of(subject)}-{hash_}" for subject, hash_ in last.items()}
    assert {name.partition("-")[2] for name in tips} <= found.keys()
    return told


def chain(repo: Repo, folder: str = ".") -> list[Event]:
    """Return the events of a ledger in which nothing forks."""
    told = events(repo, folder)
    assert [one["count"] for one in told] == [*range(1, len(told) + 1)]
    before = [[], *([one["hash"]] for one in told)]
    assert [one["parents"] for one in told] == before[: len(told)]
    tips = os.listdir(repo.path / folder / "labelmeta/ledger/tips") if told else []
    assert len(tips) == len({one["subject"] for one in told})
    return told


def add_as_told(repo: Repo, out: str, cwd: str = ".") -> None:
    """Run the `git add` that a command printed; then nothing else is left to add."""
    (line,) = re.findall(r"^next: (git .*?)(?: && git commit)?$", out, re.MULTILINE)
    repo.run("sh", "-c", line, cwd=cwd)
    left = repo.git("status", "--porcelain", "-uall").splitlines()
    assert [row for row in left if row[1] != " "] == [], "something was not added"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data in Git, a guideline, nothing linked."""
    repo = Repo(tmp_path_factory.mktemp("events") / "project")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.write("guidelines/tone/guideline.yaml", repo.guideline_yaml("tone", "1.0.0"))
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: guidelines/tone}\n")
    for path in (TRAIN, SPACED):
        repo.write(path, f"of {path}\n")
    repo.write("labels.csv", TABLE)
    repo.write("map.yaml", MAPPING)
    repo.commit("Start")
    return repo.path


@pytest.fixture
def small(started: Path, tmp_path: Path, new_repo: Callable[[str], Repo]) -> Repo:
    repo = new_repo("small")
    shutil.copytree(started, repo.path, symlinks=True, dirs_exist_ok=True)
    return repo


class Told(NamedTuple):
    """What is expected of one event: claims of the first layer, or of a guideline."""

    type: str
    subject: str
    claims: Mapping[str, Any] = {}
    details: Mapping[str, Any] = {}
    note: str = ""


def told(one: Event) -> Told:
    layer = one["claims"].get("layers", {}).get("labels", one["claims"])
    claims = {key: layer[key] for key in ("version", "mode", "approved_by") if key in layer}
    details, note = one.get("details", {}), one.get("note", "")
    return Told(one["type"], one["subject"], claims, details, note)


def new_events(repo: Repo, *args: str, code: int = 0) -> tuple[list[Told], str]:
    """Run a command; return the events that it wrote, and what it printed."""
    before = len(chain(repo))
    dry = repo.labelmeta(*args, "--dry-run", code=code, **SALT).out
    assert len(chain(repo)) == before
    assert repo.git("status", "--porcelain") == ""
    out = repo.labelmeta(*args, code=code, **SALT).out
    new = [told(one) for one in chain(repo)[before:]]
    says = [f"{one.type} {one.subject.partition(':')[2]}" for one in new]
    assert re.findall(r"^would record (.*)$", dry, re.MULTILINE) == says
    assert re.findall(r"^record (.*) \(\w{12}\)$", out, re.MULTILINE) == says
    return new, out


def linked_to(version: str, mode: str = "backward") -> dict[str, str]:
    return {"version": version, "mode": mode}


def reword(repo: Repo, version: str, definition: str) -> str:
    more = {"approved_by": "[{name: Grace}]", "change_note": f"What {version} is."}
    text = repo.guideline_yaml("tone", version, definition, **more)
    repo.write("guidelines/tone/guideline.yaml", text)
    return repo.commit(f"Reword to {version}")


def test_each_command_tells_what_it_did(small: Repo) -> None:
    """One life of a project; after each command all it wrote is committed."""
    train, spaced, moved = (f"split:{path}" for path in (TRAIN, SPACED, "data/late.csv"))
    found, out = new_events(small, "link", TRAIN, SPACED, "--guideline", "tone")
    assert found == [Told("linked", one, linked_to("1.0.0")) for one in (train, spaced)]
    add_as_told(small, out)
    first = small.commit("Link")
    last = chain(small)[0]
    assert last["claims"]["data"]["value"] == small.git("rev-parse", f"HEAD:{TRAIN}")
    assert last["claims"]["layers"]["labels"]["object"] == small.git(
        "rev-parse", "HEAD:guidelines/tone"
    )
    assert small.labelmeta("link", TRAIN).out.endswith("nothing to change\n")

    args = ("annotations", "import", "table", "labels.csv", "--mapping", "map.yaml")
    found, out = new_events(small, *args, "--split", TRAIN)
    salt = re.search(r"salt: \"?(\w+)", small.read(f"{TRAIN}.labelmeta.yaml"))
    assert salt
    details = {
        "layer": "labels", "platform": "table", "source": "labels.csv", "salt": salt[1],
        "sha256": hashlib.sha256(TABLE.encode()).hexdigest(), "batches": ["first", "second"],
        "new": 2, "there_already": 0, "left_out": 0,
    }  # fmt: skip
    assert found == [Told("imported", train, linked_to("1.0.0"), details)]
    add_as_told(small, out)
    small.commit("Import")
    records = chain(small)[-1]["claims"]["layers"]["labels"]["records"]
    assert records["git"] == small.git("rev-parse", f"HEAD:{RECORDS}")
    assert new_events(small, *args, "--split", TRAIN)[0] == [], "nothing new, nothing told"

    found, out = new_events(small, "guideline", "release", "tone", "--effective-from", "2026-02-01")
    grown = {"effective_from": "2026-02-01"}
    assert found == [Told("released", "guideline:tone", {"version": "1.0.0"}, grown)]
    add_as_told(small, out)
    small.commit("Release 1.0.0")
    reword(small, "2.0.0", "delighted")
    small.write("guidelines/tone.migrations/2.0.0.yaml", MIGRATION)
    small.commit("Migration")
    found, out = new_events(small, "guideline", "release", "tone", "--effective-from", "2026-03-01",
                            "--approved-by", "Grace")  # fmt: skip
    (one,) = found
    people = [json.loads(small.read(person_path(name))) for name in one.claims["approved_by"]]
    assert [person["name"] for person in people] == ["Grace"]
    assert one.details == {"effective_from": "2026-03-01", "bump": "major"}
    assert (one.type, one.note) == ("released", "What 2.0.0 is.")
    add_as_told(small, out)
    released = small.commit("Release 2.0.0")

    found, out = new_events(small, "migrate", TRAIN, "--to", "2.0.0")
    details = {
        "layer": "labels", "from": [{"version": "1.0.0", "records": 2}], "to": "2.0.0",
        "carried": 2, "left": 0,
    }  # fmt: skip
    assert found == [Told("migrated", train, linked_to("2.0.0"), details)]
    add_as_told(small, out)
    small.commit("Migrate")
    found, out = new_events(small, "link", "--all")
    assert found == [Told("relinked", spaced, linked_to("2.0.0"))]
    add_as_told(small, out)
    small.commit("Follow")

    small.git("mv", SPACED, "data/late.csv")
    small.commit("Rename")
    found, out = new_events(small, "mv", SPACED, "data/late.csv")
    assert found == [
        Told("moved", moved, linked_to("2.0.0"), {"from": SPACED}),
        Told("moved", spaced, {}, {"to": "data/late.csv"}),
    ]
    add_as_told(small, out)
    small.commit("Follow the name")

    found, out = new_events(small, "rollback", "tone", TRAIN, "--to", first)
    back = {"to": first, "commit": first}
    assert found == [
        Told("rolled-back", train, linked_to("1.0.0"), back),
        Told("rolled-back", "guideline:tone", {"version": "1.0.0"}, back),
    ]
    add_as_told(small, out)
    small.commit("Back")
    found, _ = new_events(small, "rollback", "tone", "--to", released)
    assert [(one.type, one.claims) for one in found] == [("rolled-back", {"version": "2.0.0"})]
    small.commit("Forth")
    assert new_events(small, "rollback", "tone", "--to", "2.0.0")[0] == [], "nothing goes back"

    found, out = new_events(small, "unlink", "data/late.csv")
    assert found == [Told("unlinked", moved)]
    add_as_told(small, out)
    assert len(chain(small)) == 13


def test_a_link_mended_and_records_written_by_hand(small: Repo) -> None:
    small.labelmeta("link", TRAIN, "--guideline", "tone")
    small.write(f"{TRAIN}.labelmeta.yaml", small.read(f"{TRAIN}.labelmeta.yaml").replace(
        "    guideline:", f"    annotations: {{path: {Path(RECORDS).name}}}\n    guideline:"
    ))  # fmt: skip
    small.write(RECORDS, "{}\n")
    small.commit("Link, with records")
    assert [one.type for one in new_events(small, "link", TRAIN)[0]] == ["relinked"]
    small.git("checkout", "-q", "--orphan", "squashed")
    small.commit("All of it", "2026-01-06T09:00:00+00:00")
    small.git("branch", "-qD", "main")
    small.git("reflog", "expire", "--expire=now", "--all")
    small.git("gc", "-q", "--prune=now")
    found, _ = new_events(small, "link", "--repair")
    assert [(one.type, one.subject) for one in found] == [("repaired", f"split:{TRAIN}")]
    commit = chain(small)[-1]["claims"]["layers"]["labels"]["commit"]
    assert commit == small.git("rev-parse", "HEAD")


def test_branches_that_linked_and_labelled_the_same_split_are_merged(small: Repo) -> None:
    def link(message: str) -> list[str]:
        small.commit(message)
        out = small.labelmeta("link", TRAIN, "--guideline", "tone", **SALT).out
        small.commit(f"{message}, told")
        return re.findall(r"^record (\S+) ", out, re.MULTILINE)

    name = f"{TRAIN}.labelmeta.yaml"
    assert link("Begin") == ["linked"]
    records = f"    annotations: {{path: {Path(RECORDS).name}}}\n    guideline:"
    small.write(name, small.read(name).replace("    guideline:", records))
    small.write(RECORDS, "{}\n")
    assert link("Name records") == ["relinked"]
    small.git("checkout", "-q", "-b", "side")
    small.write(RECORDS, '{"id": "1"}\n')
    assert link("Label") == ["relabelled"]
    small.git("checkout", "-q", "main")
    small.write(name, small.read(name).replace("mode: backward", "mode: full"))
    assert link("Full") == ["relinked"]
    small.git("merge", "-q", "-m", "Merge", "side")
    assert link("Merged") == ["merged"], "neither the link nor the labels were made again"


def test_a_retired_guideline_and_output_as_json(small: Repo) -> None:
    small.labelmeta("--quiet", "guideline", "release", "tone")
    small.commit("Release")
    text = small.guideline_yaml("tone", "1.0.0", status="retired")
    small.write("guidelines/tone/guideline.yaml", text)
    small.commit("Retire")
    assert small.labelmeta("--quiet", "guideline", "release", "tone").out == ""
    assert [one["type"] for one in chain(small)] == ["released", "retired"]
    assert chain(small)[1]["details"]["bump"] == "patch"
    small.commit("Release what is retired")
    small.labelmeta("link", TRAIN, "--guideline", "tone")
    first = small.commit("Link")
    small.labelmeta("link", TRAIN, "--mode", "full")
    small.commit("Link otherwise")
    back = small.labelmeta("rollback", TRAIN, "--to", first, "--format", "json").out
    assert "labelmeta/ledger" not in str(json.loads(back)["files"])
    args = ("--mapping", "map.yaml", "--split", TRAIN, "--format", "json")
    small.labelmeta("annotations", "import", "table", "labels.csv", *args, **SALT)
    assert [one["type"] for one in chain(small)[2:]] == [
        "linked", "relinked", "rolled-back", "imported",
    ]  # fmt: skip


def test_who_acts_is_asked_before_anything_is_written(small: Repo) -> None:
    nobody = {
        "GIT_AUTHOR_NAME": "", "GIT_AUTHOR_EMAIL": "", "GIT_COMMITTER_EMAIL": "", "EMAIL": "",
    }  # fmt: skip
    small.git("config", "user.useConfigOnly", "true")
    small.labelmeta("link", TRAIN, "--guideline", "tone")
    small.commit("Link")
    small.git("config", "user.name", "")
    for command in (
        ("link", TRAIN, "--mode", "full"),
        ("annotations", "import", "table", "labels.csv", "--mapping", "map.yaml",
         "--split", TRAIN),
    ):  # fmt: skip
        ran = small.labelmeta(*command, code=2, **nobody, **SALT)
        assert "git config user.name NAME" in ran.err
        assert "labelmeta --actor NAME" in ran.err
        assert small.git("status", "--porcelain") == ""
    small.labelmeta("--actor", "Ada Byron <ada@example.org>", *command, **nobody, **SALT)
    small.labelmeta("link", TRAIN, "--mode", "full", LABELMETA_ACTOR="CI", **nobody)
    actors = [json.loads(small.read(person_path(one["actor"])))["name"] for one in chain(small)]
    assert actors == ["Ada <ada@example.org>", "Ada Byron <ada@example.org>", "CI"]
    assert {one["at"] for one in chain(small)} == {"2026-01-05T09:00:00Z"}


def test_a_ledger_whose_heads_are_gone_does_not_begin_anew(small: Repo) -> None:
    small.labelmeta("link", "data/train.csv", "--guideline", "tone")
    names = list((small.path / "labelmeta/ledger/heads").iterdir())
    assert names
    for name in names:
        name.unlink()
    for args in (
        ("unlink", "data/train.csv"),
        ("ledger", "record", "--note", "x"),
        ("ledger", "log"),
    ):
        told = small.labelmeta(*args, code=2).err
        assert "labelmeta/ledger/heads names no event, though labelmeta/ledger/tips does" in told
    assert not list((small.path / "labelmeta/ledger/heads").glob("*"))


def test_a_broken_ledger_is_not_added_to(small: Repo) -> None:
    small.labelmeta("link", TRAIN, "--guideline", "tone")
    small.commit("Link")
    path = event_path(chain(small)[0]["hash"])
    text = small.read(path)
    for broken in (None, text.replace("linked", "unlinked")):
        (small.path / path).unlink() if broken is None else small.write(path, broken)
        before = small.git("status", "--porcelain", "-uall")
        err = small.labelmeta("link", SPACED, "--guideline", "tone", code=2).err
        assert "nothing was written, as the ledger is not whole" in err
        assert path in err
        assert "git checkout HEAD -- labelmeta/ledger" in err
        small.labelmeta("guideline", "new", "other", "--dry-run")
        assert small.git("status", "--porcelain", "-uall") == before
    small.git("checkout", "HEAD", "--", "labelmeta/ledger")
    small.labelmeta("link", SPACED, "--guideline", "tone")
    assert len(chain(small)) == 2


def test_none_where_the_ledger_is_off_or_nothing_is_linked_yet(small: Repo) -> None:
    small.dvc("init", "-q")
    small.labelmeta("init")
    assert chain(small) == []
    small.write("labelmeta.yaml", small.read("labelmeta.yaml") + "ledger: false\n")
    small.labelmeta("link", TRAIN, "--guideline", "tone")
    assert not (small.path / "labelmeta/ledger").exists()
    small.commit("Link without a ledger")
    text = small.read("labelmeta.yaml").replace("ledger: false\n", "")
    small.write("labelmeta.yaml", text)
    small.commit("Keep one from now on")
    found, out = new_events(small, "link", TRAIN)
    assert found == [Told("linked", f"split:{TRAIN}", linked_to("1.0.0"))], "it catches up"
    add_as_told(small, out)


def test_to_append_reads_the_end_only(small: Repo) -> None:
    small.labelmeta("link", TRAIN, "--guideline", "tone")
    known = ledger(Disk(str(small.path)))
    subjects = [f"waiver:LM105:data/{number}.csv" for number in range(100)]
    keys = {subject: key_of(subject) for subject in subjects}
    before = Before(tuple(h.hash for h in known.heads), known.total, {}, known.people, keys)
    drafts = [Draft("waived", subject, {"reason": "old"}) for subject in subjects]
    stamp = Stamp("Ada <ada@example.org>", "2026-01-06T09:00:00Z")
    apply(str(small.path), appended(before, stamp, drafts).edits)
    told = chain(small)
    for one in told[1:-1]:  # but for the last event of all, and that of the split
        (small.path / event_path(one["hash"])).unlink()
    small.labelmeta("link", TRAIN, SPACED, "--mode", "full", "--guideline", "tone")
    assert [one.total for one in ledger(Disk(str(small.path))).heads] == [103]


def test_two_projects_in_one_repository_and_branches_that_merge(
    small: Repo, new_repo: Callable[[str], Repo]
) -> None:
    repo = new_repo("mono")
    for name in ("a", "b"):
        shutil.copytree(small.path, repo.path / name, ignore=shutil.ignore_patterns(".git"))
    repo.commit("Two projects")
    for name in ("a", "b"):
        out = repo.labelmeta("link", TRAIN, "--guideline", "tone", cwd=name).out
        add_as_told(repo, out, cwd=name)
        repo.commit(f"Link in {name}")
        assert [one["subject"] for one in chain(repo, name)] == [f"split:{TRAIN}"]
    for branch, mode in (("left", "full"), ("right", "none")):
        repo.git("checkout", "-q", "-b", branch, "main")
        repo.labelmeta("link", SPACED, "--guideline", "tone", "--mode", mode, cwd="a")
        repo.commit(branch)
    repo.git("merge", "-q", "-X", "ours", "-m", "Join", "left")
    assert [one["count"] for one in events(repo, "a")] == [1, 2, 2]
    repo.labelmeta("link", SPACED, cwd="a")
    last = events(repo, "a")[-1]
    assert (last["count"], len(last["parents"])) == (4, 2)
    assert last["claims"]["layers"]["labels"]["mode"] == "none"
    assert len(chain(repo, "b")) == 1


def test_kill_between_any_two_writes_at_another_time_by_another_person(small: Repo) -> None:
    """Whoever runs the command again, the ledger holds each event once, and none is lost."""
    content = opening("Ada <ada@example.org>", "0" * 32)
    small.write(person_path(hashlib.sha256(content).hexdigest()), content)
    text = small.read("labelmeta.yaml")
    small.write("labelmeta.yaml", text.replace("version: 1\n", "version: 1\ngate: none\n"))
    small.labelmeta("link", TRAIN, "--guideline", "tone")
    small.commit("Link")
    command = ("link", TRAIN, SPACED, "--mode", "full", "--guideline", "tone")
    for number in range(100):
        ended = killed(small, number, *command)
        later = {"GIT_AUTHOR_DATE": "2026-01-09T09:00:00+00:00", "GIT_AUTHOR_NAME": "Grace"}
        small.labelmeta(*command, **later)
        told = chain(small)
        assert [(one["type"], one["subject"]) for one in told[1:]] == [
            ("relinked", f"split:{TRAIN}"), ("linked", f"split:{SPACED}"),
        ]  # fmt: skip
        assert "mode: full" in small.read(f"{SPACED}.labelmeta.yaml")
        assert {one["claims"]["layers"]["labels"]["mode"] for one in told[1:]} == {"full"}
        assert len({one["at"] for one in told[1:]}) == 1, "one command, told at one time"
        if ended.code == 0:
            break
        assert ended.code == 9, ended.err
        small.git("clean", "-qfd")
        small.git("checkout", "-q", "--", ".")
    assert number >= 9


def test_a_sidecar_is_about_the_data_that_it_names(small: Repo) -> None:
    small.labelmeta("link", TRAIN, "--guideline", "tone")
    small.commit("Link")
    assert small.codes() == []
    small.git("mv", f"{TRAIN}.labelmeta.yaml", "data/odd.labelmeta.yaml")
    assert small.codes() == ["LM112"]
    small.labelmeta("link", TRAIN, "--mode", "full")
    assert [(one["type"], one["subject"]) for one in chain(small)][1:] == [
        ("relinked", f"split:{TRAIN}")
    ]
    assert small.codes() == ["LM112"], "and the ledger agrees"
    assert "git mv data/odd.labelmeta.yaml data/train.csv.labelmeta.yaml" in (
        small.labelmeta("check", code=1).out
    )


def test_kill_and_never_again(small: Repo) -> None:
    """What a killed command claimed too early is a finding, and recording what is so mends it."""
    small.labelmeta("link", TRAIN, "--guideline", "tone")
    small.commit("Link")
    command = ("link", TRAIN, SPACED, "--mode", "full", "--guideline", "tone")
    seen = set()
    for number in range(100):
        ended = killed(small, number, *command)
        if ended.code == 0:
            break
        found = [one for one in small.findings() if one["code"] != "LM114"]
        assert {one["code"] for one in found} <= {"LM403"}
        seen.add(tuple(one["message"].partition(" (")[0] for one in found))
        assert all("labelmeta ledger record" in one["fix"] for one in found)
        small.labelmeta("ledger", "record")
        assert {*small.codes()} <= {"LM114"}
        assert not found or chain(small)[-1]["type"] in {"relinked", "unlinked"}
        small.git("clean", "-qfd")
        small.git("checkout", "-q", "--", ".")
    other = f"{TRAIN} is not linked as its last event says"
    lost = f"{SPACED} is not linked, and its last event says it is"
    assert seen == {(), (other,), (other, lost), (lost,)}
