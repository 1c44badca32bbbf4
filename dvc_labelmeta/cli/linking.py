"""From a wish ("link these splits to that guideline") to edits, or a refusal that says why."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dvc_labelmeta.cli.naming_records import with_records
from dvc_labelmeta.cli.project import Project
from dvc_labelmeta.cli.unlike import unlike_record
from dvc_labelmeta.errors import NoSuchRevision, Refused
from dvc_labelmeta.model.kept import REFS
from dvc_labelmeta.model.shell import typed
from dvc_labelmeta.model.sidecar import SUFFIX, Records, Sidecar, sidecar
from dvc_labelmeta.model.snapshot import Snapshot, enclosing
from dvc_labelmeta.read.files import decode, parse
from dvc_labelmeta.read.kept import kept_commit
from dvc_labelmeta.read.targets import Target, differing, not_data, untracked
from dvc_labelmeta.write import links
from dvc_labelmeta.write.edits import Edit, changes, content
from dvc_labelmeta.write.sidecars import changed, rendered, sidecar_path
from dvc_labelmeta.write.stages import refuse_unsafe

Pinned = tuple[str, str, str]  # id, commit and content of a link


class Wish(NamedTuple):
    """What the user asked for; None = decide from what is there."""

    id: str | None
    rev: str | None
    layer: str | None = None
    mode: str | None = None
    owners: tuple[str, ...] = ()
    dataset: str | None = None
    name: str | None = None
    allow_unmerged: bool = False
    records: Records | None = None


def link(
    project: Project, asked: list[str], wish: Wish, *, everything: bool
) -> tuple[list[Edit], list[str]]:
    """Return the edits that link the splits, and a line about each.

    Raises Refused with every reason at once; then nothing is written.
    """
    snapshot = project.snapshot
    known = {one.split: one for one in snapshot.sidecars}
    splits = list(dict.fromkeys([*asked, *(_behind(snapshot) if everything else ())]))
    reasons = [reason for split in splits if (reason := _unlinkable(snapshot, split))]
    wrong = differing(snapshot.root, [snapshot.records[s] for s in splits if s in snapshot.records])
    reasons += unlike_record(snapshot, wrong)
    results, lines = [], []
    for split in splits:
        if split not in snapshot.records:
            continue  # `reasons` says why
        try:
            one, said = _linked(project, known.get(split), split, wish)
        except (Refused, NoSuchRevision) as error:
            reasons.append(str(error))
            continue
        results.append(one)
        lines += said
    if reasons:
        told = "\n".join(f"  {reason}" for reason in dict.fromkeys(reasons))
        raise Refused(f"nothing was linked:\n{told}")
    lines += _notes(project.snapshot, results, wish, everything=everything)
    return _edits(project.snapshot, results), lines


def _notes(
    snapshot: Snapshot, results: list[Sidecar], wish: Wish, *, everything: bool
) -> Iterator[str]:
    """Yield what the user should know about the text that was linked."""
    linked = {layer.guideline.id for one in results for layer in one.layers}
    for guideline in snapshot.guidelines.values():
        if everything and guideline.dirty:
            yield f"note: the uncommitted changes in {guideline.path} were left out"
        if guideline.repo and wish.rev is None and guideline.id in linked:
            yield (
                f"note: {guideline.id} is taken from {guideline.repo} as last fetched; "
                "`labelmeta check --fetch` updates it"
            )


def _linked(
    project: Project, one: Sidecar | None, split: str, wish: Wish
) -> tuple[Sidecar, list[str]]:
    """Return the sidecar of a split after linking it, and a line about each layer."""
    record, lines = project.snapshot.records[split], []
    one = one or links.new_sidecar(record)
    for id_ in _guidelines(project, one, wish, split):
        found = _kept(project.snapshot, one, _allowed(project, id_, wish))
        default = project.snapshot.config.modes.get(id_)
        one = links.relinked(one, record, found.link, wish.layer, wish.mode, default)
        lines.append(_line(one, found, split))
    if wish.records is not None:
        one = with_records(one, wish.layer, wish.records)
        lines.append(f"{split}: its records are {wish.records.path}")
    return _with_wishes(one, wish), lines


def _behind(snapshot: Snapshot) -> list[str]:
    """Return the splits of which a layer is not under the guideline at HEAD.

    Also those whose gate is missing or old: `link` may have been killed before it wrote it.
    """
    splits = []
    for one in snapshot.sidecars:
        heads = [snapshot.guidelines.get(layer.guideline.id) for layer in one.layers]
        objects = [g.head.object if g and g.head else None for g in heads]
        if any(o != layer.guideline.object for o, layer in zip(objects, one.layers, strict=True)):
            splits.append(one.split)
        elif record := snapshot.records.get(one.split):
            splits += [one.split] if changes(links.gate_edits(snapshot, one, record)) else []
    return splits


def _unlinkable(snapshot: Snapshot, split: str) -> str | None:
    """Say why this path cannot be linked, or return None."""
    try:
        refuse_unsafe(split)
    except Refused as error:
        return str(error)
    return not_data(snapshot, split) or _covered(snapshot, split) or _unrecorded(snapshot, split)


def _covered(snapshot: Snapshot, split: str) -> str | None:
    """Say which broken file or which folder stands in the way of a link."""
    broken = {fault.place.path: fault.message for fault in snapshot.faults}
    if sidecar_path(split) in broken:
        return (
            f"its sidecar must be mended first: {broken[sidecar_path(split)]}; "
            f"or delete {sidecar_path(split)} and link anew"
        )
    if f"{split}.dvc" in broken:
        return f"its .dvc file must be mended first: {broken[f'{split}.dvc']}"
    for folder in enclosing(split):
        if folder in snapshot.folders:
            who = "Git" if snapshot.records[folder].hash == "git" else "DVC"
            return f"{split} is inside {folder}, which {who} tracks as a folder: link {folder}"
    return None


def _unrecorded(snapshot: Snapshot, split: str) -> str | None:
    """Say why the data has no hash that a link could record."""
    record = snapshot.records.get(split)
    if record is None:
        return untracked(snapshot, split)
    if not record.value:
        if record.hash == "git":
            return f"{split} has changes that are not in Git's index: `git add` it first"
        return f"{split} has no recorded hash yet: run `dvc repro` first"
    return None


def _guidelines(project: Project, one: Sidecar, wish: Wish, split: str) -> list[str]:
    """Return the ids to link a split to: the one asked for, those linked, or the only one."""
    if wish.id is not None:
        return [wish.id]
    if one.layers:
        return [layer.guideline.id for layer in one.layers if wish.layer in (None, layer.name)] or [
            one.layers[0].guideline.id
        ]
    known = list(project.snapshot.guidelines)
    if len(known) == 1:
        return known
    raise Refused(f"{split}: say which guideline: --guideline {' | '.join(known) or 'ID'}")


def _allowed(project: Project, id_: str, wish: Wish) -> Target:
    """Return the target of a link; raises Refused for text that nobody could look up later."""
    guideline = project.guideline(id_)
    if guideline.dirty and wish.rev is None:
        raise Refused(
            f"guideline {id_!r} has uncommitted changes in {guideline.path}; commit them first "
            f"(git add {typed(guideline.path)} && git commit), or link to a commit: "
            f"--guideline {id_}@HEAD"
        )
    for fault in project.snapshot.faults if wish.rev is None else ():
        if fault.place.path.startswith(guideline.path + "/") and guideline.repo is None:
            raise Refused(
                f"guideline {id_!r} cannot be read: {fault.message}; mend and commit it, or link "
                f"to an earlier commit: --guideline {id_}@REV"
            )
    found = project.target(id_, wish.rev)
    if not found.merged and not wish.allow_unmerged:
        raise Refused(
            f"commit {found.link.commit[:12]} of guideline {id_!r} is not in the history of HEAD; "
            "merge it first, or give --allow-unmerged"
        )
    return found


def _kept(snapshot: Snapshot, one: Sidecar | None, found: Target) -> Target:
    """Return the target with the commit linked before, where a shallow clone hides the true one."""
    new = found.link
    for layer in one.layers if one is not None and snapshot.shallow else ():
        old = layer.guideline
        if (old.id, old.version, old.object) == (new.id, new.version, new.object):
            return found._replace(link=old)
    return found


def _with_wishes(one: Sidecar, wish: Wish) -> Sidecar:
    return one._replace(
        dataset=wish.dataset or one.dataset,
        name=wish.name or one.name,
        owners=wish.owners or one.owners,
    )


def _line(one: Sidecar, found: Target, split: str) -> str:
    layer = next(layer for layer in one.layers if layer.guideline == found.link)
    note = ", as it is a test split" if layer.mode == "frozen" and links.is_benchmark(split) else ""
    draft = f"; it is {found.status}" if found.status != "active" else ""
    return (
        f"{split} -> {found.link.id} {found.link.version} "
        f"({found.link.commit[:12]}), {layer.mode}{note}{draft}"
    )


def repair(project: Project, asked: list[str]) -> tuple[list[Edit], list[str]]:
    """Return the edits that give links whose commit is gone a commit with the same content.

    One in the history of HEAD, or else one that a ref of `ledger keep` names. A line tells of each
    split that cannot be mended.
    """
    snapshot = project.snapshot
    commits: dict[Pinned, str] = {}
    gone: set[Pinned] = set()
    for (id_, old, object_), pin in snapshot.pins.items():
        if pin.in_history or snapshot.shallow:
            continue
        new = _commit_with(project, id_, object_) if pin.found else None
        if new is None and not pin.present:
            new = _kept_commit(project, id_, object_)
            gone |= set() if new or pin.found else {(id_, old, object_)}
        commits[id_, old, object_] = new or old
    results = [
        fixed
        for one in snapshot.sidecars
        if not asked or one.split in asked
        if (fixed := links.repaired(one, commits)) != one
    ]
    lines = [f"{one.split}: commit mended" for one in results]
    return _edits(snapshot, results), [*lines, *_unmended(snapshot, gone, asked)]


def _unmended(snapshot: Snapshot, gone: set[Pinned], asked: list[str]) -> Iterator[str]:
    """Yield a line for each content that is lost: many splits may be linked to it."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in snapshot.sidecars if gone else ():
        for layer in one.layers if not asked or one.split in asked else ():
            link = layer.guideline
            if (link.id, link.commit, link.object) in gone:
                found.setdefault((link.id, link.version, link.object), []).append(one.split)
    for (id_, version, object_), splits in found.items():
        more = f" and {len(splits) - 1} more" if splits[1:] else ""
        yield (
            f"{splits[0]}{more}: no commit here holds {id_} {version} ({object_[:12]}) any more; "
            "run `labelmeta ledger keep` if its content is still here, or fetch from a clone that "
            f"kept it: git fetch REMOTE {shlex.quote('+' + REFS)}; then repair again"
        )


