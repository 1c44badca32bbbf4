"""Which links of a history a migration of records made, and which versions the data is of.

`migrate` carries records over and leaves the data: its labels are those of before. The ledger tells
such a link from one that a person made anew, and so judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.claims import split_of
from dvc_labelmeta.model.event import TIPS, Event, event_path
from dvc_labelmeta.model.guideline import semver
from dvc_labelmeta.model.lineage import Moment
from dvc_labelmeta.model.sidecar import SUFFIX, Layer
from dvc_labelmeta.read.ledger import Disk, key_of, parsed, tips
from dvc_labelmeta.read.lineage import History, Side

Versions = tuple[str, ...]
Carried = Mapping[str, Versions]

# what makes a link anew, by a person's word
_ANEW = {"linked", "relinked", "repaired", "unlinked", "rolled-back"}
_FAR = 100  # events of one commit that are looked through
_HERE = "here:"


class CarriedLinks:
    """Answers for one history. told: the versions that the labels of a layer name, of a sidecar."""

    def __init__(self, history: History, told: Callable[[Side, Layer, Moment], list[str]]) -> None:
        self.history, self.told = history, told
        self._known: dict[str, dict[str, Carried]] = {}
        self._tips: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def of(self, split: str, at: Moment) -> Carried:
        """Return, by layer, the versions that the data itself was labelled under before.

        Only of layers whose link a migration made, and whose data is the same since.
        """
        path = split + SUFFIX
        if path not in self._known:
            self._known[path] = {}
            self._learn(split)
        return self._known[path].get(self._blob(path, at), {})

    def _blob(self, path: str, at: Moment) -> str:
        if not at.commit:
            return f"{_HERE}{path}"
        found = self.history.objects.get(f"{at.commit}:{self.history.git.above(path)}")
        return found[0] if found else ""

    def _learn(self, split: str) -> None:
        history, path = self.history, split + SUFFIX
        known = self._known[path]
        blobs = [(at, blob, history.side(path, blob)) for at, blob in history.blobs.get(path, ())]
        states = [
            (at, blob, side)
            for at, blob, side in blobs
            if side and any(layer.annotations for layer in side.one.layers)
        ]
        above = history.git.above(path)
        history.objects.ask(f"{at.commit}^:{above}" for at, _, _ in states if at.commit)
        for at, blob, side in states:
            if blob in known:
                continue
            before = Moment(f"{at.commit}^" if at.commit else history.head)
            was, name = self._before(split, before, at)
            if was is None or was.one.data.value != side.one.data.value:
                continue
            old = self.of(name, before) if name != split else known.get(self._blob(path, before))
            found = {
                layer.name: self._layer(split, (layer, was), old or {}, (before, at))
                for layer in side.one.layers
            }
            known[blob] = {layer: versions for layer, versions in found.items() if versions}

    def _before(self, split: str, before: Moment, at: Moment) -> tuple[Side | None, str]:
        """Return the sidecar of a split in the commit before, and the name it had there."""
        for name in (split, *self.history.names.names(split, at.order)):
            if before.commit and (was := self.history.side_at(name, before)):
                return was, name
        return None, split

    def _layer(
        self, split: str, now: tuple[Layer, Side], old: Carried, span: tuple[Moment, Moment]
    ) -> Versions:
        (layer, was), (before, at) = now, span
        past = next((one for one in was.one.layers if one.name == layer.name), None)
        if past is None or past.guideline.id != layer.guideline.id:
            return ()
        held = old.get(layer.name, ())
        if past.guideline.object == layer.guideline.object or (held and _patch(past, layer)):
            return held
        if not self._migrated(split, layer, before, at):
            return ()
        versions = held or tuple(self.told(was, past, before))
        return versions if versions != (layer.guideline.version,) else ()

    def _migrated(self, split: str, layer: Layer, before: Moment, at: Moment) -> bool:
        """Whether the ledger has the migration that made this link, among what came with it."""
        subject = f"split:{split}"
        waiting = [*self._last(at).get(key_of(subject), ())]
        seen: set[str] = set()
        while waiting and len(seen) < _FAR:
            hash_ = waiting.pop()
            one = None if hash_ in seen or self._read(hash_, before) else self._read(hash_, at)
            seen.add(hash_)
            if one is None:
                continue
            if one.subject == subject:
                link = split_of(one.claims).get("layers", {}).get(layer.name, {})
                if one.type == "migrated":
                    return bool(link.get("object") == layer.guideline.object)
                if one.type in _ANEW:
                    return False
            waiting += one.parents
        return False

    def _last(self, at: Moment) -> Mapping[str, tuple[str, ...]]:
        """Return the tips of the ledger in a commit, or on disk."""
        if at.commit not in self._tips:
            if at.commit:
                found: dict[str, tuple[str, ...]] = {}
                tree = f"{at.commit}:{self.history.git.above(TIPS)}"
                for entry in self.history.objects.entries(tree):
                    key, _, hash_ = entry.name.partition("-")
                    found[key] = (*found.get(key, ()), hash_)
                self._tips[at.commit] = found
            else:
                self._tips[""] = tips(Disk(self.history.git.folder))
        return self._tips[at.commit]

    def _read(self, hash_: str, at: Moment) -> Event | None:
        """Return an event as a commit holds it, or the disk; None where it is none."""
        path = event_path(hash_)
        try:
            if not at.commit:
                content = Disk(self.history.git.folder).read(path)
            else:
                found = self.history.objects.get(f"{at.commit}:{self.history.git.above(path)}")
                content = found[2] if found else None
            return parsed(path, hash_, content) if content is not None else None
        except UnreadableFile:
            return None


def _patch(one: Layer, other: Layer) -> bool:
    """Whether the links of two layers differ in nothing that can change a label."""
    made, now = semver(one.guideline.version), semver(other.guideline.version)
    return made is not None and now is not None and made[:2] == now[:2]
