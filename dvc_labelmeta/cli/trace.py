"""`trace`: where data, labels and models come from, and where they go."""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from dvc_labelmeta.cli.common import refuse_other, root_of, split_paths
from dvc_labelmeta.errors import Refused, Unknown
from dvc_labelmeta.read.git import open_repository
from dvc_labelmeta.read.source import find_root
from dvc_labelmeta.report.text import plain

if TYPE_CHECKING:
    from dvc_labelmeta.model.lineage import Graph
    from dvc_labelmeta.read.lineage import History

TRACE_EXAMPLE = 'Example: labelmeta trace "tone@>=1.0.0,<2.0.0" --format json'
FORMATS = ("text", "json", "mermaid", "dot")
_MODELS = 20  # told one by one
_FEW = 10  # earlier states told one by one


class Asked(NamedTuple):
    """What a name stands for: nodes to begin at, and other states of the same thing."""

    kind: str
    whole: Graph
    starts: list[str]
    earlier: list[str]


class Way(NamedTuple):
    """How a lineage is to be told."""

    rev: str
    up: bool
    down: bool
    format: str


Name = Annotated[
    str,
    typer.Argument(
        help="A split, a file that a stage makes or reads, a guideline (ID, ID@1, ID@1.2.0, "
        'ID@">=1.0.0,<2.0.0"), a tag or an experiment; else an item or a record '
        "(item:NAME, record:ID: nothing else).",
        metavar="NAME",
    ),
]
Rev = Annotated[str, typer.Option(help="As the history was at this revision.", metavar="REV")]
Form = Annotated[str, typer.Option("--format", help="text, json, mermaid or dot", metavar="FORMAT")]
Split = Annotated[
    str, typer.Option(help="Of an item or a record: the split it is in.", metavar="SPLIT")
]


def trace(
    context: typer.Context,
    name: Name,
    rev: Rev = "",
    up: Annotated[bool, typer.Option("--up", help="Only what it came from.")] = False,
    down: Annotated[bool, typer.Option("--down", help="Only what came of it.")] = False,
    format_: Form = "text",
    split: Split = "",
) -> int:
    """Tell where data, labels and models come from, and what came of them.

    From DVC's files in the history of HEAD, its experiments and the tags of a model registry: runs
    with their code, parameters and hashes, splits with the guideline of their labels, gates. What
    is there now goes before an item or a record of the same name (item:NAME, record:ID), and they
    go before what is no longer there (--up, --down or --rev asks for that alone).
    """
    refuse_other("--format", format_, FORMATS)
    root = find_root(root_of(context))
    way = Way(rev, up, down, format_)
    if split or name.startswith(("item:", "record:")):
        code = None
    elif rev or up or down or _is_there(context, root, name):
        code = _lineage(context, root, name, way)
    else:  # the whole lineage takes long to build, where the history is long
        try:
            return _item(context, root, name, split, format_)
        except Unknown as why:
            code = _lineage(context, root, name, way)
            if code is None:
                other = "nor is it data, a guideline, a tag or an experiment"
                raise Unknown(f"{why}; {other}{_near(root, name)}") from None
    if code is None and (rev or up or down):
        raise Refused(
            f"{name} is no data of a stage, no split and no guideline: an item or a record is "
            "told whole, without --rev, --up and --down"
        )
    return _item(context, root, name, split, format_) if code is None else code


def _is_there(context: typer.Context, root: str, name: str) -> bool:
    """Whether a name stands for a file, data, a guideline, a tag or an experiment of today."""
    from dvc_labelmeta.read.snapshot import load  # noqa: PLC0415  # only without a kind or split

    snapshot = load(root, with_pipeline=False)
    if name.partition("@")[0] in snapshot.guidelines:
        return True
    path = _path(context, root, name)
    if path in snapshot.records or os.path.lexists(os.path.join(root, path or "?")):
        return True
    if any(one.split == path for one in snapshot.sidecars):
        return True
    return any(name in (ref, ref.rpartition("/")[2]) for ref in _refs(root))