def _kept_commit(project: Project, id_: str, object_: str) -> str | None:
    """Return a commit with this content that a ref of `ledger keep` names."""
    git = project.repository(project.snapshot.guidelines[id_]).git
    with git.objects() as objects:
        return kept_commit(git, objects, id_, object_) or None


def _commit_with(project: Project, id_: str, object_: str) -> str | None:
    """Return the newest commit in the history of HEAD at which a guideline has this content."""
    for commit, edition in project.history(project.snapshot.guidelines[id_]):
        if edition is not None and edition.object == object_:
            return commit.hash
    return None


def _edits(snapshot: Snapshot, results: list[Sidecar]) -> list[Edit]:
    """Return the edits in the order in which a killed process does least harm."""
    splits = {one.split for one in snapshot.sidecars} | {one.split for one in results}
    edits = links.project_edits(snapshot, splits)
    for one in results:
        before = content(snapshot.root, one.path)
        if before is None:
            after = rendered(one)
        else:
            text = decode(before)
            after = changed(text, parse(text), one)
            _refuse_wrong_splice(after, one, snapshot.config.modes)
        edits.append(Edit(one.path, before, after.encode()))
    for one in results:
        if one.split in snapshot.records:
            edits += links.gate_edits(snapshot, one, snapshot.records[one.split])
    return edits


