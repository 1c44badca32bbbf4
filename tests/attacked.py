"""A project whose ledger is attacked: several people, a merge, a release, an erasure, anchors."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dvc_labelmeta.model.event import Draft, Stamp, person_path
from dvc_labelmeta.read.ledger import Disk, key_of, ledger
from dvc_labelmeta.write.edits import apply
from dvc_labelmeta.write.ledger import Before, appended
from tests.inside import Inside
from tests.repo import Repo
from tests.ssh import Keys

PEOPLE = ("Ada", "Bob", "Cid")


def add(root: Path, who: str, at: str, *drafts: Draft) -> None:
    """Write events as commands do."""
    known = ledger(Disk(str(root)))
    keys = {one.subject: key_of(one.subject) for one in drafts}
    tips = {subject: known.tips.get(key, ()) for subject, key in keys.items()}
    heads = tuple(head.hash for head in known.heads)
    before = Before(heads, known.total, tips, known.people, keys)
    apply(str(root), appended(before, Stamp(who, at), drafts).edits)


def mail(who: str) -> str:
    """Return somebody as Git names people."""
    return f"{who} <{who.lower()}@example.org>"


class Team:
    """A repository in which several people work, each day one of them."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.env: dict[str, str] = {}
        self.at = ""

    def day(self, number: int, who: str) -> None:
        """Begin a day of somebody."""
        self.at = f"2026-01-{number:02}T09:00:00Z"
        self.env = {}
        for role in ("AUTHOR", "COMMITTER"):
            self.env |= {
                f"GIT_{role}_NAME": who,
                f"GIT_{role}_EMAIL": f"{who.lower()}@example.org",
                f"GIT_{role}_DATE": self.at,
            }

    def git(self, *args: str) -> str:
        """Run Git as whoever works."""
        return self.repo.git(*args, **self.env)

    def do(self, *args: str) -> None:
        """Run labelmeta as whoever works."""
        self.repo.labelmeta(*args, **self.env)

    def commit(self, message: str, *, trailer: bool = False) -> None:
        """Commit everything."""
        more = ("--trailer", self.repo.labelmeta("ledger", "anchor").out.strip()) if trailer else ()
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, *more)

    def tell(self, *drafts: Draft) -> None:
        """Add events of no command."""
        who = self.env["GIT_AUTHOR_NAME"]
        add(self.repo.path, mail(who), self.at, *drafts)


def note(text: str) -> Draft:
    """Return an event that claims nothing."""
    return Draft("audited", "project:", details={"rules": 3}, note=text)


def track(repo: Repo, path: str, content: str) -> None:
    """Write a file and its `.dvc` file as `dvc add` would."""
    raw = content.encode()
    repo.write(path, raw)
    digest = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    name = Path(path).name
    repo.write(
        f"{path}.dvc", f"outs:\n- md5: {digest}\n  size: {len(raw)}\n  hash: md5\n  path: {name}\n"
    )


def annotate(repo: Repo, split: str, name: str) -> None:
    """Have a sidecar name a file of records."""
    path = f"data/{split}.csv.labelmeta.yaml"
    repo.write(path, repo.read(path) + f"    annotations: {{path: {name}}}\n")


def build(repo: Inside, keys: Keys | None) -> None:
    """Build it in an empty folder: the tags labelmeta/<n> are there, the last one signed."""
    repo.git("init", "-q", "-b", "main", "--template=")
    if keys is not None:
        keys.configure(repo, "ada")
    repo.write(".gitignore", "/data/*.csv\n/data/train.jsonl\n/.labelmeta/\n")
    repo.write(".dvc/config", "")
    repo.write("guidelines/tone/guideline.yaml", repo.guideline_yaml("tone", "1.0.0"))
    repo.write("labelmeta.yaml", "version: 1\nguidelines:\n  tone: {path: guidelines/tone}\n")
    for split in ("train", "dev", "test"):
        track(repo, f"data/{split}.csv", f"id,label\n1,{split}\n")
    team = Team(repo)
    team.day(5, "Ada")
    team.commit("Add data and a guideline")
    team.day(6, "Ada")
    splits = [f"data/{split}.csv" for split in ("train", "dev", "test")]
    team.do("link", *splits, "--guideline", "tone", "--mode", "backward")
    team.commit("Link the splits", trailer=True)
    _branches(team)
    _later(team, keys)


def _branches(team: Team) -> None:
    repo = team.repo
    repo.git("checkout", "-q", "-b", "side")
    team.day(7, "Bob")
    repo.write("data/dev.jsonl", '{"id": "1"}\n')
    annotate(repo, "dev", "dev.jsonl")
    team.do("ledger", "record", "--note", "Labels came from a tool.")
    team.tell(note("Looked at dev."))
    team.commit("Label dev", trailer=True)
    repo.git("checkout", "-q", "main")
    team.day(8, "Ada")
    repo.write("guidelines/tone/guideline.yaml", repo.guideline_yaml("tone", "1.0.0", "happy"))
    team.commit("Word tone anew")
    how = ("--bump", "major", "--approved-by", "Bob:expert", "--note", "Happy.")
    team.do("guideline", "release", "tone", *how)
    team.commit("Release tone")
    team.do("link", "data/train.csv", "data/test.csv")
    team.commit("Link anew", trailer=True)
    team.day(9, "Ada")
    team.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")


def _later(team: Team, keys: Keys | None) -> None:
    repo = team.repo
    team.day(10, "Bob")
    team.do("link", "data/dev.csv")
    track(repo, "data/train.jsonl", '{"id": "1"}\n')
    annotate(repo, "train", "train.jsonl")
    team.do("ledger", "record")
    team.commit("Label train", trailer=True)
    team.day(11, "Cid")
    team.tell(Draft("waived", "waiver:LM203:data/dev.csv", note="Known."), note("One"), note("Two"))
    team.commit("Waive and audit", trailer=True)
    team.do("ledger", "anchor", "--tag")
    team.day(12, "Ada")
    cid = ledger(Disk(str(repo.path))).people[mail("Cid")]
    team.tell(Draft("redacted", f"person:{cid}", details={"removed": [cid]}, note="Asked for."))
    (repo.path / person_path(cid)).unlink()
    team.commit("Take Cid out")
    team.day(13, "Ada")
    team.tell(note("Three"), note("Four"))
    team.do("unlink", "data/test.csv")
    team.commit("Unlink test", trailer=True)
    team.do("ledger", "anchor", "--tag", *(("--sign",) if keys else ()))
    team.day(14, "Bob")
    team.do("link", "data/test.csv", "--guideline", "tone", "--mode", "frozen")
    team.tell(note("Five"), note("Six"))
    team.commit("Link test again", trailer=True)
