"""When a finding began and when it ended: what each commit changed, played from the first on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from dvc_labelmeta.checks.audit import (
    against_event,
    approvals,
    flaw,
    frozen,
    gaps,
    is_frozen,
)
from dvc_labelmeta.checks.audit_drift import drift
from dvc_labelmeta.checks.rule import short
from dvc_labelmeta.model.audit import Delta, Episode, EventFact, Flaw, SplitFact, Spot, Waiver
from dvc_labelmeta.model.claims import approvers, mapping

_APPROVING = ("approved", "released")


class Played:
    """A history up to some commit: what is wrong now and since when, and what was.

    strict: whether approvers are named, so that a version without an approval is an error.
    """

    def __init__(self, *, strict: bool = False, ledger: bool = True) -> None:
        self.strict, self.ledger = strict, ledger
        self.splits: dict[str, SplitFact] = {}
        self.past: list[Episode] = []
        self.timeline: dict[str, list[tuple[Spot, str]]] = defaultdict(list)
        self.events = 0
        self.waivers: tuple[Waiver, ...] = ()
        self._open: dict[str, dict[tuple[str, ...], Episode]] = defaultdict(dict)
        self._last: dict[str, EventFact] = {}
        self._of: dict[str, list[EventFact]] = defaultdict(list)
        self._approved: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._frozen: dict[str, tuple[SplitFact, str]] = {}
        self._unknown: dict[str, tuple[str, str]] = {}

    def play(self, deltas: Iterable[Delta]) -> None:
        """Add commits, oldest first."""
        for one in deltas:
            self._step(one)

    def open(self) -> list[Episode]:
        """Return what is wrong at the last commit."""
        return [one for flaws in self._open.values() for one in flaws.values()]

    def since(self, wanted: Flaw) -> Spot | None:
        """Return since when a flaw is there, None where it is not."""
        found = self._open[f"rules {wanted.subject}"].get(wanted.key)
        return found.since if found else None

    def settle(self, spot: Spot, scope: str, flaws: Iterable[Flaw]) -> None:
        """Take these as all that is wrong in a scope from a commit on."""
        now = {one.key: one for one in flaws}
        held = self._open[scope]
        for key in [key for key in held if key not in now]:
            self.past.append(held.pop(key)._replace(until=spot))
        for key, one in now.items():
            since = held[key].since if key in held else spot
            held[key] = Episode(one, since)

    def _step(self, one: Delta) -> None:
        spot = one.spot
        if one.broken:
            told = f"commit {short(spot.commit)} could not be judged: {one.broken}"
            said = flaw("unread-commit", "project:", "labelmeta.yaml", told)
            self.settle(spot, "read", [said])
            return
        self.settle(spot, "read", [])
        for subject, flaws in one.flaws.items():
            self.settle(spot, f"rules {subject}", flaws)
        if one.settings is not None:
            self.ledger, self.waivers = one.settings
            self.settle(spot, "waivers", _waivers(self.waivers))
        touched = self._events(one)
        forms = {split: _form(self.splits.get(split)) for split in one.splits}
        changed = self._changes(one)
        if self.events and (one.events or one.settings) and self.events == len(one.events):
            changed |= self.splits.keys()  # the ledger begins here
        for split in sorted(touched | changed):
            self._judge(spot, split)
        if any(_form(self.splits.get(split)) != form for split, form in forms.items()):
            self.settle(spot, "drift", drift(self.splits.values()))
        if one.strays is not None:
            self.settle(spot, "strays", _strays(*one.strays))
        needs = self.ledger and not self.events and bool(self.splits)
        told = "labelmeta/ledger/ holds no event, though splits are linked"
        self.settle(
            spot, "ledger", [flaw("no-ledger", "project:", "labelmeta/ledger", told)] * needs
        )

    def _events(self, one: Delta) -> set[str]:
        """Take in the events of a commit; return the splits that they speak of."""
        if one.removed:
            told = f"commit {short(one.spot.commit)} took {len(one.removed)} events out"
            self.settle(
                one.spot,
                f"removed {one.spot.commit}",
                [flaw("removed-event", "project:", "labelmeta/ledger", told, one.removed[:10])],
            )
        touched = set()
        for event in one.events:
            self.events += 1
            kind, _, name = event.subject.partition(":")
            if kind == "split":
                self._last[name] = event
                self._of[name].append(event)
                touched.add(name)
            elif kind == "guideline" and event.type in _APPROVING:
                version = str(event.claims.get("version", ""))
                by = approvers(event.claims) or [event.hash] * (event.type == "approved")
                self._approved[name, version] += by
                touched |= {
                    split
                    for split, fact in self.splits.items()
                    if any(layer.guideline == name for layer in fact.layers)
                }
        return touched

    def _changes(self, one: Delta) -> set[str]:
        changed = set()
        for split, after in one.splits.items():
            before = self.splits.get(split)
            if before == after:
                continue
            for what in _what(before, after):
                self.timeline[split].append((one.spot, what))
            changed.add(split)
            if after is None:
                del self.splits[split]
                continue
            if before and before.data and after.data and before.data != after.data:
                if after.stage:
                    self._unknown.pop(split, None)
                else:
                    self._unknown[split] = before.data, after.data
            self.splits[split] = after
            if is_frozen(after) and split not in self._frozen:
                self._frozen[split] = after, one.spot.commit
        return changed

    def _judge(self, spot: Spot, split: str) -> None:
        one, last = self.splits.get(split), self._last.get(split)
        self.settle(spot, f"split {split}", () if one is None else self._flaws(one, last))
        gone = one is None and last is not None and bool(last.claims) and self.ledger
        told = f"{split} was unlinked without an event"
        said = flaw("unrecorded-change", f"split:{split}", f"{split}.labelmeta.yaml", told)
        self.settle(spot, f"gone {split}", [said] if gone else [])
        if one is None:
            self._frozen.pop(split, None)
            self._unknown.pop(split, None)

    def _flaws(self, one: SplitFact, last: EventFact | None) -> Iterator[Flaw]:
        yield from gaps(one)
        yield from approvals(one, self._approved, strict=self.strict)
        if self.ledger and self.events:
            yield from against_event(one, last)
        if one.split in self._frozen and is_frozen(one):
            first, since = self._frozen[one.split]
            yield from frozen(first, one, self._of[one.split], since)
        old, new = self._unknown.get(one.split, ("", ""))
        values = {
            str(mapping(event.claims.get("data")).get("value")) for event in self._of[one.split]
        }
        if new and new == one.data and new not in values:
            told = f"the data of {one.split} changed, and neither a stage nor an event says how"
            said = [f"data {old} -> {new}"]
            yield flaw("unknown-transformation", f"split:{one.split}", one.sidecar, told, said)


def _form(one: SplitFact | None) -> object:
    """Return what drift is judged by."""
    if one is None:
        return None
    layers = [
        (layer.name, layer.guideline, layer.version, layer.path, layer.format, layer.level)
        for layer in one.layers
    ]
    return one.dataset, one.owners, layers


def _what(before: SplitFact | None, after: SplitFact | None) -> Iterator[str]:
    """Yield what a commit changed of a split, for its timeline."""
    if after is None:
        yield "unlinked"
        return
    if before is None:
        links = ", ".join(f"{one.guideline} {one.version}" for one in after.layers)
        yield f"linked to {links}"
        return
    if before.data != after.data:
        yield f"data {short(before.data) or 'none'} -> {short(after.data) or 'none'}"
    old = {layer.name: layer for layer in before.layers}
    for new in after.layers:
        was = old.pop(new.name, None)
        if was is None:
            yield f"layer {new.name} added, {new.guideline} {new.version}"
            continue
        if (was.guideline, was.object) != (new.guideline, new.object):
            yield f"{new.name}: {was.guideline} {was.version} -> {new.guideline} {new.version}"
        if was.mode != new.mode:
            yield f"{new.name}: mode {was.mode} -> {new.mode}"
        if (was.path, dict(was.records)) != (new.path, dict(new.records)):
            yield f"{new.name}: records changed"
    yield from (f"layer {name} removed" for name in old)


def _waivers(waivers: Iterable[Waiver]) -> Iterator[Flaw]:
    for one in waivers:
        if not one.approved_by:
            yield flaw(
                "unapproved-waiver",
                f"waiver:{one.rule}:{one.path}",
                "labelmeta.yaml",
                f"nobody approved that {one.rule} is ignored for {one.path} ({one.reason})",
            )


def _strays(records: Iterable[str], data: Iterable[str]) -> Iterator[Flaw]:
    for path in records:
        told = f"no sidecar names the records {path}"
        yield flaw("orphan-records", f"records:{path}", path, told)
    for path in data:
        yield flaw("unlinked-data", f"data:{path}", f"{path}.dvc", f"{path} has no sidecar")


def merged(
    histories: Iterable[tuple[str, list[Episode]]], owners: Callable[[Flaw], tuple[str, ...]]
) -> tuple[Episode, ...]:
    """Return the episodes of several branches, each once, gravest and oldest first."""
    found: dict[tuple[object, ...], Episode] = {}
    for branch, episodes in histories:
        for one in episodes:
            key = (one.flaw.key, one.since.commit, one.until and one.until.commit)
            known = found.get(key)
            names = (*known.branches, branch) if known else (branch,)
            found[key] = one._replace(branches=names, owners=owners(one.flaw))
    weight = {"error": 0, "warning": 1, "note": 2}
    return tuple(
        sorted(
            found.values(),
            key=lambda one: (
                one.until is not None,
                weight[one.flaw.severity],
                one.flaw.code,
                one.flaw.subject,
                one.flaw.key,
                one.since,
                one.until or Spot(),
            ),
        )
    )