def _refuse_wrong_splice(text: str, one: Sidecar, modes: Mapping[str, str]) -> None:
    if sidecar(one.path, parse(text), modes) != one:
        raise Refused(f"{one.path} is laid out unusually; move it away and link {one.split} anew")


def unlinking(snapshot: Snapshot, asked: list[str]) -> list[Edit]:
    """Return the edits that undo links; raises Refused for a split that has none."""
    known = {one.split for one in snapshot.sidecars}
    broken = {
        f.place.path.removesuffix(SUFFIX) for f in snapshot.faults if f.place.path.endswith(SUFFIX)
    }
    edits: list[Edit] = []
    for split in asked:
        if split not in known | broken:
            raise Refused(f"{split} is not linked; `labelmeta status` lists what is")
        edits += links.removal(snapshot, split)
    return [*links.project_edits(snapshot, known - set(asked), asked), *edits]


def moving(snapshot: Snapshot, old: str, new: str) -> list[Edit]:
    """Return the edits that move a link from renamed data to its new path."""
    refuse_unsafe(new)
    one = next((one for one in snapshot.sidecars if one.split == old), None)
    if one is None:
        raise Refused(f"{old} is not linked; `labelmeta status` lists what is")
    record = snapshot.records.get(new)
    if record is None:
        raise Refused(f"{new} is tracked neither by DVC nor by Git: rename the data first")
    path = sidecar_path(new)
    before = content(snapshot.root, one.path)
    text = decode(before or b"")
    was, now = links.derived_names(old), links.derived_names(new)
    moved = one._replace(
        path=path,
        split=new,
        dataset=now[0] if one.dataset == was[0] else one.dataset,
        name=now[1] if one.name == was[1] else one.name,  # a name that a person gave stays
        data=one.data._replace(
            path=new.rsplit("/", 1)[-1],
            stage=record.stage and one.data.stage and record.stage,
        ),
        layers=links.moved_layers(one, path),
    )
    after = changed(text, parse(text), moved)
    if content(snapshot.root, path) not in {None, after.encode()}:  # equal: a killed run wrote it
        raise Refused(f"{new} is linked already; unlink one of the two first")
    splits = ({other.split for other in snapshot.sidecars} - {old}) | {new}
    return [
        *links.project_edits(snapshot, splits, [old]),
        Edit(path, content(snapshot.root, path), after.encode()),
        *links.gate_edits(snapshot, moved, record),
        *links.removal(snapshot, old),
    ]
