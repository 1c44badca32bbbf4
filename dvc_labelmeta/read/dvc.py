"""DVC's own files as records and stages: `.dvc`, dvc.lock, dvc.yaml. DVC itself is not needed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from typing import Any

from dvc_labelmeta.model.snapshot import Out, Place, Record, Stage
from dvc_labelmeta.read.files import decode, parse

# what `dvc add` writes for one file or folder; anything else (such as names that could be
# numbers) goes through the YAML parser
_PLAIN = re.compile(
    r"outs:\n- md5: (?!\d+(?:e\d+)?\n)([0-9a-f]{32}(?:\.dir)?)\n"
    r"  size: (\d+)\n(?:  nfiles: (\d+)\n)?"
    r"  hash: md5\n  path: ([A-Za-z_/][\w./-]*|\d[\w./-]*\.[A-DF-Za-df-z]\w*)\n\Z",
    re.ASCII,
)
_TEMPLATE = re.compile(r"(?<!\\)\$\{\s*([^{}]*?)\s*\}")
_MOST = 1000  # combinations of a matrix that are unrolled


def join(folder: str, path: str) -> str:
    """Return `path`, seen from `folder`, as a path from the root."""
    return posixpath.normpath(posixpath.join(folder, path))


def plain_records(path: str, text: str) -> list[Record] | None:
    """Return the records of a `.dvc` file in the exact form `dvc add` writes, else None."""
    match = _PLAIN.match(text)
    if match is None:
        return None
    md5, size, nfiles, out = match.groups()
    place = Place(path, ("outs", 0, "md5"))
    data = join(posixpath.dirname(path), out)
    count = int(nfiles) if nfiles else None
    return [Record(data, "md5", md5, place, int(size), count, None, md5.endswith(".dir"))]


def records(path: str, value: Any) -> list[Record]:
    """Return the records of a parsed `.dvc` file (added or imported data) at `path`."""
    if not isinstance(value, dict):
        return []
    folder = join(posixpath.dirname(path), str(value.get("wdir", ".")))
    return [
        _record(out, folder, Place(path, ("outs", number, "md5")), None)
        for number, out in enumerate(_dicts(value.get("outs")))
        if isinstance(out.get("path"), str)
    ]


def file_records(path: str, content: bytes) -> list[Record]:
    """Return the records of the `.dvc` file at `path`; raises UnreadableFile."""
    text = decode(content)
    plain = plain_records(path, text)
    return records(path, parse(text)) if plain is None else plain


def unquoted(value: Any) -> Iterator[tuple[int, str]]:
    """Yield number and message of each output whose hash reads as a number: which, is lost.

    value: a `.dvc` file, or an entry of a dvc.lock.
    """
    for number, out in enumerate(_dicts(_dict(value).get("outs"))):
        if isinstance(out.get("md5"), (int, float)):
            yield number, "md5 must be text; put the hash into quotes, or let DVC write the file"


def _record(out: dict[str, Any], folder: str, place: Place, stage: str | None) -> Record:
    md5 = out.get("md5")
    value = md5 if isinstance(md5, str) else ""  # a number is no hash any more
    algorithm = str(out.get("hash", "md5" if "hash" in out else "md5-dos2unix"))
    size, nfiles = out.get("size"), out.get("nfiles")
    return Record(
        join(folder, out["path"]),
        algorithm,
        value,
        place,
        size if isinstance(size, int) else None,
        nfiles if isinstance(nfiles, int) else None,
        stage,
        value.endswith(".dir"),
    )


def stages(path: str, value: Any, lock: Any) -> Iterator[Stage]:
    """Yield the stages of the dvc.yaml at `path`, with what its dvc.lock recorded.

    A `foreach` or `matrix` whose values stand in the file is unrolled; any other appears once for
    each name in dvc.lock, and under its own name while it never ran. Templated values (`${…}`)
    that need another file are left out: dvc.lock has them resolved.
    """
    locked = _dict(_dict(lock).get("stages"))
    common = _variables(_dict(value).get("vars"))
    for name, definition in _dict(_dict(value).get("stages")).items():
        if isinstance(definition, dict):
            body = _dict(definition.get("do")) or definition
            own = common | _variables(body.get("vars"))
            for key, names in _unrolled(name, definition, locked):
                yield _stage(path, key, name, body, locked.get(key), own | names)


def _variables(values: Any) -> dict[str, str]:
    """Return the variables that a `vars:` holds itself; those in files are left out."""
    found: dict[str, str] = {}
    for one in _dicts(values):
        for name, value in one.items():
            found |= _flat(str(name), value)
    return found


def _unrolled(
    name: str, definition: dict[str, Any], locked: dict[str, Any]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (name in dvc.lock, loop variables) for each stage that a definition stands for."""
    each, matrix = definition.get("foreach"), definition.get("matrix")
    if each is None and matrix is None:
        yield name, {}
        return
    loop = _items(each) if each is not None else _combinations(matrix)
    if loop is not None:
        yield from ((f"{name}@{key}", names) for key, names in loop.items())
    else:
        ran = [key for key in locked if key.startswith(name + "@")]
        yield from ((key, {}) for key in ran or [name])


