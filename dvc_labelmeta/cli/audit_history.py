"""The histories of an audit: each new commit read and judged once, the others from the cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from dvc_labelmeta.checks.catalogue import judge
from dvc_labelmeta.checks.rule import PROJECT, SPLIT
from dvc_labelmeta.errors import BadConfig
from dvc_labelmeta.model.audit import Delta, Flaw, Spot
from dvc_labelmeta.model.config import CONFIG_FILE
from dvc_labelmeta.model.finding import Finding
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.read.audit_cache import Known, delta_of, plain
from dvc_labelmeta.read.git import Commit, Objects, Repository
from dvc_labelmeta.read.steps import Ancestry, Step, ahead, chain, steps
from dvc_labelmeta.read.walk import Walk

_T = TypeVar("_T")
# asked at the heads only: they look at several splits at once, which a commit did not all touch
ONLY_AT_HEADS = frozenset({"LM101", "LM107"})


class History(NamedTuple):
    """One branch: its commits by first parents, oldest first, and what they changed."""

    branch: str
    line: list[str]
    deltas: list[Delta]


def history(
    repository: Repository, objects: Objects, root: str, profile: str, branch: tuple[str, str],
    known: Known,
) -> History:  # fmt: skip
    """Return the history of a branch, (name, commit); what is new is added to `known`."""
    line = chain(repository.git, branch[1])
    start = max((at for at, commit in enumerate(line) if commit in known.heads), default=-1)
    if start < len(line) - 1:
        ancestry = Ancestry(repository.git, branch[1], line)
        at = (line[start] if start >= 0 else "", start)
        walk = Walk(repository, objects, root, profile, ancestry, at)
        for number, commit in enumerate(line[: start + 1]):
            if commit in known.deltas:
                _replay(walk, number, known.deltas[commit])
        for step in ahead(objects, steps(repository.git, branch[1], at[0])):
            delta = judged(walk, step)
            if delta is not None:
                known.deltas[step.hash] = delta_of(plain(delta))
        known.present |= {one: is_commit(objects, one) for one in sorted(walk.asked)}
        known.heads.add(branch[1])
        known.changed = True
    return History(branch[0], line, [known.deltas[one] for one in line if one in known.deltas])


def is_commit(objects: Objects, name: str) -> bool:
    """Whether a commit is in the repository."""
    found = objects.get(name)
    return found is not None and found[1] == "commit"


def _replay(walk: Walk, number: int, delta: Delta) -> None:
    spot = delta.spot
    walk.passed.at, here = number, walk.passed.at
    commit = Commit(spot.commit, spot.date, spot.author, delta.subject, delta.trailer)
    walk.passed.add(delta.guidelines, commit)
    walk.passed.at = here


def judged(walk: Walk, step: Step) -> Delta | None:
    """Return what a commit changed, None for nothing that an audit looks at."""
    before = {one.split for one in walk.found.values()}
    touched = walk.move(step)
    spot = Spot(step.hash, step.date, step.author)
    found = Delta(spot, step.subject, step.trailer, guidelines=touched.texts)
    if walk.broken:
        return found._replace(broken=walk.broken)
    events, removed = walk.events(step)
    asked = touched.sidecars or touched.guidelines
    if not (asked or events or removed or touched.strays or touched.settings):
        return None
    found = found._replace(events=events, removed=removed)
    if touched.settings:
        found = found._replace(settings=(walk.settings.ledger, walk.waivers()))
    if touched.strays:
        found = found._replace(strays=walk.strays())
    if not asked:
        return found
    snapshot = walk.part(touched)
    facts = walk.facts(snapshot, touched.sidecars)
    gone = before - {one.split for one in walk.found.values()}
    facts |= dict.fromkeys(sorted(gone))
    subjects = [f"split:{split}" for split in facts]
    subjects += [f"split:{path.removesuffix(SUFFIX)}" for path in touched.sidecars]
    subjects += [f"guideline:{id_}" for id_ in touched.guidelines]
    try:
        report = judge(snapshot, step.date, scopes=(SPLIT, PROJECT))
    except BadConfig as error:
        return found._replace(broken=str(error))
    flaws = by_subject(report.findings, sorted({*subjects}))
    return found._replace(splits=_new(walk.told, facts), flaws=_new(walk.told, flaws))


def _new(told: dict[str, object], found: Mapping[str, _T]) -> dict[str, _T]:
    """Return what is not as it was told last; a walk that begins in between tells all once."""
    new = {key: one for key, one in found.items() if told.get(key, told) != one}
    told.update(new)
    return new


def by_subject(findings: Iterable[Finding], subjects: Iterable[str]) -> dict[str, tuple[Flaw, ...]]:
    """Return the findings of some subjects, none for those that have none."""
    found: dict[str, list[Flaw]] = {subject: [] for subject in subjects}
    for one in _flaws(findings):
        if one.subject in found and one.code not in ONLY_AT_HEADS:
            found[one.subject].append(one)
    return {subject: tuple(flaws) for subject, flaws in found.items()}


def _flaws(findings: Iterable[Finding]) -> Iterator[Flaw]:
    for one in findings:
        yield flaw_of(one)


def flaw_of(one: Finding) -> Flaw:
    """Return what a rule found as the audit tells it."""
    path = one.place.path
    split = one.split or (path.removesuffix(SUFFIX) if path.endswith(SUFFIX) else "")
    subject = f"split:{split}" if split else "project:"
    if one.guideline and not one.split:
        subject = f"guideline:{one.guideline}"
    mark = "/".join(map(str, one.place.pointer))
    told = (one.severity, subject, path or CONFIG_FILE, one.message, one.fix)
    return Flaw(one.code, one.name, *told, one.details, mark)
