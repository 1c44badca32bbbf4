"""All that is known at one revision, read once, frozen; rules judge this and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from dvc_labelmeta.model.config import Config
from dvc_labelmeta.model.sidecar import Layer, Sidecar

if TYPE_CHECKING:  # only names of types, and every gate would import what they stand for
    from dvc_labelmeta.model.annotators import Annotator, Seen
    from dvc_labelmeta.model.codeowners import Ownership
    from dvc_labelmeta.model.facts import RecordFacts, Unpulled
    from dvc_labelmeta.model.guideline import Both, Guideline, Pin
    from dvc_labelmeta.model.guideline_facts import GuidelineFacts
    from dvc_labelmeta.model.ledger_facts import LedgerFacts

_NONE: Mapping[Any, Any] = MappingProxyType({})


def enclosing(path: str) -> Iterator[str]:
    """Yield the folders that hold a path, from the root down."""
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)


class Place(NamedTuple):
    """A spot in a file: `path` from the root, `pointer` the keys down to a value.

    `line` and `column` count from 1; 0 means "not looked up yet" (only findings need them).
    """

    path: str
    pointer: tuple[str | int, ...] = ()
    line: int = 0
    column: int = 0


class Fault(NamedTuple):
    """A file, or a part of one, that could not be read or does not fit its schema."""

    place: Place
    message: str


class Record(NamedTuple):
    """What DVC or Git has written down about one piece of data.

    hash, value: the algorithm and the hash as recorded ("git": blob of a file, tree of a folder);
        value is "" where nothing is recorded yet (a stage that never ran, changed Git data).
    size is in bytes. place: the file that records it. stage: "dvc.yaml:name" of the stage that
    makes it, None for added or imported data. merged_in: the merge commit that made a hash
    which none of its parents has (DVC's merge driver does).
    """

    path: str
    hash: str
    value: str
    place: Place
    size: int | None = None
    nfiles: int | None = None
    stage: str | None = None
    folder: bool = False
    merged_in: str | None = None


class Out(NamedTuple):
    """An output of a stage, path from the root."""

    path: str
    cache: bool = True
    persist: bool = False


class Stage(NamedTuple):
    """One stage of a pipeline, `foreach` and `matrix` unrolled as far as dvc.lock names them.

    name: as DVC addresses it ("train", "models/dvc.yaml:train@big"). deps: (path from the root,
    recorded md5 or ""). ran: dvc.lock has an entry.
    """

    name: str
    place: Place
    deps: tuple[tuple[str, str], ...] = ()
    outs: tuple[Out, ...] = ()
    frozen: bool = False
    always_changed: bool = False
    ran: bool = False


class Run(NamedTuple):
    """A recorded run that depended on a gate: was that gate ever committed?

    seen: "current" (working tree or HEAD), "ancestor" (`commit` names it), "never" or
    "unknown" (the history is cut).
    """

    stage: str
    split: str
    place: Place
    seen: str
    commit: str = ""


class Snapshot(NamedTuple):
    """One project at one revision.

    rev: "" for the working tree. prefix: the root from the Git top level, "" or "dir/".
    records: data by path. pins: by (guideline id, commit, object). gates: bytes of each gate
    file by split; untracked_gates: the splits of those that Git does not track. untracked:
    sidecars that Git does not track; buried: those it cannot see, in folders that DVC tracks.
    folders: data that DVC tracks as a folder. texts: the text of each file of ours, for line
    numbers. annotations: by (split, layer), facts about its records, or why there are none.
    earlier: by (guideline id, version of records in a layer of a transitive mode), what that
    version and HEAD's say, where both are known. Only `labelmeta check` fills these two. today
    (ISO date) and idle, the entries of `ignore:` (by number) that take nothing back, are filled
    when it is judged. guideline_facts: by id; codeowners: None where nobody asked;
    ledger: None where there is none; annotators: the registry by pseudonym, None where there is
    none; these four are left out for gates. seen: by (split, layer), what records say of each
    annotator; only `labelmeta check` fills it, where there is a registry.
    """

    root: str
    rev: str = ""
    prefix: str = ""
    head: str = ""
    shallow: bool = False
    config: Config = Config()
    sidecars: tuple[Sidecar, ...] = ()
    faults: tuple[Fault, ...] = ()
    records: Mapping[str, Record] = _NONE
    guidelines: Mapping[str, Guideline] = _NONE
    pins: Mapping[tuple[str, str, str], Pin] = _NONE
    untracked: frozenset[str] = frozenset()
    buried: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    matched: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    gate_stages: tuple[Stage, ...] = ()
    gates: Mapping[str, bytes] = _NONE
    untracked_gates: frozenset[str] = frozenset()
    runs: tuple[Run, ...] = ()
    texts: Mapping[str, str] = _NONE
    annotations: Mapping[tuple[str, str], RecordFacts | Unpulled | str] = _NONE
    earlier: Mapping[tuple[str, str], Both] = _NONE
    guideline_facts: Mapping[str, GuidelineFacts] = _NONE
    codeowners: tuple[Ownership, ...] | None = None
    ledger: LedgerFacts | None = None
    annotators: Mapping[str, Annotator] | None = None
    seen: Mapping[tuple[str, str], tuple[Seen, ...]] = _NONE
    today: str = ""
    idle: frozenset[int] = frozenset()

    def pin(self, layer: Layer) -> Pin | None:
        """Return what Git knows about the link of a layer; None where nothing could be asked."""
        link = layer.guideline
        return self.pins.get((link.id, link.commit, link.object))