def _items(each: Any) -> dict[str, dict[str, str]] | None:
    """Return the loop variables by key, as DVC makes them; None where they are elsewhere."""
    if "${" in str(each):
        return None
    if isinstance(each, dict):
        return {_text(key): _flat("item", one) | {"key": _text(key)} for key, one in each.items()}
    if not isinstance(each, list):
        return None
    if any(isinstance(one, (dict, list)) for one in each):
        return {str(number): _flat("item", one) for number, one in enumerate(each)}
    return {_text(one): _flat("item", one) for one in each}


def _combinations(matrix: Any) -> dict[str, dict[str, str]] | None:
    """Return the variables of each combination of a matrix by DVC's key for it, as `_items`."""
    if not isinstance(matrix, dict) or "${" in str(matrix):
        return None
    lists = [one for one in matrix.values() if isinstance(one, list)]
    if len(lists) < len(matrix) or prod(map(len, lists)) > _MOST:
        return None
    found = {}
    for chosen in product(*map(enumerate, lists)):
        pairs = list(zip(map(str, matrix), chosen, strict=True))
        key = "-".join(
            f"{name}{number}" if isinstance(one, (dict, list)) else _text(one)
            for name, (number, one) in pairs
        )
        found[key] = _flat("item", {name: one for name, (_, one) in pairs}) | {"key": key}
    return found


