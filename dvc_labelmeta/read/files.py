"""YAML read safely: no tags, no duplicate keys, bounded size and aliases, places for messages.

The scalars follow YAML 1.2 (`no`, `on` and dates stay text), since DVC reads that dialect.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import yaml

from dvc_labelmeta.errors import UnreadableFile
from dvc_labelmeta.model.fields import SCHEMAS
from dvc_labelmeta.model.shape import Fits, fits
from dvc_labelmeta.read import plain

MAX_BYTES = 2**20
MAX_LOCK_BYTES = 256 * 2**20
_MAX_ALIASED = 100_000
_MAX_DEPTH = 100

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z"
)
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)
_PLAIN_TAGS = {"!", "plain", "quoted", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


class _Loader(_Parser):  # type: ignore[misc]  # PyYAML's C parser has no types
    """PyYAML's parser with a resolver that only tells plain scalars from quoted ones."""

    def resolve(self, kind: Any, _value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return "plain" if implicit[0] else "quoted"
        return "!"

    depth = 0

    def descend_resolver(self, _node: Any, _index: Any) -> None:
        """Called by the parser for each level: deep nesting would overflow its C stack."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise yaml.YAMLError(f"nested more than {_MAX_DEPTH} levels deep")

    def ascend_resolver(self) -> None:
        """See descend_resolver."""
        self.depth -= 1


def content(path: str, limit: int = MAX_BYTES) -> bytes | None:
    """Return the content of a file on disk, None where there is none.

    Raises UnreadableFile for anything larger than `limit` bytes or not to be opened.
    """
    try:
        with open(path, "rb") as file:
            # a read of `limit` bytes would allocate them, for each small file
            size = os.fstat(file.fileno()).st_size
            found = file.read(min(size, limit) + 1)
            if len(found) > size:
                found += file.read(limit)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise UnreadableFile("is a folder, not a file") from None
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror}") from None
    if len(found) > limit:
        raise UnreadableFile(
            f"is larger than the {limit:,} bytes that are read; is it the right file?"
        )
    return found


def names(folder: str) -> list[str]:
    """Return the names in a folder on disk, sorted; none where there is no such folder.

    Without those that begin with a dot: temporary files that a killed process left.
    """
    try:
        found = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UnreadableFile(f"{folder} cannot be read: {error.strerror}") from None
    return sorted(name for name in found if not name.startswith("."))


def decode(content: bytes, limit: int = MAX_BYTES) -> str:
    """Return the text of a file, line ends as they are.

    Raises UnreadableFile when it is larger than `limit` bytes, not UTF-8, or holds NUL.
    """
    if len(content) > limit:
        raise UnreadableFile(
            f"is {len(content):,} bytes, more than the {limit:,} that are read: is it data?"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise UnreadableFile(
            f"is not UTF-8 (byte 0x{content[error.start]:02x}); save it as UTF-8", line, column
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableFile("holds a NUL byte; is it a text file?", line)
    return text


def parse(text: str) -> Any:
    """Return the value of a YAML text as dict, list, str, int, float, bool and None.

    Raises UnreadableFile, with the place, for anything that is not one plain document.
    """
    quick = plain.mapping(text)
    if quick is not None:
        return quick
    node = compose(text)
    return None if node is None else _Builder().value(node)


def compose(text: str) -> Any:
    """Return the root node of a YAML text (None for an empty one); raises UnreadableFile."""
    _refuse_conflict_markers(text)
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "is not YAML"
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise UnreadableFile(f"is not valid YAML: {problem}", line, column) from None
    except (yaml.YAMLError, ValueError) as error:
        raise UnreadableFile(f"is not valid YAML: {str(error).splitlines()[0]}") from None


def _refuse_conflict_markers(text: str) -> None:
    if "<<<<<<<" not in text and ">>>>>>>" not in text:
        return
    match = _CONFLICT.search(text)
    if match:
        line = text.count("\n", 0, match.start()) + 1
        raise UnreadableFile(
            "has merge conflict markers; resolve them, then link the split anew", line
        )


class _Builder:
    """Turns composed nodes into values; counts what aliases repeat, so that they cannot explode."""

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.within: set[int] = set()
        self.aliased = 0

    def value(self, node: Any) -> Any:
        kind = type(node)
        if kind is yaml.ScalarNode:
            if node.tag == "plain":
                return scalar(node.value)
            return node.value if node.tag == "quoted" else _refuse_tag(node)
        if node.tag not in _PLAIN_TAGS:
            _refuse_tag(node)
        self._count(node)
        self.within.add(id(node))
        built = (
            [self.value(child) for child in node.value]
            if kind is yaml.SequenceNode
            else self._mapping(node)
        )
        self.within.discard(id(node))
        return built

    def _mapping(self, node: Any) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key == "<<" and key_node.tag == "plain":
                merged = self._merged(value_node) | merged
                continue
            if key in result:
                raise _at(key_node, f"has the key {key!r} twice; keep one of them")
            result[key] = self.value(value_node)
        return merged | result if merged else result

    def _merged(self, node: Any) -> dict[str, Any]:
        """Return what a merge key (`<<: *base`) brings in, as DVC reads it: the first one wins."""
        value = self.value(node)
        result: dict[str, Any] = {}
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, dict):
                raise _at(node, "merges (`<<`) something that is no mapping")
            result = part | result
        return result

    def _count(self, node: Any) -> None:
        if id(node) in self.within:
            raise _at(node, "has an alias that stands for itself")
        if self.aliased or id(node) in self.seen:
            self.aliased += 1 + len(node.value)
            if self.aliased > _MAX_ALIASED:
                raise _at(node, f"has aliases that stand for more than {_MAX_ALIASED:,} values")
        self.seen.add(id(node))

    def _key(self, node: Any) -> str:
        if type(node) is not yaml.ScalarNode:
            raise _at(node, "has a key that is a list or a mapping; keys are text")
        if node.tag not in _PLAIN_TAGS:
            _refuse_tag(node)
        return str(node.value)


def scalar(value: str) -> Any:
    """Return what an unquoted YAML scalar means."""
    first = value[:1]
    if first not in "0123456789+-.":
        return _WORDS.get(value, value)
    if _INT.match(value) and len(value) < 4000:
        return int(value)
    if _FLOAT.match(value):
        return float(re.sub(r"\.(?=[a-zA-Z])", "", value))  # `.inf` is Python's `inf`
    return _WORDS.get(value, value)


def _at(node: Any, message: str) -> UnreadableFile:
    return UnreadableFile(message, node.start_mark.line + 1, node.start_mark.column + 1)


def _refuse_tag(node: Any) -> Any:
    raise _at(node, f"has the YAML tag {node.tag!r}; write plain values without tags")


def places(text: str, pointers: Iterable[tuple[str | int, ...]]) -> list[tuple[int, int]]:
    """Return (line, column), from 1, of the value each pointer names, or of its parent."""
    try:
        root = compose(text)
    except UnreadableFile:
        root = None
    return [_place(root, pointer) for pointer in pointers]


def _place(node: Any, pointer: tuple[str | int, ...]) -> tuple[int, int]:
    if node is None:
        return 1, 1
    for key in pointer:
        child = None
        if isinstance(node, yaml.MappingNode):
            child = next((v for k, v in node.value if k.value == key), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            child = node.value[key] if key < len(node.value) else None
        if child is None:
            break
        node = child
    return node.start_mark.line + 1, node.start_mark.column + 1


@cache
def _fits(name: str) -> Fits:
    if name in SCHEMAS:
        return fits(SCHEMAS[name])
    from dvc_labelmeta.model import schemas  # noqa: PLC0415  # of files that no gate reads

    return fits(schemas.SCHEMAS[name])


def misfits(name: str, value: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Return where and how a value does not fit the schema `name`; empty when it does."""
    if _fits(name)(value):
        return []
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # 66 ms, only for faulty files

    from dvc_labelmeta.model.schemas import published  # noqa: PLC0415  # as above

    validator = Draft202012Validator(published(name))
    errors = sorted(validator.iter_errors(value), key=lambda e: [str(p) for p in e.absolute_path])
    # jsonschema reports each missing key by itself, the sentence names them all: say it once
    return list(dict.fromkeys((tuple(e.absolute_path), _sentence(e)) for e in errors))


def _sentence(error: Any) -> str:
    """Say in one line what a jsonschema error means for a person who writes YAML."""
    where = ".".join(map(str, error.absolute_path)) or "the file"
    say = _SENTENCES.get(error.validator)
    return f"{where} {say(error)}" if say else f"{where}: {error.message}"


def _wrong_type(error: Any) -> str:
    wanted = error.validator_value
    unquoted = wanted == "string" and not isinstance(error.instance, (dict, list))
    quote = "; put it in quotes" if unquoted else ""
    return f"must be {_TYPE_NAMES[wanted]}, not {_shown(error.instance)}{quote}"


def _wrong_constant(error: Any) -> str:
    found = error.instance
    newer = isinstance(found, int) and found > 1
    newer = newer or (isinstance(found, str) and bool(_NEWER.match(found)))
    hint = " (made by a newer labelmeta? then update it)" if newer else ""
    return f"must be {error.validator_value!r}, not {_shown(found)}{hint}"


def _missing(error: Any) -> str:
    return "lacks " + ", ".join(key for key in error.validator_value if key not in error.instance)


def _unknown_keys(error: Any) -> str:
    known = error.schema.get("properties", {})
    patterns = error.schema.get("patternProperties", {})
    extra = [key for key in error.instance if key not in known]
    extra = [key for key in extra if not any(re.search(pattern, key) for pattern in patterns)]
    hint = f"; known are {', '.join(sorted(known))}" if known else "; that is no id"
    return f"has {', '.join(map(repr, sorted(extra)))}, which is not known here{hint}"


def _wrong_text(error: Any) -> str:
    meaning = error.schema.get("description", "such text")
    return f"is {_shown(error.instance)}, which is no {meaning}"


_TYPE_NAMES = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "integer": "a whole number",
}
_NEWER = re.compile(r"labelmeta/\w+/v([2-9]|1[0-9]+)\Z")
_SENTENCES: dict[str, Callable[[Any], str]] = {
    "type": _wrong_type,
    "const": _wrong_constant,
    "enum": lambda e: f"must be one of {', '.join(e.validator_value)}, not {_shown(e.instance)}",
    "required": _missing,
    "additionalProperties": _unknown_keys,
    "pattern": _wrong_text,
}


def _shown(value: Any) -> str:
    """Return a value as it looks in YAML, cut to 60 characters."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
