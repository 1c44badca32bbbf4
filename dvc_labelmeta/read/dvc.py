"""DVC's own files as records and stages: `.dvc`, dvc.lock, dvc.yaml. DVC itself is not needed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from dvc_labelmeta.model.snapshot import Out, Place, Record, Stage

# what `dvc add` writes for one file or folder; anything else (such as names that could be
# numbers) goes through the YAML parser
_PLAIN = re.compile(
    r"outs:\n- md5: ([0-9a-f]{32}(?:\.dir)?)\n  size: (\d+)\n(?:  nfiles: (\d+)\n)?"
    r"  hash: md5\n  path: ([A-Za-z_/][\w./-]*|\d[\w./-]*\.[A-DF-Za-df-z]\w*)\n\Z",
    re.ASCII,
)


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


def _record(out: dict[str, Any], folder: str, place: Place, stage: str | None) -> Record:
    value = str(out.get("md5", ""))
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

    A `foreach` over a plain list is unrolled; any other `foreach` or `matrix` appears once for
    each name in dvc.lock, and under its own name while it never ran. Templated values (`${…}`)
    are left out: dvc.lock has them resolved.
    """
    locked = _dict(_dict(lock).get("stages"))
    for name, definition in _dict(_dict(value).get("stages")).items():
        if isinstance(definition, dict):
            body = _dict(definition.get("do")) or definition
            for key, item in _unrolled(name, definition, locked):
                yield _stage(path, key, name, body, locked.get(key), item)


def _unrolled(
    name: str, definition: dict[str, Any], locked: dict[str, Any]
) -> Iterator[tuple[str, str | None]]:
    """Yield (name in dvc.lock, loop item) for each stage that a definition stands for."""
    each = definition.get("foreach")
    if isinstance(each, list) and all(isinstance(item, (str, int)) for item in each):
        yield from ((f"{name}@{item}", str(item)) for item in each)
    elif each is not None or "matrix" in definition:
        ran = [key for key in locked if key.startswith(name + "@")]
        yield from ((key, None) for key in ran or [name])
    else:
        yield name, None


def _stage(
    path: str, key: str, name: str, body: dict[str, Any], locked: Any, item: str | None
) -> Stage:
    folder = posixpath.dirname(path)
    wdir = str(body.get("wdir", "."))
    base = join(folder, wdir) if "${" not in wdir else join(folder, ".")
    ran = isinstance(locked, dict)
    outs = tuple(_outs(body, base, item))
    recorded = {
        join(base, dep["path"]): str(dep.get("md5", ""))
        for dep in _dicts(locked.get("deps") if ran else ())
        if isinstance(dep.get("path"), str)
    }
    declared = {join(base, dep): "" for dep in _plain_paths(body.get("deps"), item)}
    if _templated(body.get("deps"), item):
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


def address(path: str, name: str) -> str:
    """Return a stage's name as DVC takes it on the command line."""
    return name if path == "dvc.yaml" else f"{path}:{name}"


def _templated(values: Any, item: str | None) -> bool:
    """Whether any of these paths needs DVC's own templating to be known."""
    text = str(values)
    return "${" in (text if item is None else text.replace("${item}", ""))


def _plain_paths(values: Any, item: str | None) -> Iterator[str]:
    for value in values if isinstance(values, list) else ():
        text = value if isinstance(value, str) else next(iter(_dict(value)), "")
        text = text if item is None else text.replace("${item}", item)
        if text and "${" not in text and "://" not in text:
            yield text


def _outs(body: dict[str, Any], base: str, item: str | None) -> Iterator[Out]:
    for kind in ("outs", "metrics", "plots"):
        values = body.get(kind)
        for value in values if isinstance(values, list) else ():
            options = {} if isinstance(value, str) else _dict(next(iter(_dict(value).values()), {}))
            text = value if isinstance(value, str) else next(iter(_dict(value)), "")
            if item is not None:
                text = text.replace("${item}", item)
            if text and "${" not in text:
                cache, persist = options.get("cache"), options.get("persist")
                yield Out(join(base, text), cache is not False, persist is True)


def lock_records(path: str, value: Any, lock: Any) -> Iterator[Record]:
    """Yield a record for every output in the dvc.lock beside the dvc.yaml at `path`."""
    definitions = _dict(_dict(value).get("stages"))
    lock_path = posixpath.join(posixpath.dirname(path), "dvc.lock")
    for key, entry in _dict(_dict(lock).get("stages")).items():
        definition = definitions.get(key, definitions.get(key.partition("@")[0]))
        if not isinstance(definition, dict):
            continue
        body = _dict(definition.get("do")) or definition
        base = join(posixpath.dirname(path), str(body.get("wdir", ".")))
        for number, out in enumerate(_dicts(_dict(entry).get("outs"))):
            if isinstance(out.get("path"), str):
                place = Place(lock_path, ("stages", key, "outs", number, "md5"))
                yield _record(out, base, place, f"{path}:{key}")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