def _refs(root: str) -> list[str]:
    form = "--format=%(refname:lstrip=2)"
    return open_repository(root).git.text("for-each-ref", form, "refs/tags", "refs/exps").split()


def _near(root: str, name: str) -> str:
    """Return which names of today are like one that nothing has, as the end of a sentence."""
    from dvc_labelmeta.read.snapshot import load  # noqa: PLC0415  # only after a slip

    snapshot = load(root, with_pipeline=False)
    known = [*snapshot.guidelines, *(one.split for one in snapshot.sidecars), *_refs(root)]
    near = get_close_matches(name, known) or get_close_matches(name.partition("@")[0], known)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _path(context: typer.Context, root: str, name: str) -> str:
    """Return a name as a path from the root, "" for what is outside."""
    try:
        (path,) = split_paths(root, root_of(context), [name])
    except Refused:
        return ""
    return path


def _lineage(context: typer.Context, root: str, name: str, way: Way) -> int | None:
    """Tell what came of a name and what it came of; None where it is no data and no guideline."""
    # only here
    from dvc_labelmeta.read.lineage import History  # noqa: PLC0415
    from dvc_labelmeta.read.lineage_graph import with_changes  # noqa: PLC0415

    repository = open_repository(root)
    with repository.git.objects() as objects:
        history = History(repository, objects, way.rev or None)
        asked = _asked(context, root, history, name)
        if asked is None:
            return None
        both = not (way.up or way.down)
        up, down = (asked.kind != "guideline", True) if both else (way.up, way.down)
        part = with_changes(history, _part(asked, up=up, down=down))
    told = {"name": name, "kind": asked.kind, "rev": way.rev, "commit": history.head}
    _put(asked, part, told, way.format, up=up, down=down)
    if history.shallow:
        typer.echo("note: this clone is shallow, what was before is not known", err=True)
    return 0


def _item(context: typer.Context, root: str, name: str, split: str, format_: str) -> int:
    from dvc_labelmeta.cli.trace_item import trace_item  # noqa: PLC0415  # needs the records

    code: int = trace_item(context, root, name, split, format_)
    return code


def _asked(context: typer.Context, root: str, history: History, name: str) -> Asked | None:
    """Return what a name stands for; None where it is neither data nor guideline."""
    from dvc_labelmeta.read.lineage_graph import Builder  # noqa: PLC0415  # as above

    path = _path(context, root, name)
    names = history.names.asked(path)
    whole = Builder(history).build([*names] if names else None)
    nodes = whole.nodes
    if names:
        now = history.names.asked(path)[0]
        states = [id_ for id_, one in nodes.items() if one.kind == "split" and one.name == now]
        return Asked("split", whole, _newest(whole, states), [])
    states = [
        id_
        for id_, one in nodes.items()
        if one.kind in {"file", "model", "code"} and one.name == path
    ]
    if states:
        present = history.outs_now.get(path)
        now_id = present.id if present else ""
        states = _newest(whole, states)
        start = now_id if now_id in states else states[0]
        return Asked(nodes[start].kind, whole, [start], [one for one in states if one != start])
    for id_ in (f"tag:{name}", f"experiment:{name}"):
        if id_ in nodes:
            return Asked(nodes[id_].kind, whole, [id_], [])
    return _guideline(whole, name)


def _newest(whole: Graph, ids: list[str]) -> list[str]:
    return sorted(ids, key=lambda one: (-whole.nodes[one].order, one))