def _flat(name: str, value: Any) -> dict[str, str]:
    """Return what a template may ask of a value: `item`, `item.path`, `item.paths[0]`."""
    parts: Iterator[tuple[str, Any]]
    if isinstance(value, dict):
        parts = ((f"{name}.{key}", one) for key, one in value.items())
    elif isinstance(value, list):
        parts = ((f"{name}[{number}]", one) for number, one in enumerate(value))
    else:
        return {name: _text(value)}
    return {path: text for part, one in parts for path, text in _flat(part, one).items()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filled(text: str, names: dict[str, str]) -> str:
    """Return a text with the templates that are known filled in."""
    return _TEMPLATE.sub(lambda one: names.get(one[1], one[0]), text) if "${" in text else text


def _stage(
    path: str, key: str, name: str, body: dict[str, Any], locked: Any, names: dict[str, str]
) -> Stage:
    base = _base(path, body, names)
    ran = isinstance(locked, dict)
    outs = tuple(_outs(body, base, names))
    recorded = {
        join(base, dep["path"]): str(dep.get("md5", ""))
        for dep in _dicts(locked.get("deps") if ran else ())
        if isinstance(dep.get("path"), str)
    }
    declared = {join(base, dep): "" for dep in _plain_paths(body.get("deps"), names)}
    if "${" in _filled(str(body.get("deps")), names):
        deps = declared | recorded
    else:
        deps = {path: recorded.get(path, "") for path in declared}
    if ran:
        known = {out.path for out in outs}
        outs += tuple(
            Out(join(base, out["path"]))
            for out in _dicts(locked.get("outs"))
            if isinstance(out.get("path"), str) and join(base, out["path"]) not in known
        )
    return Stage(
        address(path, key),
        Place(path, ("stages", name)),
        tuple(deps.items()),
        outs,
        frozen=body.get("frozen") is True,
        always_changed=body.get("always_changed") is True,
        ran=ran,
    )


def _base(path: str, body: dict[str, Any], names: dict[str, str]) -> str:
    """Return the folder that the paths of a stage start from."""
    folder = posixpath.dirname(path)
    wdir = _filled(str(body.get("wdir", ".")), names)
    return join(folder, wdir) if "${" not in wdir else join(folder, ".")


def bases(path: str, value: Any, keys: Iterable[str]) -> dict[str, str]:
    """Return the folder that the paths of each entry of dvc.lock start from, by its key.

    value: the dvc.yaml at `path`. A stage that it no longer defines starts from its folder.
    """
    locked: dict[str, Any] = dict.fromkeys(keys)
    common = _variables(_dict(value).get("vars"))
    found = dict.fromkeys(locked, join(posixpath.dirname(path), "."))
    for name, definition in _dict(_dict(value).get("stages")).items():
        if isinstance(definition, dict):
            body = _dict(definition.get("do")) or definition
            own = common | _variables(body.get("vars"))
            for key, names in _unrolled(name, definition, locked):
                if key in found:
                    found[key] = _base(path, body, own | names)
    return found


def measures(path: str, value: Any, key: str, base: str) -> Iterator[str]:
    """Yield what the dvc.yaml at `path`, or its stage `key`, calls metrics or plots."""
    stages_ = _dict(_dict(value).get("stages"))
    definition = _dict(stages_.get(key, stages_.get(key.partition("@")[0])))
    body = _dict(definition.get("do")) or definition
    for kind in ("metrics", "plots"):
        yield from (join(base, one) for one in _plain_paths(body.get(kind), {}))
        told = _plain_paths(_dict(value).get(kind), {})
        yield from (join(posixpath.dirname(path), one) for one in told)


def artifacts(path: str, value: Any, kind: str = "") -> dict[str, str]:
    """Return the paths from the root of the artifacts (of a kind) in the dvc.yaml at `path`."""
    folder = posixpath.dirname(path)
    return {
        str(name): join(folder, one["path"])
        for name, one in _dict(_dict(value).get("artifacts")).items()
        if isinstance(one, dict) and isinstance(one.get("path"), str)
        if not kind or one.get("type") == kind
    }


def source(value: Any) -> dict[str, str]:
    """Return where a parsed `.dvc` file got its data from: repository or URL; {} for nowhere."""
    for dep in _dicts(_dict(value).get("deps")):
        repo = _dict(dep.get("repo"))
        told = {"repo": repo.get("url"), "rev": repo.get("rev"), "rev_lock": repo.get("rev_lock")}
        told |= {"path": dep.get("path"), "etag": dep.get("etag"), "md5": dep.get("md5")}
        return {key: str(one) for key, one in told.items() if one}
    return {}


def address(path: str, name: str) -> str:
    """Return a stage's name as DVC takes it on the command line."""
    return name if path == "dvc.yaml" else f"{path}:{name}"


def _plain_paths(values: Any, names: dict[str, str]) -> Iterator[str]:
    for value in values if isinstance(values, list) else ():
        text = value if isinstance(value, str) else next(iter(_dict(value)), "")
        text = _filled(text, names)
        if text and "${" not in text and "://" not in text:
            yield text


def _outs(body: dict[str, Any], base: str, names: dict[str, str]) -> Iterator[Out]:
    for kind in ("outs", "metrics", "plots"):
        values = body.get(kind)
        for value in values if isinstance(values, list) else ():
            options = {} if isinstance(value, str) else _dict(next(iter(_dict(value).values()), {}))
            text = value if isinstance(value, str) else next(iter(_dict(value)), "")
            text = _filled(text, names)
            if text and "${" not in text:
                cache, persist = options.get("cache"), options.get("persist")
                yield Out(join(base, text), cache is not False, persist is True)


def lock_records(path: str, value: Any, lock: Any) -> Iterator[Record]:
    """Yield a record for every output in the dvc.lock beside the dvc.yaml at `path`."""
    definitions = _dict(_dict(value).get("stages"))
    lock_path = posixpath.join(posixpath.dirname(path), "dvc.lock")
    for key, entry in entries(lock):
        definition = definitions.get(key, definitions.get(key.partition("@")[0]))
        if not isinstance(definition, dict):
            continue
        body = _dict(definition.get("do")) or definition
        base = join(posixpath.dirname(path), str(body.get("wdir", ".")))
        for number, out in enumerate(_dicts(_dict(entry).get("outs"))):
            if isinstance(out.get("path"), str):
                place = Place(lock_path, ("stages", key, "outs", number, "md5"))
                yield _record(out, base, place, f"{path}:{key}")


def entries(lock: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the stages of a dvc.lock by their keys."""
    yield from _dict(_dict(lock).get("stages")).items()


def items(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the keys and values of a mapping; nothing of any other value."""
    yield from _dict(value).items()


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
