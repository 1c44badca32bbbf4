"""The graph of a history: files, runs, splits under guidelines, gates, models, deployments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dvc_labelmeta.model.lineage import (
    LINKED,
    SAME,
    UNDER,
    Content,
    Edge,
    Graph,
    Moment,
    Node,
    StageRun,
    graph,
    neighbours,
    reached,
)
from dvc_labelmeta.model.registry import Tag, current
from dvc_labelmeta.model.sidecar import SUFFIX
from dvc_labelmeta.model.snapshot import enclosing
from dvc_labelmeta.read import dvc
from dvc_labelmeta.read.lineage import History, Side
from dvc_labelmeta.read.pipeline import gated_split
from dvc_labelmeta.read.split_labels import SplitLabels, origin


class Builder:
    """Collects nodes and edges; the first that speaks of a node, the oldest, says when it came."""

    def __init__(self, history: History) -> None:
        self.history, self.labels = history, SplitLabels(history)
        self.nodes: dict[str, Node] = {}
        self.edges: set[Edge] = set()
        self._registered: set[str] = set()
        self._made = {out.path for run in history.runs.values() for out in run.outs}
        self._data = self._made | {
            path.removesuffix(".dvc") for path in history.blobs if path.endswith(".dvc")
        }
        self._sides = {p.removesuffix(SUFFIX) for p in history.blobs if p.endswith(SUFFIX)}
        self._holding = {folder for path in self._sides for folder in enclosing(path)}

    def build(self, splits: Iterable[str] | None) -> Graph:
        """Return the graph; splits: whose states are told although no run used them; None = all."""
        self._ask_sides()
        for run in self.history.runs.values():
            self._run(run)
        for id_ in sorted(self.history.now):
            self._unchanged(self.history.runs[id_])
        for split in sorted(self._sides if splits is None else self._sides.intersection(splits)):
            self._states(split)
        self._added()
        self._registry()
        self._models()
        return graph(self.nodes.values(), self.edges)

    def _node(
        self, id_: str, kind: str, name: str, at: Moment, hash_: str = "", **told: Any
    ) -> str:
        if id_ not in self.nodes:
            when = (at.when, at.by, at.commit, at.order)
            self.nodes[id_] = Node(id_, kind, name, hash_, *when, told)
        return id_

    def _file(self, one: Content, at: Moment) -> str:
        return self._node(one.id, "file", one.path, at, one.hash)

    def _ask_sides(self) -> None:
        """Read ahead the sidecars that runs ask for."""
        above = self.history.git.above
        self.history.objects.ask(
            f"{run.at.commit}:{above(split + SUFFIX)}"
            for run in self.history.runs.values()
            if run.at.commit
            for split in self._linked(run)
        )

    def _linked(self, run: StageRun) -> Iterator[str]:
        """Yield the paths of splits that a run may have read, or made."""
        for one in (*run.deps, *run.outs):
            gated = gated_split(one.path)
            yield from {gated} & self._sides if gated else self._splits(one.path)

    def _splits(self, path: str) -> Iterator[str]:
        """Yield the splits that are at a path, around it, or in it."""
        yield from (one for one in (path, *enclosing(path)) if one in self._sides)
        if path in self._holding:
            yield from sorted(one for one in self._sides if one.startswith(path + "/"))

    def _run(self, run: StageRun) -> None:
        history = self.history
        code: dict[str, str] = {}
        tried = history.tried.get(run.id, "")
        gates = [dep for dep in run.deps if gated_split(dep.path)]
        used = {dep: self._used(run, dep) for dep in run.deps if dep not in gates}
        self._node(
            run.id, "run", run.stage, run.at, run.digest, command=run.command, code=code,
            params=run.params, current=run.id in history.now, experiment=tried,
            gated=bool(gates) if gates or any(used.values()) else None,
        )  # fmt: skip
        for dep in gates:
            self._gate(run, dep)
        for dep, splits in used.items():
            if not splits and not self._is_data(dep.path):
                code[dep.path] = dep.hash
                own = self._node(f"code:{dep.path}@{dep.hash}", "code", dep.path, run.at, dep.hash)
                self.edges.add(Edge(own, run.id, "used by"))
        for one in run.within:
            self.edges.add(Edge(self._file(one, run.at), run.id, "used by"))
        for out in run.outs:
            self.edges.add(Edge(run.id, self._file(out, run.at), "made"))
        if tried:
            own = self._node(f"experiment:{tried}", "experiment", tried, run.at)
            self.edges.add(Edge(run.id, own, "kept as"))

    def _used(self, run: StageRun, dep: Content) -> list[str]:
        """Tell of an input that is data; return the splits that it is, is in, or holds."""
        found = {path: self._split(path, dep, run.at) for path in self._splits(dep.path)}
        splits = [split for split in found.values() if split]
        self.edges.update(Edge(split, run.id, "used by") for split in splits)
        apart = "://" in dep.path or dep.path.startswith("/")
        if (dep.path in self._data or apart) and not found.get(dep.path):
            self.edges.add(Edge(self._file(dep, run.at), run.id, "used by"))
        for folder in enclosing(dep.path) if dep.path not in self._data else ():
            whole = self._folder(folder, run.at) if folder in self._data else None
            if whole is not None:
                self.edges.add(Edge(self._file(whole, run.at), run.id, "used by"))
        return splits

    def _folder(self, path: str, at: Moment) -> Content | None:
        """Return a folder as its `.dvc` file recorded it then; None where there is none."""
        found = None
        for since, outs, _ in self.history.added(f"{path}.dvc"):
            if since.order <= at.order:
                found = next((out for out in outs if out.path == path), found)
        return found

    def _is_data(self, path: str) -> bool:
        """Whether a path is data, of DVC or outside of the repository, and not code."""
        return (
            "://" in path
            or path.startswith("/")
            or not self._data.isdisjoint([path, *enclosing(path)])
        )

    def _unchanged(self, run: StageRun) -> None:
        """Tell what the inputs of a run are today, where only their bytes are the same."""
        history = self.history
        for dep in run.deps:
            now = history.outs_now.get(dep.path)
            if now is not None and now.hash == dep.hash and now.maker != dep.maker:
                self.edges.add(Edge(self._file(now, run.at), run.id, SAME))
            for path in self._splits(dep.path):
                if path == dep.path and history.hash_now(dep) != dep.hash:
                    continue
                id_ = self._split(path, dep, history.since(path))
                if id_ and Edge(id_, run.id, "used by") not in self.edges:
                    self.edges.add(Edge(id_, run.id, SAME))

    def _gate(self, run: StageRun, dep: Content) -> None:
        split = gated_split(dep.path) or ""
        seen = self.history.gate_seen(dep.path, dep.hash)
        passed = seen is not None
        value = self.history.gate_data(dep.path, dep.hash)
        state = self._split(split, Content(split, value), run.at)
        # a patch release leaves a gate as it was: the same bytes then judged another link
        name = f"gate:{split}@{dep.hash} {state}".rstrip()
        id_ = self._node(name, "gate", split, seen or run.at, dep.hash, passed=passed)
        self.edges.add(Edge(id_, run.id, "let pass"))
        if state:
            self.edges.add(Edge(state, id_, "judged by"))

    def _split(self, path: str, dep: Content, at: Moment) -> str:
        """Return the node of a split as a run found it; "" where it was not linked then."""
        side = self.history.side_at(path, at)
        if side is None:
            return ""
        hash_ = side.one.data.value
        if side.one.data.hash == "git":
            hash_ = self.history.object_at(path, at) or hash_
        elif dep.path == path and dep.hash:
            return self._state(dep if dep.maker else self.history.made(dep), side, at)
        return self._state(self.history.made(Content(path, hash_)), side, at)

    def _state(self, held: Content, side: Side, at: Moment) -> str:
        path, hash_ = held.path, held.hash
        names = self.history.names.names(path, at.order)
        made = self.labels.of(side, at)
        if hash_ != side.one.data.value:  # of other data, a migration says nothing
            made = [{**one, "data_of": []} for one in made]
        links = "+".join(
            "/".join([
                f"{one['layer']}={one['guideline']}@{one['version']}",
                *one["records"], *(f"data of {old}" for old in one["data_of"]),
            ])
            for one in made
        )  # fmt: skip
        id_ = f"split:{path}@{hash_}:{links}"
        self.edges.add(Edge(self._file(held, at), id_, "linked as"))
        if id_ in self.nodes:
            return id_
        told = {
            "path": path,
            "names": list(names),
            "labels": made,
            "pinned": side.one.data.value if hash_ != side.one.data.value else "",
        }
        self._node(id_, "split", names[0], at, hash_, **told)
        for one in made:
            counted = one["records"]
            none = one["version"] not in counted and "" not in counted
            kind = LINKED if none and (counted or one["data_of"]) else UNDER
            self._guideline(one["guideline"], one["version"], one["object"], at, id_, kind)
            for version in filter(None, (*counted, *one["data_of"])):
                if version != one["version"]:
                    self._guideline(one["guideline"], version, "", at, id_, UNDER)
        for source, target, node in origin(names[0], id_, side, at):
            self.nodes.setdefault(node.id, node)
            self.edges.add(Edge(source, target, "told by a person"))
        return id_

    def _guideline(
        self, id_: str, version: str, object_: str, at: Moment, split: str, kind: str
    ) -> None:
        name = f"guideline:{id_}@{version}"
        self._node(name, "guideline", id_, at, object_, version=version, objects=[])
        objects = self.nodes[name].details["objects"]
        if object_ and object_ not in objects:
            objects.append(object_)
            self.nodes[name] = self.nodes[name]._replace(hash=objects[0])
        self.edges.add(Edge(name, split, kind))

    def _states(self, split: str) -> None:
        """Tell all states of a split that its sidecar had."""
        for at, blob in self.history.blobs[split + SUFFIX]:
            side = self.history.side(split + SUFFIX, blob) if blob else None
            if side is not None:
                self._state(self.history.made(Content(split, side.one.data.value)), side, at)

    def _added(self) -> None:
        """Tell of files that no run made who added them, and where they were imported from."""
        made = {edge.target for edge in self.edges if edge.kind == "made"}
        made |= {id_ for id_, one in self.nodes.items() if one.name not in self._data}
        paths = {
            one.name for id_, one in self.nodes.items() if one.kind == "file" and id_ not in made
        }
        for where in sorted(f"{path}.dvc" for path in paths):
            for at, outs, source in self.history.added(where):
                for out in outs:
                    self._recorded(out, at, source)
        for id_, one in self.nodes.items():
            if one.kind == "file" and id_ not in made and not one.details.get("added"):
                self.nodes[id_] = one._replace(details={**one.details, "unknown": True})

    def _recorded(self, out: Content, at: Moment, source: Mapping[str, str]) -> None:
        id_ = out.id
        old = self.nodes.get(id_)
        if old is None:
            return
        if "added" not in old.details:
            told = {**old.details, "added": True}
            own = Node(id_, old.kind, old.name, old.hash, at.when, at.by, at.commit, at.order, told)
            self.nodes[id_] = own
        if source:
            name = source.get("repo") or source.get("path", "")
            held = source.get("rev_lock") or source.get("etag") or source.get("md5", "")
            origin_ = self._node(f"origin:{name}@{held}", "origin", name, at, held, **source)
            self.edges.add(Edge(origin_, id_, "imported as"))

    def _registry(self) -> None:
        """Tell versions and deployments from the tags of a model registry."""
        tags = sorted(self.history.tags, key=lambda tag: tag.place)
        holding = current(tags)
        versions: dict[tuple[str, str, str], str] = {}
        for tag in tags:
            if tag.ends:
                continue
            key = tag.folder, tag.artifact, tag.commit
            at = Moment(tag.commit, tag.at, tag.by, len(self.history.runs) + 1)
            kind = "version" if tag.version else "deployment"
            told = {"artifact": tag.artifact, "version": tag.version, "stage": tag.stage}
            id_ = self._node(
                f"tag:{tag.tag}", kind, tag.tag, at, **told, current=holding.get(tag.tag, False)
            )
            if tag.version:
                versions[key] = id_
            start = versions.get(key, "") if tag.stage else ""
            start = start or self._artifact(tag)
            if start:
                self.edges.add(Edge(start, id_, "registered as" if tag.version else "deployed as"))

    def _artifact(self, tag: Tag) -> str:
        """Return the node of what a tag speaks of; "" where its commit does not hold that."""
        history = self.history
        place = f"{tag.folder}/dvc.yaml" if tag.folder else "dvc.yaml"
        path = dvc.artifacts(place, history.value_at(tag.commit, place)).get(tag.artifact, "")
        content = history.content_at(tag.commit, path) if path else None
        if content is None:
            return ""
        at = Moment(tag.commit, tag.at, tag.by)
        id_ = self._file(content, at)
        self._registered.add(content.path)
        return id_

    def _models(self) -> None:
        """Tell which files are models: what dvc.yaml calls so, else where labels end up."""
        declared = self._registered | {
            path for run in self.history.runs.values() for path in run.models
        }
        metrics = {path for run in self.history.runs.values() for path in run.metrics}
        labelled = [id_ for id_, one in self.nodes.items() if one.kind == "split"]
        whole = graph(
            self.nodes.values(), (one for one in self.edges if one.kind not in {SAME, LINKED})
        )
        trained = set(reached(neighbours(whole, up=False), labelled))
        before = neighbours(whole, up=True)
        makes: dict[str, set[str]] = {}
        for edge in self.edges:
            makes.setdefault(edge.source, set()).add(edge.target)
        for id_, one in self.nodes.items():
            if one.kind != "file" or one.name in metrics:
                continue
            after = makes.get(id_, set())
            further = {made for run in after for made in makes.get(run, ())}
            names = {self.nodes[made].name for made in further if made.startswith("file:")}
            linked = any(made.startswith("split:") for made in after)
            ends = not declared and id_ in trained and names <= metrics and not linked
            if one.name in declared or ends:
                under = {
                    f"{held.name} {held.details['version']}"
                    for found in reached(before, [id_])
                    if (held := self.nodes[found]).kind == "guideline"
                }
                told = {**one.details, "under": sorted(under)}
                self.nodes[id_] = one._replace(kind="model", details=told)


def with_changes(history: History, found: Graph) -> Graph:
    """Tell of each run that dvc.lock holds now which of its inputs are others since.

    What cannot be compared, such as a folder in Git or a URL, is told apart.
    """
    nodes = dict(found.nodes)
    for id_, node in found.nodes.items():
        if node.kind == "run" and id_ in history.now:
            run = history.runs[id_]
            today = {dep: history.hash_now(dep) for dep in run.deps}
            changed = [dep.path for dep, hash_ in today.items() if hash_ not in {"", dep.hash}]
            told = {
                "changed": changed + list(_other_params(history, run)),
                "not_compared": [dep.path for dep, hash_ in today.items() if not hash_],
            }
            nodes[id_] = node._replace(details={**node.details, **told})
    return found._replace(nodes=nodes)


def _other_params(history: History, run: StageRun) -> Iterator[str]:
    """Yield the parameters of a run, in files that can be read, which have another value now."""
    for path, values in run.params.items():
        if path.endswith((".yaml", ".yml", ".json")) and isinstance(values, dict):
            now = history.now_value(path)
            for key, value in values.items():
                if _looked_up(now, key) != value:
                    yield f"{path}:{key}"


def _looked_up(value: Any, key: str) -> Any:
    """Return what stands at a key with dots, None for nothing."""
    if isinstance(value, dict) and key in value:
        return value[key]
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
