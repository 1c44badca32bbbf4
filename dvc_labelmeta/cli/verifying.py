"""The verification of a ledger: all of it, or what is new since the last one."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from dvc_labelmeta import __version__
from dvc_labelmeta.checks import chain, chain_claims, chain_past
from dvc_labelmeta.checks.ancestry import Node, ancestry
from dvc_labelmeta.checks.verification import Outside, Wanted, verdict, with_outside
from dvc_labelmeta.errors import LabelMetaError, UnreadableFile
from dvc_labelmeta.model.anchor import Anchor
from dvc_labelmeta.model.chain import Files, Past, State, Verdict
from dvc_labelmeta.model.config import CONFIG_FILE, Config, config
from dvc_labelmeta.model.event import HEADS, TIPS, Event, event_path, person_path
from dvc_labelmeta.read.anchors import anchors, attestations, tags, trailers
from dvc_labelmeta.read.cached import digest_of
from dvc_labelmeta.read.chain import files, in_commit, on_disk, one_on_disk
from dvc_labelmeta.read.chain_past import beside, graph, past
from dvc_labelmeta.read.chain_states import Asked, States
from dvc_labelmeta.read.files import decode, misfits, parse
from dvc_labelmeta.read.git import Objects, Repository
from dvc_labelmeta.read.ledger import Disk, between, event
from dvc_labelmeta.read.signatures import Signers
from dvc_labelmeta.read.stored import Stored
from dvc_labelmeta.read.verified import Changes, Verified, changes, keep, recalled


class Job(NamedTuple):
    """What to verify. repository: its head is the commit to verify, or the one below what is on
    disk. rev: whether it is that commit. signers: None = signatures are not looked at.
    """

    root: str
    repository: Repository
    objects: Objects
    wanted: Wanted
    rev: bool = False
    signers: Signers | None = None
    full: bool = False


def verified(job: Job) -> Verdict:
    """Return what came of a verification; what was verified before is not read again."""
    gc.disable()  # all that is read is needed to the end: collecting would take half of the time
    try:
        return _verified(job)
    finally:
        gc.freeze()
        gc.enable()


def _verified(job: Job) -> Verdict:
    usable = _may_keep(job) and not job.full
    if usable and (known := recalled(job.root, __version__)) is not None:
        new = changes(job.repository, known.commit)
        found = None if new is None else _since(job, known, new)
        if found is not None:
            return found
    return _whole(job)


def _may_keep(job: Job) -> bool:
    """Whether a verdict can be of use later: a shallow clone may lose what it was held against."""
    return bool(job.repository.head) and not job.rev and not job.repository.shallow


def _whole(job: Job) -> Verdict:
    repository = job.repository
    with ThreadPoolExecutor(2) as pool:  # Git walks its history while files are read
        history = pool.submit(past, repository, repository.head)
        state = pool.submit(changes, repository, repository.head) if _may_keep(job) else None
        if job.rev:
            found = files(in_commit(repository.git, job.objects, repository.head))
        else:
            found = files(on_disk(job.root))
        nodes, known = ancestry(found.events), history.result()
        known = _with_graph(job, repository.head, found, nodes, known)
        asked, uncut = chain_claims.asked(found, nodes, known)
        tips = chain.tips_of(found.events, nodes)
        states = pool.submit(_states, job, found, asked, tips)
        erased = chain.redacted(found.events.values())
        before = Verdict(0, (), unchecked=uncut)
        told = verdict(found, nodes, tips, known, states.result, before, erased)
        new = state.result() if state else None
    there = _anchors(job, repository.head)
    result = with_outside(told, nodes, Outside(there, there), job.wanted)
    if new is not None and new.clean:
        heads = {hash_: known.added[hash_] for hash_ in told.heads if hash_ in known.added}
        names = frozenset(map(_identity, there))
        _keep(job, result, Verified(repository.head, told, heads, erased, names, _digest(job)))
    return result


def _with_graph(job: Job, span: str, found: Files, nodes: Mapping[str, Node], known: Past) -> Past:
    """Add what is known of how commits stand to each other, where anything depends on that."""
    merged = beside(job.repository, known, chain.heads_of(found.events))
    old = chain_past.is_forked(nodes) and chain_past.old_when_added(found, nodes, known)
    return known._replace(merged=merged, graph=graph(job.repository, span) if old else {})


def _since(job: Job, known: Verified, new: Changes) -> Verdict | None:
    """Return the verdict with what is new; None where only a full verification can judge it."""
    repository = job.repository
    span = "" if known.commit == repository.head else f"{known.commit}..{repository.head}"
    since, added = past(repository, span), files(one_on_disk(job.root, path) for path in new.new)
    keys = frozenset(added.keys.values())
    moved = [path.rpartition("/")[2] for path in (*new.new, *new.gone) if path.startswith(TIPS)]
    if known.erased & ({one.actor for one in added.events.values()} | added.people.keys()):
        return None  # whether they came after the erasure
    if since.undone or any(name.partition("-")[0] not in keys for name in moved):
        return None
    if known.settings != _digest(job):
        return None  # where guidelines are
    there = _anchors(job, span)
    fresh = [one for one in there if _identity(one) not in known.anchors]
    try:
        old, totals = _old(job.root, known, added, fresh)
    except UnreadableFile:
        return None
    found = _together(job.root, added, old)
    nodes = ancestry(found.events, totals)
    since = since._replace(before=known.heads, old=frozenset(old))
    if _touches_old(job.root, found, nodes, since, [*totals]):
        return None
    since = _with_graph(job, span, found, nodes, since)
    asked, _ = chain_claims.asked(found, {h: n for h, n in nodes.items() if h not in old}, since)
    tips = chain.tips_of(found.events, nodes)
    states = _states(job, found, asked, tips)
    erased = known.erased | chain.redacted(added.events.values())
    told = verdict(found, nodes, tips, since, lambda: states, known.verdict, erased)
    trailing = [name for name in known.anchors if name.startswith("trailer")]
    count = len(trailing) if job.signers is None else 0
    outside = Outside(there, fresh, _beginning(job.root, job.wanted.head), count)
    result = with_outside(told, nodes, outside, job.wanted)
    if new.clean and (span or fresh):
        commits = {**known.heads, **since.added}
        heads = {hash_: commits[hash_] for hash_ in told.heads if hash_ in commits}
        names = frozenset([*trailing, *map(_identity, there)])
        _keep(job, result, Verified(repository.head, told, heads, erased, names, _digest(job)))
    return result


def _keep(job: Job, result: Verdict, one: Verified) -> None:
    """Keep a verdict without errors that will be the same, whatever comes later.

    Forks are judged anew, as the next event joins them, and authors are counted on.
    """
    told = one.verdict
    lasting = told.heads and not (told.new or told.passing or told.unchecked)
    if lasting and not any(breach.severity == "error" for breach in result.breaches):
        passing = {"fork", "other-author"}
        kept = tuple(breach for breach in told.breaches if breach.kind not in passing)
        keep(job.root, __version__, one._replace(verdict=told._replace(breaches=kept)))


def _old(
    root: str, known: Verified, added: Files, fresh: Sequence[Anchor]
) -> tuple[dict[str, Event], dict[str, int]]:
    """Return the verified events that new ones and new anchors have to be placed among."""
    starts = {*known.heads}
    starts |= {hash_ for one in added.events.values() for hash_ in one.parents}
    starts |= {hash_ for one in fresh for hash_ in one.heads}
    starts -= added.events.keys()
    disk = Disk(root)
    return between(disk, (event(disk, hash_) for hash_ in starts if _is_there(root, hash_)))


def _is_there(root: str, hash_: str) -> bool:
    return os.path.exists(os.path.join(root, event_path(hash_)))


def _together(root: str, added: Files, old: Mapping[str, Event]) -> Files:
    """Return the new events with the old ones around them, and what markers and persons say."""
    disk = Disk(root)
    events = {**old, **added.events}
    keys = frozenset(added.keys.values())
    tips = frozenset(name for name in disk.names(TIPS) if name.partition("-")[0] in keys)
    used = {name for one in events.values() for name in chain.persons(one)}
    used |= chain.redacted(added.events.values())
    opened = [person_path(name) for name in used - added.people.keys()]
    there = [path for path in opened if os.path.exists(os.path.join(root, path))]
    people = files(one_on_disk(root, path) for path in there).people
    heads = frozenset(disk.names(HEADS))
    return Files(events, heads, tips, {**people, **added.people}, added.keys, added.flaws)


def _touches_old(
    root: str, found: Files, nodes: Mapping[str, Node], since: Past, base: Sequence[str]
) -> bool:
    """Whether old events have to be judged again, or new ones among old ones that were not read.

    base: the event whose history was not read. So where commits add again what was verified, as
    squashes do; where new events do not follow the base; and where some may be back-dated beside
    old ones.
    """
    judged = found.events.keys() - since.old
    again = (hash_ for hash_ in since.added if hash_ not in judged)
    if since.before.keys() - nodes.keys() or any(_is_there(root, hash_) for hash_ in again):
        return True
    old = chain_past.old_when_added(found, nodes, since).values()
    places = [(hash_, base) for hash_ in judged]
    places += [(hash_, [*since.before]) for hashes in old for hash_ in hashes]
    return any(not nodes[one].holds(nodes[other]) for one, others in places for other in others)


def _states(
    job: Job, found: Files, asked: Mapping[str, str], tips: Mapping[str, Sequence[str]]
) -> list[State]:
    """Return what commits say of events; of last ones that do not agree, what the newest says."""
    with States(job.repository, job.objects, _settings(job), found.people) as states:
        told = states.of([Asked(found.events[hash_], commit) for hash_, commit in asked.items()])
        head = job.repository.head
        wrong = [one for one, _ in chain_claims.disagreeing(told)]
        wrong = [one for one in wrong if one.hash in tips[found.events[one.hash].subject]]
        now = states.of([Asked(found.events[one.hash], head) for one in wrong])
    parts = {one.hash: one.parts for one in now}
    return [one._replace(now=parts[one.hash]) if one.hash in parts else one for one in told]


def _settings(job: Job) -> Config:
    """Return labelmeta.yaml; where it cannot be used, guidelines cannot be looked up."""
    try:
        text = _files(job).read(CONFIG_FILE)
        value = parse(decode(text or b""))
        return config(value) if not misfits("config", value) else Config()
    except LabelMetaError:
        return Config()


def _digest(job: Job) -> str:
    """Return what labelmeta.yaml is like: it says where guidelines are."""
    try:
        return digest_of(_files(job).read(CONFIG_FILE) or b"")
    except LabelMetaError:
        return ""


def _files(job: Job) -> Disk | Stored:
    if job.rev:
        return Stored(job.objects, job.repository.head, job.repository.git.prefix)
    return Disk(job.root)


def _anchors(job: Job, span: str) -> list[Anchor]:
    """Return the anchors of a range, all tags and attestations; all of them, with signatures."""
    repository, objects = job.repository, job.objects
    if job.signers is not None:
        found = anchors(repository, objects, _files(job), job.signers)
    else:
        found = trailers(repository._replace(head=span), objects)
        found += [*tags(repository, objects), *attestations(_files(job))]
    return [one for one in found if one.inside or not job.rev]


def _identity(one: Anchor) -> str:
    """Return all that an anchor says, whoever signed it."""
    said = one._replace(signature="", signed="")
    return f"{one.kind} {tuple(said)}"


def _beginning(root: str, start: str) -> list[str]:
    """Return the events on disk whose hash begins so."""
    names = Disk(root).names(os.path.dirname(event_path(start))) if start else []
    return [name.partition(".")[0] for name in names if name.startswith(start)]