def _guideline(whole: Graph, name: str) -> Asked | None:
    """Return the versions of a guideline that `ID@RANGE` means."""
    from dvc_labelmeta.model.guideline import in_order  # noqa: PLC0415  # as above
    from dvc_labelmeta.model.lineage import LINKED  # noqa: PLC0415
    from dvc_labelmeta.model.version_range import bounds, within  # noqa: PLC0415

    id_, _, range_ = name.partition("@")
    known = [one for one in whole.nodes.values() if one.kind == "guideline" and one.name == id_]
    if not known:
        return None
    wanted = bounds(range_)
    if wanted is None:
        raise Refused(f'{range_!r} is no version: write 1, 1.2, 1.2.0 or ">=1.0.0,<2.0.0"')
    known.sort(key=lambda one: in_order(one.details["version"]), reverse=True)
    meant = [one for one in known if within(one.details["version"], wanted)]
    if not meant:
        there = ", ".join(one.details["version"] for one in known)
        raise Refused(f"no split was ever linked to {id_} {range_}; there are {there}")
    # where the records of a split name other versions, its link alone made no labels
    edges = tuple(one for one in whole.edges if one.kind != LINKED)
    return Asked("guideline", whole._replace(edges=edges), [one.id for one in meant], [])


def _part(asked: Asked, *, up: bool, down: bool) -> Graph:
    from dvc_labelmeta.model.lineage import part  # noqa: PLC0415  # as above

    return part(asked.whole, asked.starts, up=up, down=down)


def _put(
    asked: Asked, part: Graph, told: dict[str, Any], format_: str, *, up: bool, down: bool
) -> None:
    from dvc_labelmeta.report import lineage as report  # noqa: PLC0415  # as above

    if format_ == "json":
        models = [id_ for id_, one in part.nodes.items() if one.kind == "model"]
        told |= {"starts": asked.starts, "earlier": asked.earlier, "models": models}
        typer.echo(report.machine(part, told))
    elif format_ != "text":
        typer.echo(report.picture(part, format_))
    else:
        _text(asked, part, up=up, down=down)


def _text(asked: Asked, part: Graph, *, up: bool, down: bool) -> None:
    from dvc_labelmeta.report import lineage as report  # noqa: PLC0415  # as above

    if asked.kind == "guideline":
        _models(asked, part)
    if up:
        typer.echo("comes from:")
        for row in report.tree(part, asked.starts[0], up=True):
            typer.echo(f"  {row}")
    if down:
        typer.echo("what came of it:")
        for start in asked.starts[:_FEW]:
            for row in report.tree(part, start, up=False):
                typer.echo(f"  {row}")
    rest = asked.starts[_FEW:] if down else asked.starts[1:]
    for start in [*asked.earlier, *rest][:_FEW]:
        typer.echo(plain(f"earlier: {report.line(asked.whole.nodes[start])}"))
    more = len(asked.earlier) + len(rest) - _FEW
    if more > 0:
        typer.echo(f"earlier: … and {more} more (--format json has all)")


def _models(asked: Asked, part: Graph) -> None:
    from dvc_labelmeta.report import lineage as report  # noqa: PLC0415  # as above

    models = _newest(part, [id_ for id_, one in part.nodes.items() if one.kind == "model"])
    typer.echo(_count(asked, part))
    for id_ in models[:_MODELS]:
        typer.echo(f"  {report.line(part.nodes[id_])}")
    if len(models) > _MODELS:
        typer.echo(f"  … and {len(models) - _MODELS} more (--format json has all)")


def _count(asked: Asked, part: Graph) -> str:
    """Return how many models were trained on labels made under these versions."""
    versions = ", ".join(part.nodes[one].details["version"] for one in asked.starts)
    models = {id_ for id_, one in part.nodes.items() if one.kind == "model"}
    runs = {edge.source for edge in part.edges if edge.target in models and edge.kind == "made"}
    tried = sum(bool(part.nodes[one].details.get("experiment")) for one in runs)
    distinct = len({(part.nodes[one].name, part.nodes[one].hash) for one in models})
    return plain(
        f"guideline {part.nodes[asked.starts[0]].name} {versions}: "
        f"{distinct} model{'' if distinct == 1 else 's'} trained on labels made under it "
        f"({len(runs)} run{'' if len(runs) == 1 else 's'}, {tried} of them in experiments)"
    )
